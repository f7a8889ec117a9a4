"""The saved filters of a desk: what is kept of them in `filters.toml`, in which order, under which names."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from upsdesk.domain import tags
from upsdesk.domain.criteria import Choice, Criteria, Hours, Span, without_text
from upsdesk.domain.peer import UpsClass
from upsdesk.domain.query import MatchingKey, SearchPlan
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import InputReadiness, Priority
from upsdesk.services.callbacks import Callbacks
from upsdesk.services.files import FILTERS, write_atomically

_VERSION = 1
_LONGEST_NAME = 40
_LONGEST_TEXT = 400
_MOST_BYTES = 1_000_000
_MOST_FILTERS = 200
_UNTOLD = ""
"""Stands for a priority or readiness that the server has not told."""
_Kind = TypeVar("_Kind", bound=Enum)

_HARMLESS = frozenset(
    {
        tags.PROCEDURE_STEP_STATE,
        tags.SCHEDULED_PROCEDURE_STEP_PRIORITY,
        tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME,
        tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME,
        tags.SCHEDULED_PROCEDURE_STEP_MODIFICATION_DATE_TIME,
        tags.EXPECTED_COMPLETION_DATE_TIME,
        tags.INPUT_READINESS_STATE,
        tags.WORKLIST_LABEL,
        tags.PROCEDURE_STEP_LABEL,
        tags.SCHEDULED_WORKITEM_CODE_SEQUENCE,
        tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE,
        tags.SCHEDULED_STATION_CLASS_CODE_SEQUENCE,
        tags.SCHEDULED_STATION_GEOGRAPHIC_LOCATION_CODE_SEQUENCE,
    }
)
"""Attributes that name no person; the value of any other key may."""


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """One filter under its name: what is applied here, and what is sent to the server."""

    name: str
    criteria: Criteria
    plan: SearchPlan = field(default_factory=SearchPlan)
    is_built_in: bool = False

    @property
    def names_somebody(self) -> bool:
        """It has typed text, or a key whose value may be a patient's."""
        return bool(self.criteria.text.strip()) or any(map(_may_name, self.plan.keys))

    def without_names(self) -> SavedFilter:
        """What may be kept on disk without a question."""
        keys = tuple(key for key in self.plan.keys if not _may_name(key))
        return replace(self, criteria=without_text(self.criteria), plan=replace(self.plan, keys=keys))

    def asks_the_same(self, other: SavedFilter) -> bool:
        """Everything but the name is equal."""
        return replace(self, name="", is_built_in=False) == replace(other, name="", is_built_in=False)


def _may_name(key: MatchingKey) -> bool:
    return bool(key.value) and key.path[0] not in _HARMLESS


TODAY = SavedFilter("All of today", Criteria(span=Span.TODAY), is_built_in=True)
HELD = SavedFilter("Held here", Criteria(held=True), is_built_in=True)
OVERDUE = SavedFilter("Overdue", Criteria(overdue=True), is_built_in=True)
BUILT_IN = (TODAY, HELD, OVERDUE)


class SavedFilters:
    """The built-in filters, then the user's in the user's order. Names differ by more than case.

    A file that cannot be read, wholly or in part, is kept aside, and `problem` says so in one sentence.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILTERS
        self._own: list[SavedFilter] = []
        self.problem = ""
        self._callbacks: Callbacks[[]] = Callbacks()
        self._read()

    @property
    def all(self) -> tuple[SavedFilter, ...]:
        return (*BUILT_IN, *self._own)

    @property
    def own(self) -> tuple[SavedFilter, ...]:
        return tuple(self._own)

    def by_name(self, name: str) -> SavedFilter | None:
        return next((one for one in self.all if one.name.casefold() == name.strip().casefold()), None)

    def problem_of_name(self, name: str, *, but: str = "") -> str:
        """Why a filter cannot be called so, as a sentence; empty when it can. `but` is its name now."""
        name = name.strip()
        if not name:
            return "The filter needs a name."
        if len(name) > _LONGEST_NAME or not name.isprintable():
            return f"A name has at most {_LONGEST_NAME} characters, all of which can be seen."
        if name.casefold() != but.casefold() and self.by_name(name) is not None:
            return f"Another filter is called “{name}”."
        return ""

    def add(self, wanted: SavedFilter, at: int | None = None) -> None:
        """Save one more, as number `at` of the user's; raise ValueError for its name, OSError."""
        if problem := self.problem_of_name(wanted.name):
            raise ValueError(problem)
        if len(self._own) >= _MOST_FILTERS:
            raise ValueError(f"There are {_MOST_FILTERS} saved filters already: delete one first.")
        own = list(self._own)
        own.insert(
            len(own) if at is None else at, replace(wanted, name=wanted.name.strip(), is_built_in=False)
        )
        self._store(own)

    def change(self, name: str, wanted: SavedFilter) -> None:
        """Put another filter, or the same under another name, in the place of one; raise as `add`.

        A built-in filter does not change: LookupError.
        """
        if problem := self.problem_of_name(wanted.name, but=name):
            raise ValueError(problem)
        own = list(self._own)
        own[self._at(name)] = replace(wanted, name=wanted.name.strip(), is_built_in=False)
        self._store(own)

    def remove(self, name: str) -> int:
        """Forget one and return the place where it stood; raise LookupError, OSError."""
        at = self._at(name)
        self._store([*self._own[:at], *self._own[at + 1 :]])
        return at

    def move(self, name: str, by: int) -> None:
        """Up (negative) or down among the user's own, as far as there is room."""
        own, at = list(self._own), self._at(name)
        to = min(max(at + by, 0), len(own) - 1)
        if to != at:
            own.insert(to, own.pop(at))
            self._store(own)

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Hear of every change; the result ends that."""
        return self._callbacks.add(callback)

    def _at(self, name: str) -> int:
        for at, known in enumerate(self._own):
            if known.name.casefold() == name.casefold():
                return at
        raise LookupError(f"No filter of the user is called {name!r}")

    def _store(self, own: list[SavedFilter]) -> None:
        import tomli_w

        raw = {"version": _VERSION, "filter": [written_filter(one) for one in own]}
        write_atomically(self._path, tomli_w.dumps(raw))
        self._own = own
        self._callbacks.tell()

    def _read(self) -> None:
        try:
            entries = _entries(self._path)
        except FileNotFoundError:
            return
        except (OSError, ValueError, RecursionError) as error:
            self._keep_aside(f"The saved filters cannot be read ({_reason(error)})", moved=True)
            return
        unread = 0
        for entry in entries:
            try:
                found = read_filter(entry)
            except ValueError:
                unread += 1
                continue
            if self.problem_of_name(found.name) or len(self._own) >= _MOST_FILTERS:
                unread += 1
            else:
                self._own.append(found)
        if unread:
            which = "1 saved filter" if unread == 1 else f"{unread} saved filters"
            self._keep_aside(f"{which} cannot be read", moved=False)

    def _keep_aside(self, what: str, *, moved: bool) -> None:
        """Under a name that nothing has yet: what was kept aside before stays too."""
        aside = self._path.with_name(f"{FILTERS}.unreadable")
        number = 1
        while aside.exists():
            number += 1
            aside = self._path.with_name(f"{FILTERS}.unreadable-{number}")
        self.problem = f"{what}. The file is kept as {aside.name}."
        try:
            if moved:
                os.replace(self._path, aside)
            else:
                write_atomically(aside, self._path.read_text(encoding="utf-8"))
        except OSError as error:
            self.problem = f"{what}, and {self._path.name} cannot be kept aside ({error.strerror})."


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError):
        return error.strerror or "not readable"
    return str(error) if isinstance(error, _Unusable) else "this is not TOML"


class _Unusable(ValueError):
    """Right TOML, wrong content; the message is safe to show."""


def _entries(path: Path) -> list[dict[str, Any]]:
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise _Unusable("it is too long")
    raw = tomllib.loads(data.decode("utf-8-sig"))
    if raw.get("version") != _VERSION:
        raise _Unusable(f"this UPS Desk reads version {_VERSION}")
    entries = raw.get("filter", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _Unusable("each filter begins with [[filter]]")
    return entries


# One filter as a table of TOML


def written_filter(one: SavedFilter) -> dict[str, Any]:
    """One filter as plain values of TOML or JSON."""
    found: dict[str, Any] = {"name": one.name, **written_criteria(one.criteria)}
    plan = one.plan
    if plan.states:
        found["sent_states"] = sorted(state.value for state in plan.states)
    if plan.keys:
        found["sent"] = [{"key": written_path(key.path), "value": key.value} for key in plan.keys]
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


def _written_span(span: Span | Hours) -> dict[str, Any]:
    if isinstance(span, Hours):
        return {"start_hours": [span.before, span.after]}
    return {"start": span.value} if span is not Span.ANY else {}


def written_path(path: tuple[int, ...]) -> str:
    """Tags from the top level down: `00404025.00080100`."""
    return ".".join(f"{tag:08X}" for tag in path)


_CRITERIA = frozenset(
    {
        "text",
        "states",
        "overdue",
        "held",
        "followed",
        "kept_at_server",
        "start",
        "start_hours",
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
        raise _Unusable("limit is a whole number from 1")
    sent = entry.get("sent", [])
    if not isinstance(sent, list):
        raise _Unusable("sent is a list of keys")
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
        raise _Unusable(f"{min(unknown)!r} is not known")
    return Criteria(
        text=_text(entry, "text"),
        states=frozenset(_kind(ProcedureStepState, value) for value in _texts(entry, "states")),
        overdue=_flag(entry, "overdue"),
        held=_flag(entry, "held"),
        followed=_flag(entry, "followed"),
        kept_at_server=_flag(entry, "kept_at_server"),
        span=_read_span(entry),
        priorities=frozenset(_kind_or_none(Priority, value) for value in _texts(entry, "priorities")),
        worklists=frozenset(_texts(entry, "worklists")),
        stations=_choice(entry, "stations"),
        inputs=_readiness(_choice(entry, "inputs")),
    )


def _read_span(entry: Mapping[str, Any]) -> Span | Hours:
    start, hours = _text(entry, "start"), entry.get("start_hours")
    if hours is None:
        return _kind(Span, start) if start else Span.ANY
    is_pair = isinstance(hours, list) and len(hours) == 2 and all(type(one) is int for one in hours)
    if not is_pair or start:
        raise _Unusable("start_hours is two whole numbers, and excludes start")
    return Hours(*hours)


def _readiness(choice: Choice[str]) -> Choice[InputReadiness | None]:
    values = frozenset(_kind_or_none(InputReadiness, value) for value in choice.values)
    return Choice(values, choice.is_only)


def _choice(entry: Mapping[str, Any], name: str) -> Choice[str]:
    is_only = f"only_{name}" in entry
    if is_only and f"hidden_{name}" in entry:
        raise _Unusable(f"only_{name} and hidden_{name} exclude each other")
    return Choice(frozenset(_texts(entry, f"{'only' if is_only else 'hidden'}_{name}")), is_only)


def _kind(kind: type[_Kind], value: str) -> _Kind:
    try:
        return kind(value)
    except ValueError:
        raise _Unusable(f"{value!r} is not known") from None


def _kind_or_none(kind: type[_Kind], value: str) -> _Kind | None:
    return _kind(kind, value) if value != _UNTOLD else None


def _flag(entry: Mapping[str, Any], name: str) -> bool:
    value = entry.get(name, False)
    if not isinstance(value, bool):
        raise _Unusable(f"{name} is true or false")
    return value


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name, "")
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise _Unusable(f"{name} is a text of at most {_LONGEST_TEXT} characters")
    return value


def _texts(entry: Mapping[str, Any], name: str) -> list[str]:
    value = entry.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise _Unusable(f"{name} is a list of texts")
    return value


def _read_key(entry: object) -> MatchingKey:
    if not isinstance(entry, dict) or entry.keys() != {"key", "value"}:
        raise _Unusable("a key that is sent has key and value")
    path, value = _text(entry, "key"), _text(entry, "value")
    parts = path.split(".")
    digits = "0123456789ABCDEF"
    if len(parts) > 10 or not all(len(part) == 8 and set(part) <= set(digits) for part in parts):
        raise _Unusable(f"{path!r} names no attribute")
    return MatchingKey(tuple(int(part, 16) for part in parts), value)
