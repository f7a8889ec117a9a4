"""Changing the operator: who comes, what is held then, and whether it is still the same person."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QWindow
from PySide6.QtWidgets import QApplication, QCompleter, QLineEdit, QPushButton, QWidget

from upsdesk.domain.operators import Operator, typed_code, typed_name
from upsdesk.domain.peer import PeerUse
from upsdesk.domain.state import Action
from upsdesk.services.desk import OWN_SCHEME, Desk
from upsdesk.services.on_duty import OnDuty
from upsdesk.ui import icons, presenter
from upsdesk.ui.dialogs import ConfirmDialog, ask, finished
from upsdesk.ui.fields import FieldMessage, caption_grid, label
from upsdesk.ui.held_on_close import held_list
from upsdesk.ui.operator_button import OperatorButton
from upsdesk.ui.tasks import spawn

_IRREVERSIBLE = (Action.START, Action.COMPLETE, Action.CANCEL, Action.CANCEL_BEFORE_START)
_INPUT = (
    QEvent.Type.KeyPress,
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseMove,
    QEvent.Type.Wheel,
    QEvent.Type.TouchBegin,
)
_OTHER = 2
"""Result of a dialog beside Accepted and Rejected."""


class Presence(QObject):
    """Tells the desk that somebody uses its window or a dialog of it.

    Listens where the window system delivers, so that not every event of every widget comes by.
    """

    def __init__(self, window: QWidget, duty: OnDuty) -> None:
        super().__init__(window)
        self._window = window
        self._duty = duty
        window.installEventFilter(self)
        self._watch(window)

    def _watch(self, window: QWidget) -> None:
        handle = window.windowHandle()
        if handle is not None:
            handle.removeEventFilter(self)
            handle.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(watched, QWindow):
            if event.type() in _INPUT:
                self._duty.touch()
        elif event.type() == QEvent.Type.WindowBlocked:
            dialog = QApplication.activeModalWidget()
            if dialog is not None:
                self._watch(dialog)
        elif event.type() == QEvent.Type.Show:
            self._watch(self._window)
        return False


class OperatorSheet(ConfirmDialog):
    """Asks for name and code; the names on the list are proposed. After `accept`, `operator` is who it is."""

    def __init__(self, parent: QWidget | None, duty: OnDuty, *, demo: bool) -> None:
        super().__init__(
            parent,
            "Who is at the desk?",
            "Suggested as the performer, and noted with what is done here. There is no password.",
            yes="Use this name",
            no="Discard",
            icon="user-round",
            enter_confirms=True,
            demo=demo,
            width=520,
        )
        self._known = {one.words.casefold(): one for one in duty.known}
        self.operator: Operator | None = None
        self.name = _field("Name", "Meyer, Anna")
        self.code = _field("Code", "optional, such as AMEYER")
        self._name_message, self._code_message = FieldMessage(self.name), FieldMessage(self.code)
        self._code_message.say("As the servers know performers: a code alone, or VALUE^SCHEME^MEANING.")
        rows = (("Name", self.name, self._name_message), ("Code", self.code, self._code_message))
        self.middle.addLayout(caption_grid(rows))
        completer = QCompleter([one.words for one in duty.known], self.name)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.name.setCompleter(completer)
        self.name.textChanged.connect(self._name_changed)
        self.confirmed.connect(self._try)

    def first_focus(self) -> QWidget:
        return self.name

    def _name_changed(self, text: str) -> None:
        known = self._known.get(text.strip().casefold())
        if known is not None:
            self.code.setText(str(known.code) if known.code is not None else "")

    def _try(self) -> None:
        self._name_message.say("")
        try:
            name = typed_name(self.name.text())
        except ValueError as error:
            self._refuse(self._name_message, self.name, str(error))
            return
        try:
            self.operator = Operator(name, typed_code(self.code.text(), name, OWN_SCHEME))
        except ValueError as error:
            self._refuse(self._code_message, self.code, str(error))
            return
        self.accept()

    @staticmethod
    def _refuse(message: FieldMessage, field: QLineEdit, problem: str) -> None:
        message.warn(problem)
        field.setFocus()


def _field(name: str, example: str) -> QLineEdit:
    edit = QLineEdit()
    edit.setAccessibleName(name)
    edit.setPlaceholderText(example)
    edit.setMaxLength(200)
    return edit


class OperatorChoice:
    """What the button in the top bar leads to. A dialog keeps the operator that it was opened with."""

    def __init__(self, window: QWidget, desk: Desk, button: OperatorButton) -> None:
        self._window = window
        self._desk = desk
        button.chosen.connect(self.choose)
        button.add_requested.connect(self.add)
        button.remove_requested.connect(desk.duty.forget)

    def choose(self, operator: Operator | None) -> None:
        """Change to this person, or to nobody."""
        if QApplication.activeModalWidget() is None:
            spawn(choose_operator(self._window, self._desk, operator), "change the operator")

    def add(self) -> None:
        """Ask who it is."""
        if QApplication.activeModalWidget() is None:
            spawn(add_operator(self._window, self._desk), "add an operator")


async def choose_operator(parent: QWidget | None, desk: Desk, operator: Operator | None) -> bool:
    """Change to this person, after a look at what is held; whether it was changed."""
    present = desk.duty.operator
    if operator == present:
        desk.duty.confirm()
        return True
    held = desk.held_entries()
    if held:
        to = operator.words if operator is not None else "no operator"
        agreed = await ask(
            parent,
            f"Change to {to}?",
            f"This desk goes on holding {presenter.count_words(len(held), 'workitem')}: whoever is at it can "
            f"complete or cancel {'them' if len(held) > 1 else 'it'}. "
            f"What is done from now on is noted under {to}.",
            yes=f"Change to {operator.short if operator is not None else 'no operator'}",
            no=f"Stay {present.short}" if present is not None else "Stay without",
            icon="users-round",
            demo=_is_demo(desk),
            extra=held_list(desk, held),
        )
        if not agreed:
            return False
    desk.duty.choose(operator)
    return True


async def add_operator(parent: QWidget | None, desk: Desk) -> bool:
    """Ask for somebody who is not on the list, and change to that person; whether it was done."""
    sheet = OperatorSheet(parent, desk.duty, demo=_is_demo(desk))
    sheet.open()
    await finished(sheet)
    return sheet.operator is not None and await choose_operator(parent, desk, sheet.operator)


def _is_demo(desk: Desk) -> bool:
    return any(peer.use is PeerUse.DEMO for peer in desk.peers)


class Who(Enum):
    """The answer to the question who is here."""

    SAME = "same"
    CHANGED = "changed"
    NOBODY_SAID = "nobody said"


class _StillSheet(ConfirmDialog):
    """Asks whether the operator is still the same person."""

    def __init__(
        self, parent: QWidget | None, operator: Operator, idle: timedelta | None, *, demo: bool
    ) -> None:
        since = f"Nobody has used this desk for {presenter.span_words(idle)}. " if idle else ""
        super().__init__(
            parent,
            f"Still {operator.short}?",
            f"{since}What comes next is noted under {operator.words}.",
            yes=f"Still {operator.short}",
            no="Not now",
            icon="user-round",
            demo=demo,
            width=520,
        )
        other = QPushButton("Another operator…")
        other.setAutoDefault(False)
        icons.set_icon(other, "users-round")
        other.clicked.connect(lambda: self.done(_OTHER))
        self.buttons.insertWidget(1, other)
        self.middle.addWidget(
            label("It cannot be taken back in DICOM, so it is asked who does it before it is done.", "small")
        )
        self.confirmed.connect(self.accept)


async def who_is_here(parent: QWidget | None, desk: Desk, action: Action) -> Who:
    """Before an irreversible act: ask once when the desk was left alone. Other acts ask nothing."""
    operator = desk.duty.operator
    if action not in _IRREVERSIBLE or operator is None or not desk.duty.is_doubted:
        return Who.SAME
    sheet = _StillSheet(parent, operator, desk.duty.pause, demo=_is_demo(desk))
    sheet.open()
    result = await finished(sheet)
    if result == _OTHER:
        return Who.CHANGED if await add_operator(parent, desk) else Who.NOBODY_SAID
    if result:
        desk.duty.confirm()
        return Who.SAME
    return Who.NOBODY_SAID
