"""The table's model: which workitems are rows, in which order, and when that order may change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, tzinfo
from time import perf_counter

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)

from upsdesk.domain.keys import PeerId, WorkitemKey
from upsdesk.services.store import ChangeSet, WorklistStore
from upsdesk.ui import presenter
from upsdesk.ui.presenter import Due
from upsdesk.ui.worklist import filtering, ordering, tips
from upsdesk.ui.worklist.columns import Column
from upsdesk.ui.worklist.filtering import Criteria, Facets, Matcher
from upsdesk.ui.worklist.flash import Flashes
from upsdesk.ui.worklist.ordering import DEFAULT_SORTING, Places, Sorting
from upsdesk.ui.worklist.row import Day, Row
from upsdesk.ui.worklist.shown import ShownKeys, ShownNumbers
from upsdesk.ui.worklist.slices import Slices

Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()
_AT_ONCE = 2_000
"""So many rows are arranged with every change; more of them no oftener than the work on them allows."""
_SHARE = 8
"""Times as long as arranging took, until it is done again."""
_MOST_RUNS = 50
_FEW = 50
"""One in so many rows moved: they are put in one by one. More: everything is sorted."""


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
    texts_changed = Signal(object)
    """A list of shown rows that are new or say something else."""

    def __init__(
        self,
        store: WorklistStore,
        clock: Callable[[], datetime],
        zone: tzinfo,
        parent: QObject | None = None,
        *,
        flashes: Flashes | None = None,
        at_once: int = _AT_ONCE,
    ) -> None:
        """Above `at_once` rows changes of order by themselves are gathered for a moment."""
        super().__init__(parent)
        self._store = store
        self._clock = clock
        self._zone = zone
        self.flashes = flashes or Flashes(self)
        self._peer: PeerId | None = None
        self._rows: dict[WorkitemKey, Row] = {}
        self._count = 0
        self._gone: set[WorkitemKey] = set()
        self._order: list[Row] = []
        """All that are listed, as sorted when the order was last made."""
        self._is_order_old = False
        """It is by another sorting."""
        self._unplaced: dict[WorkitemKey, Row] = {}
        """Changed since then."""
        self._shown: list[Row] = []
        self._shown_for: Criteria | None = None
        """What `_shown` was chosen by; None when a row has changed since."""
        self._counted: Facets | None = None
        """Of the rows as they are, whatever the filter."""
        self._at_once = at_once
        self.visible = ShownKeys(self._shown)
        self.row_of = ShownNumbers(self._rows)
        self._sorting: Sorting = DEFAULT_SORTING
        self._places = Places(DEFAULT_SORTING)
        self._criteria = Criteria()
        self._is_frozen = False
        self._is_loading = False
        self._waiting: set[WorkitemKey] = set()
        self._due: dict[WorkitemKey, Due] = {}
        self._now = clock()
        self._day = self._local_day()
        self._written_for = Day(self._now, zone)
        self._arranging = QTimer(self)
        self._arranging.setSingleShot(True)
        self._arranging.timeout.connect(self._arrange_now)
        self._may_arrange_at = 0.0
        self._preparing = Slices(_prepare, self)
        self._unsubscribe = store.subscribe(self._apply)

    def close(self) -> None:
        """Hear no more of the store."""
        self._unsubscribe()
        self._arranging.stop()
        self._preparing.clear()
        self.flashes.clear()

    # What is shown

    @property
    def peer(self) -> PeerId | None:
        return self._peer

    def set_peer(self, peer: PeerId | None) -> None:
        """Show the workitems of this peer."""
        self._now = self._clock()
        self._set_day()
        self._arranging.stop()
        self._preparing.clear()
        self.beginResetModel()
        self._peer = peer
        self.flashes.clear()
        self._due.clear()
        self._rows.clear()
        self._gone.clear()
        self._order = []
        self._unplaced.clear()
        for key in self._store.keys(peer) if peer is not None else ():
            self._take(key)
        self._shown_for = self._counted = None
        self._set_shown(self._wanted_order())
        self.endResetModel()
        self.texts_changed.emit(self._shown)
        self._preparing.add(list(self._rows.values()))
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
            self._places = Places(sorting)
            self._is_order_old = True
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
        if not loading and self._arranging.isActive():
            self._arrange_now()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def loaded(self) -> int:
        """How many workitems are listed, shown or not."""
        return len(self._rows) - len(self._gone)

    def row(self, key: WorkitemKey) -> Row | None:
        """The prepared row of a loaded workitem, shown or not."""
        return self._rows.get(key)

    def row_at(self, number: int) -> Row:
        return self._shown[number]

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
        matcher = self._matcher()
        if self._counted is None:
            self._counted = filtering.count_all(self._listed(), matcher)
        wanted = self._criteria
        if self._shown_for == wanted and not wanted.states and not wanted.overdue:
            but_chips = self._shown
        else:
            but_chips = matcher.but_chips(self._listed())
        return filtering.count_matching(self._counted, but_chips, matcher, len(self._shown))

    def count_matching(self, criteria: Criteria) -> int:
        """How many loaded rows other criteria would show."""
        return len(Matcher(criteria, self._now.timestamp()).chosen(self._listed()))

    def _listed(self) -> list[Row]:
        rows = list(self._rows.values())
        return [row for row in rows if not row.is_gone] if self._gone else rows

    def tick(self) -> None:
        """Time has passed: words that count minutes, and rows that have become overdue."""
        self._now = self._clock()
        # Not against the last `_now`: the first report after midnight moves that too.
        before, self._day = self._day, self._local_day()
        is_new_day = before != self._day
        if is_new_day:
            self._set_day()
            for row in self._rows.values():
                row.turn_to(self._written_for)
            self.texts_changed.emit(self._shown)
            self._preparing.add(list(self._rows.values()))
        self._due.clear()
        self._shown_for = self._counted = None
        if self._shown:
            last = len(self._shown) - 1
            first_column = Column.START if is_new_day else Column.DUE
            self.dataChanged.emit(self.index(0, first_column), self.index(last, Column.DUE))
        if self._criteria.overdue or self._criteria.view is filtering.View.OVERDUE:
            self._note_moves(self._matcher().overdue(self._listed()))
        self.counts_changed.emit()

    def _local_day(self) -> date:
        return self._now.astimezone(self._zone).date()

    # What the store says

    def _set_day(self) -> None:
        self._day = self._local_day()
        self._written_for = Day(self._now, self._zone)

    def _take(self, key: WorkitemKey) -> Row:
        """What the store has of a workitem, in its row."""
        workitem = self._store.get(key)
        assert workitem is not None
        row = self._rows.get(key)
        if row is None:
            self._count += 1
            row = self._rows[key] = Row(key, self._count)
        self._gone.discard(key)
        row.tell(
            workitem,
            self._written_for,
            is_held=self._store.is_held(key),
            pending=self._store.pending(key),
            mark=self._store.mark(key),
            is_cancel_asked=self._store.cancel_asked(key) is not None,
        )
        self._unplaced[key] = row
        return row

    def _apply(self, changes: ChangeSet) -> None:
        self._now = self._clock()
        inserted = [key for key in changes.inserted if key.peer == self._peer]
        updated = {key: fields for key, fields in changes.updated.items() if key in self._rows}
        removed = [key for key in changes.removed if key in self._rows]
        if not (inserted or updated or removed):
            return
        self._shown_for = self._counted = None
        if self._local_day() != self._written_for_day():
            self._written_for = Day(self._now, self._zone)
        changed = [self._take(key) for key in (*inserted, *updated)]
        for key in updated:
            self._due.pop(key, None)
        self._preparing.add(changed)
        for key in removed:
            row = self._unplaced[key] = self._rows[key]
            row.leave()
            self._gone.add(key)
            changed.append(row)
        if not self._is_loading:
            self._flash(inserted, updated)
        self._tell([row for row in changed if row.at >= 0])
        self._note_moves(changed)
        self.counts_changed.emit()

    def _written_for_day(self) -> date:
        return self._written_for.now.astimezone(self._zone).date()

    def _flash(self, inserted: Iterable[WorkitemKey], updated: dict[WorkitemKey, frozenset[str]]) -> None:
        for key in inserted:
            self.flashes.add(key, ())
        for key, fields in updated.items():
            columns = {column for column in Column if column.spec.fields & fields}
            if columns:
                self.flashes.add(key, columns)

    def _tell(self, rows: list[Row]) -> None:
        """Emit dataChanged once per run of neighbouring rows; once for all when they are widely scattered."""
        if not rows:
            return
        self.texts_changed.emit(rows)
        numbers = sorted(row.at for row in rows)
        starts = [at for at, number in enumerate(numbers) if at == 0 or number != numbers[at - 1] + 1]
        if len(starts) > _MOST_RUNS:
            starts = [0]
        for start, end in zip(starts, [*starts[1:], len(numbers)], strict=True):
            top, bottom = numbers[start], numbers[end - 1]
            self.dataChanged.emit(self.index(top, 0), self.index(bottom, len(Column) - 1))

    def _note_moves(self, changed: list[Row]) -> None:
        """Give rows their new places now, or note that they wait for it."""
        matcher = self._matcher()
        if not self.is_frozen:
            if self._waiting or any(self._would_move(row, matcher) for row in changed):
                self._arrange_soon()
            return
        moving = {row.key: row for row in changed if self._would_move(row, matcher)}
        # Below all others a new row disturbs nothing, and is seen at once.
        newcomers = [row for row in moving.values() if row.at < 0]
        self._append(sorted(newcomers, key=self._places.of))
        waiting = self._waiting.difference(row.key for row in changed) | moving.keys()
        self._set_waiting({key for key in waiting if key in self._rows})

    def _would_move(self, row: Row, matcher: Matcher) -> bool:
        is_wanted = matcher.matches(row)
        if row.at < 0 or not is_wanted:
            return is_wanted or row.at >= 0
        of, mine, at = self._places.of, self._places.of(row), row.at
        return (at > 0 and of(self._shown[at - 1]) > mine) or (
            at + 1 < len(self._shown) and mine > of(self._shown[at + 1])
        )

    # Order

    def _arrange_soon(self) -> None:
        """A long list is arranged again when eight times as long has passed as it took the last time."""
        if len(self._rows) <= self._at_once:
            self.arrange()
        elif not self._arranging.isActive():
            self._arranging.start(max(0, round(1000 * (self._may_arrange_at - perf_counter()))))

    def _arrange_now(self) -> None:
        self._arranging.stop()
        if self.is_frozen:
            self._note_moves(list(self._unplaced.values()))
        else:
            self.arrange()

    def arrange(self) -> None:
        """Make the order that filter and sorting ask for."""
        began = perf_counter()
        self._arranging.stop()
        are_same = self._shown_for == self._criteria and not self._unplaced
        target = self._wanted_order()
        if target != self._shown:
            self.order_changes.emit()
            if target[: len(self._shown)] == self._shown:
                self._append(target[len(self._shown) :])
            else:
                self._move_to(target, [] if are_same else [row for row in target if row.at < 0])
            self.order_changed.emit()
        self._set_waiting(set())
        self.counts_changed.emit()
        ended = perf_counter()
        self._may_arrange_at = ended + _SHARE * (ended - began)

    def _matcher(self) -> Matcher:
        return Matcher(self._criteria, self._now.timestamp())

    def _wanted_order(self) -> list[Row]:
        """Every row that matches, sorted; what is gone is forgotten."""
        for key in self._gone:
            del self._rows[key]
        self._gone.clear()
        if self._unplaced:
            self._shown_for = None
        self._put_in_order()
        before, self._shown_for = self._shown_for, self._criteria
        if before is not None and self._criteria != before and filtering.narrows(self._criteria, before):
            return self._matcher().chosen(self._shown)
        return self._matcher().chosen(self._order)

    def _put_in_order(self) -> None:
        changed, self._unplaced = self._unplaced, {}
        if self._is_order_old or len(changed) * _FEW >= len(self._rows):
            self._order = list(self._rows.values())
            ordering.sort(self._order, self._sorting)
            self._is_order_old = False
        elif changed:
            # By identity: a hundred thousand rows are not looked into for that.
            moving = set(map(id, changed.values()))
            staying = [row for row in self._order if id(row) not in moving]
            listed = [row for row in changed.values() if not row.is_gone]
            self._order = ordering.merged(staying, listed, self._sorting)

    def _append(self, rows: list[Row]) -> None:
        if not rows:
            return
        start = len(self._shown)
        self.beginInsertRows(_NO_INDEX, start, start + len(rows) - 1)
        self._shown += rows
        for at, row in enumerate(rows, start):
            row.at = at
        self.endInsertRows()
        self.texts_changed.emit(rows)

    def _move_to(self, target: list[Row], coming: list[Row]) -> None:
        """Rows that come are put below first, those that go are moved below and cut off."""
        self._append(coming)
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        rows = [self._shown[index.row()] for index in old]
        leaving = self._set_shown(target)
        for at, row in enumerate(leaving, len(target)):
            row.at = at
        self._shown += leaving
        moved = [self.index(row.at, index.column()) for row, index in zip(rows, old, strict=True)]
        self.changePersistentIndexList(old, moved)
        self.layoutChanged.emit()
        if leaving:
            self.beginRemoveRows(_NO_INDEX, len(target), len(self._shown) - 1)
            for row in leaving:
                row.at = -1
            del self._shown[len(target) :]
            self.endRemoveRows()

    def _set_shown(self, rows: list[Row]) -> list[Row]:
        """Show these and return those that are shown no more."""
        before: list[Row] = []
        if len(rows) < len(self._shown):  # else all that are shown stay
            before = self._shown[:]
            for row in before:
                row.at = -1
        for at, row in enumerate(rows):
            row.at = at
        self._shown[:] = rows
        return [row for row in before if row.at < 0]

    def _set_waiting(self, waiting: set[WorkitemKey]) -> None:
        before, self._waiting = len(self._waiting), waiting
        if before != len(waiting):
            self.waiting_changed.emit(len(waiting))

    # Qt

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._shown)

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


def _prepare(rows: list[Row]) -> None:
    """Work out what the first key typed into the filter, or the first click on a header, would wait for."""
    for row in rows:
        _ = row.haystack, row.by_patient
