"""In which order rows stand: what a column sorts by, and how several columns come together."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from functools import cache
from operator import attrgetter
from typing import Any

from upsdesk.ui.worklist.columns import AnyColumn, Column, PathColumn
from upsdesk.ui.worklist.row import Row
from upsdesk.ui.worklist.row_keys import GIVEN

Sorting = tuple[tuple[AnyColumn, bool], ...]
"""Columns, the most important first, each with whether it is descending."""
DEFAULT_SORTING: Sorting = ((Column.PRIORITY, False), (Column.START, False))
KeyOf = Callable[[Row], Any]
"""Gives the plain value of a row that a sort compares."""
Passes = tuple[tuple[KeyOf, bool], ...]
"""Stable sorts that make an order, the most important first; equal functions are the same sort."""


@cache
def _attribute(name: str) -> KeyOf:
    return attrgetter(name)


_ENDED = _attribute("is_ended")
_GIVEN = {_ENDED, *map(_attribute, GIVEN)}


def costs(key_of: KeyOf) -> bool:
    """Whether what it gives takes time to work out, for a row of which nobody has asked it before."""
    return key_of not in _GIVEN


@cache
def keys_of(column: AnyColumn) -> tuple[KeyOf, KeyOf | None]:
    """What sorts by a column, and what comes before that whichever way it is sorted."""
    if isinstance(column, PathColumn):
        return _path_key(column), _path_is_blank(column)
    return _attribute(f"by_{column.name.lower()}"), None


def _path_key(column: PathColumn) -> KeyOf:
    path = column.path

    def key_of(row: Row) -> str | float:
        try:
            return row.paths[path].key
        except (AttributeError, KeyError):  # not read yet
            return row.path_value(column).key

    return key_of


def _path_is_blank(column: PathColumn) -> KeyOf:
    path = column.path

    def is_blank(row: Row) -> bool:
        try:
            return not row.paths[path].text
        except (AttributeError, KeyError):
            return row.path_value(column).is_blank

    return is_blank


def passes_of(sorting: Sorting) -> Passes:
    """Ended rows come last within a priority when that leads."""
    passes: list[tuple[KeyOf, bool]] = []
    for column, is_down in sorting:
        value, first = keys_of(column)
        if first is not None:
            passes.append((first, False))
        passes.append((value, is_down))
    if sorting and sorting[0][0] is Column.PRIORITY:
        passes.insert(1, (_ENDED, False))
    return tuple(passes)


def after(passes: Passes, before: Passes) -> Passes:
    """`passes`, and those of `before` that sort by something else: what becomes of an order sorted again."""
    keys = {key_of for key_of, _ in passes}
    return (*passes, *(one for one in before if one[0] not in keys))


def leading(passes: Passes, made_by: Passes) -> Passes | None:
    """The passes that an order made by others still needs; None when it must be made from nothing."""
    for count in range(len(passes) + 1):
        if after(passes[:count], made_by) == passes:
            return passes[:count]
    return None


def sort(rows: list[Row], passes: Passes) -> None:
    """Sort in place; equal rows stay in the order that they have."""
    # One stable sort after the other by plain values: tuples of them take three times as long to compare.
    for key_of, is_down in reversed(passes):
        rows.sort(key=key_of, reverse=is_down)


def merged(order: list[Row], moving: Iterable[Row], places: Places) -> list[Row]:
    """`order`, which is sorted, with a few more rows at their places."""
    found: list[Row] = []
    start = 0
    for row in sorted(moving, key=places.of):
        at = places.find(order, row, start)
        found += order[start:at]
        found.append(row)
        start = at
    found += order[start:]
    return found


class Places:
    """Compares rows as `sort` does; equal ones by when they came."""

    def __init__(self, passes: Passes) -> None:
        self._passes = passes

    def of(self, row: Row) -> tuple[object, ...]:
        parts = [_Reversed(key_of(row)) if is_down else key_of(row) for key_of, is_down in self._passes]
        return (*parts, row.number)

    def find(self, rows: list[Row], row: Row, start: int = 0) -> int:
        """Where a row stands, or would stand, in a list that is sorted so; looked for from `start` on."""
        return bisect_left(rows, self.of(row), lo=start, key=self.of)


class _Reversed:
    """Compares the other way round."""

    __slots__ = ("_value",)

    def __init__(self, value: object) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reversed) and self._value == other._value

    __hash__ = None  # type: ignore[assignment]

    def __lt__(self, other: _Reversed) -> bool:
        return other._value < self._value  # type: ignore[operator]

    def __gt__(self, other: _Reversed) -> bool:
        return self._value < other._value  # type: ignore[operator]
