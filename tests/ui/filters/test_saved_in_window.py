"""Saved filters in the main window: by key, saved, renamed, deleted and brought back, and over a restart."""

import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QDateTime, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.support.worklist_scp import WorklistScp, soon
from tests.ui.desks import pause, press
from tests.ui.windows import Shown, click, gone, press_until_focused, until, window_on
from upsdesk.domain import tags
from upsdesk.domain.criteria import Choice, Criteria, Span
from upsdesk.domain.query import DAY, MatchingKey, SearchPlan
from upsdesk.domain.saved_filter import HELD, OVERDUE, TODAY, SavedFilter
from upsdesk.domain.state import ProcedureStepState
from upsdesk.services.saved_filters import SavedFilters
from upsdesk.ui import window_state
from upsdesk.ui.filters.editing import NameSheet
from upsdesk.ui.filters.range_sheets import HoursSheet, PeriodSheet, period_of
from upsdesk.ui.filters.words import criteria_words
from upsdesk.ui.query.dialog import QueryDialog

ONE, TWO, LATE = "1.2.3.1", "1.2.3.2", "1.2.3.3"
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def scp() -> Iterator[WorklistScp]:
    with WorklistScp() as server:
        server.add(ONE, ScheduledProcedureStepStartDateTime=soon(5))
        server.add(TWO, PatientName="Kim^Minseo", ScheduledProcedureStepStartDateTime=soon(15))
        server.add(LATE, PatientName="Weiss^Jürgen", ScheduledProcedureStepStartDateTime=soon(-30))
        yield server


def at(moment: datetime) -> QDateTime:
    return QDateTime(moment.date(), moment.time())


async def sheet_of(shown: Shown) -> NameSheet:
    sheets = lambda: [one for one in shown.window.findChildren(NameSheet) if one.isVisible()]  # noqa: E731
    sheet = (await until(sheets, "the sheet"))[0]
    await until(sheet.field.hasFocus, "the focus in the sheet")
    await pause()
    return sheet


async def save_as(shown: Shown, name: str) -> NameSheet:
    click(shown.window.filters.sidebar.list.add_button)
    sheet = await sheet_of(shown)
    QTest.keyClicks(sheet.field, name)
    await pause()
    return sheet


def close_kept(shown: Shown) -> None:
    """What closing the window keeps."""
    window = shown.window
    window_state.save(shown.desk.folder, window, window.worklist, window.filters.keeper)


async def test_alt_and_a_digit_puts_a_filter_in_force(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp, size=(1440, 900)) as shown:
        window, sidebar = shown.window, shown.window.filters.sidebar
        await until(lambda: len(shown.rows()) == 3, "three rows")
        assert window.filters.keeper.current == TODAY and sidebar.list.row(TODAY.name).isChecked()
        QTest.keyClick(window, Qt.Key.Key_3, ALT)
        assert shown.rows() == [LATE] and sidebar.list.row(OVERDUE.name).isChecked()
        QTest.keyClick(window, Qt.Key.Key_2, ALT)
        assert shown.rows() == [] and window.filters.keeper.current == HELD
        QTest.keyClick(window, Qt.Key.Key_9, ALT)
        assert window.filters.keeper.current == HELD, "there is no ninth"
        window.worklist.focus_filter()
        QTest.keyClick(window.worklist.bar.field, Qt.Key.Key_1, ALT)
        assert len(shown.rows()) == 3 and window.worklist.bar.field.hasFocus()


async def test_a_filter_is_saved_changed_renamed_moved_deleted_and_brought_back(
    tmp_path: Path, scp: WorklistScp
) -> None:
    async with window_on(tmp_path, scp, size=(1440, 900)) as shown:
        window, sidebar, keeper = shown.window, shown.window.filters.sidebar, shown.window.filters.keeper
        await until(lambda: len(shown.rows()) == 3, "three rows")
        click(sidebar.spans.buttons[Span.WEEK])
        assert sidebar.list.row(TODAY.name).is_changed
        sheet = await save_as(shown, "overdue")
        await press(Qt.Key.Key_Return)
        assert sheet.isVisible() and sheet.message.text == "Another filter is called “overdue”."
        sheet.field.selectAll()
        QTest.keyClicks(sheet.field, "This week")
        await pause()
        assert not sheet.with_names.isVisible(), "nothing was typed that could be a name"
        await press(Qt.Key.Key_Return)
        await gone(window)
        assert keeper.current.name == "This week" and not keeper.is_changed
        await save_as(shown, "Twin")
        await press(Qt.Key.Key_Return)
        await gone(window)
        assert [row.name for row in sidebar.list.rows[3:]] == ["This week", "Twin"]

        # A change is saved by the button at the foot.
        click(sidebar.spans.buttons[Span.HOUR])
        assert sidebar.list.row("Twin").is_changed and sidebar.save_button.isVisible()
        click(sidebar.save_button)
        assert not keeper.is_changed and keeper.current.criteria.span is Span.HOUR

        # By key: up, another name, away and back.
        sidebar.list.row("Twin").setFocus()
        QTest.keyClick(sidebar.list.row("Twin"), Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
        assert [row.name for row in sidebar.list.rows[3:]] == ["Twin", "This week"]
        await until(sidebar.list.row("Twin").hasFocus, "the focus to go along")
        QTest.keyClick(window, Qt.Key.Key_5, ALT)
        assert keeper.current.name == "This week"
        QTest.keyClick(sidebar.list.row("Twin"), Qt.Key.Key_F2)
        sheet = await sheet_of(shown)
        QTest.keyClicks(sheet.field, "Next hour")
        await pause()
        await press(Qt.Key.Key_Return)
        await gone(window)
        assert keeper.current.name == "This week", "renaming another one puts it not in force"
        row = sidebar.list.row("Next hour")
        row.setFocus()
        QTest.keyClick(row, Qt.Key.Key_Delete)
        assert [row.name for row in sidebar.list.rows[3:]] == ["This week"]
        assert sidebar.list.notice.isVisible() and "Next hour" in sidebar.list.notice.accessibleName()
        focused = QApplication.focusWidget()
        assert focused is sidebar.list.row("This week")
        QTest.keyClick(focused, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert [row.name for row in sidebar.list.rows[3:]] == ["Next hour", "This week"]
        assert not sidebar.list.notice.isVisible()


async def test_typed_text_is_kept_only_when_it_is_asked_for(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp, size=(1440, 900)) as shown:
        window, keeper = shown.window, shown.window.filters.keeper
        await until(lambda: len(shown.rows()) == 3, "three rows")
        QTest.keyClicks(window.worklist.bar.field, "weiss")
        assert shown.rows() == [LATE]
        sheet = await save_as(shown, "Without")
        assert sheet.with_names.isVisible() and not sheet.with_names.isChecked()
        await press(Qt.Key.Key_Return)
        await gone(window)
        assert "weiss" not in (tmp_path / "filters.toml").read_text(encoding="utf-8")
        assert keeper.is_changed, "what is shown has more than was kept"
        close_kept(shown)
        assert "weiss" not in (tmp_path / "window.json").read_text(encoding="utf-8")
        sheet = await save_as(shown, "With")
        await press_until_focused(sheet.with_names)
        await press(Qt.Key.Key_Space)
        await press_until_focused(sheet.yes_button)
        await press(Qt.Key.Key_Space)
        await gone(window)
        kept = tomllib.loads((tmp_path / "filters.toml").read_text(encoding="utf-8"))["filter"]
        assert [(one["name"], one.get("text")) for one in kept] == [("Without", None), ("With", "weiss")]
        close_kept(shown)
        assert "weiss" not in (tmp_path / "window.json").read_text(encoding="utf-8")
    async with window_on(tmp_path, scp, size=(1440, 900)) as shown:
        await until(lambda: shown.rows() == [LATE], "the one row of the filter that was in force")
        assert shown.window.worklist.bar.field.text() == "weiss"
        assert shown.window.filters.keeper.current.name == "With"
        assert not shown.window.filters.keeper.is_changed


async def test_a_restart_brings_filter_and_changes_back(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp, size=(1440, 900)) as shown:
        QTest.keyClick(shown.window, Qt.Key.Key_3, ALT)
        wanted = Criteria(overdue=True, stations=Choice(frozenset({"GONE"})), span=Span.HOUR)
        shown.window.filters.keeper.narrow(wanted)
        close_kept(shown)
    async with window_on(tmp_path, scp, size=(960, 540)) as shown:
        window, keeper = shown.window, shown.window.filters.keeper
        assert keeper.current == OVERDUE and keeper.is_changed
        assert window.worklist.model.criteria == wanted
        button = window.filters.button
        assert not window.panels.filters.isVisible() and button.isVisible()
        assert button.accessibleName() == "Filters: Overdue, changed"
        window.panels.filters.show()
        assert not button.isVisible()


async def test_a_saved_filter_takes_no_dates_over_from_a_search(tmp_path: Path, scp: WorklistScp) -> None:
    """A search with keys opens the dates and closes them after it; a filter says which it wants."""
    async with window_on(tmp_path, scp, size=(1440, 900)) as shown:
        window, keeper = shown.window, shown.window.filters.keeper
        window._search.queries.open()
        dialog = await until(lambda: window.findChild(QueryDialog), "the dialog")
        dialog.states[ProcedureStepState.SCHEDULED].setChecked(True)
        dialog.accept()
        await until(lambda: not shown.desk.worklist.plan(shown.peer.id).is_day, "another plan")
        assert window.worklist.model.criteria.span is Span.ANY and keeper.is_changed
        keeper.choose(HELD.name)
        await until(lambda: shown.desk.worklist.plan(shown.peer.id) == DAY, "the day's list")
        await until(lambda: not keeper.is_changed, "the filter as it was saved")
        assert window.worklist.model.criteria == HELD.criteria


async def test_a_range_of_hours_is_asked_for(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp, size=(1440, 900)) as shown:
        window = shown.window
        await until(lambda: len(shown.rows()) == 3, "three rows")
        window.worklist.bar.span.hours_wanted.emit()
        sheets = lambda: [one for one in window.findChildren(HoursSheet) if one.isVisible()]  # noqa: E731
        sheet = (await until(sheets, "the sheet"))[0]
        await until(sheet.before.hasFocus, "the focus in the sheet")
        await pause()
        sheet.after.setValue(0)
        await press(Qt.Key.Key_Return)
        assert sheet.isVisible() and sheet.message.text
        await press(Qt.Key.Key_Up)
        await press(Qt.Key.Key_Return)
        await gone(window)
        assert shown.rows() == [LATE]
        assert window.worklist.bar.span.accessibleName() == "Planned start: Last 1 h"
        assert window.filters.keeper.is_changed


async def test_dates_and_times_are_asked_for_and_kept(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp, size=(1440, 900)) as shown:
        window, keeper = shown.window, shown.window.filters.keeper
        await until(lambda: len(shown.rows()) == 3, "three rows")
        window.worklist.bar.span.period_wanted.emit()
        sheets = lambda: [one for one in window.findChildren(PeriodSheet) if one.isVisible()]  # noqa: E731
        sheet = (await until(sheets, "the sheet"))[0]
        await until(sheet.start.hasFocus, "the focus in the sheet")
        await pause()
        row = window.worklist.model.row(next(key for key in window.worklist.model.visible if key.uid == TWO))
        minute = row.workitem.start.instant.astimezone(shown.desk.zone).replace(
            tzinfo=None, second=0, microsecond=0
        )
        assert sheet.period == period_of(Span.TODAY, shown.desk.clock(), shown.desk.zone), "what is in force"
        sheet.start.setDateTime(at(minute + timedelta(minutes=1)))
        sheet.end.setDateTime(at(minute))
        await press(Qt.Key.Key_Return)
        assert sheet.isVisible() and sheet.message.text == "The end is before the start."
        sheet.start.setDateTime(at(minute))
        await press(Qt.Key.Key_Return)
        await gone(window)
        assert shown.rows() == [TWO], "the minute itself"
        told = f"Start: {minute:%Y-%m-%d %H:%M} to {minute:%H:%M}"
        assert criteria_words(window.worklist.model.criteria) == (told,)
        await save_as(shown, "That minute")
        await press(Qt.Key.Key_Return)
        await gone(window)
        assert SavedFilters(tmp_path).by_name("That minute").criteria == keeper.present.criteria


async def test_filters_that_cannot_be_read_are_told(tmp_path: Path, scp: WorklistScp) -> None:
    (tmp_path / "filters.toml").write_text("version = 7\n", encoding="utf-8")
    async with window_on(tmp_path, scp, size=(1440, 900)) as shown:
        notice = shown.window.filters.sidebar.list.notice
        assert notice.isVisible() and "filters.toml.unreadable" in notice.label.text()
        click(notice.close_button)
        assert not notice.isVisible()


async def test_a_filter_brings_the_keys_that_it_sends(tmp_path: Path, scp: WorklistScp) -> None:
    plan = SearchPlan(keys=(MatchingKey((tags.WORKLIST_LABEL,), "RT linac"),))

    def asked() -> list[str]:
        return [
            one.data.get("WorklistLabel", "") for one in scp.received if one.data and one.service == "C-FIND"
        ]

    async with window_on(tmp_path, scp, size=(1440, 900)) as shown:
        keeper = shown.window.filters.keeper
        keeper.saved.add(SavedFilter("Linac", Criteria(held=True), plan))
        row = shown.window.filters.sidebar.list.row
        await until(lambda: row(HELD.name).count == 0, "the counts")
        assert row("Linac").count is None, "other rows than are loaded"
        QTest.keyClick(shown.window, Qt.Key.Key_4, ALT)
        await until(lambda: "RT linac" in asked(), "the search with its key")
        await until(lambda: row("Linac").count == 0 and row(HELD.name).count is None, "other counts")
        assert not keeper.is_changed and "Worklist Label: RT linac" in row("Linac").toolTip()
        await shown.searched()
        close_kept(shown)
        before = len(asked())
    async with window_on(tmp_path, scp, size=(1440, 900)) as shown:
        keeper = shown.window.filters.keeper
        await until(lambda: "RT linac" in asked()[before:], "the search of the next start")
        assert keeper.current.name == "Linac" and not keeper.is_changed
        QTest.keyClick(shown.window, Qt.Key.Key_1, ALT)
        await until(lambda: shown.desk.worklist.plan(shown.peer.id) == DAY, "the day's list again")
        assert not keeper.is_changed
