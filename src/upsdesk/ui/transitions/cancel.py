"""The dialog of Cancel item: the holder ends it without completing it, by itself or because it was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from PySide6.QtWidgets import QCheckBox, QLineEdit, QPushButton, QWidget

from upsdesk.domain import tags
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Elements
from upsdesk.domain.events import CancelRequested
from upsdesk.domain.keys import SopInstanceUid, WorkitemKey
from upsdesk.domain.plain import plain
from upsdesk.domain.requirements import final_needs
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.services.commands import Cancel, CreateAgain, Result, ResultKind
from upsdesk.services.desk import Desk
from upsdesk.ui import icons, presenter
from upsdesk.ui.fields import add_captioned
from upsdesk.ui.transitions.base import Command, TransitionDialog, Words
from upsdesk.ui.transitions.facts import code_words, progress_words
from upsdesk.ui.transitions.moment_need import MomentNeed
from upsdesk.ui.transitions.notice import NoticeLevel
from upsdesk.ui.transitions.parts import (
    NeedList,
    NeedRow,
    NeedsHead,
    NeedState,
    Rows,
    SentBlock,
    SentMessage,
    suggestion_button,
)
from upsdesk.ui.transitions.reason import ReasonChoice
from upsdesk.ui.transitions.request_card import RequestCard

_WORDS = Words(
    title="Cancel this workitem?",
    subtitle="This is final. DICOM has no way back from Canceled.",
    verb="Cancel item of",
    icon="circle-slash",
    target=ProcedureStepState.CANCELED,
    sending="Canceling at",
    waiting="Cancel item",
)
_ASKED_TITLE = "Cancel this workitem, as asked?"
STARTED_BY_MISTAKE = Code("110514", "DCM", "Incorrect worklist entry selected")
# Reason For Cancellation (0074,1238) is LT; a line of this length is read in every list.
_LONGEST = 1024


class CancelDialog(TransitionDialog):
    """In progress to Canceled, with a reason code (PS3.4 Table CC.2.5-3).

    While somebody asks for it the dialog says who and why, and "Keep on" is an answer as well.
    """

    def __init__(self, parent: QWidget | None, desk: Desk, key: WorkitemKey) -> None:
        super().__init__(parent, desk, key, Action.CANCEL, _WORDS, danger=True, width=760)
        self._new_uid: SopInstanceUid | None = None
        self._canceled_at: datetime | None = None
        self._creation: CreateAgain | None = None
        """What is left to do when the cancellation was confirmed and the new workitem was not."""
        self._make_request()
        self._rows = Rows()
        self.middle.addWidget(self._rows)
        self._make_checklist()
        self._sent = SentBlock()
        self.middle.addWidget(self._sent)
        self.choice.changed.connect(self._changed)
        self.text.textChanged.connect(self._changed)
        self.again.toggled.connect(self._changed)
        self.time.changed.connect(self._changed)
        self.refresh()

    def _make_request(self) -> None:
        self.card = RequestCard()
        self.card.reason_wanted.connect(self._use_asked_reason)
        self.middle.addWidget(self.card)
        self.keep_on = QPushButton("Keep on")
        self.keep_on.setAutoDefault(False)
        self.keep_on.setAccessibleName("Keep on: it goes on, and the request is answered")
        self.keep_on.setToolTip("It goes on; the bar about the request goes away")
        self.keep_on.clicked.connect(self._keep_on)
        self.keep_on.hide()
        self.buttons.insertWidget(0, self.keep_on)
        self.guard.watch(self.keep_on)

    def _make_checklist(self) -> None:
        self.mistake = suggestion_button("Started by &mistake", "Started by mistake")
        self.mistake.setToolTip("Takes the reason 110514 and creates the same workitem again (Alt+M)")
        self.mistake.clicked.connect(self.started_by_mistake)
        self._needs_head = NeedsHead(self.mistake)
        self.middle.addLayout(self._needs_head)
        self.choice = ReasonChoice("Reason for the cancellation")
        self.reason = self.choice.box
        self._reason_row = NeedRow("Reason")
        self._reason_row.add(self.choice, 1)
        self._reason_row.give_room()
        self.time = MomentNeed("Canceled at", self.desk.clock, self.desk.zone)
        self.middle.addWidget(NeedList((self._reason_row, self.time)))
        self.again = QCheckBox(
            "Create the same workitem again, Scheduled, with a new UID, in place of this one"
        )
        self.again.setChecked(True)
        self.again.hide()
        self.middle.addWidget(self.again)
        self.text = QLineEdit()
        self.text.setMaxLength(_LONGEST)
        self.text.setPlaceholderText("In your own words")
        self.text.setAccessibleName("Remark on the reason, optional")
        add_captioned(self.middle, "Remark (optional)", self.text)

    # What is asked

    def started_by_mistake(self) -> None:
        """The reason for it; that the work is scheduled again is ticked."""
        self.choice.choose(STARTED_BY_MISTAKE)
        self.again.setChecked(True)

    @property
    def _is_mistake(self) -> bool:
        code = self.choice.code()
        return code is not None and (code.value, code.scheme) == ("110514", "DCM")

    def first_missing(self) -> QWidget | None:
        if self.choice.missing:
            return self.choice.first_control()
        return self.time.field if self.time.is_wrong else self.text

    def waits_for(self) -> Sequence[str]:
        missing = [self.choice.missing] if self.choice.missing else []
        if self._wants_remark and not self.text.text().strip():
            missing.append("a remark, which this server asked for before")
        return [*missing, "a right time"] if self.time.is_wrong else missing

    @property
    def _wants_remark(self) -> bool:
        """This server has refused a cancellation for the lack of it."""
        demanded = self.desk.demands.of(self.key.peer, ProcedureStepState.CANCELED)
        return any(path[-1] == tags.REASON_FOR_CANCELLATION for path in demanded)

    def _demanded_words(self) -> str:
        """What else this server asked for and is not there: it is filled with Progress or Edit."""
        final = ProcedureStepState.CANCELED
        demanded = self.desk.demands.of(self.key.peer, final)
        needs = final_needs(final, self.elements() or Elements(), demanded)
        here = (
            tags.REASON_FOR_CANCELLATION,
            tags.PROCEDURE_STEP_DISCONTINUATION_REASON_CODE_SEQUENCE,
            tags.PROCEDURE_STEP_CANCELLATION_DATE_TIME,
        )
        missing = [
            need.words for need in needs if need.is_demanded and not need.is_met and need.path[-1] not in here
        ]
        return f"{', '.join(missing)}: report it with Progress first" if missing else ""

    def command(self) -> Command:
        if self._creation is not None:
            return self._creation
        code = self.choice.code()
        if code is None:
            raise ValueError("a cancellation needs a reason")
        # The time of the first attempt: a second one finds at the server what the first has stored.
        self._canceled_at = self._canceled_at or self.desk.clock()
        wants_again = self._is_mistake and self.again.isChecked()
        if wants_again and self._new_uid is None:
            self._new_uid = SopInstanceUid(self.desk.make_uid())
        return Cancel(
            self.key,
            code,
            self.text.text().strip(),
            at=self.time.moment or self._canceled_at,
            again=self._new_uid if wants_again else None,
            shown=self.shown(),
        )

    # The request of somebody else

    def request(self) -> CancelRequested | None:
        """What waits for an answer; None: nobody has asked."""
        return self.desk.store.cancel_asked(self.key) if self.desk.store.is_held(self.key) else None

    def _use_asked_reason(self) -> None:
        asked = self.request()
        if asked is None:
            return
        if asked.code is not None:
            self.choice.choose(asked.code)
        if asked.reason:
            self.text.setText(plain(asked.reason, _LONGEST - 1))
        if asked.code is None:
            self.choice.first_control().setFocus()

    def _keep_on(self) -> None:
        if not self._is_sending:
            self.desk.cancel_requests.keep_on(self.key)
            self.reject()

    # What is shown

    def _changed(self) -> None:
        self.again.setVisible(self._is_mistake)
        self._show_needs()
        self._show_sent()
        self.update_waiting()

    def show_workitem(self) -> None:
        item, asked = self.workitem, self.request()
        self.card.show_request(asked, self.desk.clock(), self.desk.zone)
        self.keep_on.setVisible(asked is not None)
        self.no_button.setText("Decide later" if asked is not None else self.words.no)
        self.no_button.setAccessibleName(self.no_button.text())
        self.title_label.setText(_ASKED_TITLE if asked is not None else self.words.title)
        self._rows.show_rows(
            (
                ("Work type", code_words(item.work_type)),
                ("Progress", progress_words(item.progress)),
                ("Asked for before", self._demanded_words()),
                ("Also open for this patient", self.also_open()),
            )
        )
        self._show_needs()
        self._show_sent()

    def _show_needs(self) -> None:
        code = self.choice.code()
        state = NeedState.FILLED if code is not None else NeedState.TO_FILL
        self._reason_row.show_need(state, "")
        self.time.tell()
        met = (code is not None) + (not self.time.is_wrong)
        self._needs_head.show_count(met, of=2)
        self.mistake.setVisible(not self._is_mistake)

    def _show_sent(self) -> None:
        code, text = self.choice.code(), self.text.text().strip()
        when = self.time.sent_words or "the time of sending"
        lines = [
            ("+", "DiscontinuationReasonCodeSequence", f"{code.value} · {code.scheme}")
            if code
            else ("!", "DiscontinuationReasonCodeSequence", "not chosen yet"),
            ("!", "ProcedureStepCancellationDateTime", "not right yet")
            if self.time.is_wrong
            else ("+", "ProcedureStepCancellationDateTime", when),
        ]
        if text:
            lines.append(("+", "ReasonForCancellation", text))
        messages = [
            SentMessage("N-SET", "Progress Information Sequence, 1 item, sent whole", lines),
            SentMessage("N-ACTION 1", f"Change state to CANCELED, {self.lock_words()}"),
        ]
        if self._is_mistake and self.again.isChecked():
            replaced = ("+", "ReplacedProcedureStepSequence", str(self.key.uid))
            words = "The same workitem, SCHEDULED, under a new UID, when it is canceled"
            messages.append(SentMessage("N-CREATE", words, [replaced]))
        self._sent.show_messages(messages)

    # What came of it

    def show_result(self, result: Result) -> bool:
        if self._creation is not None:
            return self._show_creation(result, ())
        if result.kind in (ResultKind.CHANGED, ResultKind.ILLEGAL):
            self._canceled_at = None  # nothing was sent
        if result.again is None:
            return super().show_result(result)
        notes = list(result.notes)
        if result.outcome.code_text and result.outcome.code:
            notes.insert(0, presenter.outcome_sentence(result.outcome))
        self._creation = result.again_by
        return self._show_creation(result.again, notes)

    def _show_creation(self, result: Result, notes: Sequence[str]) -> bool:
        """The cancellation is confirmed; the new workitem is there, or can be asked for again."""
        self._is_sending = False
        self._set_buttons(True)
        self.workitem = self._stored() or self.workitem
        lines = [*notes, *result.notes]
        if result.kind is ResultKind.DONE:
            self._creation = None
            self._end("Canceled. The same workitem is Scheduled again.", lines, NoticeLevel.GOOD)
            return False
        self.words = replace(self.words, title="Canceled", subtitle="", verb="Create again for", icon="plus")
        self.words = replace(self.words, sending="Creating at")
        sentence = presenter.outcome_sentence(result.outcome)
        safe = "Create again uses the same new UID, so it is never made twice."
        self._end(
            "Canceled. The same workitem is not Scheduled again yet.",
            [sentence, *lines, safe],
            NoticeLevel.ERROR,
        )
        self._is_over = False
        icons.set_icon(self.yes_button, self.words.icon)
        self.yes_button.show()
        self.update_waiting()
        return False

    def update_waiting(self) -> None:
        if self._creation is None:
            super().update_waiting()
        elif not self._is_sending:
            self.set_waiting("")
