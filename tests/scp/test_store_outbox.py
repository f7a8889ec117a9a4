"""The queue of a Receiving AE is bounded in the transaction of the change, and its reports are counted."""

from pathlib import Path

import pytest

from tests.support.stores import opened, put, report, stored
from upsdesk.domain.events import ReportType
from upsdesk.domain.keys import AeTitle
from upsdesk.scp.reports import scp_status
from upsdesk.scp.store.repository import Repository
from upsdesk.scp.store.status import ReceiverStatus

ALICE, BOB = AeTitle("ALICE"), AeTitle("BOB")


def _tell(repository: Repository, *uids: str, aets: tuple[AeTitle, ...] = (ALICE,)) -> None:
    with repository.writing() as writer:
        writer.enqueue(aets, [report(uid) for uid in uids])


def _queue(repository: Repository, aet: AeTitle = ALICE) -> list[str]:
    with repository.reading() as reader:
        return [str(one.report.uid) for one in reader.queued(aet, 1000)]


def _numbers(repository: Repository, aet: AeTitle = ALICE) -> list[int]:
    with repository.reading() as reader:
        return [one.number for one in reader.queued(aet, 1000)]


def _sent(repository: Repository, count: int) -> None:
    numbers = _numbers(repository)[:count]
    with repository.writing() as writer:
        writer.record_sent(ALICE, numbers, 5.0)


def _of(repository: Repository, aet: AeTitle = ALICE) -> ReceiverStatus:
    return next(one for one in repository.status() if one.aet == aet)


def test_reports_wait_in_the_order_of_the_changes() -> None:
    with opened() as repository:
        _tell(repository, "1.1", "1.2", aets=(ALICE, BOB))
        _tell(repository, "1.3")
        assert _queue(repository) == ["1.1", "1.2", "1.3"]
        assert _queue(repository, BOB) == ["1.1", "1.2"]
        with repository.reading() as reader:
            assert reader.queue_lengths() == {ALICE: 3, BOB: 2}


def test_the_oldest_give_way_and_are_counted_and_it_is_said_once_per_fill_up() -> None:
    said: list[AeTitle] = []
    with opened(queue=4, on_full=said.append) as repository:
        for number in range(4):
            _tell(repository, f"1.{number}", aets=(ALICE, BOB))
        assert said == []
        for number in range(4, 7):
            _tell(repository, f"1.{number}")
        assert _queue(repository) == ["1.3", "1.4", "1.5", "1.6"]
        assert _queue(repository, BOB) == ["1.0", "1.1", "1.2", "1.3"]
        assert said == [ALICE]
        assert (_of(repository).queued, _of(repository).dropped) == (4, 3)
        assert _of(repository, BOB).dropped == 0

        _sent(repository, 1)  # one leaves and two come: still the same fill-up
        _tell(repository, "2.0", "2.1")
        assert said == [ALICE]

        _sent(repository, 2)
        _tell(repository, *(f"3.{number}" for number in range(3)))
        assert said == [ALICE, ALICE]
        assert (_of(repository).queued, _of(repository).dropped) == (4, 5)


def test_one_change_with_more_reports_than_there_is_room_for_keeps_the_last() -> None:
    with opened(queue=3) as repository:
        _tell(repository, *(f"1.{number}" for number in range(10)))
        assert _queue(repository) == ["1.7", "1.8", "1.9"]
        assert (_of(repository).queued, _of(repository).dropped) == (3, 7)


def test_a_change_that_is_undone_leaves_no_report_no_count_and_says_nothing() -> None:
    said: list[AeTitle] = []
    with opened(queue=1, on_full=said.append) as repository:
        _tell(repository, "1.1")
        with pytest.raises(LookupError), repository.writing() as writer:
            writer.enqueue([ALICE, BOB], [report("1.2")])
            raise LookupError
        assert _queue(repository) == ["1.1"]
        assert [(one.aet, one.queued, one.dropped) for one in repository.status()] == [(ALICE, 1, 0)]
        assert said == []


def test_what_became_of_each_report_is_counted() -> None:
    with opened() as repository:
        _tell(repository, *(f"1.{number}" for number in range(6)))
        numbers = _numbers(repository)
        with repository.writing() as writer:
            writer.record_sent(ALICE, numbers[:3], 100.0)
            writer.record_error(ALICE, 101.0, "association rejected")
        found = _of(repository)
        assert (found.queued, found.sent, found.failed) == (3, 3, 0)
        assert (found.delivered_at, found.failed_at, found.error) == (100.0, 101.0, "association rejected")
        with repository.writing() as writer:
            writer.record_failed(ALICE, numbers[3:5], 102.0, "no answer" * 100)
        found = _of(repository)
        assert (found.queued, found.sent, found.failed, found.failed_at) == (1, 3, 2, 102.0)
        assert found.error.startswith("no answer")
        assert len(found.error) <= 200
        assert _queue(repository) == ["1.5"]


def test_a_report_that_was_dropped_while_it_was_under_way_leaves_the_length_right() -> None:
    with opened(queue=2) as repository:
        _tell(repository, "1.1", "1.2")
        under_way = _numbers(repository)
        _tell(repository, "1.3")
        with repository.writing() as writer:
            writer.record_sent(ALICE, under_way, 1.0)
        assert _queue(repository) == ["1.3"]
        found = _of(repository)
        assert (found.queued, found.sent, found.dropped) == (1, 1, 1)  # each counts once


def test_status_changes_of_the_scp_that_were_not_sent_are_forgotten() -> None:
    with opened() as repository:
        _tell(repository, "1.1", aets=(ALICE, BOB))
        with repository.writing() as writer:
            writer.enqueue([ALICE], [scp_status("RESTARTED", "WARM START", "WARM START")] * 2)
        with repository.writing() as writer:
            writer.drop_reports_of(ReportType.SCP_STATUS_CHANGE)
        assert _queue(repository) == ["1.1"]
        with repository.reading() as reader:
            assert reader.queue_lengths() == {ALICE: 1, BOB: 1}


def test_counts_and_queues_outlive_the_process(tmp_path: Path) -> None:
    with opened(tmp_path / "store", queue=2) as repository:
        put(repository, stored("1.0"))
        _tell(repository, "1.1", "1.2", "1.3")
        before = repository.status()
    said: list[AeTitle] = []
    with opened(tmp_path / "store", queue=2, on_full=said.append) as repository:
        assert repository.status() == before
        _tell(repository, "1.4")
        assert said == []  # it was full before
        assert _queue(repository) == ["1.3", "1.4"]
