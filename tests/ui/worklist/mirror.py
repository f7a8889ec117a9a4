"""The table as somebody sees it who believes the model's signals and nothing else."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex

from upsdesk.domain.keys import WorkitemKey
from upsdesk.ui.presenter import NOT_DUE
from upsdesk.ui.worklist.columns import AnyColumn, Column
from upsdesk.ui.worklist.model import WorklistModel
from upsdesk.ui.worklist.row import Row

MEASURED = (Column.START, Column.PATIENT, Column.PATIENT_ID, Column.BORN, Column.LABEL, Column.STATION)
"""Columns whose texts are told of by `texts_changed`."""


class Mirror:
    """Follows a model. `check` compares what it believes with what the model says."""

    def __init__(self, model: WorklistModel) -> None:
        self._model = model
        self.touched: set[WorkitemKey] = set()
        """Rows told of as changed, since somebody has emptied it."""
        self._told: dict[WorkitemKey, list[str]] = {}
        self._reread()
        model.modelReset.connect(self._reread)
        model.rowsInserted.connect(self._inserted)
        model.rowsRemoved.connect(self._removed)
        model.layoutChanged.connect(self._moved)
        model.dataChanged.connect(self._changed)
        model.columnsInserted.connect(self._columns_changed)
        model.columnsRemoved.connect(self._columns_changed)
        model.texts_changed.connect(self._texts_told)
        self._waiting = 0
        model.waiting_changed.connect(self._set_waiting)

    def check(self) -> None:
        assert self._order == list(self._model.visible)
        assert self._waiting == self._model.waiting
        assert self._columns == list(self._model.columns)
        for at, key in enumerate(self._order):
            assert self._cells[key] == self._read(at), f"a cell of {key.uid} has changed and nobody was told"
            assert self._told[key] == self._measured(self._model.row_at(at)), "and nobody measured it"
        assert len(self._cells) == len(self._order), "rows have gone and nobody was told"

    def _read(self, at: int) -> dict[AnyColumn, object]:
        return {column: self._cell(at, section) for section, column in enumerate(self._columns)}

    def _cell(self, at: int, section: int) -> object:
        return self._model.index(at, section).data()

    def _key(self, at: int) -> WorkitemKey:
        return self._model.row_at(at).key

    @staticmethod
    def _measured(row: Row) -> list[str]:
        return [row.text(column, NOT_DUE) for column in MEASURED]

    def _set_waiting(self, count: int) -> None:
        assert count != self._waiting
        self._waiting = count

    def _texts_told(self, rows: list[Row]) -> None:
        self._told.update((row.key, self._measured(row)) for row in rows)

    def _reread(self) -> None:
        self._columns = list(self._model.columns)
        self._order = [self._key(at) for at in range(self._model.rowCount())]
        self._cells = {key: self._read(at) for at, key in enumerate(self._order)}

    def _inserted(self, _parent: QModelIndex, first: int, last: int) -> None:
        coming = {self._key(at): self._read(at) for at in range(first, last + 1)}
        assert len(coming) == last - first + 1 and not coming.keys() & self._cells.keys()
        self._order[first:first] = coming
        self._cells |= coming
        assert len(self._order) == self._model.rowCount()

    def _removed(self, _parent: QModelIndex, first: int, last: int) -> None:
        for key in self._order[first : last + 1]:
            del self._cells[key]
        del self._order[first : last + 1]
        assert len(self._order) == self._model.rowCount()

    def _moved(self) -> None:
        order = [self._key(at) for at in range(self._model.rowCount())]
        assert set(order) == self._cells.keys() and len(order) == len(self._order)
        self._order = order

    def _changed(self, upper_left: QModelIndex, lower_right: QModelIndex) -> None:
        for at in range(upper_left.row(), lower_right.row() + 1):
            self.touched.add(self._order[at])
            for section in range(upper_left.column(), lower_right.column() + 1):
                self._cells[self._order[at]][self._columns[section]] = self._cell(at, section)

    def _columns_changed(self, _parent: QModelIndex, _first: int, _last: int) -> None:
        new = [column for column in self._model.columns if column not in self._columns]
        self._columns = list(self._model.columns)
        for at, key in enumerate(self._order):
            kept = {column: text for column, text in self._cells[key].items() if column in self._columns}
            self._cells[key] = kept | {column: self._cell(at, self._columns.index(column)) for column in new}
