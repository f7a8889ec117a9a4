"""The quick ranges of the planned start, side by side."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from upsdesk.domain.criteria import AnySpan, Period, Span
from upsdesk.ui import presenter, theme
from upsdesk.ui.filters import parts

SPAN_TIPS = {
    Span.ANY: "Whenever it is planned",
    Span.HOUR: "Planned from an hour ago until in an hour, and what is in progress",
    Span.TODAY: "Planned for today, and what earlier days have left unfinished; "
    "late in the evening also what comes in the next 6 hours",
    Span.THREE_DAYS: "Planned for today and the next two days, and what earlier days have left unfinished",
    Span.WEEK: "Planned for today and the next six days, and what earlier days have left unfinished",
}


def span_tip(span: AnySpan) -> str:
    """What a range shows, in a sentence."""
    if isinstance(span, Span):
        return SPAN_TIPS[span]
    if isinstance(span, Period):
        return f"Planned for {span.words}"
    ago = f"from {presenter.count_words(span.before, 'hour')} ago" if span.before else "from now"
    until = f"until in {presenter.count_words(span.after, 'hour')}" if span.after else "until now"
    return f"Planned {ago} {until}, and what is in progress"


class _Segment(QPushButton):
    step_wanted = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if by is not None:
            self.step_wanted.emit(by)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)


class SpanGroup(QWidget):
    """At most one is pressed; pressing it again asks for any time. Left and right go along it."""

    chosen = Signal(object)
    """A Span."""

    def __init__(self) -> None:
        super().__init__()
        spans: tuple[Span, ...] = (Span.HOUR, Span.TODAY, Span.THREE_DAYS, Span.WEEK)
        self.buttons = {span: _Segment(span.short_words) for span in spans}
        ground = QFrame()
        ground.setProperty("segments", True)
        row = QHBoxLayout(ground)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(0)
        for span, button in self.buttons.items():
            button.setProperty("role", "segment")
            button.setCheckable(True)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setAccessibleName(f"Start: {span.words}")
            button.setAccessibleDescription(f"{SPAN_TIPS[span]}. Again: any time")
            button.setToolTip(SPAN_TIPS[span])
            button.clicked.connect(lambda checked, span=span: self._clicked(span, checked))
            button.step_wanted.connect(lambda by, span=span: self._step(span, by))
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(4)
        caption = parts.section("Start")
        caption.setContentsMargins(7, 0, 0, 0)
        column.addWidget(caption)
        column.addWidget(ground)
        self.setAccessibleName("Planned start")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._shown: AnySpan | None = None

    def show_span(self, span: AnySpan) -> None:
        for known, button in self.buttons.items():
            button.setChecked(known is span)
            # Bold words are wider: the font is told, as a style sheet's is not measured.
            weight = theme.TYPE.semibold if known is span else theme.TYPE.medium
            if span != self._shown:  # or all is laid out anew for the font that it has
                button.setFont(theme.font(theme.TYPE.caption, weight))
        self._shown = span

    def _clicked(self, span: Span, checked: bool) -> None:
        self.chosen.emit(span if checked else Span.ANY)

    def _step(self, span: Span, by: int) -> None:
        known = list(self.buttons)
        at = known.index(span) + by
        if 0 <= at < len(known):
            self.buttons[known[at]].setFocus(Qt.FocusReason.OtherFocusReason)
