"""Which saved filter is in force, whether what is shown differs from it, and what each would show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from time import perf_counter
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from upsdesk.domain.criteria import Criteria
from upsdesk.domain.keys import PeerId
from upsdesk.domain.query import SearchPlan
from upsdesk.domain.saved_filter import TODAY, SavedFilter
from upsdesk.services.filter_fields import read_filter, written_filter
from upsdesk.services.saved_filters import SavedFilters
from upsdesk.ui.worklist.errand import Errand, Steps
from upsdesk.ui.worklist.model import WorklistModel
from upsdesk.ui.worklist.panel import WorklistPanel
from upsdesk.ui.worklist.slices import SLICE

_COUNT_MS = 250
_PAUSE_MS = 4
_PART, _PART_BY_TEXT = 2_000, 500
"""Rows that are looked at in one go; those that nobody has looked through yet take long."""
_SHARE = 4
"""Times as long as a count took, until the next."""


class Sender(Protocol):
    """Where the keys are that go to the server."""

    @property
    def plan(self) -> SearchPlan:
        """What the next search asks for."""
        ...

    def set_saved_plan(self, plan: SearchPlan) -> None:
        """Search with this one from now on; the filter says itself which dates are shown."""
        ...


class FilterKeeper(QObject):
    """Applies saved filters to one worklist panel and keeps what is in force."""

    changed = Signal()
    """Another list, another filter in force, or another difference from it."""
    counted = Signal()

    def __init__(self, saved: SavedFilters, panel: WorklistPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.saved = saved
        self.counts: dict[str, int] = {}
        """How many loaded rows each filter would show, by name; a filter that asks the server for others
        than are loaded is not in it."""
        self.message = saved.problem
        """What went wrong, as a sentence, until it is read."""
        self.removed: SavedFilter | None = None
        """What can be brought back."""
        self._removed_at = 0
        self._panel = panel
        self._sender: Sender | None = None
        self._peer: PeerId | None = None
        self._pending: SearchPlan | None = None
        """Wanted, and not asked for yet: there may be no server to ask."""
        self._name = TODAY.name
        self._counting = Errand(self, piece=SLICE, pause_ms=_PAUSE_MS)
        self._is_old = False
        """Rows have changed since the count under way began."""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._count)
        panel.criteria_changed.connect(self._present_changed)
        panel.model.counts_changed.connect(self._rows_changed)
        self._forget = saved.subscribe(self._list_changed)

    def set_sender(self, sender: Sender) -> None:
        """From now on a filter's keys come from there and go there."""
        self._sender = sender
        self._pending = None

    def stop(self) -> None:
        self._timer.stop()
        self._counting.stop()
        self._forget()

    def set_peer(self, peer: PeerId | None) -> None:
        """Another server has other stations and worklists: those of the saved filter are asked for again."""
        before = self._peer
        self._peer = peer or before
        if peer is None:
            return
        if before not in (None, peer):
            wanted = self.current
            self._pending = wanted.plan
            self._panel.set_criteria(
                replace(
                    self._panel.model.criteria,
                    stations=wanted.criteria.stations,
                    worklists=wanted.criteria.worklists,
                )
            )
        self._send()

    # What is in force

    @property
    def current(self) -> SavedFilter:
        """The saved filter that was chosen last."""
        return self.saved.by_name(self._name) or TODAY

    @property
    def present(self) -> SavedFilter:
        """What is shown and asked for now, under the name of the one in force."""
        return SavedFilter(self.current.name, self._panel.model.criteria, self._plan())

    @property
    def is_changed(self) -> bool:
        return not self.present.asks_the_same(self.current)

    def _plan(self) -> SearchPlan:
        if self._pending is not None:
            return self._pending
        return self._sender.plan if self._sender is not None else SearchPlan()

    def _send(self) -> None:
        """Ask for what is wanted; what is not taken, for want of a server, is kept."""
        if self._sender is not None and self._pending is not None:
            if self._sender.plan == self._pending:
                self._pending = None
            else:
                self._sender.set_saved_plan(self._pending)

    def choose(self, name: str) -> None:
        """Put a saved filter in force, as it was saved."""
        wanted = self.saved.by_name(name)
        if wanted is not None:
            self._name = wanted.name
            self._apply(wanted)

    def choose_number(self, number: int) -> None:
        """The one at this place of the list, from 1; none there: nothing happens."""
        if 1 <= number <= len(self.saved.all):
            self.choose(self.saved.all[number - 1].name)

    def reset(self) -> None:
        """Back to what was saved."""
        self._apply(self.current)

    def _apply(self, wanted: SavedFilter) -> None:
        self._panel.set_criteria(wanted.criteria)
        if self._sender is not None:
            self._pending = wanted.plan
            self._send()
        self.changed.emit()

    def narrow(self, criteria: Criteria) -> None:
        """Show what these ask for; the saved filter stays what it is."""
        self._panel.set_criteria(criteria)

    # The list

    def save_as(self, name: str, *, with_names: bool) -> bool:
        """Keep what is in force under a new name; typed text only `with_names`. False: see `message`."""
        kept = replace(self.present, name=name.strip())
        return self._kept(lambda: self.saved.add(kept if with_names else kept.without_names()), name)

    def save(self, *, with_names: bool) -> bool:
        """Keep what is in force in the place of the saved filter, which is one of the user's."""
        kept, name = self.present, self._name
        return self._kept(lambda: self.saved.change(name, kept if with_names else kept.without_names()), name)

    def rename(self, name: str, to: str) -> bool:
        known = self.saved.by_name(name)
        if known is None:
            return False
        is_current = known.name == self._name
        renamed = replace(known, name=to.strip())
        return self._kept(lambda: self.saved.change(name, renamed), to if is_current else self._name)

    def remove(self, name: str) -> None:
        """Forget one of the user's; `bring_back` undoes it. What is shown stays."""
        known = self.saved.by_name(name)
        if known is None or known.is_built_in:
            return
        try:
            self._removed_at = self.saved.remove(name)
        except OSError as error:
            self._tell(f"Not deleted: {error.strerror}.")
            return
        self.removed = known
        self.message = ""
        self.changed.emit()

    def bring_back(self) -> None:
        """Undo the last deletion."""
        gone, at = self.removed, self._removed_at
        if gone is not None and self._kept(lambda: self.saved.add(gone, at), self._name):
            self.removed = None
            self.changed.emit()

    def move(self, name: str, by: int) -> None:
        self._kept(lambda: self.saved.move(name, by), self._name)

    def dismiss(self) -> None:
        """What was said has been read."""
        self.message, self.removed = "", None
        self.changed.emit()

    def _kept(self, write: Callable[[], None], name: str) -> bool:
        """Write, and have the filter of this name in force; False: `message` says why not."""
        try:
            write()
        except OSError as error:
            self._tell(f"Not saved: {error.strerror}.")
            return False
        except (ValueError, LookupError) as error:
            self._tell(str(error))
            return False
        self._name = name.strip()
        self.message = ""
        self.changed.emit()
        return True

    def _tell(self, message: str) -> None:
        self.message = message
        self.changed.emit()

    # From one start to the next

    def save_state(self) -> dict[str, object]:
        """What is in force; not what may be a patient's name, unless the saved filter has it."""
        return written_filter(self.present.without_names())

    def restore_state(self, kept: object) -> None:
        """Put in force what `save_state` gave; without it, or with one that is damaged, today's filter."""
        try:
            found = read_filter(kept if isinstance(kept, Mapping) else {})
        except ValueError:
            found = SavedFilter("", Criteria())
        known = self.saved.by_name(found.name)
        base = known or TODAY
        self._name = base.name
        self._apply(found if known and not found.asks_the_same(base.without_names()) else base)

    # Counts

    def _present_changed(self) -> None:
        self.changed.emit()

    def sent_changed(self) -> None:
        """The keys for the server are others."""
        if self._sender is not None and self._sender.plan == self._pending:
            self._pending = None
        self._rows_changed()
        self.changed.emit()

    def _list_changed(self) -> None:
        self._rows_changed()
        self.changed.emit()

    def _rows_changed(self) -> None:
        """Count again, soon. A count under way goes on, so that the last filter has its turn too."""
        self._is_old = self._counting.is_under_way
        if not self._is_old and not self._timer.isActive():
            self._timer.start(_COUNT_MS)

    def _count(self) -> None:
        plan, began = self._plan(), perf_counter()
        filters = [one for one in self.saved.all if one.plan == plan]
        found: dict[str, int] = {}
        self._is_old = False
        steps = _counted(self._panel.model, filters, found)
        self._counting.begin("", steps, lambda: self._tell_counts(found, perf_counter() - began))

    def _tell_counts(self, found: dict[str, int], took: float) -> None:
        self.counts = found
        self.counted.emit()
        if self._is_old:
            self._timer.start(max(_COUNT_MS, round(1000 * _SHARE * took)))


def _counted(model: WorklistModel, filters: list[SavedFilter], found: dict[str, int]) -> Steps:
    """How many rows each would show, under its name in `found`; a few rows between two steps."""
    rows = model.listed()
    for one in filters:
        matcher, count = model.matcher(one.criteria), 0
        part = _PART_BY_TEXT if one.criteria.text else _PART
        for start in range(0, len(rows), part):
            if start:
                yield start / len(rows)
            count += len(matcher.chosen([row for row in rows[start : start + part] if not row.is_gone]))
        found[one.name] = count
