"""The acts that make workitems out of others: what is asked first, and what the form begins with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from upsdesk.domain.cloning import as_new, replacing
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import SopInstanceUid, WorkitemKey
from upsdesk.domain.peer import Peer, PeerUse
from upsdesk.domain.state import Refusal
from upsdesk.services.bulk_create import RESULT_COLUMNS, BulkCreate, result_rows
from upsdesk.services.commands import Result
from upsdesk.services.desk import Desk
from upsdesk.services.export import csv_text
from upsdesk.services.files import write_atomically
from upsdesk.services.replace import replace_refusal
from upsdesk.services.session import Conductor
from upsdesk.services.templates import Template, Templates
from upsdesk.services.threads import in_thread
from upsdesk.ui import actions, presenter
from upsdesk.ui.dialogs import Tone, ask, finished
from upsdesk.ui.editor.page import SendNew
from upsdesk.ui.file_dialogs import ask_what_to_open, ask_where_to_save, titled
from upsdesk.ui.new.clone import CloneDialog
from upsdesk.ui.new.correct import run_correction
from upsdesk.ui.new.files import FilesDialog
from upsdesk.ui.new.template import SaveTemplateDialog, TemplateDialog
from upsdesk.ui.reading import read_whole
from upsdesk.ui.tasks import spawn
from upsdesk.ui.transitions.notice import NoticeLevel
from upsdesk.ui.worklist.panel import WorklistPanel

if TYPE_CHECKING:
    from upsdesk.ui.main_window import MainWindow

_NOTHING = Refusal("No workitem is selected.", "Select one in the table.")
_ACCEPTED = int(QDialog.DialogCode.Accepted)


class Maker:
    """One for each window. All it opens keeps the server that it was opened on."""

    def __init__(
        self,
        window: MainWindow,
        desk: Desk,
        conductor: Conductor,
        worklist: WorklistPanel,
        open_editor: Callable[[Callable[[], None]], None],
        say: Callable[[str], None],
    ) -> None:
        self._window = window
        self._desk = desk
        self._conductor = conductor
        self._worklist = worklist
        self._open_editor = open_editor
        self._say = say
        self.pick: Callable[[], Awaitable[Sequence[Path]]] = self._pick_files
        self.ask_where: Callable[[], Awaitable[Path | None]] = self._ask_where
        self._templates = Templates(desk.folder)
        self._is_asking = False
        """Something of this is open: a second press opens nothing more."""

    def acts(self) -> dict[str, Callable[[], object]]:
        """By the ids of their actions."""
        return {
            actions.CLONE.id: self.clone,
            actions.CORRECT.id: self.correct,
            actions.FROM_TEMPLATE.id: self.from_template,
            actions.SAVE_TEMPLATE.id: self.save_template,
            actions.FROM_FILES.id: self.from_files,
        }

    def clone(self) -> None:
        """A new workitem like the selected one."""
        key = self._selected()
        if key is not None:
            self._begin(self._clone(key), "new like this")

    def correct(self) -> None:
        """A new workitem in place of the selected one, for another patient, visit or request."""
        key, refused = self._worklist.current_key(), self.correct_refusal()
        if refused is not None:
            self._say(str(refused))
        elif key is not None:
            self._begin(self._correct(key), "correct patient or request")

    def correct_refusal(self) -> Refusal | None:
        """Why the selected workitem cannot be replaced; None when it can."""
        key = self._worklist.current_key()
        workitem = self._desk.store.get(key) if key is not None else None
        if key is None or workitem is None:
            return _NOTHING
        return replace_refusal(workitem.state, held_here=self._desk.store.is_held(key))

    def from_template(self) -> None:
        """A new workitem after a template."""
        peer = self._conductor.peer
        if peer is not None:
            self._begin(self._from_template(peer), "new from template")

    def save_template(self) -> None:
        """Keep the work of the selected workitem."""
        key = self._selected()
        if key is not None:
            self._begin(self._save_template(key), "save as template")

    def _selected(self) -> WorkitemKey | None:
        """The selected workitem, when it is known; else says that there is none."""
        key = self._worklist.current_key()
        if key is not None and self._desk.store.get(key) is not None:
            return key
        self._say(str(_NOTHING))
        return None

    def from_files(self, paths: Sequence[Path] = ()) -> None:
        """The dialog that creates out of files; `paths` are read at once."""
        peer = self._conductor.peer
        if peer is not None:
            self._begin(self._from_files(peer, paths), "create from files")

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        if self._is_asking:
            work.close()
            return
        self._is_asking = True
        spawn(self._alone(work), name)

    async def _alone(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        finally:
            self._is_asking = False

    async def _fill(self, peer: Peer, base: Elements, title: str, send: SendNew | None = None) -> bool:
        """Open the form with what it begins with; False when an earlier one is gone on with instead.

        What was typed before a crash may be for another patient, and is never put under a new beginning. A
        form that was opened while a server was waited for is left as Back to worklist leaves it, or stays.
        """
        editor = self._window.editor
        if editor.isVisible() and not await editor.leave():
            self._say("The form that is open stays. Nothing else was opened.")
            return False
        draft = self._desk.desk_file.draft(peer.id, None)
        if draft is not None:
            when = presenter.instant_words(draft.saved_at, self._desk.clock(), self._desk.zone)
            question = "Discard the new workitem that was not sent?"
            text = f"It was typed {when} and is kept on this computer only."
            if not await ask(
                self._window,
                question,
                text,
                yes="Discard it",
                no="Go on with it",
                icon="trash-2",
                danger=True,
                demo=peer.use is PeerUse.DEMO,
            ):
                self._open_editor(lambda: self._window.editor.open_new(peer))
                return False
            self._desk.desk_file.forget_draft(peer.id, None)
        self._open_editor(lambda: self._window.editor.open_new(peer, base, title, send))
        return True

    # New like this

    async def _clone(self, key: WorkitemKey) -> None:
        workitem = self._desk.store.get(key)
        assert workitem is not None
        dialog = CloneDialog(self._window, self._desk, workitem)
        dialog.open()
        reading = spawn(self._read_for(dialog, key), "read for a clone")
        if await finished(dialog) == _ACCEPTED:
            elements = dialog.elements()
            await self._fill(self._desk.peer(key.peer), elements, "New like this")
        reading.cancel()

    async def _read_for(self, dialog: CloneDialog, key: WorkitemKey) -> None:
        dialog.show_reading(await read_whole(self._desk, key, everything=True))

    # Correct patient or request

    async def _correct(self, key: WorkitemKey) -> None:
        reading = await read_whole(self._desk, key, everything=True)
        old = reading.elements
        if old is None:
            words = presenter.outcome_sentence(reading.problem) if reading.problem else "No answer came."
            self._say(f"It cannot be corrected before it was read. {words}")
            return

        async def send(new: Elements, uid: SopInstanceUid | None) -> Result | None:
            return await self._send_correction(key, old, new, uid)

        base = replacing(as_new(old), key.uid)
        if not await self._fill(self._desk.peer(key.peer), base, actions.CORRECT.text, send):
            return
        self._window.editor.notice.tell(
            NoticeLevel.INFO,
            "Patient, visit and request of a workitem cannot be changed at a server.",
            [
                "So this is a new workitem that takes its place. "
                "The old one is canceled for good as soon as the new one is there; you are asked before.",
            ],
        )

    async def _send_correction(
        self, key: WorkitemKey, old: Elements, new: Elements, uid: SopInstanceUid | None
    ) -> Result | None:
        self._window.editor.foot.say("Nothing is sent before you have confirmed it.", Tone.QUIET)
        return await run_correction(self._window, self._desk, key, old, new, uid)

    # Templates

    async def _from_template(self, peer: Peer) -> None:
        shelf = await in_thread(self._templates.shelf, "templates")
        dialog = TemplateDialog(self._window, peer, shelf, self._delete_template)
        dialog.open()
        if await finished(dialog) != _ACCEPTED:
            return
        template = dialog.template()
        if template is not None:
            start = self._desk.clock().astimezone(self._desk.zone).replace(second=0, microsecond=0)
            await self._fill(peer, template.begun(start), f"New: {template.name}")

    async def _delete_template(self, over: QWidget, template: Template) -> str:
        """Ask, and delete it; what is to be told, empty when it was not confirmed."""
        title = f"Delete the template {template.name}?"
        text = "It is a file of this desk, and is not kept anywhere else."
        demo = self._is_demo
        if not await ask(
            over, title, text, yes="Delete", no="Keep it", icon="trash-2", danger=True, demo=demo
        ):
            return ""
        try:
            await in_thread(lambda: self._templates.delete(template), "templates")
        except OSError as error:
            return f"It cannot be deleted: {error.strerror or error}."
        return f"Deleted {template.name}."

    async def _save_template(self, key: WorkitemKey) -> None:
        reading = await read_whole(self._desk, key, everything=True)
        whole = reading.elements
        if whole is None:
            words = presenter.outcome_sentence(reading.problem) if reading.problem else "No answer came."
            self._say(f"It cannot be saved before it was read. {words}")
            return
        shelf = await in_thread(self._templates.shelf, "templates")
        dialog = SaveTemplateDialog(
            self._window,
            whole,
            save=lambda name, words, values: self._templates.save(name, words, whole, with_values=values),
            has_own=shelf.has_own,
            demo=self._desk.peer(key.peer).use is PeerUse.DEMO,
        )
        dialog.open()
        if await finished(dialog) == _ACCEPTED and dialog.saved is not None:
            self._say(f"Saved the template {dialog.saved.name}. It is under New from template.")

    # Files

    async def _from_files(self, peer: Peer, paths: Sequence[Path]) -> None:
        dialog = FilesDialog(self._window, self._desk, peer, self.pick, self._save_result)
        dialog.open()
        reading = spawn(dialog.read(paths), "read files")
        await finished(dialog)
        reading.cancel()

    async def _pick_files(self) -> Sequence[Path]:
        kinds = "Workitems (*.dcm *.json *.jsonl *.csv *.xml *.txt);;All files (*)"
        title = titled("Choose files", demo=self._is_demo)
        return await ask_what_to_open(self._window, title, kinds, QFileDialog.FileMode.ExistingFiles)

    async def _save_result(self, bulk: BulkCreate) -> str:
        path = await self.ask_where()
        if path is None:
            return ""
        text = csv_text(RESULT_COLUMNS, result_rows(bulk.rows), demo=self._is_demo)
        try:
            await in_thread(lambda: write_atomically(path, text), "save")
        except OSError as error:
            return f"{path.name} was not saved: {error.strerror or error}."
        return f"Saved {path.name}."

    async def _ask_where(self) -> Path | None:
        demo = "DEMO-" if self._is_demo else ""
        name = f"{demo}created-{self._desk.clock().astimezone(self._desk.zone):%Y-%m-%d-%H%M}.csv"
        title = titled("Save result", demo=self._is_demo)
        return await ask_where_to_save(self._window, title, name, "CSV (*.csv)")

    @property
    def _is_demo(self) -> bool:
        peer = self._conductor.peer
        return peer is not None and peer.use is PeerUse.DEMO
