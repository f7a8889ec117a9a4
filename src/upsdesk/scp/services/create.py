"""N-CREATE: what a new workitem must and must not carry (PS3.4 CC.2.5, Table CC.2.5-3)."""

from __future__ import annotations

from upsdesk.dicom.contexts import FILTERED_GLOBAL_SUBSCRIPTION, GLOBAL_SUBSCRIPTION
from upsdesk.domain import attributes, tags
from upsdesk.domain.attributes import element
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.domain.requirements import create_problems
from upsdesk.domain.state import Lock, ProcedureStepState, Request, cell
from upsdesk.domain.when import moment_or_none
from upsdesk.domain.workitem import InputReadiness, Priority
from upsdesk.scp.model import Stored
from upsdesk.scp.services.common import SUCCESS, Reply, Surroundings, naming, stamped
from upsdesk.scp.store.repository import Duplicate
from upsdesk.scp.subscriptions import announce_creation

NO_SUCH_ATTRIBUTE = 0x0105
INVALID_VALUE = 0x0106
INVALID_INSTANCE = 0x0117
MISSING_ATTRIBUTE = 0x0120
MISSING_VALUE = 0x0121
WITH_MODIFICATIONS = 0xB300
NOT_SCHEDULED = 0xC309

_IDENTITY = (tags.SOP_CLASS_UID, tags.SOP_INSTANCE_UID)
_ENUMERATED = {
    tags.SCHEDULED_PROCEDURE_STEP_PRIORITY: frozenset(Priority.__members__),
    tags.INPUT_READINESS_STATE: frozenset(InputReadiness.__members__),
}
_MOMENTS = (
    tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME,
    tags.EXPECTED_COMPLETION_DATE_TIME,
    tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME,
)


def create(surroundings: Surroundings, uid_text: str, elements: Elements) -> Reply:
    """Make a SCHEDULED workitem. Without a UID in the request the SCP assigns one (PS3.7 10.1.5.1.4)."""
    try:
        uid = SopInstanceUid.parse(uid_text) if uid_text else SopInstanceUid(surroundings.new_uid())
    except ValueError:
        return Reply(INVALID_INSTANCE, "the Affected SOP Instance UID is no UID")
    problem = _problem(elements, lenient=surroundings.leniency.create)
    if problem is not None:
        return problem
    kept = stamped(
        elements.without(tags.TRANSACTION_UID, tags.SPECIFIC_CHARACTER_SET, *_IDENTITY), surroundings.clock()
    )
    changed = Elements()
    if not kept.text(tags.WORKLIST_LABEL):
        changed = Elements([element(tags.WORKLIST_LABEL, surroundings.worklist_label)])
        kept = kept.with_elements(*changed)
    stored = Stored(uid, ProcedureStepState.SCHEDULED, kept)
    if uid in (GLOBAL_SUBSCRIPTION, FILTERED_GLOBAL_SUBSCRIPTION):
        return Reply(_DUPLICATE, "this UID names the global subscription")
    try:
        with surroundings.repository.writing() as writer:
            writer.insert(stored)
            announce_creation(writer, stored, surroundings.zone)
    except Duplicate:
        return Reply(_DUPLICATE, "a workitem with this UID exists")
    surroundings.wake(frozenset(writer.receivers))
    assigned = uid if not uid_text else None
    if len(changed):
        return Reply(WITH_MODIFICATIONS, "Worklist Label was filled in", elements=changed, uid=assigned)
    return Reply(SUCCESS, uid=assigned)


_DUPLICATE = cell(Request.CREATE, Lock.ABSENT, ProcedureStepState.SCHEDULED).status


def _problem(elements: Elements, *, lenient: bool) -> Reply | None:
    if not lenient:
        absent = tuple(row.tag for row in _required() if row.tag not in elements)
        if absent:
            return Reply(MISSING_ATTRIBUTE, naming("missing", absent), absent)
    else:
        elements = elements.without(*_IDENTITY)
    problems = create_problems(elements)
    absent = tuple(tag for tag in problems.missing if tag not in elements)
    if absent:
        return Reply(MISSING_ATTRIBUTE, naming("missing", absent), absent)
    if problems.missing:
        return Reply(MISSING_VALUE, naming("empty", problems.missing), problems.missing)
    if problems.forbidden:
        return Reply(NO_SUCH_ATTRIBUTE, naming("not allowed here", problems.forbidden), problems.forbidden)
    state = elements.text(tags.PROCEDURE_STEP_STATE)
    if state != ProcedureStepState.SCHEDULED.value:
        return Reply(NOT_SCHEDULED, "a new workitem is SCHEDULED", (tags.PROCEDURE_STEP_STATE,))
    invalid = invalid_values(elements)
    if invalid:
        return Reply(INVALID_VALUE, naming("not valid", invalid), invalid)
    return None


def _required() -> tuple[attributes.Attribute, ...]:
    return (*attributes.create_type_1(), *attributes.create_type_2())


def invalid_values(elements: Elements) -> tuple[int, ...]:
    """Attributes that are there with a value outside their value set, or with a date-time that is none."""
    wrong = [tag for tag, allowed in _ENUMERATED.items() if not _only_from(elements, tag, allowed)]
    wrong += [tag for tag in _MOMENTS if (text := elements.text(tag)) and moment_or_none(text) is None]
    return tuple(sorted(wrong))


def _only_from(elements: Elements, tag: int, allowed: frozenset[str]) -> bool:
    texts = elements.texts(tag)
    return not texts or (len(texts) == 1 and texts[0] in allowed)
