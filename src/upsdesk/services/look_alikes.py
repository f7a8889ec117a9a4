"""Which loaded workitems are of a patient who can be taken for another one; kept up while nobody waits."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from time import perf_counter

from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.look_alikes import LookAlike, LookAlikes
from upsdesk.services.callbacks import Callbacks
from upsdesk.services.changes import ChangeSet
from upsdesk.services.store import WorklistStore

_TELLING = frozenset({"patient", "state"})
_STEP = 32


class LookAlikeWatch:
    """Follows the store, whatever is filtered; counts workitems that have not ended.

    What changes is only noted at once. `catch_up` looks at it; whoever shows marks calls that in small parts.
    """

    def __init__(self, store: WorklistStore) -> None:
        self._store = store
        self._index: LookAlikes[WorkitemKey] = LookAlikes()
        self._waiting: deque[Iterator[WorkitemKey]] = deque()
        self._callbacks: Callbacks[[]] = Callbacks()
        self.revision = 0
        """Counts up as patients come, go or change."""
        store.subscribe(self._changed)

    def on_waiting(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Hear when there is something to catch up with; the result ends that."""
        return self._callbacks.add(callback)

    @property
    def is_waiting(self) -> bool:
        return bool(self._waiting)

    def catch_up(self, seconds: float | None = None) -> None:
        """Look at what has changed, at most about this long."""
        until = None if seconds is None else perf_counter() + seconds
        while self._waiting:
            keys = self._waiting[0]
            for number, key in enumerate(keys, start=1):
                self.revision += self._look_at(key)
                if until is not None and number % _STEP == 0 and perf_counter() > until:
                    return
            self._waiting.popleft()

    def has_any(self, key: WorkitemKey) -> bool:
        """Whether the patient of this workitem can be taken for another, as far as was looked."""
        return self._index.has_any(key)

    def of(self, key: WorkitemKey, at_most: int = 5) -> tuple[LookAlike, ...]:
        """Who can be taken for the patient of this workitem, as far as was looked."""
        return self._index.of(key, at_most)

    @property
    def has_several_issuers(self) -> bool:
        """One ID can mean two persons: several issuers number the patients."""
        return len(self._index.issuers()) > 1

    def _changed(self, changes: ChangeSet) -> None:
        updated = [key for key, names in changes.updated.items() if not names.isdisjoint(_TELLING)]
        for keys in (changes.inserted, updated, changes.removed):
            if keys:
                self._note(keys)

    def _note(self, keys: Iterable[WorkitemKey]) -> None:
        was_waiting = bool(self._waiting)
        self._waiting.append(iter(keys))
        if not was_waiting:
            self._callbacks.tell()

    def _look_at(self, key: WorkitemKey) -> bool:
        workitem = self._store.get(key)
        if workitem is None or (workitem.state is not None and workitem.state.is_final):
            return self._index.remove(key)
        return self._index.add(key, workitem.patient)
