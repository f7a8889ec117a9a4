"""Adding a server: fields, test, the administrator's text, saving; and the button that chooses one."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from tests.services.values import PEER
from tests.ui.desks import Setting, open_dialogs, pause, press, setting, until
from upsdesk.domain.peer import Peer, PeerUse
from upsdesk.ui.dialogs import ConfirmDialog
from upsdesk.ui.servers.add_server import AddServerDialog
from upsdesk.ui.servers.first_start import FirstStartPage
from upsdesk.ui.servers.server_button import ServerButton


@pytest_asyncio.fixture
async def here(tmp_path: Path) -> AsyncIterator[Setting]:
    async with setting(tmp_path) as made:
        yield made


async def open_dialog(here: Setting, peer: Peer | None = None) -> AddServerDialog:
    dialog = AddServerDialog(
        here.window, here.desk, peer, host_name=lambda: "rt3-console", own_address=lambda: "10.20.4.99"
    )
    dialog.open()
    await pause()
    return dialog


def fill(dialog: AddServerDialog, **texts: str) -> None:
    for field, text in texts.items():
        dialog.fields[field].setText(text)
        dialog.fields[field].editingFinished.emit()


def words_of(dialog: AddServerDialog) -> str:
    return " | ".join(one.text() for one in dialog.findChildren(QLabel) if one.isVisibleTo(dialog))


async def test_a_server_is_saved_with_a_title_of_its_own(here: Setting) -> None:
    dialog = await open_dialog(here)
    assert dialog.waits
    fill(dialog, name="TMS main", called_aet="TMS_SCP", host="10.20.4.11", port="11112")
    assert dialog.fields["calling_aet"].text() == "UPSD_RT3_CONSOLE"
    assert dialog.fields["listen_host"].text() == "0.0.0.0"
    assert not dialog.waits
    dialog.yes_button.click()
    assert not dialog.isVisible()
    assert dialog.saved is not None
    assert here.desk.settings.profiles.by_id(dialog.saved.id) == dialog.saved
    assert dialog.saved.use is PeerUse.CLINICAL
    dialog.deleteLater()


async def test_a_server_on_this_computer_keeps_the_plain_title(here: Setting) -> None:
    dialog = await open_dialog(here)
    fill(dialog, name="Here", called_aet="SCP", host="127.0.0.1")
    assert dialog.fields["calling_aet"].text() == "UPSDESK"
    dialog.no_button.click()
    dialog.deleteLater()


async def question_over(dialog: AddServerDialog) -> ConfirmDialog:
    return await until(lambda: next(open_dialogs(dialog), None), "a question")


async def test_escape_loses_nothing_that_was_typed_without_a_question(here: Setting) -> None:
    dialog = await open_dialog(here)
    fill(dialog, host="10.20.4.11")
    await press(Qt.Key.Key_Escape)
    question = await question_over(dialog)
    await until(question.no_button.hasFocus, "the focus in the question")
    await pause()
    await press(Qt.Key.Key_Return)  # No is the default
    await until(lambda: not list(open_dialogs(dialog)), "the question to close")
    assert dialog.isVisible()
    assert dialog.fields["host"].text() == "10.20.4.11"
    dialog.close_button.click()
    question = await question_over(dialog)
    question.yes_button.click()
    await until(lambda: not dialog.isVisible(), "the dialog to close")
    assert dialog.saved is None
    dialog.deleteLater()


@pytest.mark.parametrize("peer", [None, PEER], ids=["new", "edit"])
async def test_escape_closes_at_once_when_nothing_was_typed(here: Setting, peer: Peer | None) -> None:
    dialog = await open_dialog(here, peer)
    await press(Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    dialog.deleteLater()


async def test_a_scan_saves_nothing_and_closes_nothing(here: Setting) -> None:
    dialog = await open_dialog(here)
    fill(dialog, name="TMS main", called_aet="TMS_SCP", host="10.20.4.11")
    assert not dialog.waits
    for key in "471190200123":
        QTest.keyClick(QApplication.focusWidget() or dialog, Qt.Key(ord(key)))
    QTest.keyClick(QApplication.focusWidget() or dialog, Qt.Key.Key_Return)
    await pause()
    assert dialog.isVisible()
    assert dialog.saved is None
    dialog.no_button.click()
    dialog.deleteLater()


async def test_a_press_too_early_shows_what_is_missing_beside_the_fields(here: Setting) -> None:
    dialog = await open_dialog(here)
    assert "An AE title is needed" not in words_of(dialog)
    dialog.yes_button.setFocus()
    await press(Qt.Key.Key_Space)
    assert dialog.isVisible()
    assert "An AE title is needed" in words_of(dialog)
    assert dialog.fields["name"].hasFocus()
    assert here.desk.peers == (PEER,)
    dialog.no_button.click()
    dialog.deleteLater()


async def test_a_name_that_is_taken_is_said(here: Setting) -> None:
    dialog = await open_dialog(here)
    fill(dialog, name=PEER.name.upper())
    assert "Another server has this name" in words_of(dialog)
    dialog.no_button.click()
    dialog.deleteLater()


async def test_an_edit_keeps_the_id(here: Setting) -> None:
    dialog = await open_dialog(here, PEER)
    assert dialog.fields["host"].text() == PEER.host
    fill(dialog, name="Renamed")
    dialog.yes_button.click()
    assert [peer.id for peer in here.desk.peers] == [PEER.id]
    assert here.desk.peer(PEER.id).name == "Renamed"
    assert here.desk.peer(PEER.id).timeouts == PEER.timeouts
    dialog.deleteLater()


async def test_the_test_names_the_step_that_failed_and_saving_stays_possible(
    here: Setting, unused_tcp_port: int
) -> None:
    dialog = await open_dialog(here)
    fill(dialog, name="Nobody", called_aet="NOBODY", host="127.0.0.1", port=str(unused_tcp_port))
    dialog.test_button.click()
    assert not dialog.test_button.isEnabled()
    await until(dialog.test_button.isEnabled, "the end of the test")
    words = words_of(dialog)
    assert "It can be saved all the same" in words
    assert not dialog.waits
    dialog.yes_button.click()
    assert dialog.saved is not None
    dialog.deleteLater()


async def test_closing_ends_a_test_under_way(here: Setting, unused_tcp_port: int) -> None:
    dialog = await open_dialog(here)
    fill(dialog, name="Nobody", called_aet="NOBODY", host="127.0.0.1", port=str(unused_tcp_port))
    dialog.test_button.click()
    dialog.no_button.click()
    await pause()
    dialog.deleteLater()


async def test_the_text_for_the_administrator_goes_to_the_clipboard(here: Setting) -> None:
    dialog = await open_dialog(here)
    fill(dialog, name="TMS main", called_aet="TMS_SCP", host="10.20.4.11")
    dialog.copy_button.click()
    text = QGuiApplication.clipboard().text()
    assert "UPSD_RT3_CONSOLE" in text
    assert "10.20.4.99" in text
    dialog.no_button.click()
    dialog.deleteLater()


async def test_the_button_shows_the_server_and_its_use(here: Setting) -> None:
    button = ServerButton(here.desk, here.window)
    button.set_peer(PEER)
    assert "Test server" in button.accessibleName()
    assert "Clinical" in button.accessibleName()
    assert PEER.address in button.toolTip()
    button.show_menu_actions()
    texts = [action.text() for action in button.menu().actions()]
    assert any(text.startswith("Test server") for text in texts)
    assert "Add server…" in texts
    assert "Remove Test server…" in texts


@pytest.fixture
def first_start(qtbot: QtBot) -> Iterator[FirstStartPage]:
    page = FirstStartPage("", host_name=lambda: "rt3-console")
    qtbot.addWidget(page)
    page.resize(960, 460)
    page.show()
    yield page


def test_the_first_page_asks_for_name_and_station(first_start: FirstStartPage) -> None:
    told: list[object] = []
    first_start.identity_changed.connect(lambda name, station: told.append((name, station)))
    first_start.add_server.connect(lambda: told.append("add"))
    first_start.try_sample.connect(lambda: told.append("sample"))
    first_start.station_field.setText(" FX1 ")
    first_start.add_button.click()
    assert told == [("rt3-console", "FX1"), "add"]
    first_start.name_field.setText("")
    first_start.add_button.click()
    assert told[2:] == []
    assert first_start.message.text == "The desk needs a name."
    first_start.sample_button.click()
    assert told[2:] == ["sample"]
    for field in first_start.findChildren(QLineEdit):
        assert field.accessibleName()
