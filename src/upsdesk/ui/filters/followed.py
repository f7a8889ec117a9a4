"""Which workitems are shown by their subscription: those this desk follows, those that are kept for it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from upsdesk.domain.criteria import Criteria
from upsdesk.ui.filters import parts
from upsdesk.ui.filters.check_list import CountBox, Entry
from upsdesk.ui.worklist.facets import Facets

_FOLLOWED, _KEPT = "Followed", "Kept at server"


class FollowedGroup(QWidget):
    """Two boxes, of which none hides nothing; there while something is followed."""

    criteria_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._criteria = Criteria()
        self.followed = self._box(_FOLLOWED, "Shows only what has a subscription of its own")
        self.kept = self._box(_KEPT, "Shows only what is kept at the server")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(0)
        caption = parts.section("Subscription")
        caption.setContentsMargins(7, 0, 0, 4)
        for part in (caption, self.followed, self.kept):
            column.addWidget(part)
        self.setAccessibleName("Subscription")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.show_facets(Facets())

    def _box(self, words: str, hint: str) -> CountBox:
        box = CountBox(Entry(words, 0), hint=hint)
        box.toggled.connect(lambda _checked: self._toggled())
        box.only_wanted.connect(box.toggle)
        box.step_wanted.connect(
            lambda event: event.setAccepted(parts.step(event, [self.followed, self.kept], box))
        )
        return box

    def show_criteria(self, criteria: Criteria) -> None:
        self._criteria = criteria
        for box, is_on in ((self.followed, criteria.followed), (self.kept, criteria.kept_at_server)):
            box.blockSignals(True)
            box.setChecked(is_on)
            box.blockSignals(False)

    def show_facets(self, facets: Facets) -> None:
        self.followed.tell(Entry(_FOLLOWED, facets.followed))
        self.kept.tell(Entry(_KEPT, facets.kept_at_server))
        in_use = self._criteria.followed or self._criteria.kept_at_server
        self.setVisible(facets.followed > 0 or in_use)

    def _toggled(self) -> None:
        self.criteria_wanted.emit(
            replace(
                self._criteria,
                followed=self.followed.isChecked(),
                kept_at_server=self.kept.isChecked(),
            )
        )
