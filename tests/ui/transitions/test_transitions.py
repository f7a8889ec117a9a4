"""The transition dialogs on a real desk: what is sent, what is shown, and what never is."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QLineEdit

from tests.services.fake_peer import Fault
from tests.services.values import NOW, key_of
from tests.ui.desks import KEY, Setting, open_dialogs, opened, pause, press, setting, treatment, until
from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.codes import codes_in
from upsdesk.domain.events import CancelRequested, StateReported
from upsdesk.domain.operation import Operation
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.domain.workitem import read_progress
from upsdesk.ui.dialog_frame import Scrim
from upsdesk.ui.transitions import run_transition
from upsdesk.ui.transitions.ask_to_cancel import RequestCancelDialog
from upsdesk.ui.transitions.base import TransitionDialog
from upsdesk.ui.transitions.cancel import CancelDialog
from upsdesk.ui.transitions.complete import CompleteDialog
from upsdesk.ui.transitions.progress import ProgressDialog

S = ProcedureStepState
ACTS = (Operation.CHANGE_STATE, Operation.SET, Operation.REQUEST_CANCEL)


@pytest_asyncio.fixture
async def here(tmp_path: Path) -> AsyncIterator[Setting]:
    async with setting(tmp_path) as made:
        yield made


def acts(here: Setting) -> list[Operation]:
    return here.server.requests(*ACTS)


async def begin(here: Setting, action: Action) -> tuple[asyncio.Task[None], TransitionDialog]:
    task = asyncio.ensure_future(run_transition(here.window, here.desk, KEY, action))
    dialog = await opened(here.window)
    assert isinstance(dialog, TransitionDialog)
    return task, dialog


async def close(task: asyncio.Task[None], dialog: TransitionDialog) -> None:
    dialog.reject()
    await asyncio.wait_for(task, 5)


def words_of(dialog: TransitionDialog) -> str:
    return " | ".join(one.text() for one in dialog.findChildren(QLabel) if one.isVisibleTo(dialog))


async def test_three_keys_start_a_workitem(here: Setting) -> None:
    task, dialog = await begin(here, Action.START)
    assert dialog.yes_button.text() == "Start Novak, Jana"
    assert dialog.no_button.hasFocus()
    await press(Qt.Key.Key_Tab, Qt.Key.Key_Space)
    await asyncio.wait_for(task, 5)
    assert here.server.state_of(KEY.uid) is S.IN_PROGRESS
    assert here.desk.held_keys() == (KEY,)


async def test_the_dialog_shows_who_what_where_and_what_is_sent(here: Setting) -> None:
    task, dialog = await begin(here, Action.START)
    words = words_of(dialog)
    for expected in ("Novak, Jana", "PAT-1", "1962-04-10", "FX1", "Scheduled", "In progress", "Test server"):
        assert expected in words
    assert "This is final" in words
    assert "Clinical" in words
    assert "N-ACTION 1" in words
    await close(task, dialog)


async def test_enter_sends_nothing(here: Setting) -> None:
    task, _ = await begin(here, Action.START)
    await press(Qt.Key.Key_Return)
    await asyncio.wait_for(task, 5)
    assert acts(here) == []
    assert here.server.state_of(KEY.uid) is S.SCHEDULED


async def test_other_open_workitems_of_the_patient_are_listed(here: Setting) -> None:
    for number, state, label in ((2, S.SCHEDULED, "Registration"), (3, S.COMPLETED, "Old one")):
        here.server.add(key_of(number).uid, treatment(state, label=label))
        here.read(key_of(number))
    here.server.add(key_of(4).uid, treatment(label="Somebody else's", patient_id="PAT-2"))
    here.read(key_of(4))
    task, dialog = await begin(here, Action.START)
    words = words_of(dialog)
    assert "Registration · Scheduled" in words
    assert "Old one" not in words
    assert "Somebody else's" not in words
    await close(task, dialog)


async def test_a_name_that_changed_at_the_server_is_shown_and_nothing_is_sent(here: Setting) -> None:
    task, dialog = await begin(here, Action.START)
    here.server.before[Operation.GET] = lambda: here.server.change(
        KEY.uid, element(tags.PATIENT_NAME, "Nowak^Jana")
    )
    await press(Qt.Key.Key_Tab, Qt.Key.Key_Space)
    await until(dialog.notice.isVisible, "the change")
    assert acts(here) == []
    assert "Name: Novak, Jana → Nowak, Jana" in dialog.notice.text
    assert "Nothing was sent" in dialog.notice.text
    assert dialog.banner.name_text == "Nowak, Jana"
    assert dialog.yes_button.text() == "Start Nowak, Jana"
    assert dialog.no_button.hasFocus()
    # A fresh confirmation is for the new facts.
    assert dialog.line.text == "Look at what has changed first"
    await until(lambda: not dialog.waits, "the confirm button")
    await press(Qt.Key.Key_Tab, Qt.Key.Key_Space)
    await asyncio.wait_for(task, 5)
    assert here.server.state_of(KEY.uid) is S.IN_PROGRESS


async def test_a_press_that_was_meant_for_another_patient_sends_nothing(here: Setting) -> None:
    task, dialog = await begin(here, Action.START)
    dialog.yes_button.setFocus()
    QTest.keyClick(dialog.yes_button, Qt.Key.Key_Space)
    here.server.change(KEY.uid, element(tags.PATIENT_NAME, "Nowak^Jana"))
    here.read()  # before the key press has stood alone long enough to count
    dialog.yes_button.click()  # a click on its way
    await pause()
    assert acts(here) == []
    assert "Name: Novak, Jana → Nowak, Jana" in dialog.notice.text
    assert dialog.isVisible()
    assert dialog.no_button.hasFocus()
    await until(lambda: not dialog.waits, "the confirm button")
    await press(Qt.Key.Key_Tab, Qt.Key.Key_Space)
    await asyncio.wait_for(task, 5)
    assert here.server.state_of(KEY.uid) is S.IN_PROGRESS


async def test_what_changed_while_an_answer_was_waited_for_is_told_with_it(here: Setting) -> None:
    task, dialog = await begin(here, Action.START)
    here.server.fail(Operation.CHANGE_STATE, 0x0110)
    here.server.before[Operation.CHANGE_STATE] = lambda: here.server.change(
        KEY.uid, element(tags.PATIENT_NAME, "Nowak^Jana")
    )
    dialog.yes_button.click()
    await until(lambda: "Nowak" in dialog.notice.text, "the change")
    assert "0110" in dialog.notice.text
    assert "Name: Novak, Jana → Nowak, Jana" in dialog.notice.text
    await close(task, dialog)


@pytest.mark.parametrize("on_yes", [False, True], ids=["as-opened", "on-yes"])
@pytest.mark.parametrize(
    "action",
    [Action.START, Action.PROGRESS, Action.COMPLETE, Action.CANCEL, Action.CANCEL_BEFORE_START],
    ids=lambda action: action.name,
)
async def test_a_scan_sends_nothing(here: Setting, action: Action, on_yes: bool) -> None:
    if action in (Action.PROGRESS, Action.COMPLETE, Action.CANCEL):
        await here.claim()
    before = acts(here)
    task, dialog = await begin(here, action)
    await ready(dialog)
    if on_yes:
        dialog.yes_button.setFocus()
    for key in "471190200123\r":
        code = Qt.Key.Key_Return if key == "\r" else Qt.Key(ord(key))
        QTest.keyClick(QApplication.focusWidget() or dialog, code)
    await pause()
    assert dialog.isVisible()
    assert not dialog.notice.isVisible()
    assert acts(here) == before
    await close(task, dialog)


async def ready(dialog: TransitionDialog) -> None:
    """Fill what the confirm button waits for."""
    if isinstance(dialog, ProgressDialog):
        dialog.description.setText("Beam 2 of 3")
    elif isinstance(dialog, CompleteDialog):
        await until(dialog.use_all.isVisible, "the suggestions")
        dialog.use_all.click()
    elif isinstance(dialog, CancelDialog):
        dialog.reason.setCurrentIndex(3)
    elif isinstance(dialog, RequestCancelDialog):
        dialog.text.setText("Machine down")
    assert not dialog.waits, dialog.line.text


async def test_a_start_by_somebody_else_reaches_the_open_dialog(here: Setting) -> None:
    task, dialog = await begin(here, Action.START)
    here.desk.apply(StateReported(KEY, S.IN_PROGRESS, NOW))
    assert "State: Scheduled → In progress" in dialog.notice.text
    assert dialog.waits
    assert "Another system has already started it." in dialog.line.text
    await press(Qt.Key.Key_Tab, Qt.Key.Key_Space)
    assert acts(here) == []
    await close(task, dialog)


async def test_a_request_to_cancel_reaches_the_open_dialog_of_complete(here: Setting) -> None:
    await here.claim()
    task, dialog = await begin(here, Action.COMPLETE)
    assert isinstance(dialog, CompleteDialog)
    await until(lambda: dialog.elements() is not None, "the reading")
    dialog.use_all.click()
    assert not dialog.waits
    dialog.yes_button.setFocus()
    here.desk.apply(CancelRequested(KEY, NOW, "PLANNER", "Called to surgery"))
    dialog.yes_button.click()  # a click on its way
    await until(dialog.notice.isVisible, "the request")
    assert "PLANNER asks to cancel this workitem" in dialog.notice.text
    assert "Called to surgery" in dialog.notice.text
    assert here.server.requests(Operation.SET) == [] and here.server.state_of(KEY.uid) is S.IN_PROGRESS
    assert dialog.no_button.hasFocus() and dialog.title_label.text() == "Complete this workitem?"
    await until(lambda: not dialog.waits, "a second to look")
    await press(Qt.Key.Key_Tab, Qt.Key.Key_Space)
    await asyncio.wait_for(task, 5)
    assert here.server.state_of(KEY.uid) is S.COMPLETED


async def test_an_answered_dialog_asks_nothing_any_more(here: Setting) -> None:
    task, dialog = await begin(here, Action.START)
    here.server.fail(Operation.CHANGE_STATE, *[Fault.LOST_BEFORE] * 4)
    dialog.yes_button.click()
    await until(dialog.notice.isVisible, "what became of it")
    assert dialog.yes_button.isHidden() and dialog.title_label.text() == "Start this workitem"
    await close(task, dialog)


async def test_a_refusal_stays_with_code_and_next_step(here: Setting) -> None:
    task, dialog = await begin(here, Action.START)
    here.server.fail(Operation.CHANGE_STATE, 0xC301)
    await press(Qt.Key.Key_Tab, Qt.Key.Key_Space)
    await until(dialog.notice.isVisible, "the refusal")
    assert "C301" in dialog.notice.text
    assert "Choose another workitem, or Ask to cancel." in dialog.notice.text
    assert dialog.isVisible()
    await close(task, dialog)


async def test_after_a_refusal_it_can_be_confirmed_again_or_closed_at_once(here: Setting) -> None:
    here.server.fail(Operation.CHANGE_STATE, 0x0110, 0x0110)
    task, dialog = await begin(here, Action.START)
    dialog.yes_button.click()
    await until(dialog.notice.isVisible, "the refusal")
    dialog.yes_button.click()  # while the workitem is still being read again
    await until(lambda: len(here.server.requests(Operation.CHANGE_STATE)) == 2, "the second request")
    await until(dialog.notice.isVisible, "the second refusal")
    assert "0110" in dialog.notice.text
    await close(task, dialog)


async def test_no_answer_is_neither_success_nor_failure(here: Setting) -> None:
    await here.claim()
    task, dialog = await begin(here, Action.PROGRESS)
    assert isinstance(dialog, ProgressDialog)
    dialog.percent.setValue(40)
    here.server.fail(Operation.SET, Fault.LOST_BEFORE)
    reads = len(here.server.requests(Operation.GET))
    await press(Qt.Key.Key_Return)
    await until(dialog.notice.isVisible, "the missing answer")
    assert "unknown" in dialog.notice.text.lower()
    assert not dialog.yes_button.isVisible()
    assert dialog.no_button.text() == "Close"
    await until(lambda: len(here.server.requests(Operation.GET)) > reads + 1, "the workitem read again")
    await close(task, dialog)


async def test_a_confirmed_dialog_stays_until_its_answer(here: Setting) -> None:
    task, dialog = await begin(here, Action.START)
    here.server.fail(Operation.CHANGE_STATE, Fault.SILENCE)
    await press(Qt.Key.Key_Tab, Qt.Key.Key_Space)
    await until(lambda: Operation.CHANGE_STATE in here.server.requests(), "the request")
    assert dialog.line.text == "Starting at Test server"
    assert not dialog.yes_button.isEnabled()
    assert not dialog.no_button.isEnabled()
    dialog.reject()
    dialog.close()  # as the window system asks
    await press(Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert [scrim.isVisible() for scrim in here.window.findChildren(Scrim)] == [True]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not list(open_dialogs(here.window))


async def test_progress_sends_once_what_was_changed(here: Setting) -> None:
    await here.claim()
    task, dialog = await begin(here, Action.PROGRESS)
    assert isinstance(dialog, ProgressDialog)
    assert dialog.waits
    assert dialog.percent.hasFocus()
    await press(Qt.Key.Key_4, Qt.Key.Key_5, Qt.Key.Key_Return)
    await asyncio.wait_for(task, 5)
    (sent,) = [
        one for one in here.server.sent_elements if tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE in one
    ]
    item = sent.items(tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE)[0]
    assert read_progress(item).percent == 45
    assert tags.PROCEDURE_STEP_PROGRESS_DESCRIPTION not in item
    workitem = here.desk.store.get(KEY)
    assert workitem is not None and workitem.progress.percent == 45


async def test_complete_waits_for_what_the_final_state_needs(here: Setting) -> None:
    await here.claim()
    task, dialog = await begin(here, Action.COMPLETE)
    assert isinstance(dialog, CompleteDialog)
    await until(dialog.use_all.isVisible, "the suggestions")
    assert dialog.waits
    assert "Complete waits for:" in dialog.line.text
    assert "Performed station" in dialog.line.text
    await press(Qt.Key.Key_Tab, Qt.Key.Key_Space)
    assert acts(here) == [Operation.CHANGE_STATE]  # of the claim
    assert dialog.use_all.hasFocus()
    await close(task, dialog)


async def test_a_few_keys_complete_when_every_suggestion_is_right(here: Setting) -> None:
    await here.claim()
    task, dialog = await begin(here, Action.COMPLETE)
    assert isinstance(dialog, CompleteDialog)
    await until(dialog.use_all.isVisible, "the suggestions")
    dialog.use_all.click()
    assert not dialog.waits, dialog.line.text
    assert "Human performer" in words_of(dialog)
    assert dialog.no_button.hasFocus()
    await press(Qt.Key.Key_Tab, Qt.Key.Key_Space)
    await asyncio.wait_for(task, 5)
    assert here.server.state_of(KEY.uid) is S.COMPLETED
    stored = here.server.workitems[KEY.uid].elements
    performed = stored.items(tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE)[0]
    assert [code.value for code in codes_in(performed, tags.PERFORMED_STATION_NAME_CODE_SEQUENCE)] == ["FX1"]
    assert performed.text(tags.PERFORMED_PROCEDURE_STEP_END_DATE_TIME).startswith("20260304093000")
    assert tags.OUTPUT_INFORMATION_SEQUENCE in performed
    assert here.desk.held_keys() == ()


async def test_a_performer_who_is_known_is_sent(here: Setting) -> None:
    await here.claim()
    task, dialog = await begin(here, Action.COMPLETE)
    assert isinstance(dialog, CompleteDialog)
    await until(dialog.use_all.isVisible, "the suggestions")
    dialog.use_all.click()
    performer = dialog.need("Human performer")
    assert isinstance(performer.field, QLineEdit)
    for text, is_taken in (("Meyer^Anna", False), ("Meyer, Anna", True)):
        performer.field.setText(text)
        performer.field.editingFinished.emit()
        assert (performer.element is not None) is is_taken
    dialog.yes_button.click()
    await asyncio.wait_for(task, 5)
    stored = here.server.workitems[KEY.uid].elements
    performed = stored.items(tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE)[0]
    assert performed.text(tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE, tags.HUMAN_PERFORMER_NAME) == "Meyer^Anna"


async def test_a_value_of_ones_own_stands_beside_each_suggestion(here: Setting) -> None:
    await here.claim()
    task, dialog = await begin(here, Action.COMPLETE)
    assert isinstance(dialog, CompleteDialog)
    await until(dialog.use_all.isVisible, "the suggestions")
    end = dialog.need("Performed end")
    end.write_own()
    assert end.field is not None and end.field.hasFocus()
    for text, is_taken in (("yesterday", False), ("2026-03-04 09:20", True)):
        end.field.setText(text)
        await press(Qt.Key.Key_Return)
        assert (end.element is not None) is is_taken
    assert end.element is not None
    assert end.element.text == "20260304092000+0000"
    await close(task, dialog)


async def test_cancel_needs_a_reason_of_the_list(here: Setting) -> None:
    await here.claim()
    task, dialog = await begin(here, Action.CANCEL)
    assert isinstance(dialog, CancelDialog)
    assert dialog.line.text == "Cancel item waits for: a reason from the list"
    dialog.reason.setEditText("no reason of the list")
    assert dialog.waits
    at = next(at for at in range(dialog.reason.count()) if "110513" in dialog.reason.itemText(at))
    dialog.reason.setCurrentIndex(at)
    assert not dialog.waits
    dialog.text.setText("wrong row")
    dialog.no_button.setFocus()
    await press(Qt.Key.Key_Tab, Qt.Key.Key_Space)
    await asyncio.wait_for(task, 5)
    assert here.server.state_of(KEY.uid) is S.CANCELED
    progress = here.server.workitems[KEY.uid].elements.items(
        tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE
    )[0]
    reasons = codes_in(progress, tags.PROCEDURE_STEP_DISCONTINUATION_REASON_CODE_SEQUENCE)
    assert [code.value for code in reasons] == ["110513"]
    assert progress.text(tags.REASON_FOR_CANCELLATION) == "wrong row"


async def test_cancel_before_start_cancels_at_the_server(here: Setting) -> None:
    task, dialog = await begin(here, Action.CANCEL_BEFORE_START)
    assert isinstance(dialog, RequestCancelDialog)
    assert "This is final" in words_of(dialog)
    assert dialog.waits
    dialog.text.setText("Machine down")
    dialog.uri.setText("no uri")
    assert "contact address" in dialog.line.text
    dialog.uri.setText("tel:+49301234567")
    assert not dialog.waits
    dialog.no_button.setFocus()
    await press(Qt.Key.Key_Tab, Qt.Key.Key_Space)
    await asyncio.wait_for(task, 5)
    assert here.server.requests(Operation.REQUEST_CANCEL) == [Operation.REQUEST_CANCEL]


async def test_ask_to_cancel_goes_to_a_workitem_of_another_system(here: Setting) -> None:
    here.server.change(KEY.uid, element(tags.PROCEDURE_STEP_STATE, "IN PROGRESS"))
    here.read()
    task, dialog = await begin(here, Action.ASK_TO_CANCEL)
    assert isinstance(dialog, RequestCancelDialog)
    assert "another system (planned for FX1)" in words_of(dialog)
    assert dialog.name.text() == "RT console"
    dialog.text.setText("Patient did not arrive")
    dialog.yes_button.click()
    await until(dialog.notice.isVisible, "the answer")
    assert dialog.notice.text.startswith("Asked, not canceled yet.")
    assert "cancel asked" in dialog.notice.text and not dialog.yes_button.isVisible()
    assert here.server.requests(Operation.REQUEST_CANCEL) == [Operation.REQUEST_CANCEL]
    await close(task, dialog)


async def test_an_unreachable_server_is_told_and_the_form_is_kept(here: Setting) -> None:
    await here.claim()
    task, dialog = await begin(here, Action.CANCEL)
    assert isinstance(dialog, CancelDialog)
    dialog.reason.setCurrentIndex(3)
    chosen = dialog.reason.code()
    here.server.fail(Operation.GET, Fault.UNREACHABLE)
    dialog.yes_button.click()
    await until(dialog.notice.isVisible, "the failure")
    assert "cannot be reached" in dialog.notice.text
    assert dialog.reason.code() == chosen
    assert not dialog.waits
    dialog.yes_button.click()
    await asyncio.wait_for(task, 5)
    assert here.server.state_of(KEY.uid) is S.CANCELED


async def test_every_control_has_an_accessible_name(here: Setting) -> None:
    await here.claim()
    for action in (Action.PROGRESS, Action.COMPLETE, Action.CANCEL):
        task, dialog = await begin(here, action)
        await until(dialog.elements, "the reading")
        for kind in (QAbstractButton, QComboBox, QLineEdit):
            for control in dialog.findChildren(kind):
                inner = isinstance(control.parent(), QComboBox) or control.objectName().startswith("qt_")
                if control.isVisibleTo(dialog) and not inner:
                    assert control.accessibleName() or getattr(control, "text", str)(), control
        await close(task, dialog)
