"""What an update says, in the words of the activity panel and, without patient data, of the journal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from upsdesk.domain.events import (
    Assigned,
    CancelRequested,
    Event,
    ProgressReported,
    Report,
    ScpStatusChanged,
    StateReported,
)
from upsdesk.domain.keys import PeerId, WorkitemKey
from upsdesk.domain.plain import plain
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import Workitem
from upsdesk.services.activity import ActivityEntry, ActivityKind, subject_of


@dataclass(frozen=True, slots=True)
class ReportWords:
    """`title` and `safe` carry no patient data; `detail` may quote what a performer wrote."""

    title: str
    detail: str = ""
    safe: str = ""


class ReportEntry(ActivityEntry):
    """A line of the activity about a report. Its words are made when somebody looks at them."""

    __slots__ = ("_before", "_event", "_report", "_words", "_workitem")
    _report: Report
    _event: Event | None
    _workitem: Workitem | None
    _before: Workitem | None
    _words: ReportWords | None

    def __init__(
        self,
        report: Report,
        event: Event | None,
        peer: PeerId,
        key: WorkitemKey | None,
        workitem: Workitem | None,
        before: Workitem | None = None,
    ) -> None:
        """`workitem` as it is known now, `before` as it was until the report."""
        take = partial(object.__setattr__, self)
        take("at", report.received)
        take("kind", ActivityKind.REPORT)
        take("result", "update")
        take("key", key)
        take("peer", peer)
        take("_report", report)
        take("_event", event)
        take("_workitem", workitem)
        take("_before", before)
        take("_words", None)

    @property
    def words(self) -> ReportWords:
        found = self._words
        if found is None:
            found = report_words(self._report, self._event, self._before)
            object.__setattr__(self, "_words", found)
        return found

    @property
    def title(self) -> str:
        return self.words.title

    @property
    def detail(self) -> str:
        return self.words.detail

    @property
    def safe(self) -> str:
        """For the journal: without patient data."""
        return self.words.safe

    @property
    def subject(self) -> str:
        return subject_of(self._workitem)


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
        asked = f"asked by {plain(event.requesting_ae)}" if event.requesting_ae else ""
        reason = f"“{plain(event.reason)}”" if event.reason else ""
        return ReportWords("Cancellation asked", ", ".join(part for part in (asked, reason) if part), asked)
    if isinstance(event, ScpStatusChanged):
        status = plain(event.status).capitalize() or "status not told"
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
    if known is not None and known is not event.state and event.state.rank <= known.rank:
        words = f"{event.state.words}, ignored: it is {known.words} already"  # as `reduce.apply` does
        return ReportWords("Late update", words, words)
    passed = f"{known.words} to {event.state.words}" if known is not None and known is not event.state else ""
    reason = f"“{plain(event.reason)}”" if event.reason else ""
    detail = ", ".join(part for part in (passed, reason) if part)
    return ReportWords(_STATE_TITLES[event.state], detail, event.state.words)


def _progress_words(event: ProgressReported, before: Workitem | None) -> ReportWords:
    told = event.progress
    known = before.progress.percent if before is not None else None
    percent = ""
    if told.percent is not None:
        changed = known is not None and known != told.percent
        percent = f"{known:.0f} % to {told.percent:.0f} %" if changed else f"{told.percent:.0f} %"
    description = f"“{plain(told.description)}”" if told.description else ""
    return ReportWords("Progress", ", ".join(part for part in (percent, description) if part), percent)
