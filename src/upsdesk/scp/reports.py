"""What each N-EVENT-REPORT carries, and which ones a change causes (PS3.4 Table CC.2.4-1, CC.2.4.3)."""

from __future__ import annotations

from upsdesk.dicom.contexts import GLOBAL_SUBSCRIPTION
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.events import ReportType
from upsdesk.domain.keys import AeTitle, SopInstanceUid
from upsdesk.scp.model import OutgoingReport, Stored

_PROGRESS = tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE
_PROGRESS_CHILDREN = frozenset(
    {
        tags.PROCEDURE_STEP_PROGRESS,
        tags.PROCEDURE_STEP_PROGRESS_DESCRIPTION,
        tags.PROCEDURE_STEP_PROGRESS_PARAMETERS_SEQUENCE,
        tags.PROCEDURE_STEP_COMMUNICATIONS_URI_SEQUENCE,
    }
)
_READINESS = tags.INPUT_READINESS_STATE
_ASSIGNMENT = (tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE, tags.SCHEDULED_HUMAN_PERFORMERS_SEQUENCE)
_CANCEL_CHILDREN = (
    tags.REASON_FOR_CANCELLATION,
    tags.PROCEDURE_STEP_DISCONTINUATION_REASON_CODE_SEQUENCE,
)
_REQUEST_CHILDREN = (*_CANCEL_CHILDREN, tags.CONTACT_URI, tags.CONTACT_DISPLAY_NAME)


def state_report(stored: Stored) -> OutgoingReport:
    """UPS State Report with the current values; reason and code at the top level when they are known."""
    progress = next(iter(stored.elements.items(_PROGRESS)), Elements())
    information = [
        element(tags.PROCEDURE_STEP_STATE, stored.state.value),
        element(_READINESS, stored.elements.text(_READINESS)),
    ]
    return _report(ReportType.STATE_REPORT, stored.uid, [*information, *_given(progress, _CANCEL_CHILDREN)])


def cancel_requested(uid: SopInstanceUid, requesting: AeTitle, request: Elements) -> OutgoingReport:
    """UPS Cancel Requested with what the request gave."""
    given = [element(tags.REQUESTING_AE, str(requesting)), *_given(request, _REQUEST_CHILDREN)]
    return _report(ReportType.CANCEL_REQUESTED, uid, given)


def progress_report(stored: Stored) -> OutgoingReport:
    """UPS Progress Report with the current progress; its sequence has one item, if need be an empty one."""
    progress = next(iter(stored.elements.items(_PROGRESS)), Elements())
    item = progress.only(_PROGRESS_CHILDREN)
    return _report(ReportType.PROGRESS_REPORT, stored.uid, [Element(_PROGRESS, "SQ", items=(item,))])


def assigned_reports(stored: Stored) -> tuple[OutgoingReport, ...]:
    """UPS Assigned with the current station and performers; one report for each human performer.

    One report has room for one organization only. A workitem that nothing and nobody is assigned to any more
    is told with an empty Scheduled Station Name Code Sequence, since a report without any attribute would
    say nothing.
    """
    station = stored.elements.get(tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE)
    stations = [station] if station is not None and station.items else []
    performers = stored.elements.items(tags.SCHEDULED_HUMAN_PERFORMERS_SEQUENCE)
    wanted = (tags.HUMAN_PERFORMER_CODE_SEQUENCE, tags.HUMAN_PERFORMER_ORGANIZATION)
    contents = [[*stations, *_given(performer, wanted)] for performer in performers] or [stations]
    nobody = [sequence(tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE)]
    return tuple(_report(ReportType.ASSIGNED, stored.uid, content or nobody) for content in contents)


def scp_status(status: str, subscription_list: str, workitem_list: str) -> OutgoingReport:
    """SCP Status Change, `RESTARTED` or `GOING DOWN`; both lists `WARM START` or `COLD START`."""
    information = [
        element(tags.SCP_STATUS, status),
        element(tags.SUBSCRIPTION_LIST_STATUS, subscription_list),
        element(tags.UNIFIED_PROCEDURE_STEP_LIST_STATUS, workitem_list),
    ]
    return _report(ReportType.SCP_STATUS_CHANGE, GLOBAL_SUBSCRIPTION, information)


def reports_of_creation(stored: Stored) -> tuple[OutgoingReport, ...]:
    """The first state, and the assignment when there is one."""
    is_assigned = any(stored.elements.items(tag) for tag in _ASSIGNMENT)
    return (state_report(stored), *(assigned_reports(stored) if is_assigned else ()))


def reports_of_change(before: Stored, after: Stored) -> tuple[OutgoingReport, ...]:
    """The reports that a change causes: none when nothing of what they tell is different.

    An attribute that is there without a value says the same as one that is absent.
    """
    old, new = before.elements, after.elements
    found: list[OutgoingReport] = []
    if before.state is not after.state or old.text(_READINESS) != new.text(_READINESS):
        found.append(state_report(after))
    if any(old.items(tag) != new.items(tag) for tag in _ASSIGNMENT):
        found.extend(assigned_reports(after))
    # A workitem that is called off gets its contact with the change of state, whose report says enough.
    if before.state is after.state and _progress_of(old) != _progress_of(new):
        found.append(progress_report(after))
    return tuple(found)


def _progress_of(elements: Elements) -> Elements:
    item = next(iter(elements.items(_PROGRESS)), Elements())
    return Elements(_given(item, tuple(_PROGRESS_CHILDREN)))


def _given(elements: Elements, wanted: tuple[int, ...]) -> list[Element]:
    return [one for one in elements.only(wanted) if not one.is_empty]


def _report(kind: ReportType, uid: SopInstanceUid, information: list[Element]) -> OutgoingReport:
    return OutgoingReport(kind, uid, Elements(information))
