"""Start: the claim of a workitem, and what became of one whose answer was lost."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.keys import AeTitle, TransactionUid, WorkitemKey
from upsdesk.domain.state import Action, ProcedureStepState, Refusal
from upsdesk.domain.status import Outcome, no_answer
from upsdesk.domain.workitem import Workitem
from upsdesk.services.act import Act, ActEnded
from upsdesk.services.claims import (
    ALREADY_IN_PROGRESS,
    WRONG_LOCK,
    Owner,
    Settled,
    not_started,
    settle_claim,
)
from upsdesk.services.command import NO_LOCK, Command, read_quietly
from upsdesk.services.desk_file import ClaimStatus, VaultEntry
from upsdesk.services.flags import Following
from upsdesk.services.results import (
    CHANGED,
    ENDED_BEFORE,
    Fact,
    FactChange,
    Result,
    ResultKind,
    ShownFacts,
)
from upsdesk.services.start_warnings import WarningKind, start_warnings

if TYPE_CHECKING:
    from upsdesk.services.desk import Desk

S = ProcedureStepState
_SUBSCRIBE_PATIENCE = 5.0
"""Seconds that a result waits for the subscription that follows a claim."""


@dataclass(frozen=True)
class Claim(Command):
    """Start: SCHEDULED to IN PROGRESS with a Transaction UID that is on disk before it is sent."""

    key: WorkitemKey
    shown: ShownFacts | None = None
    force: bool = False
    receiving_ae: AeTitle | None = None
    """Who shall hear of requests to cancel; None: this desk's listener, if the peer has one."""
    subscribe: bool = True
    warned_of: frozenset[WarningKind] | None = None
    """What the person at the desk has acknowledged; anything else that speaks against it stops it.

    None: nobody is asked.
    """

    title = "Start"
    action = Action.START

    async def _steps(self, act: Act) -> Result:
        await act.reread_and_compare(self.shown, force=self.force)
        self._require_warned(act)
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
                await follow(act, self.receiving_ae)
            return await act.finish(ResultKind.DONE, settled.outcome)
        if settled.owner is Owner.NOT_OURS:
            await act.on_disk(act.desk.forget_claim(entry))
            await read_quietly(act)
            return await act.finish(ResultKind.REFUSED, settled.outcome)
        await read_quietly(act)
        return await act.finish(ResultKind.UNKNOWN, settled.outcome)

    def _require_warned(self, act: Act) -> None:
        """Raise ActEnded when the reading brought up what nobody was warned of."""
        workitem = act.workitem
        if self.warned_of is None or self.force or workitem is None:
            return
        kinds = dict.fromkeys(one.kind for one in start_warnings(act.desk, workitem))
        news = [kind for kind in kinds if kind not in self.warned_of]
        if news:
            changes = tuple(
                FactChange(Fact.ATTRIBUTE, "as shown", "see the warning", name=one.words) for one in news
            )
            raise ActEnded(act.result(ResultKind.CHANGED, CHANGED, changes=changes))

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
        if answer.status in ENDED_BEFORE:
            return Settled(Owner.NOT_OURS, not_started(answer))
        if answer.outcome.is_done:
            return Settled(Owner.OURS, answer.outcome)
        if answer.status == ALREADY_IN_PROGRESS and is_repeated:
            return await settle_claim(act, entry, repeat=False)
        if answer.status in (WRONG_LOCK, ALREADY_IN_PROGRESS):
            return Settled(Owner.NOT_OURS, answer.outcome)
        # A failure that says nothing about the lock: the workitem itself tells whether it was started.
        found = await settle_claim(act, entry, repeat=False)
        if found.owner in (Owner.OURS, Owner.UNKNOWN):
            return found
        # A status that the Standard does not define may come from a peer that will yet carry it out.
        is_open = found.owner is Owner.NOT_STARTED and not answer.outcome.clause
        return Settled(Owner.UNKNOWN if is_open else Owner.NOT_OURS, answer.outcome)


@dataclass(frozen=True)
class Resolve(Command):
    """Find out what became of a claim whose answer never came, without claiming again."""

    key: WorkitemKey
    force: bool = False
    known: Outcome | None = None
    """What an earlier look found: the same again is no news for the activity panel."""

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
            raise act.illegal(refused or NO_LOCK)
        settled = await settle_claim(act, entry, repeat=False)
        if settled.owner is Owner.OURS:
            await act.on_disk(act.desk.confirm_claim(entry))
            return await self._settled(act, ResultKind.DONE, settled.outcome)
        if settled.owner is Owner.NOT_OURS:
            await act.on_disk(act.desk.forget_claim(entry))
            return await self._settled(act, ResultKind.REFUSED, settled.outcome)
        if settled.outcome == self.known:
            return act.result(ResultKind.UNKNOWN, settled.outcome)
        return await act.finish(ResultKind.UNKNOWN, settled.outcome)

    async def _settled(self, act: Act, kind: ResultKind, outcome: Outcome) -> Result:
        mark = act.desk.store.mark(act.key)
        if mark is not None and mark.action is Action.START and kind is ResultKind.DONE:
            await act.on_disk(act.desk.acknowledge(act.key))
        return await act.finish(kind, outcome)


async def follow(act: Act, receiving_ae: AeTitle | None = None) -> None:
    """Subscribe to a workitem that is held: else no request to cancel reaches the holder (PS3.4 CC.2.2).

    `receiving_ae`: who hears of it; None: this desk's listener, if the peer has one. A failure is a note.
    """
    own = act.peer.calling_aet if act.peer.listen_port is not None else None
    receiver = receiving_ae or own
    if receiver is None or act.desk.subscriptions.covers(act.peer.id, receiver):
        return
    request = act.desk.gateway.subscribe(act.peer, act.key.uid, receiver, False)
    problem = ""
    try:
        answer = await asyncio.wait_for(request, _SUBSCRIBE_PATIENCE)
        if answer.outcome.is_done:
            act.desk.store.set_following(act.key, Following.YES)
        else:
            problem = f"{answer.outcome.code_text} {answer.outcome.meaning} {answer.outcome.next_step}"
    except NoAnswer as error:
        problem = no_answer(error).meaning
    except TimeoutError:
        problem = "The server did not answer in time."
    if problem:
        act.notes.append(f"Requests to cancel will not reach this desk, subscribing failed: {problem}")
