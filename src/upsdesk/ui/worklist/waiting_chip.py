"""The chip that counts the changes which wait for a re-sort."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton

from upsdesk.ui import icons, presenter

_WIDTH, _SHORT_WIDTH = 170, 60
"""Room for a number of three digits, so that another digit moves nothing."""


class WaitingChip(QPushButton):
    """Keeps its place while nothing waits: what comes and goes must not move the rows below it."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "chip")
        self.setProperty("level", "warning")
        icons.set_icon(self, "arrow-down-up", "warning", 14)
        self.setMinimumWidth(_WIDTH)
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)
        self._count = 0
        self._is_short = False
        self.set_count(0)

    def set_count(self, count: int) -> None:
        """How many rows wait; none hides it."""
        self._count = count
        self._show()
        self.setVisible(count > 0)

    def set_short(self, short: bool) -> None:
        """Only the number, where there is no room for words."""
        if short is not self._is_short:
            self._is_short = short
            self.setMinimumWidth(_SHORT_WIDTH if short else _WIDTH)
            self._show()

    def _show(self) -> None:
        words = f"{presenter.count_words(self._count, 'change')} – re-sort"
        self.setText(presenter.number_words(self._count) if self._is_short else words)
        self.setAccessibleName(words)
        self.setToolTip(f"{words}\nThe order does not move while you are at the table. Sort again now.")
