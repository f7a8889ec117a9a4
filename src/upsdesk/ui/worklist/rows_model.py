"""Qt's side of the table: the rows and columns that are shown, what their cells say, and how rows move."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from upsdesk.domain.keys import WorkitemKey
from upsdesk.services.flags import Following
from upsdesk.services.subscriptions import Coverage
from upsdesk.ui import masking
from upsdesk.ui.presenter import Due
from upsdesk.ui.tips import plain_tip
from upsdesk.ui.worklist import tips
from upsdesk.ui.worklist.columns import AnyColumn, Column, PathColumn
from upsdesk.ui.worklist.listing import Listing
from upsdesk.ui.worklist.row import Row
from upsdesk.ui.worklist.shown import Find, Shown, without

Index = QModelIndex | QPersistentModelIndex
FOLLOWED_WITH_ALL = "followed with all others"
_NO_INDEX = QModelIndex()
_HINTED = ("QList<QPersistentModelIndex>", "QAbstractItemModel::LayoutChangeHint")
_AS_SORTED = QAbstractTableModel.LayoutChangeHint.VerticalSortHint


class RowsModel(QAbstractTableModel):
    """Shows rows of a listing. Which ones and in which order is decided by who moves them."""

    texts_changed = Signal(object)
    """A list of shown rows that are new or say something else."""

    def __init__(self, listing: Listing, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._listing = listing
        self._shown = Shown(listing.rows)
        self.visible = self._shown.keys
        self.row_of = self._shown.numbers
        self.columns: tuple[AnyColumn, ...] = tuple(Column)
        """By their section; the built-in ones come first."""
        self.look_alike_words: Callable[[Row], str] = lambda row: ""
        """Who can be taken for the patient of a row."""
        self.is_marked: Callable[[WorkitemKey], bool] = lambda key: False
        """Whether a row is chosen beside the selected one."""
        self.coverage = Coverage()
        """The subscription to all workitems of the server that is shown."""

    def row_at(self, number: int) -> Row:
        return self._shown.rows[number]

    def due(self, row: Row) -> Due:
        """What "Due" says about a row, by the clock of the last tick."""
        return self._listing.due(row)

    def text(self, row: Row, column: AnyColumn) -> str:
        """What a cell says."""
        if column is Column.FOLLOWED and row.followed is Following.NO:
            return FOLLOWED_WITH_ALL if self.coverage.is_all else ""
        return row.text(column, self.due(row))

    def set_coverage(self, coverage: Coverage) -> None:
        """Cells of what is followed say something else."""
        if coverage != self.coverage:
            self.coverage = coverage
            last, section = self.rowCount() - 1, self.section_of(Column.FOLLOWED)
            if last >= 0:
                self.dataChanged.emit(self.index(0, section), self.index(last, section))

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._shown.rows)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row, column = self.row_at(index.row()), self.columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(row, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            marked = "selected" if self.is_marked(row.key) else ""
            more = [words for words in (self.look_alike_words(row), marked) if words]
            told = row.sentence(self.due(row))
            return f"{', '.join([told[:-1], *more])}." if more else told
        if role == Qt.ItemDataRole.ToolTipRole:
            if column is Column.PATIENT and (alike := self.look_alike_words(row)):
                return plain_tip(alike)
            if column is Column.FOLLOWED and row.followed is Following.NO:
                return self.coverage.words or None
            tip = tips.cell_tip(row, column, self.due(row), self._listing.zone)
            if isinstance(column, PathColumn):
                tip = masking.at(column.path, tip, row.workitem)
            return plain_tip(masking.words(tip, row.workitem)) or None
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        spec = self.columns[section].spec
        if role == Qt.ItemDataRole.DisplayRole:
            return spec.title
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return spec.name
        return None

    # Columns

    def column_at(self, section: int) -> AnyColumn:
        return self.columns[section]

    def section_of(self, column: AnyColumn) -> int:
        """Its model column; -1 when the table has none for it."""
        return self.columns.index(column) if column in self.columns else -1

    def _replace_path_columns(self, wanted: tuple[PathColumn, ...]) -> bool:
        """Show these after the built-in ones; whether any has come or gone."""
        before = self.columns
        for section in reversed(range(len(Column), len(self.columns))):
            if self.columns[section] not in wanted:
                self.beginRemoveColumns(_NO_INDEX, section, section)
                self.columns = (*self.columns[:section], *self.columns[section + 1 :])
                self.endRemoveColumns()
        coming = tuple(column for column in wanted if column not in self.columns)
        if coming:
            self.beginInsertColumns(_NO_INDEX, len(self.columns), len(self.columns) + len(coming) - 1)
            self.columns += coming
            self.endInsertColumns()
        return self.columns != before

    # Moves

    def _append(self, rows: list[Row]) -> None:
        if not rows:
            return
        start = len(self._shown.rows)
        self.beginInsertRows(_NO_INDEX, start, start + len(rows) - 1)
        self._shown.append(rows, self._listing.newest)
        self.endInsertRows()
        self._rows_came(rows)

    def _rows_came(self, rows: list[Row]) -> None:
        """These are shown from now on."""

    def _move_to(self, target: list[Row], find: Find, *, are_shown: bool) -> None:
        """Rows that come are put below first, those that go are moved below and cut off.

        `are_shown`: all of the target are there already. `find` finds a row in it.
        """
        if not are_shown:
            self._append(without(target, self._shown.rows))
        # Said to be a sort, or the header hides its hidden columns once more, and all is painted twice.
        self.layoutAboutToBeChanged[_HINTED].emit([], _AS_SORTED)  # type: ignore[index]
        old = self.persistentIndexList()
        rows = [self._shown.rows[index.row()] for index in old]
        is_cut = len(self._shown.rows) > len(target)
        leaving = without(self._shown.rows, target) if is_cut else []
        self._shown.replace(target, find, self._listing.newest)
        self._shown.append(leaving, self._listing.newest)
        places = {row: self._shown.place_of_shown(row) for row in dict.fromkeys(rows)}
        moved = [self.index(places[row], index.column()) for row, index in zip(rows, old, strict=True)]
        self.changePersistentIndexList(old, moved)
        self.layoutChanged[_HINTED].emit([], _AS_SORTED)  # type: ignore[index]
        if is_cut:
            self.beginRemoveRows(_NO_INDEX, len(target), len(self._shown.rows) - 1)
            self._shown.cut(len(target))
            self.endRemoveRows()
