"""How an event changes what is known of a workitem; tolerates duplicates and reordering."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import UTC, tzinfo
from functools import cache

from upsdesk.domain.events import (
    Assigned,
    CancelRequested,
    Found,
    ProgressReported,
    Read,
    Removed,
    StateReported,
    WorkitemEvent,
)
from upsdesk.domain.workitem import Progress, Workitem, first_read, read_columns


@dataclass(frozen=True, slots=True)
class Reduced:
    """The workitem afterwards (None: gone), and the names of the fields that changed."""

    workitem: Workitem | None
    changed: frozenset[str] = frozenset()
    was_late: bool = False
    """A report told a state of lower rank than the known one; it was ignored."""


def apply(known: Workitem | None, event: WorkitemEvent, *, default_zone: tzinfo = UTC) -> Reduced:
    """What is known after `event`. Applying the same event twice changes nothing the second time."""
    if isinstance(event, Removed):
        return Reduced(None)
    if isinstance(event, Found | Read):
        whole = isinstance(event, Read) and event.whole
        if known is None:
            new = first_read(event.key, event.elements, event.data, whole=whole, default_zone=default_zone)
            return Reduced(new, _all_fields())
        before = known
        after = read_columns(before, event.elements, whole=whole, default_zone=default_zone)
        # A C-FIND holds less than an N-GET: the fuller data set stays while nothing of both differs.
        if event.data is not None and (whole or before.data is None or after != before):
            after = replace(after, data=event.data)
        if after.state is not before.state:
            after = replace(after, state_reported_at=None)
        return Reduced(after, _changed(before, after))
    before = known or Workitem(event.key)
    if isinstance(event, StateReported):
        if (
            before.state is not None
            and event.state is not before.state
            and event.state.rank <= before.state.rank
        ):
            return Reduced(before if known else None, was_late=True)
        after = _with_state(before, event)
    elif isinstance(event, ProgressReported):
        after = replace(before, progress=_merged(before.progress, event.progress))
    elif isinstance(event, Assigned):
        after = read_columns(before, event.elements, default_zone=default_zone)
    else:
        assert isinstance(event, CancelRequested)
        after = before
    return Reduced(after, _changed(before, after) if known else _all_fields())


def _with_state(before: Workitem, event: StateReported) -> Workitem:
    same = event.state is before.state
    return replace(
        before,
        state=event.state,
        readiness=event.readiness or before.readiness,
        state_reported_at=before.state_reported_at if same and before.state_reported_at else event.at,
    )


def _merged(known: Progress, told: Progress) -> Progress:
    return Progress(
        told.percent if told.percent is not None else known.percent, told.description or known.description
    )


def _changed(before: Workitem, after: Workitem) -> frozenset[str]:
    if after is before:
        return frozenset()
    return frozenset(name for name in _all_fields() if getattr(before, name) != getattr(after, name))


@cache
def _all_fields() -> frozenset[str]:
    return frozenset(field.name for field in fields(Workitem))
