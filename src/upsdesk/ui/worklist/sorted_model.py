"""Sorting as a person asks for it: at once, or in pieces where there are too many rows for that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from time import perf_counter

from PySide6.QtCore import QObject, Qt

from upsdesk.ui.worklist.arrangement import Arrangement, Draft, sorting_by
from upsdesk.ui.worklist.columns import AnyColumn, PathColumn
from upsdesk.ui.worklist.errand import FEW, Steps, ready
from upsdesk.ui.worklist.flash import Flashes
from upsdesk.ui.worklist.listing import Listing
from upsdesk.ui.worklist.ordering import KeyOf, Sorting
from upsdesk.ui.worklist.row import Row
from upsdesk.ui.worklist.slices import Slices
from upsdesk.ui.worklist.telling import TellingModel
from upsdesk.ui.worklist.wishes import Wishes

HAYSTACK: KeyOf = attrgetter("haystack")


class SortedModel(TellingModel):
    """Keeps the order of all that is listed; which rows of it are shown is decided by who arranges them."""

    def __init__(
        self,
        listing: Listing,
        flashes: Flashes | None,
        parent: QObject | None = None,
        *,
        seconds: Callable[[], float] = perf_counter,
    ) -> None:
        super().__init__(listing, flashes, parent)
        self._arrangement = Arrangement(listing.rows)
        self.wishes = Wishes(self, seconds=seconds)
        self._preparing = Slices(self._prepare, self)

    def arrange(self) -> None:
        """Make the order that filter and sorting ask for."""
        raise NotImplementedError

    @property
    def can_be_called_off(self) -> bool:
        """Whether a person has asked for what is under way."""
        return self.wishes.filter.is_under_way or self.wishes.sorting.is_under_way

    def call_off(self) -> bool:
        """Let the rows stand as they do, whatever a person has asked for; whether that was under way."""
        self._arrangement.drop_draft()
        return self.wishes.filter.stop() | self.wishes.sorting.stop()

    @property
    def sorting(self) -> Sorting:
        """By which the rows stand."""
        return self._arrangement.sorting

    @property
    def sorting_to_be(self) -> Sorting:
        """What a person has asked for last."""
        draft = self._arrangement.in_the_making
        return draft.sorting if draft is not None else self.sorting

    def sort_by(self, column: AnyColumn, *, add: bool = False) -> None:
        """Sort by a column alone; again turns it round.

        With `add` it decides between rows that are equal in the others, or is turned round where it stands.
        Rows that are equal in all of them stay in the order that they have.
        """
        self._sort(sorting_by(column, self.sorting_to_be, add=add))

    def set_sorting(self, sorting: Sorting) -> None:
        """Sort by these columns; rows that are equal stand as they came."""
        if sorting != self.sorting_to_be:
            self._sort(sorting, is_anew=True)

    def _sort(self, sorting: Sorting, *, is_anew: bool = False) -> None:
        """At once, or in pieces where that takes long; an order that is in the making is given up."""
        if len(self._listing.rows) <= FEW:
            (self._arrangement.set_sorting if is_anew else self._arrangement.sort_as)(sorting)
            self._sorted()
            return
        draft = self._arrangement.draft(sorting, is_anew=is_anew)
        words = f"Sorting by {sorting[0][0].spec.name}" if sorting else "Sorting"
        self.wishes.sorting.begin(words, draft.steps(), lambda: self._adopt(draft))

    def _adopt(self, draft: Draft) -> None:
        self._arrangement.adopt(draft)
        self._sorted()

    def _sorted(self) -> None:
        self.arrange()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.columns) - 1)

    def _arrange_when_ready(self, keys: Iterable[KeyOf]) -> None:
        """Arrange when the rows that have changed have these values, and those by which they are sorted."""
        needed = (*self._arrangement.costly, *keys)
        if needed and len(self._arrangement.unplaced) > FEW:
            self.wishes.coming.begin("Sorting the rows that came", self._coming_steps(needed), self.arrange)
        else:
            self.arrange()

    def _coming_steps(self, keys: tuple[KeyOf, ...]) -> Steps:
        """More may come meanwhile; but the first rows of all do not wait for them."""
        done = 0
        while len(rows := self._arrangement.unplaced) > done + FEW and (not done or self._shown.rows):
            yield from ready(keys, rows[done:])
            done = len(rows)

    # What rows are looked through and sorted by

    @property
    def _are_texts_ready(self) -> bool:
        """Whether all rows but a few can be looked through in a moment."""
        return len(self._preparing.left) <= FEW

    def _make_texts_ready(self, then: Callable[[], None]) -> None:
        steps = ready((HAYSTACK,), list(self._preparing.left))
        self.wishes.filter.begin("Looking through all rows", steps, then)

    def _prepare(self, rows: list[Row]) -> None:
        """Work out what the first key in the filter and the first clicks on headers would wait for."""
        paths = [column for column in self.columns if isinstance(column, PathColumn)]
        for row in rows:
            _ = row.haystack, row.by_patient, row.by_patient_id, row.by_born, row.by_label, row.by_station
            for column in paths:
                row.path_value(column)
