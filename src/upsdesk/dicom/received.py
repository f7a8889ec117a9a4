"""Decides what is read of a data set from a peer, and when: its structure at once, values when asked for."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from upsdesk.dicom import codec
from upsdesk.dicom.codec import EXPLICIT, IMPLICIT, TEXT_VRS
from upsdesk.dicom.dictionary import vr_of
from upsdesk.dicom.heads import SHORT_TEXT_VRS, SHORT_VRS, UNDEFINED, read_explicit, read_implicit, read_long
from upsdesk.domain import tags
from upsdesk.domain.elements import Element, Elements

_ITEM, _ITEM_END, _SEQUENCE_END = 0xE000, 0xE00D, 0xE0DD
_DEEPEST = 16
"""Levels of sequences that are skimmed; deeper ones are decoded."""
_REMEMBERED = 4096
_LONGEST_SHARED = 512
"""Bytes of a sequence whose decoded form is kept for other rows that hold the same."""
_REPEATED_VRS = frozenset({"CS", "DA"})
"""VRs with few different values."""


def received(data: bytes, structures: Structures) -> Elements:
    """As codec.decode, but an element of a usual data set is decoded when it is first asked for.

    Raise UndecodableDataSet as codec.decode does.
    """
    offsets = structures.offsets(data)
    if offsets is None:
        return codec.decode(data, structures.transfer_syntax)
    return ReceivedElements(data, structures.transfer_syntax, offsets)


class Structures:
    """Finds where the elements of data sets stand, one after the other, in one transfer syntax."""

    def __init__(self, transfer_syntax: str) -> None:
        self.transfer_syntax = transfer_syntax
        self._walk: Callable[..., int] | None = None
        if transfer_syntax in (EXPLICIT, IMPLICIT):
            self._walk = self._explicit if transfer_syntax == EXPLICIT else self._implicit
        self._sound: set[bytes] = set()
        """Contents of sequences that have been skimmed: most rows of a worklist share theirs."""
        self._is_sequence: dict[int, bool] = {}
        self._depth = 0

    def offsets(self, data: bytes) -> dict[int, int] | None:
        """Where the elements begin, by tag; None for what is damaged or unusual: that has to be decoded."""
        if self._walk is None:
            return None
        found: dict[int, int] = {}
        self._depth = 0
        try:
            end = self._walk(data, 0, len(data), found, False)
        except struct.error:  # within a head
            return None
        return found if end == len(data) else None

    def _explicit(self, data: bytes, at: int, end: int, found: dict[int, int] | None, delimited: bool) -> int:
        """Skim elements; return where that ended, at `end` or behind the item's delimiter, or -1."""
        head, short, last = read_explicit, SHORT_VRS, 0
        while at < end:
            group, number, vr, length = head(data, at)
            tag = group << 16 | number
            if tag <= last or group == 0xFFFE:
                if delimited and tag == 0xFFFEE00D:
                    return at + 8
                return -1  # not in the order of their tags (PS3.5 7.1)
            last = tag
            if found is not None and number:
                found[tag] = at
            if vr in short:
                at += 8 + length
            elif vr == b"SQ":
                at = self._sequence(data, at + 12, end, read_long(data, at + 8)[0]) if number else -1
                if at < 0:
                    return -1
            elif not (vr.isalpha() and vr.isupper()) or (vr == b"UN" and vr_of(tag) == "SQ"):
                return -1
            else:
                at += 12 + read_long(data, at + 8)[0]
        return -1 if delimited else at

    def _implicit(self, data: bytes, at: int, end: int, found: dict[int, int] | None, delimited: bool) -> int:
        """As `_explicit`."""
        head, kinds, last = read_implicit, self._is_sequence, 0
        while at < end:
            group, number, length = head(data, at)
            tag = group << 16 | number
            if tag <= last or group == 0xFFFE:
                if delimited and tag == 0xFFFEE00D:
                    return at + 8
                return -1
            last = tag
            if found is not None and number:
                found[tag] = at
            is_sequence = kinds.get(tag)
            if is_sequence is None:
                is_sequence = kinds[tag] = vr_of(tag) == "SQ"
            if is_sequence:
                at = self._sequence(data, at + 8, end, length)
                if at < 0:
                    return -1
            else:
                at += 8 + length
        return -1 if delimited else at

    def _sequence(self, data: bytes, at: int, end: int, length: int) -> int:
        """Skim the items of a sequence whose content begins at `at`; return where it ends, or -1."""
        if length == UNDEFINED:
            return self._items(data, at, end, True)
        after = at + length
        if after > end:
            return -1
        if self._depth:
            return after if self._items(data, at, after, False) == after else -1
        content = data[at:after]
        if content in self._sound:
            return after
        if self._items(data, at, after, False) != after:
            return -1
        if len(self._sound) >= _REMEMBERED:
            self._sound.clear()
        self._sound.add(content)
        return after

    def _items(self, data: bytes, at: int, end: int, delimited: bool) -> int:
        assert self._walk is not None
        self._depth += 1
        if self._depth > _DEEPEST:
            return -1
        while at < end:
            group, number, length = read_implicit(data, at)
            at += 8
            if group != 0xFFFE:
                return -1
            if number == _SEQUENCE_END and delimited:
                self._depth -= 1
                return at
            if number != _ITEM:
                return -1
            if length == UNDEFINED:
                at = self._walk(data, at, end, None, True)
                if at < 0:
                    return -1
            else:
                after = at + length
                if after > end or self._walk(data, at, after, None, False) != after:
                    return -1
                at = after
        self._depth -= 1
        return -1 if delimited else at


class ReceivedElements(Elements):
    """A data set as it came, of which an element is decoded when it is first asked for."""

    __slots__ = ("_data", "_found", "_offsets", "_syntax", "_terms")

    def __init__(self, data: bytes, transfer_syntax: str, offsets: dict[int, int]) -> None:
        """`offsets`: where the elements begin, in the order of their tags; they are known to be sound."""
        self._data = data
        self._syntax = transfer_syntax
        self._offsets = offsets
        self._found: dict[int, Element] = {}
        self._hash = None

    def __getattr__(self, name: str) -> Any:
        if name == "_by_tag":
            self._by_tag = {tag: self._element(tag) for tag in self._offsets}
            return self._by_tag
        if name == "_terms":
            has_terms = tags.SPECIFIC_CHARACTER_SET in self._offsets
            named = self._decoded(tags.SPECIFIC_CHARACTER_SET, ()).values if has_terms else ()
            self._terms = tuple(map(str, named))
            return self._terms
        raise AttributeError(name)

    def get(self, *path: int) -> Element | None:
        """As of Elements; decodes no more than the element at the top of `path`."""
        top = path[0]
        found = self._found.get(top)
        if found is None:
            if top not in self._offsets:
                return None
            found = self._element(top)
        if len(path) == 1:
            return found
        return found.items[0].get(*path[1:]) if found.items else None

    def first(self, tag: int) -> str | None:
        """As of Elements; most texts are read off the bytes."""
        at = self._offsets.get(tag)
        if at is None:
            return None
        text = self._plain_text(tag, at)
        return text if text is not None else super().first(tag)

    def text(self, *path: int) -> str:
        """As of Elements; the same holds."""
        at = self._offsets.get(path[0])
        if at is None:
            return ""
        text: str | None = None
        if len(path) == 1:
            text = self._plain_text(path[0], at)
        elif len(path) == 2 and self._syntax == EXPLICIT and path[0] not in self._found:
            text = self._inner_text(at, path[1])
        return text if text is not None else super().text(*path)

    def _plain_text(self, tag: int, at: int) -> str | None:
        """The text of the element that begins at `at`; None when it takes more to read it."""
        data = self._data
        if self._syntax == IMPLICIT:
            length = read_long(data, at + 4)[0]
            is_text = vr_of(tag) in TEXT_VRS
        else:
            _, _, vr, length = read_explicit(data, at)
            is_text = vr in SHORT_TEXT_VRS
        value = data[at + 8 : at + 8 + length]
        # In every character set that is known here these bytes are ASCII; the others may be several values.
        if is_text and value.isascii() and b"\\" not in value and b"\x1b" not in value:
            return value.decode("ascii").strip(" \0")
        return None

    def _inner_text(self, at: int, wanted: int) -> str | None:
        """As `_plain_text`, of an element in the first item of the sequence at `at`, in Explicit VR."""
        data = self._data
        _, _, name, _ = read_explicit(data, at)
        if name != b"SQ" or not 16 <= read_long(data, at + 8)[0] < UNDEFINED:
            return None
        length = read_long(data, at + 16)[0]
        if length == UNDEFINED:
            return None
        at += 20
        end = at + length
        while at < end:
            group, number, vr, length = read_explicit(data, at)
            if group << 16 | number == wanted:
                return self._plain_text(wanted, at)
            if vr in SHORT_VRS:
                at += 8 + length
            else:
                at += 12 + read_long(data, at + 8)[0]  # past the end when it is undefined
        return "" if at == end else None

    def __contains__(self, tag: int) -> bool:
        return tag in self._offsets

    def __len__(self) -> int:
        return len(self._offsets)

    def __repr__(self) -> str:
        return f"Elements({', '.join(f'{tag:08X}' for tag in self._offsets)})"

    @property
    def tags(self) -> frozenset[int]:
        return frozenset(self._offsets)

    def _element(self, tag: int) -> Element:
        found = self._found.get(tag)
        if found is None:
            terms = self._terms if tag > tags.SPECIFIC_CHARACTER_SET else ()
            found = self._found[tag] = self._decoded(tag, terms)
        return found

    def _decoded(self, tag: int, terms: tuple[str, ...]) -> Element:
        data, at = self._data, self._offsets[tag]
        if self._syntax == IMPLICIT:
            value, length, vr = at + 8, read_long(data, at + 4)[0], vr_of(tag)
        else:
            _, _, name, length = read_explicit(data, at)
            value, vr = at + 8, name.decode("ascii")
            if name not in SHORT_VRS:
                value, length = at + 12, read_long(data, at + 8)[0]
        if length == UNDEFINED:
            following = [one for one in self._offsets.values() if one > at]
            return _sequence(data[at : following[0] if following else len(data)], self._syntax, terms)
        if vr == "SQ":
            whole = data[at : value + length]
            shared = _shared_sequence if len(whole) <= _LONGEST_SHARED else _sequence
            return shared(whole, self._syntax, terms)
        if vr == "UN":
            vr = vr_of(tag)  # written so by somebody who did not know it (PS3.5 6.2.2)
        if vr in _REPEATED_VRS:
            return _shared_text(tag, vr, data[value : value + length], terms)
        return codec.element_of_bytes(tag, vr, data[value : value + length], terms, "<")


def _sequence(encoded: bytes, transfer_syntax: str, terms: tuple[str, ...]) -> Element:
    return codec.decode_element(encoded, 0, len(encoded), terms, transfer_syntax)


def _text(tag: int, vr: str, value: bytes, terms: tuple[str, ...]) -> Element:
    return codec.element_of_bytes(tag, vr, value, terms, "<")


_shared_sequence = lru_cache(4096)(_sequence)
_shared_text = lru_cache(4096)(_text)
"""The rows of a worklist have most of their codes, dates and words in common."""
