"""The sidebar: views of the worklist, and which stations and inputs are shown, each with its count."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from upsdesk.domain.peer import Peer
from upsdesk.domain.workitem import InputReadiness
from upsdesk.services.desk import Desk
from upsdesk.ui import icons, presenter, theme
from upsdesk.ui.worklist.delegates import INPUT_LOOKS
from upsdesk.ui.worklist.filtering import Criteria, Facets, View
from upsdesk.ui.worklist.panel import WorklistPanel

_VIEW_ICONS = {View.TODAY: "calendar-days", View.HELD: "key-round", View.OVERDUE: "clock-alert"}
_VIEW_TIPS = {
    View.TODAY: "Everything unfinished, and what ended of today's plan",
    View.HELD: "What this desk has started and not finished",
    View.OVERDUE: "What should have started or ended more than 5 minutes ago",
}


_WORDS_WIDTH = 84
"""Of a check box, beside its glyph and count."""


class Sidebar(QFrame):
    """Emits what is to be shown; `attach` wires it to a worklist. This desk's station comes first."""

    filter_changed = Signal(object, object, object)
    """View, frozenset of hidden station names, frozenset of hidden InputReadiness (or None)."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.setProperty("surface", "panel")
        self.setProperty("edge", "right")
        self.setFixedWidth(theme.GRID.sidebar)
        self.setAccessibleName("Views and filters")
        self.views = {view: _NavButton(view.value, _VIEW_ICONS[view], _VIEW_TIPS[view]) for view in View}
        self._group = QButtonGroup(self)
        for button in self.views.values():
            self._group.addButton(button)
        self.views[View.TODAY].setChecked(True)
        self._group.buttonClicked.connect(lambda _button: self._changed())
        self.stations = CheckList("Station", self._changed)
        self.inputs = CheckList("Inputs", self._changed)
        self._build()

    def _build(self) -> None:
        inner = QFrame()
        inner.setProperty("surface", "panel")
        column = QVBoxLayout(inner)
        column.setContentsMargins(8, 10, 8, 10)
        column.setSpacing(2)
        column.addWidget(_section("Views"))
        for button in self.views.values():
            column.addWidget(button)
        column.addWidget(self.stations)
        column.addWidget(self.inputs)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inner)
        self._reset = QPushButton("Reset filters")
        self._reset.setProperty("role", "quiet")
        icons.set_icon(self._reset, "rotate-ccw")
        self._reset.setToolTip("Show everything that is loaded")
        self._reset.hide()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 1, 0)
        outer.setSpacing(0)
        outer.addWidget(area, 1)
        outer.addWidget(self._reset)

    def attach(self, panel: WorklistPanel) -> None:
        """Filter this worklist, and show its counts."""
        self.filter_changed.connect(panel.set_view)
        panel.facets_changed.connect(self.show_facets)
        panel.criteria_changed.connect(self.show_criteria)
        self._reset.clicked.connect(panel.reset_filters)
        self.show_criteria(panel.model.criteria)
        self.show_facets(panel.model.facets())

    def set_peer(self, peer: Peer | None) -> None:
        """Another worklist: its stations are other ones, so nothing stays hidden."""
        self.stations.set_hidden(frozenset())
        self.inputs.set_hidden(frozenset())
        self.setEnabled(peer is not None)
        self._changed()

    def show_facets(self, facets: Facets) -> None:
        """Counts of what is loaded."""
        counts = {View.TODAY: facets.loaded, View.HELD: facets.held, View.OVERDUE: facets.all_overdue}
        for view, button in self.views.items():
            button.set_count(counts[view], is_alarm=view is View.OVERDUE and counts[view] > 0)
        own = self._desk.own_station
        own_name = own.value if own is not None else None
        stations = sorted(
            facets.stations.items(), key=lambda pair: (pair[0] != own_name, not pair[0], pair[0].casefold())
        )
        self.stations.show_entries({name: Entry(name or "No station", count) for name, count in stations})
        order: tuple[InputReadiness | None, ...] = (*InputReadiness, None)
        self.inputs.show_entries(
            {
                readiness: Entry(
                    readiness.words if readiness else "Not told",
                    facets.inputs[readiness],
                    *(INPUT_LOOKS[readiness] if readiness else ("", "")),
                )
                for readiness in order
                if readiness in facets.inputs
            }
        )

    def show_criteria(self, criteria: Criteria) -> None:
        """Make the controls say what is in force."""
        self.views[criteria.view].setChecked(True)
        self.stations.set_hidden(criteria.hidden_stations)
        self.inputs.set_hidden(criteria.hidden_inputs)
        self._reset.setVisible(not criteria.is_open)

    def _changed(self) -> None:
        view = next(view for view, button in self.views.items() if button.isChecked())
        self.filter_changed.emit(view, self.stations.hidden_values, self.inputs.hidden_values)

    def sizeHint(self) -> QSize:
        return QSize(theme.GRID.sidebar, 400)


def _section(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("caption", True)
    label.setProperty("strong", True)
    label.setContentsMargins(7, 6, 0, 3)
    return label


class _NavButton(QPushButton):
    """One view: icon, words, count at the right."""

    def __init__(self, words: str, icon: str, tip: str) -> None:
        super().__init__(words)
        self.setProperty("role", "nav")
        self.setCheckable(True)
        self.setToolTip(tip)
        self._words = words
        self._count = 0
        self._is_alarm = False
        icons.set_icon(self, icon, None, theme.GRID.icon)
        self.set_count(0)

    def set_count(self, count: int, *, is_alarm: bool = False) -> None:
        self._count, self._is_alarm = count, is_alarm
        self.setAccessibleName(f"{self._words}, {presenter.count_words(count, 'workitem')}")
        self.update()

    @property
    def count(self) -> int:
        return self._count

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _paint_count(painter, self.rect().adjusted(0, 0, -8, 0), self._count, self._is_alarm)
        painter.end()


def _paint_count(painter: QPainter, rect: QRect, count: int, is_alarm: bool) -> None:
    """A number at the right end; on a round ground when it is an alarm."""
    colours = theme.current()
    font = theme.font(theme.TYPE.caption, theme.TYPE.semibold if is_alarm else theme.TYPE.medium)
    text = presenter.number_words(count)
    painter.setFont(font)
    if is_alarm:
        width = max(18, QFontMetrics(font).horizontalAdvance(text) + 10)
        pill = QRect(rect.right() - width + 5, rect.center().y() - 8, width, 17)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.error_ground)
        painter.drawRoundedRect(pill, 8, 8)
        painter.setPen(colours.error)
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)
        return
    painter.setPen(colours.text_2)
    painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)


@dataclass(frozen=True, slots=True)
class Entry:
    """One check box: words, count, and a glyph with its colour role where there is one."""

    words: str
    count: int
    icon: str = ""
    role: str = ""


class CheckList(QWidget):
    """Check boxes of one kind; unchecked values are hidden from the table."""

    def __init__(self, title: str, changed: Callable[[], None]) -> None:
        super().__init__()
        self._changed = changed
        self.boxes: dict[Hashable, QCheckBox] = {}
        self._counts: dict[Hashable, QLabel] = {}
        self._rows: dict[Hashable, QWidget] = {}
        self._hidden: frozenset[Hashable] = frozenset()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 6, 0, 0)
        self._column.setSpacing(2)
        self._column.addWidget(_section(title))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    @property
    def hidden_values(self) -> frozenset[Hashable]:
        return self._hidden

    def show_entries(self, entries: Mapping[Hashable, Entry]) -> None:
        """Show these in this order; boxes that stay keep the focus."""
        if list(entries) != list(self._rows):
            self._arrange(entries)
        for value, entry in entries.items():
            self._counts[value].setText(presenter.number_words(entry.count))
            self.boxes[value].setAccessibleName(
                f"{entry.words}, {presenter.count_words(entry.count, 'workitem')}"
            )
        self.setVisible(len(entries) > 1 or bool(self._hidden))

    def _arrange(self, entries: Mapping[Hashable, Entry]) -> None:
        for value in [value for value in self._rows if value not in entries]:
            row = self._rows.pop(value)
            del self.boxes[value], self._counts[value]
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        for at, (value, entry) in enumerate(entries.items(), start=1):
            if value not in self._rows:
                self._rows[value] = self._make(value, entry)
            self._column.insertWidget(at, self._rows[value])
        self._rows = {value: self._rows[value] for value in entries}

    def _make(self, value: Hashable, entry: Entry) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(4, 0, 8, 0)
        line.setSpacing(6)
        # A station's name is the server's: its "&" is no key, and the tip tells a long one whole.
        words = self.fontMetrics().elidedText(entry.words, Qt.TextElideMode.ElideRight, _WORDS_WIDTH)
        box = QCheckBox(words.replace("&", "&&"))
        box.setToolTip(entry.words if words != entry.words else "")
        box.setChecked(value not in self._hidden)
        box.toggled.connect(lambda checked: self._toggled(value, checked))
        if entry.icon:
            icons.set_icon(box, entry.icon, entry.role, 12)
        count = QLabel()
        count.setProperty("caption", True)
        line.addWidget(box, 1)
        line.addWidget(count)
        self.boxes[value] = box
        self._counts[value] = count
        return row

    def set_hidden(self, hidden: frozenset[Hashable]) -> None:
        """Uncheck these, without telling anybody."""
        self._hidden = hidden
        for value, box in self.boxes.items():
            box.blockSignals(True)
            box.setChecked(value not in hidden)
            box.blockSignals(False)

    def _toggled(self, value: Hashable, checked: bool) -> None:
        self._hidden = self._hidden - {value} if checked else self._hidden | {value}
        self._changed()
