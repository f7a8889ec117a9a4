"""A workitem made anew with another patient, visit or request, which no N-SET can change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from upsdesk.domain.cloning import replacing
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import SopInstanceUid, WorkitemKey
from upsdesk.domain.operation import CancelRequest
from upsdesk.domain.state import Action, ProcedureStepState, Refusal, refusal
from upsdesk.domain.status import Kind, Outcome
from upsdesk.services.act import Act, ActEnded
from upsdesk.services.create import Create
from upsdesk.services.request_cancel import RequestCancel
from upsdesk.services.results import Result, ResultKind, ShownFacts

if TYPE_CHECKING:
    from upsdesk.services.desk import Desk

S = ProcedureStepState
REASON = "Replaced by a new workitem, since patient or request were not right"


def replace_refusal(state: ProcedureStepState | None, *, held_here: bool) -> Refusal | None:
    """Why a workitem in this state cannot be replaced; None when it can.

    A CANCELED one needs no cancellation any more. What is in progress is canceled by its holder first, since
    that takes a reason and what was performed so far.
    """
    if state is S.CANCELED:
        return None
    if state is S.IN_PROGRESS and held_here:
        return Refusal("It is in progress here.", "Use Cancel item first, then correct the canceled one.")
    if state is S.IN_PROGRESS:
        return Refusal("Another system works on it.", "Ask to cancel; then correct the canceled one.")
    if state is S.COMPLETED:
        return Refusal("It is completed, and stays as it is.", "Use New like this if it is to be done again.")
    return refusal(Action.CANCEL_BEFORE_START, state, held_here=held_here)


@dataclass(frozen=True)
class Replace:
    """N-CREATE of the corrected workitem, then Request Cancel of the SCHEDULED one that it replaces.

    The new one comes first: when it cannot be made, nothing is done to the old one. Between the two, both are
    there; should the old one be started in that moment, it is not canceled, and that is told.
    """

    old: WorkitemKey
    elements: Elements
    shown: ShownFacts
    """State and patient of the old one, as they were confirmed."""
    uid: SopInstanceUid | None = None
    is_repeat: bool = False

    title = "Correct patient or request"
    action = Action.CANCEL_BEFORE_START

    def prerequisite(self, desk: Desk) -> Refusal | None:
        """Why it is not possible, by what is known now."""
        workitem = desk.store.get(self.old)
        state = workitem.state if workitem is not None else None
        return replace_refusal(state, held_here=desk.store.is_held(self.old)) or self._create().prerequisite(
            desk
        )

    def _create(self) -> Create:
        elements = replacing(self.elements, self.old.uid)
        return Create(self.old.peer, elements, uid=self.uid, is_repeat=self.is_repeat)

    async def run(self, desk: Desk) -> Result:
        """Carry it out. `Result.key` is the new workitem's; a note tells what became of the old one."""
        try:
            async with Act(desk, self.old, self.title, self.action) as act:
                await self._look_at_the_old_one(act)
        except ActEnded as ended:
            return ended.result
        made = await self._create().run(desk)
        if made.kind is not ResultKind.DONE:
            return replace(made, notes=(*made.notes, "The old workitem was not touched."))
        if self.shown.state is S.CANCELED:
            return made
        request = RequestCancel(self.old, CancelRequest(reason=REASON), self.shown, before_start=True)
        canceled = await request.run(desk)
        workitem = desk.store.get(self.old)
        if canceled.kind is ResultKind.DONE and workitem is not None and workitem.state is S.CANCELED:
            return made
        return _half_done(made, canceled)

    async def _look_at_the_old_one(self, act: Act) -> None:
        """Read it again; raise ActEnded when it is not as it was confirmed, or cannot be replaced."""
        await act.reread()
        workitem = act.workitem
        changes = self.shown.changes_to(workitem) if workitem is not None else ()
        if changes:
            raise ActEnded(act.result(ResultKind.CHANGED, _CHANGED, changes=changes))
        refused = replace_refusal(act.state, held_here=act.held_here)
        if refused is not None:
            raise act.illegal(refused)


_CHANGED = Outcome(
    Kind.NONE,
    "The old workitem is not any more as it was shown. Nothing was sent.",
    "Look at what changed, then decide again.",
)


def _half_done(made: Result, canceled: Result) -> Result:
    """The new one is there, and so is the old one, or nobody knows."""
    told = canceled.outcome
    words = " ".join(part for part in (told.code_text, told.meaning, told.next_step) if part)
    notes = (
        *made.notes,
        f"The old one was not canceled: {words}"
        if canceled.kind is not ResultKind.UNKNOWN
        else f"It is unknown whether the old one was canceled: {words}",
        *(change.words for change in canceled.changes),
        *canceled.notes,
        "Look at the old workitem, and call it off yourself if it is still Scheduled.",
    )
    outcome = Outcome(
        Kind.WARNING,
        "The new workitem is created, but the old one is still there.",
        "Call the old one off.",
        code=made.outcome.code,
    )
    return replace(made, outcome=outcome, notes=notes, answers=(*made.answers, *canceled.answers))
