"""The three parts of a code that no list has: value, scheme, meaning."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from upsdesk.domain.codes import Code

_LONG = 64
_SCHEME = 16
"""Coding Scheme Designator is SH, Code Meaning LO; a long value goes to Long Code Value (PS3.3 8.8.1)."""


class OwnCode(QWidget):
    """Three fields in a row; `code` gives nothing before all are written."""

    changed = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.value = _part(f"{name}: code value", "Code", _LONG)
        self.scheme = _part(f"{name}: coding scheme", "Scheme, such as 99LOCAL", _SCHEME)
        self.meaning = _part(f"{name}: code meaning", "Meaning in words", _LONG)
        for part, stretch in ((self.value, 2), (self.scheme, 3), (self.meaning, 4)):
            row.addWidget(part, stretch)
            part.textChanged.connect(self.changed)

    def code(self) -> Code | None:
        """None while a part is empty, or has a backslash, which would make two values of it."""
        parts = [field.text().strip() for field in (self.value, self.scheme, self.meaning)]
        return Code(*parts) if all(parts) and not any("\\" in part for part in parts) else None

    @property
    def is_empty(self) -> bool:
        return not any(field.text().strip() for field in (self.value, self.scheme, self.meaning))

    def show_code(self, code: Code) -> None:
        self.value.setText(code.value)
        self.scheme.setText(code.scheme)
        self.meaning.setText(code.meaning)


def _part(name: str, hint: str, length: int) -> QLineEdit:
    edit = QLineEdit()
    edit.setMaxLength(length)
    edit.setPlaceholderText(hint)
    edit.setAccessibleName(name)
    return edit
