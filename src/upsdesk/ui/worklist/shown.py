"""The shown rows: which row stands where, their keys in that order, and where a key stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import filterfalse
from typing import overload

from upsdesk.domain.keys import WorkitemKey
from upsdesk.ui.worklist.row import Row

Find = Callable[[list[Row], Row], int]
"""Where a row stands in a list, if it stands there at all; anything for a row that does not."""

_NUMBERED = 256
"""Rows that are numbered in the time in which one is found."""


class Shown:
    """The rows of the table from top to bottom.

    `Row.at` tells where a row stood when the rows were last numbered. Numbering a hundred thousand rows takes
    as long as sorting them does, and is put off until somebody asks for a row that cannot be found otherwise.
    """

    def __init__(self, listed: Mapping[WorkitemKey, Row]) -> None:
        self.rows: list[Row] = []
        self.keys = ShownKeys(self.rows)
        self.numbers = ShownNumbers(self, listed)
        self.newest = 0
        """Rows with a higher `number` have come since rows were last put in, so they are not shown."""
        self._find: Find | None = None
        self._are_numbered = True
        self._found = 0
        """Rows that were looked for since they ought to be numbered."""

    def place(self, row: Row) -> int:
        """Where a row stands; -1 when it is not shown."""
        if self._stands_at(row, row.at):
            return row.at
        if self._are_numbered or row.number > self.newest:
            return -1
        self._found += 1
        is_worth = self._found * _NUMBERED < len(self.rows)
        if is_worth and self._find is not None and self._stands_at(row, at := self._find(self.rows, row)):
            row.at = at
            return at
        for at, one in enumerate(self.rows):
            one.at = at
        self._are_numbered = True
        return row.at if self._stands_at(row, row.at) else -1

    def place_of_shown(self, row: Row) -> int:
        """Where a row stands that is surely shown, without numbering all for it."""
        at = row.at
        if not self._stands_at(row, at) and self._find is not None:
            at = self._find(self.rows, row)
        return at if self._stands_at(row, at) else self.rows.index(row)

    def _stands_at(self, row: Row, at: int) -> bool:
        return 0 <= at < len(self.rows) and self.rows[at] is row

    def append(self, rows: list[Row], newest: int) -> None:
        """Put them below all others; `newest` is the number of the row that came last."""
        self.newest = newest
        if self._are_numbered:
            for at, row in enumerate(rows, len(self.rows)):
                row.at = at
        self.rows += rows

    def replace(self, rows: list[Row], find: Find, newest: int) -> None:
        """Show these; `find` needs no numbers as long as none of them changes. `newest`: as in `append`."""
        self.newest = newest
        self.rows[:] = rows
        self._find = find
        self._are_numbered = False
        self._found = 0

    def cut(self, length: int) -> None:
        """Show no more than the uppermost ones."""
        del self.rows[length:]


class ShownKeys(Sequence[WorkitemKey]):
    """The keys of a list of rows, without a list of their own. Equal to any sequence of the same keys."""

    def __init__(self, rows: list[Row]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, at: int) -> WorkitemKey: ...
    @overload
    def __getitem__(self, at: slice) -> list[WorkitemKey]: ...
    def __getitem__(self, at: int | slice) -> WorkitemKey | list[WorkitemKey]:
        if isinstance(at, slice):
            return [row.key for row in self._rows[at]]
        return self._rows[at].key

    def __iter__(self) -> Iterator[WorkitemKey]:
        return (row.key for row in self._rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"ShownKeys({list(self)!r})"


class ShownNumbers(Mapping[WorkitemKey, int]):
    """The row of the table where a key stands; keys that are not shown are not in it."""

    def __init__(self, shown: Shown, listed: Mapping[WorkitemKey, Row]) -> None:
        self._shown = shown
        self._listed = listed

    def __getitem__(self, key: WorkitemKey) -> int:
        row = self._listed.get(key)
        at = self._shown.place(row) if row is not None else -1
        if at < 0:
            raise KeyError(key)
        return at

    def __iter__(self) -> Iterator[WorkitemKey]:
        return iter(self._shown.keys)

    def __len__(self) -> int:
        return len(self._shown.rows)


def without(rows: Iterable[Row], others: Iterable[Row]) -> list[Row]:
    """Those of `rows` that are not among `others`. In C: there may be a hundred thousand."""
    return list(filterfalse(set(others).__contains__, rows))


def within(rows: Iterable[Row], others: Iterable[Row]) -> list[Row]:
    """Those of `rows` that are among `others`."""
    return list(filter(set(others).__contains__, rows))
