"""Rows with values that no list can show whole: the others stay in sight, and nothing takes long."""

from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from tests.ui.worklist.panels import open_panel
from tests.ui.worklist.values import Bench, key
from upsdesk.domain.plain import LONGEST
from upsdesk.ui.presenter import NOT_DUE
from upsdesk.ui.worklist.columns import Column
from upsdesk.ui.worklist.filter_bar import FilterField

FLOOD = "W" * 65_000
SAMPLES = (
    FLOOD,
    f"{FLOOD}^{FLOOD}",
    "x\n" * 30_000,
    "\N{RIGHT-TO-LEFT OVERRIDE}nemroD^naJ",
    "<b>x</b>^<img src='x'>",
)


def test_one_value_takes_no_column_out_of_sight(bench: Bench, qtbot: QtBot) -> None:
    with open_panel(bench, qtbot, 1400, 420) as panel:
        bench.add(1, name="Novák^Jana", patient_id="4711", label="CT abdomen")
        before = panel.view.columnWidth(Column.PATIENT)
        for number, text in enumerate(SAMPLES, 2):
            bench.add(number, name=text, patient_id=text[:32_000], label=text)
        qtbot.waitUntil(lambda: panel.view.columnWidth(Column.PATIENT) > before, timeout=5000)
        assert panel.view.columnWidth(Column.PATIENT) + panel.view.columnWidth(Column.PATIENT_ID) < 1100
        for number in range(2, 2 + len(SAMPLES)):
            row = panel.model.row_at(panel.model.visible.index(key(number)))
            for column in Column:
                told = row.text(column, NOT_DUE)
                assert (
                    len(told) <= LONGEST + 1 and told.replace("\N{REPLACEMENT CHARACTER}", "").isprintable()
                )
            assert len(row.sentence(NOT_DUE)) < 6 * LONGEST and len(row.haystack) < 50_000
        assert not panel.grab().isNull()


def test_a_flood_that_is_pasted_into_the_filter_is_cut(bench: Bench, qtbot: QtBot) -> None:
    with open_panel(bench, qtbot, 900, 420) as panel:
        for number in range(3):
            bench.add(number)
        field = panel.findChild(FilterField)
        assert field is not None
        QGuiApplication.clipboard().setText("fx1 " * 50_000)
        field.paste()
        assert len(field.text()) < 1000
        qtbot.waitUntil(lambda: len(panel.model.visible) == 3, timeout=2000)
