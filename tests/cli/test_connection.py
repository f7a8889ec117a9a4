"""Connection options and saved servers, seen from what the association negotiates."""

import os
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import evt

from tests.cli.conftest import Scp
from tests.cli.rude import QUICK, peer
from tests.cli.running import upsdesk
from upsdesk.domain.keys import AeTitle, PeerId
from upsdesk.domain.peer import Peer, parse_address
from upsdesk.services.settings import Profiles

IMPLICIT, EXPLICIT, DEFLATED = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"


def folder() -> Path:
    found = Path(os.environ["UPSDESK_DATA_DIR"])
    found.mkdir(exist_ok=True)
    return found


def save(scp: Scp, name: str, **more: Any) -> Peer:
    aet, host, port = parse_address(scp.address)
    saved = Peer(PeerId("s-1"), aet, host, port, name=name, **more)
    Profiles(folder() / "profiles.toml").save(saved)
    return saved


@pytest.mark.parametrize(("name", "uid"), [("implicit", IMPLICIT), ("explicit", EXPLICIT)])
def test_transfer_syntax_that_is_offered_alone_is_negotiated(scp: Scp, name: str, uid: str) -> None:
    ran = upsdesk("echo", scp.address, "--transfer-syntax", name, "--format", "json")
    assert set(ran.object["negotiated"]["contexts"].values()) == {uid}


def test_titles_and_pdu_size_reach_the_peer() -> None:
    seen = {}

    def look(event: Any) -> None:
        requestor = event.assoc.requestor
        seen.update(
            calling=requestor.ae_title, called=event.assoc.acceptor.ae_title, pdu=requestor.maximum_length
        )

    with peer((evt.EVT_ESTABLISHED, look)) as address:
        ran = upsdesk("echo", address, "--aet", "MY DESK", "--max-pdu", "32768", *QUICK)
    assert ran.status == 0, ran.err
    assert seen["calling"].strip() == "MY DESK"
    assert seen["pdu"] == 32768


def test_saved_server_by_name_and_by_address(scp: Scp) -> None:
    save(scp, "Main archive", calling_aet=AeTitle("UPSD_CT1"), transfer_syntaxes=("implicit",))
    for word in ("Main archive", scp.address):
        ran = upsdesk("echo", word, "--format", "json", "-v")
        assert ran.status == 0, ran.err
        assert ran.object["peer"] == scp.address
        assert set(ran.object["negotiated"]["contexts"].values()) == {IMPLICIT}
        assert "called by UPSD_CT1" in ran.err
    overruled = upsdesk("echo", "Main archive", "--transfer-syntax", "explicit", "--format", "json")
    assert set(overruled.object["negotiated"]["contexts"].values()) == {EXPLICIT}


def test_lock_is_found_when_the_server_is_saved_after_the_claim(scp: Scp, new_item: Any) -> None:
    uid = new_item()
    assert upsdesk("claim", scp.address, "--iuid", uid).status == 0
    save(scp, "Saved later")
    ran = upsdesk("progress", "Saved later", "--iuid", uid, "--percent", "10")
    assert ran.status == 0, ran.err
    ran = upsdesk("set", scp.address, "--iuid", uid, "--set", "ProcedureStepLabel=Held")
    assert ran.status == 0, ran.err


def test_profiles_that_cannot_be_read_are_named() -> None:
    file = folder() / "profiles.toml"
    file.write_text("version = 1\n[[profile\n")
    ran = upsdesk("echo", "ANY")
    assert (ran.status, len(ran.err.splitlines())) == (2, 1)
    assert str(file) in ran.err


def test_data_dir_of_the_line_comes_before_the_environment(scp: Scp, new_item: Any, tmp_path: Path) -> None:
    uid = new_item()
    assert upsdesk("--data-dir", tmp_path / "own", "claim", scp.address, "--iuid", uid).status == 0
    assert upsdesk("vault", "list").out == ""
    assert uid in upsdesk("vault", "list", "--data-dir", tmp_path / "own").out
