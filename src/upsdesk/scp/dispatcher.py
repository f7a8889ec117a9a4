"""When reports go out: one ordered queue per Receiving AE, a bounded number of threads, never a handler."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection

from upsdesk.domain.keys import AeTitle
from upsdesk.scp.deliverer import Around, Deliverer
from upsdesk.scp.lane import Delivery, Lane, Phase
from upsdesk.scp.ledger import Ledger

__all__ = ["Around", "Delivery", "Dispatcher"]

_PAGE = 500
"""Reports that are read from the store at once."""
_WRITE_EVERY = 0.1
"""Seconds that what became of a report may wait for others, to be written together with it."""
_AFTER_THE_ANSWER = 0.005
"""Seconds that new reports wait, so that who made the change has the answer before all get to work."""
_AGAIN = 1.0
"""Seconds until the store, or the system's threads, are tried again when they refuse."""
_FAREWELL = 0.7
"""Seconds for all associations together to be released in order at the end."""


class Dispatcher:
    """Sends what waits in the store's outbox. `wake` is cheap and is called after each commit.

    One thread reads new reports and writes down what became of them, for all Receiving AEs together. Each AE
    with something to send, and with an address, has a thread while it sends; between attempts it has none.
    """

    def __init__(self, around: Around, delivery: Delivery = Delivery()) -> None:  # noqa: B008
        self._around = around
        self._delivery = delivery
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._has_ready = threading.Condition(self._lock)
        self._settled = threading.Condition(self._lock)
        self._lanes: dict[AeTitle, Lane] = {}
        self._ready: deque[Lane] = deque()
        self._doubtful: deque[Lane] = deque()
        self._doubtful_running = 0
        self._ledger = Ledger()
        self._seen = 0
        self._is_woken = False
        self._is_busy = False
        """The coordinating thread is reading or writing."""
        self._refused: set[Callable[[], None]] = set()
        """What the store did not do when it was last asked: `_read`, `_write`."""
        self._stopping = False
        self._pause = threading.Event()
        """Set when it stops."""
        self._deliverer = Deliverer(around, delivery, self._lock, self._ledger)
        self._workers: set[threading.Thread] = set()
        self._idle_workers = 0
        self._coordinator = threading.Thread(target=self._coordinate, name="reports", daemon=True)

    def start(self) -> None:
        """Begin, with what waits from earlier times."""
        with self._around.repository.reading() as reader:
            lengths = reader.queue_lengths()
            self._seen = reader.last_number()
        with self._lock:
            for aet in lengths:
                self._lane(aet).is_behind = True
            self._is_woken = True
        self._coordinator.start()

    def wake(self, aets: Collection[AeTitle]) -> None:
        """Reports have been queued. Those for an AE without a known address stay, up to the bound."""
        if not aets:
            return
        with self._lock:
            self._is_woken = True
            self._changed.notify()

    def address_changed(self, aet: AeTitle) -> None:
        """An AE can be reached from now on, or elsewhere: it is tried at once."""
        with self._lock:
            lane = self._lane(aet)
            if lane.phase is Phase.RESTING:
                lane.due = 0.0
            self._is_woken = True
            self._changed.notify()

    def note_full(self, aet: AeTitle) -> None:
        """The queue of an AE has filled up, and its oldest reports begin to be dropped."""
        with self._lock:
            self._lane(aet).was_full = True
        self._around.log(f"{aet}: queue full ({self._delivery.queue} reports wait), the oldest are dropped")

    def drain(self, timeout: float) -> bool:
        """Wait until all is out and written down that can be sent now; False when the time is up.

        Nobody waits for an AE that has just failed, or has no address.
        """
        with self._lock:
            return self._settled.wait_for(self._is_settled, timeout)

    def stop(self) -> None:
        """End all in about a second; what was not sent stays in the store. It cannot be started again."""
        ticks = self._around.ticks
        with self._lock:
            self._stopping = self._deliverer.stopping = True
            self._pause.set()
            senders = [lane.sender for lane in self._lanes.values() if lane.sender is not None]
            running = [lane.sender for lane in self._lanes.values() if lane.phase is Phase.RUNNING]
            for lane in self._lanes.values():
                if lane.phase is not Phase.RUNNING and lane.sender is not None and lane.sender.is_open:
                    self._queue_release(lane)
            self._ensure_workers()
            workers = list(self._workers)
            self._changed.notify_all()
            self._has_ready.notify_all()
            self._settled.notify_all()
        for sender in running:
            if sender is not None:
                sender.abort()
        deadline = ticks() + _FAREWELL
        for worker in workers:
            worker.join(max(0.0, deadline - ticks()))
        for sender in senders:
            sender.abort()
        for thread in (*workers, *([self._coordinator] if self._coordinator.ident else [])):
            thread.join(max(0.1, deadline + 0.3 - ticks()))
        try:
            self._write()
        except Exception as error:  # a full disk is no reason to stay
            self._around.log(f"the last reports may be sent again after the next start: {error}")

    # What follows is done by the coordinating thread.

    def _coordinate(self) -> None:
        while True:
            with self._lock:
                self._is_busy = False
                self._settled.notify_all()
                while not (self._stopping or self._is_woken or self._wait() <= 0):
                    if not self._changed.wait(min(self._wait(), threading.TIMEOUT_MAX)):
                        break
                if self._stopping:
                    return
                is_woken, self._is_woken = self._is_woken, False
                self._is_busy = True
                self._do_what_is_due()
            if is_woken:
                self._pause.wait(_AFTER_THE_ANSWER)
                self._guarded(self._read)
            if self._is_time_to_write():
                self._guarded(self._write)

    def _wait(self) -> float:
        """Seconds until something is due."""
        now = self._around.ticks()
        due = [lane.due for lane in self._lanes.values() if lane.due is not None]
        if self._ledger.since is not None:
            wait = _AGAIN if self._write in self._refused else 0.0 if self._is_quiet() else _WRITE_EVERY
            due.append(self._ledger.since + wait)
        if self._ready and len(self._workers) < self._delivery.senders and not self._idle_workers:
            due.append(now + _AGAIN)  # the system refused a thread
        return min(due, default=threading.TIMEOUT_MAX + now) - now

    def _do_what_is_due(self) -> None:
        now = self._around.ticks()
        for lane in self._lanes.values():
            if lane.due is not None and lane.due <= now:
                lane.due = None
                if lane.phase is Phase.RESTING:
                    lane.phase = Phase.IDLE
                elif lane.phase is Phase.IDLE and not lane.has_work:
                    self._queue_release(lane)
            self._make_ready(lane)
        self._ensure_workers()

    def _read(self) -> None:
        while True:
            with self._around.repository.reading() as reader:
                found = reader.queued_after(self._seen, _PAGE)
            with self._lock:
                for aet, queued in found:
                    lane = self._lane(aet)
                    lane.offer(queued)
                    self._make_ready(lane)
                self._ensure_workers()
            if found:
                self._seen = found[-1][1].number
            if len(found) < _PAGE:
                return

    def _is_time_to_write(self) -> bool:
        with self._lock:
            since = self._ledger.since
            if since is None:
                return False
            age = self._around.ticks() - since
            return age >= _AGAIN if self._write in self._refused else age >= _WRITE_EVERY or self._is_quiet()

    def _write(self) -> None:
        with self._lock:
            outcomes = self._ledger.take()
        if not outcomes:
            return
        try:
            with self._around.repository.writing() as writer:
                writer.record(outcomes)
        except BaseException:
            with self._lock:
                self._ledger.put_back(outcomes, self._around.ticks())
            raise
        self._say_what_was_dropped()

    def _say_what_was_dropped(self) -> None:
        with self._lock:
            over = [lane for lane in self._lanes.values() if lane.was_full and not lane.has_work]
            for lane in over:
                lane.was_full = False
        for lane in over:
            with self._around.repository.reading() as reader:
                dropped = reader.dropped(lane.aet)
            self._around.log(f"{lane.aet}: its queue has room again; {dropped} reports were dropped so far")

    def _guarded(self, work: Callable[[], None]) -> None:
        """The store may refuse for a time (a full disk): reports wait then."""
        try:
            work()
            self._refused.discard(work)
        except Exception as error:
            if work not in self._refused and not self._stopping:
                self._around.log(f"reports wait, the store refuses: {error}")
            with self._changed:
                self._refused.add(work)
                self._changed.wait_for(lambda: self._stopping, _AGAIN)
                self._is_woken = True

    # Under the lock.

    def _lane(self, aet: AeTitle) -> Lane:
        lane = self._lanes.get(aet)
        if lane is None:
            lane = self._lanes[aet] = Lane(aet, self._delivery)
        return lane

    def _make_ready(self, lane: Lane) -> None:
        if lane.phase is not Phase.IDLE or not lane.has_work or self._stopping:
            return
        if self._around.receiver_of(lane.aet) is not None:
            lane.due = None
            self._queue(lane)

    def _queue_release(self, lane: Lane) -> None:
        lane.is_release_due = True
        self._queue(lane)

    def _queue(self, lane: Lane) -> None:
        if lane.phase is Phase.READY:
            return
        lane.phase = Phase.READY
        (self._doubtful if lane.is_doubtful else self._ready).append(lane)
        self._has_ready.notify()

    def _ensure_workers(self) -> None:
        wanted = len(self._ready) + min(len(self._doubtful), self._doubtful_room())
        for _ in range(min(wanted - self._idle_workers, self._delivery.senders - len(self._workers))):
            thread = threading.Thread(target=self._work, name="reports to their receivers", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the system has no more threads; those that there are go on
                return
            self._workers.add(thread)

    def _doubtful_room(self) -> int:
        return max(1, self._delivery.senders // 2) - self._doubtful_running

    def _is_quiet(self) -> bool:
        """Whether nobody is sending anything."""
        return not self._ready and len(self._workers) == self._idle_workers

    def _is_settled(self) -> bool:
        return (
            not (self._is_woken or self._is_busy or self._ledger.since is not None)
            and not any(lane.phase in (Phase.READY, Phase.RUNNING) for lane in self._lanes.values())
        ) or self._stopping

    # What follows is done by the threads that send.

    def _work(self) -> None:
        while (lane := self._take()) is not None:
            try:
                self._deliverer.serve(lane, self._do_others_wait)
            except Exception as error:
                # The thread is ours to the end: nobody else would hear of it.
                if not self._stopping:
                    self._around.log(f"reports to {lane.aet} failed by {type(error).__name__} in the server")
                with self._lock:
                    lane.fail(0, False, str(error), self._around.ticks())
            self._leave(lane)

    def _take(self) -> Lane | None:
        """The next AE that has something to send; None when none had for a while."""
        with self._lock:
            self._idle_workers += 1
            self._has_ready.wait_for(
                lambda: self._stopping or self._ready or (self._doubtful and self._doubtful_room() > 0),
                self._delivery.idle_release,
            )
            self._idle_workers -= 1
            if self._ready:
                lane = self._ready.popleft()
            elif self._doubtful and self._doubtful_room() > 0:
                lane = self._doubtful.popleft()
            else:
                self._workers.discard(threading.current_thread())
                self._changed.notify()
                return None
            lane.phase = Phase.RUNNING
            self._doubtful_running += lane.is_doubtful
            lane.was_doubtful = lane.is_doubtful
            return lane

    def _leave(self, lane: Lane) -> None:
        with self._lock:
            self._doubtful_running -= lane.was_doubtful
            lane.phase = Phase.IDLE
            if lane.due is not None:
                lane.phase = Phase.RESTING
            elif lane.has_work:
                self._make_ready(lane)
            elif lane.sender is not None and lane.sender.is_open:
                lane.due = self._around.ticks() + self._delivery.idle_release
            self._has_ready.notify()
            self._changed.notify()
            self._settled.notify_all()

    def _do_others_wait(self) -> bool:
        return bool(self._ready or self._doubtful)
