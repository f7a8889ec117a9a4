"""The strip above the table: what this desk holds, whatever filter, sorting or server is shown."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QMenu, QPushButton, QSizePolicy, QToolButton, QWidget

from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.workitem import PatientFacts, Workitem
from upsdesk.services.changes import ChangeSet
from upsdesk.services.desk import Desk
from upsdesk.ui import icons, masking, presenter, theme
from upsdesk.ui.fields import icon_label
from upsdesk.ui.tips import plain_tip

_PAD, _GAP, _LINE, _EDGE = 10, 6, 32, 12
_GLYPH = 14
_LOW_WINDOW = 700
"""A window lower than that has room for one line."""
_MOST_LINES = 2
_LABEL_WIDTH = 140
_LEAST_LABEL = 30
"""A long label gives way first; who the patient is never does."""
_MOST_CHIPS = 24
_NO_LABEL = "no label"
_MORE_WIDTH = 92
_LOOK_MS = 30_000


@dataclass(frozen=True, slots=True)
class HeldItem:
    """One workitem of the strip."""

    key: WorkitemKey
    patient: PatientFacts
    name: str
    """As it is shown."""
    label: str
    since: str
    operator: str
    """Who started it; empty when nobody was named."""
    server: str
    """Its server, when another one is shown."""
    is_read: bool
    """The server has told about it in this run."""
    is_cancel_asked: bool

    @property
    def rest(self) -> str:
        """What stands after name, ID and label."""
        by = f"by {self.operator.partition(',')[0]} {self.since}" if self.operator else f"since {self.since}"
        return " · ".join(part for part in (by, self.server) if part)

    @property
    def sentence(self) -> str:
        told = presenter.patient_sentence(self.patient)
        asked = "Somebody asks to cancel it" if self.is_cancel_asked else ""
        unread = "" if self.is_read else "The server has not told about it yet"
        parts = (f"{told}, {self.label or _NO_LABEL}, held by this desk {self.rest}", asked, unread)
        return ". ".join(part for part in parts if part)


class HeldChip(QPushButton):
    """One held workitem: key, patient, label, since when; pressed, it is selected."""

    def __init__(self, item: HeldItem, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.item = item
        self._label_width = _LABEL_WIDTH
        self.setProperty("role", "chip")
        if item.is_cancel_asked:
            self.setProperty("level", "warning")
        self.setAccessibleName(item.sentence)
        self.setToolTip(plain_tip(f"{item.sentence}. Press to select it."))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.notifier().changed.connect(self.update)

    @staticmethod
    def _fonts() -> tuple[QFont, QFont]:
        size = theme.TYPE.table
        return theme.font(size, theme.TYPE.semibold), theme.font(size)

    def fit(self, room: int) -> None:
        """Shorten the label until the chip is no wider, as far as that goes."""
        self._label_width = _LABEL_WIDTH
        over = self.sizeHint().width() - room
        if over > 0:
            whole = QFontMetrics(self._fonts()[1]).horizontalAdvance(self.item.label or _NO_LABEL)
            self._label_width = max(_LEAST_LABEL, min(_LABEL_WIDTH, whole) - over)
        self.update()

    def _texts(self) -> tuple[str, str]:
        plain = QFontMetrics(self._fonts()[1])
        label_words = self.item.label or _NO_LABEL
        words = plain.elidedText(label_words, Qt.TextElideMode.ElideRight, self._label_width)
        return self.item.name, " · ".join((words, self.item.rest))

    def sizeHint(self) -> QSize:
        bold, plain = (QFontMetrics(font) for font in self._fonts())
        name, rest = self._texts()
        width = 2 * _PAD + _GLYPH + _GAP + bold.horizontalAdvance(name) + 8 + plain.horizontalAdvance(rest)
        return QSize(width + 2, theme.GRID.chip)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        colours = theme.current()
        is_asked = self.item.is_cancel_asked
        painter = QPainter(self)
        top = (self.height() - _GLYPH) // 2
        sign, role = ("hand", "warning") if is_asked else ("key-round", "accent")
        icons.paint(painter, QRect(_PAD, top, _GLYPH, _GLYPH).toRectF(), sign, role)
        bold, plain = self._fonts()
        name, rest = self._texts()
        x = _PAD + _GLYPH + _GAP
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setFont(bold)
        painter.setPen(colours.warning if is_asked else colours.text)
        width = QFontMetrics(bold).horizontalAdvance(name)
        painter.drawText(QRect(x, 0, width + 4, self.height()), flags, name)
        painter.setFont(plain)
        painter.setPen(colours.warning if is_asked else colours.text_2)
        painter.drawText(QRect(x + width + 8, 0, self.width(), self.height()), flags, rest)
        painter.end()


class HeldStrip(QFrame):
    """Gone while nothing is held; one line in a low window, the others behind a button."""

    chosen = Signal(object)
    """WorkitemKey."""
    all_wanted = Signal()
    """The caption was pressed: what can be done with all of it."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setProperty("edge", "bottom")
        self.setAccessibleName("Held by this desk")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._desk = desk
        self._items: tuple[HeldItem, ...] = ()
        self._chips: list[HeldChip] = []
        self._peer: object = None
        self._icon = icon_label("key-round", "accent", 16)
        self._icon.setParent(self)
        self._caption = QToolButton(self)
        self._caption.setProperty("role", "link")
        self._caption.setToolTip("Hand over, take over, forget a key")
        self._caption.clicked.connect(self.all_wanted)
        self._more = QToolButton(self)
        self._more.setProperty("role", "link")
        self._more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self)
        self._more.setMenu(self._menu)
        self._forget = (
            desk.store.subscribe(self._store_changed),
            desk.settings.profiles.subscribe(self.tell),
        )
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self.tell)
        self._timer.start()
        self._watched: QWidget | None = None
        self.tell()

    def stop(self) -> None:
        self._timer.stop()
        for forget in self._forget:
            forget()

    def set_peer(self, peer: object) -> None:
        """The id of the server that is shown; items of another one name theirs."""
        self._peer = peer
        self.tell()

    @property
    def items(self) -> tuple[HeldItem, ...]:
        return self._items

    @property
    def caption(self) -> str:
        return self._caption.text()

    def chips(self) -> list[HeldChip]:
        """Those that can be seen."""
        return [chip for chip in self._chips if not chip.isHidden()]

    def _store_changed(self, changes: ChangeSet) -> None:
        keys = self._desk.held_keys()
        known = tuple(item.key for item in self._items)
        if keys != known or any(
            key in changes.updated or key in changes.inserted or key in changes.removed for key in keys
        ):
            self.tell()

    def tell(self) -> None:
        """Show what is held now."""
        items = tuple(self._items_now())
        if items == self._items and self._chips:
            return
        self._items = items
        focused = next((chip.item.key for chip in self._chips if chip.hasFocus()), None)
        for chip in self._chips:
            chip.hide()
            chip.deleteLater()
        self._chips = [HeldChip(item, self) for item in items[:_MOST_CHIPS]]
        for chip in self._chips:
            chip.clicked.connect(lambda _checked=False, key=chip.item.key: self.chosen.emit(key))
            chip.ensurePolished()
            if chip.item.key == focused:
                chip.setFocus()
        count = presenter.count_words(len(items), "workitem")
        is_known = any(item.is_read for item in items)
        self._caption.setText("Held by this desk" if is_known else f"{count} left in progress")
        self.setAccessibleDescription(f"{count}: only this desk can complete or cancel them")
        self.setVisible(bool(items))
        self._place()

    def _items_now(self) -> list[HeldItem]:
        desk = self._desk
        found = []
        for entry in desk.held_entries():
            key = desk.key_of(entry)
            item = desk.store.get(key)
            patient = item.patient if item is not None else entry.patient
            label = (item.label_words if item is not None else "") or entry.label
            found.append(
                HeldItem(
                    key,
                    patient,
                    presenter.name_words(patient),
                    masking.words(label, item or Workitem(key, patient=patient)),
                    presenter.instant_words(entry.claimed_at, desk.clock(), desk.zone),
                    entry.operator,
                    "" if key.peer == self._peer else self._server_of(key, str(entry.called_aet)),
                    item is not None,
                    desk.store.cancel_asked(key) is not None,
                )
            )
        return found

    def _server_of(self, key: WorkitemKey, called: str) -> str:
        try:
            return f"at {self._desk.peer(key.peer).title}"
        except KeyError:
            return f"at {called}, which is not saved any more"

    # Places

    def event(self, event: QEvent) -> bool:
        if (
            event.type() in (QEvent.Type.Show, QEvent.Type.ParentChange)
            and self.window() is not self._watched
        ):
            if self._watched is not None:
                self._watched.removeEventFilter(self)
            self._watched = self.window()
            self._watched.installEventFilter(self)
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self._watched:
            self._place()
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        """From left to right, line by line; what has no room stands behind the button."""
        lines = 1 if self.window().height() < _LOW_WINDOW else _MOST_LINES
        self._put(self._icon, _EDGE, 0)
        self._put(self._caption, _EDGE + 14, 0)  # its words have room around them
        left = _EDGE + 14 + self._caption.sizeHint().width() + 4
        right = self.width() - _EDGE
        x, line, hidden = left, 0, list(self._items[len(self._chips) :])
        for at, chip in enumerate(self._chips):
            is_last_place = line == lines - 1
            room = right - (_MORE_WIDTH if is_last_place and (at + 1 < len(self._chips) or hidden) else 0)
            chip.fit(room - left)
            width = chip.sizeHint().width()
            if x > left and x + width > room:
                if is_last_place:
                    hidden = [other.item for other in self._chips[at:]] + hidden
                    for other in self._chips[at:]:
                        other.hide()
                    break
                x, line = left, line + 1
            chip.setGeometry(x, line * _LINE + (_LINE - chip.sizeHint().height()) // 2 + 1, width, 26)
            chip.show()
            x += width + _GAP
        self._show_more(hidden, x, line)
        height = (line + 1) * _LINE + 3
        if self.height() != height:
            self.setFixedHeight(height)

    def _show_more(self, hidden: list[HeldItem], x: int, line: int) -> None:
        self._more.setVisible(bool(hidden))
        if not hidden:
            return
        words = f"and {len(hidden)} more"
        self._more.setText(words)
        self._more.setAccessibleName(f"{words} held by this desk")
        self._menu.clear()
        for item in hidden:
            text = " · ".join((item.name, presenter.id_words(item.patient), item.label, item.rest))
            action = self._menu.addAction(text.replace("&", "&&"))
            action.triggered.connect(lambda _checked=False, key=item.key: self.chosen.emit(key))
        self._put(self._more, x + 2, line)

    def _put(self, part: QLabel | QToolButton, x: int, line: int) -> None:
        size = part.sizeHint()
        part.setGeometry(x, line * _LINE + (_LINE - size.height()) // 2 + 1, size.width(), size.height())
