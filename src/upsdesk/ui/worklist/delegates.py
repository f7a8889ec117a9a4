"""How the cells of the worklist are painted: a glyph and a word for everything that has a colour."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import InputReadiness, Priority
from upsdesk.services.flags import AsideKind, Following
from upsdesk.ui import icons, theme
from upsdesk.ui.presenter import NOT_DUE, Due, Urgency
from upsdesk.ui.worklist import paint
from upsdesk.ui.worklist.columns import AnyColumn, Column
from upsdesk.ui.worklist.model import WorklistModel
from upsdesk.ui.worklist.paint import Kit
from upsdesk.ui.worklist.row import Row

PAD = 8
_GLYPH = 14
_SMALL = 12
_GAP = 6
MARK_ROOM = _GLYPH + _GAP + 3
"""What the mark of look-alikes takes of a name's cell."""
_HIGHEST_PILL = 22
_WIDEST_LINE = 240
"""A name that needs more takes two lines in a compact row too."""
_NAME_WIDTH = Column.PATIENT.spec.width - PAD - PAD // 2
_LEADING = frozenset({Column.START, Column.PATIENT, Column.LABEL})
"""Texts in the first colour: what the eye looks for."""
_BESIDE: dict[AnyColumn, int] = {Column.STATE: _GLYPH + _GAP, Column.PRIORITY: _GLYPH + _GAP, Column.DUE: 20}
GLYPH_ONLY = 50
"""A priority narrower than that shows no word."""
STATE_LOOKS: dict[ProcedureStepState | None, tuple[str, str]] = {
    ProcedureStepState.SCHEDULED: ("state-scheduled", "scheduled"),
    ProcedureStepState.IN_PROGRESS: ("state-in-progress", "in_progress"),
    ProcedureStepState.COMPLETED: ("state-completed", "completed"),
    ProcedureStepState.CANCELED: ("state-canceled", "canceled"),
    None: ("state-pending", "text_3"),
}
PRIORITY_LOOKS: dict[Priority, tuple[str, str]] = {
    Priority.HIGH: ("priority-high", "high"),
    Priority.MEDIUM: ("priority-medium", "text_2"),
    Priority.LOW: ("priority-low", "text_2"),
}
INPUT_LOOKS: dict[InputReadiness, tuple[str, str]] = {
    InputReadiness.READY: ("input-ready", "scheduled"),
    InputReadiness.INCOMPLETE: ("input-incomplete", "warning"),
    InputReadiness.UNAVAILABLE: ("input-unavailable", "error"),
}
ASIDE_LOOKS: dict[AsideKind, tuple[str, str]] = {
    AsideKind.OUTSIDE: ("search", "text_2"),
    AsideKind.WIDER: ("search", "text_2"),
    AsideKind.MISFIT: ("filter", "warning"),
}


class WorklistDelegate(QStyledItemDelegate):
    """One delegate for all columns; the view tells what is selected, hovered or stale."""

    def __init__(self, model: WorklistModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.kit = Kit()
        self.selected: object = None
        self.hovered = -1
        self.is_dimmed = False
        self.is_compact = False
        """Rows that have hardly room for two lines: names take one as long as they can."""
        self.is_look_alike: Callable[[WorkitemKey], bool] = lambda key: False
        """Whether the patient of a row can be taken for another."""
        self.is_marked: Callable[[WorkitemKey], bool] = lambda key: False
        """Whether a row is chosen beside the selected one."""
        self._painters: dict[AnyColumn, Callable[[QPainter, QRect, Row], None]] = {
            Column.HELD: self._held,
            Column.STATE: self._state,
            Column.PRIORITY: self._priority,
            Column.DUE: self._due,
            Column.PATIENT: self._patient,
            Column.INPUTS: self._inputs,
            Column.PROGRESS: self._progress,
            Column.FOLLOWED: self._followed,
        }

    def refresh(self) -> None:
        """Another theme: colours and fonts anew."""
        self.kit = Kit()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        row = self._model.row_at(index.row())
        return QSize(self.wanted_width(row, self._model.column_at(index.column())), theme.GRID.row_normal)

    def wanted_width(self, row: Row, column: AnyColumn) -> int:
        """What a cell needs to be whole."""
        text = row.text(column, self._due_of(row, column))
        return ceil(self.kit.width(self._font(row, column), text)) + self._beside(column)

    def is_surely_within(self, row: Row, column: AnyColumn, text: str, width: int) -> bool:
        """Whether a cell with that text needs no more; False when only measuring the whole text can tell.

        Adding up letters takes a tenth of the time. Pairs of plain letters move together, hardly ever apart.
        """
        room = width - self._beside(column)
        return text.isascii() and 1.03 * self.kit.sum_of_letters(self._font(row, column), text) <= room

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
        font = self._small_font(row)
        widest = max(self.kit.width(font, half) for half in self.kit.halves(font, text, _NAME_WIDTH))
        return ceil(widest) + PAD + PAD // 2

    def _small_font(self, row: Row) -> QFont:
        if self.is_compact:
            return self.kit.tiny if row.is_ended else self.kit.tiny_medium
        return self.kit.small if row.is_ended else self.kit.small_medium

    def _font(self, row: Row, column: AnyColumn) -> QFont:
        if column is Column.PATIENT and not row.is_ended:
            return self.kit.medium
        if column is Column.STATE:
            return self.kit.medium
        return self.kit.regular

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row = self._model.row_at(index.row())
        column = self._model.column_at(index.column())
        rect = option.rect
        painter.fillRect(rect, self._ground(row, column, index.row()))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, self.kit.theme.line)
        draw = self._painters.get(column)
        if draw is not None:
            draw(painter, rect, row)
        else:
            room = rect.adjusted(PAD, 0, -PAD // 2, 0)
            text, colour = row.text(column, self._model.due(row)), self._text_colour(row, column)
            folds = column is Column.START or not self.is_compact
            self._text(painter, room, text, self._font(row, column), colour, folds=folds)

    def _text(
        self, painter: QPainter, room: QRect, text: str, font: QFont, colour: QColor, *, folds: bool = True
    ) -> None:
        """On one line, else on a smaller one, else on two where it `folds`, else elided."""
        if self.kit.width(font, text) > room.width() + 0.5 and " " in text:
            if self.kit.width(self.kit.small, text) <= room.width():
                self.kit.text(painter, room, text, self.kit.small, colour)
                return
            small = self.kit.tiny if self.is_compact else self.kit.small
            halves = self.kit.wrapped(small, text, room.width()) if folds else (text, "")
            if halves[1]:
                self.kit.two_lines(painter, room, halves, small, colour)
                return
        self.kit.text(painter, room, text, font, colour)

    def _ground(self, row: Row, column: AnyColumn, number: int) -> QColor:
        colours = self.kit.theme
        is_chosen = row.key == self.selected or self.is_marked(row.key)
        if is_chosen:
            ground = colours.selection
        elif number == self.hovered:
            ground = colours.hover
        else:
            ground = colours.surface
        flashes = self._model.flashes
        strength = flashes.strength(row.key)
        if strength <= 0:
            return ground
        if column in flashes.columns(row.key):
            return paint.blend(colours.flash, ground, strength)
        # The tint of the row stays until the fade ends; a selected row keeps its ground.
        return ground if is_chosen else colours.flash_row

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

    def _glyph(
        self, painter: QPainter, rect: QRect, x: int, name: str, colour: QColor | str, size: int
    ) -> None:
        top = rect.top() + (rect.height() - 1 - size) // 2
        icons.paint(painter, QRectF(x, top, size, size), name, colour)

    def _held(self, painter: QPainter, rect: QRect, row: Row) -> None:
        signs = [("key-round", "accent")] if row.is_held else []
        # An act without success comes before a request to cancel: it is this desk's own.
        if row.mark is not None:
            signs.append(("triangle-alert", "warning"))
        elif row.is_cancel_asked:
            signs.append(("hand", "high"))
        if row.aside is not None and len(signs) < 2:
            signs.append(ASIDE_LOOKS[row.aside.kind])
        if row.followed is not Following.NO and not signs:
            signs.append(("rss", "text_2"))
        size = _GLYPH if len(signs) == 1 else _SMALL - 1
        x = rect.left() + max(1, (rect.width() - len(signs) * size) // 2) + (1 if len(signs) == 1 else 0)
        for name, role in signs:
            self._glyph(painter, rect, x, name, role, size)
            x += size

    def _followed(self, painter: QPainter, rect: QRect, row: Row) -> None:
        if row.followed is Following.NO:
            return
        is_kept = row.followed is Following.KEPT
        size = _SMALL - 1 if is_kept else _GLYPH
        x = rect.left() + max(1, (rect.width() - (2 if is_kept else 1) * size) // 2)
        self._glyph(painter, rect, x, "rss", "text_2", size)
        if is_kept:
            self._glyph(painter, rect, x + size, "inbox", "text_2", size)

    def _state(self, painter: QPainter, rect: QRect, row: Row) -> None:
        name, role = STATE_LOOKS[row.workitem.state]
        if row.pending is not None:
            name, role = "state-pending", "accent"
        elif row.is_gone:
            name, role = STATE_LOOKS[None]
        elif self.is_dimmed:
            role = "text_2"
        colour = self.kit.theme.colour(role)
        x = rect.left() + 6
        self._glyph(painter, rect, x, name, colour, _GLYPH)
        text = rect.adjusted(6 + _GLYPH + _GAP, 0, 0, 0)
        self.kit.text(painter, text, row.state_text, self.kit.medium, colour)

    def _priority(self, painter: QPainter, rect: QRect, row: Row) -> None:
        priority = row.workitem.priority
        if priority is None:
            return
        name, role = PRIORITY_LOOKS[priority]
        if self._is_quiet(row):
            role = "text_3" if row.is_ended else "text_2"
        is_bold = priority is Priority.HIGH and not self._is_quiet(row)
        self._glyph(painter, rect, rect.left() + 6, name, role, _GLYPH)
        if rect.width() < GLYPH_ONLY:
            return
        self.kit.text(
            painter, rect.adjusted(6 + _GLYPH + _GAP, 0, 0, 0), priority.words,
            self.kit.semibold if is_bold else self.kit.regular, self.kit.theme.colour(role),
        )  # fmt: skip

    def _due(self, painter: QPainter, rect: QRect, row: Row) -> None:
        due = self._model.due(row)
        if not due.words:
            return
        colours = self.kit.theme
        text = rect.adjusted(27, 0, -1, 0)
        if due.urgency.is_late and not row.is_gone:
            height = min(rect.height() - 7, _HIGHEST_PILL)
            top = rect.top() + (rect.height() - 1 - height) / 2
            box = QRectF(rect.left() + 5, top, rect.width() - 9, height)
            paint.pill(painter, box, colours.error_ground)
            self._glyph(painter, rect, rect.left() + 11, "clock-alert", "error", _SMALL)
            self.kit.text(painter, text, due.words, self.kit.semibold, colours.error)
        elif due.urgency is Urgency.SOON and not row.is_gone:
            self._glyph(painter, rect, rect.left() + 11, "clock", "warning", _SMALL)
            self.kit.text(painter, text, due.words, self.kit.semibold, colours.warning)
        else:
            colour = colours.text_3 if self._is_quiet(row) else colours.text_2
            self._text(painter, text, due.words, self.kit.regular, colour)

    def _patient(self, painter: QPainter, rect: QRect, row: Row) -> None:
        room = rect.adjusted(PAD, 0, -PAD // 2, 0)
        font, colour = self._font(row, Column.PATIENT), self._text_colour(row, Column.PATIENT)
        if not row.is_ended and self.is_look_alike(row.key):
            self._glyph(painter, rect, rect.right() - _GLYPH - 3, "users-round", "warning", _GLYPH)
            room.setRight(rect.right() - MARK_ROOM)
        if self.kit.width(font, row.patient) <= room.width() + 0.5:
            self.kit.text(painter, room, row.patient, font, colour)
        else:
            small = self._small_font(row)
            self.kit.two_lines(painter, room, self.kit.halves(small, row.patient, _NAME_WIDTH), small, colour)

    def _inputs(self, painter: QPainter, rect: QRect, row: Row) -> None:
        readiness = row.workitem.readiness
        if readiness is None or row.is_ended:
            return
        name, role = INPUT_LOOKS[readiness]
        self._glyph(painter, rect, rect.left() + (rect.width() - _SMALL) // 2, name, role, _SMALL)

    def _progress(self, painter: QPainter, rect: QRect, row: Row) -> None:
        percent = row.workitem.progress.percent
        # Unknown is no bar at all: an empty bar would say 0 %.
        if percent is None or row.is_ended:
            return
        colours = self.kit.theme
        words = rect.adjusted(0, 0, -PAD, 0)
        text = row.text(Column.PROGRESS, NOT_DUE)
        self.kit.text(painter, words, text, self.kit.semibold, colours.text, right=True)
        room = rect.width() - 2 * PAD - PAD // 2 - self.kit.width(self.kit.semibold, "100 %")
        if room >= 12:
            box = QRectF(rect.left() + PAD, rect.top() + (rect.height() - 1 - 6) / 2, min(room, 120), 6)
            fill = colours.text_3 if self.is_dimmed else colours.in_progress
            paint.bar(painter, box, percent / 100, colours.track, fill)
