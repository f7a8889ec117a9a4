"""What the dialogs of this folder say is whole and named, in a small window too, with the longest facts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from tests.support.worklist_scp import WorklistScp
from tests.ui.desks import open_dialogs, pause, press
from tests.ui.test_drawn_states import cut_words, nameless
from tests.ui.windows import gone, until, window_on
from upsdesk.ui import actions
from upsdesk.ui.new.files import FilesDialog

UID = "1.2.3.1"
LONG = {
    "PatientName": "Wolfeschlegelsteinhausenbergerdorff^Hubert Blaine^^Dr.",
    "PatientID": "PAT-2-WITH-A-LONG-TAIL-00112233",
    "ProcedureStepLabel": "Stereotactic treatment of the left lower lobe with gating",
}


@pytest.fixture
def scp() -> Iterator[WorklistScp]:
    with WorklistScp() as server:
        server.add(UID, **LONG)
        yield server


@pytest.mark.parametrize(
    "spec", [actions.CLONE, actions.FROM_TEMPLATE, actions.SAVE_TEMPLATE, actions.FROM_FILES]
)
async def test_dialogs_are_whole_and_named_in_the_smallest_window(
    tmp_path: Path, scp: WorklistScp, spec: actions.ActionSpec
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"{','.join(LONG)}\n{','.join(LONG.values())}\n", encoding="utf-8")
    async with window_on(tmp_path / "data", scp, size=(960, 540)) as shown:
        await shown.select(UID)
        shown.window.trigger(spec)
        dialog = await until(lambda: next(open_dialogs(shown.window), None), "the dialog")
        if isinstance(dialog, FilesDialog):
            await dialog.read([path])
        await pause(300)
        assert (cut_words(dialog), nameless(dialog)) == ([], [])
        assert shown.window.rect().contains(dialog.geometry().translated(-shown.window.pos()))
        await press(Qt.Key.Key_Escape)
        await gone(shown.window)
