"""Statuses and answers that the Standard does not define, as other servers send them."""

import os
import signal
import struct
import threading
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import evt

from tests.cli.rude import QUICK, peer
from tests.cli.running import finish, start, upsdesk
from tests.support import rude_peer
from tests.support.rude_peer import Connection, RudePeer

CLAIM = ["--iuid", "1.2.3", "--state", "IN PROGRESS", "--format", "json", *QUICK]


@pytest.mark.parametrize("code", [0xFF00, 0x3C10, 0xA700, 0xFE00, 0x0110])
def test_lock_of_a_claim_stays_when_the_status_says_nothing(code: int) -> None:
    with peer((evt.EVT_N_ACTION, lambda _: (code, None))) as address:
        ran = upsdesk("chstate", address, *CLAIM)
    assert ran.status == 1
    assert ran.object["status"] == f"{code:04X}"
    assert "stays in the vault" in ran.err
    assert len(upsdesk("vault", "list").out.splitlines()) == 1


def scheduled(_: Any) -> tuple[int, Dataset]:
    found = Dataset()
    found.ProcedureStepState = "SCHEDULED"
    return 0x0000, found


@pytest.mark.parametrize(("code", "held"), [(0xFF00, 1), (0x3C10, 1), (0xC310, 0), (0x0213, 0), (0xB304, 0)])
def test_lock_of_a_start_stays_when_the_status_says_nothing(code: int, held: int) -> None:
    handlers = ((evt.EVT_N_GET, scheduled), (evt.EVT_N_ACTION, lambda _: (code, None)))
    with peer(*handlers) as address:
        ran = upsdesk("claim", address, "--iuid", "1.2.3", "--format", "json", *QUICK)
    assert ran.object["status"] == f"{code:04X}"
    assert len(upsdesk("vault", "list").out.splitlines()) == held


@pytest.mark.parametrize("code", [0xC301, 0xC302, 0xC307, 0x0124, 0xB304, 0xB306])
def test_lock_of_a_claim_that_was_not_made_is_dropped(code: int) -> None:
    with peer((evt.EVT_N_ACTION, lambda _: (code, None))) as address:
        upsdesk("chstate", address, *CLAIM)
    assert upsdesk("vault", "list").out == ""


@pytest.mark.parametrize("code", [0x0107, 0x0116, 0xB123])
def test_every_code_of_the_warning_class_is_a_warning(code: int) -> None:
    with peer((evt.EVT_N_SET, lambda _: (code, None))) as address:
        ran = upsdesk(
            *["set", address, "--iuid", "1.2.3", "--set", "ProcedureStepLabel=X", "--format", "json", *QUICK]
        )
    assert (ran.status, ran.object["category"]) == (0, "warning")


def test_a_uid_that_the_server_does_not_tell_is_said() -> None:
    values = ["--set", "ProcedureStepLabel=X", "--set", "ScheduledProcedureStepStartDateTime=20261121"]

    def play(connection: Connection) -> None:
        connection.accept()
        context, message = connection.read_message()
        connection.send(rude_peer.response(context, 0x8140, message, 0x0000))
        connection.wait_until_closed()

    with RudePeer(play) as there:
        ran = upsdesk("create", f"RUDE@127.0.0.1:{there.port}", "--scp-uid", *values, *QUICK)
    assert ran.status == 0
    assert "did not say which UID" in ran.err


def test_a_comment_with_stray_escapes_causes_no_warning_of_a_library() -> None:
    def play(connection: Connection) -> None:
        connection.accept()
        context, message = connection.read_message()
        fields = {
            0x0100: struct.pack("<H", rude_peer.N_GET_RSP),
            0x0120: struct.pack("<H", message),
            0x0800: struct.pack("<H", rude_peer.NO_DATA_SET),
            0x0900: struct.pack("<H", 0xC307),
            0x0902: b"\x1b[31mM\xfcller is gone ",
        }
        body = b"".join(struct.pack("<HHI", 0, tag, len(value)) + value for tag, value in fields.items())
        connection.send(rude_peer.p_data(context, 3, struct.pack("<HHII", 0, 0, 4, len(body)) + body))
        connection.wait_until_closed()

    with RudePeer(play) as there:
        line: list[Any] = ["get", f"RUDE@127.0.0.1:{there.port}", "--iuid", "1.2.3", *QUICK]
        ran = finish(start(*line))
    assert ran.status == 1
    assert "is gone" in ran.err
    assert len(ran.err.splitlines()) == 1
    assert "\x1b" not in ran.err


def test_a_search_that_broke_off_says_to_search_again() -> None:
    def play(connection: Connection) -> None:
        connection.accept()
        connection.read_message()

    with RudePeer(play) as there:
        ran = upsdesk("find", f"RUDE@127.0.0.1:{there.port}", "--state", "SCHEDULED", *QUICK)
    assert ran.status == 3
    assert "Nothing was changed. Try again." in ran.err


@pytest.mark.skipif(os.name == "nt", reason="SIGINT cannot be sent to another process there")
def test_a_search_is_interrupted_while_the_server_does_not_accept() -> None:
    asked = threading.Event()

    def play(connection: Connection) -> None:
        connection.read_request()
        asked.set()
        connection.wait_until_closed()

    with RudePeer(play) as there:
        process = start(
            "find", f"RUDE@127.0.0.1:{there.port}", "--state", "SCHEDULED", "--acse-timeout", "60"
        )
        assert asked.wait(20)
        process.send_signal(signal.SIGINT)
        ran = finish(process, 5)
    assert ran.status == 130
