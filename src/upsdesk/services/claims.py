"""Whose a claimed workitem is when no answer said so: ours, not ours, or still unknown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from upsdesk.domain import tags
from upsdesk.domain.elements import Elements
from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.operation import Answer
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.status import Kind, Outcome, no_answer
from upsdesk.services.act import Act, ActEnded
from upsdesk.services.desk_file import VaultEntry
from upsdesk.services.results import ENDED_BEFORE, GONE, ended_before

WRONG_LOCK = 0xC301
ALREADY_IN_PROGRESS = 0xC302
_FINAL = 0xC300

# Attributes that an N-SET may rewrite and that need no character set, in the order of preference.
_REWRITABLE = (
    tags.SCHEDULED_PROCEDURE_STEP_PRIORITY,
    tags.INPUT_READINESS_STATE,
    tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME,
)


class Owner(Enum):
    """What is known of a claim whose answer was lost."""

    OURS = "ours"
    NOT_OURS = "not ours"
    NOT_STARTED = "not started"
    """The workitem is still SCHEDULED; the lock is kept, since a slow peer may yet carry the claim out."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Settled:
    """The owner, and the answer that says so in words."""

    owner: Owner
    outcome: Outcome


async def settle_claim(act: Act, entry: VaultEntry, *, repeat: bool) -> Settled:
    """Find out whose the workitem is. Reading proves nothing, since the lock is never returned.

    With `repeat` the same claim goes out again with the same Transaction UID: success means ours, C301 not
    ours, C302 proves nothing at servers that look at the state first. Then an N-SET with the Transaction UID
    rewrites one attribute to its present value (PS3.4 Table CC.1.1-2, CC.2.6.3).
    """
    if repeat:
        gateway = act.desk.gateway
        try:
            answer = await act.send(
                gateway.change_state(
                    act.peer, act.key.uid, ProcedureStepState.IN_PROGRESS, entry.transaction_uid
                )
            )
        except NoAnswer as error:
            return Settled(Owner.UNKNOWN, no_answer(error))
        if answer.status in ENDED_BEFORE:
            return Settled(Owner.NOT_OURS, not_started(answer))
        if answer.status in (WRONG_LOCK, _FINAL, *GONE):
            return Settled(Owner.NOT_OURS, answer.outcome)
        if answer.outcome.is_done:
            return Settled(Owner.OURS, answer.outcome)
        if answer.status != ALREADY_IN_PROGRESS:
            return Settled(Owner.UNKNOWN, answer.outcome)
    return await _try_the_lock(act, entry)


def not_started(answer: Answer) -> Outcome:
    """The answer to a claim that says that the workitem had ended."""
    return ended_before(answer.outcome, ENDED_BEFORE[answer.status], "started")


async def _try_the_lock(act: Act, entry: VaultEntry) -> Settled:
    try:
        elements = await act.reread()
    except ActEnded as ended:
        gone = ended.result.outcome.code in GONE
        return Settled(Owner.NOT_OURS if gone else Owner.UNKNOWN, ended.result.outcome)
    if act.state is ProcedureStepState.SCHEDULED:
        return Settled(Owner.NOT_STARTED, _NOT_STARTED)
    if act.state is None or act.state.is_final:
        return Settled(Owner.NOT_OURS if act.state else Owner.UNKNOWN, _ENDED if act.state else _NO_PROOF)
    same = next((found for tag in _REWRITABLE if (found := elements.get(tag)) and not found.is_empty), None)
    if same is None:
        return Settled(Owner.UNKNOWN, _NO_PROOF)
    try:
        answer = await act.send(
            act.desk.gateway.set(act.peer, act.key.uid, Elements([same]), entry.transaction_uid)
        )
    except NoAnswer as error:
        return Settled(Owner.UNKNOWN, no_answer(error))
    if answer.outcome.is_done:
        return Settled(Owner.OURS, answer.outcome)
    if answer.status == WRONG_LOCK:
        return Settled(Owner.NOT_OURS, answer.outcome)
    return Settled(Owner.UNKNOWN, answer.outcome)


_NOT_STARTED = Outcome(
    Kind.NONE, "It is still scheduled: the start was not carried out.", "Start it again when it is due."
)
_ENDED = Outcome(Kind.NONE, "It has ended.", "Nothing is left to do here.")
_NO_PROOF = Outcome(
    Kind.NONE,
    "The server gives no proof whether this desk or another system holds it.",
    "Ask the server's administrator who holds it.",
)
