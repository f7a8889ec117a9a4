"""Decides which values a matching key may have, by its attribute and VR, and what to say about them."""

from __future__ import annotations

from datetime import UTC

from upsdesk.domain import attributes, tags
from upsdesk.domain.elements import Path
from upsdesk.domain.key_tests import (
    NUMBER_VRS,
    SINGLE_VALUE_ONLY,
    BadKey,
    date_test,
    moment_span,
    number_test,
    takes_wildcards,
    time_test,
)
from upsdesk.domain.value_rules import ENUMERATED, form_of

_EXAMPLES = {
    "AE": "An AE title; * stands for any run of characters, ? for one.",
    "CS": "Upper-case letters, digits, space and _; * and ? stand for any.",
    "DA": "A day as 20261121, or a range: 20261121-20261123, 20261121-, -20261121.",
    "DT": "A time as 202611210930, or a range: 20261121-20261123, 20261121-. A zone follows: +0100.",
    "PN": "Family^Given as in Novak^Jana; * stands for any run of characters, ? for one: Nov*.",
    "TM": "A time of day as 0930, or a range: 0800-1200.",
    "UI": "A UID, or several with \\ between them.",
}
_WHOLE = {
    "US": range(2**16),
    "SS": range(-(2**15), 2**15),
    "UL": range(2**32),
    "SL": range(-(2**31), 2**31),
    "UV": range(2**64),
    "SV": range(-(2**63), 2**63),
}
"""Binary whole numbers (PS3.5 6.2)."""
_CODE_HINTS = {
    tags.CODE_VALUE: "The code itself, as 121726. Coding Scheme Designator says whose code it is.",
    tags.CODING_SCHEME_DESIGNATOR: "Whose code it is, as DCM or SCT. Code Value says which.",
}
_WILDCARDS = "* stands for any run of characters, ? for one."


def hint_of(path: Path, vr: str) -> str:
    """What can be typed for a key, in one line."""
    tag = path[-1]
    if len(path) > 1 and tag in _CODE_HINTS:
        return _CODE_HINTS[tag]
    if tag in ENUMERATED and (vr != "CS" or tag in SINGLE_VALUE_ONLY):
        return f"One of {', '.join(sorted(ENUMERATED[tag]))}."
    if vr in NUMBER_VRS:
        return "A number."
    return _EXAMPLES.get(vr, _WILDCARDS if takes_wildcards(tag, vr) else "")


def refusal_of_key(path: Path, vr: str) -> str:
    """Why an attribute is no matching key of a UPS search; empty when it is one (PS3.4 Table CC.2.5-3)."""
    if path == (tags.PROCEDURE_STEP_STATE,):
        return "Choose the states above: each is asked for by a query of its own."
    if tags.TRANSACTION_UID in path:
        return "The Transaction UID cannot be searched for (PS3.4 CC.2.8.1.3)."
    if path in ((tags.SPECIFIC_CHARACTER_SET,), (tags.TIMEZONE_OFFSET_FROM_UTC,)):
        return "This says how a question is written; it is no key (PS3.4 C.2.2.2)."
    if vr == "SQ":
        return "This is a sequence: name what stands in it, after a slash."
    if path[-1] == tags.CODE_MEANING:
        return "A code's meaning is never matched (PS3.4 Table CC.2.5-3): ask for its Code Value."
    row = attributes.by_path().get(path)
    if row is not None and row.match == "-":
        return "No server matches this attribute (PS3.4 Table CC.2.5-3)."
    if vr in ("UN", "OB", "OW", "OD", "OF", "OL", "OV", "AT"):
        return f"A value of VR {vr} cannot be searched for."
    return ""


def problem_of_value(path: Path, vr: str, value: str) -> str:
    """What is wrong with the value of a key; empty when nothing is. An empty value asks for anything."""
    text, tag = value.strip(), path[-1]
    if not text:
        return ""
    if vr == "UI":
        wrong = any(form_of("UI")(part) for part in text.split("\\"))
        return "This is no UID, nor several with \\ between them." if wrong else ""
    if "\\" in text:
        return "One value only: a search takes no list here. Search once for each."
    if vr in ("DA", "DT", "TM") or vr in NUMBER_VRS:
        return _problem_of_range(tag, vr, text)
    if tag in SINGLE_VALUE_ONLY and text not in ENUMERATED[tag]:
        return f"One of {', '.join(sorted(ENUMERATED[tag]))} is needed."
    return _problem_of_text(tag, vr, text)


def _problem_of_range(tag: int, vr: str, text: str) -> str:
    try:
        if vr == "DA":
            date_test(tag, text.replace(".", ""))
        elif vr == "TM":
            time_test(tag, text)
        elif vr == "DT":
            lower, upper = moment_span(tag, text, "", UTC)
            if lower is not None and upper is not None and lower > upper:
                return "The range ends before it begins."
        elif vr in _WHOLE and not (_is_whole(text) and int(text) in _WHOLE[vr]):
            return f"A whole number from {_WHOLE[vr].start} to {_WHOLE[vr].stop - 1} is needed."
        else:
            number_test(tag, text)
    except BadKey:
        form = {"DA": "a day, or a range of days", "TM": "a time of day, or a range"}.get(vr, "a number")
        form = "a date and time, or a range of them" if vr == "DT" else form
        return f"This is not {form}."
    if vr == "DA":
        lower_day, _, upper_day = text.replace(".", "").partition("-")
        if lower_day and upper_day and lower_day > upper_day:
            return "The range ends before it begins."
    return ""


def _is_whole(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit()


def _problem_of_text(tag: int, vr: str, text: str) -> str:
    """By the form of its VR, with every wildcard taken for one character that fits."""
    is_pattern = takes_wildcards(tag, vr) and ("*" in text or "?" in text)
    plain = text.replace("*", "").replace("?", "A") if is_pattern else text
    wrong = form_of(vr)(plain) if plain else None
    if wrong is not None:
        return f"The value {wrong}."
    return ""
