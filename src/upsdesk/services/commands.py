"""What can be done to a workitem, each as one object: why not, what is sent, and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from upsdesk.domain import attributes, tags
from upsdesk.domain.attributes import element
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.events import ProgressReported
from upsdesk.domain.keys import AeTitle, TransactionUid, WorkitemKey
from upsdesk.domain.operation import Answer, CancelRequest, Operation
from upsdesk.domain.requirements import missing_for_final, set_forbidden
from upsdesk.domain.state import Action, ProcedureStepState, Refusal, refusal
from upsdesk.domain.status import Outcome, no_answer
from upsdesk.domain.when import format_moment
from upsdesk.domain.workitem import Workitem, read_progress
from upsdesk.services.act import Act, ActEnded
from upsdesk.services.claims import (
    ALREADY_IN_PROGRESS,
    WRONG_LOCK,
    Owner,
    Settled,
    settle_claim,
)
from upsdesk.services.create import Create
from upsdesk.services.desk_file import ClaimStatus, VaultEntry
from upsdesk.services.readback import attribute_name, read_back
from upsdesk.services.results import (
    CHANGED,
    MISSING,
    Fact,
    FactChange,
    Result,
    ResultKind,
    ShownFacts,
)

if TYPE_CHECKING:
    from upsdesk.services.desk import Desk

__all__ = [
    "Cancel",
    "Claim",
    "Complete",
    "Create",
    "Edit",
    "Fact",
    "FactChange",
    "ReportProgress",
    "RequestCancel",
    "Resolve",
    "Result",
    "ResultKind",
    "ShownFacts",
]

S = ProcedureStepState
_PROGRESS = tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE
_SUBSCRIBE_PATIENCE = 5.0
"""Seconds that a result waits for the subscription that follows a claim."""
_NO_LOCK = Refusal(
    "This desk keeps no Transaction UID for this workitem.",
    "Only the system that started it can change it; or Ask to cancel.",
)


class _Command:
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


@dataclass(frozen=True)
class Claim(_Command):
    """Start: SCHEDULED to IN PROGRESS with a Transaction UID that is on disk before it is sent."""

    key: WorkitemKey
    shown: ShownFacts | None = None
    force: bool = False
    receiving_ae: AeTitle | None = None
    """Who shall hear of requests to cancel; None: this desk's listener, if the peer has one."""
    subscribe: bool = True

    title = "Start"
    action = Action.START

    async def _steps(self, act: Act) -> Result:
        await act.reread_and_compare(self.shown, force=self.force)
        entry, is_repeated = await self._vaulted(act)
        try:
            await act.begin()
        except ActEnded:
            if not is_repeated:
                await act.on_disk(act.desk.forget_claim(entry))
            raise
        settled = await self._claim(act, entry, is_repeated)
        if settled.owner is Owner.OURS:
            await act.on_disk(act.desk.confirm_claim(entry))
            act.confirm_state(S.IN_PROGRESS)
            if self.subscribe:
                await self._subscribe(act)
            return await act.finish(ResultKind.DONE, settled.outcome)
        if settled.owner is Owner.NOT_OURS:
            await act.on_disk(act.desk.forget_claim(entry))
            await _read_quietly(act)
            return await act.finish(ResultKind.REFUSED, settled.outcome)
        await _read_quietly(act)
        return await act.finish(ResultKind.UNKNOWN, settled.outcome)

    async def _vaulted(self, act: Act) -> tuple[VaultEntry, bool]:
        """The entry on disk, and whether an earlier claim already used its Transaction UID."""
        known = act.entry
        if known is not None:
            return known, True
        workitem = act.workitem or Workitem(act.key)
        entry = VaultEntry(
            key=act.key,
            called_aet=act.peer.called_aet,
            host=act.peer.host,
            port=act.peer.port,
            calling_aet=act.peer.calling_aet,
            transaction_uid=TransactionUid(act.desk.make_uid()),
            patient=workitem.patient,
            label=workitem.label_words,
            station=workitem.station,
            claimed_at=act.desk.clock(),
            operator=act.desk.operator,
        )
        await act.required_on_disk(lambda: act.desk.desk_file.keep_claim(entry))
        act.desk.remember_claim(entry)
        return entry, False

    async def _claim(self, act: Act, entry: VaultEntry, is_repeated: bool) -> Settled:
        request = act.desk.gateway.change_state(act.peer, act.key.uid, S.IN_PROGRESS, entry.transaction_uid)
        try:
            answer = await act.send(request)
        except NoAnswer as error:
            if error.sent:
                return await settle_claim(act, entry, repeat=True)
            if not is_repeated:
                await act.on_disk(act.desk.forget_claim(entry))
            raise act.not_sent(no_answer(error)) from error
        if answer.outcome.is_done:
            return Settled(Owner.OURS, answer.outcome)
        if answer.status == ALREADY_IN_PROGRESS and is_repeated:
            return await settle_claim(act, entry, repeat=False)
        if answer.status in (WRONG_LOCK, ALREADY_IN_PROGRESS):
            return Settled(Owner.NOT_OURS, answer.outcome)
        # A failure that says nothing about the lock: the workitem itself tells whether it was started.
        found = await settle_claim(act, entry, repeat=False)
        is_ours = found.owner in (Owner.OURS, Owner.UNKNOWN)
        return found if is_ours else Settled(Owner.NOT_OURS, answer.outcome)

    async def _subscribe(self, act: Act) -> None:
        """Without a subscription no request to cancel reaches the holder (PS3.4 CC.2.2)."""
        own = act.peer.calling_aet if act.peer.listen_port is not None else None
        receiver = self.receiving_ae or own
        if receiver is None or act.desk.subscriptions.covers(act.peer.id, receiver):
            return
        request = act.desk.gateway.subscribe(act.peer, act.key.uid, receiver, False)
        problem = ""
        try:
            answer = await asyncio.wait_for(request, _SUBSCRIBE_PATIENCE)
            if not answer.outcome.is_done:
                problem = f"{answer.outcome.code_text} {answer.outcome.meaning} {answer.outcome.next_step}"
        except NoAnswer as error:
            problem = no_answer(error).meaning
        except TimeoutError:
            problem = "The server did not answer in time."
        if problem:
            act.notes.append(f"Requests to cancel will not reach this desk, subscribing failed: {problem}")


@dataclass(frozen=True)
class Resolve(_Command):
    """Find out what became of a claim whose answer never came, without claiming again."""

    key: WorkitemKey
    force: bool = False

    title = "Check the start"
    action = None

    def prerequisite(self, desk: Desk) -> Refusal | None:
        entry = desk.vault_entry(self.key)
        if entry is None or entry.status is ClaimStatus.HELD:
            return Refusal("No start of this workitem is open at this desk.", "Nothing needs to be done.")
        return None

    async def _steps(self, act: Act) -> Result:
        refused = self.prerequisite(act.desk)
        entry = act.entry
        if refused is not None or entry is None:
            raise act.illegal(refused or _NO_LOCK)
        settled = await settle_claim(act, entry, repeat=False)
        if settled.owner is Owner.OURS:
            await act.on_disk(act.desk.confirm_claim(entry))
            return await self._settled(act, ResultKind.DONE, settled.outcome)
        if settled.owner is Owner.NOT_OURS:
            await act.on_disk(act.desk.forget_claim(entry))
            return await self._settled(act, ResultKind.REFUSED, settled.outcome)
        return await act.finish(ResultKind.UNKNOWN, settled.outcome)

    async def _settled(self, act: Act, kind: ResultKind, outcome: Outcome) -> Result:
        mark = act.desk.store.mark(act.key)
        if mark is not None and mark.action is Action.START and kind is ResultKind.DONE:
            await act.on_disk(act.desk.acknowledge(act.key))
        return await act.finish(kind, outcome)


class _WithLock(_Command):
    """Commands of the holder: the Transaction UID comes from the vault."""

    shown: ShownFacts | None

    async def _read_first(self, act: Act) -> tuple[Elements, TransactionUid | None]:
        """The workitem as it is now and its lock; raise ActEnded when the act cannot go on."""
        entry = act.entry
        if entry is not None and entry.status is ClaimStatus.CLAIM_SENT:
            settled = await settle_claim(act, entry, repeat=False)
            if settled.owner is Owner.OURS:
                await act.on_disk(act.desk.confirm_claim(entry))
        elements = await act.reread_and_compare(self.shown, force=self.force)
        entry = act.entry
        if act.state is S.SCHEDULED:
            return elements, None
        if entry is None and not self.force:
            raise act.illegal(_NO_LOCK)
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
                    await _read_quietly(act)
                    return await act.finish(ResultKind.REFUSED, answer.outcome)
                act.notes.extend(_remarks(answer))
            answer = await act.send(gateway.change_state(act.peer, act.key.uid, final, lock))
        except NoAnswer as error:
            return await self._without_answer(act, final, error)
        if not answer.outcome.is_done:
            if len(changes):
                act.notes.append("Its attributes are stored; only the change of state was refused.")
            await _read_quietly(act)
            missing = missing_for_final(final, act.desk.store.elements(act.key) or Elements())
            return await act.finish(ResultKind.REFUSED, answer.outcome, missing=missing)
        return await self._ended(act, final, answer.outcome)

    async def _ended(self, act: Act, final: S, outcome: Outcome) -> Result:
        entry = act.entry
        act.confirm_state(final)
        if entry is not None:
            await act.on_disk(act.desk.forget_claim(entry))
        await _read_quietly(act)
        return await act.finish(ResultKind.DONE, outcome)

    async def _without_answer(self, act: Act, final: S, error: NoAnswer) -> Result:
        """Nobody else has the lock, so reading the final state proves that it was this desk's act."""
        outcome = no_answer(error)
        if not error.sent:
            if any(answer.operation is Operation.SET for answer in act.answers):
                act.notes.append("Its attributes are stored; the change of state was not sent.")
            raise act.not_sent(outcome) from error
        entry = act.entry
        await _read_quietly(act)
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
            await _read_quietly(act)
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
class RequestCancel(_Command):
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
        await _read_quietly(act)
        kind = ResultKind.DONE if answer.outcome.is_done else ResultKind.REFUSED
        outcome = answer.outcome
        if kind is ResultKind.DONE and act.state is S.CANCELED:
            outcome = replace(outcome, meaning="Canceled.", next_step="")
        return await act.finish(kind, outcome)

    async def _without_answer(self, act: Act, error: NoAnswer) -> Result:
        if not error.sent:
            raise act.not_sent(no_answer(error)) from error
        await _read_quietly(act)
        if self.before_start and act.state is S.CANCELED:
            act.notes.append("The answer was lost; reading the workitem shows that it is canceled.")
            return await act.finish(ResultKind.DONE, act.answers[-1].outcome)
        return await act.finish(ResultKind.UNKNOWN, no_answer(error))


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
            await _read_quietly(act)
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


async def _read_quietly(act: Act) -> None:
    """Read the workitem again after its act; a failure leaves what is known."""
    try:
        await act.reread()
    except ActEnded as ended:
        act.notes.append(f"It could not be read again: {ended.result.outcome.meaning}")


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
