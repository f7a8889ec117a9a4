"""Every cell of the table of subscriptions against a running SCP, and the statuses of actions 3 to 5."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.plain_scu import (
    FILTERED,
    GLOBAL,
    WATCH,
    dataset,
    performed,
    plain_scu,
    workitem,
)
from tests.support.running_scp import AET, Bench, bench
from upsdesk.domain.keys import AeTitle
from upsdesk.scp.model import ReceivingAe

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
    extras = {"RequestingAE": "X", "SOPInstanceUID": GLOBAL, "RequestedSOPInstanceUID": GLOBAL}
    assert there.scu.subscribe(GLOBAL, "ALICE", **extras) == 0x0000
    assert there.scu.subscribe(FILTERED, "ALICE", **extras) == 0x0115  # there is no key among them
    assert there.scu.subscribe(FILTERED, "ALICE", WorklistLabel="Test", **extras) == 0x0000
    assert subscription(there, there.created()) == "without lock"


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


@pytest.mark.parametrize("instance", [GLOBAL, FILTERED])
@pytest.mark.parametrize("first", [GLOBAL, FILTERED])
def test_unsubscribing_globally_by_either_instance(there: Bench, first: str, instance: str) -> None:
    keys = {"WorklistLabel": "RT"} if first == FILTERED else {}
    assert there.scu.subscribe(first, "ALICE", **keys) == 0x0000
    single = there.created(WorklistLabel="CT")
    assert there.scu.subscribe(single, "ALICE", "TRUE") == 0x0000
    assert there.scu.unsubscribe(instance, "ALICE") == 0x0000
    assert there.scp.subscribers() == ()
    there.created(WorklistLabel="RT")
    assert there.scp.subscribers() == ()


def test_unsubscribing_leaves_the_other_ones(there: Bench) -> None:
    first, second = there.created(), there.created()
    for uid in (first, second):
        for aet in ("ALICE", "BOB"):
            assert there.scu.subscribe(uid, aet) == 0x0000
    assert there.scu.unsubscribe(first, "ALICE") == 0x0000
    left = {(one.aet, one.uid) for one in there.scp.subscribers()}
    assert left == {("BOB", first), ("ALICE", second), ("BOB", second)}


def test_a_single_unsubscription_leaves_the_global_one(there: Bench) -> None:
    assert there.scu.subscribe(GLOBAL, "ALICE") == 0x0000
    uid = there.created()
    assert there.scu.unsubscribe(uid, "ALICE") == 0x0000
    assert subscription(there, uid) == "none"
    assert subscription(there, there.created()) == "without lock"


def test_unsubscribing_twice_is_no_error(there: Bench) -> None:
    uid = there.created()
    assert there.scu.unsubscribe(uid, "ALICE") == 0x0000
    assert there.scu.unsubscribe(GLOBAL, "ALICE") == 0x0000
    assert there.scu.suspend(GLOBAL, "ALICE") == 0x0000


@pytest.mark.parametrize("state", ["IN PROGRESS", "COMPLETED", "CANCELED"])
def test_every_state_can_be_subscribed_to(there: Bench, state: str) -> None:
    uid = there.in_state(state)
    assert there.scu.subscribe(uid, "ALICE", "TRUE") == 0x0000
    [told] = there.alice.wait_for(uid, 1)
    assert told.information.ProcedureStepState == state


# The deletion lock: what keeps a final workitem, and what lets it go.


def is_kept(there: Bench, uid: str) -> bool:
    with there.scp.repository.reading() as reader:
        return uid not in reader.ended_before(9e12, 10_000)


RELEASES: dict[str, tuple[Callable[[Bench, str], int], bool]] = {
    "unsubscribe": (lambda there, uid: there.scu.unsubscribe(uid, "ALICE"), True),
    "unsubscribe globally": (lambda there, _uid: there.scu.unsubscribe(GLOBAL, "ALICE"), True),
    "subscribe to it without lock": (lambda there, uid: there.scu.subscribe(uid, "ALICE", "FALSE"), True),
    "subscribe globally without lock": (
        lambda there, _uid: there.scu.subscribe(GLOBAL, "ALICE", "FALSE"),
        False,
    ),
    "suspend": (lambda there, _uid: there.scu.suspend(GLOBAL, "ALICE"), False),
    "unsubscribe another": (lambda there, uid: there.scu.unsubscribe(uid, "BOB"), False),
}


@pytest.mark.parametrize("release", RELEASES)
def test_what_releases_a_deletion_lock(there: Bench, release: str) -> None:
    act, releases = RELEASES[release]
    uid = there.in_state("COMPLETED")
    assert not is_kept(there, uid)
    assert there.scu.subscribe(uid, "ALICE", "TRUE") == 0x0000
    assert is_kept(there, uid)
    assert act(there, uid) == 0x0000
    assert is_kept(there, uid) is not releases


def test_a_lock_holds_until_the_last_one_is_gone(there: Bench) -> None:
    uid = there.in_state("CANCELED")
    for aet in ("ALICE", "BOB"):
        assert there.scu.subscribe(uid, aet, "TRUE") == 0x0000
    assert there.scu.unsubscribe(uid, "ALICE") == 0x0000
    assert is_kept(there, uid)
    assert there.scu.subscribe(uid, "BOB", "FALSE") == 0x0000
    assert not is_kept(there, uid)


# Whose subscription it is


@pytest.mark.parametrize("title", ["ALICE", "ALICE   ", "  ALICE"])
def test_the_spaces_around_a_title_do_not_count(there: Bench, title: str) -> None:
    uid = there.created()
    assert there.scu.subscribe(uid, title) == 0x0000
    assert subscription(there, uid) == "without lock"
    assert there.scu.unsubscribe(uid, title) == 0x0000
    assert subscription(there, uid) == "none"


@pytest.mark.parametrize("title", ["alice", "ALICE2", "ALIC"])
def test_titles_are_compared_in_full_and_with_their_case(there: Bench, title: str) -> None:
    assert there.scu.subscribe(there.created(), title) == 0xC308


@pytest.mark.parametrize("kind", [3, 4, 5])
@pytest.mark.parametrize("title", ["", "A" * 17])
def test_what_is_no_title(there: Bench, kind: int, title: str) -> None:
    information = dataset(ReceivingAE=title, DeletionLock="FALSE")
    assert there.scu.act(GLOBAL, kind, information, context=WATCH) == 0x0115


@pytest.mark.parametrize("kind", [3, 4, 5])
def test_without_arguments(there: Bench, kind: int) -> None:
    uid = there.created()
    assert there.scu.act(uid, kind, None, context=WATCH) == 0x0115
    assert there.scu.act_with_empty_data_set(uid, kind) == 0x0115


def test_a_receiver_that_is_no_longer_known_can_still_be_unsubscribed(there: Bench) -> None:
    guest = ReceivingAe(AeTitle("GUEST"), "127.0.0.1", there.bob.port)
    there.scp.add_peer(guest)
    uid = there.created()
    assert there.scu.subscribe(uid, "GUEST") == 0x0000
    there.settle()
    there.scp.remove_peer(guest.aet)
    assert there.scu.subscribe(uid, "GUEST") == 0xC308
    assert there.scu.unsubscribe(uid, "GUEST") == 0x0000
    assert there.scu.unsubscribe(uid, "GUEST") == 0xC308


def test_nobody_is_subscribed_by_creating_or_claiming(there: Bench) -> None:
    """An SCP may subscribe the SCU of an N-CREATE by itself (PS3.4 CC.2.5.3); this one does not."""
    with plain_scu(there.port, AET, "ALICE") as alice:
        uid = there.uid()
        assert alice.create(uid, workitem()) == 0x0000
        assert alice.change_state(uid, "IN PROGRESS", "1.2") == 0x0000
    assert there.scp.subscribers() == ()


def test_subscriptions_last_over_a_restart(tmp_path: Path) -> None:
    store = tmp_path / "scp.sqlite"
    with bench(store=store) as there:
        locked, open_one = there.in_state("COMPLETED"), there.created()
        assert there.scu.subscribe(locked, "ALICE", "TRUE") == 0x0000
        assert there.scu.subscribe(open_one, "BOB", "FALSE") == 0x0000
        keys = {"SpecificCharacterSet": "ISO_IR 192", "WorklistLabel": "Größe"}
        assert there.scu.subscribe(FILTERED, "ALICE", "FALSE", **keys) == 0x0000
        assert there.scu.subscribe(GLOBAL, "BOB", "TRUE") == 0x0000
        before = set(there.scp.subscribers())
    with bench(store=store) as there:
        assert set(there.scp.subscribers()) == before
        assert is_kept(there, locked)
        uid = "1.2.4.1"
        assert there.scu.create(uid, workitem(WorklistLabel="Größe")) == 0x0000
        assert (subscription(there, uid), subscription(there, uid, "BOB")) == ("without lock", "with lock")
        assert there.alice.wait_for(uid, 1)[0].kind == 1
        assert there.scu.request_cancel(open_one) == 0x0000
        assert [one.kind for one in there.bob.wait_for(open_one, 2)] == [1, 1]
