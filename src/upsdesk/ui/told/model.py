"""The lines of the panel as a list model; what stays the same stays selected."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from upsdesk.ui.told.words import ToldLine

Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()


class ToldModel(QAbstractListModel):
    """One row for each Receiving AE."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: tuple[ToldLine, ...] = ()

    @property
    def lines(self) -> tuple[ToldLine, ...]:
        return self._lines

    def show(self, lines: Sequence[ToldLine]) -> None:
        """Show these lines instead."""
        if len(lines) != len(self._lines):
            self.beginResetModel()
            self._lines = tuple(lines)
            self.endResetModel()
            return
        before, self._lines = self._lines, tuple(lines)
        for row, (old, new) in enumerate(zip(before, self._lines, strict=True)):
            if old != new:
                self.dataChanged.emit(self.index(row), self.index(row))

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        line = self._lines[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return line.title
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return line.sentence
        return None
