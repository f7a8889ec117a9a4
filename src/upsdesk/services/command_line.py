"""The searches of the window as command lines that find the same workitems."""

from __future__ import annotations

import shlex
from datetime import date, tzinfo
from pathlib import Path as FilePath

from upsdesk.domain.peer import DEFAULT_CALLING_AET, Peer, UpsClass
from upsdesk.domain.query import STATE_PATH, MatchingKey, SearchPlan, WorklistQuery
from upsdesk.services.attribute_names import named


def find_lines(
    plan: SearchPlan, peer: Peer, folder: FilePath | None, today: date, zone: tzinfo
) -> tuple[str, ...]:
    """`upsdesk find ...`, quoted for a POSIX shell; several lines where the states are asked for other keys.

    `folder` is the data folder when it is not the one that the command line takes by itself: the options of a
    saved server (timeouts, transfer syntaxes) come from there.
    """
    groups: dict[tuple[MatchingKey, ...], list[str]] = {}
    for query in plan.queries(today, zone):
        keys = tuple(key for key in query.keys if key.path != STATE_PATH)
        groups.setdefault(keys, []).extend(_states(query))
    return tuple(shlex.join(_words(plan, peer, folder, states, keys)) for keys, states in groups.items())


def _states(query: WorklistQuery) -> list[str]:
    return [key.value for key in query.keys if key.path == STATE_PATH]


def _words(
    plan: SearchPlan, peer: Peer, folder: FilePath | None, states: list[str], keys: tuple[MatchingKey, ...]
) -> list[str]:
    words = ["upsdesk", "find", peer.address]
    for state in states:
        words += ["--state", state]
    for key in keys:
        words += ["-q", f"{named(key.path).keywords}={key.value}"]
    if plan.via is not UpsClass.PULL:
        words += ["--via", plan.via.value.lower()]
    if plan.limit is not None:
        words += ["--limit", str(plan.limit)]
    if peer.calling_aet != DEFAULT_CALLING_AET:
        words += ["--aet", str(peer.calling_aet)]
    if folder is not None:
        words += ["--data-dir", str(folder)]
    return words
