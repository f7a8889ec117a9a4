"""The computer's zone: every moment that a DT can write has an offset in it, in any zone of the world."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from upsdesk.domain.when import in_zone, last_instant, parse_moment
from upsdesk.services.clock import LOCAL

ZONES = ("UTC", "Pacific/Auckland", "America/New_York", "Asia/Kathmandu")
EXTREMES = ("0001", "00010101", "00010101000000", "00010101000000+1400", "9999", "99991231235959-1200")


@pytest.fixture(params=ZONES)
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ZoneInfo]:
    if not hasattr(time, "tzset"):
        pytest.skip("the zone of a process cannot be set on this system")
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield ZoneInfo(request.param)
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("raw", EXTREMES)
def test_the_ends_of_the_calendar_can_be_counted_and_shown(zone: ZoneInfo, raw: str) -> None:
    moment = parse_moment(raw, default_zone=LOCAL)
    assert moment.timestamp <= moment.last_timestamp
    for instant in (moment.instant, last_instant(moment)):
        assert in_zone(in_zone(instant, UTC), LOCAL).isoformat()


def test_it_is_the_zone_of_the_computer_summer_time_included(zone: ZoneInfo) -> None:
    for hours in range(0, 24 * 366, 7):
        instant = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
        assert instant.astimezone(LOCAL).isoformat() == instant.astimezone(zone).isoformat()
