"""What is next for one Receiving AE while reports come in, leave and are given up."""

import random

import pytest

from tests.support.stores import report
from upsdesk.domain.keys import AeTitle
from upsdesk.scp.lane import BUFFER, Delivery, Lane
from upsdesk.scp.ledger import Ledger
from upsdesk.scp.model import QueuedReport

ALICE, BOB = AeTitle("ALICE"), AeTitle("BOB")
_REPORT = report("1.2")


def queued(number: int) -> QueuedReport:
    return QueuedReport(number, _REPORT)


def lane(**delivery: object) -> Lane:
    return Lane(ALICE, Delivery(**delivery))  # type: ignore[arg-type]


class Store:
    """The numbers that wait, as the store would have them."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def read(self, after: int) -> list[QueuedReport]:
        return [queued(one) for one in self.numbers if one > after][:BUFFER]


@pytest.mark.parametrize("seed", range(30))
def test_nothing_is_lost_repeated_or_out_of_order_however_reading_and_arriving_mix(seed: int) -> None:
    dice = random.Random(seed)
    one, store, sent = lane(), Store(), list[int]()
    last, total = 0, 400
    while len(sent) < total:
        for _ in range(dice.choice([0, 0, 1, 3, 40])):
            if last < total:
                last += 1
                store.numbers.append(last)
                one.offer(queued(last))
        for _ in range(dice.choice([1, 5, 30])):
            if not one.buffer and one.is_behind:
                one.is_behind = False
                after = one.last
                fetched = store.read(after)
                for _ in range(dice.choice([0, 0, 2, 30])):  # they come while the store is being read
                    if last < total:
                        last += 1
                        store.numbers.append(last)
                        one.offer(queued(last))
                one.refill(fetched)
            if one.buffer:
                head = one.buffer[0]
                sent.append(head.number)
                store.numbers.remove(head.number)
                one.finish(head)
        assert len(one.buffer) <= BUFFER
    assert sent == list(range(1, total + 1))
    assert not one.buffer


def test_pauses_grow_and_the_last_one_repeats() -> None:
    one = lane(retries=(0.5, 1.0, 4.0))
    due = []
    for _ in range(5):
        one.fail(7, False, "nobody there", 100.0)
        due.append(one.due)
    assert due == [100.5, 101.0, 104.0, 104.0, 104.0]
    assert one.is_doubtful


def test_only_attempts_that_were_sent_wear_a_report_out() -> None:
    one = lane(attempts=3)
    for was_sent in (True, False, False, True):
        one.fail(7, was_sent, "", 0.0)
    assert not one.is_worn_out
    one.fail(7, True, "", 0.0)
    assert one.is_worn_out
    one.fail(8, True, "", 0.0)
    assert not one.is_worn_out, "another report has its own attempts"


def test_what_was_given_up_is_not_offered_again() -> None:
    one = lane()
    for number in range(1, 6):
        one.offer(queued(number))
    one.forget_until(3)
    one.offer(queued(2))
    assert [each.number for each in one.buffer] == [4, 5]
    one.forget_until(9)
    one.offer(queued(9))
    one.offer(queued(10))
    assert [each.number for each in one.buffer] == [10]


def test_the_usual_schedule_gives_up_after_minutes_not_seconds() -> None:
    usual = Delivery()
    assert list(usual.retries) == sorted(usual.retries)
    assert usual.give_up >= 5 * 60
    assert sum(usual.retries) < usual.give_up


def test_the_ledger_gives_out_everything_once_and_takes_it_back_in_order() -> None:
    ledger = Ledger()
    ledger.sent(ALICE, 1, 10.0, 0.5)
    ledger.sent(ALICE, 2, 11.0, 0.6)
    ledger.failed(BOB, 12.0, "nobody there", 0.7)
    assert ledger.since == 0.5
    outcomes = ledger.take()
    assert (ledger.since, ledger.take()) == (None, [])
    ledger.sent(ALICE, 3, 13.0, 0.9)
    ledger.failed(BOB, 14.0, "rejected", 0.9)
    ledger.given_up(BOB, (9,), 0.9)
    ledger.put_back(outcomes, 1.0)
    alice, bob = sorted(ledger.take(), key=lambda one: one.aet)
    assert (list(alice.sent), alice.delivered_at, alice.error) == ([1, 2, 3], 13.0, None)
    assert (list(bob.given_up), bob.failed_at, bob.error) == ([9], 14.0, "rejected")
