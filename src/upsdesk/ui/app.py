"""The running application: opens the desk, shows the window, and ends both in order."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from upsdesk.services import settings
from upsdesk.services.settings import Settings, SettingsError
from upsdesk.ui import theme
from upsdesk.ui.loop import SignalWatcher
from upsdesk.ui.main_window import MainWindow
from upsdesk.ui.tasks import cancel_all

if TYPE_CHECKING:
    from pathlib import Path

    from upsdesk.domain.keys import PeerId
    from upsdesk.domain.peer import Peer
    from upsdesk.services.desk import Desk
    from upsdesk.services.session import Conductor
    from upsdesk.ui.crash import CrashReporter
    from upsdesk.ui.single_instance import RaiseServer

_UNSEEN = ("offscreen", "minimal")
"""Qt platforms with nobody before the screen: a box would wait for ever."""
_PATIENCE = 1.0
_AFTER_FIRST_PAINT = (
    "upsdesk.ui.crash",
    "upsdesk.services.log",
    "upsdesk.services.desk",
    "upsdesk.services.session",
    "upsdesk.ui.worklist.panel",
    "upsdesk.ui.details.panel",
    "upsdesk.ui.activity.panel",
    "upsdesk.ui.filters.window_filters",
    "upsdesk.ui.editor.page",
    "upsdesk.ui.servers.add_server",
    "upsdesk.ui.single_instance",
)
"""What takes long to import, in an order in which each takes a short time: the window moves in between."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What runs, for what drives it (the tour)."""

    window: MainWindow
    desk: Desk
    conductor: Conductor


Driver = Callable[[Opened], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Start:
    """How the application is started."""

    folder: Path
    """This desk's data folder; the caller holds its window lock."""
    peer: Peer | None = None
    """The server to show; None: the one shown last."""
    start_sample: Callable[[], None] | None = None
    """Starts the sample worklist in a process of its own."""
    driver: Driver | None = None
    """Runs instead of a user; the window closes when it returns, with its exit status."""
    is_dark: bool | None = None
    """None: as kept in the settings."""
    scp_store: Path | None = None
    """The store of `peer`, when that is the embedded server; None: the server is somebody else's."""


def make_uid() -> str:
    """A new UID derived from a UUID (PS3.5 B.2)."""
    import uuid

    return f"2.25.{uuid.uuid4().int}"


async def run(app: QApplication, start: Start) -> int:
    """Open window and desk, and return when the window has closed; 2 when the desk cannot be opened.

    SIGINT and SIGTERM close the window without a question, also while it is being opened; then 0.
    """
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    signals = SignalWatcher(lambda _number: _end(ended))
    try:
        try:
            kept = Settings.load(start.folder)
        except SettingsError as error:
            _dress(app, settings.Theme.SYSTEM, start.is_dark)
            await _tell(str(error), ended)
            return 2
        _dress(app, kept.desk.theme, start.is_dark)
        return await _Run(start, kept, ended).run()
    finally:
        signals.close()


def _end(ended: asyncio.Future[int], status: int = 0) -> None:
    if not ended.done():
        ended.set_result(status)


class _Run:
    """One window from its first picture to its end. What is heavy is made after that picture."""

    def __init__(self, start: Start, kept: Settings, ended: asyncio.Future[int]) -> None:
        """`ended` is set from outside, or here when the user closes the window."""
        self._start = start
        self._settings = kept
        self._ended = ended
        self._peer = start.peer or _last_peer(kept)
        self._window = MainWindow(start.folder, self._peer)
        self._window.closed.connect(lambda: _end(ended))
        self._window.sample_wanted.connect(self._start_sample)
        self._reporter: CrashReporter | None = None
        self._raiser: RaiseServer | None = None
        self._conductor: Conductor | None = None

    async def run(self) -> int:
        window, ended = self._window, self._ended
        first_paint = _FirstPaint(window)
        window.show()
        work = asyncio.get_running_loop().create_task(self._work(first_paint))
        try:
            first: set[asyncio.Future[Any]] = {work, ended}
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                return ended.result()
            return status if (status := work.result()) is not None else await ended
        finally:
            work.cancel()
            await asyncio.wait({work}, timeout=_PATIENCE)
            await self._close()

    async def _close(self) -> None:
        self._window.stop()
        if self._raiser is not None:
            self._raiser.close()
        self._window.close()
        if self._conductor is not None:
            await self._conductor.close()
        self._window.deleteLater()
        await cancel_all()
        if self._reporter is not None:
            self._reporter.close()

    async def _work(self, first_paint: _FirstPaint) -> int | None:
        """Fill the window once it has been seen, then let the driver take over; its exit status."""
        # A window that stays hidden, on another desktop, is never painted.
        await asyncio.wait({first_paint.seen}, timeout=_PATIENCE)
        start = self._start
        for name in _AFTER_FIRST_PAINT:
            importlib.import_module(name)
            await asyncio.sleep(0)
        from upsdesk.services.desk_file import DeskFileError

        try:
            desk, conductor = self._open()
        except DeskFileError as error:
            await _tell(str(error), self._ended)
            return 2
        if start.scp_store is not None and start.peer is not None:
            await _show_told(start.scp_store, start.peer.id, self._window, desk)
        await conductor.choose(self._peer)
        return await start.driver(Opened(self._window, desk, conductor)) if start.driver is not None else None

    def _open(self) -> tuple[Desk, Conductor]:
        """Everything that takes long, and nothing painted in between; raise DeskFileError."""
        from upsdesk.services import log
        from upsdesk.services.desk import open_desk
        from upsdesk.services.session import Conductor
        from upsdesk.ui.crash import CrashReporter
        from upsdesk.ui.single_instance import RaiseServer

        log.start_log(self._start.folder)
        self._reporter = CrashReporter(self._start.folder)
        desk = open_desk(self._start.folder, make_uid=make_uid, settings=self._settings)
        self._conductor = Conductor(desk)
        theme.load_fonts()
        self._window.fill(desk, self._conductor)
        self._raiser = RaiseServer(self._start.folder, lambda: _raise(self._window))
        return desk, self._conductor

    def _start_sample(self) -> None:
        if self._start.start_sample is not None:
            self._start.start_sample()
            self._window.stop()
            _end(self._ended)


async def _show_told(store: Path, server: PeerId, window: MainWindow, desk: Desk) -> None:
    """Add the panel that reads the server's store; what it needs is loaded here, as it is slow to import."""
    from upsdesk.services.threads import in_thread

    await in_thread(lambda: importlib.import_module("upsdesk.scp.store.status"), "load store")
    from upsdesk.ui.told.dock import add_told_panel

    add_told_panel(window, desk, store, server)


def _last_peer(kept: Settings) -> Peer | None:
    last, peers = kept.desk.last_peer, kept.profiles.peers
    return next((peer for peer in peers if peer.id == last), next(iter(peers), None))


def _dress(app: QApplication, kept: settings.Theme, is_dark: bool | None) -> None:
    """Fonts and look; before any widget is made."""
    app.setApplicationName("UPS Desk")
    theme.load_first_fonts()
    if is_dark is None:
        dark_system = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
        is_dark = kept is settings.Theme.DARK or (kept is settings.Theme.SYSTEM and dark_system)
    theme.apply_theme(app, theme.load_theme("dark" if is_dark else "light"))


def _raise(window: QWidget) -> None:
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    window.raise_()
    window.activateWindow()


async def _tell(text: str, ended: asyncio.Future[int]) -> None:
    """Say why there will be no window: on standard error, and where somebody can see it in a box."""
    print(f"upsdesk: {text}", file=sys.stderr)
    if QGuiApplication.platformName() in _UNSEEN:
        return
    from PySide6.QtWidgets import QMessageBox

    from upsdesk.ui.dialogs import finished

    box = QMessageBox(QMessageBox.Icon.Critical, "UPS Desk cannot start", text)
    box.addButton("Close", QMessageBox.ButtonRole.RejectRole)

    def close(_: asyncio.Future[int]) -> None:
        box.reject()

    ended.add_done_callback(close)
    box.open()
    await finished(box)
    ended.remove_done_callback(close)


class _FirstPaint(QObject):
    """Tells when a window has been painted: what is slow to import waits for it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.seen: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and not self.seen.done():
            self.seen.set_result(None)
            watched.removeEventFilter(self)
        return False
