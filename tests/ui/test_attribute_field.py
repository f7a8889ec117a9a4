"""The field for any attribute, by keys only: suggestions, sequences, and what Enter means."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from upsdesk.domain import tags
from upsdesk.ui.attribute_field import AttributeField


@pytest.fixture
def field(qtbot: QtBot) -> Iterator[AttributeField]:
    made = AttributeField()
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    made.setFocus()
    qtbot.waitUntil(made.hasFocus)
    yield made
    made.popup.hide()


def press(key: Qt.Key) -> None:
    target = QApplication.activePopupWidget() or QApplication.focusWidget()
    assert target is not None
    QTest.keyClick(target, key)


def test_a_nested_path_is_chosen_by_keys(field: AttributeField, qtbot: QtBot) -> None:
    entered: list[str] = []
    field.entered.connect(lambda: entered.append(field.text()))
    QTest.keyClicks(field, "scheduledworkitemc")
    popup = field.popup
    qtbot.waitUntil(popup.isVisible)
    assert field.offered[0] == "ScheduledWorkitemCodeSequence"
    press(Qt.Key.Key_Down)
    press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: field.text() == "ScheduledWorkitemCodeSequence/")
    qtbot.waitUntil(popup.isVisible)
    at = field.offered.index("ScheduledWorkitemCodeSequence/CodeMeaning")
    for _ in range(at + 1):
        press(Qt.Key.Key_Down)
    assert not entered
    press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: field.text() == "ScheduledWorkitemCodeSequence/CodeMeaning")
    press(Qt.Key.Key_Return)
    assert entered == ["ScheduledWorkitemCodeSequence/CodeMeaning"]
    named = field.read()
    assert named is not None
    assert named.path == (tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, tags.CODE_MEANING)


def test_down_offers_from_nothing_and_escape_ends_it(field: AttributeField, qtbot: QtBot) -> None:
    press(Qt.Key.Key_Down)
    qtbot.waitUntil(field.popup.isVisible)
    assert "ProcedureStepLabel" in field.offered
    press(Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not field.popup.isVisible())
    assert field.text() == ""
    assert field.read() is None


def test_a_typed_error_is_told_and_a_slash_at_the_end_means_the_sequence(field: AttributeField) -> None:
    field.setText("PatientNme")
    with pytest.raises(ValueError, match="did you mean PatientName"):
        field.read()
    field.setText("ReferencedRequestSequence/")
    named = field.read()
    assert named is not None and named.vr == "SQ"
