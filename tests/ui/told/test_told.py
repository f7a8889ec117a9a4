"""The panel "Who would be told", on the store of an embedded server that really delivers and fails to."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC
from pathlib import Path

import pytest
import pytest_asyncio
from PySide6.QtTest import QAbstractItemModelTester

from tests.support.plain_scu import GLOBAL, PlainListener, plain_scu, workitem
from tests.support.waiting import until, wait_until
from tests.support.worklist_scp import WorklistScp
from tests.ui.windows import window_on
from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, WorkitemKey
from upsdesk.scp.dispatcher import Delivery
from upsdesk.scp.model import ReceivingAe
from upsdesk.scp.server import UpsScp
from upsdesk.ui.tasks import cancel_all
from upsdesk.ui.told.dock import add_told_panel
from upsdesk.ui.told.panel import ToldPanel, read_status
from upsdesk.ui.told.words import AboutSelected

pytestmark = pytest.mark.usefixtures("qapp")
UID = "1.2.3"
KEY = WorkitemKey(PeerId("demo"), SopInstanceUid(UID))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Path]:
    """ALICE is told of everything, AWAY of one item, and cannot be reached."""
    alice = PlainListener("ALICE").start()
    path = tmp_path / "scp.sqlite"
    peers = [
        ReceivingAe(AeTitle("ALICE"), "127.0.0.1", alice.port),
        ReceivingAe(AeTitle("AWAY"), "127.0.0.1", 1),
    ]
    scp = UpsScp(AeTitle("TOLD"), store=path, peers=peers, delivery=Delivery(idle_release=0.1))
    scp.start()
    try:
        with plain_scu(scp.port, "TOLD") as scu:
            assert scu.subscribe(GLOBAL, "ALICE") == 0x0000
            assert scu.create(UID, workitem()) == 0x0000
            assert scu.subscribe(UID, "AWAY", lock="TRUE") == 0x0000
        alice.wait_for(UID, 1)
        wait_until(lambda: all(one.error or one.sent for one in scp.status()), what="both were tried")
        yield path
    finally:
        scp.stop()
        alice.stop()


@pytest_asyncio.fixture
async def panel(store: Path) -> AsyncIterator[ToldPanel]:
    made = ToldPanel(store, KEY.peer, UTC)
    tester = QAbstractItemModelTester(made.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    made.resize(420, 150)
    made.show()
    yield made
    made.hide()
    await cancel_all()
    tester.deleteLater()
    made.close()
    made.deleteLater()


async def test_receivers_what_they_are_told_of_and_what_waits(panel: ToldPanel) -> None:
    await until(lambda: panel.model.rowCount() == 2, what="the store to be read")
    alice, away = panel.model.lines
    assert (alice.title, alice.subject, alice.problem) == ("ALICE", "all items (1)", "")
    assert f"told {alice.told}" in alice.sentence
    assert len(alice.told) == len("10:19:30")
    assert (away.title, away.subject, away.told) == ("AWAY", "1 item, 1 kept", "not told yet")
    assert "nothing listens there" in away.problem
    assert away.waiting.endswith("waiting")
    assert panel.model.index(1).data(0x3) == away.sentence  # Qt.ItemDataRole.ToolTipRole
    assert panel.view.isVisible()


async def test_the_selected_item(panel: ToldPanel) -> None:
    await until(lambda: panel.model.rowCount() == 2, what="the store to be read")
    assert panel.selected.text() == "No item is selected"
    panel.set_key(KEY)
    assert panel.selected.text() == "2 about this item"
    assert [one.about_selected for one in panel.model.lines] == [
        AboutSelected.TOLD,
        AboutSelected.TOLD_AND_KEEPS,
    ]
    panel.set_key(WorkitemKey(PeerId("demo"), SopInstanceUid("1.2.4")))
    assert panel.selected.text() == "nobody about this item"
    assert {one.about_selected for one in panel.model.lines} == {AboutSelected.NOT_TOLD}
    assert panel.model.lines[0].sentence.endswith("not told of the selected item.")
    panel.set_key(WorkitemKey(PeerId("another"), SopInstanceUid(UID)))
    assert panel.selected.text() == "No item is selected"


async def test_it_reads_only_while_it_can_be_seen(panel: ToldPanel) -> None:
    await until(lambda: panel.model.rowCount() == 2, what="the store to be read")
    panel.hide()
    assert not panel._timer.isActive()
    panel.show()
    assert panel._timer.isActive()


async def test_a_store_that_is_gone_is_said(tmp_path: Path) -> None:
    panel = ToldPanel(tmp_path / "none.sqlite", KEY.peer, UTC)
    panel.show()
    await until(lambda: "cannot be read" in panel._empty.text(), what="the reason")
    assert not panel.view.isVisible()
    panel.close()
    panel.deleteLater()


async def test_it_stands_below_the_details_and_in_the_menu(tmp_path: Path, store: Path) -> None:
    with WorklistScp() as server:
        async with window_on(tmp_path / "desk", server, size=(1440, 900)) as shown:
            window = shown.window
            dock = add_told_panel(window, shown.desk, store, KEY.peer)
            told = dock.widget()
            assert isinstance(told, ToldPanel)
            await until(lambda: told.model.rowCount() == 2, what="the store to be read")
            assert dock.geometry().top() > window.panels.details.geometry().bottom()
            assert dock.geometry().left() == window.panels.details.geometry().left()
            entries = [action.text() for action in window.top_bar.menu.actions()]
            assert entries[entries.index("Activity") + 1] == "Who would be told"
            window.panels.put_away()
            assert dock.isHidden()
            window.panels.bring_back()
            assert not dock.isHidden()
            window.resize(1200, 800)
            await until(dock.isHidden, what="the panel to give way")


def test_read_status_of_the_whole_store(store: Path) -> None:
    status = read_status(store)
    assert [str(one.aet) for one in status.receivers] == ["ALICE", "AWAY"]
    assert [str(one.aet) for one in status.about[SopInstanceUid(UID)]] == ["ALICE", "AWAY"]
