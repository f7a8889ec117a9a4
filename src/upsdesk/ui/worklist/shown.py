"""The shown rows: which row stands where, their keys in that order, and where a key stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import overload

from upsdesk.domain.keys import WorkitemKey
from upsdesk.ui.worklist.row import Row


class Shown:
    """The rows of the table from top to bottom; each knows where it stands."""

    def __init__(self, listed: Mapping[WorkitemKey, Row]) -> None:
        self.rows: list[Row] = []
        self.keys = ShownKeys(self.rows)
        self.numbers = ShownNumbers(listed)

    def append(self, rows: list[Row]) -> None:
        """Put them below all others."""
        for at, row in enumerate(rows, len(self.rows)):
            row.at = at
        self.rows += rows

    def replace(self, rows: list[Row]) -> list[Row]:
        """Show these, and return those that are shown no more."""
        before: list[Row] = []
        if len(rows) < len(self.rows):  # else all that are shown stay
            before = self.rows[:]
            for row in before:
                row.at = -1
        for at, row in enumerate(rows):
            row.at = at
        self.rows[:] = rows
        return [row for row in before if row.at < 0]

    def cut(self, length: int) -> None:
        """Show no more than the uppermost ones."""
        for row in self.rows[length:]:
            row.at = -1
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

    def __init__(self, rows: Mapping[WorkitemKey, Row]) -> None:
        self._rows = rows

    def __getitem__(self, key: WorkitemKey) -> int:
        row = self._rows.get(key)
        if row is None or row.at < 0:
            raise KeyError(key)
        return row.at

    def __iter__(self) -> Iterator[WorkitemKey]:
        return (key for key, row in self._rows.items() if row.at >= 0)

    def __len__(self) -> int:
        return sum(1 for _ in self)
