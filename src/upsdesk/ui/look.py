"""Changes between light and dark, and keeps the choice."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QApplication

from upsdesk.services.settings import Settings, Theme
from upsdesk.ui import theme


def change_look(settings: Settings) -> None:
    """The other look, for this and the next start."""
    chosen = Theme.LIGHT if theme.current().dark else Theme.DARK
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    theme.apply_theme(application, theme.load_theme(chosen.value))
    settings.save_desk(replace(settings.desk, theme=chosen))
