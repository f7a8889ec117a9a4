"""How values get from any thread to the loop: one locked list and at most one pending wake-up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Batch(Generic[Item]):
    """What came since the last batch, in order. `overflowed`: keys of values that were not kept."""

    items: tuple[Item, ...]
    overflowed: frozenset[Hashable] = frozenset()
    dropped: int = 0
    """How many values those keys stand for."""


class ThreadInbox(Generic[Item]):
    """Hands over batches to `on_batch` on the loop; never makes the sender wait.

    20,000 single wake-ups cost 0.2-0.4 s of the loop, one per batch costs 11 ms. Past `bound` waiting values
    only their keys are kept, so that memory stays bounded and the receiver knows what to ask for again. A
    batch holds at most `most` values; the rest follows when the loop has looked after everything else.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        on_batch: Callable[[Batch[Item]], None],
        *,
        bound: int | None = None,
        most: int | None = None,
        key_of: Callable[[Item], Hashable] = lambda item: None,
    ) -> None:
        self._loop = loop
        self._on_batch = on_batch
        self._bound = bound
        self._most = most
        self._key_of = key_of
        self._lock = threading.Lock()
        self._items: list[Item] = []
        self._overflowed: set[Hashable] = set()
        self._dropped = 0
        self._wake_up_pending = False
        self._closed = False

    def put(self, *items: Item) -> None:
        """Hand values over; from any thread."""
        self.put_all(items)

    def put_all(self, items: Iterable[Item]) -> None:
        """Hand values over; from any thread. After `close` they are discarded."""
        with self._lock:
            if self._closed:
                return
            for item in items:
                if self._bound is None or len(self._items) < self._bound:
                    self._items.append(item)
                else:
                    self._overflowed.add(self._key_of(item))
                    self._dropped += 1
            wake_up = not self._wake_up_pending and bool(self._items)
            self._wake_up_pending = self._wake_up_pending or wake_up
        if wake_up:
            try:
                self._loop.call_soon_threadsafe(self._deliver)
            except RuntimeError:  # the loop is closed: nobody is left to tell
                self.close()

    def close(self) -> None:
        """Discard what waits and what still comes."""
        with self._lock:
            self._closed = True
            self._items.clear()
            self._overflowed.clear()

    def _deliver(self) -> None:
        with self._lock:
            most = self._most or len(self._items)
            items, self._items = self._items[:most], self._items[most:]
            batch = Batch(tuple(items), frozenset(self._overflowed), self._dropped)
            self._overflowed = set()
            self._dropped = 0
            self._wake_up_pending = bool(self._items)
            if self._items:
                self._loop.call_soon(self._deliver)
        if batch.items:
            self._on_batch(batch)
