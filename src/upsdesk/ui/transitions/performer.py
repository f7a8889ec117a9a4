"""Who did it: a name, a code, an organization; all of it optional, but not nothing."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget

from upsdesk.domain import tags
from upsdesk.domain.codes import Code, codes_in
from upsdesk.domain.elements import Elements
from upsdesk.domain.operators import Operator
from upsdesk.domain.workitem import person_name_words
from upsdesk.ui import theme
from upsdesk.ui.fields import FieldMessage, add_captioned, label
from upsdesk.ui.patient_banner import FlowLayout
from upsdesk.ui.transitions.base import TransitionDialog
from upsdesk.ui.transitions.own_code import OwnCode
from upsdesk.ui.transitions.part_dialog import PartDialog
from upsdesk.ui.transitions.performer_words import (
    NAME_LENGTH,
    name_on_the_wire,
    name_problem,
    performer_item,
)

_MOST_KNOWN = 6


class PerformerDialog(PartDialog):
    """One human performer by name and code."""

    def __init__(self, owner: TransitionDialog, item: Elements) -> None:
        super().__init__(
            owner,
            "Who did it?",
            "By name, by code, or both. When nobody knows, leave it out: that never holds anything up.",
            yes="Use this performer",
            icon="user-round",
        )
        self._make_known(owner.desk.duty.known)
        self.name = _line("Name of the performer", "Family, Given")
        self.name.setText(person_name_words(item.text(tags.HUMAN_PERFORMER_NAME).partition("=")[0]))
        self._message = FieldMessage(self.name)
        self.code = OwnCode("Code of the performer")
        known = codes_in(item, tags.HUMAN_PERFORMER_CODE_SEQUENCE)
        if known:
            self.code.show_code(known[0])
        self.organization = _line("Organization of the performer", "such as Radiotherapy")
        self.organization.setText(item.text(tags.HUMAN_PERFORMER_ORGANIZATION))
        for words, field in (
            ("Name", self.name),
            ("Code (optional)", self.code),
            ("Organization (optional)", self.organization),
        ):
            add_captioned(self.middle, words, field)
            if field is self.name:
                self.middle.addWidget(self._message)
        self.name.textChanged.connect(self._changed)
        self.code.changed.connect(self._changed)
        self.organization.textChanged.connect(self._changed)
        self._changed()

    def _make_known(self, operators: Sequence[Operator]) -> None:
        """Who has worked at this desk, each to be taken over with one press."""
        self.known = [QPushButton(one.words) for one in operators[:_MOST_KNOWN]]
        if not self.known:
            return
        row = FlowLayout(spacing=6)
        for button, one in zip(self.known, operators, strict=False):
            button.setProperty("role", "chip")
            button.setAutoDefault(False)
            button.setAccessibleName(f"Use {one.words}")
            button.clicked.connect(lambda _=False, one=one: self._take(one))
            row.addWidget(button)
        self.middle.addWidget(label("Known at this desk", "small", "strong"))
        self.middle.addLayout(row)

    def _take(self, operator: Operator) -> None:
        self.name.setText(operator.words)
        self.code.show_code(operator.code or Code("", "", ""))

    def first_focus(self) -> QWidget:
        return self.name

    def item(self) -> Elements:
        """What was written."""
        name = name_on_the_wire(self.name.text())
        return performer_item(name, self._code(), self.organization.text().strip())

    def _code(self) -> Code | None:
        """The meaning of a person's code is the name, unless another one is written."""
        value, scheme = self.code.value.text().strip(), self.code.scheme.text().strip()
        if not self.code.meaning.text().strip() and value and scheme and self.name.text().strip():
            return Code(value, scheme, self.name.text().strip())
        return self.code.code()

    def _changed(self) -> None:
        problem = name_problem(self.name.text())
        if problem:
            self._message.warn(problem)
        else:
            self._message.say("")
        self._message.setVisible(bool(problem))
        is_half = not self.code.is_empty and self._code() is None
        backslash = "\\" in self.organization.text()
        theme.set_property(self.organization, "invalid", backslash)
        if problem or backslash:
            self.set_waiting("Waits for a name without the signs that divide one")
        elif is_half:
            self.set_waiting("Waits for code, scheme and meaning of the performer")
        elif not self.name.text().strip() and self._code() is None:
            self.set_waiting("Waits for a name or a code")
        else:
            self.set_waiting("")


def _line(name: str, hint: str) -> QLineEdit:
    edit = QLineEdit()
    edit.setMaxLength(NAME_LENGTH)
    edit.setPlaceholderText(hint)
    edit.setAccessibleName(name)
    return edit
