"""One window per data folder: a second start asks the first window to come to the front."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QThread
from PySide6.QtNetwork import QLocalServer, QLocalSocket

_RAISE = b"raise\n"
_WAIT_MS = 1000
_PAUSE_MS = 100
_TRIES = 50
"""A window listens when it is filled: more than half a second after it is seen, later on a busy machine."""


def _name(folder: Path) -> str:
    return "upsdesk-" + hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:24]


def _pause() -> None:
    QThread.msleep(_PAUSE_MS)


def raise_first_window(folder: Path, pause: Callable[[], None] = _pause) -> bool:
    """Tell the window that has `folder` open to show itself; False when none answers.

    `pause` waits between two tries: a window that is only just opening does not listen yet.
    """
    socket = QLocalSocket()
    for left in reversed(range(_TRIES)):
        socket.connectToServer(_name(folder))
        if socket.waitForConnected(_WAIT_MS):
            break
        if not left:
            return False
        pause()
    socket.write(_RAISE)
    told = socket.waitForBytesWritten(_WAIT_MS)
    socket.disconnectFromServer()
    return told


class RaiseServer:
    """Listens for a second start; only the same user may connect."""

    def __init__(self, folder: Path, on_raise: Callable[[], None]) -> None:
        self._on_raise = on_raise
        self._server = QLocalServer()
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        # The window lock is ours, so a socket of that name is one that a crashed window left.
        QLocalServer.removeServer(_name(folder))
        self._server.newConnection.connect(self._accept)
        self._server.listen(_name(folder))

    def _accept(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.disconnected.connect(socket.deleteLater)
            self._on_raise()

    def close(self) -> None:
        self._server.close()
