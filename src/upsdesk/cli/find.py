"""`upsdesk find`: C-FIND, rows as they come; Ctrl+C and --limit end it with C-CANCEL."""

from __future__ import annotations

import argparse
import gc
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from upsdesk.cli import options as shared
from upsdesk.cli import rows
from upsdesk.cli.exchange import association, tell_data_set
from upsdesk.cli.exits import ExitStatus, UsageError
from upsdesk.cli.parser import positive, reading
from upsdesk.cli.peers import peer_of, zone_of
from upsdesk.cli.replies import LEAKED_LOCK, exit_status, failure_text, sentence
from upsdesk.domain import tags
from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.peer import UpsClass
from upsdesk.domain.status import no_answer

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser
    from upsdesk.dicom.exchange import Row
    from upsdesk.dicom.scu import Match, UpsScu
    from upsdesk.dicom.shapes import Shapes
    from upsdesk.domain.operation import Answer
    from upsdesk.domain.peer import Peer
    from upsdesk.domain.query import WorklistQuery


def configure(parser: Parser) -> None:
    shared.add_peer(parser)
    shared.add_matching_keys(parser)
    parser.add_argument(
        "-r",
        dest="returned",
        action="append",
        default=[],
        metavar="PATH",
        help="return key (repeatable); default: the worklist's columns",
    )
    parser.add_argument(
        "--state",
        dest="states",
        action="append",
        default=[],
        metavar="STATE",
        help="matching key Procedure Step State (repeatable: one query each, every workitem once)",
    )
    parser.add_argument(
        "--limit", type=reading(positive), metavar="N", help="stop with C-CANCEL after N rows"
    )
    parser.add_argument("--count", action="store_true", help="print the number of matches alone")
    rows.add_format(parser)
    shared.add_connection(parser, via=(UpsClass.PULL, UpsClass.WATCH, UpsClass.QUERY))
    shared.add_common(parser)


def queries_of(options: argparse.Namespace) -> tuple[WorklistQuery, ...]:
    """The searches that the line describes: one, or one for each state; raise UsageError."""
    from upsdesk.domain.query import STATE_PATH, WORKLIST_RETURN_KEYS, MatchingKey, WorklistQuery

    keys = shared.matching_keys(options.matching)
    if options.states and any(key.path == STATE_PATH for key in keys):
        raise UsageError("--state and -q both name ProcedureStepState")
    returned = tuple(shared.path_of(text) for text in options.returned) or WORKLIST_RETURN_KEYS
    via = shared.via_of(options) or UpsClass.PULL
    # Procedure Step State takes a single value (PS3.4 Table CC.2.5-3).
    states: list[tuple[MatchingKey, ...]] = [
        (MatchingKey(STATE_PATH, state),) for state in dict.fromkeys(options.states)
    ]
    return tuple(WorklistQuery((*state, *keys), returned, via, options.limit) for state in states or [()])


def run(options: argparse.Namespace, console: Console) -> int:
    queries = queries_of(options)
    query = queries[0]
    name = rows.chosen_format(options, console)
    peer = peer_of(options, console)
    columns = _columns(query) if options.returned else None
    printer = rows.printer(name, console, columns, options.folder, zone_of(peer))
    if not query.has_valued_key:
        console.note(
            "no matching key has a value: one universal query is sent, and the Standard lets the peer "
            "answer it with nothing (PS3.4 CC.2.8.3.1)"
        )
    for one in queries:
        _tell_identifier(console, one)
    return _search(options, console, peer, queries, None if options.count else printer)


def _tell_identifier(console: Console, query: WorklistQuery) -> None:
    if console.verbosity < 2:
        return
    from upsdesk.dicom.identifiers import identifier_elements

    try:
        tell_data_set(console, "sending", identifier_elements(query))
    except ValueError as error:
        raise UsageError(str(error)) from None


def _columns(query: WorklistQuery) -> tuple[tuple[int, ...], ...]:
    """What was asked for, in the order of the line: matching keys first."""
    return tuple(dict.fromkeys([*(key.path for key in query.keys), *query.return_keys]))


def _search(
    options: argparse.Namespace,
    console: Console,
    peer: Peer,
    queries: tuple[WorklistQuery, ...],
    printer: rows.RowPrinter | None,
) -> int:
    found = received = 0
    stop = threading.Event()
    # A workitem whose state changes meanwhile may come by two queries.
    seen: set[str] | None = set() if len(queries) > 1 else None

    def on_match(match: Match) -> None:
        nonlocal found, received
        received += 1
        if seen is not None and (uid := match.elements.text(tags.SOP_INSTANCE_UID)):
            if uid in seen:
                return
            seen.add(uid)
        found += 1
        tell_data_set(console, f"received {match.status:04X}", match.elements)
        if printer is not None:
            printer.row(match.elements)
        if console.results_gone.is_set():
            stop.set()

    def on_rows(matches: list[Row], shapes: Shapes) -> None:
        nonlocal found, received
        received += len(matches)
        found += len(matches)
        if isinstance(printer, rows.ManyRows):
            printer.rows(matches, shapes.transfer_syntax)
        if console.results_gone.is_set():
            stop.set()

    # Where nobody looks at each match, they are not decoded one by one.
    takes_many = printer is None or isinstance(printer, rows.ManyRows)
    takes_many = takes_many and seen is None and console.verbosity < 2
    cut_of = printer.cut_of if isinstance(printer, rows.ManyRows) else None
    via = shared.via_argument(options)
    with association(console, peer) as scu, _stopping(stop, scu) as interrupted, _no_collecting():
        outcome: Answer | NoAnswer
        try:
            for query in queries:
                limit = query.limit - received if query.limit is not None else None
                asked = replace(query, limit=limit)
                if takes_many:
                    outcome = scu.find_rows(asked, on_rows, stop, cut_of=cut_of, **via)
                else:
                    outcome = scu.find(asked, on_match, stop, **via)
                if received == query.limit or stop.is_set() or not outcome.outcome.is_done:
                    break
        except NoAnswer as error:
            outcome = error
        finally:
            if printer is not None:
                printer.end()
        if options.count and not isinstance(outcome, NoAnswer):
            console.result(str(found))
        is_full = received == query.limit
        return _ended(console, outcome, found, interrupted=interrupted.is_set(), is_full=is_full)


def _ended(
    console: Console, outcome: Answer | NoAnswer, found: int, *, interrupted: bool, is_full: bool
) -> int:
    if interrupted:
        console.note(f"interrupted after {_rows(found)}")
        return ExitStatus.INTERRUPTED
    if console.results_gone.is_set():
        return ExitStatus.DONE
    if is_full:
        # The rows that were asked for are here, however the peer took the C-CANCEL.
        console.note(f"stopped at the limit of {_rows(found)}; there may be more")
        return ExitStatus.DONE
    if isinstance(outcome, NoAnswer):
        rows_came = f" {_rows(found)} came before." if found else ""
        console.note(sentence(no_answer(outcome, is_harmless=True)) + rows_came)
        return ExitStatus.NO_ANSWER
    if outcome.leaked_lock:
        console.note(LEAKED_LOCK)
    console.detail(f"{outcome.outcome.code_text}, {_rows(found)}, {outcome.elapsed_ms:.0f} ms")
    if not outcome.outcome.is_done:
        console.note(failure_text(outcome))
    return exit_status(outcome.outcome)


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number} rows"


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Rows hold no cycles: looking for some among them would take a tenth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def _stopping(stop: threading.Event, scu: UpsScu) -> Iterator[threading.Event]:
    """While the search runs, Ctrl+C asks for C-CANCEL; a second one aborts. Yields whether it was pressed.

    As long as no association stands, there is nothing to cancel, and the first one aborts.
    """
    interrupted = threading.Event()

    def handle(*_: object) -> None:
        if interrupted.is_set() or not scu.is_open:
            # In a thread: the one that is interrupted may hold what abort waits for.
            threading.Thread(target=scu.abort, name="abort", daemon=True).start()
        interrupted.set()
        stop.set()

    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return
    before = signal.signal(signal.SIGINT, handle)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
