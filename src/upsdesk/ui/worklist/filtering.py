"""Which rows the table shows, and how many there are of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import partial
from operator import attrgetter

from upsdesk.domain.folding import folded
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import InputReadiness
from upsdesk.ui import presenter
from upsdesk.ui.worklist.row import READINESS_ORDER, STATE_ORDER, Row


class View(Enum):
    """The views of the sidebar."""

    TODAY = "All of today"
    HELD = "Held here"
    OVERDUE = "Overdue"


@dataclass(frozen=True, slots=True)
class Criteria:
    """Every part narrows the list; an empty set or text narrows nothing."""

    text: str = ""
    states: frozenset[ProcedureStepState] = frozenset()
    overdue: bool = False
    view: View = View.TODAY
    hidden_stations: frozenset[str] = frozenset()
    """Names as `Workitem.station` writes them; empty is a station too."""
    hidden_inputs: frozenset[InputReadiness | None] = frozenset()

    @property
    def is_open(self) -> bool:
        """Nothing is hidden."""
        return self == Criteria()

    @property
    def depends_on_time(self) -> bool:
        """The clock alone can make a row match or not."""
        return self.overdue or self.view is View.OVERDUE

    def words(self) -> tuple[str, ...]:
        """Each filter that is in force, for the page that says that nothing matches."""
        told: list[str] = []
        if self.text.strip():
            told.append(f"Text: “{self.text.strip()}”")
        if self.states:
            told.append(
                "State: "
                + presenter.listed(state.words for state in ProcedureStepState if state in self.states)
            )
        if self.overdue:
            told.append("Overdue only")
        if self.view is not View.TODAY:
            told.append(f"View: {self.view.value}")
        if self.hidden_stations:
            told.append(f"{presenter.count_words(len(self.hidden_stations), 'station')} hidden")
        if self.hidden_inputs:
            told.append(f"{presenter.count_words(len(self.hidden_inputs), 'kind')} of inputs hidden")
        return tuple(told)


Step = Callable[[list[Row]], list[Row]]
"""Of rows, of which none is gone, those that one criterion lets through, in their order."""


class Matcher:
    """`Criteria` prepared for many rows. `now` is a timestamp in seconds."""

    def __init__(self, criteria: Criteria, now: float) -> None:
        self._now = now
        self._chips = tuple(self._chip_steps(criteria))
        self._steps = tuple(self._other_steps(criteria))

    def _chip_steps(self, criteria: Criteria) -> Iterator[Step]:
        if criteria.states:
            yield _one_of("by_state", {STATE_ORDER[state] for state in criteria.states})
        if criteria.overdue:
            yield self.overdue

    def _other_steps(self, criteria: Criteria) -> Iterator[Step]:
        """What narrows most for the least work comes first; text comes last."""
        if criteria.view is View.HELD:
            yield _one_of("by_held", {0})
        elif criteria.view is View.OVERDUE:
            yield self.overdue
        if criteria.hidden_stations:
            yield _none_of("station", criteria.hidden_stations)
        if criteria.hidden_inputs:
            yield _none_of("by_inputs", {READINESS_ORDER[readiness] for readiness in criteria.hidden_inputs})
        for word in folded(criteria.text).split():
            yield partial(_with_word, word)

    def overdue(self, rows: list[Row]) -> list[Row]:
        now = self._now
        return [row for row in rows if row.late_at < now]

    def but_chips(self, rows: list[Row]) -> list[Row]:
        """Those that pass everything but the chips: those are what the chips count."""
        for step in self._steps:
            rows = step(rows)
        return rows

    def chosen(self, rows: list[Row]) -> list[Row]:
        """Those that match, in their order; the very list when no criterion is in force."""
        for step in self._chips:
            rows = step(rows)
        return self.but_chips(rows)

    def matches(self, row: Row) -> bool:
        return not row.is_gone and bool(self.chosen([row]))


def _one_of(name: str, values: AbstractSet[object]) -> Step:
    value_of = attrgetter(name)
    return lambda rows: [row for row in rows if value_of(row) in values]


def _none_of(name: str, values: AbstractSet[object]) -> Step:
    value_of = attrgetter(name)
    return lambda rows: [row for row in rows if value_of(row) not in values]


def _with_word(word: str, rows: list[Row]) -> list[Row]:
    return [row for row in rows if word in row.haystack]


@dataclass(frozen=True, slots=True)
class Facets:
    """How many loaded rows there are of each kind."""

    loaded: int = 0
    shown: int = 0
    states: dict[ProcedureStepState, int] = field(default_factory=dict)
    """Of the rows that pass every filter but the chips; `overdue` too."""
    overdue: int = 0
    held: int = 0
    """Of all loaded rows, as are those below."""
    all_overdue: int = 0
    stations: dict[str, int] = field(default_factory=dict)
    inputs: dict[InputReadiness | None, int] = field(default_factory=dict)


def count_all(rows: list[Row], matcher: Matcher) -> Facets:
    """What does not depend on the filter, of rows none of which is gone."""
    inputs = Counter(map(attrgetter("by_inputs"), rows))
    return Facets(
        loaded=len(rows),
        held=sum(map(attrgetter("is_held"), rows)),
        all_overdue=len(matcher.overdue(rows)),
        stations=dict(Counter(map(attrgetter("station"), rows))),
        inputs={readiness: inputs[at] for readiness, at in READINESS_ORDER.items() if inputs[at]},
    )


def count_matching(known: Facets, but_chips: list[Row], matcher: Matcher, shown: int) -> Facets:
    """`known` with what the chips count."""
    states = Counter(map(attrgetter("by_state"), but_chips))
    return replace(
        known,
        shown=shown,
        states={state: states[at] for state, at in STATE_ORDER.items() if state and states[at]},
        overdue=len(matcher.overdue(but_chips)),
    )


def narrows(criteria: Criteria, before: Criteria) -> bool:
    """Whether all that match the one have matched the other: a longer text, and nothing that time changes."""
    if criteria.depends_on_time or before != replace(criteria, text=before.text):
        return False
    return folded(criteria.text).startswith(folded(before.text))


def narrowed(rows: list[Row], criteria: Criteria, before: Criteria) -> list[Row]:
    """Those that match, of all that match criteria `before` which these narrow."""
    known = folded(before.text).split()
    for word in folded(criteria.text).split():
        if word not in known:
            rows = _with_word(word, rows)
    return rows


def without_text(criteria: Criteria) -> Criteria:
    """What may be kept on disk: typed text can be a patient's name."""
    return replace(criteria, text="")
