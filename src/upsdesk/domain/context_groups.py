"""The context groups of PS3.16 that the desk offers to choose from, as codes."""

from __future__ import annotations

import csv
from functools import cache

from upsdesk import resources
from upsdesk.domain.codes import Code

GENERAL_WORKITEMS = 9231
"""CID 9231 General Purpose Workitem Definition."""
RT_WORKITEMS = 9241
"""CID 9241 Radiotherapy General Workitem Definition."""
DISCONTINUATION_REASONS = 9300
"""CID 9300 Procedure Discontinuation Reason."""


@cache
def codes_of(cid: int) -> tuple[Code, ...]:
    """The codes of a context group, by code value; empty for a group that is not kept here."""
    rows = csv.DictReader(resources.read_text("context_groups.csv").splitlines())
    return tuple(Code(row["value"], row["scheme"], row["meaning"]) for row in rows if row["cid"] == str(cid))


@cache
def workitem_codes() -> tuple[Code, ...]:
    """What a workitem may be of, general and radiotherapy, each code once and by meaning."""
    found = {*codes_of(GENERAL_WORKITEMS), *codes_of(RT_WORKITEMS)}
    return tuple(sorted(found, key=lambda code: code.meaning))
