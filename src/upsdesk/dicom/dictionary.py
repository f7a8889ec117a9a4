"""Decides what an attribute is called and which VR it has: the UPS table first, then the data dictionary."""

from __future__ import annotations

from functools import cache

from pydicom import datadict

from upsdesk.domain import attributes

_AMBIGUOUS = {"US or SS": "US", "OB or OW": "OW", "US or OW": "OW", "US or SS or OW": "OW"}


@cache
def vr_of(tag: int) -> str:
    """The VR of a tag; `UN` when nobody tells (private attributes, and those newer than the dictionary)."""
    if tag & 0xFFFF == 0:
        return "UL"
    if is_private(tag):
        # PS3.5 7.8.1: (gggg,0010-00FF) names the owner of a private block.
        return "LO" if 0x0010 <= tag & 0xFFFF <= 0x00FF else "UN"
    try:
        return attributes.vr_of(tag)
    except KeyError:
        pass
    try:
        vr = datadict.dictionary_VR(tag)
    except KeyError:
        return "UN"
    return _AMBIGUOUS.get(vr, vr)


@cache
def keyword_of(tag: int) -> str | None:
    """The keyword of a tag, or None when it has none that we know."""
    row = _table_keywords().get(tag)
    return row or datadict.keyword_for_tag(tag) or None


@cache
def tag_of(keyword: str) -> int | None:
    """The tag of a keyword, or None when nobody knows it."""
    if not keyword:  # the dictionary has retired attributes without a keyword
        return None
    tag = attributes.tag_of(keyword)
    return tag if tag is not None else datadict.tag_for_keyword(keyword)


@cache
def name_of(tag: int) -> str:
    """The Standard's name of a tag; its keyword in words where there is none; else `(gggg,eeee)`."""
    try:
        return datadict.dictionary_description(tag)
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
    return tuple({*_table_keywords().values(), *datadict.keyword_dict} - {""})


@cache
def _table_keywords() -> dict[int, str]:
    return {row.tag: row.keyword for row in attributes.table()}
