"""`upsdesk listen`: the Event SCU; one line a report, in the order in which they came."""

from __future__ import annotations

import argparse
import json
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING

from upsdesk.cli import options as shared
from upsdesk.cli.addresses import parse_listen_address
from upsdesk.cli.exits import ExitStatus, UsageError
from upsdesk.cli.parser import positive, reading, seconds, seconds_or_zero, status_code

if TYPE_CHECKING:
    from upsdesk.cli.addresses import ListenAddress
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser
    from upsdesk.dicom.scu import UpsScu
    from upsdesk.domain.events import Report
    from upsdesk.domain.operation import Answer

_BETWEEN_WRITES = 0.005
"""Seconds between two writes: reports that come faster go out together."""
_LAST_ANSWER = 0.05
"""Seconds for the answer to the last report to go out."""
_HARD_END = 2.0
"""Seconds after the end of standard input until the process ends whatever it does."""


def configure(parser: Parser) -> None:
    parser.add_argument(
        "address",
        type=reading(parse_listen_address),
        metavar="AET[@host]:PORT",
        help="own AE title and where to listen; default host 127.0.0.1, port 0 takes a free one",
    )
    parser.add_argument(
        "--format", choices=("table", "jsonl"), help="default: table on a terminal, else jsonl"
    )
    parser.add_argument("--count", type=reading(positive), metavar="N", help="end after N reports")
    parser.add_argument("--timeout", type=reading(seconds), metavar="S", help="end after S seconds")
    parser.add_argument(
        "--status",
        type=reading(status_code),
        default=0,
        metavar="HEX",
        help="status of the answers; default 0000",
    )
    parser.add_argument(
        "--delay",
        type=reading(seconds_or_zero),
        default=0.0,
        metavar="S",
        help="seconds before each answer",
    )
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when standard input ends")
    parser.add_argument("--subscribe", metavar="PEER", help="subscribe globally at PEER while this runs")
    shared.add_connection(parser)
    shared.add_common(parser)


_ENCODER = json.JSONEncoder(ensure_ascii=False)


class _End:
    """Put among the reports: nothing more is printed."""

    def __init__(self, status: ExitStatus) -> None:
        self.status = status


def run(options: argparse.Namespace, console: Console) -> int:
    from upsdesk.dicom.event_listener import EventListener

    address: ListenAddress = options.address
    arrivals: queue.SimpleQueue[Report | _End] = queue.SimpleQueue()
    listener = EventListener(
        address.aet,
        address.host,
        address.port,
        arrivals.put,
        status=options.status,
        delay=options.delay,
        log=console.note,
    )
    with _ending(arrivals, options.until_stdin_closes):
        try:
            port = listener.start()
        except OSError as error:
            raise UsageError(
                f"cannot listen at {address.at(address.port)}: {error.strerror or error}"
            ) from None
        try:
            with _subscribed(options, console, address) as refused:
                if refused is not None:
                    return refused
                console.say(f"listening {address.at(port)}")
                status = _print_reports(options, console, arrivals)
                # A report is printed before it is answered; stopping would abort the last answer.
                threading.Event().wait(options.delay + _LAST_ANSWER)
                return status
        finally:
            listener.stop()


def _print_reports(
    options: argparse.Namespace, console: Console, arrivals: queue.SimpleQueue[Report | _End]
) -> ExitStatus:
    as_lines = (options.format or ("table" if console.is_terminal else "jsonl")) == "jsonl"
    line_of = json_line if as_lines else text_line
    deadline = time.monotonic() + options.timeout if options.timeout else None
    left = options.count
    while left is None or left > 0:
        batch, end = _next_batch(arrivals, deadline, left)
        if batch:
            console.result("\n".join(line_of(report) for report in batch))
            left = left - len(batch) if left is not None else None
        if end is not None:
            return end
        if console.results_gone.is_set():
            return ExitStatus.DONE
        if left != 0:
            threading.Event().wait(_BETWEEN_WRITES)
    return ExitStatus.DONE


def _next_batch(
    arrivals: queue.SimpleQueue[Report | _End], deadline: float | None, most: int | None
) -> tuple[list[Report], ExitStatus | None]:
    """All reports that have come, at least one unless the end or the deadline came; and the end."""
    batch: list[Report] = []
    wait = None if deadline is None else max(0.0, deadline - time.monotonic())
    try:
        arrived = arrivals.get(timeout=wait)
        while True:
            if isinstance(arrived, _End):
                return batch, arrived.status
            batch.append(arrived)
            if len(batch) == most:
                return batch, None
            arrived = arrivals.get_nowait()
    except queue.Empty:
        return batch, None if batch else ExitStatus.DONE


def json_line(report: Report) -> str:
    """A report as the contract of the command line gives it."""
    from upsdesk.dicom.json_model import to_json

    return _ENCODER.encode(
        {
            "received": report.received.isoformat(),
            "number": report.number,
            "event_type": report.event_type,
            "event_name": _event_name(report.event_type),
            "sop_instance_uid": report.uid,
            "calling_aet": report.calling_aet,
            "event_information": to_json(report.information),
        }
    )


def text_line(report: Report) -> str:
    """A report for a person: time, kind, workitem, sender, and the values that it carried."""
    from upsdesk.cli.replies import printable
    from upsdesk.cli.rows import flattened
    from upsdesk.dicom.paths import keyword_of

    values = ", ".join(
        f"{keyword_of(path[-1]) or f'{path[-1]:08X}'}={printable(text)}"
        for path, text in flattened(report.information).items()
    )
    name = _event_name(report.event_type) or f"event type {report.event_type}"
    sender = printable(report.calling_aet)
    return f"{report.received:%H:%M:%S}  {name}  {report.uid}  from {sender}  {values}".rstrip()


@cache
def _event_name(event_type: int) -> str:
    from upsdesk.domain.events import ReportType

    known = {one.value: one.title for one in ReportType}
    return known.get(event_type, "")


@contextmanager
def _subscribed(
    options: argparse.Namespace, console: Console, address: ListenAddress
) -> Iterator[ExitStatus | None]:
    """Subscribed globally at --subscribe while the block runs; yields the exit status when that failed."""
    if options.subscribe is None:
        yield None
        return
    from upsdesk.cli.exchange import association
    from upsdesk.cli.peers import peer_of

    options.aet = options.aet or address.aet
    peer = peer_of(options, console, options.subscribe)
    with association(console, peer) as scu:
        refused = _act(console, "subscribe", lambda: _subscribe(scu, address))
    yield refused
    if refused is None:
        with association(console, peer) as scu:
            _act(console, "unsubscribe", lambda: _unsubscribe(scu, address))


def _subscribe(scu: UpsScu, address: ListenAddress) -> Answer:
    from upsdesk.dicom.contexts import GLOBAL_SUBSCRIPTION

    return scu.subscribe(GLOBAL_SUBSCRIPTION, address.aet, False)


def _unsubscribe(scu: UpsScu, address: ListenAddress) -> Answer:
    from upsdesk.dicom.contexts import GLOBAL_SUBSCRIPTION

    return scu.unsubscribe(GLOBAL_SUBSCRIPTION, address.aet)


def _act(console: Console, name: str, send: Callable[[], Answer]) -> ExitStatus | None:
    from upsdesk.cli.replies import exit_status, failure_text, sentence
    from upsdesk.domain.errors import NoAnswer
    from upsdesk.domain.status import no_answer

    try:
        answer = send()
    except NoAnswer as error:
        console.note(f"{name}: {sentence(no_answer(error))}")
        return ExitStatus.NO_ANSWER
    if answer.outcome.is_done:
        return None
    console.note(f"{name}: {failure_text(answer)}")
    return exit_status(answer.outcome)


@contextmanager
def _ending(arrivals: queue.SimpleQueue[Report | _End], until_stdin_closes: bool) -> Iterator[None]:
    """SIGTERM, SIGINT and the end of standard input become a last entry among the reports."""
    if until_stdin_closes:
        threading.Thread(target=_watch_stdin, args=(arrivals,), name="stdin", daemon=True).start()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ends = {signal.SIGTERM: ExitStatus.DONE, signal.SIGINT: ExitStatus.INTERRUPTED}
    before = {
        number: signal.signal(number, lambda *_, status=status: arrivals.put(_End(status)))
        for number, status in ends.items()
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch_stdin(arrivals: queue.SimpleQueue[Report | _End]) -> None:
    # The raw descriptor: a thread inside sys.stdin at the end of the interpreter is a fatal error.
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    arrivals.put(_End(ExitStatus.DONE))
    threading.Event().wait(_HARD_END)
    os._exit(ExitStatus.DONE)
