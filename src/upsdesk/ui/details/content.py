"""What the details panel tells of a workitem, as titled lines; pure functions, no Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from enum import Enum

from upsdesk.domain import attributes, tags
from upsdesk.domain.codes import Code, codes_in
from upsdesk.domain.elements import Elements
from upsdesk.domain.events import CancelRequested
from upsdesk.domain.silence import last_sign
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.when import Moment, in_zone, moment_or_none
from upsdesk.domain.workitem import Workitem, person_name_words
from upsdesk.ui import masking, presenter

_PERFORMED = tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE
_PROGRESS = tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE


NO_KEY = "No key here: only the server's administrator can end it."


class LineKind(Enum):
    """What stands before the words."""

    TEXT = "text"
    STATE = "state"
    PRIORITY = "priority"
    PROGRESS = "progress"
    INPUTS = "inputs"
    HELD = "held"
    LATE = "late"
    """A time that has passed."""
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its title at the left, what is known at the right, more below in grey."""

    title: str
    words: str
    more: str = ""
    kind: LineKind = LineKind.TEXT
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known beside the workitem itself. `now` needs a zone."""

    now: datetime
    zone: tzinfo
    is_held: bool = False
    held_since: datetime | None = None
    holder: str = ""
    """The operator who started it at this desk, where operators are told."""
    is_handed_over: bool = False
    """This desk gave the key to another one."""
    cancel_asked: CancelRequested | None = None


def sections(item: Workitem, elements: Elements | None, situation: Situation) -> tuple[Section, ...]:
    """All that is known; sections and lines without content are left out."""
    data = elements if elements is not None else Elements()
    found = (
        Section(item.label_words or "No label", tuple(_status(item, data, situation))),
        Section("Scheduled", tuple(_scheduled(item, data, situation))),
        Section("Parameters", tuple(_parameters(data))),
        Section("Request", tuple(_request(item, data))),
        Section("Inputs", tuple(_inputs(item, data))),
        Section("Performed", tuple(_performed(item, data, situation))),
    )
    return tuple(_masked(section, item) for section in found if section.lines)


def _masked(section: Section, item: Workitem) -> Section:
    """What people write may name the patient, wherever it stands."""
    if not masking.is_on():
        return section
    lines = (
        replace(
            line,
            words=masking.words(line.words, item),
            more=masking.words(line.more, item),
            tip=masking.words(line.tip, item),
        )
        for line in section.lines
    )
    return Section(masking.words(section.title, item), tuple(lines))


def _status(item: Workitem, data: Elements, situation: Situation) -> Iterable[Line]:
    yield Line("State", presenter.state_words(item.state), kind=LineKind.STATE)
    if item.priority is not None:
        yield Line("Priority", item.priority.words, kind=LineKind.PRIORITY)
    if item.progress.is_known:
        words = presenter.percent_words(item.progress)
        kind = LineKind.PROGRESS if words else LineKind.TEXT
        yield Line(
            "Progress", words or item.progress.description, item.progress.description if words else "", kind
        )
    if item.state is ProcedureStepState.IN_PROGRESS:
        yield _holder(item, situation)
        silent = presenter.silence_words(item, situation.now)
        if silent:
            way_out = "Report progress, complete it or cancel it." if situation.is_held else NO_KEY
            yield Line("Silent", silent.removeprefix("silent "), way_out, LineKind.LATE)
    asked = situation.cancel_asked
    if asked is not None:
        who = asked.contact_name or asked.requesting_ae or "somebody who is not named"
        why = asked.reason or "no reason given"
        at = presenter.instant_words(asked.at, situation.now, situation.zone)
        yield Line("Asked to cancel", f"by {who}, {at}", why, LineKind.ASKED)
    if item.state is ProcedureStepState.CANCELED:
        reasons = codes_in(data, _PROGRESS, tags.PROCEDURE_STEP_DISCONTINUATION_REASON_CODE_SEQUENCE)
        if reasons:
            yield Line(
                "Reason", presenter.listed(code.meaning or code.value for code in reasons), _coded(reasons[0])
            )


def _holder(item: Workitem, situation: Situation) -> Line:
    def since(at: datetime | None) -> str:
        return f" since {presenter.instant_words(at, situation.now, situation.zone)}" if at else ""

    if situation.is_held:
        return Line("Held by", f"This desk{since(situation.held_since)}", situation.holder, LineKind.HELD)
    if situation.is_handed_over:
        return Line("Held by", "Another desk", "handed over by this one")
    words = presenter.elsewhere_words(item)
    performed = presenter.listed(code.value or code.meaning for code in item.performed_stations)
    if performed:
        words = f"another system (performed at {performed})"
    return Line("Held by", words[:1].upper() + words[1:] + since(item.state_reported_at))


def _scheduled(item: Workitem, data: Elements, situation: Situation) -> Iterable[Line]:
    if item.work_type is not None:
        yield Line("Work type", item.work_type.meaning or item.work_type.value, _coded(item.work_type))
    yield from _time("Start", item.start, situation)
    due = presenter.due(item, situation.now, situation.zone)
    yield from _time("Expected end", item.expected_end, situation)
    yield from _time("Expires", item.expiration, situation)
    if due.urgency.is_late:
        yield Line("Due", due.words, kind=LineKind.LATE, tip=due.sentence)
    elif due.urgency in (presenter.Urgency.PLAIN, presenter.Urgency.SOON):
        yield Line("Due", due.words, tip=due.sentence)
    if item.stations:
        meanings = (code.meaning for code in item.stations if code.meaning not in ("", code.value))
        yield Line("Station", item.station, presenter.listed(meanings))
    for title, tag in (
        ("Station class", tags.SCHEDULED_STATION_CLASS_CODE_SEQUENCE),
        ("Place", tags.SCHEDULED_STATION_GEOGRAPHIC_LOCATION_CODE_SEQUENCE),
    ):
        words = presenter.listed(code.meaning or code.value for code in codes_in(data, tag))
        if words:
            yield Line(title, words)
    if item.performers:
        yield Line("Performer", presenter.listed(item.performers))
    if item.worklist_label:
        yield Line("Worklist", item.worklist_label)
    comments = data.text(tags.COMMENTS_ON_THE_SCHEDULED_PROCEDURE_STEP)
    if comments:
        yield Line("Comments", comments)


def _time(title: str, moment: Moment | None, situation: Situation) -> Iterable[Line]:
    if moment is not None:
        words = presenter.moment_words(moment, situation.now, situation.zone)
        yield Line(title, words, tip=presenter.moment_tip(moment, situation.zone))


def _parameters(data: Elements) -> Iterable[Line]:
    """Content items of Scheduled Processing Parameters Sequence (PS3.3 10.2)."""
    for item in data.items(tags.SCHEDULED_PROCESSING_PARAMETERS_SEQUENCE):
        names = codes_in(item, tags.CONCEPT_NAME_CODE_SEQUENCE)
        words = content_item_words(item)
        if names and words:
            yield Line(names[0].meaning or names[0].value, words)


def content_item_words(item: Elements) -> str:
    """The value of a content item: text, code, number with its unit, or whatever text it holds."""
    numbers = item.texts(tags.NUMERIC_VALUE)
    if numbers:
        units = codes_in(item, tags.MEASUREMENT_UNITS_CODE_SEQUENCE)
        # UCUM's unit for a plain number is 1.
        unit = units[0].value if units and units[0].value != "1" else ""
        return " ".join(part for part in (", ".join(numbers), unit) if part)
    codes = codes_in(item, tags.CONCEPT_CODE_SEQUENCE)
    if codes:
        return presenter.listed(code.meaning or code.value for code in codes)
    skipped = (tags.VALUE_TYPE, tags.TEXT_VALUE)
    texts = [item.text(tags.TEXT_VALUE), *(one.text for one in item if one.tag not in skipped)]
    return next((text for text in texts if text), "")


_REQUEST_LINES = (
    ("Accession", "AccessionNumber"),
    ("Procedure", "RequestedProcedureDescription"),
    ("Requested ID", "RequestedProcedureID"),
    ("Order", "PlacerOrderNumberImagingServiceRequest"),
    ("Service", "RequestingService"),
    ("Requested by", "RequestingPhysician"),
)


def _request(item: Workitem, data: Elements) -> Iterable[Line]:
    requests = data.items(tags.REFERENCED_REQUEST_SEQUENCE)
    for request in requests:
        for title, keyword in _REQUEST_LINES:
            tag = attributes.tag_of(keyword)
            words = request.text(tag) if tag is not None else ""
            if words and keyword == "RequestingPhysician":
                words = person_name_words(words.partition("=")[0])
            if words:
                yield Line(title, masking.at((tag,), words, item) if tag is not None else words)
    if not requests and item.accession:
        yield Line("Accession", masking.typed(item.accession))
    admission = data.text(tags.ADMISSION_ID)
    if admission:
        yield Line("Admission", masking.typed(admission))


def _inputs(item: Workitem, data: Elements) -> Iterable[Line]:
    references = data.items(tags.INPUT_INFORMATION_SEQUENCE)
    if item.readiness is not None:
        yield Line("Inputs", item.readiness.words, kind=LineKind.INPUTS)
    if references:
        yield Line("Instances", _instances(references))


def _instances(references: Sequence[Elements]) -> str:
    sequence = attributes.tag_of("ReferencedSOPSequence")
    series = attributes.tag_of("SeriesInstanceUID")
    count, uids = 0, Counter[str]()
    for reference in references:
        count += len(reference.items(sequence)) if sequence is not None else 0
        uids[reference.text(series) if series is not None else ""] += 1
    uids.pop("", None)
    told = presenter.count_words(count, "instance")
    return f"{told} in {len(uids)} series" if uids else told


def _performed(item: Workitem, data: Elements, situation: Situation) -> Iterable[Line]:
    performed = next(iter(data.items(_PERFORMED)), Elements())
    offset = data.text(tags.TIMEZONE_OFFSET_FROM_UTC)

    def moment(tag: int, known: Moment | None) -> Moment | None:
        return known or moment_or_none(
            performed.text(tag), data_set_offset=offset, default_zone=situation.zone
        )

    yield from _time(
        "Start", moment(tags.PERFORMED_PROCEDURE_STEP_START_DATE_TIME, item.performed_start), situation
    )
    yield from _time(
        "End", moment(tags.PERFORMED_PROCEDURE_STEP_END_DATE_TIME, item.performed_end), situation
    )
    for title, tag, words in (
        ("Station", tags.PERFORMED_STATION_NAME_CODE_SEQUENCE, _value_first),
        ("Work type", tags.PERFORMED_WORKITEM_CODE_SEQUENCE, _meaning_first),
    ):
        told = presenter.listed(words(code) for code in codes_in(performed, tag))
        if told:
            yield Line(title, told)
    people = presenter.listed(_people(performed))
    if people:
        yield Line("Performer", people)
    outputs = performed.items(tags.OUTPUT_INFORMATION_SEQUENCE)
    if outputs:
        yield Line("Output", _instances(outputs))


def _people(performed: Elements) -> Iterable[str]:
    for person in performed.items(tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE):
        name = person_name_words(person.text(tags.HUMAN_PERFORMER_NAME).partition("=")[0])
        codes = codes_in(person, tags.HUMAN_PERFORMER_CODE_SEQUENCE)
        yield name or next((code.meaning or code.value for code in codes), "")


def _value_first(code: Code) -> str:
    return code.value or code.meaning


def _meaning_first(code: Code) -> str:
    return code.meaning or code.value


def _coded(code: Code) -> str:
    return " · ".join(part for part in (code.value, code.scheme) if part)


def silent_message(item: Workitem, server: str, zone: tzinfo) -> str:
    """For the server's administrator: which workitem, without the patient."""
    last = last_sign(item)
    since = f" since {in_zone(last, zone):%Y-%m-%d %H:%M}" if last is not None else ""
    lines = [
        f"A workitem at {server} is IN PROGRESS and has been silent{since}.",
        "The system that started it does not seem to work on it any more, and nobody else has its",
        "Transaction UID.",
        "Please find out whether it can be canceled or completed at the server.",
        "",
        f"SOP Instance UID: {item.key.uid}",
        f"Label:            {masking.words(item.label_words, item) or 'none'}",
        f"Planned station:  {item.station or 'none'}",
    ]
    return "\n".join(lines) + "\n"
