"""The step of the tour that hands a held workitem over: the file has the key, the window has it no more."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QFileDialog, QLineEdit, QWidget

from upsdesk.domain import tags
from upsdesk.services.hand_over import opened
from upsdesk.services.threads import in_thread
from upsdesk.ui import actions
from upsdesk.ui.held_sheet import HeldSheet
from upsdesk.ui.passphrase_sheet import PassphraseSheet
from upsdesk.ui.tour import hands
from upsdesk.ui.tour.guide import Guide, Wrong, expect
from upsdesk.ui.transitions.progress import ProgressDialog

_PASSPHRASE = "tour of the linac"
_WORDS = "Reported by the other desk"


async def hand_over(guide: Guide) -> str:
    """The other desk acts with what the file holds; this one cannot, until it takes the workitem back."""
    chosen, path = guide.key(guide.chosen), guide.desk.folder / "tour-hand-over.upsdesk"
    path.unlink(missing_ok=True)
    await guide.select(chosen)
    sheet = await _opened_sheet(guide)
    patient = guide.item(chosen).patient
    box = next(one for one in sheet.findChildren(QCheckBox) if patient.patient_id in one.accessibleName())
    await hands.click(box)
    await hands.click(sheet.yes_button)
    await _passphrase(guide, "Passphrase", "The same passphrase again")
    await _choose_file(path)
    await hands.until(lambda: "handed over with" in sheet.notice.text, "that it was handed over")
    guide.look()
    await hands.click(sheet.no_button)
    await _refused_progress(guide)
    content = await in_thread(path.read_bytes, "read")
    (given,) = (await in_thread(lambda: opened(content, _PASSPHRASE), "open")).entries
    await guide.witness.report(chosen.uid, given.transaction_uid, 60, _WORDS)
    sheet = await _opened_sheet(guide)
    await hands.click(sheet.take_button)
    await _choose_file(path)
    await _passphrase(guide, "Passphrase")
    await hands.until(lambda: "1 of 1 workitem taken over" in sheet.notice.text, "that it was taken over")
    await hands.click(sheet.no_button)
    await hands.until(lambda: guide.desk.store.is_held(chosen), "this desk to hold it again")
    held = await guide.witness.read(chosen.uid)
    item = held.items(tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE)[0]
    expect(item.text(tags.PROCEDURE_STEP_PROGRESS_DESCRIPTION), _WORDS, "who reported last at the server")
    state = held.text(tags.PROCEDURE_STEP_STATE)
    return f"at the server: {state}, {_WORDS!r} with the key of the file; taken back since"


async def _opened_sheet(guide: Guide) -> HeldSheet:
    guide.window.activateWindow()  # as a click does; a file dialog's list of names has the keys otherwise
    await hands.until(guide.window.isActiveWindow, "the window to have the keys")
    modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    await hands.press(guide.window, Qt.Key.Key_H, modifiers)
    sheet = await hands.dialog_of(HeldSheet)
    await hands.pause(0.3)
    return sheet


async def _passphrase(guide: Guide, *fields: str) -> None:
    sheet = await hands.dialog_of(PassphraseSheet)
    for name in fields:
        await hands.write(await guide.field(sheet, name), _PASSPHRASE)
    await hands.click(sheet.yes_button)


async def _choose_file(path: Path) -> None:
    dialog = await hands.dialog_of(QFileDialog)

    def name_field() -> QWidget | None:
        return next((one for one in dialog.findChildren(QLineEdit) if one.isVisible()), None)

    field = await hands.until(name_field, "the field for the name of the file")
    assert isinstance(field, QLineEdit)
    field.setCompleter(None)  # type: ignore[arg-type]  # the list that comes up while a path is typed takes Return
    dialog.setDirectory(str(path.parent))  # a typed path would be gone into while it is typed
    await hands.pause(0.3)
    await hands.write(field, path.name)
    await hands.press(field, Qt.Key.Key_Return)


async def _refused_progress(guide: Guide) -> None:
    """The button tells why; no dialog comes up."""
    await hands.click(guide.window.top_bar.button(actions.PROGRESS))
    await hands.until(lambda: guide.window.details.reason.text, "why progress cannot be reported")
    if any(one.isVisible() for one in guide.window.findChildren(ProgressDialog)):
        raise Wrong("a dialog offers to report progress without the key")
