"""The five reports: what causes them, what they carry, whom they reach, and that none delays an answer."""

import socket
import struct
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.support.plain_scu import (
    GLOBAL,
    PUSH,
    WATCH,
    PlainListener,
    Told,
    code,
    dataset,
    discontinued,
    performed,
)
from tests.support.running_scp import AET, NOWHERE, Bench, bench
from tests.support.waiting import wait_until
from upsdesk.domain.keys import AeTitle
from upsdesk.scp.dispatcher import Delivery
from upsdesk.scp.model import ReceivingAe
from upsdesk.scp.server import UpsScp


@pytest.fixture(scope="module")
def _running() -> Iterator[Bench]:
    with bench() as found:
        yield found


@pytest.fixture
def there(_running: Bench) -> Bench:
    _running.forget_subscriptions()
    return _running


def watched(there: Bench, **values: Any) -> str:
    """A new workitem that ALICE watches, with what was told of it so far forgotten."""
    uid = there.created(**values)
    assert there.scu.subscribe(uid, "ALICE") == 0x0000
    there.settle()
    there.alice.told.clear()
    return uid


def only(there: Bench, uid: str) -> Told:
    there.settle()
    [told] = there.alice.about(uid)
    return told


def test_subscribing_to_one_tells_its_state(there: Bench) -> None:
    uid = there.created(InputReadinessState="INCOMPLETE")
    assert there.scu.subscribe(uid, "ALICE") == 0x0000
    told = only(there, uid)
    assert (told.kind, told.sop_class, told.calling) == (1, str(PUSH), AET)
    assert {one.keyword: one.value for one in told.information} == {
        "ProcedureStepState": "SCHEDULED",
        "InputReadinessState": "INCOMPLETE",
    }


def test_every_change_of_state_is_told(there: Bench) -> None:
    uid = watched(there)
    assert there.scu.change_state(uid, "IN PROGRESS", "1.2") == 0x0000
    assert there.scu.set(uid, performed(), "1.2") == 0x0000
    assert there.scu.change_state(uid, "COMPLETED", "1.2") == 0x0000
    there.settle()
    states = [one.information.ProcedureStepState for one in there.alice.about(uid) if one.kind == 1]
    assert states == ["IN PROGRESS", "COMPLETED"]


def test_the_reason_goes_along_with_canceled(there: Bench) -> None:
    uid = watched(there)
    assert there.scu.change_state(uid, "IN PROGRESS", "1.2") == 0x0000
    assert there.scu.set(uid, discontinued(), "1.2") == 0x0000
    assert there.scu.change_state(uid, "CANCELED", "1.2") == 0x0000
    there.settle()
    last = there.alice.about(uid)[-1].information
    assert last.ProcedureStepState == "CANCELED"
    assert last.ProcedureStepDiscontinuationReasonCodeSequence[0].CodeValue == "110514"


def test_input_readiness_is_told(there: Bench) -> None:
    uid = watched(there, InputReadinessState="INCOMPLETE")
    assert there.scu.set(uid, dataset(InputReadinessState="READY")) == 0x0000
    told = only(there, uid)
    assert (told.kind, told.information.InputReadinessState) == (1, "READY")


def test_progress_is_told(there: Bench) -> None:
    uid = watched(there)
    assert there.scu.change_state(uid, "IN PROGRESS", "1.2") == 0x0000
    contact = dataset(ContactURI="tel:+1", ContactDisplayName="Größe")
    item = dataset(
        ProcedureStepProgress="40",
        ProcedureStepProgressDescription="Hälfte",
        ProcedureStepCommunicationsURISequence=[contact],
    )
    change = dataset(SpecificCharacterSet="ISO_IR 100", ProcedureStepProgressInformationSequence=[item])
    assert there.scu.set(uid, change, "1.2") == 0x0000
    there.settle()
    told = there.alice.about(uid)[-1]
    [shown] = told.information.ProcedureStepProgressInformationSequence
    assert (told.kind, str(shown.ProcedureStepProgress)) == (3, "40")
    assert shown.ProcedureStepProgressDescription == "Hälfte"
    assert shown.ProcedureStepCommunicationsURISequence[0].ContactDisplayName == "Größe"


def test_the_same_progress_again_is_no_news(there: Bench) -> None:
    uid = watched(there)
    assert there.scu.change_state(uid, "IN PROGRESS", "1.2") == 0x0000
    for _ in range(2):
        item = dataset(ProcedureStepProgress="40")
        change = dataset(ProcedureStepProgressInformationSequence=[item])
        assert there.scu.set(uid, change, "1.2") == 0x0000
    there.settle()
    assert there.alice.kinds(uid) == [1, 3]


def performer(value: str) -> Dataset:
    return dataset(
        HumanPerformerCodeSequence=[code(value, "99LOC", f"Performer {value}")],
        HumanPerformerName=f"Performer^{value}",
        HumanPerformerOrganization=f"House {value}",
    )


def test_assignment_is_told_for_each_performer(there: Bench) -> None:
    uid = watched(there)
    stations = [code("FX3", "99LOC", "FX3")]
    change = dataset(
        ScheduledStationNameCodeSequence=stations,
        ScheduledHumanPerformersSequence=[performer("A"), performer("B")],
    )
    assert there.scu.set(uid, change) == 0x0000
    there.settle()
    told = there.alice.about(uid)
    assert [one.kind for one in told] == [5, 5]
    for one, value in zip(told, "AB", strict=True):
        assert one.information.ScheduledStationNameCodeSequence[0].CodeValue == "FX3"
        assert one.information.HumanPerformerCodeSequence[0].CodeValue == value
        assert one.information.HumanPerformerOrganization == f"House {value}"


def test_a_new_workitem_with_a_station_is_told_as_assigned(there: Bench) -> None:
    assert there.scu.subscribe(GLOBAL, "BOB") == 0x0000
    uid = there.created(ScheduledStationNameCodeSequence=[code("FX3", "99LOC", "FX3")])
    assert [one.kind for one in there.bob.wait_for(uid, 2)] == [1, 5]


REQUEST = {
    "ReasonForCancellation": "No longer needed",
    "ContactURI": "tel:+123",
    "ContactDisplayName": "Ward 3",
    "ProcedureStepDiscontinuationReasonCodeSequence": [code("110510", "DCM", "Duplicate order")],
}


@pytest.mark.parametrize("given", [{}, REQUEST], ids=["nothing", "everything"])
def test_cancel_requested_goes_to_the_subscribers(there: Bench, given: dict[str, Any]) -> None:
    uid = watched(there)
    assert there.scu.change_state(uid, "IN PROGRESS", "1.2") == 0x0000
    assert there.scu.request_cancel(uid, dataset(**given) if given else None) == 0x0000
    there.settle()
    told = there.alice.about(uid)[-1]
    assert (told.kind, told.information.RequestingAE) == (2, "PLAIN")
    assert {one.keyword for one in told.information} == {"RequestingAE", *given}
    assert there.scu.get(uid, []) == 0x0000
    assert there.scu.reply.ProcedureStepState == "IN PROGRESS"


@pytest.mark.parametrize("context", [PUSH, WATCH])
def test_a_scheduled_one_is_canceled_at_once_and_both_states_are_told(there: Bench, context: str) -> None:
    uid = watched(there)
    assert there.scu.act(uid, 2, dataset(**REQUEST), context=context) == 0x0000
    there.settle()
    told = there.alice.about(uid)
    assert [(one.kind, one.information.ProcedureStepState) for one in told] == [
        (1, "IN PROGRESS"),
        (1, "CANCELED"),
    ]
    assert told[1].information.ReasonForCancellation == "No longer needed"
    assert there.scu.get(uid, []) == 0x0000
    [item] = there.scu.reply.ProcedureStepProgressInformationSequence
    assert item.ProcedureStepCancellationDateTime
    assert item.ProcedureStepDiscontinuationReasonCodeSequence[0].CodeValue == "110510"
    assert item.ProcedureStepCommunicationsURISequence[0].ContactURI == "tel:+123"


def test_without_a_reason_it_is_the_unspecified_one(there: Bench) -> None:
    uid = watched(there)
    assert there.scu.request_cancel(uid) == 0x0000
    assert there.scu.get(uid, []) == 0x0000
    [item] = there.scu.reply.ProcedureStepProgressInformationSequence
    [reason] = item.ProcedureStepDiscontinuationReasonCodeSequence
    assert (reason.CodeValue, reason.CodeMeaning) == ("110513", "Discontinued for unspecified reason")


def test_a_failed_request_tells_nothing(there: Bench) -> None:
    uid = watched(there)
    assert there.scu.change_state(uid, "COMPLETED", "1.2") == 0xC310
    assert there.scu.set(uid, dataset(ProcedureStepLabel="")) == 0x0121
    there.settle()
    assert there.alice.about(uid) == []


def test_reports_keep_their_order_and_share_an_association(there: Bench) -> None:
    uid = watched(there)
    assert there.scu.change_state(uid, "IN PROGRESS", "1.2") == 0x0000
    before = there.alice.associations
    for percent in range(30):
        item = dataset(ProcedureStepProgress=str(percent))
        assert there.scu.set(uid, dataset(ProcedureStepProgressInformationSequence=[item]), "1.2") == 0x0000
    there.settle()
    told = [one for one in there.alice.about(uid) if one.kind == 3]
    seen = [
        int(one.information.ProcedureStepProgressInformationSequence[0].ProcedureStepProgress) for one in told
    ]
    assert sorted(seen) == list(range(30))
    assert there.alice.associations - before <= 1


def test_a_receiver_that_is_away_delays_nobody_and_gets_the_rest_when_it_is_back() -> None:
    away = PlainListener("AWAY").start()
    away.stop()  # its port is free again, and nobody listens on it
    peer = ReceivingAe(AeTitle("AWAY"), "127.0.0.1", away.port)
    with bench(peers=[peer], delivery=Delivery(retries=(0.2,) * 50)) as there:
        assert there.scu.subscribe(GLOBAL, "AWAY") == 0x0000
        began = time.monotonic()
        uids = [there.created() for _ in range(20)]
        assert time.monotonic() - began < 2
        away.start()
        wait_until(lambda: len({one.uid for one in away.told} & set(uids)) == 20, 10, "all are told")
        away.stop()


def test_a_receiver_that_closes_at_once_is_tried_again() -> None:
    rude = socket.create_server(("127.0.0.1", 0))
    port = rude.getsockname()[1]
    peer = ReceivingAe(AeTitle("RUDE"), "127.0.0.1", port)
    delivery = Delivery(idle_release=0.1, retries=(0.05,) * 200)
    with bench(peers=[peer], delivery=delivery) as there:
        assert there.scu.subscribe(GLOBAL, "RUDE") == 0x0000
        uid = there.created()
        for _ in range(5):
            connection, _ = rude.accept()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        rude.close()
        polite = PlainListener("RUDE", port=port).start()
        try:
            assert [one.kind for one in polite.wait_for(uid, 1)] == [1]
        finally:
            there.scp.stop()
            polite.stop()


def test_a_receiver_that_never_answers_delays_neither_answers_nor_the_end() -> None:
    peer = ReceivingAe(AeTitle("NOBODY"), "127.0.0.1", NOWHERE)
    with bench(peers=[peer]) as there:
        assert there.scu.subscribe(GLOBAL, "NOBODY") == 0x0000
        assert there.scu.subscribe(GLOBAL, "ALICE") == 0x0000
        uid = there.created()
        there.alice.wait_for(uid, 1)
        began = time.monotonic()
        there.scu.close()
        there.scp.stop()
        assert time.monotonic() - began < 2


def test_a_receiver_that_answers_with_a_failure_is_told_the_next_thing(there: Bench) -> None:
    there.alice.status = 0x0110
    try:
        uid = watched(there)
        assert there.scu.request_cancel(uid) == 0x0000
        assert [one.kind for one in there.alice.wait_for(uid, 2)] == [1, 1]
    finally:
        there.alice.status = 0


def test_restart_and_end_are_told_and_subscriptions_last(tmp_path: Any) -> None:
    store = tmp_path / "scp.sqlite"
    listener = PlainListener("ALICE").start()
    peer = ReceivingAe(AeTitle("ALICE"), "127.0.0.1", listener.port)
    told = []
    try:
        for _ in range(2):
            scp = UpsScp(AeTitle(AET), store=store, peers=[peer])
            scp.start()
            assert scp.drain(5)
            scp.stop()
            told.append(
                [
                    (
                        one.information.SCPStatus,
                        one.information.SubscriptionListStatus,
                        one.information.UnifiedProcedureStepListStatus,
                    )
                    for one in listener.about(GLOBAL)
                ]
            )
            listener.told.clear()
    finally:
        listener.stop()
    assert told == [
        [("RESTARTED", "COLD START", "COLD START"), ("GOING DOWN", "WARM START", "WARM START")],
        [("RESTARTED", "WARM START", "WARM START"), ("GOING DOWN", "WARM START", "WARM START")],
    ]
