"""What stands around the rows: chips, pages in place of rows, banner, search strip, sidebar."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.worklist.panels import open_panel
from tests.ui.worklist.values import NOON, Bench
from upsdesk.domain.criteria import Span
from upsdesk.domain.errors import Unreachable
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.status import Service, no_answer, outcome
from upsdesk.ui.worklist.columns import Column
from upsdesk.ui.worklist.filtering import Criteria
from upsdesk.ui.worklist.panel import WorklistPanel

S = ProcedureStepState


@pytest.fixture
def panel(bench: Bench, qtbot: QtBot) -> Iterator[WorklistPanel]:
    with open_panel(bench, qtbot, 900, 420) as made:
        yield made


def texts(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel))


def press(widget: QWidget, words: str) -> None:
    button = next(one for one in widget.findChildren(QPushButton) if one.text() == words)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def title(panel: WorklistPanel, qtbot: QtBot) -> str:
    qtbot.waitUntil(panel.page.isVisible, timeout=2000)
    assert panel.page.shown is not None
    return panel.page.shown.title


def test_before_the_first_search(panel: WorklistPanel, qtbot: QtBot) -> None:
    assert title(panel, qtbot) == "Not searched yet"
    spy = QSignalSpy(panel.search_requested)
    press(panel.page, "Search")
    assert spy.count() == 1


def test_nothing_is_scheduled(panel: WorklistPanel, qtbot: QtBot) -> None:
    panel.set_searching(True)
    assert not panel.page.isVisible() and panel.view.is_loading
    panel.set_searching(False)
    assert title(panel, qtbot) == "Nothing is scheduled today"
    spy = QSignalSpy(panel.new_requested)
    press(panel.page, "New workitem")
    assert spy.count() == 1


def test_an_unreachable_server_is_told_with_the_next_step(panel: WorklistPanel, qtbot: QtBot) -> None:
    panel.set_searching(True)
    panel.set_searching(False)
    panel.set_problem(no_answer(Unreachable("10.20.4.11 port 11112 refused the connection")))
    assert title(panel, qtbot) == "TMS main could not be searched"
    said = texts(panel.page)
    assert "port 11112 refused" in said and "Check host and port" in said
    retry, edit = QSignalSpy(panel.search_requested), QSignalSpy(panel.edit_peer_requested)
    press(panel.page, "Try again")
    press(panel.page, "Edit server")
    assert (retry.count(), edit.count()) == (1, 1)


def test_a_refused_search_is_told_with_its_code(panel: WorklistPanel, qtbot: QtBot) -> None:
    panel.set_problem(outcome(Service.C_FIND, 0xA700))
    assert title(panel, qtbot) == "TMS main refused the search"
    assert "A700" in texts(panel.page)


def test_rows_that_are_there_stay_whatever_goes_wrong(
    bench: Bench, panel: WorklistPanel, qtbot: QtBot
) -> None:
    bench.add(1)
    panel.set_problem(no_answer(Unreachable("gone")))
    panel.set_banner("warning", "Stale: last search 14 min ago", "The server is silent.", "Search", dims=True)
    assert not panel.page.isVisible()
    assert panel.banner.isVisible() and panel.banner.title == "Stale: last search 14 min ago"
    assert panel.view.cells.is_dimmed
    spy = QSignalSpy(panel.banner_pressed)
    press(panel.banner, "Search")
    assert spy.count() == 1
    panel.set_banner("", "", "", "")
    assert not panel.banner.isVisible() and not panel.view.cells.is_dimmed


def test_no_match_names_the_filters_and_what_would_help(
    bench: Bench, panel: WorklistPanel, qtbot: QtBot
) -> None:
    bench.add(1, name="Novák^Jana", state="COMPLETED")
    bench.add(2, name="Okafor^Chidi")
    QTest.keyClicks(panel.bar.field, "novak")
    QTest.mouseClick(panel.bar.states[S.SCHEDULED], Qt.MouseButton.LeftButton)
    assert title(panel, qtbot) == "No workitem matches"
    said = texts(panel.page)
    assert "2 workitems are loaded" in said
    assert "Text: “novak”" in said and "State: Scheduled" in said
    assert "Without the text: 1 match" in said
    press(panel.page, "Reset filters")
    assert len(panel.model.visible) == 2 and panel.bar.field.text() == ""
    assert not panel.bar.states[S.SCHEDULED].isChecked() and not panel.page.isVisible()


def test_filters_that_are_empty_on_a_good_day_say_so(
    bench: Bench, panel: WorklistPanel, qtbot: QtBot
) -> None:
    bench.add(1, start="50:00")
    for criteria, told in (
        (Criteria(held=True), "This desk holds nothing"),
        (Criteria(overdue=True), "Nothing is overdue"),
        (Criteria(span=Span.TODAY), "Nothing is planned for today"),
        (Criteria(span=Span.TODAY, overdue=True), "No workitem matches"),
    ):
        panel.set_criteria(criteria)
        assert title(panel, qtbot) == told
    panel.set_criteria(Criteria(span=Span.TODAY))
    assert "1 workitem of later days is loaded." in texts(panel.page)
    press(panel.page, "Show all that is loaded")
    assert len(panel.model.visible) == 1


def test_chips_count_live_and_filter(bench: Bench, panel: WorklistPanel, qtbot: QtBot) -> None:
    one = bench.add(1, start="11:00")
    bench.add(2, state="IN PROGRESS")
    chips = panel.bar.states
    qtbot.waitUntil(lambda: chips[S.SCHEDULED].count == 1 and chips[S.IN_PROGRESS].count == 1, timeout=2000)
    assert panel.bar.overdue.count == 1
    assert panel.bar.overdue.accessibleName() == "Overdue, 1 workitem"
    bench.report(one, "IN PROGRESS")
    qtbot.waitUntil(lambda: chips[S.IN_PROGRESS].count == 2, timeout=2000)
    assert chips[S.SCHEDULED].count == 0 and panel.bar.overdue.count == 0
    QTest.keyClick(chips[S.COMPLETED], Qt.Key.Key_Space)
    assert panel.model.criteria.states == {S.COMPLETED} and panel.model.visible == []
    QTest.keyClick(chips[S.IN_PROGRESS], Qt.Key.Key_Space)
    assert len(panel.model.visible) == 2, "chips add up"
    assert chips[S.IN_PROGRESS].count == 2, "chips do not count each other out"


def test_escape_clears_the_text(bench: Bench, panel: WorklistPanel) -> None:
    panel.focus_filter()
    QTest.keyClicks(panel.bar.field, "abc")
    QTest.keyClick(panel.bar.field, Qt.Key.Key_Escape)
    assert panel.bar.field.text() == "" and panel.model.criteria.is_open


def test_a_search_that_takes_long_says_how_far_it_is(panel: WorklistPanel, qtbot: QtBot) -> None:
    panel.set_searching(True, 0)
    assert not panel.strip.isVisible(), "a short search leaves the window calm"
    panel.set_searching(True, 1240)
    qtbot.waitUntil(panel.strip.isVisible, timeout=2000)
    assert panel.strip.words == "Searching TMS main: 1\u00a0240 so far"
    spy = QSignalSpy(panel.stop_requested)
    press(panel.strip, "Stop")
    assert spy.count() == 1
    panel.set_searching(False, 1240)
    assert not panel.strip.isVisible()


def test_time_passes_by_itself(bench: Bench, panel: WorklistPanel, qtbot: QtBot) -> None:
    bench.add(1, start="12:30")
    bench.now = NOON + timedelta(minutes=10)
    cell = panel.model.index(0, Column.DUE)
    qtbot.waitUntil(lambda: cell.data() == "in 20 min", timeout=10_000)


def test_the_button_that_clears_the_filter_goes_with_the_text(panel: WorklistPanel, qtbot: QtBot) -> None:
    field = panel.bar.field
    clear = field.findChildren(QToolButton)[-1]
    assert not clear.isVisible()
    QTest.keyClicks(field, "nov")
    qtbot.waitUntil(lambda: clear.isVisible() and clear.property("opacity") == 1.0, timeout=2000)
    panel.reset_filters()
    qtbot.waitUntil(lambda: not clear.isVisible() or clear.property("opacity") == 0.0, timeout=2000)
    assert field.text() == ""
    panel.set_criteria(Criteria(text="jana"))
    qtbot.waitUntil(clear.isVisible, timeout=2000)
