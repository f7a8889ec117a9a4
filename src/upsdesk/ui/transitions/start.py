"""The dialog of Start: who, what and where, before the claim is sent."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.services.commands import Claim
from upsdesk.services.desk import Desk
from upsdesk.services.start_warnings import WarningKind, start_warnings
from upsdesk.ui import presenter
from upsdesk.ui.transitions.base import TransitionDialog, Words
from upsdesk.ui.transitions.facts import code_words, warning_words
from upsdesk.ui.transitions.parts import Rows, SentBlock, SentMessage
from upsdesk.ui.transitions.tick_list import TickList

_WORDS = Words(
    title="Start this workitem?",
    subtitle="This is final. DICOM has no way back to Scheduled: after it, complete or cancel it here.",
    verb="Start",
    icon="play",
    target=ProcedureStepState.IN_PROGRESS,
    sending="Starting at",
)


class StartDialog(TransitionDialog):
    """Scheduled to In progress, held by this desk. What speaks against it is ticked first."""

    def __init__(self, parent: QWidget | None, desk: Desk, key: WorkitemKey) -> None:
        super().__init__(parent, desk, key, Action.START, _WORDS, width=720)
        self._warned_of: frozenset[WarningKind] = frozenset()
        self.warnings = TickList("Each of these is to be ticked before the start.")
        self.warnings.changed.connect(self.update_waiting)
        self.middle.addWidget(self.warnings)
        self._rows = Rows()
        self.middle.addWidget(self._rows)
        sent = SentBlock()
        sent.show_messages(
            (
                SentMessage(
                    "N-ACTION 1",
                    "Change state to IN PROGRESS, with a Transaction UID that is saved here first",
                ),
                SentMessage(
                    "N-ACTION 3", "Follow this workitem, so that a request to cancel reaches this desk"
                ),
            )
        )
        self.middle.addWidget(sent)
        self.refresh()

    def _confirm(self) -> None:
        # Time goes on and other workitems come: what speaks against it now counts, not when it was opened.
        self.refresh()
        if not self.waits:
            super()._confirm()

    def command(self) -> Claim:
        return Claim(self.key, shown=self.shown(), warned_of=self._warned_of)

    def waits_for(self) -> Sequence[str]:
        waited = self.warnings.waits_for
        return (waited,) if waited else ()

    def first_missing(self) -> QWidget | None:
        return self.warnings.first_left()

    def show_workitem(self) -> None:
        # While the server has not told the state, everything else is not known either.
        found = start_warnings(self.desk, self.workitem) if self.workitem.state is not None else ()
        self._warned_of = frozenset(one.kind for one in found)
        self.warnings.show_warnings([warning_words(self.desk, self.workitem, one) for one in found])
        item, now = self.workitem, self.desk.clock()
        planned = presenter.moment_words(item.start, now, self.desk.zone) if item.start else "not planned"
        due = presenter.due(item, now, self.desk.zone).sentence
        self._rows.show_rows(
            (
                ("Work type", code_words(item.work_type)),
                ("Planned start", f"{planned} · {due}" if due else planned),
                ("Planned station", item.station or "none"),
                ("Inputs", presenter.readiness_words(item.readiness) or "not told"),
                ("Priority", presenter.priority_words(item.priority)),
                ("Worklist", item.worklist_label),
                ("Also open for this patient", self.also_open()),
            )
        )
