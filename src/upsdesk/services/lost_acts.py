"""What became of an act that an earlier run left without an answer, as far as reading the workitem tells."""

from __future__ import annotations

from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.domain.status import Kind, Outcome
from upsdesk.domain.workitem import Workitem
from upsdesk.services.flags import Mark

S = ProcedureStepState
_TARGETS = {
    Action.START: S.IN_PROGRESS,
    Action.COMPLETE: S.COMPLETED,
    Action.CANCEL: S.CANCELED,
    Action.CANCEL_BEFORE_START: S.CANCELED,
}


def found_again(mark: Mark, workitem: Workitem | None) -> Outcome:
    """The outcome of a lost act after its workitem was read again; `workitem` is None when it was not found.

    A final state was reached by its holder only, and this desk was the holder. Who started a workitem that is
    In progress no reading tells; attributes may have been stored although the state stayed.
    """
    before = mark.outcome.meaning.rstrip(".")
    if workitem is None or workitem.state is None:
        words = f"{before}, and the server did not tell about it since."
        return Outcome(Kind.NONE, words, "Search again, or ask its administrator.")
    state, target = workitem.state, _TARGETS.get(mark.action) if mark.action is not None else None
    found = f"{before}. Read again, it is {state.words}"
    if target is None:
        return Outcome(Kind.NONE, f"{found}{_progress(workitem)}.", "Look whether what was meant is there.")
    if state is target and mark.action is not Action.START:
        return Outcome(Kind.NONE, f"{found}: it was carried out.", "Nothing needs to be done.")
    if state is target:
        return Outcome(Kind.NONE, f"{found}.", "It is being found out whether this desk holds it.")
    if state.is_final:
        return Outcome(Kind.NONE, f"{found}: it ended in another way.", "Nothing is left to do here.")
    words = f"{found}{_progress(workitem)}: it was not carried out."
    return Outcome(Kind.NONE, words, "Do it again when it is due.")


def _progress(workitem: Workitem) -> str:
    progress = workitem.progress
    percent = f"{progress.percent:.0f} %" if progress.percent is not None else ""
    words = ", ".join(part for part in (percent, progress.description) if part)
    return f" ({words})" if words else ""
