"""The table's model: what is shown of the listing, in which order, and when that order may change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, tzinfo
from time import perf_counter

from PySide6.QtCore import QObject, QTimer, Signal

from upsdesk.domain.keys import PeerId, WorkitemKey
from upsdesk.services.changes import ChangeSet
from upsdesk.services.store import WorklistStore
from upsdesk.ui.worklist.choosing import Choosing
from upsdesk.ui.worklist.columns import Column, PathColumn
from upsdesk.ui.worklist.facets import Facets, Tally
from upsdesk.ui.worklist.filtering import Criteria, Matcher
from upsdesk.ui.worklist.flash import Flashes
from upsdesk.ui.worklist.listing import Listing
from upsdesk.ui.worklist.row import PathReader, Row
from upsdesk.ui.worklist.shown import without
from upsdesk.ui.worklist.sorted_model import HAYSTACK, SortedModel

_AT_ONCE = 2_000
"""So many rows are arranged with every change; more of them no oftener than the work on them allows."""
_LOADING_MS = 200
"""Between two orders while rows come in."""
_SHARE = 8
"""Times as long as arranging took, until it is done again."""


class WorklistModel(SortedModel):
    """Reads the store and nothing else.

    While `is_frozen`, no row moves: changes of order wait and are counted.
    """

    loading_changed = Signal(bool)
    counts_changed = Signal()
    """Rows were added, changed or taken away: what `facets` says may differ."""
    waiting_changed = Signal(int)
    """How many rows would move, come or go with a re-sort."""
    order_changes = Signal()
    """The order is about to be made anew; views remember what stands where."""
    order_changed = Signal()
    called_off = Signal()
    """`criteria` and `sorting` are again those by which the rows stand."""

    def __init__(
        self,
        store: WorklistStore,
        clock: Callable[[], datetime],
        zone: tzinfo,
        parent: QObject | None = None,
        *,
        flashes: Flashes | None = None,
        read: PathReader | None = None,
        at_once: int = _AT_ONCE,
        seconds: Callable[[], float] = perf_counter,
    ) -> None:
        """`read` gives what a workitem has at a path, for the columns that are paths.

        Above `at_once` rows changes of order by themselves are gathered for a moment. `seconds`: a clock by
        which what takes long is done in pieces.
        """
        super().__init__(Listing(store, clock, zone, read), flashes, parent, seconds=seconds)
        self._choosing = Choosing()
        self._at_once = at_once
        self._criteria = Criteria()
        """By which the rows are chosen that are shown."""
        self._wished: Criteria | None = None
        """What takes their place when all rows are ready to be looked through."""
        self._is_frozen = False
        self._is_loading = False
        self._waiting: set[WorkitemKey] = set()
        self._arranging = QTimer(self)
        self._arranging.setSingleShot(True)
        self._arranging.timeout.connect(self._arrange_now)
        self._may_arrange_at = 0.0
        self._unsubscribe = store.subscribe(self._apply)

    def close(self) -> None:
        """Hear no more of the store."""
        self._unsubscribe()
        self.wishes.stop()
        self._arranging.stop()
        self._preparing.clear()
        self.flashes.clear()

    # What is listed

    @property
    def peer(self) -> PeerId | None:
        return self._listing.peer

    def set_peer(self, peer: PeerId | None) -> None:
        """Show the workitems of this peer."""
        self._criteria, self._wished = self.criteria, None
        self.wishes.stop()
        self._arranging.stop()
        self._preparing.clear()
        self.flashes.clear()
        self.beginResetModel()
        self._listing.open(peer)
        self._arrangement.clear()
        self._arrangement.note(self._listing.listed())
        self._rows_changed()
        self._shown.replace(self._wanted_order()[0], self._arrangement.places.find, self._listing.newest)
        self.endResetModel()
        self._tell_all_texts()
        self._set_waiting(set())
        self.counts_changed.emit()

    @property
    def loaded(self) -> int:
        """How many workitems are listed, shown or not."""
        return len(self._listing)

    def listed(self) -> list[Row]:
        """The rows of all listed workitems, shown or not."""
        return self._listing.listed()

    def row(self, key: WorkitemKey) -> Row | None:
        """The prepared row of a loaded workitem, shown or not."""
        return self._listing.rows.get(key)

    def is_overdue(self, row: Row) -> bool:
        return row.late_at < self._listing.now.timestamp() and not row.is_gone

    # Filter

    @property
    def criteria(self) -> Criteria:
        """What a person has asked for last."""
        return self._criteria if self._wished is None else self._wished

    def set_criteria(self, criteria: Criteria) -> None:
        """Filter; this is a person's wish, so it is done at once, frozen or not.

        A text in many rows that nobody has looked through yet is looked for in pieces.
        """
        if criteria == self.criteria:
            return
        self._wished = criteria
        if self._are_texts_ready or not criteria.text:
            self.wishes.filter.stop()
            self._filter()
        else:
            self._make_texts_ready(self._filter)

    def _filter(self) -> None:
        if self._wished is not None:
            self._criteria, self._wished = self._wished, None
            self.arrange()

    def _filter_then(self, then: Callable[[], None]) -> None:
        self._filter()
        then()

    def call_off(self) -> bool:
        """Let the rows stand as they do, whatever a person has asked for; whether that was under way."""
        self._wished = None
        was_under_way = super().call_off()
        if was_under_way:
            self.called_off.emit()
        return was_under_way

    def when_texts_are_ready(self, then: Callable[[], None]) -> None:
        """When all rows can be looked through in a moment; never, when something else is wished before."""
        if self._are_texts_ready:
            then()
        else:
            self._make_texts_ready(lambda: self._filter_then(then))

    def facets(self) -> Facets:
        """Counts of what is loaded and shown, all at once."""
        tally = Tally(self.matcher())
        tally.add(self._listing.listed())
        return tally.facets(len(self._shown.rows))

    def count_matching(self, criteria: Criteria) -> int:
        """How many loaded rows other criteria would show."""
        return len(self.rows_matching(criteria))

    def rows_matching(self, criteria: Criteria) -> list[Row]:
        """The loaded rows that other criteria would show, in no order that means something."""
        if not self._are_texts_ready:  # a text that is not in force cannot be looked for in a moment
            criteria = replace(criteria, text=self._criteria.text)
        return self.matcher(criteria).chosen(self._listing.listed())

    def matcher(self, criteria: Criteria | None = None) -> Matcher:
        """Tells which rows match as they are now; by default those that are shown."""
        wanted = self._criteria if criteria is None else criteria
        return Matcher(wanted, self._listing.now, self._listing.zone)

    # Columns

    def set_path_columns(self, columns: Iterable[PathColumn]) -> None:
        """Show these after the built-in ones; a sorting by one that goes is given up."""
        wanted = tuple(dict.fromkeys(columns))
        self.set_sorting(tuple(part for part in self.sorting_to_be if part[0] in (*Column, *wanted)))
        if not self._replace_path_columns(wanted):
            return
        self._listing.set_paths(wanted)
        self._rows_changed()
        self._tell_all_texts()
        if self._criteria.text:  # which is looked for in these columns too
            self.arrange()

    # When rows may move

    @property
    def is_frozen(self) -> bool:
        return self._is_frozen and not self._is_loading

    def set_frozen(self, frozen: bool) -> None:
        """Let no row move by itself. When it ends, what waited is done."""
        self._is_frozen = frozen
        if not self.is_frozen and self._waiting:
            self.arrange()

    @property
    def is_loading(self) -> bool:
        """Whether the rows of a first search come in."""
        return self._is_loading

    def set_loading(self, loading: bool) -> None:
        """Rows of a first search come in at their places: nobody has got hold of an order yet.

        What can wait for its end does so.
        """
        if loading is self._is_loading:
            return
        if not loading and self._arranging.isActive():
            self._arrange_in_pieces()
        self._is_loading = loading
        self._preparing.hold(loading)
        self.loading_changed.emit(loading)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def _set_waiting(self, waiting: set[WorkitemKey]) -> None:
        before, self._waiting = len(self._waiting), waiting
        if before != len(waiting):
            self.waiting_changed.emit(len(waiting))

    # What store and clock say

    def tick(self) -> None:
        """Time has passed: words that count minutes, and rows that have become overdue."""
        is_new_day = self._listing.tick()
        self._rows_changed()
        shown = self._shown.rows
        if is_new_day:
            self._tell_all_texts()
        if shown:
            first, last = (0, len(self.columns) - 1) if is_new_day else (Column.DUE, Column.STARTS_IN)
            self.dataChanged.emit(self.index(0, first), self.index(len(shown) - 1, last))
        if self._criteria.depends_on_time:
            self._note_moves(self._coming_and_going())
        self.counts_changed.emit()

    def tell_names(self) -> None:
        """Names are hidden or shown from now on: cells say something else, and no row moves."""
        for row in self._listing.listed():
            row.tell_names()
        last = self.rowCount() - 1
        if last >= 0:
            self.dataChanged.emit(self.index(0, 0), self.index(last, len(self.columns) - 1))
        self._tell_all_texts()

    def _tell_all_texts(self) -> None:
        listed, shown = self._listing.listed(), self._shown.rows
        self._unsaid = set(without(listed, shown))
        self.texts_changed.emit(shown)
        self._preparing.add(listed)

    def _coming_and_going(self) -> list[Row]:
        """Rows that match and are not shown, or are shown and do not match."""
        matching = self.matcher().chosen(self._listing.listed())
        return [*without(matching, self._shown.rows), *without(self._shown.rows, matching)]

    def _apply(self, changes: ChangeSet) -> None:
        if changes.relisted is not None and changes.relisted == self.peer:
            self.set_peer(self.peer)
            return
        told = self._listing.apply(changes)
        if told is None:
            return
        if not told.is_progress_only or self._arrangement.is_by(Column.PROGRESS):
            self._arrangement.note(told.rows)
        if self._is_loading and told.are_new:
            self._rows_arrived(told.rows)
            return
        cells = {} if self._is_loading else self._flash(told)
        if told.is_progress_only:  # which is neither counted nor filtered by
            self._tell(told.rows, cells)
            if self._arrangement.is_by(Column.PROGRESS):
                self._note_moves(told.rows)
            return
        self._rows_changed()
        self._preparing.add([row for row in told.rows if not row.is_gone])
        self._tell(told.rows, cells)
        self._note_moves(told.rows)
        self.counts_changed.emit()

    def _rows_arrived(self, rows: list[Row]) -> None:
        """As for other changes; but of new rows it is known that none is shown, and that all wait for it."""
        self._rows_changed()
        self._preparing.add(rows)
        self._unsaid.update(rows)
        self._arrange_soon()
        self.counts_changed.emit()

    def _rows_changed(self) -> None:
        self._choosing.forget()

    def _note_moves(self, changed: list[Row]) -> None:
        """Give rows their new places now, or note that they wait for it."""
        matcher = self.matcher()
        if not self.is_frozen:
            if self._waiting or any(self._would_move(row, matcher) for row in changed):
                self._arrange_soon()
            return
        moving = [row for row in changed if self._would_move(row, matcher)]
        # Below all others a new row disturbs nothing, and is seen at once.
        of, shown = self._arrangement.places.of, self._shown.rows
        newcomers = sorted((row for row in moving if self._shown.place(row) < 0), key=of)
        end = of(shown[-1]) if shown else ()
        in_place = {row.key for row in newcomers if of(row) > end}
        self._append(newcomers)
        waiting = self._waiting.difference(row.key for row in changed)
        waiting |= {row.key for row in moving} - in_place
        self._set_waiting({key for key in waiting if key in self._listing.rows})

    def _would_move(self, row: Row, matcher: Matcher) -> bool:
        is_wanted, at = matcher.matches(row), self._shown.place(row)
        if at < 0 or not is_wanted:
            return is_wanted or at >= 0
        of, shown = self._arrangement.places.of, self._shown.rows
        mine = of(row)
        return (at > 0 and of(shown[at - 1]) > mine) or (at + 1 < len(shown) and mine > of(shown[at + 1]))

    # Order

    def _arrange_soon(self) -> None:
        """A long list is arranged again when eight times as long has passed as it took the last time.

        While the first rows come in, thousands in the time of a picture, so is a short one.
        """
        if self.wishes.coming.is_under_way:
            return  # and ends with it
        if not self._shown.rows or (len(self._listing.rows) <= self._at_once and not self._is_loading):
            self._arrange_in_pieces()
        elif not self._arranging.isActive():
            left = round(1000 * (self._may_arrange_at - perf_counter()))
            self._arranging.start(max(_LOADING_MS if self._is_loading else 0, left))

    def _arrange_now(self) -> None:
        self._arranging.stop()
        if self.is_frozen:
            self._note_moves(self._arrangement.unplaced)
        else:
            self._arrange_in_pieces()

    def _arrange_in_pieces(self) -> None:
        """As `arrange`, when thousands of rows may have come that nobody has looked at yet."""
        self._arrange_when_ready([HAYSTACK] if self._criteria.text else [])

    def arrange(self) -> None:
        """Make the order that filter and sorting ask for."""
        began = perf_counter()
        self._arranging.stop()
        self.wishes.coming.stop()
        is_order_only = self._choosing.is_for(self._criteria) and self._arrangement.is_settled
        target, are_shown = self._wanted_order()
        shown = self._shown.rows
        if target != shown:
            self.order_changes.emit()
            if target[: len(shown)] == shown:
                self._append(target[len(shown) :])
            else:
                self._move_to(target, self._arrangement.places.find, are_shown=are_shown)
            self.order_changed.emit()
        self._set_waiting(set())
        if not is_order_only:
            self.counts_changed.emit()
        ended = perf_counter()
        self._may_arrange_at = ended + _SHARE * (ended - began)

    def _wanted_order(self) -> tuple[list[Row], bool]:
        """Every row that matches, sorted, and whether all are shown already; what is gone is forgotten."""
        self._listing.forget_gone()
        if not self._arrangement.is_settled:
            self._choosing.forget()
        return self._choosing.choose(self._arrangement.rows(), self.matcher())
