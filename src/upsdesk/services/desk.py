"""The desk: everything that commands and views work with, made once and handed down."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path

from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Elements
from upsdesk.domain.events import Event, StateReported, WorkitemEvent
from upsdesk.domain.keys import PeerId, WorkitemKey
from upsdesk.domain.peer import Peer
from upsdesk.domain.status import Kind, Outcome
from upsdesk.domain.workitem import EncodedDataSet
from upsdesk.services.act import is_running
from upsdesk.services.activity import ActivityEntry, ActivityFeed, ActivityKind
from upsdesk.services.cancel_requests import CancelRequests
from upsdesk.services.changes import ChangeSet
from upsdesk.services.clock import local_now
from upsdesk.services.demands import Demands
from upsdesk.services.desk_file import (
    ActRecord,
    ActStatus,
    ClaimStatus,
    DeskFile,
    DeskFileError,
    JournalEntry,
    JournalKind,
    VaultEntry,
)
from upsdesk.services.files import prepare_folder
from upsdesk.services.flags import Mark, MarkKind
from upsdesk.services.gateway import UpsGateway
from upsdesk.services.journal_writer import JournalWriter
from upsdesk.services.lanes import ScuFactory
from upsdesk.services.loading import load_dicom
from upsdesk.services.look_alikes import LookAlikeWatch
from upsdesk.services.on_duty import OnDuty
from upsdesk.services.privacy import Privacy
from upsdesk.services.qa_mode import QaMode
from upsdesk.services.refresh import RefreshPace
from upsdesk.services.settings import Settings, zone_named
from upsdesk.services.store import WorklistStore
from upsdesk.services.subscriptions import Subscriptions
from upsdesk.services.thread_gateway import ThreadGateway
from upsdesk.services.threads import in_thread
from upsdesk.services.vault import Vault
from upsdesk.services.worklist import WorklistService

DESK_FILE = "desk.sqlite"
GONE_BUT_HELD = (
    "The server does not know it any more. This desk keeps its Transaction UID: "
    "ask the server's administrator what became of it."
)
OWN_SCHEME = "99UPSDESK"
"""Coding scheme of codes that this desk makes of its own names."""


class Desk:
    """The context object of one installation; used on the loop's thread."""

    def __init__(
        self,
        settings: Settings,
        store: WorklistStore,
        gateway: UpsGateway,
        desk_file: DeskFile,
        *,
        make_uid: Callable[[], str],
        clock: Callable[[], datetime],
        zone: tzinfo,
    ) -> None:
        self.folder = settings.folder
        self.settings = settings
        self.store = store
        store.zone_of = self.zone_of
        store.on_late = self._note_late
        self.gateway = gateway
        self.desk_file = desk_file
        self.make_uid = make_uid
        self.clock = clock
        self.zone = zone
        self.duty = OnDuty(settings, clock)
        self.qa = QaMode(clock)
        self.privacy = Privacy(settings)
        self.activity = ActivityFeed()
        self.journal = JournalWriter(desk_file, self._tell_journal_fails)
        self.subscriptions = Subscriptions(gateway, clock)
        self.look_alikes = LookAlikeWatch(store)
        self.refresh = RefreshPace(settings.desk.refresh_seconds)
        self.worklist = WorklistService(self)
        self._extra_peers: dict[PeerId, Peer] = {}
        self.lost_acts: set[WorkitemKey] = set()
        """Workitems with an act that an earlier run left without an answer."""
        self._told_gone: set[WorkitemKey] = set()
        self.vault = Vault(desk_file.entries())
        self.demands = Demands(desk_file)
        self.retrieve_aets: dict[PeerId, str] = {}
        """Where the output for each peer's workitems can be fetched, as it was said last."""
        self._unsubscribe = settings.profiles.subscribe(self._load_own)
        self._load_own()
        self.cancel_requests = CancelRequests(self)

    @property
    def peers(self) -> tuple[Peer, ...]:
        """The saved servers."""
        return self.settings.profiles.peers

    @property
    def known_peers(self) -> tuple[Peer, ...]:
        """The saved servers and those of this run."""
        return (*self._extra_peers.values(), *self.peers)

    def peer(self, peer_id: PeerId) -> Peer:
        """A saved server or one added by `add_peer`; raise KeyError for any other."""
        return self._extra_peers.get(peer_id) or self._saved(peer_id)

    def server_words(self, key: WorkitemKey) -> str:
        """Name and address of the server of a workitem, for a message."""
        peer = self._known_peer(key.peer)
        return f"{peer.title} ({peer.address})" if peer is not None else "a server that is not saved any more"

    def _saved(self, peer_id: PeerId) -> Peer:
        found = self.settings.profiles.by_id(peer_id)
        if found is None:
            raise KeyError(peer_id)
        return found

    async def look_into_vault(self) -> None:
        """Read the vault's file anew: another program may have written it since; raise DeskFileError."""
        turn = self.vault.turn
        entries = await in_thread(self.desk_file.entries, "vault")
        if turn is not None and turn == self.vault.turn:
            self.vault_was_read(entries)

    def add_peer(self, peer: Peer) -> None:
        """A peer that no profile names, or one with options of the command line."""
        self._extra_peers[peer.id] = peer
        self._load_own()

    def zone_of(self, peer_id: PeerId) -> tzinfo:
        """The zone of date-times of this peer that carry none."""
        try:
            name = self.peer(peer_id).zone
        except KeyError:
            return self.zone
        return zone_named(name) if name else self.zone

    @property
    def operator(self) -> str:
        """Who is here, as the vault and the journal note it; empty when not set."""
        return self.duty.words

    @property
    def own_station(self) -> Code | None:
        """This desk's station as a code of its own scheme; None when it was never said."""
        station = self.settings.desk.station
        return Code(station, OWN_SCHEME, station) if station else None

    def vault_entry(self, key: WorkitemKey) -> VaultEntry | None:
        """The Transaction UID for `key`, also when the peer's profile was made anew."""
        return self.vault.entry(key, self._known_peer(key.peer))

    def _known_peer(self, peer_id: PeerId) -> Peer | None:
        return self._extra_peers.get(peer_id) or self.settings.profiles.by_id(peer_id)

    def is_handed_over(self, key: WorkitemKey) -> bool:
        """Another desk was given the key, and this one has not taken it back."""
        entries = self.vault.all_of(key, self._known_peer(key.peer))
        return bool(entries) and all(one.status is ClaimStatus.HANDED_OVER for one in entries)

    def held_entries(self) -> tuple[VaultEntry, ...]:
        """What this desk holds at any peer, known without asking it."""
        return self.vault.with_status(ClaimStatus.HELD)

    def held_keys(self, peer_id: PeerId | None = None) -> tuple[WorkitemKey, ...]:
        """The held workitems of one peer, or of all, under the peers' present ids."""
        keys = (self.key_of(entry) for entry in self.held_entries())
        return tuple(key for key in keys if peer_id is None or key.peer == peer_id)

    def unsettled_entries(self, peer: Peer) -> tuple[VaultEntry, ...]:
        """Claims that were sent to this peer and never settled."""
        return tuple(entry for entry in self.vault.with_status(ClaimStatus.CLAIM_SENT) if entry.is_at(peer))

    def key_of(self, entry: VaultEntry) -> WorkitemKey:
        """The key of a vault entry under the id that its peer has now."""
        for peer in self.known_peers:
            if entry.is_at(peer):
                return WorkitemKey(peer.id, entry.key.uid)
        return entry.key

    def remember_claim(self, entry: VaultEntry) -> None:
        """The entry is on disk from now on."""
        self.vault.put(entry)

    async def confirm_claim(self, entry: VaultEntry) -> None:
        """The peer confirmed the claim: this desk holds the workitem."""
        self.vault.put(replace(entry, status=ClaimStatus.HELD))
        self.store.set_held([self.key_of(entry)], True)
        with self.vault.writing():
            await in_thread(lambda: self.desk_file.set_status(entry, ClaimStatus.HELD), "vault")

    async def forget_claim(self, entry: VaultEntry) -> None:
        """The lock is of no use any more: never ours, or the final state is confirmed."""
        self.vault.take(entry)
        key = self.key_of(entry)
        if key not in self.held_keys():
            self.store.set_held([key], False)
        with self.vault.writing():
            await in_thread(lambda: self.desk_file.forget(entry), "vault")

    def vault_was_read(self, entries: Iterable[VaultEntry]) -> None:
        """What is on disk now."""
        self.vault.was_read(entries)
        self._load_own()

    def attention(self) -> tuple[WorkitemKey, ...]:
        """Workitems with an act that was refused or whose result is unknown, until acknowledged."""
        return tuple(self.store.marks())

    async def acknowledge(self, key: WorkitemKey) -> None:
        """Somebody has seen the mark of this workitem."""
        mark = self.store.mark(key)
        if mark is not None:
            self.store.set_mark(key, None)
            await in_thread(lambda: self.desk_file.end_act(mark.act_id), "acts")

    def _tell_journal_fails(self, error: DeskFileError) -> None:
        self.activity.add(ActivityEntry(self.clock(), ActivityKind.NOTE, "Journal", detail=str(error)))

    def _note_late(self, event: WorkitemEvent) -> None:
        """A report told a lower state than the known one; it is kept in the journal and nowhere else."""
        known = self.store.get(event.key)
        if known is None or known.state is None or not isinstance(event, StateReported):
            return
        words = f"An update said {event.state.words} although it is {known.state.words}; it was ignored."
        self.journal.record_soon(
            JournalEntry(
                self.clock(), event.key.peer, JournalKind.NOTE, "Late update", event.key, words=words
            )
        )

    def apply(self, *events: Event) -> ChangeSet:
        """The store's one door."""
        return self.store.apply(events)

    async def settle(self, key: WorkitemKey) -> None:
        """After a reading of `key`: let go of its locks when it has ended; raise DeskFileError.

        What is held and unknown to the peer keeps its lock, since only a final state ends a claim.
        """
        workitem = self.store.get(key)
        if workitem is None:
            self._tell_gone(key)
            return
        self._told_gone.discard(key)
        if workitem.state is not None and workitem.state.is_final:
            for entry in self.vault.all_of(key, self._known_peer(key.peer)):
                await self.forget_claim(entry)

    def _tell_gone(self, key: WorkitemKey) -> None:
        entry = self.vault_entry(key)
        if entry is None or entry.status is not ClaimStatus.HELD or key in self._told_gone:
            return
        self._told_gone.add(key)
        now, title = self.clock(), "Held workitem is gone"
        subject = " · ".join(part for part in (entry.patient.display_name, entry.label) if part)
        self.activity.add(
            ActivityEntry(now, ActivityKind.NOTE, title, subject, GONE_BUT_HELD, key=key, peer=key.peer)
        )
        self.journal.record_soon(
            JournalEntry(now, key.peer, JournalKind.NOTE, title, key, words=GONE_BUT_HELD)
        )

    def _load_own(self) -> None:
        """Tell the store what is held."""
        self.store.set_held(self.store.held() - set(self.held_keys()), False)
        self.store.set_held(self.held_keys(), True)

    def load_marks(self) -> None:
        """Show acts of earlier runs that nobody acknowledged."""
        for act in self.desk_file.acts():
            # One of this process is of an earlier run: this one has just begun.
            if act.status is ActStatus.UNDER_WAY and is_running(act.process):
                continue
            key = self._key_of_act(act)
            kind = MarkKind.REFUSED if act.status is ActStatus.REFUSED else MarkKind.UNKNOWN
            outcome = act.outcome or _ENDED_BEFORE_ANSWER
            self.store.set_mark(key, Mark(kind, act.action, outcome, act.began_at, act.id))
            self.lost_acts.add(key)

    def _key_of_act(self, act: ActRecord) -> WorkitemKey:
        peer = self.settings.profiles.at(act.called_aet, act.host, act.port)
        if self.settings.profiles.by_id(act.key.peer) is None and peer is not None:
            return WorkitemKey(peer.id, act.key.uid)
        return act.key

    async def close(self) -> None:
        """End the network side in under 2 s and close the file."""
        self.journal.make_haste()
        self._unsubscribe()
        await self.worklist.close()
        await self.gateway.close()
        await self.cancel_requests.close()
        await self.journal.close()
        self.desk_file.close()


_ENDED_BEFORE_ANSWER = Outcome(
    Kind.NONE,
    "The program ended before an answer came.",
    "It is unknown whether it was carried out: look at the workitem before repeating it.",
)


def open_desk(
    folder: Path,
    *,
    make_uid: Callable[[], str],
    clock: Callable[[], datetime] = local_now,
    zone: tzinfo | None = None,
    gateway: UpsGateway | None = None,
    scu_factory: ScuFactory | None = None,
    settings: Settings | None = None,
) -> Desk:
    """Read the data folder and build a desk on it, inside the running loop.

    `settings`: those of the folder, when they have been read already.

    Raise SettingsError, DeskFileError or OSError, each with one clear sentence.
    """
    prepare_folder(folder)
    settings = settings or Settings.load(folder)
    desk_file = DeskFile(folder / DESK_FILE)
    own_zone = zone or clock().tzinfo
    assert own_zone is not None, "the clock gives times with a zone"
    desk = Desk(
        settings,
        WorklistStore(decode),
        gateway or ThreadGateway(scu_factory, clock=clock),
        desk_file,
        make_uid=make_uid,
        clock=clock,
        zone=own_zone,
    )
    desk.load_marks()
    return desk


def decode(data: EncodedDataSet) -> Elements:
    """The elements of an encoded data set, each decoded when it is asked for.

    What that takes is loaded when the first one is looked at. For the loop's thread.
    """
    return _structures(data.transfer_syntax)(data.data)


@cache
def _structures(transfer_syntax: str) -> Callable[[bytes], Elements]:
    load_dicom()
    from upsdesk.dicom.received import Structures, received

    # One for all data sets: most rows of a worklist hold sequences that it has met before.
    structures = Structures(transfer_syntax)
    return lambda data: received(data, structures)
