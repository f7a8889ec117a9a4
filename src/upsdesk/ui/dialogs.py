"""Questions to the user: what may press a button, what No and Yes look like, and how an answer is awaited."""

from __future__ import annotations

import asyncio
from enum import Enum

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QBoxLayout,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)
from shiboken6 import isValid

from upsdesk.ui import icons, theme
from upsdesk.ui.dialog_frame import DialogFrame
from upsdesk.ui.key_guard import KeyGuard

_FIELDS = (QLineEdit, QComboBox, QAbstractSpinBox)


class Tone(Enum):
    """How the line at the foot of a dialog is meant; the value is the name of its icon."""

    QUIET = "info"
    BUSY = "loader-circle"
    GOOD = "circle-check"
    WARNING = "triangle-alert"
    BAD = "circle-alert"

    @property
    def colour(self) -> str:
        """A role of the theme."""
        return {
            "info": "text_2",
            "loader-circle": "accent",
            "circle-check": "completed",
            "triangle-alert": "warning",
            "circle-alert": "error",
        }[self.value]


class FootLine(QWidget):
    """One sentence with an icon: what a dialog waits for, does, or was answered."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self._icon = QLabel()
        self._icon.setFixedSize(16, 16)
        self.label = QLabel()
        self.label.setProperty("small", True)
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.label, 1, Qt.AlignmentFlag.AlignTop)

    def say(self, text: str, tone: Tone = Tone.QUIET) -> None:
        """Show a sentence; an empty one hides icon and text."""
        self.label.setText(text)
        self.label.setVisible(bool(text))
        self._icon.setVisible(bool(text))
        theme.set_property(self.label, "tone", tone.colour)
        icons.set_icon(self._icon, tone.value, tone.colour)
        self.setAccessibleName(text)

    @property
    def text(self) -> str:
        return self.label.text()


class ConfirmDialog(DialogFrame):
    """A question with No (the default) and one confirm button that carries the verb.

    Tab reaches the confirm button and Space presses it; Enter presses No only; Esc closes; keys of a burst
    press nothing (`KeyGuard`). A confirm button that waits is drawn disabled and keeps the focus; `waited`
    tells that it was pressed then, `confirmed` that it was pressed otherwise. Both leave the dialog open.
    `enter_confirms` is for forms whose act can be taken back: there Enter presses the button that has the
    focus, else the confirm button.
    """

    confirmed = Signal()
    waited = Signal()

    def __init__(
        self,
        parent: QWidget | None,
        title: str,
        subtitle: str,
        *,
        yes: str,
        no: str = "No, keep it",
        icon: str = "",
        danger: bool = False,
        enter_confirms: bool = False,
        demo: bool = False,
        width: int = 800,
    ) -> None:
        super().__init__(parent, title, subtitle, demo=demo, width=width)
        self._enter_confirms = enter_confirms
        self._waits = False
        self._lines_apart = False
        self.line = FootLine()
        self._buttons = QWidget()
        self.buttons = QHBoxLayout(self._buttons)
        self.buttons.setContentsMargins(0, 0, 0, 0)
        self.buttons.setSpacing(10)
        self.no_button = QPushButton(no)
        self.no_button.setAccessibleName(no)
        self.yes_button = QPushButton(yes)
        self.yes_button.setAccessibleName(yes)
        self.yes_button.setProperty("role", "danger" if danger else "primary")
        for button in (self.no_button, self.yes_button):
            button.setAutoDefault(False)
        if icon:
            icons.set_icon(self.yes_button, icon)
        self.buttons.addWidget(self.no_button)
        self.buttons.addWidget(self.yes_button)
        self._foot_row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._foot_row.setSpacing(12)
        self._foot_row.addWidget(self.line, 1, Qt.AlignmentFlag.AlignVCenter)
        self._foot_row.addWidget(
            self._buttons, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        )
        self.foot.addLayout(self._foot_row)
        self.line.say("")
        self.no_button.clicked.connect(self.reject)
        self.yes_button.clicked.connect(self._yes_pressed)
        self.guard = KeyGuard(self, self._enter_pressed, self.reject)
        self.guard.watch(self)

    @property
    def waits(self) -> bool:
        """Whether the confirm button is held back."""
        return self._waits

    def set_waiting(self, reason: str) -> None:
        """Hold the confirm button back for a reason, or let it go with an empty one."""
        self._waits = bool(reason)
        icons.set_forbidden(self.yes_button, self._waits)
        self.yes_button.setToolTip(reason)
        self.yes_button.setAccessibleDescription(reason)
        self.line.say(reason)

    def set_yes(self, text: str) -> None:
        """The verb and the name on the confirm button."""
        self.yes_button.setText(text)
        self.yes_button.setAccessibleName(text)

    def first_focus(self) -> QWidget:
        """Where the focus is when the dialog comes up."""
        return self.no_button

    def _yes_pressed(self) -> None:
        if self._waits:
            self.waited.emit()
        else:
            self.confirmed.emit()

    def _enter_pressed(self, widget: QWidget) -> None:
        if isinstance(widget, QLineEdit):
            widget.editingFinished.emit()  # the guard kept Enter from the field
        if self._enter_confirms:
            (widget if isinstance(widget, QAbstractButton) else self.yes_button).click()
        elif not isinstance(widget, _FIELDS):  # what was typed is not thrown away by Enter
            self.no_button.click()

    def about_to_fit(self, width: int) -> None:
        # Long names make long buttons: then the sentence gets a row of its own, and neither is cut.
        room = width - 2 * theme.GRID.dialog_padding - self._buttons.sizeHint().width() - 12
        apart = bool(self.line.text) and room < min(300, self.line.label.sizeHint().width() + 30)
        if apart != self._lines_apart:
            self._lines_apart = apart
            direction = QBoxLayout.Direction.TopToBottom if apart else QBoxLayout.Direction.LeftToRight
            self._foot_row.setDirection(direction)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.guard.start()
        self.first_focus().setFocus(Qt.FocusReason.PopupFocusReason)


async def finished(dialog: QDialog) -> int:
    """Wait until an open dialog is closed; returns its result. A cancelled wait closes the dialog."""
    closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def end(result: int) -> None:
        if not closed.done():
            closed.set_result(result)

    dialog.finished.connect(end)
    try:
        return await closed
    finally:
        if isValid(dialog):  # it went with its window otherwise
            if dialog.isVisible():
                dialog.done(int(QDialog.DialogCode.Rejected))  # reject() may wait for an answer
            dialog.deleteLater()


async def ask(
    parent: QWidget | None,
    title: str,
    text: str,
    *,
    yes: str,
    no: str,
    icon: str = "",
    danger: bool = False,
    demo: bool = False,
    extra: QWidget | None = None,
) -> bool:
    """Ask one question; True for `yes`. No is the default, and what Esc and closing mean."""
    dialog = ConfirmDialog(parent, title, "", yes=yes, no=no, icon=icon, danger=danger, demo=demo, width=520)
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    dialog.middle.addWidget(label)
    if extra is not None:
        dialog.middle.addWidget(extra)
    dialog.confirmed.connect(dialog.accept)
    dialog.open()
    return await finished(dialog) == int(QDialog.DialogCode.Accepted)
