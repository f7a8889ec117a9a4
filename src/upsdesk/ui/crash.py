"""Where every unexpected exception ends: one dialog, one log entry, and the window lives on."""

from __future__ import annotations

import faulthandler
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, ClassVar

from PySide6.QtCore import QMessageLogContext, QObject, Qt, QtMsgType, Signal, qInstallMessageHandler
from PySide6.QtWidgets import QApplication, QMessageBox
from shiboken6 import isValid

_log = logging.getLogger(__name__)


class _Relay(QObject):
    """Carries an exception from any thread to the GUI thread."""

    arrived = Signal(str, str)


class CrashReporter:
    """Installs the hooks of Python, threads, Qt and the C level; gives them back on `close`."""

    installed: ClassVar[CrashReporter | None] = None

    def __init__(self, log_directory: Path, on_crash: Callable[[str], None] | None = None) -> None:
        self._on_crash = on_crash
        self._box: QMessageBox | None = None
        self._relay = _Relay()
        self._relay.arrived.connect(self._show, Qt.ConnectionType.QueuedConnection)
        self._faults: IO[str] = (log_directory / "faults.log").open("a", encoding="utf-8")
        faulthandler.enable(self._faults)
        self._hooks = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._from_main
        threading.excepthook = self._from_thread
        qInstallMessageHandler(_qt_message)
        CrashReporter.installed = self

    def take(self, error: BaseException, where: str) -> None:
        """Note an exception; safe from any thread."""
        # The traceback goes to the log; messages of our own exceptions carry no patient data.
        _log.error("unexpected %s in %s\n%s", type(error).__name__, where, _frames(error))
        self._relay.arrived.emit(type(error).__name__, where)

    def close(self) -> None:
        """Give all hooks back."""
        CrashReporter.installed = None
        sys.excepthook, threading.excepthook = self._hooks
        qInstallMessageHandler(None)
        faulthandler.disable()
        self._faults.close()

    def _from_main(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self.take(error.with_traceback(trace), "a slot")

    def _from_thread(self, details: Any) -> None:
        name = details.thread.name if details.thread is not None else "?"
        if details.exc_value is not None:
            self.take(details.exc_value, f"thread {name}")

    def _show(self, kind: str, where: str) -> None:
        if self._on_crash is not None:
            self._on_crash(f"{kind} in {where}")
        # One dialog at a time: a fault in a timer would bury the screen. One that lay over a dialog is gone
        # with it, and closed itself without a word.
        if self._box is not None and isValid(self._box) and self._box.isVisible():
            return
        box = QMessageBox(QApplication.activeWindow())
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("UPS Desk")
        box.setText("Something went wrong inside UPS Desk.")
        box.setInformativeText(
            f"{kind} in {where}. The window goes on, and nothing that was sent is undone. "
            "Search again to be sure of what you see. Details are in the log."
        )
        box.addButton("Close", QMessageBox.ButtonRole.RejectRole)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._box = box
        box.open()


def present(error: BaseException, where: str) -> None:
    """Hand an exception to the reporter; without one (tests, early start) Python's own hook gets it."""
    if CrashReporter.installed is not None:
        CrashReporter.installed.take(error, where)
    else:
        sys.__excepthook__(type(error), error, error.__traceback__)


def _frames(error: BaseException) -> str:
    """The traceback without the exceptions' texts, which may quote values."""
    lines: list[str] = []
    current: BaseException | None = error
    seen: set[int] = set()
    while current is not None and id(current) not in seen:  # a chain may be a ring
        seen.add(id(current))
        lines += traceback.format_tb(current.__traceback__)
        lines.append(f"{type(current).__name__}\n")
        current = current.__cause__ or current.__context__
    return "".join(lines)


def _qt_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    level = {
        QtMsgType.QtDebugMsg: logging.DEBUG,
        QtMsgType.QtInfoMsg: logging.INFO,
        QtMsgType.QtWarningMsg: logging.WARNING,
    }.get(kind, logging.ERROR)
    _log.log(level, "Qt: %s", text)
