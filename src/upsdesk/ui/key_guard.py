"""Which key presses count in a dialog: a lone one; one of a burst (a bar code scanner) presses nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QPlainTextEdit, QTextEdit, QWidget

BURST_MS = 50
"""Two key presses closer than this come from a machine: people need 80 ms and more."""

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
MODIFIERS = (
    Qt.Key.Key_Shift,
    Qt.Key.Key_Control,
    Qt.Key.Key_Alt,
    Qt.Key.Key_AltGr,
    Qt.Key.Key_Meta,
    Qt.Key.Key_CapsLock,
    Qt.Key.Key_NumLock,
)


class KeyGuard(QObject):
    """Takes Space on buttons, Enter and Esc of a dialog and passes them on when they stand alone.

    A press waits `BURST_MS` for a follower before it acts, since the first key of a burst is known as such
    only by the second. A held key (auto-repeat) presses nothing; a modifier belongs to its chord.
    `on_enter` gets the widget that had the focus; `on_escape` nothing. Typing in fields is not touched.
    """

    def __init__(
        self,
        dialog: QWidget,
        on_enter: Callable[[QWidget], None],
        on_escape: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(dialog)
        self._dialog = dialog
        self._on_enter = on_enter
        self._on_escape = on_escape
        self._clock = clock
        self._last: float = 0.0
        self._held: QAbstractButton | None = None
        self._act: Callable[[], None] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(BURST_MS)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._carry_out)

    def watch(self, root: QWidget) -> None:
        """Watch `root` and everything inside it; children that are added later are watched by themselves."""
        for widget in (root, *root.findChildren(QWidget)):
            widget.removeEventFilter(self)
            widget.installEventFilter(self)

    def start(self) -> None:
        """The dialog comes up: keys that were on their way to the window behind it press nothing."""
        self._last = self._clock()
        self._drop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.ChildPolished:
            child = event.child()  # type: ignore[attr-defined]
            if isinstance(child, QWidget):
                self.watch(child)
            return False
        if kind not in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            return False
        # A combo box's list or a completer is a window of its own and handles its keys itself.
        if not isinstance(watched, QWidget) or watched.window() is not self._dialog:
            return False
        assert isinstance(event, QKeyEvent)
        if kind == QEvent.Type.KeyRelease:
            return self._is_pressing(watched, event)
        return self._press(watched, event)

    def _press(self, widget: QWidget, event: QKeyEvent) -> bool:
        if event.key() in MODIFIERS:
            return False
        now = self._clock()
        burst = (now - self._last) * 1000 < BURST_MS
        self._last = now
        self._drop()
        if not self._is_pressing(widget, event):
            return False
        if burst or event.isAutoRepeat():
            return True
        if event.key() == Qt.Key.Key_Escape:
            self._act = self._on_escape
        elif event.key() in _ENTER:
            self._act = lambda: self._on_enter(widget)
        else:
            assert isinstance(widget, QAbstractButton)
            self._held = widget
            widget.setDown(True)
            self._act = widget.click
        self._timer.start()
        return True

    @staticmethod
    def _is_pressing(widget: QWidget, event: QKeyEvent) -> bool:
        """Whether this key would press something, instead of typing or moving."""
        if event.key() in _ENTER:
            return not isinstance(widget, (QPlainTextEdit, QTextEdit))
        if event.key() == Qt.Key.Key_Space:
            return isinstance(widget, QAbstractButton)
        return event.key() == Qt.Key.Key_Escape

    def _drop(self) -> None:
        self._timer.stop()
        self._act = None
        self._release()

    def _release(self) -> None:
        if self._held is not None:
            self._held.setDown(False)
            self._held = None

    def _carry_out(self) -> None:
        act, self._act = self._act, None
        self._release()
        if act is not None and self._dialog.isVisible():
            act()
