"""What a table keeps from one start to the next: columns, height of rows, sorting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from upsdesk.ui.worklist.columns import AnyColumn
from upsdesk.ui.worklist.density import Density
from upsdesk.ui.worklist.model import WorklistModel
from upsdesk.ui.worklist.ordering import Sorting
from upsdesk.ui.worklist.view import WorklistView


def save(view: WorklistView, model: WorklistModel) -> dict[str, object]:
    """Plain values for a file."""
    return {
        "columns": view.column_set.save(),
        "rows": view.density.name,
        "sorting": [[column.name, is_down] for column, is_down in model.sorting],
    }


def restore(saved: Mapping[str, object], view: WorklistView, model: WorklistModel) -> None:
    """Take what `save` gave; what cannot be read stays at its default."""
    view.column_set.restore(saved.get("columns"))
    rows = saved.get("rows")
    if isinstance(rows, str) and rows in Density.__members__:
        view.set_density(Density[rows])
    sorting = _read_sorting(saved.get("sorting"), model.columns)
    if sorting:
        model.set_sorting(sorting)


def _read_sorting(saved: object, columns: Iterable[AnyColumn]) -> Sorting:
    if not isinstance(saved, list):
        return ()
    by_name = {column.name: column for column in columns}
    pairs = [tuple(pair) for pair in saved if isinstance(pair, (list, tuple)) and len(pair) == 2]
    return tuple(
        (by_name[name], is_down is True)
        for name, is_down in pairs
        if isinstance(name, str) and name in by_name
    )
