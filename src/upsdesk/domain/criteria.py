"""Which loaded workitems a person wants to see: applied on this desk, never sent to a server."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, tzinfo
from enum import Enum
from typing import Generic, TypeVar

from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import InputReadiness, Priority

Value = TypeVar("Value", bound=Hashable)
_HOUR = 3600
_NIGHT = 6 * _HOUR
"""Today goes on at least so long: late in the evening the night's first workitems are what is due next."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """From `low` up to but without `high`, in seconds since 1970."""

    low: float
    high: float
    with_earlier: bool
    """What was planned before `low` and has not ended belongs to it too."""
    with_running: bool = True
    """What is in progress belongs to it whenever it was planned: the range is one around now."""


class Span(Enum):
    """When a workitem is planned to start, told from now: it moves on with the clock."""

    ANY = "any"
    HOUR = "hour"
    TODAY = "today"
    THREE_DAYS = "three-days"
    WEEK = "week"

    @property
    def words(self) -> str:
        return _SPAN_WORDS[self][0]

    @property
    def short_words(self) -> str:
        """For a button of a few letters."""
        return _SPAN_WORDS[self][1]

    def bounds(self, now: datetime, zone: tzinfo) -> Bounds | None:
        """The range as it is at `now`, days counted in `zone`; None for any time.

        A day begins at its midnight on the wall clock and may last 23 or 25 hours.
        """
        if self is Span.ANY:
            return None
        if self is Span.HOUR:
            return Hours(1, 1).bounds(now, zone)
        today = now.astimezone(zone).date()
        days = {Span.TODAY: 1, Span.THREE_DAYS: 3, Span.WEEK: 7}[self]
        first = datetime.combine(today, time(), zone)
        end = datetime.combine(today + timedelta(days=days), time(), zone)
        return Bounds(first.timestamp(), max(end.timestamp(), now.timestamp() + _NIGHT), with_earlier=True)


_SPAN_WORDS = {
    Span.ANY: ("Any time", "Any"),
    Span.HOUR: ("Now ± 1 h", "±1 h"),
    Span.TODAY: ("Today", "Today"),
    Span.THREE_DAYS: ("3 days", "3 d"),
    Span.WEEK: ("Week", "Week"),
}


MOST_HOURS = 720


@dataclass(frozen=True, slots=True)
class Hours:
    """Planned from `before` hours ago until in `after` hours: 0 to MOST_HOURS, not both 0."""

    before: int
    after: int

    def __post_init__(self) -> None:
        if not (
            0 <= self.before <= MOST_HOURS and 0 <= self.after <= MOST_HOURS and self.before + self.after
        ):
            raise ValueError(f"a range has 0 to {MOST_HOURS} hours before and after now, and not 0 of both")

    @property
    def words(self) -> str:
        if not self.before:
            return f"Next {self.after} h"
        if not self.after:
            return f"Last {self.before} h"
        return f"−{self.before} h to +{self.after} h"

    def bounds(self, now: datetime, _zone: tzinfo) -> Bounds:
        """The range as it is at `now`."""
        at = now.timestamp()
        return Bounds(at - self.before * _HOUR, at + self.after * _HOUR, with_earlier=False)


FIRST_YEAR, LAST_YEAR = 1900, 2199


@dataclass(frozen=True, slots=True)
class Period:
    """Planned from `start` up to and including the minute `end`, on the wall clock of the desk.

    Both are whole minutes without a zone, in FIRST_YEAR to LAST_YEAR: the clock does not move them on.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for one in (self.start, self.end):
            is_minute = one.tzinfo is None and not one.second and not one.microsecond
            if not (is_minute and FIRST_YEAR <= one.year <= LAST_YEAR):
                raise ValueError(f"a range has whole minutes of the years {FIRST_YEAR} to {LAST_YEAR}")
        if self.end < self.start:
            raise ValueError("a range ends before it starts")

    @property
    def words(self) -> str:
        start, end = self.start, self.end
        is_one_day = start.date() == end.date()
        if start.time() == time() and end.time() == _LAST_MINUTE:
            return f"{start:%Y-%m-%d}" if is_one_day else f"{start:%Y-%m-%d} to {end:%Y-%m-%d}"
        return (
            f"{start:%Y-%m-%d %H:%M} to {end:%H:%M}"
            if is_one_day
            else (f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}")
        )

    def bounds(self, _now: datetime, zone: tzinfo) -> Bounds:
        """The range in `zone`; of a minute that the clock has twice, or never, the wider reading counts."""
        low = min(self.start.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1))
        high = max(self.end.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1))
        return Bounds(low, high + 60, with_earlier=False, with_running=False)


_LAST_MINUTE = time(23, 59)

AnySpan = Span | Hours | Period


@dataclass(frozen=True, slots=True)
class Choice(Generic[Value]):
    """Some values of a list that grows: all but these, or only these.

    What turns up later is shown by "all but" and hidden by "only".
    """

    values: frozenset[Value] = frozenset()
    is_only: bool = False

    def passes(self, value: Value) -> bool:
        return (value in self.values) is self.is_only

    def toggled(self, value: Value) -> Choice[Value]:
        """The other answer for one value."""
        return Choice(self.values ^ {value}, self.is_only)

    @property
    def is_open(self) -> bool:
        """Everything passes, whatever turns up."""
        return not self.values and not self.is_only


@dataclass(frozen=True, slots=True)
class Criteria:
    """Every part narrows the list; an empty set or text narrows nothing."""

    text: str = ""
    states: frozenset[ProcedureStepState] = frozenset()
    overdue: bool = False
    held: bool = False
    silent: bool = False
    """Only what is in progress and has not been heard of for 4 hours."""
    span: AnySpan = Span.ANY
    priorities: frozenset[Priority | None] = frozenset()
    worklists: frozenset[str] = frozenset()
    """Values of Worklist Label; empty is a worklist too."""
    stations: Choice[str] = Choice()
    """Names as `Workitem.station` writes them; empty is a station too."""
    inputs: Choice[InputReadiness | None] = Choice()
    followed: bool = False
    """Only what this desk has subscribed to by itself."""
    kept_at_server: bool = False
    """Only what a subscription of this desk keeps at the server (Deletion Lock, PS3.4 CC.2.3.1)."""

    @property
    def is_open(self) -> bool:
        """Nothing is hidden."""
        return self == Criteria()

    @property
    def depends_on_time(self) -> bool:
        """Rows come and go although nothing is told about them."""
        return self.overdue or self.silent or not (self.span is Span.ANY or isinstance(self.span, Period))


def without_text(criteria: Criteria) -> Criteria:
    """What may be kept on disk without a question: typed text can be a patient's name."""
    return replace(criteria, text="")
