"""A field's line on the page: bar when changed, words, input, and what is said beside it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from upsdesk.domain import tags
from upsdesk.domain.codes import Code
from upsdesk.ui import icons, theme
from upsdesk.ui.editor.field_values import NO_CODE, FieldValue
from upsdesk.ui.editor.form import Form, Mode
from upsdesk.ui.editor.inputs import Input
from upsdesk.ui.editor.specs import FieldSpec, Group, Kind
from upsdesk.ui.fields import FieldMessage, icon_label, label, rule

_WORDS_WIDTH = 140
_INPUT_WIDTH = 300
_NO_LIMIT = 16777215
"""QWIDGETSIZE_MAX, which the binding does not name."""


class FieldRow(QWidget):
    """One field. In a narrow page what is said stands below the input instead of beside it."""

    edited = Signal(str, object)
    """Field id and value."""

    def __init__(self, spec: FieldSpec, field: Input) -> None:
        super().__init__()
        self.spec = spec
        self.input = field
        self._bar = _ChangeBar()
        self._words = label(spec.words, wrap=False)
        self._words.setFixedWidth(_WORDS_WIDTH)
        self._words.setFixedHeight(theme.GRID.field)
        self._words.setBuddy(field.parts()[0])
        self.message = FieldMessage()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 3, 0, 3)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(3, 1)
        self._grid.addWidget(self._bar, 0, 0, 2, 1)
        self._grid.addWidget(self._words, 0, 1, Qt.AlignmentFlag.AlignTop)
        self._tag = label("", "mono", tone="text_3", wrap=False)
        self._tag.hide()
        self._grid.addWidget(self._tag, 1, 1, Qt.AlignmentFlag.AlignTop)
        self._is_narrow: bool | None = None
        self.set_narrow(False)
        field.changed.connect(self._tell)

    def _tell(self) -> None:
        self.edited.emit(self.spec.id, self.input.value())

    def show_tag(self, shown: bool) -> None:
        """The tag and type of the attribute under its words, for those who think in them."""
        self._tag.setVisible(shown)

    def set_narrow(self, is_narrow: bool) -> None:
        """Put the message below the input (True) or beside it."""
        if is_narrow == self._is_narrow:
            return
        self._is_narrow = is_narrow
        self.input.set_narrow(is_narrow)
        below = is_narrow or self.input.is_wide
        self._grid.removeWidget(self.input)
        self._grid.removeWidget(self.message)
        self.input.setMinimumWidth(0)
        self.input.setMaximumWidth(_NO_LIMIT)
        if below:
            self._grid.addWidget(self.input, 0, 2, 1, 2)
            self._grid.addWidget(self.message, 1, 2, 1, 2)
        else:
            self.input.setFixedWidth(_INPUT_WIDTH)
            self._grid.addWidget(self.input, 0, 2)
            self._grid.addWidget(self.message, 0, 3, Qt.AlignmentFlag.AlignVCenter)
        self._is_below = below
        self.message.setVisible(not below or bool(self.message.text))

    def show_form(self, form: Form, problem: str) -> None:
        """Value, mark and message as the form says."""
        row = self.spec.attribute
        usage = (row.nset if form.mode is Mode.EDIT else row.ncreate).partition(" ")[0]
        self._tag.setText(f"{tags.tag_text(row.tag).strip('()')} {row.vr} {usage}")
        self.input.blockSignals(True)
        self.input.set_value(form.values[self.spec.id])
        self.input.blockSignals(False)
        is_changed = form.values[self.spec.id] != form.initial(self.spec.id)
        self.input.mark(is_changed=is_changed, is_invalid=bool(problem))
        self._bar.set_on(is_changed)
        theme.set_property(self._words, "strong", is_changed)
        if problem:
            self.message.warn(problem)
        else:
            self.message.say(self._remark(form, is_changed))
        for part in self.input.parts():
            part.setAccessibleDescription(self.message.text)
        self.message.setVisible(not self._is_below or bool(self.message.text))

    def _remark(self, form: Form, is_changed: bool) -> str:
        if is_changed and form.base.get(*self.spec.path) is not None:
            was = value_words(form.initial(self.spec.id))
            if self.spec.kind in (Kind.PRIORITY, Kind.READINESS):
                was = was.capitalize()
            return f"was {was or 'empty'}"
        return "" if form.is_locked(self.spec) else self.spec.hint


class _ChangeBar(QWidget):
    """The bar in front of a field that was changed."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(3)
        self._is_on = False
        theme.notifier().changed.connect(self.update)

    def set_on(self, is_on: bool) -> None:
        self._is_on = is_on
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._is_on:
            painter = QPainter(self)
            painter.fillRect(self.rect(), theme.current().accent)
            painter.end()


def value_words(value: FieldValue) -> str:
    """A field's value for a sentence."""
    if isinstance(value, Code):
        return "" if value == NO_CODE else f"{value.meaning} ({value.value} {value.scheme})"
    first, _, more = value.partition("\n")
    return first + (" …" if more else "")


class Section(QWidget):
    """A group of fields under its heading."""

    def __init__(self, group: Group, remark: str, *, is_locked: bool) -> None:
        super().__init__()
        self.group = group
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(15, 6, 0, 8)
        head.setSpacing(8)
        head.addWidget(label(group.value, "heading", wrap=False))
        if is_locked:
            head.addWidget(icon_label("lock", "text_3", 14))
        self.remark = label(remark, "small", tone="text_3")
        head.addWidget(self.remark, 1)
        self.pill = ProblemPill()
        head.addWidget(self.pill)
        column.addLayout(head)
        column.addWidget(rule())
        column.addSpacing(4)
        self.rows = column

    def add(self, row: FieldRow) -> None:
        self.rows.addWidget(row)


class ProblemPill(QFrame):
    """How many fields of a group are wrong; not there when none is."""

    def __init__(self, *, words: bool = True) -> None:
        super().__init__()
        self._with_words = words
        if words:
            self.setProperty("level", "error")
        row = QHBoxLayout(self)
        row.setContentsMargins(*((6, 1, 7, 1) if words else (0, 0, 0, 0)))
        row.setSpacing(4)
        icon = QLabel()
        icon.setFixedSize(12, 12)
        icons.set_icon(icon, "circle-alert", "error", 12)
        row.addWidget(icon)
        self._text = label("", "caption", tone="error", wrap=False)
        row.addWidget(self._text)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_count(self, count: int) -> None:
        words = f"{count} problem" + ("" if count == 1 else "s")
        self._text.setText(words if self._with_words else str(count))
        self.setAccessibleName(words)
        self.setVisible(count > 0)
