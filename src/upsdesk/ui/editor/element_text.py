"""An element as one text that can be typed, and back: values as DICOM writes them, times also as ISO."""

from __future__ import annotations

from datetime import tzinfo

from upsdesk.domain.elements import Element, Value
from upsdesk.domain.value_rules import MULTI_VALUED, form_of, wrong_values
from upsdesk.domain.when import format_moment
from upsdesk.ui.editor.field_values import read_date, read_moment

LONG_TEXT = frozenset({"LT", "ST", "UT"})
_WHOLE = {"US": (0, 2**16), "SS": (-(2**15), 2**15), "UL": (0, 2**32), "SL": (-(2**31), 2**31)}
_FRACTIONS = frozenset({"FL", "FD"})


def can_be_typed(found: Element) -> bool:
    """Not sequences, tags and bytes."""
    return found.raw is None and found.items is None and found.vr not in ("AT", "UN")


def text_of(found: Element) -> str:
    """What stands in the field: the values as DICOM writes them, several joined by backslashes."""
    return found.text.replace("\r\n", "\n").rstrip(" \0")


def element_of(tag: int, vr: str, text: str, zone: tzinfo) -> Element:
    """The element that was typed; empty text: zero-length. Raise ValueError with what is wrong.

    `2026-11-19 09:40` is a date-time of `zone`.
    """
    text = text.strip() if vr not in LONG_TEXT else text.rstrip()
    if not text:
        return Element(tag, vr)
    moment, day = read_moment(text), read_date(text)
    if vr == "DT" and moment is not None:
        text = format_moment(moment.replace(tzinfo=zone))
    elif vr == "DA" and day is not None:
        text = day.strftime("%Y%m%d")
    parts = text.split("\\") if vr not in LONG_TEXT else [text.replace("\n", "\r\n")]
    if len(parts) > 1 and tag not in MULTI_VALUED and vr not in _WHOLE and vr not in _FRACTIONS:
        raise ValueError("Only one value is allowed here; a backslash separates values")
    found = Element(tag, vr, tuple(_value(vr, part.strip()) for part in parts))
    wrong = wrong_values(tag, vr, form_of(vr), found) if len(parts) == 1 or tag in MULTI_VALUED else None
    if wrong:
        raise ValueError(f"This {wrong}")
    return found


def _value(vr: str, text: str) -> Value:
    try:
        if vr in _FRACTIONS:
            return float(text)
        if vr in _WHOLE:
            number = int(text)
            least, end = _WHOLE[vr]
            if not least <= number < end:
                raise ValueError
            return number
    except ValueError:
        raise ValueError("This is no number of this kind") from None
    return text
