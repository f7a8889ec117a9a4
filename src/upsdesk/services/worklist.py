"""The worklist of a peer: searched, checked, reconciled, and how much of it may be believed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from upsdesk.domain import tags
from upsdesk.domain.elements import Elements, Path
from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.events import Event, Found, Read, Removed
from upsdesk.domain.keys import PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.operation import Answer
from upsdesk.domain.peer import Peer
from upsdesk.domain.query import MatchingKey, WorklistQuery, with_return_keys, worklist_queries
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.status import Outcome, no_answer
from upsdesk.domain.when import in_zone, last_instant, moment_or_none, split_range
from upsdesk.domain.workitem import EncodedDataSet, Workitem
from upsdesk.services.activity import ActivityEntry, ActivityKind
from upsdesk.services.desk_file import DeskFileError
from upsdesk.services.freshness import Evidence, Freshness, FreshnessKind, freshness_of
from upsdesk.services.lanes import Lane
from upsdesk.services.progress import ProgressReader
from upsdesk.services.results import GONE
from upsdesk.services.store import ChangeSet

if TYPE_CHECKING:
    from upsdesk.dicom.scu import Match
    from upsdesk.services.desk import Desk

__all__ = ["Freshness", "FreshnessKind", "SearchState", "WorklistService"]

_REPORTED_FIELDS = frozenset({"state", "readiness", "stations", "performers"})
"""What a conformant peer tells by report (PS3.4 Table CC.2.4-1)."""
_PROGRESS_TAGS = (tags.PROCEDURE_STEP_STATE, tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE)


@dataclass(frozen=True, slots=True)
class SearchState:
    """A peer's search: the running one, else the last one."""

    running: bool = False
    rows: int = 0
    ignored: int = 0
    """Rows that did not fit the keys that were sent; they are not shown."""
    incomplete: bool = False
    """It was stopped or broke off: rows may be missing."""
    outcome: Outcome | None = None
    """Why it is incomplete."""
    started_at: datetime | None = None
    answered_at: datetime | None = None
    """When a search last came to its end."""


@dataclass
class _Run:
    """One generation of a search."""

    peer: Peer
    number: int
    began: datetime
    seen: set[WorkitemKey] = field(default_factory=set)
    corrected: set[WorkitemKey] = field(default_factory=set)
    ignored: int = 0


class WorklistService:
    """Searches and reconciles; used on the loop's thread."""

    def __init__(self, desk: Desk, *, interval: float = 60.0, report_grace: float = 2.0) -> None:
        """`report_grace`: seconds that a report may come after the answer that already shows its change."""
        self._desk = desk
        self.interval = interval
        self.report_grace = report_grace
        self._generation = 0
        self._states: dict[PeerId, SearchState] = {}
        self._evidence: dict[PeerId, Evidence] = {}
        self._searches: dict[PeerId, asyncio.Task[None]] = {}
        self._reported: dict[WorkitemKey, datetime] = {}
        self._reading: set[WorkitemKey] = set()
        self._judgements: dict[int, asyncio.TimerHandle] = {}
        self._subscribers: list[Callable[[PeerId, SearchState], None]] = []
        self.extra_return_keys: tuple[Path, ...] = ()
        """Asked for by every search, beside what the table always shows."""
        self.progress = ProgressReader(
            lambda key: self._read_one(key, _PROGRESS_TAGS),
            lambda key: self._state_of(key) is ProcedureStepState.IN_PROGRESS,
            lambda peer_id: self.state(peer_id).running,
        )

    async def search(self, peer: Peer) -> SearchState:
        """The four queries, then the rows that were not seen. Joins a search that runs."""
        task = self._searches.get(peer.id)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._search(peer), name=f"search {peer.id}")
            self._searches[peer.id] = task
            task.add_done_callback(lambda _: self._searches.pop(peer.id, None))
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()
        return self.state(peer.id)

    def stop(self, peer_id: PeerId) -> None:
        """End the running search by C-CANCEL; what came stays."""
        task = self._searches.get(peer_id)
        if task is not None:
            task.cancel()

    def state(self, peer_id: PeerId) -> SearchState:
        return self._states.get(peer_id) or SearchState()

    def on_state(self, callback: Callable[[PeerId, SearchState], None]) -> Callable[[], None]:
        """Hear of every change of a search's state; the result ends that."""
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return unsubscribe

    def freshness(self, peer: Peer, now: datetime) -> Freshness:
        """How much may be believed of this peer's rows."""
        return freshness_of(peer, self.evidence(peer.id), timedelta(seconds=self.interval), now)

    def evidence(self, peer_id: PeerId) -> Evidence:
        """What the freshness of a peer rests on; made when first asked for."""
        return self._evidence.setdefault(peer_id, Evidence(self._desk.clock()))

    def forget(self, peer_id: PeerId) -> None:
        """The peer is not watched any more."""
        self.stop(peer_id)
        self.progress.forget(peer_id)
        self._evidence.pop(peer_id, None)
        self._states.pop(peer_id, None)
        self._reported = {key: at for key, at in self._reported.items() if key.peer != peer_id}

    def reports_came(self, peer_id: PeerId, keys: Iterable[WorkitemKey], at: datetime) -> None:
        """Reports of this peer arrived."""
        self.evidence(peer_id).reported_at = at
        self._reported.update(dict.fromkeys(keys, at))

    async def read(self, keys: Iterable[WorkitemKey]) -> None:
        """N-GET whole workitems on the queries lane. A peer that does not answer leaves what is known."""
        for key in keys:
            if key in self._reading:
                continue
            self._reading.add(key)
            try:
                await self._read_one(key, None)
            except NoAnswer:
                return
            finally:
                self._reading.discard(key)

    async def read_unknown(self, keys: Iterable[WorkitemKey]) -> None:
        """Read workitems that a report named; those outside the worklist do not become rows."""
        for key in keys:
            if key in self._reading or self._desk.store.get(key) is not None:
                continue
            self._reading.add(key)
            try:
                await self._read_one(key, None)
                await self._drop_if_outside(key)
            except NoAnswer:
                return
            finally:
                self._reading.discard(key)

    async def close(self) -> None:
        """End searches, readings and timers."""
        self.progress.close()
        for handle in self._judgements.values():
            handle.cancel()
        self._judgements.clear()
        tasks = tuple(self._searches.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)

    async def _search(self, peer: Peer) -> None:
        self._generation += 1
        run = _Run(peer, self._generation, self._desk.clock())
        known = self.state(peer.id)
        self._publish(peer.id, SearchState(True, started_at=run.began, answered_at=known.answered_at))
        failed: Outcome | None = None
        is_complete = False
        try:
            failed = await self._ask(run)
            if failed is None:
                await self._check_unseen(run)
                is_complete = True
                self._answered(run)
        except NoAnswer as error:
            failed = no_answer(error)
        finally:
            state = self.state(peer.id)
            self._publish(
                peer.id,
                replace(
                    state,
                    running=False,
                    rows=len(run.seen),
                    ignored=run.ignored,
                    incomplete=not is_complete,
                    outcome=None if is_complete else failed,
                ),
            )
        if is_complete:
            self.progress.again(peer.id)

    async def _ask(self, run: _Run) -> Outcome | None:
        """The queries of the worklist, one after the other; the first failure ends them and is returned."""
        zone = self._desk.zone_of(run.peer.id)
        today = self._desk.clock().astimezone(self._desk.zone).date()
        for query in worklist_queries(today, self._desk.zone):
            keys = with_return_keys(query.return_keys, self.extra_return_keys)
            query = replace(query, return_keys=keys)

            def on_matches(matches: Sequence[Match], query: WorklistQuery = query) -> None:
                self._take_in(run, query, matches, zone)

            answer = await self._desk.gateway.find(run.peer, query, on_matches)
            if not answer.outcome.is_done:
                return answer.outcome
        return None

    def _take_in(self, run: _Run, query: WorklistQuery, matches: Sequence[Match], zone: tzinfo) -> None:
        events: list[Event] = []
        now = self._desk.clock()
        for match in matches:
            uid = match.elements.text(tags.SOP_INSTANCE_UID)
            if not uid or not _fits(query.keys, match.elements, zone):
                run.ignored += 1
                continue
            key = WorkitemKey(run.peer.id, SopInstanceUid(uid))
            run.seen.add(key)
            if not self._is_outdated(key, match.elements, run.began):
                events.append(Found(key, match.elements, match.data, now, run.number))
        run.corrected |= self._corrections(self._desk.apply(*events))
        state = self.state(run.peer.id)
        self._publish(run.peer.id, replace(state, rows=len(run.seen), ignored=run.ignored))

    async def _check_unseen(self, run: _Run) -> None:
        """Rows that a complete generation did not bring are read: gone, ended, or outside the list."""
        for key in self._desk.store.keys(run.peer.id):
            if key in run.seen:
                continue
            changes = await self._read_one(key, None)
            run.corrected |= self._corrections(changes)
            await self._drop_if_outside(key)

    async def _read_one(self, key: WorkitemKey, wanted: Sequence[int] | None) -> ChangeSet:
        """N-GET one workitem into the store; `wanted` None reads all of it."""
        peer = self._desk.peer(key.peer)
        asked = self._desk.clock()
        answer = await self._desk.gateway.get(peer, key.uid, wanted, lane=Lane.QUERIES)
        event = _event_of(key, answer, self._desk.clock(), whole=wanted is None)
        if event is None or (isinstance(event, Read) and self._is_outdated(key, event.elements, asked)):
            return ChangeSet()
        changes = self._desk.apply(event)
        try:
            await self._desk.settle(key)
        except DeskFileError as error:
            self._desk.activity.add(
                ActivityEntry(self._desk.clock(), ActivityKind.NOTE, "Vault", detail=str(error), key=key)
            )
        return changes

    def _is_outdated(self, key: WorkitemKey, elements: Elements, asked: datetime) -> bool:
        """A report that came after the question told a higher state than this answer does."""
        known = self._desk.store.get(key)
        if known is None or known.state is None or known.state_reported_at is None:
            return False
        state = ProcedureStepState.read(elements.text(tags.PROCEDURE_STEP_STATE))
        if state is None:
            return False
        return known.state_reported_at >= asked and state.rank < known.state.rank

    async def _drop_if_outside(self, key: WorkitemKey) -> None:
        workitem = self._desk.store.get(key)
        store = self._desk.store
        if workitem is None or store.is_held(key) or store.mark(key) or not self._is_outside(workitem):
            return
        self._desk.apply(Removed(key, self._desk.clock()))

    def _is_outside(self, workitem: Workitem) -> bool:
        """The worklist is what has not ended, and what ended of today's plan."""
        if workitem.state is None or not workitem.state.is_final or workitem.start is None:
            return False
        today = self._desk.clock().astimezone(self._desk.zone).date()
        return in_zone(workitem.start.instant, self._desk.zone).date() != today

    def _state_of(self, key: WorkitemKey) -> ProcedureStepState | None:
        workitem = self._desk.store.get(key)
        return workitem.state if workitem is not None else None

    def _corrections(self, changes: ChangeSet) -> set[WorkitemKey]:
        """Changes that a report should have told."""
        new = {
            key
            for key in changes.inserted
            if (state := self._state_of(key)) is not None and not state.is_final
        }
        return new | {key for key, names in changes.updated.items() if names & _REPORTED_FIELDS}

    def _answered(self, run: _Run) -> None:
        evidence = self.evidence(run.peer.id)
        previous, evidence.answered_at = evidence.answered_at, self._desk.clock()
        self._publish(run.peer.id, replace(self.state(run.peer.id), answered_at=evidence.answered_at))
        subscribed = evidence.subscribed_at
        if previous is None or subscribed is None or subscribed > previous or not evidence.is_listening:
            return  # nothing was promised for the time before
        if not run.corrected:
            evidence.missed = 0
            return
        loop = asyncio.get_running_loop()
        self._judgements[run.number] = loop.call_later(self.report_grace, self._judge, run, previous)

    def _judge(self, run: _Run, previous: datetime) -> None:
        """Were there reports for what this search corrected? A search and a report may cross each other."""
        self._judgements.pop(run.number, None)
        evidence = self._evidence.get(run.peer.id)
        if evidence is None:
            return
        missed = [key for key in run.corrected if not self._was_reported(key, previous)]
        evidence.missed = len(missed)
        if not missed:
            return
        count = "1 update" if len(missed) == 1 else f"{len(missed)} updates"
        self._desk.activity.add(
            ActivityEntry(
                self._desk.clock(),
                ActivityKind.MISSED,
                "Missed",
                detail=f"{count} did not arrive; the search found what they would have told.",
                key=missed[0] if len(missed) == 1 else None,
                peer=run.peer.id,
            )
        )
        self._publish(run.peer.id, self.state(run.peer.id))

    def _was_reported(self, key: WorkitemKey, since: datetime) -> bool:
        at = self._reported.get(key)
        return at is not None and at >= since

    def _publish(self, peer_id: PeerId, state: SearchState) -> None:
        self._states[peer_id] = state
        for subscriber in tuple(self._subscribers):
            subscriber(peer_id, state)


def _event_of(key: WorkitemKey, answer: Answer, now: datetime, *, whole: bool) -> Event | None:
    if answer.status in GONE:
        return Removed(key, now)
    if not answer.outcome.is_done or answer.elements is None:
        return None
    data = None
    if whole and answer.data is not None:
        data = EncodedDataSet(answer.data, answer.transfer_syntax)
    return Read(key, answer.elements, data, now, whole=whole)


def _fits(keys: Iterable[MatchingKey], elements: Elements, zone: tzinfo) -> bool:
    """Peers may ignore a key and answer with everything: each row is tested again here."""
    return all(_fits_key(key, elements, zone) for key in keys)


def _fits_key(key: MatchingKey, elements: Elements, zone: tzinfo) -> bool:
    value = elements.text(*key.path)
    if not value:
        return True  # not returned: nothing speaks against it
    ends = split_range(key.value) if key.path[-1] == tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME else None
    if ends is None:
        return value == key.value
    offset = elements.text(tags.TIMEZONE_OFFSET_FROM_UTC)
    moment = moment_or_none(value, data_set_offset=offset, default_zone=zone)
    lower, upper = (moment_or_none(end, default_zone=zone) for end in ends)
    if moment is None:
        return True
    return (lower is None or last_instant(moment) >= lower.instant) and (
        upper is None or moment.instant <= last_instant(upper)
    )
