"""What the editor puts on the clipboard: data sets as DICOM JSON, and the command line that does the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from upsdesk.domain.keys import SopInstanceUid
from upsdesk.domain.peer import Peer, PeerUse
from upsdesk.services.command_line import edit_line
from upsdesk.services.desk import Desk
from upsdesk.services.export import elements_json
from upsdesk.services.files import platform_folder
from upsdesk.ui.dialogs import Tone
from upsdesk.ui.editor.form import Form

ToCopy = tuple[Form, Peer, SopInstanceUid | None]
"""The form, where it goes, and the workitem (None: a new one)."""


class CopyMenu(QMenu):
    """Asks `source` for what is open, and tells by `say` what came of it."""

    def __init__(
        self,
        desk: Desk,
        parent: QWidget,
        source: Callable[[], ToCopy | None],
        say: Callable[[str, Tone], None],
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._source = source
        self._say = say
        offers: tuple[tuple[str, Callable[[ToCopy], str | None]], ...] = (
            ("The whole workitem as DICOM JSON", _whole),
            ("What will be sent as DICOM JSON", _sent),
            ("What will be sent as a command line", self._command_line),
        )
        for words, text_of in offers:
            self.addAction(words, partial(self._copy, text_of))

    def _copy(self, text_of: Callable[[ToCopy], str | None]) -> None:
        found = self._source()
        if found is None:
            return
        if found[0].problems():
            self._say("Nothing was copied: mend what is wrong first.", Tone.BAD)
            return
        text = text_of(found)
        if text is None:
            self._say("A command line cannot say that: copy it as DICOM JSON.", Tone.WARNING)
            return
        QGuiApplication.clipboard().setText(text)
        self._say("Copied.", Tone.GOOD)

    def _command_line(self, found: ToCopy) -> str | None:
        form, peer, uid = found
        folder = self._desk.folder if self._desk.folder != platform_folder() else None
        return edit_line(uid, form.to_send(), peer, folder)


def _whole(found: ToCopy) -> str:
    form, peer, uid = found
    return elements_json(uid, form.elements(), demo=peer.use is PeerUse.DEMO)


def _sent(found: ToCopy) -> str:
    form, peer, uid = found
    return elements_json(uid, form.to_send(), demo=peer.use is PeerUse.DEMO)
