"""What a new workitem takes over of another one, and what a template may keep of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo

from upsdesk.domain import attributes, tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.folding import folded
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.when import format_moment, moment_or_none, parse_date

PUSH_UID = "1.2.840.10008.5.1.4.34.6.1"
"""UPS Push: the SOP Class of every UPS instance (PS3.4 CC.3.1.1)."""

_OF_THE_OLD_ONE = frozenset(
    {
        tags.SPECIFIC_CHARACTER_SET,  # chosen anew when the text is encoded
        tags.TRANSACTION_UID,
        tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE,
        tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE,
        tags.REPLACED_PROCEDURE_STEP_SEQUENCE,
        tags.REASON_FOR_CANCELLATION,
        tags.PROCEDURE_STEP_DISCONTINUATION_REASON_CODE_SEQUENCE,
        tags.REQUESTING_AE,
        tags.DELETION_LOCK,
        tags.RECEIVING_AE,
    }
)
_TIMES = (
    tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME,
    tags.EXPECTED_COMPLETION_DATE_TIME,
    tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME,
)
_SCHEDULED = element(tags.PROCEDURE_STEP_STATE, ProcedureStepState.SCHEDULED.value)


def as_new(elements: Elements) -> Elements:
    """`elements` as the beginning of a new SCHEDULED workitem.

    Patient, request, inputs, times and attributes that the table does not know stay. Left out is what belongs
    to the old one alone: its UIDs and lock, state, progress, what was performed, its modification, what it
    replaced; and what an N-CREATE does not allow (PS3.4 Table CC.2.5-3).
    """
    rows = attributes.top_level()
    kept = (
        one
        for one in elements
        if one.tag not in _OF_THE_OLD_ONE
        and one.tag >> 16 >= 0x0008
        and (one.tag not in rows or rows[one.tag].in_ncreate)
    )
    return Elements(kept).with_elements(_SCHEDULED)


def moved_to(elements: Elements, start: datetime, zone: tzinfo) -> Elements:
    """`elements` planned for `start`; completion and expiration keep their distance to it.

    `zone`: of date-times without an offset where the data set has no (0008,0201). A completion or expiration
    that cannot be read, or with no start to count from, is left out: a wrong time would be worse than none.
    """
    offset = elements.text(tags.TIMEZONE_OFFSET_FROM_UTC)
    began = moment_or_none(elements.text(_TIMES[0]), data_set_offset=offset, default_zone=zone)
    written = [element(_TIMES[0], format_moment(start))]
    for tag in _TIMES[1:]:
        end = moment_or_none(elements.text(tag), data_set_offset=offset, default_zone=zone)
        if began is not None and end is not None:
            moved = _later(start, end.instant - began.instant)
            written += [element(tag, format_moment(moved))] if moved is not None else []
    return elements.without(*_TIMES).with_elements(*written)


def _later(start: datetime, span: timedelta) -> datetime | None:
    try:
        return start + span
    except OverflowError:  # an expiration in the year 9999 means never
        return None


def replacing(elements: Elements, replaced: SopInstanceUid) -> Elements:
    """`elements` of a workitem that replaces `replaced` (Replaced Procedure Step Sequence, Type 1C)."""
    item = (
        element(tags.REFERENCED_SOP_CLASS_UID, PUSH_UID),
        element(tags.REFERENCED_SOP_INSTANCE_UID, replaced),
    )
    return elements.with_elements(sequence(tags.REPLACED_PROCEDURE_STEP_SEQUENCE, item))


def replaces(elements: Elements, replaced: SopInstanceUid) -> bool:
    """Whether a workitem says that it stands in place of `replaced`."""
    return any(
        item.text(tags.REFERENCED_SOP_INSTANCE_UID) == replaced
        for item in elements.items(tags.REPLACED_PROCEDURE_STEP_SEQUENCE)
    )


TEMPLATE_TAGS = (
    tags.PROCEDURE_STEP_LABEL,
    tags.WORKLIST_LABEL,
    tags.SCHEDULED_WORKITEM_CODE_SEQUENCE,
    tags.SCHEDULED_PROCEDURE_STEP_PRIORITY,
    tags.INPUT_READINESS_STATE,
    tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE,
    tags.SCHEDULED_STATION_CLASS_CODE_SEQUENCE,
    tags.SCHEDULED_STATION_GEOGRAPHIC_LOCATION_CODE_SEQUENCE,
    tags.SCHEDULED_HUMAN_PERFORMERS_SEQUENCE,
    tags.SCHEDULED_PROCESSING_PARAMETERS_SEQUENCE,
    tags.OUTPUT_DESTINATION_SEQUENCE,
)
"""What says nothing of a patient. All else stays out: comments, and what nobody here knows."""
_IDENTIFIERS = frozenset(
    {
        tags.PATIENT_NAME,
        tags.PATIENT_ID,
        tags.PATIENT_BIRTH_DATE,
        tags.ACCESSION_NUMBER,
        tags.ADMISSION_ID,
        0x00101000,  # Other Patient IDs, retired
        0x00101001,  # Other Patient Names
        0x00100012,  # Name to Use
        0x00402016,  # Placer Order Number / Imaging Service Request
        0x00402017,  # Filler Order Number / Imaging Service Request
    }
)
"""What tells, at whatever level, who the patient is, or which visit or request it is."""
_WORDS = re.compile(r"\w+")
_LEAST_WORD = 2
_CODES = frozenset({tags.CODE_VALUE, tags.CODING_SCHEME_DESIGNATOR, tags.CODE_MEANING})


_VALUES = (
    tags.DATE_TIME, tags.DATE, tags.TIME, tags.PERSON_NAME, tags.UID, tags.TEXT_VALUE, tags.NUMERIC_VALUE,
)  # fmt: skip
"""What stands in a content item, codes left out."""


def for_template(elements: Elements, *, with_values: bool) -> Elements:
    """What a template may keep of a workitem, empty attributes left out.

    An attribute whose text holds a word of the patient's name, the birth date or an identifier of patient,
    visit or request is left out as a whole, since a label may say for whom it is. Without `with_values`
    parameters are asked for and not told: plan and fraction are this patient's.
    """
    words = patient_words(elements)
    found = (one for tag in TEMPLATE_TAGS if (one := elements.get(tag)) is not None and not one.is_empty)
    kept = Elements(one for one in found if not any(names_patient(text, words) for text in _texts(one)))
    items = kept.items(tags.SCHEDULED_PROCESSING_PARAMETERS_SEQUENCE)
    if with_values or not items:
        return kept
    emptied = (item.with_elements(*(element(tag) for tag in _VALUES if tag in item)) for item in items)
    return kept.with_elements(sequence(tags.SCHEDULED_PROCESSING_PARAMETERS_SEQUENCE, *emptied))


def has_values(elements: Elements) -> bool:
    """Whether a parameter of it has a value that `for_template` leaves out or keeps."""
    items = elements.items(tags.SCHEDULED_PROCESSING_PARAMETERS_SEQUENCE)
    return any(item.text(tag) for item in items for tag in _VALUES)


def patient_words(elements: Elements) -> frozenset[str]:
    """Folded words that tell who the patient is, or which visit or request it is."""
    found: set[str] = set()
    for one in elements:
        if one.tag in _IDENTIFIERS:
            for value in one.values:
                found |= _words_of(str(value))
                day = parse_date(str(value)) if one.vr == "DA" else None
                found |= {day.isoformat()} if day else set()
        for item in one.items or ():
            found |= patient_words(item)
    return frozenset(found)


def names_patient(text: str, words: frozenset[str]) -> bool:
    """Whether a text holds one of `patient_words`; where a script has no spaces, as a part of it."""
    if not words.isdisjoint(_words_of(text)):
        return True
    return any(not word.isascii() and word in folded(text) for word in words)


def _words_of(text: str) -> set[str]:
    """The words of a text, also with what joins them: an identifier may have hyphens."""
    plain = folded(text.strip(" \0"))
    return {word for word in (*_WORDS.findall(plain), *plain.split()) if len(word) >= _LEAST_WORD}


def _texts(one: Element) -> Iterator[str]:
    """The texts of an element at every level, those of codes left out: they are of a dictionary."""
    for item in one.items or ():
        for child in item:
            if child.tag not in _CODES:
                yield from _texts(child)
    yield from (value for value in one.values if isinstance(value, str))
