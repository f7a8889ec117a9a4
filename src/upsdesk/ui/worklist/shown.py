"""The shown rows as others see them: the keys in their order, and where a key stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import overload

from upsdesk.domain.keys import WorkitemKey
from upsdesk.ui.worklist.row import Row


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

    def __init__(self, rows: dict[WorkitemKey, Row]) -> None:
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
