"""A time of the final state that is now unless another one is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit

from upsdesk.ui import theme
from upsdesk.ui.editor.field_values import moment_text, read_moment
from upsdesk.ui.transitions.needs import icon_button
from upsdesk.ui.transitions.parts import NeedRow, NeedState


class MomentNeed(NeedRow):
    """Filled from the beginning: the time of sending. `changed` tells that it is another one."""

    changed = Signal()

    def __init__(self, words: str, now: Callable[[], datetime], zone: tzinfo) -> None:
        super().__init__(words)
        self._now = now
        self._zone = zone
        self.field = QLineEdit()
        self.field.setPlaceholderText("YYYY-MM-DD hh:mm")
        self.field.setAccessibleName(words)
        self.field.setFixedWidth(160)
        self.field.textChanged.connect(self._typed)
        self._other = icon_button("pencil", f"{words}: write another time", self._write)
        self._back = icon_button("undo-2", f"{words}: take this back", self._take_back)
        for part in (self.field, self._other, self._back):
            self.add(part)
        self.field.hide()
        self._back.hide()

    @property
    def moment(self) -> datetime | None:
        """What was written; None: the time of sending."""
        found = read_moment(self.field.text().strip())
        return found.replace(tzinfo=self._zone) if found is not None else None

    @property
    def is_wrong(self) -> bool:
        """Something is written that is no time, or a time that has not come yet."""
        if not self.field.text().strip():
            return False
        return self.moment is None or self.moment > self._now()

    @property
    def sent_words(self) -> str:
        """What is written, as it would be sent; empty: the time of sending."""
        moment = self.moment
        return moment_text(moment) if moment is not None else ""

    def tell(self) -> None:
        theme.set_property(self.field, "invalid", self.is_wrong)
        if self.is_wrong:
            self.show_need(NeedState.MISSING, "Write date and time as 2026-11-19 09:40, not later than now")
        else:
            self.show_need(NeedState.FILLED, "" if self.moment else "The time of sending")

    def _typed(self) -> None:
        self.tell()
        self.changed.emit()

    def _write(self) -> None:
        self.field.show()
        self._back.show()
        self._other.hide()
        self.field.setText(moment_text(self._now().astimezone(self._zone)))
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self.field.selectAll()

    def _take_back(self) -> None:
        self.field.clear()
        self.field.hide()
        self._back.hide()
        self._other.show()
        self._other.setFocus(Qt.FocusReason.OtherFocusReason)
