"""What this desk holds, to hand it over to another desk, to take over from one, or to forget a key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QToolButton,
    QWidget,
)

from upsdesk.domain.peer import PeerUse
from upsdesk.services.desk import Desk
from upsdesk.services.desk_file import DeskFileError
from upsdesk.services.files import write_atomically
from upsdesk.services.hand_over import LARGEST, SUFFIX, HandOver, HandOverError, opened
from upsdesk.services.handing import TakeOver, forget_key, give_away, peer_for
from upsdesk.services.records import ClaimStatus, VaultEntry
from upsdesk.services.results import ResultKind
from upsdesk.services.threads import in_thread
from upsdesk.ui import icons, presenter
from upsdesk.ui.dialogs import ConfirmDialog, Tone, ask, finished
from upsdesk.ui.fields import card, label, rule
from upsdesk.ui.file_dialogs import ask_what_to_open, ask_where_to_save
from upsdesk.ui.held_on_close import held_line
from upsdesk.ui.passphrase_sheet import PassphraseSheet
from upsdesk.ui.tasks import spawn
from upsdesk.ui.transitions.facts import change_words
from upsdesk.ui.transitions.notice import Notice, NoticeLevel
from upsdesk.ui.transitions.parts import clear

_KIND = f"Hand-over of UPS Desk (*{SUFFIX})"


@dataclass(frozen=True, slots=True)
class Files:
    """How a file is chosen: where to write (with a proposed name), and what to read."""

    to_write: Callable[[QWidget, str], Awaitable[Path | None]]
    to_read: Callable[[QWidget], Awaitable[Path | None]]


async def _to_write(parent: QWidget, name: str) -> Path | None:
    return await ask_where_to_save(parent, "Hand over", name, _KIND)


async def _to_read(parent: QWidget) -> Path | None:
    one = QFileDialog.FileMode.ExistingFile
    chosen = await ask_what_to_open(parent, "Take over", _KIND, one, no="Close")
    return chosen[0] if chosen else None


BY_DIALOG = Files(_to_write, _to_read)


class HeldSheet(ConfirmDialog):
    """One row for each key that this desk keeps; the ticked ones are handed over."""

    def __init__(self, parent: QWidget | None, desk: Desk, files: Files = BY_DIALOG) -> None:
        super().__init__(
            parent,
            "Held by this desk",
            "Only the desk that keeps its key can report progress of a workitem, complete it or cancel it.",
            yes="Hand over…",
            no="Close",
            icon="square-arrow-out-up-right",
            demo=any(peer.use is PeerUse.DEMO for peer in desk.peers),
            width=760,
        )
        self._desk = desk
        self._files = files
        self._is_busy = False
        self._boxes: dict[QCheckBox, VaultEntry] = {}
        self._shown: tuple[VaultEntry, ...] | None = None
        self.notice = Notice()
        self.fixed.addWidget(self.notice)
        frame, self._rows = card()
        self.middle.addWidget(frame)
        self.take_button = QPushButton("Take over…")
        self.take_button.setAutoDefault(False)
        self.take_button.setToolTip("Read a file that another desk has handed over")
        icons.set_icon(self.take_button, "inbox")
        self.take_button.clicked.connect(lambda: self._begin(self._take_over))
        self.buttons.insertWidget(0, self.take_button)
        self.confirmed.connect(lambda: self._begin(self._hand_over))
        self._forget = desk.store.subscribe(lambda _: self.tell())
        self.finished.connect(lambda _: self._forget())
        self.tell()

    # Rows

    def tell(self) -> None:
        """Show what is kept now; what was ticked stays ticked."""
        entries = tuple(self._entries())
        if entries == self._shown:
            return
        ticked = {one.transaction_uid for box, one in self._boxes.items() if box.isChecked()}
        self._shown = entries
        clear(self._rows)
        self._boxes = {}
        for at, entry in enumerate(entries):
            if at:
                self._rows.addWidget(rule())
            self._rows.addWidget(self._row(entry, entry.transaction_uid in ticked))
        if not entries:
            self._rows.addWidget(label("Nothing is held here.", tone="text_2"))
        self.update_waiting()

    def _entries(self) -> Sequence[VaultEntry]:
        """Those that are held, then those that were handed over; the others settle by themselves."""
        vault = self._desk.vault
        return (*vault.with_status(ClaimStatus.HELD), *vault.with_status(ClaimStatus.HANDED_OVER))

    def _row(self, entry: VaultEntry, is_ticked: bool) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 2, 0, 2)
        row.setSpacing(8)
        box = QCheckBox()
        box.setAccessibleName(f"Hand over {presenter.patient_sentence(entry.patient)}")
        box.setChecked(is_ticked)
        box.toggled.connect(self.update_waiting)
        self._boxes[box] = entry
        row.addWidget(box, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(held_line(self._desk, entry), 1)
        if entry.status is ClaimStatus.HANDED_OVER:
            row.addWidget(label("handed over", "small", "strong", tone="warning", wrap=False))
        forget = QToolButton()
        forget.setProperty("role", "quiet")
        forget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        forget.setAccessibleName(f"Forget the key of {presenter.patient_sentence(entry.patient)}")
        forget.setToolTip("Forget this key")
        icons.set_icon(forget, "trash-2", "text_2")
        forget.clicked.connect(lambda: self._begin(lambda: self._forget_key(entry)))
        row.addWidget(forget, 0, Qt.AlignmentFlag.AlignTop)
        return line

    @property
    def boxes(self) -> tuple[QCheckBox, ...]:
        return tuple(self._boxes)

    def update_waiting(self) -> None:
        """Hand over waits for a tick."""
        ticked = any(box.isChecked() for box in self._boxes)
        self.set_waiting("" if ticked and not self._is_busy else "Hand over waits for: a tick at a workitem")

    # Acts: one at a time, and the sheet stays until it is done

    def reject(self) -> None:
        if not self._is_busy:
            super().reject()

    def _begin(self, work: Callable[[], Awaitable[None]]) -> None:
        if not self._is_busy:
            self._is_busy = True
            spawn(self._alone(work), "hand-over")

    async def _alone(self, work: Callable[[], Awaitable[None]]) -> None:
        self.notice.clear()
        try:
            await work()
        finally:
            self._is_busy = False
            self.line.say("")
            self.tell()
            self.update_waiting()

    def _fail(self, problem: str) -> None:
        self.notice.tell(NoticeLevel.ERROR, problem)

    async def _hand_over(self) -> None:
        chosen = [entry for box, entry in self._boxes.items() if box.isChecked()]
        count = presenter.count_words(len(chosen), "workitem")
        sheet = PassphraseSheet(
            self,
            f"Hand over {count}",
            "The file is encrypted. From then on this desk cannot act on them any more.",
            yes="Choose a file",
            is_new=True,
            demo=self.is_demo,
        )
        sheet.open()
        is_given = await finished(sheet) == int(QDialog.DialogCode.Accepted)
        passphrase = sheet.passphrase  # the sheet goes with the next turn of the loop
        if not is_given:
            return
        now = self._desk.clock().astimezone(self._desk.zone)
        name = f"{'DEMO-' if self.is_demo else ''}hand-over-{now:%Y%m%d-%H%M}{SUFFIX}"
        path = await self._files.to_write(self, name)
        if path is None:
            return
        self.line.say(f"Writing {path.name}", Tone.BUSY)
        try:
            await give_away(self._desk, chosen, passphrase, lambda data: write_atomically(path, data))
        except (HandOverError, DeskFileError, OSError) as error:
            self._fail(f"Nothing was handed over: {_words_of(error)}")
            return
        for box in self._boxes:
            box.setChecked(False)
        self.notice.tell(
            NoticeLevel.GOOD,
            f"{count} handed over with {path.name}.",
            [
                "The desk that takes the file over goes on with it. This one keeps the key only to write it "
                "into a file again, if that one is lost."
            ],
        )

    async def _take_over(self) -> None:
        path = await self._files.to_read(self)
        hand_over = await self._opened(path) if path is not None else None
        if hand_over is None:
            return
        lines, taken = [], 0
        for entry in hand_over.entries:
            self.line.say(f"Reading {presenter.name_words(entry.patient)} at {entry.called_aet}", Tone.BUSY)
            is_taken, words = await self._taken(entry, hand_over.is_demo)
            taken += is_taken
            lines.append(f"{presenter.patient_sentence(entry.patient)}: {words}")
        is_all = taken == len(lines)
        self.notice.tell(
            NoticeLevel.GOOD if is_all else NoticeLevel.WARNING,
            f"{taken} of {presenter.count_words(len(lines), 'workitem')} taken over from "
            f"{hand_over.desk or 'a desk without a name'}.",
            lines,
        )

    async def _opened(self, path: Path) -> HandOver | None:
        try:
            content = await in_thread(lambda: _content_of(path), "hand-over")
        except OSError as error:
            self._fail(f"{path.name} cannot be read: {_words_of(error)}")
            return None
        problem = ""
        while True:
            sheet = PassphraseSheet(
                self,
                "Take over",
                f"{path.name}. Each workitem is read at its server first.",
                yes="Take over",
                is_new=False,
                demo=self.is_demo,
            )
            if problem:
                sheet.tell_wrong(problem)
            sheet.open()
            if await finished(sheet) != int(QDialog.DialogCode.Accepted):
                return None
            passphrase = sheet.passphrase
            try:
                return await in_thread(lambda: opened(content, passphrase), "hand-over")  # noqa: B023
            except HandOverError as error:
                problem = str(error)

    async def _taken(self, entry: VaultEntry, is_demo: bool) -> tuple[bool, str]:
        """Whether this desk holds it now, and that in words."""
        peer = peer_for(self._desk, entry)
        if peer is None:
            called = f"no server is called {entry.called_aet} here"
            return False, f"not taken over, since {called}. Add it, then try again."
        result = await TakeOver(peer, entry, is_demo).run(self._desk)
        if result.kind is ResultKind.DONE:
            return True, " ".join(("held by this desk now.", *result.notes))
        changes = "; ".join(change_words(change) for change in result.changes)
        parts = ("not taken over.", presenter.outcome_sentence(result.outcome), changes)
        return False, " ".join(part for part in parts if part)

    async def _forget_key(self, entry: VaultEntry) -> None:
        name = presenter.name_words(entry.patient)
        words = (
            "The desk that it was handed over to goes on with it. If the file is lost, nobody can."
            if entry.status is ClaimStatus.HANDED_OVER
            else "It stays In progress, and only the server's administrator can end it then."
        )
        agreed = await ask(
            self,
            f"Forget the key of {name}?",
            words,
            yes=f"Forget {name}",
            no="No, keep it",
            icon="trash-2",
            danger=True,
            demo=self.is_demo,
            extra=held_line(self._desk, entry),
        )
        if not agreed:
            return
        try:
            await forget_key(self._desk, entry)
        except DeskFileError as error:
            self._fail(str(error))


def _content_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST + 1)


def _words_of(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
