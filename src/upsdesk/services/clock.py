"""The computer's time with the computer's zone, summer time included."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone, tzinfo


class LocalZone(tzinfo):
    """The zone that the computer is set to: its offset depends on the date, unlike `astimezone().tzinfo`."""

    def utcoffset(self, when: datetime | None) -> timedelta | None:
        return None if when is None else _here(when.replace(tzinfo=None)).utcoffset()

    def dst(self, when: datetime | None) -> timedelta | None:
        return None

    def tzname(self, when: datetime | None) -> str | None:
        return None if when is None else _here(when.replace(tzinfo=None)).tzname()

    def fromutc(self, when: datetime) -> datetime:
        return _here(when.replace(tzinfo=UTC)).replace(tzinfo=self)

    def __repr__(self) -> str:
        return "LocalZone()"


def _here(when: datetime) -> datetime:
    """`when` with the offset that the computer has then; without a zone it is local time."""
    try:
        return when.astimezone()
    except (ValueError, OverflowError, OSError):
        # In the first and last days that a DT can write, the system cannot tell: its offset of winter.
        usual = timezone(timedelta(seconds=-time.timezone))
        return when.replace(tzinfo=usual) if when.tzinfo is None else when.astimezone(usual)


LOCAL = LocalZone()


def local_now() -> datetime:
    """Now, in the computer's zone."""
    return datetime.now(LOCAL)
