"""Names of attributes, values in text, identifiers."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upsdesk.dicom import paths
from upsdesk.dicom.datasets import to_dataset
from upsdesk.dicom.identifiers import identifier_elements, key_elements
from upsdesk.domain import attributes, tags
from upsdesk.domain.elements import Element, Elements, Path
from upsdesk.domain.query import WORKLIST_RETURN_KEYS, MatchingKey, WorklistQuery, state_query
from upsdesk.domain.state import ProcedureStepState


class TestNames:
    @pytest.mark.parametrize(
        ("text", "path"),
        [
            ("PatientName", (0x00100010,)),
            ("00100010", (0x00100010,)),
            ("(0010,0010)", (0x00100010,)),
            ("0074100e", (0x0074100E,)),
            ("ScheduledWorkitemCodeSequence/CodeValue", (0x00404018, 0x00080100)),
            ("00404018/00080100", (0x00404018, 0x00080100)),
            ("GenderIdentitySequence/GenderIdentityComment", (0x00100041, 0x00100045)),
            ("00991010/00991011", (0x00991010, 0x00991011)),
        ],
    )
    def test_paths(self, text: str, path: tuple[int, ...]) -> None:
        assert paths.parse_path(text) == path
        assert paths.parse_path(paths.path_text(path)) == path

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("PatientNme", "did you mean PatientName"),
            ("patientname", "did you mean PatientName"),
            ("ScheduledWorkitemCodeSequence/CodeVal", "'CodeVal' in .* did you mean CodeValue"),
            ("PatientName/CodeValue", "PatientName .* is no sequence"),
            ("", "no attribute"),
            ("A//B", "no attribute"),
            ("0010001", "no attribute"),
            ("qqqqqqqqqqq", "hexadecimal digits are needed$"),
        ],
    )
    def test_no_path(self, text: str, words: str) -> None:
        with pytest.raises(ValueError, match=words):
            paths.parse_path(text)

    def test_every_attribute_of_the_table(self) -> None:
        for path, row in attributes.by_path().items():
            assert paths.parse_path(paths.path_text(path)) == path
            assert paths.keyword_of(row.tag) == row.keyword
            assert paths.vr_of(row.tag) == row.vr
            assert paths.tag_of(row.keyword) == row.tag

    def test_names(self) -> None:
        assert paths.name_of(0x00100010) == "Patient's Name"
        assert paths.name_of(0x00100041) == "Gender Identity Sequence"
        assert paths.name_of(0x00991001) == "(0099,1001)"
        assert paths.keyword_of(0x00991001) is None
        assert (paths.vr_of(0x00991001), paths.vr_of(0x00990010)) == ("UN", "LO")


def _assigned(pairs: Iterable[tuple[Path, str]]) -> Elements:
    """The data set that these values describe, in first items."""
    leaves = [(path, paths.element_from_text(path[-1], text)) for path, text in pairs]
    return paths.placed(Elements(), [(tuple((tag, 0) for tag in path), leaf) for path, leaf in leaves])


class TestPlaces:
    def test_items_are_numbered_from_one(self) -> None:
        text = "ScheduledProcessingParametersSequence[2]/ConceptNameCodeSequence/CodeValue"
        assert paths.parse_steps(text) == ((0x00741210, 0), (0x0040A043, 1), (0x00080100, 0))
        for wrong in ("PatientID[2]", "ScheduledWorkitemCodeSequence[0]/CodeValue"):
            with pytest.raises(ValueError, match=r"\["):
                paths.parse_steps(wrong)

    def test_what_is_there_stays_beside_what_is_placed(self) -> None:
        code = _assigned([((0x00404018, 0x00080100), "1"), ((0x00404018, 0x00080104), "One")])
        steps = paths.parse_steps("ScheduledWorkitemCodeSequence/CodeValue")
        second = paths.parse_steps("ScheduledWorkitemCodeSequence[2]/CodeValue")
        value = paths.element_from_text(0x00080100, "2")
        assert paths.placed(code, [(steps, value)]).text(0x00404018, 0x00080104) == "One"
        items = paths.placed(code, [(second, value)]).items(0x00404018)
        assert [item.text(0x00080100) for item in items] == ["1", "2"]
        with pytest.raises(ValueError, match="none before it"):
            paths.placed(Elements(), [(second, value)])


class TestValues:
    def test_assignments(self) -> None:
        found = _assigned(
            [
                ((0x00741204,), "Label"),
                ((0x00404018, 0x00080100), "121726"),
                ((0x00404018, 0x00080102), "DCM"),
                ((0x00404025,), ""),
                ((0x00101002,), ""),
                ((0x001021C0,), "4"),
                ((0x00080005,), "ISO_IR 192\\GB18030"),
                ((0x00400400,), "C:\\temp"),
                ((0x00100010,), ""),
                ((0x00991001,), "hello"),
            ]
        )
        assert found.text(0x00404018, 0x00080102) == "DCM"
        assert len(found.items(0x00404018)) == 1
        assert found.get(0x00404025) == Element(0x00404025, "SQ", items=())
        assert found.get(0x001021C0) == Element(0x001021C0, "US", (4,))
        assert found.get(0x00080005).values == ("ISO_IR 192", "GB18030")  # type: ignore[union-attr]
        assert found.get(0x00400400).values == ("C:\\temp",)  # type: ignore[union-attr]
        assert found.get(0x00100010) == Element(0x00100010, "PN")
        assert found.get(0x00991001) == Element(0x00991001, "UN", raw=b"hello")

    @pytest.mark.parametrize(
        ("path", "text", "words"),
        [
            ((0x00404018,), "121726", "ScheduledWorkitemCodeSequence is a sequence"),
            ((0x001021C0,), "many", "PregnancyStatus: 'many' is no number"),
            ((0x00420011,), "x", "EncapsulatedDocument holds binary data"),
            ((0x00209165,), "x", "'x' is no attribute"),
        ],
    )
    def test_value_that_does_not_fit(self, path: tuple[int, ...], text: str, words: str) -> None:
        with pytest.raises(ValueError, match=words):
            _assigned([(path, text)])


class TestIdentifier:
    def test_worklist(self) -> None:
        found = identifier_elements(state_query(ProcedureStepState.SCHEDULED))
        assert found.text(tags.PROCEDURE_STEP_STATE) == "SCHEDULED"
        assert found.tags == {path[0] for path in WORKLIST_RETURN_KEYS}
        assert found.get(tags.SCHEDULED_WORKITEM_CODE_SEQUENCE) == Element(0x00404018, "SQ", items=())
        assert found.get(tags.REFERENCED_REQUEST_SEQUENCE, tags.ACCESSION_NUMBER) == Element(0x00080050, "SH")

    def test_a_key_inside_a_returned_sequence(self) -> None:
        key = MatchingKey((tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE, tags.CODE_VALUE), "FX1")
        found = identifier_elements(WorklistQuery((key,)))
        assert found.text(*key.path) == "FX1"
        (item,) = found.items(tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE)
        assert tags.CODE_MEANING in item and tags.CODING_SCHEME_DESIGNATOR in item  # the rest is still wanted

    def test_dates_are_one_value(self) -> None:
        value = "20261119000000+0100-20261119235959+0100"
        key = MatchingKey((tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME,), value)
        assert (
            to_dataset(identifier_elements(WorklistQuery((key,)))).ScheduledProcedureStepStartDateTime
            == value
        )

    def test_character_set_only_when_needed(self) -> None:
        assert "SpecificCharacterSet" not in to_dataset(identifier_elements(WorklistQuery()))
        asked = WorklistQuery(return_keys=((tags.SPECIFIC_CHARACTER_SET,), (tags.PATIENT_NAME,)))
        assert "SpecificCharacterSet" not in to_dataset(identifier_elements(asked))
        key = MatchingKey((tags.PATIENT_NAME,), "Müller*")
        assert to_dataset(identifier_elements(WorklistQuery((key,)))).SpecificCharacterSet == "ISO_IR 192"

    @given(
        st.lists(st.sampled_from(sorted(attributes.by_path())), max_size=6),
        st.lists(st.sampled_from(WORKLIST_RETURN_KEYS), max_size=3),
    )
    def test_never_empty(self, keys: list[tuple[int, ...]], returned: list[tuple[int, ...]]) -> None:
        query = WorklistQuery(tuple(MatchingKey(path, "") for path in keys), tuple(returned))
        assert len(identifier_elements(query)) > 0
        assert len(to_dataset(identifier_elements(query))) > 0

    def test_keys_alone(self) -> None:
        assert key_elements(()) == Elements()
        assert key_elements((MatchingKey((tags.WORKLIST_LABEL,), "RT"),)).text(tags.WORKLIST_LABEL) == "RT"


@pytest.mark.parametrize("keyword", ["ProcedureStepState", "ReceivingAE", "ContactURI", "PatientBirthDate"])
def test_letters_that_a_vr_does_not_allow_are_not_sent_as_question_marks(keyword: str) -> None:
    """`?` would be a wildcard in a search."""
    with pytest.raises(ValueError, match=keyword):
        _assigned([(paths.parse_path(keyword), "CANÇELED")])
