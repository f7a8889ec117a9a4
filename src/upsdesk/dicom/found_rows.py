"""Decides what is read of the matches of a search before they are looked at: what identifies and orders them.

Whatever repeats from row to row (states, times, codes, sequences) is read once for all rows in which the same
bytes stand; everything else stays encoded until a workitem is asked for it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import tzinfo
from sys import intern
from typing import Generic, TypeVar

from upsdesk.dicom.codec import IMPLICIT
from upsdesk.dicom.dictionary import vr_of
from upsdesk.dicom.exchange import Row
from upsdesk.dicom.heads import SHORT_TEXT_VRS
from upsdesk.dicom.received import ReceivedElements, Structures, received
from upsdesk.dicom.shapes import Shapes
from upsdesk.domain import tags
from upsdesk.domain.elements import Elements, Path
from upsdesk.domain.judge import Judge
from upsdesk.domain.keys import PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.query import MatchingKey
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.when import Moment, moment_or_none
from upsdesk.domain.workitem import (
    NEVER,
    Answers,
    EncodedDataSet,
    PatientFacts,
    Times,
    Workitem,
    first_read,
    times_of,
)
from upsdesk.domain.workitem_maker import workitem_maker

Value = TypeVar("Value")

_REMEMBERED = 16_384
"""Different values of one kind."""
_UID_HEAD, _UI = b"\x08\x00\x18\x00", b"UI"
_TAG = struct.Struct("<HH").unpack_from
_NO_KEY = WorkitemKey(PeerId(""), SopInstanceUid(""))
_MOST_SURROUNDINGS = 64
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
    """Matches without a SOP Instance UID, or with one that no request could name."""

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
        judged = {key.path[0] for key in keys if key.is_valued}
        at_top = {key.path[0] for key in keys if len(key.path) == 1}
        self._is_start_judged = _START in judged & at_top
        self._others = tuple(sorted(judged - ({_STATE, _START} & at_top)))
        """What a row is judged by beside its state and start, and which pattern reads it."""
        self._are_others_cut = not self._others or self._others[0] > tags.TIMEZONE_OFFSET_FROM_UTC
        self._fitting: dict[_Known, _ReadOnce[bool]] = {}

    def __call__(self, rows: list[Row], shapes: Shapes) -> FoundRows:
        found = FoundRows()
        add, peer, make_key, make_uid = found.workitems.append, self._peer, tuple.__new__, SopInstanceUid
        characters = offset = b""
        known, fits = self._known_of(shapes, characters, offset)
        head, transfer_syntax = known.uid_head, shapes.transfer_syntax
        is_start_judged, others, are_cut = self._is_start_judged, self._others, self._are_others_cut
        scheduled, in_progress = ProcedureStepState.SCHEDULED, ProcedureStepState.IN_PROGRESS
        for parts, data in rows:
            if isinstance(parts, Elements):
                self._read_all(parts, data, transfer_syntax, found)
                continue
            charset, uid, zone, start, expiration, end, stations, readiness, state, priority = parts
            if charset != characters or zone != offset:
                characters, offset = charset, zone
                known, fits = self._known_of(shapes, charset, zone)
            try:
                text = uid[8:].decode("ascii").strip(" \0") if uid.startswith(head) else ""
            except UnicodeDecodeError:
                text = ""
            told_by_others = shapes.pieces(data, others) if others and are_cut else None
            if (
                (others and (told_by_others is None or not fits[told_by_others]))
                or not text
                or "\\" in text
                or not fits[start + state if is_start_judged else state]
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
        told = elements.texts(tags.SOP_INSTANCE_UID)
        uid = SopInstanceUid(told[0] if len(told) == 1 and told[0].isascii() else "")
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

    def _known_of(self, shapes: Shapes, charset: bytes, offset: bytes) -> tuple[_Known, _ReadOnce[bool]]:
        """What elements mean beside these two, and whether those of state and start fit the keys."""
        by = charset, offset, self._zone
        known: _Known | None = shapes.remembered.get(by)
        if known is None:
            if len(shapes.remembered) >= _MOST_SURROUNDINGS:
                shapes.remembered.clear()
            known = shapes.remembered[by] = _Known(shapes, charset + offset, self._zone)
        fits = self._fitting.get(known)
        if fits is None:
            elements, misfits = known.elements, self._judge.misfits
            fits = self._fitting[known] = _ReadOnce(lambda encoded: not misfits(elements(encoded)))
        return known, fits


def decoded(data: bytes, transfer_syntax: str) -> Elements:
    """The data set of a match that has been found sound."""
    return received(data, Structures(transfer_syntax))


class _Known:
    """What encoded elements mean beside a certain Specific Character Set and Timezone Offset From UTC."""

    def __init__(self, shapes: Shapes, governing: bytes, zone: tzinfo) -> None:
        """`governing`: these two, encoded."""
        self._shapes = shapes
        self._governing = governing
        self._zone = zone
        self.answers = Answers(shapes.transfer_syntax, zone, decoded, self.columns)
        self.make = workitem_maker(self.answers)
        self._is_implicit = shapes.transfer_syntax == IMPLICIT
        self.uid_head = _UID_HEAD if self._is_implicit else _UID_HEAD + _UI
        self._offsets = shapes.structures.offsets(governing) or {}
        self._offset = self.elements(b"").text(tags.TIMEZONE_OFFSET_FROM_UTC)
        self._hours: dict[bytes, int | None] = {}
        read = self._read
        self.states = _ReadOnce(lambda encoded: read(encoded).state)
        self.priorities = _ReadOnce(lambda encoded: read(encoded).priority)
        self.readinesses = _ReadOnce(lambda encoded: read(encoded).readiness)
        self.times = _ReadOnce(self._read_times)
        self.stations = _ReadOnce(lambda encoded: read(encoded).stations)
        self._starts = _ReadOnce(self._read_moment)
        self._ends = _ReadOnce(self._read_moment)
        self._expirations = _ReadOnce(self._read_moment)
        self._words = _ReadOnce(lambda encoded: intern(self._text(encoded)))
        self._work_types = _ReadOnce(lambda encoded: read(encoded).work_type)
        self._performers = _ReadOnce(lambda encoded: read(encoded).performers)
        self._progress = _ReadOnce(lambda encoded: read(encoded).progress)
        self._performed = _ReadOnce(lambda encoded: _performed(read(encoded)))

    def elements(self, encoded: bytes) -> Elements:
        """Some elements in the order of their tags, and those that govern them."""
        return self.answers.elements(self._governing + encoded)

    def _read(self, encoded: bytes) -> Workitem:
        return first_read(_NO_KEY, self.elements(encoded), None, default_zone=self._zone)

    def columns(self, data: bytes) -> dict[str, object] | None:
        """The columns that a list does not need at once; None when no pattern knows such a data set."""
        parts = self._shapes.columns(data)
        if parts is None:
            return None
        _, _, name, patient_id, issuer, born, sex, start, expiration, modified, *others = parts
        end, work_type, performers, request, progress, worklist, label, performed = others
        text, words = self._text, self._words
        found: dict[str, object] = {
            "patient": PatientFacts(text(name), text(patient_id), words[born], words[sex], words[issuer]),
            "label": words[label],
            "worklist_label": words[worklist],
            "start": self._starts[start],
            "expected_end": self._ends[end],
            "expiration": self._expirations[expiration],
            "modified": self._read_moment(modified),
            "work_type": self._work_types[work_type],
            "performers": self._performers[performers],
            "progress": self._progress[progress],
        }
        if request:
            found["accession"] = self._accession(request)
        if performed:
            found |= self._performed[performed]
        return found

    def _accession(self, request: bytes) -> str:
        offsets = {**self._offsets, tags.REFERENCED_REQUEST_SEQUENCE: len(self._governing)}
        elements = ReceivedElements(self._governing + request, self.answers.transfer_syntax, offsets)
        return elements.text(tags.REFERENCED_REQUEST_SEQUENCE, tags.ACCESSION_NUMBER)

    def _text(self, encoded: bytes) -> str:
        """The first value of an element of a text VR; empty for none."""
        if not encoded:
            return ""
        value = encoded[8:]
        if (self._is_implicit or encoded[4:6] in SHORT_TEXT_VRS) and value.isascii():
            # In every character set that is known here these bytes are ASCII.
            text = value.decode("ascii")
            if "\\" not in text and "\x1b" not in text:
                return text.strip(" \0")
        group, number = _TAG(encoded)
        return self.elements(encoded).first(group << 16 | number) or ""

    def _read_moment(self, encoded: bytes) -> Moment | None:
        return moment_or_none(self._text(encoded), data_set_offset=self._offset, default_zone=self._zone)

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


def _performed(read: Workitem) -> dict[str, object]:
    return {name: getattr(read, name) for name in ("performed_start", "performed_end", "performed_stations")}


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
