"""What a new workitem takes over of another one, and what a template may keep of it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upsdesk.domain import attributes, tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.cloning import as_new, for_template, has_values, moved_to, replacing
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.domain.requirements import completed_for_create, create_problems
from upsdesk.domain.validation import check_create

WORK = Code("121726", "DCM", "RT Treatment with Internal Verification")
ZONE = timezone(timedelta(hours=1))
PRIVATE = Element(0x00091010, "LO", ("vendor",))
UNKNOWN = Element(0x00186666, "LO", ("of another edition",))


def completed() -> Elements:
    """A workitem as an N-GET returns it after its end, with all that a new one may not carry."""
    request = (
        element(tags.STUDY_INSTANCE_UID, "1.2.3"),
        element(tags.ACCESSION_NUMBER, "ACC-77"),
        element(tags.REQUESTED_PROCEDURE_ID, "RP1"),
    )
    performed = (element(tags.PERFORMED_PROCEDURE_STEP_START_DATE_TIME, "20261119094100+0100"),)
    progress = (element(tags.PROCEDURE_STEP_PROGRESS, "9"),)
    replaced = (element(tags.REFERENCED_SOP_INSTANCE_UID, "1.9"),)
    return Elements(
        (
            element(tags.SPECIFIC_CHARACTER_SET, "ISO_IR 100"),
            element(tags.SOP_CLASS_UID, "1.2.840.10008.5.1.4.34.6.1"),
            element(tags.SOP_INSTANCE_UID, "1.2.3.4"),
            element(tags.TRANSACTION_UID, "2.25.99"),
            PRIVATE,
            UNKNOWN,
            element(tags.PATIENT_NAME, "Novák^Jana"),
            element(tags.PATIENT_ID, "61-20334"),
            element(tags.PATIENT_BIRTH_DATE, "19570314"),
            element(tags.ADMISSION_ID, "ADM-5"),
            element(tags.PROCEDURE_STEP_STATE, "COMPLETED"),
            element(tags.PROCEDURE_STEP_LABEL, "RT treatment 3/30"),
            element(tags.WORKLIST_LABEL, "RT linac"),
            element(tags.COMMENTS_ON_THE_SCHEDULED_PROCEDURE_STEP, "Bolus 5 mm"),
            element(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME, "20261119094000"),
            element(tags.EXPECTED_COMPLETION_DATE_TIME, "20261119101000"),
            element(tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME, "99991231235959"),
            element(tags.TIMEZONE_OFFSET_FROM_UTC, "+0100"),
            element(tags.SCHEDULED_PROCEDURE_STEP_MODIFICATION_DATE_TIME, "20261119094100"),
            sequence(tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, WORK.to_elements()),
            sequence(tags.REFERENCED_REQUEST_SEQUENCE, request),
            sequence(tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE, progress),
            sequence(tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE, performed),
            sequence(tags.REPLACED_PROCEDURE_STEP_SEQUENCE, replaced),
        )
    )


def test_a_clone_keeps_patient_and_request_and_nothing_of_what_was_done() -> None:
    old = completed()
    new = as_new(old)
    left_out = old.tags - new.tags
    assert left_out == {
        tags.SPECIFIC_CHARACTER_SET,
        tags.SOP_CLASS_UID,
        tags.SOP_INSTANCE_UID,
        tags.TRANSACTION_UID,
        tags.SCHEDULED_PROCEDURE_STEP_MODIFICATION_DATE_TIME,
        tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE,
        tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE,
        tags.REPLACED_PROCEDURE_STEP_SEQUENCE,
    }
    assert new.text(tags.PROCEDURE_STEP_STATE) == "SCHEDULED"
    assert all(new.get(tag) == old.get(tag) for tag in new.tags - {tags.PROCEDURE_STEP_STATE})
    sent = completed_for_create(new)
    assert not create_problems(sent)
    lock = sent.get(tags.TRANSACTION_UID)
    assert lock is not None and lock.is_empty


def test_times_move_together_and_never_stays_away() -> None:
    moved = moved_to(as_new(completed()), datetime(2026, 11, 21, 8, 0, tzinfo=UTC), UTC)
    assert moved.text(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME) == "20261121080000+0000"
    assert moved.text(tags.EXPECTED_COMPLETION_DATE_TIME) == "20261121083000+0000"
    assert tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME not in moved


@given(
    start=st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(ZONE)),
    minutes=st.integers(-1000, 100_000),
    now=st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
)
@settings(deadline=None)
def test_the_expiration_keeps_its_distance(start: datetime, minutes: int, now: datetime) -> None:
    start, now = start.replace(microsecond=0), now.replace(microsecond=0)
    old = Elements(
        (
            element(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME, start.strftime("%Y%m%d%H%M%S")),
            element(
                tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME,
                (start + timedelta(minutes=minutes)).strftime("%Y%m%d%H%M%S+0100"),
            ),
        )
    )
    moved = moved_to(old, now, ZONE)
    wanted = (now + timedelta(minutes=minutes)).strftime("%Y%m%d%H%M%S+0000")
    assert moved.text(tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME) == wanted


def test_what_replaces_another_names_it_as_the_standard_says() -> None:
    new = replacing(as_new(completed()), SopInstanceUid("1.2.3.4"))
    (item,) = new.items(tags.REPLACED_PROCEDURE_STEP_SEQUENCE)
    assert item.text(tags.REFERENCED_SOP_CLASS_UID) == "1.2.840.10008.5.1.4.34.6.1"
    assert item.text(tags.REFERENCED_SOP_INSTANCE_UID) == "1.2.3.4"
    wrong = {problem.path[0] for problem in check_create(completed_for_create(new))}
    assert tags.REPLACED_PROCEDURE_STEP_SEQUENCE not in wrong


def test_a_template_keeps_the_work_and_not_the_patient() -> None:
    kept = for_template(completed(), with_values=False)
    assert kept.tags == {
        tags.PROCEDURE_STEP_LABEL,
        tags.WORKLIST_LABEL,
        tags.SCHEDULED_WORKITEM_CODE_SEQUENCE,
    }


def test_parameters_are_asked_for_and_not_told_unless_that_is_chosen() -> None:
    concept = Code("2018001", "99IHERO2018", "Plan Label").to_elements()
    plan = (
        element(tags.VALUE_TYPE, "TEXT"),
        sequence(tags.CONCEPT_NAME_CODE_SEQUENCE, concept),
        element(tags.TEXT_VALUE, "Lung_R"),
    )
    path = (tags.SCHEDULED_PROCESSING_PARAMETERS_SEQUENCE, tags.TEXT_VALUE)
    old = completed().with_elements(sequence(path[0], plan))
    asked, told = (for_template(old, with_values=choice) for choice in (False, True))
    assert asked.get(*path) == element(tags.TEXT_VALUE) and told.text(*path) == "Lung_R"
    assert asked.items(path[0])[0].only([tags.VALUE_TYPE, tags.CONCEPT_NAME_CODE_SEQUENCE]) == Elements(
        plan[:2]
    )
    assert has_values(old) and not has_values(asked)


@pytest.mark.parametrize(
    "label",
    [
        "Jana, second try",
        "NOVAK 3/30",
        "Treatment (61-20334)",
        "ACC-77 again",
        "born 1957-03-14",
        "for ADM-5",
    ],
)
def test_a_text_that_names_the_patient_is_left_out_of_a_template(label: str) -> None:
    named = completed().with_elements(element(tags.PROCEDURE_STEP_LABEL, label))
    assert tags.PROCEDURE_STEP_LABEL not in for_template(named, with_values=True)


def test_a_name_without_spaces_is_found_inside_a_text() -> None:
    named = completed().with_elements(
        element(tags.PATIENT_NAME, "Yamada^Tarou=山田^太郎"), element(tags.WORKLIST_LABEL, "山田放射線")
    )
    assert tags.WORKLIST_LABEL not in for_template(named, with_values=True)


def _marked(above: tuple[str, ...], secret: str) -> list[Element]:
    """Every attribute of the table at one level with a value that a person would know the patient by."""
    found = []
    for row in attributes.table():
        if row.parent != above:
            continue
        if row.vr == "SQ":
            inner = () if len(above) > 3 else _marked((*above, row.keyword), secret)
            found.append(sequence(row.tag, inner) if inner else element(row.tag))
        elif row.vr in ("LO", "SH", "LT", "ST", "UT", "UC", "PN", "UI", "DA", "AE", "UR"):
            found.append(element(row.tag, secret))
    return found


def test_nothing_of_a_whole_data_set_that_names_the_patient_gets_into_a_template() -> None:
    everything = Elements([*_marked((), "Geheimrat"), PRIVATE, UNKNOWN])
    assert len(everything) > 35
    patients = [tag for tag in everything.tags if tag >> 16 in (0x0010, 0x0038, 0x0009, 0x0018)]
    kept = for_template(everything, with_values=True)
    assert not kept.tags & set(patients)
    assert not kept.tags & {
        tags.REFERENCED_REQUEST_SEQUENCE,
        tags.INPUT_INFORMATION_SEQUENCE,
        tags.STUDY_INSTANCE_UID,
        tags.SOP_INSTANCE_UID,
        tags.TRANSACTION_UID,
    }
    assert "Geheimrat" not in [text for one in kept for text in _plain_texts(one)]


def _plain_texts(one: Element) -> list[str]:
    """All texts but those of codes, which are of a dictionary."""
    codes = (tags.CODE_VALUE, tags.CODE_MEANING, tags.CODING_SCHEME_DESIGNATOR)
    below = [text for item in one.items or () for child in item for text in _plain_texts(child)]
    return below if one.tag in codes else [*below, *map(str, one.values)]
