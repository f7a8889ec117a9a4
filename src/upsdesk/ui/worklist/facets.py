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
from upsdesk.ui.worklist.filtering import Matcher, followings
from upsdesk.ui.worklist.row import PRIORITY_ORDER, READINESS_ORDER, STATE_ORDER, Row


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


@dataclass(frozen=True, slots=True)
class Known:
    """What there is among the loaded rows, whatever the filter."""

    loaded: int
    stations: tuple[str, ...]
    inputs: frozenset[int]
    is_followed: bool
    """Some are followed."""
    is_aside: bool
    """Some stand beside the list."""


def known_of(rows: list[Row]) -> Known:
    """Of rows none of which is gone."""
    return Known(
        len(rows),
        tuple(Counter(map(attrgetter("station"), rows))),
        frozenset(map(attrgetter("by_inputs"), rows)),
        any(row.followed is not Following.NO for row in rows),
        any(row.aside is not None for row in rows),
    )


def count(rest: list[Row], known: Known, matcher: Matcher, shown: int) -> Facets:
    """Each kind among rows that pass everything but chips and check lists; `known`: what is listed at all.

    Rows are gone through once, best in the order in which they came: so their values lie side by side.
    What is told apart then are the few combinations that occur.
    """
    criteria = matcher.criteria
    states = {STATE_ORDER[state] for state in criteria.states} or set(STATE_ORDER.values())
    inputs = {at for readiness, at in READINESS_ORDER.items() if criteria.inputs.passes(readiness)}
    passing: Passing = (
        states.__contains__,
        criteria.stations.passes,
        inputs.__contains__,
        followings(criteria).__contains__,
    )
    every = _counted(rest, known, passing)
    late = _counted(matcher.overdue(rest), known, passing)
    by_state = every[0]
    _, by_station, by_inputs, by_following = late if criteria.overdue else every
    return Facets(
        loaded=known.loaded,
        shown=shown,
        states={state: by_state[at] for state, at in STATE_ORDER.items() if state and by_state[at]},
        overdue=late[0].total(),
        stations={station: by_station[station] for station in known.stations},
        inputs={one: by_inputs[at] for one, at in READINESS_ORDER.items() if at in known.inputs},
        followed=by_following[Following.YES] + by_following[Following.KEPT],
        kept_at_server=by_following[Following.KEPT],
    )


Passing = tuple[Callable[[Any], bool], ...]
"""Whether a state, a station, a readiness and a subscription pass, each by its place in that order."""
_STATION = 1


def _counted(rows: list[Row], known: Known, passing: Passing) -> tuple[Counter[Any], ...]:
    """For each place of `passing` the values there, of the rows that pass at all the others."""
    names = ["by_state", "station", "by_inputs"]
    # Their hashes are worked out in Python: left out as long as all are the same.
    names += ["followed"] if known.is_followed else []
    names += ["aside"] if known.is_aside else []
    found: tuple[Counter[Any], ...] = tuple(Counter() for _ in passing)
    for told, number in Counter(map(attrgetter(*names), rows)).items():
        followed = told[3] if known.is_followed else Following.NO
        values = (*told[:3], followed)
        failing = [at for at, passes in enumerate(passing) if not passes(values[at])]
        if known.is_aside and told[-1] is not None and _STATION in failing:
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
