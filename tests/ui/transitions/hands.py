"""Opening, filling and confirming a transition dialog on a desk with a fake server."""

import asyncio
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from tests.ui.desks import KEY, Setting, opened, pause, press, until
from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.operation import Operation
from upsdesk.domain.state import Action
from upsdesk.ui.transitions import run_transition
from upsdesk.ui.transitions.base import TransitionDialog

ACTS = (Operation.CHANGE_STATE, Operation.SET, Operation.REQUEST_CANCEL, Operation.CREATE)


@dataclass
class Open:
    """A dialog and the task that carries its act out."""

    task: asyncio.Task[None]
    dialog: TransitionDialog

    async def confirm(self) -> None:
        """Space on the confirm button, as the keyboard goes."""
        button = self.dialog.yes_button
        await until(
            lambda: button.isEnabled() and not self.dialog.waits, f"to go on: {self.dialog.line.text}"
        )
        self.dialog.yes_button.setFocus()
        await pause()
        await press(Qt.Key.Key_Space)

    async def told(self, words: str) -> str:
        """What the dialog says, once it has these words in it."""
        notice = self.dialog.notice
        await until(lambda: notice.isVisible() and words in notice.text, f"{words!r}")
        return notice.text

    async def ended(self) -> None:
        """Until the dialog has closed by itself."""
        await asyncio.wait_for(self.task, 5)

    async def close(self) -> None:
        self.dialog.reject()
        await asyncio.wait_for(self.task, 5)


async def begin(here: Setting, action: Action, key: WorkitemKey = KEY) -> Open:
    task = asyncio.ensure_future(run_transition(here.window, here.desk, key, action))
    dialog = await opened(here.window)
    assert isinstance(dialog, TransitionDialog)
    await until(lambda: dialog.elements() is not None, "the dialog's own reading")
    return Open(task, dialog)


def acts(here: Setting) -> list[Operation]:
    """What was sent to change something, in order."""
    return here.server.requests(*ACTS)


def words_of(dialog: TransitionDialog) -> str:
    return " | ".join(one.text() for one in dialog.findChildren(QLabel) if one.isVisibleTo(dialog))
