"""Asking for the end of a workitem that this desk does not hold."""

from __future__ import annotations

from dataclasses import dataclass, replace

from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.events import CancelRequested
from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.operation import Answer, CancelRequest
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.domain.status import Kind, Outcome, no_answer
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
        answered = len(act.answers)
        await read_quietly(act)
        state = act.state if len(act.answers) > answered else None
        kind = ResultKind.DONE if answer.outcome.is_done else ResultKind.REFUSED
        self._tell_row(act, answer)
        return await act.finish(kind, explained(answer.outcome, state, before_start=self.before_start))

    def _tell_row(self, act: Act, answer: Answer) -> None:
        """The row says that it was asked until its state changes, or until a refusal."""
        own = str(act.peer.calling_aet)
        known = act.desk.store.cancel_asked(act.key)
        if answer.status == 0x0000 and act.state is S.IN_PROGRESS:
            told = self.request
            act.desk.apply(
                CancelRequested(
                    act.key,
                    act.desk.clock(),
                    own,
                    told.reason,
                    told.contact_name,
                    told.contact_uri,
                    told.code,
                )
            )
        elif not answer.outcome.is_done and known is not None and known.requesting_ae == own:
            act.desk.store.answer_cancel_request(act.key)

    async def _without_answer(self, act: Act, error: NoAnswer) -> Result:
        if not error.sent:
            raise act.not_sent(no_answer(error)) from error
        await read_quietly(act)
        if self.before_start and act.state is S.CANCELED:
            act.notes.append("The answer was lost; reading the workitem shows that it is canceled.")
            return await act.finish(ResultKind.DONE, act.answers[-1].outcome)
        return await act.finish(ResultKind.UNKNOWN, no_answer(error))


def explained(outcome: Outcome, state: ProcedureStepState | None, *, before_start: bool) -> Outcome:
    """The answer to a request to cancel in the light of the state that was read after it.

    0000 says only that the request was taken (PS3.4 CC.2.2.3); an answer that the state contradicts is told
    as that. `state` None: it could not be read.
    """
    if state is None:
        return outcome
    words = state.words
    if outcome.kind is Kind.SUCCESS:
        meaning, next_step = {
            S.CANCELED: ("Canceled.", ""),
            S.COMPLETED: ("It was completed before it could be canceled.", "Nothing is left to cancel."),
            S.IN_PROGRESS: (
                "Somebody has started it meanwhile: the holder was asked, and it is not canceled yet."
                if before_start
                else outcome.meaning,
                outcome.next_step,
            ),
            S.SCHEDULED: (
                "The server took the request, but the workitem is still Scheduled.",
                "Search again; when it stays so, ask the server's administrator.",
            ),
        }[state]
        return replace(outcome, meaning=meaning, next_step=next_step)
    claimed = _CLAIMS.get(outcome.code or 0)
    if claimed is not None and claimed is not state:
        meaning = f"{outcome.meaning} Yet the server shows it as {words}."
        return replace(outcome, meaning=meaning, next_step="Search again, then decide anew.")
    if outcome.kind is Kind.FAILURE and claimed is None:
        meaning = f"{outcome.meaning} It is {words}{' now' if state.is_final else ' as before'}."
        step = "Nothing is left to cancel." if state.is_final else outcome.next_step
        return replace(outcome, meaning=meaning, next_step=step)
    return outcome


_CLAIMS = {0xB304: S.CANCELED, 0xC311: S.COMPLETED}
"""The state that an answer speaks of (PS3.4 Table CC.2.2-2)."""
