"""The help of one window: opens pages and sheets, and marks them in the demo."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from upsdesk.ui.help.sheets import AboutSheet, ShortcutSheet
from upsdesk.ui.help.window import HelpWindow


class HelpShelf:
    """`is_demo` tells whether what is opened now carries the band of the demo."""

    def __init__(self, window: QWidget, is_demo: Callable[[], bool]) -> None:
        self._window = window
        self._is_demo = is_demo
        self._pages: HelpWindow | None = None

    def open_page(self, name: str) -> None:
        """The help window at one page."""
        self._pages = self._pages or HelpWindow(self._window)
        self._pages.show_demo(self._is_demo())
        self._pages.open_page(name)

    def open_shortcuts(self) -> None:
        ShortcutSheet(self._window, demo=self._is_demo()).open()

    def open_about(self) -> None:
        AboutSheet(self._window, demo=self._is_demo()).open()
