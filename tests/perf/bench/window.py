"""The real application on the replay SCP, offscreen: searched as by a person, watched by what is painted."""

from __future__ import annotations

import asyncio
import gc
import socket
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from tests.perf.bench.replay_scp import TITLE, ReplayScp
from upsdesk.domain.keys import AeTitle, PeerId, WorkitemKey
from upsdesk.domain.peer import Peer, PeerUse
from upsdesk.domain.workitem import Workitem
from upsdesk.services.session import PeerSession
from upsdesk.services.settings import DeskSettings, Settings
from upsdesk.ui import actions, app, loop
from upsdesk.ui.worklist.model import WorklistModel
from upsdesk.ui.worklist.panel import WorklistPanel

Found = TypeVar("Found")
_SIZE = (1440, 900)
_NEVER_AGAIN = 86_400.0
"""Seconds between two searches that the session makes by itself: none falls into a measure."""
_TURN = 0.004
_PATIENCE = 120.0
_BEAT_MS = 1
_LAST_PICTURE = 2.0
"""Seconds in which the last rows of a search that has ended are painted."""
_DESK_TITLE = AeTitle("UPSDESK")


class PaintWatch(QObject):
    """Calls back when a widget has been painted and the window's picture is made."""

    _PAINTED = QEvent.Type(QEvent.registerEventType())

    def __init__(self, widget: QWidget, on_painted: Callable[[float], None]) -> None:
        super().__init__()
        self._widget = widget
        self._on_painted = on_painted
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            # The filter is asked before the painting. What is posted with high priority comes right after it.
            QCoreApplication.postEvent(self, QEvent(self._PAINTED), Qt.EventPriority.HighEventPriority.value)
        return False

    def event(self, event: QEvent) -> bool:
        if event.type() == self._PAINTED:
            self._on_painted(perf_counter())
            return True
        return super().event(event)

    def close(self) -> None:
        self._widget.removeEventFilter(self)


class Heartbeat:
    """The longest time that the window's loop did not come round."""

    def __init__(self) -> None:
        self._longest = 0.0
        self._last = perf_counter()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = perf_counter()
        self._longest = max(self._longest, now - self._last)
        self._last = now

    def stop(self) -> float:
        """End it; the longest stall in ms, the beat itself taken off."""
        self._beat()
        self._timer.stop()
        return max(0.0, self._longest * 1000 - _BEAT_MS)


@dataclass(frozen=True, slots=True)
class Searched:
    """One search: seconds to the first painted rows and to all of them in the painted table; ms of stall."""

    first: float
    all: float
    stall: float


class BenchWindow:
    """What the measures do with the open window."""

    def __init__(self, opened: app.Opened, scp: ReplayScp, peer: Peer) -> None:
        self.desk = opened.desk
        self.window = opened.window
        self.peer = peer
        self._conductor = opened.conductor
        self._scp = scp
        self.desk.refresh.set_seconds(_NEVER_AGAIN)

    @property
    def session(self) -> PeerSession | None:
        return self._conductor.session

    @property
    def panel(self) -> WorklistPanel:
        return self.window.worklist

    @property
    def model(self) -> WorklistModel:
        return self.panel.model

    def workitem(self, key: WorkitemKey) -> Workitem:
        """What the table shows of a row."""
        row = self.model.row(key)
        if row is None:
            raise RuntimeError("the row has left the table")
        return row.workitem

    async def empty(self) -> None:
        """An empty table whose association is warm: the peer is chosen anew and has nothing."""
        self._scp.serve(0)
        await self._conductor.choose(None)
        await self._conductor.choose(self.peer)
        await self.searched()
        gc.collect()

    async def searched(self) -> None:
        """Until no search runs and one has begun."""
        state = self.desk.worklist.state
        await until(lambda: not state(self.peer.id).running and state(self.peer.id).started_at is not None)

    async def search(self, rows: int, longest: float = _PATIENCE) -> Searched:
        """Press Search on the empty table and wait for `rows` rows to be painted, then for its end.

        Raise TimeoutError when that takes more than `longest` seconds.
        """
        self._scp.serve(rows)
        all_painted: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        first: list[float] = []
        viewport = self.panel.view.viewport()

        def painted(at: float) -> None:
            if self.model.rowCount() and not first:
                first.append(at)
            if self.model.rowCount() >= rows and not all_painted.done():
                all_painted.set_result(at)

        def inserted() -> None:
            # Rows below the visible ones need no painting; one more picture shows that the table is done.
            if self.model.rowCount() >= rows:
                viewport.update()

        watch = PaintWatch(viewport, painted)
        self.model.rowsInserted.connect(inserted)
        heart = Heartbeat()
        earlier = self.desk.worklist.state(self.peer.id).started_at
        began = perf_counter()
        self.window.trigger(actions.SEARCH)
        try:
            ended = await asyncio.wait_for(self._all_painted(all_painted, earlier), longest)
            await self.searched()
        finally:
            stall = heart.stop()
            self.model.rowsInserted.disconnect(inserted)
            watch.close()
        return Searched(first[0] - began, ended - began, stall)

    async def _all_painted(self, painted: asyncio.Future[float], earlier: datetime | None) -> float:
        """When it happened; raise RuntimeError when the search ends without it.

        `earlier`: when the search before this one began.
        """
        while not painted.done():
            state = self.desk.worklist.state(self.peer.id)
            has_ended = not state.running and state.started_at != earlier
            await asyncio.wait({painted}, timeout=_LAST_PICTURE)
            if has_ended and not painted.done():
                state = self.desk.worklist.state(self.peer.id)
                raise RuntimeError(f"the search ended with {self.model.rowCount()} rows: {state.outcome}")
        return painted.result()

    async def settled(self) -> None:
        """Until what was asked for in pieces is done."""
        while self.model.wishes.words:
            await asyncio.sleep(0)

    async def painted(self) -> float:
        """When everything that has changed up to now has been painted."""
        done: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        viewport = self.panel.view.viewport()
        watch = PaintWatch(viewport, lambda at: None if done.done() else done.set_result(at))
        viewport.update()
        try:
            return await asyncio.wait_for(done, _PATIENCE)
        finally:
            watch.close()


async def until(condition: Callable[[], object], patience: float = _PATIENCE) -> None:
    """Let the loop run until it is so."""
    deadline = perf_counter() + patience
    while not condition():
        if perf_counter() > deadline:
            raise TimeoutError("what was waited for did not come")
        await asyncio.sleep(_TURN)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def peer_of(port: int, listen_port: int | None = None) -> Peer:
    """The replay SCP as a saved server."""
    return Peer(
        id=PeerId("replay"),
        called_aet=AeTitle(TITLE),
        host="127.0.0.1",
        port=port,
        calling_aet=_DESK_TITLE,
        name="Replay",
        use=PeerUse.TEST,
        listen_port=listen_port,
    )


def saved_desk(folder: Path, peer: Peer) -> None:
    """A data folder as somebody has it who has worked with this server before."""
    settings = Settings.load(folder)
    settings.profiles.save(peer)
    settings.save_desk(DeskSettings(name="Bench desk", station="ROOM01", last_peer=peer.id))


def in_window(
    scp: ReplayScp, drive: Callable[[BenchWindow], Awaitable[Found]], *, listens: bool = False
) -> Found:
    """Open the application on `scp`, let `drive` use it, close it; what `drive` returns.

    The first search, which the session makes by itself, finds nothing: memory that rows have had once stays
    with the process.
    """
    scp.serve(0)
    peer = peer_of(scp.port, free_port() if listens else None)
    found: list[Found] = []

    async def driver(opened: app.Opened) -> int:
        bench = BenchWindow(opened, scp, peer)
        bench.window.resize(*_SIZE)
        await bench.searched()
        found.append(await drive(bench))
        return 0

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        saved_desk(folder, peer)
        start = app.Start(folder, peer=peer, driver=driver, is_dark=False)
        application = QApplication.instance() or QApplication(["bench"])
        assert isinstance(application, QApplication)
        loop.run(application, lambda: app.run(application, start))
    return found[0]
