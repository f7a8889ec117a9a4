"""N-ACTION: change of state, request to cancel, and subscriptions (PS3.4 CC.2.1 to CC.2.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.keys import AeTitle, SopInstanceUid, TransactionUid
from upsdesk.domain.requirements import unmet_for_final
from upsdesk.domain.state import Lock, ProcedureStepState, Request, cell
from upsdesk.domain.validation import check_set
from upsdesk.domain.when import format_moment, moment_or_none
from upsdesk.scp.model import Stored
from upsdesk.scp.reports import cancel_requested
from upsdesk.scp.services.common import (
    INVALID_ARGUMENT,
    SUCCESS,
    CancelEvent,
    Reply,
    Surroundings,
    in_state,
    lock_of,
    refused_uid,
    save,
)
from upsdesk.scp.services.refusals import keyword, naming
from upsdesk.scp.store.repository import Writer

MISSING_FINAL_ATTRIBUTES = 0xC304
CANNOT_BE_CONTACTED = 0xC312
UNSPECIFIED_REASON = Code("110513", "DCM", "Discontinued for unspecified reason")
EXPIRED = Code("110533", "DCM", "Workitem expired")

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
_REASON_CODE = tags.PROCEDURE_STEP_DISCONTINUATION_REASON_CODE_SEQUENCE


def change_state(
    surroundings: Surroundings, calling: AeTitle, uid: SopInstanceUid, information: Elements
) -> Reply:
    """Action 1, Change UPS State: the table of PS3.4 CC.1.1.3 with the Transaction UID as the lock."""
    refused = refused_uid(uid)
    if refused is not None:
        return refused
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
        reason = UNSPECIFIED_REASON if surroundings.leniency.final else None
        after = replace(after, elements=_with_cancellation(after.elements, now, reason))
    if allowed.needs_final_attributes and not surroundings.leniency.final:
        unmet = unmet_for_final(state, after.elements)
        if unmet:
            return Reply(MISSING_FINAL_ATTRIBUTES, naming("missing", [need.keyword for need in unmet]))
    if save(writer, before, after, now) is None:
        # Somebody was quicker between the look and the update: the answer is that of the state it has now.
        return _change_state(surroundings, writer, calling, uid, state, given)
    return Reply(SUCCESS)


def _with_cancellation(elements: Elements, now: datetime, reason: Code | None) -> Elements:
    """The SCP fills in when it was canceled (PS3.4 Table CC.2.5-3, X) and `reason` where one is missing."""
    item = next(iter(elements.items(_PROGRESS)), Elements())
    filled = item
    if not item.text(tags.PROCEDURE_STEP_CANCELLATION_DATE_TIME):
        filled = filled.with_elements(element(tags.PROCEDURE_STEP_CANCELLATION_DATE_TIME, format_moment(now)))
    if reason is not None and not item.items(_REASON_CODE):
        filled = filled.with_elements(sequence(_REASON_CODE, reason.to_elements()))
    return elements if filled == item else elements.with_elements(sequence(_PROGRESS, filled))


def request_cancel(
    surroundings: Surroundings, calling: AeTitle, uid: SopInstanceUid, information: Elements
) -> Reply:
    """Action 2, Request UPS Cancel: done at once while SCHEDULED, else the performer is told (CC.2.2.3).

    This SCP is never the performer, so it never declines (C313); where nobody is subscribed who could tell
    the performer, it says so (C312).
    """
    refused = refused_uid(uid)
    if refused is not None:
        return refused
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
    now = surroundings.clock()
    item = _cancellation(information, now)
    wrong = _wrong_arguments(item)
    if wrong:
        return Reply(INVALID_ARGUMENT, naming("not valid", [keyword(tag) for tag in wrong]), wrong)
    subscribers = writer.subscribers_of(uid)
    if allowed.reports_cancel_request and not subscribers:
        return Reply(CANNOT_BE_CONTACTED, "nobody is subscribed to this workitem")
    if allowed.reports_cancel_request or surroundings.cancel_event is CancelEvent.ALWAYS:
        writer.enqueue(subscribers, [cancel_requested(uid, calling, information)])
    if allowed.states and not _called_off(writer, before, allowed.states, item, now):
        return _request_cancel(surroundings, writer, calling, uid, information)
    return Reply(SUCCESS)


def _called_off(
    writer: Writer, before: Stored, states: tuple[ProcedureStepState, ...], item: Elements, now: datetime
) -> bool:
    """Go through `states`, the last of which is CANCELED for the reason in `item`; each one is reported."""
    current: Stored | None = before
    for state in states:
        if current is None:
            return False
        after = in_state(current, state, now)
        if state is ProcedureStepState.CANCELED:
            known = next(iter(after.elements.items(_PROGRESS)), Elements())
            progress = sequence(_PROGRESS, known.with_elements(*item))
            after = replace(after, elements=after.elements.with_elements(progress))
        current = save(writer, current, after, now)
    return current is not None


def _cancellation(information: Elements, now: datetime) -> Elements:
    """The item of Progress Information of a workitem that was called off before its start."""
    found: list[Element] = [
        element(tags.PROCEDURE_STEP_CANCELLATION_DATE_TIME, format_moment(now)),
        sequence(_REASON_CODE, UNSPECIFIED_REASON.to_elements()),
    ]
    wanted = {tags.REASON_FOR_CANCELLATION, _REASON_CODE}
    found += [one for one in information.only(wanted) if not one.is_empty]
    contact = [
        one for one in information.only({tags.CONTACT_URI, tags.CONTACT_DISPLAY_NAME}) if not one.is_empty
    ]
    if tags.CONTACT_URI in Elements(contact):
        found.append(sequence(tags.PROCEDURE_STEP_COMMUNICATIONS_URI_SEQUENCE, contact))
    return Elements(found)


def _wrong_arguments(item: Elements) -> tuple[int, ...]:
    """Arguments that a workitem could not keep. Senders forget to name the character set: it is guessed."""
    problems = check_set(Elements([sequence(_PROGRESS, item)]))
    found = [problem for problem in problems if problem.tag != tags.SPECIFIC_CHARACTER_SET]
    return tuple(sorted({problem.tag for problem in found}))


def expire(surroundings: Surroundings, uid: SopInstanceUid) -> bool:
    """Cancel a workitem that nobody started before its expiration (110533 DCM), and tell its subscribers.

    For housekeeping: what made it choose this one may have changed meanwhile, so it is looked at again; False
    when there is nothing to cancel.
    """
    with surroundings.repository.writing() as writer:
        before = writer.workitem(uid)
        now = surroundings.clock()
        if before is None or not _has_expired(before, now, surroundings):
            return False
        states = cell(Request.REQUEST_CANCEL, Lock.ABSENT, before.state).states
        item = Elements(
            [
                element(tags.PROCEDURE_STEP_CANCELLATION_DATE_TIME, format_moment(now)),
                element(tags.REASON_FOR_CANCELLATION, "Not started before its expiration"),
                sequence(_REASON_CODE, EXPIRED.to_elements()),
            ]
        )
        done = _called_off(writer, before, states, item, now)
    surroundings.wake(frozenset(writer.receivers))
    return done


def _has_expired(stored: Stored, now: datetime, surroundings: Surroundings) -> bool:
    expires = moment_or_none(
        stored.elements.text(tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME),
        data_set_offset=stored.elements.text(tags.TIMEZONE_OFFSET_FROM_UTC),
        default_zone=surroundings.zone,
    )
    return stored.state is ProcedureStepState.SCHEDULED and expires is not None and expires.instant < now
