"""One form while it is edited: how it stands, what can be taken back, and its draft on disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from PySide6.QtCore import QObject, Signal

from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import PeerId, SopInstanceUid
from upsdesk.services.desk import Desk
from upsdesk.ui.editor.draft_keeper import DraftKeeper
from upsdesk.ui.editor.form import Form
from upsdesk.ui.editor.history import History, Step


class Editing(QObject):
    """Nothing is edited before `start` and after `stop`."""

    changed = Signal()

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._keeper = DraftKeeper(desk, self)
        self._history: History | None = None
        self._untouched: Form | None = None
        self._attempt: SopInstanceUid | None = None

    @property
    def form(self) -> Form | None:
        """The form as it stands."""
        return self._history.form if self._history is not None else None

    @property
    def done(self) -> Sequence[Step]:
        """The steps that led to it, the first one first."""
        return self._history.done if self._history is not None else ()

    @property
    def can_redo(self) -> bool:
        return self._history is not None and bool(self._history.undone)

    @property
    def has_changes(self) -> bool:
        """Whether anything differs from what the form started with."""
        form, first = self.form, self._untouched
        return (
            form is not None and first is not None and (form.values, form.tree) != (first.values, first.tree)
        )

    @property
    def attempt(self) -> SopInstanceUid | None:
        """Under which UID it may be at the server already: it is sent again under the same one."""
        return self._attempt

    def note_attempt(self, uid: SopInstanceUid | None) -> None:
        """It is going to be sent under this UID, or (None) it is known not to be there; at once on disk."""
        self._attempt = uid
        self._keep()
        self._keeper.write_now()

    def start(self, form: Form, words: str, peer: PeerId, uid: SopInstanceUid | None) -> datetime | None:
        """Begin with this form, or with what was typed into it before the program ended.

        When that was kept is returned; None: there was nothing.
        """
        self._untouched = form
        kept = self._keeper.open(peer, uid)
        self._history = History(words, form.with_kept(kept.form) if kept else form)
        self._attempt = SopInstanceUid(kept.form.attempt) if kept and kept.form.attempt else None
        return kept.at if kept else None

    def stop(self) -> None:
        """It was sent, or let go: its draft goes too."""
        self._keeper.forget()
        self._history = self._attempt = None

    def forget_draft(self) -> None:
        """What stands in the form need not survive any more."""
        self._keeper.forget()

    def set_value(self, field_id: str, value: object, words: str) -> None:
        """A field was typed in."""
        if self.form is not None:
            self._take(words, self.form.with_value(field_id, value), field_id)  # type: ignore[arg-type]

    def set_tree(self, elements: Elements, words: str) -> None:
        """Attributes were changed where all of them are listed."""
        if self.form is not None:
            self._take(words, self.form.with_tree(elements))

    def reset(self, words: str) -> None:
        """Back to the data set that it started from; that can be taken back too."""
        form = self.form
        if form is not None:
            self._take(words, Form.of(form.mode, form.base, form.zone, form.data_set_zone))

    def rebase(self, form: Form) -> None:
        """The same edits, on a data set that was read anew."""
        assert self._history is not None
        self._untouched = Form.of(form.mode, form.base, form.zone, form.data_set_zone)
        self._history.replace(form)
        self._tell()

    def undo(self) -> None:
        self._step(History.undo)

    def redo(self) -> None:
        self._step(History.redo)

    def _step(self, step: Callable[[History], Form]) -> None:
        if self._history is not None:
            step(self._history)
            self._tell()

    def _take(self, words: str, form: Form, of_field: str = "") -> None:
        assert self._history is not None
        self._history.add(words, form, of_field)
        self._tell()

    def _tell(self) -> None:
        self._keep()
        self.changed.emit()

    def _keep(self) -> None:
        form = self.form
        is_wanted = form is not None and (self.has_changes or self._attempt is not None)
        self._keeper.keep(replace(form.kept(), attempt=self._attempt or "") if form and is_wanted else None)
