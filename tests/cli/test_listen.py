"""`listen`: one line a report, flushed as it comes, nothing else on standard output."""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, build_role
from pynetdicom.sop_class import UnifiedProcedureStepEvent, UnifiedProcedureStepPush

from tests.cli.conftest import Scp, free_port, wait_until_listening
from tests.cli.running import finish, start, upsdesk
from tests.support.plain_scp import keep_answers


@pytest.fixture
def subscribed(scp: Scp) -> Iterator[None]:
    """The receiver is subscribed globally while the test runs."""
    assert upsdesk("subscribe", scp.address, "--receiving-ae", scp.receiver).status == 0
    yield
    assert upsdesk("unsubscribe", scp.address, "--receiving-ae", scp.receiver).status == 0


def _listen(scp: Scp, *more: object) -> subprocess.Popen[str]:
    process = start("listen", f"{scp.receiver}:{scp.receiver_port}", *more)
    assert wait_until_listening(process) == f"{scp.receiver}@127.0.0.1:{scp.receiver_port}"
    return process


def _reports_of(process: subprocess.Popen[str], uid: str) -> Iterator[dict[str, Any]]:
    """The lines about one workitem; the server may report other things between them."""
    assert process.stdout is not None
    for line in process.stdout:
        report = json.loads(line)
        if report["sop_instance_uid"] == uid:
            yield report


def test_reports_as_lines_as_they_come(scp: Scp, new_item: Callable[..., str], subscribed: None) -> None:
    process = _listen(scp, "--until-stdin-closes")
    uid = new_item("Listened")
    reports = _reports_of(process, uid)
    first = next(reports)  # it comes although the process goes on: it is flushed
    assert process.poll() is None
    assert upsdesk("chstate", scp.address, "--iuid", uid, "--state", "IN PROGRESS").status == 0
    second = next(reports)
    assert finish(process).status == 0
    assert list(first) == [
        "received",
        "number",
        "event_type",
        "event_name",
        "sop_instance_uid",
        "calling_aet",
        "event_information",
    ]
    states = [report["event_information"]["00741000"]["Value"] for report in (first, second)]
    assert states == [["SCHEDULED"], ["IN PROGRESS"]]
    assert (first["event_type"], first["event_name"]) == (1, "UPS State Report")
    assert first["calling_aet"] == "UPSSCP"
    assert first["number"] < second["number"]
    assert datetime.fromisoformat(first["received"]).utcoffset() is not None


def test_subscribe_of_the_line_lasts_while_it_runs(scp: Scp, new_item: Callable[..., str]) -> None:
    process = _listen(scp, "--subscribe", scp.address, "--until-stdin-closes")
    next(_reports_of(process, new_item()))
    ran = finish(process)
    assert (ran.status, ran.err) == (0, "")
    after = _listen(scp, "--timeout", 0.5)
    uid = new_item()
    ran = finish(after)
    assert ran.status == 0
    assert uid not in ran.out


def _send(address: str, *event_types: int) -> list[int]:
    """Reports from an SCP that is not ours, on one association; returns the statuses of the answers."""
    title, _, place = address.partition("@")
    ae = AE("SENDER")
    ae.add_requested_context(UnifiedProcedureStepEvent)
    assoc = ae.associate(
        "127.0.0.1",
        int(place.rpartition(":")[2]),
        ae_title=title,
        ext_neg=[build_role(UnifiedProcedureStepEvent, scp_role=True)],
    )
    keep_answers(assoc)
    assert assoc.is_established
    information = Dataset()
    information.ProcedureStepState = "IN PROGRESS"
    statuses = []
    for event_type in event_types:
        status, _ = assoc.send_n_event_report(
            information,
            event_type,
            UnifiedProcedureStepPush,
            "1.2.3.4",
            meta_uid=UnifiedProcedureStepEvent,
        )
        statuses.append(int(status.Status))
    assoc.release()
    return statuses


def test_count_ends_it_after_the_last_answer() -> None:
    process = start("listen", "DESK:0", "--count", 2)
    assert _send(wait_until_listening(process), 1, 77) == [0, 0]
    ran = finish(process)
    assert (ran.status, ran.err) == (0, "")
    assert [(line["event_type"], line["event_name"]) for line in ran.lines] == [
        (1, "UPS State Report"),
        (77, ""),
    ]


def test_status_and_delay_of_the_answers() -> None:
    process = start("listen", "DESK:0", "--status", "0110", "--delay", 0.3, "--format", "table", "--count", 1)
    address = wait_until_listening(process)
    began = time.monotonic()
    assert _send(address, 1) == [0x0110]
    assert time.monotonic() - began >= 0.3
    ran = finish(process)
    assert ran.status == 0
    assert "UPS State Report" in ran.out
    assert "ProcedureStepState=IN PROGRESS" in ran.out


def test_timeout_ends_it() -> None:
    ran = finish(start("listen", "DESK:0", "--timeout", 0.2))
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
