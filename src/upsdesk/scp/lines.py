"""What the server says of each message: one line for people, without patient data and Transaction UIDs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from upsdesk.dicom.dictionary import keyword_of
from upsdesk.dicom.upper_layer.association_server import printable
from upsdesk.domain import tags
from upsdesk.domain.events import ReportType
from upsdesk.domain.keys import AeTitle
from upsdesk.domain.operation import Operation
from upsdesk.domain.state import ProcedureStepState
from upsdesk.scp.model import OutgoingReport

UNANSWERED = -1
"""Stands for the status of a request that got no (final) answer."""
_TITLE_WIDTH = 16
_WHAT_WIDTH = 26
_MOST_KEYWORDS = 40

_ACTIONS = {
    Operation.CHANGE_STATE: "Change State",
    Operation.REQUEST_CANCEL: "Request Cancel",
    Operation.SUBSCRIBE: "Subscribe",
    Operation.UNSUBSCRIBE: "Unsubscribe",
    Operation.SUSPEND: "Suspend Global",
}
_MEANINGS = {
    0x0000: "Success",
    0x0001: "optional attributes not supported",
    0x0105: "no such attribute",
    0x0106: "invalid attribute value",
    0x0107: "attribute list error",
    0x0110: "processing failure",
    0x0111: "duplicate SOP Instance",
    0x0112: "no such SOP Instance",
    0x0113: "no such event type",
    0x0114: "no such argument",
    0x0115: "invalid argument value",
    0x0116: "attribute value out of range",
    0x0117: "invalid SOP Instance",
    0x0118: "no such SOP Class",
    0x0119: "class-instance conflict",
    0x0120: "missing attribute",
    0x0121: "missing attribute value",
    0x0122: "SOP Class not supported",
    0x0123: "no such action",
    0x0124: "not authorized",
    0x0210: "duplicate invocation",
    0x0211: "unrecognized operation",
    0x0212: "mistyped argument",
    0x0213: "resource limitation",
    0xA700: "out of resources",
    0xA900: "Identifier does not match SOP Class",
    0xB300: "created with modifications",
    0xB301: "deletion lock not granted",
    0xB304: "already CANCELED",
    0xB305: "modified with coercion",
    0xB306: "already COMPLETED",
    0xC000: "unable to process",
    0xC300: "may no longer be updated",
    0xC301: "correct Transaction UID not provided",
    0xC302: "already IN PROGRESS",
    0xC303: "SCHEDULED only by N-CREATE",
    0xC304: "final state requirements not met",
    0xC307: "unknown SOP Instance",
    0xC308: "Receiving AE unknown",
    0xC309: "state has to be SCHEDULED",
    0xC310: "not yet IN PROGRESS",
    0xC311: "already COMPLETED",
    0xC312: "performer cannot be contacted",
    0xC313: "performer chooses not to cancel",
    0xC314: "action not appropriate for this instance",
    0xC315: "event reports not supported",
    0xFE00: "canceled by the peer",
    0xFF00: "pending",
    0xFF01: "pending, keys not supported",
}
"""PS3.7 Annex C and the status tables of PS3.4 CC.2, in few words."""


@dataclass(frozen=True, slots=True)
class Served:
    """A request that has been dealt with."""

    calling: AeTitle
    service: str
    """Its DIMSE service, such as `N-GET`."""
    operation: Operation | None
    action_type: int | None
    uid: str
    """The instance that it names; empty: none."""
    status: int
    """Of the last response, or UNANSWERED."""
    milliseconds: float
    comment: str = ""
    """The Error Comment of the answer; ours name attributes and never values."""
    argument: str = ""
    """The state that an N-ACTION asks for, or the Receiving AE that it is about."""
    matches: int = 0
    """Responses of a C-FIND that carried a match."""
    made: str = ""
    """The UID that an N-CREATE without one was given."""


def message_line(served: Served) -> str:
    """Who asked for what, and the answer: calling AE, service, instance, status, time taken."""
    found = ""
    if served.operation is Operation.FIND:
        found = f"{served.matches} {'match' if served.matches == 1 else 'matches'}"
    instance = printable(served.uid or served.made) or found
    if served.argument:
        word = "to" if served.operation is Operation.CHANGE_STATE else "for"
        instance += f" {word} {printable(served.argument[:_TITLE_WIDTH])}"
    status = "not answered" if served.status == UNANSWERED else status_words(served.status, served.comment)
    return _line("<", served.calling, _what(served), instance, status, served.milliseconds)


def report_line(receiver: AeTitle, report: OutgoingReport, status: int, milliseconds: float) -> str:
    """A report that went out, and the receiver's answer."""
    return _line(">", receiver, _told(report), str(report.uid), status_words(status), milliseconds)


def attributes_line(calling: AeTitle, carried: Sequence[int]) -> str:
    """Which attributes a request carries or asks for, by keyword; no values."""
    names = [keyword_of(tag) or tags.tag_text(tag) for tag in carried]
    more = f" and {len(names) - _MOST_KEYWORDS} more" if len(names) > _MOST_KEYWORDS else ""
    return f"  {printable(calling):{_TITLE_WIDTH}}  with {', '.join(names[:_MOST_KEYWORDS])}{more}"


def status_words(status: int, comment: str = "") -> str:
    """`C304 final state requirements not met (missing: ...)`."""
    meaning = _MEANINGS.get(status, "which the Standard does not define")
    # Some comments say the same again; what they add is which attribute or what to do.
    adds = comment and comment.casefold() not in meaning.casefold()
    return f"{status:04X} {meaning}" + (f" ({printable(comment)})" if adds else "")


def _what(served: Served) -> str:
    if served.operation in _ACTIONS:
        return f"{served.service} {_ACTIONS[served.operation]}"
    return served.service if served.action_type is None else f"{served.service} {served.action_type}"


def _told(report: OutgoingReport) -> str:
    """`UPS State Report COMPLETED`, `SCP Status Change RESTARTED`."""
    state = ProcedureStepState.read(report.information.text(tags.PROCEDURE_STEP_STATE))
    if report.type is ReportType.STATE_REPORT and state is not None:
        return f"State Report {state.value}"
    if report.type is ReportType.SCP_STATUS_CHANGE:
        return f"SCP Status {report.information.text(tags.SCP_STATUS)}"
    return report.type.title.removeprefix("UPS ")


def _line(sign: str, who: AeTitle, what: str, instance: str, status: str, milliseconds: float) -> str:
    took = f"{milliseconds:.0f} ms"
    title = f"{printable(who):{_TITLE_WIDTH}}"
    return "  ".join(
        part for part in (f"{sign} {title}", f"{what:{_WHAT_WIDTH}}", instance, status, took) if part
    )
