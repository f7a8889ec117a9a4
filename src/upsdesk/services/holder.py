"""What the holder of a workitem does: progress, changes, completion, cancellation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from upsdesk.domain import attributes, tags
from upsdesk.domain.attributes import element
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.events import ProgressReported
from upsdesk.domain.keys import TransactionUid, WorkitemKey
from upsdesk.domain.operation import Answer, Operation
from upsdesk.domain.requirements import missing_for_final, set_forbidden
from upsdesk.domain.state import Action, ProcedureStepState, Refusal
from upsdesk.domain.status import no_answer
from upsdesk.domain.when import format_moment
from upsdesk.domain.workitem import read_progress
from upsdesk.services.act import Act, ActEnded
from upsdesk.services.claims import Owner, settle_claim
from upsdesk.services.command import NO_LOCK, Command, read_quietly
from upsdesk.services.desk_file import ClaimStatus
from upsdesk.services.readback import attribute_name, read_back
from upsdesk.services.results import (
    CHANGED,
    ENDED_BEFORE,
    MISSING,
    Fact,
    FactChange,
    Result,
    ResultKind,
    ShownFacts,
    ended_before,
)

S = ProcedureStepState
_PROGRESS = tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE


class _WithLock(Command):
    """Commands of the holder: the Transaction UID comes from the vault."""

    shown: ShownFacts | None
    reads_everything = False
    """What the Standard does not list too."""

    async def _read_first(self, act: Act) -> tuple[Elements, TransactionUid | None]:
        """The workitem as it is now and its lock; raise ActEnded when the act cannot go on."""
        entry = act.entry
        if entry is not None and entry.status is ClaimStatus.CLAIM_SENT:
            settled = await settle_claim(act, entry, repeat=False)
            if settled.owner is Owner.OURS:
                await act.on_disk(act.desk.confirm_claim(entry))
        elements = await act.reread_and_compare(
            self.shown, force=self.force, everything=self.reads_everything
        )
        entry = act.entry
        if act.state is S.SCHEDULED:
            return elements, None
        if entry is None and not self.force:
            raise act.illegal(NO_LOCK)
        return elements, entry.transaction_uid if entry is not None else None

    async def _finish_state(
        self, act: Act, final: S, changes: Elements, lock: TransactionUid | None
    ) -> Result:
        """N-SET what the final state needs, then change the state: two messages, one act (CC.2.1.3)."""
        await act.begin()
        gateway = act.desk.gateway
        try:
            if len(changes):
                answer = await act.send(gateway.set(act.peer, act.key.uid, changes, lock))
                if not answer.outcome.is_done:
                    await read_quietly(act)
                    return await act.finish(ResultKind.REFUSED, answer.outcome)
                act.notes.extend(_remarks(answer))
            answer = await act.send(gateway.change_state(act.peer, act.key.uid, final, lock))
        except NoAnswer as error:
            return await self._without_answer(act, final, error)
        if not answer.outcome.is_done:
            if len(changes):
                act.notes.append("Its attributes are stored; only the change of state was refused.")
            await read_quietly(act)
            missing = missing_for_final(final, act.desk.store.elements(act.key) or Elements())
            return await act.finish(ResultKind.REFUSED, answer.outcome, missing=missing)
        return await self._ended(act, final, answer)

    async def _ended(self, act: Act, wanted: S, answer: Answer) -> Result:
        """The peer confirmed a final state, with some warnings one that it had reached before."""
        ended = ENDED_BEFORE.get(answer.status, wanted)
        entry = act.entry
        act.confirm_state(ended)
        if entry is not None:
            await act.on_disk(act.desk.forget_claim(entry))
        await read_quietly(act)
        if ended is wanted:
            return await act.finish(ResultKind.DONE, answer.outcome)
        outcome = ended_before(answer.outcome, ended, wanted.words.lower())
        return await act.finish(ResultKind.REFUSED, outcome)

    async def _without_answer(self, act: Act, final: S, error: NoAnswer) -> Result:
        """Nobody else has the lock, so reading the final state proves that it was this desk's act."""
        outcome = no_answer(error)
        if not error.sent:
            if any(answer.operation is Operation.SET for answer in act.answers):
                act.notes.append("Its attributes are stored; the change of state was not sent.")
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
class ReportProgress(_WithLock):
    """N-SET of the Progress Information Sequence; what it already holds is sent along unchanged."""

    key: WorkitemKey
    percent: float | None = None
    """0 to 100; None leaves it as it is."""
    description: str | None = None
    shown: ShownFacts | None = None
    force: bool = False

    title = "Report progress"
    action = Action.PROGRESS

    async def _steps(self, act: Act) -> Result:
        elements, lock = await self._read_first(act)
        changed: list[Element] = []
        if self.percent is not None:
            changed.append(element(tags.PROCEDURE_STEP_PROGRESS, f"{self.percent:g}"))
        if self.description is not None:
            changed.append(element(tags.PROCEDURE_STEP_PROGRESS_DESCRIPTION, self.description))
        sent = Elements([with_progress(elements, *changed)])
        await act.begin()
        try:
            answer = await act.send(act.desk.gateway.set(act.peer, act.key.uid, sent, lock))
        except NoAnswer as error:
            return await _unanswered(act, error)
        if not answer.outcome.is_done:
            await read_quietly(act)
            return await act.finish(ResultKind.REFUSED, answer.outcome)
        progress = read_progress(sent.items(_PROGRESS)[0])
        act.desk.apply(ProgressReported(act.key, progress, act.desk.clock()))
        await read_back(act, sent)
        return await act.finish(ResultKind.DONE, answer.outcome)


@dataclass(frozen=True)
class Complete(_WithLock):
    """N-SET of what COMPLETED needs, then the change of state."""

    key: WorkitemKey
    final: Elements = Elements()  # noqa: RUF009  an Elements never changes
    """Top-level elements to set before; see `completion.performed_elements`."""
    shown: ShownFacts | None = None
    force: bool = False

    title = "Complete"
    action = Action.COMPLETE

    async def _steps(self, act: Act) -> Result:
        elements, lock = await self._read_first(act)
        wanted = elements.with_elements(*self.final)
        missing = missing_for_final(S.COMPLETED, wanted)
        if missing and not self.force:
            raise ActEnded(act.result(ResultKind.ILLEGAL, MISSING, missing=missing))
        changes = elements.changes_to(wanted).only(self.final.tags)
        return await self._finish_state(act, S.COMPLETED, changes, lock)


@dataclass(frozen=True)
class Cancel(_WithLock):
    """The holder ends it: reason and time by N-SET, then the change of state to CANCELED."""

    key: WorkitemKey
    reason: Code
    reason_text: str = ""
    at: datetime | None = None
    """Time of the cancellation; None: now."""
    shown: ShownFacts | None = None
    force: bool = False

    title = "Cancel item"
    action = Action.CANCEL

    async def _steps(self, act: Act) -> Result:
        elements, lock = await self._read_first(act)
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
        sent = Elements([with_progress(elements, *changed)])
        return await self._finish_state(act, S.CANCELED, sent, lock)


@dataclass(frozen=True)
class Edit(_WithLock):
    """N-SET of what was changed and nothing else, then a look at what was stored."""

    key: WorkitemKey
    base: Elements
    """The data set that the editor was opened on."""
    wanted: Elements
    force: bool = False

    title = "Edit"
    action = Action.EDIT
    shown = None
    reads_everything = True

    async def _steps(self, act: Act) -> Result:
        elements, lock = await self._read_first(act)
        changes = self.base.changes_to(self.wanted).without(tags.SPECIFIC_CHARACTER_SET)
        forbidden = set_forbidden(changes)
        if forbidden and not self.force:
            names = ", ".join(attribute_name(tag) for tag in forbidden)
            raise act.illegal(
                Refusal(f"These attributes cannot be changed any more: {names}.", "Take them back.")
            )
        conflicts = () if self.force else tuple(_conflicts(self.base, elements, changes))
        if conflicts:
            raise ActEnded(act.result(ResultKind.CHANGED, CHANGED, changes=conflicts))
        changes = Elements(found for found in changes if elements.get(found.tag) != found)
        if not len(changes):
            raise act.illegal(Refusal("Nothing was changed.", "Change something, or discard."))
        await act.begin()
        try:
            answer = await act.send(act.desk.gateway.set(act.peer, act.key.uid, changes, lock))
        except NoAnswer as error:
            return await _unanswered(act, error, changes)
        if not answer.outcome.is_done:
            await read_quietly(act)
            return await act.finish(ResultKind.REFUSED, answer.outcome)
        await read_back(act, changes)
        return await act.finish(ResultKind.DONE, answer.outcome)


def _conflicts(base: Elements, now: Elements, changes: Elements) -> list[FactChange]:
    """What somebody else changed meanwhile among the attributes that were edited here."""
    found = []
    for change in changes:
        before, after = base.get(change.tag), now.get(change.tag)
        known = before if before is not None and not before.is_empty else None
        told = after if after is not None and not after.is_empty else None
        if known != told and told != change:
            words = (known.text if known else "", told.text if told else "")
            found.append(FactChange(Fact.ATTRIBUTE, *words, change.tag, attribute_name(change.tag)))
    return found


def with_progress(elements: Elements, *changed: Element) -> Element:
    """The Progress Information Sequence with one item: what it held, and `changed` (PS3.4 CC.2.6.2)."""
    items = elements.items(_PROGRESS)
    item = items[0] if items else Elements()
    return attributes.sequence(_PROGRESS, item.with_elements(*changed), *items[1:])


async def _unanswered(act: Act, error: NoAnswer, sent: Elements | None = None) -> Result:
    """An N-SET without an answer: it changes nothing twice, so reading tells whether it was carried out."""
    if not error.sent:
        raise act.not_sent(no_answer(error)) from error
    notes = len(act.notes)
    await read_back(act, sent or Elements())
    if sent is not None and len(act.notes) == notes:
        act.notes.append("The answer was lost; reading the workitem shows that it was carried out.")
        return await act.finish(ResultKind.DONE, act.answers[-1].outcome)
    return await act.finish(ResultKind.UNKNOWN, no_answer(error))


def _remarks(answer: Answer) -> list[str]:
    is_plain = answer.status == 0
    return [] if is_plain else [f"{answer.outcome.code_text} {answer.outcome.meaning}"]
