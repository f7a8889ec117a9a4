"""Small parts that the filters share: captions, counts at the right end, and keys up and down a list."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import QLabel, QWidget

from upsdesk.ui import presenter, theme


def section(text: str) -> QLabel:
    """The name of a group of controls."""
    label = QLabel(text)
    label.setProperty("caption", True)
    label.setProperty("strong", True)
    return label


def paint_count(painter: QPainter, rect: QRect, count: int, *, is_alarm: bool = False) -> int:
    """A number at the right end, on a round ground when it is an alarm; returns its width."""
    colours = theme.current()
    font = theme.font(theme.TYPE.caption, theme.TYPE.semibold if is_alarm else theme.TYPE.medium)
    text = presenter.number_words(count)
    width = QFontMetrics(font).horizontalAdvance(text)
    painter.setFont(font)
    if is_alarm:
        wide = max(18, width + 10)
        pill = QRect(rect.right() - wide + 5, rect.center().y() - 8, wide, 17)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.error_ground)
        painter.drawRoundedRect(pill, 8, 8)
        painter.setPen(colours.error)
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)
        return wide
    painter.setPen(colours.text_2)
    painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
    return width


def step(event: QKeyEvent, widgets: Sequence[QWidget], at: QWidget) -> bool:
    """Arrow up and down, Home and End move the focus along `widgets`; whether the key was one of them."""
    if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
        return False
    shown = [widget for widget in widgets if widget.isVisibleTo(widget.window())]
    here = shown.index(at) if at in shown else 0
    to = {
        Qt.Key.Key_Up: here - 1,
        Qt.Key.Key_Down: here + 1,
        Qt.Key.Key_Home: 0,
        Qt.Key.Key_End: len(shown) - 1,
    }.get(Qt.Key(event.key()))
    if to is None:
        return False
    if shown:
        shown[min(max(to, 0), len(shown) - 1)].setFocus(Qt.FocusReason.OtherFocusReason)
    return True
