"""A workitem: the columns that every view needs, and the encoded data set for everything else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, tzinfo
from enum import Enum
from functools import lru_cache
from sys import intern
from typing import Any

from upsdesk.domain import tags
from upsdesk.domain.codes import Code, codes_in
from upsdesk.domain.elements import Element, Elements, Remembered
from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.plain import plain
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.when import Moment, moment_or_none, parse_date


class Priority(Enum):
    """Scheduled Procedure Step Priority (0074,1200)."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"

    __hash__ = object.__hash__  # as of ProcedureStepState

    @property
    def words(self) -> str:
        return self.value.capitalize()


class InputReadiness(Enum):
    """Input Readiness State (0040,4041)."""

    READY = "READY"
    INCOMPLETE = "INCOMPLETE"
    UNAVAILABLE = "UNAVAILABLE"

    __hash__ = object.__hash__

    @property
    def words(self) -> str:
        return self.value.capitalize()


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """The four facts that identify the patient in every view and dialog, and who issued the ID."""

    name: str = ""
    """Person Name as on the wire: up to three representations separated by `=` (PS3.5 6.2.1)."""
    patient_id: str = ""
    birth_date: str = ""
    """DA as on the wire."""
    sex: str = ""
    issuer: str = ""

    @property
    def display_name(self) -> str:
        """`Family, Given` of the first representation, then the ideographic one."""
        alphabetic, ideographic, phonetic = (*self.name.split("="), "", "")[:3]
        # Ideographic and phonetic names are written family first, with a space and no comma.
        local = " ".join(part for part in (ideographic.strip("^ ") or phonetic).split("^") if part.strip())
        return plain("  ".join(words for words in (person_name_words(alphabetic), local) if words))

    @property
    def born(self) -> date | None:
        return parse_date(self.birth_date)


def person_name_words(group: str) -> str:
    """One representation of a person name for a screen: `Family, Given Middle, Suffix`."""
    family, given, middle, prefix, suffix = (
        *(part.strip() for part in group.split("^")),
        "",
        "",
        "",
        "",
        "",
    )[:5]
    forenames = " ".join(part for part in (prefix, given, middle) if part)
    return plain(", ".join(part for part in (family, forenames, suffix) if part))


@dataclass(frozen=True, slots=True)
class Progress:
    """What the performer reported last."""

    percent: float | None = None
    description: str = ""

    @property
    def is_known(self) -> bool:
        return self.percent is not None or bool(self.description)


@dataclass(frozen=True, slots=True)
class EncodedDataSet:
    """The bytes of a data set as they came, decoded only when something beyond the columns is asked for."""

    data: bytes = field(repr=False)  # a data set in a traceback must not carry patient data into a log
    transfer_syntax: str
    """UID of the transfer syntax of `data`."""


@dataclass(frozen=True, slots=True)
class Answers:
    """How the encoded answers of one peer are read."""

    transfer_syntax: str
    zone: tzinfo
    """Of date-times that carry none."""
    decode: Callable[[bytes, str], Elements]
    """The data set in these bytes of this transfer syntax."""
    columns: Callable[[bytes], Mapping[str, object] | None] = field(
        default=lambda data: None, compare=False, repr=False
    )
    """The columns of an answer as `first_read` finds them, by a faster way; None when there is none."""

    def elements(self, data: bytes) -> Elements:
        return self.decode(data, self.transfer_syntax)


_set = object.__setattr__
NEVER = float("inf")
"""The timestamp of what is not known to happen."""


class Unread:
    """Lets a workitem read what it has not been asked for yet: most rows of a worklist are never looked at.

    Columns that are not set are read off the answer, all of them when the first is asked for. Timestamps are
    seconds since 1970.
    """

    __slots__ = ("_answer", "_answers", "due_at", "expires_at", "starts_at")

    _answer: bytes
    _answers: Answers
    starts_at: float
    """The start; NEVER when there is none."""
    due_at: float
    """What it has to be begun by (SCHEDULED) or ended by (IN PROGRESS); NEVER in other states."""
    expires_at: float
    """The last moment in which it can be begun."""

    def __getattr__(self, name: str) -> Any:
        assert isinstance(self, Workitem)
        if name in _TIMES:
            start, _, _ = times_of(self.start)
            _, _, expires_at = times_of(self.expiration)
            due_at = _due_at(self.state, times_of(self.start), times_of(self.expected_end))
            for time, value in zip(_TIMES, (start, due_at, expires_at), strict=True):
                object.__setattr__(self, time, value)
        elif name == "data":
            encoded = EncodedDataSet(self._answer, self._answers.transfer_syntax)
            object.__setattr__(self, name, encoded)
        elif name in _READ_LATER:
            answers = self._answers
            columns = answers.columns(self._answer)
            if columns is None:
                columns = _columns_in(_NOBODY, answers.elements(self._answer), False, answers.zone)
            get = columns.get
            for column, default in _READ_LATER.items():
                _set(self, column, get(column, default))
        else:
            raise AttributeError(name)
        return getattr(self, name)

    def has_answer_of(self, other: Workitem) -> bool:
        """Both are as the very same bytes told them, which shows without reading."""
        try:
            return self._answer == other._answer and self._answers == other._answers
        except AttributeError:
            return False


Times = tuple[float, float, float]
"""Of a date-time: its timestamp, that by which it has passed (a date without a time lasts for the day), and
the last that it can mean."""


def times_of(moment: Moment | None) -> Times:
    """All NEVER when there is none."""
    if moment is None:
        return NEVER, NEVER, NEVER
    last = moment.last_timestamp
    return moment.timestamp, moment.timestamp if moment.has_time else last, last


def _due_at(state: ProcedureStepState | None, start: Times, end: Times) -> float:
    if state is ProcedureStepState.SCHEDULED:
        return start[1]
    return end[1] if state is ProcedureStepState.IN_PROGRESS else NEVER


@dataclass(frozen=True, slots=True)
class Workitem(Unread):
    """A UPS as far as this desk knows it. Unknown is None or empty, never a guess."""

    key: WorkitemKey
    state: ProcedureStepState | None = None
    priority: Priority | None = None
    label: str = ""
    worklist_label: str = ""
    start: Moment | None = None
    expected_end: Moment | None = None
    expiration: Moment | None = None
    modified: Moment | None = None
    patient: PatientFacts = PatientFacts()
    accession: str = ""
    work_type: Code | None = None
    stations: tuple[Code, ...] = ()
    performers: tuple[str, ...] = ()
    """Names of the scheduled human performers, else the meanings of their codes."""
    readiness: InputReadiness | None = None
    progress: Progress = Progress()
    performed_start: Moment | None = None
    performed_end: Moment | None = None
    performed_stations: tuple[Code, ...] = ()
    state_reported_at: datetime | None = None
    """When a report told the state that it has now."""
    data: EncodedDataSet | None = None

    @property
    def station(self) -> str:
        """The scheduled station for a list: the code value, which is the machine's name (IHE TDW-II)."""
        return plain(", ".join(code.value or code.meaning for code in self.stations))

    @property
    def label_words(self) -> str:
        """The label; an empty one shows the work type."""
        return plain(self.label or (self.work_type.meaning if self.work_type else ""))


def read_columns(
    known: Workitem, elements: Elements, *, whole: bool = False, default_zone: tzinfo = UTC
) -> Workitem:
    """`known` with the columns that `elements` carries.

    What an answer does not contain does not erase. `whole` says that the elements are the full data set
    (N-GET), so that an empty Progress Information means that there is none; a C-FIND may return that sequence
    empty although there is progress, since its children are no return keys (PS3.4 Table CC.2.5-3).
    """
    found = _columns_in(known.patient, elements, whole, default_zone)
    return replace(known, **found)  # type: ignore[arg-type]


def first_read(
    key: WorkitemKey,
    elements: Elements,
    data: EncodedDataSet | None,
    *,
    whole: bool = False,
    default_zone: tzinfo = UTC,
) -> Workitem:
    """As `read_columns` for a workitem that was not known, kept with the `data` of the answer."""
    found = _columns_in(_NOBODY, elements, whole, default_zone)
    return Workitem(key, data=data, **found)  # type: ignore[arg-type]


def _columns_in(
    patient: PatientFacts, elements: Elements, whole: bool, default_zone: tzinfo
) -> dict[str, object]:
    get, first = elements.get, elements.first
    offset = elements.text(tags.TIMEZONE_OFFSET_FROM_UTC)
    found: dict[str, object] = {}
    for name, tag, read in _TEXT_COLUMNS:
        if (text := first(tag)) is not None:
            found[name] = read(text)
    for name, tag in _MOMENT_COLUMNS:
        if (text := first(tag)) is not None:
            found[name] = moment_or_none(text, data_set_offset=offset, default_zone=default_zone)
    told = {name: text for name, tag in _PATIENT_COLUMNS if (text := first(tag)) is not None}
    if told:
        for name in _REPEATED & told.keys():
            told[name] = intern(told[name])
        found["patient"] = PatientFacts(**told) if patient is _NOBODY else replace(patient, **told)
    if tags.SCHEDULED_WORKITEM_CODE_SEQUENCE in elements:
        found["work_type"] = next(iter(codes_in(elements, tags.SCHEDULED_WORKITEM_CODE_SEQUENCE)), None)
    if tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE in elements:
        found["stations"] = codes_in(elements, tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE)
    if (performers := get(tags.SCHEDULED_HUMAN_PERFORMERS_SEQUENCE)) is not None:
        found["performers"] = _performers_of(performers)
    if tags.REFERENCED_REQUEST_SEQUENCE in elements:
        found["accession"] = elements.text(tags.REFERENCED_REQUEST_SEQUENCE, tags.ACCESSION_NUMBER)
    found |= _read_progress(elements, whole)
    found |= _read_performed(elements, whole, offset, default_zone)
    return found


@lru_cache(4096)
def _shared(names: tuple[str, ...]) -> tuple[str, ...]:
    """The same tuple for the same names."""
    return names


_NOBODY = PatientFacts()
_TEXT_COLUMNS: tuple[tuple[str, int, Callable[[str], object]], ...] = (
    ("state", tags.PROCEDURE_STEP_STATE, {state.value: state for state in ProcedureStepState}.get),
    ("priority", tags.SCHEDULED_PROCEDURE_STEP_PRIORITY, {one.value: one for one in Priority}.get),
    ("readiness", tags.INPUT_READINESS_STATE, {one.value: one for one in InputReadiness}.get),
    # Many workitems share these words: interned, they are kept once.
    ("label", tags.PROCEDURE_STEP_LABEL, intern),
    ("worklist_label", tags.WORKLIST_LABEL, intern),
)
_MOMENT_COLUMNS = (
    ("start", tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME),
    ("expected_end", tags.EXPECTED_COMPLETION_DATE_TIME),
    ("expiration", tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME),
    ("modified", tags.SCHEDULED_PROCEDURE_STEP_MODIFICATION_DATE_TIME),
)
_PATIENT_COLUMNS = (
    ("name", tags.PATIENT_NAME),
    ("patient_id", tags.PATIENT_ID),
    ("birth_date", tags.PATIENT_BIRTH_DATE),
    ("sex", tags.PATIENT_SEX),
    ("issuer", tags.ISSUER_OF_PATIENT_ID),
)
_REPEATED = frozenset({"birth_date", "sex", "issuer"})


_TIMES = ("starts_at", "due_at", "expires_at")
_READ_AT_ONCE = frozenset({"key", "state", "priority", "readiness", "stations", "data"})
_READ_LATER: dict[str, object] = {
    column.name: column.default for column in fields(Workitem) if column.name not in _READ_AT_ONCE
}
"""The other columns, and what they are when an answer does not tell them."""


def _performer_names(performers: Element) -> Iterable[str]:
    for item in performers.items or ():
        name = person_name_words(item.text(tags.HUMAN_PERFORMER_NAME).partition("=")[0])
        codes = codes_in(item, tags.HUMAN_PERFORMER_CODE_SEQUENCE)
        yield name or next((code.meaning or code.value for code in codes), "")


_performers_of = Remembered(lambda performers: _shared(tuple(_performer_names(performers))))


def read_patient(elements: Elements) -> PatientFacts:
    """The patient as a data set tells it; what it lacks is empty."""
    return PatientFacts(**{name: elements.text(tag) for name, tag in _PATIENT_COLUMNS})


def read_progress(item: Elements) -> Progress:
    """Progress from an item of Procedure Step Progress Information Sequence (0074,1002)."""
    try:
        percent = float(item.text(tags.PROCEDURE_STEP_PROGRESS))
    except ValueError:
        percent = None
    if percent is not None and not 0 <= percent <= 100:
        percent = None
    return Progress(percent, item.text(tags.PROCEDURE_STEP_PROGRESS_DESCRIPTION))


def _read_progress(elements: Elements, whole: bool) -> dict[str, object]:
    items = elements.items(tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE)
    if items:
        progress = read_progress(items[0])
        return {"progress": progress} if whole or progress.is_known else {}
    return {"progress": Progress()} if whole else {}


def _read_performed(elements: Elements, whole: bool, offset: str, zone: tzinfo) -> dict[str, object]:
    items = elements.items(tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE)
    if not items and not whole:
        return {}
    item = items[0] if items else Elements()
    return {
        "performed_start": moment_or_none(
            item.text(tags.PERFORMED_PROCEDURE_STEP_START_DATE_TIME),
            data_set_offset=offset,
            default_zone=zone,
        ),
        "performed_end": moment_or_none(
            item.text(tags.PERFORMED_PROCEDURE_STEP_END_DATE_TIME), data_set_offset=offset, default_zone=zone
        ),
        "performed_stations": codes_in(item, tags.PERFORMED_STATION_NAME_CODE_SEQUENCE),
    }
