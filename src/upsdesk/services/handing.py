"""Giving held workitems away and taking them over: who may act afterwards, and what is read before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.peer import Peer, PeerUse
from upsdesk.domain.state import ProcedureStepState, Refusal
from upsdesk.domain.status import Kind, Outcome
from upsdesk.domain.workitem import PatientFacts
from upsdesk.services.act import Act, ActEnded, is_running
from upsdesk.services.claim import follow
from upsdesk.services.claims import Owner, settle_claim
from upsdesk.services.command import Command
from upsdesk.services.hand_over import HandOver, HandOverError, sealed
from upsdesk.services.records import ActStatus, ClaimStatus, JournalEntry, JournalKind, VaultEntry
from upsdesk.services.results import Result, ResultKind, ShownFacts
from upsdesk.services.threads import in_thread

if TYPE_CHECKING:
    from upsdesk.services.desk import Desk

_ALREADY = Refusal("This desk holds it already.", "Nothing needs to be taken over.")
_DEMO = Refusal(
    "Either the file or the server is of the demo, and the other one is real.",
    "Choose the file of this server.",
)
_OTHER = Outcome(
    Kind.NONE,
    "It is not as the file says. Nothing was sent.",
    "Look at it at its server before anything else.",
)
GIVEN, FORGOTTEN = "Handed over", "Key forgotten"


async def give_away(
    desk: Desk, entries: Sequence[VaultEntry], passphrase: str, write: Callable[[bytes], None]
) -> None:
    """Write held workitems into a file; from then on this desk may not act on them any more.

    `write` puts the file in place, in a thread. Raise HandOverError, DeskFileError or OSError: then this desk
    holds everything as before. What was given away can be given again, when the file was lost.
    """
    is_demo = any(_use_of(desk, entry) is PeerUse.DEMO for entry in entries)
    content = HandOver(desk.clock(), desk.settings.desk.name, desk.operator, tuple(entries), is_demo)
    data = await in_thread(lambda: sealed(content, passphrase), "hand-over")
    await desk.look_into_vault()
    if any(_present(desk, entry) is None for entry in entries):
        raise HandOverError("One of these workitems is not held any more: look again, then choose anew.")
    await _set(desk, entries, ClaimStatus.HANDED_OVER)
    try:
        # Marked first, looked afterwards: an act that began meanwhile finds the mark, or is found here.
        await _require_no_act(desk, entries)
        await in_thread(lambda: write(data), "hand-over")
    except BaseException:
        held = [entry for entry in entries if entry.status is ClaimStatus.HELD]
        await _set(desk, held, ClaimStatus.HELD)
        raise
    await _note(desk, GIVEN, entries)


def _present(desk: Desk, entry: VaultEntry) -> VaultEntry | None:
    known = desk.vault.all_of(entry.key, None)
    same = (one for one in known if one.transaction_uid == entry.transaction_uid)
    return next((one for one in same if one.status is not ClaimStatus.CLAIM_SENT), None)


async def _require_no_act(desk: Desk, entries: Sequence[VaultEntry]) -> None:
    keys = {desk.key_of(entry) for entry in entries}
    acts = await in_thread(desk.desk_file.acts, "acts")
    under_way = {act.key for act in acts if act.status is ActStatus.UNDER_WAY and is_running(act.process)}
    if any(desk.store.pending(key) for key in keys) or {key.uid for key in keys} & {
        one.uid for one in under_way
    }:
        raise HandOverError("An act of one of these workitems is under way: wait for its answer.")


async def _set(desk: Desk, entries: Sequence[VaultEntry], status: ClaimStatus) -> None:
    for entry in entries:
        desk.vault.put(replace(entry, status=status))
    desk.store.set_held([desk.key_of(entry) for entry in entries], status is ClaimStatus.HELD)
    with desk.vault.writing():
        await in_thread(lambda: desk.desk_file.set_statuses(entries, status), "vault")


async def forget_key(desk: Desk, entry: VaultEntry) -> None:
    """Drop a Transaction UID because somebody said so; raise DeskFileError."""
    await desk.forget_claim(entry)
    await _note(desk, FORGOTTEN, [entry])


async def _note(desk: Desk, title: str, entries: Sequence[VaultEntry]) -> None:
    now, who = desk.clock(), desk.operator
    keys = [desk.key_of(entry) for entry in entries]
    notes = [JournalEntry(now, key.peer, JournalKind.NOTE, title, key, operator=who) for key in keys]
    await desk.journal.record(*notes)


def _use_of(desk: Desk, entry: VaultEntry) -> PeerUse | None:
    peer = peer_for(desk, entry)
    return peer.use if peer is not None else None


def peer_for(desk: Desk, entry: VaultEntry) -> Peer | None:
    """The saved server of an entry: by its address, else the only one with its AE title.

    Another computer may know the same server by another name or address.
    """
    found = next((peer for peer in desk.known_peers if entry.is_at(peer)), None)
    if found is not None:
        return found
    titled = [peer for peer in desk.known_peers if peer.called_aet == entry.called_aet]
    return titled[0] if len(titled) == 1 else None


@dataclass(frozen=True)
class TakeOver(Command):
    """Hold what another desk has given away: read first, then prove that its Transaction UID is the lock."""

    peer: Peer
    given: VaultEntry
    is_demo: bool = False
    """The file is of the demo: its workitems are at no real server."""
    force: bool = False

    title = "Take over"
    action = None

    @property
    def key(self) -> WorkitemKey:  # type: ignore[override]
        return WorkitemKey(self.peer.id, self.given.key.uid)

    async def _steps(self, act: Act) -> Result:
        known = next((one for one in act.desk.vault.all_of(act.key, act.peer) if self._is_same(one)), None)
        if known is not None and known.status is ClaimStatus.HELD:
            raise act.illegal(_ALREADY)
        if self.is_demo is not (self.peer.use is PeerUse.DEMO):
            raise act.illegal(_DEMO)
        await act.reread()
        self._compare(act)
        entry = replace(
            self.given,
            key=act.key,
            called_aet=act.peer.called_aet,
            host=act.peer.host,
            port=act.peer.port,
            calling_aet=act.peer.calling_aet,
            status=ClaimStatus.CLAIM_SENT,
        )
        await act.begin()
        await act.required_on_disk(lambda: act.desk.desk_file.keep_claim(entry))
        act.desk.remember_claim(entry)
        settled = await settle_claim(act, entry, repeat=False)
        if settled.owner is Owner.OURS:
            await act.on_disk(act.desk.confirm_claim(entry))
            await follow(act)
            return await act.finish(ResultKind.DONE, settled.outcome)
        if settled.owner is Owner.UNKNOWN:
            return await act.finish(ResultKind.UNKNOWN, settled.outcome)
        if known is not None:
            await act.required_on_disk(lambda: act.desk.desk_file.keep_claim(known))
            act.desk.remember_claim(known)
        else:
            await act.on_disk(act.desk.forget_claim(entry))
        return await act.finish(ResultKind.REFUSED, settled.outcome)

    def _compare(self, act: Act) -> None:
        """Raise ActEnded unless it is In progress and of the patient whom the file names."""
        found = act.workitem
        assert found is not None, "it was read"
        is_named = self.given.patient != PatientFacts()  # a raw claim does not look who the patient is
        patient = self.given.patient if is_named else found.patient
        changes = ShownFacts(ProcedureStepState.IN_PROGRESS, patient).changes_to(found)
        if changes:
            raise ActEnded(act.result(ResultKind.CHANGED, _OTHER, changes=changes))

    def _is_same(self, entry: VaultEntry) -> bool:
        return entry.transaction_uid == self.given.transaction_uid
