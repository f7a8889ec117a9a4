"""How the holder ends a workitem: N-SET of what the final state needs and the change of state, as one act."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from upsdesk.domain import attributes, demands, tags
from upsdesk.domain.attributes import element
from upsdesk.domain.cloning import as_new, replaces, replacing
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Elements
from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.keys import SopInstanceUid, TransactionUid, WorkitemKey
from upsdesk.domain.operation import Answer
from upsdesk.domain.requirements import missing_for_final
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.domain.status import Kind, Outcome, no_answer
from upsdesk.domain.when import format_moment
from upsdesk.services.act import Act, ActEnded
from upsdesk.services.claims import WRONG_LOCK
from upsdesk.services.command import read_quietly
from upsdesk.services.create import DUPLICATE_UID, Create
from upsdesk.services.holder import WithLock, with_progress
from upsdesk.services.readback import differences, read_back
from upsdesk.services.results import (
    ENDED_BEFORE,
    MISSING,
    Result,
    ResultKind,
    ShownFacts,
    ended_before,
)

if TYPE_CHECKING:
    from upsdesk.services.desk import Desk

S = ProcedureStepState
MISSING_FINAL = 0xC304
"""Failure: the final state's requirements are not met (PS3.4 Table CC.2.1-2)."""
_NOT_STARTED = "Not started yet, so no Transaction UID can be the right one."
_STORED = "Its attributes are stored."
_STATE_NOT_ASKED = "The change of state was not sent. Try again."


class Ending(WithLock):
    """What Complete and Cancel share: two messages, one command, one report (PS3.4 CC.2.1.3)."""

    async def _finish_state(
        self, act: Act, final: S, changes: Elements, lock: TransactionUid | None
    ) -> Result:
        """N-SET `changes` unless the peer has them already, then change the state to `final`."""
        await act.begin()
        if len(changes):
            refused = await self._store(act, changes, lock)
            if refused is not None:
                return refused
        try:
            answer = await act.send(act.desk.gateway.change_state(act.peer, act.key.uid, final, lock))
        except NoAnswer as error:
            return await self._without_answer(act, final, changes, error)
        if not answer.outcome.is_done:
            return await self._refused(act, final, changes, answer)
        return await self._ended(act, final, changes, answer)

    async def _store(self, act: Act, changes: Elements, lock: TransactionUid | None) -> Result | None:
        """The N-SET; a result when the peer refused it. Without an answer the state is not asked for."""
        try:
            answer = await act.send(act.desk.gateway.set(act.peer, act.key.uid, changes, lock))
        except NoAnswer as error:
            outcome = no_answer(error)
            if not error.sent:
                raise act.not_sent(outcome) from error
            known = len(act.answers)
            await read_quietly(act)
            stored = act.answers[-1].elements if len(act.answers) > known else None
            if stored is None or differences(changes, stored):
                return await act.finish(ResultKind.UNKNOWN, outcome)  # it may still arrive
            act.notes.append(_STORED)
            raise act.not_sent(replace(outcome, next_step=_STATE_NOT_ASKED)) from error
        if not answer.outcome.is_done:
            await read_quietly(act)
            act.notes.append("The change of state was not sent.")
            return await act.finish(ResultKind.REFUSED, answer.outcome)
        act.notes.extend(_remarks(answer))
        return None

    async def _refused(self, act: Act, final: S, changes: Elements, answer: Answer) -> Result:
        """The peer did not change the state: what it asked for is remembered, what it has is read."""
        if len(changes):
            act.notes.append(f"{_STORED} Only the change of state was refused.")
            await read_back(act, changes)
        else:
            await read_quietly(act)
        elements = act.desk.store.elements(act.key) or Elements()
        if answer.status == MISSING_FINAL:
            found = demands.asked_for(final, answer.error_comment, answer.offending)
            await act.on_disk(act.desk.demands.note(act.key.peer, final, found))
        missing = missing_for_final(final, elements)
        outcome = answer.outcome
        if answer.status == WRONG_LOCK and act.state is S.SCHEDULED:
            outcome = replace(outcome, meaning=_NOT_STARTED, next_step="Start it first.")
        return await act.finish(ResultKind.REFUSED, outcome, missing=missing)

    async def _ended(self, act: Act, wanted: S, changes: Elements, answer: Answer) -> Result:
        """The peer confirmed a final state, with some warnings one that it had reached before."""
        ended = ENDED_BEFORE.get(answer.status, wanted)
        entry = act.entry
        act.confirm_state(ended)
        if entry is not None:
            await act.on_disk(act.desk.forget_claim(entry))
        if ended is wanted:
            await read_back(act, changes)
            return await act.finish(ResultKind.DONE, answer.outcome)
        await read_quietly(act)
        outcome = ended_before(answer.outcome, ended, wanted.words.lower())
        return await act.finish(ResultKind.REFUSED, outcome)

    async def _without_answer(self, act: Act, final: S, changes: Elements, error: NoAnswer) -> Result:
        """Nobody else has the lock, so reading the final state proves that it was this desk's act."""
        outcome = no_answer(error)
        if not error.sent:
            if len(changes):
                act.notes.append(f"{_STORED} The change of state was not sent.")
            raise act.not_sent(outcome) from error
        entry = act.entry
        await read_quietly(act)
        if act.state is final:
            if entry is not None:
                await act.on_disk(act.desk.forget_claim(entry))
            act.notes.append("The answer was lost; reading the workitem shows that it was carried out.")
            return await act.finish(ResultKind.DONE, act.answers[-1].outcome)
        return await act.finish(ResultKind.UNKNOWN, outcome)


@dataclass(frozen=True)
class Complete(Ending):
    """N-SET of what COMPLETED needs, then the change of state."""

    key: WorkitemKey
    final: Elements = Elements()  # noqa: RUF009  an Elements never changes
    """Top-level elements to set before; see `completion.performed_elements`."""
    shown: ShownFacts | None = None
    force: bool = False

    title = "Complete"
    action = Action.COMPLETE

    async def _steps(self, act: Act) -> Result:
        elements, lock = await self.read_first(act)
        wanted = elements.with_elements(*self.final)
        missing = missing_for_final(S.COMPLETED, wanted)
        if missing and not self.force:
            raise ActEnded(act.result(ResultKind.ILLEGAL, MISSING, missing=missing))
        changes = elements.changes_to(wanted).only(self.final.tags)
        return await self._finish_state(act, S.COMPLETED, changes, lock)


@dataclass(frozen=True)
class Cancel(Ending):
    """The holder ends it: reason and time by N-SET, then the change of state to CANCELED."""

    key: WorkitemKey
    reason: Code
    reason_text: str = ""
    at: datetime | None = None
    """Time of the cancellation; None: now."""
    again: SopInstanceUid | None = None
    """When given: afterwards the same workitem is created as SCHEDULED under this new UID."""
    shown: ShownFacts | None = None
    force: bool = False

    title = "Cancel item"
    action = Action.CANCEL

    async def run(self, desk: Desk) -> Result:
        """As every command; with `again` the result of the new workitem stands in `Result.again`."""
        if self.again is None:
            return await super().run(desk)
        # Read before anything is sent: the peer may let ended workitems go.
        whole = await self._whole(desk)
        result = await super().run(desk)
        if result.kind is not ResultKind.DONE:
            return result
        if whole is None:
            whole = next(answer.elements for answer in result.answers if answer.elements is not None)
        creation = CreateAgain(self.key, self.again, whole)
        return replace(result, again=await creation.run(desk), again_by=creation)

    async def _whole(self, desk: Desk) -> Elements | None:
        """With what no attribute list names; None when the peer does not answer without one."""
        try:
            answer = await desk.gateway.get(desk.peer(self.key.peer), self.key.uid, ())
        except NoAnswer:
            return None
        found = answer.elements
        return found if found is not None and tags.PROCEDURE_STEP_STATE in found else None

    async def _steps(self, act: Act) -> Result:
        elements, lock = await self.read_first(act)
        moment = self.at or act.desk.clock()
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=act.desk.zone_of(act.peer.id))
        changed = [
            attributes.sequence(
                tags.PROCEDURE_STEP_DISCONTINUATION_REASON_CODE_SEQUENCE, self.reason.to_elements()
            ),
            element(tags.PROCEDURE_STEP_CANCELLATION_DATE_TIME, format_moment(moment)),
        ]
        if self.reason_text:
            changed.append(element(tags.REASON_FOR_CANCELLATION, self.reason_text))
        wanted = elements.with_elements(with_progress(elements, *changed))
        # What the peer stored before it refused the change of state is not sent a second time.
        return await self._finish_state(act, S.CANCELED, elements.changes_to(wanted), lock)


@dataclass(frozen=True)
class CreateAgain:
    """The same workitem as SCHEDULED, in place of one that was started by mistake and is canceled."""

    key: WorkitemKey
    """The canceled one."""
    uid: SopInstanceUid
    """Of the new one: asked for again under the same UID it is never made twice."""
    elements: Elements = field(repr=False)
    """The canceled one's data set."""
    title = "Create again"

    async def run(self, desk: Desk) -> Result:
        """N-CREATE; that the UID is used is success when it is used by this very workitem."""
        create = Create(self.key.peer, replacing(as_new(self.elements), self.key.uid), self.uid)
        result = await create.run(desk)
        if result.outcome.code != DUPLICATE_UID:
            return result
        try:
            answer = await desk.gateway.get(desk.peer(self.key.peer), self.uid)
        except NoAnswer:
            return result
        if answer.elements is None or not replaces(answer.elements, self.key.uid):
            return result
        await desk.acknowledge(WorkitemKey(self.key.peer, self.uid))
        done = Outcome(Kind.SUCCESS, "The server has the workitem already.")
        return replace(result, kind=ResultKind.DONE, outcome=done)


def _remarks(answer: Answer) -> list[str]:
    is_plain = answer.status == 0
    return [] if is_plain else [f"{answer.outcome.code_text} {answer.outcome.meaning}"]
