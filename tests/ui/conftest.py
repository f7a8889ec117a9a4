"""What tests of the window share: asyncio inside Qt's loop, a new one for each test."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication


def _new_loop() -> Any:
    from upsdesk.ui.loop import new_event_loop

    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    app.setQuitOnLastWindowClosed(False)  # closing the last window would end qasync's loop
    return new_event_loop(app)


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], Any]]:
    return {"qt": _new_loop}
