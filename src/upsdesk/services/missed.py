"""Which changes a report should have told: what a search corrects was missed, or its report comes late."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from upsdesk.domain.keys import PeerId, WorkitemKey
from upsdesk.services.activity import ActivityEntry, ActivityKind
from upsdesk.services.changes import ChangeSet
from upsdesk.services.freshness import Evidence

if TYPE_CHECKING:
    from upsdesk.services.desk import Desk

_REPORTED_FIELDS = frozenset({"state", "readiness", "stations", "performers"})
"""What a conformant peer tells by report (PS3.4 Table CC.2.4-1)."""


class MissedReports:
    """Compares what searches corrected with the reports that came; used on the loop's thread."""

    def __init__(
        self,
        desk: Desk,
        evidence_of: Callable[[PeerId], Evidence],
        tell: Callable[[PeerId], None],
        grace: float,
    ) -> None:
        """`grace`: seconds that a report may come after the answer that already shows its change."""
        self._desk = desk
        self._evidence_of = evidence_of
        self._tell = tell
        self.grace = grace
        self._reported: dict[WorkitemKey, datetime] = {}
        self._judgements: dict[int, tuple[PeerId, asyncio.TimerHandle]] = {}

    def reports_came(self, keys: Iterable[WorkitemKey], at: datetime) -> None:
        self._reported.update(dict.fromkeys(keys, at))

    def forget(self, peer_id: PeerId) -> None:
        """The peer is not watched any more."""
        self._reported = {key: at for key, at in self._reported.items() if key.peer != peer_id}
        for number in [number for number, (peer, _) in self._judgements.items() if peer == peer_id]:
            self._judgements.pop(number)[1].cancel()

    def close(self) -> None:
        for _, handle in self._judgements.values():
            handle.cancel()
        self._judgements.clear()

    @property
    def is_waiting(self) -> bool:
        """Whether some search is still to be judged."""
        return bool(self._judgements)

    def corrections(self, changes: ChangeSet) -> set[WorkitemKey]:
        """Of what a search changed, that which a report should have told."""
        get = self._desk.store.get
        new = {
            key
            for key in changes.inserted
            if (item := get(key)) is not None and item.state is not None and not item.state.is_final
        }
        return new | {key for key, names in changes.updated.items() if names & _REPORTED_FIELDS}

    def look(self, peer_id: PeerId, number: int, corrected: set[WorkitemKey], previous: datetime) -> None:
        """Search `number` has come to its end; `previous` is when the one before it did."""
        evidence = self._evidence_of(peer_id)
        subscribed = evidence.subscribed_at
        if subscribed is None or subscribed > previous or not evidence.is_listening:
            return  # nothing was promised for the time before
        if not corrected:
            evidence.missed = 0
            return
        handle = asyncio.get_running_loop().call_later(
            self.grace, self._judge, peer_id, number, corrected, previous
        )
        self._judgements[number] = peer_id, handle

    def _judge(self, peer_id: PeerId, number: int, corrected: set[WorkitemKey], previous: datetime) -> None:
        self._judgements.pop(number, None)
        missed = [key for key in corrected if not self._was_reported(key, previous)]
        self._evidence_of(peer_id).missed = len(missed)
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
                peer=peer_id,
            )
        )
        self._tell(peer_id)

    def _was_reported(self, key: WorkitemKey, since: datetime) -> bool:
        at = self._reported.get(key)
        return at is not None and at >= since
