"""Every trigger of a report against every way of being subscribed (PS3.4 CC.2.4.3, Table CC.2.4-1)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.support.plain_scu import (
    FILTERED,
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
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.scp.services.action import expire

TUID = "1.9.1"
NOW = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)
STATION = [code("FX3", "99LOC", "FX3")]


@pytest.fixture(scope="module")
def _running() -> Iterator[Bench]:
    with bench(clock=lambda: NOW) as found:
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


CONTACT = [dataset(ContactURI="tel:+1", ContactDisplayName="Ward")]


# How ALICE may be subscribed. What exists already is there before she subscribes; a new one comes after.
STANDINGS: dict[str, Callable[[Bench, str], None]] = {}


def standing(act: Callable[[Bench, str], None]) -> Callable[[Bench, str], None]:
    STANDINGS[act.__name__] = act
    return act


@standing
def nothing(there: Bench, uid: str) -> None:
    pass


@standing
def single(there: Bench, uid: str) -> None:
    assert there.scu.subscribe(uid, "ALICE", "FALSE") == 0x0000


@standing
def single_with_lock(there: Bench, uid: str) -> None:
    assert there.scu.subscribe(uid, "ALICE", "TRUE") == 0x0000


@standing
def all_of_them(there: Bench, uid: str) -> None:
    assert there.scu.subscribe(GLOBAL, "ALICE", "FALSE") == 0x0000


@standing
def all_of_them_with_lock(there: Bench, uid: str) -> None:
    assert there.scu.subscribe(GLOBAL, "ALICE", "TRUE") == 0x0000


@standing
def filter_that_matches(there: Bench, uid: str) -> None:
    assert there.scu.subscribe(FILTERED, "ALICE", "FALSE", WorklistLabel="Test") == 0x0000


@standing
def filter_that_does_not(there: Bench, uid: str) -> None:
    assert there.scu.subscribe(FILTERED, "ALICE", "FALSE", WorklistLabel="Other") == 0x0000


@standing
def suspended(there: Bench, uid: str) -> None:
    all_of_them(there, uid)
    assert there.scu.suspend(GLOBAL, "ALICE") == 0x0000


@standing
def unsubscribed(there: Bench, uid: str) -> None:
    all_of_them(there, uid)
    assert there.scu.unsubscribe(uid, "ALICE") == 0x0000


@standing
def unsubscribed_globally(there: Bench, uid: str) -> None:
    all_of_them(there, uid)
    assert there.scu.unsubscribe(GLOBAL, "ALICE") == 0x0000


HEAR_OF_THAT_ONE = {
    "single",
    "single_with_lock",
    "all_of_them",
    "all_of_them_with_lock",
    "filter_that_matches",
    "suspended",
}
HEAR_OF_NEW_ONES = {"all_of_them", "all_of_them_with_lock", "filter_that_matches", "unsubscribed"}


@dataclass(frozen=True)
class Trigger:
    """Something that happens to a workitem, and the types of the reports that it causes, in order."""

    act: Callable[[Bench, str], object]
    kinds: tuple[int, ...]
    state: str = "SCHEDULED"
    made_with: tuple[tuple[str, Any], ...] = ()


def changing(change: Callable[[], Dataset], tuid: str = "") -> Callable[[Bench, str], object]:
    def act(there: Bench, uid: str) -> None:
        assert there.scu.set(uid, change(), tuid) == 0x0000

    return act


def change_state(state: str, before: Callable[[], Dataset] | None = None) -> Callable[[Bench, str], object]:
    def act(there: Bench, uid: str) -> None:
        if before is not None:
            assert there.scu.set(uid, before(), TUID) == 0x0000
        assert there.scu.change_state(uid, state, TUID) == 0x0000

    return act


def ask_to_cancel(there: Bench, uid: str) -> None:
    there.scu.request_cancel(uid)  # C312 where nobody is subscribed


def expire_it(there: Bench, uid: str) -> None:
    assert expire(there.scp.surroundings, SopInstanceUid(uid))


EXPIRED = (("ScheduledProcedureStepExpirationDateTime", "20260101"),)
RUNNING = "IN PROGRESS"
TRIGGERS: dict[str, Trigger] = {
    "claimed": Trigger(change_state("IN PROGRESS"), (1,)),
    "completed": Trigger(change_state("COMPLETED", performed), (1,), RUNNING),
    "canceled": Trigger(change_state("CANCELED", discontinued), (1,), RUNNING),
    "request to cancel a scheduled one": Trigger(ask_to_cancel, (1, 1)),
    "request to cancel a running one": Trigger(ask_to_cancel, (2,), RUNNING),
    "request to cancel an ended one": Trigger(ask_to_cancel, (), "COMPLETED"),
    "expired": Trigger(expire_it, (1, 1), made_with=EXPIRED),
    "readiness": Trigger(changing(lambda: dataset(InputReadinessState="INCOMPLETE")), (1,)),
    "same readiness": Trigger(changing(lambda: dataset(InputReadinessState="READY")), ()),
    "station": Trigger(changing(lambda: dataset(ScheduledStationNameCodeSequence=STATION)), (5,)),
    "no station as before": Trigger(changing(lambda: dataset(ScheduledStationNameCodeSequence=[])), ()),
    "station taken away": Trigger(
        changing(lambda: dataset(ScheduledStationNameCodeSequence=[])),
        (5,),
        made_with=(("ScheduledStationNameCodeSequence", STATION),),
    ),
    "human performer": Trigger(
        changing(lambda: dataset(ScheduledHumanPerformersSequence=[person("A")])), (5,)
    ),
    "two human performers": Trigger(
        changing(lambda: dataset(ScheduledHumanPerformersSequence=[person("A"), person("B")])), (5, 5)
    ),
    "station class": Trigger(changing(lambda: dataset(ScheduledStationClassCodeSequence=STATION)), ()),
    "percent": Trigger(changing(lambda: progress(ProcedureStepProgress="5"), TUID), (3,), RUNNING),
    "description": Trigger(
        changing(lambda: progress(ProcedureStepProgressDescription="Half"), TUID), (3,), RUNNING
    ),
    "contact": Trigger(
        changing(lambda: progress(ProcedureStepCommunicationsURISequence=CONTACT), TUID), (3,), RUNNING
    ),
    "reason beside the progress": Trigger(
        changing(lambda: progress(ReasonForCancellation="None yet"), TUID), (), RUNNING
    ),
    "readiness and station and percent": Trigger(
        changing(
            lambda: dataset(
                InputReadinessState="UNAVAILABLE",
                ScheduledStationNameCodeSequence=STATION,
                ProcedureStepProgressInformationSequence=[dataset(ProcedureStepProgress="7")],
            ),
            TUID,
        ),
        (1, 5, 3),
        RUNNING,
    ),
    "label": Trigger(changing(lambda: dataset(ProcedureStepLabel="New")), ()),
    "looked at": Trigger(lambda there, uid: there.scu.get(uid, []), ()),
}


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_what_happens_to_a_workitem(there: Bench, trigger: str) -> None:
    """One workitem for each way of being subscribed; only who is subscribed hears of it."""
    expected = TRIGGERS[trigger]
    for name, subscribe in STANDINGS.items():
        there.forget_subscriptions()
        uid = made(there, expected)
        subscribe(there, uid)
        there.settle()
        there.alice.told.clear()
        expected.act(there, uid)
        there.settle()
        heard = list(expected.kinds) if name in HEAR_OF_THAT_ONE else []
        assert there.alice.kinds(uid) == heard, name
        assert {one.sop_class for one in there.alice.told} <= {"1.2.840.10008.5.1.4.34.6.1"}
        assert there.bob.told == []


def made(there: Bench, trigger: Trigger) -> str:
    uid = there.created(**dict(trigger.made_with))
    if trigger.state != "SCHEDULED":
        assert there.scu.change_state(uid, "IN PROGRESS", TUID) == 0x0000
    if trigger.state == "COMPLETED":
        assert there.scu.set(uid, performed(), TUID) == 0x0000
        assert there.scu.change_state(uid, "COMPLETED", TUID) == 0x0000
    return uid


CREATIONS: dict[str, tuple[dict[str, Any], list[int]]] = {
    "plain": ({}, [1]),
    "with a station": ({"ScheduledStationNameCodeSequence": STATION}, [1, 5]),
    "with a person": ({"ScheduledHumanPerformersSequence": [person("A")]}, [1, 5]),
    "with both": (
        {
            "ScheduledStationNameCodeSequence": STATION,
            "ScheduledHumanPerformersSequence": [person("A"), person("B")],
        },
        [1, 5, 5],
    ),
}


@pytest.mark.parametrize("creation", CREATIONS)
def test_a_new_workitem(there: Bench, creation: str) -> None:
    values, kinds = CREATIONS[creation]
    for name, subscribe in STANDINGS.items():
        there.forget_subscriptions()
        subscribe(there, there.created())
        there.settle()
        there.alice.told.clear()
        uid = there.created(**values)
        there.settle()
        assert there.alice.kinds(uid) == (kinds if name in HEAR_OF_NEW_ONES else []), name


# What the reports carry


def the_last(there: Bench, uid: str) -> Told:
    there.settle()
    return there.alice.about(uid)[-1]


def keywords(ds: Dataset) -> set[str]:
    return {one.keyword for one in ds} - {"SpecificCharacterSet"}


def watched(there: Bench, state: str = "SCHEDULED", **values: Any) -> str:
    uid = made(there, Trigger(lambda _there, _uid: None, (), state, tuple(values.items())))
    single(there, uid)
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
