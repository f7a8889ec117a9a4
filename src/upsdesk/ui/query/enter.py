"""What Enter in the filter field does: goes to the one row that is meant, and never to one of several."""

from __future__ import annotations

from dataclasses import dataclass

from upsdesk.domain.keys import WorkitemKey
from upsdesk.ui.worklist.model import WorklistModel


@dataclass(frozen=True, slots=True)
class Landing:
    """Where Enter leads."""

    select: WorkitemKey | None = None
    to_table: bool = False
    """The keys go to the row; after a scan they stay in the field, for the next code."""
    offers_server: bool = False
    """Nothing listed is exactly this: the server may know more."""


def landing(model: WorklistModel, text: str, *, is_scan: bool) -> Landing:
    """For the text of the filter, which is in force.

    A scanned code must be an ID or accession as a whole: the one row that merely contains it may be of
    another patient.
    """
    exact = exact_hits(model, text)
    if len(exact) == 1:
        return Landing(exact[0], to_table=not is_scan)
    if is_scan:
        return Landing(offers_server=not exact)
    only = model.visible[0] if len(model.visible) == 1 else None
    return Landing(only, to_table=only is not None, offers_server=not model.visible)


def exact_hits(model: WorklistModel, text: str) -> list[WorkitemKey]:
    """The listed workitems, filtered out or not, whose patient ID or accession number this is."""
    wanted = text.strip()
    return [
        row.key
        for row in model.listed()
        if wanted and wanted in (row.workitem.patient.patient_id, row.workitem.accession)
    ]
