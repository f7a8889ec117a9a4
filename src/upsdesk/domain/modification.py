"""What an N-SET makes of a workitem: whole top-level attributes, kept readable together (PS3.4 CC.2.6.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from upsdesk.domain import tags
from upsdesk.domain.elements import Element, Elements

_FIRST_BLOCK, _LAST_BLOCK = 0x10, 0xFF
_Block = tuple[int, int]
"""Group, and the number of the block within it."""


@dataclass(frozen=True, slots=True)
class Modification:
    """The data set afterwards, and the attributes that are stored otherwise than they were sent."""

    elements: Elements
    coerced: frozenset[int] = frozenset()


def modified(before: Elements, change: Elements) -> Modification:
    """`before` with the attributes of `change` in the place of its own.

    Characters are no matter here: Elements hold Unicode, so what came in two character sets goes out in one.
    The zone is: (0008,0201) tells it for a whole data set, so a date-time that came under another one than
    the workitem's gets its offset written into it. A private block whose number the workitem uses for
    another owner is moved to a free number (PS3.5 7.8.1).
    """
    moved = _moved_blocks(before, change)
    offset = change.text(tags.TIMEZONE_OFFSET_FROM_UTC)
    if not offset:
        return Modification(before.with_elements(*moved))
    rest = moved.without(tags.TIMEZONE_OFFSET_FROM_UTC)
    if offset == before.text(tags.TIMEZONE_OFFSET_FROM_UTC):
        return Modification(before.with_elements(*rest))
    written = _with_offset(rest, offset)
    coerced = frozenset(one.tag for one in written if one != rest.get(one.tag))
    return Modification(before.with_elements(*written), coerced)


def _with_offset(elements: Elements, offset: str) -> Elements:
    return Elements(_element_with_offset(one, offset) for one in elements)


def _element_with_offset(element: Element, offset: str) -> Element:
    if element.items is not None:
        return replace(element, items=tuple(_with_offset(item, offset) for item in element.items))
    if element.vr != "DT":
        return element
    return replace(element, values=tuple(_moment_with_offset(str(one), offset) for one in element.values))


def _moment_with_offset(value: str, offset: str) -> str:
    return value if not value or value[-5:-4] in ("+", "-") else value + offset


def _moved_blocks(before: Elements, change: Elements) -> Elements:
    """`change` with its private blocks under numbers that fit those of `before`."""
    wanted = _owners(change)
    if not wanted:
        return change
    there = _owners(before)
    targets: dict[_Block, int] = {}
    used = set(there)
    for (group, number), owner in wanted.items():
        same = next((block[1] for block, one in there.items() if block[0] == group and one == owner), None)
        if same is None:
            same = number if (group, number) not in used else _free_number(group, {*used, *wanted})
        targets[group, number] = same
        used.add((group, same))
    if all(block[1] == target for block, target in targets.items()):
        return change
    return Elements(_moved(one, targets) for one in change)


def _owners(elements: Elements) -> dict[_Block, str]:
    """The owner of each private block: (gggg,00bb) of an odd group (PS3.5 7.8.1)."""
    return {
        (one.tag >> 16, one.tag & 0xFFFF): one.text.strip()
        for one in elements
        if one.tag >> 16 & 1 and _FIRST_BLOCK <= one.tag & 0xFFFF <= _LAST_BLOCK
    }


def _free_number(group: int, used: set[_Block]) -> int:
    numbers = range(_FIRST_BLOCK, _LAST_BLOCK + 1)
    return next((number for number in numbers if (group, number) not in used), _LAST_BLOCK)


def _moved(element: Element, targets: Mapping[_Block, int]) -> Element:
    group, number = element.tag >> 16, element.tag & 0xFFFF
    if (group, number) in targets:
        return replace(element, tag=group << 16 | targets[group, number])
    target = targets.get((group, number >> 8))
    return element if target is None else replace(element, tag=group << 16 | target << 8 | number & 0xFF)
