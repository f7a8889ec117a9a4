"""Templates: the codes of those that come with the program, and what the desk's own keep of a workitem."""

import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydicom.sr._concepts_dict import concepts

from tests.services.values import workitem_elements
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Elements
from upsdesk.domain.requirements import completed_for_create
from upsdesk.domain.validation import Kind, check_create
from upsdesk.services.templates import Template, Templates

START = datetime(2026, 11, 21, 9, 40, tzinfo=UTC)
WORK = Code("110005", "DCM", "Interpretation")


@pytest.fixture
def own(tmp_path: Path) -> Templates:
    return Templates(tmp_path)


def test_each_work_that_is_usual_has_a_template_with_the_code_of_the_standard(own: Templates) -> None:
    shelf = own.shelf()
    assert shelf.problems == ()
    works = {
        one.id: Code.read(one.elements.items(tags.SCHEDULED_WORKITEM_CODE_SEQUENCE)[0])
        for one in shelf.templates
    }
    assert {name: work.value for name, work in works.items()} == {
        "rt-treatment": "121726",
        "machine-qa": "121730",
        "cad": "110004",
        "3d-processing": "110001",
        "interpretation": "110005",
        "quality-control": "110002",
        "print": "110008",
    }
    assert all(one.description for one in shelf.templates)


def _codes(elements: Elements) -> list[Code]:
    found = [Code.read(elements)] if tags.CODE_VALUE in elements else []
    return found + [code for one in elements for item in one.items or () for code in _codes(item)]


def test_every_code_has_the_meaning_of_its_dictionary(own: Templates) -> None:
    known = {
        (scheme, value): meaning
        for scheme in ("DCM", "UCUM")
        for by_value in concepts[scheme].values()
        for value, (meaning, _) in by_value.items()
    }
    codes = [code for one in own.shelf().templates for code in _codes(one.elements)]
    assert len(codes) > 12
    for code in codes:
        if (code.scheme, code.value) in known:
            assert code.meaning == known[code.scheme, code.value]
        else:
            assert code.scheme == "99IHERO2018" or code == Code("1", "UCUM", "no units"), code


def test_a_workitem_after_a_template_lacks_only_what_the_person_fills_in(own: Templates) -> None:
    for one in own.shelf().templates:
        problems = check_create(completed_for_create(one.begun(START)))
        empty = {problem.path[-1] for problem in problems}
        assert {problem.kind for problem in problems} <= {Kind.EMPTY}, one.name
        assert empty <= {tags.TEXT_VALUE, tags.NUMERIC_VALUE}, one.name
        assert bool(empty) == (one.id == "rt-treatment")
        start = one.begun(START).text(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME)
        assert start == "20261121094000+0000"


def test_the_fractions_of_a_treatment_are_asked_for_by_the_codes_of_the_profile(own: Templates) -> None:
    treatment = own.shelf().named("rt treatment delivery")
    assert treatment is not None
    items = treatment.elements.items(tags.SCHEDULED_PROCESSING_PARAMETERS_SEQUENCE)
    told = [
        (item.text(tags.VALUE_TYPE), Code.read(item.items(tags.CONCEPT_NAME_CODE_SEQUENCE)[0]))
        for item in items
    ]
    assert told == [
        ("TEXT", Code("121740", "DCM", "Treatment Delivery Type")),
        ("TEXT", Code("2018001", "99IHERO2018", "Plan Label")),
        ("NUMERIC", Code("2018002", "99IHERO2018", "Current Fraction Number")),
        ("NUMERIC", Code("2018003", "99IHERO2018", "Number of Fractions Planned")),
    ]


def saved(own: Templates, name: str = "Reading room 2") -> Template:
    whole = workitem_elements(label="Interpretation").with_elements(
        element(tags.SOP_INSTANCE_UID, "1.2.3.4"),
        element(tags.TRANSACTION_UID, "2.25.77"),
        sequence(tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, WORK.to_elements()),
        element(tags.COMMENTS_ON_THE_SCHEDULED_PROCEDURE_STEP, "Call Jana first"),
    )
    return own.save(name, "  Of the second room ", whole)


def test_a_saved_template_has_no_patient_in_its_file_and_comes_back(own: Templates, tmp_path: Path) -> None:
    template = saved(own)
    text = template.file.read_text(encoding="utf-8")
    for secret in ("Novak", "Jana", "PAT-1", "19620410", "1.2.3.4", "2.25.77", "20260304"):
        assert secret not in text
    assert own.shelf().templates[0] == template
    assert (template.name, template.description, template.is_own) == (
        "Reading room 2",
        "Of the second room",
        True,
    )
    assert template.elements.text(tags.PROCEDURE_STEP_LABEL) == "Interpretation"
    if os.name == "posix":
        assert stat.S_IMODE(template.file.stat().st_mode) == 0o600


def test_the_same_name_replaces_and_another_never_does(own: Templates) -> None:
    first = saved(own, "CT é!")
    assert own.shelf().has_own(" ct  e! ")
    assert saved(own, "CT É!").file == first.file
    other = saved(own, "CT e?")
    assert other.file != first.file
    assert len([one for one in own.shelf().templates if one.is_own]) == 2
    own.delete(other)
    own.delete(next(one for one in own.shelf().templates if not one.is_own))
    assert len(own.shelf().templates) == 1 + 7


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "As for Jana"])
def test_a_name_that_cannot_be(own: Templates, name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="name"):
        saved(own, name)
    assert not (tmp_path / "templates").exists()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"name": "x"}', '{"name": 7, "attributes": {}}', '{"attributes": {"x": 1}}', "\ud800"],
)
def test_a_file_that_is_none_is_told_and_the_others_stay(own: Templates, tmp_path: Path, text: str) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "bad.json").write_bytes(text.encode("utf-8", errors="surrogatepass"))
    shelf = own.shelf()
    assert len(shelf.templates) == 7
    assert len(shelf.problems) == 1 and "bad.json" in shelf.problems[0]


def test_a_patient_in_a_file_written_by_hand_is_left_out(own: Templates, tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    found = {
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Novak^Jana"}]},
        "ProcedureStepLabel": {"Value": ["x"]},
    }
    text = json.dumps({"name": "By hand", "attributes": found})
    (tmp_path / "templates" / "hand.json").write_text(text, encoding="utf-8")
    template = own.shelf().named("by hand")
    assert template is not None and template.elements.tags == {tags.PROCEDURE_STEP_LABEL}
