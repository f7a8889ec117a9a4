"""Irreversible acts through the main window: what changed meanwhile stops them, what was lost is told."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.support.plain_scp import data_set
from tests.support.rude_peer import refusing_port
from tests.support.worklist_scp import WorklistScp
from tests.ui.desks import open_dialogs, pause, press
from tests.ui.windows import (
    Shown,
    click,
    confirm,
    gone,
    in_thread,
    listening,
    peer_at,
    press_until_focused,
    until,
    window_on,
    words_in,
)
from upsdesk.domain.operators import Operator
from upsdesk.services.desk_file import ClaimStatus
from upsdesk.services.flags import MarkKind
from upsdesk.ui import actions
from upsdesk.ui.details.lines import Timeline
from upsdesk.ui.transitions.base import TransitionDialog
from upsdesk.ui.transitions.cancel import CancelDialog
from upsdesk.ui.transitions.complete import CompleteDialog

UID, OTHER = "1.2.3.1", "1.2.3.2"


@pytest.fixture
def scp() -> Iterator[WorklistScp]:
    with WorklistScp() as server:
        server.add(UID)
        server.add(OTHER, PatientName="Kim^Do-yeon", PatientID="PAT-2", ProcedureStepLabel="CT")
        yield server


async def start(shown: Shown) -> None:
    """Start the workitem by keys."""
    await shown.select(UID)
    await confirm(await shown.open_dialog(actions.START))
    await gone(shown.window)
    assert shown.desk.held_keys() == (shown.key(UID),)


async def filled(shown: Shown, spec: actions.ActionSpec) -> TransitionDialog:
    """The dialog of an act on a held workitem, with all that its confirm button waits for."""
    dialog = await shown.open_dialog(spec)
    if isinstance(dialog, CompleteDialog):
        await until(dialog.use_all.isVisible, "the suggestions")
        click(dialog.use_all)
    elif isinstance(dialog, CancelDialog):
        dialog.reason.setFocus()
        at = next(at for at in range(dialog.reason.count()) if "110513" in dialog.reason.itemText(at))
        dialog.reason.setCurrentIndex(at)
    await pause()
    return dialog


async def refused_by_change(dialog: TransitionDialog, *words: str) -> None:
    """Confirm, and see that the dialog stays and tells what has changed."""
    await confirm(dialog)
    await until(lambda: all(one in dialog.notice.text for one in words), f"the dialog to tell {words}")
    assert "Nothing was sent" in dialog.notice.text
    assert dialog.isVisible()
    assert dialog.no_button.hasFocus()
    # It reads once more by itself; what that finds must not come between the keys of the next attempt.
    reading = "read after an act"
    await until(lambda: reading not in [task.get_name() for task in asyncio.all_tasks()], "its own reading")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"PatientName": "Nowak^Jana", "PatientBirthDate": "19620411"},
            ("Name: Novak, Jana → Nowak, Jana", "1962-04-10 → 1962-04-11"),
        ),
        (
            {"ProcedureStepState": "IN PROGRESS", "TransactionUID": "2.25.5"},
            ("State: Scheduled → In progress",),
        ),
    ],
    ids=["facts", "state"],
)
async def test_start_sends_nothing_when_the_server_has_changed_the_workitem(
    tmp_path: Path, scp: WorklistScp, values: dict[str, str], words: tuple[str, ...]
) -> None:
    async with window_on(tmp_path, scp) as shown:
        await shown.select(UID)
        dialog = await shown.open_dialog(actions.START)
        scp.change(UID, **values)
        await refused_by_change(dialog, *words)
        assert scp.acts() == []
        assert scp.sets() == []
        assert shown.desk.held_entries() == ()
        await press(Qt.Key.Key_Escape)
        await gone(shown.window)


@pytest.mark.parametrize("spec", [actions.COMPLETE, actions.CANCEL], ids=lambda spec: spec.id)
async def test_an_end_sends_nothing_when_the_server_has_changed_the_workitem(
    tmp_path: Path, scp: WorklistScp, spec: actions.ActionSpec
) -> None:
    async with window_on(tmp_path, scp) as shown:
        await start(shown)
        dialog = await filled(shown, spec)
        scp.change(UID, PatientName="Nowak^Jana")
        await refused_by_change(dialog, "Name: Novak, Jana → Nowak, Jana")
        assert scp.acts() == [1]  # of the start
        assert scp.sets() == []
        assert "Nowak, Jana" in dialog.yes_button.text()
        # A state that has changed as well: the dialog has nothing left to confirm.
        scp.change(UID, ProcedureStepState="CANCELED")
        await refused_by_change(dialog, "State: In progress → Canceled")
        assert scp.acts() == [1]
        assert scp.sets() == []
        assert dialog.waits
        await press(Qt.Key.Key_Escape)
        await gone(shown.window)


async def test_a_server_that_is_silent_at_the_look_before_an_act_gets_no_act(
    tmp_path: Path, scp: WorklistScp
) -> None:
    async with window_on(tmp_path, scp) as shown:
        await shown.select(UID)
        dialog = await shown.open_dialog(actions.START)
        scp.lose_always.add("N-GET")
        await confirm(dialog)
        await until(dialog.notice.isVisible, "the failure")
        assert "Nothing was sent" in dialog.notice.text
        assert scp.acts() == []
        await press(Qt.Key.Key_Escape)
        await gone(shown.window)


async def test_enter_and_bursts_press_no_only(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp) as shown:
        await shown.select(UID)
        await shown.open_dialog(actions.START)
        await press(Qt.Key.Key_Return)
        await gone(shown.window)
        dialog = await shown.open_dialog(actions.START)
        await press_until_focused(dialog.yes_button)
        await press(Qt.Key.Key_Return)
        await gone(shown.window)
        dialog = await shown.open_dialog(actions.START)
        for key in (Qt.Key.Key_Tab, Qt.Key.Key_Space, Qt.Key.Key_Tab, Qt.Key.Key_Space, Qt.Key.Key_Return):
            QTest.keyClick(QApplication.focusWidget() or dialog, key)  # a scanner: no time between two keys
        await pause(200)
        assert dialog.isVisible()
        assert scp.acts() == []
        await press(Qt.Key.Key_Escape)
        await gone(shown.window)


async def test_a_lost_answer_to_a_start_is_settled_with_the_same_lock(
    tmp_path: Path, scp: WorklistScp
) -> None:
    async with window_on(tmp_path, scp) as shown:
        await shown.select(UID)
        dialog = await shown.open_dialog(actions.START)
        scp.lose_answer.add("N-ACTION")
        await confirm(dialog)
        await until(lambda: bool(shown.desk.held_keys()), "the claim to be settled")
        (entry,) = shown.desk.desk_file.entries()
        assert entry.status is ClaimStatus.HELD
        assert str(entry.transaction_uid) == scp.items[UID].TransactionUID
        await press(Qt.Key.Key_Escape)
        await gone(shown.window)


async def test_a_start_without_any_answer_keeps_its_lock_until_the_server_tells(
    tmp_path: Path, scp: WorklistScp
) -> None:
    async with window_on(tmp_path, scp) as shown:
        await shown.select(UID)
        dialog = await shown.open_dialog(actions.START)
        # The claim is carried out, its answer is lost, and so is every question that follows.
        scp.lose_always.update({"N-ACTION", "N-SET"})
        await confirm(dialog)
        await until(lambda: "unknown" in dialog.notice.text.lower(), "the third outcome")
        (entry,) = shown.desk.desk_file.entries()
        assert entry.status is ClaimStatus.CLAIM_SENT
        assert str(entry.transaction_uid) == scp.items[UID].TransactionUID
        assert shown.window.status_bar.attention.accessibleName() == "1 act needs attention"
        await press(Qt.Key.Key_Escape)
        await gone(shown.window)
    scp.lose_always.clear()
    # The next start of the program asks the server, and finds that the workitem is this desk's.
    async with window_on(tmp_path, peer_at(scp.port)) as shown:
        await until(lambda: shown.desk.held_keys() == (shown.key(UID),), "the lock to be proven")
        (entry,) = shown.desk.desk_file.entries()
        assert entry.status is ClaimStatus.HELD
        await until(lambda: not shown.window.status_bar.attention.isVisible(), "the mark to go")


async def test_a_refused_act_is_told_until_it_was_seen(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp) as shown:
        await shown.select(UID)
        dialog = await shown.open_dialog(actions.START)
        scp.refuse["N-ACTION"] = 0x0110
        await confirm(dialog)
        await until(dialog.notice.isVisible, "the refusal")
        assert "0110" in dialog.notice.text
        await press(Qt.Key.Key_Escape)
        await gone(shown.window)
        attention = shown.window.status_bar.attention
        assert attention.isVisible() and attention.accessibleName() == "1 act needs attention"
        assert scp.state(UID) == "SCHEDULED"
        assert shown.desk.held_entries() == ()
    async with window_on(tmp_path, scp) as shown:
        attention = shown.window.status_bar.attention
        assert attention.isVisible() and attention.accessibleName() == "1 act needs attention"
        mark = shown.desk.store.mark(shown.key(UID))
        assert mark is not None and mark.kind is MarkKind.REFUSED
        assert shown.window.worklist.current_key() is None
        click(attention)
        assert shown.window.worklist.current_key() == shown.key(UID)
        await until(shown.window.details.mark.isVisible, "the mark in the details")
        assert "0110" in words_in(shown.window.details.mark)
        seen = next(button for button in shown.window.details.mark.findChildren(type(dialog.no_button)))
        click(seen)
        await until(lambda: not attention.isVisible(), "the mark to go")
    async with window_on(tmp_path, scp) as shown:
        assert not shown.window.status_bar.attention.isVisible()


async def test_a_request_to_cancel_raises_a_bar_and_takes_no_focus(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp, listens=True) as shown:
        port = await listening(shown)
        await start(shown)
        await until(lambda: QApplication.activeWindow() is shown.window, "the window to be active")
        shown.window.worklist.focus_filter()
        before = QApplication.focusWidget()
        asked = data_set(
            RequestingAE="PLANNER",
            ReasonForCancellation="Patient was called to surgery",
            ContactDisplayName="Ward 3",
            ContactURI="tel:+4930123",
        )
        await in_thread(lambda: scp.tell(port, UID, 2, asked))
        await until(shown.notices, "the bar")
        (sentence,) = shown.notices()
        assert sentence.startswith("PLANNER asks to cancel Novak, Jana, ID PAT-1, born 1962-04-10")
        words = words_in(shown.window.notice_stack)
        assert "Patient was called to surgery" in words and "Ward 3, tel:+4930123" in words
        assert shown.window.notice_stack.geometry().top() >= shown.window.top_bar.geometry().bottom()
        assert QApplication.focusWidget() is before is not None
        assert scp.state(UID) == "IN PROGRESS"
        # It stays while another item is looked at, and Open leads to what can be done.
        await shown.select(OTHER)
        assert shown.notices() == [sentence]
        buttons = shown.window.notice_stack.findChildren(type(shown.window.details.edit))
        click(next(button for button in buttons if button.text() == "Open"))
        dialog = await until(
            lambda: next(iter(shown.window.findChildren(CancelDialog)), None), "the Cancel dialog"
        )
        assert dialog.key == shown.key(UID)
        await pause()
        await press(Qt.Key.Key_Escape)
        await gone(shown.window)
        # Somebody else's item raises nothing.
        await in_thread(lambda: scp.tell(port, OTHER, 2, asked))
        await until(lambda: shown.desk.store.cancel_asked(shown.key(OTHER)), "the other request")
        assert shown.notices() == [sentence]


async def test_a_request_to_cancel_waits_over_a_restart(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp, listens=True) as shown:
        port = await listening(shown)
        await start(shown)
        asked = data_set(RequestingAE="PLANNER", ReasonForCancellation="Called to surgery")
        await in_thread(lambda: scp.tell(port, UID, 2, asked))
        await until(shown.notices, "the bar")
    with refusing_port() as closed:  # the server does not answer at the next start
        async with window_on(tmp_path, replace(peer_at(scp.port), port=closed)) as shown:
            (sentence,) = [words for words in shown.notices() if "asks to cancel" in words]
            assert sentence.startswith("PLANNER asks to cancel Novak, Jana, ID PAT-1, born 1962-04-10")
            assert "Called to surgery" in words_in(shown.window.notice_stack)
            assert not shown.window.notice_stack.isAncestorOf(QApplication.focusWidget() or shown.window)
    assert scp.state(UID) == "IN PROGRESS" and scp.acts() == [1]
    async with window_on(tmp_path, scp) as shown:
        open_button = next(
            button
            for button in shown.window.notice_stack.findChildren(type(shown.window.details.edit))
            if button.text() == "Open"
        )
        click(open_button)
        dialog = await until(
            lambda: next(iter(shown.window.findChildren(CancelDialog)), None), "the Cancel dialog"
        )
        await until(dialog.card.isVisible, "who asks")
        assert "PLANNER asks to cancel it" in dialog.card.text
        click(dialog.keep_on)
        await gone(shown.window)
        assert not [words for words in shown.notices() if "asks to cancel" in words]
    async with window_on(tmp_path, scp) as shown:
        assert not [words for words in shown.notices() if "asks to cancel" in words]
    assert scp.state(UID) == "IN PROGRESS"


async def test_eight_keys_from_next_due_to_completed(tmp_path: Path, scp: WorklistScp) -> None:
    """Next due, Start, Complete: 8 key presses when nothing is missing; a chord counts as one."""
    async with window_on(tmp_path, scp) as shown:
        window, presses = shown.window, []

        async def key(which: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
            presses.append(which)
            QTest.keyClick(QApplication.focusWidget() or window, which, modifier)
            await pause()

        async def dialog() -> TransitionDialog:
            found = await until(lambda: next(open_dialogs(window), None), "the dialog")
            assert isinstance(found, TransitionDialog)
            await until(lambda: found.elements() is not None, "its own reading")
            await pause()
            return found

        await until(lambda: QApplication.activeWindow() is window, "the window to have the keys")
        await key(Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
        current = window.worklist.current_key()
        assert current is not None
        uid = str(current.uid)
        await key(Qt.Key.Key_S, Qt.KeyboardModifier.AltModifier)
        await dialog()
        await key(Qt.Key.Key_Tab)
        await key(Qt.Key.Key_Space)
        await gone(window)
        await until(lambda: shown.desk.store.is_held(current), "this desk to hold it")
        await until(lambda: QApplication.activeWindow() is window, "the window to have the keys again")
        await key(Qt.Key.Key_C, Qt.KeyboardModifier.AltModifier)
        complete = await dialog()
        assert isinstance(complete, CompleteDialog)
        await until(complete.use_all.isVisible, "the suggestions")
        await key(Qt.Key.Key_U, Qt.KeyboardModifier.AltModifier)
        await key(Qt.Key.Key_Tab)
        await key(Qt.Key.Key_Space)
        await gone(window)
        assert scp.state(uid) == "COMPLETED" and len(presses) <= 8


async def test_what_was_left_in_progress_is_told_before_the_server_answers(
    tmp_path: Path, scp: WorklistScp
) -> None:
    async with window_on(tmp_path, scp) as shown:
        await start(shown)
    with refusing_port() as port:
        async with window_on(tmp_path, peer_at(port)) as shown:
            assert shown.rows() == []
            strip = shown.window.held_strip
            assert strip.isVisible() and strip.caption == "1 workitem left in progress"
            (chip,) = strip.chips()
            assert chip.item.name == "Novak, Jana"
            click(chip)
            await until(lambda: shown.window.details.banner.name_text == "Novak, Jana", "the patient")
            assert "held by this desk" in shown.window.worklist.note.lower()
            assert shown.window.status_bar.held.text == "1 workitem held"


async def test_the_timeline_is_there_again_after_a_restart(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp) as shown:
        shown.desk.duty.choose(Operator("Meyer^Anna"))
        await start(shown)
    async with window_on(tmp_path, scp) as shown:
        await shown.select(UID)
        await until(lambda: "Meyer, Anna" in words_in(shown.window.details), "who started it")
        timeline = shown.window.details.findChild(Timeline)
        assert timeline is not None
        assert "Start" in words_in(timeline) and "0000" in words_in(timeline)
