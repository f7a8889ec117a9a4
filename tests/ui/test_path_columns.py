"""Any attribute as a column, at the embedded server: chosen by keys, asked for, shown, sorted, kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.support.plain_scu import PlainScu, code, dataset, workitem
from tests.support.running_scp import AET, Bench, bench
from tests.ui.desks import press
from tests.ui.windows import Shown, peer_at, until, window_on
from upsdesk.domain import tags
from upsdesk.domain.keys import AeTitle
from upsdesk.domain.peer import Peer
from upsdesk.ui.worklist.column_chooser import ColumnChooser
from upsdesk.ui.worklist.columns import Column, PathColumn
from upsdesk.ui.worklist.density import Density

NUMBER = "ScheduledProcessingParametersSequence/NumericValue"


@pytest.fixture(scope="module")
def scp() -> Iterator[Bench]:
    with bench() as running:
        for order, value in enumerate(["30", "9.5", "", "110"], 1):
            running.created(
                ProcedureStepLabel=f"Order {order}",
                CommentsOnTheScheduledProcedureStep=f"Bolus {order} mm",
                ScheduledProcessingParametersSequence=[parameter(value)] if value else [],
            )
        yield running


def parameter(value: str):  # type: ignore[no-untyped-def]
    return dataset(
        ValueType="NUMERIC",
        ConceptNameCodeSequence=[code("2001", "99LOCAL", "Thickness")],
        NumericValue=value,
        MeasurementUnitsCodeSequence=[code("mm", "UCUM", "mm")],
    )


def peer_of(scp: Bench) -> Peer:
    return replace(peer_at(scp.port), called_aet=AeTitle(AET))


def column_texts(shown: Shown, column: PathColumn) -> list[str]:
    model = shown.window.worklist.model
    section = model.section_of(column)
    return [str(model.index(row, section).data()) for row in range(model.rowCount())]


def chooser_of(shown: Shown) -> ColumnChooser | None:
    return next((one for one in shown.window.findChildren(ColumnChooser) if one.isVisible()), None)


async def test_a_nested_attribute_becomes_a_column_by_keys_and_comes_over_the_wire(
    tmp_path: Path, scp: Bench
) -> None:
    async with window_on(tmp_path, peer_of(scp)) as shown:
        panel = shown.window.worklist
        await until(lambda: len(shown.rows()) == 4, "the rows")
        panel.choose_columns()
        chooser = await until(lambda: chooser_of(shown), "the chooser")
        await until(chooser.search.hasFocus, "the focus in it")
        chooser.field.setFocus()
        QTest.keyClicks(chooser.field, "scheduledprocessingp")
        await until(chooser.field.popup.isVisible, "suggestions")
        for one in (Qt.Key.Key_Down, Qt.Key.Key_Return):
            QTest.keyClick(QApplication.activePopupWidget() or chooser.field, one)
        await until(lambda: chooser.field.text().endswith("Sequence/"), "the sequence")
        QTest.keyClicks(chooser.field, "NumericValue")
        QTest.keyClick(chooser.field.popup, Qt.Key.Key_Return)  # takes what is typed and marked
        chooser.activateWindow()
        await press(Qt.Key.Key_Return)
        (column,) = panel.view.column_set.paths
        assert (column.keywords, column.vr) == (NUMBER, "DS")
        await until(lambda: sorted(column_texts(shown, column)) == ["", "110", "30", "9.5"], "the values")
        await press(Qt.Key.Key_Escape)
        await until(lambda: chooser_of(shown) is None, "the chooser to close")
        # As numbers, not as text; what the server does not have is blank and comes last either way.
        panel.view.sort(column)
        assert column_texts(shown, column) == ["9.5", "30", "110", ""]
        panel.view.sort(column)
        assert column_texts(shown, column) == ["110", "30", "9.5", ""]
        # The text filter looks into it.
        panel.bar.field.setText("9.5")
        await until(lambda: len(shown.rows()) == 1, "the filtered row")


async def test_columns_order_widths_sorting_and_row_height_come_back_at_the_next_start(
    tmp_path: Path, scp: Bench
) -> None:
    async with window_on(tmp_path, peer_of(scp)) as shown:
        view = shown.window.worklist.view
        await until(lambda: len(shown.rows()) == 4, "the rows")
        column = view.column_set.add(_named("CommentsOnTheScheduledProcedureStep"))
        view.column_set.move(column, 1)
        view.column_set.show(Column.MODIFIED, True)
        view.columns.resizeSection(view.model().section_of(column), 222)
        view.sort(column)
        view.sort(Column.START, add=True)
        view.set_density(Density.COMPACT)
        await until(lambda: "Bolus 1 mm" in column_texts(shown, column), "the comments")
        closed: list[bool] = []
        shown.window.closed.connect(lambda: closed.append(True))
        shown.window.close()
        await until(lambda: closed, "the window to close")
    async with window_on(tmp_path, peer_of(scp)) as shown:
        view = shown.window.worklist.view
        again = [one.column for one in view.column_set.columns if one.is_shown]
        assert again[1] == column and Column.MODIFIED in again
        assert view.columns.sectionSize(view.model().section_of(column)) == 222
        assert view.sorting == ((column, False), (Column.START, False))
        assert (view.density, view.rowHeight(0) or view.row_height) == (Density.COMPACT, 24)
        # The first search asks for it: nobody has to add it again.
        await until(lambda: len(shown.rows()) == 4, "the rows")
        assert column_texts(shown, column) == [f"Bolus {order} mm" for order in (1, 2, 3, 4)]


async def test_what_changes_at_the_server_changes_in_the_column(tmp_path: Path, scp: Bench) -> None:
    uid = "1.2.3.77"
    other = PlainScu(scp.port, AET)
    assert other.create(uid, workitem(CommentsOnTheScheduledProcedureStep="before")) == 0x0000
    other.close()
    async with window_on(tmp_path, peer_of(scp)) as shown:
        column = shown.window.worklist.view.column_set.add(_named("CommentsOnTheScheduledProcedureStep"))
        model = shown.window.worklist.model
        await until(lambda: "before" in column_texts(shown, column), "the first value")
        # It was not asked for before: that is no change at the server, and nothing lights up.
        assert column not in model.flashes.columns(shown.key(uid))
        # Selecting reads the whole workitem; a later search has less of it, and newer.
        await shown.select(uid)
        whole = lambda: tags.INPUT_INFORMATION_SEQUENCE in shown.desk.store.elements(shown.key(uid))  # noqa: E731
        await until(whole, "the details")
        await shown.searched()
        other = PlainScu(scp.port, AET)
        assert other.set(uid, dataset(CommentsOnTheScheduledProcedureStep="after")) == 0x0000
        other.close()
        await shown.desk.worklist.search(shown.peer)
        assert "after" in column_texts(shown, column)
        assert column in model.flashes.columns(shown.key(uid))


def _named(keywords: str):  # type: ignore[no-untyped-def]
    from upsdesk.services.attribute_names import read_path

    return read_path(keywords)
