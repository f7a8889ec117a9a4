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
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TextIO

from upsdesk.domain.keys import AeTitle
from upsdesk.domain.peer import LOOPBACK
from upsdesk.domain.state import ProcedureStepState
from upsdesk.scp.demo_data import demo_workitems
from upsdesk.scp.model import ReceivingAe, Stored
from upsdesk.scp.server import UpsScp, local_now

if TYPE_CHECKING:
    from upsdesk.scp.robots import Robots

_HARD_EXIT_SECONDS = 2.0


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
    seed_demo: bool = False
    """Put the demo's worklist into an empty store."""
    robots: str | None = None
    """Spec of the robot performers (robots.py); None: none. Empty: the defaults."""
    until_stdin_closes: bool = False
    verbose: bool = False
    """Log each message; else only what is out of the ordinary."""


def serve(
    options: ScpOptions, *, stderr: TextIO | None = None, clock: Callable[[], datetime] = local_now
) -> int:
    """Run until SIGTERM, SIGINT or, when asked for, the end of standard input; return 0.

    To be called on the main thread. Prints `listening AET@host:port` on standard error when ready.
    Raises ValueError for a bad robot spec, OSError when the port is in use or the store cannot be opened, and
    migrations.UnknownVersion for the store of a newer program.
    """
    robots = _robots(options.robots, clock) if options.robots is not None else None
    lines = _Lines(stderr if stderr is not None else sys.stderr)
    quiet: Callable[[str], None] = lambda _line: None  # noqa: E731
    scp = UpsScp(
        options.aet,
        options.host,
        options.port,
        store=options.store,
        peers=options.peers,
        log=lines.write,
        trace=lines.write if options.verbose else quiet,
        clock=clock,
    )
    hard_exit = threading.Timer(_HARD_EXIT_SECONDS, os._exit, (0,))
    hard_exit.daemon = True  # whatever hangs, the process does not outlive the one that started it
    # From here on, so that neither a signal nor the end of the parent is missed while the store is filled.
    with _told_to_stop(options.until_stdin_closes) as stop:
        try:
            held = _seeded(scp, options, clock)
            port = scp.start()
            if robots is not None:
                robots.start(scp, held, lines.write)
            lines.write(f"listening {options.aet}@{options.host}:{port}")
            while not stop.wait(0.5):  # a wait without an end would not see signals on Windows
                pass
            hard_exit.start()
        finally:
            if robots is not None:
                robots.stop()
            scp.stop()
            lines.close()
            hard_exit.cancel()
    return 0


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


@contextlib.contextmanager
def _told_to_stop(until_stdin_closes: bool) -> Iterator[threading.Event]:
    """An event that is set when it is time to end; signals work as before afterwards."""
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda _number, _frame: stop.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    if until_stdin_closes:
        threading.Thread(target=_watch_stdin, args=(stop,), name="stdin", daemon=True).start()
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch_stdin(stop: threading.Event) -> None:
    # Read from the descriptor: a buffered reader would hold a lock that the interpreter wants at its end.
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    stop.set()


class _Lines:
    """Writes lines on a thread of its own: a reader that does not read must not stop the server."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._queue: queue.Queue[str | None] = queue.Queue(maxsize=2000)
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        with contextlib.suppress(queue.Full):  # what nobody reads is dropped
            self._queue.put_nowait(line)

    def close(self) -> None:
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(None)
        self._thread.join(0.3)

    def _run(self) -> None:
        while (line := self._queue.get()) is not None:
            try:
                self._stream.write(line + "\n")
                self._stream.flush()
            except (OSError, ValueError):  # the reader is gone
                return
