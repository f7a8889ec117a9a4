"""What speaks against a start is ticked first, with real keys; without a warning nothing holds it up."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from tests.services.values import NOW, key_of
from tests.ui.desks import KEY, Setting, opened, pause, press, setting, treatment, until
from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.operation import Operation
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.ui.transitions import run_transition
from upsdesk.ui.transitions.start import StartDialog
from upsdesk.ui.transitions.tick_list import ARMED_AFTER_MS

S = ProcedureStepState


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def here(tmp_path: Path, clock: Clock) -> AsyncIterator[Setting]:
    async with setting(tmp_path, clock=clock) as made:
        yield made


async def begin(here: Setting) -> tuple[asyncio.Task[None], StartDialog]:
    task = asyncio.ensure_future(run_transition(here.window, here.desk, KEY, Action.START))
    dialog = await opened(here.window)
    assert isinstance(dialog, StartDialog)
    await until(lambda: dialog.elements() is not None, "the dialog's own reading")
    return task, dialog


async def close(task: asyncio.Task[None], dialog: StartDialog) -> None:
    dialog.reject()
    await asyncio.wait_for(task, 5)


def change(here: Setting, tag: int, value: str) -> None:
    here.server.change(KEY.uid, element(tag, value))
    here.read()


def claims(here: Setting) -> int:
    return len(here.server.requests(Operation.CHANGE_STATE))


async def look_alike(here: Setting) -> None:
    here.server.add(key_of(2).uid, treatment(name="Novák^Jana", patient_id="PAT-7"))
    here.read(key_of(2))


async def other_station(here: Setting) -> None:
    here.desk.settings.save_desk(replace(here.desk.settings.desk, station="FX2"))


async def other_day(here: Setting) -> None:
    change(here, tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME, "20260305100000+0000")


async def earlier_day(here: Setting) -> None:
    change(here, tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME, "20260303")


async def inputs(here: Setting) -> None:
    change(here, tags.INPUT_READINESS_STATE, "INCOMPLETE")


async def expired(here: Setting) -> None:
    change(here, tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME, "20260304090000+0000")


async def holds_another(here: Setting) -> None:
    here.server.add(key_of(3).uid, treatment(name="Dvorak^Petr", patient_id="PAT-3", label="Boost"))
    here.read(key_of(3))
    await here.claim(key_of(3))


CASES = {
    "look-alike": (look_alike, "Novak, Jana, ID PAT-1, can be taken for somebody else."),
    "other station": (other_station, "It is planned for station FX1; this desk is FX2."),
    "another day": (other_day, "It is planned for another day: 03-05 10:00."),
    "an earlier day": (earlier_day, "It is planned for another day: 03-03."),
    "inputs": (inputs, "Inputs incomplete: what it needs is not all there."),
    "expired": (expired, "It has expired: it was to be started until 09:00."),
    "holds another": (
        holds_another,
        "This desk already holds Dvorak, Petr, ID PAT-3, born 1962-04-10, F (Boost) at FX1 since 09:30.",
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_a_warning_is_ticked_and_a_second_passes_before_the_start(here: Setting, case: str) -> None:
    prepare, words = CASES[case]
    await prepare(here)
    before = claims(here)
    task, dialog = await begin(here)
    (told,) = dialog.warnings.warnings
    assert told.startswith(words)
    assert dialog.waits
    assert "1 warning to be ticked" in dialog.line.text
    # Shift+Tab from No to the confirm button: pressed too early, it leads to the box.
    dialog.yes_button.setFocus()
    await press(Qt.Key.Key_Space)
    (box,) = dialog.warnings.boxes
    assert box.hasFocus() and box.accessibleName() == told
    await press(Qt.Key.Key_Space)
    assert box.isChecked()
    assert dialog.line.text == "Start waits for: a moment after the last tick"
    dialog.yes_button.setFocus()
    await press(Qt.Key.Key_Space)
    assert claims(here) == before
    await pause(ARMED_AFTER_MS)
    assert not dialog.waits
    await press(Qt.Key.Key_Space)
    await asyncio.wait_for(task, 5)
    assert here.server.state_of(KEY.uid) is S.IN_PROGRESS


async def test_without_a_warning_there_is_no_delay(here: Setting) -> None:
    task, dialog = await begin(here)
    assert dialog.warnings.isHidden()
    assert not dialog.waits
    await close(task, dialog)


async def test_several_warnings_each_want_their_tick(here: Setting) -> None:
    for prepare in (look_alike, other_day, inputs, holds_another):
        await prepare(here)
    before = claims(here)
    task, dialog = await begin(here)
    assert len(dialog.warnings.boxes) == 4
    await until(lambda: dialog.line.text == "Start waits for: 4 warnings to be ticked", "the reason")
    for box in dialog.warnings.boxes:
        box.setFocus()
        await press(Qt.Key.Key_Space)
    first = dialog.warnings.boxes[0]
    first.setFocus()
    await press(Qt.Key.Key_Space)  # taken back: the second starts anew with its next tick
    await pause(ARMED_AFTER_MS + 50)
    assert dialog.waits
    words = next(
        one for one in dialog.warnings.findChildren(QLabel) if one.text() == dialog.warnings.warnings[0]
    )
    QTest.mouseClick(words, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(20, 5))
    assert first.isChecked()
    assert dialog.waits
    await until(lambda: not dialog.waits, "the second after the last tick")
    assert claims(here) == before
    await close(task, dialog)


@pytest.mark.parametrize("on", ["no", "box", "yes"])
async def test_a_scan_ticks_and_sends_nothing(here: Setting, on: str) -> None:
    await inputs(here)
    task, dialog = await begin(here)
    (box,) = dialog.warnings.boxes
    if on == "yes":  # all is ticked and armed
        box.click()
        await until(lambda: not dialog.waits, "the confirm button")
    was = box.isChecked()
    {"no": dialog.no_button, "box": box, "yes": dialog.yes_button}[on].setFocus()
    for key in "471190200123\r":
        code = Qt.Key.Key_Return if key == "\r" else Qt.Key(ord(key))
        QTest.keyClick(QApplication.focusWidget() or dialog, code)
    for _ in range(3):  # and a scanner that sends spaces
        QTest.keyClick(QApplication.focusWidget() or dialog, Qt.Key.Key_Space)
    await pause()
    assert dialog.isVisible()
    assert box.isChecked() is was
    assert claims(here) == 0
    await close(task, dialog)


async def test_enter_on_a_box_is_no(here: Setting) -> None:
    await inputs(here)
    task, dialog = await begin(here)
    dialog.warnings.boxes[0].setFocus()
    await press(Qt.Key.Key_Return)
    await asyncio.wait_for(task, 5)
    assert claims(here) == 0


async def test_what_is_said_anew_is_ticked_anew(here: Setting) -> None:
    await inputs(here)
    await other_day(here)
    task, dialog = await begin(here)
    for box in dialog.warnings.boxes:
        box.click()
    await until(lambda: not dialog.waits, "the confirm button")
    change(here, tags.INPUT_READINESS_STATE, "UNAVAILABLE")
    day, readiness = dialog.warnings.boxes
    assert day.isChecked() and not readiness.isChecked()
    assert dialog.waits
    await close(task, dialog)


async def test_a_warning_that_comes_with_the_time_holds_the_press_back(here: Setting, clock: Clock) -> None:
    change(here, tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME, "20260304103000+0000")
    task, dialog = await begin(here)
    assert not dialog.waits
    clock.now += timedelta(hours=2)
    dialog.yes_button.setFocus()
    await press(Qt.Key.Key_Space)
    assert claims(here) == 0
    assert dialog.waits
    assert dialog.warnings.warnings == ("It has expired: it was to be started until 10:30.",)
    await close(task, dialog)


async def test_what_the_reading_before_the_claim_brings_up_stops_it(here: Setting) -> None:
    task, dialog = await begin(here)
    here.server.before[Operation.GET] = lambda: here.server.change(
        KEY.uid, element(tags.INPUT_READINESS_STATE, "UNAVAILABLE")
    )
    dialog.yes_button.setFocus()
    await press(Qt.Key.Key_Space)
    await until(dialog.notice.isVisible, "the change")
    assert claims(here) == 0
    assert "Nothing was sent" in dialog.notice.text and "Inputs" in dialog.notice.text
    assert dialog.warnings.warnings == ("Inputs unavailable: what it needs is not all there.",)
    assert here.desk.desk_file.entries() == ()
    dialog.warnings.boxes[0].click()
    await until(lambda: not dialog.waits, "the confirm button")
    dialog.yes_button.click()
    await asyncio.wait_for(task, 5)
    assert here.server.state_of(KEY.uid) is S.IN_PROGRESS


async def test_what_is_held_at_another_station_does_not_count(here: Setting) -> None:
    await holds_another(here)
    change(here, tags.PROCEDURE_STEP_LABEL, "Plan")
    entry = here.desk.held_entries()[0]
    here.desk.vault.put(replace(entry, station="FX2"))
    task, dialog = await begin(here)
    assert dialog.warnings.warnings == ()
    await close(task, dialog)
