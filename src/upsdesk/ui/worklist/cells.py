"""What the cells of the worklist look like: a glyph and a word for everything that has a colour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import NamedTuple

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter

from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.workitem import Priority
from upsdesk.services.flags import Following
from upsdesk.ui import presenter
from upsdesk.ui.presenter import NOT_DUE, Due, Urgency
from upsdesk.ui.worklist import paint
from upsdesk.ui.worklist.columns import AnyColumn, Column
from upsdesk.ui.worklist.density import Density
from upsdesk.ui.worklist.faces import Face, Pieces
from upsdesk.ui.worklist.looks import ASIDE_LOOKS, INPUT_LOOKS, PRIORITY_LOOKS, STATE_LOOKS
from upsdesk.ui.worklist.model import WorklistModel
from upsdesk.ui.worklist.paint import Kit, Words
from upsdesk.ui.worklist.row import Row

PAD = 8
_GLYPH = 14
_SMALL = 12
_GAP = 6
_BESIDE_GLYPH = 6 + _GLYPH + _GAP
MARK_ROOM = _GLYPH + _GAP + 3
"""What the mark of look-alikes takes of a name's cell."""
_HIGHEST_PILL = 22
_WIDEST_LINE = 240
"""A name that needs more takes two lines in a compact row too."""
_NAME_WIDTH = Column.PATIENT.spec.width - PAD - PAD // 2
_LEAST_BAR = 20
"""A shorter one looks like a dot; the number says it alone."""
_LEADING = frozenset({Column.START, Column.PATIENT, Column.LABEL})
"""Texts in the first colour: what the eye looks for."""
_BESIDE: dict[AnyColumn, int] = {Column.STATE: _GLYPH + _GAP, Column.PRIORITY: _GLYPH + _GAP, Column.DUE: 20}
_BEFORE_DUE = 27
GLYPH_ONLY = 50
"""A priority narrower than that shows no word."""
_CACHE_LIMIT = 10_000


class Spot(NamedTuple):
    """A column where it is drawn; pixels of the viewport."""

    column: AnyColumn
    x: int
    width: int


class _Layouts(dict[tuple[Face, str, int], Pieces]):
    """How texts in a face stand in a room of some width, each worked out once."""

    def __init__(self, lay: Callable[[Face, str, int], Pieces]) -> None:
        super().__init__()
        self._lay = lay

    def __missing__(self, key: tuple[Face, str, int]) -> Pieces:
        if len(self) > _CACHE_LIMIT:
            self.clear()
        found = self[key] = self._lay(*key)
        return found


class Cells:
    """Measures and paints the cells of all columns; the view tells what is selected, hovered or stale."""

    def __init__(self, model: WorklistModel) -> None:
        self._model = model
        self._density = Density.NORMAL
        self.selected: WorkitemKey | None = None
        self.hovered = -1
        self.is_dimmed = False
        self._words = Words()
        self.is_look_alike: Callable[[WorkitemKey], bool] = lambda key: False
        """Whether the patient of a row can be taken for another."""
        self.is_marked: Callable[[WorkitemKey], bool] = lambda key: False
        """Whether a row is chosen beside the selected one."""
        self._painters: dict[AnyColumn, Callable[[QPainter, Row, Spot, int], None]] = {
            Column.HELD: self._held,
            Column.STATE: self._state,
            Column.PRIORITY: self._priority,
            Column.DUE: self._due,
            Column.PATIENT: self._patient,
            Column.INPUTS: self._inputs,
            Column.PROGRESS: self._progress,
            Column.FOLLOWED: self._followed,
        }
        self.refresh()

    def refresh(self) -> None:
        """Another theme: colours and fonts anew."""
        self.kit = Kit()
        self._forget_layouts()

    @property
    def density(self) -> Density:
        return self._density

    def set_density(self, density: Density) -> None:
        self._density = density
        self._forget_layouts()

    def _forget_layouts(self) -> None:
        height = self.row_height = self._density.row_height
        self._lines = _Layouts(lambda face, text, room: face.line(text, room, height))
        self._numbers = _Layouts(lambda face, text, room: face.line(text, room, height, right=True))
        self._unfolded = _Layouts(lambda face, text, room: self._fitted(face, text, room, folds=False))
        self._folded = _Layouts(lambda face, text, room: self._fitted(face, text, room, folds=True))
        self._names = _Layouts(self._fitted_name)

    @property
    def is_compact(self) -> bool:
        """Rows that have hardly room for two lines: names take one as long as they can."""
        return self._density is Density.COMPACT

    # How wide

    def wanted_width(self, row: Row, column: AnyColumn) -> int:
        """What a cell needs to be whole."""
        text = row.text(column, self._due_of(row, column))
        return ceil(self._face(row, column).width(text)) + self._beside(column)

    def is_surely_within(self, row: Row, column: AnyColumn, text: str, width: int) -> bool:
        """Whether a cell with that text needs no more; False when only measuring the whole text can tell."""
        return self._face(row, column).is_surely_within(text, width - self._beside(column))

    def _due_of(self, row: Row, column: AnyColumn) -> Due:
        # Worked out for what is looked at only: it changes with every minute.
        return self._model.due(row) if column in (Column.DUE, Column.STARTS_IN) else NOT_DUE

    @staticmethod
    def _beside(column: AnyColumn) -> int:
        extra = _BESIDE.get(column, 0)
        return extra + PAD + PAD // 2

    def least_width(self, row: Row, column: AnyColumn) -> int:
        """What a value needs to be whole: a long name, or a start on another day, may take two lines."""
        whole = self.wanted_width(row, column)
        if column not in (Column.PATIENT, Column.START) or whole <= column.spec.width:
            return whole
        if self.is_compact and whole <= _WIDEST_LINE:
            return whole
        return min(whole, self._width_of_halves(row, row.patient if column is Column.PATIENT else row.start))

    def folded_width(self, row: Row, column: Column = Column.PATIENT) -> int:
        """What a name or a start needs at least, on one line or on two."""
        text = row.patient if column is Column.PATIENT else row.start
        return min(self.wanted_width(row, column), self._width_of_halves(row, text))

    def _width_of_halves(self, row: Row, text: str) -> int:
        face = self._small_face(self._face(row, Column.PATIENT))
        return ceil(max(face.width(half) for half in face.halves(text, _NAME_WIDTH))) + PAD + PAD // 2

    def _face(self, row: Row, column: AnyColumn) -> Face:
        if column is Column.STATE or (column is Column.PATIENT and not row.is_ended):
            return self.kit.medium
        return self.kit.regular

    def _small_face(self, face: Face) -> Face:
        """That of two lines in a row."""
        kit = self.kit
        if face is kit.medium:
            return kit.tiny_medium if self.is_compact else kit.small_medium
        return kit.tiny if self.is_compact else kit.small

    # How texts stand

    def _fitted(self, face: Face, text: str, room: int, *, folds: bool) -> Pieces:
        """On one line, else on a smaller one, else on two where it `folds`, else elided."""
        height = self.row_height
        if " " in text and not face.fits(text, room):
            if self.kit.small.width(text) <= room:
                return self.kit.small.line(text, room, height)
            small = self._small_face(self.kit.regular)
            halves = small.wrapped(text, room) if folds else (text, "")
            if halves[1]:
                return small.two_lines(halves, room, height)
        return face.line(text, room, height)

    def _fitted_name(self, face: Face, text: str, room: int) -> Pieces:
        """On one line, else on two."""
        if face.fits(text, room):
            return face.line(text, room, self.row_height)
        small = self._small_face(face)
        return small.two_lines(small.halves(text, _NAME_WIDTH), room, self.row_height)

    # How they are painted

    def paint(self, painter: QPainter, rows: range, y: int, spots: Sequence[Spot]) -> None:
        """The cells of rows in columns that stand side by side, from the pixel `y` down."""
        self._words = Words()
        for number in rows:
            self._paint_row(painter, number, y, spots)
            y += self.row_height
        self._words.draw(painter)

    def _paint_row(self, painter: QPainter, number: int, y: int, spots: Sequence[Spot]) -> None:
        row, colours = self._model.row_at(number), self.kit.theme
        flashes, is_chosen = self._model.flashes, row.key == self.selected or self.is_marked(row.key)
        ground = colours.surface
        if is_chosen or number == self.hovered:
            ground = colours.selection if is_chosen else colours.hover
        strength = flashes.strength(row.key)
        # The tint of the row stays until the fade ends; a selected row keeps its ground.
        is_tinted = strength > 0 and not is_chosen
        x, height = min(spot.x for spot in spots), self.row_height - 1
        width = sum(spot.width for spot in spots)
        painter.fillRect(x, y, width, height, colours.flash_row if is_tinted else ground)
        painter.fillRect(x, y + height, width, 1, colours.line)
        lit = flashes.columns(row.key) if strength > 0 else ()
        for spot in spots:
            if spot.column in lit:
                tint = paint.blend(colours.flash, ground, strength)
                painter.fillRect(spot.x, y, spot.width, height, tint)
            self._painters.get(spot.column, self._text)(painter, row, spot, y)

    def _text(self, painter: QPainter, row: Row, spot: Spot, y: int) -> None:
        column, x, width = spot
        texts = self._folded if column is Column.START or not self.is_compact else self._unfolded
        text = row.text(column, self._due_of(row, column))
        pieces = texts[self._face(row, column), text, width - PAD - PAD // 2]
        self._words.add(x + PAD, y, pieces, self._text_colour(row, column))

    def _is_quiet(self, row: Row) -> bool:
        return row.is_ended or self.is_dimmed

    def _text_colour(self, row: Row, column: AnyColumn) -> QColor:
        colours = self.kit.theme
        if row.is_ended:
            return colours.text_3
        if column not in _LEADING:
            return colours.text_2
        if self.is_dimmed and column is not Column.PATIENT:
            return colours.text_2
        return colours.text

    def _glyph(self, painter: QPainter, x: int, y: int, name: str, role: str, size: int) -> None:
        self.kit.glyph(painter, x, y + (self.row_height - 1 - size) // 2, name, role, size)

    def _held(self, painter: QPainter, row: Row, spot: Spot, y: int) -> None:
        signs = [("key-round", "accent")] if row.is_held else []
        # An act without success comes before a request to cancel: it is this desk's own.
        if row.mark is not None:
            signs.append(("triangle-alert", "warning"))
        elif row.asked_at is not None:
            signs.append(("hand", "high"))
        if row.aside is not None and len(signs) < 2:
            signs.append(ASIDE_LOOKS[row.aside.kind])
        if row.followed is not Following.NO and not signs:
            signs.append(("rss", "text_2"))
        size = _GLYPH if len(signs) == 1 else _SMALL - 1
        # Two of them begin behind the bar of a selected row.
        x = spot.x + (4 if len(signs) > 1 else max(1, (spot.width - size) // 2) + 1)
        for name, role in signs:
            self._glyph(painter, x, y, name, role, size)
            x += size

    def _followed(self, painter: QPainter, row: Row, spot: Spot, y: int) -> None:
        names = ["rss"]
        if row.followed is Following.KEPT:
            names.append("inbox")
        elif row.followed is Following.NO:
            if not self._model.coverage.is_all:
                return
            names.append("rows-3")
        size = _GLYPH if len(names) == 1 else _SMALL - 1
        x = spot.x + max(1, (spot.width - len(names) * size) // 2)
        for name in names:
            self._glyph(painter, x, y, name, "text_2", size)
            x += size

    def _state(self, painter: QPainter, row: Row, spot: Spot, y: int) -> None:
        name, role = STATE_LOOKS[row.workitem.state]
        if row.pending is not None:
            name, role = "state-pending", "accent"
        elif row.is_gone:
            name, role = STATE_LOOKS[None]
        elif self.is_dimmed:
            role = "text_2"
        self._glyph(painter, spot.x + 6, y, name, role, _GLYPH)
        x, room = spot.x + _BESIDE_GLYPH, spot.width - _BESIDE_GLYPH
        if row.asked_at is None or row.pending is not None or row.is_gone:
            self._words.add(x, y, self._lines[self.kit.medium, row.state_text, room], self.kit.colour(role))
            return
        # The state, and below it since when its holder is asked: without "cancel" where that is cut.
        small, words = self._small_face(self.kit.medium), row.asked_words
        if not small.fits(words, room):
            words = words.removeprefix("cancel ")
        state = presenter.state_words(row.workitem.state)
        upper, lower = small.two_lines((state, ""), room, self.row_height), ("", words)
        self._words.add(x, y, upper, self.kit.colour(role))
        self._words.add(x, y, small.two_lines(lower, room, self.row_height), self.kit.theme.high)

    def _priority(self, painter: QPainter, row: Row, spot: Spot, y: int) -> None:
        priority = row.workitem.priority
        if priority is None:
            return
        name, role = PRIORITY_LOOKS[priority]
        if self._is_quiet(row):
            role = "text_3" if row.is_ended else "text_2"
        self._glyph(painter, spot.x + 6, y, name, role, _GLYPH)
        if spot.width < GLYPH_ONLY:
            return
        is_bold = priority is Priority.HIGH and not self._is_quiet(row)
        face = self.kit.semibold if is_bold else self.kit.regular
        pieces = self._lines[face, priority.words, spot.width - _BESIDE_GLYPH]
        self._words.add(spot.x + _BESIDE_GLYPH, y, pieces, self.kit.colour(role))

    def _due(self, painter: QPainter, row: Row, spot: Spot, y: int) -> None:
        due = self._model.due(row)
        if not due.words:
            return
        _, x, width = spot
        colours, texts, face = self.kit.theme, self._lines, self.kit.semibold
        if due.urgency.is_late and not row.is_gone:
            height = min(self.row_height - 7, _HIGHEST_PILL)
            box = QRectF(x + 5, y + (self.row_height - 1 - height) / 2, width - 9, height)
            paint.pill(painter, box, colours.error_ground)
            self._glyph(painter, x + 11, y, "clock-alert", "error", _SMALL)
            colour = colours.error
        elif due.urgency is Urgency.SOON and not row.is_gone:
            self._glyph(painter, x + 11, y, "clock", "warning", _SMALL)
            colour = colours.warning
        else:
            colour = colours.text_3 if self._is_quiet(row) else colours.text_2
            texts, face = self._folded, self.kit.regular
        pieces = texts[face, due.words, width - _BEFORE_DUE - 1]
        self._words.add(x + _BEFORE_DUE, y, pieces, colour)

    def _patient(self, painter: QPainter, row: Row, spot: Spot, y: int) -> None:
        right = PAD // 2
        if not row.is_ended and self.is_look_alike(row.key):
            self._glyph(painter, spot.x + spot.width - _GLYPH - 4, y, "users-round", "warning", _GLYPH)
            right = MARK_ROOM
        pieces = self._names[self._face(row, Column.PATIENT), row.patient, spot.width - PAD - right]
        self._words.add(spot.x + PAD, y, pieces, self._text_colour(row, Column.PATIENT))

    def _inputs(self, painter: QPainter, row: Row, spot: Spot, y: int) -> None:
        readiness = row.workitem.readiness
        if readiness is None or row.is_ended:
            return
        name, role = INPUT_LOOKS[readiness]
        self._glyph(painter, spot.x + (spot.width - _SMALL) // 2, y, name, role, _SMALL)

    def _progress(self, painter: QPainter, row: Row, spot: Spot, y: int) -> None:
        percent = row.workitem.progress.percent
        # Unknown is no bar at all: an empty bar would say 0 %.
        if percent is None or row.is_ended:
            return
        _, x, width = spot
        colours, face = self.kit.theme, self.kit.semibold
        text = row.text(Column.PROGRESS, NOT_DUE)
        self._words.add(x, y, self._numbers[face, text, width - PAD], colours.text)
        # A full bar may be shorter than the others: it is full all the same.
        room = width - 2 * PAD - PAD // 2 - max(face.width(text), face.width("99 %"))
        if room >= _LEAST_BAR:
            box = QRectF(x + PAD, y + (self.row_height - 1 - 6) / 2, min(room, 120), 6)
            fill = colours.text_3 if self.is_dimmed else colours.in_progress
            paint.bar(painter, box, percent / 100, colours.track, fill)
