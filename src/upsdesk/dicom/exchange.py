"""Decides how one request gets its response: the wait, the matches on the way, C-CANCEL, and what is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from pydicom.dataset import Dataset
from pynetdicom.dimse_primitives import C_FIND, DimseServiceType

from upsdesk.dicom.association import Link
from upsdesk.dicom.codec import UndecodableDataSet, decode, encode
from upsdesk.dicom.contexts import PUSH_UID
from upsdesk.dicom.wire_log import WireLog
from upsdesk.domain import tags
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.errors import Interrupted, TimedOut, UnexpectedResponse
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.domain.operation import Answer, Operation
from upsdesk.domain.peer import Peer, UpsClass
from upsdesk.domain.status import outcome
from upsdesk.domain.workitem import EncodedDataSet

_PENDING = (0xFF00, 0xFF01)
_CANCEL_PATIENCE = 5.0
"""Seconds without a message after C-CANCEL until the association is aborted.

While matches still come the peer gets the DIMSE timeout: some send all that they have before they read.
"""
_ERROR_COMMENT = 0x00000902
_OFFENDING_ELEMENT = 0x00000901
_ATTRIBUTE_IDENTIFIER_LIST = 0x00001005
_AFFECTED_SOP_INSTANCE_UID = 0x00001000
_DATA_SETS = ("AttributeList", "ActionReply", "Identifier")
"""Where pynetdicom's primitives keep the data set of a response."""


@dataclass(frozen=True, slots=True)
class Match:
    """One pending response of a C-FIND."""

    elements: Elements
    data: EncodedDataSet
    status: int
    """FF00, or FF01 when the peer did not use some optional keys."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: the classes that may carry it, and the message for a context and its transfer syntax."""

    operation: Operation
    classes: tuple[UpsClass, ...]
    """Empty: Verification."""
    build: Callable[[UpsClass | None, str], DimseServiceType]
    uid: SopInstanceUid | None = None


@dataclass(slots=True)
class Search:
    """What becomes of the matches of a C-FIND."""

    on_match: Callable[[Match], None]
    limit: int | None = None
    stop: threading.Event | None = None
    count: int = 0
    has_leaked_lock: bool = False

    def is_over(self) -> bool:
        """Whether the peer shall be asked to end."""
        if self.stop is not None and self.stop.is_set():
            return True
        return self.limit is not None and self.count >= self.limit


def encoded(elements: Elements, transfer_syntax: str) -> BytesIO | None:
    """The data set of a request; None for an empty one, which would stall pynetdicom until the timeout."""
    return BytesIO(encode(elements, transfer_syntax)) if len(elements) else None


class Exchange:
    """One request and its response on an open association."""

    def __init__(self, peer: Peer, link: Link, log: WireLog, clock: Callable[[], float]) -> None:
        self._peer = peer
        self._link = link
        self._log = log
        self._clock = clock
        self._began = clock()

    def run(self, request: Request, ups_class: UpsClass | None, search: Search | None) -> Answer:
        """Send `request` on the context of `ups_class` and wait for its final response.

        Raise NoAnswer with `sent=True`; the association has been aborted then. It is aborted too when a
        callback raises, since responses are still under way.
        """
        link = self._link
        syntax = link.negotiated.contexts[ups_class]
        message = request.build(ups_class, syntax)
        message.MessageID = link.next_message_id()
        context = ups_class.value if ups_class else "Verification"
        self._log.request(self._peer.address, request.operation, context, request.uid)
        self._began = self._clock()
        try:
            link.send(message, ups_class)
            if search is not None and ups_class is not None:
                response = self._searched(message, ups_class, syntax, search)
            else:
                timeout = self._peer.timeouts.dimse
                response = self._received(link.receive(type(message), message.MessageID or 0, timeout))
            answer = self._answer(request, ups_class, syntax, response, search)
        except BaseException:
            link.abort()
            raise
        link.done()
        self._log.response(
            self._peer.address, request.operation, answer.status, request.uid, answer.elapsed_ms
        )
        return answer

    @staticmethod
    def _received(response: DimseServiceType | None) -> DimseServiceType:
        assert response is not None  # only a search wakes the wait
        return response

    def _searched(
        self, message: DimseServiceType, ups_class: UpsClass, syntax: str, search: Search
    ) -> DimseServiceType:
        """Deliver matches until the final response."""
        number = message.MessageID or 0
        timeout = self._peer.timeouts.dimse
        while not search.is_over():
            response = self._link.receive(C_FIND, number, timeout, search.is_over)
            if response is None:
                break
            if response.Status not in _PENDING:
                return response
            self._deliver(response, syntax, search)
        return self._canceled(number, ups_class)

    def _canceled(self, number: int, ups_class: UpsClass) -> DimseServiceType:
        """Send C-CANCEL and pass over the matches that are under way."""
        self._link.cancel(number, ups_class)
        deadline = self._clock() + max(_CANCEL_PATIENCE, self._peer.timeouts.dimse)
        while (left := deadline - self._clock()) > 0:
            try:
                patience = min(left, _CANCEL_PATIENCE)
                response = self._received(self._link.receive(C_FIND, number, patience))
            except TimedOut:
                break
            if response.Status not in _PENDING:
                return response
        raise Interrupted("the server did not end the search when asked to", sent=True)

    def _deliver(self, response: DimseServiceType, syntax: str, search: Search) -> None:
        data = _data_of(response)
        if data is None:
            raise UnexpectedResponse("a match came without a data set", sent=True)
        elements = _decoded(data, syntax)
        if tags.TRANSACTION_UID in elements:
            search.has_leaked_lock = True
            elements = elements.without(tags.TRANSACTION_UID)
            data = encode(elements, syntax)
        search.count += 1
        search.on_match(Match(elements, EncodedDataSet(data, syntax), response.Status or 0))

    def _answer(
        self,
        request: Request,
        ups_class: UpsClass | None,
        syntax: str,
        response: DimseServiceType,
        search: Search | None,
    ) -> Answer:
        operation = request.operation
        status = response.Status or 0
        command = self._link.command
        elements, data, has_leaked = self._content(operation, response, syntax)
        uid = request.uid
        if (
            uid is None
            and operation is Operation.CREATE
            and (assigned := _text(command, _AFFECTED_SOP_INSTANCE_UID))
        ):
            uid = SopInstanceUid(assigned)
        if operation is Operation.GET and elements is not None and request.uid is not None:
            told = (_text(command, _AFFECTED_SOP_INSTANCE_UID), elements.text(tags.SOP_INSTANCE_UID))
            if any(one and one != request.uid for one in told):
                raise UnexpectedResponse("the response is about another workitem", sent=True)
            elements = _identified(elements, request.uid)
        return Answer(
            operation,
            uid,
            status,
            outcome(operation.service, status, operation.action_type),
            ups_class,
            (self._clock() - self._began) * 1000,
            error_comment=_text(command, _ERROR_COMMENT),
            offending=_tags(command),
            elements=elements,
            data=data,
            transfer_syntax=syntax if data is not None else "",
            leaked_lock=has_leaked or (search is not None and search.has_leaked_lock),
        )

    @staticmethod
    def _content(
        operation: Operation, response: DimseServiceType, syntax: str
    ) -> tuple[Elements | None, bytes | None, bool]:
        """The response's data set decoded and as bytes, and whether it held a lock, which is taken out."""
        data = _data_of(response)
        if data is None:
            return None, None, False
        try:
            elements = _decoded(data, syntax)
        except UnexpectedResponse:
            if operation is Operation.GET:
                raise
            # The status tells what was done; what came with it adds nothing that is needed.
            return None, None, False
        if tags.TRANSACTION_UID not in elements:
            return elements, data, False
        elements = elements.without(tags.TRANSACTION_UID)
        return elements, encode(elements, syntax), True


def _data_of(response: DimseServiceType) -> bytes | None:
    for name in _DATA_SETS:
        stream = getattr(response, name, None)
        if stream is not None:
            data: bytes = stream.getvalue()
            return data or None
    return None


def _decoded(data: bytes, syntax: str) -> Elements:
    try:
        return decode(data, syntax)
    except UndecodableDataSet as error:
        raise UnexpectedResponse(f"the data set of the response is damaged: {error}", sent=True) from None


def _identified(elements: Elements, uid: SopInstanceUid) -> Elements:
    """The attributes by which an N-GET response identifies itself are in its command set (PS3.4 CC.2.7.2)."""
    own = (Element(tags.SOP_CLASS_UID, "UI", (PUSH_UID,)), Element(tags.SOP_INSTANCE_UID, "UI", (str(uid),)))
    return elements.with_elements(*(one for one in own if not elements.text(one.tag)))


def _text(command: Dataset, tag: int) -> str:
    found = command.get(tag)
    if found is None or found.value is None:
        return ""
    value = found.value
    return "\\".join(map(str, value)) if found.VM > 1 else str(value).strip(" \0")


def _tags(command: Dataset) -> tuple[int, ...]:
    named: list[int] = []
    for tag in (_OFFENDING_ELEMENT, _ATTRIBUTE_IDENTIFIER_LIST):
        found = command.get(tag)
        if found is None or found.value is None or found.VM == 0:
            continue
        named += [int(one) for one in (found.value if found.VM > 1 else [found.value])]
    return tuple(dict.fromkeys(named))
