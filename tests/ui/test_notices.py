"""The notices under the top bar: true for as long as they stand, and never larger than they need be."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.services.values import NOW, key_of
from tests.ui.desks import KEY, Setting, setting
from upsdesk.domain.events import CancelRequested
from upsdesk.domain.keys import TransactionUid
from upsdesk.ui.notice_bar import NoticeBar, NoticeStack
from upsdesk.ui.notices import Notices

ASKED = CancelRequested(KEY, NOW, requesting_ae="PLANNER", reason="First reason")


@pytest.fixture
async def held(tmp_path: Path) -> AsyncIterator[Setting]:
    """One workitem that this desk holds."""
    async with setting(tmp_path) as made:
        await made.claim()
        yield made


@pytest.fixture
def stack(held: Setting, qtbot: QtBot) -> NoticeStack:
    made = NoticeStack()
    qtbot.addWidget(made)
    return made


@pytest.fixture
async def notices(held: Setting, stack: NoticeStack) -> AsyncIterator[Notices]:
    made = Notices(held.desk, stack, lambda key: None)
    yield made
    made.stop()


def words(widget: QWidget) -> str:
    return " | ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


async def test_a_second_request_replaces_the_first(
    held: Setting, stack: NoticeStack, notices: Notices
) -> None:
    held.desk.apply(ASKED)
    assert stack.names() == (KEY,) and "First reason" in words(stack)
    bar = stack.findChild(NoticeBar)
    held.desk.apply(ASKED)
    assert stack.findChild(NoticeBar) is bar, "the same again changes nothing"
    held.desk.apply(replace(ASKED, reason="Patient was called to surgery"))
    assert stack.names() == (KEY,)
    assert any("surgery" in words(bar) for bar in stack.findChildren(NoticeBar))
    held.desk.store.answer_cancel_request(KEY)
    assert stack.names() == ()


def test_a_reason_of_ten_thousand_characters_leaves_the_table_its_room(qtbot: QtBot) -> None:
    reason = "Why <b>not</b> & so on\n" * 450
    bar = NoticeBar("warning", "hand", "PLANNER asks to cancel.", f"Reason: {reason}", (("Open", print),))
    qtbot.addWidget(bar)
    assert bar.heightForWidth(1200) < 90
    assert bar.accessibleDescription() == f"Reason: {reason}"
    (detail,) = (label for label in bar.findChildren(QLabel) if label.text().startswith("Reason"))
    assert "<b>not</b> & so on Why" in detail.text() and detail.text().endswith("…")
    assert "&lt;b&gt;not" in detail.toolTip()


async def test_what_was_left_is_listed_before_a_server_answers(
    held: Setting, stack: NoticeStack, notices: Notices
) -> None:
    held.desk.store.forget_peer(KEY.peer)  # nothing is known but the vault
    asked: list[str] = []
    notices.tell_left(lambda: asked.append("all"))
    bar = stack.findChild(NoticeBar)
    assert bar is not None
    told = words(bar)
    assert "1 workitem is left In progress: only this desk can complete or cancel it." in told
    assert "Novak, Jana, ID PAT-1, born 1962-04-10, F (Treatment) at FX1 since 09:30" in told
    show, close = bar.findChildren(QPushButton)
    show.click()
    assert asked == ["all"]
    close.click()
    assert stack.names() == ()
    notices.tell_left(lambda: None)
    await held.desk.forget_claim(held.desk.held_entries()[0])
    assert stack.names() == (), "nothing is held any more"
    notices.tell_left(lambda: None)
    assert stack.names() == ()


async def test_of_many_that_were_left_the_first_are_named_whole(
    held: Setting, stack: NoticeStack, notices: Notices
) -> None:
    entry = held.desk.held_entries()[0]
    for number in range(2, 8):
        patient = replace(entry.patient, name=f"Wolfeschlegelsteinhausenbergerdorff^Hubert Blaine {number}")
        lock = TransactionUid(f"2.25.{number}")
        held.desk.vault.put(replace(entry, key=key_of(number), transaction_uid=lock, patient=patient))
    notices.tell_left(lambda: None)
    told = words(stack)
    assert "7 workitems are left In progress" in told and "and 3 more" in told
    assert "Wolfeschlegelsteinhausenbergerdorff, Hubert Blaine 4, ID PAT-1, born 1962-04-10, F" in told
