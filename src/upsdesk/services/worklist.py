"""The worklist of a peer: searched, checked, reconciled, and how much of it may be believed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from upsdesk.domain import tags
from upsdesk.domain.elements import Path
from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.keys import PeerId, WorkitemKey
from upsdesk.domain.peer import Peer
from upsdesk.domain.query import DAY, SearchPlan
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.status import Outcome, no_answer
from upsdesk.services.activity import ActivityEntry, ActivityKind
from upsdesk.services.beside import Beside
from upsdesk.services.callbacks import Callbacks
from upsdesk.services.freshness import Evidence, Freshness, FreshnessKind, freshness_of
from upsdesk.services.missed import MissedReports
from upsdesk.services.plan_search import PlanSearch
from upsdesk.services.progress import ProgressReader
from upsdesk.services.reading import WorkitemReader
from upsdesk.services.search_state import SearchState, WideState
from upsdesk.services.wide_search import WideSearch

if TYPE_CHECKING:
    from upsdesk.services.desk import Desk

__all__ = ["Freshness", "FreshnessKind", "SearchState", "WorklistService"]

_PROGRESS_TAGS = (tags.PROCEDURE_STEP_STATE, tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE)


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
        run = PlanSearch(
            self._desk,
            peer,
            self._generation,
            plan,
            self.limit_of(plan),
            self.extra_return_keys,
            beside=self._beside,
            reader=self._reader,
            missed=self.missed,
            evidence=self.evidence(peer.id),
            on_rows=self._rows_came,
        )
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
            failed = await run.ask()
            if failed is None:
                if not run.is_full:
                    await run.check_unseen()
                    is_complete = True
                self._answered(run)
        except NoAnswer as error:
            failed = no_answer(error, is_harmless=True)
        finally:
            if failed is not None:
                self.evidence(peer.id).has_failed = True
            run.catch_up_soon()
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

    def _rows_came(self, run: PlanSearch) -> None:
        state = self.state(run.peer.id)
        self._publish(run.peer.id, replace(state, rows=len(run.seen), ignored=len(run.ignored)))

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

    def _answered(self, run: PlanSearch) -> None:
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
