"""What a request to cancel tells: reason in words, reason code, and whom to contact (PS3.4 CC.2.2.1)."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from upsdesk.domain.contacts import LONGEST_NAME, LONGEST_URI, uri_problem
from upsdesk.domain.operation import CancelRequest
from upsdesk.ui.fields import FieldMessage, label
from upsdesk.ui.transitions.reason import ReasonChoice

_REASON_LENGTH = 1024


class RequestForm(QWidget):
    """Two columns of fields; only a reason is needed, in words or as a code."""

    changed = Signal()

    def __init__(self, contact_name: str) -> None:
        super().__init__()
        self.text = _line("Reason in words", _REASON_LENGTH)
        self.text.setPlaceholderText("What the other side reads")
        self.choice = ReasonChoice("Reason code, optional")
        self.name = _line("Contact name", LONGEST_NAME)
        self.name.setText(contact_name)
        self.uri = _line("Contact address", LONGEST_URI)
        self.uri.setPlaceholderText("tel:+49301234567")
        self._uri_message = FieldMessage(self.uri)
        self._uri_message.hide()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 6, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        _put(grid, 0, 0, "Reason", self.text)
        _put(grid, 0, 1, "Reason code (optional)", self.choice)
        _put(grid, 1, 0, "Contact name (optional)", self.name)
        _put(grid, 1, 1, "Contact address (optional)", self.uri)
        grid.addWidget(self._uri_message, 2, 1)
        for field in (self.text, self.name, self.uri):
            field.textChanged.connect(self._changed)
        self.choice.changed.connect(self._changed)

    def first_missing(self) -> QWidget:
        if not self.reason:
            return self.text
        return self.choice.first_control() if self._is_half_code else self.uri

    def waits_for(self) -> list[str]:
        """What is still to be filled or put right, in words."""
        missing = [] if self.reason else ["a reason"]
        missing += ["the whole reason code"] if self._is_half_code else []
        return [*missing, "a right contact address"] if uri_problem(self._uri) else missing

    @property
    def reason(self) -> str:
        """In words; those of the code when none are written."""
        code = self.choice.code()
        return self.text.text().strip() or (code.meaning if code is not None else "")

    @property
    def _is_half_code(self) -> bool:
        return self.choice.box.is_other and self.choice.code() is None

    @property
    def _uri(self) -> str:
        return self.uri.text().strip()

    def request(self) -> CancelRequest:
        return CancelRequest(
            reason=self.reason,
            code=self.choice.code(),
            contact_name=self.name.text().strip(),
            contact_uri=self._uri,
        )

    def sent_lines(self) -> list[tuple[str, str, str]]:
        """The attributes as (sign, keyword, value)."""
        code, text, name = self.choice.code(), self.reason, self.name.text().strip()
        lines = [
            ("+", "ReasonForCancellation", text) if text else ("!", "ReasonForCancellation", "not given yet")
        ]
        if code is not None:
            lines.append(("+", "DiscontinuationReasonCodeSequence", f"{code.value} · {code.scheme}"))
        if name:
            lines.append(("+", "ContactDisplayName", name))
        if self._uri:
            is_wrong = bool(uri_problem(self._uri))
            lines.append(("!", "ContactURI", "not right yet") if is_wrong else ("+", "ContactURI", self._uri))
        return lines

    def _changed(self) -> None:
        problem = uri_problem(self._uri)
        if problem:
            self._uri_message.warn(problem)
        else:
            self._uri_message.say("")
        self._uri_message.setVisible(bool(problem))
        self.changed.emit()


def _line(name: str, length: int) -> QLineEdit:
    edit = QLineEdit()
    edit.setMaxLength(length)
    edit.setAccessibleName(name)
    return edit


def _put(grid: QGridLayout, row: int, column: int, words: str, field: QWidget) -> None:
    box = QWidget()
    inner = QGridLayout(box)
    inner.setContentsMargins(0, 0, 0, 0)
    inner.setVerticalSpacing(4)
    caption = label(words, "small", "strong")
    caption.setBuddy(field)
    inner.addWidget(caption, 0, 0)
    inner.addWidget(field, 1, 0)
    inner.setRowStretch(2, 1)
    grid.addWidget(box, row, column)
