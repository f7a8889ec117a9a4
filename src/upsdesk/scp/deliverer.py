"""What is done for a Receiving AE while it has its turn: send, write down, decide what follows a failure."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from upsdesk.domain.keys import AeTitle
from upsdesk.scp.event_sender import EventSender, NotDelivered, Receiver, ReportInterference
from upsdesk.scp.lane import BUFFER, Delivery, Failures, Lane
from upsdesk.scp.ledger import Ledger
from upsdesk.scp.lines import report_line, status_words
from upsdesk.scp.model import QueuedReport, ReceivingAe
from upsdesk.scp.store.repository import Repository

Log = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Around:
    """What sending reports needs from outside."""

    repository: Repository
    calling: AeTitle
    receiver_of: Callable[[AeTitle], ReceivingAe | None]
    log: Log = lambda _line: None
    """What is out of the ordinary."""
    trace: Log = lambda _line: None
    """Each report."""
    interference: ReportInterference | None = None
    clock: Callable[[], float] = time.time
    """POSIX seconds."""
    ticks: Callable[[], float] = time.monotonic
    """Seconds that only run forward."""


class Deliverer:
    """Serves one Receiving AE on each thread that calls it."""

    def __init__(self, around: Around, delivery: Delivery, lock: threading.Lock, ledger: Ledger) -> None:
        """`lock` guards the lanes and `ledger`."""
        self._around = around
        self._delivery = delivery
        self._lock = lock
        self._ledger = ledger
        self.stopping = False

    def serve(self, lane: Lane, do_others_wait: Callable[[], bool]) -> None:
        """Send until nothing is left, an attempt fails, or others wait and it has been long enough."""
        is_release_due, lane.is_release_due = lane.is_release_due, False
        receiver = self._around.receiver_of(lane.aet)
        sender = self._sender(lane, receiver)
        number = 0
        while sender is not None and (queued := self._next(lane)) is not None:
            if not self._deliver(lane, sender, queued):
                return
            number += 1
            if number >= BUFFER and do_others_wait():
                return
        if number == 0 and is_release_due and lane.sender is not None:
            lane.sender.release()

    def _sender(self, lane: Lane, receiver: ReceivingAe | None) -> EventSender | None:
        sender = lane.sender
        if receiver is None or (sender is not None and sender.receiver.ae == receiver):
            return sender if receiver is not None else None
        if sender is not None:
            sender.release()  # it went to an earlier address
        around = self._around
        said = partial(self._said, lane.aet)
        how = Receiver(receiver, self._delivery.patience, self._delivery.answer)
        sender = EventSender(around.calling, how, said, around.interference)
        with self._lock:
            lane.sender = sender
            if self.stopping:
                sender.abort()
        return sender

    def _said(self, aet: AeTitle, line: str) -> None:
        self._around.log(f"{aet}: {line}")

    def _next(self, lane: Lane) -> QueuedReport | None:
        """The report whose turn it is; it stays in the buffer until it has been sent or given up."""
        while True:
            with self._lock:
                if self.stopping:
                    return None
                if lane.buffer:
                    return lane.buffer[0]
                if not lane.is_behind:
                    return None
                lane.is_behind = False  # what comes from now on is offered
                after = lane.last
            try:
                with self._around.repository.reading() as reader:
                    fetched = reader.queued(lane.aet, BUFFER, after)
            except BaseException:
                lane.is_behind = True
                raise
            with self._lock:
                lane.refill(fetched)

    def _deliver(self, lane: Lane, sender: EventSender, queued: QueuedReport) -> bool:
        """Send what stands for one report; False when the receiver is to be left alone for a while."""
        around = self._around
        try:
            status = self._send(lane, sender, queued)
        except NotDelivered as error:
            return not self.stopping and self._failed(lane, queued, error)
        except Exception as error:  # of ours: the report is to blame, and is given up in the end
            failure = NotDelivered(f"{type(error).__name__} in the server", was_sent=True)
            return self._failed(lane, queued, failure)
        at, now = around.clock(), around.ticks()
        with self._lock:
            self._ledger.sent(lane.aet, queued.number, at, now)
            if status != 0x0000:
                self._ledger.failed(lane.aet, at, _answered(queued, status), now)
            lane.finish(queued)
            failures, lane.failures = lane.failures, Failures()
        if status != 0x0000:
            around.log(f"{lane.aet}: {_answered(queued, status)}")
        if failures.count:
            around.log(f"{lane.aet} takes reports again")
        return True

    def _send(self, lane: Lane, sender: EventSender, queued: QueuedReport) -> int:
        around = self._around
        odd = around.interference
        if lane.prepared is None or lane.prepared[0] != queued.number:
            reports = [queued.report] if odd is None else list(odd.before_report(lane.aet, queued.report))
            lane.prepared = (queued.number, reports)
        worst = 0x0000
        left = lane.prepared[1]
        while left:
            if odd is not None and (pause := odd.delay_of(lane.aet)) > 0:
                sender.pause(pause)
            began = time.perf_counter()
            status = sender.send(left[0])
            around.trace(report_line(lane.aet, left[0], status, (time.perf_counter() - began) * 1000))
            worst = worst or status
            del left[0]
        return worst

    def _failed(self, lane: Lane, queued: QueuedReport, error: NotDelivered) -> bool:
        """Decide what comes after a failed attempt: True to go on with the next report at once."""
        around, aet, reason = self._around, lane.aet, str(error)
        now = around.ticks()
        title = queued.report.type.title
        if error.is_hopeless:
            self._give_up(lane, queued, f"{title} given up: {reason}")
            return True
        if lane.failures.round_began is None:
            self._begin_round(lane, now)
            around.log(f"{aet}: {title} not delivered, it will be tried again: {reason}")
        with self._lock:
            lane.fail(queued.number, error.was_sent, reason, now)
            self._ledger.failed(aet, around.clock(), reason, now)
        if lane.is_round_over(now):
            self._end_round(lane, reason)
            self._begin_round(lane, now)
        elif lane.is_worn_out:
            self._give_up(lane, queued, f"{title} given up after {lane.failures.sent} attempts: {reason}")
        return False

    def _begin_round(self, lane: Lane, now: float) -> None:
        with self._around.repository.reading() as reader:
            newest = reader.last_number(lane.aet)
        lane.failures.round_began, lane.failures.round_end = now, newest

    def _end_round(self, lane: Lane, reason: str) -> None:
        until = lane.failures.round_end
        with self._around.repository.reading() as reader:
            numbers = reader.numbers(lane.aet, lane.done, until)
        with self._lock:
            self._ledger.given_up(lane.aet, numbers, self._around.ticks())
            lane.forget_until(until)
        if not numbers:
            return
        many = "1 report" if len(numbers) == 1 else f"{len(numbers)} reports"
        self._around.log(f"{lane.aet}: {many} given up after {self._delivery.give_up:g} s: {reason}")

    def _give_up(self, lane: Lane, queued: QueuedReport, words: str) -> None:
        around = self._around
        with self._lock:
            self._ledger.given_up(lane.aet, (queued.number,), around.ticks())
            self._ledger.failed(lane.aet, around.clock(), words, around.ticks())
            lane.finish(queued)
        around.log(f"{lane.aet}: {words}")


def _answered(queued: QueuedReport, status: int) -> str:
    return f"{queued.report.type.title} answered {status_words(status)}"
