"""The transitions of a workitem as dialogs: from the question over the sending to the answer."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.state import Action
from upsdesk.domain.status import Kind, Outcome
from upsdesk.services.commands import Result, ResultKind
from upsdesk.services.desk import Desk
from upsdesk.ui.operators import Who, who_is_here
from upsdesk.ui.tasks import spawn
from upsdesk.ui.transitions.ask_to_cancel import RequestCancelDialog
from upsdesk.ui.transitions.base import TransitionDialog
from upsdesk.ui.transitions.cancel import CancelDialog
from upsdesk.ui.transitions.complete import CompleteDialog
from upsdesk.ui.transitions.progress import ProgressDialog
from upsdesk.ui.transitions.start import StartDialog


def make_dialog(parent: QWidget | None, desk: Desk, key: WorkitemKey, action: Action) -> TransitionDialog:
    """The dialog of an action; raises ValueError for Edit, which has a page."""
    if action is Action.START:
        return StartDialog(parent, desk, key)
    if action is Action.PROGRESS:
        return ProgressDialog(parent, desk, key)
    if action is Action.COMPLETE:
        return CompleteDialog(parent, desk, key)
    if action is Action.CANCEL:
        return CancelDialog(parent, desk, key)
    if action in (Action.CANCEL_BEFORE_START, Action.ASK_TO_CANCEL):
        return RequestCancelDialog(parent, desk, key, action)
    raise ValueError(f"{action} has no dialog")


async def run_transition(parent: QWidget | None, desk: Desk, key: WorkitemKey, action: Action) -> None:
    """Open the dialog, follow the workitem, and carry the act out as often as it is confirmed.

    Returns when the dialog is closed. The peer is the key's, whatever the window shows meanwhile. When the
    desk was left alone, before or while the dialog was open, it is asked whether the operator is the same;
    nothing that was confirmed for another one is sent.
    """
    if await who_is_here(parent, desk, action) is Who.NOBODY_SAID:
        return
    dialog = make_dialog(parent, desk, key, action)
    dialog.open()
    readings = [spawn(dialog.read_again(), "read before an act")]
    try:
        while (command := await dialog.next_command()) is not None:
            here = await who_is_here(dialog, desk, action)
            result = await command.run(desk) if here is Who.SAME else not_sent(desk, here)
            if dialog.show_result(result):
                break
            if result.kind in (ResultKind.UNKNOWN, ResultKind.CHANGED, ResultKind.REFUSED):
                readings.append(spawn(dialog.read_again(), "read after an act"))
    finally:
        for reading in readings:
            reading.cancel()
        dialog.dismiss()


def not_sent(desk: Desk, here: Who) -> Result:
    """The dialog was confirmed and nobody, or somebody else, said to be here: it stays as it was filled."""
    if here is Who.CHANGED:
        words = f"Nothing was sent: {desk.operator or 'nobody'} is the operator now"
        return Result(
            ResultKind.NOT_SENT, Outcome(Kind.NONE, words, "Look at what is filled in, then confirm.")
        )
    words = "Nothing was sent: it was not said who is here"
    return Result(ResultKind.NOT_SENT, Outcome(Kind.NONE, words, "Confirm again, and say who it is."))
