"""How a filter stands in its file and in the window's state: a table of plain values of TOML or JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

from upsdesk.domain.criteria import AnySpan, Choice, Criteria, Hours, Period, Span
from upsdesk.domain.peer import UpsClass
from upsdesk.domain.query import MatchingKey, SearchPlan
from upsdesk.domain.saved_filter import SavedFilter
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import InputReadiness, Priority

_LONGEST_TEXT = 400
_MINUTE = "%Y-%m-%d %H:%M"
"""Of the wall clock."""
_UNTOLD = ""
"""Stands for a priority or readiness that the server has not told."""
_Kind = TypeVar("_Kind", bound=Enum)


class Unusable(ValueError):
    """Right TOML, wrong content; the message is safe to show."""


def written_filter(one: SavedFilter) -> dict[str, Any]:
    """One filter as plain values of TOML or JSON."""
    found: dict[str, Any] = {"name": one.name, **written_criteria(one.criteria)}
    plan = one.plan
    if plan.states:
        found["sent_states"] = sorted(state.value for state in plan.states)
    if plan.keys:
        found["sent"] = [{"key": _written_path(key.path), "value": key.value} for key in plan.keys]
    if plan.via is not UpsClass.PULL:
        found["via"] = plan.via.value
    if plan.limit is not None:
        found["limit"] = plan.limit
    return found


def written_criteria(criteria: Criteria) -> dict[str, Any]:
    """Criteria as plain values of TOML or JSON; what narrows nothing is left out."""
    found: dict[str, Any] = {
        "text": criteria.text,
        "states": sorted(state.value for state in criteria.states),
        "overdue": criteria.overdue,
        "held": criteria.held,
        "silent": criteria.silent,
        "followed": criteria.followed,
        "kept_at_server": criteria.kept_at_server,
        **_written_span(criteria.span),
        "priorities": sorted(one.value if one else _UNTOLD for one in criteria.priorities),
        "worklists": sorted(criteria.worklists),
    }
    readiness = Choice(
        frozenset(one.value if one else _UNTOLD for one in criteria.inputs.values), criteria.inputs.is_only
    )
    kept = {name: value for name, value in found.items() if value}
    for name, choice in (("stations", criteria.stations), ("inputs", readiness)):
        if not choice.is_open:
            kept[f"{'only' if choice.is_only else 'hidden'}_{name}"] = sorted(choice.values)
    return kept


def _written_span(span: AnySpan) -> dict[str, Any]:
    if isinstance(span, Period):
        return {"start_from": span.start.strftime(_MINUTE), "start_until": span.end.strftime(_MINUTE)}
    if isinstance(span, Hours):
        return {"start_hours": [span.before, span.after]}
    return {"start": span.value} if span is not Span.ANY else {}


def _written_path(path: tuple[int, ...]) -> str:
    """Tags from the top level down: `00404025.00080100`."""
    return ".".join(f"{tag:08X}" for tag in path)


_CRITERIA = frozenset(
    {
        "text",
        "states",
        "overdue",
        "held",
        "silent",
        "followed",
        "kept_at_server",
        "start",
        "start_hours",
        "start_from",
        "start_until",
        "priorities",
        "worklists",
    }
    | {"only_stations", "hidden_stations", "only_inputs", "hidden_inputs"}
)
_SENT = frozenset({"sent_states", "sent", "via", "limit"})


def read_filter(entry: Mapping[str, Any]) -> SavedFilter:
    """What `written_filter` wrote; raise ValueError, also for what this version does not know.

    A filter without one of its parts would show other rows than its name says.
    """
    rest = {name: value for name, value in entry.items() if name not in _SENT and name != "name"}
    return SavedFilter(_text(entry, "name"), read_criteria(rest), _read_plan(entry))


def _read_plan(entry: Mapping[str, Any]) -> SearchPlan:
    limit = entry.get("limit")
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise Unusable("limit is a whole number from 1")
    sent = entry.get("sent", [])
    if not isinstance(sent, list):
        raise Unusable("sent is a list of keys")
    return SearchPlan(
        states=frozenset(_kind(ProcedureStepState, value) for value in _texts(entry, "sent_states")),
        keys=tuple(map(_read_key, sent)),
        via=_kind(UpsClass, _text(entry, "via") or UpsClass.PULL.value),
        limit=limit,
    )


def read_criteria(entry: Mapping[str, Any]) -> Criteria:
    """What `written_criteria` wrote; raise ValueError."""
    unknown = entry.keys() - _CRITERIA
    if unknown:
        raise Unusable(f"{min(unknown)!r} is not known")
    return Criteria(
        text=_text(entry, "text"),
        states=frozenset(_kind(ProcedureStepState, value) for value in _texts(entry, "states")),
        overdue=_flag(entry, "overdue"),
        held=_flag(entry, "held"),
        silent=_flag(entry, "silent"),
        followed=_flag(entry, "followed"),
        kept_at_server=_flag(entry, "kept_at_server"),
        span=_read_span(entry),
        priorities=frozenset(_kind_or_none(Priority, value) for value in _texts(entry, "priorities")),
        worklists=frozenset(_texts(entry, "worklists")),
        stations=_choice(entry, "stations"),
        inputs=_readiness(_choice(entry, "inputs")),
    )


def _read_span(entry: Mapping[str, Any]) -> AnySpan:
    known = [name for name in ("start", "start_hours", "start_from") if name in entry]
    if len(known) > 1 or ("start_until" in entry) is not ("start_from" in entry):
        raise Unusable("a range is start, start_hours, or start_from with start_until")
    if "start_hours" in entry:
        return _read_hours(entry["start_hours"])
    if "start_from" in entry:
        return Period(_minute(entry, "start_from"), _minute(entry, "start_until"))
    start = _text(entry, "start")
    return _kind(Span, start) if start else Span.ANY


def _read_hours(hours: object) -> Hours:
    if not (isinstance(hours, list) and len(hours) == 2 and all(type(one) is int for one in hours)):
        raise Unusable("start_hours is two whole numbers")
    return Hours(*hours)


def _minute(entry: Mapping[str, Any], name: str) -> datetime:
    try:
        return datetime.strptime(_text(entry, name), _MINUTE)
    except ValueError:
        raise Unusable(f"{name} is a date and a time: 2026-07-01 08:00") from None


def _readiness(choice: Choice[str]) -> Choice[InputReadiness | None]:
    values = frozenset(_kind_or_none(InputReadiness, value) for value in choice.values)
    return Choice(values, choice.is_only)


def _choice(entry: Mapping[str, Any], name: str) -> Choice[str]:
    is_only = f"only_{name}" in entry
    if is_only and f"hidden_{name}" in entry:
        raise Unusable(f"only_{name} and hidden_{name} exclude each other")
    return Choice(frozenset(_texts(entry, f"{'only' if is_only else 'hidden'}_{name}")), is_only)


def _kind(kind: type[_Kind], value: str) -> _Kind:
    try:
        return kind(value)
    except ValueError:
        raise Unusable(f"{value!r} is not known") from None


def _kind_or_none(kind: type[_Kind], value: str) -> _Kind | None:
    return _kind(kind, value) if value != _UNTOLD else None


def _flag(entry: Mapping[str, Any], name: str) -> bool:
    value = entry.get(name, False)
    if not isinstance(value, bool):
        raise Unusable(f"{name} is true or false")
    return value


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name, "")
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise Unusable(f"{name} is a text of at most {_LONGEST_TEXT} characters")
    return value


def _texts(entry: Mapping[str, Any], name: str) -> list[str]:
    value = entry.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Unusable(f"{name} is a list of texts")
    return value


def _read_key(entry: object) -> MatchingKey:
    if not isinstance(entry, dict) or entry.keys() != {"key", "value"}:
        raise Unusable("a key that is sent has key and value")
    path, value = _text(entry, "key"), _text(entry, "value")
    parts = path.split(".")
    digits = "0123456789ABCDEF"
    if len(parts) > 10 or not all(len(part) == 8 and set(part) <= set(digits) for part in parts):
        raise Unusable(f"{path!r} names no attribute")
    return MatchingKey(tuple(int(part, 16) for part in parts), value)
