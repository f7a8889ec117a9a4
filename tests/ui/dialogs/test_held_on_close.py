"""Closing with a workitem held: the question, and what each answer means."""

import asyncio
from pathlib import Path

from PySide6.QtWidgets import QLabel

from tests.ui.desks import opened, setting
from upsdesk.ui.held_on_close import ask_before_closing


async def test_nothing_held_closes_without_a_question(tmp_path: Path) -> None:
    async with setting(tmp_path) as here:
        assert await ask_before_closing(here.window, here.desk) is True


async def test_a_held_workitem_is_named_and_no_is_the_default(tmp_path: Path) -> None:
    async with setting(tmp_path) as here:
        await here.claim()
        for answer, expected in (("no_button", False), ("yes_button", True)):
            task = asyncio.ensure_future(ask_before_closing(here.window, here.desk))
            dialog = await opened(here.window)
            words = " ".join(label.text() for label in dialog.findChildren(QLabel))
            assert "Novak, Jana" in words
            assert "PAT-1" in words
            assert dialog.no_button.hasFocus()
            assert dialog.yes_button.text() == "Keep In progress and close"
            assert dialog.no_button.text() == "Back to the item"
            getattr(dialog, answer).click()
            assert await asyncio.wait_for(task, 5) is expected
