"""A page with one form: what it shows, takes back and finds wrong; it neither reads nor sends."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from upsdesk.domain import tags
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.peer import Peer
from upsdesk.domain.state import Action, refusal
from upsdesk.services.desk import Desk
from upsdesk.ui import presenter
from upsdesk.ui.dialogs import Tone
from upsdesk.ui.editor.copying import CopyMenu
from upsdesk.ui.editor.editing import Editing
from upsdesk.ui.editor.form import Form, Mode, Problem
from upsdesk.ui.editor.page_facts import (
    foot_words,
    known_codes,
    patient_of,
    request_notes,
    unchecked_words,
)
from upsdesk.ui.editor.page_view import FormView, PageFoot, PageHead
from upsdesk.ui.editor.rows import FieldRow
from upsdesk.ui.editor.specs import BY_ID
from upsdesk.ui.editor.tree_pane import TreePane
from upsdesk.ui.editor.undo_keys import UndoKeys
from upsdesk.ui.fields import label
from upsdesk.ui.patient_banner import PatientBanner
from upsdesk.ui.transitions.notice import Notice, NoticeLevel
from upsdesk.ui.transitions.parts import StateWord

_REPLACES = (
    "It replaces another workitem. Sending it from here does not cancel that one: call it off afterwards."
)


class FormPage(QWidget):
    """Head, banner, notice, form and foot. A form is there from `_show` to `_drop_view`."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._peer: Peer | None = None
        self._key: WorkitemKey | None = None
        """None while a new one is made."""
        self._editing = Editing(desk, self)
        self._editing.changed.connect(self._refresh)
        self._view: FormView | None = None
        self._is_sending = False
        """The form stays as it is meanwhile."""
        self._is_done = False
        """It was sent, and only the way back is left."""
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
        self.foot.go_to.connect(self._go_to_problem)
        seek = QShortcut("Ctrl+F", self)
        seek.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        seek.activated.connect(self._seek)
        self._undo_keys = UndoKeys(self, self.undo, self.redo)

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
            if self._editing.attempt is not None:
                lines.append("It was sent, and no answer came. Sending it again uses the same UID.")
            was = "without an answer" if self._editing.attempt is not None else "and not sent"
            self.notice.tell(NoticeLevel.INFO, f"What was typed {when} {was} is here again.", lines)
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
        self._show_notes(form)
        if form.mode is Mode.CREATE:
            self.banner.set_patient(patient_of(form), large=True)
        if not self._is_sending:
            self._show_foot(form)

    def _shown_problems(self, form: Form) -> Sequence[Problem]:
        is_edit = form.mode is Mode.EDIT
        return [
            one for one in form.problems() if is_edit or not one.field_id or one.field_id in self._touched
        ]

    def _show_notes(self, form: Form) -> None:
        if self._view is not None:
            self._view.sent.show_notes(request_notes(form, is_held=self._is_held()))

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
