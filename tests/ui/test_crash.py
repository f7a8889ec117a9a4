"""Where an exception ends that nobody expected: one dialog, one log entry, and the window goes on."""

import asyncio
import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton

from tests.ui.windows import click, until, window_on
from upsdesk.services import log
from upsdesk.ui import actions, crash
from upsdesk.ui.crash import CrashReporter
from upsdesk.ui.tasks import cancel_all, spawn


class Boom(Exception):
    """Its text quotes a patient, as texts of libraries may."""


def boom() -> None:
    raise Boom("Novak^Jana")


async def boom_later() -> None:
    boom()


@pytest.fixture
def told(tmp_path: Path) -> Iterator[list[str]]:
    """What each crash was called; the log is written to tmp_path."""
    log.start_log(tmp_path)
    found: list[str] = []
    reporter = CrashReporter(tmp_path, on_crash=found.append)
    yield found
    reporter.close()
    log.stop_log()
    for box in boxes():
        box.close()


def boxes() -> list[QMessageBox]:
    return [box for box in QApplication.topLevelWidgets() if isinstance(box, QMessageBox) and box.isVisible()]


def log_text(folder: Path) -> str:
    for handler in logging.getLogger(log.LOGGER).handlers:
        handler.flush()
    return (folder / "logs" / "upsdesk.log").read_text(encoding="utf-8")


@pytest.mark.qt_no_exception_capture
async def test_every_way_ends_in_one_dialog_and_the_window_lives_on(tmp_path: Path, told: list[str]) -> None:
    async with window_on(tmp_path / "desk", None) as shown:
        QTimer.singleShot(0, boom)
        await until(lambda: told == ["Boom in a slot"], f"the exception of a slot: {told}")
        thread = threading.Thread(target=boom, name="worker")
        thread.start()
        await until(lambda: told[1:] == ["Boom in thread worker"], f"that of a thread: {told}")
        thread.join(5)
        spawn(boom_later(), "search")
        await until(lambda: told[2:] == ["Boom in task search"], f"that of a task: {told}")
        (box,) = boxes()
        assert box.text() == "Something went wrong inside UPS Desk."
        assert "Boom in a slot" in box.informativeText()
        assert "Novak" not in box.informativeText()
        click(next(button for button in box.findChildren(QPushButton) if button.text() == "Close"))
        await until(lambda: not boxes(), "the dialog to close")
        # The window answers as before, and the next fault is told again.
        assert shown.window.isVisible()
        shown.window.trigger(actions.ABOUT)
        await until(lambda: QApplication.activeModalWidget() is not None, "the sheet")
        sheet = QApplication.activeModalWidget()
        assert sheet is not None
        sheet.close()
        spawn(boom_later(), "again")
        await until(boxes, "the next dialog")
    text = log_text(tmp_path)
    assert text.count("unexpected Boom") == 4
    assert "Novak" not in text
    assert "test_crash.py" in text and "in boom" in text


@pytest.mark.qt_no_exception_capture
async def test_a_dialog_that_goes_takes_its_notice_along_but_not_the_next(
    tmp_path: Path, told: list[str]
) -> None:
    async with window_on(tmp_path / "desk", None) as shown:
        shown.window.trigger(actions.ABOUT)
        sheet = await until(QApplication.activeModalWidget, "the sheet")
        spawn(boom_later(), "one")
        (box,) = await until(boxes, "the notice")
        assert box.parent() is sheet
        gone: list[bool] = []
        sheet.destroyed.connect(lambda: gone.append(True))
        sheet.deleteLater()
        await until(lambda: gone, "the sheet to go")
        assert not boxes()
        spawn(boom_later(), "two")
        (box,) = await until(boxes, "the next notice")
        assert "task two" in box.informativeText()


@pytest.mark.qt_no_exception_capture
async def test_an_exception_that_is_its_own_cause_is_told_too(tmp_path: Path, told: list[str]) -> None:
    error = Boom("Novak^Jana")
    error.__cause__ = Boom("again")
    error.__cause__.__cause__ = error
    crash.present(error, "task ring")
    await until(lambda: told == ["Boom in task ring"], f"the exception: {told}")
    assert "Novak" not in log_text(tmp_path)


async def test_a_task_that_is_cancelled_is_no_crash(tmp_path: Path, told: list[str]) -> None:
    task = spawn(asyncio.Event().wait(), "waits")
    await cancel_all()
    assert task.cancelled()
    assert told == [] and not boxes()


async def test_the_hooks_are_given_back(tmp_path: Path) -> None:
    before = (sys.excepthook, threading.excepthook)
    reporter = CrashReporter(tmp_path)
    assert sys.excepthook != before[0]
    reporter.close()
    assert (sys.excepthook, threading.excepthook) == before
    assert CrashReporter.installed is None
    assert (tmp_path / "faults.log").exists()


async def test_without_a_reporter_an_exception_is_not_swallowed(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        boom()
    except Boom as error:
        crash.present(error, "task x")
    assert "Boom" in capsys.readouterr().err
