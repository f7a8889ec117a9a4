"""What the steps of the tour share: the window, the witness, and the workitems that are worked on."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QSpinBox, QTextEdit, QWidget

from upsdesk.domain.keys import TransactionUid, WorkitemKey
from upsdesk.domain.workitem import Workitem
from upsdesk.ui import actions
from upsdesk.ui.app import Opened, make_uid
from upsdesk.ui.tour import hands
from upsdesk.ui.tour.witness import Witness

_FORM_FIELDS = (QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox)


class Wrong(Exception):
    """What was seen is not what the step should have led to."""


def expect(found: object, wanted: object, what: str) -> None:
    """Raise Wrong unless both are equal."""
    if found != wanted:
        raise Wrong(f"{what} is {found!r}, not {wanted!r}")


class Guide:
    """What the steps share: the window, the witness, and the workitems that the tour works on."""

    def __init__(self, opened: Opened, witness: Witness) -> None:
        self.window = opened.window
        self.desk = opened.desk
        peer = opened.conductor.peer
        assert peer is not None
        self.peer = peer
        self.witness = witness
        self.chosen: WorkitemKey | None = None
        self.created: WorkitemKey | None = None
        self.elsewhere: WorkitemKey | None = None
        self.other_lock = TransactionUid(make_uid())
        self.picture: QPixmap | None = None

    def look(self) -> None:
        """Keep what is on the screen now as the picture of this step."""
        self.picture = hands.picture_of(self.window)

    def item(self, key: WorkitemKey) -> Workitem:
        found = self.desk.store.get(key)
        if found is None:
            raise Wrong("the workitem is not in the list")
        return found

    def key(self, kept: WorkitemKey | None) -> WorkitemKey:
        assert kept is not None, "an earlier step chooses it"
        return kept

    def rows(self) -> list[WorkitemKey]:
        """The rows of the table from top to bottom."""
        return list(self.window.worklist.model.visible)

    async def select(self, key: WorkitemKey) -> None:
        """Filter for the patient or label, and click the row."""
        view = self.window.worklist.view
        if key not in self.rows():
            await self.filter_for(self.item(key).label_words)
        await hands.until(lambda: key in self.rows(), "the row of the workitem")
        view.scrollTo(view.model().index(self.rows().index(key), 0))
        index = view.model().index(self.rows().index(key), 5)
        await hands.click(view.viewport(), view.visualRect(index).center())
        await hands.until(lambda: self.window.worklist.current_key() == key, "the row to be selected")
        facts = self.item(key).patient
        expect(self.window.details.banner.facts, facts, "the patient in the banner")

    async def filter_for(self, text: str) -> None:
        await hands.press(self.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
        field = await self.field(self.window.worklist, "Filter")
        await hands.write(field, text)

    async def clear_filter(self) -> None:
        field = await self.field(self.window.worklist, "Filter")
        await hands.click(field)
        await hands.press(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        await hands.press(field, Qt.Key.Key_Delete)

    async def field(self, inside: QWidget, name: str) -> QWidget:
        """The visible field whose accessible name begins with `name`, as soon as it can be typed into."""

        def find() -> QWidget | None:
            fields = (one for one in inside.findChildren(QWidget) if isinstance(one, _FORM_FIELDS))
            return next(
                (
                    one
                    for one in fields
                    if one.isVisible() and one.isEnabled() and one.accessibleName().startswith(name)
                ),
                None,
            )

        return await hands.until(find, f"the field {name!r}")

    async def press_action(self, spec: actions.ActionSpec) -> None:
        await hands.click(self.window.top_bar.button(spec))

    async def press_keys(self, spec: actions.ActionSpec) -> None:
        """The keys of an action, anywhere in the window."""
        QTest.keySequence(self.window, QKeySequence(spec.shortcut))
        await hands.pause()
