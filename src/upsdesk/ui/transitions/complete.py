"""The dialog of Complete: everything that the final state needs, and what is still to be filled."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QVBoxLayout, QWidget

from upsdesk.domain import tags
from upsdesk.domain.attributes import sequence
from upsdesk.domain.elements import Element, Elements, Path
from upsdesk.domain.instances import retrieve_titles
from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.services.commands import Complete
from upsdesk.services.completion import Suggestion, completion_suggestions, performed_elements
from upsdesk.services.desk import Desk
from upsdesk.ui.dialogs import finished
from upsdesk.ui.editor.field_values import element_lines
from upsdesk.ui.fields import label
from upsdesk.ui.tasks import spawn
from upsdesk.ui.transitions.base import TransitionDialog, Words
from upsdesk.ui.transitions.needs import NeedInput
from upsdesk.ui.transitions.outputs import OutputsDialog
from upsdesk.ui.transitions.parts import (
    NeedList,
    NeedsHead,
    Rows,
    SentBlock,
    SentMessage,
    clear,
    suggestion_button,
)
from upsdesk.ui.transitions.performer import PerformerDialog
from upsdesk.ui.transitions.performer_words import (
    name_on_the_wire,
    name_problem,
    outputs_words,
    performer_item,
    performer_words,
)

_WORDS = Words(
    title="Complete this workitem?",
    subtitle="This is final. DICOM has no way back from Completed.",
    verb="Complete",
    icon="circle-check",
    target=ProcedureStepState.COMPLETED,
    sending="Completing at",
)


class CompleteDialog(TransitionDialog):
    """In progress to Completed (PS3.4 Table CC.2.5-3, final state)."""

    can_be_incomplete = True

    def __init__(self, parent: QWidget | None, desk: Desk, key: WorkitemKey) -> None:
        super().__init__(parent, desk, key, Action.COMPLETE, _WORDS)
        self._inputs: list[NeedInput] = []
        self._suggestions: tuple[Suggestion, ...] = ()
        self.use_all = suggestion_button("&Use all suggestions", "Use all suggestions")
        self.use_all.setToolTip("Use all suggestions (Alt+U)")
        self.use_all.clicked.connect(self._use_all)
        self._needs_head = NeedsHead(self.use_all)
        self.middle.addLayout(self._needs_head)
        self._needs = QVBoxLayout()
        self.middle.addLayout(self._needs)
        self._reading = label("Reading the workitem from the server…", tone="text_2")
        self.middle.addWidget(self._reading)
        self._rows = Rows()
        self.middle.addWidget(self._rows)
        self._sent = SentBlock()
        self.middle.addWidget(self._sent)
        self.refresh()

    def show_workitem(self) -> None:
        elements = self.elements()
        self._reading.setVisible(elements is None and not self._reading_problem)
        self._sent.setVisible(elements is not None)
        also_open = self.also_open()
        self._rows.show_rows((("Also open for this patient", also_open),))
        self._rows.setVisible(bool(also_open))
        if elements is None:
            self.use_all.hide()
            return
        entry = self.desk.vault_entry(self.key)
        self._suggestions = completion_suggestions(self.workitem, elements, entry, self.desk)
        if [one.path for one in self._inputs] != [one.need.path for one in self._suggestions]:
            self._make_inputs()
        for suggestion, need_input in zip(self._suggestions, self._inputs, strict=True):
            need_input.show_suggestion(suggestion, elements)
        self._show_counts()

    def _make_inputs(self) -> None:
        """A row for each need; a refusal may have brought another one, and what is filled stays."""
        known = {one.path: one for one in self._inputs}
        self._inputs = [
            known.get(suggestion.need.path) or self._make_input(suggestion)
            for suggestion in self._suggestions
        ]
        fresh = NeedList(self._inputs)
        clear(self._needs)
        self._needs.addWidget(fresh)

    def _make_input(self, suggestion: Suggestion) -> NeedInput:
        made = NeedInput(suggestion, self.desk.clock, self.desk.zone)
        made.changed.connect(self._changed)
        if made.more is not None:
            made.more_wanted.connect(lambda: self._open_part(made))
        return made

    # Parts that take more than a field

    def _open_part(self, need_input: NeedInput) -> None:
        if need_input.path[-1] == tags.OUTPUT_INFORMATION_SEQUENCE:
            spawn(self._ask_outputs(need_input), "outputs")
        else:
            spawn(self._ask_performer(need_input), "performer")

    async def _ask_outputs(self, need_input: NeedInput) -> None:
        elements = self.elements() or Elements()
        existing = elements.items(*need_input.path)
        dialog = OutputsDialog(self, existing, self._retrieve_aet(elements))
        dialog.open()
        if await finished(dialog) == int(QDialog.DialogCode.Accepted):
            items = dialog.items()
            self.desk.retrieve_aets[self.key.peer] = dialog.retrieve_aet
            words = f"{outputs_words(items)}, from {dialog.retrieve_aet}"
            need_input.take(sequence(need_input.path[-1], *items), words)
        self._come_back(need_input)

    def _retrieve_aet(self, elements: Elements) -> str:
        """As it was said last for this server, else as the workitem names it."""
        known = self.desk.retrieve_aets.get(self.key.peer, "")
        return known or next(iter(retrieve_titles(elements)), "")

    async def _ask_performer(self, need_input: NeedInput) -> None:
        chosen = need_input.element
        item = chosen.items[0] if chosen is not None and chosen.items else self._typed_performer(need_input)
        dialog = PerformerDialog(self, item)
        dialog.open()
        if await finished(dialog) == int(QDialog.DialogCode.Accepted):
            item = dialog.item()
            need_input.take(sequence(need_input.path[-1], item), performer_words(item))
        self._come_back(need_input)

    def _come_back(self, need_input: NeedInput) -> None:
        """The sheet over the dialog has gone; what was on its way to it presses nothing here."""
        self.guard.start()
        self.activateWindow()
        control = need_input.more if need_input.more is not None and need_input.more.isVisible() else None
        (control or self.no_button).setFocus(Qt.FocusReason.OtherFocusReason)

    def _typed_performer(self, need_input: NeedInput) -> Elements:
        text = need_input.field.text() if isinstance(need_input.field, QLineEdit) else ""
        return performer_item(name_on_the_wire(text) if not name_problem(text) else "", None, "")

    def _changed(self) -> None:
        self._show_counts()
        self.update_waiting()

    def _show_counts(self) -> None:
        waited = [one for one in self._inputs if one.is_waited_for]
        self._needs_head.show_count(len(self._inputs) - len(waited), of=len(self._inputs))
        had_focus = self.use_all.hasFocus()
        self.use_all.setVisible(any(one.has_preset for one in self._inputs))
        if had_focus and not self.use_all.isVisible():
            self.no_button.setFocus()
        self._show_sent()

    def _use_all(self) -> None:
        for need_input in self._inputs:
            if need_input.has_preset:
                need_input.use_preset()

    def first_missing(self) -> QWidget | None:
        if self.use_all.isVisible():
            return self.use_all
        return next((one.first_control() for one in self._inputs if one.is_waited_for), None)

    def waits_for(self) -> Sequence[str]:
        if not self._inputs:
            return ("the workitem to be read",)
        return [one.words for one in self._inputs if one.is_waited_for]

    def command(self) -> Complete:
        return Complete(self.key, self._final(), shown=self.shown())

    def need(self, words: str) -> NeedInput:
        """The row of a need by its words; raises StopIteration when there is none."""
        return next(one for one in self._inputs if one.words == words)

    def _chosen(self) -> dict[Path, Element]:
        return {one.path: one.element for one in self._inputs if one.element is not None}

    def _final(self) -> Elements:
        chosen = self._chosen()
        return performed_elements(self.elements() or Elements(), chosen) if chosen else Elements()

    def _show_sent(self) -> None:
        chosen = self._chosen()
        lines = []
        for suggestion, need_input in zip(self._suggestions, self._inputs, strict=True):
            keyword = suggestion.need.keyword
            if need_input.path in chosen:
                texts = element_lines(chosen[need_input.path])
                lines.append(("+", keyword, _sent_words(need_input, texts)))
            elif need_input.is_waited_for:
                lines.append(("!", keyword, "not filled yet"))
        messages = []
        if lines:
            words = "Performed Procedure Sequence, 1 item, sent whole"
            messages.append(SentMessage("N-SET", words, lines))
        messages.append(SentMessage("N-ACTION 1", f"Change state to COMPLETED, {self.lock_words()}"))
        self._sent.show_messages(messages)


def _sent_words(need_input: NeedInput, texts: Sequence[str]) -> str:
    """The value of an attribute in one line."""
    found = need_input.element
    if found is not None and need_input.path[-1] == tags.OUTPUT_INFORMATION_SEQUENCE and found.items:
        return outputs_words(found.items)
    return "; ".join(one.partition("\n")[0] for one in texts) or "empty"
