"""What somebody else asked for, in the dialog that answers it: who, when, why, and whom to call."""

from __future__ import annotations

from datetime import datetime, tzinfo

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from upsdesk.domain.events import CancelRequested
from upsdesk.domain.plain import plain
from upsdesk.ui import presenter
from upsdesk.ui.fields import icon_label, label
from upsdesk.ui.transitions.facts import code_words


def asked_words(request: CancelRequested) -> tuple[str, tuple[str, ...]]:
    """That somebody asks to cancel, in a dialog that goes on with the work, and what to do."""
    reasons = " · ".join(part for part in (code_words(request.code), request.reason) if part)
    why = f"Reason: {plain(reasons)}" if reasons else "No reason was given."
    who = plain(request.requesting_ae) or "Another system"
    return f"{who} asks to cancel this workitem.", (why, "Close this dialog to answer it, or go on.")


class RequestCard(QWidget):
    """Hidden while nobody asks."""

    reason_wanted = Signal()
    """The asker's reason shall become the reason of the cancellation."""

    def __init__(self) -> None:
        super().__init__()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 4)
        frame = QFrame()
        frame.setProperty("level", "warning")
        outer.addWidget(frame)
        row = QHBoxLayout(frame)
        row.setContentsMargins(12, 9, 10, 10)
        row.setSpacing(10)
        row.addWidget(icon_label("hand", "warning"), 0, Qt.AlignmentFlag.AlignTop)
        texts = QVBoxLayout()
        texts.setSpacing(3)
        self._who = label("", "strong", tone="warning")
        self._why = label("")
        texts.addWidget(self._who)
        texts.addWidget(self._why)
        row.addLayout(texts, 1)
        self.use_reason = QPushButton("Use this reason")
        self.use_reason.setAutoDefault(False)
        self.use_reason.setAccessibleName("Use the reason that was given")
        self.use_reason.clicked.connect(self.reason_wanted)
        row.addWidget(self.use_reason, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def show_request(self, request: CancelRequested | None, now: datetime, zone: tzinfo) -> None:
        self.setVisible(request is not None)
        if request is None:
            return
        who = plain(request.requesting_ae) or "Another system"
        self._who.setText(f"{who} asks to cancel it, {presenter.instant_words(request.at, now, zone)}")
        reasons = " · ".join(part for part in (code_words(request.code), request.reason) if part)
        contact = " ".join(part for part in (request.contact_name, request.contact_uri) if part)
        lines = [
            f"Reason: {plain(reasons)}" if reasons else "No reason was given.",
            f"Contact: {plain(contact)}" if contact else "",
            "DICOM has no answer for “no”: whoever asked sees only that it goes on.",
        ]
        self._why.setText("\n".join(line for line in lines if line))
        self.use_reason.setVisible(bool(request.code or request.reason))
        self.setAccessibleName(f"{self._who.text()}. {self._why.text()}")

    @property
    def text(self) -> str:
        """Everything that it tells."""
        return f"{self._who.text()} {self._why.text()}"
