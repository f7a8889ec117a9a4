"""What a peer named when it refused a final state (C304): attributes that it will ask for again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from upsdesk.domain import attributes, tags
from upsdesk.domain.elements import Path
from upsdesk.domain.state import ProcedureStepState

HOME = {
    ProcedureStepState.COMPLETED: tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE,
    ProcedureStepState.CANCELED: tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE,
}
"""The sequence whose item tells how a workitem ended."""
_KEYWORD = re.compile(r"[A-Za-z]{6,}")
_TAG = re.compile(r"\b([0-9A-Fa-f]{4}), ?([0-9A-Fa-f]{4})\b")


def asked_for(
    state: ProcedureStepState, error_comment: str, offending: Iterable[int] = ()
) -> tuple[Path, ...]:
    """The attributes that an answer names, by keyword, by tag or as Offending Element, each with its place.

    Only what stands in the item that tells how it ended: the sequence itself says nothing that is not known.
    """
    home = HOME[state]
    named = [*offending, *(int("".join(found), 16) for found in _TAG.findall(error_comment))]
    keywords = set(_KEYWORD.findall(error_comment))
    inner = _inside(home)
    found = {tag for tag in named if tag in inner} | {
        tag for tag, keyword in inner.items() if keyword in keywords
    }
    return tuple((home, tag) for tag in sorted(found))


@cache
def _inside(home: int) -> dict[int, str]:
    """The attributes of the item of a top-level sequence, by tag."""
    parent = (attributes.top_level()[home].keyword,)
    return {row.tag: row.keyword for row in attributes.table() if row.parent == parent}
