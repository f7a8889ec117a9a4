"""Two changes of one data set: nothing of either is lost without being chosen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.three_way import conflicts, merged

data_sets = st.dictionaries(st.integers(0x00080001, 0x00080006), st.sampled_from(["", "a", "b", "c"])).map(
    lambda found: Elements(Element(tag, "LO", (text,) if text else ()) for tag, text in found.items())
)


def text(elements: Elements, tag: int) -> str:
    return elements.text(tag)


@given(data_sets, data_sets, data_sets, st.sets(st.integers(0x00080001, 0x00080006)))
def test_each_attribute_is_as_the_one_who_changed_it_has_it(
    base: Elements, mine: Elements, theirs: Elements, keep: set[int]
) -> None:
    contested = {one.tag for one in conflicts(base, mine, theirs)}
    result = merged(base, mine, theirs, keep)
    for tag in base.tags | mine.tags | theirs.tags:
        was, here, there = (text(one, tag) for one in (base, mine, theirs))
        if tag in contested:
            assert was != here and was != there and here != there
            assert text(result, tag) == (here if tag in keep else there)
        else:
            assert text(result, tag) == (here if here != was else there)


@given(data_sets, data_sets)
def test_who_is_alone_has_no_conflict(base: Elements, mine: Elements) -> None:
    assert conflicts(base, mine, base) == ()
    assert conflicts(base, base, mine) == ()
    assert conflicts(base, mine, mine) == ()
