"""What happened to workitems: the values that reach the store by its one door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import EncodedDataSet, InputReadiness, Progress


class ReportType(Enum):
    """Event Type IDs of the UPS (PS3.4 Table CC.2.4-1)."""

    STATE_REPORT = 1
    CANCEL_REQUESTED = 2
    PROGRESS_REPORT = 3
    SCP_STATUS_CHANGE = 4
    ASSIGNED = 5

    @property
    def title(self) -> str:
        """The Standard's name."""
        return _TITLES[self.value]


_TITLES = {
    1: "UPS State Report",
    2: "UPS Cancel Requested",
    3: "UPS Progress Report",
    4: "SCP Status Change",
    5: "UPS Assigned",
}


@dataclass(frozen=True, slots=True)
class Report:
    """A decoded N-EVENT-REPORT, as it came from the wire."""

    received: datetime
    number: int
    """Counts up in wire order within the listener."""
    event_type: int
    """A type that is not in `ReportType` is kept as it came."""
    uid: SopInstanceUid
    calling_aet: AeTitle
    information: Elements


@dataclass(frozen=True, slots=True)
class Found:
    """A C-FIND response."""

    key: WorkitemKey
    elements: Elements
    data: EncodedDataSet | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Read:
    """An N-GET answer. `whole`: every attribute of the workitem was asked for."""

    key: WorkitemKey
    elements: Elements
    data: EncodedDataSet | None
    at: datetime
    whole: bool = True


@dataclass(frozen=True, slots=True)
class StateReported:
    """UPS State Report, or the confirmed result of this desk's own state change (`own`)."""

    key: WorkitemKey
    state: ProcedureStepState
    at: datetime
    readiness: InputReadiness | None = None
    reason: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class ProgressReported:
    """UPS Progress Report; a part that the report leaves out stays as it was."""

    key: WorkitemKey
    progress: Progress
    at: datetime


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """Somebody asks the holder to cancel."""

    key: WorkitemKey
    at: datetime
    requesting_ae: str = ""
    reason: str = ""
    contact_name: str = ""
    contact_uri: str = ""
    code: Code | None = None


@dataclass(frozen=True, slots=True)
class Assigned:
    """UPS Assigned: `elements` holds the attributes that it carried, any subset of station and performer."""

    key: WorkitemKey
    elements: Elements
    at: datetime


@dataclass(frozen=True, slots=True)
class ScpStatusChanged:
    """SCP Status Change; belongs to the peer, not to a workitem."""

    peer: PeerId
    status: str
    subscription_list: str
    workitem_list: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Removed:
    """The peer does not know the workitem any more (C307), or it was taken out of the list."""

    key: WorkitemKey
    at: datetime


WorkitemEvent = Found | Read | StateReported | ProgressReported | CancelRequested | Assigned | Removed
Event = WorkitemEvent | ScpStatusChanged
