"""The Qt loop is the asyncio loop; the only file that imports qasync."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import qasync
from PySide6.QtCore import QObject, QSocketNotifier
from PySide6.QtWidgets import QApplication

from upsdesk.ui.collector import gui_thread_collects


def new_event_loop(app: QApplication) -> asyncio.AbstractEventLoop:
    """An asyncio loop that runs inside Qt's; the caller closes it."""
    loop: asyncio.AbstractEventLoop = qasync.QEventLoop(app, already_running=False)
    return loop


def run(app: QApplication, main: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Run `main` to its end and return what it returns.

    The window decides when it is over, not Qt: closing the last window would end qasync's loop in the middle
    of the orderly shutdown.
    """
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
