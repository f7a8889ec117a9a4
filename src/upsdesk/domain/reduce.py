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
        return Reduced(after, _changed(before, after, _all_fields()))
    before = known or Workitem(event.key)
    if isinstance(event, StateReported):
        if (
            before.state is not None
            and event.state is not before.state
            and event.state.rank <= before.state.rank
        ):
            return Reduced(before if known else None, was_late=True)
        after, told = _with_state(before, event), _OF_STATE
    elif isinstance(event, ProgressReported):
        progress = _merged(before.progress, event.progress)
        after = replace(before, progress=progress) if progress != before.progress else before
        told = _OF_PROGRESS
    elif isinstance(event, Assigned):
        after, told = read_columns(before, event.elements, default_zone=default_zone), _all_fields()
    else:
        assert isinstance(event, CancelRequested)
        after, told = before, _NONE
    return Reduced(after, _changed(before, after, told) if known else _all_fields())


_NONE: frozenset[str] = frozenset()
_OF_PROGRESS = frozenset({"progress"})
_OF_STATE = frozenset({"state", "readiness", "state_reported_at"})


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


def _changed(before: Workitem, after: Workitem, told: frozenset[str]) -> frozenset[str]:
    """Which of the fields that an event can tell have another value."""
    if after is before:
        return _NONE
    if all(getattr(before, name) != getattr(after, name) for name in told):
        return told
    return frozenset(name for name in told if getattr(before, name) != getattr(after, name))


@cache
def _all_fields() -> frozenset[str]:
    return frozenset(field.name for field in fields(Workitem))
