"""In which order rows stand."""

from __future__ import annotations

from collections.abc import Mapping

from upsdesk.domain.keys import WorkitemKey
from upsdesk.ui.worklist.columns import Column, Row

Sorting = tuple[tuple[Column, bool], ...]
"""Columns, the most important first, each with whether it is descending."""
DEFAULT_SORTING: Sorting = ((Column.PRIORITY, False), (Column.START, False))


def _passes(sorting: Sorting) -> list[tuple[Column | None, bool]]:
    """The sorting; None stands for "ended rows last", which follows the priority when that leads."""
    passes: list[tuple[Column | None, bool]] = list(sorting)
    if passes and passes[0][0] is Column.PRIORITY:
        passes.insert(1, (None, False))
    return passes


def sort(keys: list[WorkitemKey], rows: Mapping[WorkitemKey, Row], sorting: Sorting) -> None:
    """Sort in place; equal rows stay in the order that they have."""
    for column, is_down in reversed(_passes(sorting)):
        if column is None:
            keys.sort(key=lambda key: rows[key].is_ended)
        else:
            keys.sort(key=lambda key, at=int(column): rows[key].sort_keys[at], reverse=is_down)  # type: ignore[misc]


def place_key(row: Row, sorting: Sorting) -> tuple[object, ...]:
    """Compares two rows as `sort` does, ties apart."""
    return tuple(
        row.is_ended
        if column is None
        else _Reversed(row.sort_keys[column])
        if is_down
        else row.sort_keys[column]
        for column, is_down in _passes(sorting)
    )


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
