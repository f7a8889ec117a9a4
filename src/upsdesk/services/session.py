"""The watch over one peer: listener, subscription, search; reports come in, reconciles follow."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from upsdesk.domain.events import (
    Event,
    Report,
    ScpStatusChanged,
    StateReported,
)
from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.peer import Peer
from upsdesk.domain.reports import to_event
from upsdesk.domain.status import Kind, Outcome
from upsdesk.domain.workitem import Workitem
from upsdesk.services.activity import ActivityEntry, ActivityKind, subject_of
from upsdesk.services.callbacks import Callbacks
from upsdesk.services.commands import Resolve
from upsdesk.services.desk_file import JournalEntry, JournalKind
from upsdesk.services.flags import MarkKind
from upsdesk.services.freshness import is_out_of_reach
from upsdesk.services.inbox import Batch
from upsdesk.services.listener_process import (
    ListenerProcess,
    ListenerState,
    ListenerStatus,
    listener_command,
)
from upsdesk.services.lost_acts import found_again
from upsdesk.services.report_words import ReportEntry
from upsdesk.services.subscriptions import SubscriptionState

if TYPE_CHECKING:
    from upsdesk.services.desk import Desk

__all__ = ["Conductor", "ListenerState", "ListenerStatus", "PeerSession"]

_LISTENER_PATIENCE = 8.0
_RATE_TIME = timedelta(seconds=5)


class PeerSession:
    """Everything that runs for the chosen peer. Start: listener, subscription, search; stop: the reverse."""

    def __init__(self, desk: Desk, peer: Peer, *, listener_command: Sequence[str] | None = None) -> None:
        """`listener_command`: how the listener's process is started; None: this program itself."""
        self._desk = desk
        self.peer = peer
        self._listener_command = listener_command
        self._listener: ListenerProcess | None = None
        self._status = ListenerStatus(ListenerState.OFF, desk.clock())
        self._tasks: set[asyncio.Task[Any]] = set()
        self._due = asyncio.Event()
        self._arrivals: deque[tuple[datetime, int]] = deque()
        """When reports came lately, and how many."""
        self._callbacks: Callbacks[[ListenerStatus]] = Callbacks()
        self._is_watching = False
        self._is_stopped = False
        self._open_claims: dict[WorkitemKey, Outcome] = {}
        """What was found last of claims that are not settled; the same again is not told twice."""

    @property
    def listener(self) -> ListenerStatus:
        return self._status

    def on_listener(self, callback: Callable[[ListenerStatus], None]) -> Callable[[], None]:
        """Hear of every change of the listener; the result ends that."""
        return self._callbacks.add(callback)

    def events_per_second(self, now: datetime) -> float:
        """Reports of the last seconds."""
        self._forget_arrivals(now)
        return sum(count for _, count in self._arrivals) / _RATE_TIME.total_seconds()

    def _forget_arrivals(self, now: datetime) -> None:
        since = now - _RATE_TIME
        while self._arrivals and self._arrivals[0][0] < since:
            self._arrivals.popleft()

    async def start(self) -> None:
        """Begin; returns as soon as the listener is bound or has failed, the rest goes on by itself."""
        if self._desk.settings.profiles.by_id(self.peer.id) is None:
            self._desk.add_peer(self.peer)
        self._desk.worklist.evidence(self.peer.id).watched_since = self._desk.clock()
        if self.peer.listen_port is not None:
            await self._start_listener(self.peer.listen_port)
        if self._is_stopped:
            return
        self._is_watching = True
        self._spawn(self._watch(), "watch")

    async def stop(self) -> None:
        """End in under 1 s: listener, reports, tasks. Subscriptions at the peer stay."""
        self._is_watching, self._is_stopped = False, True
        # First of all: rows that come in for nobody would hold up all that follows.
        self._desk.worklist.stop(self.peer.id)
        if self._listener is not None:
            await self._listener.stop()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=0.3)
        self._desk.subscriptions.forget(self.peer.id)
        self._desk.worklist.forget(self.peer.id)
        self._desk.store.forget_peer(self.peer.id)

    async def _start_listener(self, port: int) -> None:
        command = self._listener_command or listener_command(
            self.peer.calling_aet, self.peer.listen_host, port
        )
        self._listener = ListenerProcess(
            command, on_reports=self._take, on_status=self._listener_changed, clock=self._desk.clock
        )
        self._listener.start()
        await self._listener.settled(_LISTENER_PATIENCE)

    def _listener_changed(self, status: ListenerStatus) -> None:
        self._status = status
        evidence = self._desk.worklist.evidence(self.peer.id)
        evidence.is_listening = status.state is ListenerState.READY
        if status.state in (ListenerState.FAILED, ListenerState.RESTARTING):
            self._tell(ActivityKind.CONNECTION, "Listener", status.detail)
        if status.state is ListenerState.READY:
            self._due.set()  # whatever came meanwhile was lost
        self._callbacks.tell(status)

    async def _watch(self) -> None:
        """Subscribe, search, settle what earlier runs left open; again at intervals or when asked."""
        desk = self._desk
        while True:
            self._due.clear()
            await self._subscribe()
            await desk.worklist.search(self.peer)
            await self._look_at_open_ends()
            await self._settle_open_claims()
            await desk.refresh.wait(self._due)

    async def _subscribe(self) -> None:
        """Ask for the global subscription, and again as long as it is not accepted or when it was lost."""
        desk, peer = self._desk, self.peer
        if self._status.state is not ListenerState.READY or is_out_of_reach(peer):
            return
        known = desk.subscriptions.at(peer.id)
        if known is not None and known.state is SubscriptionState.ACCEPTED:
            return
        found = await desk.subscriptions.subscribe_globally(peer)
        is_accepted = found.state is SubscriptionState.ACCEPTED
        desk.worklist.evidence(peer.id).subscribed_at = found.since if is_accepted else None
        if found.outcome is None or (known is not None and known.outcome == found.outcome):
            return
        title = "Subscribed" if is_accepted else "Not subscribed"
        told = (found.outcome.code_text, found.outcome.meaning, found.outcome.next_step)
        if found.outcome.kind is Kind.SUCCESS:
            told = ("Updates of all workitems come to this desk", f"({found.outcome.code_text})", "")
        words = " ".join(part for part in told if part)
        self._tell(ActivityKind.CONNECTION, title, words)
        status = found.outcome.code_text
        desk.journal.record_soon(
            JournalEntry(
                desk.clock(), peer.id, JournalKind.NOTE, title, status=status, words=found.outcome.meaning
            )
        )

    async def _look_at_open_ends(self) -> None:
        """Read what is held or marked and was not found by the search; tell once what became of lost acts."""
        desk = self._desk
        marked = [key for key in desk.attention() if key.peer == self.peer.id]
        wanted = {*desk.held_keys(self.peer.id), *marked}
        lost = {key for key in marked if key in desk.lost_acts}
        # A search may answer with less than what an act has changed.
        await desk.worklist.read(key for key in wanted if desk.store.get(key) is None or key in lost)
        for key in marked:
            mark = desk.store.mark(key)
            if mark is None or mark.kind is not MarkKind.UNKNOWN or key not in desk.lost_acts:
                continue
            desk.lost_acts.discard(key)
            title = mark.action.value if mark.action else "Unknown result"
            item = desk.store.get(key)
            subject = subject_of(item)
            outcome = found_again(mark, item)
            desk.store.set_mark(key, replace(mark, outcome=outcome))
            words = f"{outcome.meaning} {outcome.next_step}"
            state = item.state.words if item is not None and item.state is not None else "not known"
            note = f"The program had ended before an answer came. Read again, the state is {state}."
            desk.journal.record_soon(
                JournalEntry(desk.clock(), key.peer, JournalKind.NOTE, title, key, words=note)
            )
            desk.activity.add(
                ActivityEntry(
                    desk.clock(), ActivityKind.UNKNOWN, title, subject, words, "unknown", key, self.peer.id
                )
            )

    async def _settle_open_claims(self) -> None:
        """Claims of an earlier run whose answer never came: ours, not ours, or still unknown."""
        for entry in self._desk.unsettled_entries(self.peer):
            key = WorkitemKey(self.peer.id, entry.key.uid)
            if self._desk.store.pending(key) is None:
                result = await Resolve(key, known=self._open_claims.get(key)).run(self._desk)
                self._open_claims[key] = result.outcome

    def _take(self, batch: Batch[Report]) -> None:
        """Reports, on the loop: into the store in one go, then whatever follows from them."""
        desk, peer = self._desk, self.peer.id
        now = desk.clock()
        events = [to_event(report, peer) for report in batch.items]
        about = [one for one in events if one is not None and not isinstance(one, ScpStatusChanged)]
        desk.worklist.reports_came(peer, {event.key for event in about}, now)
        self._forget_arrivals(now)
        self._arrivals.append((now, len(events)))
        known: list[Workitem | None] = []
        changes = desk.store.apply(about, known.append)
        self._note(batch.items, events, known)
        for event in events:
            if isinstance(event, ScpStatusChanged):
                self._scp_changed(event)
        if batch.overflowed:
            text = (
                f"{batch.dropped} updates came faster than they could be shown; the list is searched again."
            )
            self._tell(ActivityKind.MISSED, "Too many updates", text)
            self._due.set()
        ended = [
            event.key
            for event in about
            if isinstance(event, StateReported) and event.state.is_final and desk.store.is_held(event.key)
        ]
        if changes.unknown:
            self._spawn(desk.worklist.read_unknown(changes.unknown), "read reported workitems")
        if ended:
            self._spawn(desk.worklist.read(ended), "read ended workitems")

    def _scp_changed(self, event: ScpStatusChanged) -> None:
        """The peer restarted or goes down: its lists may have been lost (PS3.4 CC.2.4.3)."""
        if event.subscription_list.startswith("COLD"):
            self._desk.subscriptions.forget(self.peer.id)
            self._desk.store.forget_following(self.peer.id)
            self._desk.worklist.evidence(self.peer.id).subscribed_at = None
        self._due.set()

    def _note(
        self, reports: Sequence[Report], events: Sequence[Event | None], known: Iterable[Workitem | None]
    ) -> None:
        """Every report goes to the journal, without patient data, and to the activity panel.

        `known` holds, for each event about a workitem, what was known of that until then.
        """
        get, peer, before = self._desk.store.get, self.peer.id, iter(known)
        entries = []
        for report, event in zip(reports, events, strict=True):
            if event is None or isinstance(event, ScpStatusChanged):
                key = WorkitemKey(peer, report.uid) if event is None else None
                entries.append(ReportEntry(report, event, peer, key, get(key) if key else None))
            else:
                entries.append(ReportEntry(report, event, peer, event.key, get(event.key), next(before)))
        self._desk.journal.record_later(lambda: [_journal_entry(entry) for entry in entries])
        self._desk.activity.add(*entries)

    def _tell(self, kind: ActivityKind, title: str, detail: str) -> None:
        self._desk.activity.add(
            ActivityEntry(self._desk.clock(), kind, title, detail=detail, peer=self.peer.id)
        )

    def _spawn(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=f"{name} {self.peer.title}")
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or task.exception() is None:
            return
        # A fault of the program: told here and to the loop's handler, and the watch goes on.
        asyncio.get_running_loop().call_exception_handler(
            {"message": f"task {task.get_name()} failed", "exception": task.exception(), "task": task}
        )
        if task.get_name().startswith("watch") and self._is_watching:
            self._spawn(self._watch_again(), "watch")

    async def _watch_again(self) -> None:
        await asyncio.sleep(self._desk.refresh.seconds)
        await self._watch()


def _journal_entry(told: ReportEntry) -> JournalEntry:
    assert told.peer is not None
    return JournalEntry(told.at, told.peer, JournalKind.REPORT, told.title, told.key, words=told.safe)


class Conductor:
    """Which peer is watched: one at a time."""

    def __init__(
        self, desk: Desk, *, make_session: Callable[[Desk, Peer], PeerSession] = PeerSession
    ) -> None:
        self._desk = desk
        self._make_session = make_session
        self._session: PeerSession | None = None
        self._turn = asyncio.Lock()
        self._is_closed = False
        self._callbacks: Callbacks[[Peer | None]] = Callbacks()

    @property
    def session(self) -> PeerSession | None:
        return self._session

    @property
    def peer(self) -> Peer | None:
        return self._session.peer if self._session else None

    async def choose(self, peer: Peer | None) -> None:
        """End the watch over one peer and begin that over another; None ends it only."""
        async with self._turn:
            old, self._session = self._session, None
            if old is not None:
                await old.stop()
            if self._is_closed:
                return
            if peer is not None:
                self._session = self._make_session(self._desk, peer)
            self._callbacks.tell(peer)
            if self._session is not None:
                await self._session.start()

    def on_change(self, callback: Callable[[Peer | None], None]) -> Callable[[], None]:
        """Hear of every change of the peer, before its session starts; the result ends that."""
        return self._callbacks.add(callback)

    async def close(self) -> None:
        """The session, then the desk; under 2 s. No other session begins any more."""
        self._is_closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.stop()
        await self._desk.close()
