"""Who is at the desk: chosen, kept, suggested as performer, and asked for again after a pause."""

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

from tests.services.values import NOW
from tests.ui.desks import KEY, Setting, open_dialogs, opened, pause, press, setting, until
from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.cloning import as_new
from upsdesk.domain.codes import Code, codes_in
from upsdesk.domain.operation import Operation
from upsdesk.domain.operators import Operator, typed_code, typed_name
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.services.settings import Settings, SettingsError
from upsdesk.ui.held_strip import HeldStrip
from upsdesk.ui.new.correct import run_correction
from upsdesk.ui.operator_button import OperatorButton
from upsdesk.ui.operators import OperatorChoice, OperatorSheet, Presence
from upsdesk.ui.transitions import run_transition
from upsdesk.ui.transitions.base import TransitionDialog
from upsdesk.ui.transitions.complete import CompleteDialog

MEYER = Operator("Meyer^Anna", Code("AMEYER", "99HOSP", "Meyer, Anna"))
HUBER = Operator("Huber^Karl")


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_minutes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def here(tmp_path: Path, clock: Clock) -> AsyncIterator[Setting]:
    async with setting(tmp_path, clock=clock) as made:
        yield made


def begin(here: Setting, action: Action) -> asyncio.Task[None]:
    return asyncio.ensure_future(run_transition(here.window, here.desk, KEY, action))


def test_names_and_codes_are_read_as_typed() -> None:
    assert typed_name(" Meyer , Anna ") == "Meyer^Anna"
    assert typed_name("Meyer") == "Meyer"
    assert typed_code("", "Meyer^Anna", "99UPSDESK") is None
    assert typed_code("AM", "Meyer^Anna", "99UPSDESK") == Code("AM", "99UPSDESK", "Meyer, Anna")
    assert typed_code("AM^99HOSP^Anna", "Meyer", "99UPSDESK") == Code("AM", "99HOSP", "Anna")
    for wrong in ("", " , Anna", "Meyer^Anna", "a=b", "a\\b", "x" * 65):
        with pytest.raises(ValueError, match="name"):
            typed_name(wrong)
    for wrong in ("AM^99HOSP", "x" * 17, "a\\b"):
        with pytest.raises(ValueError, match=r"code|VALUE"):
            typed_code(wrong, "Meyer", "99UPSDESK")


async def test_the_operator_is_kept_in_the_settings(here: Setting) -> None:
    for operator in (MEYER, HUBER, MEYER):
        here.desk.duty.choose(operator)
    again = Settings.load(here.desk.folder).desk
    assert again.operators == (MEYER, HUBER)
    assert again.operator == "Meyer^Anna"
    here.desk.duty.choose(None)
    assert Settings.load(here.desk.folder).desk == replace(again, operator="")
    assert here.desk.operator == ""


def test_a_wrong_list_of_operators_is_named(tmp_path: Path) -> None:
    for text, place in (
        ("operators = 3", "operators"),
        ('[[operators]]\nname = ""', "operator 1, name"),
        ('[[operators]]\nname = "A"\n[[operators]]\nname = "A"', "operator 2, name"),
        ('[[operators]]\nname = "A"\ncode = "x"', "operator 1, code"),
    ):
        (tmp_path / "desk.toml").write_text(f"version = 1\n{text}\n")
        with pytest.raises(SettingsError, match=place):
            Settings.load(tmp_path)


async def test_the_performer_is_the_operator_by_name_and_code(here: Setting) -> None:
    here.desk.duty.choose(MEYER)
    await here.claim()
    task = begin(here, Action.COMPLETE)
    dialog = await opened(here.window)
    assert isinstance(dialog, CompleteDialog)
    await until(dialog.use_all.isVisible, "the suggestions")
    dialog.use_all.click()
    performer = dialog.need("Human performer")
    if performer.element is None:
        performer.use_preset()
    dialog.yes_button.click()
    await asyncio.wait_for(task, 5)
    performed = here.server.workitems[KEY.uid].elements.items(
        tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE
    )[0]
    person = performed.items(tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE)[0]
    assert person.text(tags.HUMAN_PERFORMER_NAME) == "Meyer^Anna"
    assert codes_in(person, tags.HUMAN_PERFORMER_CODE_SEQUENCE) == (MEYER.code,)


async def test_vault_journal_and_strip_name_the_operator(here: Setting) -> None:
    here.desk.duty.choose(MEYER)
    await here.claim()
    assert here.desk.held_entries()[0].operator == "Meyer, Anna"
    assert {entry.operator for entry in here.desk.desk_file.journal(KEY)} == {"Meyer, Anna"}
    strip = HeldStrip(here.desk, here.window)
    assert strip.items[0].rest.startswith("by Meyer 09:30")
    assert "held by this desk by Meyer 09:30" in strip.items[0].sentence
    strip.stop()


async def test_a_change_lists_what_is_held_and_stays_without_a_yes(here: Setting) -> None:
    here.desk.duty.choose(MEYER)
    here.desk.duty.choose(HUBER)
    button = OperatorButton(here.desk.duty, here.window)
    choice = OperatorChoice(here.window, here.desk, button)
    choice.choose(MEYER)  # nothing is held: there is nothing to ask
    await until(lambda: here.desk.operator == "Meyer, Anna", "the change")
    assert button.text() == " Meyer"
    assert button.accessibleName() == "Operator: Meyer, Anna"
    await here.claim()
    button.chosen.emit(HUBER)
    dialog = await opened(here.window)
    words = " | ".join(one.text() for one in dialog.findChildren(QLabel))
    for expected in (
        "Novak, Jana, ID PAT-1, born 1962-04-10, F",
        "started 09:30 by Meyer, Anna",
        "1 workitem",
    ):
        assert expected in words
    await press(Qt.Key.Key_Return)
    await until(lambda: not list(open_dialogs(here.window)), "the end of the question")
    assert here.desk.operator == "Meyer, Anna"
    button.chosen.emit(HUBER)
    dialog = await opened(here.window)
    await press(Qt.Key.Key_Tab, Qt.Key.Key_Space)
    await until(lambda: here.desk.operator == "Huber, Karl", "the change")


async def test_somebody_new_is_asked_for_by_name(here: Setting) -> None:
    button = OperatorButton(here.desk.duty, here.window)
    assert button.text() == " No operator"
    choice = OperatorChoice(here.window, here.desk, button)
    choice.add()
    sheet = await opened(here.window)
    assert isinstance(sheet, OperatorSheet)
    sheet.name.setText("Meyer^Anna")
    await press(Qt.Key.Key_Return)
    assert sheet.isVisible() and sheet.name.property("invalid")
    sheet.name.setText("Meyer, Anna")
    sheet.code.setText("AMEYER^99HOSP^Meyer, Anna")
    await press(Qt.Key.Key_Return)
    await until(lambda: here.desk.duty.operator == MEYER, "the operator")
    button.remove_requested.emit(MEYER)
    assert here.desk.duty.known == ()
    assert button.text() == " No operator"


async def test_after_thirty_idle_minutes_it_is_asked_who_is_here(here: Setting, clock: Clock) -> None:
    here.desk.duty.choose(MEYER)
    clock.pass_minutes(29)
    here.desk.duty.touch()
    clock.pass_minutes(30)
    here.desk.duty.touch()  # the mouse moves: somebody is here, and nobody knows who
    task = begin(here, Action.START)
    question = await opened(here.window)
    assert question.windowTitle() == "Still Meyer?"
    assert "30 min" in " ".join(one.text() for one in question.findChildren(QLabel))
    assert not isinstance(question, TransitionDialog)
    await press(Qt.Key.Key_Return)
    await asyncio.wait_for(task, 5)  # not now: nothing comes after it
    task = begin(here, Action.START)
    question = await opened(here.window)
    question.yes_button.setFocus()
    await press(Qt.Key.Key_Space)
    await until(lambda: here.window.findChildren(TransitionDialog), "the dialog of the start")
    dialog = await opened(here.window)
    assert dialog.windowTitle() == "Start this workitem?"
    dialog.reject()
    await asyncio.wait_for(task, 5)
    task = begin(here, Action.START)  # and only the next one
    dialog = await opened(here.window)
    assert dialog.windowTitle() == "Start this workitem?"
    dialog.reject()
    await asyncio.wait_for(task, 5)


async def test_a_scan_does_not_say_who_is_here(here: Setting, clock: Clock) -> None:
    here.desk.duty.choose(MEYER)
    clock.pass_minutes(45)
    task = begin(here, Action.START)
    question = await opened(here.window)
    for on_yes in (False, True):
        if on_yes:
            question.yes_button.setFocus()
        for key in "471190200123\r   ":
            code = Qt.Key.Key_Return if key == "\r" else Qt.Key(ord(key))
            QTest.keyClick(QApplication.focusWidget() or question, code)
        await pause()
        assert question.isVisible()
        assert here.desk.duty.is_doubted
    question.reject()
    await asyncio.wait_for(task, 5)
    assert here.server.requests(Operation.CHANGE_STATE) == []


async def test_a_dialog_that_was_left_open_asks_before_it_sends(here: Setting, clock: Clock) -> None:
    here.desk.duty.choose(MEYER)
    task = begin(here, Action.START)
    dialog = await opened(here.window)
    clock.pass_minutes(31)
    here.desk.duty.touch()
    dialog.yes_button.setFocus()
    await press(Qt.Key.Key_Space)
    question = await until(_question, "the question")
    await until(question.no_button.hasFocus, "the focus")
    await pause()
    await press(Qt.Key.Key_Return)
    await until(lambda: "Nothing was sent" in dialog.notice.text, "what became of it")
    assert here.server.requests(Operation.CHANGE_STATE) == []
    assert dialog.isVisible()
    dialog.activateWindow()  # as the window system does
    dialog.yes_button.setFocus()
    await press(Qt.Key.Key_Space)
    question = await until(_question, "the question again")
    await until(question.no_button.hasFocus, "the focus")
    question.yes_button.setFocus()
    await pause()
    await press(Qt.Key.Key_Space)
    await asyncio.wait_for(task, 5)
    assert here.server.state_of(KEY.uid) is ProcedureStepState.IN_PROGRESS


async def test_a_replacement_asks_who_is_here_before_it_sends(here: Setting, clock: Clock) -> None:
    here.desk.duty.choose(MEYER)
    old = here.server.workitems[KEY.uid].elements
    new = as_new(old).with_elements(element(tags.PATIENT_ID, "PAT-9"))
    task = asyncio.create_task(run_correction(here.window, here.desk, KEY, old, new, None))
    dialog = await opened(here.window)
    assert isinstance(dialog, TransitionDialog)
    clock.pass_minutes(31)
    here.desk.duty.touch()
    dialog.yes_button.setFocus()
    await press(Qt.Key.Key_Space)
    question = await until(_question, "the question")
    await until(question.no_button.hasFocus, "the focus")
    await pause()
    await press(Qt.Key.Key_Return)
    await until(lambda: "Nothing was sent" in dialog.notice.text, "what became of it")
    assert here.server.requests(Operation.CREATE, Operation.REQUEST_CANCEL) == []
    dialog.reject()
    assert await asyncio.wait_for(task, 5) is None


def _question():
    active = QApplication.activeModalWidget()
    return active if active is not None and active.windowTitle() == "Still Meyer?" else None


async def test_what_can_be_taken_back_and_a_desk_without_operator_ask_nothing(
    here: Setting, clock: Clock
) -> None:
    await here.claim()
    clock.pass_minutes(60)
    task = begin(here, Action.COMPLETE)  # nobody is set
    dialog = await opened(here.window)
    assert isinstance(dialog, CompleteDialog)
    dialog.reject()
    await asyncio.wait_for(task, 5)
    here.desk.duty.choose(MEYER)
    clock.pass_minutes(60)
    task = begin(here, Action.PROGRESS)
    dialog = await opened(here.window)
    assert isinstance(dialog, TransitionDialog)
    dialog.reject()
    await asyncio.wait_for(task, 5)


async def test_keys_and_mouse_of_the_window_count_as_presence(here: Setting, clock: Clock) -> None:
    Presence(here.window, here.desk.duty)
    here.desk.duty.choose(MEYER)
    handle = here.window.windowHandle()
    for touch in (
        lambda: QTest.keyClick(handle, Qt.Key.Key_Down),
        lambda: QTest.mouseMove(handle, QPoint(30, 30)),
        lambda: QTest.mouseClick(
            handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(9, 9)
        ),
    ):
        clock.pass_minutes(20)
        touch()
        await pause()
    assert not here.desk.duty.is_doubted
    clock.pass_minutes(30)
    assert here.desk.duty.is_doubted


async def test_the_next_start_does_not_believe_in_the_last_operator(tmp_path: Path) -> None:
    async with setting(tmp_path) as before:
        before.desk.duty.choose(MEYER)
        assert not before.desk.duty.is_doubted
        kept = before.desk.settings.desk
    async with setting(tmp_path) as after:
        after.desk.settings.save_desk(kept)
        assert after.desk.duty.is_doubted
