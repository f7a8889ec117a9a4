"""What stands in a field: texts and codes, what is wrong with them, and the elements they are."""

from __future__ import annotations

from datetime import date, datetime, tzinfo

from upsdesk.domain.attributes import element
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Element
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.domain.when import format_moment
from upsdesk.ui.editor.specs import LENGTHS, FieldSpec, Kind

NO_CODE = Code("", "", "")
FieldValue = str | Code
"""Text as it stands in the field (ISO date and time, person name as on the wire), or a code."""

_MOMENT_FORMATS = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")


def moment_text(when: datetime) -> str:
    """`2026-11-19 09:40`; seconds only when there are some."""
    return when.strftime(_MOMENT_FORMATS[1 if when.second else 0])


def read_moment(text: str) -> datetime | None:
    """The date and time of a field, without a zone; None when it is not one."""
    for form in _MOMENT_FORMATS:
        try:
            return datetime.strptime(text.strip(), form)
        except ValueError:
            continue
    return None


def read_date(text: str) -> date | None:
    """The date of a field; None when it is not one."""
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d").date()
    except ValueError:
        return None


def value_problem(spec: FieldSpec, value: FieldValue) -> str:
    if isinstance(value, Code):
        return _code_problem(value)
    if spec.kind is Kind.MOMENT:
        return "" if read_moment(value) else "Write date and time as 2026-11-19 09:40"
    if spec.kind is Kind.DATE:
        return "" if read_date(value) else "Write the date as 1957-03-14"
    if spec.kind is Kind.UID:
        return _uid_problem(value)
    if spec.kind is Kind.NAME:
        return _name_problem(value)
    return _text_problem(value, spec.attribute.vr)


def _text_problem(text: str, vr: str) -> str:
    limit = LENGTHS.get(vr, 64)
    if len(text) > limit:
        return f"At most {limit} characters; this has {len(text)}"
    if vr != "LT" and "\\" in text:
        return "A backslash is not allowed here"
    if any(ord(char) < 32 and not (vr == "LT" and char in "\n\r\t\f") for char in text):
        return "A control character is not allowed here"
    return ""


def _code_problem(code: Code) -> str:
    missing = [
        words
        for words, part in (("value", code.value), ("scheme", code.scheme), ("meaning", code.meaning))
        if not part
    ]
    if missing:
        return f"A code needs its {' and '.join(missing)}"
    return (
        _text_problem(code.scheme, "SH")
        or _text_problem(code.meaning, "LO")
        or _text_problem(code.value, "LO")
    )


def _name_problem(raw: str) -> str:
    groups = raw.split("=")
    if len(groups) > 3:
        return "A name has at most three representations, separated by ="
    if any(group.count("^") > 4 for group in groups):
        return "A name has at most five parts, separated by ^"
    return next((wrong for wrong in (_text_problem(group, "PN") for group in groups) if wrong), "")


def _uid_problem(text: str) -> str:
    try:
        SopInstanceUid.parse(text)
    except ValueError:
        return "Not a UID: digits and periods, at most 64 characters"
    return ""


def text_element(spec: FieldSpec, text: str, zone: tzinfo) -> Element:
    """A field's text as the attribute; raise ValueError when it is no date or time."""
    if text and spec.kind is Kind.MOMENT:
        naive = read_moment(text)
        if naive is None:
            raise ValueError(f"{spec.words}: {text!r} is no date and time")
        text = format_moment(naive.replace(tzinfo=zone))
    elif text and spec.kind is Kind.DATE:
        day = read_date(text)
        if day is None:
            raise ValueError(f"{spec.words}: {text!r} is no date")
        text = day.strftime("%Y%m%d")
    return element(spec.path[-1], text) if text else element(spec.path[-1])


def element_lines(found: Element | None) -> tuple[str, ...]:
    """An element for a person: one text per value or code, none when it is empty."""
    if found is None or found.is_empty:
        return ()
    if found.items is None:
        return (found.text,)
    lines: list[str] = []
    for item in found.items:
        code = Code.read(item)
        if code.value or code.meaning:
            lines.append(f"{code.value} {code.scheme}\n{code.meaning}".strip())
        else:
            lines += [line for child in item if not child.is_empty for line in element_lines(child)]
    return tuple(lines)
