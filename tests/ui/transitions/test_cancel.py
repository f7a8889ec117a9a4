"""Cancel item: its reasons, started by mistake, and the answer to somebody who asks for it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.services.fake_peer import Fault
from tests.services.values import NOW
from tests.ui.desks import KEY, Setting, press, until
from tests.ui.transitions.hands import Open, acts, begin, words_of
from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.codes import Code, codes_in
from upsdesk.domain.events import CancelRequested
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.domain.operation import Operation
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.ui.editor.field_values import moment_text
from upsdesk.ui.transitions.cancel import CancelDialog
from upsdesk.ui.transitions.parts import StateWord

S = ProcedureStepState
PROGRESS = tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE
REASON = tags.PROCEDURE_STEP_DISCONTINUATION_REASON_CODE_SEQUENCE
SURGERY = Code("110506", "DCM", "Patient taken for treatment or surgery")
ASKED = CancelRequested(KEY, NOW, "PLANNER", "Called to surgery", "Ward 3", "tel:+4930123", SURGERY)


async def held(here: Setting) -> tuple[Open, CancelDialog]:
    await here.claim()
    open_ = await begin(here, Action.CANCEL)
    assert isinstance(open_.dialog, CancelDialog)
    return open_, open_.dialog


def others(here: Setting) -> list[SopInstanceUid]:
    return [uid for uid in here.server.workitems if uid != KEY.uid]


def stored_reason(here: Setting) -> tuple[Code, ...]:
    (item,) = here.server.workitems[KEY.uid].elements.items(PROGRESS)
    return codes_in(item, REASON)


async def test_started_by_mistake_brings_the_same_work_back(here: Setting) -> None:
    open_, dialog = await held(here)
    QTest.keyClick(dialog, Qt.Key.Key_M, Qt.KeyboardModifier.AltModifier)
    await until(lambda: not dialog.waits, "the reason")
    assert dialog.again.isVisible() and dialog.again.isChecked()
    await until(lambda: "N-CREATE" in words_of(dialog), "what will be sent")
    await open_.confirm()
    assert "Scheduled again" in await open_.told("Canceled.")
    assert not dialog.yes_button.isVisible()
    (new,) = others(here)
    assert (here.server.state_of(KEY.uid), here.server.state_of(new)) == (S.CANCELED, S.SCHEDULED)
    (replaced,) = here.server.workitems[new].elements.items(tags.REPLACED_PROCEDURE_STEP_SEQUENCE)
    assert replaced.text(tags.REFERENCED_SOP_INSTANCE_UID) == KEY.uid
    await open_.close()


async def test_what_has_ended_is_not_on_its_way_any_more(here: Setting) -> None:
    await here.claim()
    opened = await begin(here, Action.CANCEL)
    line = opened.dialog.transition_line
    assert "In progress to Canceled" in line.accessibleName()
    here.server.change(KEY.uid, element(tags.PROCEDURE_STEP_STATE, "CANCELED"))
    here.read()
    assert "Canceled" in line.accessibleName() and " to Canceled" not in line.accessibleName()
    assert [word.isVisible() for word in line.findChildren(StateWord)] == [True, False]
    await opened.close()


async def test_without_the_tick_nothing_is_created(here: Setting) -> None:
    open_, dialog = await held(here)
    dialog.started_by_mistake()
    dialog.again.setChecked(False)
    await open_.confirm()
    await open_.ended()
    assert here.server.state_of(KEY.uid) is S.CANCELED and others(here) == []
    assert [code.value for code in stored_reason(here)] == ["110514"]


@pytest.mark.parametrize("fault", [0x0213, Fault.LOST_AFTER])
async def test_a_creation_that_failed_is_asked_for_again_and_made_once(
    here: Setting, fault: Fault | int
) -> None:
    open_, dialog = await held(here)
    dialog.started_by_mistake()
    here.server.fail(Operation.CREATE, fault, fault)
    await open_.confirm()
    told = await open_.told("not Scheduled again yet")
    assert "Canceled" in told and "never made twice" in told
    assert here.server.state_of(KEY.uid) is S.CANCELED
    assert dialog.yes_button.text().startswith("Create again for Novak, Jana")
    assert dialog.no_button.hasFocus()
    if isinstance(fault, int):
        await open_.confirm()
        await open_.told("not Scheduled again yet")
    await open_.confirm()
    await open_.told("Scheduled again.")
    assert len(others(here)) == 1
    assert here.server.requests(Operation.CHANGE_STATE) == [Operation.CHANGE_STATE] * 2
    await open_.close()


async def test_a_second_attempt_sends_only_the_change_of_state(here: Setting) -> None:
    open_, dialog = await held(here)
    dialog.reason.setCurrentIndex(3)
    here.server.fail(Operation.CHANGE_STATE, 0x0213)
    await open_.confirm()
    assert "attributes are stored" in await open_.told("0213")
    await open_.confirm()
    await open_.ended()
    change, set_ = Operation.CHANGE_STATE, Operation.SET
    assert acts(here) == [change, set_, change, change]  # the first one is the claim
    assert here.server.state_of(KEY.uid) is S.CANCELED


async def test_a_reason_that_no_list_has(here: Setting) -> None:
    open_, dialog = await held(here)
    dialog.reason.setCurrentText("Another code…")
    assert dialog.choice.own.isVisible() and dialog.waits
    assert "code, scheme and meaning" in dialog.line.text
    code = Code("X1", "99LOCAL", "Table stuck")
    dialog.choice.own.show_code(code)
    await open_.confirm()
    await open_.ended()
    assert stored_reason(here) == (code,)


async def test_another_time_is_sent_and_one_to_come_is_not(here: Setting) -> None:
    open_, dialog = await held(here)
    dialog.reason.setCurrentIndex(3)
    for text, is_right in (
        (moment_text(NOW + timedelta(hours=1)), False),
        ("soon", False),
        ("2026-03-04 09:10", True),
    ):
        dialog.time.field.setText(text)
        assert dialog.waits is not is_right, text
    await open_.confirm()
    await open_.ended()
    (item,) = here.server.workitems[KEY.uid].elements.items(PROGRESS)
    assert item.text(tags.PROCEDURE_STEP_CANCELLATION_DATE_TIME) == "20260304091000+0000"


async def test_what_this_server_asked_for_before_is_asked_for_again(here: Setting) -> None:
    remark, percent = (PROGRESS, tags.REASON_FOR_CANCELLATION), (PROGRESS, tags.PROCEDURE_STEP_PROGRESS)
    await here.desk.demands.note(KEY.peer, S.CANCELED, [remark, percent])
    open_, dialog = await held(here)
    dialog.reason.setCurrentIndex(3)
    assert dialog.waits and "a remark" in dialog.line.text
    await until(lambda: "report it with Progress first" in words_of(dialog), "the percent")
    dialog.text.setText("Wrong row")
    assert not dialog.waits
    await open_.close()


class TestAsked:
    """Somebody else asks for it while this desk holds it."""

    async def test_the_dialog_says_who_and_why_and_nothing_is_canceled_by_itself(self, here: Setting) -> None:
        open_, dialog = await held(here)
        assert not dialog.card.isVisible() and not dialog.keep_on.isVisible()
        here.desk.apply(ASKED)  # while the dialog is open
        for words in ("PLANNER", "09:30", "Called to surgery", "110506", "Ward 3 tel:+4930123"):
            assert words in dialog.card.text
        assert dialog.no_button.text() == "Decide later" and dialog.no_button.hasFocus()
        assert dialog.waits and dialog.choice.code() is None
        await press(Qt.Key.Key_Return)
        await open_.ended()
        assert acts(here) == [Operation.CHANGE_STATE]
        assert here.desk.store.cancel_asked(KEY) == ASKED

    async def test_what_the_asker_wrote_steers_nothing(self, here: Setting) -> None:
        open_, dialog = await held(here)
        here.desk.apply(replace(ASKED, requesting_ae="A\u202eB", reason="one\ntwo\u202e" + "x" * 5000))
        assert "\u202e" not in dialog.card.text and len(dialog.card.text) < 1000
        dialog.card.use_reason.click()
        assert dialog.text.text().startswith("one two") and "\u202e" not in dialog.text.text()
        await open_.close()

    async def test_keeping_on_answers_it(self, here: Setting) -> None:
        open_, dialog = await held(here)
        here.desk.apply(ASKED)
        dialog.keep_on.setFocus()
        await press(Qt.Key.Key_Space)
        await open_.ended()
        assert here.desk.store.cancel_asked(KEY) is None
        assert here.server.state_of(KEY.uid) is S.IN_PROGRESS
        assert acts(here) == [Operation.CHANGE_STATE]

    async def test_the_askers_reason_is_taken_over_when_that_is_wanted(self, here: Setting) -> None:
        open_, dialog = await held(here)
        here.desk.apply(ASKED)
        dialog.card.use_reason.click()
        await open_.confirm()
        await open_.ended()
        assert stored_reason(here) == (SURGERY,)
        (item,) = here.server.workitems[KEY.uid].elements.items(PROGRESS)
        assert item.text(tags.REASON_FOR_CANCELLATION) == "Called to surgery"
        assert here.desk.store.cancel_asked(KEY) is None

    async def test_a_scan_neither_cancels_nor_keeps_on(self, here: Setting) -> None:
        open_, dialog = await held(here)
        here.desk.apply(ASKED)
        dialog.card.use_reason.click()
        for focused in (dialog.keep_on, dialog.yes_button):
            focused.setFocus()
            for key in "471190200123 \r":
                code = {" ": Qt.Key.Key_Space, "\r": Qt.Key.Key_Return}.get(key) or Qt.Key(ord(key))
                QTest.keyClick(focused, code)
        assert dialog.isVisible()
        await open_.close()
        assert acts(here) == [Operation.CHANGE_STATE] and here.desk.store.cancel_asked(KEY) == ASKED
