"""Qt's own loop until the window is painted, then asyncio's in it; the only file that imports qasync."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QSocketNotifier, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from upsdesk.ui.collector import gui_thread_collects

if TYPE_CHECKING:
    import asyncio

_PATIENCE_MS = 1000
"""A window that stays hidden, on another desktop, is never painted."""


def run_until_painted(app: QApplication, window: QWidget) -> None:
    """Run Qt's own loop until `window`, which is shown, has been painted; to be called while no loop runs.

    asyncio and qasync are imported after that. By `run` alone the first picture would come 30 ms later: after
    200 ms instead of 170, where a bare window takes 102.
    """
    _Painting(app, window).wait()


class _Painting(QObject):
    """Ends Qt's loop behind the first picture of a window."""

    def __init__(self, app: QApplication, window: QWidget) -> None:
        super().__init__()
        self._app = app
        self._window = window
        self._waits = False

    def wait(self) -> None:
        patience = QTimer(self)
        patience.timeout.connect(self._quit)
        patience.start(_PATIENCE_MS)
        self._window.installEventFilter(self)
        self._waits = True
        self._app.exec()
        self._waits = False  # another loop comes, which must not be ended by what is still on its way
        patience.stop()
        self._window.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            QTimer.singleShot(0, self, self._quit)  # after all that belongs to this picture
        return False

    def _quit(self) -> None:
        # A method of Qt itself as the slot would cost 25 ms: PySide reads the signatures of its whole class.
        if self._waits:
            self._app.exit()  # `quit` would ask the window, which does not let itself be closed


def new_event_loop(app: QApplication) -> asyncio.AbstractEventLoop:
    """An asyncio loop that runs inside Qt's; the caller closes it."""
    import qasync

    loop: asyncio.AbstractEventLoop = qasync.QEventLoop(app, already_running=False)
    return loop


def run(app: QApplication, main: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Run `main` to its end and return what it returns.

    The window decides when it is over, not Qt: closing the last window would end qasync's loop in the middle
    of the orderly shutdown.
    """
    import asyncio

    app.setQuitOnLastWindowClosed(False)
    loop = new_event_loop(app)
    asyncio.set_event_loop(loop)
    try:
        with gui_thread_collects():
            return loop.run_until_complete(main())
    finally:
        asyncio.set_event_loop(None)
        loop.close()


class SignalWatcher(QObject):
    """Calls back in the GUI thread when SIGINT or SIGTERM comes.

    Python runs its signal handlers only between byte codes, and an idle Qt loop executes none: so the signal
    writes into a socket that Qt watches.
    """

    def __init__(self, on_signal: Callable[[int], None]) -> None:
        super().__init__()
        self._on_signal = on_signal
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._read)
        self._previous_fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._previous = {
            number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)
        }

    def _read(self) -> None:
        try:
            numbers = self._reader.recv(64)
        except BlockingIOError:
            return
        for number in numbers:
            if number in self._previous:
                self._on_signal(number)

    def close(self) -> None:
        """Give the signals back."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._previous_fd)
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._reader.close()
        self._writer.close()
