"""One search of what a peer's plan asks for: its queries, and the rows that they did not bring."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import filterfalse
from typing import TYPE_CHECKING

from upsdesk.domain.elements import Path
from upsdesk.domain.errors import NoAnswer, UnexpectedResponse
from upsdesk.domain.events import Event, Found
from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.operation import Answer
from upsdesk.domain.peer import Peer
from upsdesk.domain.plain import plain
from upsdesk.domain.query import SearchPlan, with_return_keys
from upsdesk.domain.status import Kind, Outcome
from upsdesk.domain.workitem import Workitem
from upsdesk.services.beside import Beside
from upsdesk.services.flags import AsideKind
from upsdesk.services.freshness import Evidence
from upsdesk.services.missed import MissedReports
from upsdesk.services.reading import WorkitemReader
from upsdesk.services.search_state import Ignored

if TYPE_CHECKING:
    from upsdesk.dicom.found_rows import FoundRows
    from upsdesk.services.desk import Desk

_MOST_WIDER_READS = 200
_MOST_UNREADABLE = 5
"""Workitems about which a server may answer nonsense; each costs an association."""
_CHANGED_AT_ONCE = 100
"""Known workitems that an answer changes, in one turn of the loop: 10 ms."""


class PlanSearch:
    """One generation: what is not seen in a complete one is looked at."""

    def __init__(
        self,
        desk: Desk,
        peer: Peer,
        number: int,
        plan: SearchPlan,
        limit: int | None,
        extra_return_keys: tuple[Path, ...],
        *,
        beside: Beside,
        reader: WorkitemReader,
        missed: MissedReports,
        evidence: Evidence,
        on_rows: Callable[[PlanSearch], None],
    ) -> None:
        """`on_rows` hears that some more are in the store."""
        self._desk = desk
        self.peer = peer
        self.number = number
        self.plan = plan
        self.limit = limit
        self.began = desk.clock()
        self._extra = extra_return_keys
        self._beside = beside
        self._reader = reader
        self._missed = missed
        self._evidence = evidence
        self._on_rows = on_rows
        self.seen: set[WorkitemKey] = set()
        self.corrected: set[WorkitemKey] = set()
        self.ignored = Ignored()
        self.nameless = 0
        """Rows that name no workitem."""
        self._received = 0
        """Rows of all queries, as they count against the limit."""
        self._changed: list[Workitem] = []
        """Answers about known workitems that tell something else; they are read a few at a time."""

    @property
    def is_full(self) -> bool:
        return self.limit is not None and self._received >= self.limit

    async def ask(self) -> Outcome | None:
        """The queries of the plan, one after the other; the first failure ends them and is returned."""
        zone = self._desk.zone_of(self.peer.id)
        today = self._desk.clock().astimezone(self._desk.zone).date()
        for query in self.plan.queries(today, self._desk.zone):
            keys = with_return_keys(query.return_keys, self._extra)
            left = self.limit - self._received if self.limit is not None else None
            sent = replace(query, return_keys=keys, limit=left)
            try:
                answer = await self._desk.gateway.find_rows(self.peer, sent, zone, self._take_in)
            except NoAnswer:
                # At the limit the rows that were asked for are here, however it took the C-CANCEL.
                if not self.is_full:
                    raise
            except ValueError as error:  # a key that its VR cannot hold, out of a file that somebody edited
                return Outcome(Kind.FAILURE, f"This cannot be asked: {error}.", "Change what is asked for.")
            while self._changed:
                self._catch_up()
                await asyncio.sleep(0)
            if self.is_full:
                return None
            if not answer.outcome.is_done:
                return _told(answer)
        return None

    def _take_in(self, found: FoundRows) -> None:
        store = self._desk.store
        self._received += len(found)
        self.nameless += found.nameless
        keys = [workitem.key for workitem in found.workitems]
        self.seen.update(keys)
        if self.ignored:
            for key in keys:
                self.ignored.drop(key.uid)
        for misfit in found.misfits:
            if WorkitemKey(self.peer.id, misfit.uid) not in self.seen:
                self.ignored.add(misfit.uid, misfit, misfit.paths)
        new, others = store.take_new(found.workitems)
        if self._evidence.is_proving:
            self.corrected.update(one.key for one in new if one.state is not None and not one.state.is_final)
        self._changed += others
        self._catch_up()
        if store.has_asides:
            store.set_aside([key for key in keys if store.aside(key) is not None], None)
        self._on_rows(self)

    def _catch_up(self) -> None:
        """Read a few answers that tell something else of known workitems."""
        part = self._changed[:_CHANGED_AT_ONCE]
        del self._changed[:_CHANGED_AT_ONCE]
        store, now = self._desk.store, self._desk.clock()
        events: list[Event] = []
        for told in store.take_fuller(part):
            if store.get(told.key) is None:
                continue  # nobody watches this peer any more
            assert told.data is not None  # it is as an answer told it
            elements = store.decode(told.data)
            if not self._reader.is_outdated(told.key, elements, self.began):
                events.append(Found(told.key, elements, told.data, now))
        if events:
            self.corrected |= self._missed.corrections(self._desk.apply(*events))

    def catch_up_soon(self) -> None:
        """All that came, while the window goes on."""
        self._catch_up()
        if self._changed:
            asyncio.get_running_loop().call_soon(self.catch_up_soon)

    async def check_unseen(self) -> None:
        """Rows that a complete generation did not bring are read: gone, ended, or outside the list.

        What stands aside because it lies outside the keys is no part of the generation: not to be seen there
        says nothing about it.
        """
        store, wider = self._desk.store, 0
        unreadable: list[UnexpectedResponse] = []
        for key in list(filterfalse(self.seen.__contains__, store.keys(self.peer.id))):
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
            self.corrected |= self._missed.corrections(changes)
            self._beside.settle(key, self.plan)
        if unreadable:
            raise unreadable[0]


def _told(answer: Answer) -> Outcome:
    """Why a query failed, in the server's own words too."""
    if not answer.error_comment:
        return answer.outcome
    next_step = f"The server says: {plain(answer.error_comment).rstrip('.')}. {answer.outcome.next_step}"
    return replace(answer.outcome, next_step=next_step.rstrip())
