"""Asking for the end of a workitem that this desk does not hold."""

from __future__ import annotations

from dataclasses import dataclass, replace

from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.operation import CancelRequest
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.domain.status import Kind, no_answer
from upsdesk.services.act import Act
from upsdesk.services.command import Command, read_quietly
from upsdesk.services.results import Result, ResultKind, ShownFacts

S = ProcedureStepState


@dataclass(frozen=True)
class RequestCancel(Command):
    """N-ACTION 2: before the start the peer cancels at once and for good, afterwards the holder is asked."""

    key: WorkitemKey
    request: CancelRequest = CancelRequest()  # noqa: RUF009  it never changes
    shown: ShownFacts | None = None
    force: bool = False
    before_start: bool = False

    @property
    def title(self) -> str:
        return self.action.value

    @property
    def action(self) -> Action:
        return Action.CANCEL_BEFORE_START if self.before_start else Action.ASK_TO_CANCEL

    async def _steps(self, act: Act) -> Result:
        await act.reread_and_compare(self.shown, force=self.force)
        await act.begin()
        try:
            answer = await act.send(act.desk.gateway.request_cancel(act.peer, act.key.uid, self.request))
        except NoAnswer as error:
            return await self._without_answer(act, error)
        await read_quietly(act)
        kind = ResultKind.DONE if answer.outcome.is_done else ResultKind.REFUSED
        outcome = answer.outcome
        if outcome.kind is Kind.SUCCESS and act.state is S.CANCELED:
            outcome = replace(outcome, meaning="Canceled.", next_step="")
        return await act.finish(kind, outcome)

    async def _without_answer(self, act: Act, error: NoAnswer) -> Result:
        if not error.sent:
            raise act.not_sent(no_answer(error)) from error
        await read_quietly(act)
        if self.before_start and act.state is S.CANCELED:
            act.notes.append("The answer was lost; reading the workitem shows that it is canceled.")
            return await act.finish(ResultKind.DONE, act.answers[-1].outcome)
        return await act.finish(ResultKind.UNKNOWN, no_answer(error))
