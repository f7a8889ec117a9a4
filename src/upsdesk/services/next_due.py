"""Which workitem is the next one for this desk's station."""

from __future__ import annotations

from datetime import UTC, datetime

from upsdesk.domain.keys import PeerId, WorkitemKey
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import InputReadiness, Priority, Workitem
from upsdesk.services.store import WorklistStore

_LAST = datetime.max.replace(tzinfo=UTC)
_RANK: dict[Priority | None, int] = {Priority.HIGH: 0, Priority.MEDIUM: 1, Priority.LOW: 2, None: 3}


def next_due(store: WorklistStore, peer: PeerId, station: str) -> WorkitemKey | None:
    """The earliest Scheduled and Ready workitem of a station, filtered out or not; of two the more urgent."""
    items = (store.get(key) for key in store.keys(peer) if store.aside(key) is None)
    due = [item for item in items if item is not None and _is_due(item, station)]
    return min(due, key=_place).key if due else None


def _is_due(item: Workitem, station: str) -> bool:
    return (
        item.state is ProcedureStepState.SCHEDULED
        and item.readiness is InputReadiness.READY
        and any(code.value == station for code in item.stations)
    )


def _place(item: Workitem) -> tuple[datetime, int]:
    return (item.start.instant if item.start is not None else _LAST, _RANK[item.priority])
