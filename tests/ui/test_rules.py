"""What holds whatever part of the window is used: the server of a dialog, and where a Transaction UID is."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPlainTextEdit, QWidget

from tests.support.worklist_scp import WorklistScp
from tests.ui.windows import Shown, confirm, gone, until, window_on
from upsdesk.domain.keys import PeerId
from upsdesk.ui import actions

UID = "1.2.3.1"


@pytest.fixture
def scp() -> Iterator[WorklistScp]:
    with WorklistScp() as server:
        server.add(UID)
        yield server


async def test_another_server_waits_until_the_dialog_is_closed(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp) as shown:
        other = replace(shown.peer, id=PeerId("s-2"), name="Another server")
        shown.desk.settings.profiles.save(other)
        await shown.select(UID)
        dialog = await shown.open_dialog(actions.START)
        shown.window.server_button.chosen.emit(other)
        await confirm(dialog)
        await gone(shown.window)
        assert shown.conductor.peer == shown.peer == dialog.peer
        assert shown.desk.held_keys() == (shown.key(UID),)
        shown.window.server_button.chosen.emit(other)
        await until(lambda: shown.conductor.peer == other, "the other server")


def texts(shown: Shown) -> Iterator[str]:
    """All that stands anywhere in the window, seen or not."""
    for widget in QApplication.allWidgets():
        if isinstance(widget, QWidget):
            yield from (widget.toolTip(), widget.accessibleName(), widget.accessibleDescription())
        if isinstance(widget, QLabel | QLineEdit):
            yield widget.text()
        elif isinstance(widget, QPlainTextEdit):
            yield widget.toPlainText()
    model = shown.window.worklist.view.model()
    for row in range(model.rowCount()):
        yield from (str(model.index(row, column).data()) for column in range(model.columnCount()))


async def test_a_transaction_uid_is_in_the_vault_and_nowhere_else(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp) as shown:
        await shown.select(UID)
        await confirm(await shown.open_dialog(actions.START))
        await gone(shown.window)
        (entry,) = shown.desk.held_entries()
        lock = str(entry.transaction_uid)
        assert str(scp.items[UID].TransactionUID) == lock
        dialog = await shown.open_dialog(actions.PROGRESS)
        found = [text for text in texts(shown) if lock in text]
        dialog.reject()
        await gone(shown.window)
        shown.window.trigger(actions.EDIT)
        editor = shown.window.editor
        await until(lambda: editor.form() is not None, "the form")
        found += [text for text in texts(shown) if lock in text]
        assert found == []
        assert not [one for one in shown.desk.desk_file.journal() if lock in repr(one)]
    holding = [
        path.name for path in tmp_path.rglob("*") if path.is_file() and lock.encode() in path.read_bytes()
    ]
    assert holding and all(name.startswith("desk.") for name in holding), holding
