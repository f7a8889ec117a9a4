"""The table's model against a plain list: whatever happens, in whatever order, both show the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from PySide6.QtCore import QPersistentModelIndex
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.worklist.values import NOON, PEER, Bench, key
from upsdesk.domain.criteria import Choice, Hours, Span
from upsdesk.domain.folding import folded
from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import Priority, Workitem
from upsdesk.ui import presenter
from upsdesk.ui.worklist import ordering
from upsdesk.ui.worklist.columns import Column, PathValue
from upsdesk.ui.worklist.filtering import Criteria
from upsdesk.ui.worklist.flash import Flashes
from upsdesk.ui.worklist.model import WorklistModel
from upsdesk.ui.worklist.ordering import DEFAULT_SORTING, Places, Sorting
from upsdesk.ui.worklist.row import Reading, Row

S = ProcedureStepState
NUMBERS = st.integers(0, 11)
STATES = st.sampled_from([state.value for state in S])
NAMES = st.sampled_from(["Novák^Jana", "Yamada^Tarou=山田^太郎", "Okafor^Chidi", ""])
TIMES = st.sampled_from(["", "11:30", "11:58", "12:30", "13:00"])
SORTINGS = st.lists(
    st.tuples(st.sampled_from([Column.PRIORITY, Column.START, Column.PATIENT, Column.STATE]), st.booleans()),
    max_size=2,
    unique_by=lambda part: part[0],
).map(tuple)
CRITERIA = st.builds(
    Criteria,
    text=st.sampled_from(["", "nov", "jana novak", "high", "12:30", "fx2"]),
    states=st.frozensets(st.sampled_from(S), max_size=2),
    overdue=st.booleans(),
    held=st.booleans(),
    span=st.sampled_from([*Span, Hours(0, 1), Hours(3, 0)]),
    priorities=st.frozensets(st.sampled_from([*Priority, None]), max_size=2),
    stations=st.builds(Choice, st.sampled_from([frozenset(), frozenset({"FX2"})]), st.booleans()),
)


class Plain:
    """What the table must show, worked out from nothing each time."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.order: list[WorkitemKey] = []
        """As the keys came."""

    def arranged(self, criteria: Criteria, sorting: Sorting) -> list[WorkitemKey]:
        keys = [one for one in self.order if self.matches(one, criteria)]
        for column, is_down in reversed(sorting):
            keys.sort(key=lambda one, by=column: self._value(one, by), reverse=is_down)  # type: ignore[misc]
        if sorting and sorting[0][0] is Column.PRIORITY:
            ended = [one for one in keys if self._has_ended(one)]
            keys = [one for one in keys if not self._has_ended(one)] + ended
            keys.sort(key=lambda one: self._value(one, Column.PRIORITY), reverse=sorting[0][1])
        return keys

    def matches(self, one: WorkitemKey, criteria: Criteria) -> bool:
        item = self.item(one)
        is_overdue = self.is_overdue(item)
        said = folded(
            f"{item.patient.name} {item.patient.display_name} {item.priority} {item.station} "
            + (f"{item.start.instant:%H:%M}" if item.start else "")
        ).replace("^", " ")
        return (
            (not criteria.states or item.state in criteria.states)
            and (not criteria.overdue or is_overdue)
            and (not criteria.held or self._bench.store.is_held(one))
            and self._is_planned_in(item, criteria.span)
            and (not criteria.priorities or item.priority in criteria.priorities)
            and (item.station in criteria.stations.values) is criteria.stations.is_only
            and all(word in said for word in folded(criteria.text).split())
        )

    def _is_planned_in(self, item: Workitem, span: Span | Hours) -> bool:
        bounds = span.bounds(self._bench.now, self._bench.zone)
        if bounds is None or item.start is None or item.state is S.IN_PROGRESS:
            return True
        start = item.start.instant.timestamp()
        is_left = bounds.with_earlier and item.state is S.SCHEDULED
        return start < bounds.high and (is_left or start >= bounds.low)

    def is_overdue(self, item: Workitem) -> bool:
        due = presenter.due_instant(item)
        return due is not None and self._bench.now > due + presenter.GRACE

    def item(self, one: WorkitemKey) -> Workitem:
        found = self._bench.store.get(one)
        assert found is not None
        return found

    def _has_ended(self, one: WorkitemKey) -> bool:
        state = self.item(one).state
        return state is not None and state.is_final

    def _value(self, one: WorkitemKey, column: Column) -> object:
        item = self.item(one)
        if column is Column.PRIORITY:
            return list(Priority).index(item.priority) if item.priority else len(Priority)
        if column is Column.STATE:
            return [S.IN_PROGRESS, S.SCHEDULED, None, S.COMPLETED, S.CANCELED].index(item.state)
        if column is Column.START:
            return item.start.instant.timestamp() if item.start else float("inf")
        return folded(item.patient.display_name) if item.patient.name else "\uffff"


class TableMachine(RuleBasedStateMachine):
    """Searches, reports, removals, filters, sorting and freezes in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()
        self.plain = Plain(self.bench)
        self.is_frozen = False
        self.frozen: list[WorkitemKey] = []
        self.kept: dict[WorkitemKey, QPersistentModelIndex] = {}
        self.model = WorklistModel(
            self.bench.store,
            self.bench.clock,
            self.bench.zone,
            flashes=Flashes(clock=self.bench.monotonic, is_still=lambda: False),
        )
        fatal = QAbstractItemModelTester.FailureReportingMode.Fatal
        self.tester = QAbstractItemModelTester(self.model, fatal)
        self.model.set_peer(PEER.id)

    def teardown(self) -> None:
        self.model.close()
        self.tester.deleteLater()

    @initialize(count=st.integers(0, 6))
    def some_rows(self, count: int) -> None:
        for number in range(count):
            self.found(number, "SCHEDULED", "12:30", "Novák^Jana", "MEDIUM", "FX1")

    @rule(
        number=NUMBERS,
        state=STATES,
        start=TIMES,
        name=NAMES,
        priority=st.sampled_from(["HIGH", "MEDIUM", "LOW"]),
        station=st.sampled_from(["FX1", "FX2"]),
    )
    def found(self, number: int, state: str, start: str, name: str, priority: str, station: str) -> None:
        was_known = self.bench.store.get(key(number)) is not None
        told = {"state": state, "start": start, "name": name, "priority": priority, "station": station}
        self.bench.add(number, **told)
        # A row that stands there as "Not listed" comes back to life with its old rank among equals.
        if not was_known and key(number) not in self.plain.order:
            self.plain.order.append(key(number))
        self.settle()

    @rule(number=NUMBERS, state=STATES)
    def reported(self, number: int, state: str) -> None:
        self.bench.report(key(number), state)
        self.settle()

    @rule(number=NUMBERS)
    def dropped(self, number: int) -> None:
        self.bench.remove(key(number))
        self.settle()

    @rule(number=NUMBERS, held=st.booleans())
    def holds(self, number: int, held: bool) -> None:
        self.bench.store.set_held([key(number)], held)
        self.settle()

    @rule(criteria=CRITERIA)
    def filtered(self, criteria: Criteria) -> None:
        if criteria != self.model.criteria:
            self.model.set_criteria(criteria)
            self.arranged()

    @rule(sorting=SORTINGS)
    def sorted_by(self, sorting: Sorting) -> None:
        if sorting != self.model.sorting:
            self.model.set_sorting(sorting)
            self.arranged()

    @rule(frozen=st.booleans())
    def freeze(self, frozen: bool) -> None:
        self.is_frozen = frozen
        waited = self.model.waiting
        self.model.set_frozen(frozen)
        if frozen:
            self.frozen = list(self.model.visible)
        elif waited:
            self.arranged()

    @rule()
    def resorted(self) -> None:
        self.model.arrange()
        self.arranged()

    @rule(minutes=st.sampled_from([1, 45, 13 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.bench.now += timedelta(minutes=minutes)
        self.model.tick()
        self.settle()

    def settle(self) -> None:
        """After something came by itself: nothing moves while the order is frozen."""
        if not self.is_frozen:
            self.forget_gone()
            return
        shown = list(self.model.visible)
        assert shown[: len(self.frozen)] == self.frozen, "a frozen row has moved"
        self.frozen = shown

    def arranged(self) -> None:
        """After a person's wish: the whole order is as it shall be."""
        self.forget_gone()
        assert list(self.model.visible) == self.wanted()
        assert self.model.waiting == 0
        self.frozen = list(self.model.visible)

    def forget_gone(self) -> None:
        self.plain.order = [
            one
            for one in self.plain.order
            if self.bench.store.get(one) is not None or self.model.row(one) is not None
        ]

    def wanted(self) -> list[WorkitemKey]:
        here = [one for one in self.plain.order if self.bench.store.get(one) is not None]
        plain = Plain(self.bench)
        plain.order = here
        return plain.arranged(self.model.criteria, self.model.sorting)

    @invariant()
    def numbers_agree(self) -> None:
        shown = list(self.model.visible)
        assert self.model.rowCount() == len(shown) == len(set(shown))
        assert [self.model.row_of[one] for one in shown] == list(range(len(shown)))
        assert all(self.model.row_at(at).key == one for at, one in enumerate(shown))
        assert set(self.model.row_of) == set(shown)

    @invariant()
    def persistent_indexes_follow(self) -> None:
        for one, index in self.kept.items():
            assert index.isValid() is (one in self.model.row_of)
            if index.isValid():
                assert self.model.visible[index.row()] == one
        self.kept = {
            one: QPersistentModelIndex(self.model.index(at, Column.PATIENT))
            for at, one in enumerate(self.model.visible)
        }

    @invariant()
    def shows_what_the_store_has(self) -> None:
        for one in self.model.visible:
            row, item = self.model.row(one), self.bench.store.get(one)
            assert row is not None and row.is_gone is (item is None)
            assert item is None or row.workitem is item

    @invariant()
    def is_in_order_unless_frozen(self) -> None:
        if not self.is_frozen:
            assert list(self.model.visible) == self.wanted()

    def matching(self, items: list[Workitem], criteria: Criteria) -> list[Workitem]:
        return [item for item in items if self.plain.matches(item.key, criteria)]

    @invariant()
    def counts_are_of_the_store(self) -> None:
        facets = self.model.facets()
        here = [self.plain.item(one) for one in self.bench.store.keys(PEER.id)]
        wanted = self.model.criteria
        counted = self.matching(here, replace(wanted, states=frozenset(), overdue=False))
        assert facets.loaded == self.model.loaded == len(here)
        assert facets.states == {
            state: len(found) for state in S if (found := [item for item in counted if item.state is state])
        }
        assert facets.overdue == sum(map(self.plain.is_overdue, counted))
        assert set(facets.stations) == {item.station for item in here}
        by_station = Counter(item.station for item in self.matching(here, replace(wanted, stations=Choice())))
        assert Counter(facets.stations) == by_station
        by_inputs = Counter(item.readiness for item in self.matching(here, replace(wanted, inputs=Choice())))
        assert Counter(facets.inputs) == by_inputs
        assert self.model.count_matching(self.model.criteria) == len(self.wanted())


@pytest.mark.usefixtures("qapp")
class TestTable(TableMachine.TestCase):  # type: ignore[misc]
    settings = settings(max_examples=25, stateful_step_count=25, deadline=None)


def rows_of(told: Sequence[tuple[str, str, str]]) -> list[Row]:
    bench = Bench()
    rows = []
    for number, (state, start, name) in enumerate(told):
        found = bench.store.get(bench.add(number, state=state, start=start, name=name))
        assert found is not None
        row = Row(found.key, number)
        row.tell(found, Reading(NOON, bench.zone, lambda item, path: PathValue("", "")))
        rows.append(row)
    return rows


@given(
    told=st.lists(st.tuples(STATES, TIMES, NAMES), max_size=30),
    moving=st.sets(st.integers(0, 29)),
    sorting=SORTINGS,
)
@settings(max_examples=100, deadline=None)
def test_rows_put_in_one_by_one_stand_where_sorting_all_puts_them(
    told: list[tuple[str, str, str]], moving: set[int], sorting: Sorting
) -> None:
    rows = rows_of(told)
    wanted = list(rows)
    passes = ordering.passes_of(sorting)
    ordering.sort(wanted, passes)
    staying = [row for row in wanted if row.number not in moving]
    assert ordering.merged(staying, [row for row in rows if row.number in moving], Places(passes)) == wanted


def test_a_long_list_is_arranged_a_little_later(qapp: QApplication) -> None:
    bench = Bench()
    model = WorklistModel(bench.store, bench.clock, bench.zone, at_once=2)
    model.set_peer(PEER.id)
    try:
        bench.add(1, start="13:00")
        bench.add(2, start="12:30")
        assert model.visible == [key(2), key(1)]
        model.set_loading(True)
        bench.add(3, start="12:45")
        assert model.visible == [key(2), key(1)] and model.loaded == 3
        model.set_loading(False)
        assert model.visible == [key(2), key(3), key(1)], "the end of a search does not wait"
        bench.add(4, start="11:00")
        model.set_criteria(Criteria(text="jana"))
        assert model.visible == [key(4), key(2), key(3), key(1)], "nor does a person"
        assert model.sorting == DEFAULT_SORTING
    finally:
        model.close()


def test_what_waits_for_arranging_waits_on_when_the_order_is_frozen(qapp: QApplication, qtbot: QtBot) -> None:
    bench = Bench()
    model = WorklistModel(bench.store, bench.clock, bench.zone, at_once=0)
    model.set_peer(PEER.id)
    try:
        bench.add(1, start="13:00")
        model.arrange()
        bench.add(2, start="12:30")
        model.set_frozen(True)
        qtbot.waitUntil(lambda: len(model.visible) == 2)
        assert model.visible == [key(1), key(2)] and model.waiting == 1
        model.set_frozen(False)
        assert model.visible == [key(2), key(1)] and model.waiting == 0
    finally:
        model.close()
