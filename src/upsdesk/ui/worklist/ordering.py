"""In which order rows stand."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from operator import attrgetter

from upsdesk.ui.worklist.columns import Column
from upsdesk.ui.worklist.row import Row

Sorting = tuple[tuple[Column, bool], ...]
"""Columns, the most important first, each with whether it is descending."""
DEFAULT_SORTING: Sorting = ((Column.PRIORITY, False), (Column.START, False))
_ENDED = "is_ended"


def _passes(sorting: Sorting) -> list[tuple[str, bool]]:
    """The attributes to sort by; ended rows come last within a priority when that leads."""
    passes = [(f"by_{column.name.lower()}", is_down) for column, is_down in sorting]
    if sorting and sorting[0][0] is Column.PRIORITY:
        passes.insert(1, (_ENDED, False))
    return passes


def sort(rows: list[Row], sorting: Sorting) -> None:
    """Sort in place; equal rows stay in the order that they have."""
    # One stable sort after the other by plain values: tuples of them take three times as long to compare.
    for name, is_down in reversed(_passes(sorting)):
        rows.sort(key=attrgetter(name), reverse=is_down)


def merged(order: list[Row], moving: Iterable[Row], sorting: Sorting) -> list[Row]:
    """`order`, which is sorted, with a few more rows at their places."""
    places = Places(sorting)
    found: list[Row] = []
    start = 0
    for row in sorted(moving, key=places.of):
        at = bisect_left(order, places.of(row), lo=start, key=places.of)
        found += order[start:at]
        found.append(row)
        start = at
    found += order[start:]
    return found


class Places:
    """Compares rows as `sort` does; equal ones by when they came."""

    def __init__(self, sorting: Sorting) -> None:
        self._parts = [(attrgetter(name), is_down) for name, is_down in _passes(sorting)]

    def of(self, row: Row) -> tuple[object, ...]:
        parts = [_Reversed(get(row)) if is_down else get(row) for get, is_down in self._parts]
        return (*parts, row.number)


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
