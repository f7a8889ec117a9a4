"""What will be sent: every element with what was there and what will be, and what holds for the request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from upsdesk.domain.tags import tag_text
from upsdesk.ui import theme
from upsdesk.ui.editor.form import Change
from upsdesk.ui.fields import icon_label, label, rule

_LINES = 8
"""Of each side of a change that are shown."""
_STEPS = 6
"""Of the history that are shown."""


_WHOLE = "All that stands in the form. What you change is listed here."


class SentPanel(QScrollArea):
    """Read-only; made anew from the form's changes."""

    def __init__(self, parent: QWidget, service: str) -> None:
        super().__init__(parent)
        self._shown: tuple[Change, ...] = ()
        self._views: list[_ChangeView] = []
        self._nothing: list[QWidget] = []
        self._steps: list[str] = []
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("What will be sent")
        content = QWidget()
        content.setProperty("surface", "surface")
        content.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWidget(content)
        column = QVBoxLayout(content)
        column.setContentsMargins(18, 14, 18, 14)
        column.setSpacing(14)
        head = QHBoxLayout()
        head.addWidget(label("What will be sent", "strong", wrap=False), 1)
        self._service = label(service, "small", tone="text_2", wrap=False)
        head.addWidget(self._service)
        column.addLayout(head)
        self._changes = QVBoxLayout()
        self._changes.setSpacing(14)
        column.addLayout(self._changes)
        column.addWidget(rule())
        self._notes = QVBoxLayout()
        self._notes.setSpacing(8)
        column.addLayout(self._notes)
        self._history_words = label("History of this form", "caption", "strong")
        column.addWidget(self._history_words)
        self._history = QVBoxLayout()
        self._history.setSpacing(4)
        column.addLayout(self._history)
        column.addStretch(1)

    def show_changes(self, changes: Iterable[Change], *, is_new: bool) -> None:
        """Only what differs from what is shown is made anew: this is called at each key."""
        wanted = tuple(changes)
        if wanted == self._shown and self._changes.count():
            return
        known = {one: view for one, view in zip(self._shown, self._views, strict=True) if one in wanted}
        self._shown = wanted
        while self._changes.takeAt(0) is not None:
            pass
        gone = [view for view in self._views if view not in known.values()]
        self._views = [known.get(one) or _ChangeView(one) for one in wanted]
        for widget in (*gone, *self._nothing):
            widget.hide()
            widget.deleteLater()
        self._nothing.clear()
        for view in self._views:
            self._changes.addWidget(view)
        if not wanted:
            words = _WHOLE if is_new else "Nothing yet. Change a field, and it stands here."
            self._nothing.append(label(words, tone="text_3"))
            self._changes.addWidget(self._nothing[0])

    def show_history(self, words: Sequence[str]) -> None:
        """What was done, the first step first; the newest ones are shown."""
        shown = list(reversed(words[-_STEPS:]))
        if shown == self._steps:
            return
        self._steps = shown
        _clear(self._history)
        for at, text in enumerate(shown):
            self._history.addWidget(label(text, "small", tone="text_3" if at else "text"))

    def show_notes(self, notes: Iterable[tuple[str, str]]) -> None:
        """Icon and sentence each."""
        _clear(self._notes)
        for icon, text in notes:
            row = QWidget()
            line = QHBoxLayout(row)
            line.setContentsMargins(0, 0, 0, 0)
            line.setSpacing(8)
            line.addWidget(icon_label(icon, "text_2", 14), 0, Qt.AlignmentFlag.AlignTop)
            line.addWidget(label(text, "small"), 1)
            self._notes.addWidget(row)


class _ChangeView(QWidget):
    def __init__(self, change: Change) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        head = QHBoxLayout()
        words = f"{change.words}, sent whole" if change.is_whole_sequence else change.words
        head.addWidget(label(words, "small", "strong", tone="text"), 1)
        head.addWidget(label(tag_text(change.tag).strip("()"), "mono", tone="text_3", wrap=False))
        column.addLayout(head)
        column.addSpacing(2)
        if change.held_back:
            column.addWidget(DiffLine("!", "held back until the field is right", "error", "disabled_ground"))
            return
        before = _without(change.before, change.after)
        after = _without(change.after, change.before)
        for text in before[:_LINES]:
            column.addWidget(DiffLine("−", text, "error", "removed_ground"))
        for text in after[:_LINES]:
            column.addWidget(DiffLine("+", text, "completed", "completed_ground"))
        more = len(before[_LINES:]) + len(after[_LINES:])
        same = len(change.after) - len(after)
        for count, words in ((more, "more lines"), (same, "lines as they were")):
            if count:
                column.addWidget(label(f"… and {count} {words}", "small", tone="text_3"))
        if not change.after:
            column.addWidget(DiffLine("+", "empty", "completed", "completed_ground"))


class DiffLine(QWidget):
    """A sign and a value in mono on a tinted ground; wraps, never cut."""

    def __init__(self, sign: str, text: str, tone: str, ground: str, *, name: str = "") -> None:
        super().__init__()
        self._ground = ground
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 3, 8, 3)
        row.setSpacing(8)
        mark = label(sign, "mono", tone=tone, wrap=False)
        mark.setFixedWidth(10)
        row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        if name:
            key = label(name, "mono", wrap=False)
            key.setMinimumWidth(264)
            row.addWidget(key, 0, Qt.AlignmentFlag.AlignTop)
        value = label(_breakable(text), "mono", tone=tone)
        row.addWidget(value, 1)
        spoken = {"+": "new", "−": "was", "!": "missing"}.get(sign, "")
        self.setAccessibleName(f"{name} {spoken} {text}".strip())
        theme.notifier().changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.current().colour(self._ground))
        painter.drawRoundedRect(QRectF(self.rect()), 3, 3)
        painter.end()


def _without(lines: Sequence[str], others: Sequence[str]) -> list[str]:
    """The lines that do not stand on the other side too; all when nothing else differs."""
    left = Counter(others)
    found = []
    for line in lines:
        if left[line]:
            left[line] -= 1
        else:
            found.append(line)
    return found


def _breakable(text: str) -> str:
    """A long UID or code without a space may wrap at its periods and carets."""
    return "".join(char + "\u200b" if char in ".^=\\" else char for char in text)


def _clear(layout: QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
