"""When changes are committed: those that come at the same time together, each undone alone when it fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import RootTransaction
from sqlalchemy.exc import SQLAlchemyError

LARGEST_GROUP = 50
LONGEST_SECONDS = 0.02
"""A group that has been open for this long is committed even while others wait to join it."""


class NotCommitted(Exception):
    """The change was made but could not be committed; nothing of it is in the store."""


class _Group:
    """The changes of one commit."""

    def __init__(self, transaction: RootTransaction) -> None:
        self.transaction = transaction
        self.began = time.monotonic()
        self.members = 0
        self.is_over = threading.Event()
        self.error: BaseException | None = None


class GroupCommit:
    """The one who writes. A change runs alone; when the next one already waits, the commit is left to it."""

    def __init__(self, engine: Engine, *, largest: int = LARGEST_GROUP) -> None:
        """`engine` makes the connection on which everything is written. `largest` 1: each its own commit."""
        self._engine = engine
        self._largest = largest
        self._connection: Connection | None = None
        self._lock = threading.RLock()
        self._is_inside = False
        self._counting = threading.Lock()
        self._waiting = 0
        self._group: _Group | None = None

    @property
    def lock(self) -> AbstractContextManager[object]:
        """Held while a change is made."""
        return self._lock

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def change(self) -> Iterator[Connection]:
        """One change: in the store when the block is left, or not at all when it raises.

        Raises NotCommitted when the commit fails, for every change that was in it.
        """
        group = self._enter()
        connection = group.transaction.connection
        has_savepoint = group.members > 0  # the first one has nobody's change to spare
        try:
            if has_savepoint:
                connection.exec_driver_sql("SAVEPOINT change")
            group.members += 1
            yield connection
            if has_savepoint:
                connection.exec_driver_sql("RELEASE SAVEPOINT change")
        except BaseException:
            self._undo(group, has_savepoint)
            raise
        finally:
            self._leave(group)

    def _enter(self) -> _Group:
        with self._counting:
            self._waiting += 1
        self._lock.acquire()
        try:
            with self._counting:
                self._waiting -= 1
            if self._is_inside:
                raise RuntimeError("a change cannot be made inside another one")
            if self._group is None:
                if self._connection is None:
                    self._connection = self._engine.connect()
                self._group = _Group(self._connection.begin())
            self._is_inside = True
            return self._group
        except BaseException:
            self._lock.release()
            raise

    def _undo(self, group: _Group, has_savepoint: bool) -> None:
        """Take one change back; the database may have taken back all of the group itself (a full disk)."""
        if not has_savepoint:
            self._end(group, group.transaction.rollback)
            return
        connection = group.transaction.connection
        try:
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT change")
            connection.exec_driver_sql("RELEASE SAVEPOINT change")
        except SQLAlchemyError as error:
            group.error = error
            self._end(group, group.transaction.rollback)

    def _leave(self, group: _Group) -> None:
        """Commit, or leave it to the one who waits; return when it is done."""
        if self._group is group:
            with self._counting:
                is_last = self._waiting == 0
            is_full = group.members >= self._largest or time.monotonic() - group.began > LONGEST_SECONDS
            if is_last or is_full:
                self._end(group, group.transaction.commit)
        self._is_inside = False
        self._lock.release()
        while not group.is_over.wait(1.0):
            with self._lock:  # the one who was to commit was interrupted before its turn
                if self._group is group:
                    self._end(group, group.transaction.commit)
        if group.error is not None:
            raise NotCommitted(f"the store could not keep a change: {group.error}") from group.error

    def _end(self, group: _Group, finish: Callable[[], None]) -> None:
        self._group = None
        try:
            finish()
        except SQLAlchemyError as error:
            group.error = group.error or error
            self._start_afresh(group)
        finally:
            group.is_over.set()

    def _start_afresh(self, group: _Group) -> None:
        with suppress(SQLAlchemyError):
            group.transaction.rollback()
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
