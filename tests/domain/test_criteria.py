"""Ranges of time that move with the clock, and choices of a list that grows."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upsdesk.domain.criteria import Bounds, Choice, Criteria, Hours, Period, Span

PRAGUE = ZoneInfo("Europe/Prague")


def hours(bounds: Bounds | None) -> float:
    assert bounds is not None
    return (bounds.high - bounds.low) / 3600


def test_a_day_has_as_many_hours_as_the_wall_clock_gives_it() -> None:
    spring, autumn = datetime(2026, 3, 29, 9, tzinfo=PRAGUE), datetime(2026, 10, 25, 9, tzinfo=PRAGUE)
    assert hours(Span.TODAY.bounds(spring, PRAGUE)) == 23
    assert hours(Span.TODAY.bounds(autumn, PRAGUE)) == 25
    assert hours(Span.THREE_DAYS.bounds(spring - timedelta(days=1), PRAGUE)) == 71
    assert hours(Span.WEEK.bounds(autumn, PRAGUE)) == 169


def test_an_hour_is_an_hour_while_the_clocks_are_put_back() -> None:
    second_two = datetime(2026, 10, 25, 2, 30, tzinfo=PRAGUE, fold=1)
    bounds = Span.HOUR.bounds(second_two, PRAGUE)
    assert bounds == Bounds(second_two.timestamp() - 3600, second_two.timestamp() + 3600, False)
    assert datetime.fromtimestamp(second_two.timestamp() - 3600, PRAGUE).fold == 0


def test_a_range_of_hours_is_told_from_now() -> None:
    now = datetime(2026, 7, 1, 12, tzinfo=PRAGUE)
    assert Hours(0, 2).bounds(now, PRAGUE) == Bounds(now.timestamp(), now.timestamp() + 7200, False)
    assert [Hours(*hours).words for hours in ((0, 2), (3, 0), (1, 4))] == [
        "Next 2 h",
        "Last 3 h",
        "−1 h to +4 h",
    ]
    for hours in ((0, 0), (-1, 3), (1, 721)):
        with pytest.raises(ValueError, match="0 to 720 hours"):
            Hours(*hours)


def test_dates_and_times_stay_where_they_are_and_hold_their_last_minute() -> None:
    one = Period(datetime(2026, 7, 1, 8), datetime(2026, 7, 1, 12, 30))
    bounds = one.bounds(datetime(2030, 1, 1, tzinfo=UTC), PRAGUE)
    first, last = datetime(2026, 7, 1, 8, tzinfo=PRAGUE), datetime(2026, 7, 1, 12, 31, tzinfo=PRAGUE)
    assert bounds == Bounds(first.timestamp(), last.timestamp(), with_earlier=False, with_running=False)
    assert not Criteria(span=one).depends_on_time
    day = datetime(2026, 7, 1), datetime(2026, 7, 1, 23, 59)
    assert [
        span.words
        for span in (
            one,
            Period(*day),
            Period(day[0], datetime(2026, 7, 3, 23, 59)),
            Period(day[0], one.start),
        )
    ] == ["2026-07-01 08:00 to 12:30", "2026-07-01", "2026-07-01 to 2026-07-03", "2026-07-01 00:00 to 08:00"]
    for start, end in ((one.end, one.start), (first, last), (datetime(1, 1, 1), one.end)):
        with pytest.raises(ValueError, match="a range"):
            Period(start, end)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(PRAGUE)))
def test_the_minute_that_a_clock_shows_is_inside_its_own_range(now: datetime) -> None:
    """Also while the clocks are put back or forward."""
    wall = now.replace(tzinfo=None, second=0, microsecond=0, fold=0)
    bounds = Period(wall, wall).bounds(now, PRAGUE)
    assert bounds.low <= now.timestamp() < bounds.high


def test_the_day_is_that_of_the_desk_whatever_the_clock_counts_in() -> None:
    """22:30 UTC in July is half past midnight in Prague."""
    bounds = Span.TODAY.bounds(datetime(2026, 7, 1, 22, 30, tzinfo=UTC), PRAGUE)
    assert bounds is not None
    assert bounds.low == datetime(2026, 7, 2, tzinfo=PRAGUE).timestamp()
    assert bounds.high == datetime(2026, 7, 3, tzinfo=PRAGUE).timestamp()


def test_late_in_the_evening_today_goes_on_for_six_hours() -> None:
    late = datetime(2026, 7, 1, 23, 50, tzinfo=PRAGUE)
    bounds = Span.TODAY.bounds(late, PRAGUE)
    assert bounds is not None
    assert bounds.low == datetime(2026, 7, 1, tzinfo=PRAGUE).timestamp()
    assert bounds.high == late.timestamp() + 6 * 3600


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(PRAGUE)))
def test_now_is_inside_every_range(now: datetime) -> None:
    for span in Span:
        bounds = span.bounds(now, PRAGUE)
        assert (bounds is None) is (span is Span.ANY)
        assert bounds is None or bounds.low <= now.timestamp() < bounds.high


def test_what_turns_up_later_is_shown_by_all_but_and_hidden_by_only() -> None:
    every: Choice[str] = Choice()
    none: Choice[str] = Choice(is_only=True)
    assert every.is_open and every.passes("FX1") and not none.is_open and not none.passes("FX1")
    without = every.toggled("FX1")
    assert not without.passes("FX1") and without.passes("NEW")
    only = none.toggled("FX1")
    assert only.passes("FX1") and not only.passes("NEW")
    assert only.toggled("FX1") == none and without.toggled("FX1") == every
