"""Cyclic garbage dies in the GUI thread, whoever allocates."""

import gc
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from upsdesk.ui.collector import GuiThreadCollector, gui_thread_collects


@pytest.fixture
def collections() -> Iterator[list[threading.Thread]]:
    """The threads in which collections ran."""
    seen: list[threading.Thread] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            seen.append(threading.current_thread())

    gc.enable()
    gc.callbacks.append(note)
    yield seen
    gc.callbacks.remove(note)
    gc.disable()


class _Ring(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.me = self


def allocate() -> None:
    for _ in range(5000):
        ring: list[object] = []
        ring.append(ring)


def in_a_worker() -> threading.Thread:
    worker = threading.Thread(target=allocate)
    worker.start()
    worker.join()
    return worker


def test_without_it_a_worker_would_collect(collections: list[threading.Thread]) -> None:
    assert in_a_worker() in collections


def test_a_worker_collects_nothing_and_the_gui_thread_does(
    qtbot: QtBot, collections: list[threading.Thread]
) -> None:
    collector = GuiThreadCollector()
    gone: list[threading.Thread] = []
    ring = _Ring()
    ring.destroyed.connect(lambda: gone.append(threading.current_thread()))
    del ring
    worker = in_a_worker()
    assert worker not in collections
    assert gone == []
    collector.collect_due()
    assert gone == [threading.main_thread()]
    collector.close()


def test_python_collects_by_itself_again_afterwards(
    qtbot: QtBot, collections: list[threading.Thread]
) -> None:
    with gui_thread_collects():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_bulk_is_left_alone_until_nothing_happens_any_more(qtbot: QtBot) -> None:
    now = [0.0]
    with_bulk = GuiThreadCollector(clock=lambda: now[0])
    try:
        gone: list[bool] = []
        ring = _Ring()
        ring.destroyed.connect(lambda: gone.append(True))
        bulk = [[number] for number in range(30_000)]
        with_bulk.collect_due()
        assert gc.get_freeze_count() > len(bulk)
        del ring
        now[0] = 4.0
        with_bulk.collect_due()
        assert not gone, "frozen with the bulk"
        now[0] = 10.0
        with_bulk.collect_due()
        assert gone == [True] and gc.get_freeze_count() == 0
    finally:
        with_bulk.close()
