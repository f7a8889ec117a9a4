"""Encoded data sets of which single elements are read: the same as the whole that codec decodes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dicom.strategies import data_sets
from upsdesk.dicom import codec, datasets
from upsdesk.dicom.codec import BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT
from upsdesk.dicom.encoded import EncodedElements, encode, selection, wanted
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.elements import Element, Elements

_STATION = tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE


def kept(elements: Elements) -> EncodedElements:
    return EncodedElements(codec.encode(elements, EXPLICIT))


def plain(elements: Elements) -> Elements:
    return elements.without(tags.SPECIFIC_CHARACTER_SET)


@given(data_sets)
def test_every_element_is_found_and_no_other(elements: Elements) -> None:
    lazy = kept(elements)
    for tag in elements.tags - {tags.SPECIFIC_CHARACTER_SET}:
        assert tag in lazy
        assert lazy.get(tag) == elements.get(tag)
    assert len(lazy) == len(plain(elements))
    assert lazy.get(0x00091001) is None
    assert 0x00091001 not in lazy
    assert lazy == plain(elements)


@given(data_sets, st.sampled_from([IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN]))
def test_what_is_encoded_goes_out_the_same_in_every_transfer_syntax(elements: Elements, syntax: str) -> None:
    lazy = kept(elements)
    sent = codec.decode(encode(lazy, syntax), syntax)
    assert plain(sent) == plain(elements)


@given(data_sets)
def test_heads_of_implicit_vr_are_those_that_the_codec_writes(elements: Elements) -> None:
    assert encode(kept(elements), IMPLICIT) == codec.encode(elements, IMPLICIT)


@given(data_sets, data_sets)
def test_a_selection_has_the_elements_that_were_named(elements: Elements, keys: Elements) -> None:
    chosen = wanted([Element(key.tag, key.vr, items=() if key.vr == "SQ" else None) for key in keys])
    found = codec.decode(selection(kept(elements), chosen, {}), EXPLICIT)
    assert plain(found).tags == keys.tags
    for key in keys:
        assert found.get(key.tag) == (elements.get(key.tag) or Element(key.tag, key.vr, (), key.items and ()))


def test_of_items_only_what_was_named() -> None:
    def item(value: str) -> list[Element]:
        return [element(tags.CODE_VALUE, value), element(tags.CODE_MEANING, "Größe")]

    stored = Elements([sequence(_STATION, item("A"), item("B")), element(tags.PATIENT_ID, "1")])
    chosen = wanted([sequence(_STATION, [element(tags.CODE_VALUE), element(tags.CODING_SCHEME_DESIGNATOR)])])
    data = selection(kept(stored), chosen, {})
    found = codec.decode(data, EXPLICIT)
    assert found.tags == {_STATION}, "no character set is named where no text needs it"
    assert [one.text(tags.CODE_VALUE) for one in found.items(_STATION)] == ["A", "B"]
    assert all(one.tags == {tags.CODE_VALUE, tags.CODING_SCHEME_DESIGNATOR} for one in found.items(_STATION))


def test_the_character_set_is_named_where_a_text_needs_it() -> None:
    stored = kept(
        Elements([element(tags.PATIENT_NAME, "Größe"), element(tags.PATIENT_ID, "1"), element(0x00404009)])
    )
    with_name = codec.decode(selection(stored, wanted([element(tags.PATIENT_NAME)]), {}), EXPLICIT)
    assert with_name.text(tags.SPECIFIC_CHARACTER_SET) == "ISO_IR 192"
    assert with_name.text(tags.PATIENT_NAME) == "Größe"
    without = codec.decode(selection(stored, wanted([element(tags.PATIENT_ID)]), {}), EXPLICIT)
    assert without.tags == {tags.PATIENT_ID}


def test_a_data_set_in_another_set_than_utf_8_is_copied_with_that() -> None:
    stored = kept(Elements([element(0x00080005, "ISO_IR 100"), element(tags.PATIENT_NAME, "Größe")]))
    assert stored.text(tags.PATIENT_NAME) == "Größe"
    found = codec.decode(selection(stored, wanted([element(tags.PATIENT_NAME)]), {}), EXPLICIT)
    assert found.text(tags.SPECIFIC_CHARACTER_SET) == "ISO_IR 100"
    assert found.text(tags.PATIENT_NAME) == "Größe"


def test_a_length_that_is_no_ascii_names_no_character_set() -> None:
    long = "x" * 200  # its length has the high bit set
    stored = kept(
        Elements([element(tags.PATIENT_NAME, "Größe"), element(tags.REASON_FOR_CANCELLATION, long)])
    )
    found = codec.decode(selection(stored, wanted([element(tags.REASON_FOR_CANCELLATION)]), {}), EXPLICIT)
    assert found.tags == {tags.REASON_FOR_CANCELLATION}


@pytest.mark.parametrize("data", [b"\xff", b"\x10\0\x20\0LO\x04\0A", b"\x10\0\x20\0UT\0\0\x04"])
def test_bytes_that_are_none_are_refused(data: bytes) -> None:
    with pytest.raises(datasets.UndecodableDataSet, match="ends in the middle"):
        EncodedElements(data).get(tags.PATIENT_ID)
