"""The main window on a real desk and conductor at a server of plain pynetdicom, and hands for it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from tests.support import waiting
from tests.support.worklist_scp import WorklistScp
from tests.ui.desks import open_dialogs, pause, press, uid_maker
from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.peer import Peer, PeerUse, Timeouts
from upsdesk.services.desk import Desk, open_desk
from upsdesk.services.session import Conductor, ListenerState
from upsdesk.ui import theme
from upsdesk.ui.actions import ActionSpec
from upsdesk.ui.main_window import MainWindow
from upsdesk.ui.notice_bar import NoticeBar
from upsdesk.ui.tasks import cancel_all
from upsdesk.ui.transitions.base import TransitionDialog

PEER = PeerId("s-1")
PATIENCE = 20.0
"""Seconds that a busy machine may take for anything that the tests wait for."""
Seen = TypeVar("Seen")


async def until(condition: Callable[[], Seen], what: str, patience: float = PATIENCE) -> Seen:
    """The first true value of `condition`; the loop goes on meanwhile."""
    return await waiting.until(condition, patience, what)


@dataclass
class Shown:
    """A window that is open on a server, and what drives it."""

    window: MainWindow
    desk: Desk
    conductor: Conductor
    peer: Peer
    server: WorklistScp | None = None

    def key(self, uid: str) -> WorkitemKey:
        return WorkitemKey(self.peer.id, SopInstanceUid(uid))

    def rows(self) -> list[str]:
        """The UIDs of the table from top to bottom."""
        return [str(key.uid) for key in self.window.worklist.model.visible]

    async def searched(self) -> None:
        """Until no search runs and one has been answered."""
        state = lambda: self.desk.worklist.state(self.peer.id)  # noqa: E731
        await until(lambda: not state().running and state().started_at, "the end of the search")

    async def select(self, uid: str) -> None:
        """Click the row of a workitem; returns when the details have asked the server for it."""
        is_other = self.window.worklist.current_key() != self.key(uid)
        asked = self.server.count("N-GET") if self.server is not None else 0
        await until(lambda: uid in self.rows(), f"the row {uid} among {self.rows()}")
        view = self.window.worklist.view
        index = view.model().index(self.rows().index(uid), 5)
        view.scrollTo(index)
        QTest.mouseClick(
            view.viewport(),
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
            view.visualRect(index).center(),
        )
        assert self.window.worklist.current_key() == self.key(uid)
        server = self.server
        if server is not None and is_other:
            await until(lambda: server.count("N-GET") > asked, "the details to be read")

    def press_button(self, spec: ActionSpec) -> None:
        click(self.window.top_bar.button(spec))

    async def open_dialog(self, spec: ActionSpec) -> TransitionDialog:
        """Press the button of a transition; the dialog it opens, read and ready for keys."""
        self.press_button(spec)
        dialog = await until(lambda: next(open_dialogs(self.window), None), "a dialog")
        assert isinstance(dialog, TransitionDialog)
        await until(lambda: dialog.elements() is not None, "the dialog's own reading")
        await pause()
        return dialog

    def notices(self) -> list[str]:
        """The bars under the top bar."""
        bars = self.window.notice_stack.findChildren(NoticeBar)
        return [bar.accessibleName() for bar in bars if bar.isVisible()]


def click(widget: QWidget, at: QPoint | None = None) -> None:
    """One press of the left button on a widget that can be seen."""
    assert widget.isVisible(), widget.accessibleName()
    QTest.mouseClick(
        widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at or widget.rect().center()
    )


async def press_until_focused(target: QWidget, key: Qt.Key = Qt.Key.Key_Tab) -> None:
    """Tab until the focus is where it shall be."""
    for _ in range(40):
        if target.hasFocus():
            return
        await press(key)
    raise AssertionError(f"{key} does not lead to {target.accessibleName()}")


async def confirm(dialog: TransitionDialog) -> None:
    """Tab to the confirm button and press it with Space."""
    await until(lambda: not dialog.waits, f"the confirm button to be free: {dialog.line.text}")
    await press_until_focused(dialog.yes_button)
    await press(Qt.Key.Key_Space)


async def gone(window: QWidget) -> None:
    """Until no dialog is open over the window."""
    await until(lambda: not list(open_dialogs(window)), "the dialog to close")


def words_in(widget: QWidget) -> str:
    return " | ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def peer_at(port: int, *, listens: bool = False, dimse: float = 10.0) -> Peer:
    return Peer(
        id=PEER,
        called_aet=AeTitle("PLAIN"),
        host="127.0.0.1",
        port=port,
        name="Test server",
        use=PeerUse.TEST,
        listen_port=free_port() if listens else None,
        timeouts=Timeouts(connect=10, acse=10, dimse=dimse, network=20, release=1),
    )


@asynccontextmanager
async def window_on(
    folder: Path,
    server: WorklistScp | Peer | None,
    *,
    listens: bool = False,
    size: tuple[int, int] = (1366, 768),
) -> AsyncIterator[Shown]:
    """A window as the application opens it; closed in order at the end."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.load_fonts()
    theme.apply_theme(app, theme.load_theme("light"))
    desk = open_desk(folder, make_uid=uid_maker())
    desk.settings.save_desk(replace(desk.settings.desk, name="RT console", station="FX1"))
    peer = peer_at(server.port, listens=listens) if isinstance(server, WorklistScp) else server
    if peer is not None:
        desk.settings.profiles.save(peer)
    conductor = Conductor(desk)
    window = MainWindow(folder, peer)
    window.resize(*size)
    window.show()
    window.activateWindow()
    await until(window.isVisible, "the window")
    window.fill(desk, conductor)
    await pause()  # what is put into a window that is seen shows with the next turn of the loop
    try:
        await conductor.choose(peer)
        shown = Shown(window, desk, conductor, peer or peer_at(1))
        if isinstance(server, WorklistScp):
            shown.server = server
            await shown.searched()
        yield shown
    finally:
        window.stop()
        window.close()
        await conductor.close()
        await cancel_all()
        window.deleteLater()


async def listening(shown: Shown) -> int:
    """The port of the listener, once it is bound."""
    session = shown.conductor.session
    assert session is not None and shown.peer.listen_port is not None
    await until(lambda: session.listener.state is ListenerState.READY, "the listener")
    return shown.peer.listen_port


async def in_thread(work: Callable[[], object]) -> None:
    """A blocking call of the other side, while the window's loop goes on."""
    await asyncio.get_running_loop().run_in_executor(None, work)
