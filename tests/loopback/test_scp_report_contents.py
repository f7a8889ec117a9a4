"""What the reports of a running SCP carry, and that each receiver gets it once (PS3.4 Table CC.2.4-1)."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.support.plain_scu import (
    GLOBAL,
    PlainListener,
    Told,
    code,
    dataset,
    discontinued,
    performed,
    plain_scu,
)
from tests.support.running_scp import AET, Bench, bench

TUID = "1.9.1"
RUNNING = "IN PROGRESS"
STATION = [code("FX3", "99LOC", "FX3")]
CONTACT = [dataset(ContactURI="tel:+1", ContactDisplayName="Ward")]


@pytest.fixture(scope="module")
def _running() -> Iterator[Bench]:
    with bench() as found:
        yield found


@pytest.fixture
def there(_running: Bench) -> Bench:
    _running.forget_subscriptions()
    return _running


def person(value: str) -> Dataset:
    return dataset(
        HumanPerformerCodeSequence=[code(value, "99LOC", f"Performer {value}")],
        HumanPerformerName=f"Performer^{value}",
        HumanPerformerOrganization=f"House {value}",
    )


def progress(**values: Any) -> Dataset:
    return dataset(ProcedureStepProgressInformationSequence=[dataset(**values)])


def the_last(there: Bench, uid: str) -> Told:
    there.settle()
    return there.alice.about(uid)[-1]


def keywords(ds: Dataset) -> set[str]:
    return {one.keyword for one in ds} - {"SpecificCharacterSet"}


def watched(there: Bench, state: str = "SCHEDULED", **values: Any) -> str:
    uid = there.created(**values)
    if state != "SCHEDULED":
        assert there.scu.change_state(uid, "IN PROGRESS", TUID) == 0x0000
    assert there.scu.subscribe(uid, "ALICE") == 0x0000
    there.settle()
    there.alice.told.clear()
    return uid


def test_state_report(there: Bench) -> None:
    uid = watched(there, RUNNING, InputReadinessState="UNAVAILABLE")
    item = discontinued().ProcedureStepProgressInformationSequence[0]
    item.ReasonForCancellation = "Gerät defekt"
    change = dataset(SpecificCharacterSet="ISO_IR 100", ProcedureStepProgressInformationSequence=[item])
    assert there.scu.set(uid, change, TUID) == 0x0000
    assert there.scu.change_state(uid, "CANCELED", TUID) == 0x0000
    told = the_last(there, uid).information
    assert keywords(told) == {
        "ProcedureStepState",
        "InputReadinessState",
        "ReasonForCancellation",
        "ProcedureStepDiscontinuationReasonCodeSequence",
    }
    assert (told.ProcedureStepState, told.InputReadinessState) == ("CANCELED", "UNAVAILABLE")
    assert told.ReasonForCancellation == "Gerät defekt"
    assert told.ProcedureStepDiscontinuationReasonCodeSequence[0].CodeValue == "110514"


def test_cancel_requested_names_who_asked(there: Bench) -> None:
    uid = watched(there, RUNNING)
    given = dataset(
        SpecificCharacterSet="ISO_IR 100", ReasonForCancellation="Größe", ContactDisplayName="Müller"
    )
    with plain_scu(there.port, AET, "WARD 3") as ward:
        assert ward.request_cancel(uid, given) == 0x0000
    told = the_last(there, uid)
    assert (told.kind, told.information.RequestingAE) == (2, "WARD 3")
    assert keywords(told.information) == {"RequestingAE", "ReasonForCancellation", "ContactDisplayName"}
    assert told.information.ReasonForCancellation == "Größe"
    assert told.information.ContactDisplayName == "Müller"


def test_progress_report(there: Bench) -> None:
    uid = watched(there, RUNNING)
    parameter = dataset(
        ValueType="NUMERIC",
        ConceptNameCodeSequence=[code("2018004", "99IHERO2018", "Referenced Beam Number")],
        NumericValue="2",
        MeasurementUnitsCodeSequence=[code("1", "UCUM", "no units")],
    )
    change = progress(
        ProcedureStepProgress="40.5",
        ProcedureStepProgressDescription="Beam 2",
        ProcedureStepProgressParametersSequence=[parameter],
        ProcedureStepCommunicationsURISequence=CONTACT,
        ReasonForCancellation="not told here",
    )
    assert there.scu.set(uid, change, TUID) == 0x0000
    told = the_last(there, uid).information
    assert keywords(told) == {"ProcedureStepProgressInformationSequence"}
    [item] = told.ProcedureStepProgressInformationSequence
    assert keywords(item) == {
        "ProcedureStepProgress",
        "ProcedureStepProgressDescription",
        "ProcedureStepProgressParametersSequence",
        "ProcedureStepCommunicationsURISequence",
    }
    assert (str(item.ProcedureStepProgress), item.ProcedureStepProgressDescription) == ("40.5", "Beam 2")
    assert item.ProcedureStepProgressParametersSequence[0].NumericValue == 2
    assert item.ProcedureStepCommunicationsURISequence[0].ContactURI == "tel:+1"


def test_progress_that_was_taken_back_is_told_with_an_empty_item(there: Bench) -> None:
    uid = watched(there, RUNNING)
    assert there.scu.set(uid, progress(ProcedureStepProgress="5"), TUID) == 0x0000
    assert there.scu.set(uid, dataset(ProcedureStepProgressInformationSequence=[]), TUID) == 0x0000
    [item] = the_last(there, uid).information.ProcedureStepProgressInformationSequence
    assert len(item) == 0


def test_assigned(there: Bench) -> None:
    uid = watched(there, ScheduledStationNameCodeSequence=STATION)
    assert there.scu.set(uid, dataset(ScheduledHumanPerformersSequence=[person("A")])) == 0x0000
    told = the_last(there, uid).information
    assert keywords(told) == {
        "ScheduledStationNameCodeSequence",
        "HumanPerformerCodeSequence",
        "HumanPerformerOrganization",
    }
    assert told.ScheduledStationNameCodeSequence[0].CodeValue == "FX3"
    assert told.HumanPerformerCodeSequence[0].CodeMeaning == "Performer A"
    assert told.HumanPerformerOrganization == "House A"
    assert there.scu.set(uid, dataset(ScheduledStationNameCodeSequence=[])) == 0x0000
    assert keywords(the_last(there, uid).information) == {
        "HumanPerformerCodeSequence",
        "HumanPerformerOrganization",
    }
    assert there.scu.set(uid, dataset(ScheduledHumanPerformersSequence=[])) == 0x0000
    told = the_last(there, uid).information
    assert keywords(told) == {"ScheduledStationNameCodeSequence"}
    assert len(told.ScheduledStationNameCodeSequence) == 0


def test_the_lock_is_in_no_report(there: Bench) -> None:
    assert there.scu.subscribe(GLOBAL, "ALICE") == 0x0000
    uid = there.created(ScheduledStationNameCodeSequence=STATION)
    assert there.scu.change_state(uid, "IN PROGRESS", TUID) == 0x0000
    assert there.scu.set(uid, progress(ProcedureStepProgress="5"), TUID) == 0x0000
    assert there.scu.request_cancel(uid) == 0x0000
    assert there.scu.set(uid, performed(), TUID) == 0x0000
    assert there.scu.change_state(uid, "COMPLETED", TUID) == 0x0000
    there.settle()
    assert there.alice.kinds(uid) == [1, 5, 1, 3, 2, 1]
    assert not any(TUID in str(one.information) for one in there.alice.told)


def test_a_global_subscription_with_lock_tells_of_all_there_are(there: Bench) -> None:
    uids = {there.created() for _ in range(230)}  # more than are queued at a time
    assert there.scu.subscribe(GLOBAL, "ALICE", "TRUE") == 0x0000
    assert there.scp.drain(60)
    told = [one.uid for one in there.alice.told]
    assert uids <= set(told)
    assert len(told) == len(set(told))
    assert {one.kind for one in there.alice.told} == {1}


def test_each_receiver_of_a_report_gets_it_once(there: Bench) -> None:
    uid = there.created()
    listeners: list[PlainListener] = [there.alice, there.bob]
    for one in listeners:
        assert there.scu.subscribe(uid, one.aet) == 0x0000
        assert there.scu.subscribe(GLOBAL, one.aet) == 0x0000
    there.settle()
    for one in listeners:
        one.told.clear()
    assert there.scu.request_cancel(uid) == 0x0000
    there.settle()
    assert [one.kinds(uid) for one in listeners] == [[1, 1], [1, 1]]
