"""Decides whether a row that came back fits the keys that were sent (PS3.4 C.2.2.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import tzinfo

from upsdesk.domain import tags
from upsdesk.domain.elements import Element, Elements, Path
from upsdesk.domain.folding import folded
from upsdesk.domain.key_tests import (
    NUMBER_VRS,
    TIME_OF_DATE,
    BadKey,
    Test,
    date_test,
    moment_span,
    moment_test,
    name_test,
    number_test,
    takes_wildcards,
    time_test,
    values_test,
    wildcards,
)
from upsdesk.domain.query import MatchingKey

VrOf = Callable[[int], str]


class Judge:
    """Tests rows of a peer against keys: many peers ignore a key and answer with everything.

    Only what contradicts a key counts. An attribute that the row lacks tells nothing, nor does a key that
    cannot be read; one that came empty does not match a value. Texts are compared without case, since peers
    differ in that, and a name without its later components counts as their beginning.
    """

    def __init__(self, keys: Iterable[MatchingKey], vr_of: VrOf, zone: tzinfo) -> None:
        """`zone` is that of date-times which carry none."""
        self._level = _Level([(key.path, key) for key in keys if key.is_valued], vr_of, zone)

    def misfits(self, row: Elements) -> tuple[Path, ...]:
        """The keys that this row contradicts; empty when it fits."""
        return self._level.misfits(row, row.text(tags.TIMEZONE_OFFSET_FROM_UTC))


class _Level:
    """The keys of a data set or of an item of a sequence; of a sequence all must match in one item."""

    def __init__(self, keys: list[tuple[Path, MatchingKey]], vr_of: VrOf, zone: tzinfo) -> None:
        """Each key with what is left of its path at this level."""
        self._paths = tuple(key.path for _, key in keys)
        self._tests: list[tuple[int, Path, Test]] = []
        inner: dict[int, list[tuple[Path, MatchingKey]]] = {}
        here = {path[0] for path, _ in keys if len(path) == 1}
        # A time that is asked for together with its date is counted from that (PS3.4 C.2.2.2.5).
        together = {time for day, time in TIME_OF_DATE.items() if day in here}
        for path, key in keys:
            if len(path) > 1:
                inner.setdefault(path[0], []).append((path[1:], key))
            elif path[0] not in together:
                test = _test(path[0], vr_of(path[0]), key.value, zone)
                if test is not None:
                    self._tests.append((path[0], key.path, test))
        self._inner = {tag: _Level(below, vr_of, zone) for tag, below in inner.items()}

    def misfits(self, item: Elements, offset: str) -> tuple[Path, ...]:
        found = [path for tag, path, test in self._tests if tag in item and not test(item, offset)]
        for tag, level in self._inner.items():
            sequence = item.get(tag)
            if sequence is not None:
                found += level.misfits_in(sequence, offset)
        return tuple(found)

    def misfits_in(self, sequence: Element, offset: str) -> tuple[Path, ...]:
        """Of the item that fits best; an empty sequence fits no key."""
        if sequence.items is None:
            return ()  # bytes that nobody could read
        if not sequence.items:
            return self._paths
        return min((self.misfits(item, offset) for item in sequence.items), key=len)


def _test(tag: int, vr: str, value: str, zone: tzinfo) -> Test | None:
    """The test of one value, or None when the key tells nothing that could be tested."""
    try:
        return _test_of(tag, vr, value.strip(" \0"), zone)
    except BadKey:
        return None


def _test_of(tag: int, vr: str, text: str, zone: tzinfo) -> Test | None:
    if vr == "UI":
        wanted = frozenset(part.strip(" \0") for part in text.split("\\")) - {""}
        return values_test(tag, lambda value: value in wanted)
    if "\\" in text and vr not in ("LT", "ST", "UT", "UR"):
        return None  # several values have no meaning here (PS3.4 C.2.2.2.1)
    if vr == "DT":
        return moment_test(tag, moment_span(tag, text, "", zone), zone)
    if vr == "DA":
        return date_test(tag, text)
    if vr == "TM":
        return time_test(tag, text)
    if vr in NUMBER_VRS:
        return number_test(tag, text)
    if vr == "PN":
        return _name_test(tag, text)
    if takes_wildcards(tag, vr) or vr == "CS":
        return _text_test(tag, vr, text)
    return None


def _text_test(tag: int, vr: str, text: str) -> Test:
    wanted = folded(text)
    if takes_wildcards(tag, vr) and ("*" in wanted or "?" in wanted):
        is_like = wildcards(wanted)
        return values_test(tag, lambda value: is_like(folded(value)))
    is_same = values_test(tag, lambda value: value == text or folded(value) == wanted)

    def test(item: Elements, offset: str) -> bool:
        found = item.get(tag)
        # Nearly every row of a search by state passes here.
        return (found is not None and found.values == (text,)) or is_same(item, offset)

    return test


def _name_test(tag: int, text: str) -> Test:
    whole, beginning = name_test(tag, text), name_test(tag, f"{text}^*")

    def test(item: Elements, offset: str) -> bool:
        return whole(item, offset) or beginning(item, offset)

    return test
