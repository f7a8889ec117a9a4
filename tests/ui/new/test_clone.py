"""New like this and Correct patient or request, by keys and mouse in the whole window, at a plain server."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.support.plain_scp import data_set
from tests.support.worklist_scp import WorklistScp
from tests.ui.desks import open_dialogs, pause, press
from tests.ui.windows import Shown, click, gone, press_until_focused, until, window_on
from upsdesk.ui import actions
from upsdesk.ui.dialogs import ConfirmDialog
from upsdesk.ui.new.clone import CloneDialog
from upsdesk.ui.new.correct import CorrectDialog

UID = "1.2.3.1"


@pytest.fixture
def scp() -> Iterator[WorklistScp]:
    with WorklistScp() as server:
        request = data_set(StudyInstanceUID="1.2.9", AccessionNumber="ACC-1", RequestedProcedureID="RP-1")
        server.add(
            UID,
            ScheduledProcedureStepStartDateTime="20200101080000+0000",
            ReferencedRequestSequence=[request],
        )
        yield server


def new_uids(scp: WorklistScp) -> list[str]:
    return [uid for uid in scp.items if uid != UID]


async def asked(shown: Shown, kind: type[ConfirmDialog]) -> ConfirmDialog:
    dialog = await until(lambda: next(open_dialogs(shown.window), None), "a dialog")
    assert isinstance(dialog, kind)
    await until(lambda: not dialog.waits, f"the dialog to have read: {dialog.line.text}")
    await pause()
    return dialog


async def test_a_clone_is_a_new_scheduled_workitem_for_the_same_patient_now(
    tmp_path: Path, scp: WorklistScp
) -> None:
    async with window_on(tmp_path, scp) as shown:
        await until(lambda: shown.desk.store.get(shown.key(UID)), "the workitem")
        shown.window.worklist.select(shown.key(UID))
        shown.window.trigger(actions.CLONE)
        dialog = await asked(shown, CloneDialog)
        assert isinstance(dialog, CloneDialog) and dialog.now.isChecked()
        assert "passed" in dialog.kept.text()
        await press(Qt.Key.Key_Return)
        editor = shown.window.editor
        await until(editor.isVisible, "the form")
        assert not editor.has_changes()
        click(editor.foot.send_button)
        await until(lambda: not editor.isVisible(), f"the form to close: {editor.notice.text}")
        (uid,) = new_uids(scp)
        made, old = scp.items[uid], scp.items[UID]
        assert made.ProcedureStepState == "SCHEDULED"
        for keyword in ("PatientName", "PatientID", "PatientBirthDate", "ProcedureStepLabel"):
            assert made[keyword].value == old[keyword].value
        assert made.ReferencedRequestSequence[0].AccessionNumber == "ACC-1"
        year = shown.desk.clock().astimezone(shown.desk.zone).strftime("%Y")
        assert str(made.ScheduledProcedureStepStartDateTime).startswith(year)
        assert "ReplacedProcedureStepSequence" not in made
        assert scp.acts() == []


async def test_what_was_typed_before_a_crash_is_never_put_under_another_patient(
    tmp_path: Path, scp: WorklistScp
) -> None:
    async with window_on(tmp_path, scp) as shown:
        shown.window.trigger(actions.NEW)
        await until(lambda: shown.window.editor.form() is not None, "the form")
        QTest.keyClicks(shown.window.editor.row("comments").input.parts()[0], "for somebody else")
        await until(lambda: shown.desk.desk_file.draft(shown.peer.id, None), "the draft")
    for answer in (Qt.Key.Key_Escape, Qt.Key.Key_Space):
        async with window_on(tmp_path, scp) as shown:  # the next start
            await shown.select(UID)
            shown.window.trigger(actions.CLONE)
            dialog = await asked(shown, CloneDialog)
            click(dialog.yes_button)
            others = lambda: [one for one in open_dialogs(shown.window) if one is not dialog]  # noqa: B023, E731
            question = (await until(others, "the question"))[0]
            await pause(300)
            if answer == Qt.Key.Key_Space:
                await press_until_focused(question.yes_button)
            await press(answer)
            editor = shown.window.editor
            await until(lambda: editor.isVisible() and editor.form() is not None, "the form")  # noqa: B023
            form = editor.form()
            assert form is not None
            told = (form.values["patient_id"], form.values["comments"])
            assert told == (("PAT-1", "") if answer == Qt.Key.Key_Space else ("", "for somebody else"))


async def corrected_form(shown: Shown) -> None:
    """The form of Correct patient or request, with another patient ID typed."""
    await until(lambda: shown.desk.store.get(shown.key(UID)), "the workitem")
    shown.window.worklist.select(shown.key(UID))
    shown.window.trigger(actions.CORRECT)
    editor = shown.window.editor
    await until(lambda: editor.isVisible() and editor.form() is not None, "the form")
    assert "cannot be changed" in editor.notice.text
    field = editor.row("patient_id").input.parts()[0]
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(field, "PAT-9")


async def test_a_correction_is_asked_first_and_then_replaces_the_old_one(
    tmp_path: Path, scp: WorklistScp
) -> None:
    async with window_on(tmp_path, scp) as shown:
        await corrected_form(shown)
        editor = shown.window.editor
        click(editor.foot.send_button)
        dialog = await asked(shown, CorrectDialog)
        # Enter and a burst of digits press No at the most; the form keeps what was typed.
        QTest.keyClicks(dialog, "123456789012\r")
        await pause(400)
        assert dialog.isVisible()
        await press(Qt.Key.Key_Return)
        await gone(shown.window)
        assert (scp.acts(), new_uids(scp)) == ([], [])
        assert editor.isVisible() and editor.has_changes()
        click(editor.foot.send_button)
        dialog = await asked(shown, CorrectDialog)
        await press_until_focused(dialog.yes_button)
        await press(Qt.Key.Key_Space)
        await until(lambda: not editor.isVisible(), f"the form to close: {editor.notice.text}")
        (uid,) = new_uids(scp)
        made = scp.items[uid]
        assert (made.PatientID, made.PatientName) == ("PAT-9", "Novak^Jana")
        assert made.ReplacedProcedureStepSequence[0].ReferencedSOPInstanceUID == UID
        assert scp.state(UID) == "CANCELED"
        services = [one.service for one in scp.received if one.service in ("N-CREATE", "N-ACTION")]
        assert services == ["N-CREATE", "N-ACTION"]


async def test_a_form_that_was_opened_meanwhile_is_not_put_away_unasked(
    tmp_path: Path, scp: WorklistScp
) -> None:
    async with window_on(tmp_path, scp) as shown:
        await shown.select(UID)
        answer = threading.Event()
        scp.before["N-GET"] = lambda: answer.wait(10) and None
        shown.window.trigger(actions.CORRECT)  # reads first, and the server takes its time
        shown.window.trigger(actions.NEW)
        editor = shown.window.editor
        await until(lambda: editor.isVisible() and editor.form() is not None, "the form")
        QTest.keyClicks(editor.row("comments").input.parts()[0], "for somebody else")
        await until(lambda: shown.desk.desk_file.draft(shown.peer.id, None), "the draft")
        answer.set()
        await until(lambda: next(open_dialogs(shown.window), None), "the question")
        await pause()
        await press(Qt.Key.Key_Escape)
        await gone(shown.window)
        await pause(200)
        form = editor.form()
        assert editor.isVisible() and form is not None
        assert (form.values["patient_id"], form.values["comments"]) == ("", "for somebody else")
        assert shown.desk.desk_file.draft(shown.peer.id, None) is not None


async def test_a_correction_that_is_none_waits_and_says_so(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp) as shown:
        await corrected_form(shown)
        field = shown.window.editor.row("patient_id").input.parts()[0]
        QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(field, "PAT-1")
        click(shown.window.editor.foot.send_button)
        dialog = await until(lambda: next(open_dialogs(shown.window), None), "the dialog")
        await until(lambda: "a correction of patient" in dialog.line.text, "what it waits for")
        click(dialog.yes_button)
        await pause(300)  # what was shown meanwhile holds keys back
        await press(Qt.Key.Key_Escape)
        await gone(shown.window)
        assert (scp.acts(), new_uids(scp)) == ([], [])


async def test_an_old_one_that_changes_under_the_dialog_is_shown_and_nothing_is_sent(
    tmp_path: Path, scp: WorklistScp
) -> None:
    async with window_on(tmp_path, scp) as shown:
        await corrected_form(shown)
        click(shown.window.editor.foot.send_button)
        dialog = await asked(shown, CorrectDialog)
        assert isinstance(dialog, CorrectDialog)
        scp.change(UID, PatientName="Nowak^Jana")
        await press_until_focused(dialog.yes_button)
        await press(Qt.Key.Key_Space)
        await until(lambda: "Nowak, Jana" in dialog.notice.text, "what has changed")
        assert (scp.acts(), new_uids(scp)) == ([], [])
        await pause(300)  # what was shown meanwhile holds keys back
        await press(Qt.Key.Key_Escape)
        await gone(shown.window)


async def test_what_cannot_be_corrected_says_why(tmp_path: Path, scp: WorklistScp) -> None:
    scp.change(UID, ProcedureStepState="IN PROGRESS", TransactionUID="2.25.5")
    async with window_on(tmp_path, scp) as shown:
        await until(lambda: shown.desk.store.get(shown.key(UID)), "the workitem")
        shown.window.trigger(actions.CORRECT)
        assert "Select one" in shown.window.details.reason.text
        shown.window.worklist.select(shown.key(UID))
        shown.window.trigger(actions.CORRECT)
        assert "Ask to cancel" in shown.window.details.reason.text
        assert not shown.window.editor.isVisible()
