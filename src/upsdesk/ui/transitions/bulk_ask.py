"""Ask to cancel for several workitems: which ones, which not and why, and what was answered for each."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.peer import PeerUse
from upsdesk.domain.status import Kind
from upsdesk.services.bulk import NONE_TO_ASK, Candidate, ask_about, candidates
from upsdesk.services.changes import ChangeSet
from upsdesk.services.commands import Result, ResultKind
from upsdesk.services.desk import Desk
from upsdesk.ui import icons, presenter, theme
from upsdesk.ui.dialogs import ConfirmDialog, Tone, finished
from upsdesk.ui.fields import label
from upsdesk.ui.look_alikes import look_alikes_of
from upsdesk.ui.tasks import spawn
from upsdesk.ui.transitions.facts import change_words
from upsdesk.ui.transitions.parts import NeedList, SentBlock, SentMessage
from upsdesk.ui.transitions.request_form import RequestForm


async def ask_several(parent: QWidget | None, desk: Desk, keys: tuple[WorkitemKey, ...]) -> None:
    """Open the preview; returns when it is closed."""
    dialog = BulkAskDialog(parent, desk, keys)
    dialog.open()
    try:
        await finished(dialog)
    finally:
        dialog.stop()


class CandidateRow(QWidget):
    """A workitem with its patient's four facts, and what is going to happen to it or has happened."""

    def __init__(self, shown: Candidate, look_alike: str) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 5, 0, 5)
        row.setSpacing(10)
        self._icon = QLabel()
        self._icon.setFixedSize(16, 16)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        who = QVBoxLayout()
        who.setSpacing(1)
        item = shown.workitem
        facts = item.patient
        who.addWidget(label(presenter.name_words(facts), "strong"))
        known = (presenter.id_words(facts), presenter.born_and_sex(facts))
        who.addWidget(label(" · ".join(part for part in known if part), "small"))
        work = (item.label_words, item.station, presenter.state_words(item.state))
        who.addWidget(label(" · ".join(part for part in work if part), "small", tone="text_2"))
        if look_alike:
            who.addWidget(label(look_alike, "small", tone="warning"))
        row.addLayout(who, 3)
        self._words = label("", "small")
        row.addWidget(self._words, 3, Qt.AlignmentFlag.AlignTop)
        self._who = presenter.patient_sentence(facts)

    def tell(self, icon: str, tone: str, words: str) -> None:
        icons.set_icon(self._icon, icon, tone)
        self._words.setText(words)
        theme.set_property(self._words, "tone", tone)
        self.setAccessibleName(f"{self._who}: {words}")

    @property
    def text(self) -> str:
        return self._words.text()


class BulkAskDialog(ConfirmDialog):
    """A preview with a reason for all, then a result for each. Nothing else is ever sent for several."""

    def __init__(self, parent: QWidget | None, desk: Desk, keys: tuple[WorkitemKey, ...]) -> None:
        peer = desk.peer(keys[0].peer)
        super().__init__(
            parent,
            "Ask to cancel several workitems?",
            f"The systems that work on them decide. Until then they go on. {peer.title} · {peer.use.words}",
            yes="Ask to cancel",
            no="No, keep them",
            icon="hand",
            demo=peer.use is PeerUse.DEMO,
            width=760,
        )
        self._desk = desk
        self._keys = keys
        self._candidates: tuple[Candidate, ...] = ()
        self.rows: dict[WorkitemKey, CandidateRow] = {}
        self._sending: asyncio.Task[None] | None = None
        self._is_over = False
        self._list = QVBoxLayout()
        self.middle.addLayout(self._list)
        self.form = RequestForm(desk.settings.desk.name)
        self.middle.addWidget(self.form)
        self._sent = SentBlock()
        self.middle.addWidget(self._sent)
        self._forget = desk.store.subscribe(self._store_changed)
        self.form.changed.connect(self._tell_waiting)
        self.confirmed.connect(self._confirm)
        self.waited.connect(lambda: self.form.first_missing().setFocus(Qt.FocusReason.OtherFocusReason))
        self._show_candidates()

    def stop(self) -> None:
        self._forget()
        if self._sending is not None:
            self._sending.cancel()

    def reject(self) -> None:
        # Who confirmed it sees what became of each.
        if self._sending is None or self._sending.done():
            super().reject()

    def _store_changed(self, changes: ChangeSet) -> None:
        touched = {*changes.updated, *changes.removed, *changes.inserted}
        if self._sending is None and touched & set(self._keys):
            before = {one.key: one for one in self._candidates}
            self._show_candidates()
            if any(before.get(one.key) != one for one in self._candidates):
                self.guard.start()  # no press that was meant for what stood here before counts

    def _show_candidates(self) -> None:
        self._candidates = candidates(self._desk, self._keys)
        while (item := self._list.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        self.rows = {
            one.key: CandidateRow(one, look_alikes_of(self._desk, one.workitem)) for one in self._candidates
        }
        for one in self._candidates:
            if one.left_out is None:
                holder = presenter.elsewhere_words(one.workitem)
                self.rows[one.key].tell("hand", "text", f"Will be asked: {holder}")
            else:
                self.rows[one.key].tell("circle-slash", "text_3", f"Left out. {one.left_out.reason}")
        self._list.addWidget(NeedList(list(self.rows.values())))
        count = len(self._to_ask())
        self.set_yes(f"Ask to cancel {presenter.count_words(count, 'workitem')}")
        self._tell_waiting()

    def _to_ask(self) -> list[Candidate]:
        return [one for one in self._candidates if one.left_out is None]

    def _tell_waiting(self) -> None:
        count = len(self._to_ask())
        words = f"Request Cancel to each of {count}, one after the other, each read right before"
        self._sent.show_messages((SentMessage("N-ACTION 2", words, self.form.sent_lines()),))
        if self._sending is not None:
            return
        missing = self.form.waits_for()
        if not count:
            self.set_waiting(str(NONE_TO_ASK))
        else:
            self.set_waiting(f"Ask to cancel waits for: {', '.join(missing)}" if missing else "")

    def _confirm(self) -> None:
        if self._sending is None:
            for button in (self.no_button, self.yes_button, self.close_button):
                button.setEnabled(False)
            self.form.setEnabled(False)
            self._sending = spawn(self._ask_all(), "ask several to cancel")

    async def _ask_all(self) -> None:
        chosen = self._to_ask()
        for one in chosen:
            self.rows[one.key].tell("state-pending", "accent", "Waits for its turn")
        told: list[ResultKind] = []
        self.line.say(f"Asking, 0 of {len(chosen)} answered", Tone.BUSY)
        async for one, result in ask_about(self._desk, chosen, self.form.request()):
            self.rows[one.key].tell(*_result_words(result))
            told.append(result.kind)
            self.line.say(f"Asking, {len(told)} of {len(chosen)} answered", Tone.BUSY)
        self._end(told)

    def _end(self, told: list[ResultKind]) -> None:
        done = sum(kind is ResultKind.DONE for kind in told)
        self.set_head("Asked to cancel", "")
        self.form.hide()
        self._sent.hide()
        self.yes_button.hide()
        self.no_button.setText("Close")
        self.no_button.setAccessibleName("Close")
        self.no_button.setEnabled(True)
        self.close_button.setEnabled(True)
        self.no_button.setFocus(Qt.FocusReason.OtherFocusReason)
        tone = Tone.GOOD if done == len(told) else Tone.WARNING
        self.line.say(
            f"{done} of {len(told)} took the request. None is canceled before its state says so.", tone
        )
        self.guard.start()


def _result_words(result: Result) -> tuple[str, str, str]:
    """Icon, colour and sentence of one result."""
    sentence = presenter.outcome_sentence(result.outcome)
    lines = [sentence, *(change_words(change) for change in result.changes), *result.notes]
    words = " ".join(lines)
    if result.kind is ResultKind.DONE and result.outcome.kind is Kind.SUCCESS:
        return "circle-check", "completed", words
    if result.kind in (ResultKind.DONE, ResultKind.UNKNOWN, ResultKind.CHANGED):
        return "triangle-alert", "warning", words
    return "circle-alert", "error", words
