"""Look-alikes in the window: the mark in the table, the line under the patient, and what dialogs say."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from tests.support.worklist_scp import WorklistScp, soon
from tests.ui.windows import Shown, until, window_on
from upsdesk.ui import actions, theme
from upsdesk.ui.worklist.columns import Column

JANA, JAN, OTHER, ENDED = "1.2.3.1", "1.2.3.2", "1.2.3.3", "1.2.3.4"


def _marked(shown: Shown) -> set[str]:
    """The rows in which the sign is drawn."""
    view, model = shown.window.worklist.view, shown.window.worklist.model
    picture = view.viewport().grab().toImage()
    found = set()
    for at, key in enumerate(model.visible):
        cell = view.visualRect(model.index(at, Column.PATIENT))
        spots = (
            picture.pixelColor(x, y)
            for x in range(cell.right() - 20, cell.right())
            for y in range(cell.top() + 4, cell.bottom() - 4)
        )
        if any(_is_near(spot, theme.current().warning) for spot in spots):
            found.add(str(key.uid))
    return found


def _is_near(one: QColor, other: QColor) -> bool:
    return all(
        abs(a - b) < 24
        for a, b in zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)  # type: ignore[index]
    )


async def test_whoever_can_be_taken_for_another_is_marked_as_long_as_both_are_open(tmp_path: Path) -> None:
    with WorklistScp() as scp:
        for uid, name, number, born, state in (
            (JANA, "Novák^Jana", "1", "19570314", "SCHEDULED"),
            (JAN, "Novák^Jan", "2", "19570314", "IN PROGRESS"),
            (OTHER, "Okafor^Chidi", "3", "19491102", "SCHEDULED"),
            (ENDED, "Okafor^Chidi", "4", "19491102", "CANCELED"),
        ):
            scp.add(
                uid,
                PatientName=name,
                PatientID=number,
                PatientBirthDate=born,
                ProcedureStepState=state,
                ScheduledProcedureStepStartDateTime=soon(5),
            )
        async with window_on(tmp_path, scp) as shown:
            await until(lambda: _marked(shown) == {JANA, JAN}, "both marks")
            model = shown.window.worklist.model
            cell = model.index(shown.rows().index(JANA), Column.PATIENT)
            words = "Look-alike: Novák, Jan, same birth date"
            assert model.data(cell, Qt.ItemDataRole.ToolTipRole) == words
            assert str(model.data(cell, Qt.ItemDataRole.AccessibleTextRole)).endswith(f", {words}.")
            await shown.select(JANA)
            banner = shown.window.details.banner
            assert banner.look_alike_text == "Look-alike: Novák, Jan, same birth date"
            assert "Look-alike: Novák, Jan" in banner.accessibleDescription()
            dialog = await shown.open_dialog(actions.START)
            assert dialog.banner.look_alike_text == banner.look_alike_text
            dialog.reject()
            scp.items[JAN].ProcedureStepState = "COMPLETED"
            shown.window.trigger(actions.SEARCH)
            await until(lambda: banner.look_alike_text == "", "the line to go")
            await until(lambda: _marked(shown) == set(), "the marks to go")
