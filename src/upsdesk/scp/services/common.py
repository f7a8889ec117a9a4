"""What all services share: their surroundings, the form of an answer, and how a change is saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from enum import Enum

from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import AeTitle, SopInstanceUid
from upsdesk.domain.state import Lock, ProcedureStepState
from upsdesk.domain.when import format_moment
from upsdesk.scp.model import Stored
from upsdesk.scp.reports import reports_of_change
from upsdesk.scp.store.repository import Repository, Writer

SUCCESS = 0x0000
UNKNOWN_INSTANCE = 0xC307
PROCESSING_FAILURE = 0x0110
INVALID_ARGUMENT = 0x0115
INVALID_INSTANCE = 0x0117
COMMENT_LENGTH = 64
"""Error Comment (0000,0902) is LO."""


@dataclass(frozen=True, slots=True)
class Leniency:
    """Where an SCP of the field is known to be less strict than the Standard; all off by default."""

    create: bool = False
    """Type 2 attributes may be absent, SOP Class and Instance UID may stand in the N-CREATE data set."""
    final: bool = False
    """Final-state requirements are not checked, and Type 2 attributes may be absent from items of an N-SET;
    CANCELED without a reason gets 110513 DCM."""
    lock: bool = False
    """The Transaction UID is not compared, and may be absent; a claim brings one all the same."""
    sop_class: bool = False
    """A message other than C-FIND may name any UPS class, as DCMTK's and other clients do."""
    warning: bool = False
    """N-CREATE, N-SET and N-GET answer 0000 instead of a warning, which some clients take for failure."""


class CancelEvent(Enum):
    """When UPS Cancel Requested is sent; the Standard's table and text differ for SCHEDULED workitems."""

    TABLE = "table"
    """Only while IN PROGRESS (PS3.4 Table CC.1.1-2)."""
    ALWAYS = "always"
    """Also for a SCHEDULED workitem, which is canceled at once (PS3.4 CC.2.4.3)."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a service needs beside the request."""

    repository: Repository
    clock: Callable[[], datetime]
    """The time now, with a zone."""
    zone: tzinfo
    """Of date-times that carry none."""
    new_uid: Callable[[], str]
    knows: Callable[[AeTitle], bool]
    """Whether reports can be sent to this Receiving AE."""
    wake: Callable[[frozenset[AeTitle]], None]
    """Tells the dispatcher that reports wait, after the commit."""
    worklist_label: str = "UPS Desk"
    """The Worklist Label of workitems that were made without one (PS3.4 CC.2.5.1.3)."""
    leniency: Leniency = Leniency()
    cancel_event: CancelEvent = CancelEvent.TABLE


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: `offending` goes into Attribute Identifier List (or Offending Element of a C-FIND)."""

    status: int
    comment: str = ""
    offending: tuple[int, ...] = ()
    elements: Elements | None = None
    uid: SopInstanceUid | None = None
    """The Affected SOP Instance UID, where the SCP assigned it."""


def refused_uid(uid: str) -> Reply | None:
    """The refusal of a Requested SOP Instance UID that is no UID (PS3.7 Annex C)."""
    try:
        SopInstanceUid.parse(uid)
    except ValueError:
        return Reply(INVALID_INSTANCE, "the Requested SOP Instance UID is no UID")
    return None


def lock_of(stored: Stored | None, given: str, leniency: Leniency) -> Lock:
    """How the Transaction UID of a request stands to the one recorded with the claim."""
    if leniency.lock and stored is not None and stored.state is not ProcedureStepState.SCHEDULED:
        return Lock.CORRECT
    if not given:
        return Lock.ABSENT
    if stored is None or stored.state is ProcedureStepState.SCHEDULED:
        return Lock.CORRECT
    return Lock.CORRECT if given == stored.lock else Lock.WRONG


def stamped(elements: Elements, now: datetime) -> Elements:
    """With Scheduled Procedure Step Modification Date Time, which only the SCP writes."""
    return elements.with_elements(
        element(tags.SCHEDULED_PROCEDURE_STEP_MODIFICATION_DATE_TIME, format_moment(now))
    )


def in_state(stored: Stored, state: ProcedureStepState, now: datetime) -> Stored:
    """`stored` in another state, in its data set too."""
    elements = stored.elements.with_elements(element(tags.PROCEDURE_STEP_STATE, state.value))
    return replace(
        stored, state=state, elements=elements, ended=now.timestamp() if state.is_final else stored.ended
    )


def save(writer: Writer, before: Stored, after: Stored, now: datetime) -> Stored | None:
    """Store a change with its time and queue the reports that it causes; None: another change came between.

    The one door for changes of every origin: what the SCP does by itself is told like what an SCU asked for
    (PS3.4 CC.2.4.3).
    """
    after = replace(after, elements=stamped(after.elements, now))
    if not writer.update(before, after):
        return None
    reports = reports_of_change(before, after)
    if reports:
        writer.enqueue(writer.subscribers_of(after.uid), reports)
    return replace(after, revision=before.revision + 1)
