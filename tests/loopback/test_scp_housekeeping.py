"""Final workitems go when their time is over unless a lock is held; expired ones are canceled by the SCP."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.plain_scu import PlainListener, performed
from tests.support.running_scp import Bench, bench
from tests.support.waiting import wait_until
from upsdesk.domain.keys import AeTitle
from upsdesk.scp.housekeeping import Retention
from upsdesk.scp.model import ReceivingAe

_KEEP = 0.3


@pytest.fixture(scope="module")
def there() -> Iterator[Bench]:
    with bench(retention=Retention(keep=_KEEP, expire=True)) as running:
        yield running


def _in(seconds: float) -> str:
    """A DT so far from now, with its fraction."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return f"{moment:%Y%m%d%H%M%S.%f}+0000"


def _is_gone(there: Bench, uid: str) -> bool:
    return there.scu.get(uid, [0x00741000]) == 0xC307


@pytest.mark.parametrize("state", ["COMPLETED", "CANCELED"])
def test_a_final_workitem_is_deleted_when_its_time_is_over(there: Bench, state: str) -> None:
    uid = there.in_state(state)
    ended = there.scp.workitem(uid)
    assert ended is not None and ended.ended is not None
    wait_until(lambda: _is_gone(there, uid), what="the workitem is deleted")
    assert datetime.now(UTC).timestamp() >= ended.ended + _KEEP
    assert there.scp.subscribers() == ()


def test_a_workitem_that_is_not_final_stays(there: Bench) -> None:
    waiting, performed = there.created(), there.in_state("IN PROGRESS")
    later = there.in_state("COMPLETED")
    wait_until(lambda: _is_gone(there, later), what="what ended after them is deleted")
    assert not _is_gone(there, waiting)
    assert not _is_gone(there, performed)


def test_a_deletion_lock_keeps_it_until_it_is_released(there: Bench) -> None:
    locked = there.in_state("IN PROGRESS", "1.9.7")
    assert there.scu.subscribe(locked, "ALICE", "TRUE") == 0x0000
    assert there.scu.subscribe(locked, "BOB", "TRUE") == 0x0000
    _finish(there, locked, "1.9.7")
    later = there.in_state("COMPLETED")
    wait_until(lambda: _is_gone(there, later), what="what ended after it is deleted")
    assert not _is_gone(there, locked)
    assert there.scu.unsubscribe(locked, "ALICE") == 0x0000
    another = there.in_state("COMPLETED")
    wait_until(lambda: _is_gone(there, another), what="what ended after it is deleted")
    assert not _is_gone(there, locked)
    assert there.scu.subscribe(locked, "BOB", "FALSE") == 0x0000  # a subscription without lock keeps nothing
    wait_until(lambda: _is_gone(there, locked), what="nobody keeps it any more")
    there.settle()


def _finish(there: Bench, uid: str, tuid: str) -> None:
    assert there.scu.set(uid, performed(), tuid) == 0x0000
    assert there.scu.change_state(uid, "COMPLETED", tuid) == 0x0000


def test_an_expired_workitem_is_canceled_with_both_reports() -> None:
    with bench(retention=Retention(expire=True)) as there:
        uid = there.created(ScheduledProcedureStepExpirationDateTime=_in(0.6))
        never = there.created(ScheduledProcedureStepExpirationDateTime=_in(3600))
        begun = there.created(ScheduledProcedureStepExpirationDateTime=_in(0.6))
        assert there.scu.change_state(begun, "IN PROGRESS", "1.9.8") == 0x0000
        assert there.scu.subscribe(uid, "ALICE") == 0x0000
        initial, began, ended = there.alice.wait_for(uid, 3)
        states = [one.information.ProcedureStepState for one in (initial, began, ended)]
        assert states == ["SCHEDULED", "IN PROGRESS", "CANCELED"]
        (reason,) = ended.information.ProcedureStepDiscontinuationReasonCodeSequence
        assert (reason.CodeValue, reason.CodingSchemeDesignator) == ("110533", "DCM")
        assert there.scu.get(uid, [0x00741000, 0x00741002]) == 0x0000
        (progress,) = there.scu.reply.ProcedureStepProgressInformationSequence
        assert progress.ProcedureStepCancellationDateTime
        assert there.scu.reply.ProcedureStepState == "CANCELED"
        for other, state in ((never, "SCHEDULED"), (begun, "IN PROGRESS")):
            assert there.scu.get(other, [0x00741000]) == 0x0000
            assert there.scu.reply.ProcedureStepState == state


def test_what_expired_while_the_scp_was_down_is_canceled_at_its_start(tmp_path: Path) -> None:
    store = tmp_path / "store"
    carol = PlainListener("CAROL").start()
    peers = [ReceivingAe(AeTitle("CAROL"), "127.0.0.1", carol.port)]
    try:
        with bench(store=store, peers=peers) as there:
            uid = there.created(ScheduledProcedureStepExpirationDateTime="20010101")
            assert not _is_gone(there, uid)
            assert there.scu.subscribe(uid, "CAROL") == 0x0000
            carol.wait_for(uid, 1)
            there.settle()
        with bench(store=store, peers=peers, retention=Retention(expire=True)):
            told = carol.wait_for(uid, 3)
            states = [one.information.ProcedureStepState for one in told]
            assert states == ["SCHEDULED", "IN PROGRESS", "CANCELED"]
    finally:
        carol.stop()


def test_nothing_is_deleted_or_canceled_unless_asked_for() -> None:
    before = set(threading.enumerate())
    with bench() as there:
        done = there.in_state("COMPLETED")
        expired = there.created(ScheduledProcedureStepExpirationDateTime="20010101")
        assert not [one for one in set(threading.enumerate()) - before if one.name == "SCP housekeeping"]
        assert not _is_gone(there, done)
        assert there.scu.get(expired, [0x00741000]) == 0x0000
        assert there.scu.reply.ProcedureStepState == "SCHEDULED"


def test_it_sleeps_until_something_is_due() -> None:
    looks: list[datetime] = []

    def clock() -> datetime:
        looks.append(datetime.now(UTC))
        return looks[-1]

    with bench(retention=Retention(keep=3600, expire=True), clock=clock) as there:
        there.in_state("COMPLETED")
        there.created(ScheduledProcedureStepExpirationDateTime=_in(3600))
        wait_until(lambda: not _still_looking(looks), what="nothing is due, so the clock is left alone")


def _still_looking(looks: list[datetime]) -> bool:
    before = len(looks)
    threading.Event().wait(0.4)
    return len(looks) != before


def test_what_is_kept_for_no_time_is_gone_at_once() -> None:
    with bench(retention=Retention(keep=0.0)) as there:
        for _ in range(10):
            uid = there.in_state("COMPLETED")
            wait_until(lambda uid=uid: _is_gone(there, uid), what="the workitem is deleted")  # type: ignore[misc]
