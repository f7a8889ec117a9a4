"""The rows of the key builder: an attribute of any depth, its value, and what is wrong with them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from upsdesk.domain.key_values import hint_of, problem_of_value, refusal_of_key
from upsdesk.domain.query import MatchingKey
from upsdesk.services.attribute_names import NamedPath, named, refusal_of
from upsdesk.ui import icons
from upsdesk.ui.attribute_field import AttributeField
from upsdesk.ui.fields import FieldMessage

_LONGEST_VALUE = 10_240
"""Characters, as many as any VR that a key can have allows (LT, PS3.5 6.2)."""


class KeyRow(QWidget):
    """One key. `changed` is emitted with every letter."""

    changed = Signal()
    removed = Signal()

    def __init__(self, key: MatchingKey | None = None) -> None:
        super().__init__()
        self.attribute = AttributeField()
        self.attribute.setAccessibleName("Attribute of the key")
        self.value = QLineEdit()
        self.value.setMaxLength(_LONGEST_VALUE)
        self.value.setAccessibleName("Value of the key")
        self.value.setPlaceholderText("Any value")
        self._message = FieldMessage()
        self._remove = QToolButton()
        icons.set_icon(self._remove, "x")
        self._remove.setToolTip("Do not ask for this")
        self._remove.setAccessibleName("Remove this key")
        self._remove.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = self._remove.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._remove.setSizePolicy(policy)
        self._lay_out()
        if key is not None:
            self.attribute.setText(named(key.path).keywords)
            self.value.setText(key.value)
        self._problem = ""
        self._was_left = key is not None
        self.look()
        self.attribute.textChanged.connect(self._typed)
        self.attribute.editingFinished.connect(self._left)
        self.attribute.entered.connect(self.value.setFocus)
        self.value.textChanged.connect(self._typed)
        self._remove.clicked.connect(self.removed)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 4)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.addWidget(self.attribute, 0, 0)
        grid.addWidget(self.value, 0, 1)
        grid.addWidget(self._remove, 0, 2)
        grid.addWidget(self._message, 1, 0, 1, 2)
        grid.setColumnStretch(0, 5)
        grid.setColumnStretch(1, 4)

    @property
    def is_blank(self) -> bool:
        """Nothing was typed: it asks for nothing and disturbs nobody."""
        return not self.attribute.text().strip() and not self.value.text().strip()

    @property
    def problem(self) -> str:
        """What keeps it from being sent; empty when nothing does."""
        return self._problem

    def key(self) -> MatchingKey | None:
        """What it asks for; None while it is blank or has a problem."""
        found = self._named()
        return MatchingKey(found.path, self.value.text().strip()) if found and not self._problem else None

    def say_twice(self) -> None:
        """Another row asks for the same attribute."""
        self._problem = "This attribute is asked for above; one key of each is sent."
        self._message.warn(self._problem)

    def insist(self) -> None:
        """Say what is wrong also where nobody has been yet."""
        self._was_left = True
        self.look()

    def _named(self) -> NamedPath | None:
        try:
            return self.attribute.read()
        except ValueError:
            return None

    def _typed(self) -> None:
        self.look()
        self.changed.emit()

    def _left(self) -> None:
        self._was_left = True
        self.look()

    def look(self) -> None:
        """The hint for the attribute, or the problem; one still being typed is not scolded."""
        self._problem, hint = self._found_wrong()
        is_typing = not self._was_left and self._named() is None
        if self._problem and not is_typing:
            self._message.warn(self._problem)
        else:
            self._message.say(hint)
        self._message.setVisible(bool(self._message.text))
        self._remove.setVisible(not self.is_blank)

    def _found_wrong(self) -> tuple[str, str]:
        if self.is_blank:
            return "", ""
        try:
            found = self.attribute.read()
        except ValueError as error:
            text = str(error)
            return f"{text[:1].upper()}{text[1:]}.", ""
        if found is None:
            return "Name the attribute that this is a value of.", ""
        refused = refusal_of(found.path) or refusal_of_key(found.path, found.vr)
        if refused:
            return refused, ""
        hint = f"{found.name} ({found.vr}). {hint_of(found.path, found.vr)}"
        problem = problem_of_value(found.path, found.vr, self.value.text())
        form = hint_of(found.path, found.vr)
        # What is needed is told with what is wrong, or the person would have to empty the field to see it.
        return f"{problem} {form}".strip() if problem and form not in problem else problem, hint


class KeyRows(QWidget):
    """All keys, one below the other; there is always one more to type in."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.rows: list[KeyRow] = []

    def show_keys(self, keys: tuple[MatchingKey, ...]) -> None:
        """These and a blank row."""
        for row in tuple(self.rows):
            self._drop(row)
        for key in keys:
            self.add(key)
        self.add()

    def add(self, key: MatchingKey | None = None) -> KeyRow:
        row = KeyRow(key)
        row.changed.connect(self._changed)
        row.removed.connect(lambda: self._remove(row))
        self.rows.append(row)
        self._column.addWidget(row)
        return row

    def keys(self) -> tuple[MatchingKey, ...]:
        """Those that can be sent, in their order."""
        return tuple(key for row in self.rows if (key := row.key()) is not None)

    def problem(self) -> KeyRow | None:
        """The first row that keeps the search from being sent."""
        return next((row for row in self.rows if row.problem), None)

    def insist(self) -> None:
        for row in self.rows:
            row.insist()
        self._find_twice()

    def _changed(self) -> None:
        self._find_twice()
        if not self.rows[-1].is_blank:
            self.add()
        self.changed.emit()

    def _find_twice(self) -> None:
        seen = set()
        for row in self.rows:
            row.look()  # what was asked for twice may be asked for once now
            key = row.key()
            if key is not None and key.path in seen:
                row.say_twice()
            elif key is not None:
                seen.add(key.path)

    def _remove(self, row: KeyRow) -> None:
        at = self.rows.index(row)
        self._drop(row)
        if not self.rows:
            self.add()
        self.rows[min(at, len(self.rows) - 1)].attribute.setFocus()
        self._find_twice()
        self.changed.emit()

    def _drop(self, row: KeyRow) -> None:
        self.rows.remove(row)
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()
