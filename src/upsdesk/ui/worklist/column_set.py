"""Which columns the worklist shows and in which order; those of a person's own; how that is kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from upsdesk.domain.elements import Path
from upsdesk.services.attribute_names import NamedPath, refusal_of
from upsdesk.ui.worklist.columns import DEFAULT_ORDER, AnyColumn, Column, PathColumn
from upsdesk.ui.worklist.header import WorklistHeader
from upsdesk.ui.worklist.model import WorklistModel
from upsdesk.ui.worklist.widths import ColumnWidths

_PATH = re.compile(r"[0-9A-F]{8}(/[0-9A-F]{8}){0,7}")
_VR = re.compile(r"[A-Z]{2}")
_LONGEST_TITLE = 80
MOST_PATHS = 40
"""Each asks every server for one more attribute of every workitem."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One column as the chooser lists it."""

    column: AnyColumn
    is_shown: bool


class ColumnSet(QObject):
    """The one place where columns come, go and move, whoever asks for it."""

    changed = Signal()
    """Another column is shown, or in another place."""
    paths_changed = Signal(object)
    """The paths that a server has to be asked for: a tuple."""

    def __init__(self, model: WorklistModel, header: WorklistHeader, widths: ColumnWidths) -> None:
        super().__init__(header)
        self._model = model
        self._header = header
        self._widths = widths
        self._is_arranging = False
        self._arrange((column, not column.spec.is_hidden) for column in DEFAULT_ORDER)
        header.sectionMoved.connect(self._section_moved)

    @property
    def columns(self) -> tuple[Shown, ...]:
        """All, from left to right."""
        model, header = self._model, self._header
        order = sorted(model.columns, key=lambda column: header.visualIndex(model.section_of(column)))
        return tuple(Shown(column, self.is_shown(column)) for column in order)

    @property
    def paths(self) -> tuple[PathColumn, ...]:
        return tuple(column for column in self._model.columns if isinstance(column, PathColumn))

    def is_shown(self, column: AnyColumn) -> bool:
        return not self._header.isSectionHidden(self._model.section_of(column))

    def show(self, column: AnyColumn, shown: bool) -> None:
        """Show or hide a column; what tells the patient stays."""
        if shown == self.is_shown(column) or (column.spec.is_fixed and not shown):
            return
        self._header.setSectionHidden(self._model.section_of(column), not shown)
        self._tell()

    def move(self, column: AnyColumn, to: int) -> None:
        """Put a column at a place, counted from the left, hidden ones too."""
        header, section = self._header, self._model.section_of(column)
        header.moveSection(header.visualIndex(section), max(0, min(to, header.count() - 1)))

    def add(self, named: NamedPath) -> PathColumn:
        """A column for an attribute, at the right end; one that is there already is shown.

        Raise ValueError with a sentence for what cannot be a column.
        """
        refused = refusal_of(named.path)
        if refused:
            raise ValueError(refused)
        column = PathColumn(named.path, named.vr, named.title, named.keywords)
        if column in self.paths:
            self.show(column, True)
            return column
        if len(self.paths) >= MOST_PATHS:
            raise ValueError(f"There are {MOST_PATHS} attributes as columns already: remove one first.")
        self._model.set_path_columns((*self.paths, column))
        self._widths.set_width(column, column.spec.width)
        self._tell()
        self.paths_changed.emit(self._asked_for())
        return column

    def remove(self, column: PathColumn) -> None:
        """Forget a column that somebody has added."""
        self._model.set_path_columns(one for one in self.paths if one != column)
        self._widths.forget(column)
        self._tell()
        self.paths_changed.emit(self._asked_for())

    def reset(self) -> None:
        """The columns, widths and places of a new desk."""
        had_paths = bool(self.paths)
        self._model.set_path_columns(())
        self._widths.reset()
        self._arrange((column, not column.spec.is_hidden) for column in DEFAULT_ORDER)
        self._tell()
        if had_paths:
            self.paths_changed.emit(())

    def _asked_for(self) -> tuple[Path, ...]:
        return tuple(column.path for column in self.paths)

    def _arrange(self, wanted: Iterable[tuple[AnyColumn, bool]]) -> None:
        """These in this order from the left; others stay behind them."""
        self._is_arranging = True
        for place, (column, shown) in enumerate(wanted):
            section = self._model.section_of(column)
            self._header.setSectionHidden(section, not (shown or column.spec.is_fixed))
            self._header.moveSection(self._header.visualIndex(section), place)
        self._is_arranging = False

    def _section_moved(self) -> None:
        if not self._is_arranging:
            self.changed.emit()

    def _tell(self) -> None:
        self._widths.fit()
        self.changed.emit()

    # What is kept

    def save(self) -> list[dict[str, object]]:
        """The columns in their order on the screen, with widths; attributes with their names."""
        return [
            {
                "column": one.column.name,
                "width": self._widths.width_of(one.column),
                "shown": one.is_shown,
                **_named(one.column),
            }
            for one in self.columns
        ]

    def restore(self, saved: object) -> None:
        """Take what `save` gave; entries that mean nothing are left out."""
        entries = [entry for entry in saved if isinstance(entry, Mapping)] if isinstance(saved, list) else []
        known = [(column, entry) for entry in entries if (column := _column_of(entry)) is not None]
        paths = [column for column, _ in known if isinstance(column, PathColumn)]
        self._model.set_path_columns(paths[:MOST_PATHS])
        wanted: list[tuple[AnyColumn, bool]] = []
        for column, entry in known:
            if self._model.section_of(column) >= 0 and self._widths.keep(column, entry.get("width")):
                wanted.append((column, entry.get("shown") is not False))
        self._arrange(wanted)
        self._tell()
        if self.paths:
            self.paths_changed.emit(self._asked_for())


def _named(column: AnyColumn) -> dict[str, object]:
    if not isinstance(column, PathColumn):
        return {}
    return {"vr": column.vr, "title": column.title, "keywords": column.keywords}


def _column_of(entry: Mapping[str, object]) -> AnyColumn | None:
    name = entry.get("column")
    if not isinstance(name, str):
        return None
    if name in Column.__members__:
        return Column[name]
    if not _PATH.fullmatch(name):
        return None
    path = tuple(int(part, 16) for part in name.split("/"))
    if refusal_of(path):
        return None
    vr, title, keywords = (entry.get(part) for part in ("vr", "title", "keywords"))
    return PathColumn(
        path,
        vr if isinstance(vr, str) and _VR.fullmatch(vr) else "LO",
        title[:_LONGEST_TITLE] if isinstance(title, str) and title.isprintable() else "",
        keywords if isinstance(keywords, str) and keywords.isprintable() else "",
    )
