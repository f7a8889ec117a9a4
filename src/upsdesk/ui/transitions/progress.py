"""The dialog of Progress: how far it is, and what is being done."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QSlider, QSpinBox, QVBoxLayout, QWidget

from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.state import Action
from upsdesk.services.commands import ReportProgress
from upsdesk.services.desk import Desk
from upsdesk.ui import presenter
from upsdesk.ui.fields import FieldMessage, label
from upsdesk.ui.transitions.base import TransitionDialog, Words
from upsdesk.ui.transitions.parts import SentBlock, SentMessage

_WORDS = Words(
    title="Report progress",
    subtitle="Everybody who follows this workitem sees it.",
    verb="Send progress of",
    icon="gauge",
    target=None,
    sending="Sending to",
    waiting="Sending",
    no="Close",
)
_NOT_GIVEN = -1
_QUICK = (25, 50, 75, 100)
# Procedure Step Progress Description (0074,1006) is ST: at most 1024 characters (PS3.5 6.2).
_LONGEST = 1024


class ProgressDialog(TransitionDialog):
    """Percent and description; only what was changed is sent."""

    def __init__(self, parent: QWidget | None, desk: Desk, key: WorkitemKey) -> None:
        super().__init__(parent, desk, key, Action.PROGRESS, _WORDS, enter_confirms=True, width=640)
        known = self.workitem.progress
        self._percent_was = known.percent
        self._description_was = known.description
        self._make_percent()
        self._make_description()
        self._sent = SentBlock()
        self.middle.addWidget(self._sent)
        self.percent.setValue(_NOT_GIVEN if known.percent is None else round(known.percent))
        self.description.setText(known.description)
        self._percent_touched = False
        self.percent.valueChanged.connect(self._percent_changed)
        self._slider.valueChanged.connect(self.percent.setValue)
        self.description.textChanged.connect(self._changed)
        self.refresh()

    def _make_percent(self) -> None:
        self.middle.addWidget(label("Percent", "small", "strong"))
        row = QHBoxLayout()
        row.setSpacing(12)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, 100)
        self._slider.setPageStep(5)
        self._slider.setAccessibleName("Percent done, slider")
        self.percent = QSpinBox()
        self.percent.setRange(_NOT_GIVEN, 100)
        self.percent.setSpecialValueText("not given")
        self.percent.setSuffix(" %")
        self.percent.setSingleStep(5)
        self.percent.setFixedWidth(104)
        self.percent.setAccessibleName("Percent done")
        row.addWidget(self.percent)
        row.addWidget(self._slider, 1)
        for percent in _QUICK:
            button = QPushButton(f"{percent} %")
            button.setProperty("role", "chip")
            button.setAutoDefault(False)
            button.setAccessibleName(f"Set {percent} percent")
            button.clicked.connect(lambda _=False, percent=percent: self.percent.setValue(percent))
            row.addWidget(button)
        self.middle.addLayout(row)
        self._percent_hint = FieldMessage()
        self.middle.addWidget(self._percent_hint)

    def _make_description(self) -> None:
        column = QVBoxLayout()
        column.setSpacing(4)
        caption = label("What is being done", "small", "strong")
        self.description = QLineEdit()
        self.description.setMaxLength(_LONGEST)
        self.description.setPlaceholderText("such as Beam 2 of 3")
        self.description.setAccessibleName("Description of the progress")
        caption.setBuddy(self.description)
        column.addWidget(caption)
        column.addWidget(self.description)
        self.middle.addLayout(column)

    def first_focus(self) -> QWidget:
        return self.percent

    def first_missing(self) -> QWidget | None:
        return self.percent

    def command(self) -> ReportProgress:
        return ReportProgress(self.key, self._percent(), self._text(), shown=self.shown())

    def _percent(self) -> float | None:
        """The percent to send; None leaves it as it is at the server."""
        value = self.percent.value()
        return float(value) if self._percent_touched and value != _NOT_GIVEN else None

    def _text(self) -> str | None:
        text = self.description.text().strip()
        return text if text != self._description_was else None

    def waits_for(self) -> Sequence[str]:
        return (
            () if self._percent() is not None or self._text() is not None else ("a percent or a description",)
        )

    def _percent_changed(self, value: int) -> None:
        self._percent_touched = self._percent_was is None or value != round(self._percent_was)
        self._slider.blockSignals(True)
        self._slider.setValue(max(0, value))
        self._slider.blockSignals(False)
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
            self._slider.blockSignals(True)
            self._slider.setValue(max(0, self.percent.value()))
            self._slider.blockSignals(False)
        if self.description.text().strip() == self._description_was:
            self._description_was = known.description
            self.description.setText(known.description)
        self._show_sent()

    def _show_sent(self) -> None:
        percent, text = self._percent(), self._text()
        lines = []
        if percent is not None:
            lines.append(("+", "ProcedureStepProgress", f"{percent:.0f}"))
        if text is not None:
            lines.append(("+", "ProcedureStepProgressDescription", text or "empty"))
        self._sent.show_messages(
            (SentMessage("N-SET", "Progress Information Sequence, 1 item, sent whole", lines),)
        )
