"""The editor page: create or change one workitem; nothing is sent until all is right, and then all of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QShortcut
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.peer import Peer, PeerUse
from upsdesk.domain.plain import plain
from upsdesk.domain.state import Action, ProcedureStepState, refusal
from upsdesk.domain.status import Kind
from upsdesk.domain.workitem import PatientFacts, Workitem
from upsdesk.services.changes import ChangeSet
from upsdesk.services.commands import Create, Edit, Result, ResultKind, ShownFacts
from upsdesk.services.desk import Desk
from upsdesk.ui import presenter
from upsdesk.ui.dialogs import Tone, ask
from upsdesk.ui.editor.conflict_dialog import choose
from upsdesk.ui.editor.copying import CopyMenu
from upsdesk.ui.editor.editing import Editing
from upsdesk.ui.editor.form import Form, Mode, Problem
from upsdesk.ui.editor.page_facts import (
    foot_words,
    known_codes,
    patient_of,
    request_notes,
    short_uid,
    unchecked_words,
)
from upsdesk.ui.editor.page_view import FormView, PageFoot, PageHead
from upsdesk.ui.editor.rows import FieldRow
from upsdesk.ui.editor.specs import BY_ID
from upsdesk.ui.editor.tree_pane import TreePane
from upsdesk.ui.editor.undo_keys import UndoKeys
from upsdesk.ui.fields import label
from upsdesk.ui.look_alikes import look_alikes_of
from upsdesk.ui.patient_banner import PatientBanner
from upsdesk.ui.reading import read_whole
from upsdesk.ui.tasks import spawn
from upsdesk.ui.transitions.facts import change_words
from upsdesk.ui.transitions.notice import Notice, NoticeLevel
from upsdesk.ui.transitions.parts import StateWord

_REPLACES = (
    "It replaces another workitem. Sending it from here does not cancel that one: call it off afterwards."
)
_CHANGED_MEANWHILE = "The server's values have changed since this page was opened. Nothing was sent."


SendNew = Callable[[Elements, SopInstanceUid | None], Awaitable[Result | None]]
"""Sends a new workitem in another way than by `Create`; None when it was not confirmed. The UID is that of an
attempt whose result is unknown."""


class EditorPage(QWidget):
    """A page over the table. `open_for` or `open_new` fills it; it keeps what was typed until it was sent."""

    closed = Signal(object)
    """The WorkitemKey that was edited or made, or None."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._peer: Peer | None = None
        self._key: WorkitemKey | None = None
        self._editing = Editing(desk, self)
        self._editing.changed.connect(self._refresh)
        self._view: FormView | None = None
        self._workitem: Workitem | None = None
        """Whom the banner shows; None while a new one is made."""
        self._send_new: SendNew | None = None
        self._is_sending = False
        self._is_done = False
        self._touched: set[str] = set()
        """Fields that were typed in. What was not reached yet is not scolded."""
        self.setProperty("surface", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.head = PageHead()
        self._state = StateWord()
        self._uid = label("", "mono", tone="text_2", wrap=False)
        self._server = label("", "small", tone="text_2", wrap=False)
        self.head.add(self._state)
        self.head.add(self._uid, yields=True)
        self.head.row.addStretch(1)
        self.undo_button = self.head.add_button("Undo", "undo-2", self.undo)
        self.redo_button = self.head.add_button("Redo", "redo-2", self.redo)
        self.all_button = self.head.add_button("All attributes", "rows-3", self._turn_over)
        self.copy_button = self.head.add_button("Copy", "braces", lambda: None)
        self.copy_button.setMenu(CopyMenu(desk, self, self._to_copy, self._say_at_foot))
        self.copy_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.head.add(self._server)
        self.banner = PatientBanner()
        self.notice = Notice()
        self.foot = PageFoot()
        for part in (self.head, self.banner, self.notice):
            self._column.addWidget(part)
        self._column.addStretch(0)
        self._column.addWidget(self.foot)
        self.head.back.connect(self._leave)
        self.foot.go_to.connect(self._go_to_problem)
        self.foot.discard.connect(self._discard)
        self.foot.send.connect(self._send)
        for key, act in (("Ctrl+Return", self._send), ("Ctrl+F", self._seek)):
            shortcut = QShortcut(key, self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)
        self._undo_keys = UndoKeys(self, self.undo, self.redo)
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
        self._kept_uid: SopInstanceUid | None = None
        """Of a creation whose result is unknown: the same UID again can create nothing twice."""
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

    # The form.

    def has_changes(self) -> bool:
        """Whether leaving would lose something that was typed."""
        return not self._is_done and self._editing.has_changes

    def form(self) -> Form | None:
        """The form as it stands; None while the workitem is being read."""
        return self._editing.form

    @property
    def tree(self) -> TreePane:
        """The list of all attributes; only while a form is open."""
        assert self._view is not None
        return self._view.tree

    def row(self, field_id: str) -> FieldRow:
        """The line of a field; raises KeyError for an unknown one, or while nothing is open."""
        return {row.spec.id: row for row in self.rows()}[field_id]

    def rows(self) -> Sequence[FieldRow]:
        """The lines of all fields, in the order of the page; none while nothing is open."""
        return tuple(self._view.rows.values()) if self._view is not None else ()

    def _show(self, start: Form, words: str, peer: PeerId, uid: SopInstanceUid | None) -> None:
        self._drop_view()
        assert self._peer is not None
        kept_at = self._editing.start(start, words, peer, uid)
        form = self._editing.form
        assert form is not None
        view = FormView(form, known_codes(self._desk, self._peer), self)
        view.edited.connect(self._edited)
        view.tree_edited.connect(self._tree_edited)
        self._view = view
        self._column.insertWidget(self._column.indexOf(self.foot), view, 1)
        view.show()  # the layout would do it a turn of the loop later, too late for the focus
        self._refresh()
        if kept_at is not None:
            when = presenter.instant_words(kept_at, self._desk.clock(), self._desk.zone)
            is_replacing = not self._key and tags.REPLACED_PROCEDURE_STEP_SEQUENCE in form.tree
            lines = [_REPLACES] if is_replacing else []
            self.notice.tell(NoticeLevel.INFO, f"What was typed {when} and not sent is here again.", lines)
        view.rows["label"].input.parts()[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def _drop_view(self) -> None:
        if self._view is not None:
            self._column.removeWidget(self._view)
            self._view.hide()
            self._view.deleteLater()
            self._view = None

    def _edited(self, field_id: str, value: object) -> None:
        self._touched.add(field_id)
        self._editing.set_value(field_id, value, f"{BY_ID[field_id].words} changed")

    def _tree_edited(self, words: str, elements: object) -> None:
        if isinstance(elements, Elements):
            self._editing.set_tree(elements, words)

    def undo(self) -> None:
        """Take the last step back."""
        if not self._is_sending and not self._is_done:
            self._editing.undo()

    def redo(self) -> None:
        """Do again what was taken back last."""
        if not self._is_sending and not self._is_done:
            self._editing.redo()

    def _seek(self) -> None:
        if self._view is not None:
            self._view.seek_field.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self._view.seek_field.selectAll()

    def _turn_over(self) -> None:
        if self._view is not None:
            self._view.turn_over()

    def _to_copy(self) -> tuple[Form, Peer, SopInstanceUid | None] | None:
        form = self.form()
        if form is None or self._peer is None:
            return None
        return form, self._peer, self._key.uid if self._key is not None else None

    def _say_at_foot(self, words: str, tone: Tone) -> None:
        self.foot.say(words, tone)

    def _refresh(self) -> None:
        form, view = self.form(), self._view
        if form is None or view is None:
            return
        done = self._editing.done
        self.undo_button.setEnabled(len(done) > 1)
        self.redo_button.setEnabled(self._editing.can_redo)
        view.sent.show_history([step.words for step in done])
        view.show_form(form, self._shown_problems(form))
        view.sent.show_notes(request_notes(form, is_held=self._is_held()))
        if form.mode is Mode.CREATE:
            self.banner.set_patient(patient_of(form), large=True)
        if not self._is_sending:
            self._show_foot(form)

    def _shown_problems(self, form: Form) -> Sequence[Problem]:
        is_edit = form.mode is Mode.EDIT
        return [
            one for one in form.problems() if is_edit or not one.field_id or one.field_id in self._touched
        ]

    def _show_foot(self, form: Form) -> None:
        foot = foot_words(form, self._shown_problems(form), self._refused())
        if self._is_unchecked() and (self.has_changes() or form.mode is Mode.CREATE):
            foot = unchecked_words(foot)
        self.foot.say(foot.line, foot.tone, go=foot.is_problem)
        self.foot.set_send(foot.send, foot.reason)
        self.foot.discard_button.setEnabled(self.has_changes())

    def _is_unchecked(self) -> bool:
        return self._peer is not None and self._desk.qa.is_on(self._peer.id)

    def _refused(self) -> str:
        if self._key is None:
            return ""
        workitem = self._desk.store.get(self._key)
        found = refusal(
            Action.EDIT, workitem.state if workitem else None, held_here=self._desk.store.is_held(self._key)
        )
        return str(found) if found else ""

    def _is_held(self) -> bool:
        return self._key is not None and self._desk.store.is_held(self._key)

    def _go_to_problem(self) -> None:
        form = self.form()
        if form is not None and self._view is not None:
            problems = self._shown_problems(form) or form.problems()
            self._touched.update(problem.field_id for problem in problems)
            self._refresh()
            if problems:
                self._view.go_to(problems[0])

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
            return await self._send_new(form.elements(), self._kept_uid)
        is_repeat = self._kept_uid is not None
        create = Create(self._peer.id, form.elements(), uid=self._kept_uid, is_repeat=is_repeat)
        if self._is_unchecked():
            create = replace(create, exact=True)
        return await create.run(self._desk)

    def _set_open(self, is_open: bool) -> None:
        for part in (self._view, self.foot.send_button, self.foot.discard_button, self.head.back_button):
            if part is not None:
                part.setEnabled(is_open)

    async def _show_result(self, result: Result, form: Form) -> None:
        lines = list(result.notes)
        comments = [plain(one.error_comment) for one in result.answers if one.error_comment]
        lines += [f"The server says: {comment}" for comment in comments]
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
            self._kept_uid = result.uid
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
