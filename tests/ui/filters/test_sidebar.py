"""The sidebar and the menus of the filter bar: counts, one value alone, ranges, and a narrow window."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.worklist.panels import open_panel
from tests.ui.worklist.values import PEER, Bench, key
from upsdesk.domain.codes import Code
from upsdesk.domain.criteria import Choice, Criteria, Span
from upsdesk.domain.keys import PeerId
from upsdesk.domain.saved_filter import HELD, OVERDUE, TODAY, SavedFilter
from upsdesk.domain.workitem import InputReadiness, Priority
from upsdesk.services.flags import Following
from upsdesk.services.saved_filters import SavedFilters
from upsdesk.ui import theme
from upsdesk.ui.filters.editing import FilterEditing
from upsdesk.ui.filters.flyout import FlyoutButton
from upsdesk.ui.filters.keeper import FilterKeeper
from upsdesk.ui.sidebar import Sidebar
from upsdesk.ui.worklist.panel import WorklistPanel

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def panel(bench: Bench, qtbot: QtBot) -> Iterator[WorklistPanel]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply_theme(app, theme.load_theme("light"))
    with open_panel(bench, qtbot, 900, 420) as made:
        yield made


@pytest.fixture
def keeper(panel: WorklistPanel, tmp_path: Path) -> Iterator[FilterKeeper]:
    made = FilterKeeper(SavedFilters(tmp_path), panel, panel)
    yield made
    made.stop()


def sidebar_for(keeper: FilterKeeper, panel: WorklistPanel) -> Sidebar:
    editing = FilterEditing(panel, keeper, lambda: False, panel._desk)
    return Sidebar(keeper, panel, editing, lambda: Code("FX2", "99X", "FX2"))


@pytest.fixture
def sidebar(keeper: FilterKeeper, panel: WorklistPanel, qtbot: QtBot) -> Sidebar:
    made = sidebar_for(keeper, panel)
    qtbot.addWidget(made)
    made.resize(160, 640)
    made.show()
    qtbot.waitExposed(made)
    return made


def choose(widget: QWidget, qtbot: QtBot, words: str) -> None:
    """Open the menu of a button by key, and press the entry that begins so."""
    QTest.keyClick(widget, Qt.Key.Key_Space)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    entry = next(action for action in menu.actions() if action.text().startswith(words))
    QTest.mouseClick(menu, LEFT, pos=menu.actionGeometry(entry).center())
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is None, timeout=2000)


def test_saved_filters_count_live_and_apply(
    bench: Bench, panel: WorklistPanel, keeper: FilterKeeper, sidebar: Sidebar, qtbot: QtBot
) -> None:
    held = bench.add(1, state="IN PROGRESS", station="FX1")
    late = bench.add(2, start="11:00", station="FX2", inputs="INCOMPLETE")
    bench.add(3, start="13:00", station="AI")
    bench.add(4, start="100:00", station="AI")
    bench.store.set_held([held], True)
    row = sidebar.list.row
    qtbot.waitUntil(lambda: row(HELD.name).count == 1 and row(TODAY.name).count == 3, timeout=2000)
    assert row(OVERDUE.name).accessibleName() == "Overdue, 1 workitem"
    QTest.mouseClick(row(HELD.name), LEFT)
    assert panel.model.visible == [held] and row(HELD.name).isChecked()
    assert panel.bar.held.isVisible() and panel.bar.held.isChecked()
    QTest.keyClick(row(HELD.name), Qt.Key.Key_Down)
    assert row(OVERDUE.name).hasFocus()
    QTest.keyClick(row(OVERDUE.name), Qt.Key.Key_Return)
    assert panel.model.visible == [late] and not panel.bar.held.isVisible()
    bench.report(late, "COMPLETED")
    qtbot.waitUntil(lambda: row(OVERDUE.name).count == 0, timeout=2000)


def test_a_filter_is_dragged_among_the_users_own(keeper: FilterKeeper, sidebar: Sidebar) -> None:
    for name in ("One", "Two", "Three"):
        keeper.saved.add(SavedFilter(name, Criteria()))
    keeper.choose(TODAY.name)

    def drag(name: str, rows: int) -> list[str]:
        row = sidebar.list.row(name)
        start = row.rect().center()
        QTest.mousePress(row, LEFT, pos=start)
        for part in (1, 2, 3):
            QTest.mouseMove(row, start + QPoint(0, rows * row.height() * part // 3))
        QTest.mouseRelease(row, LEFT, pos=start + QPoint(0, rows * row.height()))
        return [one.name for one in sidebar.list.rows[3:]]

    assert drag("Three", -2) == ["Three", "One", "Two"]
    assert drag("Three", 1) == ["One", "Three", "Two"]
    assert drag("Two", -9) == ["Two", "One", "Three"], "not above the built-in ones"
    assert drag(HELD.name, 3) == ["Two", "One", "Three"] and keeper.current == TODAY
    assert all(row.edge is None for row in sidebar.list.rows)


def test_a_mark_tells_what_differs_until_it_is_reset(
    bench: Bench, panel: WorklistPanel, keeper: FilterKeeper, sidebar: Sidebar
) -> None:
    bench.add(1, station="FX1")
    bench.add(2, station="FX2")
    keeper.choose(TODAY.name)
    assert not sidebar.save_button.isVisible() and not sidebar.list.row(TODAY.name).is_changed
    QTest.keyClick(sidebar.stations.boxes["FX1"], Qt.Key.Key_Space)
    assert sidebar.list.row(TODAY.name).is_changed
    assert sidebar.list.row(TODAY.name).accessibleName().startswith("All of today, changed")
    assert not sidebar.list.row(HELD.name).is_changed
    QTest.keyClick(sidebar.stations.boxes["FX1"], Qt.Key.Key_Space)
    assert not sidebar.list.row(TODAY.name).is_changed, "changed back is not changed"
    QTest.keyClicks(panel.bar.field, "nov")
    assert sidebar.list.row(TODAY.name).is_changed and sidebar.reset_button.isVisible()
    QTest.mouseClick(sidebar.reset_button, LEFT)
    assert panel.bar.field.text() == "" and panel.model.criteria == TODAY.criteria


def test_a_press_on_a_name_shows_it_alone_and_on_its_box_hides_it(
    bench: Bench, panel: WorklistPanel, sidebar: Sidebar, qtbot: QtBot
) -> None:
    one, two, three = (bench.add(number, station=f"S{number}") for number in (1, 2, 3))
    boxes = sidebar.stations.boxes
    qtbot.waitUntil(lambda: len(boxes) == 3, timeout=2000)
    on_box, on_name = QPoint(9, boxes["S1"].height() // 2), QPoint(60, boxes["S1"].height() // 2)
    QTest.mouseClick(boxes["S1"], LEFT, pos=on_box)
    assert set(panel.model.visible) == {two, three}
    QTest.mouseClick(boxes["S1"], LEFT, pos=on_name)
    assert panel.model.visible == [one]
    new = bench.add(4, station="S4")
    assert panel.model.visible == [one], "only this: others that come are not shown"
    QTest.keyClick(boxes["S1"], Qt.Key.Key_Return)
    assert set(panel.model.visible) == {one, two, three, new}
    choose(sidebar.stations.menu_button, qtbot, "None")
    assert panel.model.visible == [] and not any(box.isChecked() for box in boxes.values())
    QTest.keyClick(boxes["S2"], Qt.Key.Key_Space)
    assert panel.model.visible == [two]
    qtbot.waitUntil(lambda: boxes["S1"].entry.count == 1, timeout=2000)
    choose(sidebar.stations.menu_button, qtbot, "All")
    assert panel.model.criteria.stations.is_open
    QTest.keyClick(boxes["S2"], Qt.Key.Key_Down)
    assert boxes["S3"].hasFocus()


def test_stations_and_inputs_count_what_the_other_filters_let_through(
    bench: Bench, panel: WorklistPanel, sidebar: Sidebar, qtbot: QtBot
) -> None:
    bench.add(1, station="FX1", inputs="READY")
    bench.add(2, station="AI", inputs="INCOMPLETE")
    bench.add(3, station="FX2", inputs="READY")
    stations, inputs = sidebar.stations.boxes, sidebar.inputs.boxes
    qtbot.waitUntil(lambda: len(stations) == 3, timeout=2000)
    assert list(stations) == ["FX2", "AI", "FX1"], "this desk's station comes first"
    QTest.keyClick(inputs[InputReadiness.READY], Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: stations["AI"].entry.count == 0, timeout=2000)
    assert [box.entry.count for box in stations.values()] == [1, 0, 1]
    assert [box.entry.count for box in inputs.values()] == [2, 1]


def test_a_stations_name_is_no_key_and_a_long_one_leaves_room_for_its_count(
    bench: Bench, sidebar: Sidebar, qtbot: QtBot
) -> None:
    long = "RADIOTHERAPY & PHYSICS LAB, NORTH WING"
    for number, station in enumerate(("R&D", long, "FX2")):
        bench.add(number, station=station)
    boxes = sidebar.stations.boxes
    qtbot.waitUntil(lambda: len(boxes) == 3 and boxes[long].text().endswith("…"), timeout=2000)
    assert boxes["R&D"].text() == "R&&D" and boxes["R&D"].shortcut().isEmpty()
    assert boxes["R&D"].accessibleName() == "R&D, 1 workitem"
    assert long in boxes[long].toolTip()
    assert boxes[long].text().startswith("RADIOTH")
    words = QFontMetrics(boxes[long].font()).horizontalAdvance(boxes[long].text())
    assert 28 + words + 6 <= boxes[long].width() - 8


def test_of_many_stations_the_first_and_the_chosen_are_listed(
    bench: Bench, panel: WorklistPanel, sidebar: Sidebar, qtbot: QtBot
) -> None:
    for number in range(40):
        bench.add(number, station=f"S{number:02}")
    qtbot.waitUntil(lambda: len(sidebar.stations.boxes) == 40, timeout=2000)
    boxes, more = sidebar.stations.boxes, sidebar.stations.more_button
    shown = lambda: [name for name, box in sidebar.stations.boxes.items() if box.isVisibleTo(sidebar)]  # noqa: E731
    assert shown() == [f"S{number:02}" for number in range(12)] and more.text() == "All 40"
    QTest.keyClick(more, Qt.Key.Key_Space)
    assert len(shown()) == 40
    QTest.keyClick(boxes["S37"], Qt.Key.Key_Return)
    QTest.keyClick(more, Qt.Key.Key_Space)
    assert shown()[-2:] == ["S11", "S37"] and more.text() == "All 40"
    panel.set_criteria(Criteria(stations=Choice(frozenset({"NOT LOADED"}), is_only=True)))
    assert shown()[0] == "NOT LOADED" and sidebar.stations.boxes["NOT LOADED"].isChecked()
    QTest.keyClick(sidebar.stations.boxes["NOT LOADED"], Qt.Key.Key_Return)
    assert len(panel.model.visible) == 40


def test_tab_goes_through_the_bar_as_it_is_read(
    panel: WorklistPanel, keeper: FilterKeeper, qtbot: QtBot
) -> None:
    button = FlyoutButton(keeper, lambda: sidebar_for(keeper, panel))
    panel.bar.add_menu(button)
    panel.bar.add_tool(QToolButton())
    panel.resize(1400, 420)
    button.show()
    at, chain = panel.bar.field.nextInFocusChain(), [panel.bar.field]
    while at is not panel.bar.field:
        if at.parent() is panel.bar and at.isVisible() and at.focusPolicy() & Qt.FocusPolicy.TabFocus:
            chain.append(at)
        at = at.nextInFocusChain()
    qtbot.waitUntil(lambda: all(one.x() < two.x() for one, two in pairwise(chain)), timeout=2000)
    assert chain[1] is button and len(chain) >= 6


def test_the_words_of_inputs_are_not_cut(bench: Bench, sidebar: Sidebar, qtbot: QtBot) -> None:
    for number, readiness in enumerate(InputReadiness):
        bench.add(number, inputs=readiness.value)
    boxes = sidebar.inputs.boxes
    qtbot.waitUntil(lambda: len(boxes) == 3 and boxes[InputReadiness.READY].width() > 100, timeout=2000)
    assert [box.text() for box in boxes.values()] == ["Ready", "Incomplete", "Unavailable"]


def test_ranges_are_chosen_in_the_sidebar_and_in_the_bar(
    bench: Bench, panel: WorklistPanel, sidebar: Sidebar, qtbot: QtBot
) -> None:
    bench.add(1, start="12:30")
    bench.add(2, start="50:00")
    buttons = sidebar.spans.buttons
    QTest.mouseClick(buttons[Span.TODAY], LEFT)
    assert panel.model.criteria.span is Span.TODAY and len(panel.model.visible) == 1
    assert panel.bar.span.accessibleName() == "Planned start: Today"
    QTest.keyClick(buttons[Span.TODAY], Qt.Key.Key_Right)
    assert buttons[Span.THREE_DAYS].hasFocus()
    QTest.keyClick(buttons[Span.THREE_DAYS], Qt.Key.Key_Space)
    assert len(panel.model.visible) == 2
    choose(panel.bar.span, qtbot, "Now ± 1 h")
    assert buttons[Span.HOUR].isChecked() and not buttons[Span.THREE_DAYS].isChecked()
    QTest.mouseClick(buttons[Span.HOUR], LEFT)
    assert panel.model.criteria.span is Span.ANY, "again: any time"


def test_priority_and_worklist_menus(bench: Bench, panel: WorklistPanel, qtbot: QtBot) -> None:
    high = bench.add(1, priority="HIGH", worklist="RT linac")
    bench.add(2, priority="LOW", worklist="CT & MR")
    none = bench.add(3, priority="HIGH")
    choose(panel.bar.priority, qtbot, "High\t2")
    assert set(panel.model.visible) == {high, none}
    choose(panel.bar.worklist, qtbot, "RT linac\t1")
    assert panel.model.visible == [high]
    assert panel.bar.worklist.accessibleName() == "Worklist: RT linac"
    choose(panel.bar.worklist, qtbot, "CT && MR\t0")
    choose(panel.bar.priority, qtbot, "Low")
    assert panel.model.criteria.priorities == {Priority.HIGH, Priority.LOW}
    assert panel.model.criteria.worklists == {"RT linac", "CT & MR"} and len(panel.model.visible) == 2
    choose(panel.bar.priority, qtbot, "Any")
    choose(panel.bar.worklist, qtbot, "Any")
    assert panel.model.criteria.is_open


def test_what_is_followed_and_kept_at_the_server(
    bench: Bench, panel: WorklistPanel, sidebar: Sidebar, qtbot: QtBot
) -> None:
    followed, kept, other = (bench.add(number) for number in (1, 2, 3))
    assert not sidebar.followed.isVisible()
    bench.store.set_following(followed, Following.YES)
    bench.store.set_following(kept, Following.KEPT)
    qtbot.waitUntil(sidebar.followed.isVisible, timeout=2000)
    assert (sidebar.followed.followed.entry.count, sidebar.followed.kept.entry.count) == (2, 1)
    QTest.keyClick(sidebar.followed.followed, Qt.Key.Key_Space)
    assert set(panel.model.visible) == {followed, kept}
    QTest.mouseClick(sidebar.followed.kept, LEFT, pos=QPoint(60, 8))
    assert panel.model.visible == [kept]
    QTest.keyClick(sidebar.followed.kept, Qt.Key.Key_Return)
    QTest.keyClick(sidebar.followed.followed, Qt.Key.Key_Space)
    assert set(panel.model.visible) == {followed, kept, other}


def test_many_rows_are_counted_a_few_at_a_time_for_all_filters(
    bench: Bench, panel: WorklistPanel, keeper: FilterKeeper, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("upsdesk.ui.filters.keeper._PART", 1)
    for number in range(5):
        bench.add(number, start="11:00" if number % 2 else "12:30")
    wanted = {TODAY.name: 5, HELD.name: 0, OVERDUE.name: 2}
    qtbot.waitUntil(lambda: keeper.counts == wanted, timeout=4000)
    bench.remove(key(1))
    qtbot.waitUntil(lambda: keeper.counts == wanted | {TODAY.name: 4, OVERDUE.name: 1}, timeout=4000)


def test_another_server_keeps_the_saved_filter_and_forgets_its_stations(
    panel: WorklistPanel, keeper: FilterKeeper
) -> None:
    keeper.set_peer(PEER.id)
    keeper.saved.add(SavedFilter("FX1", Criteria(stations=Choice(frozenset({"FX1"}), is_only=True))))
    keeper.choose("FX1")
    panel.set_criteria(Criteria(overdue=True, stations=Choice(frozenset({"AI"}))))
    keeper.set_peer(None)
    keeper.set_peer(PEER.id)
    assert panel.model.criteria.stations == Choice(frozenset({"AI"})), "the same server again"
    keeper.set_peer(PeerId("other"))
    assert panel.model.criteria == Criteria(overdue=True, stations=Choice(frozenset({"FX1"}), is_only=True))


def test_where_there_is_no_room_the_same_controls_drop_from_a_button(
    bench: Bench, panel: WorklistPanel, keeper: FilterKeeper, qtbot: QtBot
) -> None:
    held = bench.add(1, state="IN PROGRESS")
    bench.add(2, station="FX2")
    bench.store.set_held([held], True)
    button = FlyoutButton(keeper, lambda: sidebar_for(keeper, panel))
    panel.bar.add_menu(button)
    button.show()
    assert button.accessibleName() == "Filters: All of today, changed"
    keeper.choose(TODAY.name)
    assert button.accessibleName() == "Filters: All of today"
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert button.flyout is not None and button.flyout.isVisible()
    sidebar = button.flyout.sidebar
    qtbot.waitUntil(sidebar.list.row(TODAY.name).hasFocus, timeout=2000)
    assert len(sidebar.stations.boxes) == 2 and sidebar.spans.buttons[Span.TODAY].isVisible()
    QTest.keyClick(sidebar.list.row(TODAY.name), Qt.Key.Key_Down)
    QTest.keyClick(sidebar.list.row(HELD.name), Qt.Key.Key_Return)
    assert panel.model.visible == [held] and not button.flyout.isVisible()
    QTest.keyClick(button, Qt.Key.Key_Space)
    QTest.keyClick(sidebar.list.row(HELD.name), Qt.Key.Key_Escape)
    assert not button.flyout.isVisible()


def test_menus_say_less_before_the_filter_field_is_cut(panel: WorklistPanel, qtbot: QtBot) -> None:
    panel.set_criteria(Criteria(span=Span.TODAY, worklists=frozenset({"A worklist with a long name"})))
    panel.bar.show_waiting(12)
    for width in (1200, 900, 640, 560):
        panel.resize(width, 420)
        qtbot.waitUntil(lambda width=width: panel.bar.width() == width, timeout=2000)  # type: ignore[misc]
        shown = [panel.bar.field, panel.bar.priority, panel.bar.worklist, panel.bar.span, panel.bar.waiting]
        for widget in shown:
            at = widget.mapTo(panel.bar, QPoint(0, 0)).x()
            assert at >= 0 and at + widget.width() <= width, (width, widget.accessibleName())
        assert panel.bar.field.width() >= 150
        assert panel.bar.waiting.accessibleName() == "12 changes – re-sort"
        for _ in range(3):  # a line more or less of chips is found in two turns
            QApplication.processEvents()
        height = panel.bar.height()
        panel.bar.show_waiting(0)
        QApplication.processEvents()
        assert panel.bar.height() == height, "what waits must not move the rows"
        panel.bar.show_waiting(12)
        assert panel.bar.worklist.toolTip() == "Worklist: A worklist with a long name"
