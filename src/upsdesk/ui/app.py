"""The running application: opens the desk, shows the window, and ends both in order."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from upsdesk.services.settings import SettingsError, Theme
from upsdesk.ui import theme
from upsdesk.ui.first_picture import FirstPicture, Start, chosen_theme
from upsdesk.ui.loop import SignalWatcher
from upsdesk.ui.main_window import MainWindow
from upsdesk.ui.tasks import cancel_all

if TYPE_CHECKING:
    from upsdesk.services.desk import Desk
    from upsdesk.services.session import Conductor
    from upsdesk.ui.crash import CrashReporter
    from upsdesk.ui.single_instance import RaiseServer

__all__ = ["Driver", "Opened", "Start", "make_uid", "run"]

_UNSEEN = ("offscreen", "minimal")
"""Qt platforms with nobody before the screen: a box would wait for ever."""
_PATIENCE = 1.0
HEAVY = (
    "upsdesk.domain.workitem",
    "upsdesk.services.desk_file",
    "upsdesk.services.desk",
    "upsdesk.services.session",
    "upsdesk.ui.worklist.cells",
    "upsdesk.ui.worklist.model",
    "upsdesk.ui.worklist.panel",
    "upsdesk.ui.details.panel",
    "upsdesk.ui.activity.panel",
    "upsdesk.ui.filters.window_filters",
    "upsdesk.ui.editor.page",
    "upsdesk.ui.servers.add_server",
    "upsdesk.ui.single_instance",
)
"""What takes long to import, in an order in which each takes a short time: the window moves in between."""
_HEAVY_OF_DEMO = ("upsdesk.scp.store.status", "upsdesk.ui.told.dock")


@dataclass(frozen=True, slots=True)
class Opened:
    """What runs, for what drives it (the tour)."""

    window: MainWindow
    desk: Desk
    conductor: Conductor


Driver = Callable[[Opened], Awaitable[int]]


def make_uid() -> str:
    """A new UID derived from a UUID (PS3.5 B.2)."""
    import uuid

    return f"2.25.{uuid.uuid4().int}"


async def run(app: QApplication, start: Start, first: FirstPicture | None = None) -> int:
    """Open window and desk, and return when the window has closed; 2 when the desk cannot be opened.

    `first`: the window, when it has been shown already. SIGINT and SIGTERM close it without a question, also
    while it is being filled; then 0.
    """
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    signals = SignalWatcher(lambda _number: _end(ended))
    try:
        return await _Run(start, first or FirstPicture(app, start), ended).run(app)
    except SettingsError as error:
        theme.apply_theme(app, chosen_theme(Theme.SYSTEM, start.is_dark))
        await _tell(str(error), ended)
        return 2
    finally:
        signals.close()


def _end(ended: asyncio.Future[int], status: int = 0) -> None:
    if not ended.done():
        ended.set_result(status)


class _Run:
    """One window from its first picture to its end. What is heavy is made after that picture."""

    def __init__(self, start: Start, first: FirstPicture, ended: asyncio.Future[int]) -> None:
        """`ended` is set from outside, or here when the user closes the window."""
        self._start = start
        self._first = first
        self._window = first.window
        self._ended = ended
        self._window.closed.connect(lambda: _end(ended))
        self._window.sample_wanted.connect(self._start_sample)
        self._reporter: CrashReporter | None = None
        self._raiser: RaiseServer | None = None
        self._conductor: Conductor | None = None
        if self._window.is_closing:
            _end(ended)

    async def run(self, app: QApplication) -> int:
        ended = self._ended
        work = asyncio.get_running_loop().create_task(self._work(app))
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

    async def _work(self, app: QApplication) -> int | None:
        """Fill the window, then let the driver take over; its exit status."""
        start = self._start
        self._watch_for_crashes()
        for name in HEAVY if start.scp_store is None else (*HEAVY, *_HEAVY_OF_DEMO):
            importlib.import_module(name)
            await asyncio.sleep(0)
        from upsdesk.services.desk_file import DeskFileError

        theme.load_fonts()
        theme.apply_theme(app, self._first.theme)
        try:
            desk, conductor = self._open()
        except DeskFileError as error:
            await _tell(str(error), self._ended)
            return 2
        # Up to here and to the first page of `choose` nothing is painted: no page is seen half made.
        await conductor.choose(self._first.peer)
        return await start.driver(Opened(self._window, desk, conductor)) if start.driver is not None else None

    def _watch_for_crashes(self) -> None:
        from upsdesk.services import log
        from upsdesk.ui.crash import CrashReporter

        log.start_log(self._start.folder)
        self._reporter = CrashReporter(self._start.folder)

    def _open(self) -> tuple[Desk, Conductor]:
        """Open the desk and fill the window; raise DeskFileError."""
        from upsdesk.services.desk import open_desk
        from upsdesk.services.session import Conductor
        from upsdesk.ui.single_instance import RaiseServer

        start, window = self._start, self._window
        desk = open_desk(start.folder, make_uid=make_uid, settings=self._first.settings)
        self._conductor = Conductor(desk)
        window.fill(desk, self._conductor)
        self._raiser = RaiseServer(start.folder, lambda: _raise(window))
        if start.scp_store is not None and start.peer is not None:
            from upsdesk.ui.told.dock import add_told_panel

            add_told_panel(window, desk, start.scp_store, start.peer.id)
        return desk, self._conductor

    def _start_sample(self) -> None:
        if self._start.start_sample is not None:
            self._start.start_sample()
            self._window.stop()
            _end(self._ended)


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
