"""What is in progress and silent for four hours: marked in its row, listed by an act, and no key here."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication

from tests.support.worklist_scp import WorklistScp
from tests.ui.windows import click, until, window_on, words_in
from upsdesk.ui import actions
from upsdesk.ui.worklist.columns import Column

SILENT, BUSY, NEW = "1.2.3.1", "1.2.3.2", "1.2.3.3"


def hours_ago(hours: float) -> str:
    return (datetime.now().astimezone() - timedelta(hours=hours)).strftime("%Y%m%d%H%M%S%z")


@pytest.fixture
def scp() -> Iterator[WorklistScp]:
    with WorklistScp() as server:
        for uid, state, hours in (
            (SILENT, "IN PROGRESS", 5.1),
            (BUSY, "IN PROGRESS", 3),
            (NEW, "SCHEDULED", 9),
        ):
            modified = hours_ago(hours)
            server.add(uid, PatientID=uid, ScheduledProcedureStepModificationDateTime=modified)
            server.change(uid, ProcedureStepState=state)
        yield server


async def test_what_is_silent_is_marked_and_listed(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp) as shown:
        window, model = shown.window, shown.window.worklist.model
        await until(lambda: len(shown.rows()) == 3, "the rows")

        def due(uid: str) -> str:
            return str(model.index(shown.rows().index(uid), Column.DUE).data())

        assert due(SILENT) == "silent 5 h"
        assert "silent" not in due(BUSY) + due(NEW)
        window.trigger(actions.SILENT)
        await until(lambda: shown.rows() == [SILENT], "what is silent alone")
        chip = window.worklist.bar.silent
        assert chip.isChecked()
        await shown.select(SILENT)
        await until(lambda: "for 5 h" in words_in(window.details), "the details")
        assert "only the server's administrator can end it" in words_in(window.details)
        click(window.details.copy_message)
        message = QGuiApplication.clipboard().text()
        assert SILENT in message and "IN PROGRESS" in message
        for personal in ("Novak", "19620410", "1962-04-10"):
            assert personal not in message
        window.worklist.set_criteria(window.worklist.model.criteria.__class__())
        await until(lambda: len(shown.rows()) == 3, "all rows again")
        await shown.select(BUSY)
        assert not window.details.copy_message.isVisible()
