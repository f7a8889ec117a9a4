"""The button that shows the chosen server, and its menu: choose, add, edit, remove."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QActionGroup, QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from upsdesk.domain.peer import Peer
from upsdesk.services.desk import Desk
from upsdesk.ui import theme
from upsdesk.ui.fields import icon_label, label
from upsdesk.ui.menus import add_entry
from upsdesk.ui.tips import plain_tip

_WIDTH = 232
_NARROW = 222


class ServerButton(QPushButton):
    """Name, use and address of the chosen server. Emits what was picked; the window carries it out."""

    chosen = Signal(object)
    """The Peer that was picked."""
    add_requested = Signal()
    edit_requested = Signal(object)
    remove_requested = Signal(object)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._peer: Peer | None = None
        self._is_short = False
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(38)
        row = QHBoxLayout(self)
        row.setContentsMargins(11, 0, 10, 0)
        row.setSpacing(10)
        row.addWidget(icon_label("server", "text_2"))
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.setContentsMargins(0, 3, 0, 3)
        self._name = label("", "strong", wrap=False)
        self._address = label("", "caption", wrap=False)
        texts.addWidget(self._name)
        texts.addWidget(self._address)
        row.addLayout(texts, 1)
        row.addWidget(icon_label("chevrons-up-down", "text_3", 14))
        for child in self.findChildren(QLabel):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self.show_menu_actions)
        self.setMenu(self._menu)
        self._unsubscribe = desk.settings.profiles.subscribe(self._profiles_changed)
        self.destroyed.connect(_ended(self._unsubscribe))
        self.set_peer(None)

    @property
    def peer(self) -> Peer | None:
        return self._peer

    def set_peer(self, peer: Peer | None) -> None:
        """Show the chosen server, or that there is none."""
        self._peer = peer
        if peer is None:
            name, address, spoken = "No server", "Add a worklist server", "No worklist server is chosen"
        else:
            name, address = f"{peer.title}{_use(peer)}", peer.address
            spoken = f"Worklist server {peer.title}, {peer.use.words}, {peer.address}"
        self._name_and_use = (peer.title, _use(peer)) if peer is not None else (name, "")
        self._full_address = address
        self._elide()
        self.setToolTip(plain_tip(f"{name}\n{address}"))
        self.setAccessibleName(spoken)
        self.setAccessibleDescription("Opens the list of worklist servers")

    def set_short(self, is_short: bool) -> None:
        """Take less width; the whole text stays in the tooltip."""
        if is_short != self._is_short:
            self._is_short = is_short
            self._elide()
            self.updateGeometry()

    def _elide(self) -> None:
        """Cut what is least looked for: the end of a name, never what the server is used for; the port."""
        room = self.sizeHint().width() - 75
        metrics = QFontMetrics(theme.font(theme.TYPE.body, theme.TYPE.semibold))
        name, use = self._name_and_use
        left = room - metrics.horizontalAdvance(use)
        self._name.setText(metrics.elidedText(name, Qt.TextElideMode.ElideRight, left) + use)
        metrics = QFontMetrics(theme.font(theme.TYPE.caption))
        address = self._full_address
        if metrics.horizontalAdvance(address) > room:
            address = address.rpartition(":")[0] or address
        self._address.setText(metrics.elidedText(address, Qt.TextElideMode.ElideRight, room))

    def sizeHint(self) -> QSize:
        return QSize(_NARROW if self._is_short else _WIDTH, 38)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _profiles_changed(self) -> None:
        if self._peer is not None:
            fresh = self._desk.settings.profiles.by_id(self._peer.id)
            if fresh is not None:
                self.set_peer(fresh)

    def show_menu_actions(self) -> None:
        """Fill the menu anew, as it opens."""
        self._menu.clear()
        group = QActionGroup(self._menu)
        for saved in self._desk.peers:
            action = self._menu.addAction(
                f"{saved.title} · {saved.use.words}\t{saved.address}".replace("&", "&&")
            )
            action.setCheckable(True)
            action.setChecked(self._peer is not None and saved.id == self._peer.id)
            group.addAction(action)
            action.triggered.connect(lambda _=False, saved=saved: self.chosen.emit(saved))
        if self._desk.peers:
            self._menu.addSeparator()
        add_entry(self._menu, "Add server…", "plus", self.add_requested.emit)
        peer = self._peer
        if peer is not None and self._desk.settings.profiles.by_id(peer.id) is not None:
            name = peer.title.replace("&", "&&")
            add_entry(self._menu, f"Edit {name}…", "pencil", lambda: self.edit_requested.emit(peer))
            add_entry(self._menu, f"Remove {name}…", "trash-2", lambda: self.remove_requested.emit(peer))


def _use(peer: Peer) -> str:
    return f" · {peer.use.words}"


def _ended(unsubscribe: Callable[[], None]) -> Callable[[], None]:
    """Without a reference to the button, which is gone when this is called."""
    return lambda *_: unsubscribe()
