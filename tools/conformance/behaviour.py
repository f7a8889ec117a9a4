"""What the services answer and tell: statuses, states, subscriptions, reports."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from tools.conformance.network import OPERATION_NAMES
from tools.conformance.page import Part, status, table, tag
from upsdesk.dicom.paths import keyword_of
from upsdesk.domain import tags
from upsdesk.domain.codes import Code
from upsdesk.domain.events import ReportType
from upsdesk.domain.operation import Operation
from upsdesk.domain.state import TRANSITIONS, Cell, Lock, ProcedureStepState, Request
from upsdesk.domain.status import Kind, Outcome, outcome
from upsdesk.scp import provider
from upsdesk.scp.services import action, common, create, find, get, refusals, subscribe
from upsdesk.scp.services import set as set_service
from upsdesk.scp.subscriptions import TABLE, Act, Subscription

IN_PROGRESS = ProcedureStepState.IN_PROGRESS


@dataclass(frozen=True)
class Answer:
    """A status that the SCP answers with, and when."""

    code: int
    when: str


def _cell(request: Request, lock: Lock, state: ProcedureStepState | None) -> int:
    return TRANSITIONS[request, lock, state].status


_UNKNOWN = Answer(common.UNKNOWN_INSTANCE, "no workitem has this UID here")
_BAD_UID = Answer(common.INVALID_INSTANCE, "the SOP Instance UID is no UID")
_FAILED = Answer(
    common.PROCESSING_FAILURE, "the data set cannot be read, or the store cannot keep the change"
)
_NOT_PUSH = Answer(provider.CLASS_INSTANCE_CONFLICT, "the message names another SOP Class than UPS Push")
_FORBIDDEN = "an attribute that must not be there is there, or has a value that it must not have"
_FOREIGN = (
    "stored without elements that belong into no data set, such as those of the command set; they are named"
)
_INVALID = "a value has the wrong form for its VR, is none of a closed set, or there are too many"
_RECEIVER = "Receiving AE is missing or no AE title"
_UNCONFIGURED = "the Receiving AE is neither configured nor subscribed from a time when it was"
_FINAL = "already COMPLETED or CANCELED"

ANSWERS: dict[Operation, tuple[Answer, ...]] = {
    Operation.ECHO: (Answer(common.SUCCESS, "always"),),
    Operation.CREATE: (
        Answer(common.SUCCESS, "created, and stored as sent"),
        Answer(
            create.WITH_MODIFICATIONS,
            "created; the attributes that are stored otherwise come back with their values",
        ),
        Answer(refusals.ATTRIBUTE_LIST_ERROR, _FOREIGN),
        Answer(refusals.NO_SUCH_ATTRIBUTE, _FORBIDDEN),
        Answer(refusals.INVALID_VALUE, _INVALID),
        _FAILED,
        Answer(
            _cell(Request.CREATE, Lock.ABSENT, IN_PROGRESS),
            "the UID is in use, or is one of the two global instances",
        ),
        Answer(common.INVALID_INSTANCE, "the Affected SOP Instance UID is no UID"),
        Answer(provider.NO_SUCH_CLASS, "the Affected SOP Class is another UPS class than Push"),
        Answer(refusals.MISSING_ATTRIBUTE, "an attribute of type 1 or 2 is missing"),
        Answer(refusals.MISSING_VALUE, "an attribute of type 1 has no value"),
        Answer(provider.CLASS_NOT_SUPPORTED, "the Affected SOP Class is not a UPS class"),
        Answer(refusals.NOT_SCHEDULED, "Procedure Step State is not SCHEDULED"),
    ),
    Operation.SET: (
        Answer(common.SUCCESS, "stored as sent"),
        Answer(
            set_service.COERCED,
            "stored; the attributes that are stored otherwise come back with their values",
        ),
        Answer(refusals.ATTRIBUTE_LIST_ERROR, _FOREIGN),
        Answer(refusals.OUT_OF_RANGE, "stored; Procedure Step Progress is not between 0 and 100"),
        Answer(refusals.NO_SUCH_ATTRIBUTE, _FORBIDDEN),
        Answer(refusals.INVALID_VALUE, _INVALID),
        _FAILED,
        _BAD_UID,
        _NOT_PUSH,
        Answer(
            refusals.MISSING_VALUE, "an item lacks an attribute, or an attribute that needs a value is empty"
        ),
        Answer(_cell(Request.SET, Lock.CORRECT, ProcedureStepState.COMPLETED), _FINAL),
        Answer(
            _cell(Request.SET, Lock.WRONG, IN_PROGRESS),
            "IN PROGRESS, and the Transaction UID of the claim is not given",
        ),
        _UNKNOWN,
        Answer(
            _cell(Request.SET, Lock.CORRECT, ProcedureStepState.SCHEDULED),
            "SCHEDULED, and a Transaction UID is given",
        ),
    ),
    Operation.GET: (
        Answer(common.SUCCESS, "all that was asked for"),
        Answer(
            get.OPTIONAL_NOT_SUPPORTED,
            "attributes were asked for that are none of a UPS and that this workitem does not have; "
            "they are named",
        ),
        Answer(
            refusals.ATTRIBUTE_LIST_ERROR,
            "Transaction UID, SOP Class UID or SOP Instance UID was asked for; the rest comes",
        ),
        Answer(common.PROCESSING_FAILURE, "the store cannot be read"),
        _BAD_UID,
        _NOT_PUSH,
        _UNKNOWN,
    ),
    Operation.CHANGE_STATE: (
        Answer(common.SUCCESS, "the state has changed"),
        Answer(
            _cell(Request.TO_CANCELED, Lock.CORRECT, ProcedureStepState.CANCELED),
            "to CANCELED, and it already is",
        ),
        Answer(
            _cell(Request.TO_COMPLETED, Lock.CORRECT, ProcedureStepState.COMPLETED),
            "to COMPLETED, and it already is",
        ),
        _FAILED,
        Answer(
            common.INVALID_ARGUMENT,
            "the state is missing or none of the four, or the Transaction UID of a claim is no UID",
        ),
        _BAD_UID,
        _NOT_PUSH,
        Answer(_cell(Request.TO_IN_PROGRESS, Lock.CORRECT, ProcedureStepState.COMPLETED), _FINAL),
        Answer(
            _cell(Request.TO_IN_PROGRESS, Lock.WRONG, IN_PROGRESS),
            "the Transaction UID is missing or not that of the claim",
        ),
        Answer(
            _cell(Request.TO_IN_PROGRESS, Lock.CORRECT, IN_PROGRESS),
            "already IN PROGRESS with this Transaction UID",
        ),
        Answer(_cell(Request.TO_SCHEDULED, Lock.CORRECT, IN_PROGRESS), "to SCHEDULED"),
        Answer(
            action.MISSING_FINAL_ATTRIBUTES,
            "final state requirements are not met; the Error Comment names what is missing",
        ),
        _UNKNOWN,
        Answer(
            _cell(Request.TO_COMPLETED, Lock.CORRECT, ProcedureStepState.SCHEDULED),
            "to a final state, and it is SCHEDULED",
        ),
    ),
    Operation.REQUEST_CANCEL: (
        Answer(common.SUCCESS, "SCHEDULED: canceled; IN PROGRESS: its subscribers are told"),
        Answer(_cell(Request.REQUEST_CANCEL, Lock.ABSENT, ProcedureStepState.CANCELED), "already CANCELED"),
        _FAILED,
        Answer(common.INVALID_ARGUMENT, "an argument is not valid"),
        _BAD_UID,
        _NOT_PUSH,
        _UNKNOWN,
        Answer(_cell(Request.REQUEST_CANCEL, Lock.ABSENT, ProcedureStepState.COMPLETED), "already COMPLETED"),
        Answer(
            action.CANNOT_BE_CONTACTED, "IN PROGRESS, and nobody is subscribed who could tell the performer"
        ),
    ),
    Operation.SUBSCRIBE: (
        Answer(common.SUCCESS, "subscribed, with the deletion lock when one was asked for"),
        _FAILED,
        Answer(
            common.INVALID_ARGUMENT,
            f"{_RECEIVER}; Deletion Lock is neither TRUE nor FALSE; a filter has no key with a value, "
            "or one that cannot be read",
        ),
        _BAD_UID,
        _NOT_PUSH,
        _UNKNOWN,
        Answer(subscribe.UNKNOWN_RECEIVER, "the Receiving AE is not configured here"),
    ),
    Operation.UNSUBSCRIBE: (
        Answer(common.SUCCESS, "not subscribed any more, or never was"),
        _FAILED,
        Answer(common.INVALID_ARGUMENT, _RECEIVER),
        _BAD_UID,
        _NOT_PUSH,
        _UNKNOWN,
        Answer(subscribe.UNKNOWN_RECEIVER, _UNCONFIGURED),
    ),
    Operation.SUSPEND: (
        Answer(common.SUCCESS, "the global subscription has ended"),
        _FAILED,
        Answer(common.INVALID_ARGUMENT, _RECEIVER),
        _BAD_UID,
        _NOT_PUSH,
        _UNKNOWN,
        Answer(subscribe.UNKNOWN_RECEIVER, _UNCONFIGURED),
        Answer(subscribe.NOT_APPROPRIATE, "for a single workitem"),
    ),
    Operation.FIND: (
        Answer(find.MATCH, "a match"),
        Answer(
            find.MATCH_WITH_IGNORED_KEYS,
            "a match; a key that is no matching key was ignored, or a return key is none of a UPS "
            "and not there",
        ),
        Answer(common.SUCCESS, "all matches have been sent, or there are none"),
        Answer(find.CANCELED, "ended by C-CANCEL"),
        Answer(
            provider.CLASS_NOT_SUPPORTED, "the Affected SOP Class is not that of the presentation context"
        ),
        Answer(
            find.BAD_IDENTIFIER,
            "the identifier has no keys, or one that cannot be read; Offending Element names it",
        ),
        Answer(provider.UNABLE_TO_PROCESS, "the identifier cannot be decoded"),
        Answer(common.PROCESSING_FAILURE, "the store cannot be read; the Standard has no other code for it"),
    ),
}
"""In the order of successes, warnings, failures. Refusals of misuse come on top of them."""

MISUSE = (
    Answer(
        provider.UNRECOGNIZED_OPERATION,
        "a service that the presentation context does not have, such as N-SET on Push; N-ACTION on "
        "Query; anything but C-ECHO on Verification",
    ),
    Answer(
        provider.NO_SUCH_ACTION,
        "an action that the presentation context does not have, such as Request UPS Cancel on Pull",
    ),
)
"""What a message on the wrong context is answered with."""


def category(operation: Operation, code: int) -> str:
    return outcome(operation.service, code, operation.action_type).kind.value


def _answer_table() -> str:
    return table(
        ("Message", "Status", "Category", "When"),
        (
            (OPERATION_NAMES[operation], status(one.code), category(operation, one.code), one.when)
            for operation, answers in ANSWERS.items()
            for one in answers
        ),
    )


def _misuse_table() -> str:
    return table(("Status", "When"), ((status(one.code), one.when) for one in MISUSE))


def known_statuses(operation: Operation) -> dict[int, Outcome]:
    """Every status that the SCU has words for; of a range its first code."""
    found: dict[int, Outcome] = {}
    for code in range(0x10000):
        one = outcome(operation.service, code, operation.action_type)
        if one.clause or one.kind is Kind.SUCCESS:
            found[code] = one
    return found


def _scu_table() -> str:
    """One line for each meaning, with the messages that it is shown for."""
    messages: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for operation in Operation:
        for code, one in known_statuses(operation).items():
            is_range = operation is Operation.FIND and code & 0xF000 == 0xC000
            shown = (
                "Cxxx" if is_range else status(code),
                one.kind.value,
                one.meaning,
                one.next_step or "none",
            )
            if _SHORT[operation] not in messages[shown]:
                messages[shown].append(_SHORT[operation])
    return table(
        ("Status", "Category", "What is shown", "Next step that is shown", "Answer to"),
        ((*shown, _shortened(names)) for shown, names in sorted(messages.items())),
    )


_SHORT = {one: name.partition(",")[0] for one, name in OPERATION_NAMES.items()}


def _shortened(names: list[str]) -> str:
    """The messages of one line; the actions by their numbers, all of them in few words."""
    actions = [name.removeprefix("N-ACTION ") for name in names if name.startswith("N-ACTION")]
    others = [name for name in names if not name.startswith("N-ACTION")]
    return ", ".join([*others, *([f"N-ACTION {' '.join(actions)}"] if actions else [])])


_LOCKS = {
    (Lock.CORRECT,): "with the correct Transaction UID",
    (Lock.WRONG,): "with another Transaction UID",
    (Lock.ABSENT,): "without a Transaction UID",
    (Lock.WRONG, Lock.ABSENT): "without the correct Transaction UID",
    (Lock.CORRECT, Lock.WRONG, Lock.ABSENT): "whatever the Transaction UID",
}
_WITHOUT_LOCK = (Request.CREATE, Request.REQUEST_CANCEL)


def _state_table() -> str:
    states = (None, *ProcedureStepState)
    found = []
    for request in Request:
        by_cells: dict[tuple[Cell, ...], list[Lock]] = defaultdict(list)
        for lock in Lock:
            if (request, lock, None) in TRANSITIONS:
                by_cells[tuple(TRANSITIONS[request, lock, state] for state in states)].append(lock)
        for cells, locks in by_cells.items():
            how = "" if request in _WITHOUT_LOCK else f" {_LOCKS[tuple(locks)]}"
            found.append((f"{request.value}{how}", *(_cell_words(one) for one in cells)))
    return table(("Request", "No such workitem", *(state.value for state in ProcedureStepState)), found)


def _cell_words(cell: Cell) -> str:
    words = status(cell.status)
    if cell.states:
        words += f", becomes {', then '.join(one.value for one in cell.states)}"
    if cell.needs_final_attributes:
        words += f"; else {status(action.MISSING_FINAL_ATTRIBUTES)}"
    if cell.reports_cancel_request:
        words += f", subscribers are told; else {status(action.CANNOT_BE_CONTACTED)}"
    return words


def _subscription_table() -> str:
    return table(
        ("Request", *(f"AE was {one.value}" for one in Subscription)),
        ((act.value, *(_effect_words(act, before) for before in Subscription)) for act in Act),
    )


def _effect_words(act: Act, before: Subscription) -> str:
    effect = TABLE[act, before]
    words = "no change" if effect.after is before else effect.after.value
    return f"{words}; State Report" if effect.reports else words


@dataclass(frozen=True)
class Content:
    """An attribute of a report: always there, or only `when`."""

    tag: int
    when: str = "always"

    @property
    def is_always(self) -> bool:
        return self.when == "always"


_GIVEN = "if the request gave it"
_KNOWN = "if the workitem has it"
REPORTS: dict[ReportType, tuple[Content, ...]] = {
    ReportType.STATE_REPORT: (
        Content(tags.PROCEDURE_STEP_STATE),
        Content(tags.INPUT_READINESS_STATE),
        Content(tags.REASON_FOR_CANCELLATION, _KNOWN),
        Content(tags.PROCEDURE_STEP_DISCONTINUATION_REASON_CODE_SEQUENCE, _KNOWN),
    ),
    ReportType.CANCEL_REQUESTED: (
        Content(tags.REQUESTING_AE),
        Content(tags.REASON_FOR_CANCELLATION, _GIVEN),
        Content(tags.PROCEDURE_STEP_DISCONTINUATION_REASON_CODE_SEQUENCE, _GIVEN),
        Content(tags.CONTACT_URI, _GIVEN),
        Content(tags.CONTACT_DISPLAY_NAME, _GIVEN),
    ),
    ReportType.PROGRESS_REPORT: (Content(tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE),),
    ReportType.SCP_STATUS_CHANGE: (
        Content(tags.SCP_STATUS),
        Content(tags.SUBSCRIPTION_LIST_STATUS),
        Content(tags.UNIFIED_PROCEDURE_STEP_LIST_STATUS),
    ),
    ReportType.ASSIGNED: (
        Content(
            tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE,
            "if populated; empty when nothing and nobody is assigned",
        ),
        Content(tags.HUMAN_PERFORMER_CODE_SEQUENCE, "if populated"),
        Content(tags.HUMAN_PERFORMER_ORGANIZATION, "if populated"),
    ),
}


def _report_table() -> str:
    return table(
        ("Type", "Report", "Attribute", "Tag", "Sent"),
        (
            (str(kind.value), kind.title, keyword_of(one.tag) or "", tag(one.tag), one.when)
            for kind, contents in REPORTS.items()
            for one in contents
        ),
    )


def _code(code: Code) -> str:
    return f'({code.value}, {code.scheme}, "{code.meaning}")'


PARTS: dict[str, Part] = {
    "scp_answers": _answer_table,
    "misuse": _misuse_table,
    "scu_statuses": _scu_table,
    "states": _state_table,
    "subscriptions": _subscription_table,
    "reports": _report_table,
    "unspecified_reason": lambda: _code(action.UNSPECIFIED_REASON),
    "expired_reason": lambda: _code(action.EXPIRED),
}
