"""From the start to the first picture of the window: only what that needs is imported and made here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from upsdesk.services.settings import Settings, Theme
from upsdesk.ui import theme
from upsdesk.ui.main_window import MainWindow

if TYPE_CHECKING:
    from upsdesk.domain.peer import Peer
    from upsdesk.ui.app import Driver


@dataclass(frozen=True, slots=True)
class Start:
    """How the application is started."""

    folder: Path
    """This desk's data folder; the caller holds its window lock."""
    peer: Peer | None = None
    """The server to show; None: the one shown last."""
    start_sample: Callable[[], None] | None = None
    """Starts the sample worklist in a process of its own."""
    driver: Driver | None = None
    """Runs instead of a user; the window closes when it returns, with its exit status."""
    is_dark: bool | None = None
    """None: as kept in the settings."""
    scp_store: Path | None = None
    """The store of `peer`, when that is the embedded server; None: the server is somebody else's."""


class FirstPicture:
    """A window that is shown and says what is being opened; nothing in it works yet."""

    def __init__(self, app: QApplication, start: Start) -> None:
        """Raise SettingsError."""
        self.settings = Settings.load(start.folder)
        self.peer = start.peer or _last_peer(self.settings)
        self.theme = chosen_theme(self.settings.desk.theme, start.is_dark)
        theme.use(self.theme)
        theme.load_fonts_for(self.peer.title if self.peer is not None else "")
        app.setApplicationName("UPS Desk")
        self.window = MainWindow(start.folder, self.peer)
        self.window.show()


def chosen_theme(kept: Theme, is_dark: bool | None) -> theme.Theme:
    """The palette of the settings, unless `is_dark` says which."""
    if is_dark is None:
        dark_system = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
        is_dark = kept is Theme.DARK or (kept is Theme.SYSTEM and dark_system)
    return theme.load_theme("dark" if is_dark else "light")


def _last_peer(kept: Settings) -> Peer | None:
    last, peers = kept.desk.last_peer, kept.profiles.peers
    return next((peer for peer in peers if peer.id == last), next(iter(peers), None))
