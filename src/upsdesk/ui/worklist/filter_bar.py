"""What stands above the table: text filter, menus, chips with live counts, and what waits for a re-sort."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
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
from upsdesk.ui.fields import make_clearable
from upsdesk.ui.filters.bar_menus import PRIORITIES, WORKLISTS, MenuButton, SpanMenu, ValuesMenu
from upsdesk.ui.key_guard import MODIFIERS
from upsdesk.ui.patient_banner import FlowLayout
from upsdesk.ui.query.scan import ScanWatch
from upsdesk.ui.worklist.facets import Facets, count_priorities, count_worklists
from upsdesk.ui.worklist.filtering import Criteria
from upsdesk.ui.worklist.looks import STATE_LOOKS
from upsdesk.ui.worklist.row import Row
from upsdesk.ui.worklist.waiting_chip import WaitingChip

_SEARCH_WIDTH = 268
_LONGEST = 256
"""Characters to filter by; something else has been pasted where there are more."""
_LEAST_SEARCH = 150
_COMPACT_BELOW = 720
_WAITING_WIDTH = 190
_LEAST_WIDTH = 500
_HINTS = ("Filter: name, ID, label, station", "Filter: name, ID, label", "Filter: name, ID", "Filter")
_BESIDE_HINT = 38
"""The icon of the field, and its edges."""


class FilterField(QLineEdit):
    """The text filter, with its key as a hint while it is empty."""

    down_pressed = Signal()
    """Arrow down: on to the table."""
    entered = Signal(bool)
    """Enter; whether a bar code scanner pressed it. The text is its code alone then."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scan = ScanWatch()
        self.setMaxLength(_LONGEST)
        self.setPlaceholderText(_HINTS[0])
        self.setAccessibleName("Filter the worklist")
        self.setAccessibleDescription("Shows the rows that contain every word that is typed")
        self.setToolTip("Shows the rows that contain every word (Ctrl+F)")
        self._icon = self.addAction(icons.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        icons.set_icon(self._icon, "search")
        self._icon.setText("To the text filter")
        self._icon.triggered.connect(self.setFocus)
        make_clearable(self, "Clear the text filter")
        self.setTextMargins(-8, 0, 0, 0)  # Qt leaves twice the room behind the icon
        self.setMinimumWidth(_LEAST_SEARCH)
        self.setMaximumWidth(_SEARCH_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.notifier().changed.connect(self.update)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.width() - _BESIDE_HINT
        advance = self.fontMetrics().horizontalAdvance
        self.setPlaceholderText(next((hint for hint in _HINTS if advance(hint) <= room), _HINTS[-1]))

    def sizeHint(self) -> QSize:
        return QSize(_SEARCH_WIDTH, theme.GRID.field)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            code = self._scan.ended(event.timestamp())
            if code:
                self.setText(code)
            self.entered.emit(bool(code))
            return
        if event.key() not in MODIFIERS:  # a scanner holds Shift for a capital letter
            self._scan.key(event.text(), event.timestamp())
        if event.key() == Qt.Key.Key_Down:
            self.down_pressed.emit()
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)
        self._scan.worked()

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
        self._describe()
        self.toggled.connect(self._describe)
        theme.notifier().changed.connect(self.updateGeometry)

    @property
    def count(self) -> int:
        return self._count

    def set_compact(self, compact: bool) -> None:
        """Less room around the words."""
        pad, gap = (7, 4) if compact else (11, 7)
        if pad != self._pad:
            self._pad, self._gap = pad, gap
            self.updateGeometry()
            self.update()

    def set_count(self, count: int) -> None:
        if count == self._count:
            return
        before = self.sizeHint()
        self._count = count
        self._describe()
        if self.sizeHint() != before:  # or all around it would be laid out for each number
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
    look_wanted = Signal()
    to_table = Signal()

    def __init__(self, rows: Callable[[Criteria], list[Row]], parent: QWidget | None = None) -> None:
        """`rows` gives those that criteria let through, for the counts of a menu that opens."""
        super().__init__(parent)
        self._criteria = Criteria()
        self._rows = rows
        self._is_following = False
        self.field = FilterField()
        self.field.textChanged.connect(self._changed)
        self.field.down_pressed.connect(self.to_table)
        self.states = {state: CountChip(state.words, *STATE_LOOKS[state]) for state in ProcedureStepState}
        self.overdue = CountChip("Overdue", "clock-alert", "text_2")
        self.held = CountChip("Held here", "key-round", "text_2")
        self.silent = CountChip("Silent for 4 h", "clock-alert", "text_2")
        self._chips = (*self.states.values(), self.overdue, self.held, self.silent)
        for chip in self._chips:
            chip.toggled.connect(self._changed)
        self._make_menus()
        self.waiting = WaitingChip()
        self.waiting.clicked.connect(self.resort_wanted)
        self._columns = QToolButton()
        icons.set_icon(self._columns, "columns-3")
        self._columns.setAccessibleName("Columns")
        self._columns.setToolTip("Choose the columns")
        self._columns.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._columns.clicked.connect(self.columns_wanted)
        self._look = QToolButton()
        icons.set_icon(self._look, "rows-3")
        self._look.setAccessibleName("Row height and order")
        self._look.setToolTip("Row height and order of the list")
        self._look.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._look.clicked.connect(self.look_wanted)
        self._tools = [self._columns, self._look]
        self._lay_out()
        self.show_criteria(self._criteria)

    def _make_menus(self) -> None:
        self.priority = ValuesMenu(
            PRIORITIES, lambda: count_priorities(self._rows(replace(self._criteria, priorities=frozenset())))
        )
        self.worklist = ValuesMenu(WORKLISTS, self._count_worklists)
        self.span = SpanMenu()
        for menu in (self.priority, self.worklist):
            menu.criteria_wanted.connect(self.criteria_wanted)
        self.span.chosen.connect(lambda span: self.criteria_wanted.emit(replace(self._criteria, span=span)))
        self._menus: list[MenuButton] = [self.priority, self.worklist, self.span]

    def _count_worklists(self) -> dict[str, int]:
        """Those that the other filters leave nothing of are in it too."""
        every = dict.fromkeys(count_worklists(self._rows(Criteria())), 0)
        return every | count_worklists(self._rows(replace(self._criteria, worklists=frozenset())))

    def add_menu(self, menu: MenuButton) -> None:
        """One more, before the others; it is the last to be cut where room is short."""
        self._menus.append(menu)
        self._top.insertWidget(1, menu)
        self._order_tabs()

    def _lay_out(self) -> None:
        self._top = QHBoxLayout()
        self._top.setSpacing(8)
        self._top.addWidget(self.field, 4)
        for menu in self._menus:
            self._top.addWidget(menu)
        self._top.addStretch(1)
        self._top.addWidget(self._columns)
        self._top.addWidget(self._look)
        chips = QWidget()
        flow = FlowLayout(spacing=6)
        chips.setLayout(flow)
        for chip in self._chips:
            flow.addWidget(chip)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        chips.setSizePolicy(policy)
        bottom = QHBoxLayout()
        bottom.setSpacing(8)
        bottom.addWidget(chips, 1)
        bottom.addWidget(self.waiting, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 8)
        column.setSpacing(8)
        column.addLayout(self._top)
        column.addLayout(bottom)
        self._order_tabs()

    def _order_tabs(self) -> None:
        """Tab goes from left to right."""
        line = sorted((*self._menus, *self._tools), key=self._top.indexOf)
        for before, after in pairwise((self.field, *line)):
            QWidget.setTabOrder(before, after)

    def add_tool(self, button: QToolButton) -> None:
        """A button at the right end, before those that are there."""
        self._top.insertWidget(self._top.indexOf(self._tools[0]), button)
        self._tools.insert(0, button)
        self._order_tabs()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def fit(self) -> None:
        """Give every control its place; where room is short, menus say less one after the other."""
        chips = 0
        for chip in self._chips:
            chip.set_compact(self.width() < _COMPACT_BELOW)
            chips += chip.sizeHint().width() + 8 if not chip.isHidden() else 0
        self.waiting.set_short(chips + _WAITING_WIDTH + 24 > self.width())
        shown = [menu for menu in self._menus if not menu.isHidden()]
        taken = 24 + _LEAST_SEARCH + sum(8 + tool.sizeHint().width() for tool in self._tools)
        for count in range(len(shown) + 1):
            for at, menu in enumerate(shown):
                menu.set_short(at < count)
            if taken + sum(menu.sizeHint().width() + 8 for menu in shown) <= self.width():
                return

    def minimumSizeHint(self) -> QSize:
        """Narrower than its words are: they give way."""
        return QSize(_LEAST_WIDTH, super().minimumSizeHint().height())

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
        self.held.setChecked(criteria.held)
        self.silent.setChecked(criteria.silent)
        self._is_following = False
        # Not of the usual chips: they are there to be put off.
        self.held.setVisible(criteria.held)
        self.silent.setVisible(criteria.silent)
        for menu in (self.priority, self.worklist, self.span):
            menu.show_criteria(criteria)
        self.fit()

    def _changed(self) -> None:
        if self._is_following:
            return
        self._criteria = replace(
            self._criteria,
            text=self.field.text(),
            states=frozenset(state for state, chip in self.states.items() if chip.isChecked()),
            overdue=self.overdue.isChecked(),
            held=self.held.isChecked(),
            silent=self.silent.isChecked(),
        )
        self.criteria_wanted.emit(self._criteria)

    def show_facets(self, facets: Facets) -> None:
        for state, chip in self.states.items():
            chip.set_count(facets.states.get(state, 0))
        self.overdue.set_count(facets.overdue)
        for chip in (self.held, self.silent):
            chip.set_count(sum(facets.states.values()))
        theme.set_property(self.overdue, "level", "error" if facets.overdue else "")

    def menu_corner(self) -> QPoint:
        """Where the menu of the last button begins, in global coordinates."""
        return self._look.mapToGlobal(QPoint(0, self._look.height() + 2))

    def show_waiting(self, count: int) -> None:
        """How many rows wait for a re-sort; none takes the chip away."""
        self.waiting.set_count(count)
