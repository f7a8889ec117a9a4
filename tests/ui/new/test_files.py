"""Create from files in the whole window: dropped and picked files, a result a row, and another try."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.support.worklist_scp import WorklistScp
from tests.ui.desks import open_dialogs, pause, press
from tests.ui.windows import Shown, click, gone, until, window_on
from upsdesk.services.bulk_create import RowState
from upsdesk.ui import actions
from upsdesk.ui.new.files import FilesDialog

HEAD = "PatientName,PatientID,ProcedureStepLabel,ScheduledProcedureStepStartDateTime"
LINES = (
    "Nováková^Jana,7,One,20261119093000+0100",
    "Dvořák^Jiří,8,,tomorrow",
    "Kim^Do,9,Two,20261119093000+0100",
)


@pytest.fixture
def scp() -> Iterator[WorklistScp]:
    with WorklistScp() as server:
        yield server


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A list with one bad row, and a file that is none."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "list.csv").write_text("\n".join((HEAD, *LINES)), encoding="utf-8")
    (folder / "scan.pdf").write_bytes(b"%PDF\0\xff")
    return [folder / "list.csv", folder / "scan.pdf"]


def drop(target: QWidget, paths: list[Path]) -> None:
    """What the window system tells when files are let go over a widget."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(target.rect().center(), copy, data, left, none)
    QApplication.sendEvent(target, enter)
    if enter.isAccepted():
        QApplication.sendEvent(target, QDropEvent(QPointF(target.rect().center()), copy, data, left, none))


async def asked(shown: Shown) -> FilesDialog:
    dialog = await until(lambda: next(open_dialogs(shown.window), None), "the dialog")
    assert isinstance(dialog, FilesDialog)
    await until(lambda: len(dialog.bulk.rows) == 4, "the rows")
    await pause(300)
    return dialog


def states(dialog: FilesDialog) -> list[RowState]:
    return [row.state for row in dialog.bulk.rows]


def column(dialog: FilesDialog, at: int) -> list[str]:
    return [dialog.model.index(row, at).data() for row in range(dialog.model.rowCount())]


async def test_files_that_are_dropped_become_workitems_row_by_row(
    tmp_path: Path, scp: WorklistScp, files: list[Path]
) -> None:
    result = tmp_path / "result.csv"
    async with window_on(tmp_path / "data", scp) as shown:
        drop(shown.window, files)
        dialog = await asked(shown)
        ready, wrong = RowState.READY, RowState.WRONG
        assert states(dialog) == [ready, wrong, ready, wrong]
        assert column(dialog, 1) == ["list.csv:2", "list.csv:3", "list.csv:4", "scan.pdf"]
        assert column(dialog, 2)[:3] == ["Nováková, Jana", "Dvořák, Jiří", "Kim, Do"]
        # What is wrong stands in full below the list, for the row that is chosen.
        assert "ProcedureStepLabel" in dialog.details.text() and "StartDateTime" in dialog.details.text()
        assert dialog.yes_button.text() == "Create 2 workitems"
        assert scp.count("N-CREATE") == 0
        # A burst of a scanner and Enter create nothing; a chosen button does.
        QTest.keyClicks(dialog, "123456789012\r")
        await pause(300)
        assert scp.count("N-CREATE") == 0
        click(dialog.yes_button)
        await until(lambda: not dialog.bulk.ready() and not dialog.bulk.is_running, "the end")
        assert states(dialog) == [RowState.CREATED, wrong, RowState.CREATED, wrong]
        assert sorted(str(one.PatientID) for one in scp.items.values()) == ["7", "9"]
        assert "2 created" in dialog.line.text

        async def where() -> Path:
            return result

        shown.window.maker.ask_where = where
        click(dialog.save_button)
        await until(lambda: dialog.line.text == "Saved result.csv.", "the result to be saved")
        told = list(csv.reader(result.read_text(encoding="utf-8").splitlines()))
        assert [line[2] for line in told[1:]] == ["Created", "Problem", "Created", "Problem"]
        assert told[1][4] in scp.items
        await pause(300)
        await press(Qt.Key.Key_Escape)
        await gone(shown.window)


async def test_no_answer_is_tried_again_with_the_same_uid(
    tmp_path: Path, scp: WorklistScp, files: list[Path]
) -> None:
    async with window_on(tmp_path / "data", scp) as shown:

        async def pick() -> list[Path]:
            return files

        shown.window.maker.pick = pick
        shown.window.trigger(actions.FROM_FILES)
        dialog = await until(lambda: next(open_dialogs(shown.window), None), "the dialog")
        assert isinstance(dialog, FilesDialog)
        await pause(300)
        assert dialog.waits
        click(dialog.choose_button)
        dialog = await asked(shown)
        scp.lose_always.add("N-CREATE")
        click(dialog.yes_button)
        await until(lambda: dialog.bulk.failed() and not dialog.bulk.is_running, "the failure")
        # The rest waits: without an answer more rows would only be unknown too.
        assert states(dialog) == [RowState.UNKNOWN, RowState.WRONG, RowState.READY, RowState.WRONG]
        assert len(scp.items) == 1
        scp.lose_always.clear()
        click(dialog.retry_button)
        await until(lambda: dialog.bulk.created() == (0,) and not dialog.bulk.is_running, "the retry")
        assert list(scp.items) == [dialog.bulk.rows[0].uid]
        click(dialog.yes_button)
        await until(lambda: len(dialog.bulk.created()) == 2, "the rest")
        assert len(scp.items) == 2
        await pause(300)
        await press(Qt.Key.Key_Escape)
        await gone(shown.window)


async def test_nothing_is_taken_while_a_form_is_open(
    tmp_path: Path, scp: WorklistScp, files: list[Path]
) -> None:
    async with window_on(tmp_path / "data", scp) as shown:
        shown.window.trigger(actions.NEW)
        await until(shown.window.editor.isVisible, "the form")
        drop(shown.window, files)
        await pause(200)
        assert not list(open_dialogs(shown.window))
