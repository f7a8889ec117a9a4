"""Fonts, colours and measured texts that the worklist paints with; made once per theme and screen."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from upsdesk.ui import theme

_CACHE_LIMIT = 20_000


class _Letters(dict[str, float]):
    """Advances of single letters in one font."""

    def __init__(self, metrics: QFontMetricsF) -> None:
        super().__init__()
        self._metrics = metrics

    def __missing__(self, letter: str) -> float:
        found = self[letter] = self._metrics.horizontalAdvance(letter)
        return found


class Kit:
    """What delegates share. Texts are drawn on the main font's baseline, or mixed scripts would jump."""

    def __init__(self) -> None:
        sizes = theme.TYPE
        self.theme = theme.current()
        self.regular = theme.font(sizes.table, sizes.regular)
        self.medium = theme.font(sizes.table, sizes.medium)
        self.semibold = theme.font(sizes.table, sizes.semibold)
        self.header = theme.font(sizes.caption, sizes.semibold)
        self.small = theme.font(sizes.caption, sizes.regular)
        self.small_medium = theme.font(sizes.caption, sizes.medium)
        # Two lines in a compact row: one pixel less, or accents would meet what hangs down above them.
        self.tiny = theme.font(sizes.caption - 1, sizes.regular)
        self.tiny_medium = theme.font(sizes.caption - 1, sizes.medium)
        fonts = (
            self.regular, self.medium, self.semibold, self.header, self.small, self.small_medium, self.tiny,
            self.tiny_medium,
        )  # fmt: skip
        self._metrics = {id(font): QFontMetricsF(font) for font in fonts}
        self._letters = {id(font): _Letters(self._metrics[id(font)]) for font in fonts}
        self._widths: dict[tuple[int, str], float] = {}
        self._halves: dict[tuple[int, str], tuple[str, str]] = {}
        self._wrapped: dict[tuple[int, str, int], tuple[str, str]] = {}

    def width(self, font: QFont, text: str) -> float:
        """The advance of a text, measured once."""
        key = (id(font), text)
        found = self._widths.get(key)
        if found is None:
            if len(self._widths) > _CACHE_LIMIT:
                self._widths.clear()
            found = self._widths[key] = self._metrics[id(font)].horizontalAdvance(text)
        return found

    def sum_of_letters(self, font: QFont, text: str) -> float:
        """The advances of the single letters, each measured once."""
        return sum(map(self._letters[id(font)].__getitem__, text))

    def baseline(self, font: QFont, rect: QRect) -> float:
        metrics = self._metrics[id(font)]
        return rect.top() + (rect.height() - 1 + metrics.capHeight()) / 2

    def halves(self, font: QFont, text: str, limit: float) -> tuple[str, str]:
        """A name on two lines.

        It is broken between two representations or after the family name when both lines stay within `limit`,
        else at the blank that makes the longer one shortest.
        """
        key = (id(font), text)
        found = self._halves.get(key)
        if found is None:
            if len(self._halves) > _CACHE_LIMIT:
                self._halves.clear()
            found = self._halves[key] = self._best_halves(font, text, limit)
        return found

    def _best_halves(self, font: QFont, text: str, limit: float) -> tuple[str, str]:
        def longer(pair: tuple[str, str]) -> float:
            return max(self.width(font, half) for half in pair)

        for mark in ("  ", ", "):
            at = text.find(mark)
            pair = (text[: at + len(mark)].rstrip(), text[at + len(mark) :])
            if at >= 0 and longer(pair) <= limit:
                return pair
        blanks = [at for at, char in enumerate(text) if char == " "]
        return min(
            ((text[:at].rstrip(), text[at:].lstrip()) for at in blanks), key=longer, default=(text, "")
        )

    def wrapped(self, font: QFont, text: str, limit: int) -> tuple[str, str]:
        """As many words as fit into `limit` on the first line, and the rest."""
        key = (id(font), text, limit)
        found = self._wrapped.get(key)
        if found is None:
            if len(self._wrapped) > _CACHE_LIMIT:
                self._wrapped.clear()
            blanks = [at for at, char in enumerate(text) if char == " "]
            fitting = [at for at in blanks if self.width(font, text[:at]) <= limit]
            at = fitting[-1] if fitting else len(text)
            found = self._wrapped[key] = (text[:at], text[at:].strip())
        return found

    def two_lines(
        self, painter: QPainter, rect: QRect, halves: tuple[str, str], font: QFont, colour: QColor
    ) -> None:
        """Two lines of caption size in one row."""
        half = (rect.height() - 2) // 2
        self.text(painter, QRect(rect.left(), rect.top() + 1, rect.width(), half), halves[0], font, colour)
        below = QRect(rect.left(), rect.top() + half, rect.width(), half)
        self.text(painter, below, halves[1], font, colour)

    def text(
        self, painter: QPainter, rect: QRect, text: str, font: QFont, colour: QColor, *, right: bool = False
    ) -> None:
        """One line, vertically centred by its capitals; elided when it does not fit."""
        if not text or rect.width() <= 0:
            return
        width = self.width(font, text)
        if width > rect.width() + 0.5:
            text = self._metrics[id(font)].elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
            width = rect.width()
        x = rect.right() + 1 - width if right else rect.left()
        painter.setFont(font)
        painter.setPen(colour)
        painter.drawText(QPointF(x, self.baseline(font, rect)), text)


def blend(over: QColor, under: QColor, strength: float) -> QColor:
    """`over` at the given strength (0 to 1) on `under`."""
    if strength >= 1.0:
        return over
    share = 1.0 - strength
    return QColor.fromRgbF(
        over.redF() * strength + under.redF() * share,
        over.greenF() * strength + under.greenF() * share,
        over.blueF() * strength + under.blueF() * share,
    )


def bar(painter: QPainter, rect: QRectF, share: float, track: QColor, fill: QColor) -> None:
    """A progress bar with round ends."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    radius = rect.height() / 2
    painter.setBrush(track)
    painter.drawRoundedRect(rect, radius, radius)
    if share > 0:
        painter.setBrush(fill)
        filled = QRectF(
            rect.left(), rect.top(), max(rect.height(), rect.width() * min(share, 1.0)), rect.height()
        )
        painter.drawRoundedRect(filled, radius, radius)
    painter.restore()


def pill(painter: QPainter, rect: QRectF, ground: QColor) -> None:
    """The ground of an overdue time."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(rect, theme.GRID.radius_pill, theme.GRID.radius_pill)
    painter.restore()


def frame(painter: QPainter, rect: QRect, colour: QColor) -> None:
    """The accent frame of the selected row: 2 px, and a bar of 3 px at its left."""
    painter.save()
    pen = QPen(colour, 2)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    painter.setPen(pen)
    painter.drawRect(QRectF(rect).adjusted(1, 0, -1, -2))
    painter.fillRect(rect.left(), rect.top(), 4, rect.height() - 1, colour)
    painter.restore()
