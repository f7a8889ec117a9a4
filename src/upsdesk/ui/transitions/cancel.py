"""The dialog of Cancel item: the holder ends it without completing it, and says why."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QLineEdit, QWidget

from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.services.commands import Cancel
from upsdesk.services.desk import Desk
from upsdesk.ui.fields import label
from upsdesk.ui.transitions.base import TransitionDialog, Words
from upsdesk.ui.transitions.facts import code_words, progress_words
from upsdesk.ui.transitions.parts import Rows, SentBlock, SentMessage
from upsdesk.ui.transitions.reason import ReasonBox

_WORDS = Words(
    title="Cancel this workitem?",
    subtitle="This is final. DICOM has no way back from Canceled.",
    verb="Cancel item of",
    icon="circle-slash",
    target=ProcedureStepState.CANCELED,
    sending="Canceling at",
    waiting="Cancel item",
)
# Reason For Cancellation (0074,1238) is LT; a line of this length is read in every list.
_LONGEST = 1024


class CancelDialog(TransitionDialog):
    """In progress to Canceled, with a reason code of CID 9300 (PS3.4 Table CC.2.5-3)."""

    def __init__(self, parent: QWidget | None, desk: Desk, key: WorkitemKey) -> None:
        super().__init__(parent, desk, key, Action.CANCEL, _WORDS, danger=True, width=720)
        self._rows = Rows()
        self.middle.addWidget(self._rows)
        self.reason = ReasonBox("Reason for the cancellation")
        caption = label("Reason", "small", "strong")
        caption.setBuddy(self.reason)
        self.text = QLineEdit()
        self.text.setMaxLength(_LONGEST)
        self.text.setAccessibleName("Remark on the reason, optional")
        remark = label("Remark (optional)", "small", "strong")
        remark.setBuddy(self.text)
        self.middle.addSpacing(6)
        for part in (caption, self.reason, remark, self.text):
            self.middle.addWidget(part)
        self._sent = SentBlock()
        self.middle.addWidget(self._sent)
        self.reason.chosen.connect(self._changed)
        self.text.textChanged.connect(self._changed)
        self.refresh()

    def first_missing(self) -> QWidget | None:
        return self.reason

    def waits_for(self) -> Sequence[str]:
        return () if self.reason.code() is not None else ("a reason from the list",)

    def command(self) -> Cancel:
        code = self.reason.code()
        if code is None:
            raise ValueError("a cancellation needs a reason")
        return Cancel(self.key, code, self.text.text().strip(), shown=self.shown())

    def _changed(self) -> None:
        self._show_sent()
        self.update_waiting()

    def show_workitem(self) -> None:
        item = self.workitem
        self._rows.show_rows(
            (
                ("Work type", code_words(item.work_type)),
                (
                    "Progress",
                    progress_words(item.progress),
                ),
                ("Also open for this patient", self.also_open()),
            )
        )
        self._show_sent()

    def _show_sent(self) -> None:
        code, text = self.reason.code(), self.text.text().strip()
        lines = [
            ("+", "DiscontinuationReasonCodeSequence", f"{code.value} · {code.scheme}")
            if code
            else ("!", "DiscontinuationReasonCodeSequence", "not chosen yet"),
            ("+", "ProcedureStepCancellationDateTime", "the time of sending"),
        ]
        if text:
            lines.append(("+", "ReasonForCancellation", text))
        self._sent.show_messages(
            (
                SentMessage("N-SET", "Progress Information Sequence, 1 item, sent whole", lines),
                SentMessage(
                    "N-ACTION 1", "Change state to CANCELED, with the Transaction UID saved for this claim"
                ),
            )
        )
