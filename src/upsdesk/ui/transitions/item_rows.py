"""Rows of a form that can be added and removed: parameters of the progress, and whom to contact."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from upsdesk.domain import tags
from upsdesk.domain.codes import Code, codes_in
from upsdesk.domain.contacts import LONGEST_NAME, LONGEST_URI, Contact
from upsdesk.domain.content_items import ContentItem, ValueType
from upsdesk.domain.elements import Elements
from upsdesk.domain.plain import plain
from upsdesk.ui import icons
from upsdesk.ui.details.content import content_item_words
from upsdesk.ui.fields import CalmBox, FieldMessage, label
from upsdesk.ui.transitions.needs import icon_button
from upsdesk.ui.transitions.own_code import OwnCode

_OTHER_NAME = "Another name…"
_LONGEST_VALUE = 256


class ItemRow(QWidget):
    """One item: its fields in a line, a message below, and a button that takes it away."""

    changed = Signal()
    removed = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.line = QHBoxLayout()
        self.line.setSpacing(8)
        column.addLayout(self.line)
        self.below = column
        self.message = FieldMessage()
        self.message.hide()
        column.addWidget(self.message)
        self._remove = icon_button("x", f"{name}: remove this one", self.removed.emit)

    def finish(self) -> None:
        """All fields are in the line; the button comes last."""
        self.line.addWidget(self._remove)

    def tell(self) -> None:
        """Show what is wrong with it."""
        problem = self.problem
        self.message.setVisible(bool(problem))
        if problem:
            self.message.warn(problem)

    @property
    @abstractmethod
    def problem(self) -> str:
        """Why it cannot be sent; empty when it can."""

    @abstractmethod
    def first_field(self) -> QWidget: ...


class ItemRows(QWidget):
    """A title with Add beside it, and the rows. `changed` follows every key."""

    changed = Signal()

    def __init__(self, title: str, add: str) -> None:
        super().__init__()
        self.title = title
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 2)
        column.setSpacing(6)
        head = QHBoxLayout()
        head.addWidget(label(title, "small", "strong"), 1)
        self.add_button = QPushButton(add)
        self.add_button.setProperty("role", "link")
        self.add_button.setAutoDefault(False)
        self.add_button.setAccessibleName(f"{title}: {add.lower()}")
        icons.set_icon(self.add_button, "plus", "accent")
        self.add_button.clicked.connect(self._add_new)
        head.addWidget(self.add_button)
        column.addLayout(head)
        self._column = column
        self.rows: list[ItemRow] = []

    @abstractmethod
    def make_row(self) -> ItemRow:
        """An empty row."""

    def _add_new(self) -> None:
        row = self.make_row()
        self.put(row)
        row.first_field().setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()

    def put(self, row: ItemRow) -> None:
        row.changed.connect(self._row_changed)
        row.removed.connect(lambda: self._take(row))
        row.finish()
        self.rows.append(row)
        self._column.addWidget(row)

    def _row_changed(self) -> None:
        self.changed.emit()

    def _take(self, row: ItemRow) -> None:
        self.rows.remove(row)
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()
        self.add_button.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()

    def forget_rows(self) -> None:
        for row in self.rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = []

    def first_problem(self) -> ItemRow | None:
        """The first row that cannot be sent; every row says what is wrong with it."""
        for row in self.rows:
            row.tell()
        return next((row for row in self.rows if row.problem), None)


class ParameterRow(ItemRow):
    """A content item by its coded name; one that was read and is not touched goes back as it came."""

    def __init__(self, names: Sequence[Code], base: Elements | None = None) -> None:
        super().__init__("Parameter")
        self._base = base
        self._read = ContentItem.read(base) if base is not None else None
        self._is_fixed = base is not None and self._read is None
        if base is not None and self._is_fixed:
            known = codes_in(base, tags.CONCEPT_NAME_CODE_SEQUENCE)
            name = known[0].meaning if known else "Without a name"
            self.line.addWidget(label(plain(f"{name}: {content_item_words(base)}"), "small"), 1)
            return
        self._make_fields(names)
        if self._read is not None:
            self._show(self._read)
        self.name.currentIndexChanged.connect(self._name_chosen)
        self.type.currentIndexChanged.connect(self._type_chosen)
        for field in (self.value, self.unit):
            field.textChanged.connect(self.changed)
        self.own.changed.connect(self.changed)
        self._arrange()

    def _make_fields(self, names: Sequence[Code]) -> None:
        self.name = _box("Name of the parameter", 230)
        for code in names:
            self.name.addItem(code.meaning or code.value, code)
        self.name.addItem(_OTHER_NAME)
        self.type = _box("Kind of value", 96)
        for kind in ValueType:
            self.type.addItem(kind.words, kind)
        self.value = _line("Value of the parameter", "Value", _LONGEST_VALUE)
        self.unit = _line("Unit of the number, a UCUM code", "Unit", 16)
        self.unit.setFixedWidth(72)
        self.own = OwnCode("Name of the parameter")
        for part, stretch in ((self.name, 0), (self.type, 0), (self.value, 1), (self.unit, 0)):
            self.line.addWidget(part, stretch)
        self.below.insertWidget(1, self.own)

    def _show(self, item: ContentItem) -> None:
        codes = [self.name.itemData(at) for at in range(self.name.count() - 1)]
        at = next((at for at, code in enumerate(codes) if code == item.name), -1)
        self.name.setCurrentIndex(at if at >= 0 else self.name.count() - 1)
        if at < 0:
            self.own.show_code(item.name)
        self.type.setCurrentIndex(list(ValueType).index(item.type))
        self.value.setText(item.value)
        self.unit.setText(item.unit)

    def _name_chosen(self) -> None:
        self._arrange()
        self.changed.emit()

    def _type_chosen(self) -> None:
        self._arrange()
        self.changed.emit()

    def _arrange(self) -> None:
        self.own.setVisible(self.name.currentData() is None)
        kind = self.type.currentData()
        self.unit.setVisible(kind is ValueType.NUMERIC)
        hints = {ValueType.CODE: "VALUE^SCHEME^MEANING", ValueType.NUMERIC: "such as 2"}
        self.value.setPlaceholderText(hints.get(kind, "Value"))

    def _item(self) -> ContentItem | None:
        chosen = self.name.currentData()
        code = chosen if isinstance(chosen, Code) else self.own.code()
        kind = self.type.currentData()
        if code is None:
            return None
        unit = self.unit.text().strip() if kind is ValueType.NUMERIC else ""
        return ContentItem(code, kind, self.value.text().strip(), unit)

    @property
    def problem(self) -> str:
        if self._is_fixed:
            return ""
        item = self._item()
        if item is None:
            return "The name needs a code, a scheme and a meaning"
        return "" if item == self._read else item.problem

    def to_elements(self) -> Elements:
        """The item for the wire, when there is no problem with it."""
        if self._base is not None and (self._is_fixed or self._item() == self._read):
            return self._base
        item = self._item()
        assert item is not None
        return item.to_elements()

    def first_field(self) -> QWidget:
        return self._remove if self._is_fixed else self.value


class Parameters(ItemRows):
    """The content items of the progress. `names`: what the workitem and its plan name already."""

    def __init__(self, title: str, add: str) -> None:
        super().__init__(title, add)
        self._names: tuple[Code, ...] = ()

    def show_items(self, items: Iterable[Elements], names: Sequence[Code]) -> None:
        kept = tuple(items)
        own = (code for item in kept for code in codes_in(item, tags.CONCEPT_NAME_CODE_SEQUENCE))
        self._names = tuple(dict.fromkeys((*own, *names)))
        self.forget_rows()
        for item in kept:
            self.put(ParameterRow(self._names, item))

    def make_row(self) -> ItemRow:
        return ParameterRow(self._names)

    def items(self) -> tuple[Elements, ...]:
        return tuple(row.to_elements() for row in self.rows if isinstance(row, ParameterRow))


class ContactRow(ItemRow):
    """An address and who answers there."""

    def __init__(self, contact: Contact) -> None:
        super().__init__("Contact")
        self.uri = _line("Address of the contact", "tel:+49301234567", LONGEST_URI)
        self.name = _line("Name of the contact", "Name (optional)", LONGEST_NAME)
        self.uri.setText(contact.uri)
        self.name.setText(contact.name)
        self.line.addWidget(self.uri, 3)
        self.line.addWidget(self.name, 2)
        for field in (self.uri, self.name):
            field.textChanged.connect(self.changed)

    def contact(self) -> Contact:
        return Contact(self.uri.text().strip(), self.name.text().strip())

    @property
    def problem(self) -> str:
        contact = self.contact()
        if not contact.uri:
            return "An address is needed: tel:+49301234567"
        return "A name has no backslash" if "\\" in contact.name else contact.problem

    def first_field(self) -> QWidget:
        return self.uri


class Contacts(ItemRows):
    """Whom to reach about the work."""

    def show_contacts(self, contacts: Iterable[Contact]) -> None:
        self.forget_rows()
        for contact in contacts:
            self.put(ContactRow(contact))

    def make_row(self) -> ItemRow:
        return ContactRow(Contact(""))

    def contacts(self) -> tuple[Contact, ...]:
        return tuple(row.contact() for row in self.rows if isinstance(row, ContactRow))


def _line(name: str, hint: str, length: int) -> QLineEdit:
    edit = QLineEdit()
    edit.setMaxLength(length)
    edit.setPlaceholderText(hint)
    edit.setAccessibleName(name)
    return edit


def _box(name: str, width: int) -> QComboBox:
    box = CalmBox()
    box.setAccessibleName(name)
    box.setFixedWidth(width)
    return box
