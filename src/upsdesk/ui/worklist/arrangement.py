"""The order of all that is listed: sorted when a person asks for it, mended when a few rows have changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from upsdesk.domain.keys import WorkitemKey
from upsdesk.ui.worklist import ordering
from upsdesk.ui.worklist.columns import AnyColumn
from upsdesk.ui.worklist.ordering import DEFAULT_SORTING, Passes, Places, Sorting
from upsdesk.ui.worklist.row import Row
from upsdesk.ui.worklist.shown import without

_FEW = 50
"""One in so many rows moved: they are put in one by one. More: everything is sorted."""
_MOST_PASSES = 12
"""So many sorts are remembered for equal rows; beyond, only the sorting itself counts."""


class Arrangement:
    """Keeps rows in the order of a sorting. Equal rows stay as the sortings before it have left them."""

    def __init__(self, rows: Mapping[WorkitemKey, Row]) -> None:
        """`rows`: all that are listed; looked into when an order is made. None of them is gone then."""
        self._rows = rows
        self._order: list[Row] = []
        self._unplaced: dict[WorkitemKey, Row] = {}
        """Changed since the order was made."""
        self.sorting: Sorting = DEFAULT_SORTING
        self._passes = self._made_by = ordering.passes_of(DEFAULT_SORTING)
        self.places = Places(self._passes)

    @property
    def is_settled(self) -> bool:
        """No row has changed since the order was made."""
        return not self._unplaced

    @property
    def unplaced(self) -> list[Row]:
        """What has changed since the order was made."""
        return list(self._unplaced.values())

    def is_by(self, column: AnyColumn) -> bool:
        """Whether what stands in a column decides where rows stand."""
        key_of = ordering.keys_of(column)[0]
        return any(one is key_of for one, _ in self._passes)

    def clear(self) -> None:
        """Other rows: equal ones stand as they come."""
        self._order = []
        self._unplaced.clear()
        self._become(self.sorting, ())

    def note(self, rows: Iterable[Row]) -> None:
        """These are new, have changed or are gone."""
        self._unplaced.update({row.key: row for row in rows})

    def set_sorting(self, sorting: Sorting) -> None:
        """Sort by these columns and nothing else; equal rows stand as they came."""
        self._become(sorting, ())

    def sort_by(self, column: AnyColumn, *, add: bool = False) -> None:
        """Sort by a column alone, or with `add` by it where the others are equal; again turns it round."""
        known = dict(self.sorting)
        if not add:
            is_down = bool(self.sorting) and self.sorting[0] == (column, False)
            sorting: Sorting = ((column, is_down),)
        elif column in known:
            sorting = tuple((one, is_down != (one == column)) for one, is_down in self.sorting)
        else:
            sorting = (*self.sorting, (column, False))
        self._become(sorting, self._passes)

    def _become(self, sorting: Sorting, before: Passes) -> None:
        self.sorting = sorting
        passes = ordering.passes_of(sorting)
        whole = ordering.after(passes, before)
        self._passes = whole if len(whole) <= _MOST_PASSES else passes
        self.places = Places(self._passes)

    def rows(self) -> list[Row]:
        """All rows in their order; not to be changed by the caller."""
        changed, self._unplaced = self._unplaced, {}
        leading = ordering.leading(self._passes, self._made_by)
        if leading is None or len(changed) * _FEW >= len(self._rows):
            self._order = list(self._rows.values())
            leading = self._passes
        elif changed:
            staying = without(self._order, changed.values())
            listed = [row for row in changed.values() if not row.is_gone]
            self._order = ordering.merged(staying, listed, Places(self._made_by))
        elif leading:
            self._order = self._order[:]
        ordering.sort(self._order, leading)
        self._made_by = self._passes
        return self._order
