"""The first picture of the window: what it says, what is not loaded for it, that it can be closed already."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.windows import peer_at, until
from upsdesk.domain.peer import Peer, PeerUse
from upsdesk.services.settings import DeskSettings, Settings, SettingsError
from upsdesk.services.settings import Theme as Kept
from upsdesk.ui import app, theme
from upsdesk.ui.demo_band import DemoBand
from upsdesk.ui.first_picture import FirstPicture, Start
from upsdesk.ui.opening import OpeningPage

_TOLD_WHEN_PAINTED = """
import json, os, sys
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from upsdesk.cli.main import main

class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            print(json.dumps(sorted(sys.modules)), flush=True)
            os._exit(0)
        return False

application = QApplication(["x"])
watch = Watch()
application.installEventFilter(watch)
main(["gui", "--data-dir", sys.argv[1]])
"""
_LATER = {
    "asyncio", "importlib.metadata", "pydicom", "pynetdicom", "qasync", "sqlite3", "ssl",
    "PySide6.QtNetwork", "PySide6.QtSvg", "upsdesk.services.desk", "upsdesk.ui.app", "upsdesk.ui.docks",
    "upsdesk.ui.editor.page", "upsdesk.ui.top_bar", "upsdesk.ui.worklist.panel",
}  # fmt: skip
_MOST = 40
"""Modules of the program; the whole window has more than 150."""


def saved(folder: Path, peer: Peer | None = None, kept: Kept = Kept.LIGHT) -> Settings:
    settings = Settings.load(folder)
    if peer is not None:
        settings.profiles.save(peer)
    settings.save_desk(DeskSettings(name="RT console", theme=kept))
    return settings


@pytest.fixture
def application(qapp: QApplication) -> QApplication:
    return qapp


def test_little_is_loaded_for_it(tmp_path: Path) -> None:
    saved(tmp_path, peer_at(1))
    command = [sys.executable, "-c", _TOLD_WHEN_PAINTED, str(tmp_path)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    loaded = set(json.loads(ran.stdout))
    assert "upsdesk.ui.opening" in loaded
    assert sorted(loaded & _LATER) == []
    assert sum(name.startswith("upsdesk") for name in loaded) < _MOST


def test_it_says_that_it_is_the_demo(tmp_path: Path, application: QApplication, qtbot: QtBot) -> None:
    first = FirstPicture(application, Start(tmp_path, peer=replace(peer_at(104), use=PeerUse.DEMO)))
    band = first.window.findChild(DemoBand)
    assert band is not None and band.isVisible() and band.width() == first.window.width()
    assert band.accessibleName() == "DEMO, INVENTED PATIENTS"
    first.window.stop()
    first.window.close()
    first.window.deleteLater()


@pytest.mark.parametrize("peer", [None, peer_at(104)], ids=["no server", "a server"])
def test_it_says_what_is_opened(
    tmp_path: Path, application: QApplication, qtbot: QtBot, peer: Peer | None
) -> None:
    saved(tmp_path, peer, Kept.DARK)
    first = FirstPicture(application, Start(tmp_path))
    page = first.window.findChild(OpeningPage)
    assert page is not None and page.isVisible()
    assert page.geometry() == first.window.rect()
    assert page.accessibleName() == (
        f"Opening the worklist of {peer.title}…" if peer is not None else "Opening UPS Desk…"
    )
    assert first.theme.dark and theme.current().dark
    ink = page.grab().toImage()
    lines = range(ink.height() // 2 - 10, ink.height() // 2 + 10)
    shades = {ink.pixelColor(x, y).lightness() for x in range(0, ink.width(), 2) for y in lines}
    assert max(shades) > 200 and min(shades) < 60, "words in the middle, on dark ground"
    first.window.stop()
    first.window.close()
    first.window.deleteLater()


def test_wrong_settings_show_nothing(tmp_path: Path, application: QApplication) -> None:
    (tmp_path / "profiles.toml").write_text("[[profile]]\nid = 7\n", encoding="utf-8")
    with pytest.raises(SettingsError):
        FirstPicture(application, Start(tmp_path))
    assert not application.topLevelWidgets()


async def test_a_window_closed_before_it_is_filled_ends_the_program(
    tmp_path: Path, application: QApplication
) -> None:
    saved(tmp_path)
    first = FirstPicture(application, Start(tmp_path))
    first.window.close()
    assert first.window.isVisible(), "it closes in order, with the program"
    assert await app.run(application, Start(tmp_path), first) == 0


async def test_it_gives_way_to_the_whole_window(tmp_path: Path, application: QApplication) -> None:
    saved(tmp_path)
    seen: list[bool] = []

    async def drive(opened: app.Opened) -> int:
        await until(lambda: opened.window.findChild(OpeningPage) is None, "the end of the first picture")
        seen.append(opened.window.first_start.isVisible())
        return 7

    start = Start(tmp_path, driver=drive)
    assert await app.run(application, start, FirstPicture(application, start)) == 7
    assert seen == [True]
