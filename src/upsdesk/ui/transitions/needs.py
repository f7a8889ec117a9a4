"""One row per attribute that the final state needs: met, a suggestion to use, or a field to fill."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QCompleter, QHBoxLayout, QLineEdit, QPushButton, QToolButton, QWidget

from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence, vr_of
from upsdesk.domain.codes import Code
from upsdesk.domain.context_groups import workitem_codes
from upsdesk.domain.elements import Element, Elements, Path
from upsdesk.domain.when import format_moment, moment_or_none
from upsdesk.services.completion import Choice, Suggestion
from upsdesk.ui import icons, presenter, theme
from upsdesk.ui.editor.field_values import element_lines, moment_text, read_moment
from upsdesk.ui.fields import CalmBox
from upsdesk.ui.transitions.parts import NeedRow, NeedState, suggestion_button
from upsdesk.ui.transitions.performer_words import (
    NAME_LENGTH,
    name_on_the_wire,
    name_problem,
    outputs_words,
    performer_item,
    performer_words,
)

_LOCAL_SCHEME = "99UPSDESK"
_CODE_LENGTH = 16
_LONGEST_ON_BUTTON = 18
_TEXTS = {"LO": 64, "SH": 16, "ST": 1024, "LT": 10240}
"""Text of one value and how long it may be (PS3.5 6.2): what can be typed into a line."""


class NeedInput(NeedRow):
    """A need with its suggestions and a field of its own. `changed` tells that `element` is another one."""

    changed = Signal()
    more_wanted = Signal()
    """More than a field is needed: a performer with a code, or the instances that were made."""

    def __init__(self, suggestion: Suggestion, now: Callable[[], datetime], zone: tzinfo) -> None:
        super().__init__(suggestion.need.words)
        self._now = now
        self._zone = zone
        self._suggestion = suggestion
        self._element: Element | None = None
        self._element_words = ""
        self._typing = False
        self._offered: tuple[str, ...] | None = None
        self._controls = QWidget()
        self._row = QHBoxLayout(self._controls)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(6)
        self.add(self._controls)
        self.field = self._make_field()
        self._buttons: list[QPushButton] = []
        self._other = icon_button("pencil", f"{self.words}: write another value", self.write_own)
        self._back = icon_button("undo-2", f"{self.words}: take this back", self._take_back)
        self._is_left_out = False
        self._leave_out = QPushButton("Leave it out")
        self._leave_out.setProperty("role", "quiet")
        self._leave_out.setAutoDefault(False)
        self._leave_out.setAccessibleName(f"{self.words}: leave it out, although this server asked for it")
        self._leave_out.clicked.connect(self._left_out)
        self.more = self._make_more()
        if self.field is not None:
            self._row.addWidget(self.field)
        for part in (self.more, self._other, self._leave_out, self._back):
            if part is not None:
                self._row.addWidget(part)

    @property
    def path(self) -> Path:
        return self._suggestion.need.path

    @property
    def element(self) -> Element | None:
        """What was chosen or typed; None while nothing was."""
        return None if self._suggestion.need.is_met and not self._can_add else self._element

    @property
    def _can_add(self) -> bool:
        """Output can be added to what the server has; everything else is there or is not."""
        return self.path[-1] == tags.OUTPUT_INFORMATION_SEQUENCE

    @property
    def is_waited_for(self) -> bool:
        """Whether the final state cannot be asked for without it."""
        need = self._suggestion.need
        if need.is_met or self._element is not None:
            return False
        # What a server asked for beyond the Standard can be left out: it may know better by now.
        return not self._is_left_out if need.is_demanded else not need.only_if_known

    @property
    def has_preset(self) -> bool:
        """Whether "Use all suggestions" fills it; one that may be left out too, such as the operator."""
        need = self._suggestion.need
        is_open = not need.is_met and self._element is None and not self._is_left_out
        return is_open and self._suggestion.preset is not None

    def first_control(self) -> QWidget:
        """What the focus goes to when this is waited for."""
        if self._buttons and self._buttons[0].isVisibleTo(self):
            return self._buttons[0]
        return self.field if self.field is not None and self.field.isVisibleTo(self) else self._other

    def use_preset(self) -> None:
        """Take the preset suggestion over."""
        if self._suggestion.preset is not None:
            self._use(self._suggestion.preset)

    def show_suggestion(self, suggestion: Suggestion, known: Elements) -> None:
        """Bring the row up to date; what was chosen or is being typed stays."""
        self._suggestion = suggestion
        self._known = known
        if suggestion.need.is_demanded and self._element is not None and self._element.is_empty:
            self._element, self._element_words = None, ""  # that was what the server refused
        offered = tuple(self._choice_words(choice) for choice in suggestion.choices)
        if offered != self._offered:
            self._offered = offered
            self._make_buttons()
        self._show()

    def _make_buttons(self) -> None:
        for button in self._buttons:
            button.hide()
            button.deleteLater()
        self._buttons = []
        for at, words in enumerate(self._offered or ()):
            text = f"Use {words}" if len(words) <= _LONGEST_ON_BUTTON else "Use it"
            button = suggestion_button(text, f"{self.words}: use {words}")
            button.clicked.connect(lambda _=False, at=at: self._use(at))
            self._row.insertWidget(at, button)
            self._buttons.append(button)

    def _show(self) -> None:
        need, choices = self._suggestion.need, self._suggestion.choices
        filled = self._element is not None
        is_open = not need.is_met and not filled
        typing = is_open and self.field is not None and (self._typing or not choices)
        if self.field is not None:
            self.field.setVisible(typing)
        for button in self._buttons:
            button.setVisible(is_open and not typing)
        self._other.setVisible(is_open and not typing and self.field is not None)
        self._leave_out.setVisible(is_open and need.is_demanded and not self._is_left_out)
        self._back.setVisible(filled)
        if self.more is not None:
            self.more.setVisible(is_open or self._can_add)
        self._controls.setVisible(typing or filled or self.more is not None or (is_open and bool(choices)))
        self.show_need(*self._standing(filled))

    def _standing(self, filled: bool) -> tuple[NeedState, str]:
        """How far this is, and the words for it."""
        need, note = self._suggestion.need, self._suggestion.note
        words = " or ".join(self._offered or ())
        if filled:
            return NeedState.FILLED, self._element_words
        if need.is_met:
            return NeedState.MET, self._known_words()
        if need.is_demanded and not self._is_left_out:
            asked = "This server asked for it before"
            return NeedState.MISSING, f"{asked}. Suggested: {words}" if words else asked
        if need.only_if_known or self._is_left_out:
            known = words or ("Left out" if self._is_left_out else "Write a name if it is known")
            if self._is_left_out:
                return NeedState.NOT_KNOWN, known
            if words:
                return (
                    NeedState.TO_FILL,
                    f"Suggested: {words}{f', {note}' if note else ''}; it may be left out",
                )
            return NeedState.NOT_KNOWN, f"{known}; it may be left out"
        if self._suggestion.choices:
            return NeedState.TO_FILL, f"Suggested: {words}{f', {note}' if note else ''}"
        return NeedState.MISSING, note or "Nothing is known here. Write it."

    def _left_out(self) -> None:
        self._is_left_out = True
        self._show()
        self.changed.emit()

    def take(self, found: Element, words: str) -> None:
        """Fill it with what another dialog gave."""
        self._take(found, words)

    def _choice_words(self, choice: Choice) -> str:
        """A time of today by the clock alone."""
        if choice.element.vr != "DT":
            return choice.words
        moment = moment_or_none(choice.element.text, default_zone=self._zone)
        return presenter.moment_words(moment, self._now(), self._zone) if moment else choice.words

    def _known_words(self) -> str:
        found = self._known.get(*self.path)
        lines = element_lines(found)
        if found is not None and found.vr == "DT":
            moment = moment_or_none(found.text, default_zone=self._zone)
            return presenter.moment_words(moment, self._now(), self._zone) if moment else found.text
        if self.path[-1] == tags.OUTPUT_INFORMATION_SEQUENCE:
            return outputs_words((found.items or ()) if found is not None else ())
        if self.path[-1] == tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE and found is not None:
            return "; ".join(performer_words(item) for item in found.items or ())
        return "; ".join(line.replace("\n", " · ") for line in lines)

    def _use(self, at: int) -> None:
        choice = self._suggestion.choices[at]
        self._take(choice.element, self._choice_words(choice))

    def _take(self, found: Element | None, words: str) -> None:
        self._element, self._element_words = found, words
        self._show()
        self.changed.emit()

    def _take_back(self) -> None:
        self._typing = False
        self._take(None, "")
        self.first_control().setFocus(Qt.FocusReason.OtherFocusReason)

    def write_own(self) -> None:
        """Offer the field instead of the suggestions."""
        self._typing = True
        self._show()
        if self.field is not None:
            self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    # The field: what it is depends on the attribute.

    def _make_field(self) -> QLineEdit | QComboBox | None:
        tag = self.path[-1]
        if tag in (
            tags.PERFORMED_PROCEDURE_STEP_START_DATE_TIME,
            tags.PERFORMED_PROCEDURE_STEP_END_DATE_TIME,
        ):
            return self._line("YYYY-MM-DD hh:mm", 160, self._moment_typed)
        if tag == tags.PERFORMED_STATION_NAME_CODE_SEQUENCE:
            edit = self._line("such as FX1", 148, self._station_typed)
            edit.setMaxLength(_CODE_LENGTH)
            return edit
        if tag == tags.PERFORMED_WORKITEM_CODE_SEQUENCE:
            return self._work_types()
        if tag == tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE:
            edit = self._line("Family, Given", 150, self._performer_typed)
            edit.setMaxLength(NAME_LENGTH)
            return edit
        if vr_of(tag) in _TEXTS:
            edit = self._line("", 200, self._text_typed)
            edit.setMaxLength(_TEXTS[vr_of(tag)])
            return edit
        return None

    def _make_more(self) -> QPushButton | None:
        """What leads to a dialog of its own."""
        words = {
            tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE: ("Code…", "user-round", "name and code"),
            tags.OUTPUT_INFORMATION_SEQUENCE: ("Add output…", "package-check", "add from files or UIDs"),
        }.get(self.path[-1])
        if words is None:
            return None
        button = QPushButton(words[0])
        button.setAutoDefault(False)
        button.setAccessibleName(f"{self.words}: {words[2]}")
        icons.set_icon(button, words[1])
        button.clicked.connect(self.more_wanted)
        return button

    def _line(self, placeholder: str, width: int, typed: Callable[[], None]) -> QLineEdit:
        edit = QLineEdit()
        edit.setPlaceholderText(placeholder)
        edit.setAccessibleName(self.words)
        edit.setFixedWidth(width)
        edit.editingFinished.connect(typed)
        return edit

    def _work_types(self) -> QComboBox:
        box = CalmBox()
        box.setEditable(True)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        box.setAccessibleName(self.words)
        box.setFixedWidth(260)
        for code in workitem_codes():
            box.addItem(f"{code.meaning}   {code.value} {code.scheme}", code)
        box.setCurrentIndex(-1)
        edit = box.lineEdit()
        assert edit is not None
        edit.setPlaceholderText("Type to find a work type")
        completer = QCompleter(box.model(), box)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        box.setCompleter(completer)
        box.activated.connect(lambda at: self._work_type_chosen(box.itemData(at)))
        return box

    def _moment_typed(self) -> None:
        assert isinstance(self.field, QLineEdit)
        text = self.field.text().strip()
        when = read_moment(text)
        theme.set_property(self.field, "invalid", bool(text) and when is None)
        if when is not None:
            made = element(self.path[-1], format_moment(when.replace(tzinfo=self._zone)))
            self._take(made, moment_text(when))
        elif text:
            self.show_need(NeedState.MISSING, "Write date and time as 2026-11-19 09:40")

    def _station_typed(self) -> None:
        assert isinstance(self.field, QLineEdit)
        text = self.field.text().strip()
        if text and "\\" not in text:
            self._take_code(Code(text, _LOCAL_SCHEME, text), text)

    def _performer_typed(self) -> None:
        """A name alone: its code is needed only where it is known (PS3.4 Table CC.2.5-3, RC)."""
        assert isinstance(self.field, QLineEdit)
        text = self.field.text().strip()
        theme.set_property(self.field, "invalid", bool(name_problem(text)))
        if text and not name_problem(text):
            item = performer_item(name_on_the_wire(text), None, "")
            self._take(sequence(tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE, item), text)

    def _text_typed(self) -> None:
        assert isinstance(self.field, QLineEdit)
        text = self.field.text().strip()
        if text and ("\\" not in text or vr_of(self.path[-1]) in ("ST", "LT")):
            self._take(element(self.path[-1], text), text)

    def _work_type_chosen(self, code: object) -> None:
        if isinstance(code, Code):
            self._take_code(code, f"{code.meaning} · {code.value} {code.scheme}")

    def _take_code(self, code: Code, words: str) -> None:
        self._take(sequence(self.path[-1], code.to_elements()), words)


def icon_button(icon: str, name: str, act: Callable[[], None]) -> QToolButton:
    """A small button beside a field; its tip is what stands after the colon of `name`."""
    button = QToolButton()
    button.setProperty("role", "quiet")
    button.setAccessibleName(name)
    button.setToolTip(name.partition(": ")[2].capitalize())
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    icons.set_icon(button, icon, "text_2")
    button.clicked.connect(act)
    return button
