"""How the value of one attribute is changed in the list of all: a line, several lines or a choice."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from upsdesk.domain.value_rules import ENUMERATED
from upsdesk.services.readback import attribute_name
from upsdesk.ui.editor.element_text import LONG_TEXT
from upsdesk.ui.editor.tree_model import Node, TreeModel

Index = QModelIndex | QPersistentModelIndex
_LINES = 5
"""Of a long text."""


class ValueDelegate(QStyledItemDelegate):
    """A field for the value: a choice where the values are enumerated, several lines for long texts."""

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        node = _node_of(index)
        name = attribute_name(node.tag)
        element = node.element
        if element is not None and node.tag in ENUMERATED:
            box = QComboBox(parent)
            box.addItems(["", *sorted(ENUMERATED[node.tag])])
            box.setAccessibleName(name)
            return box
        if element is not None and element.vr in LONG_TEXT:
            text = QPlainTextEdit(parent)
            text.setTabChangesFocus(True)
            text.setAccessibleName(name)
            return text
        edit = QLineEdit(parent)
        edit.setAccessibleName(name)
        if element is not None and element.vr in ("DT", "DA"):
            edit.setPlaceholderText("YYYY-MM-DD hh:mm" if element.vr == "DT" else "YYYY-MM-DD")
        return edit

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        text = str(index.data(Qt.ItemDataRole.EditRole) or "")
        if isinstance(editor, QComboBox):
            if editor.findText(text) < 0:
                editor.addItem(text)
            editor.setCurrentText(text)
        elif isinstance(editor, QPlainTextEdit):
            editor.setPlainText(text)
        elif isinstance(editor, QLineEdit):
            editor.setText(text)

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        model.setData(index, _text_in(editor), Qt.ItemDataRole.EditRole)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        room = option.rect
        if isinstance(editor, QPlainTextEdit):
            room.setHeight(_LINES * editor.fontMetrics().lineSpacing() + 12)
        editor.setGeometry(room)


def _text_in(editor: Any) -> str:
    if isinstance(editor, QComboBox):
        return editor.currentText()
    return editor.toPlainText() if isinstance(editor, QPlainTextEdit) else str(editor.text())


def _node_of(index: Index) -> Node:
    model = index.model()
    assert isinstance(model, TreeModel)
    return model.node(index)
