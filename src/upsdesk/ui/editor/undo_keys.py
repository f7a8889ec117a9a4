"""Ctrl+Z and its opposite for the whole form: a field would take back its own text only."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QWidget


class UndoKeys(QObject):
    """Watches the keys of the program while `page` is shown."""

    def __init__(self, page: QWidget, undo: Callable[[], None], redo: Callable[[], None]) -> None:
        super().__init__(page)
        self._page = page
        self._undo, self._redo = undo, redo
        page.installEventFilter(self)

    def _watch(self, is_shown: bool) -> None:
        # All events of the program come by here then: not while a table is painted.
        application = QApplication.instance()
        assert application is not None
        application.removeEventFilter(self)
        (application if is_shown else self._page).installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._page and event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self._watch(event.type() == QEvent.Type.Show)
            return False
        if event.type() not in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            return False
        if not (isinstance(watched, QWidget) and isinstance(event, QKeyEvent)):
            return False
        is_undo = event.matches(QKeySequence.StandardKey.Undo)
        if not (is_undo or event.matches(QKeySequence.StandardKey.Redo)):
            return False
        if not (self._page.isVisible() and self._page.isAncestorOf(watched)):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
        else:
            (self._undo if is_undo else self._redo)()
        return True
