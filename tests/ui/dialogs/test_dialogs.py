"""Dialogs: what presses a button and what does not, where they stand, and what an answer is."""

import asyncio
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from upsdesk.ui import dialogs
from upsdesk.ui.demo_band import DemoBand
from upsdesk.ui.dialogs import ConfirmDialog
from upsdesk.ui.key_guard import BURST_MS

APART = BURST_MS + 30
"""Milliseconds between two keys of a person."""


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[QWidget]:
    widget = QWidget()
    widget.resize(1280, 720)
    widget.show()
    yield widget
    widget.close()
    widget.deleteLater()


@pytest.fixture
def dialog(window: QWidget, qtbot: QtBot) -> Iterator[ConfirmDialog]:
    made = ConfirmDialog(window, "Complete this workitem?", "This is final.", yes="Complete Novak, Jana")
    field = QLineEdit()
    made.middle.addWidget(field)
    made.open()
    qtbot.waitExposed(made)
    QTest.qWait(APART)
    yield made
    made.reject()
    made.deleteLater()


def press(key: Qt.Key, wait: int = APART) -> None:
    """A key of a person: it goes to the widget with the focus, and the next one comes later."""
    target = QApplication.focusWidget()
    assert target is not None
    QTest.keyClick(target, key)
    QTest.qWait(wait)
    QTest.qWait(1)  # a busy machine may leave no moment for the timers of that time


def test_no_has_the_focus_and_enter_presses_it(dialog: ConfirmDialog) -> None:
    answers: list[str] = []
    dialog.rejected.connect(lambda: answers.append("no"))
    dialog.confirmed.connect(lambda: answers.append("yes"))
    assert dialog.no_button.hasFocus()
    press(Qt.Key.Key_Return)
    assert answers == ["no"]
    assert not dialog.isVisible()


def test_tab_and_space_confirm(dialog: ConfirmDialog) -> None:
    answers: list[str] = []
    dialog.confirmed.connect(lambda: answers.append("yes"))
    press(Qt.Key.Key_Tab)
    assert dialog.yes_button.hasFocus()
    press(Qt.Key.Key_Space)
    assert answers == ["yes"]
    assert dialog.isVisible()


def test_enter_on_the_confirm_button_is_no(dialog: ConfirmDialog) -> None:
    answers: list[str] = []
    dialog.confirmed.connect(lambda: answers.append("yes"))
    press(Qt.Key.Key_Tab)
    press(Qt.Key.Key_Enter)
    assert answers == []
    assert not dialog.isVisible()


@pytest.mark.parametrize("first", [Qt.Key.Key_Space, Qt.Key.Key_Tab, Qt.Key.Key_4])
def test_a_burst_presses_nothing(dialog: ConfirmDialog, first: Qt.Key) -> None:
    answers: list[str] = []
    dialog.confirmed.connect(lambda: answers.append("yes"))
    dialog.yes_button.setFocus()
    for key in (first, Qt.Key.Key_4, Qt.Key.Key_Space, Qt.Key.Key_7, Qt.Key.Key_Return):
        target = QApplication.focusWidget()
        assert target is not None
        QTest.keyClick(target, key)
    QTest.qWait(APART)
    assert answers == []
    assert dialog.isVisible()
    assert not dialog.yes_button.isDown()


def test_a_burst_that_ends_with_escape_does_not_close(dialog: ConfirmDialog) -> None:
    QTest.keyClick(dialog.no_button, Qt.Key.Key_7)
    QTest.keyClick(dialog.no_button, Qt.Key.Key_Escape)
    QTest.qWait(APART)
    assert dialog.isVisible()
    press(Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_enter_in_a_field_throws_nothing_away(dialog: ConfirmDialog) -> None:
    field = dialog.findChild(QLineEdit)
    assert field is not None
    field.setFocus()
    QTest.keyClicks(field, "typed")
    press(Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert field.text() == "typed"


def test_a_waiting_confirm_button_keeps_the_focus_and_says_why(dialog: ConfirmDialog) -> None:
    told: list[str] = []
    dialog.confirmed.connect(lambda: told.append("yes"))
    dialog.waited.connect(lambda: told.append("waits"))
    dialog.set_waiting("Complete waits for: Performed end")
    press(Qt.Key.Key_Tab)
    assert dialog.yes_button.hasFocus()
    press(Qt.Key.Key_Space)
    assert told == ["waits"]
    assert dialog.line.text == "Complete waits for: Performed end"
    assert dialog.yes_button.accessibleDescription() == "Complete waits for: Performed end"
    dialog.set_waiting("")
    press(Qt.Key.Key_Space)
    assert told == ["waits", "yes"]


@pytest.mark.parametrize("size", [(1366, 768), (1280, 720), (960, 540)])
def test_it_stays_inside_the_window_with_head_and_foot_in_view(
    window: QWidget, qtbot: QtBot, size: tuple[int, int]
) -> None:
    window.resize(*size)
    made = ConfirmDialog(window, "Title", "Subtitle", yes="Complete " + "Long Name " * 8, demo=True)
    for _ in range(60):
        made.middle.addWidget(QLineEdit())
    made.set_waiting("Complete waits for: Performed station, Performed start, Performed end")
    made.open()
    qtbot.waitExposed(made)
    QTest.qWait(20)
    assert made.height() <= size[1] - 32
    assert made.width() <= size[0] - 32
    for part in (made.no_button, made.yes_button, made.line.label, made.title_label):
        assert made.rect().contains(part.mapTo(made, part.rect().topLeft()))
        assert made.rect().contains(part.mapTo(made, part.rect().bottomRight()))
        assert part.width() >= part.minimumSizeHint().width()
    assert made.findChild(DemoBand) is not None
    made.reject()
    made.deleteLater()


async def test_ask_awaits_the_answer(window: QWidget) -> None:
    task = asyncio.ensure_future(
        dialogs.ask(window, "Close?", "One workitem is held.", yes="Close", no="Back to the item")
    )
    dialog = await _opened(window)
    assert dialog.no_button.text() == "Back to the item"
    dialog.yes_button.click()
    assert await task is True

    task = asyncio.ensure_future(
        dialogs.ask(window, "Close?", "One workitem is held.", yes="Close", no="Back to the item")
    )
    (await _opened(window)).no_button.click()
    assert await task is False


async def test_a_cancelled_question_closes_its_dialog(window: QWidget) -> None:
    task = asyncio.ensure_future(dialogs.ask(window, "Close?", "Text.", yes="Close", no="Back"))
    await _opened(window)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not window.findChildren(ConfirmDialog)


async def _opened(window: QWidget) -> ConfirmDialog:
    for _ in range(200):
        for dialog in window.findChildren(ConfirmDialog):
            if dialog.isVisible():
                return dialog
        await asyncio.sleep(0)
    raise AssertionError("no dialog opened")
