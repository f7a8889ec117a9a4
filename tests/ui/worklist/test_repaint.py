"""What is drawn again: every cell that looks different, and at a stream of reports no others."""

import random
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.worklist.panels import open_panel
from tests.ui.worklist.values import NOON, Bench, key, workitem
from upsdesk.domain.events import Found, ProgressReported
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.domain.status import Kind, Outcome
from upsdesk.domain.workitem import Progress
from upsdesk.services.flags import Mark, MarkKind, PendingAct
from upsdesk.ui.worklist.columns import Column
from upsdesk.ui.worklist.flash import FADE, Flashes
from upsdesk.ui.worklist.panel import WorklistPanel

ROWS = 8


class Screen(QObject):
    """The table as the screen has it: a picture of which only what was drawn again is replaced."""

    def __init__(self, panel: WorklistPanel) -> None:
        super().__init__(panel)
        self._viewport = panel.view.viewport()
        self._drawn = QRegion()
        self._is_looking = False
        self._picture = self._whole()
        self._viewport.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent) and not self._is_looking:
            self._drawn += event.region()
        return False

    def _whole(self) -> QImage:
        self._is_looking = True
        image = self._viewport.grab().toImage()
        self._is_looking = False
        return image

    def settle(self) -> QRegion:
        """Let Qt draw; what it has drawn. The picture must be that of a table drawn as a whole."""
        QApplication.processEvents()
        drawn, self._drawn = self._drawn, QRegion()
        whole = self._whole()
        painter = QPainter(self._picture)
        painter.setClipRegion(drawn)
        painter.drawImage(QPoint(0, 0), whole)
        painter.end()
        assert self._picture == whole
        return drawn


@pytest.fixture
def panel(bench: Bench, qtbot: QtBot) -> Iterator[WorklistPanel]:
    with open_panel(bench, qtbot, 1100, 420) as made:
        made.model.flashes._clock = bench.monotonic
        made.model.flashes._is_still = lambda: False
        for number in range(ROWS):
            bench.add(number, start=f"13:{number:02}", state="IN PROGRESS")
        QApplication.processEvents()
        yield made
        QTest.mouseMove(made.bar.field)  # or the next window begins with the pointer over its rows


@pytest.fixture
def screen(panel: WorklistPanel) -> Screen:
    return Screen(panel)


def is_at_rest(panel: WorklistPanel) -> bool:
    """Nothing waits that is measured or counted in pieces, and would move columns or chips."""
    waiting = panel.view.widths._measuring._rows or panel.model._preparing._rows
    return not waiting and panel.counting.is_settled


def fade(bench: Bench, flashes: Flashes) -> None:
    bench.seconds += FADE
    flashes.step()


def test_reports_about_a_lit_row_draw_their_cells_only(
    bench: Bench, panel: WorklistPanel, screen: Screen
) -> None:
    fade(bench, panel.model.flashes)
    screen.settle()
    bench.progress(key(3), 10)
    whole_row = screen.settle().boundingRect()
    assert whole_row.width() == panel.view.viewport().width()
    assert whole_row.height() == panel.view.row_height
    for number in (1, 5):
        bench.progress(key(number), 10)
    screen.settle()
    for number in (1, 3, 5):
        bench.progress(key(number), 20)
    cells = {panel.view.visualRect(panel.model.index(row, Column.PROGRESS)).getRect() for row in (1, 3, 5)}
    assert {rect.getRect() for rect in screen.settle()} == cells
    panel.model.flashes.step()
    assert screen.settle().isEmpty(), "in full colour nothing fades yet"
    bench.seconds += FADE / 2
    panel.model.flashes.step()
    assert {rect.getRect() for rect in screen.settle()} == cells


def test_what_is_out_of_sight_is_not_drawn(bench: Bench, panel: WorklistPanel, qtbot: QtBot) -> None:
    for number in range(ROWS, 100):
        bench.add(number, start=f"14:{number % 60:02}", state="IN PROGRESS")
    panel.model.arrange()
    fade(bench, panel.model.flashes)
    qtbot.waitUntil(lambda: is_at_rest(panel))
    screen = Screen(panel)
    screen.settle()
    hidden = [number for number in range(100) if key(number) not in panel.view.keys_in_sight()]
    for percent in (10, 20):
        for number in hidden:
            bench.progress(key(number), percent)
        bench.store.apply([ProgressReported(key(number), Progress(percent + 1), NOON) for number in hidden])
        assert screen.settle().isEmpty()
    fade(bench, panel.model.flashes)
    assert screen.settle().isEmpty()


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_no_cell_keeps_an_old_picture(
    bench: Bench, panel: WorklistPanel, screen: Screen, seed: int
) -> None:
    dice = random.Random(seed)
    store, flashes = bench.store, panel.model.flashes
    refused = Mark(MarkKind.REFUSED, Action.START, Outcome(Kind.NONE, "no"), NOON)

    def later() -> None:
        bench.seconds += dice.choice((0.05, 0.3, 0.7, FADE))
        flashes.step()

    def point() -> None:
        # Not by QTest, which would leave the pointer there for the tests that follow.
        at = QPointF(panel.view.visualRect(panel.model.index(dice.randrange(ROWS), Column.LABEL)).center())
        none = Qt.MouseButton.NoButton
        over = panel.view.viewport().mapToGlobal(at)
        kind = QEvent.Type.MouseMove
        moved = QMouseEvent(kind, at, over, none, none, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(panel.view.viewport(), moved)

    def click() -> None:
        row = panel.view.visualRect(panel.model.index(dice.randrange(ROWS), Column.LABEL))
        QTest.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=row.center())

    acts = (
        lambda: bench.progress(key(dice.randrange(ROWS)), dice.randrange(101)),
        lambda: bench.progress(key(dice.randrange(ROWS)), dice.randrange(101)),
        lambda: bench.report(key(dice.randrange(ROWS)), dice.choice(("COMPLETED", "CANCELED"))),
        lambda: bench.add(dice.randrange(ROWS), label=dice.choice("ABC"), start="13:30", inputs="INCOMPLETE"),
        lambda: store.set_mark(key(dice.randrange(ROWS)), dice.choice((None, refused))),
        lambda: store.set_pending(
            key(dice.randrange(ROWS)), dice.choice((None, PendingAct(Action.COMPLETE, NOON)))
        ),
        lambda: store.set_held([key(dice.randrange(ROWS))], dice.random() < 0.5),
        later,
        later,
        point,
        click,
    )
    for _ in range(60):
        for _ in range(dice.randrange(1, 4)):
            dice.choice(acts)()
        screen.settle()


class Drawn(QObject):
    """Which of some widgets are drawn from now on."""

    def __init__(self, widgets: list[QWidget]) -> None:
        super().__init__(widgets[0])
        self.widgets: set[QObject] = set()
        for widget in widgets:
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.widgets.add(watched)
        return False


def test_a_key_in_the_filter_draws_no_control_that_says_the_same(
    bench: Bench, panel: WorklistPanel, qtbot: QtBot
) -> None:
    bench.report(key(0), "COMPLETED")
    bench.add(ROWS, name="Smith^John")
    qtbot.waitUntil(lambda: is_at_rest(panel))
    QApplication.processEvents()
    bar = panel.bar
    controls = bar.findChildren(QPushButton)
    drawn = Drawn([*controls, bar.field])
    QTest.keyClicks(bar.field, "n")  # Novák is in progress, and Smith, John is scheduled
    QApplication.processEvents()
    assert drawn.widgets == {bar.field}
    drawn.widgets.clear()
    QTest.keyClicks(bar.field, "o")
    qtbot.waitUntil(lambda: is_at_rest(panel))
    QApplication.processEvents()
    scheduled = bar.states[ProcedureStepState.SCHEDULED]
    QTest.keyClicks(bar.field, "v")
    QApplication.processEvents()
    assert scheduled.count == 0
    assert scheduled in drawn.widgets and drawn.widgets <= {bar.field, scheduled}


def test_rows_that_need_a_scroll_bar_never_show_one_across(bench: Bench, qtbot: QtBot) -> None:
    with open_panel(bench, qtbot, 1000, 420) as panel:
        panel.set_searching(True)
        QApplication.processEvents()
        bench.store.apply([Found(key(number), workitem(start="13:00"), None, NOON) for number in range(60)])
        # As they would be painted now: no timer has to put them right before.
        assert panel.view.verticalScrollBar().isVisible()
        assert not panel.view.horizontalScrollBar().isVisible()
