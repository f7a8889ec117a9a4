"""Two have changed the same attributes: the person chooses, one by one, whose value goes on."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QPushButton, QRadioButton, QWidget

from upsdesk.domain.elements import Element
from upsdesk.domain.three_way import Conflict
from upsdesk.domain.workitem import PatientFacts
from upsdesk.services.readback import attribute_name
from upsdesk.ui import theme
from upsdesk.ui.dialogs import ConfirmDialog, finished
from upsdesk.ui.editor.field_values import element_lines
from upsdesk.ui.editor.sent_panel import DiffLine
from upsdesk.ui.fields import label, rule
from upsdesk.ui.patient_banner import PatientBanner


class ConflictDialog(ConfirmDialog):
    """`mine()` tells which attributes keep what was typed here; nothing is chosen beforehand."""

    def __init__(
        self, parent: QWidget | None, patient: PatientFacts, conflicts: Sequence[Conflict], *, demo: bool
    ) -> None:
        super().__init__(
            parent,
            "Changed here and by somebody else",
            "Nothing was sent. Choose for each attribute whose value stays in the form.",
            yes="Go on with these",
            no="Decide later",
            icon="git-compare",
            demo=demo,
        )
        banner = PatientBanner()
        banner.set_patient(patient, large=True)
        banner_layout = banner.layout()
        if banner_layout is not None:  # in line with the words of the dialog, past the bar
            banner_layout.setContentsMargins(theme.GRID.dialog_padding - 4, 11, theme.GRID.dialog_padding, 11)
        self.fixed.addWidget(banner)
        self.choices: dict[int, QButtonGroup] = {}
        """By tag; 1: as typed here, 0: as at the server."""
        both = QHBoxLayout()
        both.addStretch(1)
        for words, number in (("All as typed here", 1), ("All as at the server", 0)):
            button = QPushButton(words)
            button.clicked.connect(lambda _=False, number=number: self._choose_all(number))
            both.addWidget(button)
        self.middle.addLayout(both)
        for conflict in conflicts:
            self.middle.addWidget(rule())
            self.middle.addWidget(self._row(conflict))
        self._show_missing()

    def mine(self) -> frozenset[int]:
        """Tags that keep what was typed here."""
        return frozenset(tag for tag, group in self.choices.items() if group.checkedId() == 1)

    def _row(self, conflict: Conflict) -> QWidget:
        name = attribute_name(conflict.tag)
        row = QWidget()
        grid = QGridLayout(row)
        grid.setContentsMargins(0, 4, 0, 4)
        grid.setHorizontalSpacing(12)
        grid.setColumnStretch(1, 1)
        grid.addWidget(label(name, "strong"), 0, 0, 1, 2)
        group = self.choices[conflict.tag] = QButtonGroup(row)
        for line, (words, number, element, tone, ground) in enumerate(
            (
                ("Typed here", 1, conflict.mine, "completed", "completed_ground"),
                ("At the server", 0, conflict.theirs, "text", "disabled_ground"),
            ),
            start=1,
        ):
            button = QRadioButton(words)
            button.setAccessibleName(f"{name}: {words.lower()}, {_words(element)}")
            group.addButton(button, number)
            grid.addWidget(button, line, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(DiffLine("", _words(element), tone, ground), line, 1)
        grid.addWidget(label(f"was {_words(conflict.base)}", "small", tone="text_3"), 3, 1)
        group.idToggled.connect(lambda *_: self._show_missing())
        return row

    def _choose_all(self, number: int) -> None:
        for group in self.choices.values():
            group.button(number).setChecked(True)

    def _show_missing(self) -> None:
        missing = [attribute_name(tag) for tag, group in self.choices.items() if group.checkedId() < 0]
        self.set_waiting(f"Waits for a choice: {', '.join(missing)}" if missing else "")


def _words(element: Element | None) -> str:
    return "; ".join(line.replace("\n", " · ") for line in element_lines(element)) or "empty"


async def choose(
    parent: QWidget, patient: PatientFacts, conflicts: Sequence[Conflict], *, demo: bool
) -> frozenset[int] | None:
    """The tags that keep what was typed here; None: decide later."""
    dialog = ConflictDialog(parent, patient, conflicts, demo=demo)
    dialog.confirmed.connect(dialog.accept)
    dialog.open()
    is_chosen = await finished(dialog) == int(ConflictDialog.DialogCode.Accepted)
    return dialog.mine() if is_chosen else None
