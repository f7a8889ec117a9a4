"""What a kept layout brings back, and what a damaged or unwritable one costs: nothing but the layout."""

import json
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from tests.ui.worklist.values import Bench
from upsdesk.domain.saved_filter import TODAY
from upsdesk.services.saved_filters import SavedFilters
from upsdesk.ui import window_state
from upsdesk.ui.filters.keeper import FilterKeeper
from upsdesk.ui.worklist.columns import Column
from upsdesk.ui.worklist.ordering import DEFAULT_SORTING
from upsdesk.ui.worklist.panel import WorklistPanel


def window_with_worklist(qtbot: QtBot, folder: Path) -> tuple[QMainWindow, WorklistPanel, FilterKeeper]:
    window, panel = QMainWindow(), WorklistPanel(Bench())
    keeper = FilterKeeper(SavedFilters(folder), panel, window)
    window.setCentralWidget(panel)
    qtbot.addWidget(window)
    return window, panel, keeper


@pytest.mark.parametrize(
    "kept",
    [
        {"geometry": "é"},
        {"panels": "日本"},
        {"geometry": "AAAA", "panels": "////"},
        {"worklist": {"sorting": [[["PRIORITY"], True], [{}, True], [None, False]]}},
        {"worklist": {"columns": [{"column": ["LABEL"], "width": 50}, 7, {"column": "LABEL", "width": "x"}]}},
        {"worklist": {"columns": {}, "sorting": 5}},
        {"filter": 7},
        {"filter": {"name": "Held here", "states": "SCHEDULED"}},
        {"filter": {"name": "a filter that was deleted", "overdue": True}},
    ],
    ids=["geometry", "panels", "bytes", "sorting", "columns", "kinds", "filter", "states", "unknown"],
)
def test_a_layout_of_another_make_is_left_out(tmp_path: Path, qtbot: QtBot, kept: dict[str, object]) -> None:
    (tmp_path / "window.json").write_text(json.dumps(kept), encoding="utf-8")
    window, panel, keeper = window_with_worklist(qtbot, tmp_path)
    state = window_state.load(tmp_path)
    assert not window_state.restore_place(state, window)
    window_state.restore_parts(state, window, panel, keeper)
    assert panel.model.sorting == DEFAULT_SORTING
    assert panel.model.criteria == TODAY.criteria and not keeper.is_changed
    assert not panel.view.columns.isSectionHidden(Column.LABEL)
    panel.close_model()


def test_a_disk_that_takes_nothing_does_not_keep_the_window_open(tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "window.json").mkdir()
    window, panel, keeper = window_with_worklist(qtbot, tmp_path)
    window_state.save(tmp_path, window, panel, keeper)
    panel.close_model()
