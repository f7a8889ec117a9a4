"""Several rows for the clipboard: which are marked beside the selected one, by mouse and by key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent

from upsdesk.domain.keys import WorkitemKey
from upsdesk.ui.worklist.model import WorklistModel

if TYPE_CHECKING:
    from upsdesk.ui.worklist.view import WorklistView

_SHIFT, _CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
_KEYPAD = Qt.KeyboardModifier.KeypadModifier
_LEFT = Qt.MouseButton.LeftButton
_Keys = Qt.Key


class Marking(QObject):
    """Marks are kept by key, as the selection is: a row that moves takes its mark along.

    Acts are for the selected workitem alone, whatever is marked. It is one of the marked rows as long as it
    is in the table; to select a row in the plain way takes all marks away.
    """

    changed = Signal(int)
    """How many rows are marked; 0 or at least 2."""

    def __init__(self, view: WorklistView, model: WorklistModel) -> None:
        super().__init__(view)
        self._view = view
        self._model = model
        self._anchor: WorkitemKey | None = None
        self.keys: frozenset[WorkitemKey] = frozenset()

    def chosen(self) -> list[WorkitemKey]:
        """What a copy takes: the marked rows that are shown, from above; without any, the selected one."""
        row_of = self._model.row_of
        shown = sorted((row, key) for key in self.keys if (row := row_of.get(key)) is not None)
        if shown:
            return [key for _row, key in shown]
        return [self._view.key] if self._view.key is not None else []

    def clear(self) -> None:
        self._anchor = None
        self._mark(frozenset())

    def press(self, event: QMouseEvent) -> bool:
        """Whether a press of the mouse was about marks; else it selects as usual."""
        row = self._view.rowAt(round(event.position().y()))
        if row < 0:
            return False
        key = self._model.visible[row]
        if event.button() == Qt.MouseButton.RightButton and key in self.keys:
            self._view.move_to(key)
            return True
        if event.button() != _LEFT or not event.modifiers() & (_SHIFT | _CONTROL):
            self.clear()
            return False
        if event.modifiers() & _SHIFT:
            self._extend_to(row)
        else:
            self._toggle(key)
        return True

    def drag(self, event: QMouseEvent) -> bool:
        """Whether the mouse was moved to mark rows."""
        if not event.buttons() & _LEFT:
            return False
        row = self._view.rowAt(round(event.position().y()))
        if row >= 0 and self._model.visible[row] != self._view.key:
            self._extend_to(row)
        return True

    def key(self, event: QKeyEvent) -> bool:
        """Whether a key was about marks."""
        keys, pressed = event.modifiers() & ~_KEYPAD, Qt.Key(event.key())
        if keys == _CONTROL and pressed == _Keys.Key_A:
            self._mark(frozenset(self._model.visible))
            return True
        if pressed == _Keys.Key_Escape and self.keys:
            self.clear()
            return True
        row = self._row_by(pressed) if keys == _SHIFT else None
        if row is not None:
            self._extend_to(row)
        return row is not None

    def _row_by(self, pressed: Qt.Key) -> int | None:
        """Where a key goes from the selected row; None for other keys, and without rows."""
        last = len(self._model.visible) - 1
        at = self._model.row_of.get(self._view.key) if self._view.key is not None else None
        if last < 0 or (at is None and pressed not in (_Keys.Key_Home, _Keys.Key_End)):
            return None
        here, page = at or 0, self._view.rows_in_page()
        to = {
            _Keys.Key_Up: here - 1,
            _Keys.Key_Down: here + 1,
            _Keys.Key_PageUp: here - page,
            _Keys.Key_PageDown: here + page,
            _Keys.Key_Home: 0,
            _Keys.Key_End: last,
        }.get(pressed)
        return min(max(to, 0), last) if to is not None else None

    def _extend_to(self, row: int) -> None:
        """Mark from where the marking began, and select the row it has come to."""
        row_of, visible = self._model.row_of, self._model.visible
        began = self._anchor if self._anchor in row_of else self._view.key
        start = row_of.get(began, row) if began is not None else row
        self._anchor = visible[start]
        self._view.move_to(visible[row])
        self._mark(frozenset(visible[min(start, row) : max(start, row) + 1]))

    def _toggle(self, key: WorkitemKey) -> None:
        """Mark one more row and select it; one that is marked loses its mark, the selected one keeps it."""
        current = self._view.key
        if key in self.keys and key != current:
            self._mark(self.keys - {key})
            return
        alone = () if current is None or current not in self._model.row_of else (current,)
        before = self.keys or frozenset(alone)
        self._anchor = key
        self._view.move_to(key)
        self._mark(frozenset({*before, key}))

    def _mark(self, keys: frozenset[WorkitemKey]) -> None:
        """One row alone is selected, not marked."""
        keys = keys if len(keys) > 1 else frozenset()
        if keys != self.keys:
            self.keys = keys
            self._view.viewport().update()
            self.changed.emit(len(keys))
