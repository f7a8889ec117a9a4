"""Which service answers a message on which context, and the refusals of misuse (PS3.4 CC.2)."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from upsdesk.dicom import datasets
from upsdesk.dicom.contexts import OPERATION_CLASSES, PUSH_UID, VERIFICATION_UID, class_of
from upsdesk.dicom.find_extension import FindExtension
from upsdesk.dicom.upper_layer.association import Association, Context
from upsdesk.dicom.upper_layer.association_server import printable
from upsdesk.dicom.upper_layer.messages import RESPONSE, Command, Message, Service
from upsdesk.domain import tags
from upsdesk.domain.elements import Elements
from upsdesk.domain.errors import Interrupted, NoAnswer
from upsdesk.domain.keys import AeTitle, SopInstanceUid
from upsdesk.domain.operation import Operation
from upsdesk.domain.peer import UpsClass
from upsdesk.scp.lines import UNANSWERED, Served
from upsdesk.scp.services.action import change_state, request_cancel
from upsdesk.scp.services.common import PROCESSING_FAILURE, SUCCESS, Leniency, Reply, Surroundings
from upsdesk.scp.services.create import WITH_MODIFICATIONS, create
from upsdesk.scp.services.find import MATCH, MATCH_WITH_IGNORED_KEYS, find
from upsdesk.scp.services.get import OPTIONAL_NOT_SUPPORTED, get
from upsdesk.scp.services.refusals import ATTRIBUTE_LIST_ERROR, OUT_OF_RANGE
from upsdesk.scp.services.set import COERCED, set_attributes
from upsdesk.scp.services.subscribe import subscribe, suspend, unsubscribe

NO_SUCH_CLASS = 0x0118
CLASS_INSTANCE_CONFLICT = 0x0119
CLASS_NOT_SUPPORTED = 0x0122
NO_SUCH_ACTION = 0x0123
UNRECOGNIZED_OPERATION = 0x0211
UNABLE_TO_PROCESS = 0xC000
"""Of C-FIND, where PS3.4 Table CC.2.8-1 has no 0110."""

_OPERATIONS: dict[Service, Operation] = {
    Service.C_ECHO: Operation.ECHO,
    Service.C_FIND: Operation.FIND,
    Service.N_CREATE: Operation.CREATE,
    Service.N_GET: Operation.GET,
    Service.N_SET: Operation.SET,
}
_ACTIONS: dict[int | None, Operation] = {
    operation.action_type: operation for operation in Operation if operation.action_type is not None
}
_ARGUMENTS: dict[Operation, int] = {
    Operation.CHANGE_STATE: tags.PROCEDURE_STEP_STATE,
    Operation.SUBSCRIBE: tags.RECEIVING_AE,
    Operation.UNSUBSCRIBE: tags.RECEIVING_AE,
    Operation.SUSPEND: tags.RECEIVING_AE,
}
_COMPOSITE = (Service.C_ECHO, Service.C_FIND, Service.C_STORE, Service.C_GET, Service.C_MOVE)
"""Services whose responses carry no instance here."""
_ABOUT_AN_INSTANCE = (Service.N_GET, Service.N_SET, Service.N_ACTION, Service.N_DELETE)
_WARNINGS = frozenset(
    {WITH_MODIFICATIONS, COERCED, ATTRIBUTE_LIST_ERROR, OUT_OF_RANGE, OPTIONAL_NOT_SUPPORTED}
)
Log = Callable[[str], None]
Trace = Callable[["Request", Served], None]


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came."""

    context: Context
    command: Command
    calling: AeTitle
    service: Service
    data: bytes = field(default=b"", repr=False)
    """Its data set in the transfer syntax of the context; empty: none."""

    @property
    def used(self) -> UpsClass | None:
        """The UPS class of the presentation context; None: Verification."""
        return class_of(self.context.abstract_syntax)

    @property
    def operation(self) -> Operation | None:
        """What is asked for, on whatever context; None when service or action type is foreign to UPS."""
        if self.service is Service.N_ACTION:
            return _ACTIONS.get(self.command.action_type)
        return _OPERATIONS.get(self.service)

    @property
    def uid(self) -> SopInstanceUid:
        """The instance that it names; empty: none."""
        return SopInstanceUid(self.command.instance)

    @property
    def argument(self) -> str:
        """What an N-ACTION asks for beside its instance: a state, or for whom; empty: nothing readable."""
        wanted = _ARGUMENTS.get(self.operation) if self.operation is not None else None
        with suppress(datasets.UndecodableDataSet):
            return read(self).text(wanted) if wanted is not None else ""
        return ""

    @property
    def attributes(self) -> tuple[int, ...]:
        """The top-level attributes that it carries or asks for; none when they cannot be read."""
        with suppress(datasets.UndecodableDataSet):
            return self.command.attributes or tuple(one.tag for one in read(self))
        return ()


class Interference(Protocol):
    """Who may change what the server does, on purpose."""

    def around(self, request: Request, surroundings: Surroundings) -> Surroundings:
        """In which surroundings the request is carried out."""

    def on_request(self, request: Request, association: Association) -> Reply | None:
        """Before the service runs; a reply is sent instead of it.

        When this ends the association, the service does not run.
        """

    def on_reply(self, request: Request, reply: Reply, number: int, association: Association) -> Reply | None:
        """Before reply `number` (0 is the first) goes out; another replaces it, None: nothing is sent."""

    def on_message(
        self, request: Request, message: Message, number: int, association: Association
    ) -> Message | None:
        """Before a response is written; another replaces it, None: it has been dealt with."""


class Provider:
    """Answers the requests of all associations; every answer is sent here and nowhere else."""

    def __init__(
        self,
        surroundings: Surroundings,
        log: Log,
        trace: Trace,
        interference: Interference | None = None,
        offers: FindExtension = FindExtension(fuzzy=True, timezone=True),  # noqa: B008  frozen
        answer_after: float = 0.0,
    ) -> None:
        """`log` is told of failures in here, `trace` of every request when it is over.

        The first response to a request waits until it is `answer_after` seconds old.
        """
        self._surroundings = surroundings
        self._log = log
        self._trace = trace
        self._interference = interference
        self._answer_after = answer_after
        self.offers = offers
        """What an association may agree on for C-FIND."""

    def serve(self, association: Association, message: Message) -> None:
        """Answer one message. Raise NoAnswer when the association ended meanwhile."""
        command, service = message.command, message.command.service
        calling = association.calling
        if command.is_response or service is None or not _names_what_it_must(command):
            # A response to nothing, or a request that no answer could be addressed to: silence would hold the
            # peer until its own timeout.
            self._log(f"{printable(calling)} sent a message that is no request: aborted")
            association.abort()
            return
        context = association.contexts[message.context_id]
        request = Request(context, command, calling, service, message.data)
        began = time.perf_counter()
        answered = _Answered(began)
        try:
            self._answered(association, request, answered)
        finally:
            self._trace(request, answered.served(request, (time.perf_counter() - began) * 1000))

    def _answered(self, association: Association, request: Request, answered: _Answered) -> None:
        """Serve the request to its end, whatever happens."""
        try:
            self._serve(association, request, answered)
        except NoAnswer:
            raise
        except datasets.UndecodableDataSet:
            is_find = request.service is Service.C_FIND
            code = UNABLE_TO_PROCESS if is_find else PROCESSING_FAILURE
            self._answer(association, request, Reply(code, "the data set cannot be read"), answered)
        except Exception as error:
            # Whatever went wrong in here, the peer gets an answer and the server goes on.
            who = printable(request.calling)
            self._log(f"{who} {request.service.title}: {type(error).__name__} in the server")
            reply = Reply(PROCESSING_FAILURE, "internal error of the server")
            self._answer(association, request, reply, answered)

    def _serve(self, association: Association, request: Request, answered: _Answered) -> None:
        instead = None
        if self._interference is not None:
            instead = self._interference.on_request(request, association)
            if not association.is_open:
                raise Interrupted()
        instead = instead or _refusal(request, self._surroundings.leniency)
        if instead is not None:
            self._answer(association, request, instead, answered)
        elif request.service is Service.C_FIND:
            self._find(association, request, answered)
        else:
            self._answer(association, request, self._warned(self._reply(request)), answered)

    def _warned(self, reply: Reply) -> Reply:
        if self._surroundings.leniency.warning and reply.status in _WARNINGS:
            return replace(reply, status=SUCCESS, comment="", offending=())
        return reply

    def _reply(self, request: Request) -> Reply:
        around, uid, operation = self._surroundings, request.uid, request.operation
        if self._interference is not None:
            around = self._interference.around(request, around)
        if operation is Operation.ECHO:
            return Reply(SUCCESS)
        if operation is Operation.GET:
            return get(around, uid, request.command.attributes)
        elements = read(request)
        if operation is Operation.CREATE:
            return create(around, uid, elements)
        if operation is Operation.SET:
            return set_attributes(around, uid, elements)
        if operation is Operation.CHANGE_STATE:
            return change_state(around, request.calling, uid, elements)
        if operation is Operation.REQUEST_CANCEL:
            return request_cancel(around, request.calling, uid, elements)
        if operation is Operation.SUBSCRIBE:
            return subscribe(around, uid, elements)
        if operation is Operation.UNSUBSCRIBE:
            return unsubscribe(around, uid, elements)
        return suspend(around, uid, elements)

    def _find(self, association: Association, request: Request, answered: _Answered) -> None:
        """One response for each match, then the final one; both carry the context's own class (CC.3.1.1)."""
        message_id = request.command.message_id
        agreed = FindExtension.from_bytes(request.context.extended)
        replies = find(
            self._surroundings, read(request), lambda: association.is_cancelled(message_id), agreed
        )
        try:
            for reply in replies:
                is_sent = self._answer(association, request, reply, answered)
                if not is_sent or reply.status not in (MATCH, MATCH_WITH_IGNORED_KEYS):
                    return
        finally:
            if isinstance(replies, Generator):
                replies.close()  # it may hold a connection of the store
        self._answer(association, request, Reply(SUCCESS), answered)

    def _answer(self, association: Association, request: Request, reply: Reply, answered: _Answered) -> bool:
        """Send one response; False when interference has kept it back."""
        changed, message = self._changed(association, request, reply, answered.responses)
        if message is None:
            answered.status = UNANSWERED
            return False
        early = self._answer_after - (time.perf_counter() - answered.began)
        if early > 0 and not answered.responses:
            time.sleep(early)
        association.send(message)
        answered.note(changed)
        return True

    def _changed(
        self, association: Association, request: Request, reply: Reply, number: int
    ) -> tuple[Reply, Message | None]:
        """The response as it is to go out; None: not at all."""
        if self._interference is None:
            return reply, encoded_reply(request, reply)
        changed = self._interference.on_reply(request, reply, number, association)
        if changed is None:
            return reply, None
        message = encoded_reply(request, changed)
        return changed, self._interference.on_message(request, message, number, association)


@dataclass(slots=True)
class _Answered:
    """What has gone out for one request, which came at `began` (time.perf_counter)."""

    began: float
    status: int = UNANSWERED
    responses: int = 0
    matches: int = 0
    comment: str = ""
    made: str = ""

    def note(self, reply: Reply) -> None:
        self.status, self.comment = reply.status, reply.comment
        self.made = reply.uid or ""
        self.responses += 1
        self.matches += reply.status in (MATCH, MATCH_WITH_IGNORED_KEYS)

    def served(self, request: Request, milliseconds: float) -> Served:
        is_whole = self.status not in (MATCH, MATCH_WITH_IGNORED_KEYS)
        return Served(
            calling=request.calling,
            service=request.service.title,
            operation=request.operation,
            action_type=request.command.action_type,
            uid=request.uid,
            argument=request.argument,
            status=self.status if is_whole else UNANSWERED,
            milliseconds=milliseconds,
            comment=self.comment if is_whole else "",
            matches=self.matches,
            made=self.made,
        )


def encoded_reply(request: Request, reply: Reply) -> Message:
    """The response to `request`; an empty data set is not sent at all, since peers stumble over it."""
    asked, service = request.command, request.service
    has_list = service in (Service.N_CREATE, Service.N_GET, Service.N_SET)
    command = Command(
        field=service | RESPONSE,
        responds_to=asked.message_id,
        affected_class=asked.sop_class,
        affected_instance="" if service in _COMPOSITE else (reply.uid or request.uid),
        status=reply.status,
        action_type=asked.action_type if service is Service.N_ACTION else None,
        event_type=asked.event_type if service is Service.N_EVENT_REPORT else None,
        attributes=reply.offending if has_list else (),
        offending=reply.offending if service is Service.C_FIND else (),
        comment=reply.comment,
    )
    data = b""
    if reply.elements is not None and len(reply.elements):
        data = datasets.encode(reply.elements, request.context.transfer_syntax)
    return Message(request.context.id, command, data)


def _names_what_it_must(command: Command) -> bool:
    """Whether an answer can say what it is about."""
    if command.service in _ABOUT_AN_INSTANCE and not command.requested_instance:
        return False
    return command.message_id is not None


def _refusal(request: Request, leniency: Leniency) -> Reply | None:
    """What is wrong with the message whatever it carries: service, action, or SOP Class."""
    operation = request.operation
    if request.context.abstract_syntax == VERIFICATION_UID:
        if operation is not Operation.ECHO:
            return Reply(UNRECOGNIZED_OPERATION, f"no {request.service.title} on a Verification context")
        return None
    used = request.used
    where = f"on a {_name(used)} context"
    if request.service is Service.N_ACTION:
        if not any(used in OPERATION_CLASSES[one] for one in _ACTIONS.values()):
            return Reply(UNRECOGNIZED_OPERATION, f"no N-ACTION {where}")
        if operation is None or used not in OPERATION_CLASSES[operation]:
            return Reply(NO_SUCH_ACTION, f"no action {request.command.action_type} {where}")
    elif operation is None or used not in OPERATION_CLASSES[operation]:
        return Reply(UNRECOGNIZED_OPERATION, f"no {request.service.title} {where}")
    return _class_refusal(request, leniency)


def _class_refusal(request: Request, leniency: Leniency) -> Reply | None:
    """PS3.4 CC.3.1.1: C-FIND names the context's class, every other message names Push."""
    command = request.command
    if request.service is Service.C_FIND:
        if class_of(command.affected_class) is not request.used:
            return Reply(CLASS_NOT_SUPPORTED, "Affected SOP Class is not that of the context")
        return None
    if leniency.sop_class and class_of(command.sop_class) is not None:
        return None
    if request.service is Service.N_CREATE:
        if class_of(command.affected_class) is None:
            return Reply(CLASS_NOT_SUPPORTED, "Affected SOP Class is not a UPS class")
        is_push = command.affected_class == PUSH_UID
        return None if is_push else Reply(NO_SUCH_CLASS, "the SOP Class of a UPS is UPS Push")
    if command.requested_class != PUSH_UID:
        return Reply(CLASS_INSTANCE_CONFLICT, "the SOP Class of a UPS is UPS Push")
    return None


def _name(used: UpsClass | None) -> str:
    return f"UPS {used.value}" if used is not None else "foreign"


def read(request: Request) -> Elements:
    """The data set of a message; none and a zero-length one are the same."""
    return datasets.decode(request.data, request.context.transfer_syntax) if request.data else Elements()
