"""Parts of the transition dialogs: where from and to, rows of facts and needs, and what will be sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from upsdesk.domain.peer import Peer
from upsdesk.domain.state import ProcedureStepState
from upsdesk.ui import icons, theme
from upsdesk.ui.editor.sent_panel import DiffLine
from upsdesk.ui.fields import card, icon_label, label, rule

_GLYPHS = {
    ProcedureStepState.SCHEDULED: ("state-scheduled", "scheduled"),
    ProcedureStepState.IN_PROGRESS: ("state-in-progress", "in_progress"),
    ProcedureStepState.COMPLETED: ("state-completed", "completed"),
    ProcedureStepState.CANCELED: ("state-canceled", "canceled"),
}


class StateWord(QWidget):
    """A state as glyph and word in its colour."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(7)
        self._glyph = QLabel()
        self._glyph.setFixedSize(16, 16)
        self._word = label("", "strong", wrap=False)
        row.addWidget(self._glyph)
        row.addWidget(self._word)

    def show_state(self, state: ProcedureStepState | None) -> None:
        icon, colour = _GLYPHS[state] if state is not None else ("state-pending", "text_3")
        icons.set_icon(self._glyph, icon, colour)
        self._word.setText(state.words if state is not None else "State not known")
        theme.set_property(self._word, "tone", colour)


class TransitionLine(QFrame):
    """Which workitem, from which state to which, and at which server of which use."""

    def __init__(self, peer: Peer, target: ProcedureStepState | None) -> None:
        super().__init__()
        self._peer = peer
        self.setProperty("edge", "bottom")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.GRID.dialog_padding, 11, theme.GRID.dialog_padding, 11)
        row.setSpacing(16)
        self._what = label("", "strong")
        row.addWidget(self._what, 3)
        states = QHBoxLayout()
        states.setSpacing(14)
        self._from = StateWord()
        states.addWidget(self._from)
        self._way: tuple[QWidget, ...] = ()
        if target is not None:
            to = StateWord()
            to.show_state(target)
            self._way = (icon_label("arrow-right", "text_3"), to)
            for part in self._way:
                states.addWidget(part)
        row.addLayout(states)
        server = label(f"{peer.title} · {peer.use.words}", "small", tone="text_2")
        server.setToolTip(peer.address)
        server.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(server, 2)
        self._target = target

    def show_facts(self, what: str, station: str, state: ProcedureStepState | None) -> None:
        self._what.setText(" · ".join(part for part in (what, station) if part))
        self._from.show_state(state)
        is_there = state is self._target  # what has arrived goes nowhere any more
        for part in self._way:
            part.setVisible(not is_there)
        going = f" to {self._target.words}" if self._target is not None and not is_there else ""
        come = state.words if state is not None else "State not known"
        self.setAccessibleName(
            f"{self._what.text()}: {come}{going}, at {self._peer.title}, {self._peer.use.words}"
        )


class Rows(QFrame):
    """Facts in two columns: name and value."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(7)
        self._grid.setColumnMinimumWidth(0, 120)
        self._grid.setColumnStretch(1, 1)

    def show_rows(self, rows: Iterable[tuple[str, str]]) -> None:
        """Names and values; a value that is empty leaves its row out."""
        clear(self._grid)
        for at, (name, value) in enumerate((name, value) for name, value in rows if value):
            key = label(name, tone="text_2", wrap=False)
            self._grid.addWidget(key, at, 0, Qt.AlignmentFlag.AlignTop)
            text = label(value)
            text.setAccessibleName(f"{name}: {value}")
            self._grid.addWidget(text, at, 1)


class NeedState(Enum):
    """How far one need of the final state is: icon, colour role, word."""

    MET = ("circle-check", "completed", "Met")
    FILLED = ("circle-check", "accent", "Filled")
    TO_FILL = ("plus", "accent", "To fill")
    MISSING = ("triangle-alert", "error", "Missing")
    NOT_KNOWN = ("info", "text_2", "Not known")


class NeedRow(QWidget):
    """One attribute of the final state: how it stands, what it is, and one field or suggestion for it."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 3, 0, 3)
        row.setSpacing(8)
        self._icon = QLabel()
        self._icon.setFixedSize(16, 16)
        self._state = label("", "small", "strong", wrap=False)
        self._state.setFixedWidth(68)
        name = label(words, "strong", wrap=False)
        name.setFixedWidth(152)
        self._text = label("", tone="text_2")
        row.addWidget(self._icon)
        row.addWidget(self._state)
        row.addWidget(name)
        row.addWidget(self._text, 1)
        self._end = row
        self.setMinimumHeight(36)

    def show_need(self, state: NeedState, text: str) -> None:
        icon, colour, word = state.value
        icons.set_icon(self._icon, icon, colour)
        self._state.setText(word)
        theme.set_property(self._state, "tone", colour)
        self._text.setText(text)
        theme.set_property(self._text, "tone", "error" if state is NeedState.MISSING else "text_2")
        self.setAccessibleName(f"{self.words}: {word}. {text}")

    def add(self, widget: QWidget, stretch: int = 0) -> None:
        """A control at the end of the row."""
        self._end.addWidget(widget, stretch)

    def give_room(self) -> None:
        """The control says all there is to say: it gets the place of the words."""
        self._text.hide()


class NeedsHead(QHBoxLayout):
    """The line above what a final state needs: how much of it is there, and a button that helps."""

    def __init__(self, button: QPushButton) -> None:
        super().__init__()
        self.setSpacing(12)
        self.addWidget(label("What the final state needs", "small", "strong"), 1)
        self._count = label("", "small", tone="text_2", wrap=False)
        self.addWidget(self._count)
        self.addWidget(button)

    def show_count(self, met: int, of: int) -> None:
        self._count.setText(f"{met} of {of} met")


class NeedList(QFrame):
    """Rows in a card with lines between them."""

    def __init__(self, rows: Sequence[QWidget]) -> None:
        super().__init__()
        self.setProperty("surface", "card")
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 2, 12, 2)
        column.setSpacing(0)
        for at, row in enumerate(rows):
            if at:
                column.addWidget(rule())
            column.addWidget(row)


class SentBlock(QWidget):
    """What will be sent: the messages in order, with the attributes of each."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(8)
        column.addWidget(label("What will be sent", "small", "strong"))
        frame, self._lines = card()
        self._lines.setContentsMargins(14, 10, 14, 10)
        self._lines.setSpacing(3)
        column.addWidget(frame)

    def show_messages(self, messages: Sequence[SentMessage]) -> None:
        clear(self._lines)
        for number, message in enumerate(messages, start=1):
            self._lines.addWidget(_message_head(number, message))
            for sign, name, value in message.attributes:
                tone, ground = _SIGNS[sign]
                line = DiffLine(sign, value, tone, ground, name=name)
                line.setContentsMargins(0, 0, 0, 0)
                self._lines.addWidget(line)


class SentMessage:
    """One message: `service`, a sentence, and its attributes as (sign, keyword, value)."""

    def __init__(self, service: str, text: str, attributes: Sequence[tuple[str, str, str]] = ()) -> None:
        self.service = service
        self.text = text
        self.attributes = tuple(attributes)


_SIGNS = {
    "+": ("completed", "completed_ground"),
    "=": ("text_2", "disabled_ground"),
    "!": ("error", "removed_ground"),
}


def _message_head(number: int, message: SentMessage) -> QWidget:
    head = QWidget()
    row = QHBoxLayout(head)
    row.setContentsMargins(0, 2, 0, 2)
    row.setSpacing(8)
    count = label(str(number), "small", tone="text_3", wrap=False)
    count.setFixedWidth(10)
    service = label(message.service, "small", "strong", tone="text", wrap=False)
    service.setMinimumWidth(84)
    for part in (count, service):
        row.addWidget(part, 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(label(message.text, "small"), 1)
    head.setAccessibleName(f"{number}: {message.service}, {message.text}")
    return head


def suggestion_button(text: str, name: str) -> QPushButton:
    """A button that takes a suggested value over."""
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.setAccessibleName(name)
    icons.set_icon(button, "wand-sparkles", "accent")
    return button


def clear(layout: QGridLayout | QVBoxLayout) -> None:
    """Take every widget out of a layout and let it go."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
