"""N-ACTION: change of state, request to cancel, and subscriptions (PS3.4 CC.2.1 to CC.2.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.keys import AeTitle, SopInstanceUid, TransactionUid
from upsdesk.domain.requirements import missing_for_final
from upsdesk.domain.state import Lock, ProcedureStepState, Request, cell
from upsdesk.domain.when import format_moment
from upsdesk.scp.reports import cancel_requested
from upsdesk.scp.services.common import (
    INVALID_ARGUMENT,
    SUCCESS,
    Reply,
    Surroundings,
    in_state,
    lock_of,
    save,
    stamped,
)
from upsdesk.scp.store.repository import Writer

MISSING_FINAL_ATTRIBUTES = 0xC304
CANNOT_BE_CONTACTED = 0xC312
UNSPECIFIED_REASON = Code("110513", "DCM", "Discontinued for unspecified reason")

_PROGRESS = tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE
_STATE_REQUESTS = {
    ProcedureStepState.IN_PROGRESS: Request.TO_IN_PROGRESS,
    ProcedureStepState.SCHEDULED: Request.TO_SCHEDULED,
    ProcedureStepState.COMPLETED: Request.TO_COMPLETED,
    ProcedureStepState.CANCELED: Request.TO_CANCELED,
}
_COMMENTS = {
    0xB304: "already CANCELED",
    0xB306: "already COMPLETED",
    0xC300: "already in its final state",
    0xC301: "the Transaction UID is not the one of the claim",
    0xC302: "already IN PROGRESS",
    0xC303: "only N-CREATE makes a workitem SCHEDULED",
    0xC307: "no such workitem here",
    0xC310: "not IN PROGRESS yet",
    0xC311: "already COMPLETED",
}
_REQUEST_TO_PROGRESS = (
    tags.REASON_FOR_CANCELLATION,
    tags.PROCEDURE_STEP_DISCONTINUATION_REASON_CODE_SEQUENCE,
)


def change_state(
    surroundings: Surroundings, calling: AeTitle, uid: SopInstanceUid, information: Elements
) -> Reply:
    """Action 1, Change UPS State: the table of PS3.4 CC.1.1.3 with the Transaction UID as the lock."""
    state = ProcedureStepState.read(information.text(tags.PROCEDURE_STEP_STATE))
    if state is None:
        return Reply(INVALID_ARGUMENT, "Procedure Step State is missing or none of the four")
    given = information.text(tags.TRANSACTION_UID)
    with surroundings.repository.writing() as writer:
        reply = _change_state(surroundings, writer, calling, uid, state, given)
    surroundings.wake(frozenset(writer.receivers))
    return reply


def _change_state(
    surroundings: Surroundings,
    writer: Writer,
    calling: AeTitle,
    uid: SopInstanceUid,
    state: ProcedureStepState,
    given: str,
) -> Reply:
    before = writer.workitem(uid)
    lock = lock_of(before, given, surroundings.leniency)
    allowed = cell(_STATE_REQUESTS[state], lock, before.state if before is not None else None)
    if before is None or not allowed.is_allowed:
        return Reply(allowed.status, _COMMENTS.get(allowed.status, ""))
    now = surroundings.clock()
    after = in_state(before, state, now)
    if state is ProcedureStepState.IN_PROGRESS:
        try:
            after = replace(after, lock=TransactionUid.parse(given), performer=calling)
        except ValueError:
            return Reply(INVALID_ARGUMENT, "the Transaction UID is no UID")
    if state is ProcedureStepState.CANCELED:
        after = replace(after, elements=_with_cancellation_time(after.elements, now))
    if allowed.needs_final_attributes and not surroundings.leniency.final:
        missing = missing_for_final(state, after.elements)
        if missing:
            comment = "missing: " + ", ".join(need.keyword for need in missing)
            return Reply(MISSING_FINAL_ATTRIBUTES, comment[:64])
    if save(writer, before, after) is None:
        # Somebody was quicker between the look and the update: the answer is that of the state it has now.
        return _change_state(surroundings, writer, calling, uid, state, given)
    return Reply(SUCCESS)


def _with_cancellation_time(elements: Elements, now: datetime) -> Elements:
    """The SCP fills in when it was canceled (PS3.4 Table CC.2.5-3, X)."""
    item = next(iter(elements.items(_PROGRESS)), Elements())
    if item.text(tags.PROCEDURE_STEP_CANCELLATION_DATE_TIME):
        return elements
    time = element(tags.PROCEDURE_STEP_CANCELLATION_DATE_TIME, format_moment(now))
    return elements.with_elements(sequence(_PROGRESS, item.with_elements(time)))


def request_cancel(
    surroundings: Surroundings, calling: AeTitle, uid: SopInstanceUid, information: Elements
) -> Reply:
    """Action 2, Request UPS Cancel: done at once while SCHEDULED, else the performer is told (CC.2.2.3)."""
    with surroundings.repository.writing() as writer:
        reply = _request_cancel(surroundings, writer, calling, uid, information)
    surroundings.wake(frozenset(writer.receivers))
    return reply


def _request_cancel(
    surroundings: Surroundings,
    writer: Writer,
    calling: AeTitle,
    uid: SopInstanceUid,
    information: Elements,
) -> Reply:
    before = writer.workitem(uid)
    allowed = cell(Request.REQUEST_CANCEL, Lock.ABSENT, before.state if before is not None else None)
    if before is None or not allowed.is_allowed:
        return Reply(allowed.status, _COMMENTS.get(allowed.status, ""))
    if allowed.reports_cancel_request:
        subscribers = writer.subscribers_of(uid)
        if not subscribers:
            return Reply(CANNOT_BE_CONTACTED, "nobody is subscribed to this workitem")
        writer.enqueue(subscribers, [cancel_requested(uid, calling, information)])
        return Reply(SUCCESS)
    now = surroundings.clock()
    item = _cancellation(information, now)
    current = before
    for state in allowed.states:
        after = in_state(current, state, now)
        if state is ProcedureStepState.CANCELED:
            elements = stamped(after.elements.with_elements(sequence(_PROGRESS, item)), now)
            after = replace(after, elements=elements)
        saved = save(writer, current, after)
        if saved is None:
            return _request_cancel(surroundings, writer, calling, uid, information)
        current = saved
    return Reply(SUCCESS)


def _cancellation(information: Elements, now: datetime) -> Elements:
    """The item of Progress Information of a workitem that was called off before its start."""
    found: list[Element] = [
        element(tags.PROCEDURE_STEP_CANCELLATION_DATE_TIME, format_moment(now)),
        sequence(tags.PROCEDURE_STEP_DISCONTINUATION_REASON_CODE_SEQUENCE, UNSPECIFIED_REASON.to_elements()),
    ]
    found += [one for one in information.only(_REQUEST_TO_PROGRESS) if not one.is_empty]
    contact = [
        one for one in information.only({tags.CONTACT_URI, tags.CONTACT_DISPLAY_NAME}) if not one.is_empty
    ]
    if tags.CONTACT_URI in Elements(contact):
        found.append(sequence(tags.PROCEDURE_STEP_COMMUNICATIONS_URI_SEQUENCE, contact))
    return Elements(found)
