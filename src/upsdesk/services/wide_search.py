"""Searches a server of any date and station for one text: by name, patient ID, accession and admission ID."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from upsdesk.domain import tags
from upsdesk.domain.elements import Path
from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.events import Found
from upsdesk.domain.judge import Judge
from upsdesk.domain.keys import SopInstanceUid, WorkitemKey
from upsdesk.domain.peer import Peer
from upsdesk.domain.query import SearchPlan, WorklistQuery, wide_queries, with_return_keys
from upsdesk.domain.status import Outcome, no_answer
from upsdesk.services.beside import Beside
from upsdesk.services.flags import Aside, AsideKind
from upsdesk.services.search_state import WideState, vr_of_key

if TYPE_CHECKING:
    from upsdesk.dicom.scu import Match
    from upsdesk.services.desk import Desk

_MOST_FOUND = 2_000
"""Of one query: nobody reads more than that, and it ends with C-CANCEL."""


class WideSearch:
    """One such search. What it finds outside the list is marked as that and listed beside it."""

    def __init__(
        self,
        desk: Desk,
        beside: Beside,
        peer: Peer,
        text: str,
        plan: SearchPlan,
        extra_return_keys: tuple[Path, ...],
        publish: Callable[[WideState], None],
    ) -> None:
        self._desk = desk
        self._beside = beside
        self._peer = peer
        self._plan = plan
        self._extra = extra_return_keys
        self._publish = publish
        self._aside = Aside(AsideKind.WIDER, text)
        self._seen: set[WorkitemKey] = set()
        self.state = WideState(text, running=True)

    async def run(self) -> None:
        """One query each, merged. A query that is refused does not end the others; no answer at all does."""
        failed: Outcome | None = None
        is_stopped = True
        self._tell(self.state)
        try:
            for query in wide_queries(self.state.text, self._plan.via):
                keys = with_return_keys(query.return_keys, self._extra)
                failed = await self._ask(replace(query, return_keys=keys, limit=_MOST_FOUND)) or failed
            is_stopped = False
        except NoAnswer as error:
            failed, is_stopped = no_answer(error, is_harmless=True), False
        finally:
            ended = replace(self.state, running=False, stopped=is_stopped, outcome=failed)
            self._tell(ended)

    async def _ask(self, query: WorklistQuery) -> Outcome | None:
        judge = Judge(query.keys, vr_of_key, self._desk.zone_of(self._peer.id))
        count = 0

        def on_matches(matches: Sequence[Match]) -> None:
            nonlocal count
            count += len(matches)
            self._take_in(matches, judge)

        answer = await self._desk.gateway.find(self._peer, query, on_matches)
        return None if answer.outcome.is_done or count >= _MOST_FOUND else answer.outcome

    def _take_in(self, matches: Sequence[Match], judge: Judge) -> None:
        store, now = self._desk.store, self._desk.clock()
        found: dict[WorkitemKey, Match] = {}
        for match in matches:
            uid = match.elements.text(tags.SOP_INSTANCE_UID)
            if uid and not judge.misfits(match.elements):
                found[WorkitemKey(self._peer.id, SopInstanceUid(uid))] = match
        self._seen |= found.keys()
        beside = [key for key in found if store.get(key) is None or store.aside(key) is not None]
        store.set_aside(beside, self._aside)
        self._desk.apply(*(Found(key, match.elements, match.data, now) for key, match in found.items()))
        if self._plan.is_day:
            store.set_aside([key for key in beside if not self._beside.is_outside_day(key)], None)
        self._tell(replace(self.state, found=len(self._seen)))

    def _tell(self, state: WideState) -> None:
        self.state = state
        self._publish(state)
