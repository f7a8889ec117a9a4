"""Peers that refuse, stay silent, break off or answer nonsense: a sentence, exit 3, and no long wait."""

import signal
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.sop_class import (
    UnifiedProcedureStepPush,
    Verification,
)

from tests.cli.rude import QUICK, EndlessSearch, SilentAct, peer, row
from tests.cli.running import finish, start, upsdesk
from tests.support.waiting import wait_until


def test_nobody_listens() -> None:
    ran = upsdesk("get", "RUDE@127.0.0.1:1", "--iuid", "1.2.3", "--format", "json", *QUICK)
    assert ran.status == 3
    assert (ran.object["status"], ran.object["category"], ran.object["context"]) == (None, "none", None)
    assert ran.object["next_step"]
    assert len(ran.err.splitlines()) == 1


def test_silence_after_connecting_ends_with_the_acse_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        ran = upsdesk("echo", f"RUDE@127.0.0.1:{silent.getsockname()[1]}", *QUICK)
        assert time.monotonic() - began < 4
    assert ran.status == 3
    assert "in time" in ran.err


def test_rejection_names_its_reason() -> None:
    with peer(called=True) as address:
        ran = upsdesk("find", address.replace("RUDE", "OTHER"), "--state", "SCHEDULED", *QUICK)
    assert (ran.status, ran.out) == (3, "")
    assert "refused the association" in ran.err
    assert "AE title of the server" in ran.err


def test_context_that_is_not_accepted_is_named() -> None:
    with peer(classes=(Verification, UnifiedProcedureStepPush)) as address:
        ran = upsdesk("subscribe", address, *QUICK)
    assert ran.status == 3
    assert "UPS Watch" in ran.err


def test_silence_after_the_request_ends_with_the_dimse_timeout() -> None:
    silent = SilentAct()
    with peer((evt.EVT_N_GET, silent)) as address:
        began = time.monotonic()
        ran = upsdesk("get", address, "--iuid", "1.2.3", *QUICK)
        taken = time.monotonic() - began
        silent.release.set()
    assert ran.status == 3
    assert taken < 5
    assert "Nothing was changed" in ran.err


def test_break_in_the_middle_of_a_search_keeps_the_rows() -> None:
    def find(event: Any) -> Iterator[tuple[int, Dataset]]:
        for number in range(3):
            yield 0xFF00, row(number)
        event.assoc.abort()

    with peer((evt.EVT_C_FIND, find)) as address:
        ran = upsdesk("find", address, "--state", "SCHEDULED", *QUICK)
        as_json = upsdesk("find", address, "--state", "SCHEDULED", "--format", "json", *QUICK)
    assert ran.status == as_json.status == 3
    assert len(ran.lines) == len(as_json.object) == 3
    assert "broke" in ran.err


def test_failure_of_a_search_keeps_the_rows() -> None:
    def find(_: Any) -> Iterator[tuple[int, Dataset | None]]:
        yield 0xFF00, row(1)
        yield 0xA700, None

    with peer((evt.EVT_C_FIND, find)) as address:
        ran = upsdesk("find", address, "--state", "SCHEDULED", *QUICK)
    assert (ran.status, len(ran.lines)) == (1, 1)
    assert "A700" in ran.err


def test_interrupt_sends_c_cancel() -> None:
    search = EndlessSearch(pause=0.02)
    with peer((evt.EVT_C_FIND, search)) as address:
        process = start("find", address, "--state", "SCHEDULED")
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        ran = finish(process, timeout=8)
    assert first
    assert search.canceled.is_set()
    assert ran.status == 130
    assert len(ran.err.splitlines()) == 1


def test_limit_sends_c_cancel() -> None:
    search = EndlessSearch(pause=0.005)
    with peer((evt.EVT_C_FIND, search)) as address:
        ran = upsdesk("find", address, "--state", "SCHEDULED", "--limit", "5")
    assert (ran.status, len(ran.lines)) == (0, 5)
    assert search.canceled.is_set()
    assert "limit of 5" in ran.err


def test_interrupt_of_an_act_says_so_and_keeps_the_lock() -> None:
    silent = SilentAct()
    with peer((evt.EVT_N_ACTION, silent)) as address:
        process = start("chstate", address, "--iuid", "1.2.3", "--state", "IN PROGRESS")
        assert silent.reached.wait(10)
        process.send_signal(signal.SIGINT)
        ran = finish(process, timeout=5)
        silent.release.set()
    assert (ran.status, ran.out) == (130, "")
    assert len(upsdesk("vault", "list").out.splitlines()) == 1


def test_lock_is_on_disk_before_the_claim_is_sent() -> None:
    claim = SilentAct()
    claim.release.set()
    with peer((evt.EVT_N_ACTION, claim)) as address:
        ran = upsdesk("chstate", address, "--iuid", "1.2.3", "--state", "IN PROGRESS", *QUICK)
    assert ran.status == 0, ran.err
    assert claim.sent
    assert claim.on_disk == claim.sent


def test_lock_survives_a_kill_while_the_claim_is_under_way() -> None:
    silent = SilentAct()
    with peer((evt.EVT_N_ACTION, silent)) as address:
        process = start("chstate", address, "--iuid", "1.2.3", "--state", "IN PROGRESS")
        assert silent.reached.wait(10)
        process.kill()
        finish(process)
        silent.release.set()
    (entry,) = upsdesk("vault", "list", "--reveal", "--format", "json").object
    assert [entry["transaction_uid"]] == silent.sent


def test_claim_that_stayed_without_answer_is_repeated_with_the_same_lock() -> None:
    sent: list[str] = []

    def break_off_once(event: Any) -> tuple[int, None]:
        sent.append(str(event.action_information.TransactionUID))
        if len(sent) == 1:
            event.assoc.abort()
        return 0x0000, None

    line = ["--iuid", "1.2.3", "--state", "IN PROGRESS", *QUICK]
    with peer((evt.EVT_N_ACTION, break_off_once)) as address:
        first = upsdesk("chstate", address, *line)
        second = upsdesk("chstate", address, *line)
    assert (first.status, second.status) == (3, 0)
    assert len(sent) == 2
    assert sent[0] == sent[1]


@pytest.mark.parametrize("status", [0xFF00, 0x3C10])
def test_status_that_is_none_is_no_success(status: int) -> None:
    with peer((evt.EVT_N_SET, lambda _: (status, None))) as address:
        ran = upsdesk(
            *["set", address, "--iuid", "1.2.3", "--set", "ProcedureStepLabel=X", "--format", "json", *QUICK]
        )
    assert ran.status in (1, 3)
    assert ran.object["category"] != "success"


def test_leaked_lock_is_dropped_and_said() -> None:
    def leak(_: Any) -> tuple[int, Dataset]:
        found = Dataset()
        found.ProcedureStepState = "IN PROGRESS"
        found.TransactionUID = "1.2.3.9999"
        return 0x0000, found

    def leak_rows(event: Any) -> Iterator[tuple[int, Dataset]]:
        yield 0xFF00, leak(event)[1]

    with peer((evt.EVT_N_GET, leak), (evt.EVT_C_FIND, leak_rows)) as address:
        for line in (["get", address, "--iuid", "1.2.3"], ["find", address, "--state", "IN PROGRESS", "-vv"]):
            ran = upsdesk(*line, *QUICK)
            assert ran.status == 0
            assert "IN PROGRESS" in ran.out
            assert "1.2.3.9999" not in ran.out + ran.err
            assert "Transaction UID" in ran.err


def test_what_the_server_changed_at_creation_is_named_without_values() -> None:
    def change(event: Any) -> tuple[int, Dataset]:
        stored = Dataset()
        stored.AffectedSOPInstanceUID = event.request.AffectedSOPInstanceUID
        stored.ProcedureStepLabel = "Changed by the server"
        return 0xB300, stored

    with peer((evt.EVT_N_CREATE, change)) as address:
        ran = upsdesk(
            *["create", address, "--iuid", "1.2.3.4", "--set", "ProcedureStepLabel=Mine", *QUICK],
            *["--set", "ScheduledProcedureStepStartDateTime=20261119"],
        )
    assert (ran.status, ran.out) == (0, "1.2.3.4\n")
    assert "B300" in ran.err
    assert "ProcedureStepLabel" in ran.err
    assert "Changed by" not in ran.err


def test_reader_that_leaves_stops_a_long_search() -> None:
    search = EndlessSearch(pause=0.01)
    with peer((evt.EVT_C_FIND, search)) as address:
        process = start("find", address, "--state", "SCHEDULED")
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        process.stdout = None
        ran = finish(process, timeout=8)
        wait_until(search.ended.is_set)
    assert (ran.status, ran.err) == (0, "")


def _scheduled(_: Any) -> tuple[int, Dataset]:
    found = Dataset()
    found.ProcedureStepState = "SCHEDULED"
    found.ProcedureStepLabel = "CT"
    return 0x0000, found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_lock_of_a_claim_survives_the_end_of_the_program(number: signal.Signals) -> None:
    silent = SilentAct()
    with peer((evt.EVT_N_GET, _scheduled), (evt.EVT_N_ACTION, silent)) as address:
        process = start("claim", address, "--iuid", "1.2.3")
        assert silent.reached.wait(10)
        process.send_signal(number)
        ran = finish(process, timeout=5)
        silent.release.set()
    assert ran.status == (130 if number is signal.SIGINT else -signal.SIGKILL)
    assert len(ran.err.splitlines()) == (1 if number is signal.SIGINT else 0)
    assert silent.on_disk == silent.sent
    (entry,) = upsdesk("vault", "list", "--reveal", "--format", "json").object
    assert [entry["transaction_uid"]] == silent.sent


def test_claim_without_an_answer_is_unknown_and_keeps_the_lock() -> None:
    sent: list[str] = []

    def break_off(event: Any) -> tuple[int, None]:
        sent.append(str(event.action_information.TransactionUID))
        event.assoc.abort()
        return 0x0000, None

    with peer((evt.EVT_N_GET, _scheduled), (evt.EVT_N_ACTION, break_off)) as address:
        ran = upsdesk("claim", address, "--iuid", "1.2.3", "--format", "json", *QUICK)
    assert (ran.status, ran.object["status"], ran.object["category"]) == (3, None, "none")
    assert set(sent) == {ran.object["transaction_uid"]}
    assert len(upsdesk("vault", "list").out.splitlines()) == 1
