"""The editor page: create or change one workitem; nothing is sent until all is right, and then all of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QShortcut
from PySide6.QtWidgets import QWidget

from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import SopInstanceUid, WorkitemKey
from upsdesk.domain.peer import Peer, PeerUse
from upsdesk.domain.state import Action, ProcedureStepState, refusal
from upsdesk.domain.status import Kind
from upsdesk.domain.workitem import PatientFacts, Workitem
from upsdesk.services.changes import ChangeSet
from upsdesk.services.commands import Create, Edit, Result, ResultKind, ShownFacts
from upsdesk.services.desk import Desk
from upsdesk.ui import presenter
from upsdesk.ui.dialogs import Tone, ask
from upsdesk.ui.editor.conflict_dialog import choose
from upsdesk.ui.editor.form import Form, Mode
from upsdesk.ui.editor.form_page import FormPage
from upsdesk.ui.editor.page_facts import short_uid
from upsdesk.ui.look_alikes import look_alikes_of
from upsdesk.ui.reading import read_whole
from upsdesk.ui.tasks import spawn
from upsdesk.ui.transitions.facts import change_words
from upsdesk.ui.transitions.notice import NoticeLevel

_CHANGED_MEANWHILE = "The server's values have changed since this page was opened. Nothing was sent."

SendNew = Callable[[Elements, SopInstanceUid | None], Awaitable[Result | None]]
"""Sends a new workitem in another way than by `Create`; None when it was not confirmed. The UID is that of an
attempt whose result is unknown."""


class EditorPage(FormPage):
    """A page over the table. `open_for` or `open_new` fills it; it keeps what was typed until it was sent."""

    closed = Signal(object)
    """The WorkitemKey that was edited or made, or None."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._workitem: Workitem | None = None
        """Whom the banner shows; None while a new one is made."""
        self._send_new: SendNew | None = None
        self.head.back.connect(self._leave)
        self.foot.discard.connect(self._discard)
        self.foot.send.connect(self._send)
        send = QShortcut("Ctrl+Return", self)
        send.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        send.activated.connect(self._send)
        forget = desk.store.subscribe(self._store_changed)
        self.destroyed.connect(lambda _=None: forget())

    # Opening.

    def open_for(self, key: WorkitemKey) -> None:
        """Edit this workitem: it is read anew first."""
        workitem = self._desk.store.get(key) or Workitem(key)
        self._begin(self._desk.peer(key.peer), key, workitem.state, workitem.patient, "Edit workitem")
        self.foot.say("Reading the workitem from the server…", Tone.BUSY)
        spawn(self._read(key), "read for the editor")

    def open_new(
        self,
        peer: Peer,
        base: Elements | None = None,
        title: str = "New workitem",
        send: SendNew | None = None,
    ) -> None:
        """Make a new workitem at this peer: one that starts now, or one that begins as `base`."""
        self._begin(peer, None, ProcedureStepState.SCHEDULED, PatientFacts(), title)
        self._send_new = send
        if base is not None:
            form = Form.of(Mode.CREATE, base, self._desk.zone, self._desk.zone_of(peer.id))
            self._start_new(form, title)
            return
        start = self._desk.clock().astimezone(self._desk.zone).replace(second=0, microsecond=0)
        base = Elements((element(tags.PROCEDURE_STEP_STATE, ProcedureStepState.SCHEDULED.value),))
        form = Form.of(Mode.CREATE, base, self._desk.zone, self._desk.zone_of(peer.id))
        form = form.with_value("priority", "MEDIUM").with_value("readiness", "READY")
        form = form.with_value("start", start.strftime("%Y-%m-%d %H:%M"))
        self._start_new(form, title)

    def _start_new(self, form: Form, title: str) -> None:
        assert self._peer is not None
        self._show(form, title, self._peer.id, None)

    def _begin(
        self,
        peer: Peer,
        key: WorkitemKey | None,
        state: ProcedureStepState | None,
        patient: PatientFacts,
        title: str,
    ) -> None:
        self._peer, self._key = peer, key
        self._editing.stop()
        self._workitem = None
        self._is_sending = self._is_done = False
        self._send_new = None
        self._touched = set()
        self._drop_view()
        self.notice.clear()
        self.head.title.setText(title)
        self._state.show_state(state)
        self._uid.setText(short_uid(key.uid) if key else "")
        self._uid.setToolTip(str(key.uid) if key else "")
        self._server.setText(f"{peer.title} · {peer.use.words}")
        self._server.setToolTip(peer.address)
        self.banner.set_patient(patient, large=True)
        self.foot.discard_button.setText("Discard changes")
        self.foot.send_button.show()
        self.foot.set_send("Send", "Nothing is changed yet")
        self.foot.discard_button.setEnabled(False)

    async def _read(self, key: WorkitemKey) -> None:
        reading = await read_whole(self._desk, key, everything=True)
        if key != self._key or self.form() is not None:
            return
        if reading.elements is None:
            words = presenter.outcome_sentence(reading.problem) if reading.problem else "No answer came."
            self.notice.tell(NoticeLevel.ERROR, "The workitem could not be read.", [words])
            self.foot.say("Nothing can be changed before it was read.", Tone.BAD)
            return
        self._show_workitem()
        state = self._workitem.state if self._workitem else None
        refused = refusal(Action.EDIT, state, held_here=self._desk.store.is_held(key))
        if refused is not None:
            self.notice.tell(NoticeLevel.WARNING, refused.reason, [refused.next_step])
        form = Form.of(Mode.EDIT, reading.elements, self._desk.zone, self._desk.zone_of(key.peer))
        self._show(form, f"Read from {self._desk.peer(key.peer).title}", key.peer, key.uid)

    def _store_changed(self, changes: ChangeSet) -> None:
        """Who and which state stand above the form are followed; what is typed stays."""
        workitem = self._workitem
        form = self.form()
        if form is None or workitem is None or workitem.key not in changes.updated:
            return
        self._show_workitem()
        assert self._workitem is not None
        differences = ShownFacts.of(workitem).changes_to(self._workitem)
        if differences and not self._is_done:
            words = [change_words(change) for change in differences]
            self.notice.tell(
                NoticeLevel.WARNING, "This workitem has changed since the page was opened.", words
            )
        if not self._is_sending and not self._is_done:
            self._show_notes(form)
            self._show_foot(form)

    def _show_workitem(self) -> None:
        """State and patient as the store has them now."""
        if self._key is None:
            return
        self._workitem = self._desk.store.get(self._key) or self._workitem
        if self._workitem is not None:
            self._state.show_state(self._workitem.state)
            look_alike = look_alikes_of(self._desk, self._workitem)
            self.banner.set_patient(self._workitem.patient, large=True, look_alike=look_alike)

    # Sending.

    def _send(self) -> None:
        form = self.form()
        if form is None or self._is_sending or self._is_done:
            return
        if self.foot.send_button.property("forbidden"):
            self._go_to_problem()
            return
        self._is_sending = True
        self._set_open(False)
        self.notice.clear()
        assert self._peer is not None
        self.foot.say(f"Sending to {self._peer.title}…", Tone.BUSY)
        spawn(self._carry_out(form), "send from the editor")

    async def _carry_out(self, form: Form) -> None:
        assert self._peer is not None
        try:
            result = await self._result_of(form)
        finally:
            self._is_sending = False
            self._set_open(True)
        if result is None:
            self._refresh()
        else:
            await self._show_result(result, form)

    async def _result_of(self, form: Form) -> Result | None:
        assert self._peer is not None
        if self._key is not None:
            is_free = self._is_unchecked()
            return await Edit(self._key, form.base, form.elements(), force=is_free).run(self._desk)
        if self._send_new is not None:
            return await self._send_new(form.elements(), self._editing.attempt)
        is_repeat = self._editing.attempt is not None
        uid = self._editing.attempt or SopInstanceUid(self._desk.make_uid())
        self._editing.note_attempt(uid)  # on disk before it is sent: a crash does not create it twice
        create = Create(self._peer.id, form.elements(), uid=uid, is_repeat=is_repeat)
        if self._is_unchecked():
            create = replace(create, exact=True)
        result = await create.run(self._desk)
        if not is_repeat and result.kind not in (ResultKind.UNKNOWN, ResultKind.DONE):
            self._editing.note_attempt(None)
        return result

    def _set_open(self, is_open: bool) -> None:
        for part in (self._view, self.foot.send_button, self.foot.discard_button, self.head.back_button):
            if part is not None:
                part.setEnabled(is_open)

    async def _show_result(self, result: Result, form: Form) -> None:
        lines = [*result.notes, *result.server_words]
        sentence = presenter.outcome_sentence(result.outcome)
        if result.kind is ResultKind.DONE:
            self._is_done = True
            self._editing.forget_draft()
            if result.key is not None:
                self._key = result.key
            if result.outcome.kind is Kind.SUCCESS and not result.notes:
                self._close()
                return
            self.notice.tell(NoticeLevel.WARNING, sentence, lines)
            self.foot.say("Sent. What the server made of it stands above.", Tone.GOOD)
            self._only_back()
        elif result.kind is ResultKind.CHANGED:
            await self._rebase(form, [change.words for change in result.changes])
        elif result.kind is ResultKind.UNKNOWN:
            if result.uid is not None and self._key is None:
                self._editing.note_attempt(result.uid)
            self.notice.tell(NoticeLevel.WARNING, sentence, [*lines, "What was typed is kept here."])
            self._refresh()
        else:
            self.notice.tell(NoticeLevel.ERROR, sentence, [*lines, "What was typed is kept here."])
            self._refresh()

    async def _rebase(self, form: Form, changes: Sequence[str]) -> None:
        """Somebody else changed it meanwhile: whose value goes on is chosen, attribute by attribute."""
        assert self._key is not None
        reading = await read_whole(self._desk, self._key, everything=True)
        if reading.elements is None or self.form() is not form:
            self.notice.tell(NoticeLevel.WARNING, _CHANGED_MEANWHILE, [*changes, "What was typed is kept."])
            self._refresh()
            return
        keep: frozenset[int] | None = None
        contested = form.conflicts(reading.elements)
        if contested:
            patient = self._workitem.patient if self._workitem is not None else PatientFacts()
            is_demo = self._peer is not None and self._peer.use is PeerUse.DEMO
            self.foot.say("Nothing was sent: choose whose values stay.", Tone.WARNING)
            keep = await choose(self, patient, contested, demo=is_demo)
        if contested and keep is None:
            self.notice.tell(NoticeLevel.WARNING, _CHANGED_MEANWHILE, [*changes, "What was typed is kept."])
        else:
            self._editing.rebase(form.rebased(reading.elements, keep))
            self.notice.tell(NoticeLevel.WARNING, _CHANGED_MEANWHILE, [*changes, "Look again, then send."])
        self._refresh()

    def _only_back(self) -> None:
        self.foot.send_button.hide()
        self.foot.discard_button.setText("Back to worklist")
        self.foot.discard_button.setEnabled(True)
        if self._view is not None:
            self._view.setEnabled(False)

    # Leaving.

    def _discard(self) -> None:
        form = self.form()
        if self._is_done:
            self._close()
        elif form is not None and form.mode is Mode.EDIT:
            spawn(self._ask_discard(), "discard changes")
        else:
            self._leave()

    async def _ask_discard(self) -> None:
        if await self._may_discard():
            self.notice.clear()
            self._editing.reset("All changes discarded")

    def _leave(self) -> None:
        spawn(self.leave(), "leave the editor")

    async def leave(self) -> bool:
        """Close, unless a request is under way or what was typed is to stay; whether it closed."""
        may_go = not self._is_sending and await self.may_close()
        if may_go:
            self._close()
        return may_go

    async def may_close(self) -> bool:
        """Whether nothing typed would be lost, or the user lets it go."""
        if not self.has_changes():
            return True
        may_go = await self._may_discard()
        if may_go:
            self._editing.forget_draft()
        return may_go

    async def _may_discard(self) -> bool:
        return await ask(
            self,
            "Discard what was typed?",
            "It was not sent to the server and is not kept anywhere else.",
            yes="Discard",
            no="Keep editing",
            icon="trash-2",
            danger=True,
            demo=self._peer is not None and self._peer.use is PeerUse.DEMO,
        )

    def _close(self) -> None:
        key = self._key
        self._editing.stop()
        self._drop_view()
        self.closed.emit(key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._leave()
        else:
            super().keyPressEvent(event)
