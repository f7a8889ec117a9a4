"""Starts a window and prints the monotonic time of its first picture: a bare one, or that of UPS Desk.

`python -m tests.perf.bench.first_paint bare`, or `... upsdesk DATA_DIR`. Both are watched by the same filter.
The first picture of UPS Desk says what is being opened; a second line is the time of that with the table.
"""

import os
import sys
import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget


class _Watch(QObject):
    """Tells of the first picture, and of the first one that is whole."""

    def __init__(self, is_whole: Callable[[QWidget], bool]) -> None:
        super().__init__()
        self._is_whole = is_whole
        self._is_first = True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and isinstance(watched, QWidget) and watched.isWindow():
            if self._is_whole(watched):
                QApplication.instance().removeEventFilter(self)  # type: ignore[union-attr]
                QTimer.singleShot(0, self, _painted_whole)  # after all that belongs to this picture
            elif self._is_first:
                QTimer.singleShot(0, self, _painted)
            self._is_first = False
        return False


def _painted() -> None:
    print(time.monotonic(), flush=True)


def _painted_whole() -> None:
    _painted()
    os._exit(0)


def main(what: str, folder: str = "") -> None:
    application = QApplication(sys.argv[:1])
    watch = _Watch(lambda window: what == "bare" or hasattr(window, "worklist"))
    application.installEventFilter(watch)
    if what == "bare":
        window = QMainWindow()
        window.show()
        application.exec()
    else:
        from upsdesk.cli.main import main as upsdesk

        sys.exit(upsdesk(["gui", "--data-dir", folder]))


if __name__ == "__main__":
    main(*sys.argv[1:])
