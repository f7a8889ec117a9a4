"""The inputs of the editor: one class per kind of field, all with the same few methods."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QCompleter,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from upsdesk.domain.codes import Code
from upsdesk.domain.workitem import InputReadiness, Priority
from upsdesk.ui import icons, theme
from upsdesk.ui.editor.field_values import FieldValue
from upsdesk.ui.editor.specs import FieldSpec, Kind
from upsdesk.ui.fields import CalmBox, label

_WIDE = 620
_LEAST = 60
_CODE_ROLE = Qt.ItemDataRole.UserRole
_PLACEHOLDERS = {Kind.MOMENT: "YYYY-MM-DD hh:mm", Kind.DATE: "YYYY-MM-DD"}


class Input(QWidget):
    """What stands in a field. `changed` follows the user and the program alike."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(8)

    def value(self) -> FieldValue:
        raise NotImplementedError

    def set_value(self, value: FieldValue) -> None:
        raise NotImplementedError

    def parts(self) -> tuple[QWidget, ...]:
        """The controls, the one that takes the focus first."""
        raise NotImplementedError

    def mark(self, *, is_changed: bool, is_invalid: bool) -> None:
        """Draw the borders for what the form says about the field."""
        for part in self.parts():
            theme.set_property(part, "changed", is_changed)
            theme.set_property(part, "invalid", is_invalid)

    @property
    def is_wide(self) -> bool:
        """Whether the input takes the room of the message beside it too."""
        return False

    def set_narrow(self, is_narrow: bool) -> None:
        """Hook: how much room the page has."""


class TextInput(Input):
    """One line of text; also dates, date-times and UIDs, as text that can be typed and pasted."""

    def __init__(self, spec: FieldSpec) -> None:
        super().__init__()
        self._edit = QLineEdit()
        self._edit.setAccessibleName(spec.words)
        self._edit.setPlaceholderText(_PLACEHOLDERS.get(spec.kind, ""))
        if spec.kind is Kind.UID:
            self._edit.setProperty("mono", True)
        if spec.kind in (Kind.MOMENT, Kind.DATE):
            name = "calendar-clock" if spec.kind is Kind.MOMENT else "calendar-days"
            _add_icon(self._edit, name)
        self._edit.setMaximumWidth(_WIDE)
        self._edit.textChanged.connect(self.changed)
        self.row.addWidget(self._edit)
        self._is_wide = spec.kind is Kind.UID

    @property
    def is_wide(self) -> bool:
        return self._is_wide

    def value(self) -> str:
        return self._edit.text().strip()

    def set_value(self, value: FieldValue) -> None:
        if self.value() != value:
            self._edit.setText(str(value))
            self._edit.setCursorPosition(0)

    def parts(self) -> tuple[QWidget, ...]:
        return (self._edit,)


class LongTextInput(Input):
    """Several lines of text. Tab leaves the field."""

    def __init__(self, spec: FieldSpec) -> None:
        super().__init__()
        self._edit = QPlainTextEdit()
        self._edit.setAccessibleName(spec.words)
        self._edit.setTabChangesFocus(True)
        self._edit.setMaximumWidth(_WIDE)
        self._edit.setFixedHeight(64)
        self._edit.textChanged.connect(self.changed)
        self.row.addWidget(self._edit, 1000)
        self.row.addStretch(1)  # a field at its maximum stays at the left
        self._given = ""

    @property
    def is_wide(self) -> bool:
        return True

    def value(self) -> str:
        text = self._edit.toPlainText().strip()
        # What was not touched comes back as it was given, with the line ends and spaces of the wire.
        return self._given if text == _shown(self._given) else text

    def set_value(self, value: FieldValue) -> None:
        if self.value() != value:
            self._given = str(value)
            self._edit.setPlainText(_shown(self._given))

    def parts(self) -> tuple[QWidget, ...]:
        return (self._edit,)


class ChoiceInput(Input):
    """One of the values of a CS attribute; a value that the Standard does not know is kept and shown."""

    def __init__(self, spec: FieldSpec, choices: Sequence[tuple[str, str, str]]) -> None:
        super().__init__()
        self._box = CalmBox()
        self._box.setAccessibleName(spec.words)
        self._choices = choices
        for value, words, _ in choices:
            self._box.addItem(words, value)
        self._colour_icons()
        theme.notifier().changed.connect(self._colour_icons)
        self._box.currentIndexChanged.connect(self.changed)
        self.row.addWidget(self._box)

    def value(self) -> str:
        return str(self._box.currentData() or "")

    def set_value(self, value: FieldValue) -> None:
        at = self._box.findData(value)
        if at < 0:
            self._box.addItem(str(value) or "not given", value)
            at = self._box.count() - 1
        self._box.setCurrentIndex(at)

    def parts(self) -> tuple[QWidget, ...]:
        return (self._box,)

    def _colour_icons(self) -> None:
        for at, (_, _, icon) in enumerate(self._choices):
            if icon:
                self._box.setItemIcon(at, icons.icon(icon, _ICON_COLOURS.get(icon)))


class NameInput(Input):
    """A person name: family and given name, and the whole of it as it is sent.

    Typing in the two fields changes those parts of the first representation only; everything else stays.
    """

    def __init__(self, spec: FieldSpec) -> None:
        super().__init__()
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        self._family = _line(f"{spec.words}: family name", "Family name")
        self._given = _line(f"{spec.words}: given name", "Given name")
        self._raw = _line(
            f"{spec.words}: all parts as sent", "all parts: Family^Given^Middle^Prefix^Suffix=漢字=かな"
        )
        self._raw.setProperty("mono", True)
        self._family.setMaxLength(64)
        self._given.setMaxLength(64)
        grid.addWidget(self._family, 0, 0)
        grid.addWidget(self._given, 0, 1)
        grid.addWidget(self._raw, 1, 0, 1, 2)
        self.row.addLayout(grid)
        self._family.textEdited.connect(self._part_typed)
        self._given.textEdited.connect(self._part_typed)
        self._raw.textEdited.connect(self._raw_typed)
        self._text = ""

    def value(self) -> str:
        return self._text

    def set_value(self, value: FieldValue) -> None:
        if self._text != value or not self._raw.text():
            self._text = str(value)
            self._raw.setText(self._text)
            self._raw.setCursorPosition(0)
            self._show_parts()

    def parts(self) -> tuple[QWidget, ...]:
        return (self._family, self._given, self._raw)

    def _show_parts(self) -> None:
        family, given = (*self._text.partition("=")[0].split("^"), "", "")[:2]
        self._family.setText(family)
        self._given.setText(given)

    def _part_typed(self) -> None:
        first, equals, others = self._text.partition("=")
        rest = first.split("^")[2:]
        # The delimiters of a PN are no part of a name (PS3.5 6.2.1).
        family, given = (
            field.text().translate({ord(char): None for char in "^=\\"})
            for field in (self._family, self._given)
        )
        self._text = "^".join([family, given, *rest]).rstrip("^") + equals + others
        self._raw.setText(self._text)
        self.changed.emit()

    def _raw_typed(self) -> None:
        self._text = self._raw.text().strip()
        self._show_parts()
        self.changed.emit()


class CodeInput(Input):
    """Value, scheme and meaning of one code; typing a meaning offers the codes that are known here."""

    def __init__(self, spec: FieldSpec, known: Sequence[Code]) -> None:
        super().__init__()
        self._value = _line(f"{spec.words}: code value", "")
        self._scheme = _line(f"{spec.words}: coding scheme", "")
        self._meaning = _line(f"{spec.words}: code meaning", "Type to choose" if known else "")
        self._value.setProperty("mono", True)
        self._scheme.setProperty("mono", True)
        self._scheme.setMaxLength(16)
        self._boxes = tuple(
            _captioned(title, edit)
            for title, edit in (("Value", self._value), ("Scheme", self._scheme), ("Meaning", self._meaning))
        )
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self.row.addLayout(self._grid)
        self.set_narrow(False)
        for edit in self.parts():
            edit.textChanged.connect(self.changed)
        if known:
            self._meaning.setCompleter(self._completer(known))

    @property
    def is_wide(self) -> bool:
        return True

    def value(self) -> Code:
        return Code(self._value.text().strip(), self._scheme.text().strip(), self._meaning.text().strip())

    def set_value(self, value: FieldValue) -> None:
        if isinstance(value, Code) and self.value() != value:
            self._value.setText(value.value)
            self._scheme.setText(value.scheme)
            self._meaning.setText(value.meaning)
            self._meaning.setCursorPosition(0)

    def parts(self) -> tuple[QLineEdit, ...]:
        return (self._meaning, self._value, self._scheme)

    def set_narrow(self, is_narrow: bool) -> None:
        """A meaning beside value and scheme would have room for one word: it gets a line of its own."""
        value, scheme, meaning = self._boxes
        for box in self._boxes:
            self._grid.removeWidget(box)
        self._grid.addWidget(value, 0, 0)
        self._grid.addWidget(scheme, 0, 1)
        for column, stretch in enumerate((1, 1, 0) if is_narrow else (0, 0, 1)):
            self._grid.setColumnStretch(column, stretch)
        for edit, width in ((self._value, 108), (self._scheme, 104)):
            edit.setMinimumWidth(_LEAST if is_narrow else width)
            edit.setMaximumWidth(_WIDE if is_narrow else width)
        if is_narrow:
            self._grid.addWidget(meaning, 1, 0, 1, 3)
        else:
            self._grid.addWidget(meaning, 0, 2)

    def _completer(self, known: Sequence[Code]) -> QCompleter:
        model = QStandardItemModel(self)
        for code in known:
            item = QStandardItem(code.meaning)
            item.setData(code, _CODE_ROLE)
            item.setToolTip(f"{code.value} {code.scheme}")
            model.appendRow(item)
        completer = QCompleter(model, self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setMaxVisibleItems(8)
        completer.activated.connect(lambda meaning: self._choose(known, str(meaning)))
        return completer

    def _choose(self, known: Sequence[Code], meaning: str) -> None:
        self.set_value(next(code for code in known if code.meaning == meaning))


class LockedInput(Input):
    """A value that cannot be changed here, with the padlock."""

    def __init__(self, spec: FieldSpec) -> None:
        super().__init__()
        self._spec = spec
        self._value: FieldValue = ""
        self._edit = QLineEdit()
        self._edit.setReadOnly(True)
        self._edit.setAccessibleName(f"{spec.words}, cannot be changed")
        _add_icon(self._edit, "lock")
        self._edit.setMaximumWidth(_WIDE)
        self.row.addWidget(self._edit)

    @property
    def is_wide(self) -> bool:
        return self._spec.kind in (Kind.UID, Kind.CODE)

    def value(self) -> FieldValue:
        return self._value

    def set_value(self, value: FieldValue) -> None:
        self._value = value
        text = f"{value.value} {value.scheme} {value.meaning}".strip() if isinstance(value, Code) else value
        self._edit.setText(text)
        self._edit.setCursorPosition(0)

    def parts(self) -> tuple[QWidget, ...]:
        return (self._edit,)


_ICON_COLOURS = {
    "priority-high": "high",
    "priority-medium": "text_2",
    "priority-low": "text_2",
    "input-ready": "scheduled",
    "input-incomplete": "warning",
    "input-unavailable": "error",
}
_CHOICES = {
    Kind.PRIORITY: tuple((one.value, one.words, f"priority-{one.value.lower()}") for one in Priority),
    Kind.READINESS: tuple((one.value, one.words, f"input-{one.value.lower()}") for one in InputReadiness),
    Kind.SEX: (("", "not given", ""), ("F", "Female", ""), ("M", "Male", ""), ("O", "Other", "")),
}


def make_input(spec: FieldSpec, *, is_locked: bool, known: Sequence[Code] = ()) -> Input:
    """The input for a field; `known` are codes to choose from."""
    if is_locked:
        return LockedInput(spec)
    if spec.kind is Kind.CODE:
        return CodeInput(spec, known)
    if spec.kind is Kind.NAME:
        return NameInput(spec)
    if spec.kind is Kind.LONG_TEXT:
        return LongTextInput(spec)
    if spec.kind in _CHOICES:
        return ChoiceInput(spec, _CHOICES[spec.kind])
    return TextInput(spec)


def _shown(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _add_icon(edit: QLineEdit, name: str) -> None:
    """An icon at the end of a field that says what it is; nothing to press."""
    action = QAction(edit)
    icons.set_icon(action, name, "text_3")
    edit.addAction(action, QLineEdit.ActionPosition.TrailingPosition)


def _line(name: str, placeholder: str) -> QLineEdit:
    edit = QLineEdit()
    edit.setAccessibleName(name)
    edit.setPlaceholderText(placeholder)
    return edit


def _captioned(title: str, edit: QLineEdit) -> QWidget:
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    column.addWidget(label(title, "caption", wrap=False))
    column.addWidget(edit)
    return box
