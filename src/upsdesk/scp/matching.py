"""Which workitems a C-FIND matches, and what a response carries of them (PS3.4 C.2.2.2, CC.2.8)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import tzinfo

from upsdesk.dicom import datasets, encoded
from upsdesk.dicom.charsets import UTF_8
from upsdesk.dicom.codec import EXPLICIT
from upsdesk.dicom.contexts import PUSH_UID
from upsdesk.dicom.encoded import EncodedElements, Wanted
from upsdesk.dicom.find_extension import FindExtension
from upsdesk.domain import attributes, key_tests, tags
from upsdesk.domain.attributes import element
from upsdesk.domain.elements import Element, Elements, Path
from upsdesk.domain.folding import folded_name
from upsdesk.domain.key_tests import NUMBER_VRS, TIME_OF_DATE, BadKey, Test, takes_wildcards
from upsdesk.scp.fuzzy_names import fuzzy_name_test
from upsdesk.scp.model import Stored
from upsdesk.scp.narrowing import KEY_AT, WHEN_AT, Narrowing, Range

__all__ = ["BadKey", "Query", "compile_query"]

_TIME_VRS = frozenset({"DA", "TM", "DT"})
_NOT_KEYS = frozenset({tags.SPECIFIC_CHARACTER_SET, tags.TIMEZONE_OFFSET_FROM_UTC})
_IDENTITY = frozenset({tags.SOP_CLASS_UID, tags.SOP_INSTANCE_UID})
"""Not in the stored data set but beside it (model.with_identity)."""
_MOST_STARS = 3
"""Of a pattern that the database tests: each further one may multiply its time by the length of the value."""


@dataclass(frozen=True, slots=True)
class Query:
    """A compiled C-FIND identifier."""

    keys: Elements
    identity_tests: tuple[Test, ...]
    """Those of SOP Class and Instance UID."""
    tests: tuple[Test, ...]
    narrowing: Narrowing
    ignores_some: bool
    """A key with a value was not matched on: responses are FF01 (PS3.4 Table CC.2.8-1)."""
    _wanted: tuple[Wanted, ...]
    _foreign: frozenset[int]
    """Attributes asked for that are none of a UPS."""
    _sets: tuple[str, ...]
    """The character set of the request, if responses may be written in it."""

    def matches(self, item: Elements) -> bool:
        """Whether every key matches `item`, which has its SOP Class and Instance UID if they are keys.

        A query without a valued key matches everything. PS3.4 CC.2.8.3.1 lets an SCP answer such a query with
        nothing; this one answers with all it has.
        """
        return self._passes(self.identity_tests, item) and self._passes(self.tests, item)

    def finds(self, stored: Stored) -> bool:
        """As `matches`, of a workitem of the store; no more of it is decoded than the keys name."""
        if self.identity_tests and not self._passes(self.identity_tests, _identity(stored)):
            return False
        return self._passes(self.tests, stored.elements)

    def _passes(self, tests: tuple[Test, ...], item: Elements) -> bool:
        if not tests:
            return True
        offset = item.text(tags.TIMEZONE_OFFSET_FROM_UTC)
        return all(test(item, offset) for test in tests)

    def is_complete(self, stored: Stored) -> bool:
        """Whether all that was asked for is either an attribute of the UPS or there all the same."""
        return all(tag in stored.elements for tag in self._foreign)

    def response(self, stored: Stored) -> Elements:
        """What was asked for, and the zone where a time was.

        What the workitem lacks comes back empty; an attribute that is none of the UPS and that it does not
        have does not come (PS3.4 C.2.2.1.3). Texts are in the character set of the request when that can hold
        them, else in UTF-8.
        """
        kept = stored.elements
        if not isinstance(kept, EncodedElements):
            kept = EncodedElements(datasets.encode(kept, EXPLICIT))
        wanted = self._wanted
        if self._foreign:
            wanted = tuple(one for one in wanted if one.tag not in self._foreign or one.tag in kept)
        found = EncodedElements(encoded.selection(kept, wanted, _identity_encoded(stored, self.keys)))
        if self._sets and tags.SPECIFIC_CHARACTER_SET in found.spans:
            return Elements([*found, element(tags.SPECIFIC_CHARACTER_SET, *self._sets)])
        return found


def compile_query(keys: Elements, zone: tzinfo, agreed: FindExtension = FindExtension()) -> Query:  # noqa: B008
    """Read an identifier once for many workitems; raise BadKey for a key that has no meaning.

    `zone` is that of date-times which carry none, in workitems and, unless timezone query adjustment is
    `agreed` on and (0008,0201) names another one, in keys too (PS3.4 C.2.2.2, CC.3.2).
    """
    compiler = _Compiler(
        zone, keys.text(tags.TIMEZONE_OFFSET_FROM_UTC) if agreed.timezone else "", agreed.fuzzy
    )
    tests = compiler.tests(keys.without(*_IDENTITY), ())
    identity_tests = compiler.tests(keys.only(_IDENTITY), ())
    asked = _asked(keys)
    sets = keys.texts(tags.SPECIFIC_CHARACTER_SET)
    return Query(
        keys,
        identity_tests,
        tests,
        compiler.narrowing,
        compiler.ignores_some,
        _wanted(keys, asked),
        asked.tags - attributes.top_level().keys(),
        sets if len(sets) == 1 and sets[0] != UTF_8 else (),
    )


def _asked(keys: Elements) -> Elements:
    """The return keys, those of sequences too; the lock is none (PS3.4 CC.2.8.1.3)."""
    return Elements(
        replace(key, items=(_asked(key.items[0]),)) if key.items else key
        for key in keys
        if key.tag not in _NOT_KEYS and key.tag != tags.TRANSACTION_UID
    )


def _wanted(keys: Elements, asked: Elements) -> tuple[Wanted, ...]:
    """The zone comes along with times, and is never empty."""
    zone = tags.TIMEZONE_OFFSET_FROM_UTC
    chosen = encoded.wanted(tuple(asked))
    if zone in keys or any(_has_times(key) for key in asked):
        chosen = (*chosen, Wanted(zone, b""))
    return tuple(sorted(chosen, key=lambda one: one.tag))


def _has_times(key: Element) -> bool:
    """Whether the answer to a key may hold a time that (0008,0201) governs."""
    if key.items is None:
        return key.vr in _TIME_VRS
    return not key.items or not len(key.items[0]) or any(_has_times(one) for one in key.items[0])


def _identity(stored: Stored) -> Elements:
    return Elements([element(tags.SOP_CLASS_UID, PUSH_UID), element(tags.SOP_INSTANCE_UID, str(stored.uid))])


def _identity_encoded(stored: Stored, keys: Elements) -> dict[int, bytes]:
    """SOP Class and Instance UID where they were asked for."""
    found: dict[int, bytes] = {}
    if tags.SOP_CLASS_UID in keys:
        found[tags.SOP_CLASS_UID] = _SOP_CLASS
    if tags.SOP_INSTANCE_UID in keys:
        uid = stored.uid.encode("ascii")
        found[tags.SOP_INSTANCE_UID] = encoded.element(
            tags.SOP_INSTANCE_UID, b"UI", uid + b"\0" * (len(uid) % 2)
        )
    return found


_SOP_CLASS = encoded.element(
    tags.SOP_CLASS_UID, b"UI", PUSH_UID.encode("ascii") + b"\0" * (len(PUSH_UID) % 2)
)


class _Compiler:
    def __init__(self, zone: tzinfo, offset: str, fuzzy: bool) -> None:
        self._zone = zone
        self._offset = offset
        self._fuzzy = fuzzy
        self.narrowing = Narrowing()
        self.ignores_some = False

    def tests(self, keys: Elements, path: Path) -> tuple[Test, ...]:
        """The tests of all keys with a value that the Standard lets one match on."""
        valued = {key.tag: key for key in keys if key.tag not in _NOT_KEYS and not _is_universal(key)}
        found: list[Test] = []
        for day, time in TIME_OF_DATE.items():
            if day in valued and time in valued:
                pair = valued.pop(day), valued.pop(time)
                found.append(key_tests.date_and_time_test(*pair, self._offset, self._zone))
        for key in valued.values():
            row = attributes.by_path().get((*path, key.tag))
            is_no_key = row is not None and row.match == "-" and key.items is None
            if key.tag == tags.TRANSACTION_UID or is_no_key:
                self.ignores_some = True
                continue
            test = self._test(key, path)
            if test is not None:
                found.append(test)
        return tuple(found)

    def _test(self, key: Element, path: Path) -> Test | None:
        if key.items is not None:
            return self._sequence_test(key, path)
        if key.raw is not None:
            return key_tests.raw_test(key)
        if key.vr == "UI":
            wanted = frozenset(str(value).strip(" \0") for value in key.values) - {""}
            if (*path, key.tag) == (tags.SOP_INSTANCE_UID,):
                self._narrow(uids=tuple(sorted(wanted)))
            elif len(wanted) == 1:
                self._narrow_text((*path, key.tag), *wanted)
            return key_tests.values_test(key.tag, lambda value: value in wanted)
        if len(key.values) > 1:
            raise BadKey(key.tag, "one value only; ask once per value")
        text = str(key.values[0]).strip(" \0")
        if key.vr == "DT":
            return self._moment_test(key.tag, text, path)
        if key.vr == "DA":
            return key_tests.date_test(key.tag, text)
        if key.vr == "TM":
            return key_tests.time_test(key.tag, text)
        if key.vr in NUMBER_VRS:
            return key_tests.number_test(key.tag, text)
        return self._text_test(key, text, path)

    def _sequence_test(self, key: Element, path: Path) -> Test | None:
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

    def _text_test(self, key: Element, text: str, path: Path) -> Test:
        if key.vr == "PN":
            if self._fuzzy:
                return fuzzy_name_test(key.tag, text)
            self._narrow_name((*path, key.tag), text)
            return key_tests.name_test(key.tag, text)
        if takes_wildcards(key.tag, key.vr) and ("*" in text or "?" in text):
            self._narrow_pattern((*path, key.tag), text)
            return key_tests.values_test(key.tag, key_tests.wildcards(text))
        self._narrow_text((*path, key.tag), text)
        return key_tests.values_test(key.tag, lambda value: value == text)

    def _moment_test(self, tag: int, text: str, path: Path) -> Test:
        span = key_tests.moment_span(tag, text, self._offset, self._zone)
        when = WHEN_AT.get((*path, tag))
        if when is not None:
            lower, upper = span
            low = lower.timestamp() if lower is not None else float("-inf")
            high = upper.timestamp() if upper is not None else float("inf")
            self._narrow(ranges=(*self.narrowing.ranges, Range(when, low, high)))
        return key_tests.moment_test(tag, span, self._zone)

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
            parts = pattern.split("*")
            if len(parts) > _MOST_STARS + 1:  # what is left of it leaves no match out
                pattern = "*".join(parts[:_MOST_STARS]) + "*"
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
    """Nothing in it has a value, or nothing but `*` where wildcards count (PS3.4 C.2.2.2.3, C.2.2.2.4)."""
    if key.items is not None:
        # Several items are refused whatever they hold.
        return len(key.items) < 2 and all(_is_universal(one) for item in key.items for one in item)
    if key.raw is not None:
        return not key.raw
    texts = [str(value).strip(" \0") for value in key.values]
    if not any(texts):
        return True
    return takes_wildcards(key.tag, key.vr) and len(texts) == 1 and not texts[0].strip("*")
