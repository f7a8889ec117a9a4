"""What the activity panel says of an update, and what of it may stand in the journal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from upsdesk.domain.elements import Elements
from upsdesk.domain.events import (
    CancelRequested,
    Event,
    ProgressReported,
    Report,
    ScpStatusChanged,
    StateReported,
)
from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import InputReadiness, PatientFacts, Progress, Workitem
from upsdesk.services.activity import ActivityKind
from upsdesk.services.report_words import ReportEntry, ReportWords, report_words

S = ProcedureStepState
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
KEY = WorkitemKey(PeerId("p"), SopInstanceUid("1.2.3"))
REPORT = Report(NOW, 1, 9, KEY.uid, AeTitle("SCP"), Elements())
KNOWN = Workitem(KEY, S.SCHEDULED, readiness=InputReadiness.INCOMPLETE, progress=Progress(20.0, "old"))


@pytest.mark.parametrize(
    ("event", "before", "title", "detail", "safe"),
    [
        (StateReported(KEY, S.IN_PROGRESS, NOW), KNOWN, "Started", "Scheduled to In progress", "In progress"),
        (
            StateReported(KEY, S.IN_PROGRESS, NOW),
            replace(KNOWN, state=S.COMPLETED),
            "Late update",
            "In progress, ignored: it is Completed already",
            "In progress, ignored: it is Completed already",
        ),
        (StateReported(KEY, S.CANCELED, NOW, reason="late"), None, "Canceled", "“late”", "Canceled"),
        (
            StateReported(KEY, S.SCHEDULED, NOW, readiness=InputReadiness.READY),
            KNOWN,
            "Inputs changed",
            "inputs ready",
            "inputs ready",
        ),
        (
            StateReported(KEY, S.SCHEDULED, NOW, readiness=InputReadiness.INCOMPLETE),
            KNOWN,
            "State confirmed",
            "Scheduled",
            "Scheduled",
        ),
        (
            ProgressReported(KEY, Progress(60.0, "Jana moved"), NOW),
            KNOWN,
            "Progress",
            "20 % to 60 %, “Jana moved”",
            "20 % to 60 %",
        ),
        (ProgressReported(KEY, Progress(None, "prepared"), NOW), None, "Progress", "“prepared”", ""),
        (
            CancelRequested(KEY, NOW, "WARD3", "Jana went home"),
            KNOWN,
            "Cancellation asked",
            "asked by WARD3, “Jana went home”",
            "asked by WARD3",
        ),
        (
            ScpStatusChanged(KEY.peer, "RESTARTED", "WARM START", "WARM START", NOW),
            None,
            "Server status",
            "Restarted",
            "Restarted",
        ),
        (None, None, "Update of type 9", "", ""),
    ],
)
def test_words(event: Event | None, before: Workitem | None, title: str, detail: str, safe: str) -> None:
    assert report_words(REPORT, event, before) == ReportWords(title, detail, safe)


def test_free_text_of_a_performer_stays_out_of_the_journal() -> None:
    event = ProgressReported(KEY, Progress(60.0, "Jana moved"), NOW)
    assert "Jana" not in report_words(REPORT, event, replace(KNOWN, progress=Progress())).safe


def test_a_line_of_the_activity_says_what_was_known_when_the_report_came() -> None:
    patient = PatientFacts(name="Novák^Jana")
    now = replace(KNOWN, patient=patient, label="RT treatment", progress=Progress(60.0, "Jana moved"))
    event = ProgressReported(KEY, Progress(60.0, "Jana moved"), NOW)
    line = ReportEntry(REPORT, event, KEY.peer, KEY, now, KNOWN)
    assert line != ReportEntry(REPORT, event, KEY.peer, KEY, now, None)
    assert (line.at, line.kind, line.key, line.peer) == (NOW, ActivityKind.REPORT, KEY, KEY.peer)
    assert (line.title, line.subject, line.detail, line.result) == (
        "Progress",
        "Novák, Jana · RT treatment",
        "20 % to 60 %, “Jana moved”",
        "update",
    )
    assert line.safe == "20 % to 60 %"
