"""Reads single workitems for the list by N-GET: what a search did not bring, and what reports named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from upsdesk.domain import tags
from upsdesk.domain.elements import Elements
from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.events import Event, Read, Removed
from upsdesk.domain.keys import PeerId, WorkitemKey
from upsdesk.domain.operation import Answer
from upsdesk.domain.query import SearchPlan
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import EncodedDataSet
from upsdesk.services.activity import ActivityEntry, ActivityKind
from upsdesk.services.beside import Beside
from upsdesk.services.changes import ChangeSet
from upsdesk.services.desk_file import DeskFileError
from upsdesk.services.flags import Aside, AsideKind
from upsdesk.services.lanes import Lane
from upsdesk.services.results import GONE

if TYPE_CHECKING:
    from upsdesk.services.desk import Desk


class WorkitemReader:
    """On the queries lane, one at a time; used on the loop's thread."""

    def __init__(self, desk: Desk, beside: Beside, plan_of: Callable[[PeerId], SearchPlan]) -> None:
        self._desk = desk
        self._beside = beside
        self._plan_of = plan_of
        self._reading: set[WorkitemKey] = set()

    async def read(self, keys: Iterable[WorkitemKey]) -> None:
        """Whole workitems. A peer that does not answer leaves what is known."""
        for key in keys:
            if key in self._reading:
                continue
            self._reading.add(key)
            try:
                await self.read_one(key, None)
            except NoAnswer:
                return
            finally:
                self._reading.discard(key)

    async def read_unknown(self, keys: Iterable[WorkitemKey]) -> None:
        """Workitems that a report named; those outside the worklist do not become rows."""
        for key in keys:
            if key in self._reading or self._desk.store.get(key) is not None:
                continue
            self._reading.add(key)
            try:
                plan = self._plan_of(key.peer)
                if not plan.is_day:  # until it is read, nobody knows that it belongs to the list
                    self._desk.store.set_aside([key], Aside(AsideKind.OUTSIDE))
                await self.read_one(key, None)
                self._beside.settle(key, plan)
            except NoAnswer:
                return
            finally:
                self._reading.discard(key)

    async def read_one(self, key: WorkitemKey, wanted: Sequence[int] | None) -> ChangeSet:
        """N-GET one workitem into the store; `wanted` None reads all of it. Raise NoAnswer."""
        peer = self._desk.peer(key.peer)
        asked = self._desk.clock()
        answer = await self._desk.gateway.get(peer, key.uid, wanted, lane=Lane.QUERIES)
        event = _event_of(key, answer, self._desk.clock(), whole=wanted is None)
        if event is None or (isinstance(event, Read) and self.is_outdated(key, event.elements, asked)):
            return ChangeSet()
        changes = self._desk.apply(event)
        try:
            await self._desk.settle(key)
        except DeskFileError as error:
            self._desk.activity.add(
                ActivityEntry(self._desk.clock(), ActivityKind.NOTE, "Vault", detail=str(error), key=key)
            )
        return changes

    def is_outdated(self, key: WorkitemKey, elements: Elements, asked: datetime) -> bool:
        """A report that came after the question told a higher state than this answer does."""
        known = self._desk.store.get(key)
        if known is None or known.state is None or known.state_reported_at is None:
            return False
        state = ProcedureStepState.read(elements.text(tags.PROCEDURE_STEP_STATE))
        if state is None:
            return False
        return known.state_reported_at >= asked and state.rank < known.state.rank


def _event_of(key: WorkitemKey, answer: Answer, now: datetime, *, whole: bool) -> Event | None:
    if answer.status in GONE:
        return Removed(key, now)
    if not answer.outcome.is_done or answer.elements is None:
        return None
    data = None
    if whole and answer.data is not None:
        data = EncodedDataSet(answer.data, answer.transfer_syntax)
    return Read(key, answer.elements, data, now, whole=whole)
