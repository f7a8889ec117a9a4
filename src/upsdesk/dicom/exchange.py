"""Decides how one request gets its response: the wait, the matches on the way, C-CANCEL, and what is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from upsdesk.dicom.association import Link
from upsdesk.dicom.codec import UndecodableDataSet, decode, encode
from upsdesk.dicom.contexts import CLASS_UIDS, PUSH_UID
from upsdesk.dicom.received import received
from upsdesk.dicom.shapes import Shapes
from upsdesk.dicom.upper_layer.messages import Command, Message, Service
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
_SEEN_FIRST = 64
"""Rows that are handed over before the rest of the same segment is read: more than are seen at once."""
_CANCEL_PATIENCE = 5.0
"""Seconds without a message after C-CANCEL until the association is aborted.

While matches still come the peer gets the DIMSE timeout: some send all that they have before they read.
"""


@dataclass(frozen=True, slots=True)
class Match:
    """One pending response of a C-FIND."""

    elements: Elements
    data: EncodedDataSet
    status: int
    """FF00, or FF01 when the peer did not use some optional keys."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, and the classes of which a context may carry it."""

    operation: Operation
    classes: tuple[UpsClass, ...]
    """Empty: Verification."""
    command: Command
    """Without a Message ID, and of C-FIND without a class."""
    elements: Elements = Elements()  # noqa: RUF009 - it is immutable
    uid: SopInstanceUid | None = None


Row = tuple[Any, bytes]
"""A match: what of it is read at once (a Glimpse), else its Elements; and the encoded data set."""
OnRows = Callable[[list[Row], Shapes], None]
"""Gets matches as they come, and what is known of such data sets."""
CutOf = Callable[[str], Callable[[bytes], Any]]
"""For a transfer syntax, what takes of a data set what is read at once; None: it has to be decoded."""


@dataclass(slots=True)
class Search:
    """What becomes of the matches of a C-FIND: `on_match` gets them one by one, or `on_rows` many at once."""

    on_match: Callable[[Match], None] | None = None
    on_rows: OnRows | None = None
    cut_of: CutOf | None = None
    """What `on_rows` gets of a match; None: a Glimpse."""
    limit: int | None = None
    stop: threading.Event | None = None
    count: int = 0
    has_leaked_lock: bool = False

    def is_over(self) -> bool:
        """Whether the peer shall be asked to end."""
        if self.stop is not None and self.stop.is_set():
            return True
        return self.limit is not None and self.count >= self.limit


class Exchange:
    """One request and its response on an open association."""

    def __init__(
        self,
        peer: Peer,
        link: Link,
        log: WireLog,
        clock: Callable[[], float],
        shapes_of: Callable[[str], Shapes] = Shapes,
    ) -> None:
        """`shapes_of`: what is known of data sets in a transfer syntax."""
        self._shapes_of = shapes_of
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
        context = link.context(ups_class)
        message = self._message(request, ups_class, context.id, context.transfer_syntax)
        name = ups_class.value if ups_class else "Verification"
        self._log.request(self._peer.address, request.operation, name, request.uid)
        self._began = self._clock()
        try:
            link.send(message)
            if search is not None:
                response = self._searched(context.transfer_syntax, search)
            else:
                response = link.receive(self._peer.timeouts.dimse)
            answer = self._answer(request, ups_class, context.transfer_syntax, response, search)
        except BaseException:
            link.leave()
            raise
        link.done()
        self._log.response(
            self._peer.address, request.operation, answer.status, request.uid, answer.elapsed_ms
        )
        return answer

    def _message(self, request: Request, ups_class: UpsClass | None, context_id: int, syntax: str) -> Message:
        command = replace(request.command, message_id=self._link.next_message_id())
        if command.field == Service.C_FIND and ups_class is not None:
            # The one service whose Affected SOP Class is that of the context (PS3.4 CC.2.8.1).
            command = replace(command, affected_class=CLASS_UIDS[ups_class])
        elements = request.elements
        return Message(context_id, command, encode(elements, syntax) if len(elements) else b"")

    def _searched(self, syntax: str, search: Search) -> Message:
        """Deliver matches until the final response."""
        timeout = self._peer.timeouts.dimse
        wakes = search.is_over if search.stop is not None else None
        shapes = self._shapes_of(syntax)
        while not search.is_over():
            responses = self._link.receive_some(timeout, wakes)
            pending, final = _split(responses)
            if search.limit is not None:
                pending = pending[: search.limit - search.count]
            if search.on_rows is not None:
                first = 0 if search.count else _SEEN_FIRST
                for part in (pending[:first], pending[first:]):
                    self._deliver_rows(part, shapes, search, search.on_rows)
            else:
                self._deliver_all(pending, shapes, search)
            if final is not None:
                return final
        return self._canceled()

    def _canceled(self) -> Message:
        """Send C-CANCEL and pass over the matches that are under way."""
        self._link.cancel()
        deadline = self._clock() + max(_CANCEL_PATIENCE, self._peer.timeouts.dimse)
        while (left := deadline - self._clock()) > 0:
            try:
                patience = min(left, _CANCEL_PATIENCE)
                response = self._link.receive(patience)
            except TimedOut:
                break
            if response.command.status not in _PENDING:
                return response
        raise Interrupted("the server did not end the search when asked to", sent=True)

    def _deliver_all(self, responses: list[Message], shapes: Shapes, search: Search) -> None:
        for response in responses:
            self._deliver(response, shapes, search)
            if search.is_over():
                break

    @staticmethod
    def _deliver(response: Message, shapes: Shapes, search: Search) -> None:
        data = _announced(response)
        try:
            elements = received(data, shapes.structures)
        except UndecodableDataSet as error:
            raise _damaged(error) from None
        if tags.TRANSACTION_UID in elements:
            search.has_leaked_lock = True
            elements = elements.without(tags.TRANSACTION_UID)
            data = encode(elements, shapes.transfer_syntax)
        search.count += 1
        encoded = EncodedDataSet(data, shapes.transfer_syntax)
        assert search.on_match is not None
        search.on_match(Match(elements, encoded, response.command.status or 0))

    @staticmethod
    def _deliver_rows(responses: list[Message], shapes: Shapes, search: Search, on_rows: OnRows) -> None:
        """Those before one that is damaged are delivered too."""
        rows: list[Row] = []
        glimpse = shapes.glimpse if search.cut_of is None else search.cut_of(shapes.transfer_syntax)
        add = rows.append
        try:
            for response in responses:
                data = response.data
                found = glimpse(data) if data else None
                add((found, data) if found is not None else _unusual(response, shapes, search))
        finally:
            search.count += len(rows)
            if rows:
                on_rows(rows, shapes)

    def _answer(
        self,
        request: Request,
        ups_class: UpsClass | None,
        syntax: str,
        response: Message,
        search: Search | None,
    ) -> Answer:
        operation = request.operation
        command = response.command
        status = command.status or 0
        elements, data, has_leaked = self._content(operation, response, syntax)
        uid = request.uid
        if uid is None and operation is Operation.CREATE and (assigned := command.affected_instance):
            uid = SopInstanceUid(assigned)
        if operation is Operation.GET and elements is not None and request.uid is not None:
            told = (command.affected_instance, elements.text(tags.SOP_INSTANCE_UID))
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
            error_comment=command.comment,
            offending=tuple(dict.fromkeys((*command.offending, *command.attributes))),
            elements=elements,
            data=data,
            transfer_syntax=syntax if data is not None else "",
            leaked_lock=has_leaked or (search is not None and search.has_leaked_lock),
        )

    @staticmethod
    def _content(
        operation: Operation, response: Message, syntax: str
    ) -> tuple[Elements | None, bytes | None, bool]:
        """The response's data set decoded and as bytes, and whether it held a lock, which is taken out."""
        data = response.data
        if not data:
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


def _split(responses: list[Message]) -> tuple[list[Message], Message | None]:
    """The matches, and the final response when it has come."""
    pending: Command | None = None
    for at, response in enumerate(responses):
        if response.command is not pending:  # it is the same object while the bytes are the same
            if response.command.status not in _PENDING:
                return responses[:at], response
            pending = response.command
    return responses, None


def _announced(response: Message) -> bytes:
    if not response.data:
        raise UnexpectedResponse("a match came without a data set", sent=True)
    return response.data


def _unusual(response: Message, shapes: Shapes, search: Search) -> Row:
    """A match that has to be decoded to know what is in it."""
    data = _announced(response)
    elements = _decoded(data, shapes.transfer_syntax)
    if tags.TRANSACTION_UID in elements:
        search.has_leaked_lock = True
        elements = elements.without(tags.TRANSACTION_UID)
        data = encode(elements, shapes.transfer_syntax)
    return elements, data


def _decoded(data: bytes, syntax: str) -> Elements:
    try:
        return decode(data, syntax)
    except UndecodableDataSet as error:
        raise _damaged(error) from None


def _damaged(error: UndecodableDataSet) -> UnexpectedResponse:
    return UnexpectedResponse(f"the data set of the response is damaged: {error}", sent=True)


def _identified(elements: Elements, uid: SopInstanceUid) -> Elements:
    """The attributes by which an N-GET response identifies itself are in its command set (PS3.4 CC.2.7.2)."""
    own = (Element(tags.SOP_CLASS_UID, "UI", (PUSH_UID,)), Element(tags.SOP_INSTANCE_UID, "UI", (str(uid),)))
    return elements.with_elements(*(one for one in own if not elements.text(one.tag)))
