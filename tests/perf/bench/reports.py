"""Reports through the listener's process into the painted table: how late at a rate, how many are lost."""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from tests.perf.bench import replay_scp
from tests.perf.bench.figures import Finding
from tests.perf.bench.sizes import Sizes
from tests.perf.bench.window import BenchWindow, Heartbeat, PaintWatch, in_window, until
from upsdesk.domain.keys import WorkitemKey
from upsdesk.services.activity import ActivityEntry, ActivityKind
from upsdesk.services.session import ListenerState
from upsdesk.ui.worklist.columns import Column

_SETTLED = 30.0
_BURST_NUMBER = 1_000_000
"""No report before the burst has it."""
_LEAST_RATE = 0.95
"""Share of the wanted rate below which the figure says so."""


def measure(sizes: Sizes) -> Iterator[Finding]:
    with replay_scp.running(sizes.burst) as scp:
        late, sent, (lost, stall, burst) = in_window(scp, lambda bench: _both(bench, sizes), listens=True)
    rate = sent["answered"] / sent["seconds"]
    percentiles = statistics.quantiles(late, n=100)
    words = (
        f"{len(late):,} reports to the rows on the screen at {rate:.0f}/s over "
        f"{sizes.report_associations} associations, median {percentiles[49] * 1000:.0f} ms"
    )
    if rate < _LEAST_RATE * sizes.report_rate:
        words += f" ({sizes.report_rate}/s was wanted)"
    yield Finding("event_to_paint_p99_ms", percentiles[98] * 1000, words)
    pace = burst["answered"] / burst["seconds"]
    words = f"of {sizes.burst:,}, each to another row, answered at {pace:.0f}/s"
    yield Finding("burst_lost", float(lost), words)
    yield Finding("burst_gui_stall_ms", stall, f"{sizes.burst:,} rows in the table")


async def _both(
    bench: BenchWindow, sizes: Sizes
) -> tuple[list[float], dict[str, Any], tuple[int, float, dict[str, Any]]]:
    await bench.empty()
    await bench.search(sizes.burst)
    await until(lambda: _listens(bench))
    late, sent = await _steady(bench, sizes)
    await bench.painted()
    return late, sent, await _burst(bench, sizes)


def _listens(bench: BenchWindow) -> bool:
    session = bench.session
    return session is not None and session.listener.state is ListenerState.READY


class _Latency:
    """From the listener's stamp on a report to the picture of its row.

    The n-th report of a workitem says `#n`; a row that shows it shows all before it too.
    """

    def __init__(self, bench: BenchWindow) -> None:
        self._model = bench.model
        self._waiting: dict[WorkitemKey, list[datetime]] = {}
        self._told: dict[WorkitemKey, int] = {}
        """Reports of each row that have been painted."""
        self.seconds: list[float] = []
        self._unsubscribe = bench.desk.activity.subscribe(self._came)
        self._watch = PaintWatch(bench.panel.view.viewport(), self._painted)

    def close(self) -> None:
        self._unsubscribe()
        self._watch.close()

    def _came(self, entries: Sequence[ActivityEntry]) -> None:
        for entry in entries:
            if entry.kind is ActivityKind.REPORT and entry.key is not None:
                self._waiting.setdefault(entry.key, []).append(entry.at)

    def _painted(self, _at: float) -> None:
        now = datetime.now(UTC)
        for key, stamps in self._waiting.items():
            row = self._model.row(key)
            if not stamps or row is None:
                continue
            shown = int(row.workitem.progress.description.lstrip("#") or 0) - self._told.get(key, 0)
            done, stamps[:] = stamps[:shown], stamps[shown:]
            self._told[key] = self._told.get(key, 0) + len(done)
            self.seconds.extend((now - stamp).total_seconds() for stamp in done)


async def _steady(bench: BenchWindow, sizes: Sizes) -> tuple[list[float], dict[str, Any]]:
    """Seconds of each report at the wanted rate, and what the sender says."""
    keys = _on_screen(bench)
    count = sizes.report_rate * sizes.report_seconds
    latency = _Latency(bench)
    try:
        uids = [str(keys[at % len(keys)].uid) for at in range(count)]
        sent = await _send(bench, sizes, uids, sizes.report_rate)
        await until(lambda: len(latency.seconds) >= count, _SETTLED)
    finally:
        latency.close()
    return latency.seconds, sent


def _on_screen(bench: BenchWindow) -> list[WorkitemKey]:
    """The rows that stand in the viewport in full. Raise RuntimeError when their progress does not."""
    view = bench.panel.view
    if not view.viewport().rect().contains(view.visualRect(bench.model.index(0, Column.PROGRESS))):
        raise RuntimeError("the column that the reports change is out of sight: nothing would be painted")
    last = view.rowAt(view.viewport().height() - view.rowHeight(0))
    return bench.model.visible[: last + 1]


async def _burst(bench: BenchWindow, sizes: Sizes) -> tuple[int, float, dict[str, Any]]:
    """One report to each row as fast as they are answered: how many never came, and ms of stall."""
    keys = list(bench.model.visible)
    wanted = f"#{_BURST_NUMBER}"
    waiting = keys[::-1]
    heart = Heartbeat()
    try:
        sent = await _send(bench, sizes, [str(key.uid) for key in keys], 0, first=_BURST_NUMBER)
        with contextlib.suppress(TimeoutError):
            await until(lambda: _are_shown(bench, waiting, wanted), _SETTLED)
        await bench.painted()
    finally:
        stall = heart.stop()
    return sum(_shown(bench, key) != wanted for key in keys), stall, sent


def _are_shown(bench: BenchWindow, waiting: list[WorkitemKey], wanted: str) -> bool:
    """Whether all of them say it. Who does is taken off: to look at all of them each time is a stall too."""
    while waiting and _shown(bench, waiting[-1]) == wanted:
        waiting.pop()
    return not waiting


def _shown(bench: BenchWindow, key: WorkitemKey) -> str:
    row = bench.model.row(key)
    return row.workitem.progress.description if row is not None else ""


async def _send(
    bench: BenchWindow, sizes: Sizes, uids: Sequence[str], rate: int, *, first: int = 1
) -> dict[str, Any]:
    """What the sender says when all have been answered; the window's loop goes on meanwhile."""
    wanted = {
        "port": bench.peer.listen_port,
        "associations": sizes.report_associations,
        "rate": rate,
        "uids": list(uids),
        "first": first,
    }
    found: dict[str, Any] = json.loads(await asyncio.to_thread(_sender, json.dumps(wanted)))
    if found["answered"] != len(uids):
        raise RuntimeError(f"{found['answered']} of {len(uids)} reports were answered with Success")
    return found


def _sender(line: str) -> str:
    command = [sys.executable, "-m", "tests.perf.bench.report_sender"]
    ran = subprocess.run(command, input=line + "\n", capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(ran.stderr.strip().splitlines()[-1])
    return ran.stdout
