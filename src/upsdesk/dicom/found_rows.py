"""Decides what is read of the matches of a search before they are looked at: what identifies and orders them.

Whatever repeats from row to row (states, times, codes, sequences) is read once for all rows in which the same
bytes stand; everything else stays encoded until a workitem is asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Generic, TypeVar

from upsdesk.dicom.codec import IMPLICIT
from upsdesk.dicom.dictionary import vr_of
from upsdesk.dicom.exchange import Row
from upsdesk.dicom.received import Structures, received
from upsdesk.domain import tags
from upsdesk.domain.elements import Elements, Path
from upsdesk.domain.judge import Judge
from upsdesk.domain.keys import PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.query import MatchingKey
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.when import moment_or_none
from upsdesk.domain.workitem import (
    NEVER,
    Answers,
    EncodedDataSet,
    Times,
    Workitem,
    first_read,
    times_of,
    workitem_maker,
)

Value = TypeVar("Value")

_REMEMBERED = 16_384
"""Different values of one kind."""
_UID_HEAD, _UI = b"\x08\x00\x18\x00", b"UI"
_STATE, _START = tags.PROCEDURE_STEP_STATE, tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME


@dataclass(frozen=True, slots=True)
class Misfit:
    """A match that contradicts keys that were sent."""

    uid: SopInstanceUid
    elements: Elements
    data: EncodedDataSet
    paths: tuple[Path, ...]
    """Of those keys."""


@dataclass(slots=True)
class FoundRows:
    """Matches of a search, each kind in the order in which they came."""

    workitems: list[Workitem] = field(default_factory=list)
    """Those that fit, equal to what `first_read` makes of them."""
    misfits: list[Misfit] = field(default_factory=list)
    nameless: int = 0
    """Matches without a SOP Instance UID."""

    def __len__(self) -> int:
        return len(self.workitems) + len(self.misfits) + self.nameless

    def add(self, later: FoundRows) -> None:
        """Take in what came after these."""
        self.workitems += later.workitems
        self.misfits += later.misfits
        self.nameless += later.nameless


class RowReader:
    """Reads the matches of one query; used by one thread at a time."""

    def __init__(self, peer: PeerId, keys: Iterable[MatchingKey], zone: tzinfo) -> None:
        """`zone` is that of date-times which carry none."""
        self._peer = peer
        self._zone = zone
        keys = tuple(keys)
        self._judge = Judge(keys, vr_of, zone)
        self._judged = frozenset(key.path[0] if len(key.path) == 1 else 0 for key in keys)
        self._known: dict[tuple[str, bytes, bytes], _Known] = {}

    def __call__(self, rows: list[Row], transfer_syntax: str) -> FoundRows:
        found = FoundRows()
        add, peer, make_key, make_uid = found.workitems.append, self._peer, tuple.__new__, SopInstanceUid
        characters = offset = b""
        known = self._known_of(transfer_syntax, characters, offset)
        head = known.uid_head
        is_start_judged, is_judged_later = _START in self._judged, bool(self._judged - {_STATE, _START})
        scheduled, in_progress = ProcedureStepState.SCHEDULED, ProcedureStepState.IN_PROGRESS
        for parts, data in rows:
            if isinstance(parts, Elements):
                self._read_all(parts, data, transfer_syntax, found)
                continue
            charset, uid, zone, start, expiration, end, stations, readiness, state, priority = parts
            if charset != characters or zone != offset:
                characters, offset = charset, zone
                known = self._known_of(transfer_syntax, charset, zone)
            try:
                text = uid[8:].decode("ascii").strip(" \0") if uid.startswith(head) else ""
            except UnicodeDecodeError:
                text = ""
            if (
                is_judged_later
                or not text
                or "\\" in text
                or known.misfits[start + state if is_start_judged else state]
            ):
                self._read_all(known.answers.elements(data), data, transfer_syntax, found)
                continue
            told, starts = known.states[state], known.times[start]
            add(
                known.make(
                    make_key(WorkitemKey, (peer, make_uid(text))),
                    data,
                    told,
                    known.priorities[priority],
                    known.readinesses[readiness],
                    known.stations[stations],
                    starts[0],
                    starts[1] if told is scheduled else known.times[end][1] if told is in_progress else NEVER,
                    known.times[expiration][2],
                )
            )
        return found

    def _read_all(self, elements: Elements, data: bytes, transfer_syntax: str, found: FoundRows) -> None:
        """A match that is unusual, or that has to be judged by more than state and start."""
        uid = SopInstanceUid(elements.text(tags.SOP_INSTANCE_UID))
        if not uid:
            found.nameless += 1
            return
        encoded = EncodedDataSet(data, transfer_syntax)
        misfits = self._judge.misfits(elements)
        if misfits:
            found.misfits.append(Misfit(uid, elements, encoded, misfits))
            return
        key = WorkitemKey(self._peer, uid)
        found.workitems.append(first_read(key, elements, encoded, default_zone=self._zone))

    def _known_of(self, transfer_syntax: str, charset: bytes, offset: bytes) -> _Known:
        by = transfer_syntax, charset, offset
        found = self._known.get(by)
        if found is None:
            if len(self._known) >= 64:
                self._known.clear()
            found = self._known[by] = _Known(transfer_syntax, charset + offset, self._zone, self._judge)
        return found


def decoded(data: bytes, transfer_syntax: str) -> Elements:
    """The data set of a match that has been found sound."""
    return received(data, Structures(transfer_syntax))


class _Known:
    """What encoded elements mean beside a certain Specific Character Set and Timezone Offset From UTC."""

    def __init__(self, transfer_syntax: str, governing: bytes, zone: tzinfo, judge: Judge) -> None:
        self.answers = answers = Answers(transfer_syntax, zone, decoded)
        self.make = workitem_maker(answers)
        self._is_implicit = transfer_syntax == IMPLICIT
        self.uid_head = _UID_HEAD if self._is_implicit else _UID_HEAD + _UI
        self._offset = answers.elements(governing).text(tags.TIMEZONE_OFFSET_FROM_UTC)
        key = WorkitemKey(PeerId(""), SopInstanceUid(""))

        def read(encoded: bytes) -> Workitem:
            return first_read(key, answers.elements(governing + encoded), None, default_zone=zone)

        self._zone = zone
        self._read = read
        self.states = _ReadOnce(lambda encoded: read(encoded).state)
        self.priorities = _ReadOnce(lambda encoded: read(encoded).priority)
        self.readinesses = _ReadOnce(lambda encoded: read(encoded).readiness)
        self.times = _ReadOnce(self._read_times)
        self._hours: dict[bytes, int | None] = {}
        self.stations = _ReadOnce(lambda encoded: read(encoded).stations)
        self.misfits = _ReadOnce(lambda encoded: judge.misfits(answers.elements(governing + encoded)))

    def _read_times(self, encoded: bytes) -> Times:
        """Of an element of VR DT."""
        value = encoded[8:]
        if len(value) == 14 and value.isdigit() and (self._is_implicit or encoded[4:6] == b"DT"):
            # As nearly all are; the rows of a day differ in their times, but fall into a few hours.
            hour, minute, second = self._hour(value[:10]), value[10:12], value[12:]
            if hour is not None and minute < b"60" and second < b"60":
                at = hour + 60 * int(minute) + int(second)
                return float(at), float(at), (at * 1_000_000 + 999_999) / 1_000_000
        one = self._read(encoded)
        return times_of(one.start or one.expected_end or one.expiration)

    def _hour(self, digits: bytes) -> int | None:
        """When an hour begins; None for one that is none, or in which clocks are changed."""
        if digits in self._hours:
            return self._hours[digits]
        text = digits.decode("ascii")
        first, last = (
            moment_or_none(text + rest, data_set_offset=self._offset, default_zone=self._zone)
            for rest in ("0000", "5959")
        )
        found = None
        if first is not None and last is not None and last.timestamp - first.timestamp == 3599:
            found = int(first.timestamp)
        if len(self._hours) >= _REMEMBERED:
            self._hours.clear()
        self._hours[digits] = found
        return found


class _ReadOnce(dict[bytes, Value], Generic[Value]):
    """The values of encoded elements, read when they are first met."""

    def __init__(self, read: Callable[[bytes], Value]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, encoded: bytes) -> Value:
        if len(self) >= _REMEMBERED:
            self.clear()
        found = self[encoded] = self._read(encoded)
        return found
