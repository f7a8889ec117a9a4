"""The menus of the window, filled from the table of actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QMenu, QWidget

from upsdesk.domain.state import Action, Refusal
from upsdesk.ui import actions, icons
from upsdesk.ui.actions import ActionSpec
from upsdesk.ui.tips import plain_tip


def add_entry(menu: QMenu, text: str, icon: str, act: Callable[[], object]) -> None:
    """An entry of this menu alone, which is in no table."""
    action = QAction(text, menu)
    icons.set_icon(action, icon)
    action.triggered.connect(lambda _=False: act())
    menu.addAction(action)


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
        actions.SILENT, actions.HELD,
    ):  # fmt: skip
        menu.addAction(known[spec.id])
        if spec is actions.NEW:
            for more in (actions.FROM_TEMPLATE, actions.FROM_FILES):
                menu.addAction(known[more.id])
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
    menu.addAction(known[actions.HIDE.id])
    menu.addSeparator()
    menu.addAction(known[actions.QA.id])
    for spec in (actions.HELP, actions.SHORTCUTS, actions.SUPPORT, actions.ABOUT, actions.QUIT):
        menu.addAction(known[spec.id])


def fill_new_menu(menu: QMenu, known: Mapping[str, QAction]) -> None:
    """The ways to begin a new workitem, behind the arrow of New."""
    for spec in (actions.NEW, actions.CLONE, actions.FROM_TEMPLATE, actions.FROM_FILES):
        menu.addAction(known[spec.id])
    menu.addSeparator()
    menu.addAction(known[actions.SAVE_TEMPLATE.id])


def row_menu(
    parent: QWidget,
    known: Mapping[str, QAction],
    refusal_of: Callable[[Action], Refusal | None],
    *,
    before_start: bool,
    correct: Refusal | None,
) -> QMenu:
    """What can be done with a row; `before_start` chooses between the two ways to call it off.

    `correct`: why patient and request cannot be corrected now. What is refused is drawn disabled, and tells
    its reason when it is pressed all the same.
    """
    menu = _RowMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    hidden = actions.ASK_TO_CANCEL if before_start else actions.CANCEL_BEFORE_START
    for spec in (*actions.TRANSITIONS, actions.EDIT, actions.DETAILS):
        if spec is hidden:
            continue
        menu.add(spec, known[spec.id], refusal_of(spec.transition) if spec.transition is not None else None)
    menu.addSeparator()
    for spec in (actions.CLONE, actions.CORRECT, actions.SAVE_TEMPLATE):
        menu.add(spec, known[spec.id], correct if spec is actions.CORRECT else None)
    menu.addSeparator()
    for spec in (actions.COPY, actions.COPY_UID):
        menu.addAction(known[spec.id])
    return menu


class _RowMenu(QMenu):
    """A menu whose disabled entries answer a press: they close it and say why they are disabled."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._refused: dict[QAction, QAction] = {}
        self.setToolTipsVisible(True)

    def add(self, spec: ActionSpec, known: QAction, refusal: Refusal | None) -> None:
        """`known`, or, when it is refused, an entry in its place, which keeps its key."""
        if refusal is None:
            self.addAction(known)
            return
        entry = QAction(f"{spec.text}\t{spec.shortcut}" if spec.shortcut else spec.text, self)
        icons.set_icon(entry, spec.icon)
        entry.setEnabled(False)
        entry.setToolTip(plain_tip(str(refusal)))
        entry.setStatusTip(str(refusal))
        self._refused[entry] = known
        self.addAction(entry)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        known = self._refused.get(self.actionAt(event.position().toPoint()))
        if known is None:
            super().mouseReleaseEvent(event)
            return
        self.close()
        known.trigger()
