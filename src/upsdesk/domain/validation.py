"""What is wrong with the data set of an N-CREATE or N-SET, at every level (PS3.4 Table CC.2.5-3).

Driven by the attribute table; value_rules.py has the forms of values, conditions.py the conditional types.
Attributes that the table does not have, private ones among them, are nobody's business here: they are kept.
Type 3 attributes and those of type 1 that an N-SET merely may carry are tested when they are there.

Levels are compiled once per service and path, so that a data set of sixty elements takes a fraction of a
millisecond.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cache

from upsdesk.domain import attributes, tags
from upsdesk.domain.conditions import (
    CONDITIONS,
    CONTENT_VALUES,
    ONE_OF,
    VALUES_BY_TYPE,
    Condition,
    Macro,
    OneOf,
    macro_of,
)
from upsdesk.domain.elements import Element, Elements, Path
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.value_rules import (
    CHARACTER_SET_VRS,
    MOST_ITEMS,
    Form,
    form_of,
    offset_from_utc,
    wrong_values,
)


class Kind(Enum):
    """What kind of wrong; the order is that in which an SCP tells them."""

    MISSING = "missing"
    """An attribute that must be there is not."""
    EMPTY = "empty"
    """It is there and needs a value."""
    FORBIDDEN = "not allowed"
    """It must not be there, or not with a value."""
    NOT_SCHEDULED = "not SCHEDULED"
    """A new workitem in another state."""
    INVALID = "not valid"
    """Its value has the wrong form, is none of the allowed ones, or there are too many."""
    OUT_OF_RANGE = "out of range"
    """A well-formed value beyond its limits: a warning, since it is stored all the same."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `words` go on after the attribute's name and quote no value."""

    path: Path
    """Tags from the top level down to the attribute."""
    items: tuple[int, ...]
    """For each sequence on the way the number of the item, from 0."""
    kind: Kind
    words: str

    @property
    def tag(self) -> int:
        """The attribute itself."""
        return self.path[-1]

    @property
    def keyword(self) -> str:
        """Its keyword, or `(gggg,eeee)`."""
        row = attributes.by_path().get(self.path)
        return row.keyword if row is not None else tags.tag_text(self.tag)


_S_MISSING = "is missing"
_S_EMPTY = "needs a value"


@dataclass(frozen=True, slots=True)
class _Rule:
    """One row of the table for one service."""

    usage: str
    """`1`, `2`, `3`, `1C`, `2C`, `NA`, or `-` (not the requestor's, but not refused)."""
    vr: str
    form: Form
    must_be_empty: bool
    refuses_empty: bool
    has_characters: bool
    most_items: int | None


_ZONE = _Rule("3", "SH", offset_from_utc, False, True, False, None)
"""Of SOP Common beside the table's rows: it says how the times are read, and is never zero-length."""


@dataclass(frozen=True, slots=True)
class _Level:
    """What may and must stand in a data set, or in the items of one sequence."""

    rules: dict[int, _Rule]
    type_1: frozenset[int]
    type_2: frozenset[int]
    macro: Macro | None
    one_of: tuple[OneOf, ...]
    conditions: tuple[Condition, ...]


_Usage = Callable[[attributes.Attribute], str]
_USAGES: dict[str, _Usage] = {"create": lambda row: row.ncreate, "set": lambda row: row.nset}


@cache
def _rows_by_parent() -> dict[Path, tuple[tuple[int, attributes.Attribute], ...]]:
    found: dict[Path, list[tuple[int, attributes.Attribute]]] = {}
    for path, row in attributes.by_path().items():
        found.setdefault(path[:-1], []).append((path[-1], row))
    return {path: tuple(rows) for path, rows in found.items()}


@cache
def _level(service: str, path: Path) -> _Level:
    """The compiled rules below `path`; without rules where the table has none."""
    rows = _rows_by_parent().get(path, ())
    macro = macro_of([tag for tag, _ in rows])
    rules = {tag: _rule(service, path, tag, row, macro) for tag, row in rows}
    if not path:
        rules[tags.TIMEZONE_OFFSET_FROM_UTC] = _ZONE
    return _Level(
        rules,
        frozenset(tag for tag, rule in rules.items() if rule.usage == "1"),
        frozenset(tag for tag, rule in rules.items() if rule.usage == "2"),
        macro,
        tuple(one for one in ONE_OF if one.macro is macro),
        tuple(one for one in CONDITIONS if one.macro is macro),
    )


def _rule(service: str, path: Path, tag: int, row: attributes.Attribute, macro: Macro | None) -> _Rule:
    text = _USAGES[service](row)
    usage = text.partition("/")[0].partition(" ")[0]
    if macro is Macro.CONTENT_ITEM and tag in CONTENT_VALUES and usage != "NA":
        usage = "1C"
    if usage == "cond":  # Transaction UID of an N-SET: a matter of the lock, not of the data set
        usage = "-"
    # An N-SET may leave out what an N-CREATE must give a value, but not take the value away.
    keeps_value = service == "set" and not path and row.scu_type_create == "1"
    return _Rule(
        usage=usage,
        vr=row.vr,
        form=form_of(row.vr),
        must_be_empty=text.endswith("empty)"),
        refuses_empty=usage == "1" or keeps_value,
        has_characters=row.vr in CHARACTER_SET_VRS,
        most_items=MOST_ITEMS.get(tag),
    )


def check_create(elements: Elements, *, lenient: bool = False) -> tuple[Problem, ...]:
    """What an SCP refuses in the data set of an N-CREATE; empty when it is all right.

    `lenient`: Type 2 attributes may be absent, and SOP Class and Instance UID may be there.
    """
    walk = _Walk("create", lenient)
    walk.data_set(elements)
    state = elements.text(tags.PROCEDURE_STEP_STATE)
    if state and state != ProcedureStepState.SCHEDULED.value:
        walk.problems = [one for one in walk.problems if one.path != (tags.PROCEDURE_STEP_STATE,)]
        walk.add((tags.PROCEDURE_STEP_STATE,), (), Kind.NOT_SCHEDULED, "is not SCHEDULED")
    return walk.found()


def check_set(change: Elements, *, lenient: bool = False) -> tuple[Problem, ...]:
    """What an SCP refuses in the Modification List of an N-SET, whatever the workitem holds so far.

    `lenient`: Type 2 attributes may be absent from items, above all Output Information Sequence.
    """
    walk = _Walk("set", lenient)
    walk.data_set(change)
    return walk.found()


_MOST_PROBLEMS = 1000
"""Nobody reads more, and a hostile data set could have millions."""
_ORDER = {kind: number for number, kind in enumerate(Kind)}
_IDENTITY = frozenset({tags.SOP_CLASS_UID, tags.SOP_INSTANCE_UID})


class _Walk:
    """Goes through one data set and writes down what is wrong."""

    def __init__(self, service: str, lenient: bool) -> None:
        self._service = service
        self._lenient = lenient
        self._undeclared = False
        self.problems: list[Problem] = []

    def found(self) -> tuple[Problem, ...]:
        return tuple(sorted(self.problems, key=lambda one: (_ORDER[one.kind], one.path, one.items)))

    def add(self, path: Path, items: tuple[int, ...], kind: Kind, words: str) -> None:
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(path, items, kind, words))

    def data_set(self, elements: Elements) -> None:
        declared = not _is_empty(elements, tags.SPECIFIC_CHARACTER_SET)
        self._walk(elements, Elements(), (), (), declared)
        if self._undeclared:
            words = "is missing, and a text goes beyond ASCII"
            self.add((tags.SPECIFIC_CHARACTER_SET,), (), Kind.MISSING, words)

    def _walk(
        self, elements: Elements, around: Elements, path: Path, items: tuple[int, ...], declared: bool
    ) -> None:
        level = _level(self._service, path)
        present = elements.tags
        if not level.type_1 <= present:
            for tag in level.type_1 - present:
                self.add((*path, tag), items, Kind.MISSING, _S_MISSING)
        if not self._lenient and not level.type_2 <= present:
            for tag in level.type_2 - present:
                self.add((*path, tag), items, Kind.MISSING, _S_MISSING)
        rules = level.rules
        for element in elements:
            rule = rules.get(element.tag)
            if rule is not None:
                self._element(element, rule, elements, path, items, declared)
        if level.macro is not None:
            self._macro(level, elements, around, path, items)

    def _element(
        self,
        element: Element,
        rule: _Rule,
        around: Elements,
        path: Path,
        items: tuple[int, ...],
        declared: bool,
    ) -> None:
        tag = element.tag
        if rule.usage == "NA":
            if not (self._lenient and self._service == "create" and tag in _IDENTITY and not path):
                self.add((*path, tag), items, Kind.FORBIDDEN, "is not allowed")
            return
        if element.is_empty:
            if rule.refuses_empty:
                self.add((*path, tag), items, Kind.EMPTY, _S_EMPTY)
            return
        if rule.must_be_empty:
            self.add((*path, tag), items, Kind.FORBIDDEN, "must be empty")
            return
        if rule.usage == "-":
            return
        if rule.vr == "SQ" or element.items is not None:
            self._sequence(element, rule, around, path, items, declared)
            return
        words = wrong_values(tag, rule.vr, rule.form, element)
        if words is not None:
            self.add((*path, tag), items, Kind.INVALID, words)
        elif tag == tags.PROCEDURE_STEP_PROGRESS and not 0 <= float(element.values[0] or 0) <= 100:
            self.add((*path, tag), items, Kind.OUT_OF_RANGE, "is not between 0 and 100")
        if not declared and rule.has_characters and not all(str(one).isascii() for one in element.values):
            self._undeclared = True

    def _sequence(
        self,
        element: Element,
        rule: _Rule,
        around: Elements,
        path: Path,
        items: tuple[int, ...],
        declared: bool,
    ) -> None:
        here = (*path, element.tag)
        if rule.vr != "SQ" or element.items is None:
            self.add(here, items, Kind.INVALID, f"is no value of VR {rule.vr}")
            return
        if rule.most_items is not None and len(element.items) > rule.most_items:
            self.add(here, items, Kind.INVALID, "has more than one item")
        for number, item in enumerate(element.items):
            own = declared or not _is_empty(item, tags.SPECIFIC_CHARACTER_SET)
            self._walk(item, around, here, (*items, number), own)

    def _macro(
        self, level: _Level, item: Elements, around: Elements, path: Path, items: tuple[int, ...]
    ) -> None:
        for one in level.one_of:
            given = [tag for tag in one.tags if not _is_empty(item, tag)]
            if not given:
                there = next((tag for tag in one.tags if tag in item), None)
                kind = Kind.MISSING if there is None else Kind.EMPTY
                self.add((*path, there or one.tags[0]), items, kind, one.words)
            elif len(given) > one.most:
                self.add((*path, given[-1]), items, Kind.FORBIDDEN, f"stands beside another: {one.words}")
        for condition in level.conditions:
            if _is_empty(item, condition.tag) and condition.applies(item, around):
                kind = Kind.EMPTY if condition.tag in item else Kind.MISSING
                self.add((*path, condition.tag), items, kind, condition.words)
        if level.macro is Macro.CONTENT_ITEM:
            self._content(item, path, items)

    def _content(self, item: Elements, path: Path, items: tuple[int, ...]) -> None:
        """A content item has the value of its Value Type and no other (PS3.3 10.2)."""
        wanted = VALUES_BY_TYPE.get(item.text(tags.VALUE_TYPE))
        if wanted is None:  # missing or none of the eight, and already said
            return
        for tag in wanted:
            if _is_empty(item, tag):
                kind = Kind.EMPTY if tag in item else Kind.MISSING
                self.add((*path, tag), items, kind, "is needed by the value type")
        for tag in CONTENT_VALUES.intersection(item.tags).difference(wanted):
            if not _is_empty(item, tag):
                self.add((*path, tag), items, Kind.FORBIDDEN, "does not go with the value type")


def _is_empty(elements: Elements, tag: int) -> bool:
    found = elements.get(tag)
    return found is None or found.is_empty


def only(problems: Iterable[Problem], *kinds: Kind) -> tuple[Problem, ...]:
    """Those of these kinds, in order."""
    return tuple(problem for problem in problems if problem.kind in kinds)
