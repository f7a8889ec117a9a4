"""Which instances the work has made: picked from files or a folder, or pasted as UIDs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)

from upsdesk.domain.elements import Elements
from upsdesk.domain.instances import Instance, count_of, output_items, read_pasted, strangers
from upsdesk.domain.keys import AeTitle
from upsdesk.services.outputs import read_files
from upsdesk.ui import icons, presenter
from upsdesk.ui.dialogs import Tone
from upsdesk.ui.fields import add_captioned, card, label
from upsdesk.ui.file_dialogs import ask_what_to_open
from upsdesk.ui.tasks import spawn
from upsdesk.ui.transitions.base import TransitionDialog
from upsdesk.ui.transitions.part_dialog import PartDialog
from upsdesk.ui.transitions.parts import clear

if TYPE_CHECKING:
    from upsdesk.dicom.instances import FilesRead

_MOST_SERIES = 8
_AET_LENGTH = 16


class OutputsDialog(PartDialog):
    """Collects instances; `items` gives the sequence, one item for each study and series."""

    def __init__(self, owner: TransitionDialog, existing: Sequence[Elements], retrieve_aet: str) -> None:
        super().__init__(
            owner,
            "What has it made?",
            "The instances that came out of this workitem, and the AE title that they can be fetched from.",
            yes="Use this output",
            icon="package-check",
            width=700,
        )
        self._patient = owner.workitem.patient
        self._existing = tuple(existing)
        self._instances: dict[Instance, None] = {}
        self._problems: list[str] = []
        self._is_reading = False
        self._make_ways()
        self._make_found()
        self.aet = QLineEdit(retrieve_aet)
        self.aet.setMaxLength(_AET_LENGTH)
        self.aet.setPlaceholderText("AE title of the archive")
        self.aet.setAccessibleName("Retrieve from AE title")
        self.aet.setFixedWidth(220)
        add_captioned(self.middle, "Retrieve from (AE title)", self.aet)
        self.anyway = QCheckBox("These are right although their files name another patient")
        self.anyway.hide()
        self.middle.addWidget(self.anyway)
        self.aet.textChanged.connect(self._tell)
        self.anyway.toggled.connect(self._tell)
        self._tell()

    def _make_ways(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.files = _button("Choose files", "inbox", self._choose_files)
        self.folder = _button("Choose a folder", "inbox", self._choose_folder)
        self.paste = _button("Paste UIDs", "copy", self._show_paste)
        self.clear_button = _button("Remove all", "trash-2", self._remove_all)
        for button in (self.files, self.folder, self.paste):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.clear_button)
        self.middle.addLayout(row)
        self.text = QPlainTextEdit()
        self.text.setPlaceholderText(
            "One instance a line: Study Instance UID, Series Instance UID, SOP Class UID, SOP Instance UID"
        )
        self.text.setAccessibleName("UIDs, one instance a line: study, series, SOP class, SOP instance")
        self.text.setFixedHeight(96)
        self.text.setTabChangesFocus(True)
        self.text.hide()
        self.text.textChanged.connect(self._tell)
        self.middle.addWidget(self.text)

    def _make_found(self) -> None:
        frame, self._found = card()
        self._found.setContentsMargins(14, 10, 14, 10)
        self._found.setSpacing(4)
        self.middle.addWidget(frame)

    def first_focus(self) -> QWidget:
        return self.files

    # What was found

    def items(self) -> tuple[Elements, ...]:
        """Items of Output Information Sequence, those that were there included."""
        return output_items(self._all(), self.aet.text().strip(), self._existing)

    @property
    def retrieve_aet(self) -> str:
        return self.aet.text().strip()

    def _all(self) -> tuple[Instance, ...]:
        pasted = read_pasted(self.text.toPlainText()).instances
        return tuple(dict.fromkeys((*self._instances, *pasted)))

    def take(self, found: FilesRead) -> None:
        """Add what files hold, and say what was no instance."""
        self._instances |= dict.fromkeys(found.instances)
        more = found.others - len(found.problems)
        self._problems = [
            *found.problems,
            *([f"and {more} more files that are no instances"] if more > 0 else []),
        ]
        if found.is_cut:
            self._problems.append("There were too many files: only the first ones were read")
        self._tell()

    def _remove_all(self) -> None:
        self._instances, self._problems = {}, []
        self.text.clear()
        self._tell()

    # Where it comes from

    def _choose_files(self) -> None:
        spawn(self._ask(QFileDialog.FileMode.ExistingFiles, "Choose DICOM files"), "choose files")

    def _choose_folder(self) -> None:
        spawn(self._ask(QFileDialog.FileMode.Directory, "Choose a folder of DICOM files"), "choose a folder")

    async def _ask(self, mode: QFileDialog.FileMode, title: str) -> None:
        chosen = await ask_what_to_open(self, title, "", mode, no="Discard")
        if chosen:
            await self.read(chosen)

    async def read(self, paths: Sequence[Path]) -> None:
        """Read files, and folders with all that is below them."""
        self._is_reading = True
        self._tell()
        try:
            found = await read_files(paths)
        finally:
            self._is_reading = False
        self.take(found)

    def _show_paste(self) -> None:
        self.text.show()
        self.text.setFocus()
        self.show_in_middle(self.text)

    # What is shown

    def _tell(self) -> None:
        instances = self._all()
        pasted = read_pasted(self.text.toPlainText())
        wrong = strangers(instances, self._patient)
        clear(self._found)
        for line in self._lines(instances):
            self._found.addWidget(label(line, "small"))
        for problem in (*self._problems, *pasted.problems[:3]):
            self._found.addWidget(label(problem, "small", tone="warning"))
        if wrong:
            names = Counter(presenter.patient_sentence(one.patient) for one in wrong)
            told = "; ".join(f"{presenter.count_words(n, 'file')} of {who}" for who, n in names.items())
            self._found.addWidget(label(f"Another patient: {told}", "small", "strong", tone="error"))
        self.anyway.setVisible(bool(wrong))
        self.clear_button.setVisible(bool(instances))
        self._wait(bool(instances), bool(pasted.problems), bool(wrong))

    def _lines(self, instances: Sequence[Instance]) -> list[str]:
        lines = []
        count, series = count_of(self._existing)
        if count:
            where = f" in {series} series" if series else ""
            lines.append(f"At the server already: {presenter.count_words(count, 'instance')}{where}")
        groups = Counter((one.study, one.series) for one in instances)
        for (study, name), number in list(groups.items())[:_MOST_SERIES]:
            lines.append(f"{presenter.count_words(number, 'instance')} of series {name}, study {study}")
        more = len(groups) - _MOST_SERIES
        lines += [f"and {more} more series"] if more > 0 else []
        return lines or ["Nothing chosen yet."]

    def _wait(self, is_any: bool, is_half: bool, is_strange: bool) -> None:
        if self._is_reading:
            self.set_waiting("Reading the files…")
            self.line.say("Reading the files…", Tone.BUSY)
        elif not is_any:
            self.set_waiting("Waits for files or UIDs")
        elif is_half:
            self.set_waiting("Waits for the pasted lines to be right")
        elif is_strange and not self.anyway.isChecked():
            self.set_waiting("Waits for the tick: the files name another patient")
        elif not _is_title(self.aet.text()):
            self.set_waiting("Waits for the AE title that they can be fetched from")
        else:
            self.set_waiting("")


def _is_title(text: str) -> bool:
    try:
        AeTitle.parse(text)
    except ValueError:
        return False
    return True


def _button(text: str, icon: str, act: Callable[[], None]) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.setAccessibleName(text)
    icons.set_icon(button, icon)
    button.clicked.connect(lambda _checked=False: act())
    return button
