"""What is searched for: matching keys, return keys, and the four searches behind the worklist."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
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

    @property
    def is_valued(self) -> bool:
        """It narrows: neither empty nor nothing but `*` (PS3.4 C.2.2.2.3, C.2.2.2.4)."""
        return bool(self.value.strip("* "))


STATE_PATH: Path = (tags.PROCEDURE_STEP_STATE,)
ACCESSION_PATH: Path = (tags.REFERENCED_REQUEST_SEQUENCE, tags.ACCESSION_NUMBER)

WORKLIST_RETURN_KEYS: tuple[Path, ...] = (
    (tags.SOP_CLASS_UID,),
    (tags.SOP_INSTANCE_UID,),
    STATE_PATH,
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
    ACCESSION_PATH,
    (tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE,),
)
"""The columns of the table as return keys. A sequence named alone asks for all that its items hold."""


def with_return_keys(known: Iterable[Path], extra: Iterable[Path]) -> tuple[Path, ...]:
    """`known` and `extra` return keys, none of them inside a sequence that is asked for whole.

    An item that names attributes of a sequence asks for those alone, an empty sequence for all (PS3.4
    C.2.2.2.6): a column for one attribute must not take the rest of its sequence from the others.
    """
    wanted = dict.fromkeys((*known, *extra))
    return tuple(path for path in wanted if not any(path[:depth] in wanted for depth in range(1, len(path))))


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
        return any(key.is_valued for key in self.keys)


def state_query(
    state: ProcedureStepState, *keys: MatchingKey, via: UpsClass = UpsClass.PULL
) -> WorklistQuery:
    """All workitems in one state; Procedure Step State takes a single value (PS3.4 Table CC.2.5-3)."""
    return WorklistQuery((MatchingKey(STATE_PATH, state.value), *keys), via=via)


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What a person asks a server for; without keys and states, the day's list."""

    states: frozenset[ProcedureStepState] = frozenset()
    """One query each, merged; empty: of any state."""
    keys: tuple[MatchingKey, ...] = ()
    """Without Procedure Step State, which `states` holds; each path once."""
    via: UpsClass = UpsClass.PULL
    limit: int | None = None
    """Stop with C-CANCEL after so many rows of all queries together."""

    @property
    def is_day(self) -> bool:
        """Nothing narrows it: everything unfinished, and what ended of today's plan."""
        return not self.states and not self.keys

    def queries(self, today: date, zone: tzinfo) -> tuple[WorklistQuery, ...]:
        """What is sent, one after the other. Each carries a valued key: a peer may answer a query without one
        with nothing (PS3.4 CC.2.8.3.1), so the states are asked for one by one then.
        """
        if self.is_day:
            return tuple(replace(query, via=self.via) for query in worklist_queries(today, zone))
        if not self.states and any(key.is_valued for key in self.keys):
            return (WorklistQuery(self.keys, via=self.via),)
        return tuple(
            state_query(state, *self.keys, via=self.via)
            for state in ProcedureStepState
            if state in self.states or not self.states
        )

    def without(self, path: Path) -> SearchPlan:
        """The same without one key."""
        return replace(self, keys=tuple(key for key in self.keys if key.path != path))


DAY = SearchPlan()
"""The day's list."""


def wide_queries(text: str, via: UpsClass = UpsClass.PULL) -> tuple[WorklistQuery, ...]:
    """A typed or scanned text as name, patient ID, accession number and admission ID, of any date.

    Those that the text cannot be are left out: an Accession Number has at most 16 characters (SH), the others
    64. A name is looked for anywhere in the name, as the filter of the list does.
    """
    typed = " ".join("".join(char if char.isprintable() else " " for char in text).replace("\\", " ").split())
    if not typed:
        return ()
    name = "*".join(["", *typed.replace(",", " ").replace("^", " ").split(), ""])
    asked = [
        ((tags.PATIENT_NAME,), name, 64),
        ((tags.PATIENT_ID,), typed, 64),
        (ACCESSION_PATH, typed, 16),
        ((tags.ADMISSION_ID,), typed, 64),
    ]
    keys = (MatchingKey(path, value) for path, value, longest in asked if len(value) <= longest)
    return tuple(WorklistQuery((key,), via=via) for key in keys if key.is_valued)


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
