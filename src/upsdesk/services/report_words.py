"""What an update says, in the words of the activity panel and, without patient data, of the journal."""

from __future__ import annotations

from dataclasses import dataclass

from upsdesk.domain.events import (
    Assigned,
    CancelRequested,
    Event,
    ProgressReported,
    Report,
    ScpStatusChanged,
    StateReported,
)
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import Workitem


@dataclass(frozen=True, slots=True)
class ReportWords:
    """`title` and `safe` carry no patient data; `detail` may quote what a performer wrote."""

    title: str
    detail: str = ""
    safe: str = ""


_STATE_TITLES = {
    ProcedureStepState.SCHEDULED: "Scheduled",
    ProcedureStepState.IN_PROGRESS: "Started",
    ProcedureStepState.COMPLETED: "Completed",
    ProcedureStepState.CANCELED: "Canceled",
}


def report_words(report: Report, event: Event | None, before: Workitem | None) -> ReportWords:
    """Words for a report; `before` is the workitem as it was known until then."""
    if isinstance(event, StateReported):
        return _state_words(event, before)
    if isinstance(event, ProgressReported):
        return _progress_words(event, before)
    if isinstance(event, CancelRequested):
        asked = f"asked by {event.requesting_ae}" if event.requesting_ae else ""
        reason = f"“{event.reason}”" if event.reason else ""
        return ReportWords("Cancellation asked", ", ".join(part for part in (asked, reason) if part), asked)
    if isinstance(event, ScpStatusChanged):
        status = event.status.capitalize() or "status not told"
        return ReportWords("Server status", status, status)
    if isinstance(event, Assigned):
        return ReportWords("Assigned")
    return ReportWords(f"Update of type {report.event_type}")


def _state_words(event: StateReported, before: Workitem | None) -> ReportWords:
    known = before.state if before is not None else None
    if known is event.state and before is not None and event.readiness is not None:
        if event.readiness is not before.readiness:
            words = f"inputs {event.readiness.words.lower()}"
            return ReportWords("Inputs changed", words, words)
        return ReportWords("State confirmed", event.state.words, event.state.words)
    passed = f"{known.words} to {event.state.words}" if known is not None and known is not event.state else ""
    reason = f"“{event.reason}”" if event.reason else ""
    detail = ", ".join(part for part in (passed, reason) if part)
    return ReportWords(_STATE_TITLES[event.state], detail, event.state.words)


def _progress_words(event: ProgressReported, before: Workitem | None) -> ReportWords:
    told = event.progress
    known = before.progress.percent if before is not None else None
    percent = ""
    if told.percent is not None:
        changed = known is not None and known != told.percent
        percent = f"{known:.0f} % to {told.percent:.0f} %" if changed else f"{told.percent:.0f} %"
    description = f"“{told.description}”" if told.description else ""
    return ReportWords("Progress", ", ".join(part for part in (percent, description) if part), percent)
