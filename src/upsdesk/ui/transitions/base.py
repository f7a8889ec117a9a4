"""What all transition dialogs share: who and where, following the store, sending once, showing the answer."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QDialog, QWidget
from shiboken6 import isValid

from upsdesk.domain.elements import Elements
from upsdesk.domain.events import CancelRequested
from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.peer import PeerUse
from upsdesk.domain.plain import plain
from upsdesk.domain.state import Action, ProcedureStepState, refusal
from upsdesk.domain.status import Kind
from upsdesk.domain.workitem import PatientFacts, Workitem, person_name_words
from upsdesk.services.changes import ChangeSet
from upsdesk.services.commands import (
    Cancel,
    Claim,
    Complete,
    CreateAgain,
    FactChange,
    ReportProgress,
    RequestCancel,
    Result,
    ResultKind,
    ShownFacts,
)
from upsdesk.services.desk import Desk
from upsdesk.services.replace import Replace
from upsdesk.ui import icons, presenter
from upsdesk.ui.dialogs import ConfirmDialog, Tone
from upsdesk.ui.look_alikes import look_alikes_of
from upsdesk.ui.patient_banner import PatientBanner, in_line
from upsdesk.ui.reading import read_whole
from upsdesk.ui.transitions.facts import change_words, open_items
from upsdesk.ui.transitions.notice import Notice, NoticeLevel
from upsdesk.ui.transitions.parts import TransitionLine
from upsdesk.ui.transitions.request_card import asked_words

LOOK_AGAIN_MS = 1000
"""A patient or state that changes under a hand on its way to the button is to be seen before it is sent."""

Command = Claim | ReportProgress | Complete | Cancel | CreateAgain | RequestCancel | Replace

_CAN_BE_FORCED = Claim | ReportProgress | Complete | Cancel | RequestCancel


_GO_ON = (Action.PROGRESS, Action.COMPLETE)
"""What speaks against a request to cancel; the dialog of Cancel item answers it."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a transition dialog says. `verb` stands on the confirm button, before the patient's name."""

    title: str
    subtitle: str
    verb: str
    icon: str
    target: ProcedureStepState | None
    sending: str
    no: str = "No, keep it"
    waiting: str = ""
    """What the foot calls the act while it waits; empty: the verb."""


class TransitionDialog(ConfirmDialog):
    """One act on one workitem at one peer, from the question to the answer.

    `next_command` waits for the confirmation and gives the command; `show_result` turns the dialog into its
    answer and tells whether it can close. Between the two the buttons are off and the dialog stays.
    Changes of the store reach the open dialog: what is shown is always what a command would compare with.
    """

    def __init__(
        self,
        parent: QWidget | None,
        desk: Desk,
        key: WorkitemKey,
        action: Action,
        words: Words,
        *,
        danger: bool = False,
        enter_confirms: bool = False,
        width: int = 800,
    ) -> None:
        self.desk = desk
        self.key = key
        self.action = action
        self.words = words
        self.peer = desk.peer(key.peer)
        super().__init__(
            parent,
            words.title,
            words.subtitle,
            yes=words.verb,
            no=words.no,
            icon=words.icon,
            danger=danger,
            enter_confirms=enter_confirms,
            demo=self.peer.use is PeerUse.DEMO,
            width=width,
        )
        self.workitem = self._stored() or Workitem(key)
        self._elements: Elements | None = None
        self._reading_problem = ""
        self._is_sending = False
        self._is_over = False
        self._asked: asyncio.Future[Command | None] | None = None
        self._confirmed: ShownFacts | None = None
        self._told_request: CancelRequested | None = None
        self._look_again = QTimer(self)
        self._look_again.setSingleShot(True)
        self._look_again.setInterval(LOOK_AGAIN_MS)
        self._look_again.timeout.connect(self.update_waiting)
        self.banner = PatientBanner()
        in_line(self.banner)
        self.transition_line = TransitionLine(self.peer, words.target)
        self.notice = Notice()
        for part in (self.banner, self.transition_line, self.notice):
            self.fixed.addWidget(part)
        self.confirmed.connect(self._confirm)
        self.waited.connect(self._show_what_is_missing)
        self.finished.connect(lambda _: self._answer(None))
        self._unsubscribe = desk.store.subscribe(self._store_changed)
        self.finished.connect(lambda _: self._unsubscribe())

    can_be_incomplete = False
    """In QA mode the command can be made out of what is there."""

    # What a dialog of its own provides.

    @abstractmethod
    def command(self) -> Command:
        """What the confirm button would carry out now."""

    def waits_for(self) -> Sequence[str]:
        """What is still to be filled, in words; the confirm button waits for it."""
        return ()

    def show_workitem(self) -> None:
        """Bring the middle up to date with `self.workitem` and `elements()`."""

    def first_missing(self) -> QWidget | None:
        """The control that fills the first thing that the confirm button waits for."""
        return None

    # The workitem.

    def shown(self) -> ShownFacts:
        """State and patient as this dialog shows them; only asked for when the state is known."""
        return ShownFacts.of(self.workitem)

    def elements(self) -> Elements | None:
        """The whole data set; None until it was read for this dialog."""
        return self._elements

    def _stored(self) -> Workitem | None:
        return self.desk.store.get(self.key)

    async def read_again(self) -> None:
        """Ask the server for the workitem; what it answers comes through the store as well."""
        reading = await read_whole(self.desk, self.key)
        if reading.elements is not None:
            self._elements = reading.elements
            self._reading_problem = ""
        elif reading.problem is not None:
            self._reading_problem = presenter.outcome_sentence(reading.problem)
            if not self._is_over and not self._is_sending:
                self.notice.tell(
                    NoticeLevel.WARNING, "The workitem could not be read just now.", [self._reading_problem]
                )
        self.refresh()

    def _store_changed(self, changes: ChangeSet) -> None:
        if self.key in changes.removed and not self._is_sending:
            self._end(
                "The server does not list this workitem any more.", ("Search again.",), NoticeLevel.ERROR
            )
            return
        if self.key not in changes.updated and self.key not in changes.inserted:
            return
        fresh = self._stored()
        if fresh is None:
            return
        differences = self.shown().changes_to(fresh) if self.workitem.state is not None else ()
        self.workitem = fresh
        if self._is_sending or self._is_over:
            self._show_heads()
            return
        if differences:
            self._tell_changes(differences)
        self.refresh()

    def refresh(self) -> None:
        """Show the workitem as it is known now, and what the confirm button waits for."""
        self._show_heads()
        if not self._is_over:
            self.show_workitem()
            self._tell_request()
            self.update_waiting()

    def _tell_request(self) -> None:
        """Somebody asks to cancel what is worked on here: it is said once, before the next press counts."""
        asked = self.desk.store.cancel_asked(self.key) if self._is_held() else None
        is_new = asked is not None and asked != self._told_request
        if asked is None or not is_new or self._is_sending or self.action not in _GO_ON:
            return
        self._told_request = asked
        self.notice.tell(NoticeLevel.WARNING, *asked_words(asked))
        if self.action is Action.COMPLETE:
            self._hold_back()
            self._focus_no()

    def _show_heads(self) -> None:
        facts = self.workitem.patient
        self.banner.set_patient(facts, large=True, look_alike=look_alikes_of(self.desk, self.workitem))
        self.transition_line.show_facts(
            self.workitem.label_words or "Workitem without a label",
            self.workitem.station,
            self.workitem.state,
        )
        self.set_yes(f"{self.words.verb} {short_name(facts, self.workitem)}")

    def also_open(self) -> str:
        """Other unfinished workitems of the same patient, one per line."""
        return "\n".join(open_items(self.desk, self.workitem))

    def update_waiting(self) -> None:
        """Let the confirm button go, or say what it waits for."""
        if self._is_over or self._is_sending:
            return
        if self.workitem.state is None:
            self.set_waiting(self._reading_problem or "Waits for the workitem to be read from the server")
            return
        is_unchecked = self.desk.qa.is_on(self.key.peer)
        refused = refusal(self.action, self.workitem.state, held_here=self._is_held())
        if refused is not None and not is_unchecked:
            self.set_waiting(str(refused))
            return
        if self._look_again.isActive():
            self.set_waiting("Look at what has changed first")
            return
        missing = self.waits_for()
        verb = self.words.waiting or self.words.verb
        why = f"{verb} waits for: {', '.join(missing)}" if missing else ""
        if not is_unchecked or (missing and not self.can_be_incomplete):
            self.set_waiting(why)
            return
        self.set_waiting("")
        told = [str(refused)] if refused is not None else []
        told += [why.replace("waits for", "would wait for")] if why else []
        self.line.say(" ".join(("QA mode: sent all the same.", *told)) if told else "", Tone.WARNING)

    def _is_held(self) -> bool:
        return self.desk.store.is_held(self.key)

    def lock_words(self) -> str:
        """With which Transaction UID a final state is asked for; only QA mode asks without one."""
        if self._is_held():
            return "with the Transaction UID saved for this claim"
        return "without a Transaction UID: this desk holds none"

    def _show_what_is_missing(self) -> None:
        widget = self.first_missing() if self.waits_for() else None
        if widget is not None:
            self.show_in_middle(widget)
            widget.setFocus(Qt.FocusReason.OtherFocusReason)

    # Asking and answering.

    async def next_command(self) -> Command | None:
        """Wait for the confirmation; None when the dialog was closed without one."""
        if not self.isVisible():
            return None
        self._asked = asyncio.get_running_loop().create_future()
        return await self._asked

    def _answer(self, command: Command | None) -> None:
        if self._asked is not None and not self._asked.done():
            self._asked.set_result(command)

    def _confirm(self) -> None:
        if self._is_sending or self._is_over:
            return
        command = self.command()
        if self.desk.qa.is_on(self.key.peer) and isinstance(command, _CAN_BE_FORCED):
            command = replace(command, force=True)
        self._confirmed = self.shown()
        self._is_sending = True
        self.notice.clear()
        self.line.say(f"{self.words.sending} {self.peer.title}", Tone.BUSY)
        self._set_buttons(False)
        self.setFocus(Qt.FocusReason.OtherFocusReason)  # no button can have it now
        self._answer(command)

    def _set_buttons(self, enabled: bool) -> None:
        for button in (self.no_button, self.yes_button, self.close_button):
            button.setEnabled(enabled)

    def reject(self) -> None:
        # The answer must find the dialog: who confirmed something sees what became of it.
        if not self._is_sending:
            super().reject()

    def dismiss(self) -> None:
        """Close, also while an answer is waited for, and let the dialog go."""
        if isValid(self):  # it went with its window otherwise
            self._unsubscribe()
            self.done(int(QDialog.DialogCode.Rejected))
            self.deleteLater()

    def show_result(self, result: Result) -> bool:
        """Turn into the answer. True: it is done and nothing is left to tell, so the dialog is closed."""
        self._is_sending = False
        self._set_buttons(True)
        self.workitem = self._stored() or self.workitem
        if result.kind is ResultKind.DONE and result.outcome.kind is Kind.SUCCESS and not result.notes:
            self.accept()
            return True
        sentence = presenter.outcome_sentence(result.outcome)
        lines = [*result.notes, *result.server_words]
        if result.missing:
            lines.append("Missing: " + ", ".join(need.words for need in result.missing))
        if result.kind is ResultKind.DONE:
            self._end(sentence, lines, NoticeLevel.WARNING)
        elif result.kind is ResultKind.CHANGED:
            self._tell_changes(result.changes)
            self.refresh()
        elif result.kind is ResultKind.UNKNOWN:
            self._end(sentence, [*lines, "The workitem is being read again."], NoticeLevel.WARNING)
        else:
            self._tell_refused(sentence, lines)
        return False

    def _tell_refused(self, sentence: str, lines: list[str]) -> None:
        # What a report changed while the answer was waited for was not told yet.
        changes = self._confirmed.changes_to(self.workitem) if self._confirmed is not None else ()
        if changes:
            self._hold_back()
        self.notice.tell(NoticeLevel.ERROR, sentence, [*lines, *(change_words(change) for change in changes)])
        self.refresh()
        self._focus_no()

    def _tell_changes(self, changes: Sequence[FactChange]) -> None:
        self.notice.tell(
            NoticeLevel.WARNING,
            "This workitem has changed since the dialog was opened. Nothing was sent.",
            [*(change_words(change) for change in changes), "Look again, then confirm anew."],
        )
        self._hold_back()
        self._focus_no()

    def _hold_back(self) -> None:
        """No press that was meant for what stood here before counts."""
        self.guard.start()
        self._look_again.start()
        self.update_waiting()

    def _focus_no(self) -> None:
        self.no_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _end(self, sentence: str, lines: Sequence[str], level: NoticeLevel) -> None:
        """Nothing more can be asked here: tell it, and leave only Close."""
        self._is_over = True
        self._show_heads()
        self.notice.tell(level, sentence, lines)
        self.line.say("")
        self.set_head(self.words.title.rstrip("?"), "")
        self.yes_button.hide()
        self.hide_middle()
        self.no_button.setText("Close")
        self.no_button.setAccessibleName("Close")
        icons.set_forbidden(self.yes_button, True)
        self._set_buttons(True)
        self._focus_no()


def short_name(facts: PatientFacts, workitem: Workitem) -> str:
    """Who stands on the confirm button: the first representation of the name that says something."""
    for group in facts.name.split("="):
        words = person_name_words(group)
        if words:
            return words
    return plain(facts.patient_id) or workitem.label_words or "this workitem"
