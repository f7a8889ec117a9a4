"""N-CREATE, N-SET and N-GET of a plain client against a running SCP (PS3.4 CC.2.5 to CC.2.7)."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydicom.sequence import Sequence

from tests.support.plain_scu import FILTERED, GLOBAL, PUSH, SQ_TYPE_2, TEXT_TYPE_2, code, dataset, workitem
from tests.support.running_scp import Bench, bench
from upsdesk.scp.services.common import Leniency

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

MACHINE = {"ScheduledStationNameCodeSequence": [code("FX1", "99LOC", "FX1")]}

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
    assert there.scu.reply.WorklistLabel == there.read(uid).WorklistLabel != ""


def test_the_scp_stamps_the_modification_time(there: Bench) -> None:
    uid = there.created()
    before = there.read(uid).ScheduledProcedureStepModificationDateTime
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
    found = there.read(uid)
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
    assert there.read(uid, [0x00100010]).PatientName == name
    change = dataset(CommentsOnTheScheduledProcedureStep="Größe prüfen")
    change.SpecificCharacterSet = "ISO_IR 100"
    assert there.scu.set(uid, change) == 0x0000
    found = there.read(uid)
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
    assert there.read(uid).ProcedureStepLabel == "Test step"  # all or nothing


def test_a_sequence_is_replaced_whole(there: Bench) -> None:
    uid = there.created(ScheduledStationNameCodeSequence=[code("A", "99", "a"), code("B", "99", "b")])
    assert there.scu.set(uid, dataset(ScheduledStationNameCodeSequence=[code("C", "99", "c")])) == 0x0000
    assert [one.CodeValue for one in there.read(uid).ScheduledStationNameCodeSequence] == ["C"]


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
    assert 0x00081195 not in there.read(uid)


def test_a_bad_uid_is_said(there: Bench) -> None:
    assert there.scu.get("1.2.3.4.5.6", []) == 0xC307


# What the SCP changes by itself


def test_a_given_time_of_modification_is_overwritten_and_told(there: Bench) -> None:
    uid = there.uid()
    given = "19990101000000"
    assert there.scu.create(uid, workitem(ScheduledProcedureStepModificationDateTime=given)) == 0xB300
    stamped = there.read(uid).ScheduledProcedureStepModificationDateTime
    assert there.scu.create(there.uid(), workitem()) == 0x0000
    assert stamped != given
    change = dataset(ProcedureStepLabel="New", ScheduledProcedureStepModificationDateTime=given)
    assert there.scu.set(uid, change) == 0xB305
    assert there.listed() == [0x00404010]
    assert there.scu.reply.ScheduledProcedureStepModificationDateTime != given
    assert there.read(uid).ProcedureStepLabel == "New"


def test_b305_carries_what_is_stored_instead(there: Bench) -> None:
    uid = there.created()
    assert there.scu.set(uid, dataset(WorklistLabel="", ProcedureStepLabel="New")) == 0xB305
    assert there.listed() == [0x00741202]
    assert [one.keyword for one in there.scu.reply] == ["WorklistLabel"]
    assert there.scu.reply.WorklistLabel == there.read(uid).WorklistLabel != ""


def test_a_percentage_out_of_range_is_stored_with_a_warning(there: Bench) -> None:
    uid = there.in_state("IN PROGRESS")
    item = dataset(ProcedureStepProgress="120")
    assert there.scu.set(uid, dataset(ProcedureStepProgressInformationSequence=[item]), "1.9.1") == 0x0116
    assert there.listed() == [0x00741002]
    [told] = there.scu.reply.ProcedureStepProgressInformationSequence
    [kept] = there.read(uid).ProcedureStepProgressInformationSequence
    assert told.ProcedureStepProgress == kept.ProcedureStepProgress == 120


# N-SET: what it replaces, what it keeps


def test_all_or_nothing(there: Bench) -> None:
    uid = there.created()
    change = dataset(ProcedureStepLabel="New", InputReadinessState="MAYBE", WorklistLabel="Other")
    assert there.scu.set(uid, change) == 0x0106
    found = there.read(uid)
    assert (found.ProcedureStepLabel, found.WorklistLabel) == ("Test step", "Test")


def test_the_same_again_changes_nothing(there: Bench) -> None:
    uid = there.created(**MACHINE)
    change = dataset(ProcedureStepLabel="New", ScheduledStationNameCodeSequence=[code("FX2", "99", "2")])
    assert there.scu.set(uid, change) == 0x0000
    first = there.read(uid)
    assert there.scu.set(uid, change) == 0x0000
    assert there.read(uid) == first


def test_attributes_that_were_not_created_can_be_set_and_emptied(there: Bench) -> None:
    uid = there.created()
    assert there.scu.set(uid, dataset(ExpectedCompletionDateTime="20260103")) == 0x0000
    assert there.read(uid).ExpectedCompletionDateTime == "20260103"
    assert there.scu.set(uid, dataset(ExpectedCompletionDateTime="")) == 0x0000
    assert there.read(uid).ExpectedCompletionDateTime == ""


def test_unknown_and_private_attributes_last(there: Bench) -> None:
    first = workitem(PatientAge="063Y")
    first.private_block(0x0011, "FIRST OWNER", create=True).add_new(0x01, "LO", "one")
    uid = there.uid()
    assert there.scu.create(uid, first) == 0x0000
    second = dataset(ProcedureStepLabel="New")
    second.private_block(0x0011, "SECOND OWNER", create=True).add_new(0x01, "LO", "two")
    assert there.scu.set(uid, second) == 0x0000
    found = there.read(uid)
    assert found.PatientAge == "063Y"
    for owner, value in (("FIRST OWNER", "one"), ("SECOND OWNER", "two")):
        kept = found.private_block(0x0011, owner)[0x01].value
        assert kept in (value, value.encode() + b" ", value.encode())


def test_what_belongs_into_no_data_set_is_left_out_with_a_warning(there: Bench) -> None:
    """Some clients put elements of the command set into the data set."""
    uid = there.uid()
    foreign = {"AffectedSOPClassUID": PUSH, "AffectedSOPInstanceUID": uid}
    assert there.scu.create(uid, workitem(**foreign)) == 0x0107
    assert there.listed() == [0x00000002, 0x00001000]
    assert there.scu.set(uid, dataset(ProcedureStepLabel="New", **foreign)) == 0x0107
    assert there.listed() == [0x00000002, 0x00001000]
    found = there.read(uid)
    assert found.ProcedureStepLabel == "New"
    assert not [one.keyword for one in found if one.tag.group == 0]


def test_gender_attributes_of_the_newer_editions_last(there: Bench) -> None:
    ds = workitem()
    item = dataset()
    item.add_new(0x00100044, "SQ", [code("446151000124109", "SCT", "Identifies as male gender")])
    ds.add_new(0x00100041, "SQ", [item])
    uid = there.uid()
    assert there.scu.create(uid, ds) == 0x0000
    found = there.read(uid)[0x00100041].value
    assert found[0][0x00100044].value[0].CodeValue == "446151000124109"


def test_a_change_in_another_zone_keeps_its_meaning(there: Bench) -> None:
    ds = workitem(ScheduledProcedureStepStartDateTime="20260102080000")
    ds.TimezoneOffsetFromUTC = "+0100"
    uid = there.uid()
    assert there.scu.create(uid, ds) == 0x0000
    change = dataset(TimezoneOffsetFromUTC="-0500", ExpectedCompletionDateTime="20260102090000")
    assert there.scu.set(uid, change) == 0xB305
    found = there.read(uid)
    assert found.TimezoneOffsetFromUTC == "+0100"
    assert found.ScheduledProcedureStepStartDateTime == "20260102080000"
    assert found.ExpectedCompletionDateTime == "20260102090000-0500"


def test_modification_is_stamped_with_every_change() -> None:
    moments = itertools.count()
    with bench(clock=lambda: START + timedelta(seconds=next(moments))) as here:

        def stamp() -> str:
            return str(here.read(uid, [0x00404010]).ScheduledProcedureStepModificationDateTime)

        uid = here.created()
        stamps = [stamp()]
        assert here.scu.set(uid, dataset(ProcedureStepLabel="New")) == 0x0000
        stamps.append(stamp())
        assert here.scu.change_state(uid, "IN PROGRESS", "1.2") == 0x0000
        stamps.append(stamp())
        assert here.scu.change_state(uid, "COMPLETED", "1.2") == 0xC304
        stamps.append(stamp())
    assert stamps[0] < stamps[1] < stamps[2] == stamps[3]


# N-GET


def test_get_in_detail(there: Bench) -> None:
    uid = there.created(PatientName="M\xfcller", **MACHINE)
    found = there.read(uid, [0x00100010, 0x00404025])
    assert {one.keyword for one in found} == {
        "SpecificCharacterSet",  # comes along because the name needs it
        "PatientName",
        "ScheduledStationNameCodeSequence",
    }
    assert found.ScheduledStationNameCodeSequence[0].CodeMeaning == "FX1"
    plain = there.created()
    assert {one.keyword for one in there.read(plain, [0x00741204])} == {"ProcedureStepLabel"}
    assert there.read(plain, [0x00080005]).SpecificCharacterSet == "ISO_IR 192"
    assert there.read(plain, [0x00080201, 0x00741204]).get("TimezoneOffsetFromUTC") is None


def test_every_attribute_of_the_ups_comes_back_at_least_empty(there: Bench) -> None:
    uid = there.created()
    keywords = [
        "PatientID",
        "StudyInstanceUID",
        "OtherPatientIDsSequence",
        "MedicalAlerts",
        "PregnancyStatus",
    ]
    tags = [int(dataset(**{keyword: None})[keyword].tag) for keyword in keywords]
    found = there.read(uid, tags)
    assert sorted(one.keyword for one in found) == sorted(keywords)
    assert all(one.is_empty or one.value == "" for one in found)


def test_attributes_that_are_not_kept_are_said(there: Bench) -> None:
    uid = there.created()
    assert there.scu.get(uid, [0x00741204, 0x00101010, 0x00111001]) == 0x0001
    assert there.listed() == [0x00101010, 0x00111001]
    assert [one.keyword for one in there.scu.reply] == ["ProcedureStepLabel"]


@pytest.mark.parametrize("tag", [0x00081195, 0x00080016, 0x00080018])
def test_what_n_get_must_not_return(there: Bench, tag: int) -> None:
    uid = there.in_state("IN PROGRESS")
    assert there.scu.get(uid, [tag, 0x00741204]) == 0x0107
    assert there.listed() == [tag]
    assert [one.keyword for one in there.scu.reply] == ["ProcedureStepLabel"]


# --lenient create


def test_lenient_create() -> None:
    with bench(leniency=Leniency(create=True)) as there:
        ds = workitem(SOPClassUID=PUSH, SOPInstanceUID="1.2.3.4.5")
        for keyword in (*SQ_TYPE_2, *TEXT_TYPE_2):
            del ds[keyword]
        uid = there.uid()
        assert there.scu.create(uid, ds) == 0xB300  # the Worklist Label was filled in
        found = there.read(uid, [0x00100010, 0x00404025, 0x00741202])
        assert (found.PatientName, len(found.ScheduledStationNameCodeSequence)) == ("", 0)
        assert found.WorklistLabel
        status, _ = there.scu.assoc.send_n_create(ds, PUSH, None, meta_uid=PUSH)
        assert status.Status == 0xB300
        assert there.scu.get("1.2.3.4.5", []) == 0x0000
        assert there.scu.create(there.uid(), workitem(ProcedureStepLabel="")) == 0x0121
        assert there.scu.create(there.uid(), workitem(TransactionUID="1.2")) == 0x0105
        assert there.scu.create(there.uid(), workitem(InputReadinessState="MAYBE")) == 0x0106
