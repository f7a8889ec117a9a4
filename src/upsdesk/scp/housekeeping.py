"""What the SCP does by itself as time goes by: deletes what ended long ago, cancels what expired."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from upsdesk.domain.keys import SopInstanceUid
from upsdesk.scp.services.action import expire
from upsdesk.scp.services.common import Surroundings
from upsdesk.scp.store.repository import Writer

_LOT = 25
"""Workitems deleted in one change; an SCU that writes waits no longer than for these."""
_LONGEST_PAUSE = 3600.0
"""Seconds after which the clock is looked at again: it may have been set, or the machine have slept."""
_AFTER_FAILURE = 10.0
_LATE_COMMIT = 60.0
"""A change is committed after the moment that it gives as its end, by far less than this."""
_A_MOMENT_LATER = 0.002


@dataclass(frozen=True, slots=True)
class Retention:
    """How long workitems are kept."""

    keep: float | None = None
    """Seconds from its end until a final workitem is deleted, unless a deletion lock is held; None: never."""
    expire: bool = False
    """Cancel SCHEDULED workitems when their Scheduled Procedure Step Expiration DateTime has passed."""


class Housekeeping:
    """One thread that sleeps until something is due. What makes something due earlier wakes it."""

    def __init__(self, surroundings: Surroundings, retention: Retention, log: Callable[[str], None]) -> None:
        self._surroundings = surroundings
        self._retention = retention
        self._log = log
        self._condition = threading.Condition()
        self._is_woken = False
        self._may_be_unlocked = False
        self._is_stopping = False
        self._looked_until = float("-inf")
        """What ended before is held by locks: looked at again only when one may have gone."""
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, when there is anything to do at all."""
        if self._retention.keep is None and not self._retention.expire:
            return
        self._surroundings.repository.watch_clock(self.wake)
        self._thread = threading.Thread(target=self._run, name="SCP housekeeping", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with self._condition:
            self._is_stopping = True
            self._condition.notify_all()
        if self._thread is not None:
            self._thread.join(1.0)

    def wake(self, may_be_unlocked: bool) -> None:
        """Something may be due earlier than was known; with True also what a deletion lock has kept."""
        with self._condition:
            self._is_woken = True
            self._may_be_unlocked |= may_be_unlocked
            self._condition.notify_all()

    def _run(self) -> None:
        while not self._is_stopping:
            with self._condition:
                self._is_woken = False
                if self._may_be_unlocked:
                    self._may_be_unlocked, self._looked_until = False, float("-inf")
            try:
                pause = self._seconds_to_next() if self._tidy() else _AFTER_FAILURE
            except Exception as error:  # a full disk today must not end it for good
                self._log(f"housekeeping failed: {type(error).__name__}")
                pause = _AFTER_FAILURE
            with self._condition:
                self._condition.wait_for(lambda: self._is_woken or self._is_stopping, pause)

    def _tidy(self) -> bool:
        """Do what is due; False when something could not be done although it was."""
        return all([self._expire(), self._delete()])

    def _delete(self) -> bool:
        if self._retention.keep is None:
            return True
        repository = self._surroundings.repository
        limit = self._now() - self._retention.keep
        deleted = 0
        while not self._is_stopping:
            with repository.reading() as reader:
                due = reader.ended_before(limit, _LOT, self._looked_until - _LATE_COMMIT)
            if not due:
                self._looked_until = limit
                break
            with repository.writing() as writer:
                deleted += _delete(writer, due)
        if deleted:
            self._log(f"{deleted} final workitems deleted, {self._retention.keep:g} s after their end")
        return True

    def _expire(self) -> bool:
        if not self._retention.expire:
            return True
        canceled, refused = 0, 0
        while not self._is_stopping:
            with self._surroundings.repository.reading() as reader:
                due = reader.expired_before(self._now(), _LOT)
            done = sum(expire(self._surroundings, uid) for uid in due if not self._is_stopping)
            canceled += done
            refused = len(due) - done
            if not done:
                break
        if canceled:
            self._log(f"{canceled} workitems canceled: they expired before anybody began")
        return not refused

    def _seconds_to_next(self) -> float:
        with self._surroundings.repository.reading() as reader:
            end = reader.next_end(self._looked_until) if self._retention.keep is not None else None
            expiration = reader.next_expiration() if self._retention.expire else None
        due = [end + (self._retention.keep or 0.0)] if end is not None else []
        due += [expiration] if expiration is not None else []
        pause = min(due, default=float("inf")) + _A_MOMENT_LATER - self._now()
        return min(max(0.0, pause), _LONGEST_PAUSE)

    def _now(self) -> float:
        return self._surroundings.clock().timestamp()


def _delete(writer: Writer, due: Sequence[SopInstanceUid]) -> int:
    """Delete those that no deletion lock was set on meanwhile; return how many."""
    free = [uid for uid in due if not writer.is_locked(uid)]
    for uid in free:
        writer.delete(uid)
    return len(free)
