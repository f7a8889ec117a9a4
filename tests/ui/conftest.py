"""What tests of the window share: asyncio inside Qt's loop, a new one for each test."""

import gc
import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

_loops: list[Any] = []
"""A loop has timers of Qt: were the last reference that of a worker's thread, it would be destroyed there."""


def _new_loop() -> Any:
    from upsdesk.ui.loop import new_event_loop

    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    app.setQuitOnLastWindowClosed(False)  # closing the last window would end qasync's loop
    loop = new_event_loop(app)
    _loops.append(loop)
    return loop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], Any]]:
    return {"qt": _new_loop}


@pytest.fixture(scope="session", autouse=True)
def _modules_are_no_garbage() -> Iterator[None]:
    """What is imported by now is left out of every later collection: each would take 33 ms more."""
    from upsdesk.ui import app

    for name in app.HEAVY:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _this_thread_collects(_nothing_left_behind: None) -> Iterator[None]:
    """As in the program (`ui.collector`): a worker thread that collects garbage would destroy Qt objects."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()
