"""Names hidden: no patient of the demo is said anywhere, nothing is changed, and a restart keeps it so."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QEvent, Qt
from PySide6.QtGui import QAccessible, QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from tests.support.plain_scp import data_set
from tests.support.running_scp import AET, Bench, bench
from tests.ui.desks import open_dialogs, press
from tests.ui.out.test_outlet import outlet_of, saved
from tests.ui.windows import Shown, peer_at, until, window_on
from upsdesk.domain import tags
from upsdesk.domain.criteria import Criteria
from upsdesk.domain.elements import Elements
from upsdesk.domain.events import CancelRequested, ProgressReported, Report
from upsdesk.domain.keys import AeTitle, WorkitemKey
from upsdesk.domain.peer import Peer
from upsdesk.domain.query import MatchingKey, SearchPlan
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.domain.workitem import Progress
from upsdesk.scp.demo_data import ISSUER, demo_workitems
from upsdesk.scp.demo_people import PATIENTS, READERS, THERAPISTS
from upsdesk.services.attribute_names import read_path
from upsdesk.services.commands import Claim, ResultKind
from upsdesk.services.report_words import ReportEntry
from upsdesk.services.search_state import WideState
from upsdesk.services.settings import Settings
from upsdesk.ui import actions
from upsdesk.ui.editor.page import EditorPage
from upsdesk.ui.held_strip import HeldChip
from upsdesk.ui.status_bar import StatusItem
from upsdesk.ui.worklist.columns import Column

JANA, JAN = PATIENTS[0], PATIENTS[1]
FREE_TEXT = f"Call Jana {JANA.name.split('^')[0]} ({JANA.patient_id}), born 1974-03-12, before the start"
PATHS = (
    "PatientName",
    "PatientBirthDate",
    "AdmissionID",
    "ReferencedRequestSequence/AccessionNumber",
    "CommentsOnTheScheduledProcedureStep",
)

_TEXT_ROLES = Qt.ItemDataRole
_ROLES = (
    _TEXT_ROLES.DisplayRole,
    _TEXT_ROLES.EditRole,
    _TEXT_ROLES.ToolTipRole,
    _TEXT_ROLES.StatusTipRole,
    _TEXT_ROLES.WhatsThisRole,
    _TEXT_ROLES.AccessibleTextRole,
    _TEXT_ROLES.AccessibleDescriptionRole,
    _TEXT_ROLES.UserRole,
)


def _words_of_staff() -> set[str]:
    return {word for one in (*READERS, *THERAPISTS) for word in re.split(r"[\^=\s]+", one.name)}


def _secrets() -> re.Pattern[str]:
    """Whatever says who a patient of the demo is."""
    found = {ISSUER}
    for one in PATIENTS:
        words = re.split(r"[\^=\s]+", one.name)
        found |= {word for word in words if len(word) >= (2 if max(word, default="") >= "\u2e80" else 3)}
        found |= {one.patient_id, one.born, f"{one.born[:4]}-{one.born[4:6]}-{one.born[6:]}"}
        found |= {f"DEMO-V{one.number}"}
    told = "|".join(map(re.escape, sorted(found - _words_of_staff(), key=len, reverse=True)))
    accessions = rf"DEMO{datetime.now():%y%j}\d{{3}}"
    return re.compile(rf"(?<!\w)(?:{told}|{accessions})(?!\w)")


@pytest.fixture(scope="module")
def scp() -> Iterator[Bench]:
    now = datetime.now().astimezone()
    with bench() as running:
        running.scp.seed(demo_workitems(now, random.Random(5)))
        yield running


def peer_of(scp: Bench) -> Peer:
    return replace(peer_at(scp.port), called_aet=AeTitle(AET))


SECRETS = _secrets()


def said_by(window: QWidget) -> Iterator[tuple[str, str]]:
    """Every text that a person, a screen reader or a script can get out of the window: where, and what."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    for action in window.findChildren(QAction):
        yield "action", " ".join((action.text(), action.toolTip(), action.statusTip(), action.iconText()))
    for one in (window, *window.findChildren(QWidget)):
        where = f"{type(one).__name__} {one.objectName()}"
        yield where, " ".join((one.windowTitle(), one.toolTip(), one.statusTip(), one.whatsThis()))
        yield where, f"{one.accessibleName()} {one.accessibleDescription()}"
        if isinstance(one, QLineEdit):
            yield where, f"{one.displayText()} {one.placeholderText()}"
        elif isinstance(one, QLabel | QAbstractButton | StatusItem):
            text = one.text if isinstance(one, StatusItem) else one.text()
            yield where, text
        elif isinstance(one, QTextEdit | QPlainTextEdit):
            yield where, one.toPlainText()
        if isinstance(one, HeldChip):
            yield where, f"{one.item.name} {one.item.label} {one.item.sentence}"
        interface = QAccessible.queryAccessibleInterface(one)
        if interface is not None and interface.isValid():
            kinds = (QAccessible.Text.Name, QAccessible.Text.Value, QAccessible.Text.Description)
            yield where, " ".join(interface.text(kind) for kind in kinds)
        if isinstance(one, QAbstractItemView) and one.model() is not None:
            yield from _said_by_model(where, one)


def _said_by_model(where: str, view: QAbstractItemView) -> Iterator[tuple[str, str]]:
    model = view.model()
    for section in range(model.columnCount() if isinstance(model, QAbstractTableModel) else 1):
        for role in _ROLES:
            yield where, str(model.headerData(section, Qt.Orientation.Horizontal, role))
            for row in range(model.rowCount()):
                yield where, str(model.index(row, section).data(role))


def told_of(window: QWidget) -> set[str]:
    """What the window says of patients."""
    return {
        f"{where}: {found[0]} in {text!r}"
        for where, text in said_by(window)
        if (found := SECRETS.search(text))
    }


async def furnished(shown: Shown, scp: Bench) -> WorkitemKey:
    """Everything on the screen that can name a patient: columns, a held item, requests, filters, notes."""
    window, desk = shown.window, shown.desk
    await until(lambda: len(shown.rows()) > 40, "the rows")
    for column in Column:
        window.worklist.view.column_set.show(column, True)
    for keywords in PATHS:
        window.worklist.view.column_set.add(read_path(keywords))
    mine = [
        row for row in window.worklist.model.listed() if row.workitem.patient.patient_id == JANA.patient_id
    ]
    key = next(row.key for row in mine if row.workitem.state is ProcedureStepState.SCHEDULED)
    result = await Claim(key).run(desk)
    assert result.kind is ResultKind.DONE
    lock = desk.vault_entry(key).transaction_uid
    change = data_set(
        SpecificCharacterSet="ISO_IR 192",
        CommentsOnTheScheduledProcedureStep=FREE_TEXT,
        ProcedureStepLabel=FREE_TEXT[:64],
    )
    assert scp.scu.set(str(key.uid), change, str(lock)) == 0x0000
    await desk.worklist.read([key])
    said = ProgressReported(key, Progress(50, FREE_TEXT), desk.clock())
    before = desk.store.get(key)
    desk.apply(said)
    report = Report(desk.clock(), 1, 3, key.uid, AeTitle(AET), Elements())
    desk.activity.add(ReportEntry(report, said, key.peer, key, desk.store.get(key), before))
    desk.apply(CancelRequested(key, desk.clock(), "RIS", FREE_TEXT, "Front desk"))
    await until(shown.notices, "the bar that asks")
    window.worklist.select(key)
    window.show_item(key)
    await until(lambda: window.details._timeline, "the timeline")
    await until(window.activity.model.rowCount, "an activity")
    return key


async def test_nobody_is_named_anywhere_while_names_are_hidden(tmp_path: Path, scp: Bench) -> None:
    async with window_on(tmp_path, peer_of(scp), size=(1440, 900)) as shown:
        window, desk = shown.window, shown.desk
        key = await furnished(shown, scp)
        before = told_of(window)
        assert len(before) > 200  # the search for names finds them where they are
        order = shown.rows()
        window.trigger(actions.HIDE)
        await until(lambda: desk.privacy.is_hidden, "the names to be hidden")
        assert window.status_bar.names.isVisible()
        assert told_of(window) == set()
        assert shown.rows() == order  # nothing has moved
        # Patients are told apart, each by one name of their own.
        names = {row.workitem.patient: row.patient for row in window.worklist.model.listed()}
        real = {facts for facts in names if facts.name}
        assert len({names[facts] for facts in real}) == len({(one.patient_id, one.issuer) for one in real})
        assert all(re.fullmatch(r"Patient \d+", names[facts]) for facts in real)
        # Sorting and filtering go on by what is true.
        window.worklist.view.sort(Column.PATIENT)
        listed = [window.worklist.model.row(one) for one in window.worklist.model.visible]
        by_name = [
            row.workitem.patient.display_name.casefold()
            for row in listed
            if row and row.workitem.patient.name
        ]
        assert by_name[0] != by_name[-1] and len(by_name) > 30
        sorted_names = [row.by_patient for row in listed if row is not None]
        assert sorted_names == sorted(sorted_names)
        window.worklist.bar.field.setText(JANA.patient_id)
        await until(lambda: 0 < len(shown.rows()) < 10, "the rows of one patient")
        state = desk.worklist.state(shown.peer.id)
        plan = SearchPlan(keys=(MatchingKey((tags.PATIENT_NAME,), JANA.name),))
        window.worklist.asked.show_state(replace(state, plan=plan, wide=WideState(JANA.patient_id, found=2)))
        window.worklist.asked.offer_server(JAN.patient_id)
        assert told_of(window) == set()
        window.worklist.set_criteria(Criteria(text=JAN.patient_id + "x"))
        await until(lambda: not shown.rows(), "the page that names the filters")
        assert told_of(window) == set()
        window.worklist.set_criteria(Criteria())
        await until(lambda: len(shown.rows()) > 40, "all rows")
        # Each patient in the details and the banner.
        for row in listed[:: max(1, len(listed) // 8)]:
            assert row is not None
            window.show_item(row.key)
            assert told_of(window.details) == set()
        # What is said to screen readers.
        said: list[str] = []
        window.live_parts.announcer.told.connect(said.append)
        window.trigger(actions.NEXT_DUE)
        window.worklist.view.marking.changed.emit(2)
        assert len(said) == 2 and all("Patient " in one for one in said), said
        assert not SECRETS.search(" ".join(said))
        # What leaves the window.
        out = outlet_of(shown, tmp_path / "list")
        window.worklist.view.setFocus()
        window.worklist.select(key)
        out.copying.copy_rows()
        assert "Patient " in QApplication.clipboard().text()
        assert not SECRETS.search(QApplication.clipboard().text())
        menu = QMenu()
        for at in (None, Column.PATIENT, Column.LABEL):
            out.copying.add_cells(menu, at)
        assert not [one.text() for one in menu.findChildren(QAction) if SECRETS.search(one.text())]
        out.export_csv()
        assert not SECRETS.search((await saved(shown, tmp_path / "list.csv")).decode())
        out.export_json()
        exported = (await saved(shown, tmp_path / "list.json")).decode()
        assert "Patient " in exported and key.uid in exported
        assert not SECRETS.search(exported), SECRETS.findall(exported)
        printed = await out.printed()
        assert not SECRETS.search(str(printed))
        assert told_of(window) == set()
        # And back.
        window.status_bar.names.click()
        assert not desk.privacy.is_hidden and not window.status_bar.names.isVisible()
        assert JANA.patient_id in str([text for _, text in said_by(window.worklist)])


async def test_nothing_is_done_to_a_workitem_while_names_are_hidden(tmp_path: Path, scp: Bench) -> None:
    async with window_on(tmp_path, peer_of(scp)) as shown:
        window, desk = shown.window, shown.desk
        await until(lambda: len(shown.rows()) > 40, "the rows")
        told: list[str] = []
        window.live_parts.announcer.told.connect(told.append)
        desk.privacy.hide(True)
        for state in (ProcedureStepState.SCHEDULED, ProcedureStepState.IN_PROGRESS):
            row = next(one for one in window.worklist.model.listed() if one.workitem.state is state)
            window.worklist.select(row.key)
            for spec in actions.NEEDS_NAMES:
                told.clear()
                window.details.set_reason("")
                window.trigger(spec)
                assert "Names are hidden" in window.details.reason.text, spec.id
                assert "Ctrl+Shift+M" in window.details.reason.text
                assert not list(open_dialogs(window)) and window.pages.currentWidget() is window.worklist
            for action in Action:
                assert window.chosen.refusal(action) == desk.privacy.refusal
        # Nor past the buttons.
        window._answer_request(row.key)
        window.held_strip.all_wanted.emit()
        window.worklist.asked.change_wanted.emit()
        window.details.edit_requested.emit(row.key)
        assert not window._takes_files()
        await press(Qt.Key.Key_Escape)
        assert not list(open_dialogs(window)) and window.pages.currentWidget() is window.worklist
        assert all(
            one.workitem.state is desk.store.get(one.key).state for one in window.worklist.model.listed()
        )
        desk.privacy.hide(False)
        window.trigger(actions.NEW)
        assert isinstance(window.pages.currentWidget(), EditorPage)
        # An open form names a patient: it is left first.
        window.trigger(actions.HIDE)
        await until(lambda: desk.privacy.is_hidden, "the names to be hidden")
        assert window.pages.currentWidget() is window.worklist


async def test_names_stay_hidden_over_a_restart(tmp_path: Path, scp: Bench) -> None:
    async with window_on(tmp_path, peer_of(scp)) as shown:
        await until(lambda: len(shown.rows()) > 40, "the rows")
        scheduled = (
            row.key
            for row in shown.window.worklist.model.listed()
            if row.workitem.state is ProcedureStepState.SCHEDULED and row.workitem.patient.name
        )
        assert (await Claim(next(scheduled)).run(shown.desk)).kind is ResultKind.DONE
        await until(lambda: QApplication.activeWindow() is shown.window, "the window to be active")
        keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        QTest.keyClick(shown.window, Qt.Key.Key_M, keys)
        await until(lambda: shown.desk.privacy.is_hidden, "the names to be hidden")
    assert Settings.load(tmp_path).desk.names_hidden
    async with window_on(tmp_path, peer_of(scp)) as shown:
        await until(lambda: len(shown.rows()) > 40, "the rows")
        assert shown.window.status_bar.names.isVisible() and told_of(shown.window) == set()
        assert "left In progress" in str(shown.notices())
        assert "Patient " in str([text for _, text in said_by(shown.window.notice_stack)])
