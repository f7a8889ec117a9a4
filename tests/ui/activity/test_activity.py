"""The activity panel: newest first, held still, and where an entry leads."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QSignalSpy, QTest

from tests.services.values import NOW
from tests.support.waiting import until
from tests.ui.desks import KEY, Setting, setting
from upsdesk.services.activity import ActivityEntry, ActivityKind
from upsdesk.ui.activity.model import KEPT
from upsdesk.ui.activity.panel import ActivityPanel

pytestmark = pytest.mark.usefixtures("qapp")


def entry(number: int, kind: ActivityKind = ActivityKind.REPORT) -> ActivityEntry:
    return ActivityEntry(
        NOW + timedelta(seconds=number), kind, f"Progress {number}", "Novak, Jana", "40 %", "update", KEY
    )


@pytest_asyncio.fixture
async def at(tmp_path: Path) -> AsyncIterator[Setting]:
    async with setting(tmp_path) as made:
        yield made


@pytest_asyncio.fixture
async def panel(at: Setting) -> AsyncIterator[ActivityPanel]:
    at.desk.activity.add(entry(0))
    made = ActivityPanel(at.desk)
    tester = QAbstractItemModelTester(made.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    made.resize(800, 200)
    made.show()
    yield made
    tester.deleteLater()
    made.close()
    made.deleteLater()


def titles(panel: ActivityPanel) -> list[object]:
    return [panel.model.index(row).data() for row in range(panel.model.rowCount())]


async def test_newest_first_and_from_before_the_panel_was_made(at: Setting, panel: ActivityPanel) -> None:
    at.desk.activity.add(entry(1), entry(2))
    assert titles(panel) == ["Progress 2", "Progress 1", "Progress 0"]


async def test_held_still_new_lines_wait(at: Setting, panel: ActivityPanel) -> None:
    panel._hold.click()
    at.desk.activity.add(entry(1))
    at.desk.activity.add(entry(2))
    assert titles(panel) == ["Progress 0"]
    assert panel._waiting.text() == "2 new lines waiting"
    panel._hold.click()
    assert titles(panel) == ["Progress 2", "Progress 1", "Progress 0"]
    assert panel._waiting.text() == ""


async def test_the_oldest_go(at: Setting, panel: ActivityPanel) -> None:
    at.desk.activity.add(*(entry(number) for number in range(1, KEPT + 10)))
    assert panel.model.rowCount() == KEPT
    assert titles(panel)[0] == f"Progress {KEPT + 9}"


async def test_an_entry_leads_to_its_workitem(at: Setting, panel: ActivityPanel) -> None:
    spy = QSignalSpy(panel.activated)
    panel.view.setCurrentIndex(panel.model.index(0))
    QTest.keyClick(panel.view, Qt.Key.Key_Return)
    assert spy.at(0) == [KEY]


async def test_every_kind_is_painted_and_read_out(at: Setting, panel: ActivityPanel) -> None:
    at.desk.activity.add(*(entry(number, kind) for number, kind in enumerate(ActivityKind)))
    assert not panel.view.grab().isNull()
    said = panel.model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "Novak, Jana, 40 %, update." in said


async def test_a_stream_of_updates_changes_the_list_ten_times_a_second(
    at: Setting, panel: ActivityPanel
) -> None:
    changes = QSignalSpy(panel.model.rowsInserted)
    for number in range(1, 600):
        at.desk.activity.add(entry(number))
    assert titles(panel)[0] == "Progress 1", "the first is shown at once"
    await until(lambda: titles(panel)[0] == "Progress 599")
    assert changes.count() == 2
    assert panel.model.rowCount() == KEPT
    assert titles(panel)[-1] == f"Progress {600 - KEPT}"
