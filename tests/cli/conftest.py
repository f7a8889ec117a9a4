"""One embedded server for all tests of the command line: each test works on workitems of its own."""

import contextlib
import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.cli.running import Ran, start, upsdesk

_READY = re.compile(r"listening (\S+@\S+:\d+)\s*")


@dataclass(frozen=True)
class Scp:
    """The embedded server, and the one receiver of updates that it knows."""

    address: str
    receiver: str
    receiver_port: int


def free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_listening(process: subprocess.Popen[str]) -> str:
    """The address that a process of ours announces on standard error; fails with what it said instead."""
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        if found := _READY.fullmatch(line):
            return found[1]
        said.append(line)
    raise AssertionError(f"it never listened: {''.join(said)}")


@pytest.fixture(scope="session")
def scp() -> Iterator[Scp]:
    port = free_port()
    receiver = "CLIDESK"
    process = start(
        "scp",
        "UPSSCP@127.0.0.1:0",
        "--seed",
        "demo",
        "--peer",
        f"{receiver}@127.0.0.1:{port}",
        "--until-stdin-closes",
    )
    try:
        yield Scp(wait_until_listening(process), receiver, port)
    finally:
        process.communicate(timeout=10)
        assert process.returncode == 0


@pytest.fixture
def new_item(scp: Scp) -> Callable[..., str]:
    """Makes a workitem that no other test touches; returns its UID."""

    def make(label: str = "CLI test", *more: str) -> str:
        ran: Ran = upsdesk(
            "create",
            scp.address,
            "--set",
            f"ProcedureStepLabel={label}",
            "--set",
            "ScheduledProcedureStepStartDateTime=20261119093000+0100",
            *more,
        )
        assert ran.status == 0, ran.err
        return ran.out.strip()

    return make
