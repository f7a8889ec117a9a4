"""N-CREATE: what a new workitem must and must not carry (PS3.4 CC.2.5, Table CC.2.5-3)."""

from __future__ import annotations

from dataclasses import replace

from upsdesk.dicom.contexts import FILTERED_GLOBAL_SUBSCRIPTION, GLOBAL_SUBSCRIPTION
from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.domain.state import Lock, ProcedureStepState, Request, cell
from upsdesk.domain.validation import check_create
from upsdesk.scp.model import Stored
from upsdesk.scp.services.common import INVALID_INSTANCE, SUCCESS, Reply, Surroundings, stamped
from upsdesk.scp.services.refusals import (
    CREATE_STATUSES,
    keyword,
    naming,
    not_recognized,
    refusal,
    without_foreign,
)
from upsdesk.scp.store.repository import Duplicate
from upsdesk.scp.subscriptions import announce_creation

WITH_MODIFICATIONS = 0xB300

_DUPLICATE = cell(Request.CREATE, Lock.ABSENT, ProcedureStepState.SCHEDULED).status
_NOT_KEPT = (
    tags.TRANSACTION_UID,  # came empty
    tags.SPECIFIC_CHARACTER_SET,  # texts are kept as Unicode, and each answer says what it is written in
    tags.SOP_CLASS_UID,
    tags.SOP_INSTANCE_UID,
)


def create(surroundings: Surroundings, uid_text: str, elements: Elements) -> Reply:
    """Make a SCHEDULED workitem. Without a UID in the request the SCP assigns one (PS3.7 10.1.5.1.4).

    The requestor is not subscribed to it: an SCP may do that by itself (PS3.4 CC.2.3.1), this one does not.
    """
    lenient = surroundings.leniency.create
    wanted = uid_text or (elements.text(tags.SOP_INSTANCE_UID) if lenient else "")
    try:
        uid = SopInstanceUid.parse(wanted) if wanted else SopInstanceUid(surroundings.new_uid())
    except ValueError:
        return Reply(INVALID_INSTANCE, "the Affected SOP Instance UID is no UID")
    refused = refusal(check_create(elements, lenient=lenient), CREATE_STATUSES)
    if refused is not None:
        return refused
    changed = _changed_by_the_scp(surroundings, elements)
    kept = without_foreign(elements).without(*_NOT_KEPT).with_elements(*changed)
    stored = Stored(uid, ProcedureStepState.SCHEDULED, stamped(kept, surroundings.clock()))
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
    if not changed:
        return replace(not_recognized(elements) or Reply(SUCCESS), uid=assigned)
    told = stored.elements.only(one.tag for one in changed)
    comment = naming("changed", [keyword(one.tag) for one in told])
    return Reply(WITH_MODIFICATIONS, comment, tuple(one.tag for one in told), told, assigned)


def _changed_by_the_scp(surroundings: Surroundings, elements: Elements) -> list[Element]:
    """What was sent and is stored otherwise.

    An empty Worklist Label gets the SCP's own (Type 2 for the SCU, 1 for the SCP). The time of modification
    is the SCP's to write: one that came along is overwritten.
    """
    changed: list[Element] = []
    if not elements.text(tags.WORKLIST_LABEL):
        changed.append(element(tags.WORKLIST_LABEL, surroundings.worklist_label))
    sent = elements.get(tags.SCHEDULED_PROCEDURE_STEP_MODIFICATION_DATE_TIME)
    if sent is not None and not sent.is_empty:
        changed.append(sent)
    return changed
