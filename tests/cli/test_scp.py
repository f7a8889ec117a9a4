"""`scp`: starts, says where it listens, keeps its store, and ends when it is told to."""

import signal
import socket
from pathlib import Path

import pytest

from tests.cli.conftest import wait_until_listening
from tests.cli.running import finish, start, upsdesk

START = ["--set", "ScheduledProcedureStepStartDateTime=20261119"]


def test_sigterm_ends_it_cleanly_and_the_store_stays(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    process = start("scp", "STORE:0", "--store", store)
    address = wait_until_listening(process)
    assert address.startswith("STORE@127.0.0.1:")
    made = upsdesk("create", address, "--set", "ProcedureStepLabel=Kept", *START)
    process.send_signal(signal.SIGTERM)
    ran = finish(process, timeout=5)
    assert (ran.status, ran.out) == (0, "")

    again = start("scp", "STORE:0", "--store", store, "--seed", "demo", "--until-stdin-closes")
    address = wait_until_listening(again)
    assert upsdesk("get", address, "--iuid", made.out.strip()).status == 0
    # What is in the store already is not mixed with invented workitems.
    assert upsdesk("find", address, "--state", "SCHEDULED", "--count").out == "1\n"
    assert finish(again, timeout=5).status == 0  # closes standard input


def test_verbose_logs_messages_without_patient_data() -> None:
    process = start("scp", "LOUD:0", "--verbose", "--until-stdin-closes")
    address = wait_until_listening(process)
    assert (
        upsdesk(
            *[
                "create",
                address,
                "--set",
                "ProcedureStepLabel=Loud",
                "--set",
                "PatientName=Geheim^Gerda",
                *START,
            ]
        ).status
        == 0
    )
    ran = finish(process)
    assert "N-CREATE" in ran.err
    assert "Geheim" not in ran.err


def test_port_in_use_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = finish(start("scp", f"TAKEN:{taken.getsockname()[1]}"))
    assert ran.status == 2
    assert len(ran.err.splitlines()) == 1
    assert "TAKEN@127.0.0.1" in ran.err


@pytest.mark.parametrize(
    "line", [["--store", "/proc/nowhere/store.sqlite"], ["--robots", "count=many"], ["--peer", "A@"]]
)
def test_what_cannot_be_used_is_one_line(line: list[str]) -> None:
    ran = finish(start("scp", "BAD:0", *line))
    assert ran.status == 2
    assert len(ran.err.splitlines()) == 1, ran.err
