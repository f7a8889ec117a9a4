"""N-ACTION 3 to 5: subscribe, unsubscribe, suspend (PS3.4 CC.2.3)."""

from __future__ import annotations

from upsdesk.dicom.contexts import FILTERED_GLOBAL_SUBSCRIPTION, GLOBAL_SUBSCRIPTION
from upsdesk.domain import tags
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import AeTitle, SopInstanceUid
from upsdesk.scp import subscriptions
from upsdesk.scp.matching import BadKey
from upsdesk.scp.services.common import (
    INVALID_ARGUMENT,
    SUCCESS,
    UNKNOWN_INSTANCE,
    Reply,
    Surroundings,
    refused_uid,
)
from upsdesk.scp.services.refusals import shortened, without_foreign
from upsdesk.scp.store.repository import Writer

UNKNOWN_RECEIVER = 0xC308
NOT_APPROPRIATE = 0xC314
_LOCKS = {"TRUE": True, "FALSE": False}
_GLOBAL = (GLOBAL_SUBSCRIPTION, FILTERED_GLOBAL_SUBSCRIPTION)
# Senders in the field put these beside the arguments; none of them is a matching key.
_ARGUMENTS = (
    tags.RECEIVING_AE,
    tags.DELETION_LOCK,
    tags.REQUESTING_AE,
    tags.TRANSACTION_UID,
    tags.SOP_CLASS_UID,
    tags.SOP_INSTANCE_UID,
    tags.SPECIFIC_CHARACTER_SET,
)


def subscribe(surroundings: Surroundings, uid: SopInstanceUid, information: Elements) -> Reply:
    """Action 3: to one workitem, to all, or to all that match the keys beside the arguments."""
    refused = refused_uid(uid)
    if refused is not None:
        return refused
    aet = _receiver(information)
    if aet is None:
        return Reply(INVALID_ARGUMENT, "Receiving AE is missing or no AE title")
    lock = _LOCKS.get(information.text(tags.DELETION_LOCK).upper())
    if lock is None:
        return Reply(INVALID_ARGUMENT, "Deletion Lock is neither TRUE nor FALSE")
    is_filtered = uid == FILTERED_GLOBAL_SUBSCRIPTION
    keys = without_foreign(information).without(*_ARGUMENTS) if is_filtered else None
    try:
        if keys is not None and not subscriptions.leaves_something_out(keys, surroundings.zone):
            return Reply(INVALID_ARGUMENT, "a filtered subscription needs a matching key")
        with surroundings.repository.writing() as writer:
            reply = _subscribe(surroundings, writer, uid, aet, lock, keys)
    except BadKey as error:
        return Reply(INVALID_ARGUMENT, shortened(str(error)), (error.tag,))
    surroundings.wake(frozenset(writer.receivers))
    return reply


def _subscribe(
    surroundings: Surroundings,
    writer: Writer,
    uid: SopInstanceUid,
    aet: AeTitle,
    lock: bool,
    keys: Elements | None,
) -> Reply:
    if not surroundings.knows(aet):
        return Reply(UNKNOWN_RECEIVER, "this Receiving AE is not configured here")
    if uid in _GLOBAL:
        subscriptions.subscribe_globally(writer, aet, lock, keys, surroundings.zone)
        return Reply(SUCCESS)
    stored = writer.workitem(uid)
    if stored is None:
        return Reply(UNKNOWN_INSTANCE, "no such workitem here")
    subscriptions.subscribe_to(writer, aet, stored, lock)
    return Reply(SUCCESS)


def unsubscribe(surroundings: Surroundings, uid: SopInstanceUid, information: Elements) -> Reply:
    """Action 4. The filtered instance is taken for the global one, of which each AE has at most one."""
    refused = refused_uid(uid)
    if refused is not None:
        return refused
    aet = _receiver(information)
    if aet is None:
        return Reply(INVALID_ARGUMENT, "Receiving AE is missing or no AE title")
    with surroundings.repository.writing() as writer:
        if not _has_standing(surroundings, writer, aet):
            return Reply(UNKNOWN_RECEIVER, "this Receiving AE is not configured here")
        if uid in _GLOBAL:
            subscriptions.unsubscribe_globally(writer, aet)
        elif writer.workitem(uid) is None:
            return Reply(UNKNOWN_INSTANCE, "no such workitem here")
        else:
            subscriptions.unsubscribe_from(writer, aet, uid)
    return Reply(SUCCESS)


def suspend(surroundings: Surroundings, uid: SopInstanceUid, information: Elements) -> Reply:
    """Action 5: only for the global subscription; new workitems are no longer subscribed to."""
    refused = refused_uid(uid)
    if refused is not None:
        return refused
    aet = _receiver(information)
    if aet is None:
        return Reply(INVALID_ARGUMENT, "Receiving AE is missing or no AE title")
    with surroundings.repository.writing() as writer:
        if not _has_standing(surroundings, writer, aet):
            return Reply(UNKNOWN_RECEIVER, "this Receiving AE is not configured here")
        if uid not in _GLOBAL:
            known = writer.workitem(uid) is not None
            return (
                Reply(NOT_APPROPRIATE, "only a global subscription can be suspended")
                if known
                else Reply(UNKNOWN_INSTANCE, "no such workitem here")
            )
        subscriptions.suspend_globally(writer, aet)
    return Reply(SUCCESS)


def _receiver(information: Elements) -> AeTitle | None:
    try:
        return AeTitle.parse(information.text(tags.RECEIVING_AE))
    except ValueError:
        return None


def _has_standing(surroundings: Surroundings, writer: Writer, aet: AeTitle) -> bool:
    """Whether the AE is configured, or still subscribed from a time when it was."""
    return surroundings.knows(aet) or aet in writer.subscribed_aets()
