"""Every cell of the table of subscriptions against a running SCP, and the statuses of actions 3 to 5."""

from collections.abc import Iterator

import pytest

from tests.support.plain_scu import FILTERED, GLOBAL, WATCH, code, dataset, performed
from tests.support.running_scp import Bench, bench

BEFORE = ("none", "with lock", "without lock")


@pytest.fixture(scope="module")
def _running() -> Iterator[Bench]:
    with bench() as found:
        yield found


@pytest.fixture
def there(_running: Bench) -> Bench:
    _running.forget_subscriptions()
    return _running


def subscription(there: Bench, uid: str, aet: str = "ALICE") -> str:
    """How the AE stands to one workitem, by the function that says who would be told."""
    found = [one.lock for one in there.scp.subscribers() if (one.uid, one.aet) == (uid, aet)]
    return "none" if not found else "with lock" if found[0] else "without lock"


def prepare(there: Bench, before: str) -> str:
    uid = there.created()
    if before != "none":
        lock = "TRUE" if before == "with lock" else "FALSE"
        assert there.scu.subscribe(uid, "ALICE", lock) == 0x0000
    there.settle()
    there.alice.told.clear()
    return uid


# Action; then for each standing before: the standing after, and the initial State Reports.
TABLE = {
    "global with lock": (("with lock", 1), ("with lock", 0), ("without lock", 0)),
    "global without lock": (("without lock", 0), ("with lock", 0), ("without lock", 0)),
    "one with lock": (("with lock", 1), ("with lock", 1), ("with lock", 1)),
    "one without lock": (("without lock", 1), ("without lock", 1), ("without lock", 1)),
    "unsubscribe": (("none", 0), ("none", 0), ("none", 0)),
    "unsubscribe globally": (("none", 0), ("none", 0), ("none", 0)),
    "suspend": (("none", 0), ("with lock", 0), ("without lock", 0)),
}


@pytest.mark.parametrize("action", TABLE)
@pytest.mark.parametrize("column", range(3))
def test_table(there: Bench, action: str, column: int) -> None:
    uid = prepare(there, BEFORE[column])
    scu = there.scu
    status = {
        "global with lock": lambda: scu.subscribe(GLOBAL, "ALICE", "TRUE"),
        "global without lock": lambda: scu.subscribe(GLOBAL, "ALICE", "FALSE"),
        "one with lock": lambda: scu.subscribe(uid, "ALICE", "TRUE"),
        "one without lock": lambda: scu.subscribe(uid, "ALICE", "FALSE"),
        "unsubscribe": lambda: scu.unsubscribe(uid, "ALICE"),
        "unsubscribe globally": lambda: scu.unsubscribe(GLOBAL, "ALICE"),
        "suspend": lambda: scu.suspend(GLOBAL, "ALICE"),
    }[action]()
    assert status == 0x0000
    there.settle()
    after, reports = TABLE[action][column]
    assert subscription(there, uid) == after
    assert there.alice.kinds(uid) == [1] * reports


@pytest.mark.parametrize(("lock", "standing"), [("TRUE", "with lock"), ("FALSE", "without lock")])
def test_new_workitems_are_subscribed_to_globally(there: Bench, lock: str, standing: str) -> None:
    assert there.scu.subscribe(GLOBAL, "ALICE", lock) == 0x0000
    uid = there.created()
    assert subscription(there, uid) == standing
    [told] = there.alice.wait_for(uid, 1)
    assert (told.kind, told.information.ProcedureStepState) == (1, "SCHEDULED")


@pytest.mark.parametrize("instance", [GLOBAL, FILTERED])
def test_suspend_ends_only_what_is_new(there: Bench, instance: str) -> None:
    assert there.scu.subscribe(GLOBAL, "ALICE") == 0x0000
    old = there.created()
    assert there.scu.suspend(instance, "ALICE") == 0x0000
    new = there.created()
    assert (subscription(there, old), subscription(there, new)) == ("without lock", "none")
    assert there.scu.change_state(old, "IN PROGRESS", "1.2") == 0x0000
    assert [one.kind for one in there.alice.wait_for(old, 2)] == [1, 1]
    there.settle()
    assert there.alice.about(new) == []


def test_without_a_global_subscription_a_new_one_is_nobodys(there: Bench) -> None:
    uid = there.created()
    assert there.scp.subscribers() == ()
    there.settle()
    assert there.alice.about(uid) == []


def test_filtered_subscription(there: Bench) -> None:
    station = {"ScheduledStationNameCodeSequence": [dataset(CodeValue="FX9")]}
    here = {"ScheduledStationNameCodeSequence": [code("FX9", "99LOC", "FX9")]}
    old, other = there.created(**here), there.created()
    assert there.scu.subscribe(FILTERED, "ALICE", "TRUE", **station) == 0x0000
    new, another = there.created(**here), there.created()
    standings = [subscription(there, uid) for uid in (old, other, new, another)]
    assert standings == ["with lock", "none", "with lock", "none"]
    assert [one.kind for one in there.alice.wait_for(old, 1)] == [1]
    assert [one.kind for one in there.alice.wait_for(new, 2)] == [1, 5]
    [one] = [one for one in there.scp.subscribers() if one.uid is None]
    assert (one.aet, one.lock, one.is_filtered) == ("ALICE", True, True)


def test_a_filter_needs_a_key(there: Bench) -> None:
    assert there.scu.subscribe(FILTERED, "ALICE") == 0x0115


def test_the_receiving_ae_counts_and_not_the_caller(there: Bench) -> None:
    uid = there.created()
    assert there.scu.subscribe(uid, "BOB") == 0x0000
    there.bob.wait_for(uid, 1)
    assert there.alice.about(uid) == []


@pytest.mark.parametrize("lock", ["TRUE", "true", "True", "FALSE", "false"])
def test_the_lock_in_any_case(there: Bench, lock: str) -> None:
    uid = there.created()
    assert there.scu.subscribe(uid, "ALICE", lock) == 0x0000
    assert subscription(there, uid) == ("with lock" if lock.upper() == "TRUE" else "without lock")


@pytest.mark.parametrize("kind", [3, 4, 5])
def test_an_unknown_receiver(there: Bench, kind: int) -> None:
    information = dataset(ReceivingAE="STRANGER", DeletionLock="FALSE")
    assert there.scu.act(GLOBAL, kind, information, context=WATCH) == 0xC308


def test_an_unknown_instance(there: Bench) -> None:
    uid = there.uid()
    assert there.scu.subscribe(uid, "ALICE") == 0xC307
    assert there.scu.unsubscribe(uid, "ALICE") == 0xC307
    assert there.scu.suspend(uid, "ALICE") == 0xC307


def test_one_workitem_cannot_be_suspended(there: Bench) -> None:
    assert there.scu.suspend(there.created(), "ALICE") == 0xC314


def test_arguments_that_are_missing_or_wrong(there: Bench) -> None:
    uid = there.created()
    assert there.scu.act(uid, 3, dataset(DeletionLock="TRUE"), context=WATCH) == 0x0115
    assert there.scu.act(uid, 3, dataset(ReceivingAE="ALICE"), context=WATCH) == 0x0115
    assert there.scu.subscribe(uid, "ALICE", "MAYBE") == 0x0115
    assert there.scu.act(uid, 3, None, context=WATCH) == 0x0115
    assert there.scu.act(uid, 4, None, context=WATCH) == 0x0115
    assert there.scu.act(GLOBAL, 5, None, context=WATCH) == 0x0115


def test_extra_arguments_of_other_clients_do_no_harm(there: Bench) -> None:
    assert there.scu.subscribe(GLOBAL, "ALICE", RequestingAE="X", SOPInstanceUID=GLOBAL) == 0x0000


def test_a_deletion_lock_is_seen(there: Bench) -> None:
    uid = there.in_state("IN PROGRESS")
    assert there.scu.subscribe(uid, "ALICE", "TRUE") == 0x0000
    assert there.scu.set(uid, performed(), "1.9.1") == 0x0000
    assert there.scu.change_state(uid, "COMPLETED", "1.9.1") == 0x0000
    with there.scp.repository.writing() as writer:
        assert uid not in writer.ended_before(9e12, 10_000)
    assert there.scu.subscribe(uid, "ALICE", "FALSE") == 0x0000
    with there.scp.repository.writing() as writer:
        assert uid in writer.ended_before(9e12, 10_000)
