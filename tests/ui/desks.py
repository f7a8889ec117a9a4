"""A desk on a data folder of its own, at a fake server that keeps state, and a window for dialogs."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.services.fake_peer import FakePeer
from tests.services.values import NOW, PEER, key_of, workitem_elements
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Elements
from upsdesk.domain.events import Read
from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.state import ProcedureStepState
from upsdesk.services.commands import Claim, ResultKind
from upsdesk.services.desk import Desk, open_desk
from upsdesk.services.settings import DeskSettings
from upsdesk.ui.dialogs import ConfirmDialog
from upsdesk.ui.key_guard import BURST_MS

S = ProcedureStepState
WORK = Code("121726", "DCM", "RT Treatment with Internal Verification")
STATION = Code("FX1", "99IHERO2008", "FX1")
KEY = key_of(1)
Found = TypeVar("Found")


@dataclass
class Setting:
    """A desk, its server and a window."""

    desk: Desk
    server: FakePeer
    window: QWidget

    def read(self, key: WorkitemKey = KEY) -> None:
        """Let the desk know a workitem as the server has it now."""
        self.desk.apply(Read(key, self.server.workitems[key.uid].elements, None, NOW))

    async def claim(self, key: WorkitemKey = KEY) -> None:
        """This desk holds the workitem from now on."""
        result = await Claim(key).run(self.desk)
        assert result.kind is ResultKind.DONE, result


def treatment(state: ProcedureStepState = S.SCHEDULED, **facts: str) -> Elements:
    """A workitem with a work type and a station."""
    return workitem_elements(state, **facts).with_elements(
        sequence(tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, WORK.to_elements()),
        sequence(tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE, STATION.to_elements()),
        element(tags.COMMENTS_ON_THE_SCHEDULED_PROCEDURE_STEP, "Bolus 5 mm"),
        element(tags.WORKLIST_LABEL, "RT linac"),
    )


def uid_maker() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"2.25.9{next(numbers)}"


@asynccontextmanager
async def setting(
    folder: Path, *, station: str = "FX1", clock: Callable[[], datetime] = lambda: NOW
) -> AsyncIterator[Setting]:
    """One workitem, Scheduled, known to the desk."""
    server = FakePeer()
    server.add(KEY.uid, treatment())
    desk = open_desk(folder, make_uid=uid_maker(), clock=clock, zone=UTC, scu_factory=server.factory)
    desk.settings.save_desk(DeskSettings(name="RT console", station=station))
    desk.settings.profiles.save(PEER)
    window = QWidget()
    window.resize(1280, 720)
    window.show()
    made = Setting(desk, server, window)
    made.read()
    try:
        yield made
    finally:
        server.hurry.set()
        window.close()
        window.deleteLater()
        await desk.close()


async def until(condition: Callable[[], Found], what: str, seconds: float = 5.0) -> Found:
    """Let the loop run until `condition` gives something true, and return that."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        found = condition()
        if found:
            return found  # type: ignore[return-value]
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        await _turn()


async def _turn() -> None:
    """One turn of the loop that lets timers and threads get on."""
    turned = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.002, turned.set_result, None)
    await turned


async def pause(milliseconds: int = BURST_MS + 25) -> None:
    """The time between two keys of a person."""
    passed = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(milliseconds / 1000, passed.set_result, None)
    await passed


async def press(*keys: Qt.Key) -> None:
    """Keys of a person, each to the widget that has the focus then."""
    for key in keys:
        target = await until(QApplication.focusWidget, "a widget with the focus")
        QTest.keyClick(target, key)
        await pause()


def open_dialogs(window: QWidget) -> Iterator[ConfirmDialog]:
    return (dialog for dialog in window.findChildren(ConfirmDialog) if dialog.isVisible())


async def opened(window: QWidget) -> ConfirmDialog:
    """The dialog that is open over the window, with the focus in it, ready for keys."""
    dialog: ConfirmDialog = await until(lambda: next(open_dialogs(window), None), "a dialog")
    await until(lambda: _has_focus(dialog), "the focus in the dialog")
    await pause()
    return dialog


def _has_focus(dialog: QWidget) -> bool:
    focused = QApplication.focusWidget()
    return focused is not None and focused.window() is dialog
