"""Decides how an association is opened, used and ended, and gives every failure its type."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from upsdesk.dicom.contexts import CLASS_UIDS, VERIFICATION_UID
from upsdesk.dicom.find_stream import ResponseReader
from upsdesk.dicom.negotiation import Negotiated, negotiated, proposed_contexts
from upsdesk.dicom.upper_layer.associate import ContextResult
from upsdesk.dicom.upper_layer.association import Association, Bounds, Context
from upsdesk.dicom.upper_layer.messages import Command, Message, Service
from upsdesk.dicom.upper_layer.pdus import RELEASE_RESPONSE, USER_ABORT, InvalidPdu, PduType, provider_abort
from upsdesk.dicom.upper_layer.requestor import Patience, open_association
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
"""Seconds between two looks at whether a search shall end while nothing comes."""
_FAREWELL = 0.3
"""Seconds that the peer gets to close the connection after an A-ABORT."""
_SETTLE = 0.25
"""Seconds that the rest of a PDU gets which came while nothing was asked."""
_ENDS = frozenset({bytes((PduType.A_RELEASE_RQ,)), bytes((PduType.A_ABORT,)), b""})
"""How news begins after which an association no longer stands."""


class Link:
    """One association with a peer, used by one thread at a time; `abort` may come from any."""

    def __init__(
        self, peer: Peer, is_given_up: Callable[[], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._peer = peer
        self._is_given_up = is_given_up
        self._clock = clock
        self._message_id = 0
        self._association: Association | None = None
        self._reader = ResponseReader(())
        self._arrived: deque[Message] = deque()
        self._used_at = 0.0
        self._is_busy = False
        self._sent = Command(Service.C_ECHO)
        self._sent_on = 0
        self._checked: Command | None = None
        """The command set of the response that was checked last."""
        self.negotiated = Negotiated({}, {}, {}, 0)

    def open(self, *, needed: tuple[UpsClass, ...] | None) -> None:
        """Connect and associate.

        Raise NoAnswer; nothing has been sent then: Unreachable, Rejected, ContextRefused (naming `needed`)
        when the peer accepts no context at all, TimedOut, Aborted, UnexpectedResponse or Interrupted.
        """
        peer = self._peer
        proposed = proposed_contexts(peer)
        try:
            association = open_association(
                peer.host,
                peer.port,
                calling=peer.calling_aet,
                called=peer.called_aet,
                proposals=proposed,
                patience=Patience(peer.timeouts.connect, peer.timeouts.acse),
                bounds=Bounds(pdu=peer.max_pdu, step=peer.timeouts.network, farewell=_FAREWELL),
                is_given_up=self._is_given_up,
                on_open=self._opened,
            )
        except UnexpectedResponse as error:
            detail = f"the answer to the association request is no valid DICOM: {error.detail}"
            raise UnexpectedResponse(detail) from None
        except NoAnswer as error:
            error.sent = False  # no more than the request for the association
            raise
        accept = association.accept
        assert accept is not None
        if not any(one.result == ContextResult.ACCEPTANCE for one in accept.contexts):
            self.abort()
            raise ContextRefused(needed, (), "it accepted none of the services that were proposed")
        self.negotiated = negotiated(association, proposed)
        self._reader = ResponseReader(association.contexts)
        self._used_at = self._clock()

    def _opened(self, association: Association) -> None:
        self._association = association

    @property
    def is_open(self) -> bool:
        """Whether the association still stands, as far as this side can tell without sending. Any thread."""
        association = self._association
        if association is None or not association.is_open:
            return False
        if self._is_busy:
            return True
        return self._clock() - self._used_at < self._peer.timeouts.network and (
            self._reader.end is None and association.channel.first() not in _ENDS
        )

    def is_usable(self) -> bool:
        """As `is_open`, and takes in what has come since the last use: nobody has asked for it."""
        deadline = self._clock() + _SETTLE
        idle = self._clock() - self._used_at
        while self._reader.end is None and idle < self._peer.timeouts.network:
            try:
                within = max(0.0, deadline - self._clock()) if self._reader.is_midway else 0.0
                data = self._established.channel.read_some(within)
            except NoAnswer:
                return False
            if not data:
                return not self._reader.is_midway
            self._reader.feed(data)
        return False

    @property
    def _established(self) -> Association:
        if self._association is None:
            raise RuntimeError("the association has not been opened")
        return self._association

    def next_message_id(self) -> int:
        """Message IDs are unique among the outstanding ones; here there is one at a time (PS3.7 9.1)."""
        self._message_id = self._message_id % 0xFFFF + 1
        return self._message_id

    def context(self, ups_class: UpsClass | None) -> Context:
        """The accepted presentation context of a class; None: of Verification."""
        uid = VERIFICATION_UID if ups_class is None else CLASS_UIDS[ups_class]
        found = self._established.context_for(uid)
        if found is None:
            raise KeyError(f"no presentation context was accepted for {uid}")
        return found

    def send(self, request: Message) -> None:
        """Hand a request to the wire; whether it arrives, nobody knows. Raise NoAnswer with `sent=True`."""
        self._is_busy = True
        self._arrived.clear()  # what nobody asked for, or no longer
        self._sent, self._sent_on = request.command, request.context_id
        self._checked = None
        self._write(request)

    def cancel(self) -> None:
        """Send a C-CANCEL for the C-FIND that runs (PS3.7 9.3.2.3); raise NoAnswer."""
        command = Command(Service.C_CANCEL, responds_to=self._sent.message_id)
        self._write(Message(self._sent_on, command))

    def _write(self, message: Message) -> None:
        try:
            self._established.send(message)
        except NoAnswer as error:
            raise self._ended(error) from None

    def receive(self, timeout: float) -> Message:
        """The next response to the request that was sent.

        Raise NoAnswer with `sent=True`; the association has been aborted then.
        """
        self._wait(timeout, None)
        return self._checked_one(self._arrived.popleft())

    def receive_some(self, timeout: float, wakes: Callable[[], bool] | None = None) -> list[Message]:
        """As `receive`, all that have come; none as soon as `wakes` turns true.

        Those before one that is no response are given first.
        """
        self._wait(timeout, wakes)
        arrived, good, on = self._arrived, self._checked, self._sent_on
        found: list[Message] = []
        while arrived:
            response = arrived[0]
            if response.command is not good or response.context_id != on:
                if found and self._fault_of(response):
                    break
                good = self._checked_one(response).command
            found.append(arrived.popleft())
        return found

    def _wait(self, timeout: float, wakes: Callable[[], bool] | None) -> None:
        """Until something has arrived, or `wakes` says to wait no longer."""
        if self._arrived:
            return
        now = self._clock()
        deadline = now + timeout
        while not self._arrived:
            if self._reader.end is not None:
                raise self._ended(self._why_ended(self._reader.end))
            if wakes is not None and wakes():
                return
            left = deadline - now
            if self._reader.is_midway:
                left = min(left, self._used_at + self._peer.timeouts.network - now)
            if left <= 0:
                raise self._ended(TimedOut(f"no response within {timeout:g} s"))
            self._take_in(left if wakes is None else min(left, _SLICE))
            now = self._clock()

    def _take_in(self, within: float) -> None:
        try:
            data = self._established.channel.read_some(within)
        except NoAnswer as error:
            raise self._ended(error) from None
        if data:
            self._used_at = self._clock()
            self._arrived.extend(self._reader.feed(data))

    def _checked_one(self, response: Message) -> Message:
        if response.command is not self._checked or response.context_id != self._sent_on:
            fault = self._fault_of(response)
            if fault:
                raise self._ended(UnexpectedResponse(fault))
            self._checked = response.command
        return response

    def _fault_of(self, response: Message) -> str:
        """Why it is no response to what was sent; empty when it is one."""
        command, expected = response.command, self._sent.service
        assert expected is not None  # it was sent from here
        if command.service is None:
            return f"what came is no valid DICOM message: its Command Field is {command.field:04X}"
        if command.service is not expected:
            return f"{command.service.title} came instead of {expected.title}"
        if not command.is_response or command.responds_to is None:
            return "a request came instead of a response"
        if command.responds_to != self._sent.message_id:
            return "the response is to a message that was not sent"
        if command.status is None:
            return "the response has no status"
        if response.context_id != self._sent_on:
            return "the response came on another presentation context than the request"
        return ""

    def _why_ended(self, end: PduType | InvalidPdu) -> NoAnswer:
        if self._is_given_up():
            return Interrupted()
        association = self._established
        if isinstance(end, InvalidPdu):
            association.end(provider_abort(end.reason))
            return UnexpectedResponse(f"what came is no valid DICOM message: {end}")
        if end is PduType.A_RELEASE_RQ:
            association.end(RELEASE_RESPONSE)
            return Aborted("it released the association without an answer")
        association.close()
        return Aborted("it sent A-ABORT")

    def _ended(self, failure: NoAnswer) -> NoAnswer:
        failure.sent = True
        self.leave()
        return failure

    def done(self) -> None:
        """The exchange is over; what comes from now on is news about the association."""
        self._used_at = self._clock()
        self._is_busy = False

    def release(self) -> bool:
        """End the association politely; at worst it is aborted after the release timeout, or by `abort`.

        The result tells whether the peer agreed. Harmless when nothing was opened.
        """
        association = self._association
        if association is None:
            return False
        timeouts = self._peer.timeouts
        if self.is_usable():
            association.channel.give_back(self._reader.rest())
            return association.release(timeouts.acse if timeouts.release is None else timeouts.release)
        self.leave()
        return False

    def leave(self) -> None:
        """Agree to the release that the peer asked for, else abort, and let it close first for a moment.

        By the thread that uses it.
        """
        if self._association is not None:
            is_released = self._reader.end is PduType.A_RELEASE_RQ
            self._association.end(RELEASE_RESPONSE if is_released else USER_ABORT)

    def abort(self) -> None:
        """End the association whatever the peer does; never waits, safe from any thread."""
        if self._association is not None:
            self._association.abort()
