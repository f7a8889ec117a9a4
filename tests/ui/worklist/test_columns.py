"""Columns: which there are and what they say, their sheet by keys, ranks of sorting, heights of rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QTextDocument
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from tests.ui.worklist.panels import open_panel
from tests.ui.worklist.values import NOON, Bench, key, workitem
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code
from upsdesk.domain.events import Read
from upsdesk.domain.folding import folded
from upsdesk.domain.when import format_moment
from upsdesk.services.attribute_names import read_path
from upsdesk.services.flags import Following
from upsdesk.services.subscriptions import Coverage
from upsdesk.ui.worklist.column_chooser import ColumnChooser
from upsdesk.ui.worklist.columns import DEFAULT_ORDER, SPECS, AnyColumn, Column, PathColumn
from upsdesk.ui.worklist.density import Density
from upsdesk.ui.worklist.panel import WorklistPanel
from upsdesk.ui.worklist.view import WorklistView

COMMENTS = "CommentsOnTheScheduledProcedureStep"


@pytest.fixture
def panel(bench: Bench, qtbot: QtBot) -> Iterator[WorklistPanel]:
    with open_panel(bench, qtbot, 1000, 700) as made:
        yield made


@pytest.fixture
def view(panel: WorklistPanel) -> WorklistView:
    return panel.view


@pytest.fixture
def chooser(panel: WorklistPanel, qtbot: QtBot) -> Iterator[ColumnChooser]:
    panel.choose_columns()
    made = panel.window().findChild(ColumnChooser)
    assert made is not None
    made.activateWindow()
    qtbot.waitUntil(made.search.hasFocus)
    yield made
    if isValid(made) and made.isVisible():
        made.accept()


def shown(view: WorklistView) -> list[AnyColumn]:
    return [one.column for one in view.column_set.columns if one.is_shown]


def cell(panel: WorklistPanel, column: AnyColumn, role: int = Qt.ItemDataRole.DisplayRole) -> object:
    return panel.model.index(0, panel.model.section_of(column)).data(role)


def go_to(chooser: ColumnChooser, name: str) -> None:
    """By keys: find it, go to the list."""
    chooser.search.clear()
    QTest.keyClicks(chooser.search, name)
    found = [row for row in range(chooser.list.count()) if not chooser.list.item(row).isHidden()]
    assert found, name
    chooser.list.setFocus()
    QTest.keyClick(chooser.list, Qt.Key.Key_Home)
    chooser.list.setCurrentRow(found[0])


def test_every_column_is_in_the_order_once_and_can_be_sorted_by(
    bench: Bench, panel: WorklistPanel, view: WorklistView
) -> None:
    assert sorted(DEFAULT_ORDER) == sorted(SPECS) == list(Column)
    bench.add(1, start="12:26")
    bench.add(2, state="COMPLETED")
    for column in Column:
        for add in (False, True):
            view.sort(column, add=add)
            assert len(panel.model.visible) == 2


def test_what_the_columns_say(bench: Bench, panel: WorklistPanel) -> None:
    code = Code("ST7", "99HOSP", "Room seven")
    performed = [
        sequence(tags.PERFORMED_STATION_NAME_CODE_SEQUENCE, code.to_elements()),
    ]
    told = workitem(state="IN PROGRESS", start="11:22", end="12:40").with_elements(
        element(tags.WORKLIST_LABEL, "RT linac"),
        element(tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME, format_moment(NOON + timedelta(days=1))),
        element(tags.SCHEDULED_PROCEDURE_STEP_MODIFICATION_DATE_TIME, format_moment(NOON)),
        sequence(
            tags.SCHEDULED_HUMAN_PERFORMERS_SEQUENCE,
            [element(tags.HUMAN_PERFORMER_NAME, "Meyer^Ute")],
            [element(tags.HUMAN_PERFORMER_NAME, "Weiß^Jürgen")],
        ),
        sequence(tags.REFERENCED_REQUEST_SEQUENCE, [element(tags.ACCESSION_NUMBER, "A-77")]),
        sequence(tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE, performed),
    )
    bench.store.apply([Read(key(1), told, None, NOON)])
    said = {column: cell(panel, column) for column in Column}
    assert said[Column.START] == "11:22" and said[Column.STARTS_IN] == "38 min ago"
    assert said[Column.EXPECTED_END] == "12:40" and said[Column.EXPIRATION] == "11-20 12:00"
    assert said[Column.MODIFIED] == "12:00" and said[Column.WORKLIST] == "RT linac"
    assert said[Column.PERFORMER] == "Meyer, Ute, Weiß, Jürgen"
    assert said[Column.PERFORMED_STATION] == "ST7" and said[Column.ACCESSION] == "A-77"
    assert said[Column.FOLLOWED] == ""
    live = {Column.HELD, Column.DUE, Column.STARTS_IN, Column.PROGRESS, Column.FOLLOWED}
    words = {folded(word) for column in set(Column) - live for word in str(said[column]).split()}
    assert [word for word in words if word not in panel.model.row_at(0).haystack] == [], "any column is found"
    assert str(cell(panel, Column.START, Qt.ItemDataRole.ToolTipRole)).startswith("38 min ago\n2026-11-19")
    spy = QSignalSpy(panel.model.dataChanged)
    panel.model.set_coverage(Coverage(False, "Not subscribed so far."))
    assert cell(panel, Column.FOLLOWED) == ""
    assert cell(panel, Column.FOLLOWED, Qt.ItemDataRole.ToolTipRole) == "Not subscribed so far."
    panel.model.set_coverage(Coverage(True, "All of it."))
    assert cell(panel, Column.FOLLOWED) == "followed with all others" and spy.count() == 2
    bench.store.set_following(key(1), Following.KEPT)
    assert cell(panel, Column.FOLLOWED) == "followed, kept at the server"
    assert "subscribed" in str(cell(panel, Column.HELD, Qt.ItemDataRole.ToolTipRole))
    bench.now += timedelta(minutes=22)
    panel.model.tick()
    assert cell(panel, Column.STARTS_IN) == "60 min ago"


def test_a_tip_is_no_html_whatever_a_peer_writes(bench: Bench, panel: WorklistPanel) -> None:
    bench.add(1, label="<img src='file:///etc/motd'><b>CT</b>")
    tip = cell(panel, Column.LABEL, Qt.ItemDataRole.ToolTipRole)
    shown = QTextDocument()
    shown.setHtml(str(tip))
    assert shown.toPlainText() == cell(panel, Column.LABEL)


def test_what_has_ended_shows_and_sorts_by_no_percent(
    bench: Bench, panel: WorklistPanel, view: WorklistView
) -> None:
    ended, running, silent = (
        bench.add(1),
        bench.add(2, state="IN PROGRESS"),
        bench.add(3, state="IN PROGRESS"),
    )
    bench.report(ended, "IN PROGRESS")
    bench.progress(ended, 50)
    bench.progress(running, 20)
    bench.report(ended, "COMPLETED")
    view.sort(Column.PROGRESS)
    texts = [panel.model.index(row, Column.PROGRESS).data() for row in range(panel.model.rowCount())]
    assert texts == ["20 %", "", ""]
    assert panel.model.visible[0] == running and silent in panel.model.visible


def test_ranks_come_by_shift_and_a_click_alone_sorts_alone(
    bench: Bench, panel: WorklistPanel, view: WorklistView
) -> None:
    bench.add(1)
    header = view.columns

    def press(column: Column, *modifiers: Qt.KeyboardModifier) -> None:
        at = QPoint(header.sectionViewportPosition(column) + 16, 14)
        held = modifiers[0] if modifiers else Qt.KeyboardModifier.NoModifier
        QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, held, at)

    press(Column.STATION)
    assert view.sorting == ((Column.STATION, False),)
    press(Column.PATIENT, Qt.KeyboardModifier.ShiftModifier)
    press(Column.START, Qt.KeyboardModifier.ShiftModifier)
    press(Column.PATIENT, Qt.KeyboardModifier.ShiftModifier)
    assert view.sorting == ((Column.STATION, False), (Column.PATIENT, True), (Column.START, False))
    press(Column.PATIENT)
    assert view.sorting == ((Column.PATIENT, False),)


def test_the_sheet_shows_moves_and_resets_by_keys(
    panel: WorklistPanel, view: WorklistView, chooser: ColumnChooser
) -> None:
    assert shown(view) == [column for column in DEFAULT_ORDER if not column.spec.is_hidden]
    go_to(chooser, "modif")
    QTest.keyClick(chooser.list, Qt.Key.Key_Space)
    assert shown(view)[-1] is Column.MODIFIED
    # While only some are seen nothing is moved.
    before = shown(view)
    QTest.keyClick(chooser.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert shown(view) == before and not chooser.up.isEnabled()
    chooser.search.clear()
    for _ in range(3):
        QTest.keyClick(chooser.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert shown(view).index(Column.MODIFIED) == shown(view).index(Column.STATION) + 1
    chooser.down.click()
    go_to(chooser, "planned station")
    QTest.keyClick(chooser.list, Qt.Key.Key_Space)
    assert Column.STATION not in shown(view)
    for name in ("patient id", "birth date"):
        go_to(chooser, name)
        QTest.keyClick(chooser.list, Qt.Key.Key_Space)
    assert {Column.PATIENT_ID, Column.BORN, Column.STATE, Column.PATIENT} <= set(shown(view))
    chooser.reset.click()
    assert shown(view) == [column for column in DEFAULT_ORDER if not column.spec.is_hidden]
    QTest.keyClick(chooser, Qt.Key.Key_Escape)
    assert not isValid(chooser) or not chooser.isVisible()


def test_a_row_of_the_sheet_is_dragged(view: WorklistView, chooser: ColumnChooser, qtbot: QtBot) -> None:
    last = chooser.list.count() - 1
    chooser.list.setCurrentRow(last)
    # What a drop within the list does (QListView.dropEvent).
    assert chooser.list.model().moveRow(QModelIndex(), last, QModelIndex(), 1)
    qtbot.waitUntil(lambda: view.column_set.columns[1].column is Column.MODIFIED)
    assert chooser.list.currentRow() == 1


def test_attributes_come_and_go_in_the_sheet(
    panel: WorklistPanel, view: WorklistView, chooser: ColumnChooser
) -> None:
    asked: list[object] = []
    panel.paths_changed.connect(asked.append)
    for typed, problem in [
        ("", "Type a keyword"),
        ("PatientNme", "did you mean PatientName?"),
        ("TransactionUID", "never shown"),
        ("00020010", "no attribute of a data set"),
    ]:
        chooser.field.setText(typed)
        chooser.add.click()
        assert problem in chooser.message.text
    assert not asked and not view.column_set.paths
    chooser.field.setText(COMMENTS)
    chooser.add.click()
    (column,) = view.column_set.paths
    assert asked == [(column.path,)]
    assert shown(view)[-1] == column and column.spec.title == "Comments on the Scheduled Procedure Step"
    assert chooser.field.text() == "" and COMMENTS in chooser.message.text
    chooser.field.setText("0040,0400")
    chooser.add.click()
    assert view.column_set.paths == (column,)  # the same by another name
    view.sort(column)
    chooser.list.setFocus()
    QTest.keyClick(chooser.list, Qt.Key.Key_Delete)
    assert not view.column_set.paths and asked[-1] == ()
    assert column not in dict(view.sorting)


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("ScheduledWorkitemCodeSequence/CodeMeaning", "Scheduled Workitem"),
        ("ScheduledWorkitemCodeSequence/CodeValue", "Scheduled Workitem code"),
        ("ReferencedRequestSequence/RequestedProcedureID", "Requested Procedure ID"),
        ("InputInformationSequence", "Input Information"),
        ("00991001", "(0099,1001)"),
    ],
)
def test_titles_tell_attributes_apart(typed: str, title: str) -> None:
    assert read_path(typed).title == title


def test_what_is_kept_comes_back_without_a_dictionary(
    bench: Bench, panel: WorklistPanel, view: WorklistView, qtbot: QtBot
) -> None:
    column = view.column_set.add(read_path("ReferencedRequestSequence/RequestedProcedureID"))
    view.column_set.move(column, 2)
    view.set_density(Density.COMFORTABLE)
    view.sort(column)
    saved = panel.save_state()
    other = WorklistPanel(bench)
    qtbot.addWidget(other)
    other.restore_state(saved)
    (again,) = other.view.column_set.paths
    assert again == column and again.spec == column.spec and again.vr == "SH"
    assert other.save_state() == saved
    assert other.view.density is Density.COMFORTABLE and other.view.row_height == 36
    other.close_model()


@pytest.mark.parametrize(
    "entry",
    [
        {"column": "00081195"},
        {"column": "00100010/"},
        {"column": "0010001"},
        {"column": "/".join(["00404018"] * 9)},
        {"column": "00100010", "width": -3},
    ],
)
def test_paths_that_mean_nothing_are_left_out(panel: WorklistPanel, entry: dict[str, object]) -> None:
    panel.restore_state({"columns": [entry, {"width": 130, "title": 5, "vr": "", **entry, "keywords": []}]})
    assert all(isinstance(one.name, str) for one in panel.view.column_set.paths)
    assert (tags.TRANSACTION_UID,) not in [one.path for one in panel.view.column_set.paths]
    assert len(panel.view.column_set.paths) <= (1 if entry["column"] == "00100010" else 0)


@pytest.mark.parametrize("density", Density)
def test_rows_are_as_high_as_chosen_and_stay_in_sight(
    bench: Bench, panel: WorklistPanel, view: WorklistView, density: Density
) -> None:
    for number in range(60):
        bench.add(number, start=f"12:{number:02}", name="Delacroix-Moreau^Théodore Alexandre")
    view.select(panel.model.visible[40])
    for one in (density, Density.COMPACT, density):
        view.set_density(one)
        assert view.rowHeight(0) == one.row_height
        assert view.viewport().rect().contains(view.visualRect(view.currentIndex()))


def test_the_menus_say_and_do_the_same(bench: Bench, panel: WorklistPanel, view: WorklistView) -> None:
    bench.add(1)
    panel.bar.look_wanted.emit()
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    names = [action.text() for action in menu.actions() if action.text()]
    assert names[:3] == ["Compact rows", "Normal rows", "Comfortable rows"]
    menu.actions()[0].trigger()
    assert view.density is Density.COMPACT
    menu.close()
    header = view.columns
    at = QPoint(header.sectionViewportPosition(Column.STATION) + 10, 10)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, header.viewport().mapToGlobal(at))
    QApplication.sendEvent(header.viewport(), event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    by_name = {action.text(): action for action in menu.actions()}
    by_name["Sort by Planned station"].trigger()
    assert view.sorting == ((Column.STATION, False),)
    by_name["Hide Planned station"].trigger()
    assert Column.STATION not in shown(view)
    menu.close()
    panel._show_header_menu(Column.STATE, QPoint(0, 0))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert not {action.text(): action for action in menu.actions()}["Hide State"].isEnabled()
    menu.close()


def test_everything_in_the_sheet_has_a_name(chooser: ColumnChooser) -> None:
    for part in (chooser.search, chooser.list, chooser.up, chooser.down, chooser.drop, chooser.field):
        assert part.accessibleName(), part
    for row in range(chooser.list.count()):
        assert chooser.list.item(row).text()
    assert isinstance(PathColumn((1,)).spec.name, str)


def test_path_columns_come_and_go_as_a_model_must(
    bench: Bench, panel: WorklistPanel, view: WorklistView, qtmodeltester: ModelTester
) -> None:
    for number in range(3):
        bench.add(number)
    qtmodeltester.check(panel.model, force_py=True)  # and every move from now on
    first = view.column_set.add(read_path(COMMENTS))
    second = view.column_set.add(read_path("ReferencedRequestSequence/RequestedProcedureID"))
    sorted_by = (second, False), (Column.START, True)
    view.set_sorting(sorted_by)
    view.column_set.remove(first)
    assert panel.model.section_of(second) == len(Column) and panel.model.section_of(first) == -1
    assert view.sorting == sorted_by
    view.column_set.reset()
    assert panel.model.columnCount() == len(Column) and view.sorting == ((Column.START, True),)
