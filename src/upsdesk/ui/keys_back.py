"""Gives the keyboard back to the window when one of its dialogs closes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget


class KeysBack(QObject):
    """Watches a window and the dialogs that block it.

    Not every window system hands the keys back when a dialog closes that had them. A dialog that closes while
    the person works in another program lost them earlier, and nothing is taken from there.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window:
            dialog = QApplication.activeModalWidget()
            if event.type() == QEvent.Type.WindowBlocked and dialog is not None:
                dialog.installEventFilter(self)
        elif (
            event.type() == QEvent.Type.WindowDeactivate
            and isinstance(watched, QWidget)
            and watched.isHidden()
        ):
            QTimer.singleShot(0, self, self._take)
        return False

    def _take(self) -> None:
        if QApplication.activeWindow() is None and QApplication.activeModalWidget() is None:
            self._window.activateWindow()
