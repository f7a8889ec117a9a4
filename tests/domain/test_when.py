"""DT values: zones, precision, ranges with offsets."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upsdesk.domain.when import (
    ZoneSource,
    format_moment,
    in_zone,
    last_instant,
    moment_or_none,
    parse_date,
    parse_moment,
    parse_offset,
    split_range,
)

BERLIN = timezone(timedelta(hours=1))


@given(
    st.datetimes(
        datetime(1900, 1, 2),
        datetime(2200, 1, 1),
        timezones=st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    )
)
def test_what_is_written_is_read_as_the_same_instant(instant: datetime) -> None:
    moment = parse_moment(format_moment(instant))
    assert moment.instant == instant.replace(microsecond=0)
    assert moment.zone_source is ZoneSource.VALUE


def test_the_zone_of_the_value_wins_over_the_data_set_and_that_over_the_profile() -> None:
    assert parse_moment(
        "20261121100000+0200", data_set_offset="-0500", default_zone=BERLIN
    ).instant == datetime(2026, 11, 21, 8, tzinfo=UTC)
    told = parse_moment("20261121100000", data_set_offset="-0500", default_zone=BERLIN)
    assert (told.instant.astimezone(UTC).hour, told.zone_source) == (15, ZoneSource.DATA_SET)
    told = parse_moment("20261121100000", data_set_offset="nonsense", default_zone=BERLIN)
    assert (told.instant.astimezone(UTC).hour, told.zone_source) == (9, ZoneSource.PROFILE)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", datetime(2026, 1, 1), datetime(2026, 12, 31, 23, 59, 59, 999999)),
        ("202611", datetime(2026, 11, 1), datetime(2026, 11, 30, 23, 59, 59, 999999)),
        ("202612", datetime(2026, 12, 1), datetime(2026, 12, 31, 23, 59, 59, 999999)),
        ("20261121", datetime(2026, 11, 21), datetime(2026, 11, 21, 23, 59, 59, 999999)),
        ("2026112110", datetime(2026, 11, 21, 10), datetime(2026, 11, 21, 10, 59, 59, 999999)),
        ("202611211005", datetime(2026, 11, 21, 10, 5), datetime(2026, 11, 21, 10, 5, 59, 999999)),
        ("20261121100507", datetime(2026, 11, 21, 10, 5, 7), datetime(2026, 11, 21, 10, 5, 7, 999999)),
        ("20261121100560", datetime(2026, 11, 21, 10, 6), datetime(2026, 11, 21, 10, 6, 0, 999999)),
        ("99991231", datetime(9999, 12, 31), datetime(9999, 12, 31, 23, 59, 59, 999999)),
        ("99991231235959", datetime(9999, 12, 31, 23, 59, 59), datetime(9999, 12, 31, 23, 59, 59, 999999)),
        (
            "20261121100507.25 ",
            datetime(2026, 11, 21, 10, 5, 7, 250000),
            datetime(2026, 11, 21, 10, 5, 7, 250000),
        ),
    ],
)
def test_every_precision_covers_its_span(text: str, first: datetime, last: datetime) -> None:
    moment = parse_moment(text)
    assert moment.instant == first.replace(tzinfo=UTC)
    assert last_instant(moment) == last.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20261",
        "20261301",
        "２０２６１１２１",
        "99991231235960",
        "20261121100507+2500",
        "yesterday",
        "20261121T1005",
        "2026112110+1",
        "00000101",
    ],
)
def test_what_is_no_date_time_is_refused_and_shown_as_nothing(text: str) -> None:
    with pytest.raises(ValueError):
        parse_moment(text)
    assert moment_or_none(text) is None


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("20261121", None),
        ("20261121100000-0500", None),
        ("20261121-20261122", ("20261121", "20261122")),
        ("20261121-", ("20261121", "")),
        ("-20261121", ("", "20261121")),
        ("20261121000000+0100-20261121235959+0100", ("20261121000000+0100", "20261121235959+0100")),
        ("20261121000000-0500-20261121235959-0500", ("20261121000000-0500", "20261121235959-0500")),
        ("20261121000000-0500-", ("20261121000000-0500", "")),
        ("-20261121235959-0500", ("", "20261121235959-0500")),
        ("2025-2026", ("2025", "2026")),
        ("20261121000000-20261121235959-0500", ("20261121000000", "20261121235959-0500")),
    ],
)
def test_a_hyphen_is_a_range_or_an_offset(text: str, ends: tuple[str, str] | None) -> None:
    assert split_range(text) == ends


@pytest.mark.parametrize(("text", "hours"), [("99991231235959", 9), ("00010101", -9)])
def test_the_ends_of_the_calendar_stay_where_no_zone_can_move_them(text: str, hours: int) -> None:
    instant = parse_moment(text).instant
    assert in_zone(instant, timezone(timedelta(hours=hours))) == instant
    assert in_zone(instant, UTC) == instant


def test_dates() -> None:
    assert parse_date("19570314") == date(1957, 3, 14)
    assert parse_date("1957.03.14 ") == date(1957, 3, 14)
    assert parse_date("19571314") is None
    assert parse_date("") is None
    assert parse_date("２０２６１１２１") is None  # such digits would go out as question marks


def test_offsets() -> None:
    assert parse_offset("-0330") == timezone(timedelta(hours=-3, minutes=-30))
    for text in ("0100", "+1500", "+0175", ""):
        with pytest.raises(ValueError):
            parse_offset(text)


def test_a_time_without_zone_is_not_written() -> None:
    with pytest.raises(ValueError):
        format_moment(datetime(2026, 11, 21))
