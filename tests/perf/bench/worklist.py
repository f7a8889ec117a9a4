"""The generated worklist: every workitem is another, with every column of the table and their sequences.

Encoded by hand in Explicit VR Little Endian (PS3.5 7.1.2): a hundred thousand have to be there soon, and
what is measured shall not have made its own input.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache

UID_ROOT = "1.2.826.0.1.3680043.9.7.5"
STATES = ("SCHEDULED", "IN PROGRESS", "COMPLETED", "CANCELED")
_PRIORITIES = ("MEDIUM", "HIGH", "MEDIUM", "LOW", "MEDIUM")
_READINESS = ("READY", "READY", "INCOMPLETE", "READY", "UNAVAILABLE", "READY", "READY")
# fmt: off
_FAMILIES = (
    "Abara", "Bellweather", "Castellanos", "Dvorak", "Eriksen", "Fitzgerald", "Gutierrez", "Hashimoto",
    "Ivanova", "Jankowski", "Kowalczyk", "Lindqvist", "Moreau", "Nakamura", "Oyelaran", "Petrov",
    "Quintero", "Rasmussen", "Schneider", "Tanaka", "Ueda", "Villanueva", "Weatherby", "Xu", "Yamamoto",
    "Zielinski",
)
_FORENAMES = (
    "Ada", "Bruno", "Chiara", "Dmitri", "Elif", "Farid", "Greta", "Hiro", "Ingrid", "Jonas", "Kavita",
    "Leonor", "Mateusz", "Noor", "Olga", "Pilar", "Quentin", "Rosalind", "Sven", "Tomasz", "Uma",
    "Viggo", "Wanda", "Ximena", "Yusuf", "Zofia",
)
# fmt: on
_WORK = (
    ("121726", "DCM", "RT Treatment with Internal Verification"),
    ("110005", "DCM", "Interpretation"),
    ("110003", "DCM", "3D Rendering"),
    ("110004", "DCM", "Quality Control"),
    ("110001", "DCM", "Image Processing"),
    ("110006", "DCM", "Transcription"),
)
_STATIONS = 40
_STAFF = 97
_MINUTE_STEP = 7
_DAY = 24 * 60
_SHORT = struct.Struct("<HH2sH")
_LONG = struct.Struct("<HH2sxxI")
_ITEM = struct.pack("<HH", 0xFFFE, 0xE000)


def state_of(number: int) -> str:
    """Of workitem `number`: two in a hundred are in progress, eighteen have ended."""
    at = number % 50
    return STATES[1 if at == 7 else 2 if at % 7 == 3 else 3 if at in (14, 28) else 0]


def uid_of(number: int) -> str:
    return f"{UID_ROOT}.{number + 1}"


def data_sets(count: int, today: date) -> Iterator[bytes]:
    """The data sets of workitems 0 to `count` - 1, all scheduled for `today`."""
    midnight = datetime(today.year, today.month, today.day)
    return (_data_set(number, midnight) for number in range(count))


def progress(percent: int, description: str) -> bytes:
    """Procedure Step Progress Information Sequence, as an N-GET or a progress report carries it."""
    inner = _text(0x00741004, b"DS", str(percent)) + _text(0x00741006, b"ST", description)
    return _sequence(0x00741002, inner)


def in_progress(number: int) -> bytes:
    """What an N-GET of state and progress returns."""
    return _text(0x00741000, b"CS", "IN PROGRESS") + progress(number % 100, "")


def _data_set(number: int, midnight: datetime) -> bytes:
    start = midnight + timedelta(minutes=number * _MINUTE_STEP % _DAY, seconds=number % 60)
    end = start + timedelta(minutes=20 + number % 25)
    family = _FAMILIES[number % len(_FAMILIES)]
    forename = _FORENAMES[number // len(_FAMILIES) % len(_FORENAMES)]
    born = date(1930 + number % 80, 1 + number % 12, 1 + number % 28)
    return b"".join(
        (
            _text(0x00080005, b"CS", "ISO_IR 192"),
            _text(0x00080016, b"UI", "1.2.840.10008.5.1.4.34.6.1"),
            _text(0x00080018, b"UI", uid_of(number)),
            _text(0x00100010, b"PN", f"{family}^{forename}^B{number}"),
            _text(0x00100020, b"LO", f"BENCH-{number:06d}"),
            _text(0x00100021, b"LO", "BENCH HOSPITAL"),
            _text(0x00100030, b"DA", f"{born:%Y%m%d}"),
            _text(0x00100040, b"CS", "MFO"[number % 3]),
            _text(0x00404005, b"DT", f"{start:%Y%m%d%H%M%S}"),
            _text(0x00404008, b"DT", f"{end + timedelta(days=2):%Y%m%d%H%M%S}"),
            _text(0x00404010, b"DT", f"{midnight - timedelta(seconds=number):%Y%m%d%H%M%S}"),
            _text(0x00404011, b"DT", f"{end:%Y%m%d%H%M%S}"),
            _work(number % len(_WORK)),
            _station(number % _STATIONS),
            _performer(number % _STAFF),
            _text(0x00404041, b"CS", _READINESS[number % len(_READINESS)]),
            _sequence(0x0040A370, _text(0x00080050, b"SH", f"A{number:07d}")),
            _text(0x00741000, b"CS", state_of(number)),
            _sequence(0x00741002, b""),
            _text(0x00741200, b"CS", _PRIORITIES[number % len(_PRIORITIES)]),
            _text(0x00741202, b"LO", f"Bench list {number % 8}"),
            _text(0x00741204, b"LO", f"Fraction {number % 30 + 1} of 30, field {number % 7}"),
        )
    )


@cache
def _work(at: int) -> bytes:
    return _sequence(0x00404018, _code(*_WORK[at]))


@cache
def _station(at: int) -> bytes:
    return _sequence(0x00404025, _code(f"ROOM{at:02d}", "99BENCH", f"Treatment room {at}"))


@cache
def _performer(at: int) -> bytes:
    code = _sequence(0x00404009, _code(f"STAFF{at:02d}", "99BENCH", f"Member of staff {at}"))
    name = _text(0x00404037, b"PN", f"{_FAMILIES[at % 26]}^{_FORENAMES[at // 26]}")
    return _sequence(0x00404034, code + name)


def _code(value: str, scheme: str, meaning: str) -> bytes:
    return (
        _text(0x00080100, b"SH", value) + _text(0x00080102, b"SH", scheme) + _text(0x00080104, b"LO", meaning)
    )


def _text(tag: int, vr: bytes, value: str) -> bytes:
    data = value.encode()
    if len(data) % 2:
        data += b"\0" if vr == b"UI" else b" "
    return _SHORT.pack(tag >> 16, tag & 0xFFFF, vr, len(data)) + data


def _sequence(tag: int, item: bytes) -> bytes:
    """A sequence of one item, both of defined length; an empty one without an item."""
    body = _ITEM + struct.pack("<I", len(item)) + item if item else b""
    return _LONG.pack(tag >> 16, tag & 0xFFFF, b"SQ", len(body)) + body
