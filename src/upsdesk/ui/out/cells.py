"""The cells of the table as they leave it: the columns that are shown, in their order, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

from upsdesk.domain.when import Moment, in_zone
from upsdesk.ui.tasks import in_slices
from upsdesk.ui.worklist.columns import AnyColumn, Column, moment_of
from upsdesk.ui.worklist.model import WorklistModel
from upsdesk.ui.worklist.row import Row
from upsdesk.ui.worklist.view import WorklistView

_UID = "SOP Instance UID"


def shown_columns(view: WorklistView, model: WorklistModel) -> list[AnyColumn]:
    """From left to right."""
    header = view.horizontalHeader()
    sections = [header.logicalIndex(at) for at in range(header.count())]
    return [model.column_at(section) for section in sections if not header.isSectionHidden(section)]


def cell(model: WorklistModel, row: Row, column: AnyColumn) -> str:
    """As the table says it."""
    return model.text(row, column)


def exported(model: WorklistModel, row: Row, column: AnyColumn, zone: tzinfo) -> str:
    """As a file says it: a time is whole, since nobody knows when the file is read."""
    moment = moment_of(row.workitem, column) if column is not Column.STARTS_IN else None
    return _whole(moment, zone) if moment is not None else cell(model, row, column)


def line(model: WorklistModel, row: Row, columns: list[AnyColumn], zone: tzinfo) -> list[str]:
    """The cells of a row, as `exported`."""
    return [exported(model, row, column, zone) for column in columns]


async def lines(
    model: WorklistModel, rows: list[Row], columns: list[AnyColumn], zone: tzinfo
) -> list[list[str]]:
    """The cells of all these rows; many are read in slices, between which the window goes on."""
    found: list[list[str]] = []

    def read() -> Iterator[None]:
        for row in rows:
            found.append(line(model, row, columns, zone))
            yield

    await in_slices(read())
    return found


async def filled(
    model: WorklistModel, rows: list[Row], columns: list[AnyColumn]
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Names and cells of the columns in which any row says something: paper has no room for the others."""
    found: list[list[str]] = []

    def read() -> Iterator[None]:
        for row in rows:
            found.append([cell(model, row, column) for column in columns])
            yield

    await in_slices(read())
    kept = [at for at in range(len(columns)) if any(texts[at] for texts in found)]
    head = tuple(columns[at].spec.name for at in kept)
    return head, tuple(tuple(texts[at] for at in kept) for texts in found)


async def table(
    model: WorklistModel, columns: list[AnyColumn], zone: tzinfo
) -> tuple[list[str], list[list[str]]]:
    """Header and rows of an export; the UID comes last, so that each row names its workitem.

    It is the list of the first moment.
    """
    rows = [model.row_at(at) for at in range(model.rowCount())]
    found = await lines(model, rows, columns, zone)
    with_uids = [[*cells, row.key.uid] for cells, row in zip(found, rows, strict=True)]
    return [*(column.spec.name for column in columns), _UID], with_uids


def _whole(moment: Moment, zone: tzinfo) -> str:
    if not moment.has_time:
        return moment.instant.strftime(("%Y", "%Y-%m", "%Y-%m-%d")[max(0, min(moment.precision, 3) - 1)])
    return in_zone(moment.instant, zone).isoformat(sep=" ", timespec="seconds")
