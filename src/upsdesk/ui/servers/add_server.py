"""The dialog that adds or changes a worklist server, and tests it before it is saved or after."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QGridLayout, QLineEdit, QPushButton, QWidget

from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.keys import PeerId
from upsdesk.domain.peer import DEFAULT_CALLING_AET, Peer, PeerUse
from upsdesk.domain.status import no_answer
from upsdesk.services.desk import Desk
from upsdesk.services.settings import SettingsError, new_peer_id
from upsdesk.ui import icons, presenter
from upsdesk.ui.dialogs import ConfirmDialog, Tone, ask
from upsdesk.ui.fields import CalmBox, FieldMessage, label
from upsdesk.ui.servers.draft import ServerDraft, administrator_text, own_title
from upsdesk.ui.servers.probe_view import ProbeView
from upsdesk.ui.tasks import spawn

_LEFT, _RIGHT = 0, 1
_Field = tuple[str, str, str]
"""Name in the draft, words above it, example."""


def own_network_address() -> str:
    """The address of this computer in its network; `127.0.0.1` without one. Nothing is sent for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # TEST-NET-1: only the routing table is asked
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


class AddServerDialog(ConfirmDialog):
    """Asks for one server. After `accept`, `saved` is the peer. A test that fails does not hold saving up.

    `host_name` and `own_address` tell about this computer; they are only asked for when they are needed.
    """

    def __init__(
        self,
        parent: QWidget | None,
        desk: Desk,
        peer: Peer | None = None,
        *,
        host_name: Callable[[], str] = socket.gethostname,
        own_address: Callable[[], str] = own_network_address,
    ) -> None:
        super().__init__(
            parent,
            "Edit worklist server" if peer else "Add a worklist server",
            "Its administrator knows the AE title, host and port, and must know ours.",
            yes="Save server",
            no="Discard",
            icon="server",
            enter_confirms=True,
            demo=any(known.use is PeerUse.DEMO for known in desk.peers),
            width=720,
        )
        self._desk = desk
        self._peer = peer
        self._host_name = host_name
        self._own_address = own_address
        self.saved: Peer | None = None
        self._probe: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None
        self._left: set[str] = set()
        self.fields: dict[str, QLineEdit] = {}
        self._messages: dict[str, FieldMessage] = {}
        self._make_fields(peer)
        self._make_buttons()
        self.test_view = ProbeView()
        self.middle.addWidget(self.test_view)
        self.middle.addStretch(1)
        self.confirmed.connect(self._save)
        self.waited.connect(self._show_problems)
        self.finished.connect(lambda _: self._stop_probe())
        self._fill(ServerDraft.of(peer) if peer else ServerDraft(), is_new=peer is None)
        self._untouched = self.draft()
        self.no_button.clicked.disconnect(self.reject)
        self.no_button.clicked.connect(self._discard)
        self.guard.watch(self)

    def _make_fields(self, peer: Peer | None) -> None:
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(3)
        for column in (_LEFT, _RIGHT):
            self._grid.setColumnStretch(column, 1)
            self._grid.setColumnMinimumWidth(column, 200)
        self.use_box = CalmBox()
        self.use_box.setAccessibleName("Use")
        for use in PeerUse:
            # The demo's server is made by the demo itself; nobody types one.
            if use is not PeerUse.DEMO or (peer is not None and peer.use is use):
                self.use_box.addItem(use.words, use)
        self._section(0, "The server")
        self._add(1, _LEFT, "name", "Name on the screen", "TMS main")
        self._add_box(1, _RIGHT, "Use", self.use_box, "Shown beside the name and in every confirmation.")
        self._add_cell(4, _LEFT, ("called_aet", "AE title", "TMS_SCP"))
        self._add_cell(4, _RIGHT, ("host", "Host name or address", "10.20.4.11"), ("port", "Port", ""))
        self._section(7, "This desk, as the server knows it")
        self._add_cell(8, _LEFT, ("calling_aet", "Own AE title", ""))
        self._add_cell(8, _RIGHT, ("listen_host", "Listens at", ""), ("listen_port", "Port", "none"))
        self.middle.addLayout(self._grid)
        self.use_box.currentIndexChanged.connect(self._changed)

    def _section(self, row: int, words: str) -> None:
        heading = label(words, "strong")
        heading.setContentsMargins(0, 10 if row else 0, 0, 2)
        self._grid.addWidget(heading, row, _LEFT, 1, 2)

    def _add(self, row: int, column: int, field: str, words: str, example: str) -> None:
        edit = self._edit(field, words, example)
        self._put(self._grid, row, column, words, edit, self._messages[field])

    def _add_box(self, row: int, column: int, words: str, box: QWidget, hint: str) -> None:
        message = FieldMessage()
        message.say(hint)
        self._put(self._grid, row, column, words, box, message)

    def _add_cell(self, row: int, column: int, wide: _Field, narrow: _Field | None = None) -> None:
        """One field, or a wide and a narrow one, in a grid of their own: its messages move no other."""
        inner = QGridLayout()
        inner.setHorizontalSpacing(8)
        inner.setVerticalSpacing(3)
        inner.setColumnStretch(0, 1)
        cells = (wide,) if narrow is None else (wide, narrow)
        for at, (field, words, example) in enumerate(cells):
            edit = self._edit(field, words, example)
            if at:
                edit.setFixedWidth(84)
                edit.setAccessibleName(f"{wide[1]}, port")
            caption = label(words, "small", wrap=False)
            caption.setBuddy(edit)
            inner.addWidget(caption, 0, at)
            inner.addWidget(edit, 1, at)
            inner.addWidget(self._messages[field], 2 + at, 0, 1, len(cells))
        inner.setRowStretch(4, 1)  # a message in the cell beside it does not pull it off its line
        self._grid.addLayout(inner, row, column, 3, 1)

    def _edit(self, field: str, words: str, example: str) -> QLineEdit:
        edit = QLineEdit()
        edit.setAccessibleName(words)
        edit.setPlaceholderText(example)
        edit.textChanged.connect(self._changed)
        edit.editingFinished.connect(lambda: self._leave(field))
        self.fields[field] = edit
        self._messages[field] = FieldMessage(edit)
        return edit

    @staticmethod
    def _put(grid: QGridLayout, row: int, column: int, words: str, field: QWidget, message: QWidget) -> None:
        caption = label(words, "small", wrap=False)
        caption.setBuddy(field)
        grid.addWidget(caption, row, column)
        grid.addWidget(field, row + 1, column)
        grid.addWidget(message, row + 2, column)

    def _make_buttons(self) -> None:
        self.copy_button = QPushButton("Copy text for the administrator")
        self.copy_button.setProperty("role", "link")
        self.copy_button.clicked.connect(self._copy)
        self.test_button = QPushButton("Test")
        icons.set_icon(self.test_button, "activity", "accent")
        self.test_button.setAccessibleName("Test the server")
        self.test_button.clicked.connect(self._test)
        for at, button in enumerate((self.copy_button, self.test_button)):
            button.setAutoDefault(False)
            self.buttons.insertWidget(at, button)
        icons.set_icon(self.copy_button, "copy", "accent")

    def first_focus(self) -> QWidget:
        return self.fields["name"]

    # The draft.

    def draft(self) -> ServerDraft:
        """The fields as they stand."""
        use = self.use_box.currentData()
        return ServerDraft(
            name=self.fields["name"].text(),
            use=use if isinstance(use, PeerUse) else PeerUse.CLINICAL,
            called_aet=self.fields["called_aet"].text(),
            host=self.fields["host"].text(),
            port=self.fields["port"].text(),
            calling_aet=self.fields["calling_aet"].text(),
            listen_host=self.fields["listen_host"].text(),
            listen_port=self.fields["listen_port"].text(),
        )

    def _fill(self, draft: ServerDraft, *, is_new: bool) -> None:
        for field, edit in self.fields.items():
            edit.setText(str(getattr(draft, field)))
        self.use_box.setCurrentIndex(max(0, self.use_box.findData(draft.use)))
        self._left = set() if is_new else set(self.fields)
        self._changed()

    def _taken_names(self) -> frozenset[str]:
        own = self._peer.id if self._peer else None
        return frozenset(peer.name.casefold() for peer in self._desk.peers if peer.id != own)

    def _leave(self, field: str) -> None:
        self._left.add(field)
        if field == "host":
            self._propose_title()
        self._changed()

    def _propose_title(self) -> None:
        """An SCP knows one address per AE title, so a server elsewhere gets a title of this computer."""
        edit = self.fields["calling_aet"]
        if self._peer is None and self.draft().is_elsewhere and edit.text() == str(DEFAULT_CALLING_AET):
            edit.setText(own_title(self._host_name()))
            if self.fields["listen_host"].text().strip() == "127.0.0.1":
                self.fields["listen_host"].setText("0.0.0.0")

    def _changed(self) -> None:
        draft = self.draft()
        problems, remarks = draft.problems(self._taken_names()), draft.remarks()
        for field, message in self._messages.items():
            # What was not reached yet is not scolded.
            if field in problems and field in self._left:
                message.warn(problems[field])
            else:
                message.say(remarks.get(field, ""))
            message.setVisible(bool(message.text))
        words = [self.fields[field].accessibleName() for field in problems]
        self.set_waiting(f"Save waits for: {', '.join(words)}" if words else "")

    def _show_problems(self) -> None:
        self._left = set(self.fields)
        self._changed()
        first = next(iter(self.draft().problems(self._taken_names())), None)
        if first is not None:
            self.fields[first].setFocus()

    # Leaving.

    def reject(self) -> None:
        """Esc and the cross ask before they lose what was typed; the button says Discard itself."""
        if self.draft() == self._untouched:
            self._discard()
        elif self._asking is None or self._asking.done():
            self._asking = spawn(self._ask_discard(), "discard a server")

    async def _ask_discard(self) -> None:
        title, text = "Discard what was typed?", "This server is not saved yet."
        if self._peer is not None:
            text = "The changes of this server are not saved yet."
        if await ask(
            self,
            title,
            text,
            yes="Discard",
            no="Keep editing",
            icon="trash-2",
            danger=True,
            demo=self.is_demo,
        ):
            self._discard()

    def _discard(self) -> None:
        self.done(int(QDialog.DialogCode.Rejected))

    # Test, copy, save.

    def _peer_to_test(self) -> Peer | None:
        problems = self.draft().problems()
        problems.pop("name", None)
        if problems:
            self._show_problems()
            return None
        return self.draft().peer(self._peer.id if self._peer else PeerId("being-tested"), self._peer)

    def _test(self) -> None:
        peer = self._peer_to_test()
        if peer is None:
            return
        self._stop_probe()
        self.test_button.setEnabled(False)
        self._probe = spawn(self._run_test(peer), "test of a server")

    async def _run_test(self, peer: Peer) -> None:
        self.test_view.start()
        self.show_in_middle(self.test_view)
        good = True
        try:
            async for step in self._desk.gateway.probe(peer):
                self.test_view.add(step)
                self.show_in_middle(self.test_view)
                good = good and step.ok is not False
        except NoAnswer as error:
            good = False
            told = self.test_view.finish(presenter.outcome_sentence(no_answer(error)), good=False)
        else:
            words = (
                "The server answers. Save it." if good else "It can be saved all the same, and tested again."
            )
            told = self.test_view.finish(words, good=good)
        finally:
            self.test_button.setEnabled(True)
        self.show_in_middle(told)

    def _stop_probe(self) -> None:
        if self._probe is not None:
            self._probe.cancel()
            self._probe = None

    def _copy(self) -> None:
        text = administrator_text(self.draft(), self._own_address())
        QGuiApplication.clipboard().setText(text)
        if not self.waits:
            self.line.say("Copied. Send it to the administrator of the server.", Tone.GOOD)
        else:
            self.copy_button.setToolTip("Copied")
            self.copy_button.setText("Copied")

    def _save(self) -> None:
        peer_id = self._peer.id if self._peer else new_peer_id(self._desk.make_uid)
        peer = self.draft().peer(peer_id, self._peer)
        try:
            self._desk.settings.profiles.save(peer)
        except (ValueError, SettingsError, OSError) as error:
            self.line.say(f"Not saved: {error}", Tone.BAD)
            return
        self.saved = peer
        self.accept()
