"""Sorting and filtering many rows: in bounded pieces, with a sign, and to be called off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.worklist.panels import open_panel
from tests.ui.worklist.values import PEER, Bench, key, workitem
from upsdesk.domain.criteria import Choice, Criteria
from upsdesk.domain.events import Found
from upsdesk.services.flags import Following
from upsdesk.ui.worklist.columns import Column
from upsdesk.ui.worklist.counting import PART, Counting
from upsdesk.ui.worklist.errand import PIECE, Errand
from upsdesk.ui.worklist.facets import Facets
from upsdesk.ui.worklist.model import WorklistModel
from upsdesk.ui.worklist.panel import WorklistPanel

COUNT = 600
STATES = ("SCHEDULED", "IN PROGRESS")
NAMES = ("Novák^Jana", "Okafor^Chidi", "Adams^Ann")


class Clock:
    """Goes on with what is done."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_piece_ends_with_its_time_and_the_last_one_does_what_it_is_for(
    qapp: QApplication, qtbot: QtBot
) -> None:
    clock, pieces, done = Clock(), [0], []

    def steps() -> Iterator[float]:
        for number in range(10):
            clock.now += PIECE / 3
            pieces[-1] += 1
            yield number / 10

    errand = Errand(clock=clock)
    errand.changed.connect(lambda: pieces.append(0))
    errand.begin("Sorting", steps(), lambda: done.append(errand.words))
    assert pieces == [3, 0] and errand.words == "Sorting" and not done, "only the first is waited for"
    qtbot.waitUntil(lambda: bool(done))
    assert [count for count in pieces if count] == [3, 3, 3, 1] and done == [""]
    errand.begin("Sorting", steps(), lambda: done.append("again"))
    errand.begin("Sorting", iter(()), lambda: done.append("another"))
    assert done == ["", "another"] and not errand.is_under_way


@pytest.fixture
def panel(bench: Bench, qtbot: QtBot) -> Iterator[WorklistPanel]:
    with open_panel(bench, qtbot, 1000, 400) as panel:
        told = [workitem(name=name, start="12:30") for name in NAMES]
        found = [Found(key(at), told[at % 3], None, bench.now) for at in range(COUNT)]
        bench.store.apply(found)
        ticks = iter(range(1_000_000))
        panel.model.wishes.set_clock(lambda: next(ticks) * PIECE)
        panel.model.arrange()
        yield panel


def test_a_click_on_a_header_sorts_in_pieces_and_the_table_answers(
    panel: WorklistPanel, bench: Bench, qtbot: QtBot
) -> None:
    model, before = panel.model, list(panel.model.visible)
    panel.busy.set_patience(0)
    panel.view.sort(Column.PATIENT)
    assert model.visible == before and model.wishes.words == "Sorting by Patient"
    panel.view.select(before[5])
    bench.remove(key(7))
    bench.add(8, name="Aaby^Bo", start="12:30")
    bench.add(COUNT, name="Aaby^Cy", start="12:30")
    qtbot.waitUntil(panel.busy.isVisible)
    assert panel.busy.words.startswith("Sorting by Patient… ")
    qtbot.waitUntil(lambda: not model.wishes.words)
    assert not panel.busy.isVisible() and panel.view.key == before[5]
    assert model.visible[:2] == [key(8), key(COUNT)] and key(7) not in model.visible
    names = [model.row_at(at).by_patient for at in range(len(model.visible))]
    assert names == sorted(names) and len(names) == COUNT


def test_another_click_takes_the_place_of_the_first_and_escape_of_both(
    panel: WorklistPanel, qtbot: QtBot
) -> None:
    model, before, sorting = panel.model, list(panel.model.visible), panel.model.sorting
    panel.view.sort(Column.PATIENT)
    panel.view.sort(Column.PATIENT_ID)
    assert model.wishes.words == "Sorting by Patient ID"
    QTest.keyClick(panel.view, Qt.Key.Key_Escape)
    assert not model.wishes.words and model.visible == before and model.sorting == sorting
    panel.view.sort(Column.PATIENT)
    panel.view.sort(Column.PATIENT)
    qtbot.waitUntil(lambda: not model.wishes.words)
    assert model.sorting == ((Column.PATIENT, True),), "turned round before it was done"


def test_a_text_is_looked_for_in_pieces_and_the_last_key_counts(panel: WorklistPanel, qtbot: QtBot) -> None:
    model, field = panel.model, panel.bar.field
    QTest.keyClicks(field, "ja")
    assert len(model.visible) == COUNT and model.criteria == Criteria(text="ja")
    assert panel.bar.field.text() == "ja"
    QTest.keyClicks(field, "na")
    qtbot.waitUntil(lambda: not model.wishes.words)
    assert model.visible == [key(at) for at in range(0, COUNT, 3)]
    assert model.count_matching(Criteria(text="chidi")) == COUNT // 3


def test_a_text_that_is_called_off_leaves_the_field(panel: WorklistPanel) -> None:
    QTest.keyClicks(panel.bar.field, "ja")
    assert panel.model.wishes.words == "Looking through all rows"
    QTest.keyClick(panel.view, Qt.Key.Key_Escape)
    assert panel.bar.field.text() == "" and panel.model.criteria == Criteria()
    assert len(panel.model.visible) == COUNT and not panel.model.wishes.words


def test_enter_waits_for_the_rows_to_be_looked_through(panel: WorklistPanel, qtbot: QtBot) -> None:
    """A row that stood alone before must not be taken for what was typed."""
    QTest.keyClicks(panel.bar.field, "ja")
    QTest.keyClick(panel.bar.field, Qt.Key.Key_Return)
    assert panel.view.key is None
    qtbot.waitUntil(lambda: not panel.model.wishes.words)
    assert len(panel.model.visible) == COUNT // 3 and panel.view.key is None


def test_rows_are_counted_in_bounded_parts_and_what_changes_meanwhile_is_counted_again(
    bench: Bench, qtbot: QtBot
) -> None:
    count = 3 * PART
    told = [workitem(state=state, station=station) for state in STATES for station in ("FX1", "FX2")]
    bench.store.apply([Found(key(at), told[at % len(told)], None, bench.now) for at in range(count)])
    bench.store.set_following(key(count - 1), Following.YES)
    model = WorklistModel(bench.store, bench.clock, bench.zone)
    model.set_peer(PEER.id)
    ticks = iter(range(1_000_000))
    counting, found = Counting(model, clock=lambda: PIECE * next(ticks)), list[Facets]()
    counting.counted.connect(found.append)
    counting.now()
    assert not found, "the clock has run out after the first part"
    bench.report(key(0), "COMPLETED")
    bench.remove(key(count - 2))
    bench.remove(key(1))
    qtbot.waitUntil(lambda: counting.is_settled and len(found) == 2)
    assert found[-1] == model.facets() and found[-1].loaded == count - 2 and found[-1].followed == 1
    model.set_criteria(Criteria(stations=Choice(frozenset({"FX2"}))))
    counting.by_other_criteria()
    counting.by_other_criteria()
    qtbot.waitUntil(lambda: counting.is_settled)
    assert found[-1] == model.facets() and found[-1].shown == len(model.visible)
    counting.stop()
    model.close()
