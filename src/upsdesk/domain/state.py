"""The UPS state machine as one table for buttons, command line and SCP (PS3.4 Table CC.1.1-2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class ProcedureStepState(Enum):
    """Procedure Step State (0074,1000), spelled as on the wire."""

    SCHEDULED = "SCHEDULED"
    IN_PROGRESS = "IN PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"

    __hash__ = object.__hash__  # that of Enum is Python, and every row is looked up by its state

    @property
    def is_final(self) -> bool:
        return self is ProcedureStepState.COMPLETED or self is ProcedureStepState.CANCELED

    @property
    def rank(self) -> int:
        """A state never goes back to one of lower rank."""
        return {"SCHEDULED": 0, "IN PROGRESS": 1}.get(self.value, 2)

    @property
    def words(self) -> str:
        """As a screen names it."""
        return self.value.capitalize()

    @classmethod
    def read(cls, text: str) -> ProcedureStepState | None:
        """The state that a peer wrote, or None when it is none of the four."""
        try:
            return cls(text.strip(" \0"))
        except ValueError:
            return None


class Request(Enum):
    """What may be asked of a workitem: the rows of the table."""

    CREATE = "N-CREATE"
    TO_IN_PROGRESS = "Change State to IN PROGRESS"
    TO_SCHEDULED = "Change State to SCHEDULED"
    TO_COMPLETED = "Change State to COMPLETED"
    TO_CANCELED = "Change State to CANCELED"
    REQUEST_CANCEL = "Request Cancel"
    SET = "N-SET"


class Lock(Enum):
    """What the requestor brought along: the Transaction UID is the lock of a claimed workitem."""

    CORRECT = "correct"
    """The recorded one; for a SCHEDULED workitem any, since nothing is recorded to compare with."""
    WRONG = "wrong"
    """Another one."""
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Cell:
    """What the SCP does: the status, the states passed through, and what else follows."""

    status: int
    states: tuple[ProcedureStepState, ...] = ()
    needs_final_attributes: bool = False
    reports_cancel_request: bool = False

    @property
    def is_allowed(self) -> bool:
        return self.status == 0x0000


_S = ProcedureStepState
_STATES: tuple[ProcedureStepState | None, ...] = (None, *ProcedureStepState)


def _row(request: Request, lock: Lock, *cells: Cell) -> dict[tuple[Request, Lock, _S | None], Cell]:
    return {(request, lock, state): cell for state, cell in zip(_STATES, cells, strict=True)}


_UNKNOWN = Cell(0xC307)
_LOCKED_OUT = Cell(0xC301)

# Columns: no instance, SCHEDULED, IN PROGRESS, COMPLETED, CANCELED.
TRANSITIONS: dict[tuple[Request, Lock, _S | None], Cell] = {
    **_row(Request.CREATE, Lock.ABSENT, Cell(0x0000, (_S.SCHEDULED,)), *[Cell(0x0111)] * 4),
    **_row(
        Request.TO_IN_PROGRESS,
        Lock.CORRECT,
        _UNKNOWN,
        Cell(0x0000, (_S.IN_PROGRESS,)),
        Cell(0xC302),
        Cell(0xC300),
        Cell(0xC300),
    ),
    **_row(
        Request.TO_COMPLETED,
        Lock.CORRECT,
        _UNKNOWN,
        Cell(0xC310),
        Cell(0x0000, (_S.COMPLETED,), needs_final_attributes=True),
        Cell(0xB306),
        Cell(0xC300),
    ),
    **_row(
        Request.TO_CANCELED,
        Lock.CORRECT,
        _UNKNOWN,
        Cell(0xC310),
        Cell(0x0000, (_S.CANCELED,), needs_final_attributes=True),
        Cell(0xC300),
        Cell(0xB304),
    ),
    **{
        key: cell
        for request in (Request.TO_IN_PROGRESS, Request.TO_COMPLETED, Request.TO_CANCELED)
        for lock in (Lock.WRONG, Lock.ABSENT)
        for key, cell in _row(request, lock, _UNKNOWN, *[_LOCKED_OUT] * 4).items()
    },
    **{
        key: cell
        for lock in Lock
        for key, cell in _row(Request.TO_SCHEDULED, lock, _UNKNOWN, *[Cell(0xC303)] * 4).items()
    },
    **_row(
        Request.REQUEST_CANCEL,
        Lock.ABSENT,
        _UNKNOWN,
        Cell(0x0000, (_S.IN_PROGRESS, _S.CANCELED)),
        Cell(0x0000, reports_cancel_request=True),
        Cell(0xC311),
        Cell(0xB304),
    ),
    # PS3.4 CC.2.6.2, CC.2.6.3: no Transaction UID while SCHEDULED, the recorded one while IN PROGRESS.
    **_row(Request.SET, Lock.ABSENT, _UNKNOWN, Cell(0x0000), _LOCKED_OUT, Cell(0xC300), Cell(0xC300)),
    **_row(Request.SET, Lock.CORRECT, _UNKNOWN, Cell(0xC310), Cell(0x0000), Cell(0xC300), Cell(0xC300)),
    **_row(Request.SET, Lock.WRONG, _UNKNOWN, Cell(0xC310), _LOCKED_OUT, Cell(0xC300), Cell(0xC300)),
}


def cell(request: Request, lock: Lock, state: ProcedureStepState | None) -> Cell:
    """The table's cell; raise KeyError for a combination that it does not have."""
    return TRANSITIONS[request, lock, state]


class Action(Enum):
    """What the window and the job verbs offer on a workitem."""

    START = "Start"
    PROGRESS = "Progress"
    COMPLETE = "Complete"
    CANCEL = "Cancel item"
    CANCEL_BEFORE_START = "Cancel before start"
    ASK_TO_CANCEL = "Ask to cancel"
    EDIT = "Edit"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an act is not possible, and what can be done instead. Both are whole sentences."""

    reason: str
    next_step: str

    def __str__(self) -> str:
        return f"{self.reason} {self.next_step}"


REQUEST_OF_ACTION: dict[Action, Request] = {
    Action.START: Request.TO_IN_PROGRESS,
    Action.PROGRESS: Request.SET,
    Action.COMPLETE: Request.TO_COMPLETED,
    Action.CANCEL: Request.TO_CANCELED,
    Action.CANCEL_BEFORE_START: Request.REQUEST_CANCEL,
    Action.ASK_TO_CANCEL: Request.REQUEST_CANCEL,
    Action.EDIT: Request.SET,
}


def refusal(action: Action, state: ProcedureStepState | None, *, held_here: bool) -> Refusal | None:
    """Why `action` is not possible now, or None when it is.

    `held_here`: this desk keeps the Transaction UID of the claim.
    """
    if state is None:
        return Refusal("No workitem is selected.", "Select one in the table.")
    allowed = cell(REQUEST_OF_ACTION[action], _lock(action, state, held_here), state).is_allowed
    if allowed and _is_meant_for(action, state, held_here):
        return None
    return _refusal_text(action, state, held_here)


def _lock(action: Action, state: ProcedureStepState, held_here: bool) -> Lock:
    if REQUEST_OF_ACTION[action] is Request.REQUEST_CANCEL:
        return Lock.ABSENT
    if action is Action.EDIT and state is _S.SCHEDULED:
        return Lock.ABSENT
    if action is Action.START or state is _S.SCHEDULED:
        return Lock.CORRECT
    return Lock.CORRECT if held_here else Lock.ABSENT


def _is_meant_for(action: Action, state: ProcedureStepState, held_here: bool) -> bool:
    """Request Cancel is one message with two meanings; each button offers one of them."""
    if action is Action.CANCEL_BEFORE_START:
        return state is _S.SCHEDULED
    if action is Action.ASK_TO_CANCEL:
        return state is _S.IN_PROGRESS and not held_here
    return True


def _refusal_text(action: Action, state: ProcedureStepState, held_here: bool) -> Refusal:
    if state.is_final:
        if action is Action.EDIT:
            return Refusal(
                f"{state.words}, so nothing can be changed any more.", "Create a new workitem instead."
            )
        return Refusal(
            f"Already {state.words.lower()}. This is final.", "Create a new workitem if more is to be done."
        )
    if state is _S.SCHEDULED:
        return _SCHEDULED_REFUSALS[action]
    if held_here:
        return _HELD_REFUSALS[action]
    return _ELSEWHERE_REFUSALS[action]


_SCHEDULED_REFUSALS = {
    Action.PROGRESS: Refusal("Not started yet.", "Start it first."),
    Action.COMPLETE: Refusal("Not started yet.", "Start it first, then complete it."),
    Action.CANCEL: Refusal("Not started yet.", "To call it off: Cancel before start."),
    Action.ASK_TO_CANCEL: Refusal("Nobody works on it yet.", "To call it off: Cancel before start."),
}
_HELD_REFUSALS = {
    Action.START: Refusal("This desk has already started it.", "Report progress, or complete it."),
    Action.CANCEL_BEFORE_START: Refusal("Already started at this desk.", "To stop it: Cancel item."),
    Action.ASK_TO_CANCEL: Refusal(
        "This desk holds it, so there is nobody to ask.", "To stop it: Cancel item."
    ),
}
_ELSEWHERE_REFUSALS = {
    Action.START: Refusal(
        "Another system has already started it.", "Choose another workitem, or Ask to cancel."
    ),
    Action.PROGRESS: Refusal(
        "Held by another system, and only the holder reports progress.", "Choose another workitem."
    ),
    Action.COMPLETE: Refusal(
        "Held by another system, and only the holder can complete it.", "To stop it: Ask to cancel."
    ),
    Action.CANCEL: Refusal(
        "Held by another system, and only the holder can cancel it.", "Use Ask to cancel."
    ),
    Action.CANCEL_BEFORE_START: Refusal("Already started by another system.", "Use Ask to cancel."),
    Action.EDIT: Refusal(
        "Held by another system, and only the holder can change it.", "Ask to cancel, or wait for its end."
    ),
}
