"""The table's model against a plain list: whatever happens, in whatever order, both show the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from PySide6.QtCore import QPersistentModelIndex
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.worklist.mirror import Mirror
from tests.ui.worklist.plain import ISSUER, SEX, PlainTable, path_value
from tests.ui.worklist.values import NOON, PEER, Bench, key, workitem
from upsdesk.domain.criteria import Choice, Criteria, Hours, Period, Span
from upsdesk.domain.events import Found
from upsdesk.domain.keys import AeTitle, PeerId, WorkitemKey
from upsdesk.domain.peer import Peer
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import InputReadiness, Priority
from upsdesk.services.flags import Aside, AsideKind, Following
from upsdesk.ui.worklist import arrangement, errand, ordering, sorted_model
from upsdesk.ui.worklist.columns import AnyColumn, Column, PathColumn
from upsdesk.ui.worklist.errand import PIECE
from upsdesk.ui.worklist.flash import Flashes
from upsdesk.ui.worklist.model import WorklistModel
from upsdesk.ui.worklist.ordering import DEFAULT_SORTING, Places, Sorting
from upsdesk.ui.worklist.row import Reading, Row

S = ProcedureStepState
OTHER = Peer(PeerId("p2"), AeTitle("OTHER"), "127.0.0.1")
NUMBERS = st.integers(0, 11)
STATES = st.sampled_from([state.value for state in S])
NAMES = st.sampled_from(["Novák^Jana", "Yamada^Tarou=山田^太郎", "Okafor^Chidi", ""])
TIMES = st.sampled_from(["", "11:30", "11:58", "12:30", "13:00", "36:00"])
WORKITEMS = st.fixed_dictionaries(
    {
        "state": STATES,
        "start": TIMES,
        "name": NAMES,
        "priority": st.sampled_from(["HIGH", "MEDIUM", "LOW"]),
        "station": st.sampled_from(["FX1", "FX2"]),
        "inputs": st.sampled_from(["READY", "INCOMPLETE"]),
        "issuer": st.sampled_from(["", "HOSP"]),
        "sex": st.sampled_from(["F", ""]),
    }
)
BATCHES = st.lists(st.tuples(st.sets(NUMBERS, min_size=1), WORKITEMS), max_size=3)
COLUMNS = st.sampled_from([Column.PRIORITY, Column.START, Column.PATIENT, Column.STATE, ISSUER, SEX])
SORTINGS = st.lists(st.tuples(COLUMNS, st.booleans()), max_size=4, unique_by=lambda part: part[0]).map(tuple)
MORNING = Period(datetime(2026, 11, 19, 9), datetime(2026, 11, 19, 12))
CRITERIA = st.builds(
    Criteria,
    text=st.sampled_from(["", "", "nov", "jana novak", "high", "12:30", "fx2", "hosp"]),
    states=st.frozensets(st.sampled_from(S), max_size=2),
    overdue=st.booleans(),
    held=st.sampled_from([False, False, True]),
    silent=st.sampled_from([False, False, False, True]),
    span=st.sampled_from([*Span, Hours(0, 1), Hours(3, 0), MORNING]),
    priorities=st.sampled_from([frozenset(), frozenset(), frozenset({Priority.HIGH, None})]),
    stations=st.builds(Choice, st.sampled_from([frozenset(), frozenset({"FX2"})]), st.booleans()),
    inputs=st.builds(Choice, st.sampled_from([frozenset(), frozenset({InputReadiness.READY})])),
    followed=st.booleans(),
    kept_at_server=st.booleans(),
)


class TableMachine(RuleBasedStateMachine):
    """Searches, reports, removals, filters, sorting, columns, freezes and the clock, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()
        self.store = self.bench.store
        self.kept: dict[WorkitemKey, QPersistentModelIndex] = {}
        self.model = WorklistModel(
            self.bench.store,
            self.bench.clock,
            self.bench.zone,
            flashes=Flashes(clock=self.bench.monotonic, is_still=lambda: False),
            read=path_value,
            seconds=self.tick,
        )
        fatal = QAbstractItemModelTester.FailureReportingMode.Fatal
        self.tester = QAbstractItemModelTester(self.model, fatal)
        self.model.set_peer(PEER.id)
        self.plain = PlainTable(self.bench)
        self.mirror = Mirror(self.model)

    def tick(self) -> float:
        """A clock for what is done in pieces; it stands still, so that the first piece is the last."""
        return 0.0

    def teardown(self) -> None:
        self.model.close()
        self.tester.deleteLater()

    @initialize(rows=st.lists(WORKITEMS, max_size=10))
    def some_rows(self, rows: list[dict[str, str]]) -> None:
        for number, told in enumerate(rows):
            self.found(number, told)

    @rule(number=NUMBERS, told=WORKITEMS)
    def found(self, number: int, told: dict[str, str]) -> None:
        self.changed(self.bench.add(number, **told))

    @rule(numbers=st.lists(NUMBERS, min_size=2, unique=True), told=WORKITEMS)
    def found_at_once(self, numbers: list[int], told: dict[str, str]) -> None:
        self.store.apply([Found(key(one), workitem(**told), None, self.bench.now) for one in numbers])
        self.changed(*map(key, numbers))

    @rule(number=NUMBERS, state=STATES)
    def reported(self, number: int, state: str) -> None:
        self.bench.report(key(number), state)
        self.changed(key(number))

    @rule(number=NUMBERS, percent=st.integers(0, 100))
    def progressed(self, number: int, percent: int) -> None:
        self.bench.progress(key(number), percent)
        self.changed(key(number))

    @rule(number=NUMBERS)
    def dropped(self, number: int) -> None:
        self.bench.remove(key(number))
        self.changed(key(number))

    @rule(number=NUMBERS, aside=st.sampled_from([None, *map(Aside, AsideKind)]))
    def lies_aside(self, number: int, aside: Aside | None) -> None:
        if self.store.get(key(number)) is not None:
            self.store.set_aside([key(number)], aside)
            self.changed(key(number))

    @rule(number=NUMBERS, held=st.booleans())
    def holds(self, number: int, held: bool) -> None:
        self.store.set_held([key(number)], held)
        self.changed(key(number))

    @rule(number=NUMBERS, following=st.sampled_from(Following))
    def follows(self, number: int, following: Following) -> None:
        self.store.set_following(key(number), following)
        self.changed(key(number))

    @rule(number=NUMBERS)
    def found_elsewhere(self, number: int) -> None:
        self.changed(self.bench.add(number, peer=OTHER))

    @rule(criteria=CRITERIA, name=st.sampled_from([field.name for field in fields(Criteria)]))
    def one_criterion_changed(self, criteria: Criteria, name: str) -> None:
        self.filter_by(replace(self.model.criteria, **{name: getattr(criteria, name)}))

    @rule()
    def filters_reset(self) -> None:
        self.filter_by(Criteria())

    def filter_by(self, criteria: Criteria) -> None:
        self.model.set_criteria(criteria)
        self.settle()
        self.plain.filter_by(criteria)

    def settle(self) -> None:
        """Until what was asked for in pieces is done."""
        while self.model.wishes.words:
            QApplication.processEvents()

    @rule(typed=st.sampled_from(["nov", "jana novak", "4471", "hosp"]))
    def typed(self, typed: str) -> None:
        """Key by key, as a person types."""
        for length in range(len(typed) + 1):
            self.filter_by(replace(self.model.criteria, text=typed[:length]))
            assert self.model.visible == self.plain.shown
            self.persistent_indexes_follow()

    @rule(sorting=SORTINGS)
    def sorting_restored(self, sorting: Sorting) -> None:
        sorting = tuple(part for part in sorting if part[0] in self.model.columns)
        self.model.set_sorting(sorting)
        self.settle()
        self.plain.sort(sorting)

    @rule(column=COLUMNS, shift=st.booleans())
    def header_clicked(self, column: AnyColumn, shift: bool) -> None:
        if column in self.model.columns:
            self.model.sort_by(column, add=shift)
            self.settle()
            self.plain.click(column, shift=shift)

    @rule(paths=st.lists(st.sampled_from([ISSUER, SEX]), unique=True).map(tuple))
    def columns_chosen(self, paths: tuple[PathColumn, ...]) -> None:
        self.model.set_path_columns(paths)
        self.settle()
        self.plain.show_paths(paths)

    @rule(frozen=st.booleans())
    def freeze(self, frozen: bool) -> None:
        self.model.set_frozen(frozen)
        self.plain.hold_still(frozen)

    @rule(
        batches=st.lists(st.tuples(st.sets(NUMBERS, min_size=1), WORKITEMS), max_size=3), frozen=st.booleans()
    )
    def searched(self, batches: list[tuple[set[int], dict[str, str]]], frozen: bool) -> None:
        """Rows of a search that finds an empty table come at their places, frozen or not."""
        self.resorted()  # an empty table keeps no place for what is gone
        self.model.set_loading(True)
        self.plain.is_loading = True
        self.freeze(frozen)
        for numbers, told in batches:
            self.found_at_once(sorted(numbers), told)
        self.model.set_loading(False)
        self.settle()
        self.plain.is_loading = False
        self.kept.clear()  # a row may have left and come back

    @rule()
    def resorted(self) -> None:
        self.model.arrange()
        self.plain.arrange()

    @rule(minutes=st.sampled_from([1, 3, 60, 720]))
    def time_passes(self, minutes: int) -> None:
        self.bench.now += timedelta(minutes=minutes)
        self.model.tick()
        self.plain.time_passed()
        self.mirror.touched.clear()

    @rule(peer=st.sampled_from([PEER.id, OTHER.id, None]))
    def server_chosen(self, peer: PeerId | None) -> None:
        self.model.set_peer(peer)
        self.plain.choose(peer)
        self.kept.clear()

    def changed(self, *keys: WorkitemKey) -> None:
        """These at most."""
        self.settle()
        assert self.mirror.touched <= set(keys), "others are told of as changed"
        self.mirror.touched.clear()

    @invariant()
    def shows_what_the_plain_table_shows(self) -> None:
        assert self.model.visible == self.plain.shown
        assert self.model.waiting == len(self.plain.waiting)
        assert self.model.sorting == self.plain.sorting
        assert self.model.loaded == len(self.plain.listed)

    @invariant()
    def told_of_everything(self) -> None:
        self.mirror.check()

    @invariant()
    def numbers_agree(self) -> None:
        shown = list(self.model.visible)
        for one in self.plain.came:
            assert self.model.row_of.get(one, -1) == (shown.index(one) if one in shown else -1)
        assert self.model.rowCount() == len(shown) == len(self.model.row_of)
        assert [self.model.row_at(at).key for at in range(len(shown))] == shown == list(self.model.row_of)

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
    def rows_are_what_the_store_has(self) -> None:
        for one in self.plain.came:
            row, item = self.model.row(one), self.store.get(one)
            assert row is not None and row.is_gone is (one in self.plain.gone)
            assert row.is_gone or row.workitem is item

    @invariant()
    def counts_are_of_the_store(self) -> None:
        facets, plain, wanted = self.model.facets(), self.plain, self.model.criteria
        but_chips = plain.matching(replace(wanted, states=frozenset(), overdue=False))
        stations = Counter(item.station for item in plain.matching(replace(wanted, stations=Choice())))
        inputs = Counter(item.readiness for item in plain.matching(replace(wanted, inputs=Choice())))
        here = plain.matching(Criteria())
        assert (facets.loaded, facets.shown) == (len(here), len(plain.shown))
        assert facets.states == Counter(item.state for item in but_chips if item.state)
        assert facets.overdue == sum(plain.is_overdue(item.key) for item in but_chips)
        assert facets.stations == {item.station: stations[item.station] for item in here}
        assert facets.inputs == {item.readiness: inputs[item.readiness] for item in here}
        assert self.model.count_matching(wanted) == len(plain.matching(wanted))


@pytest.mark.usefixtures("qapp")
class TestTable(TableMachine.TestCase):  # type: ignore[misc]
    settings = settings(
        max_examples=40,
        stateful_step_count=30,
        deadline=None,
        report_multiple_bugs=False,
    )


class SlowMachine(TableMachine):
    """Every wish takes many pieces; what happens between them is there in the end."""

    seconds = 0.0

    def tick(self) -> float:
        self.seconds += PIECE
        return self.seconds

    @rule(
        column=COLUMNS,
        other=COLUMNS,
        text=st.sampled_from(["", "nov", "fx2"]),
        called_off=st.booleans(),
        number=NUMBERS,
        state=STATES,
        found=NUMBERS,
        dropped=NUMBERS,
        told=WORKITEMS,
    )
    def asked_while_much_happens(
        self,
        column: AnyColumn,
        other: AnyColumn,
        text: str,
        called_off: bool,
        number: int,
        state: str,
        found: int,
        dropped: int,
        told: dict[str, str],
    ) -> None:
        """Of two clicks on headers the last one counts, or none; the hand at the table freezes it."""
        if column == other or not {column, other} <= set(self.model.columns):
            return
        self.freeze(True)
        self.model.sort_by(column, add=True)
        self.follow(column, shift=True)
        self.bench.remove(key(dropped))
        QApplication.processEvents()
        self.follow(column, shift=True)
        self.model.sort_by(other)
        self.follow(other)
        self.model.set_criteria(replace(self.model.criteria, text=text))
        self.follow(other)
        self.bench.add(found, **told)
        QApplication.processEvents()
        self.follow(other)
        self.bench.report(key(number), state)
        self.bench.remove(key(found))
        self.bench.add(found, **told)
        if called_off:
            self.model.call_off()
        self.settle()
        self.follow(other)
        self.mirror.touched.clear()
        self.kept.clear()  # a row may have left and come back

    def follow(self, column: AnyColumn, *, shift: bool = False) -> None:
        """The plain table does what the model has got done."""
        if self.model.sorting != self.plain.sorting:
            self.plain.click(column, shift=shift)
        if not self.model.wishes.filter.is_under_way:
            self.plain.filter_by(self.model.criteria)


@pytest.fixture
def in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorted_model, "FEW", 0)
    monkeypatch.setattr(errand, "_STEP", 2)
    monkeypatch.setattr(arrangement, "_SORTED_AT_ONCE", 3)


@pytest.mark.usefixtures("qapp", "in_pieces")
class TestSlowTable(SlowMachine.TestCase):  # type: ignore[misc]
    settings = settings(
        max_examples=20,
        stateful_step_count=25,
        deadline=None,
        report_multiple_bugs=False,
    )


def rows_of(told: Sequence[tuple[str, str, str]]) -> list[Row]:
    bench = Bench()
    rows = []
    for number, (state, start, name) in enumerate(told):
        found = bench.store.get(bench.add(number, state=state, start=start, name=name))
        assert found is not None
        row = Row(found.key, number)
        row.tell(found, Reading(NOON, bench.zone, path_value))
        rows.append(row)
    return rows


@given(
    told=st.lists(st.tuples(STATES, TIMES, NAMES), max_size=30),
    moving=st.sets(st.integers(0, 29)),
    sorting=SORTINGS,
)
@settings(max_examples=40, deadline=None)
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
