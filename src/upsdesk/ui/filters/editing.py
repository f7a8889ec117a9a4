"""Saving and renaming filters: the sheet that asks for a name, and what is kept of typed text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QGridLayout, QLineEdit, QSpinBox, QWidget

from upsdesk.domain.criteria import MOST_HOURS, Hours
from upsdesk.domain.saved_filter import SavedFilter
from upsdesk.ui import theme
from upsdesk.ui.dialogs import ConfirmDialog, finished
from upsdesk.ui.fields import FieldMessage, label
from upsdesk.ui.filters.keeper import FilterKeeper
from upsdesk.ui.filters.words import criteria_words, sent_words
from upsdesk.ui.tasks import spawn


class NameSheet(ConfirmDialog):
    """Asks for the name of a filter. With `kept` it tells what is saved, and asks for typed text."""

    def __init__(
        self,
        parent: QWidget | None,
        title: str,
        name: str,
        problem_of: Callable[[str], str],
        *,
        yes: str,
        kept: SavedFilter | None = None,
        demo: bool = False,
    ) -> None:
        super().__init__(
            parent, title, "", yes=yes, no="Discard", icon="save", enter_confirms=True, demo=demo, width=460
        )
        self._problem_of = problem_of
        self.field = QLineEdit(name)
        self.field.setAccessibleName("Name of the filter")
        self.field.selectAll()
        self.message = FieldMessage(self.field)
        self.field.textEdited.connect(lambda _text: self.message.say(""))
        self.with_names = QCheckBox("Keep what was typed, too")
        self.middle.addWidget(label("Name", "small", "strong"))
        self.middle.addWidget(self.field)
        self.middle.addWidget(self.message)
        if kept is not None:
            self._tell_kept(kept)
        self.with_names.setVisible(kept is not None and kept.names_somebody)
        self.confirmed.connect(self._try)

    def _tell_kept(self, kept: SavedFilter) -> None:
        here = criteria_words(kept.criteria) or ("Nothing is hidden",)
        for title, told in (("Applied here", here), ("Sent to the server", sent_words(kept))):
            if told:
                self.middle.addSpacing(8)
                self.middle.addWidget(label(title, "small", "strong"))
            for words in told:
                self.middle.addWidget(label(words, "small"))
        if kept.names_somebody:
            self.middle.addSpacing(8)
            self.middle.addWidget(self.with_names)
            self.middle.addWidget(
                label(
                    "It may be a patient's name or number. Ticked, it is kept on this computer, "
                    "in filters.toml; otherwise the filter is saved without it.",
                    "caption",
                )
            )

    def first_focus(self) -> QWidget:
        return self.field

    def _try(self) -> None:
        problem = self._problem_of(self.field.text())
        if problem:
            self.message.warn(problem)
            self.field.setFocus()
        else:
            self.accept()


class RangeSheet(ConfirmDialog):
    """Asks for a range of hours around now."""

    def __init__(self, parent: QWidget | None, hours: Hours, *, demo: bool) -> None:
        super().__init__(
            parent,
            "Planned start",
            "The range moves on with the clock.",
            yes="Show",
            no="Discard",
            enter_confirms=True,
            demo=demo,
            width=420,
        )
        self.before = self._hours("Hours before now", hours.before)
        self.after = self._hours("Hours after now", hours.after)
        self.message = FieldMessage()
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        for line, (words, box) in enumerate(
            (("From, before now", self.before), ("Until, after now", self.after))
        ):
            grid.addWidget(label(words), line, 0)
            grid.addWidget(box, line, 1)
        grid.setColumnStretch(2, 1)
        self.middle.addLayout(grid)
        self.middle.addWidget(self.message)
        self.confirmed.connect(self._try)

    def _hours(self, name: str, value: int) -> QSpinBox:
        box = QSpinBox()
        box.setRange(0, MOST_HOURS)
        box.setValue(value)
        box.setSuffix(" h")
        box.setAccessibleName(name)
        theme.inset(box)
        return box

    def first_focus(self) -> QWidget:
        return self.before

    @property
    def hours(self) -> Hours:
        """What was chosen, once it was accepted."""
        return Hours(self.before.value(), self.after.value())

    def _try(self) -> None:
        if self.before.value() or self.after.value():
            self.accept()
        else:
            self.message.warn("At least one of them is more than 0.")


class FilterEditing(QObject):
    """The acts on saved filters that ask something first."""

    asks = Signal()
    """A sheet comes up: what floats above the window closes."""

    def __init__(self, window: QWidget, keeper: FilterKeeper, is_demo: Callable[[], bool]) -> None:
        super().__init__(window)
        self._window = window
        self._keeper = keeper
        self._is_demo = is_demo

    def save_as_new(self) -> None:
        spawn(self._save_as_new(), "save a filter")

    def save(self) -> None:
        """Save in the filter in force; under a new name when that is built in, or when there is to ask."""
        present, current = self._keeper.present, self._keeper.current
        if current.is_built_in:
            self.save_as_new()
        elif present.names_somebody and not _has_same_names(present, current):
            spawn(self._save_typed(present), "save a filter")
        else:
            self._keeper.save(with_names=True)

    def ask_range(self) -> None:
        """Ask for a range of hours, and show what is planned in it."""
        spawn(self._ask_range(), "choose a range")

    async def _ask_range(self) -> None:
        span = self._keeper.present.criteria.span
        known = span if isinstance(span, Hours) else Hours(0, 2)
        self.asks.emit()
        sheet = RangeSheet(self._window, known, demo=self._is_demo())
        if await self._answered(sheet):
            self._keeper.narrow(replace(self._keeper.present.criteria, span=sheet.hours))

    def rename(self, name: str) -> None:
        spawn(self._rename(name), "rename a filter")

    async def _save_as_new(self) -> None:
        saved = self._keeper.saved
        sheet = self._sheet("Save as a new filter", "", saved.problem_of_name, kept=self._keeper.present)
        if await self._answered(sheet):
            self._keeper.save_as(sheet.field.text(), with_names=sheet.with_names.isChecked())

    async def _save_typed(self, present: SavedFilter) -> None:
        name, saved = present.name, self._keeper.saved

        def problem_of(text: str) -> str:
            return saved.problem_of_name(text, but=name)

        sheet = self._sheet("Save the filter", name, problem_of, kept=present)
        if await self._answered(sheet):
            to = sheet.field.text().strip()
            if self._keeper.save(with_names=sheet.with_names.isChecked()) and to != name:
                self._keeper.rename(name, to)

    async def _rename(self, name: str) -> None:
        saved = self._keeper.saved

        def problem_of(text: str) -> str:
            return saved.problem_of_name(text, but=name)

        sheet = self._sheet(f"Rename “{name}”", name, problem_of, yes="Rename")
        if await self._answered(sheet):
            self._keeper.rename(name, sheet.field.text())

    def _sheet(
        self,
        title: str,
        name: str,
        problem_of: Callable[[str], str],
        *,
        yes: str = "Save filter",
        kept: SavedFilter | None = None,
    ) -> NameSheet:
        self.asks.emit()
        return NameSheet(self._window, title, name, problem_of, yes=yes, kept=kept, demo=self._is_demo())

    async def _answered(self, sheet: ConfirmDialog) -> bool:
        sheet.open()
        return await finished(sheet) == int(QDialog.DialogCode.Accepted)


def _has_same_names(one: SavedFilter, other: SavedFilter) -> bool:
    """What may be somebody's name has been saved in it already."""
    return one.criteria.text == other.criteria.text and set(one.plan.keys) <= set(other.plan.keys)
