"""QA mode: begun knowingly, seen all the time, ended by itself; and only in it is sent what is forbidden."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from PySide6.QtWidgets import QLineEdit

from tests.services.values import NOW, PEER
from tests.ui.desks import KEY, Setting, setting, until
from tests.ui.windows import words_in
from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.codes import Code
from upsdesk.domain.keys import PeerId
from upsdesk.domain.operation import Operation
from upsdesk.domain.peer import PeerUse
from upsdesk.services.commands import Cancel
from upsdesk.services.qa_mode import LASTS, QaMode
from upsdesk.ui.editor.page import EditorPage
from upsdesk.ui.qa import QaDialog
from upsdesk.ui.transitions.complete import CompleteDialog

CLINICAL = replace(PEER, use=PeerUse.CLINICAL)


@pytest_asyncio.fixture
async def here(tmp_path: Path) -> AsyncIterator[Setting]:
    async with setting(tmp_path) as made:
        yield made


def test_a_clinical_server_wants_its_title_typed() -> None:
    qa = QaMode(lambda: NOW)
    for typed in ("", "ups", str(PEER.called_aet).lower() + "x"):
        with pytest.raises(ValueError, match="AE title"):
            qa.begin(CLINICAL, typed)
    assert not qa.is_on(PEER.id)
    qa.begin(CLINICAL, str(PEER.called_aet))
    assert qa.is_on(PEER.id) and not qa.is_on(PeerId("another"))


def test_it_ends_after_half_an_hour_and_with_another_server() -> None:
    now = [NOW]
    qa = QaMode(lambda: now[0])
    told: list[bool] = []
    qa.changed.add(lambda: told.append(qa.until is not None))
    qa.begin(replace(PEER, use=PeerUse.TEST))
    now[0] = NOW + LASTS - timedelta(seconds=1)
    assert qa.is_on(PEER.id)
    now[0] = NOW + LASTS
    assert not qa.is_on(PEER.id) and told == [True, False]
    qa.begin(replace(PEER, use=PeerUse.TEST))
    qa.shows(PEER.id)
    assert qa.is_on(PEER.id)
    qa.shows(None)
    assert not qa.is_on(PEER.id)


async def test_the_question_waits_for_the_title_of_a_clinical_server(here: Setting) -> None:
    dialog = QaDialog(here.window, here.desk, CLINICAL)
    dialog.open()
    assert dialog.waits and not dialog.title_field.isHidden()
    dialog.title_field.setText(str(PEER.called_aet))
    assert not dialog.waits
    dialog.done(0)


async def test_complete_of_what_nobody_started_is_sent_in_qa_mode_only(here: Setting) -> None:
    dialog = CompleteDialog(here.window, here.desk, KEY)
    dialog.open()
    await dialog.read_again()
    assert dialog.waits
    here.desk.qa.begin(replace(PEER, use=PeerUse.TEST))
    dialog.refresh()
    assert not dialog.waits
    assert dialog.line.text.startswith("QA mode: sent all the same. Not started yet")
    lock = "Change state to COMPLETED, without a Transaction UID: this desk holds none"
    await until(lambda: lock in words_in(dialog), lock)
    dialog.dismiss()


async def test_the_answer_to_an_end_of_what_nobody_started_blames_no_other_system(here: Setting) -> None:
    result = await Cancel(KEY, Code("110513", "DCM", "Unspecified"), force=True).run(here.desk)
    assert result.outcome.code == 0xC301
    assert "Not started yet" in result.outcome.meaning and "nother system" not in str(result.outcome)


async def test_the_editor_says_that_no_key_is_sent_for_what_is_held_elsewhere(here: Setting) -> None:
    here.server.change(KEY.uid, element(tags.PROCEDURE_STEP_STATE, "IN PROGRESS"))
    page = EditorPage(here.desk, here.window)
    page.show()
    page.open_for(KEY)
    await until(lambda: page.form() is not None, "the form")
    assert "No Transaction UID: this desk holds none" in words_in(page)
    page.hide()


async def test_a_form_with_mistakes_is_sent_in_qa_mode_only(here: Setting) -> None:
    page = EditorPage(here.desk, here.window)
    page.resize(here.window.size())
    page.show()
    page.open_for(KEY)
    await until(lambda: page.form() is not None, "the form")
    for name, text in (("label", "x" * 70), ("expiration", "2001-01-01 00:00")):
        part = page.row(name).input.parts()[0]
        assert isinstance(part, QLineEdit)
        part.setText(text)
    page.foot.send_button.click()
    assert here.server.requests(Operation.SET) == []
    here.desk.qa.begin(replace(PEER, use=PeerUse.TEST))
    page.row("worklist").input.set_value("Another list")
    assert "sent all the same" in page.foot.line.text
    page.foot.send_button.click()
    await until(lambda: bool(here.server.sent_elements), "what was sent")
    await until(lambda: not page.has_changes(), "the answer")
    page.hide()
