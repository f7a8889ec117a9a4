"""Choosing, adding and changing the worklist server of the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtWidgets import QApplication, QMainWindow

from upsdesk.domain.peer import Peer
from upsdesk.services.desk import Desk
from upsdesk.services.session import Conductor
from upsdesk.ui.dialogs import finished
from upsdesk.ui.servers.add_server import AddServerDialog
from upsdesk.ui.servers.server_button import ServerButton
from upsdesk.ui.tasks import spawn


class ServerChoice:
    """A dialog keeps the peer that it was opened on, so the choice waits until no dialog is open."""

    def __init__(
        self,
        window: QMainWindow,
        desk: Desk,
        conductor: Conductor,
        button: ServerButton,
        show_peer: Callable[[Peer | None], None],
    ) -> None:
        self._window = window
        self._desk = desk
        self._conductor = conductor
        self._button = button
        self._show_peer = show_peer
        button.chosen.connect(self.choose)
        button.add_requested.connect(self.add)
        button.edit_requested.connect(self.edit)
        button.remove_requested.connect(self.remove)
        self._forget = conductor.on_change(self._changed)

    def stop(self) -> None:
        self._forget()

    def choose(self, peer: Peer | None) -> None:
        """Show this server from now on."""
        if QApplication.activeModalWidget() is None:
            spawn(self.go_to(peer), "choose server")

    async def go_to(self, peer: Peer | None) -> None:
        """Show this server, and again at the next start."""
        await self._conductor.choose(peer)
        kept = self._desk.settings.desk
        self._desk.settings.save_desk(replace(kept, last_peer=peer.id if peer is not None else None))

    def add(self) -> None:
        """Ask for a new server; a saved one is chosen at once."""
        spawn(self._ask(None), "add server")

    def edit(self, peer: Peer) -> None:
        spawn(self._ask(peer), "edit server")

    async def _ask(self, peer: Peer | None) -> None:
        dialog = AddServerDialog(self._window, self._desk, peer)
        dialog.open()
        await finished(dialog)
        if dialog.saved is not None:
            await self.go_to(dialog.saved)

    def remove(self, peer: Peer) -> None:
        """Forget a profile; what is held there stays in the vault under its address."""
        self._desk.settings.profiles.remove(peer.id)
        if self._conductor.peer is not None and self._conductor.peer.id == peer.id:
            self.choose(next(iter(self._desk.peers), None))

    def _changed(self, peer: Peer | None) -> None:
        self._button.set_peer(peer)
        self._show_peer(peer)
