"""Which rows the table shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime, tzinfo
from enum import Enum, auto
from functools import partial
from operator import attrgetter

from upsdesk.domain.criteria import Bounds, Choice, Criteria
from upsdesk.domain.folding import folded
from upsdesk.domain.silence import silence
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import InputReadiness
from upsdesk.services.flags import Following
from upsdesk.ui.worklist.row import Row
from upsdesk.ui.worklist.row_keys import NEVER, PRIORITY_ORDER, READINESS_ORDER, STATE_ORDER

__all__ = ["CHIPS_AND_LISTS", "Criteria", "Kind", "Matcher", "followings"]

_IN_PROGRESS = STATE_ORDER[ProcedureStepState.IN_PROGRESS]


Step = Callable[[list[Row]], list[Row]]
"""Of rows, of which none is gone, those that one criterion lets through, in their order."""


class Kind(Enum):
    """What a criterion belongs to, for counts that leave out their own."""

    CHIPS = auto()
    STATIONS = auto()
    INPUTS = auto()
    FOLLOWED = auto()
    OTHER = auto()


CHIPS_AND_LISTS = (Kind.CHIPS, Kind.STATIONS, Kind.INPUTS, Kind.FOLLOWED)


class Matcher:
    """`Criteria` prepared for many rows, as they are at `now`; days are counted in `zone`."""

    def __init__(self, criteria: Criteria, now: datetime, zone: tzinfo) -> None:
        self.criteria = criteria
        self._at = now
        self._now = now.timestamp()
        self._bounds = criteria.span.bounds(now, zone)
        # In the order in which they are applied: what narrows most for the least work comes first.
        self._steps: dict[Kind, tuple[Step, ...]] = {
            Kind.CHIPS: tuple(self._chip_steps(criteria)),
            Kind.STATIONS: tuple(_station_steps(criteria.stations)),
            Kind.INPUTS: tuple(_choice_steps("by_inputs", _by_inputs(criteria.inputs))),
            Kind.FOLLOWED: tuple(_followed_steps(criteria)),
            Kind.OTHER: tuple(self._other_steps(criteria)),
        }

    def _chip_steps(self, criteria: Criteria) -> Iterator[Step]:
        if criteria.states:
            yield _one_of("by_state", {STATE_ORDER[state] for state in criteria.states})
        if criteria.overdue:
            yield self.overdue

    def _other_steps(self, criteria: Criteria) -> Iterator[Step]:
        """Text comes last."""
        if criteria.held:
            yield _one_of("by_held", {0})
        if criteria.silent:
            yield self.silent
        if criteria.priorities:
            yield _one_of("by_priority", {PRIORITY_ORDER[priority] for priority in criteria.priorities})
        if self._bounds is not None:
            yield partial(_planned, self._bounds)
        if criteria.worklists:
            yield partial(_in_worklists, criteria.worklists)
        for word in dict.fromkeys(folded(criteria.text).split()):
            yield partial(_with_word, word)

    @staticmethod
    def with_words(rows: list[Row], words: Iterable[str]) -> list[Row]:
        """Those in which each of these folded words is found."""
        for word in words:
            rows = _with_word(word, rows)
        return rows

    def overdue(self, rows: list[Row]) -> list[Row]:
        now = self._now
        return [row for row in rows if row.late_at < now]

    def silent(self, rows: list[Row]) -> list[Row]:
        now = self._at
        return [row for row in rows if row.by_state == _IN_PROGRESS and silence(row.workitem, now)]

    def chosen(self, rows: list[Row]) -> list[Row]:
        """Those that match, in their order; the very list when no criterion is in force."""
        return self.through(rows, *Kind)

    def through(self, rows: list[Row], *kinds: Kind) -> list[Row]:
        """Those that pass the criteria of these kinds."""
        for kind in kinds:
            for step in self._steps[kind]:
                rows = step(rows)
        return rows

    def matches(self, row: Row) -> bool:
        return not row.is_gone and bool(self.chosen([row]))


def _one_of(name: str, values: AbstractSet[object]) -> Step:
    value_of = attrgetter(name)
    return lambda rows: [row for row in rows if value_of(row) in values]


def _none_of(name: str, values: AbstractSet[object]) -> Step:
    value_of = attrgetter(name)
    return lambda rows: [row for row in rows if value_of(row) not in values]


def _choice_steps(name: str, choice: Choice) -> Iterator[Step]:
    if not choice.is_open:
        yield (_one_of if choice.is_only else _none_of)(name, choice.values)


def _station_steps(choice: Choice[str]) -> Iterator[Step]:
    """What was looked for at any station passes all of them."""
    if not choice.is_open:
        passes = choice.passes
        yield lambda rows: [row for row in rows if passes(row.station) or row.aside is not None]


def _followed_steps(criteria: Criteria) -> Iterator[Step]:
    wanted = followings(criteria)
    if len(wanted) < len(Following):
        yield _one_of("followed", wanted)


def followings(criteria: Criteria) -> frozenset[Following]:
    """Which subscriptions pass."""
    if criteria.kept_at_server:
        return frozenset({Following.KEPT})
    return frozenset({Following.YES, Following.KEPT} if criteria.followed else Following)


def _by_inputs(choice: Choice[InputReadiness | None]) -> Choice[int]:
    return Choice(frozenset(READINESS_ORDER[readiness] for readiness in choice.values), choice.is_only)


def _planned(bounds: Bounds, rows: list[Row]) -> list[Row]:
    """In the range; what is in progress belongs to ranges around now, and no planned start hides nothing.

    Nor is what was looked for at any date.
    """
    low, high = bounds.low, bounds.high
    least = -NEVER if bounds.with_earlier else low
    running = _IN_PROGRESS if bounds.with_running else None
    return [
        row
        for row in rows
        if low <= (start := row.by_start) < high
        or row.by_state == running
        or start == NEVER
        or (least <= start < high and not row.is_ended)
        or row.aside is not None
    ]


def _in_worklists(worklists: AbstractSet[str], rows: list[Row]) -> list[Row]:
    return [row for row in rows if row.workitem.worklist_label in worklists]


def _with_word(word: str, rows: list[Row]) -> list[Row]:
    return [row for row in rows if word in row.haystack]
