"""Files, prints and the clipboard: what they hold, who may read them, and what must never be in them."""

import asyncio
import csv
import io
import json
import logging
import os
import re
import stat
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPdfWriter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLineEdit, QMenu

from tests.support.plain_scu import code
from tests.support.worklist_scp import WorklistScp, soon
from tests.ui.desks import press
from tests.ui.windows import Shown, until, window_on
from upsdesk.dicom.datasets import from_json
from upsdesk.domain import tags
from upsdesk.domain.codes import Code
from upsdesk.domain.operators import Operator
from upsdesk.domain.peer import PeerUse
from upsdesk.scp.demo_people import PATIENTS
from upsdesk.services.commands import Claim
from upsdesk.services.export import csv_text, tsv_text
from upsdesk.services.log import LOGGER, start_log, stop_log
from upsdesk.services.settings import DeskSettings, Settings
from upsdesk.services.support import Support, support_file
from upsdesk.ui.dialogs import ConfirmDialog
from upsdesk.ui.out import outlet, sheet
from upsdesk.ui.out.outlet import Outlet
from upsdesk.ui.tasks import in_slices, spawn
from upsdesk.ui.worklist.columns import Column

ONE, TWO = "1.2.3.1", "1.2.3.2"
DEMO = "DEMO, INVENTED PATIENTS"
START = Column.START.spec.name


@pytest.fixture
def scp() -> Iterator[WorklistScp]:
    with WorklistScp() as server:
        server.add(ONE, ScheduledProcedureStepStartDateTime=soon(5), ProcedureStepLabel='RT "boost", 2/5')
        server.add(TWO, ScheduledProcedureStepStartDateTime=soon(9), PatientName="Weiß^Jürgen")
        yield server


def outlet_of(shown: Shown, path: Path) -> Outlet:
    """As the window has one, with the answer to where."""
    window = shown.window

    async def choose(_title: str, name: str, _kind: str) -> Path:
        return path.with_suffix(Path(name).suffix)

    say = window.live_parts.announcer.say
    return Outlet(
        window, shown.desk, shown.conductor, window.worklist, window.notice_stack, say, choose=choose
    )


async def saved(shown: Shown, path: Path) -> bytes:
    """The file, once the window has named it."""
    await until(lambda: any(path.name in notice for notice in shown.notices()), f"the line about {path.name}")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir() if one.name.startswith(f".{path.name}")] == []
    return path.read_bytes()


async def test_exports_hold_what_is_shown_and_say_where_they_are(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp) as shown:
        out = outlet_of(shown, tmp_path / "list")
        shown.window.worklist.bar.field.setText("boost")
        await until(lambda: shown.rows() == [ONE], "one row")
        out.export_csv()
        text = (await saved(shown, tmp_path / "list.csv")).decode()
        head, row = csv.reader(io.StringIO(text))
        cells = dict(zip(head, row, strict=True))
        assert cells["SOP Instance UID"] == ONE and cells["Label"] == 'RT "boost", 2/5'
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d", cells[START])
        assert DEMO not in text
        printed = await out.printed()
        assert "Text: “boost”" in printed.lines[1] and len(printed.rows) == 1
        shown.window.worklist.bar.field.clear()
        await until(lambda: len(shown.rows()) == 2, "both rows")
        out.export_json()
        found = json.loads(await saved(shown, tmp_path / "list.json"))
        assert [from_json(one).text(tags.SOP_INSTANCE_UID) for one in found] == shown.rows()
        assert {from_json(one).text(tags.PATIENT_NAME) for one in found} == {"Novak^Jana", "Weiß^Jürgen"}
        out.save_pdf()
        assert (await saved(shown, tmp_path / "list.pdf")).startswith(b"%PDF-")
        printed = await out.printed()
        assert "Last read in full" in printed.lines[-1] and "Text:" not in printed.lines[1]
        assert re.fullmatch(r"Worklist, \d{4}-\d\d-\d\d \d\d:\d\d", printed.title)
        (tmp_path / "list.csv").unlink()
        (tmp_path / "list.csv").mkdir()
        out.export_csv()
        await until(lambda: any("was not saved" in one for one in shown.notices()), "why it was not saved")


async def test_the_key_asks_where_and_saves_there(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp) as shown:
        await until(lambda: QApplication.activeWindow() is shown.window, "the window to be active")
        QTest.keyClick(shown.window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
        dialog = await until(QApplication.activeModalWidget, "the question where to")
        assert isinstance(dialog, QFileDialog) and dialog.windowTitle() == "Export as CSV"
        name = dialog.findChild(QLineEdit, "fileNameEdit")
        name.setText(str(tmp_path / "mine"))
        await press(Qt.Key.Key_Return)
        assert (await saved(shown, tmp_path / "mine.csv")).count(b"\n") == 3
        QTest.keyClick(shown.window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
        dialog = await until(QApplication.activeModalWidget, "the question which printer")
        assert isinstance(dialog, QDialog) and dialog.windowTitle() == "Print"
        dialog.reject()
        await until(lambda: QApplication.activeModalWidget() is None, "the end of it")


async def test_rows_and_uids_are_copied_by_keys(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp) as shown:
        window, clipboard = shown.window, QApplication.clipboard()
        await shown.select(ONE)
        await until(lambda: QApplication.activeWindow() is window, "the window to be active")
        QTest.keyClick(window, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
        head, row = (line.split("\t") for line in clipboard.text().split("\n"))
        cells = dict(zip(head, row, strict=True))
        assert cells["Patient"] == "Novak, Jana" and cells["Label"] == 'RT "boost", 2/5'
        assert cells["State"] == "Scheduled" and "Demo" not in cells
        keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        QTest.keyClick(window, Qt.Key.Key_C, keys)
        assert clipboard.text() == ONE
        window.worklist.view.setFocus()
        QTest.keyClick(window.worklist.view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        assert "all else is for Novak, Jana alone" in window.status_bar.news.accessibleName()
        QTest.keyClick(window, Qt.Key.Key_C, keys)
        assert clipboard.text().split("\n") == [ONE, TWO] == shown.rows()
        QTest.keyClick(window, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
        assert [line.split("\t")[head.index("Patient")] for line in clipboard.text().split("\n")] == [
            "Patient",
            "Novak, Jana",
            "Weiß, Jürgen",
        ]
        for column, words in ((Column.LABEL, 'Copy “RT "boost", 2/5”'), (None, "Patient: Novak, Jana")):
            window.worklist.context_menu_requested.emit(column, window.mapToGlobal(window.rect().center()))
            menu = await until(QApplication.activePopupWidget, "the menu")
            entries = [one for menu in (menu, *menu.findChildren(QMenu)) for one in menu.actions()]
            next(one for one in entries if one.text() == words).trigger()
            menu.close()
            assert clipboard.text() in words
        window.worklist.focus_filter()
        window.worklist.bar.field.setText("typed")
        window.worklist.bar.field.selectAll()
        QTest.keyClick(window.worklist.bar.field, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
        assert clipboard.text() == "typed", "a field copies its own text"


async def test_all_of_the_demo_says_so(tmp_path: Path, scp: WorklistScp) -> None:
    async with window_on(tmp_path, scp) as shown:
        demo = replace(shown.peer, use=PeerUse.DEMO)
        shown.desk.settings.profiles.save(demo)
        await shown.conductor.choose(demo)
        await until(lambda: len(shown.rows()) == 2, "both rows")
        out = outlet_of(shown, tmp_path / "list")
        out.export_csv()
        rows = list(csv.reader(io.StringIO((await saved(shown, tmp_path / "list.csv")).decode())))
        assert rows[0][-1] == "Demo" and {row[-1] for row in rows[1:]} == {DEMO}
        out.export_json()
        found = json.loads(await saved(shown, tmp_path / "list.json"))
        assert all(one["00104000"]["Value"] == [DEMO] for one in found)
        assert (await out.printed()).is_demo
        await shown.select(ONE)
        out.copying.copy_rows()
        assert QApplication.clipboard().text().endswith(f"\t{DEMO}")


@pytest.mark.parametrize("is_demo", [False, True])
def test_a_long_list_takes_pages_and_no_cell_is_cut(
    tmp_path: Path, qapp: QApplication, is_demo: bool
) -> None:
    rows = tuple(
        (f"{number}", "Featherstonehaugh-Cholmondeley" * 3, "x " * 40, "9" * 60) for number in range(120)
    )
    printed = sheet.PrintedList(
        "Worklist",
        ("Server: one", "Filter: none"),
        ("No", "Patient", "Label", "ID"),
        rows,
        is_demo,
    )
    path = tmp_path / "list.pdf"
    writer = QPdfWriter(str(path))
    sheet.lay_out(writer)
    pages = sheet.Pages(writer, printed)
    assert len(list(pages.measure())) == len(list(pages.draw())) == len(rows)
    assert pages.count > 5
    assert len(re.findall(rb"/Type\s*/Page\b", path.read_bytes())) == pages.count


async def test_many_pages_are_asked_for_once_more(
    tmp_path: Path, scp: WorklistScp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PDF writer is as good as a printer here; a page is as good as twenty."""
    monkeypatch.setattr(outlet, "_MANY_PAGES", 0)
    async with window_on(tmp_path, scp) as shown:
        await until(lambda: len(shown.rows()) == 2, "both rows")
        out, path = outlet_of(shown, tmp_path / "list"), tmp_path / "paper.pdf"
        for answers_yes in (False, True):
            writer = QPdfWriter(str(path))
            sheet.lay_out(writer)
            printing = spawn(out._print_on(writer), "print")
            dialog = await until(QApplication.activeModalWidget, "the question")
            assert isinstance(dialog, ConfirmDialog) and dialog.yes_button.text() == "Print 1 page"
            (dialog.accept if answers_yes else dialog.reject)()
            await printing
            assert (path.exists() and path.stat().st_size > 1000) is answers_yes
        assert shown.window.status_bar.news.accessibleName() == "1 page sent to the printer."


async def test_the_window_goes_on_between_the_steps_of_long_work() -> None:
    turns: list[int] = []

    async def count() -> None:
        while True:
            turns.append(len(done))
            await asyncio.sleep(0)

    done: list[float] = []

    def work() -> Iterator[None]:
        until_then = time.perf_counter() + 0.1
        while time.perf_counter() < until_then:
            done.append(0.0)
            yield

    beside = spawn(count(), "the window")
    await in_slices(work())
    beside.cancel()
    assert len(set(turns)) > 3


def test_cells_with_breaks_stay_one_cell() -> None:
    assert tsv_text(["One", "Two"], [["a\tb", "c\r\nd"]], demo=False) == "One\tTwo\na b\tc d"
    text = csv_text(["x"], [["a\nb"], ['"']], demo=False)
    assert list(csv.reader(io.StringIO(text))) == [["x"], ["a\nb"], ['"']]


# The support file


def _texts(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


async def test_the_support_file_of_the_demo_names_nobody(tmp_path: Path) -> None:
    """Every patient of the demo is listed, one workitem is claimed and one claim refused, all is logged."""
    with WorklistScp() as scp:
        for number, person in enumerate(PATIENTS):
            scp.add(
                f"1.2.3.{number}",
                PatientName=person.name,
                PatientID=person.patient_id,
                PatientBirthDate=person.born,
                ScheduledProcedureStepStartDateTime=soon(5),
                ScheduledWorkitemCodeSequence=[code("121726", "DCM", "RT Treatment")],
            )
        async with window_on(tmp_path, scp) as shown:
            await until(lambda: len(shown.rows()) == len(PATIENTS), "all rows")
            await shown.select(ONE)
            start_log(tmp_path)
            try:
                await Claim(shown.key(ONE)).run(shown.desk)
                scp.refuse["N-ACTION"] = 0xC302
                await Claim(shown.key(TWO)).run(shown.desk)
                (lock,) = {str(entry.transaction_uid) for entry in shown.desk.held_entries()}
                logging.getLogger(f"{LOGGER}.test").info(
                    "slip: Tachibana, Haruto  立花 遥人 DEMO-10231 %s", lock
                )
                out = outlet_of(shown, tmp_path / "support")
                out.save_support()
                texts = _texts(await saved(shown, tmp_path / "support.zip"))
            finally:
                stop_log()
            locks = {str(entry.transaction_uid) for entry in shown.desk.desk_file.entries()} | {lock}
    everything = "\n".join((*texts, *texts.values()))
    for person in PATIENTS:
        alphabetic = person.name.split("=")[0]
        assert person.patient_id not in everything and person.name not in everything
        assert alphabetic not in everything and alphabetic.replace("^", ", ", 1) not in everything
        assert not any(group in everything for group in person.name.split("="))
    assert locks and not any(one in everything for one in locks)
    assert "> C-FIND" in texts["messages.txt"] and "< N-ACTION 1 C302" in texts["messages.txt"]
    assert "PySide6" in texts["versions.txt"] and "N-ACTION" in texts["logs/upsdesk.log"]
    assert 'aet = "PLAIN"' in texts["profiles.toml"]


async def test_secrets_and_broken_files_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "profiles.toml").write_text(
        '[[profile]]\nid = "s-1"\nhost = "h"\npasscode = "Sesame"\n[profile.tls]\nkey_password = "Open"\n'
    )
    (tmp_path / "desk.toml").write_text('name = "Novák^Jana and no end')
    made = _texts(support_file(Support(tmp_path, (), tuple("m" * 600), (), frozenset(), frozenset())))
    assert "Sesame" not in made["profiles.toml"] and "Open" not in made["profiles.toml"]
    assert 'host = "h"' in made["profiles.toml"]
    assert "Novák" not in made["desk.toml"] and "not TOML" in made["desk.toml"]
    assert made["messages.txt"].count("\n") == 500


def test_who_works_at_the_desk_stays_at_the_desk(tmp_path: Path) -> None:
    settings = Settings.load(tmp_path)
    meyer = Operator("Meyer^Anna", Code("AMEYER", "99HOSP", "Meyer, Anna"))
    settings.save_desk(DeskSettings(name="RT console", operators=(meyer,), operator=meyer.name))
    made = _texts(support_file(Support(tmp_path, (), (), (), frozenset(), frozenset())))
    assert "RT console" in made["desk.toml"]
    assert "eyer" not in made["desk.toml"]
