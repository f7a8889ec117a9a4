"""QA mode in the window: how it is begun, the red frame while it is on, and how it ends."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QLineEdit, QMainWindow, QWidget

from upsdesk.domain.peer import Peer, PeerUse
from upsdesk.services.desk import Desk
from upsdesk.services.session import Conductor
from upsdesk.ui import presenter, theme, timers
from upsdesk.ui.demo_band import HEIGHT
from upsdesk.ui.dialogs import ConfirmDialog, finished
from upsdesk.ui.tasks import spawn

_LOOK_MS = 5_000
_LINE = 4
_ABOUT = (
    "What you ask for is sent as it is: acts that the state of a workitem forbids, forms with mistakes, and "
    "nothing is compared before it is sent. It is there to test servers, and ends after 30 minutes or when "
    "another server is shown."
)
WORDS = "QA MODE · NOTHING IS CHECKED"


class QaDialog(ConfirmDialog):
    """Asks before QA mode begins; at a clinical server its AE title is to be typed."""

    def __init__(self, parent: QWidget | None, desk: Desk, peer: Peer) -> None:
        super().__init__(
            parent,
            "Begin QA mode?",
            f"{peer.title} · {peer.use.words}",
            yes="Begin QA mode",
            no="No, keep the checks",
            icon="shield-alert",
            danger=True,
            demo=peer.use is PeerUse.DEMO,
            width=560,
        )
        self._desk, self._peer = desk, peer
        about = QLabel(_ABOUT)
        about.setWordWrap(True)
        self.middle.addWidget(about)
        self.title_field = QLineEdit()
        self.title_field.setMaxLength(16)
        self.title_field.setPlaceholderText("AE title of this server")
        self.title_field.setAccessibleName("AE title of this server")
        self.title_field.setVisible(peer.use is PeerUse.CLINICAL)
        self.title_field.textChanged.connect(self._typed)
        self.middle.addWidget(self.title_field)
        self._typed()

    def _typed(self) -> None:
        self.set_waiting(self._desk.qa.refusal(self._peer, self.title_field.text()))


class QaBand(QWidget):
    """The line above everything that says it, and when it ends."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(HEIGHT)
        self.words = WORDS
        self.hide()

    def show_end(self, at: str) -> None:
        self.words = f"{WORDS} · ENDS {at}"
        self.setAccessibleName(self.words)
        self.show()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), colours.error)
        painter.setFont(theme.font(theme.TYPE.caption, theme.TYPE.semibold))
        painter.setPen(colours.surface)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.words)
        painter.end()


class QaFrame(QWidget):
    """A red line around the window; clicks go through it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        pen = QPen(theme.current().error, _LINE)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        half = _LINE // 2
        painter.drawRect(self.rect().adjusted(half, half, -half, -half))
        painter.end()


class Qa(QObject):
    """Begins and ends it for a window, and draws the frame."""

    def __init__(self, window: QMainWindow, band: QaBand, desk: Desk, conductor: Conductor) -> None:
        super().__init__(window)
        self._window, self._band = window, band
        self._desk, self._conductor = desk, conductor
        self.frame = QaFrame(window)
        window.installEventFilter(self)
        self._watch = timers.repeating(self, _LOOK_MS, self._look)
        self._forget = (
            desk.qa.changed.add(self._show),
            conductor.on_change(lambda peer: desk.qa.shows(peer.id if peer is not None else None)),
        )

    def stop(self) -> None:
        self._watch.stop()
        for forget in self._forget:
            forget()

    def begin_or_end(self) -> None:
        """What the menu does: the question, or the end."""
        peer = self._conductor.peer
        if peer is None:
            return
        if self._desk.qa.is_on(peer.id):
            self._desk.qa.end()
        else:
            spawn(self._ask(peer), "QA mode")

    async def _ask(self, peer: Peer) -> None:
        dialog = QaDialog(self._window, self._desk, peer)
        dialog.confirmed.connect(dialog.accept)
        dialog.open()
        is_wanted = await finished(dialog) == int(QaDialog.DialogCode.Accepted)
        if is_wanted and self._conductor.peer == peer:
            self._desk.qa.begin(peer, dialog.title_field.text())

    def _look(self) -> None:
        peer = self._conductor.peer
        self._desk.qa.is_on(peer.id if peer is not None else None)

    def _show(self) -> None:
        until = self._desk.qa.until
        if until is None:
            self._watch.stop()
            self.frame.hide()
            self._band.hide()
            return
        self._band.show_end(presenter.clock_words(until, self._desk.zone))
        self._watch.start()
        self.frame.setGeometry(self._window.rect())
        self.frame.show()
        self.frame.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.frame.setGeometry(self._window.rect())
        return False
