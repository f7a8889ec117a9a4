"""The worker threads behind the gateway: two lanes to a peer, or one when it allows no more."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from upsdesk.domain.elements import Elements
from upsdesk.domain.errors import Aborted, ContextRefused, Interrupted, NoAnswer, Rejected
from upsdesk.domain.keys import AeTitle, SopInstanceUid, TransactionUid
from upsdesk.domain.operation import Answer
from upsdesk.domain.peer import Peer
from upsdesk.domain.query import MatchingKey, WorklistQuery
from upsdesk.domain.state import ProcedureStepState

if TYPE_CHECKING:
    from upsdesk.dicom.exchange import OnRows
    from upsdesk.dicom.scu import EchoAnswer, Match
    from upsdesk.domain.operation import CancelRequest


class Scu(Protocol):
    """What a lane asks of one association; `upsdesk.dicom.scu.UpsScu` is it."""

    def echo(self) -> EchoAnswer: ...
    def find(
        self, query: WorklistQuery, on_match: Callable[[Match], None], stop: threading.Event | None
    ) -> Answer: ...
    def find_rows(
        self,
        query: WorklistQuery,
        on_rows: OnRows,
        stop: threading.Event | None,
    ) -> Answer: ...
    def get(self, uid: SopInstanceUid, tags: Sequence[int] | None) -> Answer: ...
    def create(self, uid: SopInstanceUid | None, elements: Elements) -> Answer: ...
    def set(
        self, uid: SopInstanceUid, elements: Elements, transaction_uid: TransactionUid | None
    ) -> Answer: ...
    def change_state(
        self, uid: SopInstanceUid, state: ProcedureStepState, transaction_uid: TransactionUid | None
    ) -> Answer: ...
    def request_cancel(self, uid: SopInstanceUid, request: CancelRequest) -> Answer: ...
    def subscribe(
        self,
        uid: SopInstanceUid,
        receiving_ae: AeTitle,
        deletion_lock: bool,
        keys: tuple[MatchingKey, ...],
    ) -> Answer: ...
    def unsubscribe(self, uid: SopInstanceUid, receiving_ae: AeTitle) -> Answer: ...
    def suspend(self, uid: SopInstanceUid, receiving_ae: AeTitle) -> Answer: ...
    def release(self) -> None: ...
    def abort(self) -> None: ...


ScuFactory = Callable[[Peer], Scu]


class Lane(Enum):
    """Which of the two associations to a peer a request takes."""

    QUERIES = "queries"
    """Searches and what reads many workitems."""
    ACTS = "acts"
    """Everything that somebody waits for; a long search never delays it."""


@dataclass(eq=False)
class Job:
    """One request on its way: what to do with the association, and whom to tell."""

    peer: Peer
    lane: Lane
    run: Callable[[Scu, Job], Any]
    done: Callable[[Job, Any, BaseException | None], None]
    """Called once, from the worker's thread."""
    may_repeat: bool
    """It only reads, so it may be sent again when the association turns out to be dead."""
    stop: threading.Event = field(default_factory=threading.Event)
    given_up: bool = False
    """Nobody waits for the result any more."""
    preempted: bool = False
    started: bool = False
    has_yielded: bool = False
    """Part of the result is already handed over."""


class Worker:
    """One thread with one association at a time, opened when needed and released when idle."""

    def __init__(self, name: str, lanes: PeerLanes) -> None:
        self.name = name
        self._lanes = lanes
        self._condition = threading.Condition()
        self._waiting: list[tuple[int, int, Job]] = []
        self._thread: threading.Thread | None = None
        self._closing = False
        self._vacate = False
        self._scu: Scu | None = None
        self._scu_peer: Peer | None = None
        self.current: Job | None = None
        self.is_associated = False

    def submit(self, job: Job) -> None:
        """Queue a job: acts before queries, each in order. From any thread."""
        with self._condition:
            if self._closing:
                closed = True
            else:
                closed = False
                priority = 0 if job.lane is Lane.ACTS else 1
                heapq.heappush(self._waiting, (priority, next(self._lanes.counter), job))
                if self._thread is None:
                    self._thread = threading.Thread(target=self._work, name=self.name, daemon=True)
                    self._thread.start()
                self._condition.notify()
        if closed:
            job.done(job, None, Interrupted("the program is closing"))

    def take_waiting(self) -> list[Job]:
        """Empty the queue, for the other lane."""
        with self._condition:
            jobs = [job for _, _, job in sorted(self._waiting, key=lambda entry: entry[:2])]
            self._waiting.clear()
        return jobs

    def close(self) -> bool:
        """Finish the current job and end; True when the thread has nothing left to do already."""
        with self._condition:
            self._closing = True
            if self.current is not None:
                self.current.stop.set()
            self._condition.notify()
            is_idle = self._thread is None
        for job in self.take_waiting():
            job.done(job, None, Interrupted("the program is closing"))
        return is_idle

    def make_room(self, seconds: float) -> None:
        """End the association for the other lane: politely, after `seconds` by abort. From another thread."""
        with self._condition:
            self._vacate = True
            self._condition.notify()
        if not wait_for(self._is_vacant, seconds):
            self.abort()
            wait_for(self._is_vacant, seconds)

    def _is_vacant(self) -> bool:
        return self.current is None and self._scu is None

    def abort(self) -> None:
        """Break the association off, from any thread; a thread stuck in a connect stays behind."""
        scu = self._scu
        if scu is not None:
            # It races with the worker, which may be at the end of the association itself.
            with contextlib.suppress(Exception):
                scu.abort()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                self._perform(job)
            finally:
                with self._condition:
                    self.current = None
        self._release()
        self._lanes.ended(self)

    def _next(self) -> Job | None:
        with self._condition:
            while not self._vacate:
                if self._closing:
                    return None
                if self._waiting:
                    self.current = heapq.heappop(self._waiting)[2]
                    return self.current
                timeout = self._lanes.idle_release if self.is_associated else None
                if not self._condition.wait(timeout) and not self._waiting and not self._closing:
                    break
            self._vacate = False
        self._release()
        return self._next()

    def _perform(self, job: Job) -> None:
        if job.given_up:
            job.done(job, None, Interrupted())
            return
        was_associated = self.is_associated  # False in the second try, so there is no third
        job.started = True
        try:
            result = self._attempt(job)
        except NoAnswer as error:
            if self._lanes.became_single(self, job, error) or self._queued_again(job):
                return
            if was_associated and self._died_before(job, error):
                self._perform(job)
            else:
                job.done(job, None, error)
        except Exception as error:  # presented by whoever awaits the request
            self._drop()
            job.done(job, None, error)
        else:
            self._finish(job, result)

    def _attempt(self, job: Job) -> Any:
        """Run the job; afterwards `is_associated` says whether the association can be used again."""
        if self._scu is not None and self._scu_peer != job.peer:
            self._release()
        if self._scu is None:
            self._scu, self._scu_peer = self._lanes.make_scu(job.peer), job.peer
        try:
            result = job.run(self._scu, job)
        except NoAnswer as error:
            if isinstance(error, ContextRefused):
                self.is_associated = True  # other contexts may still be of use
            else:
                self._drop()
            raise
        self.is_associated = True
        return result

    def _died_before(self, job: Job, error: NoAnswer) -> bool:
        """The kept association was dead already, so the request may go out on a new one."""
        dead = isinstance(error, Aborted) and (not error.sent or (job.may_repeat and not job.has_yielded))
        return dead and not job.given_up and not job.stop.is_set() and not self._closing

    def _finish(self, job: Job, result: Any) -> None:
        if not self._queued_again(job):
            job.done(job, result, None)

    def _queued_again(self, job: Job) -> bool:
        """A search that made room for an act starts again after it; the store takes a row twice."""
        if not job.preempted or job.given_up or self._closing:
            return False
        job.preempted = False
        job.stop.clear()
        self._lanes.submit(job)
        return True

    def _release(self) -> None:
        self._end(lambda scu: scu.release())

    def _drop(self) -> None:
        self._end(lambda scu: scu.abort())

    def _end(self, how: Callable[[Scu], None]) -> None:
        self.is_associated = False
        if self._scu is not None:
            # Whatever goes wrong at the end of an association concerns nobody any more.
            with contextlib.suppress(Exception):
                how(self._scu)
            self._scu = None


class PeerLanes:
    """The two lanes of one peer, or the one that it allows."""

    def __init__(
        self,
        name: str,
        make_scu: ScuFactory,
        idle_release: float,
        ended: Callable[[Worker], None],
    ) -> None:
        self.make_scu = make_scu
        self.idle_release = idle_release
        self.ended = ended
        self.counter = itertools.count()
        self.queries = Worker(f"upsdesk-queries-{name}", self)
        self.acts = Worker(f"upsdesk-acts-{name}", self)
        self.is_single = False

    @property
    def workers(self) -> tuple[Worker, Worker]:
        return self.acts, self.queries

    def submit(self, job: Job) -> Job | None:
        """Queue a job. The result is a running query that has to make room for it, if there is one."""
        if not self.is_single:
            (self.acts if job.lane is Lane.ACTS else self.queries).submit(job)
            return None
        running = self.acts.current
        self.acts.submit(job)
        if job.lane is Lane.ACTS and running is not None and running.lane is Lane.QUERIES:
            running.preempted = True
            running.stop.set()
            return running
        return None

    def became_single(self, worker: Worker, job: Job, error: NoAnswer) -> bool:
        """The peer refuses a second association: from now on all goes over one, and the job is queued again.

        Runs in the thread of the lane that was refused.
        """
        other = self.queries if worker is self.acts else self.acts
        if self.is_single or not isinstance(error, Rejected) or not _has_association(other):
            return False
        if error.called_title_unknown or error.calling_title_unknown:
            return False
        self.is_single = True
        moved = [job, *self.queries.take_waiting()]
        if worker is self.acts:
            running = other.current
            if running is not None:
                running.preempted = True
                running.stop.set()
            other.make_room(PREEMPT_SECONDS)
        for waiting in moved:
            self.acts.submit(waiting)
        return True


PREEMPT_SECONDS = 1.0
"""How long a search may take to end by C-CANCEL before its association is aborted for an act."""


def _has_association(worker: Worker) -> bool:
    return worker.is_associated or worker.current is not None


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask until `condition` holds; for a worker's thread, which has nothing else to do."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        if time.monotonic() >= deadline:
            return False
        pause.wait(0.01)
    return True
