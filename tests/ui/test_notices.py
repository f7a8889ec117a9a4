"""The notices under the top bar: true for as long as they stand, and never larger than they need be."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.services.values import NOW
from tests.ui.desks import KEY, Setting, setting
from upsdesk.domain.events import CancelRequested
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
