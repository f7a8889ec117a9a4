"""Elements: order, equality, paths through first items, and the difference that an N-SET sends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code, codes_in
from upsdesk.domain.elements import Element, Elements

LABEL = element(tags.PROCEDURE_STEP_LABEL, "RT treatment")
PRIORITY = element(tags.SCHEDULED_PROCEDURE_STEP_PRIORITY, "HIGH")
WORK_TYPE = sequence(
    tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, Code("121726", "DCM", "RT Treatment").to_elements()
)

some_elements = st.lists(
    st.builds(
        lambda tag, values: Element(tag, "LO", tuple(values)),
        st.integers(0x00080000, 0x00090000),
        st.lists(st.text(max_size=5), max_size=2),
    ),
    max_size=6,
).map(Elements)


def test_order_of_building_does_not_matter() -> None:
    assert Elements([LABEL, PRIORITY]) == Elements([PRIORITY, LABEL])
    assert hash(Elements([LABEL, PRIORITY])) == hash(Elements([PRIORITY, LABEL]))
    assert [found.tag for found in Elements([LABEL, PRIORITY])] == sorted([LABEL.tag, PRIORITY.tag])


def test_a_path_goes_through_first_items() -> None:
    elements = Elements([WORK_TYPE])
    assert elements.text(tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, tags.CODE_VALUE) == "121726"
    assert elements.text(tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE, tags.CODE_VALUE) == ""
    assert elements.items(tags.PROCEDURE_STEP_LABEL) == ()
    assert codes_in(elements, tags.SCHEDULED_WORKITEM_CODE_SEQUENCE) == (
        Code("121726", "DCM", "RT Treatment"),
    )


def test_padding_is_not_part_of_a_value() -> None:
    assert Elements([element(tags.PATIENT_ID, "4471902 ")]).text(tags.PATIENT_ID) == "4471902"


@given(some_elements, some_elements)
def test_applying_the_difference_gives_the_other(before: Elements, after: Elements) -> None:
    sent = before.changes_to(after)
    result = before.with_elements(*sent)
    kept = {found.tag: found for found in result if not found.is_empty}
    assert kept == {found.tag: found for found in after if not found.is_empty}


@given(some_elements)
def test_nothing_changed_sends_nothing(elements: Elements) -> None:
    assert len(elements.changes_to(elements)) == 0


def test_one_changed_item_sends_the_whole_sequence() -> None:
    other = sequence(
        tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, Code("110005", "DCM", "Interpretation").to_elements()
    )
    assert Elements([WORK_TYPE, LABEL]).changes_to(Elements([other, LABEL])) == Elements([other])


def test_a_removed_attribute_is_sent_empty() -> None:
    sent = Elements([WORK_TYPE, LABEL]).changes_to(Elements())
    assert [(found.tag, found.is_empty) for found in sent] == [(WORK_TYPE.tag, True), (LABEL.tag, True)]


def test_an_element_is_one_thing_only() -> None:
    with pytest.raises(ValueError):
        Element(tags.PROCEDURE_STEP_LABEL, "LO", items=())
    with pytest.raises(ValueError):
        Element(tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, "SQ", ("x",))


def test_repr_carries_no_patient_data() -> None:
    name = element(tags.PATIENT_NAME, "Novak^Jana")
    assert "Novak" not in repr(Elements([name])) + repr(name)


def test_codes_are_read_from_text() -> None:
    assert Code.parse("WS1^99LOC^Workstation 1") == Code("WS1", "99LOC", "Workstation 1")
    for text in ("WS1", "WS1^99LOC", "^99LOC^Workstation 1", "a^b^c^d"):
        with pytest.raises(ValueError, match="VALUE"):
            Code.parse(text)


def test_a_long_code_value_has_an_attribute_of_its_own() -> None:
    code = Code("a-code-value-of-more-than-16", "99LOC", "Long")
    assert tags.LONG_CODE_VALUE in code.to_elements()
    assert Code.read(code.to_elements()) == code


def test_an_element_holds_one_kind_of_content() -> None:
    values, items, raw = {"values": ("x",)}, {"items": ()}, {"raw": b""}
    for wrong in (values | raw, values | items, raw | items):
        for vr in ("OB", "SQ"):
            with pytest.raises(ValueError, match="only one"):
                Element(0x00420011, vr, **wrong)  # type: ignore[arg-type]
