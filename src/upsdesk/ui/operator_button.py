"""The button that shows who is at the desk, and its menu: choose, add, remove."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolButton, QWidget

from upsdesk.domain.operators import Operator
from upsdesk.services.on_duty import OnDuty
from upsdesk.ui import icons
from upsdesk.ui.menus import add_entry
from upsdesk.ui.tips import plain_tip

_NOBODY = "No operator"
_LONGEST = 18


class OperatorButton(QToolButton):
    """Emits what was picked; the window asks what there is to ask and carries it out."""

    chosen = Signal(object)
    """An Operator, or None for nobody."""
    add_requested = Signal()
    remove_requested = Signal(object)

    def __init__(self, duty: OnDuty, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._duty = duty
        self.setProperty("role", "quiet")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        icons.set_icon(self, "user-round")
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self.show_menu_actions)
        self.setMenu(self._menu)
        self.set_short(False)
        forget = duty.on_change(self.tell)
        self.destroyed.connect(lambda *_: forget())
        self.tell()

    @property
    def is_nobody(self) -> bool:
        """No operator is chosen."""
        return self._duty.operator is None

    def set_short(self, is_short: bool) -> None:
        """The sign alone; the name stays in the tooltip."""
        style = Qt.ToolButtonStyle
        self.setToolButtonStyle(style.ToolButtonIconOnly if is_short else style.ToolButtonTextBesideIcon)

    def tell(self) -> None:
        """Show who is chosen now."""
        operator = self._duty.operator
        name = operator.short if operator is not None else _NOBODY
        shown = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
        self.setText(" " + shown.replace("&", "&&"))
        spoken = f"Operator: {operator.words if operator is not None else 'not set'}"
        self.setAccessibleName(spoken)
        self.setAccessibleDescription("Opens the list of operators")
        self.setToolTip(plain_tip(f"{spoken}\nSuggested as the performer, and noted with what is done here."))

    def show_menu_actions(self) -> None:
        """Fill the menu anew, as it opens."""
        self._menu.clear()
        group = QActionGroup(self._menu)
        present = self._duty.operator
        for operator in (*self._duty.known, None):
            action = self._menu.addAction(_entry(operator))
            action.setCheckable(True)
            action.setChecked(operator == present)
            group.addAction(action)
            action.triggered.connect(lambda _=False, picked=operator: self.chosen.emit(picked))
        self._menu.addSeparator()
        add_entry(self._menu, "Add an operator…", "plus", self.add_requested.emit)
        if present is not None:
            name = present.words.replace("&", "&&")
            add_entry(
                self._menu,
                f"Take {name} off the list",
                "trash-2",
                lambda: self.remove_requested.emit(present),
            )


def _entry(operator: Operator | None) -> str:
    if operator is None:
        return "Not set"
    code = f"    {operator.code.value}" if operator.code is not None else ""
    return f"{operator.words}{code}".replace("&", "&&")
