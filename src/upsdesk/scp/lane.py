"""What is sent next to one Receiving AE, when it is tried again, and when a report is given up."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from upsdesk.dicom.upper_layer.requestor import Patience
from upsdesk.domain.keys import AeTitle
from upsdesk.scp.event_sender import EventSender
from upsdesk.scp.model import OutgoingReport, QueuedReport

BUFFER = 25
"""Reports of one AE in memory at most; the rest waits in the store."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How reports are sent. Times in seconds. PS3.4 CC.2.4.3 obliges to neither queue nor retry.

    A receiver that cannot be reached or does not answer keeps its reports, in order. It is tried again after
    growing pauses; nothing is sent to it meanwhile. A report is given up when

    - nothing has arrived for `give_up` seconds during which the report was waiting,
    - or it has been sent `attempts` times and an answer never came: one report does not stop the others,
    - or it cannot be encoded,
    - or, in the store, `queue` newer ones wait: then the oldest is dropped.
    """

    queue: int = 10_000
    """Reports kept per Receiving AE; beyond it the oldest are dropped and counted."""
    idle_release: float = 2.0
    """An association without reports is released after this time."""
    retries: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
    """Pauses before each further attempt; the last one repeats."""
    give_up: float = 600.0
    attempts: int = 3
    senders: int = 64
    """Receiving AEs that are sent to at the same time, a thread each; the others wait for their turn.

    Those whose last attempt failed get half of it at most.
    """
    patience: Patience = Patience()  # noqa: RUF009  frozen
    answer: float = 10.0
    """For the response to a report."""


class Phase(Enum):
    """What is being done about an AE."""

    IDLE = "idle"
    """Nothing to do, or no address."""
    READY = "ready"
    """Waits for a thread."""
    RUNNING = "running"
    RESTING = "resting"
    """Between two attempts."""


@dataclass(slots=True)
class Failures:
    """Attempts that failed since anything arrived."""

    count: int = 0
    round_began: float | None = None
    round_end: int = 0
    """The newest report that waited when the round began: up to this one they are given up at its end."""
    number: int = 0
    """The report that was tried last."""
    sent: int = 0
    """How often it has been sent without an answer."""
    reason: str = ""


@dataclass(slots=True)
class Lane:
    """One Receiving AE. Under the dispatcher's lock; who runs it owns `sender`, `failures`, `prepared`."""

    aet: AeTitle
    delivery: Delivery
    phase: Phase = Phase.IDLE
    due: float | None = None
    """When something is to be done without a new report: the next attempt, or the release."""
    is_release_due: bool = False
    buffer: deque[QueuedReport] = field(default_factory=deque)
    is_behind: bool = False
    """More waits in the store than in the buffer."""
    last: int = 0
    """Number of the newest report that has been in the buffer."""
    done: int = 0
    """Number of the newest report that has been sent or given up."""
    sender: EventSender | None = None
    was_doubtful: bool = False
    """When its turn began."""
    failures: Failures = field(default_factory=Failures)
    was_full: bool = False
    prepared: tuple[int, list[OutgoingReport]] | None = None
    """What goes out instead of the report with this number, as long as anything of it is left."""

    @property
    def has_work(self) -> bool:
        return bool(self.buffer) or self.is_behind

    @property
    def is_doubtful(self) -> bool:
        """Whether the last attempt failed."""
        return self.failures.count > 0

    def offer(self, queued: QueuedReport) -> None:
        """A report that has come into the store."""
        if self.is_behind or queued.number <= self.last:
            return
        if len(self.buffer) >= BUFFER:
            self.is_behind = True
            return
        self.buffer.append(queued)
        self.last = queued.number

    def refill(self, fetched: Sequence[QueuedReport]) -> None:
        """Up to BUFFER reports that waited behind `last`; newer ones may have been offered meanwhile."""
        newer = list(self.buffer)
        self.buffer = deque(fetched)
        self.last = fetched[-1].number if fetched else self.done
        if len(fetched) >= BUFFER:
            self.is_behind = True  # perhaps; the newer ones are read again in their turn
            return
        for one in newer:
            self.offer(one)

    def finish(self, queued: QueuedReport) -> None:
        """The report at the head has been sent or given up."""
        self.done = queued.number
        self.prepared = None
        if self.buffer and self.buffer[0] is queued:
            self.buffer.popleft()

    def forget_until(self, number: int) -> None:
        """All reports up to this number have been given up."""
        while self.buffer and self.buffer[0].number <= number:
            self.buffer.popleft()
        self.done = max(self.done, number)
        self.last = max(self.last, number)
        self.prepared = None

    def fail(self, number: int, was_sent: bool, reason: str, now: float) -> None:
        """An attempt with the report of this number failed."""
        failures = self.failures
        if number != failures.number:
            failures.number, failures.sent = number, 0
        failures.count += 1
        failures.sent += was_sent
        failures.reason = reason
        pauses = self.delivery.retries
        self.due = now + pauses[min(failures.count, len(pauses)) - 1]

    @property
    def is_worn_out(self) -> bool:
        """Whether the report at the head has had all its attempts."""
        return self.failures.sent >= self.delivery.attempts

    def is_round_over(self, now: float) -> bool:
        """Whether what waited when the round began has waited for too long."""
        began = self.failures.round_began
        return began is not None and now - began >= self.delivery.give_up
