"""What counts as a sign of life, and when a workitem in progress is silent."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.services.values import NOW, key_of, workitem_elements
from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.silence import SILENT_AFTER, last_sign, silence
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import Workitem, read_columns
from upsdesk.ui import presenter
from upsdesk.ui.presenter import Urgency

S = ProcedureStepState


def item(state: ProcedureStepState = S.IN_PROGRESS, modified: str = "", **more: str) -> Workitem:
    """Modified at that time of the day, in UTC."""
    elements = workitem_elements(state)
    if modified:
        written = f"20260304{modified}+0000"
        elements = elements.with_elements(
            element(tags.SCHEDULED_PROCEDURE_STEP_MODIFICATION_DATE_TIME, written)
        )
    if "end" in more:
        elements = elements.with_elements(element(tags.EXPECTED_COMPLETION_DATE_TIME, more["end"]))
    return read_columns(Workitem(key_of(1)), elements)


def test_nothing_that_tells_is_no_silence() -> None:
    assert last_sign(item()) is None
    assert silence(item(), NOW) is None
    assert presenter.silence_words(item(), NOW) == ""


@pytest.mark.parametrize(
    ("modified", "words"), [("053001", ""), ("053000", "silent for 4 h"), ("003000", "silent for 9 h")]
)
def test_four_hours_after_the_last_change(modified: str, words: str) -> None:
    assert presenter.silence_words(item(modified=modified), NOW) == words


@pytest.mark.parametrize("state", [S.SCHEDULED, S.COMPLETED, S.CANCELED])
def test_only_what_is_in_progress_is_silent(state: ProcedureStepState) -> None:
    assert silence(item(state, "003000"), NOW) is None


def test_a_report_is_a_sign() -> None:
    heard = replace(item(modified="003000"), state_reported_at=NOW - timedelta(minutes=1))
    assert silence(heard, NOW) is None
    assert silence(heard, NOW + SILENT_AFTER) is not None


def test_the_row_says_it_where_its_time_stands() -> None:
    due = presenter.due(item(modified="003000"), NOW, NOW.tzinfo)
    assert (due.words, due.urgency, due.sentence) == ("silent 9 h", Urgency.SOON, "silent for 9 h")
    left = presenter.due(item(modified="003000", end="20260304103000+0000"), NOW, NOW.tzinfo)
    assert (left.words, left.sentence) == ("silent 9 h", "60 min left, silent for 9 h")
    over = presenter.due(item(modified="003000", end="20260304083000+0000"), NOW, NOW.tzinfo)
    assert (over.words, over.urgency) == ("+60 min", Urgency.OVERDUE)
    assert over.sentence == "60 min over, silent for 9 h"
