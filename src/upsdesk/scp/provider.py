"""Which service answers a message on which context, and the refusals of misuse (PS3.4 CC.2)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_FIND, N_ACTION, N_CREATE, N_GET, N_SET

from upsdesk.dicom import datasets
from upsdesk.dicom.contexts import OPERATION_CLASSES, PUSH_UID, class_of
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import AeTitle, SopInstanceUid
from upsdesk.domain.operation import Operation
from upsdesk.domain.peer import UpsClass
from upsdesk.scp.services.action import change_state, request_cancel
from upsdesk.scp.services.common import PROCESSING_FAILURE, Reply, Surroundings
from upsdesk.scp.services.create import create
from upsdesk.scp.services.find import CANCELED, MATCH, MATCH_WITH_IGNORED_KEYS, find
from upsdesk.scp.services.get import get
from upsdesk.scp.services.set import set_attributes
from upsdesk.scp.services.subscribe import subscribe, suspend, unsubscribe

NO_SUCH_CLASS = 0x0118
CLASS_INSTANCE_CONFLICT = 0x0119
CLASS_NOT_SUPPORTED = 0x0122
NO_SUCH_ACTION = 0x0123
UNRECOGNIZED_OPERATION = 0x0211
UNABLE_TO_PROCESS = 0xC000
"""Of C-FIND, where PS3.4 Table CC.2.8-1 has no 0110."""

_OPERATIONS: dict[type, Operation] = {
    C_FIND: Operation.FIND,
    N_CREATE: Operation.CREATE,
    N_GET: Operation.GET,
    N_SET: Operation.SET,
}
_ACTIONS: dict[int | None, Operation] = {
    operation.action_type: operation for operation in Operation if operation.action_type is not None
}
Log = Callable[[str], None]


class Provider:
    """Answers the requests of one association; every answer is sent here and nowhere else."""

    def __init__(self, surroundings: Surroundings, log: Log, trace: Log) -> None:
        """`log` is told of failures in here, `trace` of every message."""
        self._surroundings = surroundings
        self._log = log
        self._trace = trace

    def serve(self, association: Association, request: Any, context: Any) -> None:
        """Answer `request`, which came on `context`, one of the UPS classes."""
        began = time.perf_counter()
        name = type(request).__name__.replace("_", "-")
        calling = AeTitle(association.requestor.ae_title.strip())
        try:
            status = self._serve(association, request, context, calling)
        except datasets.UndecodableDataSet:
            code = UNABLE_TO_PROCESS if isinstance(request, C_FIND) else PROCESSING_FAILURE
            status = self._answer(association, request, context, Reply(code, "the data set cannot be read"))
        except Exception as error:
            # Whatever went wrong in here, the peer gets an answer and the server goes on.
            self._log(f"{calling} {name}: {type(error).__name__} in the server")
            status = self._answer(
                association, request, context, Reply(PROCESSING_FAILURE, "internal error of the server")
            )
        kind = getattr(request, "ActionTypeID", None)
        title = f"{name} {kind}" if kind is not None else name
        milliseconds = (time.perf_counter() - began) * 1000
        self._trace(f"{calling} {title} {_uid_of(request)} {status:04X} {milliseconds:.0f} ms")

    def _serve(self, association: Association, request: Any, context: Any, calling: AeTitle) -> int:
        used = class_of(str(context.abstract_syntax))
        refusal = _refusal(request, used)
        if refusal is not None:
            return self._answer(association, request, context, refusal)
        if isinstance(request, C_FIND):
            return self._find(association, request, context)
        syntax = str(context.transfer_syntax[0])
        return self._answer(association, request, context, self._reply(request, calling, syntax))

    def _reply(self, request: Any, calling: AeTitle, syntax: str) -> Reply:
        around = self._surroundings
        if isinstance(request, N_CREATE):
            return create(around, _text(request.AffectedSOPInstanceUID), _read(request.AttributeList, syntax))
        uid = SopInstanceUid(_text(request.RequestedSOPInstanceUID))
        if isinstance(request, N_GET):
            return get(around, uid, _tags(request.AttributeIdentifierList))
        if isinstance(request, N_SET):
            return set_attributes(around, uid, _read(request.ModificationList, syntax))
        information = _read(request.ActionInformation, syntax)
        operation = _ACTIONS[request.ActionTypeID]
        if operation is Operation.CHANGE_STATE:
            return change_state(around, calling, uid, information)
        if operation is Operation.REQUEST_CANCEL:
            return request_cancel(around, calling, uid, information)
        if operation is Operation.SUBSCRIBE:
            return subscribe(around, uid, information)
        if operation is Operation.UNSUBSCRIBE:
            return unsubscribe(around, uid, information)
        return suspend(around, uid, information)

    def _find(self, association: Association, request: C_FIND, context: Any) -> int:
        """One response for each match, then the final one; both carry the context's own class (CC.3.1.1)."""
        syntax = str(context.transfer_syntax[0])
        keys = _read(request.Identifier, syntax)
        cancellations = association.dimse.cancel_req
        replies: Iterator[Reply] = find(self._surroundings, keys, lambda: request.MessageID in cancellations)
        for reply in replies:
            if not association.is_established:
                return CANCELED
            self._answer(association, request, context, reply)
            if reply.status not in (MATCH, MATCH_WITH_IGNORED_KEYS):
                return reply.status
        return self._answer(association, request, context, Reply(0x0000))

    def _answer(self, association: Association, request: Any, context: Any, reply: Reply) -> int:
        """Send one response; an empty data set is not sent at all, since peers stumble over it."""
        response = type(request)()
        response.MessageIDBeingRespondedTo = request.MessageID
        response.Status = reply.status
        response.AffectedSOPClassUID = (
            request.AffectedSOPClassUID
            if getattr(request, "AffectedSOPClassUID", None)
            else getattr(request, "RequestedSOPClassUID", None)
        )
        if not isinstance(request, C_FIND):
            response.AffectedSOPInstanceUID = reply.uid or _uid_of(request) or None
        if reply.comment and hasattr(response, "ErrorComment"):
            response.ErrorComment = reply.comment
        if reply.offending:
            if isinstance(request, C_FIND):
                response.OffendingElement = list(reply.offending)
            elif isinstance(request, N_GET | N_SET):
                response.AttributeIdentifierList = list(reply.offending)
        if isinstance(request, N_ACTION):
            response.ActionTypeID = request.ActionTypeID
        if reply.elements is not None and len(reply.elements):
            data = BytesIO(datasets.encode(reply.elements, str(context.transfer_syntax[0])))
            if isinstance(request, C_FIND):
                response.Identifier = data
            else:
                response.AttributeList = data
        association.dimse.send_msg(response, context.context_id)
        return reply.status


def _refusal(request: Any, used: UpsClass | None) -> Reply | None:
    """What is wrong with the message whatever it carries: service, action, or SOP Class."""
    if isinstance(request, N_ACTION):
        operation = _ACTIONS.get(request.ActionTypeID)
        offered = any(used in OPERATION_CLASSES[one] for one in _ACTIONS.values())
        if not offered:
            return Reply(UNRECOGNIZED_OPERATION, f"no N-ACTION on a {_name(used)} context")
        if operation is None or used not in OPERATION_CLASSES[operation]:
            return Reply(NO_SUCH_ACTION, f"no action {request.ActionTypeID} on a {_name(used)} context")
    else:
        operation = _OPERATIONS.get(type(request))
        if operation is None or used not in OPERATION_CLASSES[operation]:
            service = type(request).__name__.replace("_", "-")
            return Reply(UNRECOGNIZED_OPERATION, f"no {service} on a {_name(used)} context")
    return _class_refusal(request, used)


def _class_refusal(request: Any, used: UpsClass | None) -> Reply | None:
    """PS3.4 CC.3.1.1: C-FIND names the context's class, every other message names Push."""
    if isinstance(request, C_FIND):
        if class_of(_text(request.AffectedSOPClassUID)) is not used:
            return Reply(CLASS_NOT_SUPPORTED, "Affected SOP Class is not that of the context")
        return None
    if isinstance(request, N_CREATE):
        named = _text(request.AffectedSOPClassUID)
        if class_of(named) is None:
            return Reply(CLASS_NOT_SUPPORTED, "Affected SOP Class is not a UPS class")
        return Reply(NO_SUCH_CLASS, "the SOP Class of a UPS is UPS Push") if named != PUSH_UID else None
    if _text(request.RequestedSOPClassUID) != PUSH_UID:
        return Reply(CLASS_INSTANCE_CONFLICT, "the SOP Class of a UPS is UPS Push")
    return None


def _name(used: UpsClass | None) -> str:
    return f"UPS {used.value}" if used is not None else "foreign"


def _uid_of(request: Any) -> str:
    return _text(
        getattr(request, "AffectedSOPInstanceUID", None) or getattr(request, "RequestedSOPInstanceUID", None)
    )


def _text(value: object) -> str:
    return str(value).strip(" \0") if value is not None else ""


def _tags(value: Any) -> tuple[int, ...]:
    if value is None:
        return ()
    return tuple(int(tag) for tag in value) if isinstance(value, list) else (int(value),)


def _read(stream: BytesIO | None, syntax: str) -> Elements:
    """The data set of a message; none and a zero-length one are the same."""
    data = stream.getvalue() if stream is not None else b""
    return datasets.decode(data, syntax) if data else Elements()
