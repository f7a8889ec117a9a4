"""When a value matches a key, by the key's value representation (PS3.4 C.2.2.2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, tzinfo

from upsdesk.domain import tags
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.folding import folded_name
from upsdesk.domain.when import Moment, last_instant, moment_or_none, parse_date, parse_moment, split_range

Test = Callable[[Elements, str], bool]
"""Tests an item; the text is (0008,0201) of its data set."""

WILDCARD_VRS = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
SINGLE_VALUE_ONLY = frozenset(
    {tags.PROCEDURE_STEP_STATE, tags.SCHEDULED_PROCEDURE_STEP_PRIORITY, tags.INPUT_READINESS_STATE}
)
"""Keys that PS3.4 Table CC.2.5-3 gives single value matching: `*` and `?` are ordinary characters there."""
NUMBER_VRS = frozenset({"DS", "IS", "US", "SS", "UL", "SL", "FL", "FD", "UV", "SV"})
TIME_OF_DATE = {0x00402004: 0x00402005}
"""Pairs of DA and TM that are matched together: Issue Date and Issue Time of Imaging Service Request."""


def takes_wildcards(tag: int, vr: str) -> bool:
    """Whether `*` and `?` have a meaning in a key of this attribute (PS3.4 C.2.2.2.4)."""
    return vr in WILDCARD_VRS and tag not in SINGLE_VALUE_ONLY


class BadKey(ValueError):
    """A matching key that cannot be read: an SCP answers A900 and names the attribute."""

    def __init__(self, tag: int, reason: str) -> None:
        super().__init__(f"{tags.tag_text(tag)}: {reason}")
        self.tag = tag


def values_test(tag: int, accepts: Callable[[str], bool]) -> Test:
    """One of the values of the element is enough."""

    def test(item: Elements, _offset: str) -> bool:
        return any(accepts(value) for value in item.texts(tag))

    return test


def raw_test(key: Element) -> Test:
    def test(item: Elements, _offset: str) -> bool:
        stored = item.get(key.tag)
        return stored is not None and stored.raw == key.raw

    return test


def wildcards(text: str) -> Callable[[str], bool]:
    """`*` any run of characters, `?` exactly one.

    Takes time in proportion to the lengths: a regular expression with many stars could take for ever, and
    holds up every other thread meanwhile.
    """
    head, *middle = [_of_length(part) for part in text.split("*")]
    if not middle:
        return lambda value: head.fullmatch(value) is not None
    tail = middle.pop()
    parts = text.split("*")
    first, last, least = len(parts[0]), len(parts[-1]), len(text) - text.count("*")

    def accepts(value: str) -> bool:
        end = len(value) - last
        if len(value) < least or not head.match(value) or not tail.fullmatch(value, end):
            return False
        at = first
        for part in middle:
            found = part.search(value, at, end)  # the first place leaves the most for what follows
            if found is None:
                return False
            at = found.end()
        return True

    return accepts


def _of_length(part: str) -> re.Pattern[str]:
    return re.compile("".join("." if char == "?" else re.escape(char) for char in part), re.DOTALL)


def name_test(tag: int, text: str) -> Test:
    """Without case and accents; a key of one group matches any of a name's three (PS3.5 6.2.1)."""
    groups = [_name_group(group) for group in text.split("=")]

    def accepts(value: str) -> bool:
        stored = [folded_name(group) for group in value.split("=")]
        if len(groups) == 1:
            return any(groups[0](group) for group in stored)
        stored += [""] * (len(groups) - len(stored))
        return all(accept(group) for accept, group in zip(groups, stored, strict=False))

    return values_test(tag, accepts)


def _name_group(text: str) -> Callable[[str], bool]:
    wanted = folded_name(text)
    if not wanted:
        return lambda _group: True
    if "*" in wanted or "?" in wanted:
        is_like = wildcards(wanted)
        delimiters = wanted.count("^")

        def accepts(group: str) -> bool:
            # The key may spell out components that the name, whose trailing delimiters are dropped, lacks.
            padded = group + "^" * (delimiters - group.count("^"))
            return is_like(group) or is_like(padded)

        return accepts
    return lambda group: group == wanted


def date_test(tag: int, text: str) -> Test:
    lower, upper = _date_ends(tag, text)

    def accepts(value: str) -> bool:
        day = parse_date(value)
        return day is not None and (lower is None or lower <= day) and (upper is None or day <= upper)

    return values_test(tag, accepts)


def _date_ends(tag: int, text: str) -> tuple[date | None, date | None]:
    lower_text, upper_text = _ends(text)
    lower, upper = parse_date(lower_text), parse_date(upper_text)
    if (lower_text and lower is None) or (upper_text and upper is None) or not (lower_text or upper_text):
        raise BadKey(tag, "no date, or range of dates")
    return lower, upper


_TM = re.compile(r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?|60)?)?", re.ASCII)


def time_test(tag: int, text: str) -> Test:
    lower, upper = _time_ends(tag, text)

    def accepts(value: str) -> bool:
        value = value.replace(":", "")  # as ACR-NEMA 2.0 wrote it (PS3.5 6.2)
        # An end of low precision covers all that begins with it.
        return (not lower or value >= lower) and (not upper or value <= upper or value.startswith(upper))

    return values_test(tag, accepts)


def _time_ends(tag: int, text: str) -> tuple[str, str]:
    lower, upper = _ends(text.replace(":", ""))
    if any(end and not _TM.fullmatch(end) for end in (lower, upper)) or not (lower or upper):
        raise BadKey(tag, "no time, or range of times")
    return lower, upper


def _ends(text: str) -> tuple[str, str]:
    lower, hyphen, upper = text.partition("-")
    return lower.strip(), upper.strip() if hyphen else lower.strip()


def number_test(tag: int, text: str) -> Test:
    try:
        wanted = float(text)
    except ValueError as error:
        raise BadKey(tag, "no number") from error

    def accepts(value: str) -> bool:
        try:
            return float(value) == wanted
        except ValueError:
            return False

    return values_test(tag, accepts)


Span = tuple[datetime | None, datetime | None]
"""The first and the last instant that belong to a key; None: open."""


def moment_span(tag: int, text: str, offset: str, zone: tzinfo) -> Span:
    """What a DT key asks for; raise BadKey. An end of low precision covers all that it can mean."""
    ends = split_range(text)
    lower_text, upper_text = ends if ends is not None else (text, text)

    def moment(end: str) -> Moment:
        return parse_moment(end, data_set_offset=offset, default_zone=zone)

    try:
        lower = moment(lower_text).instant if lower_text else None
        upper = last_instant(moment(upper_text)) if upper_text else None
    except (ValueError, OverflowError) as error:
        raise BadKey(tag, "no date and time, or range of them") from error
    return lower, upper


def moment_test(tag: int, span: Span, zone: tzinfo) -> Test:
    def test(item: Elements, offset: str) -> bool:
        return any(_is_within(text, offset, zone, span) for text in item.texts(tag))

    return test


def date_and_time_test(day_key: Element, time_key: Element, offset: str, zone: tzinfo) -> Test:
    """Both together: a range runs from the first time of its first day to the last time of its last.

    PS3.4 C.2.2.2.5; for UPS it needs no negotiation (CC.3.2: both bytes before the negotiable ones are 1).
    """
    date_text, time_text = (
        day_key.text.strip(" \0").replace(".", ""),
        time_key.text.strip(" \0").replace(":", ""),
    )
    _date_ends(day_key.tag, date_text)
    _time_ends(time_key.tag, time_text)
    (first, last), (begin, end) = _ends(date_text), _ends(time_text)
    # Without a day there is nothing that an end of the times could be counted from.
    lower = moment_span(day_key.tag, first + begin, offset, zone)[0] if first else None
    upper = moment_span(day_key.tag, last + end, offset, zone)[1] if last else None

    def test(item: Elements, stored_offset: str) -> bool:
        day = item.text(day_key.tag).replace(".", "")
        hour = item.text(time_key.tag).replace(":", "")
        return bool(day) and _is_within(day + hour, stored_offset, zone, (lower, upper))

    return test


def _is_within(text: str, offset: str, zone: tzinfo, span: Span) -> bool:
    moment = moment_or_none(text, data_set_offset=offset, default_zone=zone)
    if moment is None:
        return False
    lower, upper = span
    return (lower is None or lower <= moment.instant) and (upper is None or moment.instant <= upper)
