"""The rows of Create from files as a table: who, what, when, and what is wrong or came of it."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from upsdesk.domain import tags
from upsdesk.domain.plain import plain
from upsdesk.domain.when import moment_or_none, parse_date
from upsdesk.domain.workitem import read_patient
from upsdesk.services.bulk_create import BulkCreate, Row, RowState
from upsdesk.ui import icons, presenter, theme
from upsdesk.ui.tips import plain_tip

COLUMNS = (
    "Result",
    "File",
    "Patient",
    "Patient ID",
    "Born, sex",
    "Label",
    "Start",
    "What is wrong, or was answered",
)
WORDS = len(COLUMNS) - 1
_LOOKS = {
    RowState.READY: ("circle-check", "text_2"),
    RowState.WRONG: ("triangle-alert", "error"),
    RowState.SENDING: ("loader-circle", "accent"),
    RowState.CREATED: ("circle-check", "completed"),
    RowState.REFUSED: ("circle-alert", "error"),
    RowState.UNKNOWN: ("triangle-alert", "warning"),
    RowState.NOT_SENT: ("triangle-alert", "warning"),
}
_Index = QModelIndex | QPersistentModelIndex


class FilesModel(QAbstractTableModel):
    """Reads the rows of a BulkCreate; `row_changed` and `rows_changed` tell that they are others now."""

    def __init__(
        self, bulk: BulkCreate, now: datetime, zone: tzinfo, peer_zone: tzinfo, parent: QObject | None = None
    ) -> None:
        """`peer_zone`: of date-times without an offset."""
        super().__init__(parent)
        self._bulk = bulk
        self._now = now
        self._zone = zone
        self._peer_zone = peer_zone

    def rowCount(self, parent: _Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._bulk.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal:
            return COLUMNS[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._bulk.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(row, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(self.text(row, index.column()))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.sentence(row) if index.column() == 0 else self.text(row, index.column())
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            is_twin = row.state is RowState.READY and bool(row.twin)
            return icons.icon("triangle-alert", "warning") if is_twin else icons.icon(*_LOOKS[row.state])
        if role == Qt.ItemDataRole.ForegroundRole and index.column() in (0, WORDS):
            if row.state is RowState.READY and row.twin:
                return theme.current().colour("warning")
            is_calm = row.state is RowState.READY or (
                row.state is RowState.CREATED and index.column() == WORDS
            )
            return theme.current().colour("text" if is_calm else _LOOKS[row.state][1])
        return None

    def text(self, row: Row, column: int) -> str:
        """One cell."""
        elements = row.draft.elements
        if column == 0:
            return row.state.value
        if column == 1:
            return plain(row.draft.place)
        if column == WORDS:
            return plain(row.words)
        if row.draft.problem:
            return ""
        facts = read_patient(row.draft.elements)
        if column == 2:
            return presenter.name_words(facts)
        if column == 3:
            return plain(facts.patient_id) or "no ID"
        if column == 4:
            day = parse_date(facts.birth_date)
            return plain(f"{day.isoformat() if day else facts.birth_date or 'unknown'} {facts.sex}").strip()
        if column == 5:
            return plain(elements.text(tags.PROCEDURE_STEP_LABEL))
        return plain(self._start(row))

    def _start(self, row: Row) -> str:
        raw = row.draft.elements.text(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME)
        offset = row.draft.elements.text(tags.TIMEZONE_OFFSET_FROM_UTC)
        moment = moment_or_none(raw, data_set_offset=offset, default_zone=self._peer_zone)
        return presenter.moment_words(moment, self._now, self._zone) if moment else raw

    def sentence(self, row: Row) -> str:
        """The row for a screen reader."""
        texts = [self.text(row, column) for column in range(len(COLUMNS))]
        return ", ".join(text for text in texts if text)

    def row_changed(self, number: int) -> None:
        self.dataChanged.emit(self.index(number, 0), self.index(number, WORDS))

    def rows_changed(self) -> None:
        """There are other rows, or all are judged anew."""
        self.beginResetModel()
        self.endResetModel()
