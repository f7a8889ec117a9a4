"""Decides what an attribute is called and which VR it has: the UPS table first, then the data dictionary."""

from __future__ import annotations

import threading
from functools import cache
from types import ModuleType

from upsdesk.domain import attributes, tags

_AMBIGUOUS = {"US or SS": "US", "OB or OW": "OW", "US or OW": "OW", "US or SS or OW": "OW"}

_COMMON = {tags.TIMEZONE_OFFSET_FROM_UTC: ("TimezoneOffsetFromUTC", "SH")}
"""What any data set may carry and the table lacks (PS3.3 C.12.1.1.1): keyword and VR."""
_lock = threading.Lock()


def _dictionary() -> ModuleType:
    """pydicom's, loaded for an attribute that is none of the UPS: it takes longer than most searches.

    One thread at a time: the others would get a half-made module.
    """
    with _lock:
        from pydicom import datadict
    return datadict


@cache
def vr_of(tag: int) -> str:
    """The VR of a tag; `UN` when nobody tells (private attributes, and those newer than the dictionary)."""
    if tag & 0xFFFF == 0:
        return "UL"
    if is_private(tag):
        # PS3.5 7.8.1: (gggg,0010-00FF) names the owner of a private block.
        return "LO" if 0x0010 <= tag & 0xFFFF <= 0x00FF else "UN"
    if tag in _COMMON:
        return _COMMON[tag][1]
    try:
        return attributes.vr_of(tag)
    except KeyError:
        pass
    try:
        vr: str = _dictionary().dictionary_VR(tag)
    except KeyError:
        return "UN"
    return _AMBIGUOUS.get(vr, vr)


@cache
def keyword_of(tag: int) -> str | None:
    """The keyword of a tag, or None when it has none that we know."""
    row = _table_keywords().get(tag)
    return row or _dictionary().keyword_for_tag(tag) or None


@cache
def tag_of(keyword: str) -> int | None:
    """The tag of a keyword, or None when nobody knows it."""
    if not keyword:  # the dictionary has retired attributes without a keyword
        return None
    tag = attributes.tag_of(keyword)
    if tag is None:
        tag = _dictionary().tag_for_keyword(keyword)
    return tag


@cache
def name_of(tag: int) -> str:
    """The Standard's name of a tag; its keyword in words where there is none; else `(gggg,eeee)`."""
    try:
        name: str = _dictionary().dictionary_description(tag)
        return name
    except KeyError:
        pass
    keyword = keyword_of(tag)
    if keyword is None:
        return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
    words = "".join(f" {char}" if char.isupper() else char for char in keyword)
    return words.strip()


def is_private(tag: int) -> bool:
    """Odd group numbers are private (PS3.5 7.8)."""
    return bool(tag >> 16 & 1)


@cache
def all_keywords() -> tuple[str, ...]:
    """Every keyword that `tag_of` knows."""
    return tuple({*_table_keywords().values(), *_dictionary().keyword_dict} - {""})


@cache
def _table_keywords() -> dict[int, str]:
    common = {tag: keyword for tag, (keyword, _) in _COMMON.items()}
    return common | {row.tag: row.keyword for row in attributes.table()}
