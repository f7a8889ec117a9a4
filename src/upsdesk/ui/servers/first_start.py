"""The page without a saved server: add one, or try the sample; and what this desk is called."""

from __future__ import annotations

import socket
from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from upsdesk.ui import icons, theme
from upsdesk.ui.fields import FieldMessage, card, label

_STATION_LENGTH = 16
"""Code Value (0008,0100) is SH: at most 16 characters (PS3.5 6.2)."""
_NAME_LENGTH = 64


class FirstStartPage(QScrollArea):
    """Emits what was chosen; desk name and station when a field is left, and before either act."""

    add_server = Signal()
    try_sample = Signal()
    identity_changed = Signal(str, str)
    """Name and station code of this desk, both without surrounding spaces; the station may be empty."""

    def __init__(
        self,
        desk_name: str,
        station: str = "",
        parent: QWidget | None = None,
        *,
        host_name: Callable[[], str] = socket.gethostname,
    ) -> None:
        """A desk without a name is offered the name of its computer."""
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._told = (desk_name, station)
        content = QWidget()
        content.setProperty("surface", "surface")
        content.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWidget(content)
        column = QVBoxLayout(content)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(0)
        column.addStretch(3)
        self._add_welcome(column)
        column.addSpacing(28)
        column.addWidget(
            self._make_identity(desk_name or host_name(), station), 0, Qt.AlignmentFlag.AlignHCenter
        )
        column.addSpacing(20)
        note = label("Nothing leaves this computer until you add a server.", "small", tone="text_3")
        note.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(note)
        column.addStretch(4)

    def _add_welcome(self, column: QVBoxLayout) -> None:
        column.addWidget(_Medallion("list-checks"), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(18)
        title = label("No worklist server yet", "title")
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(title)
        column.addSpacing(8)
        text = label(
            "Add the worklist server of your department, or look around first:\n"
            "the sample is a real worklist server on this computer, "
            "with about 60 workitems of invented patients.",
            tone="text_2",
        )
        text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(text)
        column.addSpacing(20)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addStretch(1)
        self.add_button = QPushButton("Add server")
        self.add_button.setProperty("role", "primary")
        icons.set_icon(self.add_button, "server")
        self.add_button.setAccessibleDescription("Asks for the address of a worklist server and tests it")
        self.sample_button = QPushButton("Try the sample worklist")
        icons.set_icon(self.sample_button, "play")
        self.sample_button.setAccessibleDescription(
            "Starts a worklist server with invented patients on this computer and closes this window"
        )
        self.add_button.clicked.connect(self._add)
        self.sample_button.clicked.connect(self._try)
        row.addWidget(self.add_button)
        row.addWidget(self.sample_button)
        row.addStretch(1)
        column.addLayout(row)

    def _make_identity(self, desk_name: str, station: str) -> QWidget:
        frame, column = card()
        frame.setMinimumWidth(520)
        frame.setMaximumWidth(560)
        column.setContentsMargins(20, 16, 20, 16)
        heading = label("This desk", "strong")
        column.addWidget(heading)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        self.name_field = _field(desk_name, "Name of this desk", _NAME_LENGTH)
        self.station_field = _field(station, "Station code", _STATION_LENGTH)
        self.station_field.setPlaceholderText("such as FX1")
        self.message = FieldMessage(self.name_field)
        for at, (field, words, hint) in enumerate(
            (
                (self.name_field, "Name", "Stands beside what is done from here."),
                (self.station_field, "Station code (optional)", "Suggested as the performed station."),
            )
        ):
            caption = label(words, "small")
            caption.setBuddy(field)
            grid.addWidget(caption, 0, at)
            grid.addWidget(field, 1, at)
            grid.addWidget(label(hint, "caption"), 2, at)
            field.editingFinished.connect(self._tell)
        column.addLayout(grid)
        self.message.hide()
        column.addWidget(self.message)
        return frame

    def identity(self) -> tuple[str, str]:
        """Name and station code as they stand in the fields."""
        return self.name_field.text().strip(), self.station_field.text().strip()

    def _tell(self) -> bool:
        name, station = self.identity()
        problem = ""
        if not name:
            problem = "The desk needs a name."
        elif "\\" in station:
            problem = "A station code has no backslash."
        self.message.setVisible(bool(problem))
        if problem:
            self.message.warn(problem)
            return False
        self.message.say("")
        if (name, station) != self._told:
            self._told = (name, station)
            self.identity_changed.emit(name, station)
        return True

    def _add(self) -> None:
        if self._tell():
            self.add_server.emit()

    def _try(self) -> None:
        # The sample has a desk of its own, so a missing name does not hold it up.
        self._tell()
        self.try_sample.emit()

    def sizeHint(self) -> QSize:
        return QSize(720, 480)


class _Medallion(QLabel):
    """An icon on a round ground."""

    _SIZE = 56

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setFixedSize(self._SIZE, self._SIZE)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        icons.set_icon(self, name, "accent", 28)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.current().banner)
        painter.drawEllipse(self.rect())
        painter.end()
        super().paintEvent(event)


def _field(text: str, name: str, length: int) -> QLineEdit:
    field = QLineEdit(text)
    field.setAccessibleName(name)
    field.setMaxLength(length)
    field.setMinimumHeight(theme.GRID.field)
    return field
