"""Since when nothing has been heard of a workitem that somebody works on."""

from __future__ import annotations

from datetime import datetime, timedelta

from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import Workitem

SILENT_AFTER = timedelta(hours=4)


def last_sign(workitem: Workitem) -> datetime | None:
    """When its performer was heard of last; None when it is not in progress, or nothing tells.

    Every N-SET is a modification (Scheduled Procedure Step Modification DateTime, PS3.4 Table CC.2.5-3); the
    report of its state and the start of what is performed are signs too.
    """
    if workitem.state is not ProcedureStepState.IN_PROGRESS:
        return None
    moments = (workitem.modified, workitem.performed_start)
    signs = [moment.instant for moment in moments if moment is not None and moment.has_time]
    if workitem.state_reported_at is not None:
        signs.append(workitem.state_reported_at)
    return max(signs, default=None)


def silence(workitem: Workitem, now: datetime) -> timedelta | None:
    """For how long nothing has been heard of it; None while that is less than 4 hours, or not known."""
    last = last_sign(workitem)
    return now - last if last is not None and now - last >= SILENT_AFTER else None
