"""The widgets of the details panel: titled sections, lines with a glyph, and the timeline."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from upsdesk.domain.plain import plain_lines
from upsdesk.domain.workitem import Workitem
from upsdesk.services.desk_file import JournalEntry, JournalKind
from upsdesk.ui import icons, presenter, theme
from upsdesk.ui.details.content import Line, LineKind, Section, Situation
from upsdesk.ui.tips import plain_tip
from upsdesk.ui.worklist import paint
from upsdesk.ui.worklist.looks import INPUT_LOOKS, PRIORITY_LOOKS, STATE_LOOKS

_TITLE_WIDTH = 92
_ICON = 14
_LONG_TITLE = 220
_TIMELINE_ICONS = {
    JournalKind.REQUEST: ("send", "accent"),
    JournalKind.ANSWER: ("check", "text_2"),
    JournalKind.REPORT: ("radio", "in_progress"),
    JournalKind.NOTE: ("info", "text_2"),
}


class SectionTitle(QWidget):
    """Words with a rule to their right."""

    def __init__(self, words: str) -> None:
        super().__init__()
        label = plain(words)
        label.setProperty("caption", True)
        label.setProperty("strong", True)
        label.setProperty("tone", "text_2")
        # A label that wraps asks for less width than there is.
        label.setWordWrap(label.fontMetrics().horizontalAdvance(words) > _LONG_TITLE)
        label.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        rule = QFrame()
        rule.setProperty("rule", True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(label)
        row.addWidget(rule, 1)


def plain(words: str, *kinds: str) -> QLabel:
    """A label that takes its text as it is and wraps."""
    label = QLabel(plain_lines(words))
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    for kind in kinds:
        label.setProperty(kind, True)
    return label


class SectionWidget(QWidget):
    """One section of `content.sections`."""

    def __init__(self, section: Section, item: Workitem) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(7)
        column.addWidget(SectionTitle(section.title))
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        grid.setColumnMinimumWidth(0, _TITLE_WIDTH)
        grid.setColumnStretch(1, 1)
        for number, line in enumerate(section.lines):
            title = plain(line.title, "small")
            title.setProperty("tone", "text_3")
            title.setMaximumWidth(_TITLE_WIDTH)
            grid.addWidget(title, number, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(_value(line, item), number, 1, Qt.AlignmentFlag.AlignTop)
        column.addLayout(grid)


def _value(line: Line, item: Workitem) -> QWidget:
    box = QWidget()
    box.setToolTip(plain_tip(line.tip))
    box.setAccessibleName(f"{line.title}: {line.words}. {line.more}".strip())
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    row = QHBoxLayout()
    row.setSpacing(6)
    column.addLayout(row)
    if line.kind is LineKind.PROGRESS:
        row.addWidget(ProgressBar(item.progress.percent or 0.0), 1)
    look = _look(line.kind, item)
    if look is not None:
        icon = QLabel()
        icon.setFixedSize(_ICON, _ICON + 2)
        icons.set_icon(icon, *look, _ICON)
        row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
    words = plain(line.words, "small")
    words.setProperty("tone", _tone(line.kind, item))
    words.setProperty("strong", line.kind in _STRONG)
    words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    words.setToolTip(plain_tip(line.tip))
    row.addWidget(words, 0 if line.kind is LineKind.PROGRESS else 1)
    if line.more:
        more = plain(line.more, "small")
        more.setProperty("tone", "" if line.kind in (LineKind.PROGRESS, LineKind.ASKED) else "text_3")
        column.addWidget(more)
    return box


_STRONG = (LineKind.STATE, LineKind.PRIORITY, LineKind.PROGRESS, LineKind.LATE, LineKind.ASKED)


def _look(kind: LineKind, item: Workitem) -> tuple[str, str] | None:
    if kind is LineKind.STATE:
        return STATE_LOOKS[item.state]
    if kind is LineKind.PRIORITY and item.priority is not None:
        return PRIORITY_LOOKS[item.priority]
    if kind is LineKind.INPUTS and item.readiness is not None:
        return INPUT_LOOKS[item.readiness]
    return {
        LineKind.HELD: ("key-round", "accent"),
        LineKind.LATE: ("clock-alert", "error"),
        LineKind.ASKED: ("hand", "high"),
    }.get(kind)


def _tone(kind: LineKind, item: Workitem) -> str:
    if kind is LineKind.STATE:
        return STATE_LOOKS[item.state][1]
    if kind is LineKind.PRIORITY and item.priority is not None:
        return PRIORITY_LOOKS[item.priority][1]
    return {LineKind.LATE: "error", LineKind.ASKED: "high"}.get(kind, "")


class ProgressBar(QWidget):
    """A share as a bar; the number stands beside it."""

    def __init__(self, percent: float) -> None:
        super().__init__()
        self._percent = percent
        self.setMinimumWidth(40)
        self.setFixedHeight(16)
        theme.notifier().changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        box = QRectF(0, (self.height() - 6) / 2, self.width(), 6)
        paint.bar(painter, box, self._percent / 100, colours.track, colours.in_progress)
        painter.end()


class Timeline(QWidget):
    """What happened to one workitem, newest first, along a line."""

    def __init__(self, entries: tuple[JournalEntry, ...], situation: Situation) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(SectionTitle("Timeline"))
        column.addSpacing(8)
        for number, entry in enumerate(entries):
            column.addWidget(_TimelineRow(entry, situation, is_last=number == len(entries) - 1))


class _TimelineRow(QWidget):
    _DISC = 20

    def __init__(self, entry: JournalEntry, situation: Situation, *, is_last: bool) -> None:
        super().__init__()
        self._is_last = is_last
        self._look = _TIMELINE_ICONS[entry.kind]
        if entry.status and not entry.status.startswith(("0000", "B", "0001")):
            self._look = ("octagon-x", "error")
        column = QVBoxLayout(self)
        column.setContentsMargins(self._DISC + 10, 0, 0, 10)
        column.setSpacing(1)
        top = QHBoxLayout()
        top.setSpacing(8)
        title = plain(entry.act, "small")
        title.setProperty("strong", True)
        title.setProperty("tone", "")
        top.addWidget(title, 1)
        at = QLabel(presenter.instant_words(entry.at, situation.now, situation.zone))
        at.setProperty("caption", True)
        at.setToolTip(presenter.seconds_words(entry.at, situation.zone))
        top.addWidget(at, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(top)
        told = " · ".join(part for part in (entry.words, entry.operator, entry.status) if part)
        if told:
            more = plain(told)
            more.setProperty("caption", True)
            column.addWidget(more)
        self.setAccessibleName(f"{at.text()}: {entry.act}. {told}")
        theme.notifier().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return super().sizeHint().expandedTo(QSize(100, 34))

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        centre = self._DISC / 2
        if not self._is_last:
            painter.setPen(QPen(colours.line_strong, 1.5))
            painter.drawLine(round(centre), self._DISC + 2, round(centre), self.height() - 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.error_ground if self._look[1] == "error" else colours.banner)
        painter.drawEllipse(QRectF(0, 0, self._DISC, self._DISC))
        icons.paint(painter, QRectF(4, 4, 12, 12), *self._look)
        painter.end()
