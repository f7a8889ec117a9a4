"""The table's model: which workitems are rows, in which order, and when that order may change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, tzinfo

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from upsdesk.domain.keys import PeerId, WorkitemKey
from upsdesk.services.store import ChangeSet, WorklistStore
from upsdesk.ui import presenter
from upsdesk.ui.presenter import Due
from upsdesk.ui.worklist import filtering, ordering, tips
from upsdesk.ui.worklist.columns import Column, Row, make_row
from upsdesk.ui.worklist.filtering import Criteria, Facets, Matcher
from upsdesk.ui.worklist.flash import Flashes
from upsdesk.ui.worklist.ordering import DEFAULT_SORTING, Sorting

Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()


class WorklistModel(QAbstractTableModel):
    """Reads the store and nothing else.

    While `is_frozen`, no row moves: changes of order wait and are counted.
    """

    counts_changed = Signal()
    """Rows were added, changed or taken away: what `facets` says may differ."""
    waiting_changed = Signal(int)
    """How many rows would move, come or go with a re-sort."""
    order_changes = Signal()
    """The order is about to be made anew; views remember what stands where."""
    order_changed = Signal()

    def __init__(
        self,
        store: WorklistStore,
        clock: Callable[[], datetime],
        zone: tzinfo,
        parent: QObject | None = None,
        *,
        flashes: Flashes | None = None,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._clock = clock
        self._zone = zone
        self.flashes = flashes or Flashes(self)
        self._peer: PeerId | None = None
        self._rows: dict[WorkitemKey, Row] = {}
        self.visible: list[WorkitemKey] = []
        self.row_of: dict[WorkitemKey, int] = {}
        self._sorting: Sorting = DEFAULT_SORTING
        self._criteria = Criteria()
        self._is_frozen = False
        self._is_loading = False
        self._waiting: set[WorkitemKey] = set()
        self._due: dict[WorkitemKey, Due] = {}
        self._now = clock()
        self._day = self._local_day()
        self._unsubscribe = store.subscribe(self._apply)

    def close(self) -> None:
        """Hear no more of the store."""
        self._unsubscribe()
        self.flashes.clear()

    # What is shown

    @property
    def peer(self) -> PeerId | None:
        return self._peer

    def set_peer(self, peer: PeerId | None) -> None:
        """Show the workitems of this peer."""
        self._now = self._clock()
        self._day = self._local_day()
        self.beginResetModel()
        self._peer = peer
        self.flashes.clear()
        self._due.clear()
        self._rows = {key: self._made(key) for key in self._store.keys(peer)} if peer is not None else {}
        self.visible = self._wanted_order()
        self._number()
        self.endResetModel()
        self._set_waiting(set())
        self.counts_changed.emit()

    @property
    def criteria(self) -> Criteria:
        return self._criteria

    def set_criteria(self, criteria: Criteria) -> None:
        """Filter; this is a person's wish, so it is done at once, frozen or not."""
        if criteria != self._criteria:
            self._criteria = criteria
            self.arrange()

    @property
    def sorting(self) -> Sorting:
        return self._sorting

    def sort_by(self, column: Column, *, add: bool = False) -> None:
        """Sort by a column, and by the one before where that is equal; again turns it round.

        `add` makes it the second column instead.
        """
        known = dict(self._sorting)
        others = tuple(part for part in self._sorting if part[0] is not column)
        is_same_place = column in known and (self._sorting[0][0] is column) != add
        part = (column, not known[column] if is_same_place else False)
        self.set_sorting((*others[:1], part) if add else (part, *others[:1]))

    def set_sorting(self, sorting: Sorting) -> None:
        if sorting != self._sorting:
            self._sorting = sorting
            self.arrange()
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(Column) - 1)

    @property
    def is_frozen(self) -> bool:
        return self._is_frozen and not self._is_loading

    def set_frozen(self, frozen: bool) -> None:
        """Let no row move by itself. When it ends, what waited is done."""
        self._is_frozen = frozen
        if not self.is_frozen and self._waiting:
            self.arrange()

    def set_loading(self, loading: bool) -> None:
        """Rows of a first search come in at their places: nobody has got hold of an order yet."""
        self._is_loading = loading

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def loaded(self) -> int:
        """How many workitems are listed, shown or not."""
        return sum(1 for row in self._rows.values() if not row.is_gone)

    def row(self, key: WorkitemKey) -> Row | None:
        """The prepared row of a loaded workitem, shown or not."""
        return self._rows.get(key)

    def row_at(self, number: int) -> Row:
        return self._rows[self.visible[number]]

    def due(self, row: Row) -> Due:
        """What "Due" says about a row, by the clock of the last tick."""
        found = self._due.get(row.key)
        if found is None:
            found = self._due[row.key] = presenter.due(row.workitem, self._now, self._zone)
        return found

    def is_overdue(self, row: Row) -> bool:
        return row.late_at < self._now.timestamp() and not row.is_gone

    def facets(self) -> Facets:
        """Counts of what is loaded and shown."""
        rows = (row for row in self._rows.values() if not row.is_gone)
        return replace(filtering.count(rows, self._criteria, self._now.timestamp()), shown=len(self.visible))

    def count_matching(self, criteria: Criteria) -> int:
        """How many loaded rows other criteria would show."""
        matcher = Matcher(criteria, self._now.timestamp())
        return sum(1 for row in self._rows.values() if not row.is_gone and matcher.matches(row))

    def tick(self) -> None:
        """Time has passed: words that count minutes, and rows that have become overdue."""
        self._now = self._clock()
        # Not against the last `_now`: the first report after midnight moves that too.
        before, self._day = self._day, self._local_day()
        is_new_day = before != self._day
        if is_new_day:
            self._rows = {key: self._remade(row) for key, row in self._rows.items()}
        self._due.clear()
        if self.visible:
            last = len(self.visible) - 1
            first_column = Column.START if is_new_day else Column.DUE
            self.dataChanged.emit(self.index(0, first_column), self.index(last, Column.DUE))
        if self._criteria.overdue or self._criteria.view is filtering.View.OVERDUE:
            self._note_moves(key for key, row in self._rows.items() if self.is_overdue(row))
        self.counts_changed.emit()

    def _local_day(self) -> date:
        return self._now.astimezone(self._zone).date()

    # What the store says

    def _made(self, key: WorkitemKey) -> Row:
        workitem = self._store.get(key)
        assert workitem is not None
        return make_row(
            workitem,
            self._now,
            self._zone,
            is_held=self._store.is_held(key),
            pending=self._store.pending(key),
            mark=self._store.mark(key),
            is_cancel_asked=self._store.cancel_asked(key) is not None,
        )

    def _remade(self, row: Row) -> Row:
        return row if row.is_gone else self._made(row.key)

    def _apply(self, changes: ChangeSet) -> None:
        self._now = self._clock()
        inserted = [key for key in changes.inserted if key.peer == self._peer]
        updated = {key: fields for key, fields in changes.updated.items() if key in self._rows}
        removed = [key for key in changes.removed if key in self._rows]
        if not (inserted or updated or removed):
            return
        for key in (*inserted, *updated):
            self._rows[key] = self._made(key)
            self._due.pop(key, None)
        for key in removed:
            self._rows[key] = replace(self._rows[key], is_gone=True)
        if not self._is_loading:
            self._flash(inserted, updated)
        self._tell(key for key in (*updated, *removed) if key in self.row_of)
        self._note_moves((*inserted, *updated, *removed))
        self.counts_changed.emit()

    def _flash(self, inserted: Sequence[WorkitemKey], updated: dict[WorkitemKey, frozenset[str]]) -> None:
        for key in inserted:
            self.flashes.add(key, ())
        for key, fields in updated.items():
            columns = {column for column in Column if column.spec.fields & fields}
            if columns:
                self.flashes.add(key, columns)

    def _tell(self, keys: Iterable[WorkitemKey]) -> None:
        """Emit dataChanged once per run of neighbouring rows."""
        numbers = sorted(self.row_of[key] for key in keys)
        start = 0
        for at in range(1, len(numbers) + 1):
            if at == len(numbers) or numbers[at] != numbers[at - 1] + 1:
                self.dataChanged.emit(
                    self.index(numbers[start], 0), self.index(numbers[at - 1], len(Column) - 1)
                )
                start = at

    def _note_moves(self, keys: Iterable[WorkitemKey]) -> None:
        """Give rows their new places now, or note that they wait for it."""
        matcher = self._matcher()
        changed = set(keys)
        moving = {key for key in changed if self._would_move(key, matcher)}
        if not self.is_frozen:
            if moving or self._waiting:
                self.arrange()
            return
        newcomers = [
            key
            for key in moving
            if key not in self.row_of and not self._rows[key].is_gone and matcher.matches(self._rows[key])
        ]
        # Below all others a new row disturbs nothing, and is seen at once.
        self._append(sorted(newcomers, key=self._place_key))
        self._set_waiting({key for key in (self._waiting - changed) | moving if key in self._rows})

    def _would_move(self, key: WorkitemKey, matcher: Matcher) -> bool:
        row = self._rows[key]
        at = self.row_of.get(key)
        is_wanted = not row.is_gone and matcher.matches(row)
        if at is None or not is_wanted:
            return is_wanted or at is not None
        mine = self._place_key(key)
        above = self.visible[at - 1] if at else None
        below = self.visible[at + 1] if at + 1 < len(self.visible) else None
        return (above is not None and self._place_key(above) > mine) or (
            below is not None and mine > self._place_key(below)
        )

    # Order

    def arrange(self) -> None:
        """Make the order that filter and sorting ask for."""
        target = self._wanted_order()
        self._rows = {key: row for key, row in self._rows.items() if not row.is_gone}
        if target != self.visible:
            self.order_changes.emit()
            wanted = set(target)
            self._append([key for key in target if key not in self.row_of])
            leaving = [key for key in self.visible if key not in wanted]
            self._permute([*target, *leaving])
            self._cut(len(target))
            self.order_changed.emit()
        self._set_waiting(set())
        self.counts_changed.emit()

    def _matcher(self) -> Matcher:
        return Matcher(self._criteria, self._now.timestamp())

    def _wanted_order(self) -> list[WorkitemKey]:
        matcher = self._matcher()
        keys = [key for key, row in self._rows.items() if not row.is_gone and matcher.matches(row)]
        ordering.sort(keys, self._rows, self._sorting)
        return keys

    def _place_key(self, key: WorkitemKey) -> tuple[object, ...]:
        return ordering.place_key(self._rows[key], self._sorting)

    def _append(self, keys: Sequence[WorkitemKey]) -> None:
        if not keys:
            return
        start = len(self.visible)
        self.beginInsertRows(_NO_INDEX, start, start + len(keys) - 1)
        self.visible.extend(keys)
        self.row_of.update((key, start + at) for at, key in enumerate(keys))
        self.endInsertRows()

    def _permute(self, order: list[WorkitemKey]) -> None:
        if order == self.visible:
            return
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        keys = [self.visible[index.row()] for index in old]
        self.visible = order
        self._number()
        moved = [self.index(self.row_of[key], index.column()) for key, index in zip(keys, old, strict=True)]
        self.changePersistentIndexList(old, moved)
        self.layoutChanged.emit()

    def _cut(self, length: int) -> None:
        if length == len(self.visible):
            return
        self.beginRemoveRows(_NO_INDEX, length, len(self.visible) - 1)
        for key in self.visible[length:]:
            del self.row_of[key]
        del self.visible[length:]
        self.endRemoveRows()

    def _number(self) -> None:
        self.row_of = {key: at for at, key in enumerate(self.visible)}

    def _set_waiting(self, waiting: set[WorkitemKey]) -> None:
        before, self._waiting = len(self._waiting), waiting
        if before != len(waiting):
            self.waiting_changed.emit(len(waiting))

    # Qt

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.visible)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row, column = self.row_at(index.row()), Column(index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return row.text(column, self.due(row))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.sentence(self.due(row))
        if role == Qt.ItemDataRole.ToolTipRole:
            return tips.cell_tip(row, column, self.due(row), self._zone) or None
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(Column):
            return None
        spec = Column(section).spec
        if role == Qt.ItemDataRole.DisplayRole:
            return spec.title
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return spec.name
        return None
