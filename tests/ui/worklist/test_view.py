"""The table on the screen: selection by key, place, keys, columns, and when the order is frozen."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QColor, QEnterEvent, QImage
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from tests.ui.worklist.panels import open_panel
from tests.ui.worklist.values import NOON, Bench, key, workitem
from upsdesk.domain.events import Found
from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.state import ProcedureStepState
from upsdesk.ui import theme
from upsdesk.ui.worklist.cells import MARK_ROOM
from upsdesk.ui.worklist.columns import Column
from upsdesk.ui.worklist.density import Density
from upsdesk.ui.worklist.filtering import Criteria
from upsdesk.ui.worklist.panel import WorklistPanel
from upsdesk.ui.worklist.view import TOUCH_SECONDS, WorklistView


@pytest.fixture(params=theme.THEME_NAMES)
def applied(request: pytest.FixtureRequest, qapp: QApplication) -> theme.Theme:
    chosen = theme.load_theme(request.param)
    theme.apply_theme(qapp, chosen)
    return chosen


@pytest.fixture
def panel(bench: Bench, qtbot: QtBot) -> Iterator[WorklistPanel]:
    with open_panel(bench, qtbot, 1000, 420) as made:
        made.view.clearFocus()
        made.bar.field.setFocus()
        yield made


@pytest.fixture
def view(panel: WorklistPanel) -> WorklistView:
    return panel.view


def fill(bench: Bench, count: int) -> list[WorkitemKey]:
    """Rows in the order of their numbers, from 12:00 on."""
    return [
        bench.add(number, start=f"{12 + number // 60}:{number % 60:02}", patient_id=f"ID{number:04}")
        for number in range(count)
    ]


LEFT = Qt.MouseButton.LeftButton


def click(view: WorklistView, row: int) -> None:
    rect = view.visualRect(view.model().index(row, Column.PATIENT))
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())


def let_go(bench: Bench, panel: WorklistPanel) -> None:
    """Neither pointer, focus nor a recent touch at the table."""
    bench.seconds += TOUCH_SECONDS + 1
    panel.bar.field.setFocus()
    panel.view.update_freeze()


def test_a_click_selects_by_key(bench: Bench, panel: WorklistPanel, view: WorklistView) -> None:
    keys = fill(bench, 4)
    spy = QSignalSpy(panel.current_changed)
    click(view, 2)
    assert panel.current_key() == keys[2]
    assert spy.count() == 1 and spy.at(0) == [keys[2]]


def test_the_selection_follows_its_row(bench: Bench, panel: WorklistPanel, view: WorklistView) -> None:
    keys = fill(bench, 4)
    panel.select(keys[0])
    let_go(bench, panel)
    spy = QSignalSpy(panel.current_changed)
    bench.report(keys[0], "COMPLETED")
    assert panel.model.visible[-1] == keys[0]
    assert [index.row() for index in view.selectionModel().selectedRows()] == [3]
    assert panel.current_key() == keys[0] and spy.count() == 0


@pytest.mark.parametrize("chosen", [0, 1, 3])
def test_nothing_else_is_selected_when_the_row_leaves(
    bench: Bench, panel: WorklistPanel, view: WorklistView, chosen: int
) -> None:
    keys = fill(bench, 4)
    panel.set_criteria(Criteria(states=frozenset({ProcedureStepState.SCHEDULED})))
    panel.select(keys[chosen])
    let_go(bench, panel)
    spy = QSignalSpy(panel.current_changed)
    notes = QSignalSpy(panel.note_changed)
    bench.now = NOON + timedelta(minutes=1)
    bench.report(keys[chosen], "COMPLETED")
    assert keys[chosen] not in panel.model.visible
    assert panel.current_key() == keys[chosen] and spy.count() == 0
    assert view.selectionModel().selectedRows() == []
    assert notes.at(0) == ["Completed 12:01, outside this filter"]
    panel.reset_filters()
    assert [index.row() for index in view.selectionModel().selectedRows()] == [3]
    assert panel.note == ""


def test_a_removed_workitem_stays_selected_and_is_told(bench: Bench, panel: WorklistPanel) -> None:
    keys = fill(bench, 3)
    panel.select(keys[1])
    let_go(bench, panel)
    bench.remove(keys[1])
    assert panel.current_key() == keys[1]
    assert "does not list" in panel.note


def test_a_click_beside_the_rows_takes_no_patient_out_of_view(
    bench: Bench, panel: WorklistPanel, view: WorklistView
) -> None:
    keys = fill(bench, 2)
    click(view, 1)
    QTest.mouseClick(
        view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(100, view.viewport().height() - 5)
    )
    rect = view.visualRect(view.model().index(1, Column.PATIENT))
    QTest.mouseClick(
        view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, rect.center()
    )
    assert panel.current_key() == keys[1]
    assert len(view.selectionModel().selectedRows()) == 1


def test_keys(bench: Bench, panel: WorklistPanel, view: WorklistView) -> None:
    keys = fill(bench, 5)
    activated = QSignalSpy(panel.activated)
    panel.bar.field.setFocus()
    QTest.keyClick(panel.bar.field, Qt.Key.Key_Down)
    assert view.hasFocus() and panel.current_key() == keys[0]
    QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert panel.current_key() == keys[2]
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert activated.at(0) == [keys[2]]
    QTest.keyClick(view, Qt.Key.Key_End)
    assert panel.current_key() == keys[4]
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert panel.current_key() == keys[0]


def marked(view: WorklistView, keys: list[WorkitemKey]) -> list[int]:
    """The numbers of what a copy takes, from above."""
    return [keys.index(one) for one in view.marking.chosen()]


def test_rows_are_marked_for_a_copy_by_mouse(bench: Bench, panel: WorklistPanel, view: WorklistView) -> None:
    keys = fill(bench, 8)
    shift, control = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier

    def press(row: int, modifier: Qt.KeyboardModifier, button: Qt.MouseButton = LEFT) -> None:
        at = view.visualRect(view.model().index(row, Column.PATIENT)).center()
        QTest.mouseClick(view.viewport(), button, modifier, at)

    click(view, 1)
    press(4, shift)
    assert marked(view, keys) == [1, 2, 3, 4] and panel.current_key() == keys[4]
    press(6, control)
    press(2, control)
    assert marked(view, keys) == [1, 3, 4, 6] and panel.current_key() == keys[6], "a mark taken selects none"
    press(6, control)
    assert marked(view, keys) == [1, 3, 4, 6], "the selected one keeps its mark"
    press(3, Qt.KeyboardModifier.NoModifier, Qt.MouseButton.RightButton)
    assert marked(view, keys) == [1, 3, 4, 6] and panel.current_key() == keys[3]
    sentence = view.model().index(4, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert sentence.endswith(", selected.")
    let_go(bench, panel)
    bench.report(keys[1], "COMPLETED")
    assert panel.model.visible[-1] == keys[1]
    assert marked(view, keys) == [3, 4, 6, 1], "a row that moves takes its mark along"
    panel.set_criteria(Criteria(states=frozenset({ProcedureStepState.SCHEDULED})))
    assert marked(view, keys) == [3, 4, 6], "what is hidden is not copied"
    click(view, 0)
    assert marked(view, keys) == [0] and not view.marking.keys
    ends = [view.visualRect(view.model().index(row, Column.PATIENT)).center() for row in (1, 3)]
    QTest.mousePress(view.viewport(), LEFT, pos=ends[0])
    QTest.mouseMove(view.viewport(), ends[1])
    QTest.mouseRelease(view.viewport(), LEFT, pos=ends[1])
    assert len(view.marking.keys) == 3 and panel.current_key() == panel.model.visible[3]


def test_rows_are_marked_for_a_copy_by_key(bench: Bench, panel: WorklistPanel, view: WorklistView) -> None:
    keys = fill(bench, 8)
    shift, control = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
    panel.select(keys[2])
    view.setFocus()
    spy = QSignalSpy(view.marking.changed)
    for expected in ([2, 3], [2, 3, 4]):
        QTest.keyClick(view, Qt.Key.Key_Down, shift)
        assert marked(view, keys) == expected
    QTest.keyClick(view, Qt.Key.Key_Home, shift)
    assert marked(view, keys) == [0, 1, 2] and panel.current_key() == keys[0]
    assert [spy.at(at)[0] for at in range(spy.count())] == [2, 3, 3]
    QTest.keyClick(view, Qt.Key.Key_A, control)
    assert marked(view, keys) == list(range(8)) and panel.current_key() == keys[0]
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert marked(view, keys) == [0] and spy.at(spy.count() - 1) == [0]
    QTest.keyClick(view, Qt.Key.Key_End, shift)
    QTest.keyClick(view, Qt.Key.Key_Up)
    assert marked(view, keys) == [6] and panel.current_key() == keys[6]


def test_typing_in_the_table_selects_nothing(bench: Bench, panel: WorklistPanel, view: WorklistView) -> None:
    keys = fill(bench, 5)
    panel.select(keys[0])
    view.setFocus()
    QTest.keyClicks(view, "ID0003")
    assert panel.current_key() == keys[0]


def test_focus_by_tab_selects_nothing(bench: Bench, panel: WorklistPanel, view: WorklistView) -> None:
    fill(bench, 3)
    view.setFocus(Qt.FocusReason.TabFocusReason)
    assert panel.current_key() is None


def test_the_pointer_freezes_the_order(bench: Bench, panel: WorklistPanel, view: WorklistView) -> None:
    keys = fill(bench, 4)
    let_go(bench, panel)
    assert not panel.model.is_frozen
    middle = view.viewport().rect().center().toPointF()
    QApplication.sendEvent(view.viewport(), QEnterEvent(middle, middle, middle))
    assert panel.model.is_frozen
    bench.report(keys[0], "COMPLETED")
    assert panel.model.visible == keys
    assert panel.bar.waiting.isVisible() and panel.bar.waiting.text() == "1 change – re-sort"
    QTest.mouseClick(panel.bar.waiting, Qt.MouseButton.LeftButton)
    assert panel.model.visible[-1] == keys[0]
    assert not panel.bar.waiting.isVisible()
    QApplication.sendEvent(view.viewport(), QEvent(QEvent.Type.Leave))
    let_go(bench, panel)
    assert not panel.model.is_frozen


def test_the_focus_and_a_touch_freeze_the_order(
    bench: Bench, panel: WorklistPanel, view: WorklistView
) -> None:
    keys = fill(bench, 4)
    let_go(bench, panel)
    view.setFocus()
    assert panel.model.is_frozen
    let_go(bench, panel)
    assert not panel.model.is_frozen
    view.touch()
    bench.seconds += TOUCH_SECONDS - 0.1
    view.update_freeze()
    assert panel.model.is_frozen
    bench.report(keys[0], "CANCELED")
    assert panel.model.visible == keys
    bench.seconds += 0.2
    view.update_freeze()
    assert panel.model.visible[-1] == keys[0], "what waited is done when the hand has left"


def test_an_open_dialog_freezes_the_order(bench: Bench, panel: WorklistPanel, qtbot: QtBot) -> None:
    fill(bench, 2)
    let_go(bench, panel)
    dialog = QDialog(panel)
    dialog.open()
    qtbot.waitExposed(dialog)
    panel.view.update_freeze()
    assert panel.model.is_frozen
    dialog.reject()
    panel.view.update_freeze()
    assert not panel.model.is_frozen


def test_the_eye_stays_where_it_was(bench: Bench, panel: WorklistPanel, view: WorklistView) -> None:
    keys = fill(bench, 60)
    let_go(bench, panel)
    view.executeDelayedItemsLayout()
    view.verticalScrollBar().setValue(20 * view.row_height + 5)
    top = panel.model.visible[view.rowAt(0)]
    before = view.rowViewportPosition(panel.model.row_of[top])
    bench.report(keys[3], "COMPLETED")
    bench.add(99, priority="HIGH")
    bench.add(98, priority="HIGH")
    assert panel.model.row_of[top] == 21
    assert view.rowViewportPosition(panel.model.row_of[top]) == before


def test_the_selected_row_stays_where_it_was(bench: Bench, panel: WorklistPanel, view: WorklistView) -> None:
    keys = fill(bench, 60)
    panel.select(keys[30])
    let_go(bench, panel)
    before = view.rowViewportPosition(30)
    bench.add(99, priority="HIGH")
    assert panel.model.row_of[keys[30]] == 31
    assert view.rowViewportPosition(31) == before


def test_the_patients_facts_are_whole_and_the_label_gives_way(
    bench: Bench, panel: WorklistPanel, view: WorklistView
) -> None:
    long = "Wolfeschlegelsteinhausenbergerdorff^Hubert Blaine=沃尔夫^休伯特"
    bench.add(1, name=long, patient_id="X" * 40, label="A label that is far too long to be shown whole here")
    row = panel.model.row_at(0)
    for width in (1400, 1000, 650):
        panel.resize(width, 400)
        for column in (Column.PATIENT, Column.PATIENT_ID, Column.BORN):
            assert view.columns.sectionSize(column) >= view.cells.least_width(row, column)
    assert view.columns.sectionSize(Column.LABEL) == Column.LABEL.spec.least
    view.columns.resizeSection(Column.PATIENT_ID, 30)
    view.widths.fit()
    assert view.columns.sectionSize(Column.PATIENT_ID) >= view.cells.least_width(row, Column.PATIENT_ID)


def test_room_is_shared_so_that_labels_and_then_names_stand_on_one_line(
    bench: Bench, panel: WorklistPanel, view: WorklistView
) -> None:
    bench.add(1, name="Lindqvist-Montgomery^Åsa Margareta", label="RT treatment 12/25", station="FX1")
    row = panel.model.row_at(0)
    wanted = {column: view.cells.wanted_width(row, column) for column in (Column.LABEL, Column.PATIENT)}

    def fitted(viewport: int) -> dict[Column, int]:
        panel.resize(viewport + panel.width() - view.viewport().width(), 400)
        assert view.viewport().width() == viewport
        return {column: view.columns.sectionSize(column) for column in Column}

    before = fitted(1400)
    others = sum(width for column, width in before.items() if column not in wanted)
    # Enough for all: both whole, and the label has the rest.
    assert before[Column.PATIENT] == wanted[Column.PATIENT]
    assert before[Column.LABEL] > wanted[Column.LABEL]
    # 20 less than a whole label leaves: others give what they can spare, and the bar of progress stays.
    tight = fitted(others + Column.PATIENT.spec.width + wanted[Column.LABEL] - 20)
    assert tight[Column.LABEL] >= wanted[Column.LABEL]
    assert tight[Column.PROGRESS] == Column.PROGRESS.spec.snug
    assert tight[Column.STATION] >= view.cells.wanted_width(row, Column.STATION)
    assert tight[Column.START] == before[Column.START]
    assert view.cells.least_width(row, Column.PATIENT) <= tight[Column.PATIENT] < wanted[Column.PATIENT]
    # A width that a person has chosen is no room to share.
    fitted(1400)
    view.columns.resizeSection(Column.PATIENT, 160)
    view.widths.fit()
    assert view.columns.sectionSize(Column.PATIENT) == 160


def test_a_name_on_two_lines_loses_nothing(bench: Bench, panel: WorklistPanel, view: WorklistView) -> None:
    kit = view.cells.kit
    for name in ("Tachibana, Haruto  立花 遥人", "Lindqvist, Åsa Margareta", "Ab"):
        halves = kit.small_medium.halves(name, 138)
        assert "".join(halves).replace(" ", "") == name.replace(" ", "")
    assert kit.small_medium.halves("Tachibana, Haruto  立花 遥人", 138) == (
        "Tachibana, Haruto",
        "立花 遥人",
    )


def test_the_facts_are_in_sight_at_the_smallest_window(
    bench: Bench, panel: WorklistPanel, view: WorklistView
) -> None:
    bench.add(1, name="Beaulieu^François Émile", patient_id="DEMO-10453")
    bench.store.apply([Found(key(2), workitem(start="09:00"), None, NOON)])
    bench.now += timedelta(days=1)
    panel.model.tick()  # a start with its date
    panel.resize(652, 360)
    for density in Density:
        view.set_density(density)
        right = view.columns.sectionViewportPosition(Column.BORN) + view.columns.sectionSize(Column.BORN)
        assert right <= view.viewport().width(), density


def test_columns_and_sorting_are_kept_and_typed_text_is_not(
    bench: Bench, panel: WorklistPanel, qtbot: QtBot
) -> None:
    panel.view.columns.resizeSection(Column.STATION, 123)
    panel.view.columns.moveSection(panel.view.columns.visualIndex(Column.STATION), 1)
    panel.view.columns.setSectionHidden(Column.WORK_TYPE, False)
    panel.model.sort_by(Column.PATIENT)
    panel.set_criteria(Criteria(text="Novak"))
    saved = panel.save_state()
    assert "Novak" not in str(saved)
    other = WorklistPanel(bench)
    qtbot.addWidget(other)
    other.restore_state(saved)
    assert other.view.columns.visualIndex(Column.STATION) == 1
    assert other.view.columns.sectionSize(Column.STATION) == 123
    assert not other.view.columns.isSectionHidden(Column.WORK_TYPE)
    assert other.model.sorting == panel.model.sorting
    other.close_model()


@pytest.mark.parametrize(
    "junk",
    [
        {},
        {"columns": 3, "sorting": "x", "states": None},
        {"columns": [{"column": "NO_SUCH"}, {"column": "STATE", "width": "wide", "shown": False}, 7]},
        {"sorting": [["NO_SUCH", False], [1, 2, 3]]},
    ],
)
def test_what_cannot_be_read_stays_at_its_default(panel: WorklistPanel, junk: dict[str, object]) -> None:
    before = panel.save_state()
    panel.restore_state(junk)
    assert panel.save_state() == before


def test_a_header_click_sorts(bench: Bench, panel: WorklistPanel, view: WorklistView) -> None:
    fill(bench, 2)
    header = view.columns
    x = header.sectionViewportPosition(Column.PATIENT) + 20
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(x, 14))
    assert panel.model.sorting[0] == (Column.PATIENT, False)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(x, 14))
    assert panel.model.sorting[0] == (Column.PATIENT, True)


def _pixels(image: QImage, x: int, y: int, width: int, height: int) -> set[str]:
    ratio = image.devicePixelRatio()
    found = set()
    for at_x in range(round(x * ratio), round((x + width) * ratio)):
        for at_y in range(round(y * ratio), round((y + height) * ratio)):
            found.add(QColor(image.pixel(at_x, at_y)).name())
    return found


def test_selection_frame_and_flash_are_painted(
    applied: theme.Theme, bench: Bench, panel: WorklistPanel, view: WorklistView
) -> None:
    keys = fill(bench, 4)
    panel.model.flashes.clear()
    panel.select(keys[1])
    bench.progress(keys[2], 30)
    image = view.viewport().grab().toImage()
    height = view.row_height
    selected = _pixels(image, 300, height + 4, 40, height - 8)
    assert applied.selection.name() in selected and applied.surface.name() not in selected
    assert applied.accent.name() in _pixels(image, 0, height + 8, 3, 4)
    assert applied.warning_line.name() in _pixels(image, 0, 2 * height + 8, 3, 4)
    assert applied.flash_row.name() in _pixels(image, 300, 2 * height + 4, 40, 4)
    at = view.columns.sectionViewportPosition(Column.PROGRESS)
    assert applied.flash.name() in _pixels(image, at + 2, 2 * height + 4, 30, 4)
    panel.model.flashes.clear()


def test_texts_keep_their_contrast_on_every_ground_of_a_row(applied: theme.Theme) -> None:
    grounds = (applied.surface, applied.selection, applied.hover, applied.flash, applied.flash_row)
    inks = ("text", "text_2", "text_3", "scheduled", "in_progress", "completed", "canceled", "high", "accent")
    for ground in grounds:
        for ink in (*inks, "warning"):
            assert theme.contrast(applied.colour(ink), ground) >= 4.5, (ink, ground.name())
    assert theme.contrast(applied.error, applied.error_ground) >= 4.5


def test_everything_has_a_name_for_screen_readers(bench: Bench, panel: WorklistPanel) -> None:
    fill(bench, 2)
    for control in (panel.view, panel.bar.field, *panel.bar.states.values(), panel.bar.overdue):
        assert control.accessibleName()
    said = panel.model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said == "Novák, Jana, ID ID0000, Scheduled, due now, RT treatment."


def test_rows_of_another_peer_leave_with_it(bench: Bench, panel: WorklistPanel) -> None:
    fill(bench, 2)
    panel.select(key(1))
    panel.set_peer(None)
    assert panel.current_key() is None and panel.model.visible == []


def test_a_start_on_another_day_is_whole(bench: Bench, panel: WorklistPanel, view: WorklistView) -> None:
    bench.add(1, start="12:30")
    narrow = view.columns.sectionSize(Column.START)
    bench.now = NOON + timedelta(days=400)
    panel.model.tick()
    assert panel.model.index(0, Column.START).data() == "2026-11-19 12:30"
    row = panel.model.row_at(0)
    assert view.columns.sectionSize(Column.START) >= view.cells.least_width(row, Column.START) > narrow


def test_words_wrap_before_they_are_elided(view: WorklistView) -> None:
    face = view.cells.kit.small
    limit = round(face.width("RT treatment")) + 1
    assert face.wrapped("RT treatment 12/25", limit) == ("RT treatment", "12/25")
    assert face.wrapped("Transcription", 10) == ("Transcription", "")


def test_a_name_beside_the_mark_of_look_alikes_is_whole(
    bench: Bench, panel: WorklistPanel, view: WorklistView
) -> None:
    marked = bench.add(1, name="Þorsteinsdóttir-Bjarnadóttir^Guðrún Hallgerður")
    bench.add(2)
    view.cells.is_look_alike = lambda key: key == marked
    row = panel.model.row(marked)
    assert row is not None
    for density in Density:
        view.set_density(density)
        view.widths.make_room_beside_names([row])
        face = view.cells._small_face(view.cells.kit.medium)
        room = view.columns.sectionSize(Column.PATIENT) - 8 - MARK_ROOM
        widest = max(face.width(half) for half in face.halves(row.patient, 138))
        assert widest <= room, density


def test_a_double_click_beside_a_title_makes_room_for_what_is_in_sight(
    bench: Bench, panel: WorklistPanel, view: WorklistView
) -> None:
    bench.add(1, label="Interpretation")
    longest = "RT Treatment with Internal Verification, boost of the tumour bed, fraction 13 of 35"
    panel.resize(700, 400)
    bench.add(2, label=longest)
    row = panel.model.row(key(2))
    assert row is not None and view.columns.sectionSize(Column.LABEL) < view.cells.wanted_width(
        row, Column.LABEL
    )
    view.columns.sectionHandleDoubleClicked.emit(Column.LABEL)
    assert view.columns.sectionSize(Column.LABEL) >= view.cells.wanted_width(row, Column.LABEL)
