"""Fonts, colours and glyphs that the worklist paints with, made once per theme; and its few shapes."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from upsdesk.ui import icons, theme
from upsdesk.ui.worklist.faces import Face, Pieces


class Kit:
    """What all that paints rows shares."""

    def __init__(self) -> None:
        sizes = theme.TYPE
        self.theme = theme.current()
        self.regular = Face(sizes.table, sizes.regular)
        self.medium = Face(sizes.table, sizes.medium)
        self.semibold = Face(sizes.table, sizes.semibold)
        self.header = Face(sizes.caption, sizes.semibold)
        self.small = Face(sizes.caption, sizes.regular)
        self.small_medium = Face(sizes.caption, sizes.medium)
        # Two lines in a compact row: one pixel less, or accents would meet what hangs down above them.
        self.tiny = Face(sizes.caption - 1, sizes.regular)
        self.tiny_medium = Face(sizes.caption - 1, sizes.medium)
        self._colours = {role: self.theme.colour(role) for role in theme.colour_roles()}
        self._glyphs: dict[tuple[str, str, int, float], QPixmap] = {}

    def colour(self, role: str) -> QColor:
        """The colour of a role by name. Raises KeyError for a name that is no role."""
        return self._colours[role]

    def glyph(self, painter: QPainter, x: int, y: int, name: str, role: str, size: int) -> None:
        """An icon in the colour of a role, at the painter's own resolution."""
        key = (name, role, size, painter.device().devicePixelRatioF())
        found = self._glyphs.get(key)
        if found is None:
            found = self._glyphs[key] = icons.pixmap(*key)
        painter.drawPixmap(x, y, found)

    def text(
        self, painter: QPainter, rect: QRect, text: str, face: Face, colour: QColor, *, right: bool = False
    ) -> None:
        """One line, vertically centred by its capitals; elided when it does not fit."""
        words = Words()
        words.add(rect.left(), rect.top(), face.line(text, rect.width(), rect.height(), right=right), colour)
        words.draw(painter)


class Words:
    """Texts that are drawn together, font by font: a painter that takes another one has to look for it."""

    def __init__(self) -> None:
        self._by_face: dict[Face, list[tuple[QPointF, str, QColor]]] = {}

    def add(self, x: int, y: int, pieces: Pieces, colour: QColor) -> None:
        """Texts that were laid out, in a place whose top left is there."""
        for face, text, dx, dy in pieces:
            self._by_face.setdefault(face, []).append((QPointF(x + dx, y + dy), text, colour))

    def draw(self, painter: QPainter) -> None:
        for face, texts in self._by_face.items():
            painter.setFont(face.font)
            for at, text, colour in texts:
                painter.setPen(colour)
                painter.drawText(at, text)


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
