"""The main window at a server of plain pynetdicom: selection, reasons, keys, closing, and what it shows."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.support.worklist_scp import WorklistScp
from tests.ui.desks import pause, press
from tests.ui.windows import confirm, gone, until, window_on
from upsdesk.ui import actions, theme

ONE, TWO, THREE = "1.2.3.1", "1.2.3.2", "1.2.3.3"


@pytest.fixture
def scp() -> Iterator[WorklistScp]:
    with WorklistScp() as server:
        server.add(ONE)
        server.add(TWO, PatientName="Kim^Do-yeon=金^道淵=김^도연", PatientID="PAT-2", ProcedureStepLabel="CT")
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
        await press(Qt.Key.Key_F5)
        await pause()
