"""A font with all that is measured in it: how wide texts are, where they break, and where they stand."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF

from upsdesk.ui import theme

_CACHE_LIMIT = 20_000
_PAIRS = 1.03
"""Pairs of plain letters move together, hardly ever apart."""


class Piece(NamedTuple):
    """A text that stands by itself: its baseline begins at `x`, `y` from the top left of its place."""

    face: Face
    text: str
    x: float
    y: float


Pieces = tuple[Piece, ...]


class _Letters(dict[str, float]):
    """Advances of single letters in one font."""

    def __init__(self, metrics: QFontMetricsF) -> None:
        super().__init__()
        self._metrics = metrics

    def __missing__(self, letter: str) -> float:
        found = self[letter] = self._metrics.horizontalAdvance(letter)
        return found


class Face:
    """One font of one theme and screen. Texts stand on its own baseline, or mixed scripts would jump."""

    def __init__(self, size: int, weight: int) -> None:
        self.font = theme.font(size, weight)
        self._metrics = QFontMetricsF(self.font)
        self._capitals = self._metrics.capHeight()
        self._letters = _Letters(self._metrics)
        self._widths: dict[str, float] = {}
        self._halves: dict[str, tuple[str, str]] = {}

    def width(self, text: str) -> float:
        """The advance of a text, measured once."""
        found = self._widths.get(text)
        if found is None:
            if len(self._widths) > _CACHE_LIMIT:
                self._widths.clear()
            found = self._widths[text] = self._metrics.horizontalAdvance(text)
        return found

    def is_surely_within(self, text: str, room: float) -> bool:
        """Whether a text needs no more; False when only measuring the whole of it can tell.

        Adding up letters, each measured once, takes a tenth of the time.
        """
        return text.isascii() and _PAIRS * sum(map(self._letters.__getitem__, text)) <= room

    def fits(self, text: str, room: float) -> bool:
        """Whether a text needs no more than that."""
        return self.is_surely_within(text, room) or self.width(text) <= room + 0.5

    def baseline(self, height: int) -> float:
        """Where a line stands from the top of its place, vertically centred by its capitals."""
        return (height - 1 + self._capitals) / 2

    def line(self, text: str, room: int, height: int, *, right: bool = False) -> Pieces:
        """A text on one line; elided when it does not fit."""
        if not text or room <= 0:
            return ()
        x = 0.0
        if not self.fits(text, room):
            text = self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
        elif right:
            x = room - self.width(text)
        return (Piece(self, text, x, self.baseline(height)),)

    def two_lines(self, halves: tuple[str, str], room: int, height: int) -> Pieces:
        """Two lines in one row."""
        half = (height - 2) // 2
        upper, lower = (self.line(text, room, half) for text in halves)
        return tuple(
            piece._replace(y=piece.y + top) for line, top in ((upper, 1), (lower, half)) for piece in line
        )

    def halves(self, text: str, limit: float) -> tuple[str, str]:
        """A name on two lines.

        It is broken between two representations or after the family name when both lines stay within `limit`,
        else at the blank that makes the longer one shortest.
        """
        found = self._halves.get(text)
        if found is None:
            if len(self._halves) > _CACHE_LIMIT:
                self._halves.clear()
            found = self._halves[text] = self._best_halves(text, limit)
        return found

    def _best_halves(self, text: str, limit: float) -> tuple[str, str]:
        def longer(pair: tuple[str, str]) -> float:
            return max(self.width(half) for half in pair)

        for mark in ("  ", ", "):
            at = text.find(mark)
            pair = (text[: at + len(mark)].rstrip(), text[at + len(mark) :])
            if at >= 0 and longer(pair) <= limit:
                return pair
        blanks = [at for at, char in enumerate(text) if char == " "]
        return min(
            ((text[:at].rstrip(), text[at:].lstrip()) for at in blanks), key=longer, default=(text, "")
        )

    def wrapped(self, text: str, limit: int) -> tuple[str, str]:
        """As many words as fit into `limit` on the first line, and the rest."""
        blanks = [at for at, char in enumerate(text) if char == " "]
        fitting = [at for at in blanks if self.width(text[:at]) <= limit]
        at = fitting[-1] if fitting else len(text)
        return text[:at], text[at:].strip()
