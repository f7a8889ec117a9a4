"""The store as the services see it: reading in one view, writing in one transaction per change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import tzinfo
from pathlib import Path

from sqlalchemy import Connection

from upsdesk.domain.keys import AeTitle
from upsdesk.scp.model import Stored
from upsdesk.scp.narrowing import Narrowing
from upsdesk.scp.store import sqlite
from upsdesk.scp.store.group_commit import LARGEST_GROUP, GroupCommit, NotCommitted
from upsdesk.scp.store.migrations import prepare
from upsdesk.scp.store.outbox import QUEUE, OutboxReader, OutboxWriter
from upsdesk.scp.store.searching import Place
from upsdesk.scp.store.status import ReceiverStatus, StatusReader
from upsdesk.scp.store.subscriptions import SubscriptionReader, SubscriptionWriter
from upsdesk.scp.store.workitems import Duplicate, WorkitemReader, WorkitemWriter, lots

__all__ = ["Duplicate", "NotCommitted", "Reader", "Repository", "Writer"]


class Repository:
    """The store. Reading and writing may happen on any thread; one writes at a time."""

    def __init__(
        self,
        store: str | Path,
        zone: tzinfo,
        *,
        queue: int = QUEUE,
        on_full: Callable[[AeTitle], None] = lambda _aet: None,
    ) -> None:
        """Open or create it, and bring one of an older program up to date.

        `queue` is how many reports wait for one Receiving AE at most; `on_full` is told once per fill-up,
        after the commit, that the oldest begin to be dropped. Raises OSError, and migrations.UnknownVersion
        for a store of a newer program.
        """
        self._zone = zone
        self._queue = queue
        self._on_full = on_full
        self._clock_watchers: list[Callable[[bool], None]] = []
        self._engine = sqlite.open_engine(store)
        self._is_shared = sqlite.is_shared(self._engine)
        writing = self._engine.execution_options(**{sqlite.IMMEDIATE: True})
        # On a connection that all share a reader would see what is not committed yet: no group stays open.
        self._commits = GroupCommit(writing, largest=1 if self._is_shared else LARGEST_GROUP)
        try:
            with self._commits.change() as connection:
                self.is_new = prepare(connection, zone)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._commits.close()
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """One consistent view of what is committed."""
        guard: AbstractContextManager[object] = self._commits.lock if self._is_shared else nullcontext()
        with guard, self._engine.begin() as connection:
            yield Reader(connection)

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """One change: committed when the block has been left, undone when it raises.

        Raises NotCommitted. Not to be used inside another one.
        """
        with self._commits.change() as connection:
            writer = Writer(connection, self._zone, self._queue)
            yield writer
        for aet in sorted(writer.filled_up):
            self._on_full(aet)
        if writer.moves_the_clock or writer.may_unlock:
            for tell in self._clock_watchers:
                tell(writer.may_unlock)

    def watch_clock(self, tell: Callable[[bool], None]) -> None:
        """`tell` is called after a commit by which something may be due earlier; it is to be quick.

        Its argument says whether a deletion lock may have gone, so that what ended long ago may be due too.
        """
        self._clock_watchers.append(tell)

    def pages(self, narrowing: Narrowing) -> Iterator[Sequence[Stored]]:
        """The workitems that `narrowing` leaves, by start; each page is a view of its own.

        One with a long data set is a page by itself: as a hundred they would fill the memory.
        """
        for lot in lots(self._candidates, narrowing):
            with self.reading() as reader:
                found = reader.workitems(lot)
            short: list[Stored] = []
            for one in found:
                if isinstance(one, Stored):
                    short.append(one)
                    continue
                if short:
                    yield short
                    short = []
                with self.reading() as reader:
                    stored = reader.workitem(one)
                if stored is not None:
                    yield [stored]
            if short:
                yield short

    def status(self) -> tuple[ReceiverStatus, ...]:
        """Who would be told, and how it stands with their reports: one entry per Receiving AE."""
        with self.reading() as reader:
            return reader.status()

    def _candidates(self, narrowing: Narrowing, after: Place | None, limit: int) -> Sequence[Place]:
        with self.reading() as reader:
            return reader.candidates(narrowing, after, limit)


class Reader(WorkitemReader, SubscriptionReader, OutboxReader, StatusReader):
    """What can be asked of the store within one transaction."""


class Writer(Reader, WorkitemWriter, SubscriptionWriter, OutboxWriter):
    """What can be changed within one transaction."""

    def __init__(self, connection: Connection, zone: tzinfo, queue: int) -> None:
        WorkitemWriter.__init__(self, connection, zone)
        OutboxWriter.__init__(self, connection, queue)
