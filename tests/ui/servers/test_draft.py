"""A server as it is typed: problems beside the fields, the proposed title, the administrator's text."""

from dataclasses import replace

import pytest

from upsdesk.domain.keys import AeTitle, PeerId
from upsdesk.domain.peer import Peer, PeerUse, Timeouts
from upsdesk.ui.servers.draft import ServerDraft, administrator_text, own_title

GOOD = ServerDraft(
    name="TMS main",
    called_aet="TMS_SCP",
    host="10.20.4.11",
    port="11112",
    calling_aet="UPSD_RT3",
    listen_host="0.0.0.0",
    listen_port="11113",
)


def test_a_right_draft_makes_the_peer() -> None:
    assert GOOD.problems() == {}
    peer = GOOD.peer(PeerId("p1"))
    assert peer.address == "TMS_SCP@10.20.4.11:11112"
    assert (peer.calling_aet, peer.listen_port, peer.use) == ("UPSD_RT3", 11113, PeerUse.CLINICAL)
    assert ServerDraft.of(peer) == GOOD


def test_what_the_form_does_not_show_stays_at_an_edit() -> None:
    base = Peer(
        PeerId("p1"), AeTitle("A"), "h", timeouts=Timeouts(connect=1.5), transfer_syntaxes=("implicit",)
    )
    edited = GOOD.peer(base.id, base)
    assert edited.timeouts == base.timeouts
    assert edited.transfer_syntaxes == ("implicit",)


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("name", " ", "Give the server a name"),
        ("name", "ARC", "Another server has this name"),
        ("called_aet", "", "An AE title is needed"),
        ("called_aet", "A" * 17, "At most 16 characters; this has 17"),
        ("called_aet", "TÄST", "Plain letters"),
        ("calling_aet", "a\\b", "Plain letters"),
        ("host", "", "host name or an IP address"),
        ("host", "http://arc", "Without spaces"),
        ("port", "0", "1 to 65535"),
        ("port", "70000", "1 to 65535"),
        ("listen_port", "x", "1 to 65535"),
    ],
)
def test_problems_stand_at_their_field(field: str, text: str, words: str) -> None:
    draft = replace(GOOD, **{field: text})
    problems = draft.problems(frozenset({"arc"}))
    assert list(problems) == [field]
    assert words in problems[field]


def test_an_empty_listening_port_is_allowed_and_explained() -> None:
    draft = replace(GOOD, listen_port="")
    assert draft.problems() == {}
    assert draft.peer(PeerId("p")).listen_port is None
    assert "polled" in draft.remarks()["listen_port"]


def test_a_loopback_listener_of_a_server_elsewhere_is_remarked() -> None:
    draft = replace(GOOD, listen_host="127.0.0.1", calling_aet="UPSDESK")
    assert "0.0.0.0" in draft.remarks()["listen_host"]
    assert "share one title" in draft.remarks()["calling_aet"]
    assert replace(draft, host="127.0.0.1").remarks() == {}


@pytest.mark.parametrize(
    ("host", "title"),
    [
        ("rt3-console.hospital.example", "UPSD_RT3_CONSOLE"),
        ("radiology-workstation-7", "UPSD_RADIOLOGY_W"),
        ("böse", "UPSD_B_SE"),
        ("", "UPSDESK"),
    ],
)
def test_the_proposed_title_is_a_title(host: str, title: str) -> None:
    assert own_title(host) == title
    assert AeTitle.parse(own_title(host)) == title


def test_the_administrators_text_says_all_that_must_be_configured() -> None:
    text = administrator_text(GOOD, "10.20.4.99")
    assert "UPSD_RT3" in text
    assert "10.20.4.99" in text  # 0.0.0.0 is no address to send reports to
    assert "11113" in text
    for uid in ("34.6.1", "34.6.2", "34.6.3", "34.6.4", "34.6.5"):
        assert f"1.2.840.10008.5.1.4.{uid} " in text
    assert "receiver of UPS Event" in text
    assert "192.168.1.5" in administrator_text(replace(GOOD, listen_host="192.168.1.5"), "10.20.4.99")
