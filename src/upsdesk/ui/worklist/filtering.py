"""Which rows the table shows, and how many there are of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum

from upsdesk.domain.folding import folded
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import InputReadiness
from upsdesk.ui import presenter
from upsdesk.ui.worklist.columns import Row


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


class Matcher:
    """`Criteria` prepared for many rows. `now` is a timestamp in seconds."""

    def __init__(self, criteria: Criteria, now: float) -> None:
        self._criteria = criteria
        self._now = now
        self._words = tuple(folded(criteria.text).split())

    def is_overdue(self, row: Row) -> bool:
        return row.late_at < self._now and not row.is_gone

    def but_chips(self, row: Row) -> bool:
        """Whether the row passes everything but the chips: those rows are what the chips count."""
        wanted = self._criteria
        if wanted.view is View.HELD and not row.is_held:
            return False
        if wanted.view is View.OVERDUE and not self.is_overdue(row):
            return False
        if wanted.hidden_stations and row.workitem.station in wanted.hidden_stations:
            return False
        if wanted.hidden_inputs and row.workitem.readiness in wanted.hidden_inputs:
            return False
        return all(word in row.haystack for word in self._words)

    def matches(self, row: Row) -> bool:
        wanted = self._criteria
        if wanted.states and row.workitem.state not in wanted.states:
            return False
        if wanted.overdue and not self.is_overdue(row):
            return False
        return self.but_chips(row)


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


def count(rows: Iterable[Row], criteria: Criteria, now: float) -> Facets:
    """Count rows; `shown` is left to the caller."""
    matcher = Matcher(criteria, now)
    states: Counter[ProcedureStepState] = Counter()
    stations: Counter[str] = Counter()
    inputs: Counter[InputReadiness | None] = Counter()
    loaded = overdue = held = all_overdue = 0
    for row in rows:
        loaded += 1
        held += row.is_held
        stations[row.workitem.station] += 1
        inputs[row.workitem.readiness] += 1
        is_overdue = matcher.is_overdue(row)
        all_overdue += is_overdue
        if matcher.but_chips(row):
            overdue += is_overdue
            if row.workitem.state is not None:
                states[row.workitem.state] += 1
    return Facets(loaded, 0, dict(states), overdue, held, all_overdue, dict(stations), dict(inputs))


def without_text(criteria: Criteria) -> Criteria:
    """What may be kept on disk: typed text can be a patient's name."""
    return replace(criteria, text="")
