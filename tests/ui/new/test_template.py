"""Save as template and New from template in the whole window, over a server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.support.worklist_scp import WorklistScp
from tests.ui.desks import open_dialogs, pause, press
from tests.ui.windows import Shown, click, gone, press_until_focused, until, window_on
from upsdesk.ui import actions
from upsdesk.ui.dialogs import ConfirmDialog
from upsdesk.ui.new.template import SaveTemplateDialog, TemplateDialog

UID = "1.2.3.1"


@pytest.fixture
def scp() -> Iterator[WorklistScp]:
    with WorklistScp() as server:
        server.add(UID, WorklistLabel="Linac of Jana Novak", CommentsOnTheScheduledProcedureStep="deaf")
        yield server


async def opened(shown: Shown, kind: type[ConfirmDialog]) -> ConfirmDialog:
    dialog = await until(lambda: next(open_dialogs(shown.window), None), "the dialog")
    assert isinstance(dialog, kind)
    await pause(300)
    return dialog


async def test_a_template_is_saved_without_the_patient_and_begins_a_new_workitem(
    tmp_path: Path, scp: WorklistScp
) -> None:
    async with window_on(tmp_path, scp) as shown:
        await shown.select(UID)
        shown.window.trigger(actions.SAVE_TEMPLATE)
        saving = await opened(shown, SaveTemplateDialog)
        assert isinstance(saving, SaveTemplateDialog)
        QTest.keyClicks(saving.name, "For Novak")
        await pause(300)
        await press(Qt.Key.Key_Return)
        assert await until(lambda: saving.message.text, "the name to be refused")
        saving.name.clear()
        QTest.keyClicks(saving.name, "Linac, morning")
        await pause(300)
        await press(Qt.Key.Key_Return)
        await gone(shown.window)
        (file,) = (tmp_path / "templates").iterdir()
        text = file.read_text(encoding="utf-8")
        assert not any(secret in text for secret in ("Novak", "Jana", "PAT-1", "1962", "deaf", UID))

        shown.window.trigger(actions.FROM_TEMPLATE)
        choosing = await opened(shown, TemplateDialog)
        assert isinstance(choosing, TemplateDialog)
        QTest.keyClicks(choosing.search, "linac mor")
        await until(lambda: (one := choosing.template()) and one.is_own, "the own template")
        await pause(300)
        await press(Qt.Key.Key_Return)
        editor = shown.window.editor
        await until(lambda: editor.isVisible() and editor.form() is not None, "the form")
        form = editor.form()
        assert form is not None and form.values["label"] == "RT treatment"
        assert form.values["patient_name"] == form.values["patient_id"] == form.values["comments"] == ""
        click(editor.foot.send_button)
        await until(lambda: not editor.isVisible(), f"the form to close: {editor.notice.text}")
        made = next(item for uid, item in scp.items.items() if uid != UID)
        assert made.ScheduledWorkitemCodeSequence[0].CodeValue == "121726"
        assert not made.PatientName


async def test_words_narrow_the_templates_and_an_own_one_can_be_deleted(
    tmp_path: Path, scp: WorklistScp
) -> None:
    (tmp_path / "templates").mkdir()
    own = tmp_path / "templates" / "mine.json"
    own.write_text(
        '{"name": "Mine", "attributes": {"ProcedureStepLabel": {"Value": ["x"]}}}', encoding="utf-8"
    )
    (tmp_path / "templates" / "bad.json").write_text("{", encoding="utf-8")
    async with window_on(tmp_path, scp) as shown:
        shown.window.trigger(actions.FROM_TEMPLATE)
        dialog = await opened(shown, TemplateDialog)
        assert isinstance(dialog, TemplateDialog)
        chosen = lambda: (one := dialog.template()) is not None and one.name  # noqa: E731
        assert chosen() == "Mine" and dialog.delete_button.isVisible()
        await pause(300)
        for answer in (Qt.Key.Key_Escape, Qt.Key.Key_Space):
            click(dialog.delete_button)
            sure = await until(
                lambda: [one for one in open_dialogs(shown.window) if one is not dialog], "it asks"
            )
            await pause(300)
            if answer == Qt.Key.Key_Space:
                await press_until_focused(sure[0].yes_button)
            await press(answer)
            await until(lambda: list(open_dialogs(shown.window)) == [dialog], "the answer")
            assert own.exists() == (answer == Qt.Key.Key_Escape)
        await until(lambda: chosen() != "Mine", "the list without it")
        assert not dialog.delete_button.isVisible()
        for typed, found in (
            ("121730", "RT machine QA"),
            ("ai", "Computer aided detection"),
            ("rt treat", "RT treatment delivery"),
        ):
            dialog.search.setText(typed)
            assert chosen() == found
        dialog.search.setText("nothing has this")
        assert chosen() is False and dialog.waits
        dialog.search.clear()
        first = chosen()
        await press(Qt.Key.Key_Up)
        assert chosen() not in (first, False)
        await press(Qt.Key.Key_Escape)
        await gone(shown.window)
