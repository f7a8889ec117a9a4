"""The list on paper: pages with the band of the demo, server, filter and time, and cells never cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest

from PySide6.QtCore import QMarginsF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPagedPaintDevice,
    QPageLayout,
    QPageSize,
    QPainter,
    QPen,
)

from upsdesk.domain.peer import DEMO_WORDS
from upsdesk.ui import theme

_INK, _GREY, _LINE, _BAND = QColor("#000000"), QColor("#444444"), QColor("#999999"), QColor("#FFF0CC")
_POINTS, _HEAD_POINTS, _TITLE_POINTS = 7.5, 7.5, 13.0
_FOOT = "UPS Desk is not a medical device. This is the list of that moment."
_MEASURED = 300
"""Texts of a column: a list of thousands is not measured twice."""
_PAD = 2.5
"""Points beside and above a text."""
_WRAP = int(Qt.TextFlag.TextWrapAnywhere | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
_WORDS = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
MARGIN = 12.0
"""Millimetres."""


@dataclass(frozen=True, slots=True)
class PrintedList:
    """What is printed. `lines` stand under the title: server, filter, time, counts."""

    title: str
    lines: tuple[str, ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    is_demo: bool


def lay_out(device: QPagedPaintDevice) -> None:
    """A4, lying, which most tables need."""
    device.setPageLayout(
        QPageLayout(
            QPageSize(QPageSize.PageSizeId.A4),
            QPageLayout.Orientation.Landscape,
            QMarginsF(MARGIN, MARGIN, MARGIN, MARGIN),
            QPageLayout.Unit.Millimeter,
        )
    )


class Pages:
    """The pages of a list: `measure` first, since each says of how many it is one, then `draw`.

    Both go on in small steps, so that a window can live while a long list is printed.
    """

    def __init__(self, device: QPagedPaintDevice, printed: PrintedList) -> None:
        self._device = device
        self._printed = printed
        self._painter = QPainter()
        self._point = device.logicalDpiY() / 72
        self._width = float(device.width())
        self._height = float(device.height())
        self._fonts = {
            "cell": self._font(_POINTS),
            "head": self._font(_HEAD_POINTS, theme.TYPE.semibold),
            "title": self._font(_TITLE_POINTS, theme.TYPE.semibold),
            "band": self._font(_POINTS + 1, theme.TYPE.semibold),
        }
        self._metrics = {name: QFontMetricsF(font, device) for name, font in self._fonts.items()}
        self._widths = self._fitting_widths()
        self._heights: list[float] = []
        self._pages: list[list[int]] = [[]]

    @property
    def count(self) -> int:
        """How many pages there are, once they are measured."""
        return len(self._pages)

    def measure(self) -> Iterator[None]:
        """Share the rows out among the pages, a row a step."""
        top, bottom = self._body_top(), self._height - 14 * self._point
        y = top
        for at, row in enumerate(self._printed.rows):
            height = self._row_height(row, "cell")
            self._heights.append(height)
            if self._pages[-1] and y + height > bottom:
                self._pages.append([])
                y = top
            self._pages[-1].append(at)
            y += height
            yield

    def draw(self) -> Iterator[None]:
        """Draw all pages, a row a step; raise OSError when the device takes nothing."""
        if not self._painter.begin(self._device):
            raise OSError("nothing can be drawn there")
        try:
            for number, rows in enumerate(self._pages, start=1):
                if number > 1:
                    self._device.newPage()
                yield from self._draw_page(number, rows)
        finally:
            self._painter.end()

    def _fitting_widths(self) -> list[float]:
        """What each column wants, or so much less that all have their longest word whole, if that goes."""
        pad = 2 * _PAD * self._point + 1
        cell, head = self._metrics["cell"].horizontalAdvance, self._metrics["head"].horizontalAdvance
        least, wanted = [], []
        for at, name in enumerate(self._printed.head):
            texts = {row[at] for row in self._printed.rows}
            words = {word for text in texts for word in text.split()}
            widest = [cell(word) for word in _longest(words)]
            longest = max([head(word) for word in name.split()] + widest, default=0.0)
            least.append(min(longest + pad, self._width / 4))
            whole = max([longest, *(cell(text) for text in _longest(texts))])
            wanted.append(max(least[-1], min(whole + pad, self._width / 3)))
        if sum(wanted) <= self._width:
            return [width * self._width / sum(wanted) for width in wanted] if wanted else []
        spare, over = max(0.0, self._width - sum(least)), sum(wanted) - sum(least)
        share = spare / over if over else 0.0
        widths = [low + share * (high - low) for low, high in zip(least, wanted, strict=True)]
        return [width * self._width / sum(widths) for width in widths]

    def _font(self, points: float, weight: int = 400) -> QFont:
        font = QFont(theme.font(theme.TYPE.table, weight))
        font.setPointSizeF(points)
        return font

    def _draw_page(self, number: int, rows: Sequence[int]) -> Iterator[None]:
        y = self._draw_heading()
        self._draw_row(y, self._printed.head, "head")
        y += self._row_height(self._printed.head, "head")
        self._rule(y, 0.8)
        for at in rows:
            self._draw_row(y, self._printed.rows[at], "cell")
            y += self._heights[at]
            self._rule(y, 0.3)
            yield
        self._painter.setPen(_GREY)
        self._painter.setFont(self._fonts["cell"])
        foot = QRectF(0, self._height - 11 * self._point, self._width, 11 * self._point)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
        self._painter.drawText(foot, left, _FOOT)
        self._painter.drawText(foot, right, f"Page {number} of {self.count}")

    def _body_top(self) -> float:
        return self._heading_height() + self._row_height(self._printed.head, "head")

    def _heading_height(self) -> float:
        band = 20 * self._point if self._printed.is_demo else 0.0
        lines = sum(self._text_height(line, self._width, "cell") for line in self._printed.lines)
        return band + self._metrics["title"].height() + lines + 8 * self._point

    def _draw_heading(self) -> float:
        painter, y = self._painter, 0.0
        if self._printed.is_demo:
            box = QRectF(0, 0, self._width, 15 * self._point)
            painter.fillRect(box, _BAND)
            painter.setPen(_INK)
            painter.setFont(self._fonts["band"])
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), DEMO_WORDS)
            y = 20 * self._point
        painter.setPen(_INK)
        painter.setFont(self._fonts["title"])
        height = self._metrics["title"].height()
        painter.drawText(QRectF(0, y, self._width, height), _WORDS, self._printed.title)
        y += height
        painter.setFont(self._fonts["cell"])
        for line in self._printed.lines:
            height = self._text_height(line, self._width, "cell")
            painter.drawText(QRectF(0, y, self._width, height), _WORDS, line)
            y += height
        return y + 8 * self._point

    def _text_height(self, text: str, width: float, kind: str) -> float:
        metrics = self._metrics[kind]
        if "\n" not in text and metrics.horizontalAdvance(text) <= width:
            return metrics.height()  # most cells, in a third of the time
        room = QRectF(0, 0, width, 1e6)
        height = metrics.boundingRect(room, self._wrapping(text, width, kind), text).height()
        return max(metrics.height(), height)

    def _wrapping(self, text: str, width: float, kind: str) -> int:
        """A word that is wider than its column breaks anywhere: nothing is ever cut."""
        longest = max((self._metrics[kind].horizontalAdvance(word) for word in text.split()), default=0.0)
        return _WORDS if longest <= width else _WRAP

    def _row_height(self, cells: Sequence[str], kind: str) -> float:
        pad = 2 * _PAD * self._point
        return pad + max(
            self._text_height(text, width - pad, kind)
            for text, width in zip(cells, self._widths, strict=True)
        )

    def _draw_row(self, y: float, cells: Sequence[str], kind: str) -> None:
        painter, pad = self._painter, _PAD * self._point
        painter.setPen(_INK)
        painter.setFont(self._fonts[kind])
        x = 0.0
        for text, width in zip(cells, self._widths, strict=True):
            room = width - 2 * pad
            height = self._text_height(text, room, kind)
            painter.drawText(QRectF(x + pad, y + pad, room, height), self._wrapping(text, room, kind), text)
            x += width

    def _rule(self, y: float, points: float) -> None:
        self._painter.setPen(QPen(_LINE, points * self._point))
        self._painter.drawLine(0, round(y), round(self._width), round(y))


def _longest(texts: Iterable[str]) -> list[str]:
    """The widest is among them, or hardly wider: letters differ less than the lengths of many texts do."""
    return nlargest(_MEASURED, texts, key=len)
