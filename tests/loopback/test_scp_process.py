"""The SCP as a process: it says where it listens, and ends when it is told to or its parent is gone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.plain_scu import GLOBAL, PlainListener, dataset, plain_scu
from tests.support.waiting import wait_until

SCP = [sys.executable, "-m", "upsdesk", "scp"]


@contextmanager
def running(*arguments: str, address: str = "PROC:0") -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The process and its port, when it is ready."""
    process = subprocess.Popen(
        [*SCP, address, *arguments], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline().strip()
        prefix = "listening PROC@127.0.0.1:"
        assert line.startswith(prefix), line + process.stderr.read()
        yield process, int(line.removeprefix(prefix))
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=5)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it_and_the_subscribers_are_told(number: signal.Signals, status: int) -> None:
    listener = PlainListener("ALICE").start()
    try:
        with running("--peer", f"ALICE@127.0.0.1:{listener.port}") as (process, _):
            wait_until(lambda: listener.kinds(GLOBAL) == [4], what="RESTARTED")
            process.send_signal(number)
            assert process.wait(5) == status
            assert [one.information.SCPStatus for one in listener.about(GLOBAL)] == [
                "RESTARTED",
                "GOING DOWN",
            ]
    finally:
        listener.stop()


@pytest.mark.parametrize("extra", [(), ("--robots", "pace=0.2,seed=1")], ids=["alone", "with robots"])
def test_it_ends_when_standard_input_ends(extra: tuple[str, ...]) -> None:
    with running("--seed", "demo", "--until-stdin-closes", *extra) as (process, port):
        with plain_scu(port, "PROC") as scu:
            found, _ = scu.find(dataset(ProcedureStepState="SCHEDULED", PatientID=""))
            assert len(found) >= 30
        assert process.stdin is not None
        began = time.monotonic()
        process.stdin.close()
        assert process.wait(5) == 0
        assert time.monotonic() - began < 3
        process.stdin = None  # communicate would flush it


def test_without_that_option_it_goes_on(tmp_path: Path) -> None:
    with running() as (process, port):
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
        with plain_scu(port, "PROC") as scu:
            assert scu.echo() == 0x0000
        assert process.poll() is None


def test_what_was_answered_is_there_after_a_kill(tmp_path: Path) -> None:
    store = str(tmp_path / "scp.sqlite")
    with running("--store", store, "--seed", "demo") as (process, port), plain_scu(port, "PROC") as scu:
        found, _ = scu.find(dataset(ProcedureStepState="SCHEDULED", SOPInstanceUID=""))
        uids = [one.SOPInstanceUID for one in found][:10]
        for uid in uids:
            assert scu.change_state(uid, "IN PROGRESS", "1.2.3") == 0x0000
        os.kill(process.pid, signal.SIGKILL)
    with running("--store", store, "--seed", "demo") as (_, port), plain_scu(port, "PROC") as scu:
        for uid in uids:
            assert scu.change_state(uid, "IN PROGRESS", "1.2.3") == 0xC302
        found, _ = scu.find(dataset(SOPInstanceUID=""))
        assert len(found) == len({one.SOPInstanceUID for one in found}) < 70  # not seeded twice


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--robots", "speed=3"], "speed=3"),
        (["--store", "/nowhere/at/all/scp.sqlite"], "/nowhere/at/all/scp.sqlite"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: list[str], words: str) -> None:
    ran = subprocess.run(
        [*SCP, "PROC:0", *arguments], capture_output=True, text=True, timeout=20, check=False
    )
    assert ran.returncode == 2
    assert words in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_port_in_use_is_said() -> None:
    listener = PlainListener("ALICE").start()
    try:
        ran = subprocess.run(
            [*SCP, f"PROC:{listener.port}"], capture_output=True, text=True, timeout=20, check=False
        )
    finally:
        listener.stop()
    assert ran.returncode == 2
    assert str(listener.port) in ran.stderr
    assert "in use" in ran.stderr


def test_no_patient_data_in_the_log() -> None:
    with running("--seed", "demo", "--verbose") as (process, port):
        with plain_scu(port, "PROC") as scu:
            found, _ = scu.find(
                dataset(ProcedureStepState="SCHEDULED", PatientName="", PatientID="", SOPInstanceUID="")
            )
            assert scu.change_state(found[0].SOPInstanceUID, "IN PROGRESS", "1.2.777") == 0x0000
        process.terminate()
        _, log = process.communicate(timeout=5)
    assert "C-FIND" in log
    assert "N-ACTION Change State" in log
    assert "with TransactionUID, ProcedureStepState" in log
    for one in found:
        assert not one.PatientID or one.PatientID not in log
        assert str(one.PatientName).partition("^")[0] not in log or not str(one.PatientName)
    assert "1.2.777" not in log
