"""Which patients can be taken for each other: among those of a list, found without comparing all with all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import combinations, islice
from sys import intern
from typing import Generic, NamedTuple, TypeVar

from upsdesk.domain.folding import folded
from upsdesk.domain.plain import LONGEST
from upsdesk.domain.workitem import PatientFacts

_FAR = 2
"""Given names that differ by no more letters than that are taken for each other."""
_SCANNED = 400
"""So many given names of one family name are compared one by one; more are looked up by their parts."""
_PREFIX = 12
"""Names within an edit distance have beginnings within that distance, so only these are taken apart."""
_FEW_LEFT = 1_000

Key = TypeVar("Key", bound=Hashable)


class Likeness(Enum):
    """What two different patients have in common."""

    SAME_ID = "same ID"
    SAME_NAME = "same name"
    SIMILAR_NAME = "similar name"
    SAME_BIRTH_DATE = "same birth date"

    @property
    def words(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class LookAlike:
    """Another patient, and why the two can be taken for each other."""

    facts: PatientFacts
    likenesses: tuple[Likeness, ...]


def likenesses(one: PatientFacts, other: PatientFacts) -> tuple[Likeness, ...]:
    """Why two patients can be taken for each other; empty when they cannot, or are the same patient.

    Patients differ by ID and issuer. One ID of one issuer under two names is a doubt of its own. Empty values
    never match: without IDs only what is written differently counts as two patients. Names are compared
    without case and accents, each representation (PS3.5 6.2.1) by itself.
    """
    has_same_id = bool(one.patient_id) and one.patient_id == other.patient_id
    mine, others = names_of(one.name), names_of(other.name)
    is_same_name = any(name.full == its.full for name in mine for its in others)
    if has_same_id and one.issuer == other.issuer:
        return (Likeness.SAME_ID,) if mine and others and not is_same_name else ()
    if one == other:
        return ()
    found = [Likeness.SAME_ID] if has_same_id else []
    families = {name.family for name in mine if name.family} & {name.family for name in others}
    if is_same_name:
        found.append(Likeness.SAME_NAME)
    elif any(_are_close(name, its) for name in mine for its in others):
        found.append(Likeness.SIMILAR_NAME)
    if (families or is_same_name) and one.birth_date and one.birth_date == other.birth_date:
        found.append(Likeness.SAME_BIRTH_DATE)
    return tuple(found)


class Name(NamedTuple):
    """One representation of a person name, folded."""

    is_alphabetic: bool
    family: str
    given: str
    full: str
    """Family, given and middle name; prefixes and suffixes tell nobody apart."""


@lru_cache(4096)
def names_of(value: str) -> tuple[Name, ...]:
    """The representations of a Person Name that say something."""
    groups = enumerate(value[:LONGEST].split("="))
    return tuple(name for number, group in groups if (name := _name(group, number == 0)) is not None)


def _name(group: str, is_alphabetic: bool) -> Name | None:
    parts = [" ".join(folded(part).split()) for part in group.split("^")[:3]]
    family, given, middle = (*parts, "", "")[:3]
    if not (family or given or middle):
        return None
    return Name(is_alphabetic, intern(family), intern(given), "^".join((family, given, middle)))


def _are_close(one: Name, other: Name) -> bool:
    # Ideographic given names have one or two characters: there, two differences are another name.
    return (
        one.is_alphabetic
        and other.is_alphabetic
        and bool(one.family)
        and one.family == other.family
        and bool(one.given)
        and bool(other.given)
        and are_similar(one.given, other.given)
    )


def are_similar(one: str, other: str) -> bool:
    """Within an edit distance of 2, and with something in common: `jo` and `ed` are not similar."""
    return _is_within(one, other, min(_FAR, max(len(one), len(other)) - 1))


def _is_within(one: str, other: str, distance: int) -> bool:
    if abs(len(one) - len(other)) > distance:
        return False
    at = 0
    for mine, its in zip(one, other, strict=False):
        if mine != its:
            break
        at += 1
    one, other = one[at:], other[at:]
    if not one or not other:
        return True  # what is left over was counted above
    if distance == 0:
        return False
    return (
        _is_within(one[1:], other[1:], distance - 1)
        or _is_within(one[1:], other, distance - 1)
        or _is_within(one, other[1:], distance - 1)
    )


class _Groups:
    """Patients by something that they have in common; most groups are of one, kept without a list."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: dict[str, PatientFacts | list[PatientFacts]] = {}

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __contains__(self, value: str) -> bool:
        return value in self._found

    def add(self, value: str, facts: PatientFacts) -> None:
        known = self._found.get(value)
        if known is None:
            self._found[value] = facts
        elif isinstance(known, list):
            known.append(facts)
        else:
            self._found[value] = [known, facts]

    def of(self, value: str) -> Sequence[PatientFacts]:
        known = self._found.get(value)
        return known if isinstance(known, list) else () if known is None else (known,)


class _Family:
    """The patients of one family name."""

    __slots__ = ("by_birth_date", "by_given", "parts")

    def __init__(self) -> None:
        self.by_birth_date = _Groups()
        self.by_given = _Groups()
        self.parts: dict[str, list[str]] | None = None
        """Given names by what is left of them when up to two letters are taken out; None: not needed yet."""

    def add(self, name: Name, facts: PatientFacts) -> None:
        if self.parts is not None and name.given not in self.by_given:
            self._take_apart(name.given)
        self.by_given.add(name.given, facts)
        if facts.birth_date:
            self.by_birth_date.add(facts.birth_date, facts)

    def similar(self, given: str) -> Iterator[str]:
        """The given names that are similar to this one, itself among them."""
        if len(self.by_given) <= _SCANNED:
            shortest, longest = max(1, len(given) - _FAR), len(given) + _FAR
            near = (other for other in self.by_given if shortest <= len(other) <= longest)
            yield from (other for other in near if are_similar(given, other))
            return
        if self.parts is None:
            self.parts = {}
            for other in self.by_given:
                self._take_apart(other)
        found = {other: None for part in _parts(given) for other in self.parts.get(part, ())}
        yield from (other for other in found if other and are_similar(given, other))

    def _take_apart(self, given: str) -> None:
        assert self.parts is not None
        for part in _parts(given):
            self.parts.setdefault(part, []).append(given)


def _parts(given: str) -> set[str]:
    """What is left of a name's beginning without none, one or two of its letters."""
    start = given[:_PREFIX]
    kept = (combinations(start, len(start) - gone) for gone in range(min(_FAR, len(start)) + 1))
    return {"".join(letters) for some in kept for letters in some}


class LookAlikes(Generic[Key]):
    """The patients of many workitems. To add, take away or look up one costs the same in a long list."""

    def __init__(self) -> None:
        self._facts: dict[Key, PatientFacts] = {}
        self._clear()

    def _clear(self) -> None:
        self._counts: dict[PatientFacts, int] = {}
        """How many workitems name each patient; none any more: it waits to be swept out."""
        self._left = 0
        self._issuers: Counter[str] = Counter()
        self._by_id = _Groups()
        self._families: dict[tuple[bool, str], _Family] = {}

    def __len__(self) -> int:
        return len(self._facts)

    def add(self, key: Key, facts: PatientFacts) -> bool:
        """The workitem `key` is for this patient. True when that is new."""
        known = self._facts.get(key)
        if known == facts:
            return False
        if known is not None:
            self._leave(known)
        self._facts[key] = facts
        self._issuers[facts.issuer] += 1
        count = self._counts.get(facts)
        self._counts[facts] = (count or 0) + 1
        if count is None:
            self._place(facts)
        elif not count:
            self._left -= 1
        return True

    def remove(self, key: Key) -> bool:
        """The workitem has ended or gone. True when it was known."""
        facts = self._facts.pop(key, None)
        if facts is not None:
            self._leave(facts)
        return facts is not None

    def clear(self) -> None:
        self._facts.clear()
        self._clear()

    def issuers(self) -> frozenset[str]:
        """Who issued the patients' IDs; an ID without an issuer says nothing."""
        return frozenset(issuer for issuer, count in self._issuers.items() if issuer and count)

    def has_any(self, key: Key) -> bool:
        """Whether another patient can be taken for the patient of this workitem."""
        return next(self._others(key), None) is not None

    def of(self, key: Key, at_most: int = 5) -> tuple[LookAlike, ...]:
        """The patients that can be taken for the one of this workitem."""
        return tuple(islice(self._others(key), at_most))

    def _leave(self, facts: PatientFacts) -> None:
        self._issuers[facts.issuer] -= 1
        self._counts[facts] -= 1
        self._left += not self._counts[facts]
        self._sweep()

    def _sweep(self) -> None:
        """Forget those without workitems when they are as many as the others."""
        if self._left < _FEW_LEFT or 2 * self._left < len(self._counts):
            return
        counts = {facts: count for facts, count in self._counts.items() if count}
        issuers = self._issuers
        self._clear()
        self._counts, self._issuers = counts, issuers
        for facts in counts:
            self._place(facts)

    def _place(self, facts: PatientFacts) -> None:
        if facts.patient_id:
            self._by_id.add(facts.patient_id, facts)
        for name in names_of(facts.name):
            family = self._families.get((name.is_alphabetic, name.family))
            if family is None:
                family = self._families[name.is_alphabetic, name.family] = _Family()
            family.add(name, facts)

    def _others(self, key: Key) -> Iterator[LookAlike]:
        facts = self._facts.get(key)
        if facts is None:
            return
        seen = set()
        for other in self._candidates(facts):
            if id(other) not in seen and self._counts[other]:
                seen.add(id(other))
                if found := likenesses(facts, other):
                    yield LookAlike(other, found)

    def _candidates(self, facts: PatientFacts) -> Iterator[PatientFacts]:
        """Everybody who has something in common with this patient, some more than once."""
        if facts.patient_id:
            yield from self._by_id.of(facts.patient_id)
        for name in names_of(facts.name):
            # A representation may have been sent in another's place.
            for is_alphabetic in (True, False):
                family = self._families.get((is_alphabetic, name.family))
                if family is None:
                    continue
                if name.family and facts.birth_date:
                    yield from family.by_birth_date.of(facts.birth_date)
                yield from family.by_given.of(name.given)
                if is_alphabetic and name.is_alphabetic and name.family and name.given:
                    for given in family.similar(name.given):
                        yield from family.by_given.of(given)
