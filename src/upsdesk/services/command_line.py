"""What the window sends as command lines that do the same: searches and edits."""

from __future__ import annotations

import shlex
from datetime import date, tzinfo
from pathlib import Path as FilePath

from upsdesk.domain import tags
from upsdesk.domain.elements import Elements, Path
from upsdesk.domain.keys import SopInstanceUid
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


def edit_line(uid: SopInstanceUid | None, sent: Elements, peer: Peer, folder: FilePath | None) -> str | None:
    """`upsdesk set ...` or, without `uid`, `upsdesk create ...`, quoted for a POSIX shell.

    None: --set cannot say it, since a sequence has several items or an empty one, or a value is no text.
    """
    assignments = _assignments(sent.without(tags.TRANSACTION_UID, tags.SPECIFIC_CHARACTER_SET), ())
    if assignments is None:
        return None
    words = (
        ["upsdesk", "set", peer.address, "--iuid", str(uid)] if uid else ["upsdesk", "create", peer.address]
    )
    for text in assignments:
        words += ["--set", text]
    return shlex.join([*words, *_where(peer, folder)])


def _assignments(elements: Elements, above: Path) -> list[str] | None:
    found: list[str] = []
    for element in elements:
        path = (*above, element.tag)
        if element.raw is not None or len(element.items or ()) > 1:
            return None
        if not element.items:
            found.append(f"{named(path).keywords}={element.text}")
            continue
        inner = _assignments(element.items[0], path)
        if not inner:  # an item without anything in it
            return None
        found += inner
    return found


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
    return words + _where(peer, folder)


def _where(peer: Peer, folder: FilePath | None) -> list[str]:
    words = ["--aet", str(peer.calling_aet)] if peer.calling_aet != DEFAULT_CALLING_AET else []
    return words + (["--data-dir", str(folder)] if folder is not None else [])
