"""How requests reach the network: as coroutines on the loop, answered by the worker threads of two lanes."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any, TypeVar, cast

from upsdesk.domain import attributes
from upsdesk.domain.elements import Elements
from upsdesk.domain.errors import ContextRefused, Interrupted, NoAnswer
from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, TransactionUid
from upsdesk.domain.operation import Answer
from upsdesk.domain.peer import Peer
from upsdesk.domain.query import MatchingKey, WorklistQuery
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.status import no_answer
from upsdesk.services.connections import Connection, Connections
from upsdesk.services.flow import Flow
from upsdesk.services.inbox import Batch, ThreadInbox
from upsdesk.services.lanes import PREEMPT_SECONDS, Job, Lane, PeerLanes, Scu, ScuFactory, Worker
from upsdesk.services.loading import load_dicom

if TYPE_CHECKING:
    from upsdesk.dicom.exchange import Row
    from upsdesk.dicom.found_rows import FoundRows
    from upsdesk.dicom.probe import ProbeStep
    from upsdesk.dicom.scu import EchoAnswer, Match
    from upsdesk.dicom.shapes import Shapes
    from upsdesk.domain.operation import CancelRequest

Found = TypeVar("Found")

_LOG = logging.getLogger(__name__)
_CLOSE_POLITELY = 0.3
_CLOSE_BY_ABORT = 0.7
_MESSAGES_KEPT = 500
_MOST_AT_ONCE = 200
"""Rows that the loop takes in without looking after the window in between."""


@dataclass(frozen=True, slots=True)
class _Matched:
    job: Job
    match: Match


@dataclass(frozen=True, slots=True)
class _Found:
    job: Job
    rows: FoundRows
    flow: Flow


@dataclass(frozen=True, slots=True)
class _Done:
    job: Job
    result: Any
    error: BaseException | None


@dataclass(frozen=True, slots=True)
class _Ended:
    worker: Worker


_Item = _Matched | _Found | _Done | _Ended


@dataclass(eq=False)
class _Pending:
    """A request that somebody on the loop waits for."""

    future: asyncio.Future[Any]
    on_matches: Callable[[Sequence[Match]], None] | None = None
    on_rows: Callable[[FoundRows], None] | None = None


class ThreadGateway:
    """Two lanes per peer, each a daemon thread with one association that is reused."""

    def __init__(
        self,
        scu_factory: ScuFactory | None = None,
        *,
        probe: Callable[[Peer], Iterator[ProbeStep]] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        idle_release: float = 10.0,
    ) -> None:
        """Call it inside the running loop."""
        self._loop = asyncio.get_running_loop()
        self._messages: deque[str] = deque(maxlen=_MESSAGES_KEPT)
        self._make_scu = scu_factory or self._real_scu
        self._probe = probe or _real_probe
        self._idle_release = idle_release
        self._inbox: ThreadInbox[_Item] = ThreadInbox(self._loop, self._take, most=_MOST_AT_ONCE)
        self._lanes: dict[PeerId, PeerLanes] = {}
        self._pending: dict[Job, _Pending] = {}
        self._clock = clock
        self._connections = Connections(clock)
        self._alive: set[Worker] = set()
        self._all_ended = asyncio.Event()
        self._closing = False
        self._learned = threading.local()

    def _real_scu(self, peer: Peer) -> Scu:
        load_dicom()
        from upsdesk.dicom.scu import UpsScu
        from upsdesk.dicom.wire_log import WireLog

        # What searches have learned stays with the thread of their lane: to learn it anew on each association
        # took 130 of 450 ms of a search for 20,000 rows.
        shapes: dict[str, Shapes] = self._learned.__dict__.setdefault("shapes", {})
        scu: Scu = UpsScu(peer, WireLog(self._note_message), shapes=shapes)
        return scu

    def _note_message(self, line: str) -> None:
        _LOG.info(line)
        self._messages.append(f"{self._clock():%Y-%m-%d %H:%M:%S.%f} {line}")

    def messages(self) -> tuple[str, ...]:
        return tuple(self._messages.copy())

    async def echo(self, peer: Peer) -> EchoAnswer:
        return await self._ask(peer, Lane.ACTS, lambda scu, job: scu.echo(), reads=True)

    async def find(
        self, peer: Peer, query: WorklistQuery, on_matches: Callable[[Sequence[Match]], None]
    ) -> Answer:
        def run(scu: Scu, job: Job) -> Answer:
            def on_match(match: Match) -> None:
                job.has_yielded = True
                self._inbox.put(_Matched(job, match))

            return scu.find(query, on_match, job.stop)

        return await self._ask(peer, Lane.QUERIES, run, reads=True, on_matches=on_matches)

    async def find_rows(
        self, peer: Peer, query: WorklistQuery, zone: tzinfo, on_rows: Callable[[FoundRows], None]
    ) -> Answer:
        def run(scu: Scu, job: Job) -> Answer:
            load_dicom()
            from upsdesk.dicom.found_rows import RowReader

            read, flow = RowReader(peer.id, query.keys, zone), Flow(job.stop)

            def on_rows(rows: list[Row], shapes: Shapes) -> None:
                job.has_yielded = True
                found = read(rows, shapes)
                flow.giving()
                self._inbox.put(_Found(job, found, flow))
                flow.gave()

            return scu.find_rows(query, on_rows, job.stop)

        return await self._ask(peer, Lane.QUERIES, run, reads=True, on_rows=on_rows)

    async def get(
        self,
        peer: Peer,
        uid: SopInstanceUid,
        tags: Sequence[int] | None = None,
        *,
        lane: Lane = Lane.ACTS,
    ) -> Answer:
        wanted = attributes.get_tags() if tags is None else tuple(tags)
        return await self._ask(peer, lane, lambda scu, job: scu.get(uid, wanted), reads=True)

    async def create(self, peer: Peer, uid: SopInstanceUid | None, elements: Elements) -> Answer:
        return await self._ask(peer, Lane.ACTS, lambda scu, job: scu.create(uid, elements))

    async def set(
        self,
        peer: Peer,
        uid: SopInstanceUid,
        elements: Elements,
        transaction_uid: TransactionUid | None = None,
    ) -> Answer:
        return await self._ask(peer, Lane.ACTS, lambda scu, job: scu.set(uid, elements, transaction_uid))

    async def change_state(
        self,
        peer: Peer,
        uid: SopInstanceUid,
        state: ProcedureStepState,
        transaction_uid: TransactionUid | None,
    ) -> Answer:
        return await self._ask(
            peer, Lane.ACTS, lambda scu, job: scu.change_state(uid, state, transaction_uid)
        )

    async def request_cancel(self, peer: Peer, uid: SopInstanceUid, request: CancelRequest) -> Answer:
        return await self._ask(peer, Lane.ACTS, lambda scu, job: scu.request_cancel(uid, request))

    async def subscribe(
        self,
        peer: Peer,
        uid: SopInstanceUid,
        receiving_ae: AeTitle,
        deletion_lock: bool,
        keys: tuple[MatchingKey, ...] = (),
    ) -> Answer:
        return await self._ask(
            peer, Lane.ACTS, lambda scu, job: scu.subscribe(uid, receiving_ae, deletion_lock, keys)
        )

    async def unsubscribe(self, peer: Peer, uid: SopInstanceUid, receiving_ae: AeTitle) -> Answer:
        return await self._ask(peer, Lane.ACTS, lambda scu, job: scu.unsubscribe(uid, receiving_ae))

    async def suspend(self, peer: Peer, uid: SopInstanceUid, receiving_ae: AeTitle) -> Answer:
        return await self._ask(peer, Lane.ACTS, lambda scu, job: scu.suspend(uid, receiving_ae))

    async def probe(self, peer: Peer) -> AsyncIterator[ProbeStep]:
        """The steps of a test as they are done, each on a connection that is the test's own."""
        steps: asyncio.Queue[ProbeStep | BaseException | None] = asyncio.Queue()

        def hand_over(batch: Batch[ProbeStep | BaseException | None]) -> None:
            for item in batch.items:
                steps.put_nowait(item)

        inbox: ThreadInbox[ProbeStep | BaseException | None] = ThreadInbox(self._loop, hand_over)

        def work() -> None:
            try:
                for step in self._probe(peer):
                    inbox.put(step)
            except Exception as error:  # raised again where the steps are awaited
                inbox.put(error)
            inbox.put(None)

        threading.Thread(target=work, name=f"upsdesk-probe-{peer.title}", daemon=True).start()
        try:
            while (step := await steps.get()) is not None:
                if isinstance(step, BaseException):
                    raise step
                yield step
        finally:
            inbox.close()

    def connection(self, peer: PeerId) -> Connection:
        return self._connections.of(peer)

    def on_connection(self, callback: Callable[[PeerId, Connection], None]) -> Callable[[], None]:
        return self._connections.subscribe(callback)

    async def close(self) -> None:
        self._closing = True
        self._connections.close()
        for lanes in self._lanes.values():
            for worker in lanes.workers:
                if not worker.close():
                    self._alive.add(worker)
        if self._alive and not await self._ended_within(_CLOSE_POLITELY):
            for worker in self._alive:
                threading.Thread(target=worker.abort, name=f"{worker.name}-abort", daemon=True).start()
            await self._ended_within(_CLOSE_BY_ABORT)
        self._inbox.close()
        for job in tuple(self._pending):
            self._settle(job, None, Interrupted("the program is closing", sent=job.started))

    async def _ended_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._all_ended.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _ask(
        self,
        peer: Peer,
        lane: Lane,
        run: Callable[[Scu, Job], Found],
        *,
        reads: bool = False,
        on_matches: Callable[[Sequence[Match]], None] | None = None,
        on_rows: Callable[[FoundRows], None] | None = None,
    ) -> Found:
        if self._closing:
            raise Interrupted("the program is closing")
        job = Job(peer, lane, run, self._job_done, may_repeat=reads)
        pending = _Pending(self._loop.create_future(), on_matches, on_rows)
        self._pending[job] = pending
        self._connections.asked(peer.id)
        lanes = self._lanes_of(peer)
        preempted = lanes.submit(job)
        if preempted is not None:
            self._loop.call_later(PREEMPT_SECONDS, _abort_if_still, lanes, preempted)
        try:
            return cast(Found, await pending.future)
        except asyncio.CancelledError:
            job.given_up = True
            job.stop.set()
            self._pending.pop(job, None)
            raise

    def _lanes_of(self, peer: Peer) -> PeerLanes:
        lanes = self._lanes.get(peer.id)
        if lanes is None:
            lanes = PeerLanes(str(peer.called_aet), self._make_scu, self._idle_release, self._worker_ended)
            self._lanes[peer.id] = lanes
        return lanes

    def _job_done(self, job: Job, result: Any, error: BaseException | None) -> None:
        self._inbox.put(_Done(job, result, error))

    def _worker_ended(self, worker: Worker) -> None:
        self._inbox.put(_Ended(worker))

    def _take(self, batch: Batch[_Item]) -> None:
        matches: dict[Job, list[Match]] = {}
        rows: dict[Job, FoundRows] = {}
        for item in batch.items:
            if isinstance(item, _Found):
                known = rows.setdefault(item.job, item.rows)
                if known is not item.rows:
                    known.add(item.rows)
            elif isinstance(item, _Matched):
                matches.setdefault(item.job, []).append(item.match)
            elif isinstance(item, _Done):
                self._hand_over(item.job, matches.pop(item.job, []), rows.pop(item.job, None))
                self._settle(item.job, item.result, item.error)
            else:
                self._alive.discard(item.worker)
                if not self._alive:
                    self._all_ended.set()
        for job in (*matches, *rows):
            self._hand_over(job, matches.get(job, []), rows.get(job))
        for item in batch.items:
            if isinstance(item, _Found):
                item.flow.took()

    def _hand_over(self, job: Job, found: list[Match], rows: FoundRows | None) -> None:
        pending = self._pending.get(job)
        if pending is None or pending.future.done():
            return
        try:
            if found and pending.on_matches is not None:
                pending.on_matches(found)
            if rows is not None and pending.on_rows is not None:
                pending.on_rows(rows)
        except Exception as error:  # presented by whoever awaits the search
            pending.future.set_exception(error)
            job.stop.set()

    def _settle(self, job: Job, result: Any, error: BaseException | None) -> None:
        pending = self._pending.pop(job, None)
        if pending is not None and not pending.future.done():
            if error is not None:
                pending.future.set_exception(error)
            else:
                pending.future.set_result(result)
        if error is None or isinstance(error, ContextRefused):
            self._connections.answered(job.peer.id)
        elif isinstance(error, NoAnswer) and not isinstance(error, Interrupted):
            self._connections.failed(job.peer.id, no_answer(error))
        else:
            self._connections.given_up(job.peer.id)


def _abort_if_still(lanes: PeerLanes, job: Job) -> None:
    worker = lanes.acts
    if worker.current is job:
        threading.Thread(target=worker.abort, name=f"{worker.name}-abort", daemon=True).start()


def _real_probe(peer: Peer) -> Iterator[ProbeStep]:
    load_dicom()
    from upsdesk.dicom.probe import probe

    steps: Iterator[ProbeStep] = probe(peer)
    return steps
