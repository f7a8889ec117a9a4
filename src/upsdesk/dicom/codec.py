"""Decides how the bytes of a data set become Elements and back (PS3.5 chapter 7, Annex A).

Not left to pydicom: its parser turns decimal strings into floats, guesses encodings with warnings that quote
values, and takes five times as long, which counts for a search with thousands of answers.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from upsdesk.dicom import charsets
from upsdesk.dicom.dictionary import vr_of
from upsdesk.domain import tags
from upsdesk.domain.elements import Element, Elements, Value

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
"""Transfer syntaxes (PS3.5 Annex A, PS3.6 Annex A)."""

CHARACTER_SET_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""VRs that Specific Character Set applies to (PS3.5 6.1.2.3)."""
SINGLE_VALUED_TEXT = frozenset({"LT", "ST", "UT", "UR"})
TEXT_VRS = CHARACTER_SET_VRS | {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI", "UR"}
NUMBER_FORMATS = {
    "US": "H",
    "SS": "h",
    "UL": "I",
    "SL": "i",
    "UV": "Q",
    "SV": "q",
    "FL": "f",
    "FD": "d",
}
_SHORT_LENGTH = "AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US"
SHORT_LENGTH_VRS = frozenset(_SHORT_LENGTH.split(" "))
"""VRs with a 16-bit length; all others have two reserved bytes and 32 bits (PS3.5 7.1.2)."""
_STRIPPED_LEFT = frozenset({"AE", "CS", "DS", "IS"})  # leading spaces are not significant either (PS3.5 6.2)
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_DEEPEST = 50
_LONGEST_SHORT = 0xFFFE
"""Bytes of a value whose length has 16 bits; it is even."""
_LARGEST_INFLATED = 256 * 1024 * 1024


class UndecodableDataSet(ValueError):
    """The bytes are no data set in the transfer syntax that they should be in. Holds no values."""


@dataclass(frozen=True, slots=True)
class _Syntax:
    implicit: bool
    order: str
    """`<` or `>`, as struct writes byte orders."""


_LITTLE_IMPLICIT = _Syntax(True, "<")
_SYNTAXES = {
    IMPLICIT: _LITTLE_IMPLICIT,
    EXPLICIT: _Syntax(False, "<"),
    DEFLATED: _Syntax(False, "<"),
    BIG_ENDIAN: _Syntax(False, ">"),
}


def decode(data: bytes, transfer_syntax: str) -> Elements:
    """The data set in `data`.

    Text that does not decode is shown with U+FFFD, values that do not fit their VR are kept as raw bytes.
    Group lengths (gggg,0000) are left out: they are retired and would be wrong after any change. Raise
    UndecodableDataSet when the structure itself is broken.
    """
    syntax = _syntax(transfer_syntax)
    if transfer_syntax == DEFLATED:
        data = _inflated(data)
    return _Reader(data, syntax).data_set(0, len(data), ())


def decode_element(
    data: bytes, at: int, end: int, terms: Sequence[str], transfer_syntax: str = EXPLICIT
) -> Element:
    """The one element that stands from `at` to `end`; raise UndecodableDataSet.

    `terms` are the values of the (0008,0005) that governs it.
    """
    (element,) = _Reader(data, _syntax(transfer_syntax)).data_set(at, end, terms)
    return element


def encode(elements: Elements, transfer_syntax: str) -> bytes:
    """`elements` in a transfer syntax.

    Text goes out in the character set that (0008,0005) names when it can be written in it, else as UTF-8 with
    (0008,0005) set to ISO_IR 192. Raise ValueError for an unknown transfer syntax or a value that its VR
    cannot hold.
    """
    data = b"".join(_encoded(elements, _syntax(transfer_syntax), ()))
    return data if transfer_syntax != DEFLATED else deflated(data)


def deflated(data: bytes) -> bytes:
    """Explicit VR Little Endian as Deflated Explicit VR Little Endian has it."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = packer.compress(data) + packer.flush()
    return packed + b"\0" * (len(packed) % 2)


def _syntax(uid: str) -> _Syntax:
    try:
        return _SYNTAXES[uid]
    except KeyError:
        raise ValueError(f"transfer syntax {uid} is not one of those that a UPS is exchanged in") from None


def _inflated(data: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        inflated = unpacker.decompress(data, _LARGEST_INFLATED)
    except zlib.error:
        raise UndecodableDataSet("the deflated data set is damaged") from None
    if unpacker.unconsumed_tail:
        raise UndecodableDataSet("the deflated data set is larger than any workitem")
    return inflated


_STRUCTS = {
    order: (struct.Struct(f"{order}HH"), struct.Struct(f"{order}I"), struct.Struct(f"{order}H"))
    for order in ("<", ">")
}


class _Reader:
    """Walks through the bytes of one data set."""

    def __init__(self, data: bytes, syntax: _Syntax) -> None:
        self._data = data
        self._implicit = syntax.implicit
        self._order = syntax.order
        self._tag, self._long, self._short = _STRUCTS[syntax.order]
        self._depth = 0

    def data_set(self, at: int, end: int, terms: Sequence[str]) -> Elements:
        elements, _ = self._elements(at, end, terms, delimited=False)
        return elements

    def _elements(self, at: int, end: int, terms: Sequence[str], *, delimited: bool) -> tuple[Elements, int]:
        """The elements up to `end`, or up to the item's delimiter; and where reading stopped."""
        found: list[Element] = []
        while at < end:
            tag, vr, length, at = self._header(at, end)
            if tag == _ITEM_END and delimited:
                return Elements(found), at
            if tag >> 16 == 0xFFFE:
                raise UndecodableDataSet(f"{tag:08X} stands where an element is expected")
            if length == _UNDEFINED:
                items, at = self._sequence(at, end, terms, delimited=True, unknown=vr == "UN")
                found.append(Element(tag, "SQ", items=items))
                continue
            if at + length > end:
                raise UndecodableDataSet(f"element {tag:08X} is longer than what holds it")
            if (vr == "UN" and vr_of(tag) == "SQ") or vr == "SQ":
                items, _ = self._sequence(at, at + length, terms, delimited=False, unknown=vr == "UN")
                found.append(Element(tag, "SQ", items=items))
            elif tag & 0xFFFF:
                element = self._element(tag, vr, self._data[at : at + length], terms)
                found.append(element)
                if tag == tags.SPECIFIC_CHARACTER_SET:
                    terms = [str(value) for value in element.values]
            at += length
        if delimited:
            raise UndecodableDataSet("an item does not end")
        return Elements(found), at

    def _header(self, at: int, end: int) -> tuple[int, str, int, int]:
        """Tag, VR, length of the value and where the value begins."""
        if at + 8 > end:
            raise UndecodableDataSet("the data set ends in the middle of an element")
        group, number = self._tag.unpack_from(self._data, at)
        tag = group << 16 | number
        if group == 0xFFFE:
            return tag, "", self._long.unpack_from(self._data, at + 4)[0], at + 8
        if self._implicit:
            return tag, vr_of(tag), self._long.unpack_from(self._data, at + 4)[0], at + 8
        vr = self._data[at + 4 : at + 6].decode("latin-1")
        if not (vr.isascii() and vr.isalpha() and vr.isupper()):
            raise UndecodableDataSet(f"element {tag:08X} has no VR")
        if vr in SHORT_LENGTH_VRS:
            return tag, vr, self._short.unpack_from(self._data, at + 6)[0], at + 8
        if at + 12 > end:
            raise UndecodableDataSet("the data set ends in the middle of an element")
        return tag, vr, self._long.unpack_from(self._data, at + 8)[0], at + 12

    def _sequence(
        self, at: int, end: int, terms: Sequence[str], *, delimited: bool, unknown: bool
    ) -> tuple[tuple[Elements, ...], int]:
        """The items of a sequence; one of VR UN is implicit little endian in any case (PS3.5 6.2.2)."""
        if unknown and not (self._implicit and self._order == "<"):
            reader = _Reader(self._data, _LITTLE_IMPLICIT)
            reader._depth = self._depth
            return reader._sequence(at, end, terms, delimited=delimited, unknown=False)
        self._depth += 1
        if self._depth > _DEEPEST:
            raise UndecodableDataSet(f"sequences are nested more than {_DEEPEST} deep")
        items: list[Elements] = []
        while at < end:
            tag, _, length, at = self._header(at, end)
            if tag == _SEQUENCE_END and delimited:
                break
            if tag != _ITEM:
                raise UndecodableDataSet(f"{tag:08X} stands where an item is expected")
            if length != _UNDEFINED and at + length > end:
                raise UndecodableDataSet("an item is longer than its sequence")
            if length == _UNDEFINED:
                item, at = self._elements(at, end, terms, delimited=True)
            else:
                item, at = self._elements(at, at + length, terms, delimited=False)
            items.append(item)
        else:
            if delimited:
                raise UndecodableDataSet("a sequence does not end")
        self._depth -= 1
        return tuple(items), at

    def _element(self, tag: int, vr: str, data: bytes, terms: Sequence[str]) -> Element:
        if vr == "UN" and (known := vr_of(tag)) != "UN":
            # PS3.5 6.2.2: written as UN by somebody who did not know it; then it is implicit little endian.
            return element_of_bytes(tag, known, data, terms, "<")
        return element_of_bytes(tag, vr, data, terms, self._order)


def element_of_bytes(tag: int, vr: str, data: bytes, terms: Sequence[str], order: str) -> Element:
    """One element that is no sequence, from the bytes of its value. `order` as struct writes byte orders."""
    if vr in TEXT_VRS:
        return Element(tag, vr, _text_values(vr, data, terms))
    if vr in NUMBER_FORMATS:
        size = struct.calcsize(NUMBER_FORMATS[vr])
        if len(data) % size == 0:
            return Element(tag, vr, struct.unpack(f"{order}{len(data) // size}{NUMBER_FORMATS[vr]}", data))
    if vr == "AT" and len(data) % 4 == 0:
        numbers = struct.unpack(f"{order}{len(data) // 2}H", data)
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        return Element(tag, vr, tuple(f"{group:04X}{number:04X}" for group, number in pairs))
    # Words in big endian would have to be swapped to be the same value; no UPS attribute is of these VRs.
    return Element(tag, vr, raw=data) if data else Element(tag, vr)


def _text_values(vr: str, data: bytes, terms: Sequence[str]) -> tuple[Value, ...]:
    if vr in CHARACTER_SET_VRS:
        delimiters = b"" if vr in SINGLE_VALUED_TEXT else b"\\^=" if vr == "PN" else b"\\"
        text = charsets.decode_text(data, terms, delimiters)
    else:
        text = data.decode("ascii", errors="replace")
    return split_values(vr, text)


def split_values(vr: str, text: str) -> tuple[Value, ...]:
    """The values in a text as DICOM writes it, without their padding; none when nothing is left."""
    parts = [text] if vr in SINGLE_VALUED_TEXT else text.split("\\")
    stripped = [part.rstrip(" \0") for part in parts]
    if vr in _STRIPPED_LEFT:
        stripped = [part.lstrip(" ") for part in stripped]
    return tuple(stripped) if len(stripped) > 1 or stripped[0] else ()


def inherited_texts(elements: Elements) -> Iterator[str]:
    """Every text that the character set of `elements` itself must be able to write."""
    for element in elements:
        for item in element.items or ():
            if tags.SPECIFIC_CHARACTER_SET not in item:
                yield from inherited_texts(item)
        if element.vr in CHARACTER_SET_VRS:
            yield from (str(value) for value in element.values)


def _with_character_set(elements: Elements, outer: Sequence[str]) -> tuple[Elements, Sequence[str]]:
    """`elements` with the (0008,0005) that its texts need, and the terms to write with."""
    own = elements.get(tags.SPECIFIC_CHARACTER_SET)
    terms: Sequence[str] = [str(value) for value in own.values] if own is not None else outer
    if all(charsets.can_encode(text, terms) for text in inherited_texts(elements)):
        return elements, terms
    utf_8 = Element(tags.SPECIFIC_CHARACTER_SET, "CS", (charsets.UTF_8,))
    return elements.with_elements(utf_8), (charsets.UTF_8,)


def _encoded(elements: Elements, syntax: _Syntax, outer: Sequence[str]) -> Iterator[bytes]:
    elements, terms = _with_character_set(elements, outer)
    for element in elements:
        if element.items is not None:
            value = b"".join(_items(element.items, syntax, terms))
        else:
            value = _value(element, terms, syntax.order)
        vr = element.vr
        if len(value) > _LONGEST_SHORT and vr in SHORT_LENGTH_VRS and not syntax.implicit:
            # PS3.5 6.2.2: what came by Implicit VR may be too long for the field; as UN it is little endian.
            vr, value = "UN", _value(element, terms, "<")
        yield _header(element.tag, vr, len(value), syntax)
        yield value


def _items(items: Sequence[Elements], syntax: _Syntax, terms: Sequence[str]) -> Iterator[bytes]:
    for item in items:
        content = b"".join(_encoded(item, syntax, terms))
        yield struct.pack(f"{syntax.order}HHI", _ITEM >> 16, _ITEM & 0xFFFF, len(content))
        yield content


def _header(tag: int, vr: str, length: int, syntax: _Syntax) -> bytes:
    group, number = tag >> 16, tag & 0xFFFF
    if syntax.implicit:
        return struct.pack("<HHI", group, number, length)
    if vr not in SHORT_LENGTH_VRS:
        return struct.pack(f"{syntax.order}HH2sHI", group, number, vr.encode("ascii"), 0, length)
    return struct.pack(f"{syntax.order}HH2sH", group, number, vr.encode("ascii"), length)


def _value(element: Element, terms: Sequence[str], order: str) -> bytes:
    vr = element.vr
    if element.raw is not None:
        return element.raw + b"\0" * (len(element.raw) % 2)
    try:
        if vr in NUMBER_FORMATS:
            return struct.pack(f"{order}{len(element.values)}{NUMBER_FORMATS[vr]}", *element.values)
        if vr == "AT":
            halves = [int(str(value)[at : at + 4], 16) for value in element.values for at in (0, 4)]
            return struct.pack(f"{order}{len(halves)}H", *halves)
    except (struct.error, ValueError, OverflowError):
        raise ValueError(f"element {element.tag:08X}: a value does not fit its VR {vr}") from None
    text = element.text
    if vr in CHARACTER_SET_VRS:
        data = charsets.encode_text(text, terms)
    else:
        data = text.encode("ascii", errors="replace")
    padding = b"\0" if vr == "UI" else b" "
    return data + padding * (len(data) % 2)
