"""What is asked of a server, by keys and clicks in the real window on real associations."""

import asyncio
import json
import shlex
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget

from tests.support.running_scp import AET, Bench, bench
from tests.support.worklist_scp import WorklistScp, soon
from tests.ui.desks import open_dialogs, pause, press
from tests.ui.windows import Shown, click, gone, peer_at, until, window_on, words_in
from upsdesk.domain import tags
from upsdesk.domain.keys import AeTitle
from upsdesk.domain.query import DAY, MatchingKey, SearchPlan
from upsdesk.domain.state import ProcedureStepState
from upsdesk.services.flags import AsideKind
from upsdesk.services.settings import Settings
from upsdesk.ui import actions
from upsdesk.ui.limit_menu import LimitMenu
from upsdesk.ui.query.dialog import QueryDialog

S = ProcedureStepState
CODE, OTHER = "471190264711", "881190264711"
NAME = (tags.PATIENT_NAME,)


@pytest.fixture
def plain() -> Iterator[WorklistScp]:
    """Obeys Procedure Step State alone."""
    with WorklistScp() as made:
        made.add("1.2.1", PatientID=CODE)
        made.add("1.2.2", PatientID=f"{CODE}9", PatientName="Okafor^Chidi")
        made.add("1.2.3", PatientID="X-3", PatientName="Novak^Jan", ProcedureStepState="COMPLETED")
        yield made


@pytest.fixture
def strict() -> Iterator[Bench]:
    """Obeys every key."""
    with bench() as made:
        yield made


def scan(shown: Shown, code: str) -> None:
    """A bar code scanner: all keys at once, Return behind them."""
    shown.window.worklist.focus_filter()
    field = shown.window.worklist.bar.field
    QTest.keyClicks(field, code)
    QTest.keyClick(field, Qt.Key.Key_Return)


async def type_slowly(field: QLineEdit, text: str) -> None:
    for char in text:
        QTest.keyClicks(field, char)
        await pause(60)


def _chips(shown: Shown) -> list[QPushButton]:
    return [one for one in shown.window.worklist.asked.findChildren(QPushButton) if one.isVisible()]


def chips(shown: Shown) -> list[str]:
    return [chip.accessibleName() for chip in _chips(shown)]


def chip(shown: Shown, words: str) -> QPushButton:
    found = shown.window.worklist.asked.findChildren(QPushButton)
    (only,) = [one for one in found if one.isVisible() and words in one.accessibleName()]
    return only


def says(shown: Shown, words: str) -> bool:
    return any(words in one for one in chips(shown))


def button(widget: QWidget, words: str) -> QPushButton:
    return next(one for one in widget.findChildren(QPushButton) if one.isVisible() and words in one.text())


def no_dialog(shown: Shown) -> bool:
    return not list(open_dialogs(shown.window)) and QApplication.activeModalWidget() is None


class TestScans:
    async def test_an_exact_hit_is_selected_and_the_next_code_takes_its_place(
        self, tmp_path: Path, plain: WorklistScp
    ) -> None:
        plain.change("1.2.3", ProcedureStepState="SCHEDULED", PatientID=OTHER)
        async with window_on(tmp_path, plain) as shown:
            scan(shown, CODE)
            assert shown.window.worklist.current_key() == shown.key("1.2.1")
            assert shown.rows() == ["1.2.1", "1.2.2"] and no_dialog(shown)  # the other one only contains it
            field = shown.window.worklist.bar.field
            for char in OTHER:
                QTest.keyPress(field, Qt.Key.Key_Shift)
                QTest.keyClicks(field, char)
            QTest.keyClick(field, Qt.Key.Key_Return)
            assert field.text() == OTHER
            assert shown.window.worklist.current_key() == shown.key("1.2.3")

    async def test_a_code_after_typed_letters_counts_alone(self, tmp_path: Path, plain: WorklistScp) -> None:
        async with window_on(tmp_path, plain) as shown:
            shown.window.worklist.focus_filter()
            field = shown.window.worklist.bar.field
            await type_slowly(field, "no")
            QTest.keyClicks(field, CODE)
            QTest.keyClick(field, Qt.Key.Key_Return)
            assert field.text() == CODE and shown.window.worklist.current_key() == shown.key("1.2.1")

    async def test_several_are_listed_and_none_is_selected(self, tmp_path: Path, plain: WorklistScp) -> None:
        plain.change("1.2.2", PatientID=CODE)
        async with window_on(tmp_path, plain) as shown:
            scan(shown, CODE)
            assert sorted(shown.rows()) == ["1.2.1", "1.2.2"] and chips(shown) == []
            assert shown.window.worklist.current_key() is None and no_dialog(shown)

    async def test_none_offers_the_server_and_what_it_finds_is_marked(
        self, tmp_path: Path, plain: WorklistScp
    ) -> None:
        plain.change("1.2.3", PatientID="77", ScheduledProcedureStepStartDateTime="20200101")
        plain.add("1.2.4", PatientID="5555", ProcedureStepState="COMPLETED",
                  ScheduledProcedureStepStartDateTime="20200102")  # fmt: skip
        async with window_on(tmp_path, plain) as shown:
            panel = shown.window.worklist
            scan(shown, "5555")
            assert shown.rows() == [] and no_dialog(shown) and panel.current_key() is None
            assert panel.page.shown is not None and panel.page.shown.title == "No workitem matches"
            await until(lambda: "any date, any station" in words_in(panel.page), "the page")
            click(button(panel.page, "Search the server for “5555”"))
            await until(lambda: shown.rows() == ["1.2.4"], "what the server has of it")
            row = panel.model.row(shown.key("1.2.4"))
            assert row is not None and row.aside is not None and row.aside.kind is AsideKind.WIDER
            index = panel.model.index(0, 0)
            assert "Not of the day's list" in str(index.data(Qt.ItemDataRole.ToolTipRole))
            await until(lambda: says(shown, "any date, any station: 1 match"), "the chip")
            scan(shown, "4444")
            await until(lambda: says(shown, "Search the server"), "the offer")
            click(chip(shown, "Search the server"))
            await until(lambda: says(shown, "“4444”, any date, any station: nothing"), "")
            await until(lambda: "The server has no “4444” either" in words_in(panel.page), "the page")
            panel.reset_filters()
            assert sorted(shown.rows()) == ["1.2.1", "1.2.2"]  # the finds of the search before have left
            shown.press_button(actions.SEARCH)
            await until(lambda: chips(shown) == [], "the plain search to end it")


async def test_enter_does_not_choose_among_several(tmp_path: Path, plain: WorklistScp) -> None:
    async with window_on(tmp_path, plain) as shown:
        panel = shown.window.worklist
        panel.focus_filter()
        await type_slowly(panel.bar.field, "novak")
        await press(Qt.Key.Key_Return)
        assert len(shown.rows()) == 2 and panel.current_key() is None and panel.bar.field.hasFocus()
        await press(Qt.Key.Key_Down)
        assert panel.current_key() == shown.key(shown.rows()[0])
        panel.select(None)
        panel.focus_filter()
        await type_slowly(panel.bar.field, "okafor")
        await press(Qt.Key.Key_Return)
        assert panel.current_key() == shown.key("1.2.2")  # there is only one


async def test_keys_are_built_by_keys_sent_told_apart_and_taken_away(tmp_path: Path, strict: Bench) -> None:
    jana = strict.created(PatientName="Novák^Jana", ScheduledProcedureStepStartDateTime=soon())
    strict.created(PatientName="Okafor^Chidi", ScheduledProcedureStepStartDateTime=soon())
    async with window_at(tmp_path, strict) as shown:
        panel = shown.window.worklist
        await shown.searched()
        await until(lambda: len(shown.rows()) == 2, "both")
        every = shown.rows()
        await until(lambda: QApplication.activeWindow() is shown.window, "the window to be active")
        QTest.keyClick(shown.window, Qt.Key.Key_F, CTRL_SHIFT)
        dialog = await opened(shown)
        row = dialog.keys.rows[0]
        assert row.attribute.hasFocus()
        QTest.keyClicks(row.attribute, "PatientN")
        assert "PatientName" in row.attribute.offered
        QTest.keyClicks(row.attribute, "ame")
        await pause()
        popup = row.attribute.popup
        QTest.keyClick(popup if popup.isVisible() else row.attribute, Qt.Key.Key_Tab)
        await pause()
        assert row.value.hasFocus()
        QTest.keyClicks(row.value, "nov*")
        await pause()  # what comes in one burst with it is a scanner's and presses nothing
        await press(Qt.Key.Key_Return)
        await gone(shown.window)
        await until(lambda: shown.rows() == [jana], "the answer to the key")
        assert chips(shown) == ["Ask without Patient's Name: nov*", "Change"]
        panel.focus_filter()
        await type_slowly(panel.bar.field, "okafor")
        said = words_in(panel)
        assert all(one.visibleRegion().boundingRect() == one.rect() for one in _chips(shown))  # none is cut
        assert "Asked of the server" in said and "Shown here" in said and "nov*" in said
        click(chip(shown, "Ask without"))
        await until(lambda: chips(shown) == [], "the chip to go")
        panel.reset_filters()
        await until(lambda: sorted(shown.rows()) == sorted(every), "the day's list")


async def test_what_is_wrong_with_a_key_is_said_and_nothing_is_sent(
    tmp_path: Path, plain: WorklistScp
) -> None:
    async with window_on(tmp_path, plain) as shown:
        sent = plain.count("C-FIND")
        shown.window.trigger(actions.ASK)
        dialog = await opened(shown)
        row = dialog.keys.rows[0]
        for attribute, value, words in (
            ("PatientBirthDate", "soon", "not a day"),
            ("ScheduledProcedureStepStartDateTime", "20261123-20261121", "ends before it begins"),
            ("ProcedureStepState", "SCHEDULED", "Choose the states above"),
            ("ScheduledWorkitemCodeSequence", "1", "name what stands in it"),
            ("ScheduledWorkitemCodeSequence/CodeMeaning", "CT", "never matched"),
            ("TransactionUID", "1.2", "Transaction UID"),
            ("TimezoneOffsetFromUTC", "+0100", "no key"),
            ("StudyInstanceUID", "1.2.x", "no UID"),
            ("ScheduledProcedureStepPriority", "URGENT", "HIGH, LOW, MEDIUM"),
            ("PatientID", "A\\B", "One value only"),
            ("PatientNmae", "x", "did you mean PatientName"),
            ("PatientSex", "F" * 17, "is no code string"),
            ("Rows", "1.5", "A whole number from 0 to 65535"),
        ):
            row.attribute.setText(attribute)
            row.value.setText(value)
            dialog.keys.insist()
            assert words in words_in(row), (attribute, words_in(row))
            assert dialog.waits and dialog.plan() == DAY
        dialog.yes_button.click()
        assert dialog.isVisible() and plain.count("C-FIND") == sent
        for attribute, value in (("StudyInstanceUID", "1.2\\1.3"), ("00100020", "A?*"), ("PatientSex", "")):
            row.attribute.setText(attribute)
            row.value.setText(value)
            assert not dialog.waits, words_in(row)
        dialog.reject()
        await gone(shown.window)


async def test_rows_that_ignored_the_key_wait_behind_a_chip(tmp_path: Path, plain: WorklistScp) -> None:
    async with window_on(tmp_path, plain) as shown:
        shown.window._search.queries.set_plan(SearchPlan(keys=(MatchingKey(NAME, "novak*"),)))
        await until(lambda: sorted(shown.rows()) == ["1.2.1", "1.2.3"], "the rows that fit")
        await until(lambda: "Show 1 row ignored your filter (Patient's Name)" in chips(shown), "the chip")
        click(chip(shown, "ignored your filter"))
        assert sorted(shown.rows()) == ["1.2.1", "1.2.2", "1.2.3"]
        await until(lambda: says(shown, "Hide 1 row"), "the chip to hide them again")
        row = shown.window.worklist.model.row(shown.key("1.2.2"))
        assert row is not None and "does not match" in row.sentence(shown.window.worklist.model.due(row))
        click(chip(shown, "ignored your filter"))
        assert sorted(shown.rows()) == ["1.2.1", "1.2.3"]


async def test_a_limit_says_that_there_is_more_and_where_to_narrow(
    tmp_path: Path, plain: WorklistScp
) -> None:
    async with window_on(tmp_path, plain) as shown:
        shown.window._search.queries.set_plan(SearchPlan(limit=1))
        banner = shown.window.worklist.banner
        await until(lambda: banner.title == "Not all: this search read the first 1 of more", "the banner")
        click(button(banner, "Narrow the search"))
        dialog = await opened(shown)
        assert dialog.limit.text() == "1"
        click(dialog.day_button)
        click(dialog.yes_button)
        await gone(shown.window)
        await until(lambda: not banner.isVisible() and len(shown.rows()) == 3, "all of the list")


async def test_the_usual_limit_holds_until_a_search_names_its_own(tmp_path: Path, plain: WorklistScp) -> None:
    (tmp_path / "desk.toml").write_text("version = 1\nsearch_limit = 1\n", encoding="utf-8")
    async with window_on(tmp_path, plain) as shown:
        banner, window = shown.window.worklist.banner, shown.window
        await until(lambda: banner.title == "Not all: the first 1 of more", "the banner")
        assert "raise it in the menu" in words_in(banner)
        click(button(banner, "Narrow the search"))
        dialog = await opened(shown)
        assert dialog.limit.text() == "" and dialog.limit.placeholderText() == "1, as usual"
        assert all("--limit 1 " in line for line in dialog.lines()), "the same search"
        dialog.limit.setText("2")
        click(dialog.yes_button)
        await gone(window)
        await until(lambda: banner.title == "Not all: the first 2 of more", "its own limit")
        menu = window.findChild(LimitMenu)
        assert [one.text() for one in menu.actions() if one.isChecked()] == ["1 row"]
        menu.actions()[0].trigger()
        assert Settings.load(tmp_path).desk.search_limit is None
        window._search.queries.set_plan(SearchPlan())
        await until(lambda: not banner.isVisible() and len(shown.rows()) == 3, "all of the list")


async def test_nothing_found_says_what_was_asked(tmp_path: Path, strict: Bench) -> None:
    async with window_at(tmp_path, strict) as shown:
        panel = shown.window.worklist
        shown.window._search.queries.set_plan(
            SearchPlan(frozenset({S.SCHEDULED}), (MatchingKey((tags.PATIENT_ID,), "NOBODY"),))
        )
        await until(lambda: "The server found nothing" in words_in(panel.page), "the page")
        said = words_in(panel.page)
        assert "State: Scheduled" in said and "Patient ID: NOBODY" in said
        click(button(panel.page, "Show the day's list"))
        await until(lambda: not panel.page.isVisible(), "rows")


async def test_the_copied_line_finds_the_same_workitems(tmp_path: Path, strict: Bench) -> None:
    odd = 'O\'Neil & "Söhne"; $(id)'
    for _ in range(2):
        strict.created(PatientName="Zeta^Zoe", ProcedureStepLabel=odd)
    gone_on = strict.created(PatientName="Zeta^Zoe", ProcedureStepLabel=odd)
    strict.created(PatientName="Zeta^Zoe", ProcedureStepLabel="Other")
    assert strict.scu.change_state(gone_on, "IN PROGRESS", "1.9.7") == 0x0000
    label = MatchingKey((tags.PROCEDURE_STEP_LABEL,), odd)
    plans = [
        SearchPlan(frozenset({S.SCHEDULED, S.IN_PROGRESS}), (MatchingKey(NAME, "z?ta^*"), label)),
        SearchPlan(keys=(label,)),
        DAY,
    ]
    async with window_at(tmp_path, strict) as shown:
        queries = shown.window._search.queries
        for plan in plans:
            queries.set_plan(plan)
            await until(lambda plan=plan: queries.plan == plan, "the search")  # type: ignore[misc]
            await shown.searched()
            await until(lambda: len(shown.rows()) == shown.window.worklist.model.loaded, "the rows")
            shown.window.trigger(actions.ASK)
            dialog = await opened(shown)
            click(dialog.copy_button)
            dialog.reject()
            await gone(shown.window)
            lines = QGuiApplication.clipboard().text()
            assert str(tmp_path) in lines  # the data folder is not the one that it would take by itself
            assert await _found_by(lines) == sorted(shown.rows()), lines


async def _found_by(lines: str) -> list[str]:
    """What the lines print, run by a POSIX shell as they are; `upsdesk` stands for this checkout's."""
    own = f'upsdesk() {{ {shlex.quote(sys.executable)} -m upsdesk "$@"; }}\n'
    pipe = asyncio.subprocess.PIPE
    script = f"set -e\n{own}{lines}"
    process = await asyncio.create_subprocess_exec("/bin/sh", "-c", script, stdout=pipe, stderr=pipe)
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, err
    return sorted(json.loads(line)["00080018"]["Value"][0] for line in out.decode().splitlines())


CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def window_at(folder: Path, strict: Bench):  # type: ignore[no-untyped-def]
    return window_on(folder, replace(peer_at(strict.port), called_aet=AeTitle(AET)))


async def opened(shown: Shown) -> QueryDialog:
    dialog = await until(lambda: next(open_dialogs(shown.window), None), "the dialog")
    assert isinstance(dialog, QueryDialog)
    await pause()
    return dialog


async def test_what_is_not_known_is_not_called_nothing(tmp_path: Path, plain: WorklistScp) -> None:
    async with window_on(tmp_path, plain) as shown:
        panel, queries = shown.window.worklist, shown.window._search.queries
        panel.set_criteria(replace(panel.model.criteria, text="zzzz"))
        plain.refuse["C-FIND"] = 0xA700  # one of the four
        queries.search_wide("zzzz")
        await until(lambda: "Whether the server has “zzzz” is not known" in words_in(panel.page), "the page")
        assert "A700" in words_in(panel.page) and says(shown, "any date, any station: not known")
        click(button(panel.page, "Search the server for “zzzz”"))
        await until(
            lambda: "The server has no “zzzz” either" in words_in(panel.page), "an answer to all four"
        )
        panel.reset_filters()
        gate = threading.Event()
        plain.before["C-FIND"] = gate.wait
        try:
            queries.set_plan(SearchPlan(keys=(MatchingKey(NAME, "zzzz"),)))
            await until(lambda: "C-FIND" not in plain.before, "the request")
            shown.window.trigger(actions.STOP)
            await until(lambda: "The search was stopped" in words_in(panel.page), "the page")
            assert "Patient's Name: zzzz" in words_in(panel.page)
        finally:
            gate.set()
