"""What stands above the table: the text filter, chips with live counts, and what waits for a re-sort."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from upsdesk.domain.state import ProcedureStepState
from upsdesk.ui import icons, presenter, theme
from upsdesk.ui.patient_banner import FlowLayout
from upsdesk.ui.worklist.delegates import STATE_LOOKS
from upsdesk.ui.worklist.filtering import Criteria, Facets

_SEARCH_WIDTH = 268
_LEAST_SEARCH = 150
_COMPACT_BELOW = 720


class FilterField(QLineEdit):
    """The text filter, with its key as a hint while it is empty."""

    down_pressed = Signal()
    """Arrow down or Enter: on to the table."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText("Filter: name, ID, label, station")
        self.setAccessibleName("Filter the worklist")
        self.setAccessibleDescription("Shows the rows that contain every word that is typed")
        self.setToolTip("Shows the rows that contain every word (Ctrl+F)")
        self._icon = self.addAction(icons.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        icons.set_icon(self._icon, "search")
        self.setClearButtonEnabled(True)
        self.setTextMargins(-8, 0, 0, 0)  # Qt leaves twice the room behind the icon
        self.setMinimumWidth(_LEAST_SEARCH)
        self.setMaximumWidth(_SEARCH_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.notifier().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(_SEARCH_WIDTH, theme.GRID.field)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.down_pressed.emit()
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.text() or self.width() < 240:
            return
        painter = QPainter(self)
        painter.setFont(theme.font(theme.TYPE.caption))
        painter.setPen(theme.current().text_3)
        box = QRect(0, 0, self.width() - 9, self.height())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, "Ctrl+F")
        painter.end()


class CountChip(QPushButton):
    """A checkable pill: glyph, word and a count that stands out."""

    _GLYPH = 14

    def __init__(self, word: str, icon: str, role: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "chip")
        self.setCheckable(True)
        self._word, self._icon, self._role = word, icon, role
        self._count = 0
        self._pad, self._gap = 11, 7
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_count(0)
        self.toggled.connect(self._describe)
        theme.notifier().changed.connect(self.updateGeometry)

    @property
    def count(self) -> int:
        return self._count

    def set_compact(self, compact: bool) -> None:
        """Less room around the words."""
        self._pad, self._gap = (8, 5) if compact else (11, 7)
        self.updateGeometry()
        self.update()

    def set_count(self, count: int) -> None:
        self._count = count
        self._describe()
        self.updateGeometry()
        self.update()

    def _describe(self, _checked: bool = False) -> None:
        self.setAccessibleName(f"{self._word}, {presenter.count_words(self._count, 'workitem')}")
        verb = "Stop showing only" if self.isChecked() else "Show only"
        self.setToolTip(f"{verb} {self._word.lower()} workitems")

    @staticmethod
    def _fonts() -> tuple[QFont, QFont]:
        size = theme.TYPE.table
        return theme.font(size, theme.TYPE.medium), theme.font(size, theme.TYPE.semibold)

    def _measure(self) -> tuple[int, int]:
        plain, bold = self._fonts()
        return (
            QFontMetrics(plain).horizontalAdvance(self._word),
            QFontMetrics(bold).horizontalAdvance(presenter.number_words(self._count)),
        )

    def sizeHint(self) -> QSize:
        word, number = self._measure()
        width = 2 * self._pad + self._GLYPH + self._gap + word + self._gap + max(number, 7)
        return QSize(width, theme.GRID.chip)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        colours = theme.current()
        is_alarm = self.property("level") == "error"
        ink = colours.error if is_alarm else colours.text
        painter = QPainter(self)
        top = (self.height() - self._GLYPH) // 2
        role = "error" if is_alarm else self._role
        icons.paint(painter, QRect(self._pad, top, self._GLYPH, self._GLYPH).toRectF(), self._icon, role)
        word, number = self._measure()
        x = self._pad + self._GLYPH + self._gap
        plain, bold = self._fonts()
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setPen(ink)
        painter.setFont(bold if is_alarm else plain)
        painter.drawText(QRect(x, 0, word + 4, self.height()), flags, self._word)
        painter.setFont(bold)
        painter.setPen(ink if is_alarm else colours.text_2)
        painter.drawText(
            QRect(x + word + self._gap, 0, number + 4, self.height()),
            flags,
            presenter.number_words(self._count),
        )
        painter.end()


class FilterBar(QWidget):
    """Emits what the person wants to see; `criteria` of the caller is the base of every change."""

    criteria_wanted = Signal(object)
    resort_wanted = Signal()
    columns_wanted = Signal()
    to_table = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._criteria = Criteria()
        self._is_following = False
        self.field = FilterField()
        self.field.textChanged.connect(self._changed)
        self.field.down_pressed.connect(self.to_table)
        self.states = {state: CountChip(state.words, *STATE_LOOKS[state]) for state in ProcedureStepState}
        self.overdue = CountChip("Overdue", "clock-alert", "text_2")
        for chip in (*self.states.values(), self.overdue):
            chip.toggled.connect(self._changed)
        self.waiting = QPushButton()
        self.waiting.setProperty("role", "chip")
        self.waiting.setProperty("level", "warning")
        icons.set_icon(self.waiting, "arrow-down-up", "warning", 14)
        self.waiting.clicked.connect(self.resort_wanted)
        self._columns = QToolButton()
        icons.set_icon(self._columns, "columns-3")
        self._columns.setAccessibleName("Columns")
        self._columns.setToolTip("Choose the columns")
        self._columns.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._columns.clicked.connect(self.columns_wanted)
        self._lay_out()
        self.show_waiting(0)

    def _lay_out(self) -> None:
        self._top = QHBoxLayout()
        self._top.setSpacing(8)
        self._top.addWidget(self.field, 4)
        self._top.addStretch(1)
        self._top.addWidget(self._columns)
        chips = QWidget()
        flow = FlowLayout(spacing=6)
        chips.setLayout(flow)
        for chip in (*self.states.values(), self.overdue):
            flow.addWidget(chip)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        chips.setSizePolicy(policy)
        self._bottom = QHBoxLayout()
        self._bottom.setSpacing(8)
        self._bottom.addWidget(chips, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 8)
        column.setSpacing(8)
        column.addLayout(self._top)
        column.addLayout(self._bottom)
        self._waiting_is_below: bool | None = None
        self._place_waiting(below=True)

    def _place_waiting(self, *, below: bool) -> None:
        """Beside the chips where there is room, else beside the text filter."""
        if below == self._waiting_is_below:
            return
        self._waiting_is_below = below
        if below:
            self._bottom.addWidget(self.waiting, 0, Qt.AlignmentFlag.AlignTop)
        else:
            self._top.insertWidget(2, self.waiting)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        chips = 0
        for chip in (*self.states.values(), self.overdue):
            chip.set_compact(self.width() < _COMPACT_BELOW)
            chips += chip.sizeHint().width() + 8
        self._place_waiting(below=chips + 190 + 24 <= self.width())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.updateGeometry()

    @property
    def criteria(self) -> Criteria:
        return self._criteria

    def show_criteria(self, criteria: Criteria) -> None:
        """Make the controls say what is in force, without asking for it again."""
        self._criteria = criteria
        # Their signals are not blocked: the button that clears the field lives by them.
        self._is_following = True
        if self.field.text() != criteria.text:
            self.field.setText(criteria.text)
        for state, chip in self.states.items():
            chip.setChecked(state in criteria.states)
        self.overdue.setChecked(criteria.overdue)
        self._is_following = False

    def _changed(self) -> None:
        if self._is_following:
            return
        self._criteria = replace(
            self._criteria,
            text=self.field.text(),
            states=frozenset(state for state, chip in self.states.items() if chip.isChecked()),
            overdue=self.overdue.isChecked(),
        )
        self.criteria_wanted.emit(self._criteria)

    def show_facets(self, facets: Facets) -> None:
        for state, chip in self.states.items():
            chip.set_count(facets.states.get(state, 0))
        self.overdue.set_count(facets.overdue)
        theme.set_property(self.overdue, "level", "error" if facets.overdue else "")

    def show_waiting(self, count: int) -> None:
        """How many rows wait for a re-sort; none takes the chip away."""
        words = f"{presenter.count_words(count, 'change')} – re-sort"
        self.waiting.setText(words)
        self.waiting.setAccessibleName(words)
        self.waiting.setToolTip("The order does not move while you are at the table. Sort again now.")
        self.waiting.setVisible(count > 0)
