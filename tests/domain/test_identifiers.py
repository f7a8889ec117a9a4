"""Keys and addresses: what is accepted, and one clear message for what is not."""

from __future__ import annotations

import pytest

from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, TransactionUid
from upsdesk.domain.peer import Peer, derived_peer_id, parse_address, parse_port


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("UPSSCP@host:11112", ("UPSSCP", "host", 11112)),
        ("UPSSCP@host", ("UPSSCP", "host", 104)),
        ("UPSSCP", ("UPSSCP", "localhost", 104)),
        (" UPS SCP @10.0.0.1:4242", ("UPS SCP", "10.0.0.1", 4242)),
        ("UPSSCP@[::1]:11112", ("UPSSCP", "::1", 11112)),
        ("UPSSCP@::1", ("UPSSCP", "::1", 104)),
    ],
)
def test_addresses(text: str, expected: tuple[str, str, int]) -> None:
    assert parse_address(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "@host:104", "UPSSCP@", "UPSSCP@host:", "UPSSCP@host:0", "A@h:99999", "A@h:x", "SEVENTEEN_LETTERS"],
)
def test_what_is_no_address_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no|names no"):
        parse_address(text)


def test_port_zero_only_where_any_port_will_do() -> None:
    assert parse_port("0", allow_any=True) == 0
    with pytest.raises(ValueError):
        parse_port("0", allow_any=False)


def test_the_same_address_is_the_same_peer() -> None:
    assert derived_peer_id(AeTitle("A"), "Host", 104) == derived_peer_id(AeTitle("A"), "host", 104)
    assert derived_peer_id(AeTitle("A"), "host", 104) != derived_peer_id(AeTitle("A"), "host", 105)
    here = {derived_peer_id(AeTitle("A"), host, 104) for host in ("localhost", "127.0.0.1", "::1")}
    assert len(here) == 1
    assert derived_peer_id(AeTitle("A"), "127.0.0.2", 104) not in here


def test_ae_titles() -> None:
    assert AeTitle.parse("  UPSDESK ") == "UPSDESK"
    for text in ("", "   ", "A\\B", "Ä", "A" * 17, "A\tB"):
        with pytest.raises(ValueError):
            AeTitle.parse(text)


def test_uids() -> None:
    assert SopInstanceUid.parse("1.2.840\0") == "1.2.840"
    for text in ("", "1", "1.02.3", "1..2", "a.b", "1." + "2" * 63):
        with pytest.raises(ValueError):
            SopInstanceUid.parse(text)


def test_a_transaction_uid_does_not_show_itself() -> None:
    assert "1.2.3" not in repr(TransactionUid("1.2.3"))


@pytest.mark.parametrize("host", ["host.example", "127.0.0.1", "::1", "fe80::1%eth0"])
def test_an_address_is_read_back(host: str) -> None:
    peer = Peer(PeerId("p"), AeTitle("A"), host, 11112)
    assert parse_address(peer.address) == ("A", host, 11112)


def test_this_computer_has_several_names() -> None:
    for host in ("localhost", "LocalHost", "::1", "127.0.0.1", "127.0.1.1"):
        assert Peer(PeerId("p"), AeTitle("A"), host).is_this_computer
    assert not Peer(PeerId("p"), AeTitle("A"), "10.0.0.1").is_this_computer
