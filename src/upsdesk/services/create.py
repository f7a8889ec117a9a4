"""A new workitem: its UID is made here, so that a lost answer never makes it twice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from upsdesk.domain import tags
from upsdesk.domain.elements import Elements
from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.keys import PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.operation import Answer
from upsdesk.domain.requirements import CreateProblems, completed_for_create, create_problems
from upsdesk.domain.state import Action, Refusal
from upsdesk.domain.status import no_answer
from upsdesk.services.act import Act, ActEnded
from upsdesk.services.readback import attribute_name, read_back
from upsdesk.services.results import Result, ResultKind

if TYPE_CHECKING:
    from upsdesk.services.desk import Desk

DUPLICATE_UID = 0x0111
"""Duplicate SOP Instance (PS3.7 10.1.5.1.6)."""


@dataclass(frozen=True)
class Create:
    """N-CREATE of a SCHEDULED workitem (PS3.4 CC.2.5)."""

    peer: PeerId
    elements: Elements
    uid: SopInstanceUid | None = None
    """None: a new one is made. The same UID again after an unknown result can create nothing twice."""
    exact: bool = False
    """Send the elements as they are, without what every N-CREATE carries and without a check."""
    is_repeat: bool = False
    """An attempt with this UID had no answer: that the server has it already means that it arrived."""

    title = "Create"
    action: Action | None = None

    def prerequisite(self, desk: Desk) -> Refusal | None:
        """What is missing or not allowed, by name."""
        problems = CreateProblems() if self.exact else create_problems(self._to_send())
        if problems.missing:
            names = ", ".join(attribute_name(tag) for tag in problems.missing)
            return Refusal(f"These attributes need a value: {names}.", "Fill them, then save again.")
        if problems.forbidden:
            names = ", ".join(attribute_name(tag) for tag in problems.forbidden)
            return Refusal(f"A new workitem may not carry: {names}.", "Remove them, then save again.")
        return None

    async def run(self, desk: Desk) -> Result:
        """Carry it out; `Result.uid` is the UID that was used, also when it is not known what came of it."""
        uid = self.uid or SopInstanceUid(desk.make_uid())
        try:
            async with Act(desk, WorkitemKey(self.peer, uid), self.title, self.action) as act:
                return await self._steps(act)
        except ActEnded as ended:
            return ended.result

    def _to_send(self) -> Elements:
        if self.exact:
            return self.elements
        # The character set is chosen when the text is encoded.
        return completed_for_create(self.elements.without(tags.SPECIFIC_CHARACTER_SET))

    async def _steps(self, act: Act) -> Result:
        refused = self.prerequisite(act.desk)
        if refused is not None:
            raise act.illegal(refused)
        sent = self._to_send()
        await act.begin()
        was_lost = self.is_repeat
        try:
            answer = await self._send(act, sent)
        except NoAnswer as error:
            if not error.sent:
                raise act.not_sent(no_answer(error)) from error
            was_lost = True
            try:
                answer = await self._send(act, sent)
            except NoAnswer as again:
                again.sent = True  # the first one may have arrived
                return await act.finish(ResultKind.UNKNOWN, no_answer(again))
        outcome = answer.outcome
        if was_lost and answer.status == DUPLICATE_UID:
            act.notes.append("The first answer was lost; the server has the workitem.")
            outcome = replace(outcome, meaning="Created.", next_step="")
        elif not outcome.is_done:
            return await act.finish(ResultKind.REFUSED, outcome)
        await read_back(act, sent)
        return await act.finish(ResultKind.DONE, outcome)

    async def _send(self, act: Act, sent: Elements) -> Answer:
        return await act.send(act.desk.gateway.create(act.peer, act.key.uid, sent))
