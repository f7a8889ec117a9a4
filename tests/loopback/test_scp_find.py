"""C-FIND of a plain client, of pynetdicom's and DCMTK's programs against a running SCP (PS3.4 CC.2.8)."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation

from tests.support import raw_scu
from tests.support.plain_scu import PULL, QUERY, WATCH, PlainScu, code, dataset, no_delay, plain_scu
from tests.support.running_scp import AET, Bench, bench
from upsdesk.domain import attributes, tags
from upsdesk.domain.attributes import element
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.domain.state import ProcedureStepState
from upsdesk.scp.model import Stored

ECHOSCU = Path("/usr/bin/echoscu")


@pytest.fixture(scope="module")
def there() -> Iterator[Bench]:
    with bench() as found:
        for number in range(30):
            found.created(
                PatientName=f"Žižka^Jan{number}",
                PatientID=f"DEMO-{number:03d}",
                PatientBirthDate=f"19{60 + number}0101",
                WorklistLabel="FIND",
                ScheduledProcedureStepStartDateTime=f"2026031{number % 10}120000+0100",
                ScheduledStationNameCodeSequence=[
                    code("FX1", "99A", "One") if number % 2 else code("FX2", "99B", "Two")
                ],
                ScheduledProcedureStepPriority="HIGH" if number == 7 else "LOW",
            )
        yield found


def ids(there: Bench, context: str = PULL, **keys: Any) -> list[int]:
    """Numbers of the matching workitems, of those that this file made."""
    found, statuses = there.scu.find(
        dataset(SpecificCharacterSet="ISO_IR 192", WorklistLabel="FIND", PatientID="", **keys), context
    )
    assert statuses[-1] == 0x0000
    assert set(statuses[:-1]) <= {0xFF00}
    return sorted(int(one.PatientID[5:]) for one in found)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"ScheduledProcedureStepPriority": "HIGH"}, [7]),
        ({"ScheduledProcedureStepPriority": "H*"}, []),
        ({"PatientName": "zizka^jan7"}, [7]),
        ({"PatientName": "ŽIŽKA^JAN?"}, list(range(10))),
        ({"PatientName": "*JAN2*"}, [2, *range(20, 30)]),
        ({"PatientBirthDate": "19700101-19720101"}, [10, 11, 12]),
        ({"PatientBirthDate": "-19610101"}, [0, 1]),
        ({"ScheduledProcedureStepStartDateTime": "20260313110000+0000"}, [3, 13, 23]),
        ({"ScheduledProcedureStepStartDateTime": "20260313060000-0500"}, [3, 13, 23]),
        ({"ScheduledProcedureStepStartDateTime": "20260318120000+0100-"}, [8, 9, 18, 19, 28, 29]),
        ({"ScheduledProcedureStepStartDateTime": "-20260310120000+0100"}, [0, 10, 20]),
        ({"ScheduledStationNameCodeSequence": [dataset(CodeValue="FX1")]}, list(range(1, 30, 2))),
        ({"ScheduledStationNameCodeSequence": [code("FX1", "99A", "")]}, list(range(1, 30, 2))),
        ({"ScheduledStationNameCodeSequence": [code("FX1", "99B", "")]}, []),
        ({"ScheduledStationNameCodeSequence": []}, list(range(30))),
        ({"ProcedureStepState": "SCHEDULED"}, list(range(30))),
        ({"ProcedureStepState": "COMPLETED"}, []),
    ],
)
def test_matching(there: Bench, keys: dict[str, Any], expected: list[int]) -> None:
    assert ids(there, **keys) == expected


@pytest.mark.parametrize("context", [PULL, WATCH, QUERY])
def test_by_any_of_the_three_classes(there: Bench, context: str) -> None:
    assert ids(there, context, ScheduledProcedureStepPriority="HIGH") == [7]


def test_by_patient_id(there: Bench) -> None:
    [found], _ = there.scu.find(dataset(PatientID="DEMO-011", SOPInstanceUID=""))
    assert found.PatientID == "DEMO-011"


def test_a_list_of_uids(there: Bench) -> None:
    found, _ = there.scu.find(dataset(WorklistLabel="FIND", SOPInstanceUID=""))
    uids = sorted(one.SOPInstanceUID for one in found)[:3]
    found, _ = there.scu.find(dataset(SOPInstanceUID=[*uids, "1.2.3.4.5"]))
    assert sorted(one.SOPInstanceUID for one in found) == uids


def test_only_what_was_asked_for_comes_back(there: Bench) -> None:
    keys = dataset(
        PatientID="DEMO-005",
        SOPClassUID="",
        ExpectedCompletionDateTime="",
        TransactionUID="",
        ScheduledStationNameCodeSequence=[dataset(CodeValue="")],
    )
    [found], statuses = there.scu.find(keys)
    assert statuses == [0xFF00, 0x0000]
    assert {one.keyword for one in found} == {
        "PatientID",
        "SOPClassUID",
        "ExpectedCompletionDateTime",
        "ScheduledStationNameCodeSequence",
    }
    assert found.SOPClassUID == "1.2.840.10008.5.1.4.34.6.1"
    assert found.ExpectedCompletionDateTime == ""
    [station] = found.ScheduledStationNameCodeSequence
    assert [one.keyword for one in station] == ["CodeValue"]


def test_an_empty_sequence_key_returns_all_of_the_items(there: Bench) -> None:
    [found], _ = there.scu.find(dataset(PatientID="DEMO-005", ScheduledStationNameCodeSequence=[]))
    assert found.ScheduledStationNameCodeSequence[0].CodeMeaning == "One"


def test_a_character_set_is_named_where_it_is_needed(there: Bench) -> None:
    [with_name], _ = there.scu.find(dataset(PatientID="DEMO-005", PatientName=""))
    assert with_name.SpecificCharacterSet == "ISO_IR 192"
    assert with_name.PatientName == "Žižka^Jan5"
    [without], _ = there.scu.find(dataset(PatientID="DEMO-005", PatientSex=""))
    assert "SpecificCharacterSet" not in without


@pytest.mark.parametrize(
    "keys",
    [
        dataset(TransactionUID="1.2.3", PatientID="DEMO-005"),
        dataset(ScheduledStationNameCodeSequence=[code("", "", "One")], PatientID="DEMO-005"),
    ],
    ids=["Transaction UID", "Code Meaning"],
)
def test_a_key_that_is_none_is_said_to_be_ignored(there: Bench, keys: Dataset) -> None:
    found, statuses = there.scu.find(keys)
    assert statuses == [0xFF01, 0x0000]
    assert "TransactionUID" not in found[0]


@pytest.mark.parametrize(
    "keys",
    [
        dataset(ProcedureStepState=["SCHEDULED", "IN PROGRESS"]),
        dataset(ScheduledProcedureStepStartDateTime="yesterday"),
        dataset(PatientBirthDate="1970"),
    ],
    ids=["two values", "no date-time", "no date"],
)
def test_a_key_that_cannot_be_read_is_named(there: Bench, keys: Dataset) -> None:
    found, statuses = there.scu.find(keys)
    assert (found, statuses) == ([], [0xA900])
    [element] = keys
    assert there.scu.status.OffendingElement == element.tag


def test_without_a_valued_key_everything_comes(there: Bench) -> None:
    found, _ = there.scu.find(dataset(SOPInstanceUID=""))
    with there.scp.repository.reading() as reader:
        assert len(found) == reader.count()


@pytest.fixture(scope="module")
def crowd() -> Iterator[Bench]:
    """Three thousand workitems."""
    label = element(tags.PROCEDURE_STEP_LABEL, "Long " * 10)
    with bench() as found:
        found.scp.seed(
            Stored(SopInstanceUid(f"1.2.9.{number}"), ProcedureStepState.SCHEDULED, Elements([label]))
            for number in range(3000)
        )
        yield found


def test_cancel(crowd: Bench) -> None:
    with plain_scu(crowd.port, AET) as scu:
        statuses = []
        keys = dataset(SOPInstanceUID="", ProcedureStepLabel="")
        for status, _ in scu.assoc.send_c_find(keys, PULL, msg_id=5):
            statuses.append(status.Status)
            if len(statuses) == 2:
                scu.assoc.send_c_cancel(5, query_model=PULL)
    assert statuses[-1] == 0xFE00
    assert len(statuses) < 3000


def test_cancel_of_a_search_that_finds_nothing(crowd: Bench) -> None:
    nothing = b"\x40\0\0\x04\x06\0\0\0*none*"  # Comments, which no index knows
    asked = raw_scu.command(raw_scu.C_FIND, 9, raw_scu.PULL, has_data=True)
    cancel = raw_scu.command(raw_scu.C_CANCEL, 9, raw_scu.PULL)
    with raw_scu.associated(crowd.port, AET) as scu:
        scu.send(raw_scu.message(3, asked, nothing) + raw_scu.message(3, cancel))
        assert scu.status() == 0xFE00
        scu.send(raw_scu.echo())
        assert scu.status() == 0x0000, "and nothing else came in between"


@pytest.mark.parametrize("identifier", [None, b"", b"\x08\0\x05\0\x0a\0\0\0ISO_IR 192"])
def test_an_identifier_without_keys_is_refused(there: Bench, identifier: bytes | None) -> None:
    asked = raw_scu.command(raw_scu.C_FIND, 9, raw_scu.PULL, has_data=identifier is not None)
    with raw_scu.associated(there.port, AET) as scu:
        scu.send(raw_scu.message(3, asked, identifier))
        assert scu.status() == 0xA900


@contextmanager
def agreed(there: Bench, information: bytes) -> Iterator[PlainScu]:
    """A client that proposes extended negotiation of UPS Pull (PS3.4 CC.3.2)."""
    item = SOPClassExtendedNegotiation()
    item.sop_class_uid = PULL
    item.service_class_application_information = information
    with plain_scu(there.port, AET, more=[item]) as scu:
        yield scu


def numbers(scu: PlainScu, **keys: Any) -> list[int]:
    found, statuses = scu.find(
        dataset(SpecificCharacterSet="ISO_IR 192", WorklistLabel="FIND", PatientID="", **keys)
    )
    assert statuses == [0xFF00] * len(found) + [0x0000]
    return sorted(int(one.PatientID[5:]) for one in found)


def test_fuzzy_names_where_agreed_on(there: Bench) -> None:
    with agreed(there, b"\1\1\1") as scu:
        # The components in any order; Jan0 to Jan9 differ from Jan7 by one character, Jan17 and Jan27 too.
        assert numbers(scu, PatientName="jan7 žyžka") == [*range(10), 17, 27]
        assert numbers(scu, PatientName="Zizka") == list(range(30))
        assert numbers(scu, PatientName="Zizka^Xaver") == []
    for information in (b"\1\1\0\0", b"\1\1"):
        with agreed(there, information) as scu:
            assert numbers(scu, PatientName="jan7 žyžka") == []


def test_a_zone_of_the_keys_where_agreed_on(there: Bench) -> None:
    keys = {"ScheduledProcedureStepStartDateTime": "20260313130000", "TimezoneOffsetFromUTC": "+0200"}
    with agreed(there, b"\1\1\0\1") as scu:
        assert numbers(scu, **keys) == [3, 13, 23]
        assert numbers(scu, **keys | {"TimezoneOffsetFromUTC": "-0500"}) == []
        # An offset in the value comes first.
        later = keys | {"ScheduledProcedureStepStartDateTime": "20260313110000+0000"}
        assert numbers(scu, **later | {"TimezoneOffsetFromUTC": "-0500"}) == [3, 13, 23]


def test_without_agreement_the_zone_of_the_server_counts() -> None:
    zone = timezone(timedelta(hours=-3))
    with bench(zone=zone) as other:
        other.created(PatientID="DEMO-1", ScheduledProcedureStepStartDateTime="20260310120000")
        keys = {"ScheduledProcedureStepStartDateTime": "20260310120000", "TimezoneOffsetFromUTC": "+0500"}
        found, _ = other.scu.find(dataset(PatientID="", **keys))
        assert [one.PatientID for one in found] == ["DEMO-1"]
        found, _ = other.scu.find(dataset(ScheduledProcedureStepStartDateTime="20260310150000+0000"))
        assert len(found) == 1


def test_the_zone_comes_with_times_and_only_then(there: Bench) -> None:
    there.created(PatientID="ZONE-1", WorklistLabel="ZONED", TimezoneOffsetFromUTC="+0530")
    [found], _ = there.scu.find(dataset(PatientID="ZONE-1", ScheduledProcedureStepStartDateTime=""))
    assert found.TimezoneOffsetFromUTC == "+0530"
    [found], _ = there.scu.find(dataset(PatientID="ZONE-1", ProcedureStepLabel=""))
    assert "TimezoneOffsetFromUTC" not in found
    [found], _ = there.scu.find(dataset(PatientID="ZONE-1", TimezoneOffsetFromUTC=""))
    assert found.TimezoneOffsetFromUTC == "+0530"
    [found], _ = there.scu.find(dataset(PatientID="DEMO-003", ScheduledProcedureStepStartDateTime=""))
    assert "TimezoneOffsetFromUTC" not in found


def test_every_return_key_of_the_table_comes_back(there: Bench) -> None:
    """Type 1 and 2 at least empty, type 3 as well (PS3.4 CC.2.8.1.3)."""
    rows = [row for row in attributes.top_level().values() if row.return_key != "-"]
    keys = Dataset()
    for row in rows:
        if row.keyword != "SpecificCharacterSet":
            keys.add(DataElement(row.tag, row.vr, [] if row.vr == "SQ" else None))
    keys.PatientID = "DEMO-004"
    [found], statuses = there.scu.find(keys)
    assert statuses == [0xFF00, 0x0000]
    assert {one.tag for one in found} - {0x00080005} == {one.tag for one in keys}
    assert found.SOPClassUID == "1.2.840.10008.5.1.4.34.6.1"
    assert found.SOPInstanceUID.startswith("1.2.3.")
    for row in rows:
        if row.return_key == "1" and row.keyword != "SpecificCharacterSet":
            assert found[row.tag].value, row.keyword


def test_what_is_no_attribute_of_a_ups_does_not_come_and_is_said_not_to(there: Bench) -> None:
    [found], statuses = there.scu.find(dataset(PatientID="DEMO-005", StudyDescription="", Modality=""))
    assert statuses == [0xFF01, 0x0000]
    assert [one.keyword for one in found] == ["PatientID"]


def test_but_it_does_where_a_workitem_has_it(there: Bench) -> None:
    there.created(PatientID="MORE-1", WorklistLabel="MORE", StudyDescription="Kept")
    there.created(PatientID="MORE-2", WorklistLabel="MORE")
    found, statuses = there.scu.find(dataset(WorklistLabel="MORE", StudyDescription="", PatientID=""))
    assert sorted(statuses) == [0x0000, 0xFF00, 0xFF01]
    assert {one.PatientID: one.get("StudyDescription") for one in found} == {"MORE-1": "Kept", "MORE-2": None}
    found, statuses = there.scu.find(dataset(WorklistLabel="MORE", StudyDescription="K*"))
    assert ([one.StudyDescription for one in found], statuses) == (["Kept"], [0xFF00, 0x0000])


def requested(accession: str, procedure: str, description: str) -> Dataset:
    """An item of Referenced Request Sequence with all that it must have."""
    rows = [row for row in attributes.table() if row.parent == ("ReferencedRequestSequence",)]
    ds = Dataset()
    for row in rows:
        if row.scu_type_create == "2":
            ds.add(DataElement(row.tag, row.vr, [] if row.vr == "SQ" else None))
    ds.StudyInstanceUID = "1.2.3"
    ds.AccessionNumber = accession
    ds.RequestedProcedureID = procedure
    ds.RequestedProcedureDescription = description
    return ds


def test_nested_keys_select_within_every_item(there: Bench) -> None:
    one = requested("A-1", "R-1", "One")
    two = requested("A-2", "R-2", "")
    there.created(PatientID="NEST-1", ReferencedRequestSequence=[one, two])
    inner = dataset(AccessionNumber="", RequestedProcedureID="R-2", RequestedProcedureDescription="")
    [found], _ = there.scu.find(dataset(PatientID="NEST-1", ReferencedRequestSequence=[inner]))
    items = found.ReferencedRequestSequence
    assert [item.AccessionNumber for item in items] == ["A-1", "A-2"], (
        "the matching workitem's whole sequence"
    )
    assert [item.RequestedProcedureDescription for item in items] == ["One", ""]
    assert all("StudyInstanceUID" not in item for item in items)
    crossed = dataset(AccessionNumber="A-1", RequestedProcedureID="R-2")
    found_none, _ = there.scu.find(dataset(PatientID="NEST-1", ReferencedRequestSequence=[crossed]))
    assert found_none == []


def test_one_value_of_several_matches(there: Bench) -> None:
    there.created(PatientID="MANY-1", MedicalAlerts=["Latex", "Iodine"], PregnancyStatus=4)
    for alert, count in (("Iodine", 1), ("Lat*", 1), ("Latex?", 0), ("iodine", 0)):
        found, _ = there.scu.find(dataset(PatientID="MANY-1", MedicalAlerts=alert))
        assert len(found) == count, alert
    [found], _ = there.scu.find(dataset(PatientID="MANY-1", MedicalAlerts="Latex", PregnancyStatus=4))
    assert found.MedicalAlerts == ["Latex", "Iodine"]


@pytest.mark.parametrize(
    "syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"]
)
def test_the_same_answer_in_every_transfer_syntax(there: Bench, syntax: str) -> None:
    keys = dataset(
        SpecificCharacterSet="ISO_IR 192",
        PatientID="DEMO-009",
        PatientName="",
        ScheduledStationNameCodeSequence=[],
    )
    ae = AE("SYNTAX")
    ae.add_requested_context(PULL, syntax)
    assoc = ae.associate("127.0.0.1", there.port, ae_title=AET, evt_handlers=[(evt.EVT_CONN_OPEN, no_delay)])
    try:
        answers = [identifier for _, identifier in assoc.send_c_find(keys, PULL) if identifier is not None]
    finally:
        assoc.release()
    [found] = answers
    assert str(found.PatientName) == "Žižka^Jan9"
    assert found.ScheduledStationNameCodeSequence[0].CodeMeaning == "One"


def test_two_searches_and_a_claim_at_a_time(there: Bench) -> None:
    results: list[int] = []

    def search() -> None:
        with plain_scu(there.port, AET) as scu:
            results.append(len(scu.find(dataset(WorklistLabel="FIND"))[0]))

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    there.in_state("IN PROGRESS")
    for thread in threads:
        thread.join(10)
    assert results == [30, 30]


def test_findscu_of_pynetdicom(there: Bench, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pynetdicom", "findscu", "127.0.0.1", str(there.port), "-aec", AET, "-U"]
    keys = ["-k", "PatientID=DEMO-005", "-k", "PatientName=", "-k", "ProcedureStepState=SCHEDULED"]
    ran = subprocess.run(
        [*command, *keys], capture_output=True, text=True, check=False, timeout=30, cwd=tmp_path
    )
    assert ran.returncode == 0, ran.stderr
    assert "DEMO-005" in ran.stdout + ran.stderr


@pytest.mark.skipif(not ECHOSCU.exists(), reason="DCMTK is not installed")
def test_echoscu_of_dcmtk(there: Bench) -> None:
    version = subprocess.run([ECHOSCU, "--version"], capture_output=True, text=True, check=False, timeout=10)
    assert "dcmtk" in version.stdout
    ran = subprocess.run(
        [ECHOSCU, "-v", "-aec", AET, "127.0.0.1", str(there.port)],
        capture_output=True,
        text=True,
        check=False,
        timeout=10,
    )
    assert ran.returncode == 0, ran.stderr
    ran = subprocess.run(
        [ECHOSCU, "-aec", "WRONG", "127.0.0.1", str(there.port)],
        capture_output=True,
        text=True,
        check=False,
        timeout=10,
    )
    assert "Called AE Title Not Recognized" in ran.stdout + ran.stderr
