"""N-SET: which attributes may change, under which lock (PS3.4 CC.2.6)."""

from __future__ import annotations

from dataclasses import replace

from upsdesk.domain import attributes, tags
from upsdesk.domain.attributes import element
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.domain.requirements import set_forbidden
from upsdesk.domain.state import Request, cell
from upsdesk.scp.services.common import (
    PROCESSING_FAILURE,
    SUCCESS,
    Reply,
    Surroundings,
    lock_of,
    naming,
    save,
    stamped,
)
from upsdesk.scp.services.create import (
    INVALID_VALUE,
    MISSING_VALUE,
    NO_SUCH_ATTRIBUTE,
    invalid_values,
)
from upsdesk.scp.store.repository import Writer

COERCED = 0xB305
_COMMENTS = {
    0xC300: "already in its final state",
    0xC301: "the Transaction UID of the claim is needed",
    0xC307: "no such workitem here",
    0xC310: "SCHEDULED: no Transaction UID belongs to it yet",
}


def set_attributes(surroundings: Surroundings, uid: SopInstanceUid, modification: Elements) -> Reply:
    """Replace the top-level attributes that `modification` carries, all of them or none."""
    given = modification.text(tags.TRANSACTION_UID)
    change = modification.without(tags.TRANSACTION_UID, tags.SPECIFIC_CHARACTER_SET)
    with surroundings.repository.writing() as writer:
        reply = _set(surroundings, writer, uid, given, change)
    surroundings.wake(frozenset(writer.receivers))
    return reply


def _set(
    surroundings: Surroundings, writer: Writer, uid: SopInstanceUid, given: str, change: Elements
) -> Reply:
    before = writer.workitem(uid)
    lock = lock_of(before, given, surroundings.leniency)
    allowed = cell(Request.SET, lock, before.state if before is not None else None)
    if before is None or not allowed.is_allowed:
        return Reply(allowed.status, _COMMENTS.get(allowed.status, ""))
    problem = _problem(change)
    if problem is not None:
        return problem
    coerced = tags.WORKLIST_LABEL in change and not change.text(tags.WORKLIST_LABEL)
    if coerced:
        label = element(tags.WORKLIST_LABEL, surroundings.worklist_label)
        change = change.with_elements(label)
    elements = stamped(before.elements.with_elements(*change), surroundings.clock())
    if save(writer, before, replace(before, elements=elements)) is None:
        return Reply(PROCESSING_FAILURE, "changed by another at the same moment; try again")
    if coerced:
        return Reply(COERCED, "Worklist Label was filled in", elements=Elements([label]))
    return Reply(SUCCESS)


def _problem(change: Elements) -> Reply | None:
    forbidden = set_forbidden(change)
    if forbidden:
        return Reply(NO_SUCH_ATTRIBUTE, naming("not allowed in N-SET", forbidden), forbidden)
    always = {row.tag for row in attributes.create_type_1()}
    empty = tuple(one.tag for one in change if one.tag in always and one.is_empty)
    if empty:
        return Reply(MISSING_VALUE, naming("empty", empty), empty)
    invalid = invalid_values(change)
    if invalid:
        return Reply(INVALID_VALUE, naming("not valid", invalid), invalid)
    return None
