"""Spots: reading and writing at any depth touches nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.spots import (
    Spot,
    element_at,
    first_spot,
    path_of,
    spot_of,
    with_element,
    with_items,
    without_element,
)

_TEXT_TAGS = st.integers(0x00080000, 0x00080004)
_SEQUENCE_TAGS = st.integers(0x00400000, 0x00400002)
_texts = st.builds(lambda tag, text: Element(tag, "LO", (text,)), _TEXT_TAGS, st.text(max_size=3))


def _level(inner: st.SearchStrategy[Elements]) -> st.SearchStrategy[Elements]:
    sequences = st.builds(
        lambda tag, items: Element(tag, "SQ", items=tuple(items)), _SEQUENCE_TAGS, st.lists(inner, max_size=2)
    )
    return st.lists(_texts | sequences, max_size=4).map(Elements)


data_sets = st.recursive(st.lists(_texts, max_size=3).map(Elements), _level, max_leaves=8)


def spots_of(elements: Elements, before: Spot = ()) -> list[Spot]:
    found = []
    for element in elements:
        found.append((*before, element.tag))
        for number, item in enumerate(element.items or ()):
            found += spots_of(item, (*before, element.tag, number))
    return found


@given(data_sets, st.data())
def test_what_is_put_somewhere_stands_there_and_nowhere_else(elements: Elements, data: st.DataObject) -> None:
    spots = spots_of(elements)
    containers = [spot for spot in spots if (found := element_at(elements, spot)) and found.items]
    around = data.draw(st.sampled_from(containers)) if containers else ()
    new = Element(0x00090001, "LO", ("new",))
    spot = (*around, 0, new.tag) if around else (new.tag,)
    changed = with_element(elements, spot, new)
    assert element_at(changed, spot) == new
    assert [one for one in spots_of(changed) if one != spot] == spots
    assert without_element(changed, spot) == elements


@given(data_sets)
def test_putting_back_what_is_there_changes_nothing(elements: Elements) -> None:
    for spot in spots_of(elements):
        found = element_at(elements, spot)
        assert found is not None
        assert with_element(elements, spot, found) == elements


def test_the_item_behind_the_last_is_made_and_no_other() -> None:
    label = Element(0x00080001, "LO", ("a",))
    one = with_element(Elements(), (0x00400001, 0, label.tag), label)
    assert one.items(0x00400001) == (Elements([label]),)
    with pytest.raises(IndexError):
        with_element(one, (0x00400001, 2, label.tag), label)
    assert with_items(one, (0x00400001,)).items(0x00400001) == ()
    assert element_at(one, (0x00400001, 1, label.tag)) is None


def test_a_spot_is_a_path_with_items() -> None:
    assert spot_of((1, 2, 3), (0, 4)) == (1, 0, 2, 4, 3)
    assert path_of((1, 0, 2, 4, 3)) == (1, 2, 3)
    assert first_spot((1, 2)) == (1, 0, 2)
