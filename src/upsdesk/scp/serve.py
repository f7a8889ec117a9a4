"""The SCP as a program of its own: starts, says where it listens, and ends when it is told to."""

from __future__ import annotations

import contextlib
import os
import queue
import random
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, TextIO

from upsdesk.domain.keys import AeTitle
from upsdesk.domain.peer import LOOPBACK, address_text
from upsdesk.domain.state import ProcedureStepState
from upsdesk.scp.commands import carry_out, read_lines
from upsdesk.scp.demo_data import demo_workitems
from upsdesk.scp.dispatcher import Delivery
from upsdesk.scp.fault_specs import Fault
from upsdesk.scp.faults import Faults
from upsdesk.scp.housekeeping import Retention
from upsdesk.scp.model import ReceivingAe, Stored
from upsdesk.scp.server import Limits, UpsScp, local_now
from upsdesk.scp.services.common import CancelEvent, Leniency

if TYPE_CHECKING:
    from upsdesk.scp.robots import Robots

_HARD_EXIT_SECONDS = 2.0
_LINES_KEPT = 5000
_LINES_AT_ONCE = 500


class Ending(Enum):
    """What made it end; the value is the exit status that the shell expects for it."""

    TOLD = 0
    """SIGTERM, or the end of standard input."""
    INTERRUPTED = 130
    """SIGINT, such as Ctrl+C."""


@dataclass(frozen=True, slots=True)
class ScpOptions:
    """What `upsdesk scp` was given."""

    aet: AeTitle
    host: str = LOOPBACK
    port: int = 0
    """0: any free one."""
    store: str = ":memory:"
    """A file, a `sqlite:` URL, or `:memory:`."""
    peers: tuple[ReceivingAe, ...] = ()
    fallback: tuple[ReceivingAe, ...] | None = None
    """Who is told that the server starts and ends, subscribed or not; None: every peer."""
    leniency: Leniency = field(default_factory=Leniency)
    cancel_event: CancelEvent = CancelEvent.TABLE
    retention: Retention = field(default_factory=Retention)
    limits: Limits = field(default_factory=Limits)
    delivery: Delivery = field(default_factory=Delivery)
    faults: tuple[Fault, ...] = ()
    """What goes wrong on purpose from the start."""
    fault_seed: int | None = None
    """Makes the dice of faults fall the same each time."""
    seed_demo: bool = False
    """Put the demo's worklist into an empty store."""
    robots: str | None = None
    """Spec of the robot performers (robots.py); None: none. Empty: the defaults."""
    until_stdin_closes: bool = False
    verbose: bool = False
    """Log associations and attributes too; else one line a message, and what is out of the ordinary."""


def serve(
    options: ScpOptions, *, stderr: TextIO | None = None, clock: Callable[[], datetime] = local_now
) -> Ending:
    """Run until SIGTERM, SIGINT or, when asked for, the end of standard input; return which of them it was.

    To be called on the main thread. Prints `listening AET@host:port` on standard error when ready.
    Raises ValueError for a bad robot spec, OSError when the port is in use or the store cannot be opened, and
    migrations.UnknownVersion for the store of a newer program.
    """
    robots = _robots(options.robots, clock) if options.robots is not None else None
    lines = _Lines(stderr if stderr is not None else sys.stderr, clock)
    try:
        scp = _server(options, lines, clock)
    except BaseException:
        lines.close()
        raise
    # From here on, so that neither a signal nor the end of the parent is missed while the store is filled.
    with _told_to_stop() as end:
        try:
            _follow_stdin(
                options.until_stdin_closes, end, lambda line: carry_out(line, scp.faults, lines.write)
            )
            held = _seeded(scp, options, clock)
            port = scp.start()
            if robots is not None:
                robots.start(scp, held, lines.write)
            lines.announce(f"listening {address_text(options.aet, options.host, port)}")
            for fault in scp.faults.active:
                lines.write(f"fault {fault} is on")
            while not end.wait(0.5):  # a wait without an end would not see signals on Windows
                pass
            hard_exit = threading.Timer(_HARD_EXIT_SECONDS, os._exit, (end.why.value,))
            hard_exit.daemon = True  # whatever hangs, the process does not outlive the one that started it
            hard_exit.start()
        finally:
            if robots is not None:
                robots.stop()
            scp.stop()
            lines.close()
    hard_exit.cancel()
    return end.why


def _server(options: ScpOptions, lines: _Lines, clock: Callable[[], datetime]) -> UpsScp:
    return UpsScp(
        options.aet,
        options.host,
        options.port,
        store=options.store,
        peers=options.peers,
        fallback=options.fallback,
        log=lines.write,
        trace=lines.write,
        detail=lines.write if options.verbose else None,
        clock=clock,
        leniency=options.leniency,
        cancel_event=options.cancel_event,
        limits=options.limits,
        delivery=options.delivery,
        retention=options.retention,
        faults=Faults(options.faults, random.Random(options.fault_seed)),
    )


def _robots(spec: str, clock: Callable[[], datetime]) -> Robots:
    # Their SCU and listener cost a tenth of a second to load, which a server without robots need not pay.
    from upsdesk.scp.robots import Robots, parse_spec

    return Robots(parse_spec(spec), clock)


def _seeded(scp: UpsScp, options: ScpOptions, clock: Callable[[], datetime]) -> tuple[Stored, ...]:
    """Fill an empty store; return what is IN PROGRESS in it."""
    if not options.seed_demo:
        return ()
    with scp.repository.reading() as reader:
        if reader.count():
            return ()
    workitems = demo_workitems(clock(), random.Random())
    scp.seed(workitems)
    return tuple(one for one in workitems if one.state is ProcedureStepState.IN_PROGRESS)


class _End(threading.Event):
    """Set when it is time to end."""

    why = Ending.TOLD

    def tell(self, why: Ending) -> None:
        if not self.is_set():
            self.why = why
            self.set()


@contextlib.contextmanager
def _told_to_stop() -> Iterator[_End]:
    """What ends at SIGTERM and SIGINT; signals work as before afterwards."""
    end = _End()

    def told(number: int, _frame: object) -> None:
        end.tell(Ending.INTERRUPTED if number == signal.SIGINT else Ending.TOLD)

    before = {number: signal.signal(number, told) for number in (signal.SIGTERM, signal.SIGINT)}
    if hasattr(signal, "SIGTTIN"):  # in the background of a terminal it goes on, see read_lines
        before[signal.SIGTTIN] = signal.signal(signal.SIGTTIN, signal.SIG_IGN)
    try:
        yield end
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _follow_stdin(is_end: bool, end: _End, told: Callable[[str], None]) -> None:
    """Carry out the lines of standard input; with `is_end` its end is the server's."""

    def follow() -> None:
        if sys.stdin is not None:  # closed from the start: then the descriptor may be another file's
            read_lines(0, told)
        if is_end:
            end.tell(Ending.TOLD)

    threading.Thread(target=follow, name="stdin", daemon=True).start()


class _Lines:
    """Writes lines on a thread of its own: a reader that does not read must not stop the server."""

    def __init__(self, stream: TextIO, clock: Callable[[], datetime]) -> None:
        self._stream = stream
        self._clock = clock
        self._queue: queue.Queue[str | None] = queue.Queue(maxsize=_LINES_KEPT)
        self._lost = 0
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """A line of the log, with the time."""
        self.announce(f"{self._clock():%H:%M:%S} {line}")

    def announce(self, line: str) -> None:
        """A line as it is."""
        try:
            self._queue.put_nowait(line)
        except queue.Full:
            self._lost += 1  # from several threads it may miss one

    def close(self) -> None:
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(None)
        self._thread.join(0.3)

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            lines, is_over = self._more(first)
            if self._lost:
                lines.append(f"{self._lost} lines of the log found no room: they are not read fast enough")
                self._lost = 0
            try:
                self._stream.write("\n".join(lines) + "\n")
                self._stream.flush()
            except (OSError, ValueError):  # the reader is gone
                return
            if is_over:
                return

    def _more(self, first: str) -> tuple[list[str], bool]:
        """The lines that wait, as many as are written at once; and whether they are the last ones."""
        lines = [first]
        with contextlib.suppress(queue.Empty):
            while len(lines) < _LINES_AT_ONCE:
                line = self._queue.get_nowait()
                if line is None:
                    return lines, True
                lines.append(line)
        return lines, False
