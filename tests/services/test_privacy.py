"""Names hidden: what is taken out of texts and data sets, what stays, and when it is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.services.values import key_of
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.workitem import PatientFacts, Workitem
from upsdesk.services.privacy import MASK, Privacy
from upsdesk.services.settings import Settings, SettingsError

JAN = PatientFacts("Novák^Jan", "P-17", "19740312", "M", "HOSPITAL A")
ITEM = Workitem(key_of(1), patient=JAN, accession="ACC9")


@pytest.fixture
def privacy(tmp_path: Path) -> Privacy:
    made = Privacy(Settings.load(tmp_path))
    made.hide(True)
    return made


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Novák, Jan: boost", "•••: boost"),
        ("NOVÁK^JAN and Jan's plan", "••• and •••'s plan"),
        ("January, Novákova Street, 1P-178", "January, Novákova Street, 1P-178"),
        ("P-17, born 1974-03-12 (19740312, 12.03.1974)", "•••, born ••• (•••, •••)"),
        ("request ACC9 of HOSPITAL A", "request ••• of •••"),
    ],
)
def test_whole_words_that_say_who_it_is_are_taken_out(privacy: Privacy, text: str, told: str) -> None:
    assert privacy.words(text, ITEM) == told
    assert privacy.words(text, None) == MASK
    privacy.hide(False)
    assert privacy.words(text, ITEM) == text


def test_scripts_without_spaces_are_searched_too(privacy: Privacy) -> None:
    patient = PatientFacts("Zhou^Wenbo=周^文博", "P-18")
    assert privacy.words("请叫文博过来", replace(ITEM, patient=patient)) == "请叫•••过来"


def test_a_patient_has_one_number_and_the_mask_is_not_masked_again(privacy: Privacy) -> None:
    first = privacy.facts(JAN)
    assert (first.display_name, first.patient_id, first.birth_date, first.sex) == (
        "Patient 1",
        MASK,
        MASK,
        "M",
    )
    assert privacy.facts(first) is first
    assert privacy.facts(replace(JAN, name="NOVAK^JAN")).name == "Patient 1"
    assert privacy.facts(replace(JAN, issuer="HOSPITAL B")).name == "Patient 2"
    assert privacy.facts(PatientFacts()).display_name == ""


def test_a_data_set_for_a_file_keeps_the_work_and_loses_the_patient(privacy: Privacy) -> None:
    whole = Elements(
        [
            element(tags.PATIENT_NAME, JAN.name),
            element(tags.PATIENT_ID, JAN.patient_id),
            element(tags.PATIENT_SEX, "M"),
            element(tags.ADMISSION_ID, "V-1"),
            element(tags.PROCEDURE_STEP_LABEL, "Boost for Jan"),
            Element(0x00091001, "LO", ("Novák",)),
            Element(0x00091002, "UN", raw=b"Nov\xc3\xa1k"),
            sequence(
                tags.REFERENCED_REQUEST_SEQUENCE,
                Elements(
                    [
                        element(tags.ACCESSION_NUMBER, "ACC9"),
                        element(tags.REQUESTED_PROCEDURE_DESCRIPTION, "Jan: ACC9"),
                        element(tags.STUDY_INSTANCE_UID, "1.2.3"),
                    ]
                ),
            ),
        ]
    )
    told = privacy.elements(whole)
    (request,) = told.items(tags.REFERENCED_REQUEST_SEQUENCE)
    assert told.text(tags.PATIENT_NAME) == "Patient 1" and told.text(tags.PATIENT_SEX) == "M"
    assert told.get(tags.PATIENT_ID).is_empty and told.get(tags.ADMISSION_ID).is_empty  # type: ignore[union-attr]
    assert told.text(tags.PROCEDURE_STEP_LABEL) == "Boost for •••"
    assert 0x00091001 not in told and 0x00091002 not in told
    assert request.text(tags.ACCESSION_NUMBER) == "" and request.text(tags.STUDY_INSTANCE_UID) == "1.2.3"
    assert request.text(tags.REQUESTED_PROCEDURE_DESCRIPTION) == "•••: •••"
    privacy.hide(False)
    assert privacy.elements(whole) is whole


def test_what_cannot_be_kept_is_not_done(tmp_path: Path) -> None:
    privacy = Privacy(Settings.load(tmp_path))
    told: list[bool] = []
    privacy.changed.add(lambda: told.append(privacy.is_hidden))
    privacy.hide(True)
    assert Privacy(Settings.load(tmp_path)).is_hidden and told == [True]
    (tmp_path / "desk.toml").unlink()
    (tmp_path / "desk.toml").mkdir()
    with pytest.raises(OSError, match=r"desk\.toml"):
        privacy.hide(False)
    assert privacy.is_hidden and told == [True]


def test_a_setting_that_is_neither_true_nor_false_is_told(tmp_path: Path) -> None:
    (tmp_path / "desk.toml").write_text('names_hidden = "perhaps"')
    with pytest.raises(SettingsError, match="names_hidden"):
        Settings.load(tmp_path)
