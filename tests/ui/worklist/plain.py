"""What the table must show, worked out from nothing each time: lists of keys, sorted and searched plainly."""

from __future__ import annotations

from functools import cmp_to_key

from tests.ui.worklist.values import PEER, Bench
from upsdesk.domain.criteria import AnySpan, Criteria
from upsdesk.domain.folding import folded
from upsdesk.domain.keys import PeerId, WorkitemKey
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import Priority, Workitem
from upsdesk.services.changes import ChangeSet
from upsdesk.services.flags import Following
from upsdesk.ui import presenter
from upsdesk.ui.worklist.columns import AnyColumn, Column, PathColumn, PathValue
from upsdesk.ui.worklist.ordering import DEFAULT_SORTING, Sorting

S = ProcedureStepState
ISSUER = PathColumn((0x00100021,), "LO", "Issuer")
SEX = PathColumn((0x00100040,), "CS", "Sex")
_ENDED = "ended"
_STATES = [S.IN_PROGRESS, S.SCHEDULED, None, S.COMPLETED, S.CANCELED]
_ALL = frozenset({"state"})
_PROGRESS = frozenset({"progress", "state_reported_at"})
"""Decides nothing about a row: no sorting here is by it."""
Pass = tuple[AnyColumn | str, bool]


def path_value(item: Workitem, column: PathColumn) -> PathValue:
    """Stands for what reads data sets."""
    text = item.patient.issuer if column == ISSUER else item.patient.sex
    return PathValue(text, folded(text))


class PlainTable:
    """The rows in the order in which they came, those shown from top to bottom, and those that wait."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.peer: PeerId | None = PEER.id
        self.criteria = Criteria()
        self.sorting: Sorting = DEFAULT_SORTING
        self.paths: tuple[PathColumn, ...] = ()
        self.is_held_still = False
        self.is_loading = False
        self.came: list[WorkitemKey] = []
        self.items: dict[WorkitemKey, Workitem] = {}
        """As last known."""
        self.gone: set[WorkitemKey] = set()
        self.shown: list[WorkitemKey] = []
        self.waiting: set[WorkitemKey] = set()
        self._passes = _passes(DEFAULT_SORTING)
        bench.store.subscribe(self._hear)

    @property
    def is_frozen(self) -> bool:
        return self.is_held_still and not self.is_loading

    @property
    def listed(self) -> list[WorkitemKey]:
        return [key for key in self.came if key not in self.gone]

    # What happens

    def choose(self, peer: PeerId | None) -> None:
        self.peer = peer
        self.came, self._passes = [], _passes(self.sorting)
        self.gone.clear()
        self._learn(self._bench.store.keys(peer) if peer else ())
        self.arrange()

    def _hear(self, changes: ChangeSet) -> None:
        keys = (*changes.inserted, *changes.updated, *changes.removed)
        mine = [key for key in keys if key in self.came or key.peer == self.peer]
        moves = any(key in self.gone or not changes.updated.get(key, _ALL) <= _PROGRESS for key in mine)
        self._learn(keys)
        if moves:
            self._move([key for key in keys if key in self.came])

    def time_passed(self) -> None:
        if self.criteria.depends_on_time:
            self._move([key for key in self.came if self._is_wanted(key) != (key in self.shown)])

    def filter_by(self, criteria: Criteria) -> None:
        if criteria != self.criteria:
            self.criteria = criteria
            self.arrange()

    def sort(self, sorting: Sorting) -> None:
        if sorting != self.sorting:
            self.sorting, self._passes = sorting, _passes(sorting)
            self.arrange()

    def click(self, column: AnyColumn, *, shift: bool) -> None:
        """What was sorted before decides between equal rows."""
        columns = [one for one, _ in self.sorting]
        if not shift:
            self.sorting = ((column, self.sorting[:1] == ((column, False),)),)
        elif column in columns:
            at = columns.index(column)
            turned = (column, not self.sorting[at][1])
            self.sorting = (*self.sorting[:at], turned, *self.sorting[at + 1 :])
        else:
            self.sorting += ((column, False),)
        new = _passes(self.sorting)
        self._passes = new + [one for one in self._passes if one[0] not in [by for by, _ in new]]
        self.arrange()

    def show_paths(self, paths: tuple[PathColumn, ...]) -> None:
        self.sort(tuple(part for part in self.sorting if part[0] in (*Column, *paths)))
        if set(self.paths) != set(paths):
            self.paths = paths
            if self.criteria.text:
                self.arrange()

    def hold_still(self, still: bool) -> None:
        self.is_held_still = still
        if not self.is_frozen and self.waiting:
            self.arrange()

    def arrange(self) -> None:
        self.came = self.listed
        self.gone.clear()
        self.shown = self._sorted([key for key in self.came if self.matches(key, self.criteria)])
        self.waiting = set()

    def _learn(self, keys: tuple[WorkitemKey, ...]) -> None:
        for key in keys:
            item, aside = self._bench.store.get(key), self._bench.store.aside(key)
            if key.peer == self.peer and item is not None and (aside is None or aside.is_listed):
                self.items[key] = item
                self.gone.discard(key)
                self.came += [key] if key not in self.came else []
            elif key in self.came:
                self.gone.add(key)

    def _move(self, changed: list[WorkitemKey]) -> None:
        moving = {key for key in changed if self._is_out_of_place(key)}
        if self.is_frozen:
            newcomers = self._sorted([key for key in moving if key not in self.shown])
            fitting = {key for key in newcomers if self._sorted([*self.shown[-1:], key])[-1] == key}
            self.shown += newcomers
            self.waiting = self.waiting.difference(changed) | (moving - fitting)
        elif moving or self.waiting:
            self.arrange()

    def _is_out_of_place(self, key: WorkitemKey) -> bool:
        if key not in self.shown or not self._is_wanted(key):
            return self._is_wanted(key) != (key in self.shown)
        at = self.shown.index(key)
        three = self.shown[max(0, at - 1) : at + 2]
        return three != self._sorted(three)

    # What it says

    def _is_wanted(self, key: WorkitemKey) -> bool:
        return key not in self.gone and self.matches(key, self.criteria)

    def matching(self, criteria: Criteria) -> list[Workitem]:
        """All that are listed and match, in the order in which they came."""
        return [self.items[key] for key in self.listed if self.matches(key, criteria)]

    def matches(self, key: WorkitemKey, criteria: Criteria) -> bool:
        item = self.items[key]
        is_overdue, is_aside = self.is_overdue(key), self._bench.store.aside(key) is not None
        following = self._bench.store.following(key)
        said = folded(" ".join([*self._said(item), following.value]))
        return (
            (not criteria.states or item.state in criteria.states)
            and (not criteria.overdue or is_overdue)
            and (not criteria.held or self._bench.store.is_held(key))
            and (not criteria.silent or "silent" in presenter.silence_words(item, self._bench.clock()))
            and (not criteria.followed or following is not Following.NO)
            and (not criteria.kept_at_server or following is Following.KEPT)
            and (is_aside or self._is_planned_in(item, criteria.span))
            and (not criteria.priorities or item.priority in criteria.priorities)
            and (is_aside or (item.station in criteria.stations.values) is criteria.stations.is_only)
            and (item.readiness in criteria.inputs.values) is criteria.inputs.is_only
            and all(word in said for word in folded(criteria.text).split())
        )

    def _said(self, item: Workitem) -> list[str]:
        """What the text filter looks at."""
        facts = item.patient
        moments = (item.start, item.expected_end, item.expiration, item.modified)
        return [
            facts.name.replace("^", " ").replace("=", " "),
            facts.display_name or "no name",
            facts.patient_id,
            presenter.born_and_sex(facts),
            presenter.state_words(item.state),
            presenter.priority_words(item.priority),
            presenter.readiness_words(item.readiness),
            item.label,
            item.station,
            *(presenter.moment_words(one, self._bench.now, self._bench.zone) for one in moments if one),
            *(path_value(item, column).text for column in self.paths),
        ]

    def _is_planned_in(self, item: Workitem, span: AnySpan) -> bool:
        bounds = span.bounds(self._bench.now, self._bench.zone)
        if bounds is None or item.start is None or (bounds.with_running and item.state is S.IN_PROGRESS):
            return True
        start = item.start.instant.timestamp()
        is_left = bounds.with_earlier and item.state is S.SCHEDULED
        return start < bounds.high and (is_left or start >= bounds.low)

    def is_overdue(self, key: WorkitemKey) -> bool:
        due = presenter.due_instant(self.items[key])
        return due is not None and self._bench.now > due + presenter.GRACE

    def _sorted(self, keys: list[WorkitemKey]) -> list[WorkitemKey]:
        return sorted(keys, key=cmp_to_key(self._compare))

    def _compare(self, one: WorkitemKey, other: WorkitemKey) -> int:
        for by, is_down in self._passes:
            values = self._value(one, by), self._value(other, by)
            if values[0] != values[1]:
                return -1 if (values[0] < values[1]) != is_down else 1
        return self.came.index(one) - self.came.index(other)

    def _value(self, key: WorkitemKey, by: AnyColumn | str) -> float | str:
        item = self.items[key]
        if by == _ENDED:
            return key in self.gone or (item.state is not None and item.state.is_final)
        if isinstance(by, str):
            return not path_value(item, SEX if by.endswith(SEX.name) else ISSUER).text
        if isinstance(by, PathColumn):
            return path_value(item, by).key
        if by is Column.PRIORITY:
            return list(Priority).index(item.priority) if item.priority else len(Priority)
        if by is Column.STATE:
            return _STATES.index(item.state)
        if by is Column.START:
            return item.start.instant.timestamp() if item.start else float("inf")
        return folded(item.patient.display_name) if item.patient.name else "\uffff"


def _passes(sorting: Sorting) -> list[Pass]:
    passes: list[Pass] = []
    for column, is_down in sorting:
        if isinstance(column, PathColumn):
            passes.append((f"blank {column.name}", False))
        passes.append((column, is_down))
    if sorting and sorting[0][0] is Column.PRIORITY:
        passes.insert(1, (_ENDED, False))
    return passes
