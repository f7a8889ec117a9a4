"""The field for a reason: a code of CID 9300 that is found by typing, or another code."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QCompleter, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from upsdesk.domain.codes import Code
from upsdesk.domain.context_groups import DISCONTINUATION_REASONS, codes_of
from upsdesk.ui.fields import CalmBox
from upsdesk.ui.transitions.own_code import OwnCode

OTHER_CODE = "Another code…"


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
        self.addItem(OTHER_CODE)
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
        self.currentIndexChanged.connect(lambda _: edit.setCursorPosition(0))  # a long one from its beginning
        self.currentIndexChanged.connect(self.chosen)
        self.editTextChanged.connect(self.chosen)

    @property
    def is_other(self) -> bool:
        """The reason is a code that stands in no list here."""
        return self.currentText().strip() == OTHER_CODE

    def code(self) -> Code | None:
        """The reason that the text names; None while it names none."""
        at = self.findText(self.currentText().strip(), Qt.MatchFlag.MatchFixedString)
        found = self.itemData(at) if at >= 0 else None
        return found if isinstance(found, Code) else None


class ReasonChoice(QWidget):
    """The list of reasons, and below it the parts of a code of one's own when that is chosen."""

    changed = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.box = ReasonBox(name)
        self.own = OwnCode(name)
        row = QHBoxLayout()
        row.addWidget(self.box)
        column.addLayout(row)
        column.addWidget(self.own)
        self.own.hide()
        self.box.chosen.connect(self._changed)
        self.own.changed.connect(self.changed)

    def _changed(self) -> None:
        self.own.setVisible(self.box.is_other)
        self.changed.emit()

    def code(self) -> Code | None:
        """What is chosen or written; None while it is no whole code."""
        return self.own.code() if self.box.is_other else self.box.code()

    def choose(self, code: Code) -> None:
        """Show this code, whether the list has it or not."""
        for at in range(self.box.count()):
            found = self.box.itemData(at)
            if isinstance(found, Code) and (found.value, found.scheme) == (code.value, code.scheme):
                self.box.setCurrentIndex(at)
                return
        self.box.setCurrentIndex(self.box.findText(OTHER_CODE))
        self.own.show_code(code)

    @property
    def missing(self) -> str:
        """What is still to be done, in words; empty when there is a code."""
        if self.code() is not None:
            return ""
        return "code, scheme and meaning of the reason" if self.box.is_other else "a reason from the list"

    def first_control(self) -> QWidget:
        return self.own.value if self.box.is_other else self.box


def _ordered(codes: Sequence[Code]) -> Sequence[Code]:
    """The reasons of DICOM's own list first: those of the worklist; then the clinical ones."""
    return sorted(codes, key=lambda code: (code.scheme != "DCM", code.meaning.casefold()))
