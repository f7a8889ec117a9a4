"""Decides what is read at once of sequences that are built alike and differ in their texts only."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator

from upsdesk.dicom.codec import EXPLICIT, IMPLICIT, SHORT_LENGTH_VRS, TEXT_VRS
from upsdesk.dicom.heads import UNDEFINED, head, read_implicit
from upsdesk.domain import tags
from upsdesk.domain.elements import Path

_TEXTS = TEXT_VRS & SHORT_LENGTH_VRS
_MOST_FORMS = 16
_MOST_TEXTS = 32

Texts = tuple[Path, str, list[bytes]]
"""A path, its VR, and its values, one a sequence."""
_Leaf = tuple[Path, str, int, int]
"""Path, VR, where the value begins and how long it is."""


class InnerTexts:
    """Reads sequences with one tag whose items hold the same attributes, one item in each sequence."""

    def __init__(self, transfer_syntax: str, tag: int) -> None:
        self._is_implicit = transfer_syntax == IMPLICIT
        self._is_known = transfer_syntax in (EXPLICIT, IMPLICIT)
        self._tag = tag
        self._leaves: tuple[tuple[Path, str], ...] = ()
        self._patterns: list[bytes] = []
        self._match: Callable[[bytes], re.Match[bytes] | None] = re.compile(b"(?!)").fullmatch

    def read(self, sequences: tuple[bytes, ...]) -> list[Texts] | None:
        """The texts of sequences as they are encoded, head and all; None when one is built otherwise."""
        if not self._is_known or not sequences:
            return None
        found = list(map(self._match, sequences))
        while None in found:
            if not self._learn(sequences[found.index(None)]):
                return None
            found = list(map(self._match, sequences))
        count = len(self._leaves)
        if len(self._patterns) == 1:
            rows = [match.groups() for match in found if match is not None]
        else:  # of the groups of all patterns those of the one that matched
            rows = [match.groups()[_end(match) - count : _end(match)] for match in found if match is not None]
        columns = zip(*rows, strict=True)
        return [(path, vr, list(values)) for (path, vr), values in zip(self._leaves, columns, strict=True)]

    def _learn(self, sequence: bytes) -> bool:
        """Take in how this one is built; False when it is not of the kind that is read here."""
        try:
            leaves = list(self._walk(sequence, 0, len(sequence), ()))
        except (ValueError, struct.error):
            return False
        named = tuple((path, vr) for path, vr, _, _ in leaves)
        if not leaves or len(leaves) > _MOST_TEXTS or len(self._patterns) >= _MOST_FORMS:
            return False
        if self._patterns and named != self._leaves:
            return False
        self._leaves = named
        self._patterns.append(_pattern(sequence, leaves))
        self._match = re.compile(b"|".join(self._patterns), re.DOTALL).fullmatch
        return True

    def _walk(self, data: bytes, at: int, end: int, above: Path) -> Iterator[_Leaf]:
        """Every text in order; raise ValueError for anything but texts and sequences of one item."""
        last = 0
        while at < end:
            tag, vr, value, length = head(data, at, self._is_implicit)
            after = value + length
            is_governed = tag in (tags.SPECIFIC_CHARACTER_SET, tags.TRANSACTION_UID)
            if tag <= last or tag >> 16 == 0xFFFE or not tag & 0xFFFF or length == UNDEFINED or is_governed:
                raise ValueError("unusual")
            if after > end:
                raise ValueError("too long")
            last = tag
            if vr == "SQ":
                group, number, item_length = read_implicit(data, value)
                if (group, number) != (0xFFFE, 0xE000) or value + 8 + item_length != after:
                    raise ValueError("not one item")
                yield from self._walk(data, value + 8, after, (*above, tag))
            elif vr in _TEXTS:
                yield (*above, tag), vr, value, length
            else:
                raise ValueError("no text")
            at = after


def _end(match: re.Match[bytes]) -> int:
    return match.lastindex or 0


def _pattern(sequence: bytes, leaves: list[_Leaf]) -> bytes:
    """What has the same bytes but for the texts, which are cut out."""
    parts, at = [], 0
    for _, _, value, length in leaves:
        parts += [re.escape(sequence[at:value]), b"(.{%d})" % length]
        at = value + length
    return b"".join([*parts, re.escape(sequence[at:])])
