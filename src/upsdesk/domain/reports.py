"""A Report becomes an Event: which attributes of each type count, and what is tolerated."""

from __future__ import annotations

from upsdesk.domain import tags
from upsdesk.domain.attributes import sequence
from upsdesk.domain.codes import codes_in
from upsdesk.domain.elements import Elements
from upsdesk.domain.events import (
    Assigned,
    CancelRequested,
    Event,
    ProgressReported,
    Report,
    ReportType,
    ScpStatusChanged,
    StateReported,
)
from upsdesk.domain.keys import PeerId, WorkitemKey
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import InputReadiness, read_progress


def to_event(report: Report, peer: PeerId) -> Event | None:
    """The event that a report means, or None for one that says nothing we can use (unknown type or state)."""
    key = WorkitemKey(peer, report.uid)
    information = report.information
    if report.event_type == ReportType.STATE_REPORT.value:
        return _state_reported(key, report)
    if report.event_type == ReportType.CANCEL_REQUESTED.value:
        return CancelRequested(
            key,
            report.received,
            requesting_ae=information.text(tags.REQUESTING_AE),
            reason=information.text(tags.REASON_FOR_CANCELLATION),
            contact_name=information.text(tags.CONTACT_DISPLAY_NAME),
            contact_uri=information.text(tags.CONTACT_URI),
            code=next(
                iter(codes_in(information, tags.PROCEDURE_STEP_DISCONTINUATION_REASON_CODE_SEQUENCE)), None
            ),
        )
    if report.event_type == ReportType.PROGRESS_REPORT.value:
        items = information.items(tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE)
        # Some senders put the children at the top level; both are read.
        return ProgressReported(key, read_progress(items[0] if items else information), report.received)
    if report.event_type == ReportType.SCP_STATUS_CHANGE.value:
        return ScpStatusChanged(
            peer,
            status=information.text(tags.SCP_STATUS),
            subscription_list=information.text(tags.SUBSCRIPTION_LIST_STATUS),
            workitem_list=information.text(tags.UNIFIED_PROCEDURE_STEP_LIST_STATUS),
            at=report.received,
        )
    if report.event_type == ReportType.ASSIGNED.value:
        return Assigned(key, _assigned(information), report.received)
    return None


def _state_reported(key: WorkitemKey, report: Report) -> StateReported | None:
    information = report.information
    state = ProcedureStepState.read(information.text(tags.PROCEDURE_STEP_STATE))
    if state is None:
        return None
    readiness = information.text(tags.INPUT_READINESS_STATE)
    return StateReported(
        key,
        state,
        report.received,
        readiness=InputReadiness(readiness) if readiness in InputReadiness.__members__ else None,
        reason=information.text(tags.REASON_FOR_CANCELLATION),
    )


def _assigned(information: Elements) -> Elements:
    """Station and performers as a workitem keeps them; the flattened form is nested (PS3.4 CC.2.4.1)."""
    kept = information.only(
        {tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE, tags.SCHEDULED_HUMAN_PERFORMERS_SEQUENCE}
    )
    flat = information.only(
        {tags.HUMAN_PERFORMER_CODE_SEQUENCE, tags.HUMAN_PERFORMER_ORGANIZATION, tags.HUMAN_PERFORMER_NAME}
    )
    if len(flat) and tags.SCHEDULED_HUMAN_PERFORMERS_SEQUENCE not in kept:
        kept = kept.with_elements(sequence(tags.SCHEDULED_HUMAN_PERFORMERS_SEQUENCE, flat))
    return kept
