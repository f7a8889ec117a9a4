"""The menus of the filter bar: priority, worklist and planned start."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QAction, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QPushButton, QSizePolicy, QWidget

from upsdesk.domain.criteria import AnySpan, Criteria, Hours, Period, Span
from upsdesk.domain.workitem import Priority
from upsdesk.ui import icons, presenter, theme
from upsdesk.ui.filters.span_group import span_tip
from upsdesk.ui.filters.words import priority_words, worklist_words
from upsdesk.ui.tips import plain_tip
from upsdesk.ui.worklist.looks import PRIORITY_LOOKS

_WIDEST = 150
"""Of the words of a button; longer ones are cut, and told whole by its tip."""
_ARROW = 14


class MenuButton(QPushButton):
    """Words and an arrow; what it opens is made when it opens. In use, it is drawn as chosen."""

    def __init__(self, name: str, open_below: Callable[[QPoint], None], icon: str = "") -> None:
        """`open_below` opens it at a point on the screen."""
        super().__init__()
        self._name, self._icon = name, icon
        self._words = ""
        self._is_short = False
        self.setProperty("role", "menu")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda: open_below(self.mapToGlobal(QPoint(0, self.height() + 2))))
        theme.notifier().changed.connect(self.update)

    def tell(self, words: str, *, in_use: bool) -> None:
        """What is chosen, in words."""
        if words == self._words and in_use is self.property("inuse"):
            return
        self._words = words
        theme.set_property(self, "inuse", in_use)
        self.setToolTip(plain_tip(f"{self._name}: {words}"))
        self.setAccessibleName(f"{self._name}: {words}")
        self.updateGeometry()
        self.update()

    def set_short(self, short: bool) -> None:
        """Say less where room is short."""
        if short is not self._is_short:
            self._is_short = short
            self.updateGeometry()
            self.update()

    def _shown_words(self) -> str:
        if self._icon:
            words = "" if self._is_short else self._words
        else:
            words = self._name if self._is_short else f"{self._name}: {self._words}"
        metrics = QFontMetrics(self._font())
        return metrics.elidedText(words, Qt.TextElideMode.ElideRight, _WIDEST)

    def _font(self) -> QFont:
        is_used = bool(self.property("inuse"))
        return theme.font(theme.TYPE.table, theme.TYPE.semibold if is_used else theme.TYPE.medium)

    def sizeHint(self) -> QSize:
        words = self._shown_words()
        width = QFontMetrics(self._font()).horizontalAdvance(words)
        icon = theme.GRID.icon_row + (6 if words else 0) if self._icon else 0
        return QSize(9 + icon + width + 5 + _ARROW + 7, theme.GRID.field)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        middle = self.height() // 2
        x = 9
        colour = "accent" if self.property("inuse") else "text_2"
        if self._icon:
            size = theme.GRID.icon_row
            icons.paint(painter, QRect(x, middle - size // 2, size, size).toRectF(), self._icon, colour)
            x += size + 6
        painter.setFont(self._font())
        painter.setPen(theme.current().text)
        room = QRect(x, 0, self.width() - x - _ARROW - 7, self.height())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, self._shown_words())
        arrow = QRect(self.width() - _ARROW - 7, middle - _ARROW // 2, _ARROW, _ARROW)
        icons.paint(painter, arrow.toRectF(), "chevron-down", "text_2")
        painter.end()


def _pop_up(button: QWidget, fill: Callable[[QMenu], None], at: QPoint) -> None:
    menu = QMenu(button)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    fill(menu)
    menu.popup(at)
    first = next((action for action in menu.actions() if action.isChecked()), None)
    menu.setActiveAction(first or menu.actions()[0])


def _checkable(menu: QMenu, words: str, checked: bool, act: Callable[[], object]) -> QAction:
    action = menu.addAction(words.replace("&", "&&"))
    action.setCheckable(True)
    action.setChecked(checked)
    action.triggered.connect(lambda _checked: act())
    return action


class SpanMenu(MenuButton):
    """The quick ranges of the planned start, one of so many hours around now, and one of dates and times."""

    chosen = Signal(object)
    """A Span."""
    hours_wanted = Signal()
    period_wanted = Signal()

    def __init__(self) -> None:
        super().__init__("Planned start", partial(_pop_up, self, self._fill), "calendar-days")
        self._span: AnySpan = Span.ANY
        self.show_criteria(Criteria())

    def show_criteria(self, criteria: Criteria) -> None:
        self._span = criteria.span
        self.tell(self._span.words, in_use=self._span is not Span.ANY)
        self.setToolTip(f"Planned start: {span_tip(self._span)}")

    def _fill(self, menu: QMenu) -> None:
        menu.setToolTipsVisible(True)
        for span in (Span.HOUR, Span.TODAY, Span.THREE_DAYS, Span.WEEK):
            self._add(menu, span)
        self._add_asking(menu, "Hours around now…", Hours, self.hours_wanted)
        self._add_asking(menu, "From… to…", Period, self.period_wanted)
        menu.addSeparator()
        self._add(menu, Span.ANY)

    def _add(self, menu: QMenu, span: Span) -> None:
        action = _checkable(menu, span.words, span is self._span, partial(self.chosen.emit, span))
        action.setToolTip(span_tip(span))

    def _add_asking(self, menu: QMenu, words: str, kind: type[AnySpan], wanted: SignalInstance) -> None:
        is_so = isinstance(self._span, kind)
        _checkable(menu, f"{self._span.words}…" if is_so else words, is_so, wanted.emit)


@dataclass(frozen=True, slots=True)
class Values:
    """What the menus of values differ in."""

    name: str
    criterion: str
    """Of Criteria: the chosen values, a frozenset."""
    in_order: Callable[[Iterable[Any]], list[Any]]
    """These, and those that are offered in any case."""
    word_of: Callable[[Any], str]
    looks: Mapping[Any, tuple[str, str]] = field(default_factory=dict)
    """Glyphs: icon and colour role."""


def _priorities_in_order(values: Iterable[Priority | None]) -> list[Priority | None]:
    return [*Priority, *([None] if None in set(values) else [])]


def _worklists_in_order(values: Iterable[str]) -> list[str]:
    return sorted(values, key=lambda value: (not value, value.casefold()))


PRIORITIES = Values("Priority", "priorities", _priorities_in_order, priority_words, PRIORITY_LOOKS)
WORKLISTS = Values("Worklist", "worklists", _worklists_in_order, worklist_words)


class ValuesMenu(MenuButton):
    """Several values of one kind may be chosen; none chosen is any of them."""

    criteria_wanted = Signal(object)

    def __init__(self, kind: Values, counts: Callable[[], Mapping[Any, int]]) -> None:
        """`counts` tells how many rows there are of each value, when the menu opens."""
        super().__init__(kind.name, partial(_pop_up, self, self._fill))
        self._kind = kind
        self._counts = counts
        self._criteria = Criteria()
        self.show_criteria(self._criteria)

    @property
    def _chosen(self) -> frozenset[Any]:
        chosen: frozenset[Any] = getattr(self._criteria, self._kind.criterion)
        return chosen

    def show_criteria(self, criteria: Criteria) -> None:
        self._criteria = criteria
        kind, chosen = self._kind, self._chosen
        words = presenter.listed(kind.word_of(one) for one in kind.in_order(chosen) if one in chosen)
        self.tell(words or "any", in_use=bool(chosen))

    def _fill(self, menu: QMenu) -> None:
        kind, chosen, counts = self._kind, self._chosen, self._counts()
        _checkable(menu, "Any", not chosen, partial(self._want, frozenset()))
        menu.addSeparator()
        for value in kind.in_order({*counts, *chosen}):
            words = f"{kind.word_of(value)}\t{presenter.number_words(counts.get(value, 0))}"
            action = _checkable(menu, words, value in chosen, partial(self._want, chosen ^ {value}))
            if value in kind.looks:
                icons.set_icon(action, *kind.looks[value], theme.GRID.icon_row)

    def _want(self, chosen: frozenset[Any]) -> None:
        wanted: dict[str, Any] = {self._kind.criterion: chosen}
        self.criteria_wanted.emit(replace(self._criteria, **wanted))
