"""When look-alikes are looked for, and what of the window is drawn anew when there are others."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.workitem import Workitem
from upsdesk.services.desk import Desk
from upsdesk.services.look_alikes import LookAlikeWatch
from upsdesk.ui import presenter
from upsdesk.ui.worklist.model import WorklistModel
from upsdesk.ui.worklist.row import Row
from upsdesk.ui.worklist.slices import SLICE, SliceTimer
from upsdesk.ui.worklist.view import WorklistView

_FIRST = 0.120
"""Seconds."""


def look_alikes_of(desk: Desk, workitem: Workitem) -> str:
    """Who can be taken for the patient, in words and of all that is loaded now; for who is about to act."""
    desk.look_alikes.catch_up()
    return presenter.look_alike_words(workitem.patient, desk.look_alikes.of(workitem.key))


class LookAlikeMarks(QObject):
    """The mark of two heads in the table; looks at what has changed in slices that nobody notices."""

    changed = Signal()
    """Others may look alike now; told when everything that had changed was looked at."""

    def __init__(self, watch: LookAlikeWatch, view: WorklistView, model: WorklistModel) -> None:
        super().__init__(view)
        self._watch = watch
        self._view = view
        self._known: dict[WorkitemKey, bool] = {}
        self._revision = -1
        self._timer = SliceTimer(self._go_on, self)
        view.cells.is_look_alike = self.is_marked
        model.look_alike_words = self._words
        view.in_sight.connect(self._make_room)
        self._forget = watch.on_waiting(self._start)
        if watch.is_waiting:
            self._start()

    def stop(self) -> None:
        self._timer.stop()
        self._forget()

    def is_marked(self, key: WorkitemKey) -> bool:
        """Whether the patient of a row can be taken for another, as far as was looked."""
        found = self._known.get(key)
        if found is None:
            if self._watch.is_waiting:
                return False  # it is drawn again when that is known
            found = self._known[key] = self._watch.has_any(key)
        return found

    def _words(self, row: Row) -> str:
        if row.is_ended or not self.is_marked(row.key):
            return ""
        return presenter.look_alike_words(row.workitem.patient, self._watch.of(row.key))

    def _start(self) -> None:
        self._timer.start(_FIRST)

    def _go_on(self) -> bool:
        if self._view.is_filling:
            self._timer.start(_FIRST)
            return False
        self._watch.catch_up(SLICE)
        if not self._watch.is_waiting and self._watch.revision != self._revision:
            self._revision = self._watch.revision
            self._show()
            self.changed.emit()
        return self._watch.is_waiting

    def _show(self) -> None:
        """Draw the rows anew whose mark comes or goes."""
        keys = self._view.keys_in_sight()
        before = self._known
        self._known = {}
        if any(before.get(key, False) is not self.is_marked(key) for key in keys):
            self._view.viewport().update()
            self._make_room(keys)

    def _make_room(self, keys: Iterable[WorkitemKey]) -> None:
        rows = (self._view.row_of(key) for key in keys if self.is_marked(key))
        self._view.widths.make_room_beside_names(row for row in rows if row is not None and not row.is_ended)
