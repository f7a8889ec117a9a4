"""Data sets as peers write them, read element by element: the same as the whole that codec decodes."""

import struct
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from tests.dicom.strategies import data_sets
from upsdesk.dicom import codec
from upsdesk.dicom.codec import BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT, UndecodableDataSet
from upsdesk.dicom.received import ReceivedElements, Structures, received
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.elements import Element, Elements

UNDEFINED = 0xFFFFFFFF
SYNTAXES = st.sampled_from([EXPLICIT, IMPLICIT])
Choose = Callable[[], bool]


def written(elements: Elements, syntax: str, is_undefined: Choose, is_unknown: Choose) -> bytes:
    """A data set with sequences and items of either kind of length, and elements of VR UN among the rest."""
    parts = []
    # One item at a time would each choose a character set of its own.
    for one in codec.decode(codec.encode(elements, syntax), syntax):
        if one.items is None:
            part = codec.encode(Elements([one]), syntax)
            if tags.SPECIFIC_CHARACTER_SET in elements or part.isascii():
                parts.append(part)
            if syntax == EXPLICIT and one.tag & 0xFFFF0000 and is_unknown() and part.isascii() and parts:
                value = codec.encode(Elements([one]), IMPLICIT)[8:]
                head = struct.pack("<HH2sHI", one.tag >> 16, one.tag & 0xFFFF, b"UN", 0, len(value))
                parts[-1] = head + value
            continue
        content = b"".join(_item(item, syntax, is_undefined, is_unknown) for item in one.items)
        length = len(content)
        if is_undefined():
            length, content = UNDEFINED, content + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
        numbers = one.tag >> 16, one.tag & 0xFFFF
        if syntax == EXPLICIT:
            parts.append(struct.pack("<HH2sHI", *numbers, b"SQ", 0, length) + content)
        else:
            parts.append(struct.pack("<HHI", *numbers, length) + content)
    return b"".join(parts)


def _item(item: Elements, syntax: str, is_undefined: Choose, is_unknown: Choose) -> bytes:
    content = written(item, syntax, is_undefined, is_unknown)
    if is_undefined():
        end = struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
        return struct.pack("<HHI", 0xFFFE, 0xE000, UNDEFINED) + content + end
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content


def same(data: bytes, syntax: str, structures: Structures) -> None:
    """Both ways give the same elements, or both refuse."""
    try:
        whole = codec.decode(data, syntax)
    except UndecodableDataSet:
        whole = None
    try:
        lazy = received(data, structures)
    except UndecodableDataSet:
        lazy = None
    assert (whole is None) == (lazy is None)
    if whole is None or lazy is None:
        return
    assert lazy.tags == whole.tags
    assert len(lazy) == len(whole)
    station = tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE, tags.CODE_VALUE
    assert lazy.text(*station) == whole.text(*station)
    assert lazy.first(0x00091001) == whole.first(0x00091001)
    for one in whole:
        found = lazy.get(one.tag)
        assert one.tag in lazy
        assert found is not None
        # Not every float equals itself.
        assert found == one or repr(found.values) == repr(one.values)
        assert (found.vr, found.raw) == (one.vr, one.raw)
        assert (lazy.text(one.tag), lazy.first(one.tag)) == (whole.text(one.tag), whole.first(one.tag))
        for inner in one.items[0] if one.items else ():
            assert received(data, structures).text(one.tag, inner.tag) == whole.text(one.tag, inner.tag)
            assert lazy.texts(one.tag, inner.tag) == whole.texts(one.tag, inner.tag)
    assert [one.tag for one in lazy] == [one.tag for one in whole]


@given(data_sets, SYNTAXES, st.data())
def test_any_lengths_and_unknown_vrs(elements: Elements, syntax: str, data: st.DataObject) -> None:
    choices = st.booleans()
    encoded = written(elements, syntax, lambda: data.draw(choices), lambda: data.draw(choices))
    same(encoded, syntax, Structures(syntax))


@given(data_sets, st.sampled_from([EXPLICIT, IMPLICIT, BIG_ENDIAN, DEFLATED]))
def test_every_transfer_syntax(elements: Elements, syntax: str) -> None:
    found = received(codec.encode(elements, syntax), Structures(syntax))
    kept = elements if tags.SPECIFIC_CHARACTER_SET in elements else found.without(tags.SPECIFIC_CHARACTER_SET)
    assert kept == elements
    assert isinstance(found, ReceivedElements) is (syntax in (EXPLICIT, IMPLICIT))


@given(data_sets, SYNTAXES, st.data())
def test_damage_is_seen_as_the_codec_sees_it(elements: Elements, syntax: str, data: st.DataObject) -> None:
    encoded = bytearray(codec.encode(elements, syntax))
    if encoded:
        for _ in range(data.draw(st.integers(1, 3))):
            encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(encoded)))
    structures = Structures(syntax)
    same(codec.encode(elements, syntax), syntax, structures)  # what it remembers of it must not deceive
    same(bytes(encoded), syntax, structures)
    same(bytes(encoded[:cut]), syntax, structures)


def nest(depth: int) -> Elements:
    found = Elements([element(tags.CODE_VALUE, "1")])
    for _ in range(depth):
        found = Elements([sequence(tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, found)])
    return found


def test_sequences_deeper_than_any_are_refused_although_their_parts_were_met() -> None:
    structures = Structures(EXPLICIT)
    for depth in (1, 15, 16, 17, 30, 49, 50, 51, 70):
        same(codec.encode(nest(depth), EXPLICIT), EXPLICIT, structures)


def test_elements_out_of_order_twice_or_of_a_group_length() -> None:
    name = codec.encode(Elements([element(tags.PATIENT_NAME, "A^B")]), EXPLICIT)
    number = codec.encode(Elements([element(tags.PATIENT_ID, "1")]), EXPLICIT)
    group = struct.pack("<HH2sHI", 0x0010, 0, b"UL", 4, 12)
    for data in (number + name, name + name + number, group + name + number, name + group):
        same(data, EXPLICIT, Structures(EXPLICIT))


def test_an_item_may_name_a_character_set_of_its_own() -> None:
    inner = Elements(
        [Element(tags.SPECIFIC_CHARACTER_SET, "CS", ("ISO_IR 192",)), element(tags.CODE_MEANING, "Ω")]
    )
    outer = Elements(
        [
            Element(tags.SPECIFIC_CHARACTER_SET, "CS", ("ISO_IR 100",)),
            element(tags.PATIENT_NAME, "Jörg"),
            sequence(tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, inner),
        ]
    )
    found = received(codec.encode(outer, EXPLICIT), Structures(EXPLICIT))
    assert found.text(tags.PATIENT_NAME) == "Jörg"
    assert found.text(tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, tags.CODE_MEANING) == "Ω"
    assert found == outer
    assert hash(found) == hash(outer)
    assert "Jörg" not in repr(found)
