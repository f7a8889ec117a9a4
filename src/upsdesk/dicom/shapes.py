"""Decides how data sets that are built alike are checked and cut: by a pattern learned from those before.

The structure of a data set is what stands between its values: tags, VRs, lengths, delimiters. Whether it is
sound depends on that alone, so an element whose structure has been found sound once is sound wherever the
same bytes stand in the same places. The pattern knows the structures that were met, an element at a time, in
the order of the tags; regular expressions read it in C, twenty elements in a microsecond.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from upsdesk.dicom.codec import EXPLICIT, IMPLICIT
from upsdesk.dicom.heads import SHORT_VRS, UNDEFINED, head, read_implicit
from upsdesk.dicom.received import Structures
from upsdesk.domain import tags

Glimpse = tuple[bytes, ...]
"""The elements of GLIMPSED as they are encoded, head and all; empty for one that is absent."""

GLIMPSED = (
    tags.SPECIFIC_CHARACTER_SET,
    tags.SOP_INSTANCE_UID,
    tags.TIMEZONE_OFFSET_FROM_UTC,
    tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME,
    tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME,
    tags.EXPECTED_COMPLETION_DATE_TIME,
    tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE,
    tags.INPUT_READINESS_STATE,
    tags.PROCEDURE_STEP_STATE,
    tags.SCHEDULED_PROCEDURE_STEP_PRIORITY,
)
"""What a list needs of every row before it is looked at, in the order of the tags; and what says how these
are written."""

COLUMNS = (
    tags.SPECIFIC_CHARACTER_SET,
    tags.TIMEZONE_OFFSET_FROM_UTC,
    tags.PATIENT_NAME,
    tags.PATIENT_ID,
    tags.ISSUER_OF_PATIENT_ID,
    tags.PATIENT_BIRTH_DATE,
    tags.PATIENT_SEX,
    tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME,
    tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME,
    tags.SCHEDULED_PROCEDURE_STEP_MODIFICATION_DATE_TIME,
    tags.EXPECTED_COMPLETION_DATE_TIME,
    tags.SCHEDULED_WORKITEM_CODE_SEQUENCE,
    tags.SCHEDULED_HUMAN_PERFORMERS_SEQUENCE,
    tags.REFERENCED_REQUEST_SEQUENCE,
    tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE,
    tags.WORKLIST_LABEL,
    tags.PROCEDURE_STEP_LABEL,
    tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE,
)
"""What the other columns of a list are read of, in the order of the tags."""

Match = Callable[[bytes], "re.Match[bytes] | None"]
_NOTHING: Match = re.compile(b"(?!)").fullmatch
_FIRST_LESSON = 24
"""Data sets of which the first pattern is made; for each later one it takes twice as many."""
_LESSONS = 6
_MOST_FORMS = 128
"""Structures of one element that the pattern tells apart."""
_MOST_VALUES = 100
"""Values in one element; of a longer sequence nothing is learned."""
_SEVERAL = 3
"""Lengths of a text after which it is believed to come in all."""
_LONGEST_TEXT = 64
_MOST_PATTERNS = 8
"""Kinds of searches whose keys are read by patterns of their own."""


class Shapes:
    """Checks data sets of one transfer syntax; used by one thread."""

    def __init__(self, transfer_syntax: str, first_lesson: int = _FIRST_LESSON) -> None:
        """`first_lesson`: of so many data sets the first pattern is made."""
        self.transfer_syntax = transfer_syntax
        self.structures = Structures(transfer_syntax)
        self._forms: dict[int, set[bytes]] = {}
        """The structures that were met, by tag."""
        self._lengths: dict[int, set[int]] = {}
        self._is_learning = transfer_syntax in (EXPLICIT, IMPLICIT)
        self._is_implicit = transfer_syntax == IMPLICIT
        self._learned = 0
        self._lesson = first_lesson
        self._lessons = 0
        self.remembered: dict[object, Any] = {}
        """What readers of these data sets keep from one search to the next."""
        self._match: Match = _NOTHING
        self._match_columns: Match = _NOTHING
        self._matches: dict[tuple[int, ...], Match] = {}
        """For `pieces`, by what is cut out."""

    def glimpse(self, data: bytes) -> Glimpse | None:
        """Cut out the elements of GLIMPSED; None for what is damaged or unusual and has to be decoded.

        A Transaction UID, which nobody should send, is unusual.
        """
        found = self._match(data)
        if found is not None:
            return found.groups()
        offsets = self.structures.offsets(data)
        if offsets is None or tags.TRANSACTION_UID in offsets:
            return None
        if self._is_learning:
            self._learn(data)
        return tuple(self._cut(data, tag, offsets) if tag in offsets else b"" for tag in GLIMPSED)

    def columns(self, data: bytes) -> tuple[bytes, ...] | None:
        """As `glimpse`, the elements of COLUMNS; None for what no pattern knows yet. For any thread."""
        found = self._match_columns(data)
        return found.groups() if found is not None else None

    def pieces(self, data: bytes, wanted: tuple[int, ...]) -> bytes | None:
        """These elements as they are encoded, one after the other; None for what no pattern knows yet.

        `wanted` is in the order of the tags.
        """
        match = self._matches.get(wanted)
        if match is None:
            if len(self._matches) >= _MOST_PATTERNS:
                self._matches.clear()
            match = self._matches[wanted] = self._made(wanted)
        found = match(data)
        return b"".join(found.groups()) if found is not None else None

    def _cut(self, data: bytes, tag: int, offsets: dict[int, int]) -> bytes:
        at = offsets[tag]
        _, _, value, length = head(data, at, self._is_implicit)
        if length != UNDEFINED:
            return data[at : value + length]
        return data[at : min((one for one in offsets.values() if one > at), default=len(data))]

    # Learning: all of it from data sets that the slow way has found sound

    def _learn(self, data: bytes) -> None:
        lesson = dict(self._elements(data))
        if any(form is None for form in lesson.values()):
            return
        for tag, form in lesson.items():
            assert form is not None
            self._forms.setdefault(tag, set()).add(form)
        self._learned += 1
        if self._learned < self._lesson:
            return
        self._learned = 0
        self._lesson *= 2
        self._lessons += 1
        self._is_learning = self._lessons < _LESSONS and all(
            len(forms) <= _MOST_FORMS for forms in self._forms.values()
        )
        self._match = self._made(GLIMPSED)
        self._match_columns = self._made(COLUMNS)
        self._matches.clear()

    def _made(self, cut_out: tuple[int, ...]) -> Match:
        parts = []
        for tag in sorted({*self._forms, *cut_out}):
            forms = b"|".join(sorted(self._forms.get(tag, ())))
            either = b"(?:" + forms + b")|" if forms else b""
            parts.append((b"(" if tag in cut_out else b"(?:") + either + b")")
        return re.compile(b"".join(parts), re.DOTALL).fullmatch

    def _elements(self, data: bytes) -> Iterator[tuple[int, bytes | None]]:
        """Each element's tag and structure; no structure when it is too long to be worth it."""
        at = 0
        while at < len(data):
            values: list[tuple[int, int]] = []
            tag, vr, value, length = head(data, at, self._is_implicit)
            end = self._element(data, at, values)
            yield tag, _form(data, at, end, values) if len(values) <= _MOST_VALUES else None
            if vr != "SQ" and 0 < length <= _LONGEST_TEXT and length % 2 == 0:
                self._note_length(tag, data[at:value], length)
            at = end

    def _note_length(self, tag: int, before: bytes, length: int) -> None:
        """Of a text that has come in several lengths, expect the others too."""
        known = self._lengths.setdefault(tag, set())
        if length in known:
            return
        known.add(length)
        if len(known) < _SEVERAL:
            return
        size = 4 if self._is_implicit or before[4:6] not in SHORT_VRS else 2
        for other in range(2, min(max(known) + 8, _LONGEST_TEXT) + 1, 2):
            known.add(other)
            start = before[:-size] + other.to_bytes(size, "little")
            self._forms.setdefault(tag, set()).add(re.escape(start) + b".{%d}" % other)

    def _element(self, data: bytes, at: int, values: list[tuple[int, int]]) -> int:
        """Note where the values of an element stand; return where it ends."""
        _, vr, value, length = head(data, at, self._is_implicit)
        if vr != "SQ":
            if length:
                values.append((value, length))
            return value + length
        end = value + length if length != UNDEFINED else len(data)
        at = value
        while at < end:
            _, number, item_length = read_implicit(data, at)
            at += 8
            if number == 0xE0DD:
                return at
            if item_length == UNDEFINED:
                while read_implicit(data, at)[:2] != (0xFFFE, 0xE00D):
                    at = self._element(data, at, values)
                at += 8
            else:
                item_end = at + item_length
                while at < item_end:
                    at = self._element(data, at, values)
        return at


def _form(data: bytes, at: int, end: int, values: list[tuple[int, int]]) -> bytes:
    """A pattern that matches what has the same bytes but for the values."""
    parts = []
    for value, length in values:
        parts += [re.escape(data[at:value]), b".{%d}" % length]
        at = value + length
    parts.append(re.escape(data[at:end]))
    return b"".join(parts)
