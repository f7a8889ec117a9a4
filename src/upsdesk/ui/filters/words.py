"""Filters in words: what is applied here, and what is sent to the server."""

from __future__ import annotations

from collections.abc import Iterable

from upsdesk.domain.criteria import Choice, Criteria, Span
from upsdesk.domain.saved_filter import SavedFilter
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import InputReadiness, Priority
from upsdesk.ui import masking, presenter
from upsdesk.ui.query.words import key_words

NO_STATION = "No station"
NO_WORKLIST = "No worklist"
NOT_TOLD = "Not told"
_MOST_NAMED = 3


def criteria_words(criteria: Criteria) -> tuple[str, ...]:
    """Each filter that is applied here, in the order of the controls."""
    told: list[str] = []
    if criteria.text.strip():
        told.append(f"Text: “{masking.typed(criteria.text.strip())}”")
    if criteria.priorities:
        told.append(f"Priority: {priorities_words(criteria.priorities)}")
    if criteria.worklists:
        told.append(f"Worklist: {_some(worklist_words(one) for one in sorted(criteria.worklists))}")
    if criteria.span is not Span.ANY:
        told.append(f"Start: {criteria.span.words}")
    if criteria.states:
        states = (state.words for state in ProcedureStepState if state in criteria.states)
        told.append(f"State: {presenter.listed(states)}")
    if criteria.overdue:
        told.append("Overdue only")
    if criteria.held:
        told.append("Held here only")
    if criteria.silent:
        told.append("Silent for 4 h only")
    if criteria.kept_at_server:
        told.append("Kept at the server only")
    elif criteria.followed:
        told.append("Followed only")
    if not criteria.stations.is_open:
        names = sorted(criteria.stations.values, key=str.casefold)
        told.append(f"Station: {_choice(criteria.stations, [name or NO_STATION for name in names])}")
    if not criteria.inputs.is_open:
        chosen = [readiness_words(one) for one in (*InputReadiness, None) if one in criteria.inputs.values]
        told.append(f"Inputs: {_choice(criteria.inputs, chosen)}")
    return tuple(told)


def priorities_words(priorities: Iterable[Priority | None]) -> str:
    chosen = set(priorities)
    return presenter.listed(priority_words(one) for one in (*Priority, None) if one in chosen)


def priority_words(priority: Priority | None) -> str:
    return priority.words if priority else NOT_TOLD


def readiness_words(readiness: InputReadiness | None) -> str:
    return readiness.words if readiness else NOT_TOLD


def worklist_words(worklist: str) -> str:
    return worklist or NO_WORKLIST


def sent_words(one: SavedFilter) -> tuple[str, ...]:
    """What a saved filter asks the server for; nothing when it asks for the usual worklist."""
    plan, told = one.plan, []
    if plan.states:
        states = (state.words for state in ProcedureStepState if state in plan.states)
        told.append(f"State: {presenter.listed(states)}")
    told += [key_words(key) for key in plan.keys]
    if plan.limit is not None:
        told.append(f"At most {presenter.count_words(plan.limit, 'row')}")
    return tuple(told)


def _some(names: Iterable[str]) -> str:
    found = list(names)
    more = len(found) - _MOST_NAMED
    return presenter.listed([*found[:_MOST_NAMED], f"{more} more"] if more > 0 else found)


def _choice(choice: Choice, names: list[str]) -> str:
    if not names:
        return "none"
    return f"{'only' if choice.is_only else 'not'} {_some(names)}"
