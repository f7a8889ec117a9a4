"""JSON, XML and Part 10: shapes that the Standard gives, round trips, and what cannot be read."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from pydicom import dcmread
from pydicom.dataset import Dataset

from tests.dicom.strategies import data_sets
from tests.dicom.test_codec import without_character_set
from upsdesk.dicom.contexts import PUSH_UID
from upsdesk.dicom.datasets import from_dataset, from_json, to_json, to_xml, write_part10
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.keys import SopInstanceUid

SAMPLE = Elements(
    [
        element(tags.SPECIFIC_CHARACTER_SET, "ISO_IR 100"),
        element(tags.PATIENT_NAME, "Yamada^Tarou=山田^太郎"),
        element(tags.PATIENT_ID, "D-1", "", "D-2"),
        element(tags.PATIENT_SEX),
        element(tags.PROCEDURE_STEP_PROGRESS, "33.30", "50"),
        Element(0x001021C0, "US", (4,)),
        Element(0x00990010, "LO", ("ACME",)),
        Element(0x00991001, "UN", raw=b"\0\1"),
        sequence(tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, [element(tags.CODE_VALUE, "121726")]),
        sequence(tags.INPUT_INFORMATION_SEQUENCE),
    ]
)


class TestJson:
    def test_shapes(self) -> None:
        assert to_json(SAMPLE) == {
            "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
            "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎"}]},
            "00100020": {"vr": "LO", "Value": ["D-1", None, "D-2"]},
            "00100040": {"vr": "CS"},
            "001021C0": {"vr": "US", "Value": [4]},
            "00404018": {"vr": "SQ", "Value": [{"00080100": {"vr": "SH", "Value": ["121726"]}}]},
            "00404021": {"vr": "SQ"},
            "00741004": {"vr": "DS", "Value": ["33.30", 50]},
            "00990010": {"vr": "LO", "Value": ["ACME"]},
            "00991001": {"vr": "UN", "InlineBinary": "AAE="},
        }

    def test_there_and_back(self) -> None:
        found = from_json(json.loads(json.dumps(to_json(SAMPLE))))
        assert without_character_set(found) == without_character_set(SAMPLE)

    @given(data_sets)
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_any_data_set_there_and_back(self, elements: Elements) -> None:
        found = from_json(json.loads(json.dumps(to_json(elements))))
        assert _names_trimmed(found) == _names_trimmed(elements)

    def test_pydicom_reads_it(self) -> None:
        dataset = Dataset.from_json(to_json(SAMPLE))
        assert str(dataset.PatientName) == "Yamada^Tarou=山田^太郎"
        assert dataset.ScheduledWorkitemCodeSequence[0].CodeValue == "121726"

    def test_keywords_and_missing_vr_are_understood(self) -> None:
        found = from_json({"PatientID": {"Value": ["P1"]}, "PregnancyStatus": {"Value": ["4"]}})
        assert found.text(tags.PATIENT_ID) == "P1"
        assert found.get(0x001021C0).values == (4,)  # type: ignore[union-attr]

    @pytest.mark.parametrize(
        ("found", "words"),
        [
            ([], "object"),
            ({"PatientNme": {"vr": "PN"}}, "'PatientNme' is no attribute"),
            ({"00100020": "P1"}, "00100020: an object"),
            ({"00100020": {"vr": "L0", "Value": ["x"]}}, "is no VR"),
            ({"00100020": {"vr": "LO", "Value": "x"}}, "Value is an array"),
            ({"00100020": {"vr": "LO", "Value": [{}]}}, "is no text"),
            ({"001021C0": {"vr": "US", "Value": ["many"]}}, "no whole number"),
            ({"00420011": {"vr": "OB", "InlineBinary": "*"}}, "no base64"),
            ({"00420011": {"vr": "OB", "BulkDataURI": "http://x"}}, "bulk data"),
            ({"00420011": {"vr": "OB", "Value": ["x"]}}, "InlineBinary"),
            ({"00404018": {"vr": "SQ", "Value": ["x"]}}, "object"),
            ({"00209165": {"vr": "AT", "Value": ["x"]}}, "no tag"),
        ],
    )
    def test_what_cannot_be_read(self, found: Any, words: str) -> None:
        with pytest.raises(ValueError, match=words):
            from_json(found)


def _names_trimmed(elements: Elements) -> Elements:
    """JSON has no place for empty component groups at the end of a name."""

    def trimmed(one: Element) -> Element:
        if one.items is not None:
            return Element(one.tag, one.vr, items=tuple(_names_trimmed(item) for item in one.items))
        if one.vr == "PN":
            return Element(one.tag, one.vr, tuple(str(value).rstrip("=") for value in one.values))
        return one

    return Elements(trimmed(one) for one in elements)


class TestXml:
    def test_shapes(self) -> None:
        root = ElementTree.fromstring(to_xml([SAMPLE]))
        assert root.tag == "NativeDicomModel"
        found = {one.get("keyword") or one.get("tag"): one for one in root}
        name = found["PatientName"].find("PersonName")
        assert name is not None
        assert name.findtext("Alphabetic/FamilyName") == "Yamada"
        assert name.findtext("Ideographic/GivenName") == "太郎"
        values = [(one.get("number"), one.text) for one in found["PatientID"].findall("Value")]
        assert values == [("1", "D-1"), ("2", None), ("3", "D-2")]
        assert found["PregnancyStatus"].findtext("Value") == "4"
        code = found["ScheduledWorkitemCodeSequence"].find("Item/DicomAttribute")
        assert code is not None
        assert (code.get("tag"), code.get("vr"), code.findtext("Value")) == ("00080100", "SH", "121726")
        assert found["00990001"].findtext("InlineBinary") == "AAE="
        assert len(found["PatientSex"]) == 0

    def test_private_creator(self) -> None:
        private = Elements([Element(0x00990010, "LO", ("ACME",)), Element(0x00991001, "LO", ("x",))])
        found = {
            one.get("tag"): one.get("privateCreator") for one in ElementTree.fromstring(to_xml([private]))
        }
        assert found == {"00990010": None, "00990001": "ACME"}

    def test_several_have_a_root_around_them(self) -> None:
        root = ElementTree.fromstring(to_xml([SAMPLE, Elements()]))
        assert [one.tag for one in root] == ["NativeDicomModel"] * 2
        assert len(ElementTree.fromstring(to_xml([]))) == 0

    def test_characters_that_xml_forbids(self) -> None:
        root = ElementTree.fromstring(to_xml([Elements([element(tags.PATIENT_ID, "a\x1b\0<&>\ud800b")])]))
        assert root.findtext("DicomAttribute/Value") == "a\ufffd\ufffd<&>\ufffdb"

    @given(data_sets)
    @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_any_data_set_is_well_formed(self, elements: Elements) -> None:
        assert len(ElementTree.fromstring(to_xml([elements]))) == len(elements)


def test_part_10(tmp_path: Path) -> None:
    path = tmp_path / "item.dcm"
    write_part10(path, SAMPLE, SopInstanceUid("1.2.3.4"))
    found = dcmread(path)
    assert found.file_meta.MediaStorageSOPClassUID == PUSH_UID
    assert found.file_meta.MediaStorageSOPInstanceUID == found.SOPInstanceUID == "1.2.3.4"
    assert found.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    assert str(found.PatientName) == "Yamada^Tarou=山田^太郎"
    assert found.SpecificCharacterSet == "ISO_IR 192"


class TestDcmtk:
    """DCMTK reads the same file and writes the same JSON and XML."""

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "item.dcm"
        write_part10(path, SAMPLE, SopInstanceUid("1.2.3.4"))
        return path

    @staticmethod
    def run(program: str, *arguments: str) -> str:
        path = shutil.which(program, path="/usr/bin:/usr/local/bin:/opt/homebrew/bin")
        if path is None:
            pytest.skip(f"DCMTK's {program} is not installed")
        return subprocess.run(
            [path, *arguments], capture_output=True, text=True, check=True, timeout=30
        ).stdout

    def test_json(self, file: Path) -> None:
        theirs = json.loads(self.run("dcm2json", str(file)))
        ours = to_json(from_dataset(dcmread(file)))
        assert set(theirs) == set(ours)
        for key, attribute in ours.items():
            if key not in ("00080005", "00741004"):  # their DS are numbers with other digits
                assert theirs[key] == attribute, key

    def test_xml(self, file: Path) -> None:
        theirs = ElementTree.fromstring(self.run("dcm2xml", "-nat", "+Eb", "+U8", str(file)))
        ours = ElementTree.fromstring(to_xml([from_dataset(dcmread(file))]))
        assert [leaf(one) for one in theirs if one.get("tag") != "00080005"] == [
            leaf(one) for one in ours if one.get("tag") != "00080005"
        ]


def leaf(node: ElementTree.Element) -> tuple[object, ...]:
    """What an element of the Native DICOM Model says, whitespace and order of its attributes aside."""
    names = {
        name: value
        for name, value in node.attrib.items()
        if name in ("tag", "vr", "keyword", "number", "privateCreator")
    }
    return (node.tag, names, (node.text or "").strip(), [leaf(one) for one in node])


@pytest.mark.parametrize(
    "text",
    ["NaN", "Infinity", "-Infinity", "[" * 100_000, "true", "null", '"1"', "9" * 5000],
    ids=lambda text: text[:9],
)
def test_a_decimal_string_that_is_no_number_stays_a_string(text: str) -> None:
    elements = Elements([Element(0x00741004, "DS", (text,))])
    assert to_json(elements) == {"00741004": {"vr": "DS", "Value": [text]}}
    assert from_json(json.loads(json.dumps(to_json(elements), allow_nan=False))) == elements
