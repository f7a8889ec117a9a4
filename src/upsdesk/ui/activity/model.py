"""The entries of the activity feed as a list model, newest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.workitem import Workitem
from upsdesk.services.activity import ActivityEntry, ActivityFeed
from upsdesk.ui import masking, presenter
from upsdesk.ui.tips import plain_tip

Index = QModelIndex | QPersistentModelIndex
KEPT = 500
ENTRY_ROLE = Qt.ItemDataRole.UserRole
_NO_INDEX = QModelIndex()


class ActivityModel(QAbstractListModel):
    """While it is held, new entries wait and are counted."""

    def __init__(
        self,
        feed: ActivityFeed,
        zone: tzinfo,
        parent: QObject | None = None,
        *,
        item_of: Callable[[WorkitemKey], Workitem | None] = lambda key: None,
    ) -> None:
        """`item_of`: what is known of a workitem now; while names are hidden, only that is said of it."""
        super().__init__(parent)
        self._item_of = item_of
        self._zone = zone
        self._entries: list[ActivityEntry] = list(feed.entries)
        self._waiting: list[ActivityEntry] = []
        self._is_held = False

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def entry(self, row: int) -> ActivityEntry:
        """As it is shown."""
        entry = self._entries[row]
        return self._masked(entry, entry.key) if masking.is_on() and entry.key is not None else entry

    def _masked(self, entry: ActivityEntry, key: WorkitemKey) -> ActivityEntry:
        item = self._item_of(key)
        told = (presenter.name_words(item.patient), masking.words(item.label_words, item)) if item else ()
        return ActivityEntry(
            entry.at,
            entry.kind,
            entry.title,
            " · ".join(part for part in told if part) or masking.words(entry.subject, None),
            masking.words(entry.detail, item),
            masking.words(entry.result, item),
            key,
            entry.peer,
        )

    def tell_names(self) -> None:
        """Names are hidden or shown from now on."""
        if self._entries:
            self.dataChanged.emit(self.index(0), self.index(len(self._entries) - 1))

    def set_held(self, held: bool) -> None:
        """Hold what is shown, or catch up."""
        self._is_held = held
        if not held and self._waiting:
            waiting, self._waiting = self._waiting, []
            self._insert(waiting)

    def add(self, entries: Sequence[ActivityEntry]) -> None:
        """New entries, the oldest of them first."""
        if self._is_held:
            self._waiting.extend(entries)
            del self._waiting[:-KEPT]
        else:
            self._insert(entries)

    def _insert(self, entries: Sequence[ActivityEntry]) -> None:
        newest = list(reversed(entries))[:KEPT]
        self.beginInsertRows(_NO_INDEX, 0, len(newest) - 1)
        self._entries[:0] = newest
        self.endInsertRows()
        if len(self._entries) > KEPT:
            self.beginRemoveRows(_NO_INDEX, KEPT, len(self._entries) - 1)
            del self._entries[KEPT:]
            self.endRemoveRows()

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        entry = self.entry(index.row())
        if role == ENTRY_ROLE:
            return entry
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            at = presenter.seconds_words(entry.at, self._zone)
            parts = (at, entry.title, entry.subject, entry.detail, entry.result)
            return ", ".join(part for part in parts if part) + "."
        if role == Qt.ItemDataRole.ToolTipRole:
            told = (entry.title, entry.subject, entry.detail, entry.result)
            return plain_tip("\n".join(part for part in told if part))
        return None
