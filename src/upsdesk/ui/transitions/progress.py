"""The dialog of Progress: how far it is, what is being done, with what, and whom to call."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QSlider, QSpinBox, QVBoxLayout, QWidget

from upsdesk.domain import tags
from upsdesk.domain.codes import Code, codes_in
from upsdesk.domain.contacts import Contact, contacts_in
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.state import Action
from upsdesk.domain.status import Kind
from upsdesk.services.commands import ReportProgress, Result, ResultKind
from upsdesk.services.desk import Desk
from upsdesk.ui import presenter
from upsdesk.ui.dialogs import Tone
from upsdesk.ui.fields import FieldMessage, add_captioned, label
from upsdesk.ui.transitions.base import TransitionDialog, Words
from upsdesk.ui.transitions.item_rows import Contacts, Parameters
from upsdesk.ui.transitions.parts import SentBlock, SentMessage

_WORDS = Words(
    title="Report progress",
    subtitle="Everybody who follows this workitem sees it. The steps and the slider are sent at once.",
    verb="Send progress of",
    icon="gauge",
    target=None,
    sending="Sending to",
    waiting="Sending",
    no="Close",
)
_NOT_GIVEN = -1
_QUICK = (25, 50, 75)
# Procedure Step Progress Description (0074,1006) is ST: at most 1024 characters (PS3.5 6.2).
_LONGEST = 1024
_PROGRESS = tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE
_BEAM = Code("2018004", "99IHERO2018", "Referenced Beam Number")
"""What a treatment reports with its progress (IHE-RO TDW-II)."""


class ProgressDialog(TransitionDialog):
    """Only what was changed is sent. A step or the released slider sends the percent at once and stays."""

    def __init__(self, parent: QWidget | None, desk: Desk, key: WorkitemKey) -> None:
        super().__init__(parent, desk, key, Action.PROGRESS, _WORDS, enter_confirms=True, width=680)
        known = self.workitem.progress
        self._percent_was = known.percent
        self._description_was = known.description
        self._items_were: tuple[Elements, ...] = ()
        self._contacts_were: tuple[Contact, ...] = ()
        self._shown_elements: Elements | None = None
        self._at_once: int | None = None
        """The percent that is being sent by itself."""
        self._make_percent()
        self._make_description()
        self.parameters = Parameters("Parameters", "Add a parameter")
        self.contacts = Contacts("Contacts", "Add a contact")
        self._sent = SentBlock()
        for part in (self.parameters, self.contacts, self._sent):
            self.middle.addWidget(part)
        self.percent.setValue(_NOT_GIVEN if known.percent is None else round(known.percent))
        self.description.setText(known.description)
        self._percent_touched = False
        self.percent.valueChanged.connect(self._percent_changed)
        self.slider.valueChanged.connect(self.percent.setValue)
        self.slider.sliderReleased.connect(self._released)
        self.description.textChanged.connect(self._changed)
        self.parameters.changed.connect(self._changed)
        self.contacts.changed.connect(self._changed)
        self.refresh()

    def _make_percent(self) -> None:
        self.middle.addWidget(label("Percent", "small", "strong"))
        row = QHBoxLayout()
        row.setSpacing(12)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setPageStep(5)
        self.slider.setAccessibleName("Percent done, slider: sent when it is released")
        self.percent = QSpinBox()
        self.percent.setRange(_NOT_GIVEN, 100)
        self.percent.setSpecialValueText("not given")
        self.percent.setSuffix(" %")
        self.percent.setSingleStep(5)
        self.percent.setFixedWidth(104)
        self.percent.setAccessibleName("Percent done")
        row.addWidget(self.percent)
        row.addWidget(self.slider, 1)
        self.steps: dict[int, QPushButton] = {}
        for percent in _QUICK:
            button = QPushButton(f"{percent} %")
            button.setProperty("role", "chip")
            button.setAutoDefault(False)
            button.setAccessibleName(f"Send {percent} percent")
            button.setToolTip("Sent at once")
            button.clicked.connect(lambda _=False, percent=percent: self._send_at_once(percent))
            self.steps[percent] = button
            row.addWidget(button)
        self.middle.addLayout(row)
        self._percent_hint = FieldMessage()
        self.middle.addWidget(self._percent_hint)

    def _make_description(self) -> None:
        column = QVBoxLayout()
        column.setSpacing(4)
        self.description = QLineEdit()
        self.description.setMaxLength(_LONGEST)
        self.description.setPlaceholderText("such as Beam 2 of 3")
        self.description.setAccessibleName("Description of the progress")
        add_captioned(column, "What is being done", self.description)
        self.middle.addLayout(column)

    def first_focus(self) -> QWidget:
        return self.percent

    def first_missing(self) -> QWidget | None:
        wrong = self.parameters.first_problem() or self.contacts.first_problem()
        return wrong.first_field() if wrong is not None else self.percent

    # What is sent

    def command(self) -> ReportProgress:
        if self._at_once is not None:
            return ReportProgress(self.key, float(self._at_once), shown=self.shown())
        return ReportProgress(
            self.key,
            self._percent(),
            self._text(),
            self._changed_items(),
            self._changed_contacts(),
            shown=self.shown(),
        )

    def _released(self) -> None:
        if self._percent_touched:  # else it was only touched
            self._send_at_once(self.slider.value())

    def _send_at_once(self, percent: int) -> None:
        """The percent alone, once; what is typed elsewhere waits for the button."""
        self.percent.setValue(percent)
        if self._is_sending or self._is_over or self.held_back:
            return
        self._at_once = percent
        self.confirmed.emit()

    @property
    def held_back(self) -> bool:
        """No progress can be sent now, whatever is filled."""
        return self.waits and not self.yes_button.toolTip().startswith(f"{self.words.waiting} waits for:")

    def _percent(self) -> float | None:
        """The percent to send; None leaves it as it is at the server."""
        value = self.percent.value()
        return float(value) if self._percent_touched and value != _NOT_GIVEN else None

    def _text(self) -> str | None:
        text = self.description.text().strip()
        return text if text != self._description_was else None

    def _changed_items(self) -> tuple[Elements, ...] | None:
        if self._shown_elements is None or self.parameters.first_problem() is not None:
            return None
        items = self.parameters.items()
        return items if items != self._items_were else None

    def _changed_contacts(self) -> tuple[Contact, ...] | None:
        if self._shown_elements is None or self.contacts.first_problem() is not None:
            return None
        contacts = self.contacts.contacts()
        return contacts if contacts != self._contacts_were else None

    def waits_for(self) -> Sequence[str]:
        problems = [
            words
            for words, rows in (("right parameters", self.parameters), ("right contacts", self.contacts))
            if rows.first_problem() is not None
        ]
        if problems:
            return problems
        given = (self._percent(), self._text(), self._changed_items(), self._changed_contacts())
        return ("a percent or a description",) if all(one is None for one in given) else ()

    def _set_buttons(self, enabled: bool) -> None:
        super()._set_buttons(enabled)
        for control in (self.slider, *self.steps.values()):
            control.setEnabled(enabled)

    def show_result(self, result: Result) -> bool:
        sent, self._at_once = self._at_once, None
        is_plain = result.outcome.kind is Kind.SUCCESS and not result.notes
        if sent is None or result.kind is not ResultKind.DONE or not is_plain:
            return super().show_result(result)
        self._is_sending = False
        self._set_buttons(True)
        self.workitem = self._stored() or self.workitem
        self._percent_touched = False
        self.refresh()
        at = presenter.instant_words(self.desk.clock(), self.desk.clock(), self.desk.zone)
        self.line.say(f"Sent {sent} % at {at}", Tone.GOOD)
        if self.focusWidget() in (None, self):  # somebody may be typing the description by now
            self.percent.setFocus(Qt.FocusReason.OtherFocusReason)
        return False

    # What is shown

    def _percent_changed(self, value: int) -> None:
        self._percent_touched = self._percent_was is None or value != round(self._percent_was)
        self.slider.blockSignals(True)
        self.slider.setValue(max(0, value))
        self.slider.blockSignals(False)
        self._changed()

    def _changed(self) -> None:
        self._show_sent()
        self.update_waiting()

    def show_workitem(self) -> None:
        known = self.workitem.progress
        self._percent_was = known.percent
        was = presenter.percent_words(known) or "not reported yet"
        self._percent_hint.say(
            f"At the server: {was}" + (f", {known.description}" if known.description else "")
        )
        if not self._percent_touched:
            self.percent.blockSignals(True)
            self.percent.setValue(_NOT_GIVEN if known.percent is None else round(known.percent))
            self.percent.blockSignals(False)
            self.slider.blockSignals(True)
            self.slider.setValue(max(0, self.percent.value()))
            self.slider.blockSignals(False)
        if self.description.text().strip() == self._description_was:
            self._description_was = known.description
            self.description.setText(known.description)
        self._show_items()
        self._show_sent()

    def _show_items(self) -> None:
        """Parameters and contacts as they were read; what has been typed meanwhile stays."""
        elements = self.elements()
        for rows in (self.parameters, self.contacts):
            rows.setVisible(elements is not None)
        if elements is None or elements is self._shown_elements:
            return
        item = next(iter(elements.items(_PROGRESS)), Elements())
        items_touched = self._shown_elements is not None and self._changed_items() is not None
        contacts_touched = self._shown_elements is not None and self._changed_contacts() is not None
        is_first = self._shown_elements is None
        self._shown_elements = elements
        self._items_were = item.items(tags.PROCEDURE_STEP_PROGRESS_PARAMETERS_SEQUENCE)
        self._contacts_were = contacts_in(item)
        if is_first or not (items_touched or self.parameters.first_problem()):
            self.parameters.show_items(self._items_were, self._names(elements))
        if is_first or not (contacts_touched or self.contacts.first_problem()):
            self.contacts.show_contacts(self._contacts_were)

    def _names(self, elements: Elements) -> tuple[Code, ...]:
        """Names of parameters that make sense here: those of the plan, and the beam."""
        planned = (
            code
            for one in elements.items(tags.SCHEDULED_PROCESSING_PARAMETERS_SEQUENCE)
            for code in codes_in(one, tags.CONCEPT_NAME_CODE_SEQUENCE)
        )
        return tuple(dict.fromkeys((_BEAM, *planned)))

    def _show_sent(self) -> None:
        percent, text = self._percent(), self._text()
        items, contacts = self._changed_items(), self._changed_contacts()
        lines = []
        if percent is not None:
            lines.append(("+", "ProcedureStepProgress", f"{percent:.0f}"))
        if text is not None:
            lines.append(("+", "ProcedureStepProgressDescription", text or "empty"))
        if items is not None:
            told = presenter.count_words(len(items), "item")
            lines.append(("+", "ProcedureStepProgressParametersSequence", told))
        if contacts is not None:
            told = ", ".join(contact.uri for contact in contacts) or "empty"
            lines.append(("+", "ProcedureStepCommunicationsURISequence", told))
        self._sent.show_messages(
            (SentMessage("N-SET", "Progress Information Sequence, 1 item, sent whole", lines),)
        )
