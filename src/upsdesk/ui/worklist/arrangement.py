"""The order of all that is listed: sorted when a person asks for it, mended when a few rows have changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from upsdesk.domain.keys import WorkitemKey
from upsdesk.ui.worklist import ordering
from upsdesk.ui.worklist.columns import AnyColumn
from upsdesk.ui.worklist.errand import ready
from upsdesk.ui.worklist.ordering import DEFAULT_SORTING, KeyOf, Passes, Places, Sorting
from upsdesk.ui.worklist.row import Row
from upsdesk.ui.worklist.shown import without

_FEW = 50
"""One in so many rows moved: they are put in one by one. More: everything is sorted."""
_SORTED_AT_ONCE = 8_000
"""Rows; it takes 3 ms."""
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
        self._draft: Draft | None = None
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
        coming = self._draft.passes if self._draft is not None else ()
        return any(one is key_of for one, _ in (*self._passes, *coming))

    def clear(self) -> None:
        """Other rows: equal ones stand as they come."""
        self._order = []
        self._unplaced.clear()
        self._draft = None
        self._become(self.sorting, ())

    def note(self, rows: Iterable[Row]) -> None:
        """These are new, have changed or are gone."""
        rows = list(rows)
        self._unplaced.update({row.key: row for row in rows})
        if self._draft is not None:
            self._draft.changed.update(dict.fromkeys(rows))

    def set_sorting(self, sorting: Sorting) -> None:
        """Sort by these columns and nothing else; equal rows stand as they came."""
        self._become(sorting, ())

    def sort_as(self, sorting: Sorting) -> None:
        """Sort by these columns; equal rows stand as the sortings before have left them."""
        self._become(sorting, self._passes)

    def _become(self, sorting: Sorting, before: Passes) -> None:
        self.sorting = sorting
        self._passes = _passes(sorting, before)
        self.places = Places(self._passes)

    def draft(self, sorting: Sorting, *, is_anew: bool) -> Draft:
        """An order by another sorting, to be made in pieces and adopted; the last one that was begun counts.

        `is_anew`: equal rows shall stand as they came, and not as the sortings before have left them.
        """
        passes = _passes(sorting, () if is_anew else self._passes)
        needed = ordering.leading(passes, self._made_by)
        order = self._rows.values() if needed is None else self._order
        self._draft = Draft(sorting, passes, passes if needed is None else needed, list(order))
        self._draft.changed.update(dict.fromkeys(self._unplaced.values()))
        return self._draft

    @property
    def in_the_making(self) -> Draft | None:
        """The draft that was begun last and is wanted still."""
        return self._draft

    @property
    def costly(self) -> list[KeyOf]:
        """What rows are sorted by that takes time to work out."""
        return [key_of for key_of, _ in self._passes if ordering.costs(key_of)]

    def drop_draft(self) -> None:
        """Nobody wants it any more."""
        self._draft = None

    def adopt(self, draft: Draft) -> None:
        """This is the order, but for the rows that have changed since it was begun."""
        self.sorting, self._passes = draft.sorting, draft.passes
        self.places = Places(self._passes)
        # By themselves and not by key: who has gone may have come back as another row.
        gone = [row for row in draft.changed if row.is_gone]
        self._order, self._made_by = without(draft.order, gone) if gone else draft.order, draft.passes
        self._unplaced, self._draft = {row.key: row for row in draft.changed if not row.is_gone}, None

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


class Draft:
    """An order in the making; rows may change and go meanwhile."""

    def __init__(self, sorting: Sorting, passes: Passes, needed: Passes, order: list[Row]) -> None:
        """`needed` of all `passes` are those that `order` is not sorted by yet."""
        self.sorting = sorting
        self.passes = passes
        self.order = order
        self._needed = needed
        self.changed: dict[Row, None] = {}
        """They have no place in it, or a wrong one."""

    def steps(self) -> Iterator[float]:
        """Make it; after each step the share that is done."""
        yield from ready([key_of for key_of, _ in self._needed if ordering.costs(key_of)], self.order)
        order, count = self.order, len(self.order)
        for key_of, is_down in reversed(self._needed):
            for start in range(0, count if count > _SORTED_AT_ONCE else 0, _SORTED_AT_ONCE):
                part = order[start : start + _SORTED_AT_ONCE]
                part.sort(key=key_of, reverse=is_down)
                order[start : start + _SORTED_AT_ONCE] = part
                yield 1.0
            # Where it is sorted already but for a few seams this takes a third of the time.
            order.sort(key=key_of, reverse=is_down)
            yield 1.0


def sorting_by(column: AnyColumn, before: Sorting, *, add: bool = False) -> Sorting:
    """Sort by a column alone, or with `add` by it where the others are equal; again turns it round."""
    if not add:
        return ((column, bool(before) and before[0] == (column, False)),)
    if column in dict(before):
        return tuple((one, is_down != (one == column)) for one, is_down in before)
    return (*before, (column, False))


def _passes(sorting: Sorting, before: Passes) -> Passes:
    passes = ordering.passes_of(sorting)
    whole = ordering.after(passes, before)
    return whole if len(whole) <= _MOST_PASSES else passes
