"""Starts a window and prints the monotonic time of its first picture: a bare one, or that of UPS Desk.

`python -m tests.perf.bench.first_paint bare`, or `... upsdesk DATA_DIR`. Both are watched by the same filter.
"""

import os
import sys
import time

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget


class _Watch(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and isinstance(watched, QWidget) and watched.isWindow():
            QApplication.instance().removeEventFilter(self)  # type: ignore[union-attr]
            QTimer.singleShot(0, self, _painted)  # after all that belongs to this picture
        return False


def _painted() -> None:
    print(time.monotonic(), flush=True)
    os._exit(0)


def main(what: str, folder: str = "") -> None:
    application = QApplication(sys.argv[:1])
    watch = _Watch()
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
