"""Saving and renaming filters: the sheet that asks for a name, and what is kept of typed text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QLineEdit, QWidget

from upsdesk.domain.criteria import Hours
from upsdesk.domain.saved_filter import SavedFilter
from upsdesk.services.desk import Desk
from upsdesk.ui.dialogs import ConfirmDialog, finished
from upsdesk.ui.fields import FieldMessage, label
from upsdesk.ui.filters.keeper import FilterKeeper
from upsdesk.ui.filters.range_sheets import HoursSheet, PeriodSheet, period_of
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


class FilterEditing(QObject):
    """The acts on saved filters that ask something first."""

    asks = Signal()
    """A sheet comes up: what floats above the window closes."""

    def __init__(
        self, window: QWidget, keeper: FilterKeeper, is_demo: Callable[[], bool], desk: Desk
    ) -> None:
        """The clock and the zone of `desk` tell what day it is."""
        super().__init__(window)
        self._desk = desk
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

    def ask_hours(self) -> None:
        """Ask for a range of hours around now, and show what is planned in it."""
        spawn(self._ask_hours(), "choose a range")

    async def _ask_hours(self) -> None:
        span = self._keeper.present.criteria.span
        known = span if isinstance(span, Hours) else Hours(0, 2)
        self.asks.emit()
        sheet = HoursSheet(self._window, known, demo=self._is_demo())
        if await self._answered(sheet):
            self._keeper.narrow(replace(self._keeper.present.criteria, span=sheet.hours))

    def ask_period(self) -> None:
        """Ask for dates and times, and show what is planned between them."""
        spawn(self._ask_period(), "choose a range")

    async def _ask_period(self) -> None:
        span = self._keeper.present.criteria.span
        known = period_of(span, self._desk.clock(), self._desk.zone)
        self.asks.emit()
        sheet = PeriodSheet(self._window, known, demo=self._is_demo())
        if await self._answered(sheet):
            self._keeper.narrow(replace(self._keeper.present.criteria, span=sheet.period))

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
