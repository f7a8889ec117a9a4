"""What the SCP keeps of a workitem, a subscription and a report, as values."""

from __future__ import annotations

from dataclasses import dataclass

from upsdesk.dicom.contexts import PUSH_UID
from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.elements import Elements
from upsdesk.domain.events import ReportType
from upsdesk.domain.keys import AeTitle, SopInstanceUid, TransactionUid
from upsdesk.domain.state import ProcedureStepState


@dataclass(frozen=True, slots=True)
class Stored:
    """A workitem at the SCP. `elements` holds neither SOP Class and Instance UID nor the Transaction UID."""

    uid: SopInstanceUid
    state: ProcedureStepState
    elements: Elements
    lock: TransactionUid | None = None
    """The Transaction UID of the claim; stays after the final state to tell right from wrong."""
    performer: AeTitle | None = None
    """Who claimed it (calling AE)."""
    ended: float | None = None
    """When it reached its final state, POSIX seconds."""
    revision: int = 0
    """Counts up with every change; an update is made on the condition that it did not change meanwhile."""


def with_identity(stored: Stored) -> Elements:
    """The workitem as a search sees it: with its SOP Class and Instance UID."""
    return stored.elements.with_elements(
        element(tags.SOP_CLASS_UID, PUSH_UID), element(tags.SOP_INSTANCE_UID, str(stored.uid))
    )


@dataclass(frozen=True, slots=True)
class ReceivingAe:
    """Where the reports of a Receiving AE go."""

    aet: AeTitle
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class GlobalSubscription:
    """A global subscription of one AE; with `filter` it is a filtered one."""

    aet: AeTitle
    lock: bool
    filter: Elements | None = None


@dataclass(frozen=True, slots=True)
class OutgoingReport:
    """An N-EVENT-REPORT that waits for its turn. `uid` is its Affected SOP Instance UID."""

    type: ReportType
    uid: SopInstanceUid
    information: Elements


@dataclass(frozen=True, slots=True)
class QueuedReport:
    """A report in the queue of its Receiving AE; `number` counts up in the order of the changes."""

    number: int
    report: OutgoingReport


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One subscription as `Who would be told` shows it: `uid` None is a global one."""

    aet: AeTitle
    uid: SopInstanceUid | None
    lock: bool
    is_filtered: bool = False
