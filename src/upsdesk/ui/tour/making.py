"""The steps of the tour that make workitems out of others: a clone, and one after a template."""

from __future__ import annotations

from PySide6.QtCore import Qt

from upsdesk.domain import tags
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import WorkitemKey
from upsdesk.ui.new.clone import CloneDialog
from upsdesk.ui.new.template import TemplateDialog
from upsdesk.ui.tour import hands
from upsdesk.ui.tour.guide import Guide, expect

_CLONE_LABEL = "Tour: once more for this patient"
_TEMPLATE_LABEL = "Tour: machine QA after a template"
_CONTROL = Qt.KeyboardModifier.ControlModifier
_KEPT = (
    tags.PATIENT_NAME,
    tags.PATIENT_ID,
    tags.PATIENT_BIRTH_DATE,
    tags.REFERENCED_REQUEST_SEQUENCE,
    tags.SCHEDULED_WORKITEM_CODE_SEQUENCE,
    tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE,
)


async def clone(guide: Guide) -> str:
    """New like this: the same patient, request and work under a UID of its own."""
    chosen = guide.key(guide.chosen)
    await guide.select(chosen)
    await hands.press(guide.window, Qt.Key.Key_D, _CONTROL)
    dialog = await hands.dialog_of(CloneDialog)
    await hands.until(lambda: not dialog.waits, "the workitem to be read")
    await hands.pause(0.4)
    guide.look()
    await hands.click(dialog.yes_button)
    made = await _sent_as(guide, _CLONE_LABEL)
    old, new = await guide.witness.read(chosen.uid), await guide.witness.read(made.uid)
    for tag in _KEPT:
        expect(_filled(new, tag), _filled(old, tag), f"attribute {tags.tag_text(tag)} at the server")
    expect(new.text(tags.PROCEDURE_STEP_STATE), "SCHEDULED", "the state at the server")
    await guide.clear_filter()
    return f"at the server: SCHEDULED, {_CLONE_LABEL!r}, patient, request and work as {chosen.uid}"


async def template(guide: Guide) -> str:
    """New from template: found by a word, filled in, and at the server with the code of the Standard."""
    await hands.press(guide.window, Qt.Key.Key_N, _CONTROL | Qt.KeyboardModifier.ShiftModifier)
    dialog = await hands.dialog_of(TemplateDialog)
    await hands.write(dialog.search, "machine qa")
    await hands.until(lambda: (one := dialog.template()) and one.id == "machine-qa", "the template")
    await hands.pause(0.4)
    guide.look()
    await hands.press(dialog.search, Qt.Key.Key_Return)
    made = await _sent_as(guide, _TEMPLATE_LABEL)
    held = await guide.witness.read(made.uid)
    code = held.text(tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, tags.CODE_VALUE)
    expect(code, "121730", "the work type at the server")
    expect(held.text(tags.PATIENT_NAME), "", "the patient at the server")
    expect(held.text(tags.PROCEDURE_STEP_STATE), "SCHEDULED", "the state at the server")
    await guide.clear_filter()
    return f"at the server: SCHEDULED, {_TEMPLATE_LABEL!r}, work type {code}, no patient"


async def _sent_as(guide: Guide, label: str) -> WorkitemKey:
    """Type a label into the form that comes up, send it, and wait for the new row."""
    editor = guide.window.editor
    await hands.until(editor.isVisible, "the editor")
    await hands.write(await guide.field(editor, "Label"), label)
    await hands.pause(0.2)
    await hands.click(editor.foot.send_button)
    await hands.until(lambda: not editor.isVisible(), "the editor to close")

    def made() -> WorkitemKey | None:
        keys = guide.desk.store.keys(guide.peer.id)
        return next((key for key in keys if guide.item(key).label == label), None)

    return await hands.until(made, "the new row")


def _filled(elements: Elements, tag: int) -> Elements:
    """The attribute without what is empty in its items: a form may add that."""
    items = elements.items(tag)
    if not items:
        return elements.only([tag])
    return Elements(one for one in items[0] if not one.is_empty)
