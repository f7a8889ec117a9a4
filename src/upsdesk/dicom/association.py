"""Decides how an association is opened, used and ended, and gives every failure its type."""

from __future__ import annotations

import queue
import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_CANCEL, DimseServiceType
from pynetdicom.pdu_primitives import A_ABORT, A_ASSOCIATE, A_P_ABORT, A_RELEASE
from pynetdicom.transport import T_CONNECT, AddressInformation, AssociationSocket

from upsdesk.dicom import guards, transport
from upsdesk.dicom.contexts import CLASS_UIDS, VERIFICATION_UID
from upsdesk.dicom.negotiation import Negotiated, negotiated, proposed_contexts, rejected
from upsdesk.domain.errors import (
    Aborted,
    ContextRefused,
    Interrupted,
    NoAnswer,
    TimedOut,
    UnexpectedResponse,
)
from upsdesk.domain.peer import Peer, UpsClass

_SLICE = 0.05
"""Seconds between two looks at whether the user gave up."""
_SETTLE = 0.25
"""Seconds that pynetdicom gets to notice that an idle association has ended."""


class Link:
    """One association with a peer, used by one thread at a time; `abort` may come from any."""

    def __init__(self, peer: Peer, is_given_up: Callable[[], bool]) -> None:
        self._peer = peer
        self._is_given_up = is_given_up
        self._rejection: tuple[int, int, int] | None = None
        self._acse: object = None
        self._command = Dataset()
        self._message_id = 0
        self._sent_on = 0
        self.negotiated = Negotiated({}, {}, {}, 0)
        self._assoc: Association | None = None

    def open(self, *, needed: tuple[UpsClass, ...] | None) -> None:
        """Connect and associate.

        Raise NoAnswer; nothing has been sent then: Unreachable, Rejected, ContextRefused (naming `needed`)
        when the peer accepts no context at all, TimedOut, Aborted, UnexpectedResponse or Interrupted.
        """
        guards.configure()
        timeouts = self._peer.timeouts
        connection = transport.connect(self._peer.host, self._peer.port, timeouts.connect, self._is_given_up)
        connection.settimeout(timeouts.network)
        try:
            self._assoc = assoc = self._new_association(connection)
        except OSError as error:  # a peer that resets at once leaves a socket without addresses
            connection.close()
            raise Aborted("it closed the connection at once") from error
        except BaseException:
            connection.close()
            raise
        began = time.monotonic()
        with suppress(Exception):  # an A-ASSOCIATE-AC may hold anything; then nothing is established
            assoc.request()
        if self._is_given_up():
            self.abort()
            raise Interrupted()
        if not assoc.is_established:
            has_waited = time.monotonic() - began >= timeouts.acse
            failure = self._refusal(assoc, needed, has_waited)
            self.abort()
            raise failure
        self._acse = None
        self.negotiated = negotiated(assoc)
        assoc.start()

    def _new_association(self, connection: socket.socket) -> Association:
        peer = self._peer
        entity = ApplicationEntity(peer.calling_aet)
        entity.acse_timeout = peer.timeouts.acse
        entity.dimse_timeout = peer.timeouts.dimse
        entity.network_timeout = peer.timeouts.network
        entity.connection_timeout = peer.timeouts.connect
        assoc = Association(entity, "requestor")
        assoc.name = f"association {peer.called_aet}"
        guards.guard(assoc)
        assoc.set_socket(ConnectedSocket(assoc, connection))
        assoc.acceptor.ae_title = peer.called_aet
        assoc.acceptor.address_info = _address(connection.getpeername())
        assoc.requestor.address_info = _address(connection.getsockname())
        assoc.requestor.ae_title = peer.calling_aet
        assoc.requestor.maximum_length = peer.max_pdu
        assoc.requestor.implementation_class_uid = entity.implementation_class_uid
        assoc.requestor.implementation_version_name = entity.implementation_version_name
        assoc.requestor.requested_contexts = proposed_contexts(peer)
        assoc.bind(evt.EVT_DATA_RECV, self._keep_rejection)
        assoc.bind(evt.EVT_ACSE_RECV, self._keep_acse)
        assoc.bind(evt.EVT_DIMSE_RECV, self._keep_command)
        return assoc

    def _keep_rejection(self, event: evt.Event) -> None:
        # From the bytes: pynetdicom gives up on a reason that Table 9-21 reserves.
        if event.data[:1] == b"\x03" and len(event.data) >= 10:
            self._rejection = (event.data[7], event.data[8], event.data[9])

    def _keep_acse(self, event: evt.Event) -> None:
        self._acse = event.primitive  # type: ignore[attr-defined]

    def _keep_command(self, event: evt.Event) -> None:
        self._command = event.message.command_set

    def _refusal(self, assoc: Association, needed: tuple[UpsClass, ...] | None, has_waited: bool) -> NoAnswer:
        if self._rejection is not None:
            return rejected(*self._rejection)
        answer = self._acse or (None if has_waited else _overlooked(assoc))
        if isinstance(answer, A_ASSOCIATE) and answer.presentation_context_definition_results_list:
            return ContextRefused(needed, (), "it accepted none of the services that were proposed")
        if answer is None:
            return TimedOut(f"no answer to the association request within {self._peer.timeouts.acse:g} s")
        if isinstance(answer, A_ABORT):
            return Aborted("it sent A-ABORT instead of accepting the association")
        if isinstance(answer, A_P_ABORT) and answer.provider_reason != guards.INVALID_PDU:
            return Aborted("the connection was closed before the association was established")
        return UnexpectedResponse("the answer to the association request is no valid DICOM")

    @property
    def is_open(self) -> bool:
        """Whether the association still stands, as far as this side can tell without sending."""
        assoc = self._assoc
        return (
            assoc is not None
            and assoc.is_established
            and not assoc._kill
            and assoc.dul.is_alive()
            and assoc.dul.peek_next_pdu() is None
            and assoc.dul.state_machine.current_state == "Sta6"
        )

    def is_usable(self) -> bool:
        """As `is_open`, and gives news that has just arrived on the socket time to be noticed."""
        deadline = time.monotonic() + _SETTLE
        while self.is_open:
            arrived = self._arrived()
            if arrived is None:
                return True
            if arrived == b"" or time.monotonic() > deadline:
                return False
            time.sleep(0.001)
        return False

    def _arrived(self) -> bytes | None:
        """The first byte that waits on the socket; empty when the peer has closed it; None: nothing waits."""
        connection = guards.raw_socket(self._association)
        if connection is None:
            return b""
        try:
            readable, _, _ = select.select([connection], [], [], 0)
            return connection.recv(1, socket.MSG_PEEK) if readable else None
        except (OSError, ValueError):
            return b""

    @property
    def _association(self) -> Association:
        if self._assoc is None:
            raise RuntimeError("the association has not been opened")
        return self._assoc

    def next_message_id(self) -> int:
        """Message IDs are unique among the outstanding ones; here there is one at a time (PS3.7 9.1)."""
        self._message_id = self._message_id % 0xFFFF + 1
        return self._message_id

    def send(self, request: DimseServiceType, ups_class: UpsClass | None) -> None:
        """Hand a request to the wire on the context of `ups_class`; whether it arrives, nobody knows."""
        assoc = self._association
        self._pause_reactor()
        while not assoc.dimse.msg_queue.empty():  # what nobody asked for, or no longer
            assoc.dimse.msg_queue.get_nowait()
        self._sent_on = self._context_id(ups_class)
        assoc.dimse.send_msg(request, self._sent_on)

    def _pause_reactor(self) -> None:
        """Else pynetdicom's reactor would take an A-RELEASE or A-ABORT off its queue before we know of it."""
        assoc = self._association
        assoc._reactor_checkpoint.clear()
        deadline = time.monotonic() + _SETTLE
        while not assoc._is_paused and assoc.is_alive() and time.monotonic() < deadline:
            time.sleep(0.0002)

    def cancel(self, message_id: int, ups_class: UpsClass) -> None:
        """Send a C-CANCEL for a running C-FIND (PS3.7 9.3.2.3)."""
        request = C_CANCEL()
        request.MessageIDBeingRespondedTo = message_id
        self._association.dimse.send_msg(request, self._context_id(ups_class))

    def _context_id(self, ups_class: UpsClass | None) -> int:
        uid = VERIFICATION_UID if ups_class is None else CLASS_UIDS[ups_class]
        for context in self._association.accepted_contexts:
            if context.abstract_syntax == uid and context.context_id is not None:
                return context.context_id
        raise KeyError(f"no presentation context was accepted for {uid}")

    def receive(
        self,
        expected: type[DimseServiceType],
        message_id: int,
        timeout: float,
        wakes: Callable[[], bool] = lambda: False,
    ) -> DimseServiceType | None:
        """The next response to `message_id`, or None as soon as `wakes` turns true.

        Raise NoAnswer with `sent=True`; the association has been aborted then.
        """
        deadline = time.monotonic() + timeout
        while True:
            try:
                left = deadline - time.monotonic()
                context_id, message = self._association.dimse.msg_queue.get(
                    timeout=max(0.0, min(_SLICE, left))
                )
            except queue.Empty:
                self._check_alive(deadline, timeout)
                if wakes():
                    return None
                continue
            if message is None:
                raise self._ended(self._why_ended())
            self._check_response(message, expected, message_id)
            if context_id != self._sent_on:
                detail = "the response came on another presentation context than the request"
                raise self._ended(UnexpectedResponse(detail))
            return message

    def _check_alive(self, deadline: float, timeout: float) -> None:
        if self._is_given_up():
            raise self._ended(Interrupted())
        assoc = self._association
        has_ended = assoc.dul.peek_next_pdu() is not None or not assoc.dul.is_alive()
        if not assoc.dimse.msg_queue.empty():
            return  # it has come since the last look, and before the end
        if has_ended:
            raise self._ended(self._why_ended())
        if time.monotonic() >= deadline:
            raise self._ended(TimedOut(f"no response within {timeout:g} s"))

    def _check_response(
        self, message: DimseServiceType, expected: type[DimseServiceType], message_id: int
    ) -> None:
        detail = ""
        if not isinstance(message, expected):
            detail = f"{_service_name(type(message))} came instead of {_service_name(expected)}"
        elif message.MessageIDBeingRespondedTo is None:
            detail = "a request came instead of a response"
        elif message.MessageIDBeingRespondedTo != message_id:
            detail = "the response is to a message that was not sent"
        elif message.Status is None:
            detail = "the response has no status"
        if detail:
            raise self._ended(UnexpectedResponse(detail))

    def _why_ended(self) -> NoAnswer:
        if self._is_given_up():
            return Interrupted()
        # What the reactor has already taken has gone through its event.
        ended: object = self._association.dul.peek_next_pdu() or self._acse
        if isinstance(ended, A_RELEASE):
            return Aborted("it released the association without an answer")
        if isinstance(ended, A_P_ABORT):
            if ended.provider_reason == guards.INVALID_PDU:
                return UnexpectedResponse("what came is no valid DICOM message")
            return Aborted("the connection was closed")
        if isinstance(ended, A_ABORT):
            return Aborted("it sent A-ABORT")
        return Aborted("the connection ended")

    def _ended(self, failure: NoAnswer) -> NoAnswer:
        failure.sent = True
        self.abort()
        return failure

    @property
    def command(self) -> Dataset:
        """The command set of the message that came last."""
        return self._command

    def done(self) -> None:
        """The exchange is over; pynetdicom's reactor watches the idle association again."""
        self._association._reactor_checkpoint.set()

    def release(self) -> bool:
        """End the association politely; at worst it is aborted after the release timeout, or by `abort`.

        The result tells whether the peer agreed. Harmless when nothing was opened.
        """
        assoc = self._assoc
        if assoc is None:
            return False
        timeouts = self._peer.timeouts
        if self.is_usable():
            with suppress(Exception):  # a peer may do anything meanwhile; what follows ends it in any case
                self._take_leave(timeouts.acse if timeouts.release is None else timeouts.release)
        if assoc.dul.is_alive() or assoc.is_alive():
            guards.abort_all([assoc])
        return assoc.is_released

    def _take_leave(self, timeout: float) -> None:
        """Ask for the release and wait for the answer.

        Not by pynetdicom's own: that waits in one piece, so that an abort which its reactor hears first would
        not end it.
        """
        assoc = self._association
        self._pause_reactor()
        assoc.acse.send_release()
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0 and not assoc._kill and assoc.dul.is_alive():
            answer: object = assoc.dul.receive_pdu(wait=True, timeout=min(_SLICE, left))
            if isinstance(answer, A_RELEASE) and answer.result is None:
                assoc.acse.send_release(is_response=True)  # both asked at once (PS3.8 7.2.2.7)
            elif answer is not None:
                assoc.is_released = isinstance(answer, A_RELEASE)
                return

    def abort(self) -> None:
        """End the association within half a second whatever the peer does; safe from any thread."""
        if self._assoc is not None:
            guards.abort_all([self._assoc])


class ConnectedSocket(AssociationSocket):
    """pynetdicom's socket around a connection that already stands, so that failures to connect are ours."""

    def __init__(self, assoc: Association, connection: socket.socket) -> None:
        super().__init__(assoc, client_socket=connection)
        # The base class takes a given socket for that of an acceptor and reports its connection.
        assoc.dul.event_queue.get_nowait()
        self._is_connected = False
        self._ready.clear()

    def connect(self, primitive: T_CONNECT) -> None:
        """Report the connection that stands as the one that was asked for."""
        self._is_connected = True
        primitive.result = "Evt2"
        self.provider_queue.put(primitive)
        self._ready.set()


def _overlooked(assoc: Association) -> object:
    """How an association ended that pynetdicom takes for one that never got a connection.

    It looks only once whether the socket is connected, and a quick peer has answered and closed by then.
    """
    ends = [one for one in assoc.dul.to_user_queue.queue if isinstance(one, A_ABORT | A_P_ABORT)]
    return ends[-1] if ends else None


def _address(name: tuple[str, int]) -> AddressInformation:
    return AddressInformation(name[0], name[1])


def _service_name(primitive: type[DimseServiceType]) -> str:
    return primitive.__name__.replace("_", "-")
