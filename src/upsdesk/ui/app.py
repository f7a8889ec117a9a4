"""The running application: opens the desk, shows the window, and ends both in order."""

from __future__ import annotations

import asyncio
import importlib
import sys
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from upsdesk.domain.keys import PeerId
from upsdesk.domain.peer import Peer
from upsdesk.services import log, settings
from upsdesk.services.desk import Desk, open_desk
from upsdesk.services.desk_file import DeskFileError
from upsdesk.services.session import Conductor
from upsdesk.services.settings import SettingsError
from upsdesk.services.threads import in_thread
from upsdesk.ui import crash, theme
from upsdesk.ui.dialogs import finished
from upsdesk.ui.loop import SignalWatcher
from upsdesk.ui.main_window import MainWindow
from upsdesk.ui.single_instance import RaiseServer
from upsdesk.ui.tasks import cancel_all

_UNSEEN = ("offscreen", "minimal")
"""Qt platforms with nobody before the screen: a box would wait for ever."""
_PATIENCE = 1.0


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
    return f"2.25.{uuid.uuid4().int}"


async def run(app: QApplication, start: Start) -> int:
    """Open desk and window, and return when the window has closed; 2 when the desk cannot be opened.

    SIGINT and SIGTERM close the window without a question, also while it is being opened; then 0.
    """
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def end(status: int = 0) -> None:
        if not ended.done():
            ended.set_result(status)

    signals = SignalWatcher(lambda _number: end())
    log.start_log(start.folder)
    reporter = crash.CrashReporter(start.folder)
    try:
        desk = open_desk(start.folder, make_uid=make_uid)
    except (SettingsError, DeskFileError) as error:
        _dress(app, settings.Theme.SYSTEM, start.is_dark)
        await _tell(str(error), ended)
        reporter.close()
        signals.close()
        return 2
    _dress(app, desk.settings.desk.theme, start.is_dark)
    try:
        return await _run_window(desk, start, ended)
    finally:
        await cancel_all()
        reporter.close()
        signals.close()


async def _run_window(desk: Desk, start: Start, ended: asyncio.Future[int]) -> int:
    """`ended` is set from outside, or here when the user closes the window."""
    conductor = Conductor(desk)
    window = MainWindow(desk, conductor)

    def end(status: int = 0) -> None:
        if not ended.done():
            ended.set_result(status)

    def start_sample() -> None:
        if start.start_sample is not None:
            start.start_sample()
            window.stop()
            end()

    window.closed.connect(end)
    window.sample_wanted.connect(start_sample)
    raiser = RaiseServer(start.folder, lambda: _raise(window))
    first_paint = _FirstPaint(window)
    window.show()
    work = asyncio.get_running_loop().create_task(_work(start, window, desk, conductor, first_paint))
    try:
        first: set[asyncio.Future[Any]] = {work, ended}
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            return ended.result()
        return status if (status := work.result()) is not None else await ended
    finally:
        work.cancel()
        await asyncio.wait({work}, timeout=_PATIENCE)
        window.stop()
        raiser.close()
        window.close()
        await conductor.close()
        window.deleteLater()


async def _work(
    start: Start, window: MainWindow, desk: Desk, conductor: Conductor, first_paint: _FirstPaint
) -> int | None:
    """Show the server once the window has been seen, then let the driver take over; its exit status."""
    # A window that stays hidden, on another desktop, is never painted.
    await asyncio.wait({first_paint.seen}, timeout=_PATIENCE)
    if start.scp_store is not None and start.peer is not None:
        await _show_told(start.scp_store, start.peer.id, window, desk)
    await conductor.choose(start.peer or _last_peer(desk))
    return await start.driver(Opened(window, desk, conductor)) if start.driver is not None else None


async def _show_told(store: Path, server: PeerId, window: MainWindow, desk: Desk) -> None:
    """Add the panel that reads the server's store; what it needs is loaded here, as it is slow to import."""
    await in_thread(lambda: importlib.import_module("upsdesk.scp.store.status"), "load store")
    from upsdesk.ui.told.dock import add_told_panel

    add_told_panel(window, desk, store, server)


def _last_peer(desk: Desk) -> Peer | None:
    last = desk.settings.desk.last_peer
    return next((peer for peer in desk.peers if peer.id == last), next(iter(desk.peers), None))


def _dress(app: QApplication, kept: settings.Theme, is_dark: bool | None) -> None:
    """Fonts and look; before any widget is made."""
    app.setApplicationName("UPS Desk")
    theme.load_fonts()
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
    box = QMessageBox(QMessageBox.Icon.Critical, "UPS Desk cannot start", text)
    box.addButton("Close", QMessageBox.ButtonRole.RejectRole)
    ended.add_done_callback(lambda _: box.reject())
    box.open()
    await finished(box)
    ended.cancel()


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
