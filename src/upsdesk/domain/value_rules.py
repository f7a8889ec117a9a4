"""Whether the values of an attribute have the form that its VR, its multiplicity and its value set ask for.

PS3.5 6.2 for the forms, PS3.6 for the multiplicities, PS3.3 for the enumerated values. The words that come
back say what is wrong and never quote a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from upsdesk.domain import tags
from upsdesk.domain.elements import Element, Value
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import InputReadiness, Priority

Form = Callable[[Value], str | None]
"""Tests one value; None: it has the form, else what is wrong with it."""

CHARACTER_SET_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""VRs that Specific Character Set applies to (PS3.5 6.1.2.3)."""

MULTI_VALUED = frozenset(
    {
        tags.SPECIFIC_CHARACTER_SET,
        0x00080054,  # RetrieveAETitle
        0x00081080,  # AdmittingDiagnosesDescription
        0x00081160,  # ReferencedFrameNumber
        0x00102000,  # MedicalAlerts
        0x00401010,  # NamesOfIntendedRecipientsOfResults
        tags.NUMERIC_VALUE,
        0x0062000B,  # ReferencedSegmentNumber
    }
)
"""Attributes of the UPS that may have several values (PS3.6); every other has at most one."""

ENUMERATED: dict[int, frozenset[str]] = {
    tags.SCHEDULED_PROCEDURE_STEP_PRIORITY: frozenset(Priority.__members__),
    tags.INPUT_READINESS_STATE: frozenset(InputReadiness.__members__),
    tags.PROCEDURE_STEP_STATE: frozenset(state.value for state in ProcedureStepState),
    tags.VALUE_TYPE: frozenset(
        {"CODE", "DATE", "DATETIME", "NUMERIC", "PNAME", "TEXT", "TIME", "UIDREF"}  # not NUM
    ),
    tags.TYPE_OF_INSTANCES: frozenset({"CDA", "DICOM"}),
    tags.PATIENT_SEX: frozenset({"F", "M", "O"}),
    0x0008010B: frozenset({"N", "Y"}),  # ContextGroupExtensionFlag
    0x001021C0: frozenset({"1", "2", "3", "4"}),  # PregnancyStatus
}
"""Closed value sets; other attributes have defined terms at most, to which a peer may add."""

MOST_ITEMS: dict[int, int] = {
    tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE: 1,
    tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE: 1,
    tags.CONCEPT_NAME_CODE_SEQUENCE: 1,
    tags.CONCEPT_CODE_SEQUENCE: 1,
    tags.MEASUREMENT_UNITS_CODE_SEQUENCE: 1,
}
"""Sequences of which one item is the most (PS3.4 Table CC.2.5-3; PS3.3 10.2 for a content item's parts)."""

UNREADABLE = "cannot be read in its character set"
_NOT_UID = "is no UID"
_NOT_MOMENT = "is no date and time"

# Control characters; a text of lines may hold TAB, LF, FF and CR. U+FFFD stands for bytes that do not decode:
# they would be lost, so the request is refused (0106, as PS3.4 allows for a conversion that fails).
_NOT_IN_LINE = re.compile("[\x00-\x1f\x7f\ufffd]")
_NOT_IN_TEXT = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ufffd]")
_CS = re.compile(r"[A-Z0-9 _]*")
_AE = re.compile(r"[\x20-\x5b\x5d-\x7e]*")
_UI = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+")
_UR = re.compile(r"[!-\[\]-~]+")
_AS = re.compile(r"\d{3}[DWMY]")
_DS = re.compile(r" *[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)? *")
_IS = re.compile(r" *[+-]?\d+ *")
_TIME = r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?|60(\.\d{1,6})?)?)?"
_TM = re.compile(_TIME)
_DT = re.compile(rf"(\d{{4}})((0[1-9]|1[0-2])((0[1-9]|[12]\d|3[01])({_TIME})?)?)?([+-]\d{{4}})?")
_LONGEST_OFFSET = {"+": 14 * 60, "-": 12 * 60}
"""Minutes (PS3.5 6.2, DT)."""


def form_of(vr: str) -> Form:
    """The test of one value of this VR; those without one accept everything."""
    return _FORMS.get(vr, _any)


def _any(_value: Value) -> str | None:
    return None


def _line(longest: int) -> Form:
    too_long = f"is longer than {longest} characters"

    def test(value: Value) -> str | None:
        text = str(value)
        if len(text) > longest:
            return too_long
        return _wrong_character(text) if _NOT_IN_LINE.search(text) else None

    return test


def _text(longest: int) -> Form:
    too_long = f"is longer than {longest} characters"

    def test(value: Value) -> str | None:
        text = str(value)
        if len(text) > longest:
            return too_long
        return _wrong_character(text) if _NOT_IN_TEXT.search(text) else None

    return test


def _wrong_character(text: str) -> str:
    return UNREADABLE if "\N{REPLACEMENT CHARACTER}" in text else "holds a control character"


def _matching(pattern: re.Pattern[str], longest: int, words: str) -> Form:
    matches = pattern.fullmatch

    def test(value: Value) -> str | None:
        text = str(value)
        return None if len(text) <= longest and matches(text) else words

    return test


def _name(value: Value) -> str | None:
    """PS3.5 6.2.1: at most three groups of at most 64 characters, each of at most five components."""
    text = str(value)
    if _NOT_IN_LINE.search(text):
        return _wrong_character(text)
    groups = text.split("=")
    if len(groups) > 3:
        return "has more than three groups"
    if any(len(group) > 64 for group in groups):
        return "has a group longer than 64 characters"
    return "has more than five components" if any(group.count("^") > 4 for group in groups) else None


def _date(value: Value) -> str | None:
    text = str(value)
    valid = len(text) == 8 and text.isdigit() and text.isascii()
    return None if valid and _is_day(text) else "is no date"


def _is_day(text: str) -> bool:
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return False
    return True


def _moment(value: Value) -> str | None:
    text = str(value)
    match = _DT.fullmatch(text)
    if match is None or len(text) > 26:
        return _NOT_MOMENT
    day = match[5]
    if day is not None and day > "28" and not _is_day(text[:8]):
        return _NOT_MOMENT
    offset = match[match.re.groups]
    return _NOT_MOMENT if offset is not None and offset_from_utc(offset) else None


def offset_from_utc(value: Value) -> str | None:
    """Of (0008,0201): `+0100` (PS3.3 C.12.1.1.8)."""
    text = str(value)
    valid = len(text) == 5 and text[0] in "+-" and text[1:].isdigit() and text.isascii() and text[3:] < "60"
    if valid and int(text[1:3]) * 60 + int(text[3:]) <= _LONGEST_OFFSET[text[0]]:
        return None
    return "is no offset from UTC"


def _whole_number(value: Value) -> str | None:
    text = str(value)
    if len(text) > 12 or not _IS.fullmatch(text) or not -(2**31) <= int(text) < 2**31:
        return "is no whole number"
    return None


_FORMS: dict[str, Form] = {
    "AE": _matching(_AE, 16, "is no AE title"),
    "AS": _matching(_AS, 4, "is no age"),
    "CS": _matching(_CS, 16, "is no code string: 16 of A-Z, 0-9, space and _"),
    "DA": _date,
    "DS": _matching(_DS, 16, "is no decimal number"),
    "DT": _moment,
    "IS": _whole_number,
    "LO": _line(64),
    "LT": _text(10240),
    "PN": _name,
    "SH": _line(16),
    "ST": _text(1024),
    "TM": _matching(_TM, 14, "is no time"),
    "UC": _line(2**32 - 2),
    "UI": _matching(_UI, 64, _NOT_UID),
    "UR": _matching(_UR, 2**32 - 2, "is no URI or URL"),
    "UT": _text(2**32 - 2),
}
_TEXTS = frozenset(_FORMS)


def wrong_values(tag: int, vr: str, form: Form, found: Element) -> str | None:
    """What is wrong with the values of `found`, which is not a sequence; None when nothing is.

    `vr` is that of the table. Texts may come under another text VR, as Contact URI does from systems of
    before 2014; what counts is that the value fits.
    """
    values = found.values
    if found.raw is not None or (found.vr in _TEXTS) != (vr in _TEXTS):
        return f"is no value of VR {vr}"
    if len(values) > 1 and tag not in MULTI_VALUED:
        return "has more than one value"
    for value in values:
        words = form(value) if value != "" else None
        if words is not None:
            return words
    allowed = ENUMERATED.get(tag)
    if allowed is not None and any(str(value) not in allowed for value in values):
        return f"is none of {', '.join(sorted(allowed))}"
    return None
