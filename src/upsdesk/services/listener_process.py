"""The Event listener as a process of its own: started, watched, started again."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from upsdesk.domain.events import Report
from upsdesk.domain.keys import AeTitle, SopInstanceUid
from upsdesk.services.inbox import Batch, Pace, ThreadInbox
from upsdesk.services.loading import load_dicom
from upsdesk.services.threads import in_thread

_LOG = logging.getLogger(__name__)
_READY = "listening "
_REPORTS_KEPT = 10_000
_AT_ONCE = 256 * 1024
"""Bytes read from the listener at a time."""
_UID = re.compile(rb'"sop_instance_uid": "([^"]*)"')
_LAST_WORDS = 1.0
"""Seconds for the standard error of an ended process, which a child of its own may hold open."""
_END_BY_ITSELF = 0.5
_END_BY_KILL = 0.3


class ListenerState(Enum):
    """What a lamp shows of the listener."""

    OFF = "off"
    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"
    RESTARTING = "restarting"


@dataclass(frozen=True, slots=True)
class ListenerStatus:
    """The state, `AET@host:port` where it listens, why it failed, and since when."""

    state: ListenerState
    since: datetime
    address: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class _Said:
    """A line on standard error."""

    process: subprocess.Popen[bytes]
    line: str


@dataclass(frozen=True, slots=True)
class _Ended:
    process: subprocess.Popen[bytes]
    code: int


def listener_command(aet: AeTitle, host: str, port: int) -> tuple[str, ...]:
    """How this program starts itself as a listener that ends with its parent."""
    address = f"{aet}@{host}:{port}"
    words = ("listen", address, "--format", "jsonl", "--until-stdin-closes")
    return (sys.executable, "-m", "upsdesk", *words)


class ListenerProcess:
    """One listener; `on_reports` and `on_status` are called on the loop, the first at most once a frame."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        on_reports: Callable[[Batch[Report]], None],
        on_status: Callable[[ListenerStatus], None],
        clock: Callable[[], datetime],
        first_delay: float = 0.5,
        longest_delay: float = 30.0,
        kept: int = _REPORTS_KEPT,
    ) -> None:
        """`kept`: how many reports may wait for a busy loop; of more, only the workitems are kept."""
        self._command = tuple(command)
        self._on_reports = on_reports
        self._on_status = on_status
        self._clock = clock
        self._first_delay = self._delay = first_delay
        self._longest_delay = longest_delay
        self._loop = asyncio.get_running_loop()
        self._inbox: ThreadInbox[_Said | _Ended] = ThreadInbox(self._loop, self._take)
        self._lines: ThreadInbox[bytes] = ThreadInbox(
            self._loop, self._take_lines, bound=kept, pace=Pace(), key_of=_uid_in
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._restart: asyncio.TimerHandle | None = None
        self._last_words = ""
        self._settled = asyncio.Event()
        self.status = ListenerStatus(ListenerState.OFF, clock())

    def start(self) -> None:
        """Start the process; its state comes by `on_status`."""
        self._restart = None
        self._last_words = ""
        if self.status.state is ListenerState.OFF:
            self._tell(ListenerState.STARTING)
        try:
            # A pipe on stdin whose end means stop: so it ends with this process however that ends.
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            self._tell(ListenerState.FAILED, detail=f"The listener cannot be started: {error}.")
            self._start_later()
            return
        self._process = process
        words = threading.Thread(target=self._read_words, args=(process,), name="upsdesk-words", daemon=True)
        words.start()
        threading.Thread(
            target=self._read_reports, args=(process, words), name="upsdesk-reports", daemon=True
        ).start()

    async def settled(self, seconds: float) -> ListenerStatus:
        """The status once it is ready, has failed or was stopped, or as it is after `seconds`."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._settled.wait(), seconds)
        return self.status

    async def stop(self) -> None:
        """End the process in under 1 s."""
        if self._restart is not None:
            self._restart.cancel()
            self._restart = None
        process, self._process = self._process, None
        self._inbox.close()
        self._lines.close()
        if process is not None:
            await in_thread(lambda: _end(process), "listener-end")
        self._tell(ListenerState.OFF)

    def _read_reports(self, process: subprocess.Popen[bytes], words: threading.Thread) -> None:
        assert process.stdout is not None
        rest = b""
        with process.stdout as stream:
            assert isinstance(stream, io.BufferedReader)
            # Chunk by chunk, decoded on the loop: for each line that this thread decoded it would have to get
            # the interpreter from a loop that is busy, up to 5 ms every time.
            while data := stream.read1(_AT_ONCE):
                load_dicom()
                *lines, rest = (rest + data).split(b"\n")
                self._lines.put_all(lines)
        code = process.wait()
        words.join(_LAST_WORDS)  # why it ended belongs before its end
        self._inbox.put(_Ended(process, code))

    def _read_words(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr is not None
        with process.stderr:
            for line in process.stderr:
                self._inbox.put(_Said(process, line.decode("utf-8", "replace").strip()))

    def _take_lines(self, batch: Batch[bytes]) -> None:
        found = [report_of(line) for line in batch.items]
        reports = tuple(report for report in found if report is not None)
        if len(reports) < len(found):
            _LOG.warning("the listener sent %d lines that are no report", len(found) - len(reports))
        self._on_reports(Batch(reports, batch.overflowed, batch.dropped))

    def _take(self, batch: Batch[_Said | _Ended]) -> None:
        for item in batch.items:
            if item.process is not self._process:
                continue
            if isinstance(item, _Ended):
                self._ended(item)
            elif item.line.startswith(_READY):
                self._delay = self._first_delay
                self._tell(ListenerState.READY, address=item.line[len(_READY) :])
            elif item.line:
                self._last_words = item.line

    def _ended(self, item: _Ended) -> None:
        self._process = None
        was_ready = self.status.state is ListenerState.READY
        detail = self._last_words or f"The listener ended with {item.code}."
        self._tell(ListenerState.RESTARTING if was_ready else ListenerState.FAILED, detail=detail)
        _close_stdin(item.process)
        self._start_later()

    def _start_later(self) -> None:
        self._restart = self._loop.call_later(self._delay, self.start)
        self._delay = min(self._delay * 2, self._longest_delay)

    def _tell(self, state: ListenerState, *, address: str = "", detail: str = "") -> None:
        self.status = ListenerStatus(state, self._clock(), address, detail)
        if state in (ListenerState.READY, ListenerState.FAILED, ListenerState.OFF):
            self._settled.set()
        self._on_status(self.status)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close its standard input, wait, then kill."""
    _close_stdin(process)
    try:
        process.wait(_END_BY_ITSELF)
    except subprocess.TimeoutExpired:
        process.kill()
        # A busy system may take longer; the thread that reads its output collects it then.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_END_BY_KILL)


def _close_stdin(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()


def _uid_in(line: bytes) -> bytes:
    """Which workitem a line is about, found without taking it apart."""
    found = _UID.search(line)
    return found[1] if found else b""


def report_of(line: str | bytes) -> Report | None:
    """The report in one line of the listener's output, or None when it is none."""
    load_dicom()
    from upsdesk.dicom.json_model import from_json

    try:
        found = json.loads(line)
        return Report(
            received=datetime.fromisoformat(found["received"]),
            number=int(found["number"]),
            event_type=int(found["event_type"]),
            uid=SopInstanceUid(found["sop_instance_uid"]),
            calling_aet=AeTitle(found["calling_aet"]),
            information=from_json(found["event_information"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
