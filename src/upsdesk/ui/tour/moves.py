"""Moves that several steps of the tour make: choosing what is next, starting it, confirming, waiting."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QWidget
from shiboken6 import isValid

from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import InputReadiness, Workitem
from upsdesk.ui import actions
from upsdesk.ui.dialogs import ConfirmDialog
from upsdesk.ui.tour import hands
from upsdesk.ui.tour.guide import Guide, Wrong
from upsdesk.ui.transitions.start import StartDialog

STATION = "FX1"


async def start_next(guide: Guide) -> WorkitemKey:
    """Start the next workitem of this desk's station; it is held here from now on."""
    key = next_at_station(guide)
    await guide.select(key)
    await guide.press_action(actions.START)
    dialog = await hands.dialog_of(StartDialog)
    await hands.pause(0.3)
    for box in dialog.findChildren(QCheckBox):
        if box.isVisible() and not box.isChecked():
            await hands.click(box)
    await confirm(dialog)
    await until_closed(dialog)
    await until_state(guide, key, ProcedureStepState.IN_PROGRESS)
    if not guide.desk.store.is_held(key):
        raise Wrong("this desk does not hold the workitem")
    return key


def next_at_station(guide: Guide) -> WorkitemKey:
    """The earliest workitem of this desk's station that can be started; robots leave that station alone."""

    def fits(workitem: Workitem) -> bool:
        return (
            workitem.state is ProcedureStepState.SCHEDULED
            and workitem.station == STATION
            and workitem.readiness is InputReadiness.READY
            and workitem.start is not None
            and bool(workitem.patient.name)
            and workitem.key not in (guide.chosen, guide.created)
        )

    keys = guide.desk.store.keys(guide.peer.id)
    found = [item for key in keys if (item := guide.desk.store.get(key)) is not None and fits(item)]
    if not found:
        raise Wrong(f"nothing can be started at {STATION}")
    return min(found, key=lambda item: item.start.instant if item.start else guide.desk.clock()).key


async def confirm(dialog: QWidget) -> None:
    """Tab to the confirm button and press it with Space, the way that the keyboard goes."""
    assert isinstance(dialog, ConfirmDialog)
    await hands.until(lambda: not dialog.waits, "the confirm button to be free")
    for _ in range(40):
        if QApplication.focusWidget() is dialog.yes_button:
            break
        await hands.press(QApplication.focusWidget() or dialog, Qt.Key.Key_Tab)
    else:
        raise Wrong("Tab does not reach the confirm button")
    await hands.press(dialog.yes_button, Qt.Key.Key_Space)


async def until_closed(dialog: QWidget) -> None:
    await hands.until(lambda: not isValid(dialog) or not dialog.isVisible(), "the dialog to close")


async def until_state(guide: Guide, key: WorkitemKey, state: ProcedureStepState) -> None:
    await hands.until(lambda: guide.item(key).state is state, f"the row to show {state.words}")
