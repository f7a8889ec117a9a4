"""The dialog of Create from files: the rows as a list, all created by one press, a result for each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableView,
    QWidget,
)
from shiboken6 import isValid

from upsdesk.domain.peer import Peer, PeerUse
from upsdesk.domain.plain import plain
from upsdesk.services.bulk_create import BulkCreate, RowState
from upsdesk.services.desk import Desk
from upsdesk.services.threads import in_thread
from upsdesk.services.workitem_files import read_files
from upsdesk.ui import icons, presenter, theme
from upsdesk.ui.dialogs import ConfirmDialog, Tone
from upsdesk.ui.fields import label
from upsdesk.ui.new.drop import dropped_files
from upsdesk.ui.new.files_model import WORDS, FilesModel
from upsdesk.ui.tasks import spawn

Pick = Callable[[], Awaitable[Sequence[Path]]]
"""Asks for files."""
SaveResult = Callable[[BulkCreate], Awaitable[str]]
"""Asks where to, writes the result, and gives the line that tells it; empty when it was not saved."""
_WIDTHS = (104, 140, 190, 108, 110, 140, 96)
_NARROW = (92, 108, 140, 94, 108, 104, 98)
_ROOMY = 1100
_ROW = 28
_LEAST_ROWS = 7
_HINT = "Drop files here, or choose them: DICOM, DICOM JSON, XML, or CSV with attribute paths as header."


class FilesDialog(ConfirmDialog):
    """Keeps the server that it was opened on. Closing it ends after the row that is under way."""

    _row_changed = Signal(int)

    def __init__(
        self, parent: QWidget | None, desk: Desk, peer: Peer, pick: Pick, save_result: SaveResult
    ) -> None:
        super().__init__(
            parent,
            "Create from files",
            f"At {peer.title}, {peer.use.words}. Each row becomes a Scheduled workitem.",
            yes="Create",
            no="Close",
            icon="send",
            demo=peer.use is PeerUse.DEMO,
            width=1180,
        )
        self._pick = pick
        self._save_result = save_result
        self._is_reading = False
        self._done, self._to_do = 0, 0
        self.bulk = BulkCreate(desk, peer.id, self._row_told)
        self.model = FilesModel(self.bulk, desk.clock(), desk.zone, desk.zone_of(peer.id), self)
        self.table = QTableView()
        self.hint = label(_HINT, tone="text_2")
        self.details = label("", "small")
        self.as_new = QCheckBox(
            "Make new ones of them: Scheduled, with new UIDs, without progress and results"
        )
        self.choose_button = _button("Choose files", "inbox")
        self.retry_button = _button("Retry the failed", "rotate-ccw")
        self.save_button = _button("Save result as CSV", "save")
        self.stop_button = _button("Stop", "octagon-x")
        self._build()
        self._connect()
        self.setAcceptDrops(True)
        self._show()
        self.guard.watch(self)

    def _build(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(self.choose_button)
        top.addWidget(self.hint, 1)
        self.middle.addLayout(top)
        table = self.table
        table.setModel(self.model)
        table.setAccessibleName("Workitems of the files")
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        table.setWordWrap(False)
        table.setShowGrid(False)
        table.setMinimumHeight(theme.GRID.header + _LEAST_ROWS * _ROW)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(_ROW)
        head = table.horizontalHeader()
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setHighlightSections(False)
        head.setSectionResizeMode(WORDS, QHeaderView.ResizeMode.Stretch)
        self.middle.addWidget(table, 1)
        self.middle.addWidget(self.details)
        self.middle.addWidget(self.as_new)
        for number, button in enumerate((self.save_button, self.retry_button, self.stop_button)):
            self.buttons.insertWidget(number, button)

    def _connect(self) -> None:
        self.choose_button.clicked.connect(lambda: spawn(self._choose(), "choose files"))
        self.as_new.toggled.connect(lambda on: spawn(self._judge(on), "check workitems"))
        self.confirmed.connect(lambda: self._run(self.bulk.ready()))
        self.retry_button.clicked.connect(lambda: self._run(self.bulk.failed()))
        self.stop_button.clicked.connect(self.bulk.stop)
        self.save_button.clicked.connect(lambda: spawn(self._save(), "save result"))
        self.table.selectionModel().currentRowChanged.connect(lambda _now, _before: self._show_details())
        self._row_changed.connect(self._row_shown)
        self.model.modelReset.connect(self._show_details)

    def about_to_fit(self, width: int) -> None:
        super().about_to_fit(width)
        for column, one in enumerate(_WIDTHS if width > _ROOMY else _NARROW):
            self.table.setColumnWidth(column, one)

    def first_focus(self) -> QWidget:
        return self.choose_button

    # What the files hold

    async def read(self, paths: Sequence[Path]) -> None:
        """Add the workitems of these files at the end."""
        if not paths or self._is_reading or self.bulk.is_running:
            return
        self._is_reading = True
        self._show()
        try:
            drafts = await in_thread(lambda: read_files(paths), "read files")
            await self.bulk.add(drafts)
        finally:
            self._is_reading = False
        self.model.rows_changed()
        if self.table.currentIndex().row() < 0 and self.bulk.rows:
            self.table.selectRow(next(iter((*self.bulk.wrong(), *self.bulk.twins())), 0))
        self._show()

    async def _choose(self) -> None:
        await self.read(await self._pick())

    async def _judge(self, as_new_ones: bool) -> None:
        self._is_reading = True
        self._show()
        try:
            await self.bulk.set_as_new_ones(as_new_ones)
        finally:
            self._is_reading = False
        row = self.table.currentIndex().row()
        self.model.rows_changed()
        self.table.selectRow(row)
        self._show()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_files(event.mimeData()) and not self.bulk.is_running:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = dropped_files(event.mimeData())
        if paths:
            event.acceptProposedAction()
            spawn(self.read(paths), "read dropped files")

    # Creating

    def _run(self, numbers: Sequence[int]) -> None:
        if numbers and not self.bulk.is_running and not self._is_reading:
            spawn(self._create(numbers), "create from files")

    async def _create(self, numbers: Sequence[int]) -> None:
        self.bulk.is_running = True  # from this turn of the loop on: a second press finds it
        self._done, self._to_do = 0, len(numbers)
        self._show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        try:
            await self.bulk.run(numbers)
        finally:
            self._show()
            self.no_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _row_told(self, number: int) -> None:
        if isValid(self):  # it went with its window otherwise
            self._row_changed.emit(number)

    def _row_shown(self, number: int) -> None:
        self.model.row_changed(number)
        self.table.scrollTo(self.model.index(number, 0))
        if self.table.currentIndex().row() == number:
            self._show_details()
        self._done += self.bulk.rows[number].state is not RowState.SENDING
        if self.bulk.is_running:
            self._show_progress()

    async def _save(self) -> None:
        said = await self._save_result(self.bulk)
        if said:
            self.line.say(said, Tone.GOOD if said.startswith("Saved") else Tone.BAD)

    def reject(self) -> None:
        # What was sent is to be seen: the first press ends the list, the next one closes.
        if self.bulk.is_running:
            self.bulk.stop()
            self._show_foot()
        else:
            super().reject()

    # What is shown

    def _show(self) -> None:
        has_rows = bool(self.bulk.rows)
        is_busy = self.bulk.is_running or self._is_reading
        self.as_new.setVisible(has_rows)
        self.choose_button.setEnabled(not is_busy)
        self.as_new.setEnabled(not is_busy)
        self.choose_button.setText("Add files" if has_rows else "Choose files")
        self._show_details()
        self._show_foot()

    def _show_foot(self) -> None:
        bulk = self.bulk
        ready, failed, wrong, created = bulk.ready(), bulk.failed(), bulk.wrong(), bulk.created()
        self.stop_button.setVisible(bulk.is_running)
        self.no_button.setVisible(not bulk.is_running)
        self.retry_button.setVisible(bool(failed) and not bulk.is_running)
        self.retry_button.setText(f"Retry the failed ({len(failed)})")
        self.save_button.setVisible(bool(created or failed) and not bulk.is_running)
        self.yes_button.setVisible(bool(ready) or not bulk.rows or not (created or failed))
        self.set_yes(f"Create {presenter.count_words(len(ready), 'workitem')}" if ready else "Create")
        if bulk.is_running:
            self._show_progress()
        elif self._is_reading:
            self.set_waiting("Reading…")
        elif not bulk.rows:
            self.set_waiting("Create waits for files")
        else:
            self.set_waiting("" if ready else "Nothing is left to create")
            self.line.say(
                _summary(len(ready), len(created), len(failed), len(wrong), len(bulk.twins())),
                _tone((*failed, *wrong, *bulk.twins()), ready),
            )

    def _show_progress(self) -> None:
        self.set_waiting(f"Creating {min(self._done + 1, self._to_do)} of {self._to_do}…")

    def _show_details(self) -> None:
        """All of what the last column has no room for."""
        number = self.table.currentIndex().row()
        if not 0 <= number < len(self.bulk.rows):
            self.details.setText("\n")
            return
        row = self.bulk.rows[number]
        told = plain(row.words) or ("Nothing speaks against it." if row.state is RowState.READY else "")
        uid = f"  {row.uid}" if row.uid and row.state is not RowState.READY else ""
        who = " · ".join(self.model.text(row, column) for column in (2, 3, 4) if not row.draft.problem)
        head = " · ".join(part for part in (plain(row.draft.place), who) if part)
        self.details.setText(f"{head}: {row.state.value}.{uid}\n{told}")


def _summary(ready: int, created: int, failed: int, wrong: int, twins: int) -> str:
    parts = [
        words
        for count, words in (
            (created, f"{created} created"),
            (failed, f"{failed} not created, or not known"),
            (ready, f"{ready} ready"),
            (twins, f"{twins} of them may be there already"),
            (wrong, f"{presenter.count_words(wrong, 'row')} left out for a problem"),
        )
        if count
    ]
    return ", ".join(parts) + "."


def _tone(doubtful: Sequence[int], ready: Sequence[int]) -> Tone:
    if doubtful:
        return Tone.WARNING
    return Tone.QUIET if ready else Tone.GOOD


def _button(text: str, icon: str) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.setAccessibleName(text)
    icons.set_icon(button, icon)
    return button
