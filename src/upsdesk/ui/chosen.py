"""The workitems that are chosen in the table: which transitions they allow, why not others, their dialogs."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.state import Action, ProcedureStepState, Refusal, refusal
from upsdesk.services.desk import Desk
from upsdesk.ui.tasks import spawn
from upsdesk.ui.worklist.panel import WorklistPanel


class Chosen:
    """Nothing of the dialogs is imported before one is asked for."""

    def __init__(self, window: QWidget, desk: Desk, worklist: WorklistPanel) -> None:
        self._window = window
        self._desk = desk
        self._worklist = worklist

    def are_several(self) -> bool:
        """More than one are marked; they can only be asked about together."""
        return len(self._worklist.chosen_keys()) > 1

    def state(self) -> ProcedureStepState | None:
        """That of the selected one, when it is known."""
        key = self._worklist.current_key()
        workitem = self._desk.store.get(key) if key is not None else None
        return workitem.state if workitem is not None else None

    def is_before_start(self) -> bool:
        """Which of the two ways to call off stands on the button: several are only ever asked about."""
        return not self.are_several() and self.state() is ProcedureStepState.SCHEDULED

    def refusal(self, action: Action) -> Refusal | None:
        """Why this cannot be done with what is chosen; None when it can."""
        if (hidden := self._desk.privacy.refusal) is not None:
            return hidden
        key, state = self._worklist.current_key(), self.state()
        if action is Action.ASK_TO_CANCEL and self.are_several():
            from upsdesk.services.bulk import refusal_for_several

            return refusal_for_several(self._desk, self._worklist.chosen_keys())
        if key is not None and state is not None and self._desk.qa.is_on(key.peer):
            return None
        held = key is not None and self._desk.store.is_held(key)
        return refusal(action, state, held_here=held)

    def run(self, key: WorkitemKey, action: Action, name: str) -> None:
        """Open the dialog of a transition; `name` is that of its task."""
        from upsdesk.ui.transitions import run_transition

        spawn(run_transition(self._window, self._desk, key, action), name)

    def ask_to_cancel(self) -> None:
        """Open the dialog that asks about all that are chosen."""
        from upsdesk.ui.transitions.bulk_ask import ask_several

        spawn(ask_several(self._window, self._desk, self._worklist.chosen_keys()), "ask several to cancel")
