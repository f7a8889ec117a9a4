"""What is searched for: matching keys, return keys, and the four searches behind the worklist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from upsdesk.domain import tags
from upsdesk.domain.elements import Path
from upsdesk.domain.peer import UpsClass
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.when import format_moment


@dataclass(frozen=True, slots=True)
class MatchingKey:
    """A matching key: tags from the top level down, and the value as DICOM writes it."""

    path: Path
    value: str


_CODE = (tags.CODE_VALUE, tags.CODING_SCHEME_DESIGNATOR, tags.CODE_MEANING)

WORKLIST_RETURN_KEYS: tuple[Path, ...] = (
    (tags.SOP_CLASS_UID,),
    (tags.SOP_INSTANCE_UID,),
    (tags.PROCEDURE_STEP_STATE,),
    (tags.SCHEDULED_PROCEDURE_STEP_PRIORITY,),
    (tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME,),
    (tags.EXPECTED_COMPLETION_DATE_TIME,),
    (tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME,),
    (tags.SCHEDULED_PROCEDURE_STEP_MODIFICATION_DATE_TIME,),
    (tags.PATIENT_NAME,),
    (tags.PATIENT_ID,),
    (tags.ISSUER_OF_PATIENT_ID,),
    (tags.PATIENT_BIRTH_DATE,),
    (tags.PATIENT_SEX,),
    (tags.PROCEDURE_STEP_LABEL,),
    (tags.WORKLIST_LABEL,),
    (tags.INPUT_READINESS_STATE,),
    (tags.SCHEDULED_WORKITEM_CODE_SEQUENCE,),
    (tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE,),
    (tags.SCHEDULED_HUMAN_PERFORMERS_SEQUENCE,),
    (tags.REFERENCED_REQUEST_SEQUENCE, tags.ACCESSION_NUMBER),
    (tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE,),
)
"""The columns of the table as return keys. A sequence named alone asks for all that its items hold."""


@dataclass(frozen=True, slots=True)
class WorklistQuery:
    """One C-FIND."""

    keys: tuple[MatchingKey, ...] = ()
    return_keys: tuple[Path, ...] = WORKLIST_RETURN_KEYS
    via: UpsClass = UpsClass.PULL
    limit: int | None = None
    """Stop with C-CANCEL after so many rows."""

    @property
    def has_valued_key(self) -> bool:
        """Without a valued key the peer may answer with nothing (PS3.4 CC.2.8.3.1)."""
        return any(key.value for key in self.keys)


def state_query(
    state: ProcedureStepState, *keys: MatchingKey, via: UpsClass = UpsClass.PULL
) -> WorklistQuery:
    """All workitems in one state; Procedure Step State takes a single value (PS3.4 Table CC.2.5-3)."""
    return WorklistQuery((MatchingKey((tags.PROCEDURE_STEP_STATE,), state.value), *keys), via=via)


def worklist_queries(today: date, zone: tzinfo) -> tuple[WorklistQuery, ...]:
    """The worklist: everything unfinished of any date, and what ended of today's plan."""
    first = datetime.combine(today, time(), zone)
    last = datetime.combine(today + timedelta(days=1), time(), zone) - timedelta(seconds=1)
    day = MatchingKey(
        (tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME,), f"{format_moment(first)}-{format_moment(last)}"
    )
    unfinished = (ProcedureStepState.SCHEDULED, ProcedureStepState.IN_PROGRESS)
    ended = (ProcedureStepState.COMPLETED, ProcedureStepState.CANCELED)
    return (*(state_query(state) for state in unfinished), *(state_query(state, day) for state in ended))
