"""What the kinds of work of the demo consist of: code, parameters, inputs and results (IHE TDW-II, AIW-I)."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from upsdesk.domain import attributes, tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Element, Elements, Value
from upsdesk.domain.when import format_moment
from upsdesk.scp.demo_people import Staff

STATION_SCHEME = "99IHERO2008"
"""The scheme of machine names in IHE-RO TDW-II."""
OWN_SCHEME = "99UPSDESK"
_TDW = "99IHERO2018"
_NO_UNITS = Code("1", "UCUM", "no units")
_STORAGE_AE = "DEMO_ARCHIVE"

_CT = "1.2.840.10008.5.1.4.1.1.2"
_MR = "1.2.840.10008.5.1.4.1.1.4"
_MG = "1.2.840.10008.5.1.4.1.1.1.2"
_RT_PLAN = "1.2.840.10008.5.1.4.1.1.481.5"
_RT_BEAMS_TREATMENT_RECORD = "1.2.840.10008.5.1.4.1.1.481.4"
_RT_BEAMS_DELIVERY_INSTRUCTION = "1.2.840.10008.5.1.4.34.7"
_COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33"
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


class Station(Enum):
    """The four stations; FX1 belongs to the person at the window."""

    FX1 = "FX1"
    FX2 = "FX2"
    AI = "AI-SRV1"
    LAB = "3D-LAB"

    @property
    def code(self) -> Code:
        scheme = STATION_SCHEME if self in (Station.FX1, Station.FX2) else OWN_SCHEME
        return Code(self.value, scheme, self.value)

    @property
    def station_class(self) -> Code:
        return {
            Station.AI: Code("AISERVER", OWN_SCHEME, "AI server"),
            Station.LAB: Code("WORKSTATION", OWN_SCHEME, "Processing workstation"),
        }.get(self, Code("LINAC", OWN_SCHEME, "Linear accelerator"))

    @property
    def place(self) -> Code:
        return {
            Station.AI: Code("DC", OWN_SCHEME, "Data centre"),
            Station.LAB: Code("R2-114", OWN_SCHEME, "Radiology, room 114"),
        }.get(self, Code("RT-B1", OWN_SCHEME, "Radiotherapy, level B1"))


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of work: its workitem code, usual label and minutes, and what it reads and makes."""

    code: Code
    label: str
    minutes: int
    worklist: str
    inputs: tuple[str, ...]
    output: str = ""
    steps: tuple[str, ...] = ()
    """What a performer says on the way."""


_BEAMS = ("Patient positioned", "Image guidance matched", "Beam 1 of 3", "Beam 2 of 3", "Beam 3 of 3")
TREATMENT = Work(
    Code("121726", "DCM", "RT Treatment with Internal Verification"),
    "Treatment",
    15,
    "Radiotherapy",
    (_RT_PLAN, _RT_BEAMS_DELIVERY_INSTRUCTION),
    _RT_BEAMS_TREATMENT_RECORD,
    _BEAMS,
)
MACHINE_QA = Work(
    Code("121730", "DCM", "RT Machine QA"),
    "Morning machine QA",
    20,
    "Radiotherapy QA",
    (),
    "",
    ("Output checked", "Imaging checked", "Interlocks checked"),
)
LUNG_CAD = Work(
    Code("110004", "DCM", "Computer Aided Detection"),
    "Lung nodule detection",
    6,
    "AI",
    (_CT,),
    _COMPREHENSIVE_SR,
    ("Series loaded", "Lungs segmented", "Candidates found", "Report written"),
)
MAMMO_CAD = Work(
    Code("110004", "DCM", "Computer Aided Detection"),
    "Mammography detection",
    4,
    "AI",
    (_MG,),
    _COMPREHENSIVE_SR,
    ("Four views loaded", "Candidates found", "Report written"),
)
STROKE_CAD = Work(
    Code("110003", "DCM", "Computer Aided Diagnosis"),
    "Perfusion stroke assessment",
    5,
    "AI",
    (_CT,),
    _COMPREHENSIVE_SR,
    ("Series loaded", "Perfusion maps computed", "Volumes measured"),
)
VESSEL_3D = Work(
    Code("110001", "DCM", "Image Processing"),
    "3D aortic reconstruction",
    25,
    "3D lab",
    (_CT,),
    _SECONDARY_CAPTURE,
    ("Series loaded", "Bones removed", "Centre line drawn", "Views saved"),
)
CARDIAC_3D = Work(
    Code("110001", "DCM", "Image Processing"),
    "Cardiac function analysis",
    20,
    "3D lab",
    (_MR,),
    _SECONDARY_CAPTURE,
    ("Cine series loaded", "Contours drawn", "Volumes computed"),
)
IMAGE_QC = Work(
    Code("110002", "DCM", "Quality Control"),
    "Image quality check",
    10,
    "3D lab",
    (_CT,),
    "",
    ("Coverage checked", "Motion checked"),
)
READING = Work(
    Code("110005", "DCM", "Interpretation"),
    "CT abdomen reading",
    15,
    "Reading",
    (_CT,),
    _COMPREHENSIVE_SR,
    ("Opened", "Measured", "Dictated"),
)
TRANSCRIPTION = Work(
    Code("110006", "DCM", "Transcription"),
    "Report transcription",
    10,
    "Reading",
    (_COMPREHENSIVE_SR,),
    _COMPREHENSIVE_SR,
    ("Transcribed", "Proof-read"),
)
PRINT = Work(
    Code("110008", "DCM", "Print"), "Print for theatre", 5, "3D lab", (_SECONDARY_CAPTURE,), "", ("Printed",)
)


class UidMaker:
    """UIDs from one random source, so that a seed gives the same demo again."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def __call__(self) -> str:
        return f"2.25.{self._rng.getrandbits(122)}"


def keyed(keyword: str, *values: Value) -> Element:
    """An element by its keyword in the table of UPS attributes."""
    return element(_tag(keyword), *values)


def nested(keyword: str, *items: Elements | list[Element]) -> Element:
    """A sequence by its keyword in the table of UPS attributes."""
    return sequence(_tag(keyword), *items)


def _tag(keyword: str) -> int:
    tag = attributes.tag_of(keyword)
    if tag is None:
        raise KeyError(keyword)
    return tag


def performer(staff: Staff) -> list[Element]:
    """An item of a human performers sequence."""
    return [
        sequence(
            tags.HUMAN_PERFORMER_CODE_SEQUENCE, Code(staff.code, OWN_SCHEME, _plain(staff)).to_elements()
        ),
        element(tags.HUMAN_PERFORMER_NAME, staff.name),
        element(tags.HUMAN_PERFORMER_ORGANIZATION, "Demo General Hospital"),
    ]


def _plain(staff: Staff) -> str:
    family, given = [*staff.name.partition("=")[0].split("^"), ""][:2]
    return f"{given} {family}".strip()


def treatment_parameters(fraction: int, planned: int, plan: str) -> Element:
    """The four processing parameters of an IHE-RO TDW-II treatment delivery."""
    kind = "TREATMENT"
    return nested(
        "ScheduledProcessingParametersSequence",
        _text(Code("121740", "DCM", "Treatment Delivery Type"), kind),
        _text(Code("2018001", _TDW, "Plan Label"), plan),
        number(Code("2018002", _TDW, "Current Fraction Number"), fraction),
        number(Code("2018003", _TDW, "Number of Fractions Planned"), planned),
    )


def _text(concept: Code, value: str) -> list[Element]:
    return [
        element(tags.VALUE_TYPE, "TEXT"),
        sequence(tags.CONCEPT_NAME_CODE_SEQUENCE, concept.to_elements()),
        element(tags.TEXT_VALUE, value),
    ]


def number(concept: Code, value: int) -> list[Element]:
    """A content item with a number without units."""
    return [
        element(tags.VALUE_TYPE, "NUMERIC"),
        sequence(tags.CONCEPT_NAME_CODE_SEQUENCE, concept.to_elements()),
        element(tags.NUMERIC_VALUE, str(value)),
        sequence(tags.MEASUREMENT_UNITS_CODE_SEQUENCE, _NO_UNITS.to_elements()),
    ]


def instances(sop_class: str, study: str, uid: UidMaker, count: int = 1) -> list[Element]:
    """An item of input or output information: one series, and where it is kept."""
    references = [
        [keyed("ReferencedSOPClassUID", sop_class), keyed("ReferencedSOPInstanceUID", uid())]
        for _ in range(count)
    ]
    return [
        keyed("TypeOfInstances", "DICOM"),
        keyed("StudyInstanceUID", study),
        keyed("SeriesInstanceUID", uid()),
        nested("ReferencedSOPSequence", *references),
        nested("DICOMRetrievalSequence", [keyed("RetrieveAETitle", _STORAGE_AE)]),
    ]


def performed(
    work: Work,
    station: Station,
    began: datetime,
    ended: datetime,
    staff: Staff | None,
    study: str,
    uid: UidMaker,
) -> Element:
    """All that COMPLETED asks for (PS3.4 Table CC.2.5-3, P)."""
    outputs = [instances(work.output, study, uid)] if work.output else []
    found = [
        sequence(tags.PERFORMED_STATION_NAME_CODE_SEQUENCE, station.code.to_elements()),
        element(tags.PERFORMED_PROCEDURE_STEP_START_DATE_TIME, format_moment(began)),
        element(tags.PERFORMED_PROCEDURE_STEP_END_DATE_TIME, format_moment(ended)),
        sequence(tags.PERFORMED_WORKITEM_CODE_SEQUENCE, work.code.to_elements()),
        sequence(tags.OUTPUT_INFORMATION_SEQUENCE, *outputs),
        keyed("PerformedProcedureStepDescription", work.label),
    ]
    if staff is not None:
        found.append(sequence(tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE, performer(staff)))
    return sequence(tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE, found)


def progress(percent: int, words: str) -> list[Element]:
    """The children of Progress Information while work is going on."""
    return [
        element(tags.PROCEDURE_STEP_PROGRESS, str(percent)),
        element(tags.PROCEDURE_STEP_PROGRESS_DESCRIPTION, words),
    ]


def cancellation(reason: Code, words: str, at: datetime) -> list[Element]:
    """The children of Progress Information of a canceled workitem."""
    return [
        element(tags.PROCEDURE_STEP_CANCELLATION_DATE_TIME, format_moment(at)),
        sequence(tags.PROCEDURE_STEP_DISCONTINUATION_REASON_CODE_SEQUENCE, reason.to_elements()),
        element(tags.REASON_FOR_CANCELLATION, words),
    ]


def ended_after(began: datetime, work: Work, now: datetime) -> datetime:
    """When a step of today that began at `began` was over: never in the future."""
    return max(began, min(began + timedelta(minutes=work.minutes), now - timedelta(seconds=20)))
