"""The dialog of New like this: whose workitem is copied, and when the new one shall start."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtWidgets import QRadioButton, QWidget

from upsdesk.domain.cloning import as_new, moved_to
from upsdesk.domain.elements import Elements
from upsdesk.domain.peer import PeerUse
from upsdesk.domain.workitem import Workitem
from upsdesk.services.desk import Desk
from upsdesk.ui import presenter
from upsdesk.ui.dialogs import ConfirmDialog
from upsdesk.ui.fields import label
from upsdesk.ui.look_alikes import look_alikes_of
from upsdesk.ui.patient_banner import PatientBanner, in_line
from upsdesk.ui.reading import Reading
from upsdesk.ui.transitions.facts import code_words
from upsdesk.ui.transitions.parts import Rows

_WAITS = "Waits for the workitem to be read from the server"


class CloneDialog(ConfirmDialog):
    """After `accept`, `elements()` is what the form begins with. Nothing is sent from here."""

    def __init__(self, parent: QWidget | None, desk: Desk, workitem: Workitem) -> None:
        peer = desk.peer(workitem.key.peer)
        super().__init__(
            parent,
            "New like this",
            "State, progress and results stay with the old one. You can change everything before it is sent.",
            yes="Open the form",
            no="Discard",
            icon="copy",
            enter_confirms=True,
            demo=peer.use is PeerUse.DEMO,
            width=620,
        )
        self._desk = desk
        self._workitem = workitem
        self._read: Elements | None = None
        self._now = desk.clock().astimezone(desk.zone).replace(second=0, microsecond=0)
        banner = PatientBanner()
        banner.set_patient(workitem.patient, large=True, look_alike=look_alikes_of(desk, workitem))
        in_line(banner)
        self.fixed.addWidget(banner)
        facts = Rows()
        facts.show_rows(
            (
                ("Label", workitem.label_words),
                ("Work type", code_words(workitem.work_type)),
                ("Station", workitem.station),
                ("Worklist server", f"{peer.title} · {peer.use.words}"),
            )
        )
        self.middle.addWidget(facts)
        self.middle.addSpacing(8)
        self.middle.addWidget(label("When does the new one start?", "strong"))
        self.now = QRadioButton(f"Now, {self._words(self._now)}")
        self.kept = QRadioButton()
        for choice in (self.now, self.kept):
            self.middle.addWidget(choice)
        self.middle.addWidget(
            label("Expected end and expiration keep their distance to the start.", "small", tone="text_2")
        )
        self._offer_times()
        self.set_waiting(_WAITS)
        self.confirmed.connect(self.accept)
        self.guard.watch(self)

    def _words(self, when: datetime) -> str:
        return presenter.instant_words(when, self._desk.clock(), self._desk.zone)

    def _offer_times(self) -> None:
        start = self._workitem.start
        self.kept.setVisible(start is not None)
        is_ahead = start is not None and start.instant > self._desk.clock()
        if start is not None:
            words = presenter.moment_words(start, self._desk.clock(), self._desk.zone)
            self.kept.setText(f"As the old one, {words}" + ("" if is_ahead else ": this has passed"))
        (self.kept if is_ahead else self.now).setChecked(True)

    def first_focus(self) -> QWidget:
        return self.yes_button

    def show_reading(self, reading: Reading) -> None:
        """The whole data set has come, or why it has not."""
        if reading.elements is None:
            words = presenter.outcome_sentence(reading.problem) if reading.problem else "No answer came."
            self.set_waiting(f"It cannot be copied before it was read. {words}")
            return
        self._read = reading.elements
        self.set_waiting("")

    def elements(self) -> Elements:
        """The beginning of the new workitem; only after `show_reading` with a data set."""
        assert self._read is not None
        new = as_new(self._read)
        if self.kept.isChecked() and self.kept.isVisibleTo(self):
            return new
        return moved_to(new, self._now, self._desk.zone_of(self._workitem.key.peer))
