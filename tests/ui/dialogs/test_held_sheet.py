"""Handing over, taking over and forgetting with the keys of a person, at a server that keeps state."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest_asyncio
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton, QWidget

from tests.services.values import key_of
from tests.ui.desks import KEY, Setting, opened, pause, press, setting, treatment, until
from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.operation import Operation
from upsdesk.services.desk_file import ClaimStatus
from upsdesk.ui.dialogs import ConfirmDialog
from upsdesk.ui.held_sheet import Files, HeldSheet
from upsdesk.ui.passphrase_sheet import PassphraseSheet

PASSPHRASE = "linac monday morning"


@pytest_asyncio.fixture
async def here(tmp_path: Path) -> AsyncIterator[Setting]:
    async with setting(tmp_path / "a") as made:
        made.server.add(key_of(2).uid, treatment(name="Dvorak^Petr", patient_id="PAT-2", label="Boost"))
        made.read(key_of(2))
        await made.claim()
        await made.claim(key_of(2))
        yield made


def files(path: Path) -> Files:
    async def to_write(parent: QWidget, name: str) -> Path:
        assert name == "hand-over-20260304-0930.upsdesk"
        await pause()  # as a dialog lets the loop turn
        return path

    async def to_read(parent: QWidget) -> Path:
        return path

    return Files(to_write, to_read)


async def on_top(kind: type[ConfirmDialog]) -> ConfirmDialog:
    def found() -> ConfirmDialog | None:
        active = QApplication.activeModalWidget()
        return active if type(active) is kind else None

    dialog = await until(found, f"a {kind.__name__}")
    await until(
        lambda: (one := QApplication.focusWidget()) is not None and one.window() is dialog, "its focus"
    )
    await pause()
    return dialog


async def write(*texts: str) -> None:
    for text in texts:
        QTest.keyClicks(QApplication.focusWidget(), text)
        await pause()
        await press(Qt.Key.Key_Tab)


async def hand_over(here: Setting, sheet: HeldSheet) -> None:
    sheet.boxes[0].setFocus()
    await press(Qt.Key.Key_Space)
    assert not sheet.waits
    sheet.yes_button.setFocus()
    await press(Qt.Key.Key_Space)
    asked = await on_top(PassphraseSheet)
    assert isinstance(asked, PassphraseSheet)
    await write("short", "short")
    asked.field.setFocus()
    await press(Qt.Key.Key_Return)
    assert "at least 8" in asked.message.text
    asked.field.setText(PASSPHRASE)
    asked.again.setText(PASSPHRASE + "x")
    asked.field.setFocus()
    await press(Qt.Key.Key_Return)
    assert asked.isVisible()
    asked.again.setText(PASSPHRASE)
    asked.field.setFocus()
    await press(Qt.Key.Key_Return)
    await until(lambda: "handed over with" in sheet.notice.text, "the hand-over")


async def test_handed_over_and_taken_back(here: Setting, tmp_path: Path) -> None:
    sheet = HeldSheet(here.window, here.desk, files(tmp_path / "x.upsdesk"))
    sheet.open()
    await opened(here.window)
    assert len(sheet.boxes) == 2
    assert "Novak, Jana, ID PAT-1, born 1962-04-10, F" in sheet.boxes[0].accessibleName()
    assert sheet.line.text == "Hand over waits for: a tick at a workitem"
    await hand_over(here, sheet)
    assert here.desk.held_keys() == (key_of(2),)
    assert [one.status for one in here.desk.vault.all_of(KEY, None)] == [ClaimStatus.HANDED_OVER]
    sheet.activateWindow()
    sheet.take_button.setFocus()
    await press(Qt.Key.Key_Space)
    asked = await on_top(PassphraseSheet)
    QTest.keyClicks(QApplication.focusWidget(), "another passphrase")
    await pause()
    await press(Qt.Key.Key_Return)
    again = await until(
        lambda: (
            (one := QApplication.activeModalWidget()) is not asked
            and isinstance(one, PassphraseSheet)
            and one
        ),
        "the question again",
    )
    assert "passphrase is not the one" in again.message.text
    again.field.setText(PASSPHRASE)
    again.yes_button.click()
    await until(lambda: "1 of 1 workitem taken over from RT console" in sheet.notice.text, "the take-over")
    assert set(here.desk.held_keys()) == {KEY, key_of(2)}
    sheet.done(0)
    sheet.deleteLater()


async def test_a_take_over_tells_what_differs(here: Setting, tmp_path: Path) -> None:
    sheet = HeldSheet(here.window, here.desk, files(tmp_path / "x.upsdesk"))
    sheet.open()
    await opened(here.window)
    await hand_over(here, sheet)
    here.server.change(KEY.uid, element(tags.PATIENT_NAME, "Nowak^Jana"))
    sheet.activateWindow()
    sheet.take_button.click()
    asked = await on_top(PassphraseSheet)
    asked.field.setText(PASSPHRASE)
    asked.yes_button.click()
    await until(lambda: "0 of 1" in sheet.notice.text, "the answer")
    assert "Name: Novak, Jana → Nowak, Jana" in sheet.notice.text
    assert here.desk.held_keys() == (key_of(2),)
    assert Operation.SET not in here.server.requests()
    sheet.done(0)
    sheet.deleteLater()


async def test_a_key_is_forgotten_only_after_a_yes(here: Setting, tmp_path: Path) -> None:
    sheet = HeldSheet(here.window, here.desk, files(tmp_path / "x.upsdesk"))
    sheet.open()
    await opened(here.window)

    def press_forget() -> None:
        name = "Forget the key of Novak"
        next(one for one in sheet.findChildren(QToolButton) if one.accessibleName().startswith(name)).click()

    press_forget()
    question = await on_top(ConfirmDialog)
    assert question.yes_button.text() == "Forget Novak, Jana"
    await press(Qt.Key.Key_Return)
    await until(lambda: QApplication.activeModalWidget() is sheet, "the end of the question")
    assert len(here.desk.held_keys()) == 2
    sheet.activateWindow()
    press_forget()
    question = await on_top(ConfirmDialog)
    question.yes_button.setFocus()
    await press(Qt.Key.Key_Space)
    await until(lambda: here.desk.held_keys() == (key_of(2),), "the key to be forgotten")
    assert len(sheet.boxes) == 1
    entry = here.desk.held_entries()[0]
    here.desk.vault.put(replace(entry, status=ClaimStatus.CLAIM_SENT))
    sheet.done(0)
    sheet.deleteLater()


async def test_a_scan_hands_nothing_over_and_forgets_nothing(here: Setting, tmp_path: Path) -> None:
    sheet = HeldSheet(here.window, here.desk, files(tmp_path / "x.upsdesk"))
    sheet.open()
    await opened(here.window)
    sheet.boxes[0].click()
    bin_ = next(one for one in sheet.findChildren(QToolButton) if "Forget" in one.accessibleName())
    for target in (sheet.yes_button, sheet.take_button, bin_, sheet.no_button):
        target.setFocus()
        for key in "471190200123\r   ":
            code = Qt.Key.Key_Return if key == "\r" else Qt.Key(ord(key))
            QTest.keyClick(target, code)
        await pause()
        assert QApplication.activeModalWidget() is sheet
    assert len(here.desk.held_keys()) == 2
    sheet.done(0)
    sheet.deleteLater()
