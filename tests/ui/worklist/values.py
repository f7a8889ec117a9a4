"""A worklist for tests: a real store, filled by events as a search and reports would."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Elements
from upsdesk.domain.events import Found, ProgressReported, Removed, StateReported
from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.peer import Peer
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.when import format_moment
from upsdesk.domain.workitem import Progress
from upsdesk.services.store import WorklistStore

ZONE = timezone(timedelta(hours=1))
NOON = datetime(2026, 11, 19, 12, 0, tzinfo=ZONE)
PEER = Peer(PeerId("p1"), AeTitle("TMS_SCP"), "10.20.4.11", 11112, name="TMS main")


def key(number: int, peer: Peer = PEER) -> WorkitemKey:
    return WorkitemKey(peer.id, SopInstanceUid(f"1.2.3.{number}"))


@dataclass
class Bench:
    """Stands where the desk stands: store, clock and zone. Time stands still until a test moves it."""

    now: datetime = NOON
    zone: timezone = ZONE
    store: WorklistStore = field(default_factory=lambda: WorklistStore(lambda data: Elements()))
    seconds: float = 1000.0

    def clock(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.seconds

    def add(self, number: int, *, peer: Peer = PEER, **told: str) -> WorkitemKey:
        """A workitem as a search brings it; see `workitem` for what can be told."""
        self.store.apply([Found(key(number, peer), workitem(**told), None, self.now)])
        return key(number, peer)

    def report(self, where: WorkitemKey, state: str) -> None:
        self.store.apply([StateReported(where, ProcedureStepState(state), self.now)])

    def progress(self, where: WorkitemKey, percent: float) -> None:
        self.store.apply([ProgressReported(where, Progress(percent), self.now)])

    def remove(self, where: WorkitemKey) -> None:
        self.store.apply([Removed(where, self.now)])


def workitem(
    *,
    state: str = "SCHEDULED",
    priority: str = "MEDIUM",
    start: str = "",
    end: str = "",
    name: str = "Novák^Jana",
    patient_id: str = "4471902",
    born: str = "19570314",
    sex: str = "F",
    label: str = "RT treatment",
    station: str = "FX1",
    inputs: str = "READY",
    issuer: str = "",
    worklist: str = "",
) -> Elements:
    """`start` and `end` are times of the day of `NOON`; hours from 24 on are of the days after it."""
    found = [
        element(tags.PROCEDURE_STEP_STATE, state),
        element(tags.SCHEDULED_PROCEDURE_STEP_PRIORITY, priority),
        element(tags.PATIENT_NAME, name),
        element(tags.PATIENT_ID, patient_id),
        element(tags.PATIENT_BIRTH_DATE, born),
        element(tags.PATIENT_SEX, sex),
        element(tags.ISSUER_OF_PATIENT_ID, issuer),
        element(tags.PROCEDURE_STEP_LABEL, label),
        element(tags.WORKLIST_LABEL, worklist),
        element(tags.INPUT_READINESS_STATE, inputs),
        sequence(
            tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE,
            Code(station, "99HOSP", f"Room of {station}").to_elements(),
        ),
    ]
    for tag, time in (
        (tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME, start),
        (tags.EXPECTED_COMPLETION_DATE_TIME, end),
    ):
        if time:
            hour, minute = time.split(":")
            midnight = NOON.replace(hour=0)
            at = midnight + timedelta(hours=int(hour), minutes=int(minute))
            found.append(element(tag, format_moment(at)))
    return Elements(found)
