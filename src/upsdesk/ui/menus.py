"""The menus of the window, filled from the table of actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from upsdesk.ui import actions, icons
from upsdesk.ui.actions import ActionSpec


def make_actions(window: QWidget, trigger: Callable[[ActionSpec], None]) -> dict[str, QAction]:
    """An action with its key for each row of the table, by id."""
    made: dict[str, QAction] = {}
    for spec in actions.ALL:
        action = QAction(spec.text, window)
        action.setToolTip(spec.tip)
        icons.set_icon(action, spec.icon)
        shares_key = spec in (actions.STOP, actions.CANCEL_BEFORE_START)
        if spec.shortcut and not shares_key:
            action.setShortcut(QKeySequence(spec.shortcut))
        action.triggered.connect(lambda _checked=False, spec=spec: trigger(spec))
        window.addAction(action)
        made[spec.id] = action
    return made


def fill_main_menu(
    menu: QMenu,
    known: Mapping[str, QAction],
    searching: tuple[QMenu, ...],
    panels: tuple[QAction, ...],
    add_server: Callable[[], None],
) -> None:
    """Servers, the list, panels and look, help."""
    menu.addAction("Add server").triggered.connect(add_server)
    menu.addSeparator()
    for spec in (
        actions.SEARCH, actions.ASK, actions.NEW, actions.FILTER, actions.COLUMNS, actions.NEXT_DUE,
    ):  # fmt: skip
        menu.addAction(known[spec.id])
    for submenu in searching:
        menu.addMenu(submenu)
    out = menu.addMenu("Copy, export, print")
    icons.set_icon(out.menuAction(), "square-arrow-out-up-right")
    for spec in actions.OUT:
        out.addAction(known[spec.id])
    menu.addSeparator()
    for panel in panels:
        menu.addAction(panel)
    menu.addAction(known[actions.THEME.id])
    menu.addSeparator()
    for spec in (actions.HELP, actions.SHORTCUTS, actions.SUPPORT, actions.ABOUT, actions.QUIT):
        menu.addAction(known[spec.id])


def row_menu(parent: QWidget, known: Mapping[str, QAction], *, before_start: bool) -> QMenu:
    """What can be done with a row; `before_start` chooses between the two ways to call it off."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    hidden = actions.ASK_TO_CANCEL if before_start else actions.CANCEL_BEFORE_START
    for spec in (*actions.TRANSITIONS, actions.EDIT, actions.DETAILS):
        if spec is not hidden:
            menu.addAction(known[spec.id])
    menu.addSeparator()
    for spec in (actions.COPY, actions.COPY_UID):
        menu.addAction(known[spec.id])
    return menu
