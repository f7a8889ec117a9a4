"""Every status that the embedded server can be told to answer with, through the window, for each act."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLineEdit

from tests.support.plain_scu import PlainScu, code, workitem
from tests.support.worklist_scp import soon
from tests.ui.desks import open_dialogs
from tests.ui.windows import Shown, peer_at, until, window_on
from upsdesk.domain.keys import AeTitle
from upsdesk.domain.status import Kind, Service, outcome
from upsdesk.scp.server import UpsScp
from upsdesk.services.commands import Claim, ResultKind
from upsdesk.ui import actions
from upsdesk.ui.actions import ActionSpec
from upsdesk.ui.transitions.ask_to_cancel import RequestCancelDialog
from upsdesk.ui.transitions.base import TransitionDialog
from upsdesk.ui.transitions.cancel import CancelDialog
from upsdesk.ui.transitions.complete import CompleteDialog
from upsdesk.ui.transitions.progress import ProgressDialog

GENERAL = (0x0110, 0x0112, 0x0117, 0x0118, 0x0119, 0x0122, 0x0124, 0x0210, 0x0211, 0x0212, 0x0213, 0xBEEF)
CREATES = (0x0105, 0x0106, 0x0111, 0x0116, 0x0120, 0x0121, 0xC309)
SETS = (0x0001, 0x0105, 0x0106, 0x0107, 0x0116, 0x0121, 0xB305, 0xC300, 0xC301, 0xC307, 0xC310)
CHANGES = (0x0114, 0x0115, 0x0123, 0xB304, 0xB306, 0xC300, 0xC301, 0xC302, 0xC303, 0xC304, 0xC307, 0xC310)
REQUESTS = (0x0114, 0x0115, 0x0123, 0xB304, 0xC307, 0xC311, 0xC312, 0xC313)


@dataclass
class Server:
    """The embedded SCP and a client of its own at it."""

    scp: UpsScp
    port: int
    scu: PlainScu
    made: list[str] = field(default_factory=list)

    def add(self, state: str = "SCHEDULED") -> str:
        uid = f"1.2.3.{len(self.made) + 1}"
        self.made.append(uid)
        ds = workitem(
            PatientName="Novak^Jana",
            PatientID="PAT-1",
            PatientBirthDate="19620410",
            PatientSex="F",
            ProcedureStepLabel=f"Treatment {len(self.made)}",
            ScheduledProcedureStepStartDateTime=soon(),
            ScheduledWorkitemCodeSequence=[code("121726", "DCM", "RT Treatment with Internal Verification")],
            ScheduledStationNameCodeSequence=[code("FX1", "99LOCAL", "Linac 1")],
        )
        assert self.scu.create(uid, ds) == 0x0000
        if state == "IN PROGRESS":
            assert self.scu.change_state(uid, state, "1.9.1") == 0x0000
        return uid

    def state(self, uid: str) -> str:
        scu = PlainScu(self.port, "PLAIN")  # one that is kept open without use is aborted meanwhile
        try:
            assert scu.get(uid, [0x00741000]) == 0x0000
            return str(scu.reply.ProcedureStepState)
        finally:
            scu.close()


@pytest.fixture
def server() -> Iterator[Server]:
    scp = UpsScp(AeTitle("PLAIN"))
    port = scp.start()
    scu = PlainScu(port, "PLAIN")
    try:
        yield Server(scp, port, scu)
    finally:
        scu.close()
        scp.stop()


def fill(dialog: TransitionDialog) -> None:
    if isinstance(dialog, ProgressDialog):
        dialog.percent.setValue(40)
    elif isinstance(dialog, CompleteDialog):
        dialog.use_all.click()
    elif isinstance(dialog, CancelDialog):
        dialog.reason.setCurrentIndex(3)
    elif isinstance(dialog, RequestCancelDialog):
        dialog.text.setText("Machine down")


async def opened(shown: Shown, spec: ActionSpec, uid: str) -> TransitionDialog:
    """The dialog of an act on a workitem, with all that its confirm button waits for."""
    shown.window.worklist.select(shown.key(uid))
    shown.press_button(spec)
    dialog = await until(lambda: next(open_dialogs(shown.window), None), "the dialog")
    assert isinstance(dialog, TransitionDialog)
    await until(lambda: dialog.elements() is not None, "its own reading")
    fill(dialog)
    assert not dialog.waits, dialog.line.text
    return dialog


async def closed(shown: Shown, dialog: TransitionDialog) -> None:
    dialog.reject()
    await until(lambda: not list(open_dialogs(shown.window)), "the dialog to close")


async def held(shown: Shown, server: Server) -> str:
    uid = server.add()
    assert (await Claim(shown.key(uid)).run(shown.desk)).kind is ResultKind.DONE
    return uid


CASES: dict[str, tuple[ActionSpec, str, Service, int | None, tuple[int, ...]]] = {
    "start": (actions.START, "change-state", Service.N_ACTION, 1, (*CHANGES, *GENERAL)),
    "progress": (actions.PROGRESS, "set", Service.N_SET, None, (*SETS, *GENERAL)),
    "complete-set": (actions.COMPLETE, "set", Service.N_SET, None, (0x0106, 0xC301)),
    "complete": (actions.COMPLETE, "change-state", Service.N_ACTION, 1, CHANGES),
    "cancel-set": (actions.CANCEL, "set", Service.N_SET, None, (0x0106, 0xC301)),
    "cancel": (actions.CANCEL, "change-state", Service.N_ACTION, 1, (0x0110, 0xC304, 0xC301)),
    "ask": (actions.ASK_TO_CANCEL, "request-cancel", Service.N_ACTION, 2, REQUESTS),
    "before-start": (actions.CANCEL_BEFORE_START, "request-cancel", Service.N_ACTION, 2, (0x0110, 0xC311)),
}


async def workitem_for(name: str, shown: Shown, server: Server) -> str:
    if name == "ask":
        return server.add("IN PROGRESS")
    return server.add() if name in ("start", "before-start") else await held(shown, server)


async def listed(shown: Shown, uid: str) -> None:
    await shown.desk.worklist.read([shown.key(uid)])
    await until(lambda: uid in shown.rows(), "the row")


@pytest.mark.parametrize("name", CASES)
async def test_every_failure_is_told_with_its_code_and_what_to_do(
    tmp_path: Path, server: Server, name: str
) -> None:
    spec, operation, service, action_type, statuses = CASES[name]
    async with window_on(tmp_path, peer_at(server.port)) as shown:
        uid = await workitem_for(name, shown, server)
        await listed(shown, uid)
        dialog = await opened(shown, spec, uid)
        before = server.state(uid)
        for status in statuses:
            plain = outcome(service, status, action_type)
            if plain.kind is not Kind.FAILURE:
                continue
            server.scp.faults.add(f"{operation}:status={status:04X}*1")
            dialog.yes_button.click()
            told = f"{status:04X}"
            await until(lambda told=told: told in dialog.notice.text, f"{told}, not {dialog.notice.text}")
            # The form is kept, so that it can be sent again, and the focus is on No.
            assert plain.next_step
            assert dialog.yes_button.isVisible() and dialog.no_button.hasFocus()
        assert server.state(uid) == before
        assert shown.window.status_bar.attention.isVisible()
        await closed(shown, dialog)


@pytest.mark.parametrize("operation", ["create", "set"])
async def test_every_failure_is_told_in_the_editor_and_what_was_typed_stays(
    tmp_path: Path, server: Server, operation: str
) -> None:
    async with window_on(tmp_path, peer_at(server.port)) as shown:
        uid = server.add()
        await listed(shown, uid)
        editor = shown.window.editor
        if operation == "create":
            shown.window.trigger(actions.NEW)
        else:
            shown.window.worklist.select(shown.key(uid))
            shown.window.trigger(actions.EDIT)
        await until(lambda: editor.isVisible() and editor.form() is not None, "the form")
        for name, typed in (("label", "Typed here"), ("worklist", "Linac")):
            part = editor.row(name).input.parts()[0]
            assert isinstance(part, QLineEdit)
            part.setText(typed)
        service = Service.N_CREATE if operation == "create" else Service.N_SET
        for status in (*(CREATES if operation == "create" else SETS), *GENERAL):
            if outcome(service, status).kind is not Kind.FAILURE:
                continue
            server.scp.faults.add(f"{operation}:status={status:04X}*1")
            editor.foot.send_button.click()
            told = f"{status:04X}"
            await until(lambda told=told: told in editor.notice.text, f"{told}, not {editor.notice.text}")
            assert editor.row("label").input.value() == "Typed here"
            assert editor.foot.send_button.isEnabled() and not editor.foot.send_button.property("forbidden")
        editor.foot.send_button.click()
        await until(lambda: not editor.isVisible(), f"it to be sent in the end: {editor.notice.text}")


@pytest.mark.parametrize(
    ("name", "status"),
    [
        *(("progress", status) for status in (0x0001, 0x0107, 0x0116, 0xB305)),
        ("complete-set", 0xB305),
        *((name, status) for name in ("complete", "cancel") for status in (0xB304, 0xB306)),
        *((name, 0xB304) for name in ("ask", "before-start")),
    ],
)
async def test_every_warning_is_told(tmp_path: Path, server: Server, name: str, status: int) -> None:
    spec, operation, *_ = CASES[name]
    async with window_on(tmp_path, peer_at(server.port)) as shown:
        uid = await workitem_for(name, shown, server)
        await listed(shown, uid)
        dialog = await opened(shown, spec, uid)
        server.scp.faults.add(f"{operation}:status={status:04X}*1")
        dialog.yes_button.click()
        await until(lambda: f"{status:04X}" in dialog.notice.text, f"the warning in {dialog.notice.text}")
        await closed(shown, dialog)


@pytest.mark.parametrize("name", ["complete", "cancel", "ask", "before-start"])
@pytest.mark.parametrize("effect", ["abort", "abort-after"])
async def test_an_answer_that_is_lost_is_the_third_outcome(
    tmp_path: Path, server: Server, name: str, effect: str
) -> None:
    spec, operation, *_ = CASES[name]
    final = {"complete": "COMPLETED", "cancel": "CANCELED", "ask": "IN PROGRESS", "before-start": "CANCELED"}
    async with window_on(tmp_path, peer_at(server.port)) as shown:
        uid = await workitem_for(name, shown, server)
        await listed(shown, uid)
        dialog = await opened(shown, spec, uid)
        before = server.state(uid)
        server.scp.faults.add(f"{operation}:{effect}*1")
        dialog.yes_button.click()
        await until(dialog.notice.isVisible, "what became of it")
        is_done = effect == "abort-after"
        assert server.state(uid) == (final[name] if is_done else before)
        told = dialog.notice.text
        if is_done and name != "ask":
            assert "reading the workitem shows" in told, told
        else:
            assert "unknown whether" in told, told
            assert shown.desk.store.mark(shown.key(uid)) is not None
        await closed(shown, dialog)
