"""Which attributes the editor offers, in which group, and of which kind each field is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from upsdesk.domain import attributes, tags
from upsdesk.domain.elements import Path


class Kind(Enum):
    """How a field is typed and shown."""

    TEXT = "text"
    LONG_TEXT = "long text"
    PRIORITY = "priority"
    READINESS = "readiness"
    SEX = "sex"
    MOMENT = "date and time"
    DATE = "date"
    NAME = "person name"
    CODE = "code"
    UID = "UID"


class Group(Enum):
    """The groups at the left, in the order of the page; the value is what the screen calls them."""

    SCHEDULED = "Scheduled procedure"
    STATION = "Station and performer"
    PATIENT = "Patient"
    REQUEST = "Request"
    VISIT = "Visit"


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field. `path` leads to its attribute; for a code to the code sequence."""

    id: str
    words: str
    kind: Kind
    group: Group
    path: Path
    hint: str = ""

    @property
    def attribute(self) -> attributes.Attribute:
        return attributes.by_path()[self.path]

    @property
    def tag(self) -> int:
        """The top-level tag, which is what an N-SET sends."""
        return self.path[0]

    @property
    def top(self) -> attributes.Attribute:
        return attributes.top_level()[self.tag]

    @property
    def is_locked_in_edit(self) -> bool:
        """Whether an N-SET must not carry it (PS3.4 Table CC.2.5-3)."""
        return not self.top.in_nset

    @property
    def keeps_a_value(self) -> bool:
        """`3/1` in the N-SET column: once there, it may be changed but not emptied."""
        return self.top.nset == "3/1"

    @property
    def is_required_in_create(self) -> bool:
        return len(self.path) == 1 and self.top.scu_type_create == "1"


_S, _P, _T = Group.SCHEDULED, Group.PATIENT, Group.STATION
_PERFORMERS = tags.SCHEDULED_HUMAN_PERFORMERS_SEQUENCE
_REQUEST = tags.REFERENCED_REQUEST_SEQUENCE
ORGANIZATION = (_PERFORMERS, tags.HUMAN_PERFORMER_ORGANIZATION)

SPECS: tuple[FieldSpec, ...] = (
    FieldSpec("label", "Label", Kind.TEXT, _S, (tags.PROCEDURE_STEP_LABEL,)),
    FieldSpec("priority", "Priority", Kind.PRIORITY, _S, (tags.SCHEDULED_PROCEDURE_STEP_PRIORITY,)),
    FieldSpec("worklist", "Worklist", Kind.TEXT, _S, (tags.WORKLIST_LABEL,)),
    FieldSpec("start", "Start", Kind.MOMENT, _S, (tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME,)),
    FieldSpec("end", "Expected end", Kind.MOMENT, _S, (tags.EXPECTED_COMPLETION_DATE_TIME,)),
    FieldSpec(
        "expiration", "Expiration", Kind.MOMENT, _S, (tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME,)
    ),
    FieldSpec("work_type", "Work type", Kind.CODE, _S, (tags.SCHEDULED_WORKITEM_CODE_SEQUENCE,)),
    FieldSpec("readiness", "Input readiness", Kind.READINESS, _S, (tags.INPUT_READINESS_STATE,)),
    FieldSpec("comments", "Comments", Kind.LONG_TEXT, _S, (tags.COMMENTS_ON_THE_SCHEDULED_PROCEDURE_STEP,)),
    FieldSpec("station", "Station", Kind.CODE, _T, (tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE,)),
    FieldSpec(
        "station_class", "Station class", Kind.CODE, _T, (tags.SCHEDULED_STATION_CLASS_CODE_SEQUENCE,)
    ),
    FieldSpec(
        "performer_name", "Performer", Kind.NAME, _T, (_PERFORMERS, tags.HUMAN_PERFORMER_NAME)
    ),
    FieldSpec(
        "performer_code", "Performer code", Kind.CODE, _T, (_PERFORMERS, tags.HUMAN_PERFORMER_CODE_SEQUENCE)
    ),
    FieldSpec("organization", "Organization", Kind.TEXT, Group.STATION, ORGANIZATION),
    FieldSpec("patient_name", "Patient name", Kind.NAME, _P, (tags.PATIENT_NAME,)),
    FieldSpec("patient_id", "Patient ID", Kind.TEXT, _P, (tags.PATIENT_ID,)),
    FieldSpec("issuer", "Issuer of the ID", Kind.TEXT, _P, (tags.ISSUER_OF_PATIENT_ID,)),
    FieldSpec("birth_date", "Birth date", Kind.DATE, _P, (tags.PATIENT_BIRTH_DATE,)),
    FieldSpec("sex", "Sex", Kind.SEX, _P, (tags.PATIENT_SEX,)),
    FieldSpec("accession", "Accession number", Kind.TEXT, Group.REQUEST, (_REQUEST, tags.ACCESSION_NUMBER)),
    FieldSpec(
        "procedure_id",
        "Procedure ID",
        Kind.TEXT,
        Group.REQUEST,
        (_REQUEST, tags.REQUESTED_PROCEDURE_ID),
    ),
    FieldSpec("request_study", "Study UID", Kind.UID, Group.REQUEST, (_REQUEST, tags.STUDY_INSTANCE_UID)),
    FieldSpec(
        "result_study", "Study UID of results", Kind.UID, Group.REQUEST, (tags.STUDY_INSTANCE_UID,),
        hint="for a step that makes new images",
    ),
    FieldSpec("admission", "Admission ID", Kind.TEXT, Group.VISIT, (tags.ADMISSION_ID,)),
)  # fmt: skip
BY_ID = {spec.id: spec for spec in SPECS}

# PS3.5 Table 6.2-1: characters of a value (LT and the person name's groups included).
LENGTHS = {"LO": 64, "SH": 16, "LT": 10240, "PN": 64, "UI": 64, "CS": 16}
