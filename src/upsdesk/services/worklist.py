"""The worklist of a peer: searched, checked, reconciled, and how much of it may be believed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import filterfalse
from typing import TYPE_CHECKING, Any

from upsdesk.domain import tags
from upsdesk.domain.elements import Path
from upsdesk.domain.errors import NoAnswer, UnexpectedResponse
from upsdesk.domain.events import Event, Found
from upsdesk.domain.keys import PeerId, WorkitemKey
from upsdesk.domain.operation import Answer
from upsdesk.domain.peer import Peer
from upsdesk.domain.plain import plain
from upsdesk.domain.query import DAY, SearchPlan, with_return_keys
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.status import Kind, Outcome, no_answer
from upsdesk.domain.workitem import Workitem
from upsdesk.services.activity import ActivityEntry, ActivityKind
from upsdesk.services.beside import Beside
from upsdesk.services.callbacks import Callbacks
from upsdesk.services.flags import AsideKind
from upsdesk.services.freshness import Evidence, Freshness, FreshnessKind, freshness_of
from upsdesk.services.missed import MissedReports
from upsdesk.services.progress import ProgressReader
from upsdesk.services.reading import WorkitemReader
from upsdesk.services.search_state import Ignored, SearchState, WideState
from upsdesk.services.wide_search import WideSearch

if TYPE_CHECKING:
    from upsdesk.dicom.found_rows import FoundRows
    from upsdesk.services.desk import Desk

__all__ = ["Freshness", "FreshnessKind", "SearchState", "WorklistService"]

_PROGRESS_TAGS = (tags.PROCEDURE_STEP_STATE, tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE)
_MOST_WIDER_READS = 200
_MOST_UNREADABLE = 5
"""Workitems about which a server may answer nonsense; each costs an association."""


_CHANGED_AT_ONCE = 100
"""Known workitems that an answer changes, in one turn of the loop: 10 ms."""


@dataclass
class _Run:
    """One generation of a search."""

    peer: Peer
    number: int
    began: datetime
    seen: set[WorkitemKey] = field(default_factory=set)
    corrected: set[WorkitemKey] = field(default_factory=set)
    plan: SearchPlan = DAY
    limit: int | None = None
    changed: list[Workitem] = field(default_factory=list)
    """Answers about known workitems that tell something else; they are read a few at a time."""
    received: int = 0
    """Rows of all queries, as they count against the limit."""
    ignored: Ignored = field(default_factory=Ignored)
    nameless: int = 0
    """Rows that name no workitem."""

    @property
    def is_full(self) -> bool:
        return self.limit is not None and self.received >= self.limit


class WorklistService:
    """Searches and reconciles; used on the loop's thread."""

    def __init__(self, desk: Desk, *, report_grace: float = 2.0) -> None:
        """`report_grace`: seconds that a report may come after the answer that already shows its change."""
        self._desk = desk
        self._generation = 0
        self._states: dict[PeerId, SearchState] = {}
        self._plans: dict[PeerId, SearchPlan] = {}
        self._settled: dict[PeerId, SearchPlan] = {}
        """The plan of the last search that came to its end and was not cut short."""
        self.missed = MissedReports(
            desk, self.evidence, lambda peer_id: self._publish(peer_id, self.state(peer_id)), report_grace
        )
        self._beside = Beside(desk)
        self._reader = WorkitemReader(desk, self._beside, self.plan)
        self._evidence: dict[PeerId, Evidence] = {}
        self._nameless: dict[PeerId, int] = {}
        """Rows without a usable UID that the last search brought."""
        self._searches: dict[PeerId, asyncio.Task[None]] = {}
        self._callbacks: Callbacks[[PeerId, SearchState]] = Callbacks()
        self.extra_return_keys: tuple[Path, ...] = ()
        """Asked for by every search, beside what the table always shows."""
        self.progress = ProgressReader(
            lambda key: self._reader.read_one(key, _PROGRESS_TAGS),
            lambda key: self._state_of(key) is ProcedureStepState.IN_PROGRESS,
            lambda peer_id: self.state(peer_id).running,
        )

    async def search(self, peer: Peer) -> SearchState:
        """The queries of the plan, then the rows that were not seen. Joins one that runs."""
        task = self._searches.get(peer.id) or self._begin(peer.id, self._search(peer))
        return await self._joined(peer.id, task)

    async def search_plainly(self, peer: Peer) -> SearchState:
        """A person searches: what a wider search had found leaves, and the plan is asked for again."""
        state = self.state(peer.id)
        if not state.running:
            self._publish(peer.id, replace(state, wide=None, shows_ignored=False))
            self._beside.clear(peer.id)
        return await self.search(peer)

    def plan(self, peer_id: PeerId) -> SearchPlan:
        """What this peer is asked for by every search, the reconciles included."""
        return self._plans.get(peer_id, DAY)

    def limit_of(self, plan: SearchPlan) -> int | None:
        """After how many rows a search ends: the plan's own number, else that of the settings."""
        return plan.limit if plan.limit is not None else self._desk.settings.desk.search_limit

    def is_settled(self, peer_id: PeerId) -> bool:
        """All that is asked for has come once: what comes now is new, and what goes now is gone."""
        return self._settled.get(peer_id) == self.plan(peer_id)

    async def ask(self, peer: Peer, plan: SearchPlan) -> SearchState:
        """Ask for something else from now on, and search; a search that runs is stopped for it."""
        await self._ended(peer.id)
        if plan != self.plan(peer.id):
            self._plans[peer.id] = plan
            state = replace(self.state(peer.id), rows=0, ignored=0, ignored_keys=(), shows_ignored=False)
            self._beside.asked_anew(peer.id, plan)
            self._publish(peer.id, replace(state, plan=plan, wide=None))
        return await self.search(peer)

    async def ask_paths(self, peer: Peer | None, paths: tuple[Path, ...]) -> None:
        """Ask for these too from now on; `peer` is searched for those that are new, after what runs."""
        are_more = bool(set(paths) - set(self.extra_return_keys))
        self.extra_return_keys = paths
        if peer is None or not are_more:
            return
        while (running := self._searches.get(peer.id)) is not None:
            await asyncio.wait({running})
            self._over(peer.id, running)
        await self.search(peer)

    async def search_wide(self, peer: Peer, text: str) -> SearchState:
        """Look for a name, patient ID, accession number or admission ID of any date, beside the list."""
        while (running := self._searches.get(peer.id)) is not None:
            await asyncio.wait({running})  # the list comes first: it is what this search is told apart from
            self._over(peer.id, running)
        self._beside.clear(peer.id)

        def publish(wide: WideState) -> None:
            self._publish(peer.id, replace(self.state(peer.id), running=wide.running, wide=wide))

        search = WideSearch(
            self._desk, self._beside, peer, text, self.plan(peer.id), self.extra_return_keys, publish
        )
        return await self._joined(peer.id, self._begin(peer.id, search.run()))

    def show_ignored(self, peer_id: PeerId, shown: bool) -> None:
        """List the rows that did not match the keys too, marked, or hide them again."""
        self._publish(peer_id, replace(self.state(peer_id), shows_ignored=shown))
        self._beside.show_ignored(peer_id, shown)

    def _begin(self, peer_id: PeerId, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name=f"search {peer_id}")
        self._searches[peer_id] = task
        task.add_done_callback(lambda done: self._over(peer_id, done))
        return task

    def _over(self, peer_id: PeerId, task: asyncio.Task[None]) -> None:
        if self._searches.get(peer_id) is task:
            del self._searches[peer_id]

    async def _joined(self, peer_id: PeerId, task: asyncio.Task[None]) -> SearchState:
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()
        return self.state(peer_id)

    async def _ended(self, peer_id: PeerId) -> None:
        """Stop what runs, and wait until it has let go."""
        while (task := self._searches.get(peer_id)) is not None:
            task.cancel()
            await asyncio.wait({task})
            self._over(peer_id, task)

    def stop(self, peer_id: PeerId) -> None:
        """End the running search by C-CANCEL; what came stays."""
        task = self._searches.get(peer_id)
        if task is not None:
            task.cancel()

    def state(self, peer_id: PeerId) -> SearchState:
        return self._states.get(peer_id) or SearchState()

    def on_state(self, callback: Callable[[PeerId, SearchState], None]) -> Callable[[], None]:
        """Hear of every change of a search's state; the result ends that."""
        return self._callbacks.add(callback)

    @property
    def interval(self) -> float:
        """Seconds between two readings of the whole list."""
        return self._desk.refresh.seconds

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
        self._plans.pop(peer_id, None)
        self._nameless.pop(peer_id, None)
        self._beside.forget(peer_id)
        self._settled.pop(peer_id, None)
        self.missed.forget(peer_id)

    def reports_came(self, peer_id: PeerId, keys: Iterable[WorkitemKey], at: datetime) -> None:
        """Reports of this peer arrived."""
        self.evidence(peer_id).reported_at = at
        self.missed.reports_came(keys, at)

    async def read(self, keys: Iterable[WorkitemKey]) -> None:
        """N-GET whole workitems on the queries lane. A peer that does not answer leaves what is known."""
        await self._reader.read(keys)

    async def read_unknown(self, keys: Iterable[WorkitemKey]) -> None:
        """Read workitems that a report named; those outside the worklist do not become rows."""
        await self._reader.read_unknown(keys)

    async def close(self) -> None:
        """End searches, readings and timers."""
        self.progress.close()
        self.missed.close()
        tasks = tuple(self._searches.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)

    async def _search(self, peer: Peer) -> None:
        self._generation += 1
        plan = self.plan(peer.id)
        run = _Run(peer, self._generation, self._desk.clock(), plan=plan, limit=self.limit_of(plan))
        known = self.state(peer.id)
        self._publish(
            peer.id,
            SearchState(
                True,
                started_at=run.began,
                answered_at=known.answered_at,
                shows_ignored=known.shows_ignored,
                plan=run.plan,
                wide=known.wide,
            ),
        )
        failed: Outcome | None = None
        is_complete = False
        try:
            failed = await self._ask(run)
            if failed is None:
                if not run.is_full:
                    await self._check_unseen(run)
                    is_complete = True
                self._answered(run)
        except NoAnswer as error:
            failed = no_answer(error, is_harmless=True)
        finally:
            if failed is not None:
                self.evidence(peer.id).has_failed = True
            self._catch_up_soon(run)
            self._tell_nameless(run.peer, run.nameless)
            state = self.state(peer.id)
            self._beside.searched_anew(peer.id, run.ignored, are_shown=state.shows_ignored)
            self._publish(
                peer.id,
                replace(
                    state,
                    running=False,
                    rows=len(run.seen),
                    ignored=len(run.ignored),
                    ignored_keys=run.ignored.keys,
                    incomplete=not is_complete,
                    outcome=None if is_complete else failed,
                    limited=run.limit if run.is_full else None,
                ),
            )
            if failed is None:  # stopped or limited, too: what came is in sight
                self.progress.again(peer.id)

    async def _ask(self, run: _Run) -> Outcome | None:
        """The queries of the plan, one after the other; the first failure ends them and is returned."""
        zone = self._desk.zone_of(run.peer.id)
        today = self._desk.clock().astimezone(self._desk.zone).date()
        for query in run.plan.queries(today, self._desk.zone):
            keys = with_return_keys(query.return_keys, self.extra_return_keys)
            left = run.limit - run.received if run.limit is not None else None
            sent = replace(query, return_keys=keys, limit=left)
            try:
                answer = await self._desk.gateway.find_rows(run.peer, sent, zone, partial(self._take_in, run))
            except NoAnswer:
                # At the limit the rows that were asked for are here, however it took the C-CANCEL.
                if not run.is_full:
                    raise
            except ValueError as error:  # a key that its VR cannot hold, out of a file that somebody edited
                return Outcome(Kind.FAILURE, f"This cannot be asked: {error}.", "Change what is asked for.")
            while run.changed:
                self._catch_up(run)
                await asyncio.sleep(0)
            if run.is_full:
                return None
            if not answer.outcome.is_done:
                return _told(answer)
        return None

    def _take_in(self, run: _Run, found: FoundRows) -> None:
        store = self._desk.store
        run.received += len(found)
        run.nameless += found.nameless
        keys = [workitem.key for workitem in found.workitems]
        run.seen.update(keys)
        if run.ignored:
            for key in keys:
                run.ignored.drop(key.uid)
        for misfit in found.misfits:
            if WorkitemKey(run.peer.id, misfit.uid) not in run.seen:
                run.ignored.add(misfit.uid, misfit, misfit.paths)
        new, others = store.take_new(found.workitems)
        if self.evidence(run.peer.id).is_proving:
            run.corrected.update(one.key for one in new if one.state is not None and not one.state.is_final)
        run.changed += others
        self._catch_up(run)
        if store.has_asides:
            store.set_aside([key for key in keys if store.aside(key) is not None], None)
        state = self.state(run.peer.id)
        self._publish(run.peer.id, replace(state, rows=len(run.seen), ignored=len(run.ignored)))

    def _catch_up(self, run: _Run) -> None:
        """Read a few answers that tell something else of known workitems."""
        part = run.changed[:_CHANGED_AT_ONCE]
        del run.changed[:_CHANGED_AT_ONCE]
        store, now = self._desk.store, self._desk.clock()
        events: list[Event] = []
        for told in store.take_fuller(part):
            if store.get(told.key) is None:
                continue  # nobody watches this peer any more
            assert told.data is not None  # it is as an answer told it
            elements = store.decode(told.data)
            if not self._reader.is_outdated(told.key, elements, run.began):
                events.append(Found(told.key, elements, told.data, now, run.number))
        if events:
            run.corrected |= self.missed.corrections(self._desk.apply(*events))

    def _catch_up_soon(self, run: _Run) -> None:
        """All that came, while the window goes on."""
        self._catch_up(run)
        if run.changed:
            asyncio.get_running_loop().call_soon(self._catch_up_soon, run)

    async def _check_unseen(self, run: _Run) -> None:
        """Rows that a complete generation did not bring are read: gone, ended, or outside the list.

        What stands aside because it lies outside the keys is no part of the generation: not to be seen there
        says nothing about it.
        """
        store, wider = self._desk.store, 0
        unreadable: list[UnexpectedResponse] = []
        for key in list(filterfalse(run.seen.__contains__, store.keys(run.peer.id))):
            aside = store.aside(key)
            if aside is not None and aside.kind is not AsideKind.WIDER:
                continue
            wider += aside is not None
            if aside is not None and wider > _MOST_WIDER_READS:
                continue
            try:
                changes = await self._reader.read_one(key, None)
            except UnexpectedResponse as error:  # the others can be checked all the same
                unreadable.append(error)
                if len(unreadable) == _MOST_UNREADABLE:
                    break
                continue
            run.corrected |= self.missed.corrections(changes)
            self._beside.settle(key, run.plan)
        if unreadable:
            raise unreadable[0]

    def _tell_nameless(self, peer: Peer, count: int) -> None:
        """Say once what is left out of every search."""
        if count and count != self._nameless.get(peer.id):
            was = "answer names no workitem: it was" if count == 1 else "answers name no workitem: they were"
            detail = f"{count} {was} left out of the list (SOP Instance UID missing or unusable)."
            now = self._desk.clock()
            self._desk.activity.add(
                ActivityEntry(now, ActivityKind.NOTE, "Search", detail=detail, peer=peer.id)
            )
        self._nameless[peer.id] = count

    def _state_of(self, key: WorkitemKey) -> ProcedureStepState | None:
        workitem = self._desk.store.get(key)
        return workitem.state if workitem is not None else None

    def _answered(self, run: _Run) -> None:
        evidence = self.evidence(run.peer.id)
        previous, evidence.answered_at = evidence.answered_at, self._desk.clock()
        evidence.has_failed = False
        self._publish(run.peer.id, replace(self.state(run.peer.id), answered_at=evidence.answered_at))
        was_settled = self.is_settled(run.peer.id)
        if run.is_full:
            self._settled.pop(run.peer.id, None)
        else:
            self._settled[run.peer.id] = run.plan
        if previous is not None and was_settled:
            self.missed.look(run.peer.id, run.number, run.corrected, previous)

    def _publish(self, peer_id: PeerId, state: SearchState) -> None:
        self._states[peer_id] = state
        self._callbacks.tell(peer_id, state)


def _told(answer: Answer) -> Outcome:
    """Why a query failed, in the server's own words too."""
    if not answer.error_comment:
        return answer.outcome
    next_step = f"The server says: {plain(answer.error_comment).rstrip('.')}. {answer.outcome.next_step}"
    return replace(answer.outcome, next_step=next_step.rstrip())
