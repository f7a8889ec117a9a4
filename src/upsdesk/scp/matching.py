"""Which workitems a C-FIND matches, and what a response carries of them (PS3.4 C.2.2.2, CC.2.8)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import tzinfo

from upsdesk.domain import attributes, tags
from upsdesk.domain.elements import Element, Elements, Path
from upsdesk.domain.when import last_instant, moment_or_none, parse_date, parse_moment, split_range
from upsdesk.scp.narrowing import KEY_AT, WHEN_AT, Narrowing, Range, folded_name

WILDCARD_VRS = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
SINGLE_VALUE_ONLY = frozenset(
    {tags.PROCEDURE_STEP_STATE, tags.SCHEDULED_PROCEDURE_STEP_PRIORITY, tags.INPUT_READINESS_STATE}
)
"""Keys that PS3.4 Table CC.2.5-3 gives single value matching: `*` and `?` are ordinary characters there."""
_NUMBER_VRS = frozenset({"DS", "IS", "US", "SS", "UL", "SL", "FL", "FD", "UV", "SV"})
_NOT_KEYS = frozenset({tags.SPECIFIC_CHARACTER_SET, tags.TIMEZONE_OFFSET_FROM_UTC})
# Letters that Unicode does not decompose into a base letter and a mark.
_Test = Callable[[Elements, str], bool]
"""Tests an item; the text is (0008,0201) of its data set."""


class BadKey(ValueError):
    """A matching key that cannot be read: the SCP answers A900 and names the attribute."""

    def __init__(self, tag: int, reason: str) -> None:
        super().__init__(f"{tags.tag_text(tag)}: {reason}")
        self.tag = tag


@dataclass(frozen=True, slots=True)
class Query:
    """A compiled C-FIND identifier."""

    keys: Elements
    tests: tuple[_Test, ...]
    narrowing: Narrowing
    ignores_some: bool
    """A key with a value was not matched on: responses are FF01 (PS3.4 Table CC.2.8-1)."""

    def matches(self, item: Elements) -> bool:
        """Whether every key matches; a query without a valued key matches everything.

        PS3.4 CC.2.8.3.1 lets an SCP answer such a query with nothing; this one answers with all it has.
        """
        offset = item.text(tags.TIMEZONE_OFFSET_FROM_UTC)
        return all(test(item, offset) for test in self.tests)

    def response(self, item: Elements) -> Elements:
        """What was asked for of `item`, and its zone if it has one; what it lacks comes back empty."""
        found = _selected(self.keys, item)
        zone = item.get(tags.TIMEZONE_OFFSET_FROM_UTC)
        return found.with_elements(zone) if zone is not None else found


def compile_query(keys: Elements, zone: tzinfo) -> Query:
    """Read an identifier once for many workitems; raise BadKey for a key that has no meaning.

    `zone` is that of date-times which carry none, in keys as in workitems.
    """
    compiler = _Compiler(zone, keys.text(tags.TIMEZONE_OFFSET_FROM_UTC))
    tests = compiler.tests(keys, ())
    return Query(keys, tests, compiler.narrowing, compiler.ignores_some)


def _selected(keys: Elements, item: Elements) -> Elements:
    found: list[Element] = []
    for key in keys:
        if key.tag in _NOT_KEYS or key.tag == tags.TRANSACTION_UID:  # the lock is never returned
            continue
        stored = item.get(key.tag)
        if stored is None:
            found.append(Element(key.tag, key.vr, items=() if key.vr == "SQ" else None))
        elif stored.items and key.items and len(key.items[0]):
            chosen = tuple(_selected(key.items[0], one) for one in stored.items)
            found.append(Element(key.tag, "SQ", items=chosen))
        else:
            found.append(stored)
    return Elements(found)


class _Compiler:
    def __init__(self, zone: tzinfo, offset: str) -> None:
        self._zone = zone
        self._offset = offset
        self.narrowing = Narrowing()
        self.ignores_some = False

    def tests(self, keys: Elements, path: Path) -> tuple[_Test, ...]:
        found: list[_Test] = []
        for key in keys:
            if key.tag in _NOT_KEYS or _is_universal(key):
                continue
            row = attributes.by_path().get((*path, key.tag))
            if key.tag == tags.TRANSACTION_UID or (row is not None and row.match == "-"):
                self.ignores_some = True
                continue
            test = self._test(key, path)
            if test is not None:
                found.append(test)
        return tuple(found)

    def _test(self, key: Element, path: Path) -> _Test | None:
        if key.items is not None:
            return self._sequence_test(key, path)
        if key.raw is not None:
            return _raw_test(key)
        if key.vr == "UI":
            wanted = frozenset(str(value).strip(" \0") for value in key.values)
            if (*path, key.tag) == (tags.SOP_INSTANCE_UID,):
                self._narrow(uids=tuple(sorted(wanted)))
            elif len(wanted) == 1:
                self._narrow_text((*path, key.tag), *wanted)
            return _values_test(key.tag, lambda value: value in wanted)
        if len(key.values) > 1:
            raise BadKey(key.tag, "one value only; ask once per value")
        text = str(key.values[0]).strip(" \0")
        if key.vr == "DT":
            return self._moment_test(key.tag, text, path)
        if key.vr in ("DA", "TM"):
            return _date_test(key.tag, text) if key.vr == "DA" else _time_test(key.tag, text)
        if key.vr in _NUMBER_VRS:
            return _number_test(key.tag, text)
        return self._text_test(key, text, path)

    def _sequence_test(self, key: Element, path: Path) -> _Test | None:
        """All keys must match within the same item (PS3.4 C.2.2.2.6)."""
        items = key.items or ()
        if len(items) > 1:
            raise BadKey(key.tag, "a sequence key has one item")
        tests = self.tests(items[0], (*path, key.tag))
        if not tests:
            return None
        tag = key.tag

        def test(item: Elements, offset: str) -> bool:
            return any(all(one(inner, offset) for one in tests) for inner in item.items(tag))

        return test

    def _text_test(self, key: Element, text: str, path: Path) -> _Test:
        is_name = key.vr == "PN"
        single = key.tag in SINGLE_VALUE_ONLY or key.vr not in WILDCARD_VRS
        has_wildcard = not single and ("*" in text or "?" in text)
        if is_name:
            self._narrow_name((*path, key.tag), text)
            return _name_test(key.tag, text)
        if has_wildcard:
            self._narrow_pattern((*path, key.tag), text)
            pattern = _pattern(text)
            return _values_test(key.tag, lambda value: pattern.fullmatch(value) is not None)
        self._narrow_text((*path, key.tag), text)
        return _values_test(key.tag, lambda value: value == text)

    def _moment_test(self, tag: int, text: str, path: Path) -> _Test:
        ends = split_range(text)
        lower_text, upper_text = ends if ends is not None else (text, text)
        try:
            lower = self._moment(lower_text).instant if lower_text else None
            upper = last_instant(self._moment(upper_text)) if upper_text else None
        except (ValueError, OverflowError) as error:
            raise BadKey(tag, "no date and time, or range of them") from error
        when = WHEN_AT.get((*path, tag))
        if when is not None:
            low = lower.timestamp() if lower is not None else float("-inf")
            high = upper.timestamp() if upper is not None else float("inf")
            self._narrow(ranges=(*self.narrowing.ranges, Range(when, low, high)))
        zone = self._zone

        def test(item: Elements, offset: str) -> bool:
            for text in item.texts(tag):
                moment = moment_or_none(text, data_set_offset=offset, default_zone=zone)
                if moment is None:
                    continue
                if (lower is None or lower <= moment.instant) and (upper is None or moment.instant <= upper):
                    return True
            return False

        return test

    def _moment(self, text: str):  # type: ignore[no-untyped-def]
        return parse_moment(text, data_set_offset=self._offset, default_zone=self._zone)

    def _narrow(self, **columns: object) -> None:
        self.narrowing = replace(self.narrowing, **columns)  # type: ignore[arg-type]

    def _narrow_text(self, path: Path, text: str) -> None:
        column = _COLUMNS.get(path)
        if column is not None:
            self._narrow(**{column: text})
        elif path in KEY_AT:
            self._narrow(equal=(*self.narrowing.equal, (KEY_AT[path], text)))

    def _narrow_pattern(self, path: Path, pattern: str) -> None:
        if path in KEY_AT:
            self._narrow(like=(*self.narrowing.like, (KEY_AT[path], pattern)))

    def _narrow_name(self, path: Path, text: str) -> None:
        """By the first group that is given; the index has each group of a name."""
        wanted = next((name for group in text.split("=") if (name := folded_name(group))), "")
        if "*" not in wanted and "?" not in wanted:
            if wanted:
                self._narrow_text(path, wanted)
            return
        # Components that the key spells out by wildcards may be missing in the name.
        literal = wanted.rstrip("^*?")
        self._narrow_pattern(path, wanted if literal == wanted else literal + "*")


_COLUMNS: dict[Path, str] = {
    (tags.PROCEDURE_STEP_STATE,): "state",
    (tags.SCHEDULED_PROCEDURE_STEP_PRIORITY,): "priority",
    (tags.INPUT_READINESS_STATE,): "readiness",
}


def _is_universal(key: Element) -> bool:
    """Zero length, or nothing but `*` where wildcards count (PS3.4 C.2.2.2.3, C.2.2.2.4)."""
    if key.items is not None:
        return not key.items or (len(key.items) == 1 and not len(key.items[0]))
    if key.raw is not None:
        return not key.raw
    texts = [str(value).strip(" \0") for value in key.values]
    if not any(texts):
        return True
    wild = key.vr in WILDCARD_VRS and key.tag not in SINGLE_VALUE_ONLY
    return wild and len(texts) == 1 and not texts[0].strip("*")


def _values_test(tag: int, accepts: Callable[[str], bool]) -> _Test:
    def test(item: Elements, _offset: str) -> bool:
        return any(accepts(value) for value in item.texts(tag))

    return test


def _raw_test(key: Element) -> _Test:
    def test(item: Elements, _offset: str) -> bool:
        stored = item.get(key.tag)
        return stored is not None and stored.raw == key.raw

    return test


def _pattern(text: str) -> re.Pattern[str]:
    """`*` any run of characters, `?` exactly one."""
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(char) or re.escape(char) for char in text), re.DOTALL)


def _name_test(tag: int, text: str) -> _Test:
    """Without case and accents; a key of one group matches any of a name's three (PS3.5 6.2.1)."""
    groups = [_name_group(group) for group in text.split("=")]

    def accepts(value: str) -> bool:
        stored = [folded_name(group) for group in value.split("=")]
        if len(groups) == 1:
            return any(groups[0](group) for group in stored)
        stored += [""] * (len(groups) - len(stored))
        return all(accept(group) for accept, group in zip(groups, stored, strict=False))

    return _values_test(tag, accepts)


def _name_group(text: str) -> Callable[[str], bool]:
    wanted = folded_name(text)
    if not wanted:
        return lambda _group: True
    if "*" in wanted or "?" in wanted:
        pattern = _pattern(wanted)
        delimiters = wanted.count("^")

        def accepts(group: str) -> bool:
            # The key may spell out components that the name, whose trailing delimiters are dropped, lacks.
            padded = group + "^" * (delimiters - group.count("^"))
            return pattern.fullmatch(group) is not None or pattern.fullmatch(padded) is not None

        return accepts
    return lambda group: group == wanted


def _date_test(tag: int, text: str) -> _Test:
    lower_text, hyphen, upper_text = text.partition("-")
    lower, upper = parse_date(lower_text), parse_date(upper_text if hyphen else lower_text)
    if (lower_text and lower is None) or (hyphen and upper_text and upper is None) or text == "-":
        raise BadKey(tag, "no date, or range of dates")

    def accepts(value: str) -> bool:
        date = parse_date(value)
        return date is not None and (lower is None or lower <= date) and (upper is None or date <= upper)

    return _values_test(tag, accepts)


_TM = re.compile(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?")


def _time_test(tag: int, text: str) -> _Test:
    lower, hyphen, upper = text.partition("-")
    if not hyphen:
        upper = lower
    if any(end and not _TM.fullmatch(end) for end in (lower, upper)) or text == "-":
        raise BadKey(tag, "no time, or range of times")

    def accepts(value: str) -> bool:
        # An end of low precision covers all that begins with it.
        return (not lower or value >= lower) and (not upper or value <= upper or value.startswith(upper))

    return _values_test(tag, accepts)


def _number_test(tag: int, text: str) -> _Test:
    try:
        wanted = float(text)
    except ValueError as error:
        raise BadKey(tag, "no number") from error

    def accepts(value: str) -> bool:
        try:
            return float(value) == wanted
        except ValueError:
            return False

    return _values_test(tag, accepts)
