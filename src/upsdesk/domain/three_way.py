"""What two have changed of one data set: what goes together, and where somebody has to choose."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from upsdesk.domain.elements import Element, Elements


@dataclass(frozen=True, slots=True)
class Conflict:
    """A top-level element that both have changed, each in another way; None: absent."""

    tag: int
    base: Element | None
    mine: Element | None
    theirs: Element | None


def conflicts(base: Elements, mine: Elements, theirs: Elements) -> tuple[Conflict, ...]:
    """Where `mine` and `theirs` differ from `base` and from each other. Absent and empty are alike."""
    found = []
    for tag in sorted(mine.tags | theirs.tags | base.tags):
        was, here, there = base.get(tag), mine.get(tag), theirs.get(tag)
        if not (_same(was, here) or _same(was, there) or _same(here, there)):
            found.append(Conflict(tag, was, here, there))
    return tuple(found)


def merged(base: Elements, mine: Elements, theirs: Elements, keep_mine: Collection[int]) -> Elements:
    """`theirs` with what only `mine` has changed, and of the conflicts those of `keep_mine`.

    An element that `mine` has taken out is empty in the result where `theirs` still has it.
    """
    contested = {one.tag for one in conflicts(base, mine, theirs)} - set(keep_mine)
    changes = [one for one in base.changes_to(mine) if not _same(base.get(one.tag), one)]
    return theirs.with_elements(*(one for one in changes if one.tag not in contested))


def _same(one: Element | None, other: Element | None) -> bool:
    return one == other or ((one is None or one.is_empty) and (other is None or other.is_empty))
