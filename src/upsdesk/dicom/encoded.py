"""Decides what is read of an encoded data set, and when: its elements one by one, as they are asked for."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from upsdesk.dicom import codec
from upsdesk.dicom.codec import (
    CHARACTER_SET_VRS,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    UndecodableDataSet,
)
from upsdesk.dicom.heads import EXPLICIT_HEAD, IMPLICIT_HEAD, LONG, SHORT_VRS, read_explicit, read_long
from upsdesk.domain import tags
from upsdesk.domain.elements import Element, Elements

_TEXT_VRS = frozenset(vr.encode() for vr in CHARACTER_SET_VRS)

Span = tuple[int, int, int]
"""Where an element begins, where its value begins, and where both end."""


class EncodedElements(Elements):
    """A data set that this program has encoded, of which an element is decoded when it is first asked for.

    `data` is in Explicit VR Little Endian with defined lengths throughout (codec.encode), its text in the
    default repertoire or in the set that (0008,0005) names. That element itself does not show: it says how
    the others are written, and whoever encodes them anew says it again.
    """

    __slots__ = ("_found", "data", "spans")

    data: bytes
    spans: dict[int, Span]
    _found: dict[int, Element | None]

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._hash = None
        self._found = {}

    def __getattr__(self, name: str) -> Any:
        if name == "_by_tag":
            whole = codec.decode(self.data, EXPLICIT)
            self._by_tag = {one.tag: one for one in whole if one.tag != tags.SPECIFIC_CHARACTER_SET}
            return self._by_tag
        if name == "spans":
            self.spans = spans(self.data, 0, len(self.data))
            return self.spans
        raise AttributeError(name)

    def get(self, *path: int) -> Element | None:
        """As of Elements; decodes no more than the element at the top of `path`."""
        tag, *rest = path
        if tag in self._found:
            found = self._found[tag]
        else:
            found = self._found[tag] = self._decoded(tag)
        if not rest or found is None:
            return found
        return found.items[0].get(*rest) if found.items else None

    def __contains__(self, tag: int) -> bool:
        return tag in self.spans and tag != tags.SPECIFIC_CHARACTER_SET

    def __len__(self) -> int:
        return len(self.spans) - (tags.SPECIFIC_CHARACTER_SET in self.spans)

    def _decoded(self, tag: int) -> Element | None:
        span = self.spans.get(tag)
        if span is None or tag == tags.SPECIFIC_CHARACTER_SET:
            return None
        named = self.spans.get(tags.SPECIFIC_CHARACTER_SET)
        terms = self.data[named[1] : named[2]].decode("ascii", "replace").split("\\") if named else ()
        at, value, end = span
        terms = [term.strip() for term in terms]
        vr = self.data[at + 4 : at + 6].decode("ascii")
        if vr in ("SQ", "UN"):
            return codec.decode_element(self.data, at, end, terms)
        return codec.element_of_bytes(tag, vr, self.data[value:end], terms, "<")


def encode(elements: Elements, transfer_syntax: str) -> bytes:
    """As codec.encode; what is encoded already is taken as it is where the transfer syntax allows."""
    if not isinstance(elements, EncodedElements):
        return codec.encode(elements, transfer_syntax)
    if transfer_syntax == EXPLICIT:
        return elements.data
    if transfer_syntax == IMPLICIT:
        return b"".join(_implicit(elements.data, elements.spans.values()))
    if transfer_syntax == DEFLATED:
        return codec.deflated(elements.data)
    return codec.encode(Elements(elements), transfer_syntax)


def spans(data: bytes, at: int, end: int) -> dict[int, Span]:
    """Where the elements of a data set (or of an item) stand; raise UndecodableDataSet."""
    found: dict[int, Span] = {}
    head, long, short = read_explicit, read_long, SHORT_VRS
    try:
        while at < end:
            group, number, vr, length = head(data, at)
            if vr in short:
                value = at + 8
            else:
                value = at + 12
                length = long(data, at + 8)[0]
            found[group << 16 | number] = at, value, value + length
            at = value + length
    except struct.error:
        at = end + 1
    if at > end:
        raise UndecodableDataSet("the data set ends in the middle of an element")
    return found


def element(tag: int, vr: bytes, value: bytes) -> bytes:
    """An element of a VR with a short length; `value` has an even length."""
    return EXPLICIT_HEAD.pack(tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def _items(data: bytes, at: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the contents of the items of a sequence stand."""
    while at < end:
        length = read_long(data, at + 4)[0]
        yield at + 8, at + 8 + length
        at += 8 + length


def _implicit(data: bytes, elements: Iterable[Span]) -> Iterator[bytes]:
    """The same elements in Implicit VR Little Endian: nothing but the heads and lengths differ."""
    for at, value, end in elements:
        group, number, vr, _ = read_explicit(data, at)
        if vr != b"SQ":
            yield IMPLICIT_HEAD.pack(group, number, end - value)
            yield data[value:end]
            continue
        parts = []
        for first, last in _items(data, value, end):
            content = b"".join(_implicit(data, spans(data, first, last).values()))
            parts.append(IMPLICIT_HEAD.pack(0xFFFE, 0xE000, len(content)) + content)
        whole = b"".join(parts)
        yield IMPLICIT_HEAD.pack(group, number, len(whole))
        yield whole


@dataclass(frozen=True, slots=True)
class Wanted:
    """One element of a selection."""

    tag: int
    empty: bytes
    """Stands for it where it is absent."""
    inside: tuple[Wanted, ...] = ()
    """What of the items of a sequence; nothing: the whole items."""


def wanted(keys: Sequence[Element]) -> tuple[Wanted, ...]:
    """The selection that has an element for each of `keys`, and of a sequence what its first item names."""
    return tuple(
        Wanted(
            key.tag,
            codec.encode(
                Elements([Element(key.tag, key.vr, items=() if key.vr == "SQ" else None)]), EXPLICIT
            ),
            wanted(tuple(key.items[0])) if key.items else (),
        )
        for key in keys
    )


def selection(elements: EncodedElements, chosen: Sequence[Wanted], given: dict[int, bytes]) -> bytes:
    """The chosen elements, copied; `given` are encoded elements that take the place of those in `elements`.

    (0008,0005) stands before them when one of their texts needs it.
    """
    parts = _chosen(elements.data, elements.spans, chosen, given)
    data = b"".join(parts)
    named = elements.spans.get(tags.SPECIFIC_CHARACTER_SET)
    if named is not None and not data.isascii() and _goes_beyond_ascii(data):
        before = sum(
            len(part)
            for part, one in zip(parts, chosen, strict=True)
            if one.tag < tags.SPECIFIC_CHARACTER_SET
        )
        return data[:before] + elements.data[named[0] : named[2]] + data[before:]
    return data


def _chosen(
    data: bytes, found: dict[int, Span], chosen: Sequence[Wanted], given: dict[int, bytes]
) -> list[bytes]:
    parts: list[bytes] = []
    for one in chosen:
        part = given.get(one.tag)
        if part is None:
            span = found.get(one.tag)
            if span is None:
                part = one.empty
            elif one.inside and span[2] > span[1]:
                part = _chosen_items(data, span, one.inside)
            else:
                part = data[span[0] : span[2]]
        parts.append(part)
    return parts


def _chosen_items(data: bytes, span: Span, chosen: Sequence[Wanted]) -> bytes:
    at, value, end = span
    items = []
    for first, last in _items(data, value, end):
        found = spans(data, first, last)
        parts = _chosen(data, found, chosen, {})
        own = found.get(tags.SPECIFIC_CHARACTER_SET)  # an item may be written in another set than the rest
        content = (data[own[0] : own[2]] if own else b"") + b"".join(parts)
        items.append(IMPLICIT_HEAD.pack(0xFFFE, 0xE000, len(content)) + content)
    whole = b"".join(items)
    return data[at : at + 8] + LONG.pack(len(whole)) + whole


def _goes_beyond_ascii(data: bytes) -> bool:
    """Whether a text does; a length may look so as well."""
    for at, value, end in spans(data, 0, len(data)).values():
        vr = data[at + 4 : at + 6]
        if vr == b"SQ":
            if any(_goes_beyond_ascii(data[first:last]) for first, last in _items(data, value, end)):
                return True
        elif vr in _TEXT_VRS and not data[value:end].isascii():
            return True
    return False
