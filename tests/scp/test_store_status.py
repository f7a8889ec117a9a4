"""Who would be told is seen in the store, from the process that owns it and from any other."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.support.plain_scu import code, dataset
from tests.support.stores import opened, put, report, stored
from tests.support.waiting import wait_until
from upsdesk.dicom import datasets
from upsdesk.domain.keys import AeTitle
from upsdesk.domain.state import ProcedureStepState
from upsdesk.scp.model import GlobalSubscription
from upsdesk.scp.store.migrations import UnknownVersion
from upsdesk.scp.store.repository import Repository
from upsdesk.scp.store.status import GlobalKind, Told, observing

ALICE, BOB, CAROL, DAVE = (AeTitle(name) for name in ("ALICE", "BOB", "CAROL", "DAVE"))


def _fill(repository: Repository) -> None:
    put(repository, stored("1.1"), stored("1.2", ProcedureStepState="COMPLETED"), stored("1.3"))
    keys = dataset(
        ProcedureStepState="SCHEDULED", ScheduledStationNameCodeSequence=[dataset(CodeValue="FX1")]
    )
    with repository.writing() as writer:
        writer.set_global(GlobalSubscription(ALICE, True))
        writer.set_global(GlobalSubscription(BOB, False, datasets.from_dataset(keys)))
        writer.subscribe(ALICE, "1.1", True)
        writer.subscribe(ALICE, "1.2", False)
        writer.subscribe(CAROL, "1.1", True)
        writer.enqueue([ALICE, DAVE], [report("1.1")])


def test_each_receiver_with_its_subscriptions_locks_and_queue() -> None:
    with opened() as repository:
        _fill(repository)
        alice, bob, carol, dave = repository.status()
        assert (alice.aet, alice.global_kind, alice.global_lock) == (ALICE, GlobalKind.ALL, True)
        assert (alice.workitems, alice.locks, alice.queued) == (2, 1, 1)
        assert (bob.aet, bob.global_kind, bob.global_lock, bob.workitems) == (
            BOB,
            GlobalKind.FILTERED,
            False,
            0,
        )
        assert bob.filter_text == (
            "ScheduledStationNameCodeSequence/CodeValue=FX1, ProcedureStepState=SCHEDULED"
        )
        assert (carol.aet, carol.global_kind, carol.workitems, carol.locks) == (CAROL, GlobalKind.NONE, 1, 1)
        assert (dave.aet, dave.workitems, dave.queued, dave.delivered_at) == (DAVE, 0, 1, None)
        assert alice.filter_text == dave.filter_text == ""


def test_another_process_sees_it_while_the_owner_writes(tmp_path: Path) -> None:
    look = (
        "import sys\n"
        "from upsdesk.scp.store.status import observing\n"
        "with observing(sys.argv[1]) as observer:\n"
        "    for one in observer.status(): print(one.aet, one.global_kind.value, one.workitems, one.queued)\n"
        "    for one in observer.workitems(): print(one.uid, one.state.value, *(to.aet for to in one.told))\n"
    )
    with opened(tmp_path / "store") as repository:
        _fill(repository)
        with repository.writing() as writer:
            writer.subscribe(DAVE, "1.3", False)  # not committed yet: not seen, and nobody waits for it
            seen = subprocess.run(
                [sys.executable, "-c", look, str(tmp_path / "store")],
                capture_output=True,
                text=True,
                timeout=20,
                check=True,
            )
    assert seen.stdout.splitlines() == [
        "ALICE all 2 1",
        "BOB filtered 0 0",
        "CAROL none 1 0",
        "DAVE none 0 1",
        "1.1 SCHEDULED ALICE CAROL",
        "1.2 COMPLETED ALICE",
    ]


def test_an_observer_that_is_slow_to_read_holds_up_no_writer(tmp_path: Path) -> None:
    with opened(tmp_path / "store") as repository:
        _fill(repository)
        with observing(tmp_path / "store") as observer:
            slow = observer.workitems()
            first = next(slow)
            assert (first.uid, first.state) == ("1.1", ProcedureStepState.SCHEDULED)
            assert first.told == (Told(ALICE, True), Told(CAROL, True))
            done = threading.Event()

            def write() -> None:
                put(repository, stored("1.4"))
                done.set()

            thread = threading.Thread(target=write)
            thread.start()
            wait_until(done.is_set, what="the writer goes on")
            thread.join()
            assert [one.uid for one in slow] == ["1.2"]


def test_many_subscriptions_are_read_page_by_page(tmp_path: Path) -> None:
    with opened(tmp_path / "store") as repository:
        names = [f"1.{number:04}" for number in range(1200)]
        with repository.writing() as writer:
            for uid in names:
                writer.insert(stored(uid))
            writer.subscribe_rest(ALICE, True)
            writer.subscribe(BOB, names[700], False)
        with observing(tmp_path / "store") as observer:
            found = list(observer.workitems())
            assert [one.uid for one in found] == names
            assert found[700].told == (Told(ALICE, True), Told(BOB, False))
            assert [(one.aet, one.workitems, one.locks) for one in observer.status()] == [
                (ALICE, 1200, 1200),
                (BOB, 1, 0),
            ]


def test_the_store_of_an_scp_that_does_not_run_is_seen_too(tmp_path: Path) -> None:
    with opened(tmp_path / "a store %41 #1") as repository:
        _fill(repository)
        before = repository.status()
    with observing(tmp_path / "a store %41 #1") as observer:
        assert observer.status() == before
    with observing(f"sqlite:///{tmp_path}/a store %2541 #1") as observer:
        assert len(list(observer.workitems())) == 2


def test_what_cannot_be_looked_at_is_said(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no such store"), observing(tmp_path / "nowhere"):
        pass
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError, match="in memory"), observing(":memory:"):
        pass
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(UnknownVersion, match="no store of an UPS Desk SCP"), observing(tmp_path / "empty"):
        pass


def test_a_filter_that_names_a_code_twice_is_written_out() -> None:
    keys = dataset(ScheduledWorkitemCodeSequence=[code("110001", "DCM", "")], PatientID="A\\B")
    with opened() as repository:
        with repository.writing() as writer:
            writer.set_global(GlobalSubscription(ALICE, False, datasets.from_dataset(keys)))
        (alice,) = repository.status()
    path = "ScheduledWorkitemCodeSequence"
    assert alice.filter_text == (
        f"PatientID=A\\B, {path}/CodeValue=110001, {path}/CodingSchemeDesignator=DCM"
    )
