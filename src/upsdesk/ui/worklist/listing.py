"""What is listed: the workitems of one server as rows, told by the store and by the clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from upsdesk.domain.keys import PeerId, WorkitemKey
from upsdesk.services.changes import ChangeSet
from upsdesk.services.flags import ASIDE
from upsdesk.services.store import WorklistStore
from upsdesk.ui import presenter
from upsdesk.ui.presenter import Due
from upsdesk.ui.worklist.columns import PathColumn
from upsdesk.ui.worklist.path_values import PathValues
from upsdesk.ui.worklist.row import PathReader, Reading, Row

_PERCENT = frozenset({"progress"})
_PROGRESS = _PERCENT | {"state_reported_at"}


@dataclass(frozen=True, slots=True)
class Told:
    """What a change of the store did to the rows."""

    rows: list[Row]
    """New, changed or gone ones, each once."""
    inserted: list[WorkitemKey]
    """With those that had been outside of what was asked for."""
    updated: Mapping[WorkitemKey, frozenset[str]]
    """With the fields that changed."""
    paths: Mapping[WorkitemKey, set[PathColumn]]
    """Columns of updated rows whose value is another; of those only that had been read."""
    is_progress_only: bool
    """Nothing but progress is another than it was."""
    are_new: bool
    """None of the rows has been listed before."""


class Listing:
    """A row for each workitem of one peer. One that the server has dropped stays until `forget_gone`."""

    def __init__(
        self,
        store: WorklistStore,
        clock: Callable[[], datetime],
        zone: tzinfo,
        read: PathReader | None = None,
    ) -> None:
        """`read` gives what a workitem has at a path; by default out of the store."""
        self._store = store
        self._read = read or PathValues(store, clock, zone)
        self._paths: tuple[PathColumn, ...] = ()
        self._clock = clock
        self.zone = zone
        self.peer: PeerId | None = None
        self.rows: dict[WorkitemKey, Row] = {}
        """In the order in which they came."""
        self.newest = 0
        """The number of the row that came last."""
        self._gone: set[WorkitemKey] = set()
        self._due: dict[WorkitemKey, Due] = {}
        self.now = clock()
        self._reading = self._read_now()

    def __len__(self) -> int:
        """How many workitems are listed; what is gone does not count."""
        return len(self.rows) - len(self._gone)

    def open(self, peer: PeerId | None) -> None:
        """List the workitems of this peer and no others."""
        self._set_now()
        self.peer = peer
        self.rows.clear()
        self._gone.clear()
        self._due.clear()
        for key in self._store.keys(peer) if peer is not None else ():
            if self._is_listed(key):
                self._take(key)

    def listed(self) -> list[Row]:
        """All but what is gone, in the order in which they came."""
        rows = list(self.rows.values())
        return [row for row in rows if not row.is_gone] if self._gone else rows

    def forget_gone(self) -> None:
        for key in self._gone:
            del self.rows[key]
        self._gone.clear()

    def apply(self, changes: ChangeSet) -> Told | None:
        """Take in what concerns this peer; None when nothing does."""
        inserted = self._inserted(changes)
        updated = {key: fields for key, fields in changes.updated.items() if key in self.rows}
        removed = [key for key in changes.removed if key in self.rows]
        moved = [key for key, fields in changes.updated.items() if ASIDE in fields and key.peer == self.peer]
        leaving = [key for key in updated if not self._is_listed(key)]
        returning = [key for key in moved if key not in updated and self._is_listed(key)]
        if not (inserted or updated or removed or returning):
            return None
        self.now = self._clock()
        before = {key: dict(paths) for key in updated if (paths := self.rows[key].known_paths)}
        is_progress_only = not (inserted or removed or moved)
        newest = self.newest
        rows = self._take_all((*inserted, *returning))
        for key, fields in updated.items():
            if fields <= _PROGRESS and not self.rows[key].is_gone:
                rows.append(self._progressed(key))
                if fields != _PERCENT:  # when its state was told is what "Due" says of one that has ended
                    self._due.pop(key, None)
            else:
                rows.append(self._take(key))
                self._due.pop(key, None)
                is_progress_only = False
        for key in (*removed, *leaving):
            row = self.rows[key]
            row.leave()
            self._gone.add(key)
        rows += [self.rows[key] for key in removed]
        differing = {key: self.rows[key].differing(values) for key, values in before.items()}
        are_new = self.newest - newest == len(rows)
        return Told(rows, [*inserted, *returning], updated, differing, is_progress_only, are_new)

    def _inserted(self, changes: ChangeSet) -> list[WorkitemKey]:
        found = [key for key in changes.inserted if key.peer == self.peer]
        return [key for key in found if self._is_listed(key)] if self._store.has_flags else found

    def tick(self) -> bool:
        """Time has passed; whether midnight has, so that every row writes its times anew."""
        # Not against the last `now`: the first report after midnight moves that too.
        before = self._reading.day
        self._set_now()
        self._due.clear()
        if before == self._reading.day:
            return False
        for row in self.rows.values():
            row.turn_to(self._reading)
        return True

    def due(self, row: Row) -> Due:
        """What "Due" says about a row, by the clock of the last tick or change."""
        found = self._due.get(row.key)
        if found is None:
            found = self._due[row.key] = presenter.due(row.workitem, self.now, self.zone)
        return found

    def _set_now(self) -> None:
        self.now = self._clock()
        if self.now.astimezone(self.zone).date() != self._reading.day:
            self._reading = self._read_now()

    def _read_now(self) -> Reading:
        return Reading(self.now, self.zone, self._read, self._paths)

    def set_paths(self, columns: tuple[PathColumn, ...]) -> None:
        """These paths are columns from now on."""
        self._paths = columns
        self._reading = self._read_now()
        for row in self.rows.values():
            row.turn_to(self._reading)

    def _is_listed(self, key: WorkitemKey) -> bool:
        """Not while it lies outside what the server was asked for."""
        aside = self._store.aside(key)
        return aside is None or aside.is_listed

    def _progressed(self, key: WorkitemKey) -> Row:
        """As `_take`, for a row of which nothing else is another."""
        row, workitem = self.rows[key], self._store.get(key)
        assert workitem is not None
        row.progress(workitem)
        return row

    def _take_all(self, keys: Sequence[WorkitemKey]) -> list[Row]:
        if self._store.has_flags:
            return [self._take(key) for key in keys]
        # Thousands of them while a search runs: nobody is asked for what no workitem has.
        rows, get, reading, told = self.rows, self._store.get, self._reading, []
        for key in keys:
            workitem, row = get(key), rows.get(key)
            assert workitem is not None
            if row is None:
                self.newest += 1
                row = rows[key] = Row(key, self.newest)
            row.tell(workitem, reading)
            told.append(row)
        self._gone.difference_update(keys)
        return told

    def _take(self, key: WorkitemKey) -> Row:
        """What the store has of a workitem, in its row."""
        workitem = self._store.get(key)
        assert workitem is not None
        row = self.rows.get(key)
        if row is None:
            self.newest += 1
            row = self.rows[key] = Row(key, self.newest)
        self._gone.discard(key)
        row.tell(
            workitem,
            self._reading,
            is_held=self._store.is_held(key),
            pending=self._store.pending(key),
            mark=self._store.mark(key),
            asked_at=asked.at if (asked := self._store.cancel_asked(key)) is not None else None,
            aside=self._store.aside(key),
            followed=self._store.following(key),
        )
        return row
