"""Timers that belong to a widget, made in one line."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


def single(parent: QObject, ms: int, call: Callable[[], object]) -> QTimer:
    """Calls once, `ms` milliseconds after it was started; again when it is started again."""
    timer = repeating(parent, ms, call)
    timer.setSingleShot(True)
    return timer


def repeating(parent: QObject, ms: int, call: Callable[[], object]) -> QTimer:
    """Calls every `ms` milliseconds from its start on."""
    timer = QTimer(parent)
    timer.setInterval(ms)
    timer.timeout.connect(call)
    return timer
