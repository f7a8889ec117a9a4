"""What is told of rows that have changed: cells that look different or light up, texts to measure anew."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping
from functools import cache
from itertools import pairwise
from operator import itemgetter

from PySide6.QtCore import QObject

from upsdesk.domain.keys import WorkitemKey
from upsdesk.services.flags import CANCEL_ASKED, HELD, MARK
from upsdesk.ui.worklist.columns import AnyColumn, Column
from upsdesk.ui.worklist.flash import Flashes
from upsdesk.ui.worklist.listing import Listing, Told
from upsdesk.ui.worklist.row import Row
from upsdesk.ui.worklist.rows_model import RowsModel

_MOST_RUNS = 400
_MOST_UNSEEN = 500
"""Rows that are lit out of sight too, for somebody who scrolls there; of a burst only those in sight are."""
_NO_COLUMNS: frozenset[AnyColumn] = frozenset()
_OWN_CELL = frozenset({"progress", "data", "listed", HELD, MARK, CANCEL_ASKED})
"""Fields that show in their own columns only, none of which is measured; others colour the whole row."""


@cache
def _showing(fields: frozenset[str]) -> frozenset[AnyColumn]:
    """The built-in columns that show one of these fields."""
    return frozenset(column for column in Column if column.spec.fields & fields)


class TellingModel(RowsModel):
    """Tells views no more than they have to look at again."""

    def __init__(self, listing: Listing, flashes: Flashes | None, parent: QObject | None = None) -> None:
        super().__init__(listing, parent)
        self.flashes = flashes or Flashes(self)
        self._unsaid: set[Row] = set()
        """They are not shown; their texts are told of when they are."""
        self._sight: Callable[[], range] | None = None

    def set_sight(self, sight: Callable[[], range]) -> None:
        """The rows of the table that can be seen; of those above and below less is told, and lit."""
        self._sight = sight

    def _rows_came(self, rows: list[Row]) -> None:
        unsaid = list(filter(self._unsaid.__contains__, rows)) if self._unsaid else []
        if unsaid:
            self._unsaid.difference_update(unsaid)
            self.texts_changed.emit(unsaid)

    def _flash(self, told: Told) -> dict[WorkitemKey, frozenset[AnyColumn] | None]:
        """Light what has changed; the cells that look different, of rows whose other cells say the same.

        None: those of the whole row, which was not lit.
        """
        for key in self._to_light(told.inserted):
            self.flashes.add(key, ())
        few: dict[WorkitemKey, frozenset[AnyColumn] | None] = {}
        lighted = self._to_light(told.updated)
        for key, fields in told.updated.items():
            columns = _showing(fields) | told.paths.get(key, _NO_COLUMNS)
            lit = self.flashes.add(key, columns) if columns and key in lighted else _NO_COLUMNS
            if fields <= _OWN_CELL:
                few[key] = columns | lit if lit is not None else None
        return few

    def _to_light(self, keys: Collection[WorkitemKey]) -> Collection[WorkitemKey]:
        """All of them as long as few are lit; then those that are lit already or can be seen."""
        if self._sight is None or self.flashes.count + len(keys) <= _MOST_UNSEEN:
            return keys
        sight = self._sight()
        seen = {row.key for row in self._shown.rows[sight.start : sight.stop]}
        return {key for key in keys if key in seen or self.flashes.columns(key)}

    def _tell(self, rows: list[Row], cells: Mapping[WorkitemKey, frozenset[AnyColumn] | None]) -> None:
        """Emit dataChanged once per run of neighbouring rows; once for all when they are widely scattered.

        `cells` of a row look different, None stands for all; a row that is not in there says something else.
        """
        self._unsaid.update(row for row in rows if row.key not in cells)
        shown = [(at, row) for row in rows if (at := self._shown.place(row)) >= 0]
        self._rows_came([row for _, row in shown])
        for row in rows:
            if row.is_gone:
                self._unsaid.discard(row)
        told = sorted(((at, cells.get(row.key)) for at, row in shown), key=itemgetter(0))
        for start, end in pairwise([*self._starts([at for at, _ in told]), len(told)]):
            left, right = self._sections({few for _, few in told[start:end]})
            if left <= right:
                self.dataChanged.emit(self.index(told[start][0], left), self.index(told[end - 1][0], right))

    def _starts(self, numbers: list[int]) -> list[int]:
        """Where in these sorted rows of the table a run of neighbours begins.

        What lies above those in sight is one run, and so is what lies below: nobody draws it.
        """
        sight = self._sight() if self._sight is not None else range(len(self._shown.rows))
        first, end = bisect_left(numbers, sight.start), bisect_left(numbers, sight.stop)
        seen = [at for at in range(first, end) if at == first or numbers[at] != numbers[at - 1] + 1]
        starts = [*([0] if first else []), *seen, *([end] if end < len(numbers) else [])]
        return starts if len(starts) <= _MOST_RUNS else [0]

    def _sections(self, cells: set[frozenset[AnyColumn] | None]) -> tuple[int, int]:
        """The first and the last section with one of these cells; None stands for all."""
        sections: list[int] = []
        for few in cells:
            if few is None:
                return 0, len(self.columns) - 1
            sections += [self.section_of(column) for column in few]
        return (min(sections), max(sections)) if sections else (0, -1)
