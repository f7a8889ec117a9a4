"""The sign over the table while rows are sorted or looked through in pieces: what, how far, and Stop."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QHBoxLayout, QLabel, QPushButton

from upsdesk.ui import icons, timers
from upsdesk.ui.worklist.sorted_model import SortedModel

_PATIENCE_MS = 250
"""What ends sooner is not worth a sign that comes and goes."""
_MARGIN = 12


class BusySign(QFrame):
    """Stands in the lower right corner: nothing moves for it, and no patient's facts are under it."""

    def __init__(self, table: QAbstractScrollArea, model: SortedModel) -> None:
        super().__init__(table.viewport())
        self._table = table
        self._model = model
        self.setProperty("surface", "card")
        icon = QLabel()
        icon.setFixedSize(16, 16)
        icons.set_icon(icon, "loader-circle", "accent")
        self._words = QLabel()
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        stop = QPushButton("Stop")
        stop.setToolTip("Leave the rows as they are (Esc)")
        stop.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        stop.clicked.connect(model.call_off)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 6, 4)
        row.setSpacing(8)
        row.addWidget(icon)
        row.addWidget(self._words)
        row.addWidget(stop)
        self._stop = stop
        self._patience = timers.single(self, _PATIENCE_MS, self._lose_patience)
        model.wishes.changed.connect(self._show)
        table.viewport().installEventFilter(self)
        self.hide()

    def set_patience(self, milliseconds: int) -> None:
        """How long something may be under way before the sign is shown."""
        self._patience.setInterval(milliseconds)

    @property
    def words(self) -> str:
        return self._words.text()

    def _show(self) -> None:
        wishes = self._model.wishes
        if not wishes.words:
            self._patience.stop()
            self.hide()
            return
        self._words.setText(f"{wishes.words}… {wishes.share:.0%}")
        self.setAccessibleName(f"{wishes.words}…")
        self._stop.setVisible(self._model.can_be_called_off)
        if self.isHidden() and not self._patience.isActive():
            self._patience.start()
        elif self.isVisible():
            self._place()

    def _lose_patience(self) -> None:
        self.show()
        self.raise_()
        self._place()

    def _place(self) -> None:
        self.adjustSize()
        room = self._table.viewport()
        self.move(room.width() - self.width() - _MARGIN, room.height() - self.height() - _MARGIN)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)
