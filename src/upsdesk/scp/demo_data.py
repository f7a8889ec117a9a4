"""The demo's worklist: about sixty invented workitems around the present moment, in every state."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from upsdesk.dicom.contexts import PUSH_UID
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.keys import AeTitle, SopInstanceUid, TransactionUid
from upsdesk.domain.requirements import completed_for_create
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.when import format_moment
from upsdesk.scp import demo_content as content
from upsdesk.scp.demo_content import Station, UidMaker, Work, nested
from upsdesk.scp.demo_people import PATIENTS, READERS, THERAPISTS, Person, Staff
from upsdesk.scp.model import Stored

ISSUER = "DEMO HOSPITAL"
_S = ProcedureStepState


@dataclass(frozen=True, slots=True)
class Plan:
    """One workitem to be: `minutes` is its scheduled start, counted from now."""

    station: Station
    work: Work
    patient: int | None
    """Number in PATIENTS; None: no patient, as machine QA."""
    minutes: int
    state: ProcedureStepState = _S.SCHEDULED
    priority: str = "MEDIUM"
    readiness: str = "READY"
    expires: int | None = None
    """Minutes from now; below zero: expired."""
    percent: int = 0
    reason: Code | None = None
    words: str = ""
    """Comments, the last progress description, or the reason for the cancellation, by state."""
    replaces_previous: bool = False


def _done(station: Station, work: Work, patient: int | None, minutes: int, priority: str = "MEDIUM") -> Plan:
    return Plan(station, work, patient, minutes, _S.COMPLETED, priority)


def _called_off(station: Station, work: Work, patient: int, minutes: int, reason: Code, words: str) -> Plan:
    return Plan(station, work, patient, minutes, _S.CANCELED, reason=reason, words=words)


_ABSENT = Code("110507", "DCM", "Patient did not arrive")
_WRONG_ENTRY = Code("110514", "DCM", "Incorrect worklist entry selected")
_INCOMPLETE_SET = Code("110523", "DCM", "Object Set incomplete")
_EQUIPMENT = Code("110501", "DCM", "Equipment failure")
_WRONG_ORDER = Code("110502", "DCM", "Incorrect procedure ordered")

_C = content
PLANS: tuple[Plan, ...] = (
    # FX1, the station of the person at the window.
    _done(Station.FX1, _C.MACHINE_QA, None, -420),
    _done(Station.FX1, _C.TREATMENT, 12, -240),
    _done(Station.FX1, _C.TREATMENT, 14, -180, "HIGH"),
    _done(Station.FX1, _C.TREATMENT, 24, -120),
    _called_off(
        Station.FX1, _C.TREATMENT, 33, -95, _ABSENT, "Called the ward twice; not on the list of today"
    ),
    Plan(Station.FX1, _C.TREATMENT, 6, -35, priority="HIGH", words="Hearing impaired; use the sign board"),
    Plan(Station.FX1, _C.TREATMENT, 3, -10),
    Plan(Station.FX1, _C.TREATMENT, 0, 5, words="Setup with knee support; check the level of the mask"),
    Plan(Station.FX1, _C.TREATMENT, 9, 15),
    Plan(Station.FX1, _C.TREATMENT, 1, 30),
    Plan(Station.FX1, _C.TREATMENT, 27, 45, priority="LOW"),
    Plan(
        Station.FX1,
        _C.TREATMENT,
        20,
        60,
        readiness="INCOMPLETE",
        words="Delivery instruction is being prepared",
    ),
    Plan(Station.FX1, _C.TREATMENT, 8, 75),
    Plan(Station.FX1, _C.TREATMENT, 31, 95, priority="HIGH"),
    Plan(Station.FX1, _C.TREATMENT, 5, 110, readiness="UNAVAILABLE", words="Plan not yet in the archive"),
    Plan(Station.FX1, _C.TREATMENT, 42, 150),
    Plan(Station.FX1, _C.MACHINE_QA, None, 300, priority="LOW"),
    # FX2
    _done(Station.FX2, _C.MACHINE_QA, None, -410),
    _done(Station.FX2, _C.TREATMENT, 17, -200),
    _done(Station.FX2, _C.TREATMENT, 35, -140),
    _called_off(Station.FX2, _C.TREATMENT, 25, -70, _EQUIPMENT, "Collimator fault; moved to tomorrow"),
    Plan(Station.FX2, _C.TREATMENT, 2, -12, _S.IN_PROGRESS, percent=45, words="Beam 1 of 3"),
    Plan(Station.FX2, _C.TREATMENT, 21, 2),
    Plan(Station.FX2, _C.TREATMENT, 30, 12, priority="HIGH"),
    Plan(Station.FX2, _C.TREATMENT, 37, 25),
    Plan(Station.FX2, _C.TREATMENT, 40, 40),
    Plan(Station.FX2, _C.TREATMENT, 15, 55, readiness="INCOMPLETE"),
    Plan(Station.FX2, _C.TREATMENT, 28, 80),
    Plan(Station.FX2, _C.TREATMENT, 11, 100, priority="LOW"),
    # The AI server
    _done(Station.AI, _C.LUNG_CAD, 7, -95),
    _done(Station.AI, _C.MAMMO_CAD, 29, -60),
    _done(Station.AI, _C.STROKE_CAD, 41, -40, "HIGH"),
    _called_off(Station.AI, _C.LUNG_CAD, 38, -85, _INCOMPLETE_SET, "Slices 41 to 58 are missing"),
    Plan(Station.AI, _C.STROKE_CAD, 19, -3, _S.IN_PROGRESS, "HIGH", percent=60, words="Volumes measured"),
    Plan(Station.AI, _C.LUNG_CAD, 26, -2, _S.IN_PROGRESS, percent=25, words="Lungs segmented"),
    Plan(Station.AI, _C.LUNG_CAD, 4, -1, expires=45),
    Plan(Station.AI, _C.MAMMO_CAD, 13, 1),
    Plan(Station.AI, _C.LUNG_CAD, 22, 3, readiness="INCOMPLETE", words="Waiting for the thin series"),
    Plan(Station.AI, _C.MAMMO_CAD, 39, 6),
    Plan(Station.AI, _C.LUNG_CAD, 36, 8, priority="LOW"),
    Plan(Station.AI, _C.STROKE_CAD, 43, 10, priority="HIGH"),
    Plan(Station.AI, _C.LUNG_CAD, 16, -300, expires=-60, words="Never fetched; past its expiration"),
    Plan(Station.AI, _C.LUNG_CAD, 34, 20, readiness="UNAVAILABLE"),
    # The 3D lab and its readers
    _done(Station.LAB, _C.VESSEL_3D, 32, -150),
    _done(Station.LAB, _C.READING, 10, -110, "HIGH"),
    _done(Station.LAB, _C.TRANSCRIPTION, 10, -85),
    _called_off(Station.LAB, _C.VESSEL_3D, 18, -65, _WRONG_ENTRY, "Started for the wrong study"),
    _called_off(Station.LAB, _C.VESSEL_3D, 23, -50, _WRONG_ORDER, "Coronary arteries were meant"),
    Plan(
        Station.LAB,
        _C.CARDIAC_3D,
        23,
        35,
        words="In place of the one ordered by mistake",
        replaces_previous=True,
    ),
    Plan(Station.LAB, _C.CARDIAC_3D, 1, -8, _S.IN_PROGRESS, percent=30, words="Contours drawn"),
    Plan(Station.LAB, _C.READING, 24, -25, priority="HIGH"),
    Plan(Station.LAB, _C.READING, 7, 10),
    Plan(Station.LAB, _C.READING, 29, 30, priority="LOW"),
    Plan(Station.LAB, _C.IMAGE_QC, 33, 4),
    Plan(Station.LAB, _C.VESSEL_3D, 12, 20),
    Plan(Station.LAB, _C.TRANSCRIPTION, 41, 15, expires=240),
    Plan(Station.LAB, _C.PRINT, 32, 50, priority="LOW"),
    Plan(
        Station.LAB, _C.VESSEL_3D, 2, -400, expires=-120, words="Superseded by the reading; nobody closed it"
    ),
    Plan(Station.LAB, _C.IMAGE_QC, 14, 120, readiness="INCOMPLETE"),
)


def demo_workitems(now: datetime, rng: random.Random) -> tuple[Stored, ...]:
    """The workitems of the demo, for `Repository.insert`. `now` needs a zone; one seed gives one worklist.

    What ended was scheduled for today, also shortly after midnight, so that a search by day finds it.
    """
    return tuple(_Builder(now, rng).all(PLANS))


def new_workitem(now: datetime, rng: random.Random, stations: Sequence[Station]) -> tuple[str, Elements]:
    """UID and data set for an N-CREATE of one more workitem at one of `stations`, due about now."""
    choices = [plan for plan in PLANS if plan.station in stations and plan.patient is not None]
    pattern = rng.choice([plan for plan in choices if not plan.replaces_previous])
    plan = Plan(
        pattern.station,
        pattern.work,
        rng.randrange(len(PATIENTS)),
        rng.randrange(0, 20),
        priority=rng.choice(("LOW", "MEDIUM", "MEDIUM", "HIGH")),
    )
    builder = _Builder(now, rng)
    stored = next(builder.all([plan]))
    return str(stored.uid), completed_for_create(stored.elements)


class _Builder:
    def __init__(self, now: datetime, rng: random.Random) -> None:
        self._now = now.replace(microsecond=0)
        self._rng = rng
        self._uid = UidMaker(rng)
        self._previous: SopInstanceUid | None = None

    def all(self, plans: Sequence[Plan]) -> Iterator[Stored]:
        for number, plan in enumerate(plans):
            stored = self._workitem(number, plan)
            self._previous = stored.uid
            yield stored

    def _workitem(self, number: int, plan: Plan) -> Stored:
        uid = SopInstanceUid(self._uid())
        study = self._uid()
        start = self._start(plan)
        staff = self._staff(plan)
        found = [
            *self._scheduled(plan, start, staff),
            *self._inputs(plan, study),
            *self._patient(plan, number, study),
        ]
        if plan.replaces_previous and self._previous is not None:
            reference = [
                element(tags.REFERENCED_SOP_CLASS_UID, PUSH_UID),
                element(tags.REFERENCED_SOP_INSTANCE_UID, str(self._previous)),
            ]
            found.append(sequence(tags.REPLACED_PROCEDURE_STEP_SEQUENCE, reference))
        ended: float | None = None
        if plan.state.is_final:
            finish = content.ended_after(start, plan.work, self._now)
            found += self._ending(plan, start, finish, staff, study)
            ended = finish.timestamp()
        elif plan.state is _S.IN_PROGRESS:
            found += self._under_way(plan)
        was_claimed = plan.state is not _S.SCHEDULED
        elements = completed_for_create(Elements(found)).without(tags.TRANSACTION_UID)
        return Stored(
            uid,
            plan.state,
            elements,
            lock=TransactionUid(self._uid()) if was_claimed else None,
            performer=AeTitle(f"ROBOT_{plan.station.name}") if was_claimed else None,
            ended=ended,
        )

    def _start(self, plan: Plan) -> datetime:
        start = self._now + timedelta(minutes=plan.minutes)
        if abs(plan.minutes) >= 5:
            start -= timedelta(minutes=start.minute % 5, seconds=start.second)
        midnight = datetime.combine(self._now.date(), time(), self._now.tzinfo)
        if plan.state.is_final and start < midnight:
            # Early in the day there is no room for a whole morning: its order is kept in what there is.
            start = midnight + (self._now - midnight) * (1 + plan.minutes / 1440) * 0.5
        return start.replace(microsecond=0)

    def _staff(self, plan: Plan) -> Staff | None:
        if plan.work in (content.READING, content.TRANSCRIPTION):
            return self._rng.choice(READERS)
        if plan.work in (content.TREATMENT, content.MACHINE_QA) and plan.state.is_final:
            return self._rng.choice(THERAPISTS)
        return None

    def _scheduled(self, plan: Plan, start: datetime, staff: Staff | None) -> list[Element]:
        work, station = plan.work, plan.station
        label, parameters = work.label, []
        if work is content.TREATMENT:
            planned = self._rng.choice((15, 20, 25, 30, 35))
            fraction = self._rng.randrange(1, planned + 1)
            plan_label = f"{self._rng.choice(_SITES)}_{self._rng.choice('AB')}"
            parameters = [content.treatment_parameters(fraction, planned, plan_label)]
            label = f"RT treatment {fraction}/{planned}"
        modified = min(self._now - timedelta(hours=1), start - timedelta(hours=3))
        found = [
            element(tags.TIMEZONE_OFFSET_FROM_UTC, start.strftime("%z")),
            element(tags.PROCEDURE_STEP_STATE, plan.state.value),
            element(tags.SCHEDULED_PROCEDURE_STEP_PRIORITY, plan.priority),
            element(tags.INPUT_READINESS_STATE, plan.readiness),
            element(tags.PROCEDURE_STEP_LABEL, label),
            element(tags.WORKLIST_LABEL, work.worklist),
            element(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME, format_moment(start)),
            element(
                tags.EXPECTED_COMPLETION_DATE_TIME, format_moment(start + timedelta(minutes=work.minutes))
            ),
            element(tags.SCHEDULED_PROCEDURE_STEP_MODIFICATION_DATE_TIME, format_moment(modified)),
            sequence(tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, work.code.to_elements()),
            sequence(tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE, station.code.to_elements()),
            sequence(tags.SCHEDULED_STATION_CLASS_CODE_SEQUENCE, station.station_class.to_elements()),
            sequence(tags.SCHEDULED_STATION_GEOGRAPHIC_LOCATION_CODE_SEQUENCE, station.place.to_elements()),
            *parameters,
        ]
        if plan.expires is not None:
            expires = self._now + timedelta(minutes=plan.expires)
            found.append(element(tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME, format_moment(expires)))
        if plan.words and plan.state is _S.SCHEDULED:
            found.append(element(tags.COMMENTS_ON_THE_SCHEDULED_PROCEDURE_STEP, plan.words))
        if staff is not None:
            found.append(sequence(tags.SCHEDULED_HUMAN_PERFORMERS_SEQUENCE, content.performer(staff)))
        return found

    def _inputs(self, plan: Plan, study: str) -> list[Element]:
        items = [content.instances(sop_class, study, self._uid) for sop_class in plan.work.inputs]
        if plan.readiness == "INCOMPLETE":
            items = items[:1]
        return [sequence(tags.INPUT_INFORMATION_SEQUENCE, *items)] if items else []

    def _patient(self, plan: Plan, number: int, study: str) -> list[Element]:
        if plan.patient is None:
            return []
        person: Person = PATIENTS[plan.patient]
        request = [
            element(tags.STUDY_INSTANCE_UID, study),
            element(tags.ACCESSION_NUMBER, f"DEMO{self._now:%y%j}{number:03d}"),
            nested("IssuerOfAccessionNumberSequence"),
            nested("OrderPlacerIdentifierSequence"),
            nested("OrderFillerIdentifierSequence"),
            element(tags.REQUESTED_PROCEDURE_ID, f"RP{number:04d}"),
            element(tags.REQUESTED_PROCEDURE_DESCRIPTION, plan.work.label),
            nested("RequestedProcedureCodeSequence"),
        ]
        return [
            element(tags.PATIENT_NAME, person.name),
            element(tags.PATIENT_ID, person.patient_id),
            element(tags.ISSUER_OF_PATIENT_ID, ISSUER),
            element(tags.PATIENT_BIRTH_DATE, person.born),
            element(tags.PATIENT_SEX, person.sex),
            element(tags.ADMISSION_ID, f"DEMO-V{person.number}"),
            element(tags.STUDY_INSTANCE_UID, study),
            sequence(tags.REFERENCED_REQUEST_SEQUENCE, request),
        ]

    def _under_way(self, plan: Plan) -> list[Element]:
        return [
            sequence(
                tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE, content.progress(plan.percent, plan.words)
            )
        ]

    def _ending(
        self, plan: Plan, start: datetime, finish: datetime, staff: Staff | None, study: str
    ) -> list[Element]:
        progress = tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE
        if plan.reason is not None:
            return [sequence(progress, content.cancellation(plan.reason, plan.words, finish))]
        return [
            content.performed(plan.work, plan.station, start, finish, staff, study, self._uid),
            sequence(progress, content.progress(100, plan.work.steps[-1])),
        ]


_SITES = ("Prostate", "Lung_R", "Breast_L", "Brain", "HeadNeck", "Rectum", "Pelvis", "Liver")
