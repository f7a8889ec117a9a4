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
    code,
    dataset,
    discontinued,
    performed,
)
from tests.support.running_scp import Bench, bench
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.scp.services.action import expire

TUID = "1.9.1"
NOW = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)
STATION = [code("FX3", "99LOC", "FX3")]


@pytest.fixture
def there() -> Iterator[Bench]:
    """A server for each test: one that subscribes to all is told of every workitem that there is."""
    with bench(clock=lambda: NOW) as found:
        yield found


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
