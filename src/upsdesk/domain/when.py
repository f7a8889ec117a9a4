"""DICOM dates and times: text, precision and zone, compared as instants (PS3.5 6.2 DA, DT)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from enum import Enum
from functools import lru_cache

_DT = re.compile(
    r"(?P<year>\d{4})((?P<month>\d{2})((?P<day>\d{2})((?P<hour>\d{2})((?P<minute>\d{2})"
    r"((?P<second>\d{2})(\.(?P<fraction>\d{1,6}))?)?)?)?)?)?(?P<offset>[+-]\d{4})?",
    re.ASCII,
)
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>\d{2})(?P<minutes>\d{2})", re.ASCII)


class ZoneSource(Enum):
    """Where the zone of a date-time came from."""

    VALUE = "in the value"
    DATA_SET = "Timezone Offset From UTC (0008,0201)"
    PROFILE = "the server's profile"


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


class _Counted:
    """Lets a moment be counted in seconds, worked out once: the rows of a day share their moments."""

    __slots__ = ("last_timestamp", "timestamp")

    timestamp: float
    """Seconds since 1970. Years near 1 and 9999 are legal, and outside of what some platforms can count."""
    last_timestamp: float
    """Of `last_instant`."""

    def __getattr__(self, name: str) -> float:
        assert isinstance(self, Moment)
        if name == "timestamp":
            found = (self.instant - _EPOCH) / _SECOND
        elif name == "last_timestamp":
            found = (last_instant(self) - _EPOCH) / _SECOND
        else:
            raise AttributeError(name)
        object.__setattr__(self, name, found)
        return found


@dataclass(frozen=True, slots=True)
class Moment(_Counted):
    """A DT value as it was written, and the instant it means."""

    raw: str
    instant: datetime
    """With a zone; missing components count as their lowest value."""
    precision: int
    """How many components were written: 1 year, 2 month, 3 day, 4 hour, 5 minute, 6 second or finer."""
    zone_source: ZoneSource

    @property
    def has_time(self) -> bool:
        return self.precision >= 4


def parse_offset(text: str) -> tzinfo:
    """`+0100` as a zone; raise ValueError otherwise."""
    match = _OFFSET.fullmatch(text.strip(" \0"))
    if match is None:
        raise ValueError(f"{text!r} is no offset from UTC such as +0100")
    minutes = int(match["hours"]) * 60 + int(match["minutes"])
    if minutes > 14 * 60 or int(match["minutes"]) > 59:
        raise ValueError(f"{text!r} is no offset from UTC: it is out of range")
    return timezone(timedelta(minutes=minutes if match["sign"] == "+" else -minutes))


def parse_moment(raw: str, *, data_set_offset: str = "", default_zone: tzinfo = UTC) -> Moment:
    """Read a DT value; raise ValueError when it is none.

    The zone is the value's own offset, else (0008,0201) of its data set, else `default_zone` (PS3.4 C.2.2.2).
    """
    text = raw.strip(" \0")
    if len(text) == 14 and text.isascii() and text.isdigit() and text[12:] < "60":
        # To the second and without an offset, as nearly all are; a search brings four for each row.
        zone, source = _zone(None, data_set_offset, default_zone)
        return Moment(text, _instant(text, zone), 6, source)
    match = _DT.fullmatch(text)
    if match is None:
        raise ValueError(f"{raw!r} is no date and time: YYYYMMDDHHMMSS, then an offset such as +0100")
    names = ("year", "month", "day", "hour", "minute", "second")
    parts = [int(match[name]) for name in names if match[name] is not None]
    precision = len(parts)
    lowest = (1, 1, 1, 0, 0, 0)
    filled = [*parts, *lowest[precision:]]
    leap = filled[5] == 60  # DT allows a leap second; datetime does not.
    if leap:
        filled[5] = 59
    zone, source = _zone(match["offset"], data_set_offset, default_zone)
    fraction = int((match["fraction"] or "0").ljust(6, "0"))
    year, month, day, hour, minute, second = filled
    instant = datetime(year, month, day, hour, minute, second, fraction, tzinfo=zone)
    try:
        return Moment(text, instant + timedelta(seconds=1) if leap else instant, precision, source)
    except OverflowError:
        raise ValueError(f"{raw!r} is no date and time: the calendar ends before it") from None


def _instant(text: str, zone: tzinfo) -> datetime:
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
    return datetime(year, month, day, int(text[8:10]), int(text[10:12]), int(text[12:]), tzinfo=zone)


def _zone(offset: str | None, data_set_offset: str, default_zone: tzinfo) -> tuple[tzinfo, ZoneSource]:
    if offset:
        return parse_offset(offset), ZoneSource.VALUE
    if data_set_offset:
        try:
            return parse_offset(data_set_offset), ZoneSource.DATA_SET
        except ValueError:
            pass
    return default_zone, ZoneSource.PROFILE


def moment_or_none(raw: str, *, data_set_offset: str = "", default_zone: tzinfo = UTC) -> Moment | None:
    """As `parse_moment`, but None for an empty or unreadable value, which a list can only leave blank."""
    return _moment_or_none(raw, data_set_offset, default_zone) if raw else None


@lru_cache(8192)  # the slots of a day come again and again, and share one object then
def _moment_or_none(raw: str, data_set_offset: str, default_zone: tzinfo) -> Moment | None:
    try:
        return parse_moment(raw, data_set_offset=data_set_offset, default_zone=default_zone)
    except ValueError:
        return None


def in_zone(instant: datetime, zone: tzinfo | None) -> datetime:
    """As `astimezone`; the first and last day that a DT can write stay as they are instead of overflowing."""
    try:
        return instant.astimezone(zone)
    except OverflowError:
        return instant


def last_instant(moment: Moment) -> datetime:
    """The latest instant that a value of this precision can mean; the upper end of a range includes it."""
    at, least = moment.instant, timedelta(microseconds=1)
    # The step is made smaller first: beyond the last second of 9999, a usual "never", there is no instant.
    if moment.precision >= 6:
        step = timedelta(seconds=1) if "." not in moment.raw else least
        return at + (step - least)
    if moment.precision >= 3:
        step = {3: timedelta(days=1), 4: timedelta(hours=1), 5: timedelta(minutes=1)}[moment.precision]
        return at + (step - least)
    if moment.precision == 2 and at.month < 12:
        return at.replace(month=at.month + 1) - timedelta(microseconds=1)
    return at.replace(month=12, day=31, hour=23, minute=59, second=59, microsecond=999999)


def format_moment(instant: datetime) -> str:
    """A DT value to the second with its offset: `20261119101930+0100`."""
    if instant.tzinfo is None:
        raise ValueError("a DT is written with its offset: the time needs a zone")
    return instant.strftime("%Y%m%d%H%M%S%z")[:19]


def split_range(text: str) -> tuple[str, str] | None:
    """The two ends of `a-b`, `a-` or `-b` of a DT key, or None for a single value.

    A hyphen before the last four digits is an offset, not a range, when what stands before it is a complete
    value and what follows is a valid negative offset.
    """
    text = text.strip(" \0")
    if "-" not in text:
        return None
    ends: list[tuple[str, str]] = []
    for at in (index for index, char in enumerate(text) if char == "-"):
        lower, upper = text[:at], text[at + 1 :]
        if (lower or upper) and all(not end or _DT.fullmatch(end) for end in (lower, upper)):
            ends.append((lower, upper))
    if not ends:
        return None
    whole = _DT.fullmatch(text)
    if whole is not None and whole["offset"]:
        minutes = int(text[-4:-2]) * 60 + int(text[-2:])
        if minutes <= 12 * 60 and int(text[-2:]) < 60:
            return None
    return ends[-1] if len(ends) == 1 else _most_even(ends)


def _most_even(ends: list[tuple[str, str]]) -> tuple[str, str]:
    """Of several readings take the one whose two ends differ least in length."""
    return min(ends, key=lambda end: abs(len(end[0]) - len(end[1])))


def parse_date(raw: str) -> date | None:
    """A DA value, the retired dotted form too; None when it is none."""
    text = raw.strip(" \0").replace(".", "")
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
