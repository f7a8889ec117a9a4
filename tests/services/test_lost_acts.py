"""What reading a workitem again tells of an act whose answer was never seen."""

import pytest

from tests.services.values import NOW, key_of
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.domain.status import Kind, Outcome
from upsdesk.domain.workitem import Progress, Workitem
from upsdesk.services.flags import Mark, MarkKind
from upsdesk.services.lost_acts import found_again

S = ProcedureStepState


@pytest.mark.parametrize(
    ("action", "state", "words"),
    [
        (Action.COMPLETE, S.COMPLETED, "it was carried out"),
        (Action.COMPLETE, S.IN_PROGRESS, "it was not carried out"),
        (Action.COMPLETE, S.CANCELED, "it ended in another way"),
        (Action.CANCEL, S.CANCELED, "it was carried out"),
        (Action.CANCEL_BEFORE_START, S.SCHEDULED, "it was not carried out"),
        (Action.CANCEL_BEFORE_START, S.CANCELED, "it was carried out"),
        (Action.START, S.SCHEDULED, "it was not carried out"),
        (Action.PROGRESS, S.IN_PROGRESS, "(40 %, Beam 2 of 3)"),
        (Action.COMPLETE, None, "did not tell about it"),
        (None, S.IN_PROGRESS, "In progress"),
    ],
)
def test_each_act_by_what_is_found(
    action: Action | None, state: ProcedureStepState | None, words: str
) -> None:
    mark = Mark(MarkKind.UNKNOWN, action, Outcome(Kind.NONE, "No answer came."), NOW)
    item = Workitem(key_of(1), state=state, progress=Progress(40, "Beam 2 of 3"))
    found = found_again(mark, item)
    assert words in found.meaning and found.meaning.startswith("No answer came")
    assert found.next_step


def test_reading_never_proves_who_started_it() -> None:
    mark = Mark(MarkKind.UNKNOWN, Action.START, Outcome(Kind.NONE, "No answer came."), NOW)
    found = found_again(mark, Workitem(key_of(1), state=S.IN_PROGRESS))
    assert "carried out" not in found.meaning
