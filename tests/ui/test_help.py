"""Help: every page exists and reads, the sheets open, and the demo marks them too."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QTextBrowser, QWidget
from pytestqt.qtbot import QtBot

from upsdesk import resources
from upsdesk.services.settings import Settings, Theme
from upsdesk.ui import actions, theme
from upsdesk.ui.demo_band import DemoBand
from upsdesk.ui.help.sheets import ShortcutSheet
from upsdesk.ui.help.shelf import HelpShelf
from upsdesk.ui.help.window import PAGES, HelpWindow
from upsdesk.ui.look import change_look


@pytest.mark.parametrize("name", [name for name, _ in PAGES])
def test_every_page_shows_its_heading(qtbot: QtBot, name: str) -> None:
    window = HelpWindow()
    qtbot.addWidget(window)
    window.open_page(name)
    heading = resources.read_text("help", f"{name}.md").splitlines()[0].removeprefix("# ")
    assert window.findChild(QTextBrowser).toPlainText().startswith(heading)


def test_every_page_that_is_shipped_is_listed() -> None:
    shipped = {path.stem for path in resources.path("help").glob("*.md")}
    assert shipped == {name for name, _ in PAGES}


@pytest.mark.parametrize("is_demo", [True, False])
def test_help_carries_the_band_of_the_demo(qtbot: QtBot, is_demo: bool) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.show()
    shelf = HelpShelf(parent, lambda: is_demo)
    shelf.open_page("worklist")
    window = parent.findChild(HelpWindow)
    assert window.findChild(DemoBand).isVisible() is is_demo
    shelf.open_shortcuts()
    sheet = parent.findChild(ShortcutSheet)
    assert (sheet.findChild(DemoBand) is not None) is is_demo
    sheet.close()


def test_the_keyboard_page_names_every_shortcut() -> None:
    page = resources.read_text("help", "keyboard.md")
    for spec in actions.ALL:
        assert not spec.shortcut or spec.shortcut in page, spec


def test_the_look_is_kept(qtbot: QtBot, tmp_path: Path) -> None:
    settings = Settings.load(tmp_path)
    before = theme.current()
    try:
        change_look(settings)
        assert theme.current().dark is not before.dark
        kept = Settings.load(tmp_path).desk.theme
        assert kept is (Theme.DARK if theme.current().dark else Theme.LIGHT)
        change_look(settings)
        assert theme.current().dark is before.dark
    finally:
        theme.notifier().theme = before


def test_keys_of_actions_do_not_clash() -> None:
    keys = [spec.shortcut for spec in actions.ALL if spec.shortcut]
    shared = {key for key in keys if keys.count(key) > 1}
    assert shared == {actions.ASK_TO_CANCEL.shortcut}
