"""C-FIND of a plain client, of pynetdicom's and DCMTK's programs against a running SCP (PS3.4 CC.2.8)."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.support.plain_scu import PULL, QUERY, WATCH, code, dataset, plain_scu
from tests.support.running_scp import AET, Bench, bench
from upsdesk.domain import tags
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


def test_cancel() -> None:
    label = element(tags.PROCEDURE_STEP_LABEL, "Long " * 10)
    many = [
        Stored(SopInstanceUid(f"1.2.9.{number}"), ProcedureStepState.SCHEDULED, Elements([label]))
        for number in range(3000)
    ]
    with bench() as there:
        there.scp.seed(many)
        statuses = []
        keys = dataset(SOPInstanceUID="", ProcedureStepLabel="")
        for status, _ in there.scu.assoc.send_c_find(keys, PULL, msg_id=5):
            statuses.append(status.Status)
            if len(statuses) == 2:
                there.scu.assoc.send_c_cancel(5, query_model=PULL)
    assert statuses[-1] == 0xFE00
    assert len(statuses) < 3000


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
