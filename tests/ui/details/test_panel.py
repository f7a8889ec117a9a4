"""The details panel on a real desk: patient, reason, mark, lines and timeline."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from tests.services.values import NOW
from tests.ui.desks import KEY, Setting, setting, treatment, until
from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.events import Found, Removed
from upsdesk.domain.keys import SopInstanceUid, WorkitemKey
from upsdesk.domain.state import Action
from upsdesk.domain.status import Service, outcome
from upsdesk.services.desk_file import JournalEntry, JournalKind
from upsdesk.services.flags import Mark, MarkKind
from upsdesk.ui.details.lines import Timeline
from upsdesk.ui.details.panel import DetailsPanel

pytestmark = pytest.mark.usefixtures("qapp")


@pytest_asyncio.fixture
async def at(tmp_path: Path) -> AsyncIterator[Setting]:
    async with setting(tmp_path) as made:
        yield made


@pytest_asyncio.fixture
async def panel(at: Setting) -> AsyncIterator[DetailsPanel]:
    made = DetailsPanel(at.desk)
    made.resize(308, 700)
    made.show()
    yield made
    made.close()
    made.deleteLater()


def another(uid: str) -> WorkitemKey:
    return WorkitemKey(KEY.peer, SopInstanceUid(uid))


def words(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]


async def test_nothing_selected(panel: DetailsPanel) -> None:
    assert panel.banner.name_text == "No workitem selected"
    assert panel.banner.facts is None and not panel.edit.isVisible()


async def test_patient_and_lines_of_the_selected_workitem(at: Setting, panel: DetailsPanel) -> None:
    panel.set_key(KEY)
    item = at.desk.store.get(KEY)
    assert item is not None and panel.banner.facts == item.patient
    await until(lambda: {"Scheduled", item.label_words} <= set(words(panel)), "the lines")
    edits = QSignalSpy(panel.edit_requested)
    QTest.mouseClick(panel.edit, Qt.MouseButton.LeftButton)
    assert edits.at(0) == [KEY]


async def test_it_is_read_from_the_server_when_it_is_looked_at(at: Setting, panel: DetailsPanel) -> None:
    panel.set_key(KEY)
    await until(lambda: "Bolus 5 mm" in words(panel), "the comments, which a search does not bring")


async def test_changes_are_shown_at_once(at: Setting, panel: DetailsPanel) -> None:
    panel.set_key(KEY)
    await at.claim()
    await until(lambda: "In progress" in words(panel), "the state")
    assert any(text.startswith("This desk since") for text in words(panel))


async def test_a_workitem_that_has_gone_keeps_its_patient_in_view(at: Setting, panel: DetailsPanel) -> None:
    panel.set_key(KEY)
    name = panel.banner.name_text
    at.desk.apply(Removed(KEY, NOW))
    panel.set_note("The server does not list this workitem any more")
    assert panel.banner.name_text == name
    assert "does not list" in panel.banner.note_text


async def test_the_reason_goes_with_the_selection(at: Setting, panel: DetailsPanel) -> None:
    panel.set_key(KEY)
    panel.set_reason("Not started yet. Start it first.")
    assert panel.reason.isVisible() and panel.reason.text == "Not started yet. Start it first."
    panel.set_key(None)
    assert not panel.reason.isVisible()


async def test_a_mark_is_told_until_somebody_has_seen_it(at: Setting, panel: DetailsPanel) -> None:
    panel.set_key(KEY)
    at.desk.store.set_mark(
        KEY, Mark(MarkKind.REFUSED, Action.START, outcome(Service.N_ACTION, 0xC301, 1), NOW, "a1")
    )
    assert panel.mark.isVisible()
    assert panel.mark.label.text() == (
        "Start was refused. Another system has started it (status C301). "
        "Choose another workitem, or Ask to cancel."
    )
    seen = next(button for button in panel.mark.findChildren(QPushButton) if button.text() == "Seen")
    QTest.mouseClick(seen, Qt.MouseButton.LeftButton)
    await until(lambda: at.desk.store.mark(KEY) is None, "the mark to be taken away")
    assert not panel.mark.isVisible()


async def test_the_timeline_is_of_this_workitem_and_newest_first(at: Setting, panel: DetailsPanel) -> None:
    peer = KEY.peer
    await at.desk.journal.record(
        JournalEntry(NOW, peer, JournalKind.REQUEST, "Start sent", KEY),
        JournalEntry(NOW, peer, JournalKind.ANSWER, "Started", KEY, "0000"),
        JournalEntry(NOW, peer, JournalKind.REPORT, "Not of this one", another("1.2.999")),
    )
    panel.set_key(KEY)
    timeline = await until(lambda: panel.findChild(Timeline), "the timeline")
    await until(lambda: "Started" in words(timeline), "its lines")
    told = [text for text in words(timeline) if text in ("Started", "Start sent", "Not of this one")]
    assert told == ["Started", "Start sent"]


async def test_the_uid_can_be_copied(panel: DetailsPanel) -> None:
    panel.set_key(KEY)
    panel._copy.click()
    assert QGuiApplication.clipboard().text() == KEY.uid


async def test_the_issuer_is_shown_when_more_than_one_occurs(at: Setting, panel: DetailsPanel) -> None:
    def found(uid: str, issuer: str) -> Found:
        data = treatment().with_elements(element(tags.ISSUER_OF_PATIENT_ID, issuer))
        return Found(another(uid), data, None, NOW)

    at.desk.apply(found("1.2.5", "NORTH"))
    panel.set_key(another("1.2.5"))
    await until(lambda: "ID" in words(panel.banner), "the facts")
    assert "NORTH" not in words(panel.banner)
    at.desk.apply(found("1.2.6", "SOUTH"))
    panel.set_key(another("1.2.6"))
    await until(lambda: "SOUTH" in words(panel.banner), "the issuer")
