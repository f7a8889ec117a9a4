"""What every command on one workitem has: the check in advance, and one run with its pending mark."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.state import Action, Refusal, refusal
from upsdesk.services.act import Act, ActEnded
from upsdesk.services.results import Result

if TYPE_CHECKING:
    from upsdesk.services.desk import Desk

NO_LOCK = Refusal(
    "This desk keeps no Transaction UID for this workitem.",
    "Only the system that started it can change it; or Ask to cancel.",
)


class Command:
    """What commands on one workitem share: the check in advance, and one run with its pending mark."""

    key: WorkitemKey
    force: bool

    @property
    def title(self) -> str:
        raise NotImplementedError

    @property
    def action(self) -> Action | None:
        raise NotImplementedError

    def prerequisite(self, desk: Desk) -> Refusal | None:
        """Why it is not possible, by what is known now; None when nothing speaks against it."""
        action, workitem = self.action, desk.store.get(self.key)
        if action is None:
            return None
        state = workitem.state if workitem is not None else None
        return refusal(action, state, held_here=desk.store.is_held(self.key))

    async def run(self, desk: Desk) -> Result:
        """Carry it out; every end is a Result, also that nothing was sent."""
        try:
            async with Act(desk, self.key, self.title, self.action) as act:
                return await self._steps(act)
        except ActEnded as ended:
            return ended.result

    def _steps(self, act: Act) -> Coroutine[Any, Any, Result]:
        raise NotImplementedError


async def read_quietly(act: Act) -> None:
    """Read the workitem again after its act; a failure leaves what is known."""
    try:
        await act.reread()
    except ActEnded as ended:
        act.notes.append(f"It could not be read again: {ended.result.outcome.meaning}")
