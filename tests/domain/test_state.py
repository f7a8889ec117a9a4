"""Every cell of PS3.4 Table CC.1.1-2, and the buttons that follow from it."""

from __future__ import annotations

import itertools

import pytest

from upsdesk.domain.state import (
    REQUEST_OF_ACTION,
    TRANSITIONS,
    Action,
    Lock,
    ProcedureStepState,
    Request,
    cell,
    refusal,
)

S = ProcedureStepState
STATES = (None, S.SCHEDULED, S.IN_PROGRESS, S.COMPLETED, S.CANCELED)

# The Standard's table, typed again from its text: one line a row, statuses in hex.
TABLE = """
N-CREATE                      absent   0000 0111 0111 0111 0111
Change State to IN PROGRESS   correct  C307 0000 C302 C300 C300
Change State to IN PROGRESS   wrong    C307 C301 C301 C301 C301
Change State to IN PROGRESS   absent   C307 C301 C301 C301 C301
Change State to SCHEDULED     correct  C307 C303 C303 C303 C303
Change State to SCHEDULED     wrong    C307 C303 C303 C303 C303
Change State to SCHEDULED     absent   C307 C303 C303 C303 C303
Change State to COMPLETED     correct  C307 C310 0000 B306 C300
Change State to COMPLETED     wrong    C307 C301 C301 C301 C301
Change State to COMPLETED     absent   C307 C301 C301 C301 C301
Change State to CANCELED      correct  C307 C310 0000 C300 B304
Change State to CANCELED      wrong    C307 C301 C301 C301 C301
Change State to CANCELED      absent   C307 C301 C301 C301 C301
Request Cancel                absent   C307 0000 0000 C311 B304
N-SET                         absent   C307 0000 C301 C300 C300
N-SET                         correct  C307 C310 0000 C300 C300
N-SET                         wrong    C307 C310 C301 C300 C300
"""


def rows() -> list[tuple[Request, Lock, ProcedureStepState | None, int]]:
    found = []
    for line in TABLE.strip().splitlines():
        *name, lock, _, _, _, _, _ = line.split()
        statuses = [int(text, 16) for text in line.split()[-5:]]
        for state, status in zip(STATES, statuses, strict=True):
            found.append((Request(" ".join(name)), Lock(lock), state, status))
    return found


@pytest.mark.parametrize(("request_", "lock", "state", "status"), rows())
def test_status_of_every_cell(
    request_: Request, lock: Lock, state: ProcedureStepState | None, status: int
) -> None:
    assert cell(request_, lock, state).status == status


def test_the_table_has_no_other_cells() -> None:
    assert set(TRANSITIONS) == {(request, lock, state) for request, lock, state, _ in rows()}


def test_only_allowed_cells_change_the_state() -> None:
    for found in TRANSITIONS.values():
        assert found.is_allowed or not found.states


def test_request_cancel_of_a_scheduled_workitem_passes_through_in_progress() -> None:
    assert cell(Request.REQUEST_CANCEL, Lock.ABSENT, S.SCHEDULED).states == (S.IN_PROGRESS, S.CANCELED)


def test_final_states_ask_for_their_attributes() -> None:
    needing = {key for key, found in TRANSITIONS.items() if found.needs_final_attributes}
    assert needing == {
        (Request.TO_COMPLETED, Lock.CORRECT, S.IN_PROGRESS),
        (Request.TO_CANCELED, Lock.CORRECT, S.IN_PROGRESS),
    }


EVERY_SITUATION = list(itertools.product(Action, STATES, (False, True)))


@pytest.mark.parametrize(("action", "state", "held_here"), EVERY_SITUATION)
def test_a_button_that_is_offered_is_never_refused_by_the_table(
    action: Action, state: ProcedureStepState | None, held_here: bool
) -> None:
    if refusal(action, state, held_here=held_here) is None:
        lock = Lock.CORRECT if action in (Action.START, Action.COMPLETE, Action.CANCEL) else Lock.ABSENT
        if action in (Action.PROGRESS, Action.EDIT) and state is S.IN_PROGRESS:
            lock = Lock.CORRECT
        assert cell(REQUEST_OF_ACTION[action], lock, state).is_allowed


@pytest.mark.parametrize(("action", "state", "held_here"), EVERY_SITUATION)
def test_no_reason_without_a_next_step(
    action: Action, state: ProcedureStepState | None, held_here: bool
) -> None:
    found = refusal(action, state, held_here=held_here)
    if found is not None:
        assert found.reason.endswith(".")
        assert found.next_step.endswith(".")


def test_what_is_offered_in_each_situation() -> None:
    def offered(state: ProcedureStepState, held_here: bool) -> set[Action]:
        return {action for action in Action if refusal(action, state, held_here=held_here) is None}

    assert offered(S.SCHEDULED, False) == {Action.START, Action.CANCEL_BEFORE_START, Action.EDIT}
    assert offered(S.IN_PROGRESS, True) == {
        Action.PROGRESS,
        Action.COMPLETE,
        Action.CANCEL,
        Action.EDIT,
    }
    assert offered(S.IN_PROGRESS, False) == {Action.ASK_TO_CANCEL}
    assert offered(S.COMPLETED, True) == offered(S.CANCELED, False) == set()
