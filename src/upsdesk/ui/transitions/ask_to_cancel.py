"""The dialogs of Request Cancel: call off what nobody started, or ask the holder to cancel."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.operation import CancelRequest
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.services.commands import RequestCancel
from upsdesk.services.desk import Desk
from upsdesk.ui import presenter
from upsdesk.ui.fields import FieldMessage, label
from upsdesk.ui.transitions.base import TransitionDialog, Words
from upsdesk.ui.transitions.facts import code_words, progress_words
from upsdesk.ui.transitions.parts import Rows, SentBlock, SentMessage
from upsdesk.ui.transitions.reason import ReasonBox

_BEFORE_START = Words(
    title="Cancel before start?",
    subtitle="This is final. The server cancels a Scheduled workitem at once.",
    verb="Call off",
    icon="hand",
    target=ProcedureStepState.CANCELED,
    sending="Canceling at",
)
_ASK = Words(
    title="Ask to cancel?",
    subtitle="The system that works on it decides. Until then it goes on.",
    verb="Ask to cancel",
    icon="hand",
    target=None,
    sending="Asking at",
)
_REASON_LENGTH = 1024
_NAME_LENGTH = 64


class RequestCancelDialog(TransitionDialog):
    """One message with two meanings (PS3.4 CC.2.2): `action` tells which of the two is meant."""

    def __init__(self, parent: QWidget | None, desk: Desk, key: WorkitemKey, action: Action) -> None:
        self._is_before_start = action is Action.CANCEL_BEFORE_START
        words = _BEFORE_START if self._is_before_start else _ASK
        super().__init__(parent, desk, key, action, words, danger=self._is_before_start, width=720)
        self._rows = Rows()
        self.middle.addWidget(self._rows)
        self.text = _line("Reason in words", _REASON_LENGTH)
        self.text.setPlaceholderText("What the other side reads")
        self.reason = ReasonBox("Reason code, optional")
        self.name = _line("Contact name", _NAME_LENGTH)
        self.name.setText(desk.settings.desk.name)
        self.uri = _line("Contact address", _REASON_LENGTH)
        self.uri.setPlaceholderText("tel:+49301234567")
        self._uri_message = FieldMessage(self.uri)
        self._uri_message.hide()
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        _put(grid, 0, 0, "Reason", self.text)
        _put(grid, 0, 1, "Reason code (optional)", self.reason)
        _put(grid, 1, 0, "Contact name (optional)", self.name)
        _put(grid, 1, 1, "Contact address (optional)", self.uri)
        grid.addWidget(self._uri_message, 2, 1)
        self.middle.addSpacing(6)
        self.middle.addLayout(grid)
        self._sent = SentBlock()
        self.middle.addWidget(self._sent)
        for field in (self.text, self.name, self.uri):
            field.textChanged.connect(self._changed)
        self.reason.chosen.connect(self._changed)
        self.refresh()

    def first_missing(self) -> QWidget | None:
        return self.text if not self._reason_text() else self.uri

    def waits_for(self) -> Sequence[str]:
        missing = [] if self._reason_text() else ["a reason"]
        return [*missing, "a right contact address"] if _uri_problem(self.uri.text().strip()) else missing

    def _reason_text(self) -> str:
        return self.text.text().strip() or (code.meaning if (code := self.reason.code()) else "")

    def command(self) -> RequestCancel:
        request = CancelRequest(
            reason=self._reason_text(),
            code=self.reason.code(),
            contact_name=self.name.text().strip(),
            contact_uri=self.uri.text().strip(),
        )
        return RequestCancel(self.key, request, shown=self.shown(), before_start=self._is_before_start)

    def _changed(self) -> None:
        problem = _uri_problem(self.uri.text().strip())
        if problem:
            self._uri_message.warn(problem)
        else:
            self._uri_message.say("")
        self._uri_message.setVisible(bool(problem))
        self._show_sent()
        self.update_waiting()

    def show_workitem(self) -> None:
        item, now = self.workitem, self.desk.clock()
        planned = presenter.moment_words(item.start, now, self.desk.zone) if item.start else ""
        self._rows.show_rows(
            (
                ("Work type", code_words(item.work_type)),
                ("Planned start", planned),
                ("Held by", "" if self._is_before_start else presenter.elsewhere_words(item)),
                (
                    "Progress",
                    progress_words(item.progress),
                ),
                ("Also open for this patient", self.also_open()),
            )
        )
        self._show_sent()

    def _show_sent(self) -> None:
        code, text = self.reason.code(), self._reason_text()
        lines = [
            ("+", "ReasonForCancellation", text) if text else ("!", "ReasonForCancellation", "not given yet")
        ]
        if code is not None:
            lines.append(("+", "DiscontinuationReasonCodeSequence", f"{code.value} · {code.scheme}"))
        name, uri = self.name.text().strip(), self.uri.text().strip()
        if name:
            lines.append(("+", "ContactDisplayName", name))
        if uri:
            lines.append(
                ("!", "ContactURI", "not right yet") if _uri_problem(uri) else ("+", "ContactURI", uri)
            )
        what = (
            "Request Cancel: the server cancels it"
            if self._is_before_start
            else "Request Cancel: the holder is asked"
        )
        self._sent.show_messages((SentMessage("N-ACTION 2", what, lines),))


def _uri_problem(text: str) -> str:
    """Contact URI (0074,100A) is UR: no spaces, and a scheme in front (RFC 3986)."""
    if not text:
        return ""
    scheme, colon, rest = text.partition(":")
    plain = scheme.replace("+", "").replace("-", "").replace(".", "")
    if " " in text or not colon or not rest or not plain.isalnum() or not scheme[0].isalpha():
        return "Write it as tel:+49301234567 or mailto:desk@example.org"
    return ""


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
    grid.addWidget(box, row, column)
