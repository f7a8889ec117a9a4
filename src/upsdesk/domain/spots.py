"""Where an element stands when the items of sequences are told apart, and data sets with a change there."""

from __future__ import annotations

from upsdesk.domain.elements import Element, Elements, Path

Spot = tuple[int, ...]
"""Tags and item numbers (from 0) in turn, from the top level down; it begins and ends with a tag."""


def spot_of(path: Path, items: tuple[int, ...]) -> Spot:
    """The spot at `path` through these items, one for each sequence on the way."""
    return tuple(part for pair in zip(path, (*items, 0), strict=True) for part in pair)[:-1]


def first_spot(path: Path) -> Spot:
    """The spot at `path` through first items."""
    return spot_of(path, (0,) * (len(path) - 1))


def path_of(spot: Spot) -> Path:
    """The tags on the way, whatever the items."""
    return spot[::2]


def element_at(elements: Elements, spot: Spot) -> Element | None:
    """The element at `spot`; None when it, or anything on the way, is absent."""
    here: Elements | None = elements
    for tag, number in zip(spot[:-1:2], spot[1::2], strict=True):
        items = here.items(tag) if here is not None else ()
        here = items[number] if number < len(items) else None
    return here.get(spot[-1]) if here is not None else None


def with_element(elements: Elements, spot: Spot, element: Element) -> Elements:
    """A copy with `element` at `spot`. The item behind the last one is made; raise IndexError beyond it."""
    if element.tag != spot[-1]:
        raise ValueError("the element has another tag than its spot")
    return _changed(elements, spot, element)


def without_element(elements: Elements, spot: Spot) -> Elements:
    """A copy without the element at `spot`; the items around it stay. Raise IndexError without them."""
    return _changed(elements, spot, None)


def with_items(elements: Elements, spot: Spot, *items: Elements) -> Elements:
    """A copy in which the sequence at `spot` has these items."""
    return _changed(elements, spot, Element(spot[-1], "SQ", items=items))


def _changed(elements: Elements, spot: Spot, element: Element | None) -> Elements:
    tag = spot[0]
    if len(spot) == 1:
        return elements.without(tag) if element is None else elements.with_elements(element)
    number, items = spot[1], list(elements.items(tag))
    if not 0 <= number <= len(items):
        raise IndexError("no such item")
    if number == len(items):
        items.append(Elements())
    items[number] = _changed(items[number], spot[2:], element)
    return elements.with_elements(Element(tag, "SQ", items=tuple(items)))
