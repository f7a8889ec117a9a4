"""N-SET: which attributes may change, under which lock (PS3.4 CC.2.6)."""

from __future__ import annotations

from dataclasses import replace

from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.domain.modification import modified
from upsdesk.domain.state import Request, cell
from upsdesk.domain.validation import Problem, check_set
from upsdesk.scp.services.common import (
    PROCESSING_FAILURE,
    SUCCESS,
    Reply,
    Surroundings,
    lock_of,
    refused_uid,
    save,
)
from upsdesk.scp.services.refusals import (
    SET_STATUSES,
    keyword,
    naming,
    not_recognized,
    out_of_range,
    refusal,
    without_foreign,
)
from upsdesk.scp.store.repository import Writer

COERCED = 0xB305
_COMMENTS = {
    0xC300: "already in its final state",
    0xC301: "the Transaction UID of the claim is needed",
    0xC307: "no such workitem here",
    0xC310: "SCHEDULED: no Transaction UID belongs to it yet",
}
_MODIFIED_AT = tags.SCHEDULED_PROCEDURE_STEP_MODIFICATION_DATE_TIME


def set_attributes(surroundings: Surroundings, uid: SopInstanceUid, modification: Elements) -> Reply:
    """Replace the top-level attributes that `modification` carries, all of them or none.

    Attributes that the N-CREATE did not give may be set as well: the note of CC.2.6 that an SCU can only set
    what was created would keep a workitem from ever getting a Type 3 attribute, and is not enforced.
    """
    refused = refused_uid(uid)
    if refused is not None:
        return refused
    problems = check_set(modification, lenient=surroundings.leniency.final)
    with surroundings.repository.writing() as writer:
        reply = _set(surroundings, writer, uid, modification, problems)
    surroundings.wake(frozenset(writer.receivers))
    return reply


def _set(
    surroundings: Surroundings,
    writer: Writer,
    uid: SopInstanceUid,
    modification: Elements,
    problems: tuple[Problem, ...],
) -> Reply:
    before = writer.workitem(uid)
    lock = lock_of(before, modification.text(tags.TRANSACTION_UID), surroundings.leniency)
    allowed = cell(Request.SET, lock, before.state if before is not None else None)
    if before is None or not allowed.is_allowed:
        return Reply(allowed.status, _COMMENTS.get(allowed.status, ""))
    refused = refusal(problems, SET_STATUSES)
    if refused is not None:
        return refused
    change = without_foreign(modification).without(
        tags.TRANSACTION_UID, tags.SPECIFIC_CHARACTER_SET, _MODIFIED_AT
    )
    coerced = set(modification.only({_MODIFIED_AT}).tags)
    if tags.WORKLIST_LABEL in change and not change.text(tags.WORKLIST_LABEL):
        change = change.with_elements(element(tags.WORKLIST_LABEL, surroundings.worklist_label))
        coerced.add(tags.WORKLIST_LABEL)
    result = modified(before.elements, change)
    coerced |= result.coerced
    elements = before.elements
    if result.elements != elements:  # the same again changes nothing, not even the time of modification
        after = replace(before, elements=result.elements)
        saved = save(writer, before, after, surroundings.clock())
        if saved is None:
            return Reply(PROCESSING_FAILURE, "changed by another at the same moment; try again")
        elements = saved.elements
    if coerced:
        told = elements.only(coerced)
        comment = naming("changed", [keyword(one.tag) for one in told])
        return Reply(COERCED, comment, tuple(one.tag for one in told), told)
    return not_recognized(modification) or out_of_range(problems, modification) or Reply(SUCCESS)
