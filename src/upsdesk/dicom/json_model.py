"""Decides how elements are written as JSON and read from it: the DICOM JSON Model (PS3.18 Annex F)."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from upsdesk.dicom import charsets
from upsdesk.dicom.codec import NUMBER_FORMATS, TEXT_VRS
from upsdesk.dicom.dictionary import tag_of, vr_of
from upsdesk.domain import tags
from upsdesk.domain.elements import Element, Elements, Value

_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_HEX_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_VR = re.compile(r"[A-Z]{2}")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,15})(\.[0-9]{1,16})?")


def to_json(elements: Elements) -> dict[str, Any]:
    """One object of the DICOM JSON Model.

    (0008,0005), where present, says ISO_IR 192, since JSON is UTF-8 (PS3.18 F.2). Decimal and integer strings
    become numbers only where the number is spelled the same; else they stay strings, which F.2.3 allows.
    """
    return {f"{element.tag:08X}": _attribute(element) for element in elements}


def _attribute(element: Element) -> dict[str, Any]:
    found: dict[str, Any] = {"vr": element.vr}
    if element.items:
        found["Value"] = [to_json(item) for item in element.items]
    elif element.raw:
        found["InlineBinary"] = base64.b64encode(element.raw).decode("ascii")
    elif element.tag == tags.SPECIFIC_CHARACTER_SET and element.values:
        found["Value"] = [charsets.UTF_8]
    elif element.values:
        found["Value"] = [_json_value(element.vr, value) for value in element.values]
    return found


def _json_value(vr: str, value: Value) -> Any:
    if vr == "PN":
        groups = zip(_GROUPS, str(value).split("="), strict=False)
        return {name: group for name, group in groups if group}
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "inf", -math.inf: "-inf"}.get(value, "NaN")
    if value == "":
        return None
    if vr in ("DS", "IS"):
        return _same_number(str(value))
    return value


def _same_number(text: str) -> int | float | str:
    """The number that JSON writes exactly as `text`, else `text`."""
    if not _NUMBER.fullmatch(text):
        return text
    number: int | float = json.loads(text)
    return number if json.dumps(number) == text else text


def from_json(found: Mapping[str, Any]) -> Elements:
    """The elements of one object of the DICOM JSON Model; keys are tags, keywords are taken too.

    Raise ValueError naming the attribute that cannot be read.
    """
    if not isinstance(found, Mapping):
        raise ValueError("a data set in JSON is an object whose names are tags")
    return Elements(_element(key, attribute) for key, attribute in found.items())


def _element(key: str, attribute: Any) -> Element:
    tag = int(key, 16) if _HEX_TAG.fullmatch(key) else tag_of(key)
    if tag is None:
        raise ValueError(f"{key!r} is no attribute: 8 hexadecimal digits or a keyword are needed")
    if not isinstance(attribute, Mapping):
        raise ValueError(f'{key}: an object such as {{"vr": "LO", "Value": ["text"]}} is needed')
    vr = attribute.get("vr", vr_of(tag))
    if not isinstance(vr, str) or not _VR.fullmatch(vr):
        raise ValueError(f"{key}: {vr!r} is no VR")
    if "InlineBinary" in attribute:
        return Element(tag, vr, raw=_binary(key, attribute["InlineBinary"]))
    if "BulkDataURI" in attribute:
        raise ValueError(f"{key}: bulk data at another address is not read")
    values = attribute.get("Value") or []
    if not isinstance(values, list):
        raise ValueError(f"{key}: Value is an array")
    if vr == "SQ":
        return Element(tag, vr, items=tuple(from_json(item or {}) for item in values))
    if values and vr not in TEXT_VRS and vr not in NUMBER_FORMATS and vr != "AT":
        raise ValueError(f"{key}: VR {vr} is written as InlineBinary")
    return Element(tag, vr, tuple(_value(key, vr, value) for value in values))


def _binary(key: str, text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise ValueError(f"{key}: InlineBinary is no base64 text") from None


def _value(key: str, vr: str, value: Any) -> Value:
    if vr == "PN":
        return _person_name(key, value)
    if vr in ("FL", "FD"):
        try:
            return float(value)
        except (TypeError, ValueError):
            raise ValueError(f"{key}: {value!r} is no number") from None
    if vr in NUMBER_FORMATS:
        try:
            return int(value)
        except (TypeError, ValueError):
            raise ValueError(f"{key}: {value!r} is no whole number") from None
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{key}: {value!r} is no text")
    if vr == "AT" and not _HEX_TAG.fullmatch(str(value)):
        raise ValueError(f"{key}: {value!r} is no tag of 8 hexadecimal digits")
    return value if isinstance(value, str) else json.dumps(value)


def _person_name(key: str, value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if not isinstance(value, Mapping):
        raise ValueError(f"{key}: a person name is an object with Alphabetic, Ideographic and Phonetic")
    return "=".join(str(value.get(name) or "") for name in _GROUPS).rstrip("=")
