"""The list of all attributes: found by name, changed in place, with items added, moved and taken out."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from upsdesk.domain import attributes, tags
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.spots import (
    Spot,
    element_at,
    first_spot,
    path_of,
    with_element,
    with_items,
    without_element,
)
from upsdesk.domain.value_rules import MOST_ITEMS
from upsdesk.services.attribute_names import named, refusal_of
from upsdesk.services.readback import attribute_name
from upsdesk.ui import icons
from upsdesk.ui.attribute_field import AttributeField
from upsdesk.ui.editor.form import Form, Mode
from upsdesk.ui.editor.tree_model import Node, TreeColumn, TreeModel
from upsdesk.ui.editor.tree_value import ValueDelegate
from upsdesk.ui.fields import FieldMessage

_NAME_WIDTH, _TAG_WIDTH, _VR_WIDTH, _TYPE_WIDTH = 340, 96, 40, 52


class TreePane(QWidget):
    """A view of TreeModel with its buttons."""

    edited = Signal(str, object)
    """What was done, in words, and the new Elements."""

    def __init__(self) -> None:
        super().__init__()
        self._form: Form | None = None
        self.model = TreeModel(self)
        self.view = QTreeView()
        self._set_up_view()
        self.add_field = AttributeField()
        self.add_button = _button("Add attribute", "plus", self._add)
        self.add_field.entered.connect(self._add)
        self.item_button = _button("Add item", "plus", self._add_item)
        self.copy_button = _button("Duplicate", "copy", self._duplicate)
        self.up_button = _button("Move up", "arrow-up", lambda: self._move(-1), icon_only=True)
        self.down_button = _button("Move down", "arrow-down", lambda: self._move(1), icon_only=True)
        self.remove_button = _button("Remove", "trash-2", self._remove)
        self.message = FieldMessage()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.view, 1)
        column.addWidget(self.message)
        adding, items = QHBoxLayout(), QHBoxLayout()
        adding.setSpacing(8)
        items.setSpacing(8)
        adding.addWidget(self.add_field, 1)
        adding.addWidget(self.add_button)
        for button in (self.item_button, self.copy_button, self.up_button, self.down_button):
            items.addWidget(button)
        items.addStretch(1)
        items.addWidget(self.remove_button)
        column.addLayout(items)
        column.addLayout(adding)
        self.model.edited.connect(self.edited)
        self.model.edited.connect(lambda *_: self._say(""))
        self.model.refused.connect(self._warn)
        self.model.modelReset.connect(self._after_reset)
        self.model.modelAboutToBeReset.connect(self._before_reset)
        self._open: set[Spot] = set()
        self._current: Spot = ()
        self._sought = ""
        self._say("")
        self._show_buttons()

    def _set_up_view(self) -> None:
        view = self.view
        view.setModel(self.model)
        view.setAccessibleName("All attributes")
        view.setUniformRowHeights(True)
        view.setAlternatingRowColors(False)
        view.setAllColumnsShowFocus(True)
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setEditTriggers(
            QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.AnyKeyPressed
        )
        view.setItemDelegate(ValueDelegate(view))
        header = view.header()
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for section, width in (
            (TreeColumn.NAME, _NAME_WIDTH),
            (TreeColumn.TAG, _TAG_WIDTH),
            (TreeColumn.VR, _VR_WIDTH),
            (TreeColumn.TYPE, _TYPE_WIDTH),
        ):
            header.resizeSection(section, width)
        view.selectionModel().currentChanged.connect(lambda *_: self._show_buttons())
        self.show_tags(False)

    def _say(self, text: str) -> None:
        self.message.say(text)
        self.message.setVisible(bool(text))

    def _warn(self, text: str) -> None:
        self.message.warn(text)
        self.message.show()

    # What the page tells.

    def show_form(self, form: Form) -> None:
        self._form = form
        self.model.show_form(form)
        self._show_buttons()

    def show_tags(self, shown: bool) -> None:
        """Tags, VRs and types, or names only."""
        for column in (TreeColumn.TAG, TreeColumn.VR, TreeColumn.TYPE):
            self.view.setColumnHidden(column, not shown)

    def seek(self, text: str) -> None:
        """Show only attributes whose name, tag or value has this, with what is around and in them."""
        self._sought = text.strip().casefold()
        self._hide_unsought(QModelIndex(), False)

    def go_to(self, spot: Spot) -> None:
        """Show an attribute; one that is missing is offered to be added."""
        index = self.model.index_of(spot)
        if index.isValid():
            self._make_current(spot)
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self.add_field.setText(named(path_of(spot)).keywords)
        self.add_field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _hide_unsought(self, parent: QModelIndex, is_inside: bool) -> bool:
        """Whether anything below is sought."""
        any_found = False
        for row in range(self.model.rowCount(parent)):
            index = self.model.index(row, 0, parent)
            is_meant = is_inside or self._is_sought(index)
            is_around = self._hide_unsought(index, is_meant)
            self.view.setRowHidden(row, parent, not (is_meant or is_around))
            if self._sought and is_around and not is_meant:
                self.view.setExpanded(index, True)
            any_found = any_found or is_meant or is_around
        return any_found

    def _is_sought(self, index: QModelIndex) -> bool:
        if not self._sought:
            return True
        texts = (
            str(index.siblingAtColumn(one).data() or "")
            for one in (TreeColumn.NAME, TreeColumn.TAG, TreeColumn.VALUE)
        )
        return any(self._sought in text.casefold() for text in texts)

    # What stays over a change of shape.

    def _before_reset(self) -> None:
        self._current = self._node().spot
        self._open = {
            node.spot for node in self._all() if self.view.isExpanded(self.model.index_of(node.spot))
        }

    def _after_reset(self) -> None:
        for spot in self._open:
            self.view.setExpanded(self.model.index_of(spot), True)
        if self._sought:
            self._hide_unsought(QModelIndex(), False)
        spot = self._current
        while spot and not self.model.index_of(spot).isValid():
            spot = spot[:-1]
        if spot:
            self._make_current(spot)

    def _all(self) -> list[Node]:
        found, waiting = [], [self.model.node(QModelIndex())]
        while waiting:
            node = waiting.pop()
            found += node.children
            waiting += node.children
        return found

    def _make_current(self, spot: Spot) -> None:
        for end in range(1, len(spot)):
            self.view.setExpanded(self.model.index_of(spot[:end]), True)
        index = self.model.index_of(spot, TreeColumn.VALUE)
        self.view.setCurrentIndex(index)
        self.view.scrollTo(index)

    # What is done.

    def _node(self) -> Node:
        return self.model.node(self.view.currentIndex())

    def _sequence(self) -> Node | None:
        """The sequence that is selected, or whose item is."""
        node = self._node()
        if node.is_item and node.parent is not None:
            return node.parent
        return node if node.element is not None and node.element.items is not None else None

    def _show_buttons(self) -> None:
        node, sequence = self._node(), self._sequence()
        is_free = bool(node.spot) and not self.model.is_locked(node)
        items = (sequence.element.items or ()) if sequence and sequence.element else ()
        most = MOST_ITEMS.get(sequence.tag) if sequence else None
        has_room = most is None or len(items) < most
        is_item = is_free and node.is_item and bool(node.spot)
        self.item_button.setEnabled(is_free and sequence is not None and has_room)
        self.copy_button.setEnabled(is_item and has_room)
        self.up_button.setEnabled(is_item and node.row > 0)
        self.down_button.setEnabled(is_item and node.row + 1 < len(items))
        self.remove_button.setEnabled(is_free)

    def _add(self) -> None:
        try:
            found = self.add_field.read()
        except ValueError as error:
            self._warn(str(error))
            return
        if found is None or self._form is None:
            self.add_field.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        row = attributes.top_level().get(found.path[0])
        is_allowed = row is None or (row.in_nset if self._form.mode is Mode.EDIT else row.in_ncreate)
        refused = refusal_of(found.path)
        if refused or not is_allowed:
            self._warn(refused or f"{attribute_name(found.path[0])} cannot be sent by this request.")
            return
        spot = self._spot_for(found.path)
        self._say("")
        if element_at(self.model.elements, spot) is None:
            made = Element(spot[-1], found.vr, items=() if found.vr == "SQ" else None)
            self.edited.emit(f"{found.name} added", with_element(self.model.elements, spot, made))
        self.add_field.clear()
        self._make_current(spot)
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)
        if found.vr != "SQ":
            self.view.edit(self.model.index_of(spot, TreeColumn.VALUE))

    def _spot_for(self, path: tuple[int, ...]) -> Spot:
        """In the item that is selected when the path leads there, else in first items."""
        here = self._node()
        while not here.is_item and here.parent is not None:
            here = here.parent
        around = here.spot
        if around and path_of(around[:-1]) == path[:-1]:
            return (*around, path[-1])
        return first_spot(path)

    def _add_item(self) -> None:
        sequence = self._sequence()
        if sequence is not None and sequence.element is not None:
            items = sequence.element.items or ()
            self._replace_items(sequence, [*items, _empty_item(sequence)], len(items), "Item added")

    def _duplicate(self) -> None:
        node, items = self._node(), self._items()
        self._replace_items(
            node.parent,
            [*items[: node.row + 1], node.item, *items[node.row + 1 :]],
            node.row + 1,
            "Item duplicated",
        )

    def _move(self, by: int) -> None:
        node, items = self._node(), self._items()
        items.insert(node.row + by, items.pop(node.row))
        self._replace_items(node.parent, items, node.row + by, "Item moved")

    def _remove(self) -> None:
        node = self._node()
        if node.is_item:
            items = self._items()
            del items[node.row]
            self._replace_items(node.parent, items, min(node.row, len(items) - 1), "Item removed")
        elif node.spot:
            words = f"{attribute_name(node.tag)} removed"
            self.edited.emit(words, without_element(self.model.elements, node.spot))

    def _items(self) -> list[Elements]:
        sequence = self._sequence()
        return list(sequence.element.items or ()) if sequence and sequence.element else []

    def _replace_items(self, sequence: Node | None, items: list[Elements], current: int, words: str) -> None:
        if sequence is None:
            return
        spot = sequence.spot
        changed = with_items(self.model.elements, spot, *items)
        self.edited.emit(f"{attribute_name(sequence.tag)}: {words[0].lower()}{words[1:]}", changed)
        here = (*spot, current) if items else spot
        self._make_current(here)
        self.view.setExpanded(self.model.index_of(here), True)


def _empty_item(sequence: Node) -> Elements:
    """A new item with what the Standard wants in it, empty; without the Standard's word: an empty one."""
    path = path_of(sequence.spot)
    needed = [
        Element(found[-1], row.vr, items=() if row.vr == "SQ" else None)
        for found, row in attributes.by_path().items()
        if found[:-1] == path and row.scu_type_create in ("1", "2") and found[-1] != tags.TRANSACTION_UID
    ]
    if not needed and sequence.tag in _code_sequences():
        needed = [attributes.element(tag) for tag in _CODE]
    return Elements(needed)


_CODE = (tags.CODE_VALUE, tags.CODING_SCHEME_DESIGNATOR, tags.CODE_MEANING)


def _code_sequences() -> set[int]:
    return {path[-2] for path in attributes.by_path() if len(path) > 1 and path[-1] == tags.CODE_MEANING}


def _button(words: str, icon: str, act: Callable[[], None], *, icon_only: bool = False) -> QPushButton:
    button = QPushButton("" if icon_only else words)
    button.setAccessibleName(words)
    button.setToolTip(words)
    icons.set_icon(button, icon)
    button.clicked.connect(act)
    return button
