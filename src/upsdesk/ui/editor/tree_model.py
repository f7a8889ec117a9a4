"""All attributes of the form as a tree: elements, the items of sequences, and what stands in those."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QFont

from upsdesk.domain import attributes, tags
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.spots import Spot, element_at, path_of, with_element
from upsdesk.services.readback import attribute_name
from upsdesk.ui import theme
from upsdesk.ui.editor.element_text import can_be_typed, element_of, text_of
from upsdesk.ui.editor.field_values import element_lines
from upsdesk.ui.editor.form import Form, Mode

Index = QModelIndex | QPersistentModelIndex
_ITEM_WORDS = 80


class TreeColumn(IntEnum):
    """In the order on the screen."""

    NAME = 0
    TAG = 1
    VR = 2
    TYPE = 3
    VALUE = 4


_TITLES = {
    TreeColumn.NAME: "Attribute",
    TreeColumn.TAG: "Tag",
    TreeColumn.VR: "VR",
    TreeColumn.TYPE: "Type",
    TreeColumn.VALUE: "Value",
}


@dataclass
class Node:
    """An element, or an item of a sequence (its spot ends with the number of the item)."""

    spot: Spot
    parent: Node | None
    row: int
    element: Element | None
    """None: an item."""
    item: Elements
    children: list[Node] = field(default_factory=list)

    @property
    def is_item(self) -> bool:
        return self.element is None

    @property
    def tag(self) -> int:
        """Of an item: that of its sequence."""
        return self.spot[-2] if self.is_item else self.spot[-1]


class TreeModel(QAbstractItemModel):
    """Shows a form. What is typed comes out as `edited`, with the whole data set as it would be then."""

    edited = Signal(str, object)
    """What was done, in words, and the new Elements."""
    refused = Signal(str)
    """What is wrong with what was typed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._form: Form | None = None
        self._elements = Elements()
        self._root = Node((), None, 0, None, Elements())
        self._nodes: dict[Spot, Node] = {}
        self._changed: frozenset[int] = frozenset()
        self._wrong: dict[Spot, str] = {}

    @property
    def elements(self) -> Elements:
        """What is shown."""
        return self._elements

    def show_form(self, form: Form) -> None:
        """Show the form as it is now; views keep what is open and selected when only values differ."""
        elements = form.written().without(tags.TRANSACTION_UID)
        self._wrong = {one.spot: one.text for one in form.problems()}
        self._changed = frozenset(form.base.changes_to(elements).tags)
        if self._form is not None and elements == self._elements and self._form.mode is form.mode:
            self._form = form
            self._tell_all()
            return
        nodes: dict[Spot, Node] = {}
        root = _built(elements, nodes)
        is_same_shape = nodes.keys() == self._nodes.keys()
        if is_same_shape:
            for spot, node in self._nodes.items():
                node.element, node.item = nodes[spot].element, nodes[spot].item
            self._form, self._elements = form, elements
            self._tell_all()
            return
        self.beginResetModel()
        self._form, self._elements, self._root, self._nodes = form, elements, root, nodes
        self.endResetModel()

    def _tell_all(self) -> None:
        for node in (self._root, *self._nodes.values()):
            if node.children:
                first = self.createIndex(0, 0, node.children[0])
                last = self.createIndex(len(node.children) - 1, len(TreeColumn) - 1, node.children[-1])
                self.dataChanged.emit(first, last)

    def node(self, index: Index) -> Node:
        """The node of a row; that of the whole data set for none."""
        found = index.internalPointer() if index.isValid() else None
        return found if isinstance(found, Node) else self._root

    def index_of(self, spot: Spot, column: int = 0) -> QModelIndex:
        """Where an element or item stands; invalid when it does not."""
        node = self._nodes.get(spot)
        return self.createIndex(node.row, column, node) if node is not None else QModelIndex()

    def is_locked(self, node: Node) -> bool:
        """Whether the request must not carry the top-level attribute that it belongs to."""
        row = attributes.top_level().get(node.spot[0])
        if self._form is None or row is None:
            return False
        return not (row.in_nset if self._form.mode is Mode.EDIT else row.in_ncreate)

    # What Qt asks for.

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return len(self.node(parent).children) if parent.column() <= 0 else 0

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return len(TreeColumn)

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:
        children = self.node(parent).children
        if not (0 <= row < len(children) and 0 <= column < len(TreeColumn)):
            return QModelIndex()
        return self.createIndex(row, column, children[row])

    def parent(self, index: Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]
        above = self.node(index).parent
        if above is None or above is self._root:
            return QModelIndex()
        return self.createIndex(above.row, 0, above)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _TITLES[TreeColumn(section)]
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        node = self.node(index)
        found = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        is_value = index.column() == TreeColumn.VALUE and node.element is not None
        if is_value and node.element and can_be_typed(node.element) and not self.is_locked(node):
            found |= Qt.ItemFlag.ItemIsEditable
        return found

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        node, column = self.node(index), TreeColumn(index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return self._words(node, column)
        if role == Qt.ItemDataRole.EditRole and node.element is not None:
            return text_of(node.element)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(node, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{self._words(node, TreeColumn.NAME)}: {self._words(node, TreeColumn.VALUE)}"
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._colour(node, column)
        if role == Qt.ItemDataRole.FontRole:
            return self._font(node, column)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        node = self.node(index)
        if role != Qt.ItemDataRole.EditRole or node.element is None or self._form is None:
            return False
        if str(value) == text_of(node.element):
            return True
        try:
            element = element_of(node.tag, node.element.vr, str(value), self._form.zone)
        except ValueError as error:
            self.refused.emit(f"{attribute_name(node.tag)}: {error}")
            return False
        known = element_at(self._form.base, node.spot)
        put_back = known if known is not None and text_of(known) == text_of(element) else element
        self.edited.emit(attribute_name(node.tag), with_element(self._elements, node.spot, put_back))
        return True

    # What is shown.

    def _words(self, node: Node, column: TreeColumn) -> str:
        if node.element is None:
            return self._item_words(node, column)
        if column is TreeColumn.NAME:
            return attribute_name(node.tag)
        if column is TreeColumn.TAG:
            return tags.tag_text(node.tag)
        if column is TreeColumn.VR:
            return node.element.vr
        if column is TreeColumn.TYPE:
            return self._type(node)
        if node.element.items is not None:
            count = len(node.element.items)
            return "no item" if not count else "1 item" if count == 1 else f"{count} items"
        if node.element.raw is not None:
            return f"{len(node.element.raw):,} bytes, kept as they are"
        return text_of(node.element).replace("\n", " ⏎ ")

    def _item_words(self, node: Node, column: TreeColumn) -> str:
        if column is TreeColumn.NAME:
            return f"Item {node.row + 1}"
        if column is TreeColumn.VALUE:
            whole = "; ".join(element_lines(Element(node.tag, "SQ", items=(node.item,)))).replace("\n", " · ")
            return whole if len(whole) <= _ITEM_WORDS else whole[:_ITEM_WORDS] + "…"
        return ""

    def _type(self, node: Node) -> str:
        """Of the operation at hand, SCU's then SCP's (PS3.4 Table CC.2.5-3)."""
        row = attributes.by_path().get(path_of(node.spot))
        if row is None or self._form is None:
            return ""
        return (row.nset if self._form.mode is Mode.EDIT else row.ncreate).partition(" ")[0]

    def _tip(self, node: Node, column: TreeColumn) -> str:
        wrong = self._wrong.get(node.spot)
        if wrong:
            return wrong
        if self.is_locked(node):
            return "Cannot be changed by this request."
        return self._words(node, column)

    def _colour(self, node: Node, column: TreeColumn) -> Any:
        colours = theme.current()
        if node.spot in self._wrong:
            return colours.error
        if self.is_locked(node) or column in (TreeColumn.TAG, TreeColumn.VR, TreeColumn.TYPE):
            return colours.text_2
        return colours.text

    def _font(self, node: Node, column: TreeColumn) -> QFont | None:
        if column is TreeColumn.NAME and node.spot[0] in self._changed and len(node.spot) == 1:
            return theme.font(theme.TYPE.table, theme.TYPE.semibold)
        if column in (TreeColumn.TAG, TreeColumn.VR, TreeColumn.TYPE):
            return theme.font(theme.TYPE.caption, mono=True)
        return None


def _built(elements: Elements, nodes: dict[Spot, Node]) -> Node:
    root = Node((), None, 0, None, elements)
    _fill(root, elements, nodes)
    return root


def _fill(above: Node, elements: Elements, nodes: dict[Spot, Node]) -> None:
    for row, element in enumerate(elements):
        node = Node((*above.spot, element.tag), above, row, element, elements)
        above.children.append(node)
        nodes[node.spot] = node
        for number, item in enumerate(element.items or ()):
            child = Node((*node.spot, number), node, number, None, item)
            node.children.append(child)
            nodes[child.spot] = child
            _fill(child, item, nodes)
