"""The steps of the tour that end workitems: by the checklist, by mistake, and since somebody asks for it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPlainTextEdit

from upsdesk.domain import tags
from upsdesk.domain.codes import Code, codes_in
from upsdesk.domain.keys import SopInstanceUid, WorkitemKey
from upsdesk.domain.operation import CancelRequest
from upsdesk.domain.state import ProcedureStepState
from upsdesk.ui import actions
from upsdesk.ui.notice_bar import NoticeBar
from upsdesk.ui.tour import hands
from upsdesk.ui.tour.guide import Guide, Wrong, expect
from upsdesk.ui.tour.moves import confirm, start_next, until_closed, until_state
from upsdesk.ui.transitions.cancel import CancelDialog
from upsdesk.ui.transitions.complete import CompleteDialog
from upsdesk.ui.transitions.outputs import OutputsDialog
from upsdesk.ui.transitions.performer import PerformerDialog

_PERFORMED = tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE
_PROGRESS = tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE
_REASON = tags.PROCEDURE_STEP_DISCONTINUATION_REASON_CODE_SEQUENCE
_RECORD = "1.2.840.10008.5.1.4.1.1.481.4"
"""RT Beams Treatment Record Storage."""
_ARCHIVE = "ARCHIVE"
_SURGERY = Code("110506", "DCM", "Patient taken for treatment or surgery")


async def checklist(guide: Guide) -> str:
    """Complete waits for what is missing; a performer by code and an output by UIDs reach the server."""
    key = await start_next(guide)
    await guide.press_action(actions.COMPLETE)
    dialog = await hands.dialog_of(CompleteDialog)
    await hands.until(dialog.use_all.isVisible, "the suggestions")
    await hands.pause(0.4)
    await hands.click(dialog.yes_button)
    if not dialog.waits or not dialog.isVisible():
        raise Wrong("the dialog does not wait for what is missing")
    waited = dialog.line.text
    await hands.click(dialog.use_all)
    await _name_performer(guide, dialog)
    uid = await _paste_output(guide, dialog)
    guide.look()
    await confirm(dialog)
    await until_closed(dialog)
    await until_state(guide, key, ProcedureStepState.COMPLETED)
    (done,) = (await guide.witness.read(key.uid)).items(_PERFORMED)
    (person,) = done.items(tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE)
    (code,) = codes_in(person, tags.HUMAN_PERFORMER_CODE_SEQUENCE)
    expect((code.value, person.text(tags.HUMAN_PERFORMER_NAME)), ("4711", "Meyer^Anna"), "who did it")
    (output,) = done.items(tags.OUTPUT_INFORMATION_SEQUENCE)
    found = output.items(0x00081199)[0].text(tags.REFERENCED_SOP_INSTANCE_UID)
    expect(found, uid, "the output at the server")
    count = waited.count(",") + 1
    return f"at the server: COMPLETED by {code.value}, output {found}; it had waited for {count} attributes"


async def _name_performer(guide: Guide, dialog: CompleteDialog) -> None:
    more = dialog.need("Human performer").more
    assert more is not None
    dialog.show_in_middle(more)
    await hands.click(more)
    sheet = await hands.dialog_of(PerformerDialog)
    await hands.write(sheet.name, "Meyer, Anna")
    await hands.write(sheet.code.value, "4711")
    await hands.write(sheet.code.scheme, "99STAFF")
    await hands.click(sheet.yes_button)
    await until_closed(sheet)


async def _paste_output(guide: Guide, dialog: CompleteDialog) -> str:
    """Add one treatment record by its UIDs, and return that of the instance."""
    more = dialog.need("Output").more
    assert more is not None
    dialog.show_in_middle(more)
    await hands.click(more)
    sheet = await hands.dialog_of(OutputsDialog)
    await hands.click(sheet.paste)
    study = guide.desk.make_uid()
    uids = (study, guide.desk.make_uid(), _RECORD, guide.desk.make_uid())
    text = await guide.field(sheet, "UIDs")
    assert isinstance(text, QPlainTextEdit)
    await hands.write(text, " ".join(uids))
    await hands.write(sheet.aet, _ARCHIVE)
    await hands.pause(0.3)
    await hands.click(sheet.yes_button)
    await until_closed(sheet)
    return uids[3]


async def cancel(guide: Guide) -> str:
    """Started by mistake: canceled with 110514, and the same workitem is there again, in its place."""
    key = await start_next(guide)
    before = set(guide.desk.store.keys(guide.peer.id))
    await guide.press_action(actions.CANCEL)
    dialog = await hands.dialog_of(CancelDialog)
    await hands.until(dialog.mistake.isVisible, "started by mistake")
    await hands.pause(0.4)
    await hands.click(dialog.mistake)
    await hands.until(dialog.again.isChecked, "the tick for the same workitem again")
    guide.look()
    await confirm(dialog)
    await hands.until(lambda: "Scheduled again" in dialog.notice.text, "both to be done")
    await hands.click(dialog.no_button)
    await until_closed(dialog)
    await until_state(guide, key, ProcedureStepState.CANCELED)

    def made() -> WorkitemKey | None:
        fresh = set(guide.desk.store.keys(guide.peer.id)) - before
        label = guide.item(key).label
        return next((one for one in fresh if guide.item(one).label == label), None)

    new = await hands.until(made, "the row of the new workitem")
    ended, again = await guide.witness.read(key.uid), await guide.witness.read(new.uid)
    (reason,) = codes_in(ended.items(_PROGRESS)[0], _REASON)
    expect((ended.text(tags.PROCEDURE_STEP_STATE), reason.value), ("CANCELED", "110514"), "the old one")
    replaced = SopInstanceUid(
        again.text(tags.REPLACED_PROCEDURE_STEP_SEQUENCE, tags.REFERENCED_SOP_INSTANCE_UID)
    )
    expect((again.text(tags.PROCEDURE_STEP_STATE), replaced), ("SCHEDULED", key.uid), "the new one")
    expect(again.text(tags.PATIENT_ID), ended.text(tags.PATIENT_ID), "the patient of the new one")
    return f"at the server: {key.uid} CANCELED with 110514, {new.uid} SCHEDULED in its place"


async def cancel_requested(guide: Guide) -> str:
    """Somebody asks: a bar comes up and takes no focus; keeping on and giving in are both decided here."""
    key = await start_next(guide)
    request = CancelRequest("Called to surgery", _SURGERY, "Ward 3", "tel:+4930123")
    await _asked(guide, key, request)
    dialog = await _opened(guide, key)
    await hands.click(dialog.keep_on)
    await until_closed(dialog)
    await hands.until(lambda: not _bars(guide), "the bar to go")
    expect(await guide.witness.state(key.uid), "IN PROGRESS", "the state after keeping on")
    await _asked(guide, key, request)
    dialog = await _opened(guide, key)
    await hands.click(dialog.card.use_reason)
    guide.look()
    await confirm(dialog)
    await until_closed(dialog)
    await until_state(guide, key, ProcedureStepState.CANCELED)
    await hands.until(lambda: not _bars(guide), "the bar to go")
    ended = await guide.witness.read(key.uid)
    item = ended.items(_PROGRESS)[0]
    (reason,) = codes_in(item, _REASON)
    expect((reason.value, item.text(tags.REASON_FOR_CANCELLATION)), ("110506", "Called to surgery"), "why")
    await guide.clear_filter()
    state = ended.text(tags.PROCEDURE_STEP_STATE)
    return f"at the server: IN PROGRESS after keeping on, {state} with {reason.value} after giving in"


async def _asked(guide: Guide, key: WorkitemKey, request: CancelRequest) -> None:
    """Ask from outside; the bar is there, and the focus is where it was."""
    await hands.press(guide.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    before = QApplication.focusWidget()
    await guide.witness.ask_to_cancel(key.uid, request)
    await hands.until(lambda: _bars(guide), "the bar about the request")
    if QApplication.focusWidget() is not before:
        raise Wrong("the request took the focus")
    expect(await guide.witness.state(key.uid), "IN PROGRESS", "the state after the request")


async def _opened(guide: Guide, key: WorkitemKey) -> CancelDialog:
    await hands.click_button(guide.window.notice_stack, "Open")
    dialog = await hands.dialog_of(CancelDialog)
    await hands.until(dialog.card.isVisible, "who asks and why")
    expect(dialog.key, key, "the workitem of the dialog")
    await hands.pause(0.4)
    return dialog


def _bars(guide: Guide) -> list[NoticeBar]:
    bars = guide.window.notice_stack.findChildren(NoticeBar)
    return [bar for bar in bars if bar.isVisible() and "asks to cancel" in bar.accessibleName()]
