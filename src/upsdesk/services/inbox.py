"""How values get from any thread to the loop: one locked list and at most one pending wake-up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from time import perf_counter, thread_time
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Batch(Generic[Item]):
    """What came since the last batch, in order. `overflowed`: keys of values that were not kept."""

    items: tuple[Item, ...]
    overflowed: frozenset[Hashable] = frozenset()
    dropped: int = 0
    """How many values those keys stand for."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a loop that also paints is given batches. Seconds.

    The first value is handed over at once, later ones are merged.
    """

    frame: float = 0.016
    """From the beginning of a batch to the next one at least."""
    rest: float = 1.0
    """Times as long as a batch took, until the next one: the loop has other work."""
    slice: float = 0.005
    """A batch that would take longer is cut; with a backlog only the rest is shorter, by half.

    A turn of the loop may have two batches and a picture in it: all three are to stay below what is felt.
    """


_LEAST = 16
"""Values that every batch may hold, and the first one, when nobody knows how long one takes."""
_BACKLOG = 10
"""Batches."""


class ThreadInbox(Generic[Item]):
    """Hands over batches to `on_batch` on the loop; never makes the sender wait.

    20,000 single wake-ups cost 0.2-0.4 s of the loop, one per batch costs 11 ms. Past `bound` waiting values
    only their keys are kept, so that memory stays bounded and the receiver knows what to ask for again. A
    batch holds at most `most` values, or what its `pace` allows; the rest follows when the loop has looked
    after everything else.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        on_batch: Callable[[Batch[Item]], None],
        *,
        bound: int | None = None,
        most: int | None = None,
        pace: Pace | None = None,
        key_of: Callable[[Item], Hashable] = lambda item: None,
    ) -> None:
        self._loop = loop
        self._on_batch = on_batch
        self._bound = bound
        self._most = most if pace is None else _LEAST
        self._pace = pace
        self._next_at = 0.0
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
        """On the loop."""
        early = self._next_at - perf_counter() if self._pace is not None else 0.0
        if early > 0:
            # A millisecond more: Qt's timers count whole ones, and of too early there is no end.
            self._loop.call_later(early + 0.001, self._deliver)
            return
        with self._lock:
            most = self._most or len(self._items)
            items, self._items = self._items[:most], self._items[most:]
            batch = Batch(tuple(items), frozenset(self._overflowed), self._dropped)
            self._overflowed = set()
            self._dropped = 0
            is_cut = self._wake_up_pending = bool(self._items)
        if is_cut:
            self._loop.call_soon(self._deliver)
        if batch.items:
            began, worked = perf_counter(), thread_time()
            self._on_batch(batch)
            if self._pace is not None:
                self._keep(self._pace, began, thread_time() - worked, len(batch.items))

    def _keep(self, pace: Pace, began: float, took: float, count: int) -> None:
        """When the next batch may begin, and how many values it may hold.

        `took` in seconds of the CPU: that other programs had it is no reason to do less at a time.
        """
        fitting = max(_LEAST, round(count * pace.slice / max(took, 1e-6)))
        rest = pace.rest
        if len(self._items) > _BACKLOG * fitting:
            rest /= 2
        self._next_at = max(began + pace.frame, perf_counter() + took * rest)
        is_full = self._most is not None and count >= self._most
        # What comes with every batch, however short it is, would make few values look slow.
        self._most = fitting if is_full else max(self._most or 0, fitting)
