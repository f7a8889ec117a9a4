"""The steps of the tour in the editor: somebody else changes the same, and what is typed is on disk."""

from __future__ import annotations

from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.elements import Elements
from upsdesk.services.desk_file import DeskFile
from upsdesk.services.drafts import read_draft
from upsdesk.ui import actions
from upsdesk.ui.dialogs import ConfirmDialog
from upsdesk.ui.editor.conflict_dialog import ConflictDialog
from upsdesk.ui.tour import hands
from upsdesk.ui.tour.guide import Guide, Wrong, expect

_MINE, _THEIRS, _THEIR_LIST = "Tour: as this desk wants it", "Tour: as another system wants it", "Physics"
_NOT_SENT = "Tour: typed and not sent"


async def conflict(guide: Guide) -> str:
    """Another system changes the label meanwhile: one chooses, and what only it changed stays."""
    created = guide.key(guide.created)
    await _type_label(guide, _MINE)
    theirs = (
        element(tags.PROCEDURE_STEP_LABEL, _THEIRS),
        element(tags.WORKLIST_LABEL, _THEIR_LIST),
    )
    await guide.witness.change(created.uid, Elements(theirs))
    editor = guide.window.editor
    await hands.click(editor.foot.send_button)
    dialog = await hands.dialog_of(ConflictDialog)
    held = await guide.witness.read(created.uid)
    expect(held.text(tags.PROCEDURE_STEP_LABEL), _THEIRS, "the label before anything is chosen")
    await hands.click_button(dialog, "All as typed here")
    await hands.pause(0.4)
    guide.look()
    await hands.click(dialog.yes_button)
    await hands.until(lambda: not editor.foot.send_button.property("forbidden"), "the way to send")
    await hands.click(editor.foot.send_button)
    await hands.until(lambda: not editor.isVisible(), "the editor to close")
    held = await guide.witness.read(created.uid)
    found = (held.text(tags.PROCEDURE_STEP_LABEL), held.text(tags.WORKLIST_LABEL))
    expect(found, (_MINE, _THEIR_LIST), "label and worklist at the server")
    return f"at the server: label {found[0]!r} as chosen, worklist {found[1]!r} as the other system set it"


async def draft(guide: Guide) -> str:
    """What is typed is on disk before it is sent, and goes when it is discarded."""
    created = guide.key(guide.created)
    editor = guide.window.editor
    await _type_label(guide, _NOT_SENT)
    file = DeskFile(guide.desk.desk_file.path)  # as the next start of the program would see it
    try:
        kept = await hands.until(lambda: file.draft(created.peer, created.uid), "the draft on disk")
        expect(read_draft(kept.content).tree.text(tags.PROCEDURE_STEP_LABEL), _NOT_SENT, "the draft on disk")
        guide.look()
        held = await guide.witness.read(created.uid)
        expect(held.text(tags.PROCEDURE_STEP_LABEL), _MINE, "the label at the server")
        await hands.click(editor.head.back_button)
        question = await hands.dialog_of(ConfirmDialog)
        await hands.pause(0.4)
        await hands.click_button(question, "Discard")
        await hands.until(lambda: not editor.isVisible(), "the editor to close")
        if file.draft(created.peer, created.uid) is not None:
            raise Wrong("the draft is still on disk after it was discarded")
    finally:
        file.close()
    await guide.clear_filter()
    return f"on disk while it was typed: {_NOT_SENT!r}; at the server still {_MINE!r}; gone when discarded"


async def _type_label(guide: Guide, text: str) -> None:
    await guide.select(guide.key(guide.created))
    await guide.press_keys(actions.EDIT)
    editor = guide.window.editor
    await hands.until(editor.isVisible, "the editor")
    await hands.write(await guide.field(editor, "Label"), text)
    await hands.pause(0.2)
