"""The menus about how the list looks: row height, order, and what a header offers."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from upsdesk.ui import icons
from upsdesk.ui.worklist.columns import AnyColumn, PathColumn
from upsdesk.ui.worklist.density import Density
from upsdesk.ui.worklist.ordering import DEFAULT_SORTING
from upsdesk.ui.worklist.view import WorklistView


def look_menu(parent: QWidget, view: WorklistView, choose_columns: Callable[[], None]) -> QMenu:
    """Row height, the order of the rows, and the way to the columns."""
    menu = _menu(parent)
    heights = QActionGroup(menu)
    for density in Density:
        action = menu.addAction(f"{density.value} rows")
        action.setCheckable(True)
        action.setChecked(view.density is density)
        action.triggered.connect(lambda _checked=False, one=density: view.set_density(one))
        heights.addAction(action)
    menu.addSeparator()
    _fill_with_columns(menu.addMenu("Sort by"), view, add=False)
    _fill_with_columns(menu.addMenu("Then by"), view, add=True)
    _add_usual_order(menu, view)
    menu.addSeparator()
    _add_chooser(menu, choose_columns)
    return menu


def header_menu(
    parent: QWidget, view: WorklistView, column: AnyColumn, choose_columns: Callable[[], None]
) -> QMenu:
    """What can be done with one column."""
    menu = _menu(parent)
    name = _words(column)
    turned = bool(view.sorting) and view.sorting[0][0] == column
    sort = menu.addAction("Turn the order round" if turned else f"Sort by {name}")
    icons.set_icon(sort, "arrow-down-up")
    sort.triggered.connect(lambda: view.sort(column))
    if not turned:
        known = any(one == column for one, _ in view.sorting)
        more = menu.addAction(f"Turn {name} round" if known else f"Then by {name}")
        more.triggered.connect(lambda: view.sort(column, add=True))
    _add_usual_order(menu, view)
    menu.addSeparator()
    hide = menu.addAction(f"Hide {name}")
    icons.set_icon(hide, "eye-off")
    hide.setEnabled(not column.spec.is_fixed)
    hide.triggered.connect(lambda: view.column_set.show(column, False))
    if isinstance(column, PathColumn):
        remove = menu.addAction(f"Remove {name}")
        icons.set_icon(remove, "trash-2")
        remove.triggered.connect(lambda: view.column_set.remove(column))
    menu.addSeparator()
    _add_chooser(menu, choose_columns)
    return menu


def _menu(parent: QWidget) -> QMenu:
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu


def _words(column: AnyColumn) -> str:
    return column.spec.title if isinstance(column, PathColumn) else column.spec.name


def _fill_with_columns(menu: QMenu, view: WorklistView, *, add: bool) -> None:
    """The shown columns; those that the list is sorted by say their rank and direction."""
    ranks = {column: (rank, is_down) for rank, (column, is_down) in enumerate(view.sorting, 1)}
    for one in view.column_set.columns:
        if not one.is_shown:
            continue
        text = _words(one.column)
        if one.column in ranks:
            rank, is_down = ranks[one.column]
            text += f" ({rank}, {'down' if is_down else 'up'})"
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(one.column in ranks)
        action.triggered.connect(lambda _checked=False, column=one.column: view.sort(column, add=add))


def _add_usual_order(menu: QMenu, view: WorklistView) -> None:
    usual = menu.addAction("Usual order: priority, start")
    usual.setEnabled(view.sorting != DEFAULT_SORTING)
    usual.triggered.connect(lambda: view.set_sorting(DEFAULT_SORTING))


def _add_chooser(menu: QMenu, choose_columns: Callable[[], None]) -> None:
    action = menu.addAction("Columns…")
    icons.set_icon(action, "columns-3")
    action.triggered.connect(choose_columns)
