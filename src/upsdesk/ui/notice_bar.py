"""A bar under the top bar that waits for an answer: a request to cancel, items left over, a problem."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from upsdesk.domain.plain import plain
from upsdesk.ui import icons, theme
from upsdesk.ui.fields import label
from upsdesk.ui.tips import wrapped_tip

_LONGEST = 240
"""Characters of a text: what a peer may write as its reason would fill the window."""
_LONGEST_TIP = 1200


class NoticeBar(QFrame):
    """One notice; takes no focus by itself, since nothing incoming may."""

    def __init__(
        self,
        level: str,
        icon: str,
        text: str,
        detail: str,
        buttons: tuple[tuple[str, Callable[[], None]], ...],
        parent: QWidget | None = None,
        *,
        lines: Sequence[str] = (),
    ) -> None:
        """`lines` stand below the detail, each whole: who the patients are is never cut."""
        super().__init__(parent)
        self.setProperty("level", level)
        self.setAccessibleName(text)
        self.setAccessibleDescription(detail)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 7, 12, 7)
        row.setSpacing(10)
        picture = QLabel()
        icons.set_icon(picture, icon, level if level in ("warning", "error") else "accent", 18)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignVCenter)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(_words(text, "strong"))
        if detail:
            words.addWidget(_words(detail, "small"))
        for line in lines:
            words.addWidget(label(line, "small"))
        row.addLayout(words, 1)
        for text, clicked in buttons:
            button = QPushButton(text)
            button.clicked.connect(lambda _checked=False, act=clicked: act())
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)


def _words(text: str, kind: str) -> QLabel:
    shown = plain(" ".join(text.split()), _LONGEST_TIP)
    told = QLabel(shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…")
    told.setProperty(kind, True)
    told.setWordWrap(True)
    told.setTextFormat(Qt.TextFormat.PlainText)
    if len(shown) > _LONGEST:
        told.setToolTip(wrapped_tip(shown[:_LONGEST_TIP]))
    return told


class NoticeStack(QWidget):
    """The notices that wait, each under a name; a new one of the same name replaces the old."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.GRID.step)
        self._bars: dict[object, NoticeBar] = {}
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.hide()

    def put(self, name: object, bar: NoticeBar) -> None:
        """Show `bar`."""
        self.take(name)
        self._bars[name] = bar
        self._column.addWidget(bar)
        self.show()

    def take(self, name: object) -> None:
        """Remove the notice of this name, if it is there."""
        bar = self._bars.pop(name, None)
        if bar is not None:
            self._column.removeWidget(bar)
            bar.hide()
            bar.deleteLater()
        self.setVisible(bool(self._bars))

    def names(self) -> tuple[object, ...]:
        return tuple(self._bars)
