"""Of any data set: untouched is never sent, changed is sent whole and alone, and drafts lose nothing."""

from __future__ import annotations

from datetime import timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from tests.dicom.strategies import data_sets
from upsdesk.domain import tags
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.spots import Spot, with_element, without_element
from upsdesk.services.drafts import KeptForm, draft_text, read_draft
from upsdesk.ui.editor.element_text import can_be_typed, element_of, text_of
from upsdesk.ui.editor.field_values import FieldValue
from upsdesk.ui.editor.form import Form, Mode
from upsdesk.ui.editor.specs import BY_ID, Kind

ZONE = timezone(timedelta(hours=1))
NEW = Element(0x00404041, "CS", ("INCOMPLETE",))
TYPED: dict[Kind, FieldValue] = {
    Kind.MOMENT: "2031-01-02 03:04",
    Kind.DATE: "2031-01-02",
    Kind.CODE: Code("1", "99TEST", "One"),
    Kind.UID: "1.2.3",
    Kind.PRIORITY: "LOW",
    Kind.READINESS: "INCOMPLETE",
    Kind.SEX: "O",
}


def form_of(elements: Elements) -> Form:
    return Form.of(Mode.EDIT, elements, ZONE)


def spots_of(elements: Elements, before: Spot = ()) -> list[tuple[Spot, Element]]:
    found: list[tuple[Spot, Element]] = []
    for element in elements:
        found.append(((*before, element.tag), element))
        for number, item in enumerate(element.items or ()):
            found += spots_of(item, (*before, element.tag, number))
    return found


@given(data_sets)
def test_what_nobody_touched_sends_nothing_and_is_no_problem(elements: Elements) -> None:
    form = form_of(elements)
    assert len(form.to_send()) == 0 and form.elements() == elements
    assert form.with_tree(elements).to_send() == Elements()


@given(data_sets, st.sampled_from(sorted(BY_ID)))
def test_one_field_sends_its_attribute_and_put_back_nothing(elements: Elements, field_id: str) -> None:
    form, spec = form_of(elements), BY_ID[field_id]
    typed = TYPED.get(spec.kind, "Typed")
    changed = form.with_value(field_id, typed)
    if typed != form.initial(field_id):
        assert changed.written().get(*spec.path) is not None
        assert form.base.changes_to(changed.written()).tags == {spec.tag}
    back = changed.with_value(field_id, form.initial(field_id))
    assert len(back.to_send()) == 0


@given(data_sets, st.data())
def test_one_attribute_of_the_list_sends_its_whole_top_level_element(
    elements: Elements, data: st.DataObject
) -> None:
    form = form_of(elements)
    around = [spot for spot, found in spots_of(elements) if found.items]
    spot = (*data.draw(st.sampled_from(around)), 0, NEW.tag) if around else (NEW.tag,)
    tree = with_element(elements, spot, NEW)
    changed = form.with_tree(tree)
    if tree != elements:
        sent = changed.to_send()
        assert sent.tags == {spot[0]} and sent.get(spot[0]) == tree.get(spot[0])
    assert len(changed.with_tree(elements).to_send()) == 0


@given(data_sets)
def test_what_was_taken_out_is_sent_empty(elements: Elements) -> None:
    for found in elements:
        sent = form_of(elements).with_tree(without_element(elements, (found.tag,))).to_send()
        assert [one.tag for one in sent] == ([] if found.is_empty else [found.tag])
        assert all(one.is_empty for one in sent)


@given(data_sets)
def test_what_stands_in_the_list_can_be_typed_as_it_is(elements: Elements) -> None:
    for _, found in spots_of(elements):
        if not can_be_typed(found) or found.vr in ("UV", "SV"):
            continue
        try:
            typed = element_of(found.tag, found.vr, text_of(found), ZONE)
        except ValueError:
            continue  # a value that its VR does not allow cannot be typed again; it stays while untouched
        if "\\" not in found.text:
            assert text_of(typed).strip() == text_of(found).strip()


@given(data_sets, data_sets, st.dictionaries(st.sampled_from(sorted(BY_ID)), st.text(max_size=5)))
def test_a_draft_comes_back_as_it_was(base: Elements, tree: Elements, waiting: dict[str, str]) -> None:
    kept = KeptForm(base, tree, {**waiting, "station": Code("a", "b", "c")})
    assert read_draft(draft_text(kept)) == kept


@given(data_sets, data_sets)
def test_a_draft_on_another_data_set_loses_nothing_that_was_typed(base: Elements, now: Elements) -> None:
    typed = form_of(base).with_value("label", "Typed").with_value("start", "no time")
    again = form_of(now).with_kept(typed.kept())
    assert again.values["label"] == "Typed" and again.values["start"] == "no time"
    assert again.base == now
    assert again.base.changes_to(again.written()).tags <= {tags.PROCEDURE_STEP_LABEL}
