"""The editor's form: what is wrong, what would be sent, and what stays byte for byte."""

from datetime import timedelta, timezone

import pytest

from upsdesk.domain import requirements, tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Elements
from upsdesk.ui.editor.field_values import NO_CODE
from upsdesk.ui.editor.form import Form, Mode
from upsdesk.ui.editor.specs import BY_ID, SPECS

ZONE = timezone(timedelta(hours=1))
WORK = Code("121726", "DCM", "RT Treatment with Internal Verification")
OTHER = Code("99", "99X", "Second item")


def stored() -> Elements:
    return Elements(
        (
            element(tags.PROCEDURE_STEP_STATE, "SCHEDULED"),
            element(tags.SCHEDULED_PROCEDURE_STEP_PRIORITY, "HIGH"),
            element(tags.PROCEDURE_STEP_LABEL, "RT treatment 3/30"),
            element(tags.WORKLIST_LABEL, "RT linac"),
            element(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME, "20261119084017.5"),
            element(tags.TIMEZONE_OFFSET_FROM_UTC, "+0000"),
            element(tags.COMMENTS_ON_THE_SCHEDULED_PROCEDURE_STEP, "line one\r\nline two "),
            element(tags.INPUT_READINESS_STATE, "READY"),
            element(tags.PATIENT_NAME, "Yamada^Tarou=山田^太郎=やまだ^たろう"),
            element(tags.PATIENT_ID, "6120334"),
            sequence(tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, WORK.to_elements(), OTHER.to_elements()),
        )
    )


def edit(base: Elements | None = None) -> Form:
    return Form.of(Mode.EDIT, base or stored(), ZONE)


def create() -> Form:
    return (
        Form.of(Mode.CREATE, Elements(), ZONE)
        .with_value("label", "CT head")
        .with_value("start", "2026-11-19 09:40")
        .with_value("priority", "LOW")
    )


def problem(form: Form, field_id: str) -> str:
    return next((one.text for one in form.problems() if one.field_id == field_id), "")


def test_an_untouched_form_sends_nothing() -> None:
    form = edit()
    assert form.changed() == ()
    assert len(form.to_send()) == 0
    assert form.elements() == stored()


def test_times_are_shown_in_desk_time_from_the_zone_of_the_data_set() -> None:
    assert edit().values["start"] == "2026-11-19 09:40:17"


def test_a_time_that_no_zone_can_move_is_shown_as_it_is() -> None:
    never = element(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME, "99991231235959")
    assert edit(stored().with_elements(never)).values["start"] == "9999-12-31 23:59:59"


def test_a_changed_time_is_written_with_offset_and_nothing_else_is_sent() -> None:
    form = edit().with_value("start", "2026-11-19 10:15")
    assert form.problems() == ()
    sent = form.to_send()
    assert sent.tags == {tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME}
    assert sent.text(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME) == "20261119101500+0100"


def test_a_value_that_was_put_back_is_no_change() -> None:
    form = edit().with_value("priority", "LOW").with_value("priority", "HIGH")
    assert form.changes() == ()


def test_a_code_sequence_is_sent_whole_with_its_other_items() -> None:
    new = Code("121730", "DCM", "RT Machine QA")
    sent = edit().with_value("work_type", new).to_send()
    items = sent.items(tags.SCHEDULED_WORKITEM_CODE_SEQUENCE)
    assert [Code.read(item) for item in items] == [new, OTHER]
    (change,) = edit().with_value("work_type", new).changes()
    assert change.is_whole_sequence
    assert change.words == "Work type"


@pytest.mark.parametrize("field_id", ["label", "comments", "start", "worklist"])
def test_what_has_type_3_1_cannot_be_emptied_by_an_edit(field_id: str) -> None:
    assert "Cannot be emptied" in problem(edit().with_value(field_id, ""), field_id)


def test_the_expiration_may_be_emptied() -> None:
    base = stored().with_elements(
        element(tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME, "20261119120000+0100")
    )
    form = edit(base).with_value("expiration", "")
    assert form.problems() == ()
    found = form.to_send().get(tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME)
    assert found is not None and found.is_empty


def test_patient_request_and_visit_are_locked_in_an_edit() -> None:
    form = edit()
    locked = {spec.id for spec in SPECS if form.is_locked(spec)}
    assert {"patient_name", "patient_id", "issuer", "birth_date", "sex", "accession", "admission"} <= locked
    assert not {"label", "station", "comments", "result_study"} & locked
    assert not any(create().is_locked(spec) for spec in SPECS)


def test_an_end_before_the_start_is_held_back_and_says_why() -> None:
    form = edit().with_value("start", "2026-11-19 09:40").with_value("expiration", "2026-11-19 09:30")
    assert problem(form, "expiration") == "Must be after the start, 09:40"
    held = {change.words: change.held_back for change in form.changes()}
    assert held == {"Start": False, "Expiration": True}


def test_a_start_is_not_moved_behind_an_end_that_was_left_alone() -> None:
    ends = element(tags.EXPECTED_COMPLETION_DATE_TIME, "20261119103000+0100")
    form = Form.of(Mode.EDIT, edit().base.with_elements(ends), edit().zone)
    assert problem(form, "end") == ""
    end = str(form.values["end"])
    assert problem(form.with_value("start", end), "end").startswith("Must be after the start")
    assert problem(form.with_value("label", "other"), "end") == ""


@pytest.mark.parametrize(
    ("field_id", "value", "words"),
    [
        ("start", "19.11.2026", "Write date and time"),
        ("start", "2026-02-30 10:00", "Write date and time"),
        ("birth_date", "14.3.1957", "Write the date"),
        ("label", "x" * 65, "At most 64 characters; this has 65"),
        ("label", "a\\b", "backslash"),
        ("accession", "A" * 17, "At most 16"),
        ("result_study", "1.02.3", "Not a UID"),
        ("patient_name", "a=b=c=d", "three representations"),
        ("patient_name", "A^B^C^D^E^F", "five parts"),
        ("patient_name", "x" * 65 + "^Y", "At most 64"),
        ("work_type", Code("1", "", "Meaning"), "A code needs its scheme"),
    ],
)
def test_values_that_dicom_does_not_allow(field_id: str, value: str | Code, words: str) -> None:
    assert words in problem(create().with_value(field_id, value), field_id)


def test_a_new_workitem_needs_label_and_start() -> None:
    form = Form.of(Mode.CREATE, Elements(), ZONE).with_value("priority", "LOW")
    assert {one.field_id for one in form.problems()} >= {"label", "start"}


def test_a_new_workitem_carries_every_type_2_attribute_and_is_accepted() -> None:
    form = create().with_value("patient_name", "Novák^Jana").with_value("birth_date", "1957-03-14")
    made = form.with_value("readiness", "READY").to_send()
    assert not requirements.create_problems(made)
    assert made.text(tags.PATIENT_BIRTH_DATE) == "19570314"
    lock = made.get(tags.TRANSACTION_UID)
    assert lock is not None and lock.is_empty
    assert tags.SOP_INSTANCE_UID not in made


def test_a_request_needs_its_study_and_gets_its_type_2_attributes() -> None:
    form = create().with_value("accession", "ACC-1")
    assert problem(form, "request_study") == "A request needs the UID of its study"
    form = form.with_value("request_study", "1.2.3.4")
    assert problem(form, "request_study") == ""
    (item,) = form.to_send().items(tags.REFERENCED_REQUEST_SEQUENCE)
    assert item.text(tags.ACCESSION_NUMBER) == "ACC-1"
    assert tags.REQUESTED_PROCEDURE_DESCRIPTION in item


def test_a_performer_has_name_code_and_organization_or_none_of_them() -> None:
    form = create().with_value("performer_name", "Meyer^Anna")
    wrong = {one.field_id for one in form.problems()}
    assert {"performer_code", "organization"} <= wrong
    form = form.with_value("performer_code", Code("M1", "99LOCAL", "Meyer")).with_value("organization", "RT")
    assert not {one.field_id for one in form.problems()} & {"performer_code", "organization"}
    (item,) = form.to_send().items(tags.SCHEDULED_HUMAN_PERFORMERS_SEQUENCE)
    assert item.text(tags.HUMAN_PERFORMER_NAME) == "Meyer^Anna"


def test_a_performer_that_is_taken_out_leaves_an_empty_sequence() -> None:
    base = stored().with_elements(
        sequence(
            tags.SCHEDULED_HUMAN_PERFORMERS_SEQUENCE,
            (
                sequence(tags.HUMAN_PERFORMER_CODE_SEQUENCE, Code("M1", "99L", "Meyer").to_elements()),
                element(tags.HUMAN_PERFORMER_NAME, "Meyer^Anna"),
                element(tags.HUMAN_PERFORMER_ORGANIZATION, "RT"),
            ),
        )
    )
    form = edit(base)
    for field_id, value in (("performer_name", ""), ("performer_code", NO_CODE), ("organization", "")):
        form = form.with_value(field_id, value)
    assert form.problems() == ()
    assert form.to_send().items(tags.SCHEDULED_HUMAN_PERFORMERS_SEQUENCE) == ()


def test_a_rebase_keeps_what_was_typed_and_shows_what_the_server_has_now() -> None:
    form = edit().with_value("label", "RT treatment 4/30")
    fresh = stored().with_elements(element(tags.SCHEDULED_PROCEDURE_STEP_PRIORITY, "LOW"))
    rebased = form.rebased(fresh)
    assert rebased.values["label"] == "RT treatment 4/30"
    assert rebased.values["priority"] == "LOW"
    assert rebased.to_send().tags == {tags.PROCEDURE_STEP_LABEL}


def test_every_field_names_an_attribute_of_the_table() -> None:
    for spec in SPECS:
        assert spec.attribute.vr
        assert BY_ID[spec.id] is spec
