"""The main window at a server of plain pynetdicom: selection, reasons, keys, closing, and what it shows."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QLineEdit, QMenu, QWidget

from tests.support.plain_scp import data_set
from tests.support.plain_scu import code
from tests.support.worklist_scp import WorklistScp, soon
from tests.ui.desks import open_dialogs, pause, press
from tests.ui.windows import (
    PEER,
    Shown,
    click,
    confirm,
    gone,
    in_thread,
    listening,
    peer_at,
    press_until_focused,
    until,
    window_on,
)
from upsdesk.domain.state import ProcedureStepState
from upsdesk.ui import actions, theme
from upsdesk.ui.dialogs import ConfirmDialog
from upsdesk.ui.editor.page import EditorPage
from upsdesk.ui.worklist.columns import Column

ONE, TWO, THREE = "1.2.3.1", "1.2.3.2", "1.2.3.3"
TRANSITION_BUTTONS = (
    actions.START,
    actions.PROGRESS,
    actions.COMPLETE,
    actions.CANCEL,
    actions.ASK_TO_CANCEL,
)


@pytest.fixture
def scp() -> Iterator[WorklistScp]:
    with WorklistScp() as server:
        server.add(ONE, ScheduledProcedureStepStartDateTime=soon(5))
        server.add(
            TWO,
            PatientName="Kim^Do-yeon=金^道淵=김^도연",
            PatientID="PAT-2",
            ProcedureStepLabel="CT",
            ScheduledProcedureStepStartDateTime=soon(15),
        )
        server.add(THREE, PatientName="Weiss^Jürgen", PatientID="PAT-3", ProcedureStepState="IN PROGRESS")
        server.items[THREE].TransactionUID = "2.25.77"
        yield server


async def test_a_key_works_after_a_dialog_has_closed(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp) as shown:
        await shown.select(ONE)
        dialog = await shown.open_dialog(actions.START)
        await confirm(dialog)
        await gone(shown.window)
        assert scp.state(ONE) == "IN PROGRESS"
        before = theme.current().name
        await until(lambda: QApplication.activeWindow() is shown.window, "the window to be active")
        QTest.keyClick(shown.window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
        assert theme.current().name != before


async def test_without_a_server_the_first_page_stands_alone(tmp_path: Path) -> None:
    async with window_on(tmp_path, None) as shown:
        window = shown.window
        assert window.pages.currentWidget() is window.first_start
        assert window.first_start.add_button.isVisible() and window.first_start.sample_button.isVisible()
        assert not any(dock.isVisible() for dock in window.panels.all)
        assert not window.demo_band.isVisible()
        wanted = []
        window.sample_wanted.connect(lambda: wanted.append(True))
        click(window.first_start.sample_button)
        assert wanted == [True]


async def test_a_forbidden_transition_keeps_its_focus_and_tells_reason_and_next_step(
    tmp_path: Path, scp: WorklistScp
) -> None:
    async with window_on(tmp_path, scp) as shown:
        window = shown.window
        await shown.select(THREE)
        for spec in (actions.START, actions.PROGRESS, actions.COMPLETE, actions.CANCEL):
            button = window.top_bar.button(spec)
            assert button.isEnabled()
            button.setFocus()
            assert button.hasFocus()
            QTest.keyClick(button, Qt.Key.Key_Space)
            reason = window.details.reason
            assert reason.isVisible()
            refused = window.chosen.refusal(spec.transition)  # type: ignore[arg-type]
            assert refused is not None and refused.next_step
            assert reason.text == f"{refused.reason} {refused.next_step}"
            assert button.toolTip() == button.accessibleDescription() == reason.text
            assert button.hasFocus()
        # A key says the same as the button.
        window.details.set_reason("")
        await press(Qt.Key.Key_Tab)
        QTest.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.AltModifier)
        assert window.details.reason.text.startswith("Another system has already started it.")
        assert not list(open_dialogs(window))
        assert scp.acts() == []
        await shown.select(ONE)
        assert not window.details.reason.isVisible()


async def test_the_menu_of_a_row_draws_what_is_refused_as_disabled_and_tells_why(
    tmp_path: Path, scp: WorklistScp
) -> None:
    async with window_on(tmp_path, scp) as shown:
        window = shown.window
        await shown.select(THREE)
        window._open_context_menu(None, window.mapToGlobal(QPoint(300, 200)))
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        entries = {entry.text().partition("\t")[0]: entry for entry in menu.actions()}
        assert [name for name in ("Start", "Complete", "Edit") if entries[name].isEnabled()] == []
        assert entries["Ask to cancel"].isEnabled()
        start = entries["Start"]
        assert "another system has already started it" in start.toolTip().lower()
        QTest.mouseClick(
            menu,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
            menu.actionGeometry(start).center(),
        )
        assert window.details.reason.text.startswith("Another system has already started it.")
        assert not menu.isVisible() and scp.acts() == [] and not list(open_dialogs(window))
        # The action of the key is another one: it goes on to tell the reason.
        assert window._actions[actions.START.id].isEnabled()


async def test_an_update_changes_its_row_without_a_search_and_flashes(
    tmp_path: Path, scp: WorklistScp
) -> None:
    async with window_on(tmp_path, scp, listens=True) as shown:
        port = await listening(shown)
        await until(lambda: scp.count("C-FIND") >= 8 or not shown.desk.worklist.state(PEER).running, "rest")
        await shown.searched()
        model = shown.window.worklist.model
        searches = scp.count("C-FIND")
        scp.change(ONE, ProcedureStepState="IN PROGRESS", TransactionUID="2.25.8")
        await in_thread(lambda: scp.tell_state(port, ONE))
        key = shown.key(ONE)

        def state() -> object:
            found = shown.desk.store.get(key)
            return found.state if found is not None else None

        await until(lambda: state() is ProcedureStepState.IN_PROGRESS, "the row to change")
        assert Column.STATE in model.flashes.columns(key)
        assert model.flashes.strength(key) > 0
        assert scp.count("C-FIND") == searches
        chip = shown.window.worklist.bar.states[ProcedureStepState.IN_PROGRESS]
        await until(lambda: chip.count == 2, "the count on the chip")


async def test_a_server_that_has_not_answered_is_not_called_connected(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the connection and says nothing
        async with window_on(tmp_path, peer_at(silent.getsockname()[1])) as shown:
            lamp = shown.window.top_bar.connection
            told: set[str] = set()

            def says(words: str) -> bool:
                told.add(lamp.accessibleName())
                return lamp.accessibleName() == f"Connection: {words}"

            await until(lambda: says("Asking"), "the lamp to say that the server is asked")
            silent.close()
            await until(lambda: says("No answer"), "the lamp to tell the failure")
            assert "Connection: Connected" not in told


async def test_a_server_that_stays_silent_after_subscribe_is_never_called_live(
    tmp_path: Path, scp: WorklistScp
) -> None:
    async with window_on(tmp_path, scp, listens=True) as shown:
        bar = shown.window.status_bar.freshness
        words: list[str] = []
        shown.window.status_bar.freshness.show_text, original = (
            lambda text, *more, **named: (words.append(text), original(text, *more, **named)),
            bar.show_text,
        )
        port = await listening(shown)
        await until(lambda: bar.text == "Subscribed, not proven", "the subscription")
        await press(Qt.Key.Key_F5)
        await shown.searched()
        assert bar.text == "Subscribed, not proven"
        assert "Live" not in words
        # The first report proves it.
        scp.change(ONE, ProcedureStepState="IN PROGRESS", TransactionUID="2.25.8")
        await in_thread(lambda: scp.tell_state(port, ONE))
        await until(lambda: bar.text == "Live", f"the word after a report: {bar.text}")


async def test_a_listening_port_in_use_is_told_and_the_list_is_searched(
    tmp_path: Path, scp: WorklistScp
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        peer = replace(peer_at(scp.port), listen_port=taken.getsockname()[1])
        async with window_on(tmp_path, peer) as shown:
            await shown.searched()
            lamp = shown.window.top_bar.listener
            await until(lambda: lamp.accessibleName() == "Updates: Not listening", "the lamp")
            assert str(peer.listen_port) in lamp.toolTip()
            assert "in use" in lamp.toolTip()
            await until(lambda: len(shown.rows()) == 3, "the rows")
            freshness = shown.window.status_bar.freshness
            await until(lambda: freshness.text.startswith("Polled "), "how fresh the list is")


async def test_the_order_waits_for_the_hand_at_the_table(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp, listens=True) as shown:
        port = await listening(shown)
        await shown.select(TWO)
        before = shown.rows()
        scp.change(ONE, ProcedureStepState="COMPLETED")
        await in_thread(lambda: scp.tell_state(port, ONE))
        chip = shown.window.worklist.bar.waiting
        await until(chip.isVisible, "the chip that counts what waits")
        assert chip.text() == "1 change – re-sort"
        assert shown.rows() == before
        assert shown.window.worklist.current_key() == shown.key(TWO)
        click(chip)
        assert shown.rows()[-1] == ONE
        assert not chip.isVisible()
        assert shown.window.worklist.current_key() == shown.key(TWO)


async def test_a_stopped_search_keeps_its_rows_and_says_that_some_may_be_missing(
    tmp_path: Path, scp: WorklistScp
) -> None:
    async with window_on(tmp_path, scp) as shown:
        window = shown.window
        scp.slowly = threading.Event()
        click(window.top_bar.button(actions.SEARCH))
        await until(lambda: shown.desk.worklist.state(PEER).running, "the search")
        await until(lambda: scp.count("C-FIND") >= 5, "the request")
        button = window.top_bar.button(actions.SEARCH)
        await until(lambda: button.accessibleName() == "Stop", "Search to turn into Stop")
        await until(window.worklist.strip.isVisible, "the strip that tells that it runs")
        click(button)
        await until(lambda: scp.cancelled_searches == 1, "the C-CANCEL")
        await until(lambda: not shown.desk.worklist.state(PEER).running, "the end of the search")
        assert button.accessibleName() == "Search"
        assert sorted(shown.rows()) == [ONE, TWO, THREE]
        banner = window.worklist.banner
        assert banner.isVisible()
        assert banner.accessibleName().startswith("Not all workitems are shown")
        scp.slowly = None
        click(button)
        await shown.searched()
        await until(lambda: not banner.isVisible(), "the banner to go")


class TestClosing:
    """Closing asks before something would be lost or forgotten; No is the default."""

    async def test_with_a_held_workitem(self, tmp_path: Path, scp: WorklistScp) -> None:
        async with window_on(tmp_path, scp) as shown:
            closed: list[bool] = []
            shown.window.closed.connect(lambda: closed.append(True))
            await shown.select(ONE)
            await confirm(await shown.open_dialog(actions.START))
            await gone(shown.window)
            dialog = await self._asked(shown)
            assert dialog.title_label.text() == "Close with 1 workitem In progress?"
            assert dialog.no_button.hasFocus()
            await press(Qt.Key.Key_Return)
            await gone(shown.window)
            assert shown.window.isVisible() and not closed
            dialog = await self._asked(shown)
            await press_until_focused(dialog.yes_button)
            await press(Qt.Key.Key_Space)
            await until(lambda: closed == [True], "the window to close")
            assert scp.state(ONE) == "IN PROGRESS"
            assert scp.acts() == [1]
            assert len(shown.desk.desk_file.entries()) == 1

    async def test_with_a_form_that_was_changed(self, tmp_path: Path, scp: WorklistScp) -> None:
        async with window_on(tmp_path, scp) as shown:
            closed: list[bool] = []
            shown.window.closed.connect(lambda: closed.append(True))
            click(shown.window.top_bar.button(actions.NEW))
            editor = shown.window.editor
            await until(editor.isVisible, "the form")
            field = _label_field(editor)
            field.setFocus()
            QTest.keyClicks(field, "Head CT")
            dialog = await self._asked(shown)
            assert dialog.title_label.text() == "Discard what was typed?"
            await press(Qt.Key.Key_Escape)
            await gone(shown.window)
            assert editor.isVisible() and field.text() == "Head CT"
            assert not closed
            dialog = await self._asked(shown)
            await press_until_focused(dialog.yes_button)
            await press(Qt.Key.Key_Space)
            await until(lambda: closed == [True], "the window to close")
            assert scp.count("N-CREATE") == 0

    async def test_a_form_is_not_lost_to_keys_of_the_list_nor_to_a_look_at_another_item(
        self, tmp_path: Path, scp: WorklistScp
    ) -> None:
        async with window_on(tmp_path, scp) as shown:
            click(shown.window.top_bar.button(actions.NEW))
            editor = shown.window.editor
            await until(editor.isVisible, "the form")
            field = _label_field(editor)
            field.setFocus()
            QTest.keyClicks(field, "Head CT")
            for key in (Qt.Key.Key_N, Qt.Key.Key_F, Qt.Key.Key_E):
                QTest.keyClick(shown.window, key, Qt.KeyboardModifier.ControlModifier)
            assert _label_field(editor) is field and field.text() == "Head CT" and field.hasFocus()
            shown.window.show_item(shown.key(ONE))
            dialog = await until(lambda: next(open_dialogs(shown.window), None), "the question")
            assert dialog.title_label.text() == "Discard what was typed?"
            await pause()
            await press(Qt.Key.Key_Escape)
            await gone(shown.window)
            assert field.text() == "Head CT" and shown.window.worklist.current_key() is None
            assert not shown.window.panels.details.isVisible()
            shown.window.show_item(shown.key(ONE))
            dialog = await until(lambda: next(open_dialogs(shown.window), None), "the question")
            await pause()
            await press_until_focused(dialog.yes_button)
            await press(Qt.Key.Key_Space)
            await until(shown.window.panels.details.isVisible, "the details")
            assert shown.window.worklist.current_key() == shown.key(ONE)
            assert not editor.has_changes()

    async def test_with_nothing_open_asks_nothing(self, tmp_path: Path, scp: WorklistScp) -> None:
        async with window_on(tmp_path, scp) as shown:
            closed: list[bool] = []
            shown.window.closed.connect(lambda: closed.append(True))
            shown.window.close()
            await until(lambda: closed == [True], "the window to close")
            assert (tmp_path / "window.json").exists()

    @staticmethod
    async def _asked(shown: Shown) -> ConfirmDialog:
        shown.window.close()
        dialog = await until(lambda: next(open_dialogs(shown.window), None), "the question")
        await pause()
        return dialog


def _label_field(editor: EditorPage) -> QLineEdit:
    return next(
        field
        for field in editor.findChildren(QLineEdit)
        if field.isVisible() and field.accessibleName().startswith("Label")
    )


@pytest.mark.parametrize("is_later", [False, True], ids=["first-start", "first-server"])
async def test_the_panels_leave_the_room_to_the_table(
    tmp_path: Path, scp: WorklistScp, is_later: bool
) -> None:
    """At the first start, or when the panels come with the first server; a person's sizes stay."""
    async with window_on(tmp_path, None if is_later else scp, size=(1366, 768)) as shown:
        panels = shown.window.panels
        if is_later:
            shown.desk.settings.profiles.save(server := peer_at(scp.port))
            await shown.conductor.choose(server)
        await until(lambda: panels.details.width() < 330, "the details to be narrow")
        shown.window.resize(1440, 900)
        await pause()
        assert panels.details.width() < 330 and panels.filters.width() < 200
        assert panels.activity.height() < 200
        assert shown.window.worklist.view.viewport().height() > 450
        shown.window.resizeDocks([panels.details], [420], Qt.Orientation.Horizontal)
        await until(lambda: abs(panels.details.width() - 420) <= 4, "the details to be wide")
        await close_window(shown)
    async with window_on(tmp_path, scp, size=(1440, 900)) as shown:
        assert abs(shown.window.panels.details.width() - 420) <= 4


async def close_window(shown: Shown) -> None:
    closed: list[bool] = []
    shown.window.closed.connect(lambda: closed.append(True))
    shown.window.close()
    await until(lambda: closed == [True], "the window to close")


async def test_the_layout_comes_back_at_the_next_start(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp, size=(1500, 900)) as shown:
        shown.window.panels.activity.close()
        shown.window.worklist.view.columns.resizeSection(Column.PATIENT, 260)
        width = shown.window.worklist.view.columns.sectionSize(Column.PATIENT)
        await close_window(shown)
    async with window_on(tmp_path, scp, size=(1500, 900)) as shown:
        panels = shown.window.panels
        assert [dock.isVisible() for dock in panels.all] == [True, True, False]
        assert shown.window.worklist.view.columns.sectionSize(Column.PATIENT) == width
        # What a page or a small screen hides was not closed by the person.
        shown.window.resize(960, 540)
        click(shown.window.top_bar.button(actions.NEW))
        await until(shown.window.editor.isVisible, "the form")
        assert not any(dock.isVisible() for dock in panels.all)
        await close_window(shown)
    async with window_on(tmp_path, scp, size=(1500, 900)) as shown:
        assert [dock.isVisible() for dock in shown.window.panels.all] == [True, True, False]


async def test_a_panel_that_is_opened_in_a_small_window_stays(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp, size=(1280, 720)) as shown:
        panels = shown.window.panels
        assert [dock.isVisible() for dock in panels.all] == [False, True, True]
        panels.filters.toggleViewAction().trigger()
        shown.window.resize(1290, 730)
        assert panels.filters.isVisible()
        click(shown.window.top_bar.button(actions.NEW))
        await until(shown.window.editor.isVisible, "the form")
        QTest.keyClick(shown.window.editor, Qt.Key.Key_Escape)
        await until(shown.window.worklist.isVisible, "the worklist")
        assert all(dock.isVisible() for dock in panels.all)
        shown.window.resize(1500, 900)
        shown.window.resize(1280, 720)
        assert not panels.filters.isVisible()


async def test_panels_survive_a_start_without_a_server(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, None, size=(1500, 900)) as shown:
        await close_window(shown)
    async with window_on(tmp_path, scp, size=(1500, 900)) as shown:
        assert all(dock.isVisible() for dock in shown.window.panels.all)


async def test_another_theme_right_after_another_size(
    tmp_path: Path, scp: WorklistScp, qapp: QApplication
) -> None:
    """Qt walks through all widgets then; the bar that refitted itself in between brought the program down."""
    async with window_on(tmp_path, scp, size=(1440, 900)) as shown:
        await shown.select(TWO)
        for name, width in [("dark", 960), ("light", 1440)] * 3:
            shown.window.resize(width, 700)
            theme.apply_theme(qapp, theme.load_theme(name))
            await pause(20)
            bar = shown.window.top_bar.layout()
            assert bar is not None
            assert bar.sizeHint().width() <= width


@pytest.mark.parametrize(
    "size", [(1366, 768), (1280, 720), (960, 540)], ids=lambda size: f"{size[0]}x{size[1]}"
)
async def test_what_never_gives_way_on_a_small_screen(
    tmp_path: Path, scp: WorklistScp, size: tuple[int, int]
) -> None:
    long = "Wolfeschlegelsteinhausenbergerdorff^Hubert Blaine^^Dr."
    scp.change(TWO, PatientName=long, PatientID="PAT-2-WITH-A-LONG-TAIL-00112233")
    async with window_on(tmp_path, scp, size=size) as shown:
        window = shown.window
        await shown.select(TWO)
        await until(lambda: window.status_bar.freshness.text, "how fresh the list is")
        await pause(300)
        assert (window.width(), window.height()) == size
        for spec in TRANSITION_BUTTONS:
            button = window.top_bar.button(spec)
            assert button.text().strip() in (spec.text, actions.CANCEL_BEFORE_START.text)
            assert button.toolButtonStyle() is not Qt.ToolButtonStyle.ToolButtonIconOnly
            assert button.width() >= button.sizeHint().width(), f"{spec.text} is cut"
            _inside(button, window)
        bar = window.top_bar.layout()
        assert bar is not None
        assert bar.sizeHint().width() <= window.width(), "the bar is squeezed"
        places = [window.top_bar.button(spec).x() for spec in TRANSITION_BUTTONS]
        await shown.select(THREE)
        assert places == [window.top_bar.button(spec).x() for spec in TRANSITION_BUTTONS], "buttons moved"
        await shown.select(TWO)
        banner = window.details.banner
        _inside(banner, window)
        assert banner.height() >= banner.heightForWidth(banner.width()) or not banner.hasHeightForWidth()
        for told in ("Wolfeschlegelsteinhausenbergerdorff", "PAT-2-WITH-A-LONG-TAIL-00112233", "1962-04-10"):
            assert told in banner.accessibleDescription()
        for label in banner.findChildren(QWidget):
            if label.isVisible() and label.layout() is None:
                _inside(label, window)
        freshness = window.status_bar.freshness
        assert freshness.isVisible() and freshness.width() >= freshness.sizeHint().width()
        _inside(freshness, window)
        assert window.worklist.view.viewport().height() >= 4 * window.worklist.view.row_height


def _inside(widget: QWidget, window: QWidget) -> None:
    corner = widget.mapTo(window, QPoint(0, 0))
    told = f"{widget.accessibleName() or widget.objectName() or type(widget).__name__}"
    assert widget.isVisible(), told
    assert window.rect().contains(QRect(corner, widget.size())), f"{told} is outside the window"


async def test_progress_is_read_for_rows_that_come_into_sight(tmp_path: Path, scp: WorklistScp) -> None:
    scp.change(THREE, ScheduledProcedureStepPriority="HIGH")
    for number in range(60):
        scp.add(f"1.2.7.{number}", ProcedureStepLabel=f"Treatment {number:02}")
    last = scp.add(
        "1.2.7.99",
        ProcedureStepState="IN PROGRESS",
        ScheduledProcedureStepPriority="LOW",
        ProcedureStepProgressInformationSequence=[data_set(ProcedureStepProgress="48")],
    )
    async with window_on(tmp_path, scp) as shown:
        view = shown.window.worklist.view
        cell = lambda: view.model().index(shown.rows().index(last), Column.PROGRESS).data()  # noqa: E731
        await until(
            lambda: len(shown.rows()) == 64 and scp.count("N-GET") == 1, "what is in sight to be read"
        )
        assert cell() == ""
        view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
        await until(lambda: cell() == "48 %", "the progress of a row in sight")
        assert scp.count("N-GET") == 2


async def test_what_a_server_writes_is_never_taken_for_html(tmp_path: Path, scp: WorklistScp) -> None:
    mark = "<b>bold</b>"
    scp.change(
        TWO,
        PatientName=f"Kim{mark}^Do",
        PatientID=mark,
        ProcedureStepLabel=mark,
        WorklistLabel=mark,
        ScheduledStationNameCodeSequence=[code(mark, "99LOCAL", mark)],
        ScheduledProcedureStepStartDateTime=soon(15),
    )
    async with window_on(tmp_path, scp, size=(1440, 900)) as shown:
        await shown.select(TWO)
        row = shown.rows().index(TWO)
        model = shown.window.worklist.model
        tips = [
            model.index(row, column).data(Qt.ItemDataRole.ToolTipRole)
            for column in range(model.columnCount())
        ]
        widgets = shown.window.findChildren(QWidget)
        tips += [widget.toolTip() for widget in widgets]
        assert any("&lt;b&gt;" in tip for tip in tips if tip)
        assert not [tip for tip in tips if tip and mark in tip]
        for label in shown.window.findChildren(QLabel):
            if mark in label.text():
                assert label.textFormat() is Qt.TextFormat.PlainText, label.text()


async def test_whatever_can_be_pressed_or_typed_in_has_a_name(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp, size=(1440, 900)) as shown:
        window = shown.window
        window.worklist.bar.field.setText("nobody")  # the button that clears it shows, and a page for no rows
        await until(lambda: shown.rows() == [], "no rows")
        kinds = (QAbstractButton, QLineEdit, QComboBox)
        shown_ones = [one for kind in kinds for one in window.findChildren(kind) if one.isVisible()]
        assert len(shown_ones) > 25

        def name(one: QWidget) -> str:
            return one.accessibleName() or (one.text() if isinstance(one, QAbstractButton) else "")

        assert [one for one in shown_ones if not name(one).strip()] == []
