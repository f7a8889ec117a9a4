"""What the server was asked for, as chips above the table, told apart from the filters applied here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from upsdesk.domain.peer import UpsClass
from upsdesk.domain.query import DAY, SearchPlan
from upsdesk.services.attribute_names import named
from upsdesk.services.search_state import SearchState
from upsdesk.ui import icons, masking, theme
from upsdesk.ui.patient_banner import FlowLayout
from upsdesk.ui.query import words
from upsdesk.ui.tips import plain_tip

_ACROSS, _DOWN = 12, 6
"""Room between the chips and the edge of the strip."""


class AskedStrip(QFrame):
    """Hidden while the day's list is asked for and nothing else is to be said."""

    plan_wanted = Signal(object)
    """A SearchPlan with one part less."""
    change_wanted = Signal()
    """Open what builds it."""
    ignored_wanted = Signal(bool)
    """Show the rows that did not match, or hide them."""
    wide_ended = Signal()
    wide_wanted = Signal(str)
    filters_reset = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setProperty("edge", "top")
        self._state = SearchState()
        self._here: tuple[str, ...] = ()
        self._offer = ""
        self._flow = FlowLayout(spacing=6)
        box = QWidget()
        box.setLayout(self._flow)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        box.setSizePolicy(policy)
        row = QHBoxLayout(self)
        row.setContentsMargins(_ACROSS, _DOWN, _ACROSS, _DOWN)
        row.addWidget(box, 1)
        self._box = box
        self._shown: tuple[object, ...] = ()
        self.hide()

    @property
    def plan(self) -> SearchPlan:
        return self._state.plan

    def show_state(self, state: SearchState) -> None:
        """What was asked for last, and what came of it."""
        self._state = state
        self._fill()

    def show_here(self, criteria_words: tuple[str, ...]) -> None:
        """The filters that are applied on this desk, in words."""
        self._here = criteria_words
        self._fill()

    def tell_names(self, criteria_words: tuple[str, ...]) -> None:
        """Names are hidden or shown from now on: what was typed is said in other words."""
        self._here = criteria_words
        self._shown = ()
        self._fill()

    def offer_server(self, text: str) -> None:
        """Say that nothing listed is exactly `text`, and offer to ask the server; empty takes it back."""
        if text != self._offer:
            self._offer = text
            self._fill()

    def _fill(self) -> None:
        state = self._state
        shown = (state.plan, state.ignored, state.ignored_keys, state.shows_ignored, state.wide)
        if (*shown, self._here, self._offer) == self._shown:
            return
        self._shown = (*shown, self._here, self._offer)
        focused = self._focused()
        self._clear()
        asked = [*self._plan_chips(state.plan), *self._wide_chips(state), *self._ignored_chips(state)]
        if asked:
            self._add(_caption("Asked of the server", "send"))
            for chip in asked:
                self._add(chip)
            if self._here:
                self._add(_together(_caption("Shown here", "filter"), self._here_chip()))
        # What was just asked of the server is not offered again.
        offers = bool(self._offer) and (state.wide is None or state.wide.text != self._offer)
        if offers:
            for part in self._offer_parts():
                self._add(part)
        self.setVisible(bool(asked) or offers)
        self._fit()
        self._focus_again(focused)
        self.setAccessibleName("Asked of the server" if asked else "Search the server")

    def _add(self, part: QWidget) -> None:
        self._flow.addWidget(part)
        part.show()  # the layout would do it later, and count no room for it until then

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """As many lines as the chips need: where room is short, the table gives way and no chip is cut."""
        margins = self.contentsMargins()
        across = self.width() - 2 * _ACROSS - margins.left() - margins.right()
        height = self._flow.heightForWidth(max(1, across)) + 2 * _DOWN + margins.top() + margins.bottom()
        if height != self.minimumHeight():
            self.setFixedHeight(height)

    def _buttons(self) -> list[QPushButton]:
        widgets = (item.widget() for at in range(self._flow.count()) if (item := self._flow.itemAt(at)))
        return [
            button
            for widget in widgets
            if widget is not None
            for button in ([widget] if isinstance(widget, QPushButton) else widget.findChildren(QPushButton))
        ]

    def _focused(self) -> int:
        """The chip that has the focus, counted from the left; -1 when none has."""
        return next((at for at, chip in enumerate(self._buttons()) if chip.hasFocus()), -1)

    def _focus_again(self, at: int) -> None:
        """A chip that was pressed by key is another one now; the focus stays at its place."""
        chips = self._buttons()
        if at >= 0 and chips:
            chips[min(at, len(chips) - 1)].setFocus()

    def _clear(self) -> None:
        while (item := self._flow.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _plan_chips(self, plan: SearchPlan) -> list[QPushButton]:
        if plan == DAY:
            return []
        chips: list[QPushButton] = []

        def add(text: str, tip: str, without: SearchPlan) -> None:
            chips.append(
                _chip(text, tip, "x", "Ask without", lambda: self.plan_wanted.emit(without), level="info")
            )

        if plan.states:
            add(words.states_words(plan.states), "", replace(plan, states=frozenset()))
        for key in plan.keys:
            tip = f"{named(key.path).keywords} = {masking.typed(key.value)}"
            add(words.key_words(key), tip, plan.without(key.path))
        if plan.via is not UpsClass.PULL:
            add(f"By UPS {plan.via.value}", "The SOP Class of the search", replace(plan, via=UpsClass.PULL))
        if plan.limit is not None:
            add(words.limit_words(plan.limit), "", replace(plan, limit=None))
        change = _chip("Change", "Change what the server is asked for", "pencil", "", self.change_wanted.emit)
        return [*chips, change]

    def _wide_chips(self, state: SearchState) -> list[QPushButton]:
        wide = state.wide
        if wide is None:
            return []
        level = "warning" if wide.outcome is not None or wide.stopped else "info"
        tip = words.wide_tip(wide)
        return [_chip(words.wide_words(wide), tip, "x", "Leave", self.wide_ended.emit, level=level)]

    def _ignored_chips(self, state: SearchState) -> list[QPushButton]:
        if not state.ignored:
            return []
        is_shown = state.shows_ignored
        icon = "eye-off" if is_shown else "eye"
        chip = _chip(
            words.ignored_words(state),
            words.ignored_tip(shown=is_shown),
            icon,
            "Hide" if is_shown else "Show",
            lambda: self.ignored_wanted.emit(not is_shown),
            level="warning",
        )
        return [chip]

    def _here_chip(self) -> QPushButton:
        said = " · ".join(self._here)
        text = self.fontMetrics().elidedText(said, Qt.TextElideMode.ElideRight, 260)
        return _chip(text, said, "x", "Take away", self.filters_reset.emit)

    def _offer_parts(self) -> list[QWidget]:
        text = self._offer
        said = QLabel(f"Nothing listed has the ID or accession number “{masking.typed(text)}”.")
        said.setTextFormat(Qt.TextFormat.PlainText)
        said.setProperty("small", True)
        said.setFixedHeight(theme.GRID.chip)
        tip = f"Ask by name, patient ID, accession number and admission ID: {words.WIDELY}"
        words_of_it = f"Search the server, {words.WIDELY}"
        ask = _chip(words_of_it, tip, "search", "", lambda: self.wide_wanted.emit(text))
        return [said, ask]


def _together(*parts: QWidget) -> QWidget:
    """Widgets that never stand on two lines: a caption at the end of a line belongs to nothing."""
    box = QWidget()
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    for part in parts:
        row.addWidget(part)
    return box


def _caption(text: str, icon: str) -> QWidget:
    box = QWidget()
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 2, 0)
    row.setSpacing(5)
    picture = QLabel()
    picture.setFixedSize(14, 14)
    icons.set_icon(picture, icon, "text_2", 14)
    label = QLabel(text)
    label.setProperty("caption", True)
    label.setProperty("strong", True)
    row.addWidget(picture)
    row.addWidget(label)
    box.setFixedHeight(theme.GRID.chip)
    return box


def _chip(
    text: str, tip: str, icon: str, verb: str, act: Callable[[], None], *, level: str = ""
) -> QPushButton:
    """A pill that does one thing; its icon at the right says what."""
    # A value is the user's or the server's: its "&" is no key. The mark keeps the gap before the icon.
    chip = QPushButton(f"{text.replace('&', '&&')} \N{LEFT-TO-RIGHT MARK}")
    chip.setProperty("role", "chip")
    if level:
        chip.setProperty("level", level)
    chip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    icons.set_icon(chip, icon, "warning" if level == "warning" else "text_2", 12)
    chip.setToolTip(plain_tip(tip or text))
    chip.setAccessibleName(f"{verb} {text}".strip())
    chip.clicked.connect(lambda _checked=False: act())
    return chip
