"""What the clipboard takes from the table: cells of the chosen rows, their UIDs, or one cell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from functools import partial

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from upsdesk.services import export
from upsdesk.ui import icons, presenter
from upsdesk.ui.out import cells
from upsdesk.ui.tasks import spawn
from upsdesk.ui.worklist.columns import AnyColumn
from upsdesk.ui.worklist.panel import WorklistPanel
from upsdesk.ui.worklist.row import Row

_NOTHING = "Nothing is selected to copy."
_LONGEST_ENTRY = 48
_AT_ONCE = 200
"""Rows; more of them are read in parts, between which the window goes on."""


class Copying:
    """Each act says what it has copied."""

    def __init__(
        self, worklist: WorklistPanel, zone: tzinfo, is_demo: Callable[[], bool], say: Callable[[str], None]
    ) -> None:
        self._worklist = worklist
        self._zone = zone
        self._is_demo = is_demo
        self._say = say

    def copy_rows(self) -> None:
        """The names of the shown columns, and the cells of each chosen row, also when the filter hides it."""
        rows = self._chosen()
        if not rows:
            self._say(_NOTHING)
        elif len(rows) <= _AT_ONCE:
            columns = self._columns()
            self._take(
                rows, columns, [cells.line(self._worklist.model, row, columns, self._zone) for row in rows]
            )
        else:
            spawn(self._copy_many(rows), "copy")

    async def _copy_many(self, rows: list[Row]) -> None:
        columns = self._columns()
        self._say(f"Copying {presenter.count_words(len(rows), 'row')}…")
        self._take(rows, columns, await cells.lines(self._worklist.model, rows, columns, self._zone))

    def _take(self, rows: list[Row], columns: list[AnyColumn], lines: list[list[str]]) -> None:
        head = [column.spec.name for column in columns]
        QGuiApplication.clipboard().setText(export.tsv_text(head, lines, demo=self._is_demo()))
        one = f"the row of {rows[0].patient}"
        self._say(f"Copied {one if len(rows) == 1 else presenter.count_words(len(rows), 'row')}.")

    def copy_uids(self) -> None:
        """The SOP Instance UIDs of the chosen workitems, one a line."""
        keys = self._worklist.view.marking.chosen()
        if not keys:
            self._say(_NOTHING)
            return
        QGuiApplication.clipboard().setText("\n".join(key.uid for key in keys))
        one = f"the SOP Instance UID {keys[0].uid}"
        self._say(
            f"Copied {one if len(keys) == 1 else presenter.count_words(len(keys), 'SOP Instance UID')}."
        )

    def add_cells(self, menu: QMenu, at: AnyColumn | None) -> None:
        """One cell of the selected row: the one under the pointer, else one of a submenu."""
        key = self._worklist.current_key()
        row = self._worklist.model.row(key) if key is not None else None
        if row is None:
            return
        texts = {column: self._cell(row, column) for column in self._columns()}
        if at is not None and texts.get(at):
            self._add(menu, f"Copy “{_short(texts[at])}”", texts[at])
            return
        submenu = menu.addMenu("Copy one cell")
        icons.set_icon(submenu.menuAction(), "copy")
        for column, text in texts.items():
            if text:
                self._add(submenu, f"{column.spec.name}: {_short(text)}", text)

    def _add(self, menu: QMenu, words: str, text: str) -> None:
        action = menu.addAction(words.replace("&", "&&"))
        icons.set_icon(action, "copy")
        action.triggered.connect(partial(self._copy_text, text))

    def _copy_text(self, text: str, _checked: bool = False) -> None:
        QGuiApplication.clipboard().setText(text)
        self._say(f"Copied “{_short(text)}”.")

    def _cell(self, row: Row, column: AnyColumn) -> str:
        return cells.exported(self._worklist.model, row, column, self._zone)

    def _columns(self) -> list[AnyColumn]:
        return cells.shown_columns(self._worklist.view, self._worklist.model)

    def _chosen(self) -> list[Row]:
        known = map(self._worklist.model.row, self._worklist.view.marking.chosen())
        return [row for row in known if row is not None]


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST_ENTRY else f"{plain[: _LONGEST_ENTRY - 1]}…"
