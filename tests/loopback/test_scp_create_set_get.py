"""N-CREATE, N-SET and N-GET of a plain client against a running SCP (PS3.4 CC.2.5 to CC.2.7)."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.support.plain_scu import FILTERED, GLOBAL, PUSH, SQ_TYPE_2, TEXT_TYPE_2, code, dataset, workitem
from tests.support.running_scp import Bench, bench

TYPE_1 = (
    "ProcedureStepState",
    "ScheduledProcedureStepPriority",
    "ProcedureStepLabel",
    "ScheduledProcedureStepStartDateTime",
    "InputReadinessState",
)


@pytest.fixture(scope="module")
def there() -> Iterator[Bench]:
    with bench() as found:
        yield found


def read(there: Bench, uid: str, tags: list[int] | None = None) -> Dataset:
    assert there.scu.get(uid, tags or []) == 0x0000
    return there.scu.reply


@pytest.mark.parametrize("keyword", [*TYPE_1, *SQ_TYPE_2, *TEXT_TYPE_2])
def test_an_absent_attribute_is_missed(there: Bench, keyword: str) -> None:
    ds = workitem()
    del ds[keyword]
    uid = there.uid()
    assert there.scu.create(uid, ds) == 0x0120
    assert keyword[:50] in there.scu.status.ErrorComment
    assert there.scu.get(uid, []) == 0xC307


@pytest.mark.parametrize("keyword", TYPE_1)
def test_an_attribute_without_its_value_is_missed(there: Bench, keyword: str) -> None:
    assert there.scu.create(there.uid(), workitem(**{keyword: ""})) == 0x0121
    assert keyword[:50] in there.scu.status.ErrorComment


FORBIDDEN: dict[str, Any] = {
    "SOPClassUID": "1.2.840.10008.5.1.4.34.6.1",
    "SOPInstanceUID": "1.2.3",
    "TransactionUID": "1.2.3",
    "ProcedureStepProgressInformationSequence": Sequence([dataset(ProcedureStepProgress="5")]),
    "UnifiedProcedureStepPerformedProcedureSequence": Sequence([dataset(OutputInformationSequence=[])]),
}


@pytest.mark.parametrize("keyword", FORBIDDEN)
def test_what_a_new_workitem_must_not_carry(there: Bench, keyword: str) -> None:
    assert there.scu.create(there.uid(), workitem(**{keyword: FORBIDDEN[keyword]})) == 0x0105


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"ScheduledProcedureStepPriority": "STAT"}, 0x0106),
        ({"InputReadinessState": "MAYBE"}, 0x0106),
        ({"ProcedureStepState": "IN PROGRESS"}, 0xC309),
        ({"ProcedureStepState": "CANCELED"}, 0xC309),
    ],
)
def test_values_that_are_not_allowed(there: Bench, values: dict[str, str], status: int) -> None:
    assert there.scu.create(there.uid(), workitem(**values)) == status


@pytest.mark.parametrize("uid", [GLOBAL, FILTERED])
def test_the_global_instances_are_not_created(there: Bench, uid: str) -> None:
    assert there.scu.create(uid, workitem()) == 0x0111


def test_without_a_uid_the_scp_assigns_one(there: Bench) -> None:
    for label in ("Given", ""):
        status, _ = there.scu.assoc.send_n_create(workitem(WorklistLabel=label), PUSH, None, meta_uid=PUSH)
        assert status.Status == (0x0000 if label else 0xB300)
    keys = dataset(WorklistLabel="Given", SOPInstanceUID="")
    [found], _ = there.scu.find(keys)
    assert found.SOPInstanceUID.startswith("2.25.")


def test_an_empty_worklist_label_is_filled_in_and_told(there: Bench) -> None:
    uid = there.uid()
    assert there.scu.create(uid, workitem(WorklistLabel="")) == 0xB300
    assert there.scu.reply.WorklistLabel == read(there, uid).WorklistLabel != ""


def test_the_scp_stamps_the_modification_time(there: Bench) -> None:
    uid = there.created()
    before = read(there, uid).ScheduledProcedureStepModificationDateTime
    assert len(before) == len("20260102030405+0000")


def test_everything_comes_back_as_it_was_sent(there: Bench) -> None:
    ds = workitem(
        PatientID="DEMO-1",
        PatientName="Soë^Zoë=宋^柔=そう^じゅう",
        ScheduledStationNameCodeSequence=[code("FX1", "99LOC", "Gerät 1")],
    )
    block = ds.private_block(0x0011, "OUR TEST", create=True)
    block.add_new(0x01, "LO", "kept")
    uid = there.uid()
    assert there.scu.create(uid, ds) == 0x0000
    found = read(there, uid)
    assert found.PatientName == ds.PatientName
    assert found.ScheduledStationNameCodeSequence[0].CodeMeaning == "Gerät 1"
    assert found[0x0011, 0x1001].value in ("kept", b"kept")
    assert found.SpecificCharacterSet == "ISO_IR 192"


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("ISO_IR 100", "Müller^Jörg"),
        ("ISO_IR 144", "Люкceмбypг"),
        ("ISO_IR 126", "Διονυσιος"),
        ("GB18030", "Wang^XiaoDong=王^小东"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
    ],
)
def test_character_sets(there: Bench, charset: str | list[str], name: str) -> None:
    ds = workitem(PatientName=name)
    ds.SpecificCharacterSet = charset
    uid = there.uid()
    assert there.scu.create(uid, ds) == 0x0000
    assert read(there, uid, [0x00100010]).PatientName == name
    change = dataset(CommentsOnTheScheduledProcedureStep="Größe prüfen")
    change.SpecificCharacterSet = "ISO_IR 100"
    assert there.scu.set(uid, change) == 0x0000
    found = read(there, uid)
    assert (found.PatientName, found.CommentsOnTheScheduledProcedureStep) == (name, "Größe prüfen")


SET_FORBIDDEN: dict[str, Any] = {
    "ProcedureStepState": "CANCELED",
    "SOPClassUID": "1.2",
    "SOPInstanceUID": "1.2",
    "PatientName": "A^B",
    "PatientID": "1",
    "IssuerOfPatientID": "X",
    "PatientBirthDate": "20000101",
    "PatientSex": "F",
    "AdmissionID": "1",
    "ReferencedRequestSequence": [],
    "ReplacedProcedureStepSequence": [],
}


@pytest.mark.parametrize("keyword", SET_FORBIDDEN)
def test_what_must_not_be_changed(there: Bench, keyword: str) -> None:
    uid = there.created()
    change = dataset(ProcedureStepLabel="New", **{keyword: SET_FORBIDDEN[keyword]})
    assert there.scu.set(uid, change) == 0x0105
    named = there.scu.status.AttributeIdentifierList
    assert (list(named) if isinstance(named, list) else [named]) == [change[keyword].tag]
    assert keyword[:30] in there.scu.status.ErrorComment
    assert read(there, uid).ProcedureStepLabel == "Test step"  # all or nothing


def test_a_sequence_is_replaced_whole(there: Bench) -> None:
    uid = there.created(ScheduledStationNameCodeSequence=[code("A", "99", "a"), code("B", "99", "b")])
    assert there.scu.set(uid, dataset(ScheduledStationNameCodeSequence=[code("C", "99", "c")])) == 0x0000
    assert [one.CodeValue for one in read(there, uid).ScheduledStationNameCodeSequence] == ["C"]


def test_an_n_set_may_not_empty_what_every_workitem_has(there: Bench) -> None:
    uid = there.created()
    assert there.scu.set(uid, dataset(ProcedureStepLabel="")) == 0x0121
    assert there.scu.set(uid, dataset(ScheduledProcedureStepPriority="STAT")) == 0x0106
    assert there.scu.set(uid, dataset(WorklistLabel="")) == 0xB305


def test_get_returns_what_was_asked_for_and_never_the_lock(there: Bench) -> None:
    uid = there.in_state("IN PROGRESS")
    assert there.scu.get(uid, [0x00741204, 0x00081195, 0x00404011, 0x00080018]) == 0x0107
    found = there.scu.reply
    assert [int(tag) for tag in there.scu.status.AttributeIdentifierList] == [0x00080018, 0x00081195]
    assert {one.keyword for one in found} == {"ProcedureStepLabel", "ExpectedCompletionDateTime"}
    assert found.ExpectedCompletionDateTime == ""
    assert 0x00081195 not in read(there, uid)


def test_a_bad_uid_is_said(there: Bench) -> None:
    assert there.scu.get("1.2.3.4.5.6", []) == 0xC307
