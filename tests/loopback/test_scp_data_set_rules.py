"""What the SCP refuses inside of items and by the form of values, and what it says about that."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.support.plain_scu import FILTERED, GLOBAL, code, dataset, workitem
from tests.support.running_scp import Bench, bench


@pytest.fixture(scope="module")
def there() -> Iterator[Bench]:
    with bench() as found:
        yield found


def parameter(value_type: str, **values: Any) -> Dataset:
    concept = code("2018001", "99IHERO2018", "Plan Label")
    return dataset(ValueType=value_type, ConceptNameCodeSequence=[concept], **values)


def an_input(**values: Any) -> Dataset:
    reference = dataset(
        ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.481.5", ReferencedSOPInstanceUID="1.2.3"
    )
    whole = {
        "TypeOfInstances": "DICOM",
        "StudyInstanceUID": "1.2.3",
        "SeriesInstanceUID": "1.2.3.4",
        "ReferencedSOPSequence": [reference],
        "DICOMRetrievalSequence": [dataset(RetrieveAETitle="ARCHIVE")],
    } | values
    return dataset(**{keyword: value for keyword, value in whole.items() if value is not None})


def person(**values: Any) -> Dataset:
    whole = {
        "HumanPerformerCodeSequence": [code("1", "99LOC", "One")],
        "HumanPerformerName": "One^Some",
        "HumanPerformerOrganization": "House",
    } | values
    return dataset(**{keyword: value for keyword, value in whole.items() if value is not None})


MACHINE = {"ScheduledStationNameCodeSequence": [code("FX1", "99LOC", "FX1")]}
NESTED: list[tuple[str, dict[str, Any], int, str]] = [
    # what is sent, the status, and what the comment names
    ("ScheduledStationNameCodeSequence", MACHINE, 0x0000, ""),
    (
        "ScheduledStationNameCodeSequence",
        {"ScheduledStationNameCodeSequence": [code("FX1", "99LOC", "")]},
        0x0121,
        "CodeMeaning",
    ),
    (
        "ScheduledStationNameCodeSequence",
        {"ScheduledStationNameCodeSequence": [dataset(CodeValue="FX1", CodingSchemeDesignator="99LOC")]},
        0x0120,
        "CodeMeaning",
    ),
    (
        "ScheduledStationNameCodeSequence",
        {"ScheduledStationNameCodeSequence": [dataset(CodeValue="FX1", CodeMeaning="FX1")]},
        0x0120,
        "CodingSchemeDesignator",
    ),
    (
        "ScheduledStationNameCodeSequence",
        {"ScheduledStationNameCodeSequence": [dataset(CodingSchemeDesignator="99LOC", CodeMeaning="FX1")]},
        0x0120,
        "CodeValue",
    ),
    (
        "ScheduledStationNameCodeSequence",
        {"ScheduledStationNameCodeSequence": [code("longer than sixteen", "99LOC", "FX1")]},
        0x0106,
        "CodeValue",
    ),
    (
        "ScheduledWorkitemCodeSequence",
        {
            "ScheduledWorkitemCodeSequence": [
                dataset(LongCodeValue="x" * 30, CodingSchemeDesignator="99LOC", CodeMeaning="Long")
            ]
        },
        0x0000,
        "",
    ),
    (
        "ScheduledProcessingParametersSequence",
        {"ScheduledProcessingParametersSequence": [parameter("TEXT", TextValue="Plan 1")]},
        0x0000,
        "",
    ),
    (
        "ScheduledProcessingParametersSequence",
        {"ScheduledProcessingParametersSequence": [parameter("TEXT")]},
        0x0120,
        "TextValue",
    ),
    (
        "ScheduledProcessingParametersSequence",
        {"ScheduledProcessingParametersSequence": [parameter("NUM", NumericValue="1")]},
        0x0106,
        "ValueType",
    ),
    (
        "ScheduledProcessingParametersSequence",
        {"ScheduledProcessingParametersSequence": [parameter("TEXT", TextValue="x", NumericValue="1")]},
        0x0105,
        "NumericValue",
    ),
    (
        "ScheduledProcessingParametersSequence",
        {"ScheduledProcessingParametersSequence": [parameter("NUMERIC", NumericValue="1")]},
        0x0120,
        "MeasurementUnitsCodeSequence",
    ),
    ("InputInformationSequence", {"InputInformationSequence": [an_input()]}, 0x0000, ""),
    (
        "InputInformationSequence",
        {"InputInformationSequence": [an_input(DICOMRetrievalSequence=None)]},
        0x0120,
        "DICOMRetrievalSequence",
    ),
    (
        "InputInformationSequence",
        {"InputInformationSequence": [an_input(TypeOfInstances="FILM")]},
        0x0106,
        "TypeOfInstances",
    ),
    (
        "InputInformationSequence",
        {"InputInformationSequence": [an_input(ReferencedSOPSequence=[])]},
        0x0121,
        "ReferencedSOPSequence",
    ),
    (
        "InputInformationSequence",
        {"InputInformationSequence": [an_input(StudyInstanceUID="1.x")]},
        0x0106,
        "StudyInstanceUID",
    ),
    ("ScheduledHumanPerformersSequence", {"ScheduledHumanPerformersSequence": [person()]}, 0x0000, ""),
    (
        "ScheduledHumanPerformersSequence",
        {"ScheduledHumanPerformersSequence": [person(HumanPerformerName=None)]},
        0x0120,
        "HumanPerformerName",
    ),
    (
        "ScheduledHumanPerformersSequence",
        {"ScheduledHumanPerformersSequence": [person(HumanPerformerOrganization="")]},
        0x0121,
        "HumanPerformerOrganization",
    ),
]


@pytest.mark.parametrize(("top", "values", "status", "named"), NESTED)
def test_items_of_a_new_workitem(
    there: Bench, top: str, values: dict[str, Any], status: int, named: str
) -> None:
    uid = there.uid()
    assert there.scu.create(uid, workitem(**values)) == status
    assert named in there.scu.status.get("ErrorComment", "")
    assert there.listed() == ([] if status == 0x0000 else [workitem(**values)[top].tag])
    assert there.scu.get(uid, []) == (0x0000 if status == 0x0000 else 0xC307)


@pytest.mark.parametrize(("top", "values", "status", "named"), NESTED)
def test_items_of_an_n_set(there: Bench, top: str, values: dict[str, Any], status: int, named: str) -> None:
    uid = there.created()
    expected = 0x0121 if status == 0x0120 else status  # N-SET has no Missing Attribute (PS3.7 10.1.3)
    assert there.scu.set(uid, dataset(ProcedureStepLabel="New", **values)) == expected
    assert named in there.scu.status.get("ErrorComment", "")
    assert there.listed() == ([] if status == 0x0000 else [workitem(**values)[top].tag])
    found = there.read(uid)
    assert found.ProcedureStepLabel == ("New" if status == 0x0000 else "Test step")
    assert len(found.get(top, [])) == (1 if status == 0x0000 else 0)


VALUES: list[tuple[str, Any, int]] = [
    ("ScheduledProcedureStepStartDateTime", "20260230", 0x0106),
    ("ScheduledProcedureStepStartDateTime", "tomorrow", 0x0106),
    ("ScheduledProcedureStepStartDateTime", "2026", 0x0000),
    ("ExpectedCompletionDateTime", "20260102-20260103", 0x0106),
    ("ScheduledProcedureStepExpirationDateTime", "20260102030405.5-0500", 0x0000),
    ("PatientBirthDate", "1962-04-10", 0x0106),
    ("PatientSex", "X", 0x0106),
    ("ProcedureStepLabel", "x" * 65, 0x0106),
    ("StudyInstanceUID", "1.02", 0x0106),
    ("PatientID", ["A", "B"], 0x0106),
    ("MedicalAlerts", ["Nuts", "Latex"], 0x0000),
    ("PregnancyStatus", 5, 0x0106),
    ("PregnancyStatus", 4, 0x0000),
    ("PatientName", "A=B=C=D", 0x0106),
]


@pytest.mark.parametrize(("keyword", "value", "status"), VALUES)
def test_forms_of_values(there: Bench, keyword: str, value: Any, status: int) -> None:
    ds = workitem()
    ds.update(dataset(**{keyword: value}))
    assert there.scu.create(there.uid(), ds) == status
    if status != 0x0000:
        assert keyword[:30] in there.scu.status.ErrorComment


def test_several_are_named_in_order(there: Bench) -> None:
    ds = workitem()
    del ds.PatientName, ds.PatientSex, ds.AdmissionID
    assert there.scu.create(there.uid(), ds) == 0x0120
    assert there.scu.status.ErrorComment == "missing: PatientName, PatientSex, AdmissionID"


def test_a_comment_is_never_longer_than_its_vr(there: Bench) -> None:
    assert there.scu.create(there.uid(), dataset(ProcedureStepLabel="Only this")) == 0x0120
    assert len(there.scu.status.ErrorComment) == 64


def test_without_a_data_set(there: Bench) -> None:
    assert there.scu.create(there.uid(), None) == 0x0120


def test_a_text_needs_its_character_set(there: Bench) -> None:
    ds = workitem(PatientName="M\xfcller".encode("latin-1"))
    del ds.SpecificCharacterSet
    assert there.scu.create(there.uid(), ds) == 0x0120
    assert "SpecificCharacterSet" in there.scu.status.ErrorComment


def test_bytes_that_are_no_text_in_their_character_set(there: Bench) -> None:
    ds = workitem(PatientName="M\xfcller".encode("latin-1"))  # said to be UTF-8
    assert there.scu.create(there.uid(), ds) == 0x0106
    assert "PatientName" in there.scu.status.ErrorComment


@pytest.mark.filterwarnings("ignore:Invalid value for VR UI")  # it is what is tested
@pytest.mark.parametrize("uid", ["1.2.x", "1.02.3", "1..2"])
def test_what_is_no_uid(there: Bench, uid: str) -> None:
    assert there.scu.create(uid, workitem()) == 0x0117
    assert there.scu.get(uid, []) == 0x0117
    assert there.scu.set(uid, dataset(ProcedureStepLabel="New")) == 0x0117
    assert there.scu.change_state(uid, "IN PROGRESS", "1.2") == 0x0117
    assert there.scu.request_cancel(uid) == 0x0117
    assert there.scu.subscribe(uid, "ALICE") == 0x0117
    assert there.scu.unsubscribe(uid, "ALICE") == 0x0117
    assert there.scu.suspend(uid, "ALICE") == 0x0117


def test_the_global_instances_are_no_workitems(there: Bench) -> None:
    for uid in (GLOBAL, FILTERED):
        assert there.scu.get(uid, []) == 0xC307
        assert there.scu.set(uid, dataset(ProcedureStepLabel="New")) == 0xC307
        assert there.scu.change_state(uid, "IN PROGRESS", "1.2") == 0xC307
        assert there.scu.request_cancel(uid) == 0xC307
