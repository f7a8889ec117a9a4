"""How many rows there are of each kind: each filter counts what all the others let through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import InputReadiness, Priority
from upsdesk.services.flags import Following
from upsdesk.ui.worklist.filtering import Kind, Matcher, followings
from upsdesk.ui.worklist.row import Row
from upsdesk.ui.worklist.row_keys import PRIORITY_ORDER, READINESS_ORDER, STATE_ORDER


@dataclass(frozen=True, slots=True)
class Facets:
    """How many loaded rows there are of each kind."""

    loaded: int = 0
    shown: int = 0
    states: dict[ProcedureStepState, int] = field(default_factory=dict)
    """Of the rows that pass every filter but the chips; `overdue` too."""
    overdue: int = 0
    stations: dict[str, int] = field(default_factory=dict)
    """Of the rows that pass every filter but that by station; every station that is loaded is in it."""
    inputs: dict[InputReadiness | None, int] = field(default_factory=dict)
    """As `stations`."""
    followed: int = 0
    """Of the rows that pass every filter but that by subscription; `kept_at_server` too, which it counts."""
    kept_at_server: int = 0


class Tally:
    """Counts rows, of which none is gone, in as many parts as one likes: `add` them all, then ask."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._loaded = 0
        self._stations: dict[str, None] = {}
        """Of all rows, in the order in which they came; `_inputs` too."""
        self._inputs: set[int] = set()
        self._every: Counter[_Kind] = Counter()
        """Of the rows that pass everything but chips and check lists."""
        self._late: Counter[_Kind] = Counter()

    def add(self, rows: list[Row]) -> None:
        """Rows are gone through best in the order in which they came: so their values lie side by side."""
        self._loaded += len(rows)
        self._stations.update(dict.fromkeys(map(attrgetter("station"), rows)))
        self._inputs.update(map(attrgetter("by_inputs"), rows))
        rest = self._matcher.through(rows, Kind.OTHER)
        _add_kinds(self._every, rest)
        _add_kinds(self._late, self._matcher.overdue(rest))

    def facets(self, shown: int) -> Facets:
        """What has been counted; `shown` rows of it are in the table."""
        criteria = self._matcher.criteria
        states = {STATE_ORDER[state] for state in criteria.states} or set(STATE_ORDER.values())
        inputs = {at for readiness, at in READINESS_ORDER.items() if criteria.inputs.passes(readiness)}
        passing: Passing = (
            states.__contains__,
            criteria.stations.passes,
            inputs.__contains__,
            followings(criteria).__contains__,
        )
        every, late = _by_each(self._every, passing), _by_each(self._late, passing)
        by_state = every[0]
        _, by_station, by_inputs, by_following = late if criteria.overdue else every
        return Facets(
            loaded=self._loaded,
            shown=shown,
            states={state: by_state[at] for state, at in STATE_ORDER.items() if state and by_state[at]},
            overdue=late[0].total(),
            stations={station: by_station[station] for station in self._stations},
            inputs={one: by_inputs[at] for one, at in READINESS_ORDER.items() if at in self._inputs},
            followed=by_following[Following.YES] + by_following[Following.KEPT],
            kept_at_server=by_following[Following.KEPT],
        )


_Kind = tuple[int, str, int, Following, bool]
"""State, station, readiness and subscription, and whether a row stands beside the list: few combinations."""
Passing = tuple[Callable[[Any], bool], ...]
"""Whether a state, a station, a readiness and a subscription pass, each by its place in that order."""
_STATION = 1


def _add_kinds(counts: Counter[_Kind], rows: list[Row]) -> None:
    # Hashes of those two are worked out in Python: left out where no row has any.
    is_plain = [row.followed for row in rows].count(Following.NO) == len(rows)
    is_plain = is_plain and [row.aside for row in rows].count(None) == len(rows)
    if is_plain:
        for told, number in Counter(map(attrgetter("by_state", "station", "by_inputs"), rows)).items():
            counts[(*told, Following.NO, False)] += number
    else:
        counts.update(
            (row.by_state, row.station, row.by_inputs, row.followed, row.aside is not None) for row in rows
        )


def _by_each(kinds: Counter[_Kind], passing: Passing) -> tuple[Counter[Any], ...]:
    """For each place of `passing` the values there, of the rows that pass at all the others."""
    found: tuple[Counter[Any], ...] = tuple(Counter() for _ in passing)
    for (*values, is_aside), number in kinds.items():
        failing = [at for at, passes in enumerate(passing) if not passes(values[at])]
        if is_aside and _STATION in failing:
            failing.remove(_STATION)  # it was looked for at any station
        for at in failing or range(len(passing)):
            if len(failing) < 2:
                found[at][values[at]] += number
    return found


def count_priorities(rows: list[Row]) -> dict[Priority | None, int]:
    """How many of each there are; the three priorities are always in it."""
    found = Counter(map(attrgetter("by_priority"), rows))
    return {one: found[at] for one, at in PRIORITY_ORDER.items() if one or found[at]}


def count_worklists(rows: list[Row]) -> dict[str, int]:
    return dict(Counter(map(attrgetter("workitem.worklist_label"), rows)))
