"""Asks for the passphrase of a hand-over: twice for a new file, once for one that is read."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QWidget

from upsdesk.services.hand_over import HandOverError, check_passphrase
from upsdesk.ui.dialogs import ConfirmDialog
from upsdesk.ui.fields import FieldMessage, caption_grid


class PassphraseSheet(ConfirmDialog):
    """After `accept`, `passphrase` is what was typed."""

    def __init__(
        self, parent: QWidget | None, title: str, subtitle: str, *, yes: str, is_new: bool, demo: bool
    ) -> None:
        super().__init__(
            parent,
            title,
            subtitle,
            yes=yes,
            no="Discard",
            icon="lock",
            enter_confirms=True,
            demo=demo,
            width=520,
        )
        self._is_new = is_new
        self.field = _hidden("Passphrase")
        self.again = _hidden("The same passphrase again")
        self.message = FieldMessage(self.field)
        self._again_message = FieldMessage(self.again)
        rows = [("Passphrase", self.field, self.message)]
        if is_new:
            rows.append(("Once more", self.again, self._again_message))
            self.message.say("At least 8 characters. Tell it to the other desk by another way than the file.")
        self.middle.addLayout(caption_grid(rows))
        self.confirmed.connect(self._try)

    def first_focus(self) -> QWidget:
        return self.field

    @property
    def passphrase(self) -> str:
        return self.field.text()

    def tell_wrong(self, problem: str) -> None:
        """The passphrase did not open the file: said when the sheet comes up again."""
        self.message.warn(problem)

    def _try(self) -> None:
        try:
            check_passphrase(self.passphrase)
        except HandOverError as error:
            self.message.warn(str(error))
            self.field.setFocus()
            return
        if self._is_new and self.again.text() != self.passphrase:
            self._again_message.warn("The two are not the same: write it once more.")
            self.again.setFocus()
            return
        self.accept()


def _hidden(name: str) -> QLineEdit:
    edit = QLineEdit()
    edit.setEchoMode(QLineEdit.EchoMode.Password)
    edit.setAccessibleName(name)
    edit.setMaxLength(200)
    return edit
