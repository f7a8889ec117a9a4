"""Every cell of the state table against a running SCP (PS3.4 Table CC.1.1-2), and what final states need."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.support.plain_scu import (
    GLOBAL,
    PUSH,
    WATCH,
    code,
    dataset,
    discontinued,
    performed,
    plain_scu,
    workitem,
)
from tests.support.running_scp import AET, Bench, bench
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.scp.services.action import expire
from upsdesk.scp.services.common import CancelEvent

RIGHT, WRONG, NONE = "1.9.1", "1.9.2", ""
STATES = ("SCHEDULED", "IN PROGRESS", "COMPLETED", "CANCELED")


@pytest.fixture(scope="module")
def _running() -> Iterator[Bench]:
    with bench() as found:
        yield found


@pytest.fixture
def there(_running: Bench) -> Bench:
    _running.forget_subscriptions()
    return _running


def state_of(there: Bench, uid: str) -> str:
    return str(there.read(uid).ProcedureStepState)


def watched(there: Bench, state: str) -> str:
    """A workitem in `state` that ALICE is subscribed to, with what she was told so far forgotten."""
    uid = there.in_state(state)
    assert there.scu.subscribe(uid, "ALICE") == 0x0000
    there.settle()
    there.alice.told.clear()
    return uid


def told(there: Bench, uid: str) -> list[tuple[int, str]]:
    """Event types, with the state where there is one."""
    there.settle()
    return [(one.kind, one.information.get("ProcedureStepState", "")) for one in there.alice.about(uid)]


# The first row


def test_create_without_an_instance(there: Bench) -> None:
    uid = there.uid()
    assert there.scu.create(uid, workitem()) == 0x0000
    assert state_of(there, uid) == "SCHEDULED"
    assert there.scu.set(uid, dataset(ProcedureStepLabel="New")) == 0x0000  # nothing locks it yet


@pytest.mark.parametrize("state", STATES)
def test_create_again(there: Bench, state: str) -> None:
    uid = watched(there, state)
    assert there.scu.create(uid, workitem(ProcedureStepLabel="Another")) == 0x0111
    assert (there.read(uid).ProcedureStepLabel, state_of(there, uid)) == ("Test step", state)
    assert told(there, uid) == []


# Rows: target state, Transaction UID; columns: no instance, then the four states.
CHANGES = {
    ("IN PROGRESS", RIGHT): (0xC307, 0x0000, 0xC302, 0xC300, 0xC300),
    ("IN PROGRESS", WRONG): (0xC307, 0x0000, 0xC301, 0xC301, 0xC301),
    ("IN PROGRESS", NONE): (0xC307, 0xC301, 0xC301, 0xC301, 0xC301),
    ("SCHEDULED", RIGHT): (0xC307, 0xC303, 0xC303, 0xC303, 0xC303),
    ("SCHEDULED", WRONG): (0xC307, 0xC303, 0xC303, 0xC303, 0xC303),
    ("SCHEDULED", NONE): (0xC307, 0xC303, 0xC303, 0xC303, 0xC303),
    ("COMPLETED", RIGHT): (0xC307, 0xC310, 0xC304, 0xB306, 0xC300),
    ("COMPLETED", WRONG): (0xC307, 0xC310, 0xC301, 0xC301, 0xC301),
    ("COMPLETED", NONE): (0xC307, 0xC301, 0xC301, 0xC301, 0xC301),
    ("CANCELED", RIGHT): (0xC307, 0xC310, 0xC304, 0xC300, 0xB304),
    ("CANCELED", WRONG): (0xC307, 0xC310, 0xC301, 0xC301, 0xC301),
    ("CANCELED", NONE): (0xC307, 0xC301, 0xC301, 0xC301, 0xC301),
}


@pytest.mark.parametrize(("target", "tuid"), CHANGES)
def test_change_state_without_an_instance(there: Bench, target: str, tuid: str) -> None:
    assert there.scu.change_state(there.uid(), target, tuid) == CHANGES[target, tuid][0]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("target", "tuid"), CHANGES)
def test_change_state(there: Bench, target: str, tuid: str, state: str) -> None:
    status = CHANGES[target, tuid][1 + STATES.index(state)]
    uid = watched(there, state)
    assert there.scu.change_state(uid, target, tuid) == status
    if status != 0x0000:
        assert there.scu.status.ErrorComment
    assert state_of(there, uid) == (target if status == 0x0000 else state)
    assert told(there, uid) == ([(1, target)] if status == 0x0000 else [])


@pytest.mark.parametrize(("target", "change"), [("COMPLETED", performed), ("CANCELED", discontinued)])
def test_final_state_is_reached_when_its_attributes_are_there(
    there: Bench, target: str, change: Callable[[], Dataset]
) -> None:
    uid = watched(there, "IN PROGRESS")
    assert there.scu.set(uid, change(), RIGHT) == 0x0000
    assert there.scu.change_state(uid, target, RIGHT) == 0x0000
    assert state_of(there, uid) == target
    assert told(there, uid) == [(1, target)]


@pytest.mark.parametrize(
    ("information", "named"),
    [
        (None, "Procedure Step State"),
        (dataset(TransactionUID="1.2"), "Procedure Step State"),
        (dataset(ProcedureStepState="", TransactionUID="1.2"), "Procedure Step State"),
        (dataset(ProcedureStepState="DISCONTINUED", TransactionUID="1.2"), "Procedure Step State"),
        (dataset(ProcedureStepState="CANCELLED", TransactionUID="1.2"), "Procedure Step State"),
    ],
)
def test_a_state_that_is_none(there: Bench, information: Dataset | None, named: str) -> None:
    uid = there.created()
    assert there.scu.act(uid, 1, information) == 0x0115
    assert named in there.scu.status.ErrorComment
    assert state_of(there, uid) == "SCHEDULED"


@pytest.mark.filterwarnings("ignore:Invalid value for VR UI")
def test_a_lock_that_is_no_uid(there: Bench) -> None:
    uid = there.created()
    claim = dataset(ProcedureStepState="IN PROGRESS", TransactionUID="not a uid")
    assert there.scu.act(uid, 1, claim) == 0x0115
    assert state_of(there, uid) == "SCHEDULED"


def test_the_same_claim_again_is_told_from_another_ones(there: Bench) -> None:
    uid = there.in_state("IN PROGRESS", RIGHT)
    assert there.scu.change_state(uid, "IN PROGRESS", RIGHT) == 0xC302
    assert there.scu.change_state(uid, "IN PROGRESS", WRONG) == 0xC301
    assert there.scu.set(uid, dataset(ProcedureStepLabel="Test step"), RIGHT) == 0x0000


def test_the_lock_is_all_that_counts_and_not_who_holds_it(there: Bench) -> None:
    uid = there.in_state("IN PROGRESS", RIGHT)
    with plain_scu(there.port, AET, "OTHER") as other:
        assert other.set(uid, performed(), RIGHT) == 0x0000
        assert other.change_state(uid, "COMPLETED", RIGHT) == 0x0000


# Action 2. Rows: state; with its status, the state afterwards and what a subscriber is told.
EVERYTHING = {
    "ReasonForCancellation": "No longer needed",
    "ContactURI": "tel:+123",
    "ContactDisplayName": "Ward 3",
    "ProcedureStepDiscontinuationReasonCodeSequence": [code("110510", "DCM", "Duplicate order")],
}
REQUESTS: dict[str, tuple[int, str, list[tuple[int, str]]]] = {
    "SCHEDULED": (0x0000, "CANCELED", [(1, "IN PROGRESS"), (1, "CANCELED")]),
    "IN PROGRESS": (0x0000, "IN PROGRESS", [(2, "")]),
    "COMPLETED": (0xC311, "COMPLETED", []),
    "CANCELED": (0xB304, "CANCELED", []),
}


def ask_with_none(there: Bench, uid: str) -> int:
    return there.scu.act(uid, 2, None, context=WATCH)


def ask_with_empty(there: Bench, uid: str) -> int:
    return there.scu.act_with_empty_data_set(uid, 2, context=PUSH)


def ask_with_empty_attributes(there: Bench, uid: str) -> int:
    empty = dataset(ReasonForCancellation="", ContactURI="", ContactDisplayName="")
    empty.ProcedureStepDiscontinuationReasonCodeSequence = []
    return there.scu.act(uid, 2, empty, context=WATCH)


def ask_with_everything(there: Bench, uid: str) -> int:
    return there.scu.act(uid, 2, dataset(**EVERYTHING), context=PUSH)


@pytest.mark.parametrize("state", REQUESTS)
@pytest.mark.parametrize(
    "ask", [ask_with_none, ask_with_empty, ask_with_empty_attributes, ask_with_everything]
)
def test_request_cancel(there: Bench, ask: Callable[[Bench, str], int], state: str) -> None:
    status, after, reports = REQUESTS[state]
    uid = watched(there, state)
    before = there.read(uid)
    assert ask(there, uid) == status
    assert state_of(there, uid) == after
    assert told(there, uid) == reports
    if state != "SCHEDULED":
        assert there.read(uid) == before
        return
    [item] = there.read(uid).ProcedureStepProgressInformationSequence
    [reason] = item.ProcedureStepDiscontinuationReasonCodeSequence
    assert item.ProcedureStepCancellationDateTime
    given = ask is ask_with_everything
    assert reason.CodeValue == ("110510" if given else "110513")
    assert item.get("ReasonForCancellation") == ("No longer needed" if given else None)
    contacts = [one.ContactURI for one in item.get("ProcedureStepCommunicationsURISequence", [])]
    assert contacts == (["tel:+123"] if given else [])


def test_what_was_known_of_the_progress_stays(there: Bench) -> None:
    uid = there.created()
    contact = dataset(ContactURI="tel:+9")
    item = dataset(
        ProcedureStepProgressDescription="Waiting for the patient",
        ProcedureStepCommunicationsURISequence=[contact],
    )
    assert there.scu.set(uid, dataset(ProcedureStepProgressInformationSequence=[item])) == 0x0000
    assert there.scu.request_cancel(uid, dataset(ReasonForCancellation="Did not come")) == 0x0000
    [item] = there.read(uid).ProcedureStepProgressInformationSequence
    assert item.ProcedureStepProgressDescription == "Waiting for the patient"
    assert item.ProcedureStepCommunicationsURISequence[0].ContactURI == "tel:+9"
    assert item.ReasonForCancellation == "Did not come"


def test_request_cancel_without_an_instance(there: Bench) -> None:
    assert there.scu.request_cancel(there.uid()) == 0xC307


def test_request_cancel_that_reaches_nobody(there: Bench) -> None:
    uid = there.in_state("IN PROGRESS")
    assert there.scu.request_cancel(uid) == 0xC312
    assert there.scu.subscribe(uid, "ALICE") == 0x0000
    assert there.scu.request_cancel(uid) == 0x0000
    assert there.scu.unsubscribe(uid, "ALICE") == 0x0000
    assert there.scu.request_cancel(uid) == 0xC312


@pytest.mark.parametrize("state", ["SCHEDULED", "IN PROGRESS"])
@pytest.mark.parametrize(
    "wrong",
    [
        {"ProcedureStepDiscontinuationReasonCodeSequence": [dataset(CodeValue="110510")]},
        {"ContactURI": "not a uri"},
        {"ReasonForCancellation": "x" * 10241},
    ],
)
def test_arguments_of_a_request_that_no_workitem_could_keep(
    there: Bench, wrong: dict[str, Any], state: str
) -> None:
    uid = watched(there, state)
    assert there.scu.request_cancel(uid, dataset(**wrong)) == 0x0115
    assert (state_of(there, uid), told(there, uid)) == (state, [])


def test_cancel_requested_for_a_scheduled_one_where_that_is_wanted() -> None:
    with bench(cancel_event=CancelEvent.ALWAYS) as there:
        uid = watched(there, "SCHEDULED")
        assert there.scu.request_cancel(uid) == 0x0000
        assert told(there, uid) == [(2, ""), (1, "IN PROGRESS"), (1, "CANCELED")]
        other = watched(there, "IN PROGRESS")
        assert there.scu.request_cancel(other) == 0x0000
        assert told(there, other) == [(2, "")]


# N-SET and N-GET
SETS = {
    NONE: (0xC307, 0x0000, 0xC301, 0xC300, 0xC300),
    RIGHT: (0xC307, 0xC310, 0x0000, 0xC300, 0xC300),
    WRONG: (0xC307, 0xC310, 0xC301, 0xC300, 0xC300),
}


@pytest.mark.parametrize("tuid", SETS)
def test_set(there: Bench, tuid: str) -> None:
    expected = SETS[tuid]
    assert there.scu.set(there.uid(), dataset(ProcedureStepLabel="New"), tuid) == expected[0]
    for state, status in zip(STATES, expected[1:], strict=True):
        uid = there.in_state(state)
        assert there.scu.set(uid, dataset(ProcedureStepLabel="New"), tuid) == status, state
        assert there.scu.get(uid, [0x00741204]) == 0x0000
        assert there.scu.reply.ProcedureStepLabel == ("New" if status == 0x0000 else "Test step")


def test_get_in_every_state(there: Bench) -> None:
    assert there.scu.get(there.uid(), []) == 0xC307
    for state in STATES:
        found = there.read(there.in_state(state))
        assert found.ProcedureStepState == state
        assert "TransactionUID" not in found


# What the SCP does by itself
NOW = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expires", "state", "done"),
    [
        ("20260102115959+0000", "SCHEDULED", True),
        ("20260102130000+0200", "SCHEDULED", True),
        ("20260102130000+0000", "SCHEDULED", False),
        ("", "SCHEDULED", False),
        ("20260102115959+0000", "IN PROGRESS", False),
        ("20260102115959+0000", "CANCELED", False),
    ],
)
def test_an_expired_workitem_is_canceled_and_told(expires: str, state: str, done: bool) -> None:
    with bench(clock=lambda: NOW) as there:
        uid = there.created(ScheduledProcedureStepExpirationDateTime=expires)
        if state != "SCHEDULED":
            assert there.scu.change_state(uid, "IN PROGRESS", RIGHT) == 0x0000
        if state == "CANCELED":
            assert there.scu.set(uid, discontinued(), RIGHT) == 0x0000
            assert there.scu.change_state(uid, "CANCELED", RIGHT) == 0x0000
        assert there.scu.subscribe(uid, "ALICE") == 0x0000
        there.settle()
        there.alice.told.clear()
        before = there.read(uid)
        assert expire(there.scp.surroundings, SopInstanceUid(uid)) is done
        if not done:
            assert there.read(uid) == before
            assert told(there, uid) == []
            return
        assert told(there, uid) == [(1, "IN PROGRESS"), (1, "CANCELED")]
        [last] = there.alice.about(uid)[-1].information.ProcedureStepDiscontinuationReasonCodeSequence
        assert (last.CodeValue, last.CodingSchemeDesignator) == ("110533", "DCM")
        [item] = there.read(uid).ProcedureStepProgressInformationSequence
        assert item.ProcedureStepDiscontinuationReasonCodeSequence[0].CodeMeaning == "Workitem expired"
        assert item.ProcedureStepCancellationDateTime == "20260102120000+0000"
        assert expire(there.scp.surroundings, SopInstanceUid(uid)) is False


def test_what_is_not_there_does_not_expire(there: Bench) -> None:
    assert expire(there.scp.surroundings, SopInstanceUid(there.uid())) is False


def test_of_two_simultaneous_claims_exactly_one_wins(there: Bench) -> None:
    assert there.scu.subscribe(GLOBAL, "ALICE") == 0x0000
    uids = [there.created() for _ in range(25)]
    won: dict[str, list[str]] = {uid: [] for uid in uids}
    lost: list[int] = []
    ready = threading.Barrier(2)

    def claim_all(tuid: str) -> None:
        with plain_scu(there.port, AET, f"CLAIM{tuid[-1]}") as scu:
            ready.wait(5)
            for uid in uids:
                status = scu.change_state(uid, "IN PROGRESS", tuid)
                if status == 0x0000:
                    won[uid].append(tuid)
                else:
                    lost.append(status)

    threads = [threading.Thread(target=claim_all, args=(f"1.9.{number}",)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [len(winners) for winners in won.values()] == [1] * len(uids)
    assert lost == [0xC301] * len(uids)
    for uid, [winner] in won.items():
        assert there.scu.set(uid, dataset(ProcedureStepLabel="Mine"), winner) == 0x0000
        assert [state for kind, state in told(there, uid) if state == "IN PROGRESS"] == ["IN PROGRESS"]
