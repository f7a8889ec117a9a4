"""The table's model: rows from the store, filter, sorting, frozen order, flashes."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtTest import QAbstractItemModelTester, QSignalSpy
from PySide6.QtWidgets import QApplication

from tests.ui.worklist.values import NOON, PEER, Bench, key, workitem
from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.criteria import Choice, Span
from upsdesk.domain.events import Found
from upsdesk.domain.keys import AeTitle, PeerId, WorkitemKey
from upsdesk.domain.peer import Peer
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.domain.workitem import InputReadiness, Priority
from upsdesk.services.flags import PendingAct
from upsdesk.ui.worklist.columns import Column
from upsdesk.ui.worklist.filtering import Criteria
from upsdesk.ui.worklist.flash import FADE, Flashes
from upsdesk.ui.worklist.model import WorklistModel

OTHER = Peer(PeerId("p2"), AeTitle("OTHER"), "127.0.0.1")


@pytest.fixture
def model(bench: Bench, qapp: QApplication) -> Iterator[WorklistModel]:
    made = WorklistModel(
        bench.store, bench.clock, bench.zone, flashes=Flashes(clock=bench.monotonic, is_still=lambda: False)
    )
    tester = QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal)
    made.set_peer(PEER.id)
    yield made
    made.close()
    tester.deleteLater()


def text(model: QAbstractItemModel, row: int, column: Column) -> object:
    return model.index(row, column).data()


def test_rows_come_from_the_store_in_order_of_priority_end_and_start(
    bench: Bench, model: WorklistModel
) -> None:
    late = bench.add(1, start="13:00")
    high = bench.add(2, priority="HIGH", start="14:00")
    ended = bench.add(3, state="COMPLETED", start="08:00")
    early = bench.add(4, start="12:30")
    low = bench.add(5, priority="LOW", start="07:00")
    assert model.visible == [high, early, late, ended, low]
    assert [model.row_of[one] for one in model.visible] == list(range(5))
    assert text(model, 1, Column.START) == "12:30"
    assert text(model, 1, Column.DUE) == "in 30 min"


def test_what_was_loaded_before_and_of_other_peers(bench: Bench, model: WorklistModel) -> None:
    bench.add(1)
    elsewhere = bench.add(1, peer=OTHER)
    assert model.visible == [key(1)]
    model.set_peer(OTHER.id)
    assert model.visible == [elsewhere]
    model.set_peer(None)
    assert model.visible == []


def test_one_change_is_one_range_and_neighbours_are_one(bench: Bench, model: WorklistModel) -> None:
    keys = [bench.add(number, start=f"13:{number:02}") for number in range(6)]
    spy = QSignalSpy(model.dataChanged)
    for one in (keys[1], keys[2], keys[4]):
        bench.store.set_pending(one, PendingAct(Action.START, NOON))
    assert spy.count() == 3
    bench.store.set_held([keys[0], keys[1], keys[2], keys[5]], True)
    rows = [(spy.at(at)[0].row(), spy.at(at)[1].row()) for at in range(3, spy.count())]
    assert rows == [(0, 2), (5, 5)]


def test_the_row_tells_what_is_under_way(bench: Bench, model: WorklistModel) -> None:
    one = bench.add(1, start="13:00")
    bench.store.set_pending(one, PendingAct(Action.START, NOON))
    assert text(model, 0, Column.STATE) == "Starting…"
    assert "Starting, starts in 60 min" in str(
        model.index(0, Column.PATIENT).data(Qt.ItemDataRole.AccessibleTextRole)
    )
    bench.store.set_pending(one, None)
    assert text(model, 0, Column.STATE) == "Scheduled"


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("novak", {1}),
        ("NOVÁK jana", {1}),
        ("山田", {2}),
        ("tarou 6120334", {2}),
        ("fx2", {2}),
        ("1955-08", {2}),
        ("high", {2}),
        ("nobody", set()),
        ("", {1, 2, 3}),
    ],
)
def test_the_text_filter_looks_at_all_columns(
    bench: Bench, model: WorklistModel, typed: str, numbers: set[int]
) -> None:
    bench.add(1)
    bench.add(
        2,
        name="Yamada^Tarou=山田^太郎",
        patient_id="6120334",
        born="19550809",
        priority="HIGH",
        station="FX2",
    )
    bench.add(3, name="Okafor^Chidi", patient_id="5520147", born="19491102")
    model.set_criteria(Criteria(text=typed))
    assert set(model.visible) == {key(number) for number in numbers}


def test_the_other_filters(bench: Bench, model: WorklistModel) -> None:
    late = bench.add(1, start="11:00", worklist="RT linac")
    running = bench.add(2, state="IN PROGRESS", station="AI", end="13:00", priority="HIGH")
    ended = bench.add(3, state="COMPLETED", start="09:00", inputs="INCOMPLETE")
    bench.store.set_held([running], True)

    def shown(**criteria: object) -> set[WorkitemKey]:
        model.set_criteria(Criteria(**criteria))  # type: ignore[arg-type]
        return set(model.visible)

    assert shown(states=frozenset({ProcedureStepState.COMPLETED})) == {ended}
    assert shown(overdue=True) == {late}
    assert shown(held=True) == {running}
    assert shown(stations=Choice(frozenset({"FX1"}))) == {running}
    assert shown(stations=Choice(frozenset({"FX1"}), is_only=True)) == {late, ended}
    assert shown(inputs=Choice(frozenset({InputReadiness.READY}))) == {ended}
    assert shown(worklists=frozenset({"RT linac"})) == {late}
    assert shown(worklists=frozenset({""})) == {running, ended}
    assert shown(priorities=frozenset({Priority.HIGH, Priority.LOW})) == {running}
    assert shown() == {late, running, ended}


def test_relative_ranges_move_over_midnight(bench: Bench, model: WorklistModel) -> None:
    bench.now = NOON.replace(hour=17)
    left = bench.add(1, start="08:00")
    ended = bench.add(2, start="09:00", state="COMPLETED")
    running = bench.add(3, start="10:00", state="IN PROGRESS")
    night = bench.add(4, start="24:30")
    evening = bench.add(5, start="47:00")
    week = bench.add(6, start="120:00")
    untold = bench.add(7)

    def shown(span: Span) -> set[WorkitemKey]:
        model.set_criteria(Criteria(span=span))
        return set(model.visible)

    assert shown(Span.ANY) == {left, ended, running, night, evening, week, untold}
    assert shown(Span.WEEK) == shown(Span.ANY)
    assert shown(Span.THREE_DAYS) == {left, ended, running, night, evening, untold}
    assert shown(Span.HOUR) == {running, untold}
    assert shown(Span.TODAY) == {left, ended, running, untold}
    bench.now = NOON.replace(hour=19)
    model.tick()
    assert night in model.visible, "what comes in the night is due next"
    bench.now = NOON.replace(hour=0) + timedelta(days=1, minutes=1)
    model.tick()
    assert set(model.visible) == {left, running, night, evening, untold}, "unfinished ones of yesterday stay"
    model.set_criteria(Criteria(span=Span.HOUR))
    assert set(model.visible) == {running, night, untold}
    bench.now += timedelta(hours=2)
    model.tick()
    assert set(model.visible) == {running, untold}


def test_counts_are_of_the_rows_that_the_other_filters_let_through(
    bench: Bench, model: WorklistModel
) -> None:
    bench.add(1, start="11:00")
    bench.add(2, state="IN PROGRESS", station="AI")
    bench.add(3, state="COMPLETED", station="AI")
    model.set_criteria(
        Criteria(states=frozenset({ProcedureStepState.COMPLETED}), stations=Choice(frozenset({"FX1"})))
    )
    facets = model.facets()
    assert (facets.loaded, facets.shown, facets.overdue) == (3, 1, 0)
    assert facets.states == {ProcedureStepState.IN_PROGRESS: 1, ProcedureStepState.COMPLETED: 1}
    assert facets.stations == {"FX1": 0, "AI": 1}


def test_time_makes_rows_overdue(bench: Bench, model: WorklistModel) -> None:
    one = bench.add(1, start="12:00")
    model.set_criteria(Criteria(overdue=True))
    assert model.visible == [] and model.facets().overdue == 0
    bench.now = NOON + timedelta(minutes=5, seconds=1)
    model.tick()
    assert model.visible == [one] and model.facets().overdue == 1
    assert text(model, 0, Column.DUE) == "+5 min"


def test_after_midnight_a_start_of_the_day_before_shows_its_date(bench: Bench, model: WorklistModel) -> None:
    bench.add(1, start="23:50")
    assert text(model, 0, Column.START) == "23:50"
    bench.now = NOON + timedelta(hours=13)
    model.tick()
    assert text(model, 0, Column.START) == "11-19 23:50"


def test_a_report_between_midnight_and_the_next_minute_takes_no_date_away(
    bench: Bench, model: WorklistModel
) -> None:
    bench.add(1, start="23:50")
    other = bench.add(2, start="23:55")
    bench.now = NOON + timedelta(hours=12, seconds=1)
    bench.report(other, "IN PROGRESS")
    bench.now += timedelta(seconds=59)
    model.tick()
    assert {text(model, row, Column.START) for row in (0, 1)} == {"11-19 23:50", "11-19 23:55"}


def test_a_time_at_the_end_of_the_calendar_is_never_overdue(bench: Bench, model: WorklistModel) -> None:
    """Some systems write "never" so."""
    values = workitem().with_elements(
        element(tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME, "99991231235959"),
        element(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME, "99991231"),
    )
    bench.store.apply([Found(key(1), values, None, NOON)])
    assert text(model, 0, Column.START) == "9999-12-31"
    assert model.facets().overdue == 0
    assert model.sorting[1][0] is Column.START and model.visible == [key(1)]


def test_sorting_by_a_column_and_by_a_second_one(bench: Bench, model: WorklistModel) -> None:
    a = bench.add(1, name="Alpha^A", station="S2", start="14:00")
    b = bench.add(2, name="Beta^B", station="S1", start="13:00")
    c = bench.add(3, name="Gamma^C", station="S1", start="12:30")
    model.sort_by(Column.PATIENT)
    assert model.visible == [a, b, c]
    model.sort_by(Column.PATIENT)
    assert model.visible == [c, b, a]
    model.sort_by(Column.STATION)
    assert model.sorting == ((Column.STATION, False),)
    assert model.visible == [c, b, a], "equal rows stand as they stood"
    model.sort_by(Column.START, add=True)
    model.sort_by(Column.PATIENT, add=True)
    assert model.sorting == ((Column.STATION, False), (Column.START, False), (Column.PATIENT, False))
    assert model.visible == [c, b, a]
    model.sort_by(Column.START, add=True)
    assert model.sorting[1] == (Column.START, True)
    assert model.visible == [b, c, a]


class TestFrozen:
    """While the order is frozen, no row moves."""

    @pytest.fixture
    def keys(self, bench: Bench, model: WorklistModel) -> list[WorkitemKey]:
        keys = [bench.add(number, start=f"13:{number:02}") for number in range(1, 6)]
        model.set_frozen(True)
        return keys

    def test_a_change_that_would_move_a_row_waits(
        self, bench: Bench, model: WorklistModel, keys: list[WorkitemKey]
    ) -> None:
        spy = QSignalSpy(model.waiting_changed)
        bench.report(keys[0], "IN PROGRESS")
        assert model.waiting == 0, "its place does not depend on that"
        bench.report(keys[0], "COMPLETED")
        assert model.visible == keys
        assert text(model, 0, Column.STATE) == "Completed"
        assert model.waiting == 1 and spy.at(0) == [1]
        model.arrange()
        assert model.visible == [*keys[1:], keys[0]]
        assert model.waiting == 0

    def test_a_change_that_is_taken_back_waits_no_more(
        self, bench: Bench, model: WorklistModel, keys: list[WorkitemKey]
    ) -> None:
        bench.add(1, priority="LOW", start="13:01")
        bench.report(keys[3], "CANCELED")
        assert model.waiting == 2
        bench.add(1, start="13:01")
        assert model.waiting == 1
        model.set_frozen(False)
        assert model.visible == [keys[0], keys[1], keys[2], keys[4], keys[3]]

    def test_it_is_caught_up_when_the_freeze_ends(
        self, bench: Bench, model: WorklistModel, keys: list[WorkitemKey]
    ) -> None:
        bench.report(keys[2], "CANCELED")
        model.set_frozen(False)
        assert model.visible == [keys[0], keys[1], keys[3], keys[4], keys[2]]

    def test_new_rows_come_last(self, bench: Bench, model: WorklistModel, keys: list[WorkitemKey]) -> None:
        first = bench.add(9, priority="HIGH")
        assert model.visible == [*keys, first]
        assert model.waiting == 1
        model.set_frozen(False)
        assert model.visible == [first, *keys]

    def test_what_leaves_the_filter_stays_for_now(
        self, bench: Bench, model: WorklistModel, keys: list[WorkitemKey]
    ) -> None:
        model.set_criteria(Criteria(states=frozenset({ProcedureStepState.SCHEDULED})))
        bench.report(keys[1], "IN PROGRESS")
        assert model.visible == keys and model.waiting == 1
        model.set_frozen(False)
        assert keys[1] not in model.visible

    def test_what_the_server_dropped_keeps_its_place_and_says_so(
        self, bench: Bench, model: WorklistModel, keys: list[WorkitemKey]
    ) -> None:
        bench.remove(keys[3])
        assert model.visible == keys
        assert text(model, 3, Column.STATE) == "Not listed"
        assert model.facets().loaded == 4
        model.set_frozen(False)
        assert keys[3] not in model.visible and model.row(keys[3]) is None

    def test_a_filter_is_applied_at_once(
        self, bench: Bench, model: WorklistModel, keys: list[WorkitemKey]
    ) -> None:
        model.set_criteria(Criteria(text="nobody"))
        assert model.visible == []

    def test_a_first_search_fills_the_table_in_order(self, bench: Bench, model: WorklistModel) -> None:
        model.set_frozen(True)
        model.set_loading(True)
        bench.add(1, start="14:00")
        assert model.visible == [key(1)]
        bench.add(2, start="13:00")
        model.set_loading(False)  # the rest comes in with the next picture, or at the end
        assert model.visible == [key(2), key(1)]


def test_changed_cells_flash_and_fade(bench: Bench, model: WorklistModel) -> None:
    one = bench.add(1, state="IN PROGRESS")
    model.flashes.clear()
    bench.progress(one, 40)
    assert model.flashes.columns(one) == {Column.PROGRESS}
    assert model.flashes.strength(one) == 1.0
    bench.seconds += FADE / 2
    faint = model.flashes.strength(one)
    assert 0 < faint < 1
    bench.report(one, "COMPLETED")
    assert {Column.PROGRESS, Column.STATE} <= model.flashes.columns(one)
    assert model.flashes.strength(one) == 1.0
    bench.seconds += FADE
    model.flashes.step()
    assert model.flashes.strength(one) == 0 and model.flashes.columns(one) == frozenset()


def test_the_same_report_twice_flashes_once(bench: Bench, model: WorklistModel) -> None:
    one = bench.add(1, state="IN PROGRESS")
    bench.progress(one, 40)
    model.flashes.clear()
    bench.progress(one, 40)
    assert model.flashes.strength(one) == 0


def test_a_first_search_does_not_flash(bench: Bench, model: WorklistModel) -> None:
    model.set_loading(True)
    one = bench.add(1)
    assert model.flashes.strength(one) == 0
    model.set_loading(False)
    other = bench.add(2)
    assert model.flashes.strength(other) == 1.0


def test_where_motion_is_reduced_the_tint_stays_two_seconds_and_goes(qapp: QApplication) -> None:
    now = [0.0]
    flashes = Flashes(clock=lambda: now[0], is_still=lambda: True)
    flashes.add(key(1), {Column.STATE})
    now[0] = 1.9
    assert flashes.strength(key(1)) == 1.0
    now[0] = 2.1
    assert flashes.strength(key(1)) == 0.0
    flashes.clear()


def test_a_closed_model_hears_nothing(bench: Bench, model: WorklistModel) -> None:
    model.close()
    bench.add(1)
    assert model.visible == []


def test_when_a_workitem_ended_is_shown_once_it_is_told(bench: Bench, model: WorklistModel) -> None:
    ended = bench.add(1, state="COMPLETED")
    before = text(model, 0, Column.DUE)
    told = QSignalSpy(model.dataChanged)
    bench.report(ended, "COMPLETED")  # nothing is new but when that was told
    assert text(model, 0, Column.DUE) != before
    columns = [range(told.at(at)[0].column(), told.at(at)[1].column() + 1) for at in range(told.count())]
    assert any(Column.DUE in one for one in columns)
