"""The worklist on the screen, without the window around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pytestqt.qtbot import QtBot

from tests.ui.worklist.values import PEER, Bench
from upsdesk.ui import theme
from upsdesk.ui.worklist.panel import WorklistPanel


@contextmanager
def open_panel(bench: Bench, qtbot: QtBot, width: int, height: int) -> Iterator[WorklistPanel]:
    """Shows what the bench has of its server; deaf to the bench at the end."""
    theme.load_fonts()
    made = WorklistPanel(bench, seconds=bench.monotonic)
    qtbot.addWidget(made)
    made.resize(width, height)
    made.set_peer(PEER)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close_model()
