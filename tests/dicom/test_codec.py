"""Bytes to Elements and back: round trips, pydicom as a second opinion, damage, and odd but legal bytes."""

import contextlib
import struct
import warnings
from io import BytesIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from tests.dicom.strategies import data_sets
from upsdesk.dicom import guards
from upsdesk.dicom.codec import (
    BIG_ENDIAN,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    UndecodableDataSet,
    decode,
    encode,
)
from upsdesk.dicom.datasets import from_dataset, needs_character_set, to_dataset
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.elements import Element, Elements

SYNTAXES = [IMPLICIT, EXPLICIT, BIG_ENDIAN, DEFLATED]
LABEL = tags.PROCEDURE_STEP_LABEL


@pytest.fixture(autouse=True)
def _quiet_pydicom() -> None:
    guards.configure()


def without_character_set(elements: Elements) -> Elements:
    """Encoding adds (0008,0005) where a text needs it."""
    return Elements(
        Element(one.tag, one.vr, items=tuple(without_character_set(item) for item in one.items))
        if one.items is not None
        else one
        for one in elements
        if one.tag != tags.SPECIFIC_CHARACTER_SET
    )


@given(data_sets)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_encoded_reads_back(elements: Elements) -> None:
    for syntax in SYNTAXES:
        data = encode(elements, syntax)
        assert len(data) % 2 == 0
        again = decode(data, syntax)
        assert without_character_set(again) == elements
        assert (tags.SPECIFIC_CHARACTER_SET in again) == needs_character_set(elements)
        assert encode(again, syntax) == data


@given(data_sets)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_pydicom_reads_the_same_values(elements: Elements) -> None:
    dataset = to_dataset(elements)
    assert without_character_set(from_dataset(dataset)) == elements
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's opinion on values that are not legal for their VR
        for one in elements:
            if one.vr in ("LO", "SH", "UC") and one.values:
                found = dataset[one.tag].value
                assert (list(found) if len(one.values) > 1 else [found]) == list(one.values)
            if one.vr in ("US", "SL", "FD") and one.values:
                found = dataset[one.tag].value
                assert (list(found) if len(one.values) > 1 else [found]) == list(one.values)
            if one.items is not None:
                assert len(dataset[one.tag].value) == len(one.items)


@pytest.mark.parametrize(
    ("implicit", "little", "syntax"), [(1, 1, IMPLICIT), (0, 1, EXPLICIT), (0, 0, BIG_ENDIAN)]
)
@pytest.mark.parametrize("undefined", [False, True], ids=["explicit-length", "undefined-length"])
def test_what_pydicom_writes(implicit: int, little: int, syntax: str, undefined: bool) -> None:
    inner = Dataset()
    inner.CodeValue = "121726"
    inner.CodeMeaning = "Größe"
    inner.is_undefined_length_sequence_item = undefined
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.PatientName = "Müller^Jörg"
    dataset.ProcedureStepProgress = "33.30"
    dataset.PregnancyStatus = 4
    dataset.ReferencedFrameNumber = [1, 2]
    dataset.OffendingElement = None
    dataset.ScheduledWorkitemCodeSequence = [inner, Dataset()]
    dataset["ScheduledWorkitemCodeSequence"].is_undefined_length = undefined
    stream = BytesIO()
    from pydicom.filebase import DicomIO

    file = DicomIO(stream)
    file.is_implicit_VR, file.is_little_endian = bool(implicit), bool(little)
    del dataset.OffendingElement
    write_dataset(file, dataset)
    found = decode(stream.getvalue(), syntax)
    assert found.text(tags.PATIENT_NAME) == "Müller^Jörg"
    assert found.text(tags.PROCEDURE_STEP_PROGRESS) == "33.30"
    assert found.get(0x00081160).values == ("1", "2")  # type: ignore[union-attr]
    assert found.get(0x001021C0).values == (4,)  # type: ignore[union-attr]
    items = found.items(tags.SCHEDULED_WORKITEM_CODE_SEQUENCE)
    assert len(items) == 2
    assert items[0].text(tags.CODE_MEANING) == "Größe"
    assert from_dataset(dataset) == found
    again = read_dataset(BytesIO(stream.getvalue()), bool(implicit), bool(little))
    assert from_dataset(again) == found


def raw(tag: int, vr: str, value: bytes, length: int | None = None) -> bytes:
    """An element in Explicit VR Little Endian, as given."""
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    size = len(value) if length is None else length
    if vr in ("OB", "OW", "SQ", "UN", "UT", "UC", "UR", "ZZ"):
        return head + struct.pack("<HI", 0, size) + value
    return head + struct.pack("<H", size) + value


def implicit(tag: int, value: bytes, length: int | None = None) -> bytes:
    size = len(value) if length is None else length
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, size) + value


class TestOddButLegal:
    def test_trailing_spaces_and_nuls(self) -> None:
        data = raw(0x00741000, "CS", b"IN PROGRESS ") + raw(0x00080018, "UI", b"1.2.3\0")
        data = (
            raw(0x00080018, "UI", b"1.2.3\0") + raw(LABEL, "LO", b"A \0\0") + raw(0x00741230, "LO", b"true  ")
        )
        found = decode(data, EXPLICIT)
        assert found.text(0x00080018) == "1.2.3"
        assert found.get(LABEL).values == ("A",)  # type: ignore[union-attr]
        assert found.get(0x00741230).values == ("true",)  # type: ignore[union-attr]

    def test_decimal_text_keeps_its_digits(self) -> None:
        found = decode(raw(0x00741004, "DS", b"33.300 "), EXPLICIT)
        assert found.get(0x00741004).values == ("33.300",)  # type: ignore[union-attr]
        bad = decode(raw(0x00741004, "DS", b"a third "), EXPLICIT)
        assert bad.text(0x00741004) == "a third"
        assert encode(bad, EXPLICIT) == raw(0x00741004, "DS", b"a third ")

    def test_private_attributes_stay(self) -> None:
        data = implicit(0x00990010, b"ACME") + implicit(0x00991001, b"\x01\x02\x03\x04")
        found = decode(data, IMPLICIT)
        assert found.get(0x00990010) == Element(0x00990010, "LO", ("ACME",))
        assert found.get(0x00991001) == Element(0x00991001, "UN", raw=b"\x01\x02\x03\x04")
        assert encode(found, IMPLICIT) == data

    def test_explicit_vr_of_private_attributes_is_kept(self) -> None:
        data = raw(0x00990010, "LO", b"ACME") + raw(0x00991001, "DT", b"20261119")
        found = decode(data, EXPLICIT)
        assert found.get(0x00991001) == Element(0x00991001, "DT", ("20261119",))
        assert encode(found, EXPLICIT) == data

    def test_a_vr_from_the_future_is_kept_as_bytes(self) -> None:
        data = raw(0x00741299, "ZZ", b"\x01\x02")
        found = decode(data, EXPLICIT)
        assert found.get(0x00741299) == Element(0x00741299, "ZZ", raw=b"\x01\x02")
        assert encode(found, EXPLICIT) == data

    def test_gender_attributes_that_pydicom_does_not_know(self) -> None:
        inner = implicit(0x00100045, b"comment ")
        item = struct.pack("<HHI", 0xFFFE, 0xE000, len(inner)) + inner
        found = decode(implicit(0x00100041, item), IMPLICIT)
        assert found.text(0x00100041, 0x00100045) == "comment"
        assert decode(raw(0x00100041, "UN", item), EXPLICIT) == found, "PS3.5 6.2.2"

    def test_unknown_vr_of_undefined_length_is_an_implicit_sequence(self) -> None:
        inner = implicit(0x00080100, b"X1")
        item = (
            struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + inner + struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
        )
        value = item + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
        found = decode(raw(0x00991010, "UN", value, 0xFFFFFFFF), EXPLICIT)
        assert found.text(0x00991010, 0x00080100) == "X1"

    def test_group_lengths_are_left_out(self) -> None:
        data = implicit(0x00100000, b"\x08\0\0\0") + implicit(0x00100020, b"P1")
        assert decode(data, IMPLICIT) == Elements([element(0x00100020, "P1")])

    def test_numbers_of_a_wrong_length_stay_bytes(self) -> None:
        found = decode(
            raw(0x001021C0, "US", b"\x01\x02\x03\x04\x05\x06", None)[:-2][:6] + b"\x03\x00abc", EXPLICIT
        )
        assert found.get(0x001021C0) == Element(0x001021C0, "US", raw=b"abc")

    def test_tag_values(self) -> None:
        data = raw(0x00209165, "AT", b"\x10\0\x20\0\x74\0\0\x10")
        found = decode(data, EXPLICIT)
        assert found.get(0x00209165).values == ("00100020", "00741000")  # type: ignore[union-attr]
        assert encode(found, EXPLICIT) == data
        assert decode(encode(found, BIG_ENDIAN), BIG_ENDIAN) == found

    def test_empty_and_only_padding(self) -> None:
        data = raw(LABEL, "LO", b"") + raw(0x00741238, "LT", b"  ")
        assert all(one.is_empty for one in decode(data, EXPLICIT))

    def test_empty_values_among_others(self) -> None:
        found = decode(raw(LABEL, "LO", b"a\\\\b\\"), EXPLICIT)
        assert found.get(LABEL).values == ("a", "", "b", "")  # type: ignore[union-attr]

    def test_backslash_in_free_text_is_a_character(self) -> None:
        found = decode(raw(0x00400400, "LT", b"C:\\temp "), EXPLICIT)
        assert found.get(0x00400400).values == ("C:\\temp",)  # type: ignore[union-attr]

    def test_transfer_syntax_that_no_ups_uses(self) -> None:
        with pytest.raises(ValueError, match=r"1\.2\.840\.10008\.1\.2\.4\.50"):
            decode(b"", "1.2.840.10008.1.2.4.50")


class TestDamage:
    GOOD = raw(0x00100010, "PN", b"Doe^Jane") + raw(LABEL, "LO", b"AB")

    @pytest.mark.parametrize("cut", [3, 7, 9, 12, 20])
    def test_cut_off(self, cut: int) -> None:
        with pytest.raises(UndecodableDataSet) as caught:
            decode(self.GOOD[:cut], EXPLICIT)
        assert "Jane" not in str(caught.value)

    @pytest.mark.parametrize(
        "data",
        [
            raw(0x00404018, "SQ", b"\xfe\xff\x00\xe0\xff\xff\xff\xff", 0xFFFFFFFF),
            raw(0x00404018, "SQ", b"\xfe\xff\x00\xe0\x10\0\0\0"),
            raw(0x00404018, "SQ", b"\x10\0\x10\0\0\0\0\0"),
            raw(0x00404018, "SQ", b"", 0xFFFFFFFF),
            raw(LABEL, "LO", b"AB", 500),
            raw(LABEL, "lo", b"AB"),
        ],
        ids=["open-item", "long-item", "no-item", "open-sequence", "too-long", "no-vr"],
    )
    def test_broken_structure(self, data: bytes) -> None:
        with pytest.raises(UndecodableDataSet):
            decode(data, EXPLICIT)

    def test_bottomless_nesting(self) -> None:
        deep = b"".join(
            implicit(0x00404018, b"", 0xFFFFFFFF) + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
            for _ in range(5000)
        )
        with pytest.raises(UndecodableDataSet, match="nested more than"):
            decode(deep, IMPLICIT)

    def test_damaged_deflate(self) -> None:
        with pytest.raises(UndecodableDataSet, match="deflated"):
            decode(b"\xff\xfe\xfd\xfc", DEFLATED)

    @given(st.binary(max_size=80), st.sampled_from(SYNTAXES))
    @settings(max_examples=400, deadline=None)
    def test_any_bytes_are_read_or_refused(self, data: bytes, syntax: str) -> None:
        try:
            found = decode(data, syntax)
        except UndecodableDataSet:
            return
        encode(found, EXPLICIT)

    @given(data_sets, st.data())
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_flipped_bytes_are_read_or_refused(self, elements: Elements, random: Any) -> None:
        data = bytearray(encode(elements, EXPLICIT))
        if not data:
            return
        at = random.draw(st.integers(0, len(data) - 1))
        data[at] = random.draw(st.integers(0, 255))
        with contextlib.suppress(UndecodableDataSet):
            decode(bytes(data), EXPLICIT)


class TestWriting:
    def test_value_that_its_vr_cannot_hold(self) -> None:
        with pytest.raises(ValueError, match="001021C0"):
            encode(Elements([Element(0x001021C0, "US", (70000,))]), EXPLICIT)

    @pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG_ENDIAN, DEFLATED])
    def test_what_is_too_long_for_a_length_of_16_bits_goes_out_as_un(self, syntax: str) -> None:
        """A list of numbers that is allowed in Implicit VR (PS3.5 6.2.2)."""
        numbers = Element(0x00081160, "IS", tuple(str(number) for number in range(20_000)))
        frames = Element(0x00089459, "FL", tuple(float(number) for number in range(20_000)))
        item = Elements([Element(tags.PROCEDURE_STEP_LABEL, "LO", ("x" * 70_000,)), numbers])
        sent = Elements([Element(0x00404021, "SQ", items=(item,)), frames])
        assert decode(encode(sent, syntax), syntax) == sent

    def test_character_set_is_added_when_needed_only(self) -> None:
        plain = decode(encode(Elements([element(LABEL, "abc")]), IMPLICIT), IMPLICIT)
        assert tags.SPECIFIC_CHARACTER_SET not in plain
        nested = Elements([sequence(0x00404018, [element(tags.CODE_MEANING, "Größe")])])
        found = decode(encode(nested, IMPLICIT), IMPLICIT)
        assert found.text(tags.SPECIFIC_CHARACTER_SET) == "ISO_IR 192"
        assert found.text(0x00404018, tags.CODE_MEANING) == "Größe"

    def test_declared_character_set_is_kept_while_it_suffices(self) -> None:
        latin = element(tags.SPECIFIC_CHARACTER_SET, "ISO_IR 100")
        data = encode(Elements([latin, element(LABEL, "Größe")]), IMPLICIT)
        assert b"Gr\xf6\xdfe" in data
        beyond = decode(encode(Elements([latin, element(LABEL, "Größe 山")]), IMPLICIT), IMPLICIT)
        assert beyond.text(tags.SPECIFIC_CHARACTER_SET) == "ISO_IR 192"
        assert beyond.text(LABEL) == "Größe 山"

    def test_an_item_with_a_character_set_of_its_own(self) -> None:
        item = [element(tags.SPECIFIC_CHARACTER_SET, "ISO_IR 144"), element(tags.CODE_MEANING, "Доза")]
        elements = Elements([element(LABEL, "plain"), sequence(0x00404018, item)])
        data = encode(elements, IMPLICIT)
        assert "Доза".encode("iso8859-5") in data
        assert decode(data, IMPLICIT) == elements


@pytest.mark.parametrize("tag", [b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0", b"\xfe\xff\xdd\xe0"])
@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT])
def test_an_item_outside_a_sequence_is_no_element(tag: bytes, syntax: str) -> None:
    with pytest.raises(UndecodableDataSet, match="FFFEE0"):
        decode(tag + b"\0\0\0\0", syntax)
