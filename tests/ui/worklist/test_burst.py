"""Thousands of changes at once: what is told and lit of rows that nobody sees is bounded."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QModelIndex
from PySide6.QtWidgets import QApplication

from tests.ui.worklist.values import PEER, Bench, key, workitem
from upsdesk.domain.events import Found, ProgressReported
from upsdesk.domain.workitem import Progress
from upsdesk.ui.worklist.columns import Column
from upsdesk.ui.worklist.flash import Flashes
from upsdesk.ui.worklist.model import WorklistModel

COUNT = 700
SIGHT = range(300, 330)


@pytest.fixture
def model(bench: Bench, qapp: QApplication) -> Iterator[WorklistModel]:
    elements = workitem(state="IN PROGRESS")
    bench.store.apply([Found(key(number), elements, None, bench.now) for number in range(COUNT)])
    flashes = Flashes(clock=bench.monotonic, is_still=lambda: False)
    made = WorklistModel(bench.store, bench.clock, bench.zone, flashes=flashes, seconds=lambda: 0.0)
    made.set_peer(PEER.id)
    made.set_sight(lambda: SIGHT)
    yield made
    made.close()


def report(bench: Bench, numbers: range, percent: float) -> None:
    bench.store.apply([ProgressReported(key(at), Progress(percent), bench.now) for at in numbers])


def test_rows_out_of_sight_are_told_of_in_two_runs(bench: Bench, model: WorklistModel) -> None:
    told: list[range] = []

    def note(first: QModelIndex, last: QModelIndex) -> None:
        told.append(range(first.row(), last.row() + 1))

    model.dataChanged.connect(note)
    report(bench, range(0, COUNT, 3), 40)
    seen = [range(at, at + 1) for at in SIGHT if at % 3 == 0]
    assert told == [range(298), *seen, range(330, COUNT)]


def test_of_a_burst_the_rows_in_sight_are_lit(bench: Bench, model: WorklistModel) -> None:
    report(bench, range(100), 40)
    assert all(model.flashes.columns(key(at)) == {Column.PROGRESS} for at in range(100)), "few: all of them"
    report(bench, range(COUNT), 41)
    lit = {at for at in range(COUNT) if model.flashes.strength(key(at)) > 0}
    assert lit == {*range(100), *SIGHT}
    bench.seconds += 10
    model.flashes.step()
    report(bench, range(650, COUNT), 42)
    assert model.flashes.strength(key(COUNT - 1)) == 1.0, "few again"


def test_progress_moves_a_row_only_where_the_order_is_by_progress(bench: Bench, model: WorklistModel) -> None:
    report(bench, range(3, 4), 70)
    assert model.visible[:5] == [key(at) for at in range(5)]
    model.sort_by(Column.PROGRESS)
    assert model.visible[0] == key(3)
    report(bench, range(5, 6), 90)
    assert model.visible[:2] == [key(5), key(3)]
    model.sort_by(Column.STATE)
    report(bench, range(6, 7), 95)
    assert model.visible[:3] == [key(6), key(5), key(3)], "among equal states the last order counts"
