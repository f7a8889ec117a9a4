"""The patient's facts are said whole, also when they are unknown or very long."""

from datetime import date

import pytest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from upsdesk.domain.workitem import PatientFacts
from upsdesk.ui import theme
from upsdesk.ui.patient_banner import PatientBanner


@pytest.fixture
def banner(qtbot: QtBot, qapp: QApplication) -> PatientBanner:
    theme.load_fonts()
    theme.apply_theme(qapp, theme.load_theme("light"))
    made = PatientBanner(today=lambda: date(2026, 11, 19))
    qtbot.addWidget(made)
    return made


def told(banner: PatientBanner) -> list[str]:
    return [label.text() for label in banner.findChildren(QLabel)]


def test_all_four_facts_and_the_age(banner: PatientBanner) -> None:
    banner.set_patient(PatientFacts("Novák^Jana", "4471902", "19570314", "F", "NORTH"))
    assert banner.name_text == "Novák, Jana"
    for fact in ("4471902", "1957-03-14", "F", "69 y"):
        assert fact in told(banner)
    assert "NORTH" not in told(banner)
    assert banner.accessibleDescription() == "Novák, Jana, ID 4471902, born 1957-03-14, F"


def test_what_is_unknown_is_said(banner: PatientBanner) -> None:
    banner.set_patient(PatientFacts(), issuer_shown=True)
    for words in ("no ID", "born unknown", "sex unknown", "not named"):
        assert words in told(banner)
    assert banner.name_text == "no name"


def test_the_note_comes_and_goes(banner: PatientBanner) -> None:
    banner.set_patient(PatientFacts("A^B"), note="Completed 10:21, outside this filter", level="info")
    assert banner.note_text == "Completed 10:21, outside this filter"
    assert "outside this filter" in banner.accessibleDescription()
    banner.set_patient(PatientFacts("A^B"))
    assert banner.note_text == ""


@pytest.mark.parametrize("width", [240, 308, 600])
@pytest.mark.parametrize("large", [False, True])
def test_nothing_is_cut_off(banner: PatientBanner, qtbot: QtBot, width: int, large: bool) -> None:
    facts = PatientFacts(
        name="Wolfeschlegelsteinhausenbergerdorffwelchevoraltern^Hubert Blaine=沃尔夫^休伯特",
        patient_id="X123456789" * 6,
        birth_date="19570314",
        sex="F",
        issuer="A HOSPITAL WITH A LONG NAME",
    )
    banner.set_patient(facts, large=large, issuer_shown=True)
    banner.resize(width, banner.heightForWidth(width))
    banner.show()
    qtbot.waitExposed(banner)
    inside = banner.rect()
    for label in banner.findChildren(QLabel):
        if label.isHidden() or not label.text() or not label.isVisibleTo(banner):
            continue
        corner = label.mapTo(banner, label.rect().bottomRight())
        assert inside.contains(corner), label.text()
        needed = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
        assert label.height() >= needed, label.text()
        if not label.wordWrap():
            assert label.width() >= label.sizeHint().width(), label.text()
    name = facts.display_name
    assert banner.name_text == name
