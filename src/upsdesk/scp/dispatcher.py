"""When reports go out: one ordered queue and one sender thread per Receiving AE, never inside a handler."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from upsdesk.domain.keys import AeTitle
from upsdesk.scp.event_sender import EventSender, NotDelivered
from upsdesk.scp.model import QueuedReport, ReceivingAe
from upsdesk.scp.store.repository import Repository

Log = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Delivery:
    """How reports are sent. Times in seconds."""

    queue: int = 10_000
    """Reports kept per Receiving AE; beyond it the oldest are dropped and counted."""
    idle_release: float = 2.0
    """An association without reports is released after this time: an idle one polls."""
    retries: tuple[float, ...] = (0.25, 0.75, 2.0)
    """Pauses before each further attempt; a receiver that stays away loses the report (PS3.4 CC.2.4.3)."""
    batch: int = 25


class Dispatcher:
    """Sends what waits in the store's outbox. `wake` is cheap and is called after each commit."""

    def __init__(
        self,
        repository: Repository,
        calling: AeTitle,
        receiver_of: Callable[[AeTitle], ReceivingAe | None],
        log: Log,
        delivery: Delivery = Delivery(),
    ) -> None:
        self._repository = repository
        self._calling = calling
        self._receiver_of = receiver_of
        self._log = log
        self._delivery = delivery
        self._lock = threading.Lock()
        self._senders: dict[AeTitle, _Sender] = {}
        self._stopped = False

    def wake(self, aets: Iterable[AeTitle]) -> None:
        """Reports wait for `aets`. Those for an AE without a known address stay, up to the bound."""
        for aet in aets:
            receiver = self._receiver_of(aet)
            if receiver is None:
                with self._repository.writing() as writer:
                    writer.trim(aet, self._delivery.queue)
                continue
            with self._lock:
                if self._stopped:
                    return
                sender = self._senders.get(aet)
                if sender is None or not sender.wake():
                    sender = _Sender(self._repository, self._calling, receiver, self._log, self._delivery)
                    self._senders[aet] = sender
                    sender.start()

    def wake_all(self) -> None:
        """Everything that waits, at start."""
        with self._repository.reading() as reader:
            lengths = reader.queue_lengths()
        self.wake(lengths)

    def drain(self, timeout: float) -> bool:
        """Wait until every sender has nothing left to do; False when the time is up."""
        deadline = time.monotonic() + timeout
        with self._lock:
            senders = list(self._senders.values())
        return all(sender.wait_idle(max(0.0, deadline - time.monotonic())) for sender in senders)

    def stop(self) -> None:
        """End all senders at once; what they did not send stays in the store."""
        with self._lock:
            self._stopped = True
            senders = list(self._senders.values())
        for sender in senders:
            sender.stop()
        deadline = time.monotonic() + 1.0
        for sender in senders:
            sender.join(max(0.0, deadline - time.monotonic()))


class _Sender(threading.Thread):
    """The thread of one Receiving AE. It ends when nothing came for a while; `wake` then returns False."""

    def __init__(
        self,
        repository: Repository,
        calling: AeTitle,
        receiver: ReceivingAe,
        log: Log,
        delivery: Delivery,
    ) -> None:
        super().__init__(name=f"reports to {receiver.aet}", daemon=True)
        self._repository = repository
        self._receiver = receiver
        self._log = log
        self._delivery = delivery
        self._sender = EventSender(calling, receiver)
        self._condition = threading.Condition()
        self._has_work = True
        self._is_idle = False
        self._is_over = False
        self._stopping = False
        self._is_away = False
        self._message_ids = itertools.cycle(range(1, 65536))

    def wake(self) -> bool:
        """There is work; False when this thread has ended or is about to."""
        with self._condition:
            if self._is_over:
                return False
            self._has_work = True
            self._is_idle = False
            self._condition.notify_all()
            return True

    def stop(self) -> None:
        with self._condition:
            self._stopping = True
            self._condition.notify_all()
        self._sender.abort()

    def wait_idle(self, timeout: float) -> bool:
        with self._condition:
            return self._condition.wait_for(lambda: self._is_idle or self._is_over, timeout)

    def run(self) -> None:
        try:
            while self._wait_for_work():
                self._empty_queue()
        finally:
            with self._condition:
                self._is_over = True
                self._condition.notify_all()
            self._sender.release()

    def _wait_for_work(self) -> bool:
        with self._condition:
            if not self._has_work:
                self._is_idle = True
                self._condition.notify_all()
                self._condition.wait_for(
                    lambda: self._has_work or self._stopping, self._delivery.idle_release
                )
            if self._stopping or not self._has_work:
                self._is_over = True
                return False
            self._has_work = False
            return True

    def _empty_queue(self) -> None:
        while not self._stopping:
            with self._repository.reading() as reader:
                reports = reader.queued(self._receiver.aet, self._delivery.batch)
            if not reports:
                return
            done = self._send_batch(reports)
            with self._repository.writing() as writer:
                writer.drop_reports(done)
                dropped = writer.trim(self._receiver.aet, self._delivery.queue) if len(reports) > 1 else 0
            if dropped:
                self._log(f"{self._receiver.aet}: queue full, {dropped} reports dropped")

    def _send_batch(self, reports: Iterable[QueuedReport]) -> list[int]:
        done: list[int] = []
        for queued in reports:
            if self._stopping or not self._deliver(queued):
                break
            done.append(queued.number)
        return done

    def _deliver(self, queued: QueuedReport) -> bool:
        """Send one report, with retries; False only when stopping, so that it stays queued."""
        pauses = () if self._is_away else self._delivery.retries
        for pause in (0.0, *pauses):
            if pause and self._pause(pause):
                return False
            try:
                status = self._sender.send(queued.report, next(self._message_ids))
            except NotDelivered as error:
                if self._stopping:
                    return False
                reason = str(error)
                continue
            self._is_away = False
            if status != 0x0000:
                self._log(f"{self._receiver.aet}: {queued.report.type.title} answered {status:04X}")
            return True
        self._log(f"{self._receiver.aet}: {queued.report.type.title} not delivered: {reason}")
        self._is_away = True
        return True

    def _pause(self, seconds: float) -> bool:
        """Wait; True when stopping."""
        with self._condition:
            return self._condition.wait_for(lambda: self._stopping, seconds)
