"""Every cell of the state table against a running SCP (PS3.4 Table CC.1.1-2)."""

from collections.abc import Iterator

import pytest

from tests.support.plain_scu import dataset, discontinued, performed, plain_scu, workitem
from tests.support.running_scp import AET, Bench, bench

RIGHT, WRONG, NONE = "1.9.1", "1.9.2", ""
STATES = ("SCHEDULED", "IN PROGRESS", "COMPLETED", "CANCELED")


@pytest.fixture(scope="module")
def there() -> Iterator[Bench]:
    with bench() as found:
        yield found


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
def test_change_state(there: Bench, target: str, tuid: str) -> None:
    expected = CHANGES[target, tuid]
    assert there.scu.change_state(there.uid(), target, tuid) == expected[0]
    for state, status in zip(STATES, expected[1:], strict=True):
        uid = there.in_state(state)
        assert there.scu.change_state(uid, target, tuid) == status, f"{state} to {target}"
        after = target if status == 0x0000 else state
        assert there.scu.get(uid, [0x00741000]) == 0x0000
        assert there.scu.reply.ProcedureStepState == after


@pytest.mark.parametrize(("target", "change"), [("COMPLETED", performed), ("CANCELED", discontinued)])
def test_final_state_is_reached_when_its_attributes_are_there(there: Bench, target: str, change) -> None:  # type: ignore[no-untyped-def]
    uid = there.in_state("IN PROGRESS")
    assert there.scu.set(uid, change(), RIGHT) == 0x0000
    assert there.scu.change_state(uid, target, RIGHT) == 0x0000
    assert there.scu.get(uid, []) == 0x0000
    assert there.scu.reply.ProcedureStepState == target


def test_what_the_final_state_lacks_is_named(there: Bench) -> None:
    uid = there.in_state("IN PROGRESS")
    assert there.scu.change_state(uid, "COMPLETED", RIGHT) == 0xC304
    assert "PerformedStationNameCodeSequence" in there.scu.status.ErrorComment


def test_the_scp_fills_in_when_it_was_canceled(there: Bench) -> None:
    uid = there.in_state("CANCELED")
    assert there.scu.get(uid, [0x00741002]) == 0x0000
    [item] = there.scu.reply.ProcedureStepProgressInformationSequence
    assert item.ProcedureStepCancellationDateTime
    assert item.ProcedureStepDiscontinuationReasonCodeSequence[0].CodeValue == "110514"


def test_create_again(there: Bench) -> None:
    for state in STATES:
        assert there.scu.create(there.in_state(state), workitem()) == 0x0111


@pytest.mark.parametrize(
    ("state", "status"),
    [("SCHEDULED", 0x0000), ("IN PROGRESS", 0xC312), ("COMPLETED", 0xC311), ("CANCELED", 0xB304)],
)
def test_request_cancel(there: Bench, state: str, status: int) -> None:
    assert there.scu.request_cancel(there.in_state(state)) == status


def test_request_cancel_of_an_unknown_one(there: Bench) -> None:
    assert there.scu.request_cancel(there.uid()) == 0xC307


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
        uid = there.in_state(state)
        assert there.scu.get(uid, []) == 0x0000
        assert there.scu.reply.ProcedureStepState == state


def test_of_two_simultaneous_claims_exactly_one_wins(there: Bench) -> None:
    import threading

    uids = [there.created() for _ in range(25)]
    won: dict[str, list[str]] = {uid: [] for uid in uids}
    ready = threading.Barrier(2)

    def claim_all(tuid: str) -> None:
        with plain_scu(there.port, AET, f"CLAIM{tuid[-1]}") as scu:
            ready.wait(5)
            for uid in uids:
                if scu.change_state(uid, "IN PROGRESS", tuid) == 0x0000:
                    won[uid].append(tuid)

    threads = [threading.Thread(target=claim_all, args=(f"1.9.{number}",)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [len(winners) for winners in won.values()] == [1] * len(uids)
    for uid, [winner] in won.items():
        stored = there.scp.workitem(uid)
        assert stored is not None
        assert stored.lock == winner
