"""How a search uses the indexes: the key that selects most leads, in the order of start, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    exists,
    select,
    tuple_,
)

from upsdesk.scp.narrowing import LONGEST_VALUE, Key, Narrowing, Range, When
from upsdesk.scp.store.schema import NO_START, search_keys, workitems

Place = tuple[float, str]
"""Where a page ended: start and UID of its last workitem."""

_ESCAPE = "/"
_LAST_CHARACTER = "\U0010ffff"


def candidates(narrowing: Narrowing, after: Place | None, limit: int) -> Select[tuple[float, str]]:
    """Start and UID of up to `limit` workitems behind `after` that `narrowing` leaves, in that order.

    One clause leads, chosen here and not by the database, whose guess without statistics may read everything;
    the others are tested on what it finds.
    """
    equal = sorted(narrowing.equal, key=lambda one: one[0].value)
    like = sorted(narrowing.like, key=lambda one: (not _prefix(one[1]), one[0].value))
    leader = _leader(narrowing, equal, like)
    if leader is None:
        source: FromClause = workitems
        conditions = _of_workitem(narrowing)
    else:
        source = search_keys
        kind, value = leader
        is_equal = leader in equal
        conditions = [
            source.c.kind == kind.value,
            *(_equal(source, value) if is_equal else _like(source, value)),
        ]
        if narrowing.state:
            conditions.append(source.c.state == narrowing.state)
        conditions += [
            one for span in narrowing.ranges if span.when is When.START for one in _span(source, span)
        ]
        behind = [
            *([workitems.c.priority == narrowing.priority] if narrowing.priority else []),
            *([workitems.c.readiness == narrowing.readiness] if narrowing.readiness else []),
            *(
                one
                for span in narrowing.ranges
                if span.when is not When.START
                for one in _span(workitems, span)
            ),
        ]
        if behind:
            conditions.append(exists().where(workitems.c.uid == source.c.uid, *behind).correlate(source))
    for key, text in equal:
        if (key, text) != leader:
            conditions.append(_has(source, key, lambda other, text=text: _equal(other, text)))
    for key, text in like:
        if (key, text) != leader:
            conditions.append(_has(source, key, lambda other, text=text: _like(other, text)))
    if after is not None:
        conditions.append(tuple_(source.c.start, source.c.uid) > tuple_(*after))
    query = select(source.c.start, source.c.uid).where(*conditions)
    if leader is not None and leader not in equal:
        query = query.distinct()  # two values of one workitem may match a pattern
    return query.order_by(source.c.start, source.c.uid).limit(limit)


def _leader(
    narrowing: Narrowing, equal: Sequence[tuple[Key, str]], like: Sequence[tuple[Key, str]]
) -> tuple[Key, str] | None:
    """The key to begin with; None when the workitems' own columns are better."""
    for one in equal:
        if one[0].is_identifying:
            return one
    for one in like:
        if one[0].is_identifying and _prefix(one[1]):
            return one
    if equal:
        return equal[0]
    if narrowing.ranges or narrowing.state:
        return None
    return like[0] if like else None


def _of_workitem(narrowing: Narrowing) -> list[ColumnElement[bool]]:
    found = [
        workitems.c[column] == value
        for column, value in (
            ("state", narrowing.state),
            ("priority", narrowing.priority),
            ("readiness", narrowing.readiness),
        )
        if value
    ]
    return found + [one for span in narrowing.ranges for one in _span(workitems, span)]


def _span(source: FromClause, span: Range) -> list[ColumnElement[bool]]:
    column = source.c[span.when.value]
    found = [column <= min(span.high, NO_START - 1)]
    if span.low != float("-inf"):
        found.append(column >= span.low)
    return found


def _equal(source: FromClause, value: str) -> list[ColumnElement[bool]]:
    return [source.c.value == value[:LONGEST_VALUE]]


def _like(source: FromClause, pattern: str) -> list[ColumnElement[bool]]:
    """The literal beginning as a range, which an index can use, and the pattern."""
    prefix = _prefix(pattern)[:LONGEST_VALUE]
    found: list[ColumnElement[bool]] = []
    if prefix:
        found += [source.c.value >= prefix, source.c.value < prefix + _LAST_CHARACTER]
    if len(pattern) <= LONGEST_VALUE and pattern != prefix + "*":
        text = "".join(_ESCAPE + char if char in (_ESCAPE, "%", "_") else char for char in pattern)
        found.append(source.c.value.like(text.replace("*", "%").replace("?", "_"), escape=_ESCAPE))
    return found


def _prefix(pattern: str) -> str:
    return pattern[
        : min((at for at in (pattern.find("*"), pattern.find("?")) if at >= 0), default=len(pattern))
    ]


def _has(source: FromClause, key: Key, condition: Any) -> ColumnElement[bool]:
    """The workitem that `source` stands at has a value of `key` for which `condition` is true."""
    other = search_keys.alias()
    here = and_(other.c.uid == source.c.uid, other.c.kind == key.value, *condition(other))
    return exists().where(here).correlate(source)
