"""A bar code scanner fires into every dialog, wherever its focus is: nothing is sent or confirmed."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from tests.support.worklist_scp import WorklistScp
from tests.ui.desks import pause
from tests.ui.windows import Shown, until, window_on
from upsdesk.domain.operators import Operator
from upsdesk.domain.state import Action
from upsdesk.services.commands import Claim, ResultKind
from upsdesk.ui import actions
from upsdesk.ui.dialogs import ConfirmDialog
from upsdesk.ui.operators import who_is_here
from upsdesk.ui.passphrase_sheet import PassphraseSheet
from upsdesk.ui.tasks import spawn
from upsdesk.ui.transitions.cancel import CancelDialog
from upsdesk.ui.transitions.complete import CompleteDialog

SCHEDULED, HELD, ELSEWHERE, OTHER = "1.2.3.1", "1.2.3.2", "1.2.3.3", "1.2.3.4"
CTRL = Qt.KeyboardModifier.ControlModifier
SCAN = "123456789012"
CSV = "PatientName,PatientID,ProcedureStepLabel,ScheduledProcedureStepStartDateTime\nKim^A,P-7,CT,20300101\n"


@asynccontextmanager
async def opened(tmp_path: Path) -> AsyncIterator[Shown]:
    """Inside the test, not a fixture: between the two no loop runs, and the window's timers want one."""
    with WorklistScp() as scp:
        for uid in (SCHEDULED, HELD):
            scp.add(uid)
        for uid in (ELSEWHERE, OTHER):
            scp.add(uid, ProcedureStepState="IN PROGRESS", TransactionUID="1.9.9")
        async with window_on(tmp_path, scp) as shown:
            result = await Claim(shown.key(HELD)).run(shown.desk)
            assert result.kind is ResultKind.DONE
            yield shown


def top(besides: ConfirmDialog | None = None) -> ConfirmDialog | None:
    """The dialog that takes the keys."""
    active = QApplication.activeModalWidget()
    return active if isinstance(active, ConfirmDialog) and active is not besides else None


async def act(shown: Shown, uid: str, spec: actions.ActionSpec) -> ConfirmDialog:
    shown.window.worklist.select(shown.key(uid))
    shown.window.trigger(spec)
    return await until(top, "the dialog")


async def complete(shown: Shown) -> ConfirmDialog:
    dialog = await act(shown, HELD, actions.COMPLETE)
    assert isinstance(dialog, CompleteDialog)
    await until(dialog.use_all.isVisible, "the suggestions")
    dialog.use_all.click()
    assert not dialog.waits
    return dialog


async def cancel(shown: Shown) -> ConfirmDialog:
    dialog = await act(shown, HELD, actions.CANCEL)
    assert isinstance(dialog, CancelDialog)
    dialog.started_by_mistake()
    await until(lambda: not dialog.waits, "the reading")
    return dialog


async def part(shown: Shown, need: str) -> ConfirmDialog:
    dialog = await complete(shown)
    assert isinstance(dialog, CompleteDialog)
    more = dialog.need(need).more
    assert more is not None
    more.click()
    return await until(lambda: top(dialog), "the dialog over it")


async def form(shown: Shown, uid: str, spec: actions.ActionSpec) -> None:
    shown.window.worklist.select(shown.key(uid))
    shown.window.trigger(spec)
    await until(lambda: shown.window.editor.isVisible() and shown.window.editor.form(), "the form")
    field = shown.window.editor.row("comments").input.parts()[0]
    QTest.keyClicks(field, "typed")


async def correction(shown: Shown) -> ConfirmDialog:
    await form(shown, SCHEDULED, actions.CORRECT)
    shown.window.editor.foot.send_button.click()
    return await until(top, "the question")


async def conflict(shown: Shown) -> ConfirmDialog:
    assert shown.server is not None
    await form(shown, SCHEDULED, actions.EDIT)
    shown.server.change(SCHEDULED, CommentsOnTheScheduledProcedureStep="theirs")
    shown.window.editor.foot.send_button.click()
    return await until(top, "the conflict")


async def discard(shown: Shown) -> ConfirmDialog:
    await form(shown, SCHEDULED, actions.EDIT)
    shown.window.editor.head.back_button.click()
    return await until(top, "the question")


async def several(shown: Shown) -> ConfirmDialog:
    view = shown.window.worklist.view
    for uid, modifier in ((ELSEWHERE, Qt.KeyboardModifier.NoModifier), (OTHER, CTRL)):
        index = view.model().index(shown.rows().index(uid), 5)
        QTest.mouseClick(
            view.viewport(), Qt.MouseButton.LeftButton, modifier, view.visualRect(index).center()
        )
    shown.window.trigger(actions.ASK_TO_CANCEL)
    return await until(top, "the preview")


async def files(shown: Shown) -> ConfirmDialog:
    path = shown.desk.folder / "rows.csv"
    path.write_text(CSV, "utf-8")
    shown.window.maker.from_files([path])
    dialog = await until(top, "the dialog")
    await until(lambda: not dialog.waits, f"the rows: {dialog.line.text}")
    return dialog


async def still(shown: Shown) -> ConfirmDialog:
    settings = shown.desk.settings
    settings.save_desk(replace(settings.desk, operators=(Operator("Meyer^Anna"),), operator="Meyer^Anna"))
    spawn(who_is_here(shown.window, shown.desk, Action.START), "who")
    return await until(top, "the question")


async def operator(shown: Shown) -> ConfirmDialog:
    shown.window.operator_button.add_requested.emit()
    return await until(top, "the sheet")


async def passphrase(shown: Shown) -> ConfirmDialog:
    sheet = PassphraseSheet(shown.window, "t", "s", yes="y", is_new=True, demo=False)
    sheet.open()
    return sheet


def plain(uid: str, spec: actions.ActionSpec) -> Callable[[Shown], Awaitable[ConfirmDialog]]:
    return lambda shown: act(shown, uid, spec)


WAYS: dict[str, Callable[[Shown], Awaitable[ConfirmDialog]]] = {
    "start": plain(SCHEDULED, actions.START),
    "progress": plain(HELD, actions.PROGRESS),
    "complete": complete,
    "output": lambda shown: part(shown, "Output"),
    "performer": lambda shown: part(shown, "Human performer"),
    "cancel": cancel,
    "cancel before start": plain(SCHEDULED, actions.CANCEL_BEFORE_START),
    "ask to cancel": plain(ELSEWHERE, actions.ASK_TO_CANCEL),
    "ask several": several,
    "correction": correction,
    "conflict": conflict,
    "discard": discard,
    "clone": plain(SCHEDULED, actions.CLONE),
    "template": plain(SCHEDULED, actions.FROM_TEMPLATE),
    "save template": plain(SCHEDULED, actions.SAVE_TEMPLATE),
    "files": files,
    "held": plain(SCHEDULED, actions.HELD),
    "passphrase": passphrase,
    "operator": operator,
    "still": still,
    "qa": plain(SCHEDULED, actions.QA),
    "search for": plain(SCHEDULED, actions.ASK),
}


@pytest.mark.parametrize("name", WAYS)
async def test_a_scan_into_a_dialog_sends_and_confirms_nothing(tmp_path: Path, name: str) -> None:
    async with opened(tmp_path) as shown:
        await scan_into(await WAYS[name](shown), shown)


async def scan_into(dialog: ConfirmDialog, shown: Shown) -> None:
    await pause(200)
    assert shown.server is not None
    finished: list[int] = []
    confirmed: list[bool] = []
    dialog.finished.connect(finished.append)
    dialog.confirmed.connect(lambda: confirmed.append(True))
    before = [one for one in shown.server.received if one.service in ("N-ACTION", "N-SET", "N-CREATE")]
    # One of each kind: what keys do is decided by the kind, and each takes the time of a person.
    kinds = {type(one): one for one in dialog.findChildren(QWidget) if can_be_reached(dialog, one)}
    for spot in (None, dialog.no_button, dialog.yes_button, *kinds.values()):
        if spot is not None:
            spot.setFocus()
        QTest.keyClicks(QApplication.focusWidget() or dialog, SCAN)
        QTest.keyClick(QApplication.focusWidget() or dialog, Qt.Key.Key_Return)
        await pause()
        where = f"{type(spot).__name__} {spot.accessibleName() if spot else ''}"
        assert not finished and not confirmed, where
        assert QApplication.activeModalWidget() is dialog, where
    await pause(200)
    after = [one for one in shown.server.received if one.service in ("N-ACTION", "N-SET", "N-CREATE")]
    assert len(after) == len(before)
    assert not shown.desk.qa.is_on(shown.peer.id)
    assert shown.desk.held_keys() == (shown.key(HELD),)
    while (one := QApplication.activeModalWidget()) is not None:
        assert isinstance(one, QDialog)
        one.reject()
        await pause(30)


def can_be_reached(dialog: QWidget, widget: QWidget) -> bool:
    is_in = widget.isVisible() and widget.isEnabled() and widget.window() is dialog
    return is_in and bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
