"""The bar across the window: server, lamps, search and new, and the transitions of the selected workitem."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QCoreApplication, QEvent, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from upsdesk.domain.state import Action, Refusal
from upsdesk.ui import actions, icons, theme
from upsdesk.ui.actions import ActionSpec
from upsdesk.ui.lamp import Detail, Lamp
from upsdesk.ui.operator_button import OperatorButton
from upsdesk.ui.servers.server_button import ServerButton
from upsdesk.ui.tips import plain_tip

_LAST_STEP = 8
_SPACING = (6, 6, 5, 5, 5, 4, 3, 3, 2)
"""Pixels between the parts, by what was given up."""
_ICON_COLOURS = {
    Action.START: "accent",
    Action.PROGRESS: "in_progress",
    Action.COMPLETE: "completed",
    Action.CANCEL: "error",
    Action.CANCEL_BEFORE_START: "high",
    Action.ASK_TO_CANCEL: "high",
}


class TopBar(QFrame):
    """Emits what was asked for; decides nothing."""

    triggered = Signal(object)
    """An ActionSpec that is possible now."""
    refused = Signal(object, object)
    """An ActionSpec that is not, and the Refusal."""

    def __init__(
        self, server_button: ServerButton, operator_button: OperatorButton, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("surface", "chrome")
        self.setProperty("edge", "bottom")
        self.setFixedHeight(theme.GRID.top_bar)
        self._refusals: dict[str, Refusal | None] = {}
        self._buttons: dict[str, QToolButton] = {}
        self.menu = QMenu(self)
        self.new_menu = QMenu(self)
        self.connection = Lamp("Connection")
        self.listener = Lamp("Updates")
        self._server = server_button
        self._operator = operator_button
        self._hints: list[QLabel] = []
        self._fitted = 0
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(10, 0, 12, 0)
        self._row.setSpacing(6)
        self._build()

    def _build(self) -> None:
        self._menu_button = self._icon_button("menu", "Menu", "Servers, look, help and more")
        self._menu_button.setMenu(self.menu)
        self._menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._row.addWidget(self._menu_button)
        self._row.addWidget(self._server)
        self._row.addSpacing(8)
        self._row.addWidget(self.connection)
        self._row.addSpacing(8)
        self._row.addWidget(self.listener)
        self._row.addStretch(1)
        for spec in (actions.SEARCH, actions.NEW):
            self._row.addWidget(self._text_button(spec, "quiet"))
            if spec is actions.NEW:
                self._row.addWidget(self._more_button())
            self._add_hint(spec)
        rule = QFrame()
        rule.setProperty("vrule", True)
        rule.setFixedHeight(24)
        self._row.addWidget(rule)
        for spec in (actions.START, actions.PROGRESS, actions.COMPLETE, actions.CANCEL):
            self._row.addWidget(self._text_button(spec, "raised"))
        # One button with two meanings: nothing can be called off and asked for at once.
        self._cancel_button = self._text_button(actions.ASK_TO_CANCEL, "raised")
        self._row.addWidget(self._cancel_button)
        self._row.addSpacing(2)
        self._row.addWidget(self._operator)
        self._theme = self._icon_button(actions.THEME.icon, actions.THEME.text, actions.THEME.tip)
        self._theme.clicked.connect(lambda: self.triggered.emit(actions.THEME))
        self._row.addWidget(self._theme)

    def _add_hint(self, spec: ActionSpec) -> None:
        hint = QLabel(spec.shortcut)
        hint.setProperty("caption", True)
        self._hints.append(hint)
        self._row.addWidget(hint)
        self._row.addSpacing(4)

    def _more_button(self) -> QToolButton:
        """The arrow beside New: other ways to begin one."""
        tip = "New like this, from template, from files"
        more = self._icon_button("chevron-down", "More ways to create", tip)
        more.setProperty("arrow", True)
        more.setMenu(self.new_menu)
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        more.setFixedWidth(20)
        self._more = more
        return more

    def _icon_button(self, icon: str, name: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("role", "quiet")
        icons.set_icon(button, icon)
        button.setToolTip(tip)
        button.setAccessibleName(name)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return button

    def _text_button(self, spec: ActionSpec, role: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("role", role)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setObjectName(spec.id)
        button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)  # words are never cut
        self._buttons[spec.id] = button
        self._dress(button, spec)
        button.clicked.connect(lambda: self.trigger(self._spec_of(button)))
        return button

    def _dress(self, button: QToolButton, spec: ActionSpec) -> None:
        button.setText(_words(button, spec))
        button.setAccessibleName(spec.text)
        button.setProperty("spec", spec.id)
        colour = _ICON_COLOURS.get(spec.transition) if spec.transition is not None else None
        icons.set_icon(button, spec.icon, colour)
        button.setToolTip(_tip(spec, None))

    def _spec_of(self, button: QToolButton) -> ActionSpec:
        return next(spec for spec in actions.ALL if spec.id == button.property("spec"))

    def trigger(self, spec: ActionSpec) -> None:
        """What a click, a key or a menu does: the act, or the reason why not."""
        refusal = self._refusals.get(spec.id)
        if refusal is None:
            self.triggered.emit(spec)
        else:
            self.refused.emit(spec, refusal)

    def show_refusals(self, refusal_of: Callable[[Action], Refusal | None], *, before_start: bool) -> None:
        """Draw each transition as possible or not. `before_start`: nobody has started the selected one."""
        self._dress(
            self._cancel_button, actions.CANCEL_BEFORE_START if before_start else actions.ASK_TO_CANCEL
        )
        for spec in actions.TRANSITIONS:
            assert spec.transition is not None
            self._refusals[spec.id] = refusal_of(spec.transition)
        for button in self._buttons.values():
            spec = self._spec_of(button)
            if spec.transition is None:
                continue
            refusal = self._refusals[spec.id]
            icons.set_forbidden(button, refusal is not None)
            button.setToolTip(plain_tip(_tip(spec, refusal)))
            button.setAccessibleDescription(str(refusal) if refusal else spec.tip)

    def show_searching(self, running: bool) -> None:
        """Search turns into Stop while a search runs."""
        self._dress(self._buttons[actions.SEARCH.id], actions.STOP if running else actions.SEARCH)

    def set_enabled(self, enabled: Mapping[str, bool]) -> None:
        """Switch buttons without a transition on and off (no server yet: nothing to search)."""
        self._more.setEnabled(enabled.get(actions.NEW.id, True))
        for name, is_enabled in enabled.items():
            self._buttons[name].setEnabled(is_enabled)

    def button(self, spec: ActionSpec) -> QToolButton:
        """The button of an action; the two ways to call off share one."""
        found = self._buttons.get(spec.id)
        return found if found is not None else self._cancel_button

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), theme.GRID.top_bar)

    def minimumSizeHint(self) -> QSize:
        # The window may be narrower than the full bar: what gives way is decided in _fit.
        return QSize(600, theme.GRID.top_bar)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            # Not at once: Qt is going through all widgets, and one that changes under it crashes the program.
            self._fitted = 0
            QCoreApplication.postEvent(self, QEvent(QEvent.Type.LayoutRequest))

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        # Other words on a button or a lamp need other room; what `_fit` itself changes leads here once more.
        if event.type() == QEvent.Type.LayoutRequest and self._row.sizeHint().width() != self._fitted:
            self._fit()
        return done

    @staticmethod
    def _hold_width(button: QToolButton, specs: tuple[ActionSpec, ...]) -> None:
        """Room for the longest of a button's names: another row must not move buttons under the hand."""
        advance = button.fontMetrics().horizontalAdvance
        longest = max(advance(_words(button, spec)) for spec in specs)
        button.setMinimumWidth(button.sizeHint().width() - advance(button.text()) + longest)

    def _fit(self) -> None:
        """Give up what gives way, one thing after the other, until the rest has room.

        Never the words of the transitions.
        """
        for step in range(_LAST_STEP + 1):
            self._give_up(step)
            self._fitted = self._row.sizeHint().width()
            if self._fitted <= self.width():
                return

    def _give_up(self, step: int) -> None:
        for hint in self._hints:
            hint.setVisible(step < 1)
        self._more.setVisible(step < 3)  # the menu at the left has the same
        for lamp in (self.connection, self.listener):
            lamp.set_detail(Detail.FULL if step < 2 else Detail.WORD if step < 6 else Detail.LAMP)
        style = Qt.ToolButtonStyle
        for name in (actions.SEARCH.id, actions.NEW.id):
            self._buttons[name].setToolButtonStyle(
                style.ToolButtonIconOnly if step >= 3 else style.ToolButtonTextBesideIcon
            )
        # That nobody is chosen says less than Search and New; a name says more.
        self._operator.set_short(step >= (2 if self._operator.is_nobody else 5))
        self._server.set_short(step >= 4)
        for spec in actions.TRANSITIONS:
            button, is_bare = self.button(spec), step >= 7
            button.setToolButtonStyle(style.ToolButtonTextOnly if is_bare else style.ToolButtonTextBesideIcon)
            button.setText(_words(button, self._spec_of(button)))
        self._theme.setVisible(step < _LAST_STEP)  # it stands in the menu too
        self._hold_width(self._cancel_button, (actions.CANCEL_BEFORE_START, actions.ASK_TO_CANCEL))
        self._row.setSpacing(_SPACING[step])
        self._row.setContentsMargins(*((10, 0, 12, 0) if step < _LAST_STEP else (4, 0, 4, 0)))
        self._row.invalidate()


def _words(button: QToolButton, spec: ActionSpec) -> str:
    """What stands on a button: away from its icon, when it shows one."""
    is_bare = button.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextOnly
    return spec.text if is_bare else f" {spec.text}"


def _tip(spec: ActionSpec, refusal: Refusal | None) -> str:
    if refusal is not None:
        return str(refusal)
    return f"{spec.tip} ({spec.shortcut})" if spec.shortcut else spec.tip
