"""Hands and eyes of the tour: finds visible widgets by their words, clicks, types, waits, takes pictures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QWidget

T = TypeVar("T")
D = TypeVar("D", bound=QDialog)
_LOOK_AGAIN = 0.02
_PATIENCE = 15.0


class NotSeen(Exception):
    """What a step looked for did not appear in time."""


async def until(find: Callable[[], T | None], what: str, patience: float = _PATIENCE) -> T:
    """Wait until `find` returns something true, and return it; raise NotSeen naming `what`."""
    deadline = time.monotonic() + patience
    while True:
        found = find()
        if found:
            return found
        if time.monotonic() > deadline:
            raise NotSeen(f"did not see {what} within {patience:.0f} s")
        await asyncio.sleep(_LOOK_AGAIN)


async def pause(seconds: float = 0.1) -> None:
    """As long as a hand needs between two keys; dialogs take faster ones for a bar code scanner."""
    await asyncio.sleep(seconds)


def visible_button(inside: QWidget, words: str) -> QAbstractButton | None:
    """The visible button whose text or accessible name begins with `words`."""
    for button in inside.findChildren(QAbstractButton):
        names = (button.text().strip(), button.accessibleName())
        if button.isVisible() and any(name.startswith(words) for name in names):
            return button
    return None


async def click(widget: QWidget, at: QPoint | None = None) -> None:
    """One press of the left button on a widget that can be seen."""
    if not widget.isVisible():
        raise NotSeen(f"{widget.accessibleName() or widget.objectName()} cannot be seen")
    QTest.mouseClick(
        widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at or widget.rect().center()
    )
    await pause()


async def click_button(inside: QWidget, words: str) -> None:
    await click(await until(lambda: visible_button(inside, words), f"the button {words!r}"))


async def press(
    widget: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    """One key, as pressed by a person."""
    QTest.keyClick(widget, key, modifier)
    await pause()


async def write(field: QWidget, text: str) -> None:
    """Put the focus into a field, replace what it holds and type `text`."""
    await click(field)
    await press(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    await press(field, Qt.Key.Key_Delete)
    target = QApplication.focusWidget() or field
    QTest.keyClicks(target, text)
    await pause()


async def dialog_of(kind: type[D]) -> D:
    """The visible dialog of this kind."""

    def find() -> D | None:
        return next(
            (one for one in QApplication.topLevelWidgets() if isinstance(one, kind) and one.isVisible()), None
        )

    return await until(find, f"the dialog {kind.__name__}")


def picture_of(window: QWidget) -> QPixmap:
    """The window with the dialogs over it, as the screen would show them."""
    picture: QPixmap = window.grab()
    painter = QPainter(picture)
    origin = window.mapToGlobal(QPoint(0, 0))
    dialogs = [one for one in QApplication.topLevelWidgets() if isinstance(one, QDialog) and one.isVisible()]
    for other in sorted(dialogs, key=_depth):
        if other is not window:
            painter.drawPixmap(other.mapToGlobal(QPoint(0, 0)) - origin, other.grab())
    painter.end()
    return picture


def _depth(widget: QWidget) -> int:
    """How many widgets it belongs to: a question over a dialog lies above it."""
    parent = widget.parentWidget()
    return 0 if parent is None else 1 + _depth(parent)
