"""Ask to cancel for several workitems: which of them, one after the other, with a result each.

No other act exists for several workitems at once: each of those is decided for one patient.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.operation import CancelRequest
from upsdesk.domain.state import Action, Refusal, refusal
from upsdesk.domain.workitem import Workitem
from upsdesk.services.request_cancel import RequestCancel
from upsdesk.services.results import Result, ShownFacts

if TYPE_CHECKING:
    from upsdesk.services.desk import Desk


NONE_TO_ASK = Refusal(
    "None of the selected workitems is In progress at another system.",
    "Select one, or select some that are In progress.",
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chosen workitem as it is shown before anything is sent. `left_out`: why it is not asked about."""

    workitem: Workitem
    left_out: Refusal | None = None

    @property
    def key(self) -> WorkitemKey:
        return self.workitem.key


def candidates(desk: Desk, keys: Iterable[WorkitemKey]) -> tuple[Candidate, ...]:
    """The workitems of `keys` that are known. Only those In progress elsewhere can be asked about."""
    found = (desk.store.get(key) for key in keys)
    return tuple(
        Candidate(item, refusal(Action.ASK_TO_CANCEL, item.state, held_here=desk.store.is_held(item.key)))
        for item in found
        if item is not None
    )


def refusal_for_several(desk: Desk, keys: tuple[WorkitemKey, ...]) -> Refusal | None:
    """Why none of these can be asked about; every other act is for one workitem alone."""
    return None if any(one.left_out is None for one in candidates(desk, keys)) else NONE_TO_ASK


async def ask_about(
    desk: Desk, chosen: Iterable[Candidate], request: CancelRequest
) -> AsyncIterator[tuple[Candidate, Result]]:
    """Ask about each that is not left out; every one is read first and compared with what was shown.

    One that has another state by then is not asked about: for a Scheduled one the same message is the end.
    """
    for one in chosen:
        if one.left_out is None:
            command = RequestCancel(one.key, request, ShownFacts.of(one.workitem))
            yield one, await command.run(desk)
