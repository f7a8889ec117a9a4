"""The panel "Who would be told": the receivers of updates that the demo's server knows, and what waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import tzinfo
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QPainter, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListView,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from upsdesk.domain.keys import PeerId, SopInstanceUid, WorkitemKey
from upsdesk.scp.store.status import UnknownVersion, observing
from upsdesk.services.threads import in_thread
from upsdesk.ui import icons
from upsdesk.ui.line_list import LineDelegate, box, line_list
from upsdesk.ui.tasks import spawn
from upsdesk.ui.told.model import ToldModel
from upsdesk.ui.told.words import AboutSelected, ToldLine, ToldStatus, lines, selected_words

_ICON, _WIDEST_TITLE = 14, 130
_EVERY_MS = 1000
_NOBODY = "Nobody is subscribed to updates of this server."


def read_status(store: Path) -> ToldStatus:
    """What the store says now. Raises OSError or UnknownVersion when it cannot be read."""
    with observing(store) as observer:
        about = {one.uid: one.told for one in observer.workitems()}
        return ToldStatus(observer.status(), about)


def _icon_of(told: ToldLine) -> tuple[str, str]:
    """Name and colour: pale for those who would not be told of the selected item, a lock for who keeps it."""
    if told.problem:
        return "circle-alert", "error"
    if told.about_selected is AboutSelected.TOLD_AND_KEEPS:
        return "lock", "accent"
    return "rss", "disabled" if told.about_selected is AboutSelected.NOT_TOLD else "accent"


class _Delegate(LineDelegate):
    """Icon, AE title, what it is told of or why it is not reached, and when it was told or what waits."""

    def __init__(self, lines: Callable[[], Sequence[ToldLine]], parent: QListView) -> None:
        super().__init__(parent)
        self._lines = lines

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        lines, kit = self._lines(), self.kit
        told, colours = lines[index.row()], kit.theme
        titles = min(_WIDEST_TITLE, round(max(kit.semibold.width(one.title) for one in lines)) + 2)
        rect: QRect = option.rect
        self.paint_ground(painter, option)
        x = rect.left() + 12
        top = rect.top() + (rect.height() - _ICON) // 2
        icons.paint(painter, QRectF(x, top, _ICON, _ICON), *_icon_of(told))
        x += _ICON + 8
        kit.text(painter, box(rect, x, titles), told.title, kit.semibold, colours.text)
        x, right = x + titles + 12, rect.right() - 12
        last, colour = (told.waiting, colours.warning) if told.waiting else (told.told, colours.text_3)
        width = round(kit.regular.width(last)) + 2
        kit.text(painter, box(rect, right - width, width), last, kit.regular, colour, right=True)
        middle, colour = (told.problem, colours.error) if told.problem else (told.subject, colours.text_2)
        kit.text(painter, box(rect, x, right - width - 12 - x), middle, kit.regular, colour)


class ToldPanel(QFrame):
    """Reads the store of the server once a second while it can be seen."""

    def __init__(self, store: Path, server: PeerId, zone: tzinfo, parent: QWidget | None = None) -> None:
        """`store` belongs to `server`; items of another one are nobody's here."""
        super().__init__(parent)
        self._store = store
        self._server = server
        self._zone = zone
        self._uid: SopInstanceUid | None = None
        self._status = ToldStatus()
        self._reading: asyncio.Task[None] | None = None
        self.setProperty("surface", "surface")
        self.model = ToldModel()
        self.model.setParent(self)
        self.view = line_list("Who would be told", self.model)
        self._delegate = _Delegate(lambda: self.model.lines, self.view)
        self.view.setItemDelegate(self._delegate)
        self._empty = QLabel(_NOBODY)
        self._empty.setProperty("caption", True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self.selected = QLabel()
        self.selected.setProperty("caption", True)
        self.tools = QWidget(self)
        self.tools.hide()
        """For the head of the panel: who would be told of the selected item."""
        self._build()
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self._read)
        self._show_status("")

    def _build(self) -> None:
        head = QHBoxLayout(self.tools)
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(self.selected)
        head.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._empty, 1)
        column.addWidget(self.view, 1)
        self.setMinimumHeight(70)

    def sizeHint(self) -> QSize:
        return QSize(420, 150)

    def set_key(self, key: WorkitemKey | None) -> None:
        """The workitem that is selected in the table."""
        self._uid = key.uid if key is not None and key.peer == self._server else None
        self._show_lines()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()
        self._read()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _read(self) -> None:
        if self._reading is None or self._reading.done():
            self._reading = spawn(self._read_once(), "who would be told")

    async def _read_once(self) -> None:
        try:
            self._status = await in_thread(lambda: read_status(self._store), "told")
        except (OSError, UnknownVersion) as error:
            self._status = ToldStatus()
            self._show_status(f"The server's store cannot be read: {error}")
        else:
            self._show_status("")

    def _show_status(self, problem: str) -> None:
        self._show_lines()
        self._empty.setText(problem or _NOBODY)
        self._empty.setVisible(not self.model.rowCount())
        self.view.setVisible(self.model.rowCount() > 0)

    def _show_lines(self) -> None:
        self.model.show(lines(self._status, self._uid, self._zone))
        self.selected.setText(selected_words(self._status, self._uid))
