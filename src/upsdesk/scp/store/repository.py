"""The store as the services see it: reading in one view, writing in one transaction per change."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import tzinfo
from pathlib import Path

from sqlalchemy import Connection

from upsdesk.scp.matching import Narrowing
from upsdesk.scp.model import Stored
from upsdesk.scp.store import sqlite
from upsdesk.scp.store.migrations import prepare
from upsdesk.scp.store.outbox import OutboxReader, OutboxWriter
from upsdesk.scp.store.subscriptions import SubscriptionReader, SubscriptionWriter
from upsdesk.scp.store.workitems import PAGE, Duplicate, WorkitemReader, WorkitemWriter

__all__ = ["Duplicate", "Reader", "Repository", "Writer"]


class Repository:
    """The store. Reading and writing may happen on any thread; one writes at a time."""

    def __init__(self, store: str | Path, zone: tzinfo) -> None:
        """Open or create it. Raises OSError, and migrations.UnknownVersion for one of a newer program."""
        self._engine = sqlite.open_engine(store)
        self._zone = zone
        self._write_lock = threading.RLock()
        self._shared = sqlite.is_shared(self._engine)
        with self._engine.execution_options(**{sqlite.IMMEDIATE: True}).begin() as connection:
            self.is_new = prepare(connection)

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """One consistent view of the store."""
        guard: AbstractContextManager[object] = self._write_lock if self._shared else nullcontext()
        with guard, self._engine.begin() as connection:
            yield Reader(connection)

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """One transaction: committed at the end, undone when the block raises."""
        engine = self._engine.execution_options(**{sqlite.IMMEDIATE: True})
        with self._write_lock, engine.begin() as connection:
            yield Writer(connection, self._zone)

    def pages(self, narrowing: Narrowing) -> Iterator[Sequence[Stored]]:
        """The workitems that `narrowing` leaves, by start; each page is a view of its own."""
        after: tuple[float, str] | None = None
        while True:
            with self.reading() as reader:
                page, after = reader.page(narrowing, after, PAGE)
            if page:
                yield page
            if after is None:
                return


class Reader(WorkitemReader, SubscriptionReader, OutboxReader):
    """What can be asked of the store within one transaction."""


class Writer(Reader, WorkitemWriter, SubscriptionWriter, OutboxWriter):
    """What can be changed within one transaction."""

    def __init__(self, connection: Connection, zone: tzinfo) -> None:
        WorkitemWriter.__init__(self, connection, zone)
        OutboxWriter.__init__(self, connection)
