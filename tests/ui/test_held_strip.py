"""What this desk holds stands above the table: whatever is filtered, and claimed by a command line too."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.services.values import NOW, key_of
from tests.support.plain_scu import code
from tests.support.worklist_scp import WorklistScp, soon
from tests.ui.desks import KEY, pause, press, setting, treatment
from tests.ui.windows import click, in_thread, until, window_on
from upsdesk.cli.main import main
from upsdesk.domain.events import CancelRequested
from upsdesk.domain.keys import PeerId
from upsdesk.services.commands import Claim
from upsdesk.services.settings import DeskSettings
from upsdesk.ui.held_strip import HeldStrip

ONE, TWO, OTHER = "1.2.3.1", "1.2.3.2", "1.2.3.4"
DOUBT = "110513^DCM^Discontinued for unspecified reason"


async def test_a_claim_of_the_command_line_shows_and_leads_to_its_row(tmp_path: Path) -> None:
    with WorklistScp() as scp:
        scp.add(ONE, ScheduledProcedureStepStartDateTime=soon(5), PatientName="Okafor^Chidi")
        scp.add(TWO, ScheduledProcedureStepStartDateTime=soon(9))
        async with window_on(tmp_path, scp) as shown:
            window, strip = shown.window, shown.window.held_strip
            assert strip.isHidden()
            where = [f"PLAIN@127.0.0.1:{scp.port}", "--iuid", ONE, "--data-dir", str(tmp_path)]
            await in_thread(lambda: main(["claim", *where, "--no-subscribe"]))
            await until(strip.isVisible, "the claim of the command line")
            assert shown.desk.store.is_held(shown.key(ONE))
            await until(lambda: strip.caption == "Held by this desk", "the caption")
            window.worklist.focus_filter()
            QTest.keyClicks(window.worklist.bar.field, "nothing of that name")
            await until(lambda: shown.rows() == [], "no rows")
            (chip,) = strip.chips()
            assert "Okafor, Chidi" in chip.accessibleName() and chip.item.since in chip.accessibleName()
            chip.setFocus()
            await press(Qt.Key.Key_Return)
            await until(lambda: window.worklist.current_key() == shown.key(ONE), "the selection")
            assert window.details.banner.name_text == "Okafor, Chidi"
            await in_thread(lambda: main(["cancel", *where, "--reason-code", DOUBT]))
            await until(strip.isHidden, "the strip to go")
            assert window.worklist.current_key() == shown.key(ONE)


async def test_what_is_held_at_another_server_leads_there(tmp_path: Path) -> None:
    with WorklistScp() as scp, WorklistScp() as other:
        scp.add(ONE, ScheduledProcedureStepStartDateTime=soon(5), PatientName="Okafor^Chidi <b>")
        other.add(TWO, ScheduledProcedureStepStartDateTime=soon(9))
        async with window_on(tmp_path, scp) as shown:
            window, strip = shown.window, shown.window.held_strip
            await Claim(shown.key(ONE)).run(shown.desk)
            elsewhere = replace(shown.peer, id=PeerId("s-2"), name="The other", port=other.port)
            shown.desk.settings.profiles.save(elsewhere)
            await shown.conductor.choose(elsewhere)
            await until(lambda: shown.rows() == [TWO], "the rows of the other server")
            (chip,) = strip.chips()
            assert chip.item.server == "at Test server" and "&lt;b&gt;" in chip.toolTip()
            click(chip)
            await until(lambda: shown.rows() == [ONE], "the rows of its server")
            assert window.worklist.current_key() == shown.key(ONE)
            await shown.conductor.choose(elsewhere)
            shown.desk.settings.profiles.remove(shown.peer.id)
            (chip,) = strip.chips()
            assert "not saved any more" in chip.item.server
            click(chip)
            await until(lambda: window.details.reason.text, "why it cannot be shown")


@pytest.mark.parametrize(("height", "lines"), [(540, 1), (900, 2)])
async def test_many_stand_on_one_line_in_a_low_window(
    tmp_path: Path, qtbot: QtBot, height: int, lines: int
) -> None:
    async with setting(tmp_path) as made:
        keys = [key_of(number) for number in range(1, 9)]
        for key in keys:
            made.server.add(key.uid, treatment())
            made.read(key)
            await made.claim(key)
        strip = HeldStrip(made.desk, made.window)
        made.window.resize(960, height)
        strip.resize(960, 40)
        made.window.show()
        strip.show()
        strip.tell()
        await asyncio.sleep(0)
        assert len(strip.items) == 8
        tops = {chip.y() for chip in strip.chips()}
        assert len(tops) <= lines and strip.height() <= 32 * lines + 3
        assert all(chip.geometry().right() < 960 for chip in strip.chips())
        hidden = len(strip.items) - len(strip.chips())
        more = strip._menu.actions()
        assert len(more) == hidden and (hidden > 0 or lines > 1)
        if more:
            with qtbot.waitSignal(strip.chosen) as chosen:
                more[-1].trigger()
            assert chosen.args == [keys[-1]]
        made.desk.apply(CancelRequested(KEY, NOW, requesting_ae="PLANNER"))
        await until(lambda: any("asks to cancel" in chip.accessibleName() for chip in strip.chips()), "it")
        strip.stop()


async def test_next_due_only_selects(tmp_path: Path) -> None:
    with WorklistScp() as scp:
        scp.add(ONE, ScheduledProcedureStepStartDateTime=soon(20))
        scp.add(TWO, ScheduledProcedureStepStartDateTime=soon(5))
        scp.add("1.2.3.3", ScheduledProcedureStepStartDateTime=soon(2), InputReadinessState="INCOMPLETE")
        elsewhere = [code("FX2", "99LOCAL", "Linac 2")]
        scp.add(
            "1.2.3.4", ScheduledProcedureStepStartDateTime=soon(1), ScheduledStationNameCodeSequence=elsewhere
        )
        async with window_on(tmp_path, scp) as shown:
            window, said = shown.window, list[str]()
            window.live_parts.announcer.told.connect(said.append)
            window.worklist.bar.field.setText("nothing of that name")
            await until(lambda: shown.rows() == [], "no rows")
            await until(lambda: QApplication.activeWindow() is window, "the window to be active")
            QTest.keyClick(window, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
            await until(lambda: said, "an answer")
            assert window.worklist.current_key() == shown.key(TWO)
            assert said[0].startswith("Next due: Novak, Jana, ID PAT-1, Scheduled")
            assert window.status_bar.news.isVisible() and scp.state(TWO) == "SCHEDULED"
            shown.desk.settings.save_desk(DeskSettings(station="FX9"))
            QTest.keyClick(window, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
            assert said[-1] == "Nothing at FX9 is Scheduled with its inputs ready."
            assert window.details.reason.text == said[-1]
            assert window.worklist.current_key() == shown.key(TWO)


async def test_new_and_gone_rows_are_said_and_pause_ends_the_searches(tmp_path: Path) -> None:
    with WorklistScp() as scp:
        scp.add(ONE, ScheduledProcedureStepStartDateTime=soon(20))
        async with window_on(tmp_path, scp) as shown:
            window, said = shown.window, list[str]()
            window.live_parts.announcer.told.connect(said.append)
            scp.add(TWO, ScheduledProcedureStepStartDateTime=soon(5), PatientName="Okafor^Chidi")
            shown.desk.refresh.set_seconds(0.05)
            await until(lambda: said, "the new row")
            assert said[0].startswith("New: Okafor, Chidi, ID PAT-1, Scheduled")
            del scp.items[ONE]
            await until(lambda: said[-1] == "1 workitem not listed any more.", "the row that has gone")
            await until(lambda: QApplication.activeWindow() is window, "the window to be active")
            QTest.keyClick(window, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
            assert window.status_bar.paused.isVisible()
            await until(lambda: not shown.desk.worklist.state(shown.peer.id).running, "the last search")
            await pause(400)  # a search that was due already when the key came is still made
            asked = scp.count("C-FIND")
            await pause(400)
            assert scp.count("C-FIND") == asked
            click(window.status_bar.paused)
            await until(lambda: scp.count("C-FIND") > asked, "searches again")
            assert not window.status_bar.paused.isVisible()
