"""Decides how a search runs on pynetdicom as it comes: fallback and measure of our own upper layer."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from io import BytesIO

from pynetdicom import build_context, evt
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_CANCEL, C_FIND, DimseServiceType
from pynetdicom.pdu_primitives import A_P_ABORT, A_RELEASE

from upsdesk.dicom import guards
from upsdesk.dicom.association import Link
from upsdesk.dicom.contexts import class_of
from upsdesk.dicom.negotiation import Negotiated, proposed_contexts
from upsdesk.dicom.rejection import rejected
from upsdesk.dicom.transport import no_delay
from upsdesk.dicom.upper_layer.association import Context
from upsdesk.dicom.upper_layer.messages import RESPONSE, Command, Message, Service
from upsdesk.domain.errors import (
    Aborted,
    ContextRefused,
    Interrupted,
    NoAnswer,
    UnexpectedResponse,
    Unreachable,
)
from upsdesk.domain.peer import Peer, UpsClass

_SLICE = 0.05
"""Seconds between two looks at whether the association still stands."""


class StockLink(Link):
    """As Link, for C-FIND only. Failures to associate are told apart less finely."""

    def __init__(
        self, peer: Peer, is_given_up: Callable[[], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(peer, is_given_up, clock)
        self._assoc: Association | None = None
        self._contexts: dict[UpsClass | None, Context] = {}

    def open(self, *, needed: tuple[UpsClass, ...] | None) -> None:
        guards.configure()
        peer = self._peer
        entity = ApplicationEntity(peer.calling_aet)
        entity.connection_timeout = peer.timeouts.connect
        entity.acse_timeout = peer.timeouts.acse
        entity.dimse_timeout = peer.timeouts.dimse
        entity.network_timeout = peer.timeouts.network
        assoc = entity.associate(
            peer.host,
            peer.port,
            [
                build_context(one.abstract_syntax, list(one.transfer_syntaxes))
                for one in proposed_contexts(peer)
            ],
            peer.called_aet,
            peer.max_pdu,
            evt_handlers=[(evt.EVT_CONN_OPEN, self._connected)],
        )
        if not assoc.is_established:
            self.abort()
            raise self._refusal(assoc, needed)
        for one in assoc.accepted_contexts:
            uid, number = str(one.abstract_syntax), one.context_id or 0
            roles = bool(one.as_scu), bool(one.as_scp)
            self._contexts[class_of(uid)] = Context(number, uid, str(one.transfer_syntax[0]), *roles)
        self.negotiated = Negotiated(
            contexts={name: one.transfer_syntax for name, one in self._contexts.items()},
            roles={name: (one.as_scu, one.as_scp) for name, one in self._contexts.items()},
            refused={class_of(str(one.abstract_syntax)): "refused" for one in assoc.rejected_contexts},
            max_pdu=assoc.acceptor.maximum_length or 0,
            implementation_uid=str(assoc.acceptor.implementation_class_uid or ""),
            implementation_version=str(assoc.acceptor.implementation_version_name or ""),
        )

    def _connected(self, event: evt.Event) -> None:
        self._assoc = event.assoc
        guards.guard(event.assoc)
        connection = guards.raw_socket(event.assoc)
        if connection is not None:
            no_delay(connection)

    def _refusal(self, assoc: Association, needed: tuple[UpsClass, ...] | None) -> NoAnswer:
        if self._is_given_up():
            return Interrupted()
        answer = assoc.acceptor.primitive
        if assoc.is_rejected and answer is not None:
            return rejected(answer.result or 0, answer.result_source or 0, answer.diagnostic or 0)
        if answer is not None and assoc.rejected_contexts:
            return ContextRefused(needed, (), "it accepted none of the services that were proposed")
        if self._assoc is None:
            return Unreachable(f"no connection to {self._peer.host}:{self._peer.port}")
        return Aborted("the association was not established")

    @property
    def is_open(self) -> bool:
        return self._assoc is not None and self._assoc.is_established and self._end() is None

    def is_usable(self) -> bool:
        return self.is_open

    def context(self, ups_class: UpsClass | None) -> Context:
        return self._contexts[ups_class]

    def _write(self, message: Message) -> None:
        assert self._assoc is not None
        self._assoc._reactor_checkpoint.clear()
        command = message.command
        primitive: C_FIND | C_CANCEL
        if command.field == Service.C_FIND:
            primitive = C_FIND()
            primitive.MessageID = command.message_id
            primitive.AffectedSOPClassUID = command.affected_class
            primitive.Priority = command.priority or 0
            primitive.Identifier = BytesIO(message.data)
        elif command.field == Service.C_CANCEL:
            primitive = C_CANCEL()
            primitive.MessageIDBeingRespondedTo = command.responds_to
        else:
            raise ValueError("nothing but C-FIND is sent with pynetdicom")
        self._assoc.dimse.send_msg(primitive, message.context_id)

    def _take_in(self, within: float) -> None:
        assert self._assoc is not None
        end = self._end()  # what came before the end is in the queue by now
        try:
            wait = min(within, _SLICE) if end is None else 0.0
            context_id, primitive = self._assoc.dimse.msg_queue.get(timeout=wait)
        except queue.Empty:
            if self._is_given_up():
                raise self._ended(Interrupted()) from None
            if end is not None:
                raise self._ended(end) from None
            return
        if primitive is None:
            raise self._ended(self._end() or Aborted("the connection ended"))
        self._arrived.append(_message(context_id or 0, primitive))

    def _end(self) -> NoAnswer | None:
        """How the association ended; None: it stands."""
        assert self._assoc is not None
        news: object = self._assoc.dul.peek_next_pdu()
        if news is None:
            return None if self._assoc.dul.is_alive() else Aborted("the connection ended")
        if isinstance(news, A_RELEASE):
            return Aborted("it released the association without an answer")
        if isinstance(news, A_P_ABORT):
            if news.provider_reason == guards.INVALID_PDU:
                return UnexpectedResponse("what came is no valid DICOM message")
            return Aborted("the connection was closed")
        return Aborted("it sent A-ABORT")

    def done(self) -> None:
        super().done()
        assert self._assoc is not None
        self._assoc._reactor_checkpoint.set()

    def release(self) -> bool:
        assoc = self._assoc
        if assoc is None:
            return False
        if self.is_open:
            assoc.release()
        self.abort()
        return assoc.is_released

    def leave(self) -> None:
        self.abort()

    def abort(self) -> None:
        if self._assoc is not None:
            guards.abort(self._assoc)


def _message(context_id: int, primitive: DimseServiceType) -> Message:
    responds_to = primitive.MessageIDBeingRespondedTo
    service = Service[type(primitive).__name__]
    offending = getattr(primitive, "OffendingElement", None) or ()
    command = Command(
        service if responds_to is None else service | RESPONSE,
        message_id=primitive.MessageID,
        responds_to=responds_to,
        status=getattr(primitive, "Status", None),
        comment=str(getattr(primitive, "ErrorComment", None) or ""),
        offending=tuple(int(tag) for tag in ([offending] if isinstance(offending, int) else offending)),
    )
    data = getattr(primitive, "Identifier", None)
    return Message(context_id, command, data.getvalue() if data is not None else b"")
