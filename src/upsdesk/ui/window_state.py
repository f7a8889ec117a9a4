"""What the window keeps from one start to the next: size, panels, columns, filter."""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QMainWindow

from upsdesk.services import files

if TYPE_CHECKING:
    from upsdesk.ui.filters.keeper import FilterKeeper
    from upsdesk.ui.worklist.panel import WorklistPanel

_log = logging.getLogger(__name__)
_VERSION = 1
"""Raised when panels get other names, so that an old layout is not put on a new window."""


def save(folder: Path, window: QMainWindow, worklist: WorklistPanel, filters: FilterKeeper) -> None:
    """Write the layout of now. A disk that takes nothing costs the layout, and must not hold the window."""
    state: dict[str, Any] = {
        "geometry": _text(window.saveGeometry()),
        "panels": _text(window.saveState(_VERSION)),
        "worklist": worklist.save_state(),
        "filter": filters.save_state(),
    }
    try:
        files.save_window_state(folder, state)
    except OSError as error:
        _log.warning("the layout is not kept: %s", error.strerror)


def load(folder: Path) -> Mapping[str, Any]:
    """What was kept; empty when there is nothing that can be read."""
    return files.load_window_state(folder)


def restore_place(state: Mapping[str, Any], window: QMainWindow) -> bool:
    """Put the window where it was, before it is shown; False when that is not known."""
    geometry = _bytes(state.get("geometry"))
    return geometry is not None and window.restoreGeometry(geometry)


def restore_parts(
    state: Mapping[str, Any], window: QMainWindow, worklist: WorklistPanel, filters: FilterKeeper
) -> bool:
    """Put panels, columns and filters back, once they are made. What cannot be read is left out.

    Whether the panels have their sizes.
    """
    if isinstance(state.get("worklist"), dict):
        worklist.restore_state(state["worklist"])
    filters.restore_state(state.get("filter"))
    panels = _bytes(state.get("panels"))
    return panels is not None and window.restoreState(panels, _VERSION)


def _text(data: QByteArray) -> str:
    return base64.b64encode(data.data()).decode("ascii")


def _bytes(text: object) -> QByteArray | None:
    if not isinstance(text, str):
        return None
    try:
        return QByteArray(base64.b64decode(text, validate=True))
    except ValueError:
        return None
