"""The steps of the tour: what a technologist does, and how each is verified from outside."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from PySide6.QtCore import Qt

from upsdesk.domain import tags
from upsdesk.domain.elements import Elements
from upsdesk.domain.folding import folded
from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.query import worklist_queries
from upsdesk.domain.state import ProcedureStepState
from upsdesk.ui import actions, theme
from upsdesk.ui.tour import hands
from upsdesk.ui.tour.editor_steps import conflict, draft
from upsdesk.ui.tour.endings import cancel, cancel_requested, checklist
from upsdesk.ui.tour.guide import Guide, Wrong, expect
from upsdesk.ui.tour.hand_over import hand_over
from upsdesk.ui.tour.making import clone, template
from upsdesk.ui.tour.moves import STATION, confirm, next_at_station, until_closed, until_state
from upsdesk.ui.transitions.ask_to_cancel import RequestCancelDialog
from upsdesk.ui.transitions.complete import CompleteDialog
from upsdesk.ui.transitions.progress import ProgressDialog
from upsdesk.ui.transitions.start import StartDialog

_LABEL = "Tour: daily check of the linac"
_NEW_LABEL = "Tour: daily check, table and laser"


async def start(guide: Guide) -> str:
    """The window is open, says DEMO, and the rows are there."""
    window = guide.window
    await hands.until(lambda: len(guide.rows()) > 40 and not _searching(guide), "the rows of the worklist")
    if not window.demo_band.isVisible():
        raise Wrong("the window does not say that it is the demo")
    await hands.until(lambda: window.status_bar.freshness.text, "how fresh the list is")
    return f"{len(guide.rows())} rows, band DEMO shown, {window.status_bar.freshness.text!r}"


async def search(guide: Guide) -> str:
    """F5 leads to the same set of workitems as an independent query."""
    await hands.press(guide.window, Qt.Key.Key_F5)
    queries = worklist_queries(guide.desk.clock().astimezone(guide.desk.zone).date(), guide.desk.zone)
    for _ in range(10):  # Robots go on working between the two reads.
        await hands.until(lambda: not _searching(guide), "the end of the search")
        found = await guide.witness.find(queries)
        shown = {str(key.uid) for key in guide.desk.store.keys(guide.peer.id)}
        if found == shown:
            return f"{len(shown)} SOP Instance UIDs, the same as an independent query found"
        await hands.press(guide.window, Qt.Key.Key_F5)
        await hands.pause(0.3)
    raise Wrong(f"{len(found - shown)} workitems are missing and {len(shown - found)} are too many")


async def filter_rows(guide: Guide) -> str:
    """Typing leaves the rows of one patient."""
    everything = len(guide.rows())
    family = next(
        guide.item(key).patient.display_name.split(",")[0]
        for key in guide.rows()
        if guide.item(key).station == STATION
    )
    await guide.filter_for(folded(family))
    await hands.until(lambda: 0 < len(guide.rows()) < everything, "fewer rows")
    for key in guide.rows():
        if folded(family) not in folded(guide.item(key).patient.display_name):
            raise Wrong("a row is shown that does not hold what was typed")
    shown = len(guide.rows())
    guide.look()
    await guide.clear_filter()
    await hands.until(lambda: len(guide.rows()) >= everything - 3, "all rows again")
    return f"{shown} of {everything} rows shown"


async def select(guide: Guide) -> str:
    """A click shows the patient in the banner."""
    chosen = next_at_station(guide)
    await guide.select(chosen)
    guide.chosen = chosen
    return f"selected {chosen.uid}, banner shows the four facts of its row"


async def new(guide: Guide) -> str:
    """A workitem created in the form is at the server."""
    window = guide.window
    before = set(guide.desk.store.keys(guide.peer.id))
    await guide.press_action(actions.NEW)
    editor = window.editor
    await hands.until(editor.isVisible, "the editor")
    planned = (guide.desk.clock() + timedelta(minutes=20)).astimezone(guide.desk.zone)
    await hands.write(await guide.field(editor, "Label"), _LABEL)
    await hands.write(await guide.field(editor, "Worklist"), "Radiotherapy")
    await hands.write(await guide.field(editor, "Start"), f"{planned:%Y-%m-%d %H:%M}")
    await hands.pause(0.2)
    guide.look()
    await hands.click(editor.foot.send_button)
    await hands.until(lambda: not editor.isVisible(), "the editor to close")

    def made() -> WorkitemKey | None:
        fresh = set(guide.desk.store.keys(guide.peer.id)) - before
        return next((key for key in fresh if guide.item(key).label == _LABEL), None)

    guide.created = await hands.until(made, "the new row")
    held = await guide.witness.read(guide.created.uid)
    expect(held.text(tags.PROCEDURE_STEP_LABEL), _LABEL, "the label at the server")
    expect(held.text(tags.PROCEDURE_STEP_STATE), "SCHEDULED", "the state at the server")
    start_at = held.text(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME)
    return f"at the server: SCHEDULED, {_LABEL!r}, start {start_at}"


async def edit(guide: Guide) -> str:
    """Only what was changed is sent, and is stored."""
    created = guide.key(guide.created)
    await guide.select(created)
    before = await guide.witness.read(created.uid)
    await guide.press_keys(actions.EDIT)
    editor = guide.window.editor
    await hands.until(editor.isVisible, "the editor")
    await hands.write(await guide.field(editor, "Label"), _NEW_LABEL)
    await hands.pause(0.2)
    guide.look()
    await hands.click(editor.foot.send_button)
    await hands.until(lambda: not editor.isVisible(), "the editor to close")
    after = await guide.witness.read(created.uid)
    changed = {element.tag for element in before.changes_to(after)}
    changed.discard(tags.SCHEDULED_PROCEDURE_STEP_MODIFICATION_DATE_TIME)
    expect(changed, {tags.PROCEDURE_STEP_LABEL}, "what changed at the server")
    expect(after.text(tags.PROCEDURE_STEP_LABEL), _NEW_LABEL, "the label at the server")
    await guide.clear_filter()
    return f"at the server: label now {_NEW_LABEL!r}, nothing else changed"


async def claim(guide: Guide) -> str:
    """Start, confirmed by Tab and Space, puts the workitem in progress, held by this desk."""
    chosen = guide.key(guide.chosen)
    await guide.select(chosen)
    await guide.press_action(actions.START)
    dialog = await hands.dialog_of(StartDialog)
    await hands.pause(0.4)
    for box in dialog.warnings.boxes:
        await hands.click(box)
    guide.look()
    await confirm(dialog)
    await until_closed(dialog)
    await until_state(guide, chosen, ProcedureStepState.IN_PROGRESS)
    expect(await guide.witness.state(chosen.uid), "IN PROGRESS", "the state at the server")
    if not guide.desk.store.is_held(chosen):
        raise Wrong("this desk does not hold the workitem")
    return "at the server: IN PROGRESS; this desk keeps its Transaction UID"


async def progress(guide: Guide) -> str:
    """A percent and a description reach the server."""
    chosen = guide.key(guide.chosen)
    await guide.press_action(actions.PROGRESS)
    dialog = await hands.dialog_of(ProgressDialog)
    await hands.pause(0.4)
    await hands.click_button(dialog, "Send 50 percent")
    await hands.until(lambda: "Sent 50 %" in dialog.line.text, "the step to be sent")
    await hands.write(await guide.field(dialog, "Description of the progress"), "Beam 2 of 4")
    guide.look()
    await hands.click(dialog.yes_button)
    await until_closed(dialog)
    item = _progress_item(await guide.witness.read(chosen.uid))
    percent, words = (
        item.text(tags.PROCEDURE_STEP_PROGRESS),
        item.text(tags.PROCEDURE_STEP_PROGRESS_DESCRIPTION),
    )
    expect((float(percent), words), (50.0, "Beam 2 of 4"), "the progress at the server")
    await hands.until(lambda: guide.item(chosen).progress.percent == 50, "the percent in the row")
    return f"at the server: {percent} %, {words!r}"


async def live(guide: Guide) -> str:
    """What another performer does appears without a search."""
    elsewhere = next_at_station(guide)
    guide.elsewhere = elsewhere
    read_before = guide.desk.worklist.state(guide.peer.id).started_at
    await guide.witness.claim(elsewhere.uid, guide.other_lock)
    await guide.witness.report(elsewhere.uid, guide.other_lock, 30, "Positioning")
    await hands.until(
        lambda: (
            guide.item(elsewhere).state is ProcedureStepState.IN_PROGRESS
            and guide.item(elsewhere).progress.percent == 30
        ),
        "the row to follow another performer",
    )
    guide.look()
    if guide.desk.worklist.state(guide.peer.id).started_at != read_before:
        raise Wrong("the list was searched meanwhile, so the row does not prove an update")
    item = _progress_item(await guide.witness.read(elsewhere.uid))
    percent = item.text(tags.PROCEDURE_STEP_PROGRESS)
    return f"at the server: IN PROGRESS, {percent} %; the row shows both by reports, without a search"


async def ask_to_cancel(guide: Guide) -> str:
    """Asking leaves the state alone; the performer's cancellation arrives live."""
    elsewhere = guide.key(guide.elsewhere)
    await guide.select(elsewhere)
    await guide.press_action(actions.ASK_TO_CANCEL)
    dialog = await hands.dialog_of(RequestCancelDialog)
    await hands.pause(0.4)
    await hands.write(await guide.field(dialog, "Reason"), "Patient is needed elsewhere")
    guide.look()
    await confirm(dialog)
    await hands.until(
        lambda: guide.desk.store.cancel_asked(elsewhere), "the update that a cancellation was asked for"
    )
    expect(await guide.witness.state(elsewhere.uid), "IN PROGRESS", "the state after asking")
    await hands.until(lambda: "Asked, not canceled yet" in dialog.notice.text, "the answer in the dialog")
    await hands.click(dialog.no_button)
    await until_closed(dialog)
    await guide.witness.cancel(elsewhere.uid, guide.other_lock, guide.desk.clock())
    await until_state(guide, elsewhere, ProcedureStepState.CANCELED)
    state = await guide.witness.state(elsewhere.uid)
    return f"at the server: IN PROGRESS after asking, {state} after its performer gave in"


async def complete(guide: Guide) -> str:
    """All suggestions, then the final state."""
    chosen = guide.key(guide.chosen)
    await guide.select(chosen)
    await guide.press_action(actions.COMPLETE)
    dialog = await hands.dialog_of(CompleteDialog)
    await hands.until(dialog.use_all.isVisible, "the suggestions")
    await hands.pause(0.4)
    await hands.click(dialog.use_all)
    guide.look()
    await confirm(dialog)
    await until_closed(dialog)
    await until_state(guide, chosen, ProcedureStepState.COMPLETED)
    held = await guide.witness.read(chosen.uid)
    expect(held.text(tags.PROCEDURE_STEP_STATE), "COMPLETED", "the state at the server")
    performed = tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE
    station = held.text(performed, tags.PERFORMED_STATION_NAME_CODE_SEQUENCE, tags.CODE_VALUE)
    expect(station, STATION, "the performed station at the server")
    end = held.text(performed, tags.PERFORMED_PROCEDURE_STEP_END_DATE_TIME)
    return f"at the server: COMPLETED, performed at {station}, end {end}"


async def dark(guide: Guide) -> str:
    """The other look, seen in the colour of the table's ground."""
    await guide.clear_filter()
    before = theme.current().name
    await hands.press(guide.window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    await hands.until(lambda: theme.current().name != before, "the other theme")
    await hands.pause(0.3)
    image = guide.window.worklist.grab().toImage()
    found = image.pixelColor(3, image.height() // 2).name()
    wanted = theme.current().surface.name()
    expect(found, wanted, "the ground of the table")
    return f"theme {theme.current().name}, ground of the table {found}"


Step = Callable[[Guide], Awaitable[str]]
STEPS: tuple[tuple[str, Step], ...] = (
    ("start", start),
    ("search", search),
    ("filter", filter_rows),
    ("select", select),
    ("new", new),
    ("edit", edit),
    ("conflict", conflict),
    ("draft", draft),
    ("clone", clone),
    ("template", template),
    ("claim", claim),
    ("progress", progress),
    ("live", live),
    ("ask-to-cancel", ask_to_cancel),
    ("hand-over", hand_over),
    ("complete", complete),
    ("checklist", checklist),
    ("cancel", cancel),
    ("cancel-requested", cancel_requested),
    ("dark", dark),
)


def _searching(guide: Guide) -> bool:
    return guide.desk.worklist.state(guide.peer.id).running


def _progress_item(held: Elements) -> Elements:
    items = held.items(tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE)
    return items[0] if items else Elements()
