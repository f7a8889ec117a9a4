"""Several rows at once: only Ask to cancel takes them, and only those In progress at another system."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.support.worklist_scp import WorklistScp
from tests.ui.desks import open_dialogs, pause, press
from tests.ui.windows import Shown, gone, press_until_focused, until, window_on, words_in
from upsdesk.ui import actions
from upsdesk.ui.transitions.bulk_ask import BulkAskDialog

SCHEDULED, FIRST, SECOND = "1.2.3.1", "1.2.3.2", "1.2.3.3"
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def scp() -> Iterator[WorklistScp]:
    with WorklistScp() as server:
        server.add(SCHEDULED)
        server.add(FIRST, PatientName="Kim^Do-yeon", PatientID="PAT-2", ProcedureStepState="IN PROGRESS")
        server.add(SECOND, PatientName="Okafor^Chidi", PatientID="PAT-3", ProcedureStepState="IN PROGRESS")
        for uid in (FIRST, SECOND):
            server.items[uid].TransactionUID = "1.9.9"
        yield server


def click_row(shown: Shown, uid: str, modifiers: Qt.KeyboardModifier = CTRL) -> None:
    view = shown.window.worklist.view
    index = view.model().index(shown.rows().index(uid), 5)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, modifiers, view.visualRect(index).center())


def chosen(shown: Shown) -> set[str]:
    return {str(key.uid) for key in shown.window.worklist.chosen_keys()}


async def preview(shown: Shown) -> BulkAskDialog:
    shown.press_button(actions.ASK_TO_CANCEL)
    dialog = await until(lambda: next(open_dialogs(shown.window), None), "the preview")
    assert isinstance(dialog, BulkAskDialog)
    await pause()
    return dialog


async def test_a_scheduled_row_among_several_stays_as_it_is(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp) as shown:
        await shown.select(SCHEDULED)
        click_row(shown, SECOND)
        click_row(shown, FIRST)  # the details are those of the last one
        assert chosen(shown) == {SCHEDULED, FIRST, SECOND}
        button = shown.window.top_bar.button(actions.ASK_TO_CANCEL)
        assert button.text().strip() == "Ask to cancel"
        dialog = await preview(shown)
        told = {str(key.uid): row.text for key, row in dialog.rows.items()}
        assert told[SCHEDULED].startswith("Left out. Nobody works on it yet.")
        assert all(told[uid].startswith("Will be asked: another system") for uid in (FIRST, SECOND))
        for words in ("Novak, Jana", "Kim, Do-yeon", "Okafor, Chidi", "PAT-3", "1962-04-10"):
            assert words in words_in(dialog)
        assert dialog.yes_button.text() == "Ask to cancel 2 workitems" and dialog.waits
        assert dialog.no_button.hasFocus()
        dialog.form.text.setText("Fire drill")
        scp.change(SECOND, PatientName="Somebody^Else")  # not as it is shown
        await press_until_focused(dialog.yes_button)
        await press(Qt.Key.Key_Space)
        await until(lambda: "1 of 2 took the request" in dialog.line.text, "all answers")
        rows = {str(key.uid): row.text for key, row in dialog.rows.items()}
        assert rows[FIRST].startswith("Asked, not canceled yet.")
        assert "Name: Okafor, Chidi → Somebody, Else" in rows[SECOND]
        assert scp.acts() == [2]
        assert [scp.state(uid) for uid in (SCHEDULED, FIRST)] == ["SCHEDULED", "IN PROGRESS"]
        row = shown.window.worklist.view.row_of(shown.key(FIRST))
        assert row is not None and "In progress, cancel asked " in row.state_text
        await pause()
        await press(Qt.Key.Key_Return)
        await gone(shown.window)


async def test_every_other_act_is_for_the_selected_one_alone(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp) as shown:
        await shown.select(FIRST)
        click_row(shown, SCHEDULED)
        assert chosen(shown) == {SCHEDULED, FIRST}
        dialog = await shown.open_dialog(actions.START)
        assert dialog.key == shown.key(SCHEDULED)
        assert "Kim" not in words_in(dialog)
        dialog.reject()
        await gone(shown.window)
        click_row(shown, SCHEDULED, Qt.KeyboardModifier.NoModifier)  # alone again
        button = shown.window.top_bar.button(actions.ASK_TO_CANCEL)
        assert button.text().strip() == "Cancel before start"
        assert scp.acts() == [] and scp.sets() == []


async def test_none_of_several_can_be_asked_about(tmp_path: Path, scp: WorklistScp) -> None:
    scp.add("1.2.3.4", PatientName="Weiss^Jo", PatientID="PAT-4")
    async with window_on(tmp_path, scp) as shown:
        await shown.select(SCHEDULED)
        click_row(shown, "1.2.3.4")
        shown.window.trigger(actions.ASK_TO_CANCEL)
        assert "None of the selected workitems is In progress" in words_in(shown.window.details)
        assert not list(open_dialogs(shown.window)) and scp.acts() == []


async def test_a_burst_and_enter_ask_nobody(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp) as shown:
        await shown.select(FIRST)
        click_row(shown, SECOND)
        dialog = await preview(shown)
        dialog.form.text.setText("Fire drill")
        dialog.yes_button.setFocus()
        for key in "471190200123 \r":
            code = {" ": Qt.Key.Key_Space, "\r": Qt.Key.Key_Return}.get(key) or Qt.Key(ord(key))
            QTest.keyClick(dialog.yes_button, code)
        await pause(200)
        assert dialog.isVisible() and scp.acts() == []
        dialog.yes_button.setFocus()
        await press(Qt.Key.Key_Return)
        await gone(shown.window)
        assert scp.acts() == []
