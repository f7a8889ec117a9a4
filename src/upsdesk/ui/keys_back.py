"""Gives the keyboard back to the window, or to the dialog below, when one of its dialogs closes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget


class KeysBack(QObject):
    """Watches a window, the dialogs that block it, and the questions over those.

    Not every window system hands the keys back when a dialog closes that had them. A dialog that closes while
    the person works in another program lost them earlier, and nothing is taken from there.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.WindowBlocked:
            dialog = QApplication.activeModalWidget()
            if dialog is not None and dialog is not watched:
                dialog.installEventFilter(self)
        elif watched is not self._window and isinstance(watched, QWidget) and _has_lost_keys(watched, kind):
            QTimer.singleShot(0, self, self._take)
        return False

    def _take(self) -> None:
        active = QApplication.activeWindow()
        if active is None or active.isHidden():
            (QApplication.activeModalWidget() or self._window).activateWindow()


def _has_lost_keys(dialog: QWidget, kind: QEvent.Type) -> bool:
    """It closes with the keys; one that is destroyed at once hears nothing after that."""
    if kind == QEvent.Type.Hide:
        return dialog.isActiveWindow()
    return kind == QEvent.Type.WindowDeactivate and dialog.isHidden()
