"""`listen`: one line a report, flushed as it comes, nothing else on standard output."""

import json
import signal
import socket
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from tests.cli.conftest import Scp, free_port, wait_until_listening
from tests.cli.running import finish, start, upsdesk


@pytest.fixture
def subscribed(scp: Scp) -> Iterator[None]:
    """The receiver is subscribed globally while the test runs."""
    assert upsdesk("subscribe", scp.address, "--receiving-ae", scp.receiver).status == 0
    yield
    assert upsdesk("unsubscribe", scp.address, "--receiving-ae", scp.receiver).status == 0


def _listen(scp: Scp, *more: object):  # type: ignore[no-untyped-def]
    process = start("listen", f"{scp.receiver}:{scp.receiver_port}", *more)
    assert wait_until_listening(process) == f"{scp.receiver}@127.0.0.1:{scp.receiver_port}"
    return process


def test_reports_as_lines_until_the_count(scp: Scp, new_item: Callable[..., str], subscribed: None) -> None:
    process = _listen(scp, "--count", 2)
    uid = new_item("Listened")
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())  # comes before the process ends: it is flushed
    assert process.poll() is None
    assert upsdesk("chstate", scp.address, "--iuid", uid, "--state", "IN PROGRESS").status == 0
    ran = finish(process)
    second = json.loads(ran.out)
    assert ran.status == 0
    assert list(first) == [
        "received",
        "number",
        "event_type",
        "event_name",
        "sop_instance_uid",
        "calling_aet",
        "event_information",
    ]
    assert [
        first["event_information"]["00741000"]["Value"],
        second["event_information"]["00741000"]["Value"],
    ] == [
        ["SCHEDULED"],
        ["IN PROGRESS"],
    ]
    assert {first["sop_instance_uid"], second["sop_instance_uid"]} == {uid}
    assert (first["event_type"], first["event_name"]) == (1, "UPS State Report")
    assert first["number"] < second["number"]
    assert datetime.fromisoformat(first["received"]).utcoffset() is not None


def test_subscribe_of_the_line_lasts_while_it_runs(scp: Scp, new_item: Callable[..., str]) -> None:
    process = _listen(scp, "--subscribe", scp.address, "--count", 1, "--format", "table")
    uid = new_item()
    ran = finish(process)
    assert (ran.status, ran.err) == (0, "")
    assert uid in ran.out
    assert "UPS State Report" in ran.out
    after = start("listen", f"{scp.receiver}:{scp.receiver_port}", "--timeout", 0.5)
    wait_until_listening(after)
    new_item()
    ran = finish(after)
    assert (ran.status, ran.out) == (0, "")


def test_echo_is_answered_and_not_printed(scp: Scp) -> None:
    process = _listen(scp, "--until-stdin-closes")
    assert upsdesk("echo", f"{scp.receiver}@127.0.0.1:{scp.receiver_port}").status == 0
    ran = finish(process)  # closes standard input
    assert (ran.status, ran.out) == (0, "")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_signals_end_it(scp: Scp, number: signal.Signals, status: int) -> None:
    process = _listen(scp)
    process.send_signal(number)
    ran = finish(process, timeout=3)
    assert (ran.status, ran.out) == (status, "")


def test_port_in_use_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = upsdesk("listen", f"DESK:{port}")
    assert ran.status == 2
    assert f"DESK@127.0.0.1:{port}" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_subscription_that_fails_ends_it(scp: Scp) -> None:
    ran = upsdesk("listen", "NOBODY:0", "--subscribe", scp.address)
    assert ran.status == 1
    assert "C308" in ran.err
    ran = upsdesk("listen", "NOBODY:0", "--subscribe", f"X@127.0.0.1:{free_port()}")
    assert ran.status == 3
