"""The field for a reason: a code of CID 9300 that is found by typing."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QCompleter, QSizePolicy, QWidget

from upsdesk.domain.codes import Code
from upsdesk.domain.context_groups import DISCONTINUATION_REASONS, codes_of
from upsdesk.ui.fields import CalmBox


class ReasonBox(CalmBox):
    """Type a part of a reason or its code, or open the list. Nothing is chosen at first."""

    chosen = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setMaxVisibleItems(12)
        # As wide as its place, not as its longest reason.
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(12)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        for code in _ordered(codes_of(DISCONTINUATION_REASONS)):
            self.addItem(f"{code.meaning}   {code.value} {code.scheme}", code)
        self.setCurrentIndex(-1)
        edit = self.lineEdit()
        assert edit is not None
        edit.setPlaceholderText("Type to find a reason")
        edit.setAccessibleName(name)
        completer = QCompleter(self.model(), self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setMaxVisibleItems(10)
        self.setCompleter(completer)
        self.currentIndexChanged.connect(self.chosen)
        self.editTextChanged.connect(self.chosen)

    def code(self) -> Code | None:
        """The reason that the text names; None while it names none."""
        at = self.findText(self.currentText().strip(), Qt.MatchFlag.MatchFixedString)
        found = self.itemData(at) if at >= 0 else None
        return found if isinstance(found, Code) else None


def _ordered(codes: Sequence[Code]) -> Sequence[Code]:
    """The reasons of DICOM's own list first: those of the worklist; then the clinical ones."""
    return sorted(codes, key=lambda code: (code.scheme != "DCM", code.meaning.casefold()))
