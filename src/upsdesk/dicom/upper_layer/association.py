"""Decides what a side of an established association may do when, and how it ends (PS3.8 9.2)."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from upsdesk.dicom.upper_layer.associate import AssociateAccept, AssociateRequest
from upsdesk.dicom.upper_layer.channel import Channel
from upsdesk.dicom.upper_layer.messages import (
    RESPONSE,
    Assembler,
    Budget,
    Message,
    MessageTooLong,
    Service,
    pdus_of,
)
from upsdesk.dicom.upper_layer.pdus import (
    RELEASE_REQUEST,
    RELEASE_RESPONSE,
    USER_ABORT,
    AbortReason,
    InvalidPdu,
    PduType,
    pdvs,
    provider_abort,
)
from upsdesk.domain.errors import Aborted, NoAnswer, TimedOut, UnexpectedResponse
from upsdesk.domain.keys import AeTitle

_LOOK_EVERY = 0.005
"""Seconds between two looks at the socket during an operation."""
_AHEAD = 8
"""Messages that are taken in before their turn; the operations window is 1, so an honest peer sends none."""
_SOURCES = {0: "it sent A-ABORT", 2: "its association service sent A-ABORT"}


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one association may take up. Sizes in bytes, times in seconds."""

    pdu: int = 128 * 1024
    """Largest content of a P-DATA-TF, announced to the peer."""
    message: int = 16 * 1024 * 1024
    """Largest command or data set."""
    idle: float = 300.0
    """Without any message for so long, the association is aborted; a message may take as long as a whole."""
    step: float = 30.0
    """For the rest of a PDU that has begun, the next one of a message, and the peer to take a message in."""
    farewell: float = 1.0
    """After the last PDU, for the peer to close the connection (the ARTIM timer)."""


@dataclass(frozen=True, slots=True)
class Context:
    """An accepted presentation context, with our own roles on it."""

    id: int
    abstract_syntax: str
    transfer_syntax: str
    as_scu: bool
    as_scp: bool
    extended: bytes = b""
    """SOP Class Extended Negotiation: the application information that was agreed on."""


class Association:
    """An established association, of either side. One thread uses it; `abort` and `close` are for any."""

    def __init__(
        self,
        channel: Channel,
        *,
        calling: AeTitle,
        called: AeTitle,
        contexts: Mapping[int, Context],
        max_pdu: int,
        bounds: Bounds,
        is_requestor: bool,
        budget: Budget | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`max_pdu` is the peer's; 0: unlimited. `budget` is shared with other associations; None: own."""
        self.calling = calling
        self.called = called
        self.contexts = contexts
        self.max_pdu = max_pdu
        self.roles_answered: frozenset[str] = frozenset()
        """At a requestor: the abstract syntaxes whose role selection the peer has answered."""
        self.accept: AssociateAccept | None = None
        """At a requestor: what the request was answered with."""
        self.request: AssociateRequest | None = None
        """At an acceptor: what was asked for."""
        self._channel = channel
        self._bounds = bounds
        self._is_requestor = is_requestor
        self._clock = clock
        self._assembler = Assembler(bounds.message, budget or Budget(2 * bounds.message))
        self._waiting: deque[Message] = deque()
        self._is_release_asked = False
        self._look_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether this side has not ended it; that the peer has shows when it is used."""
        return not self._channel.is_shut

    @property
    def channel(self) -> Channel:
        """For who reads PDUs himself; then `receive` and what builds on it is not for him."""
        return self._channel

    def context_for(self, abstract_syntax: str) -> Context | None:
        """The first accepted context with this abstract syntax."""
        return next((one for one in self.contexts.values() if one.abstract_syntax == abstract_syntax), None)

    def send(self, message: Message) -> None:
        """Send one message. Raise TimedOut, Aborted or Interrupted."""
        self.send_bytes(self.encoded(message))

    def encoded(self, message: Message) -> bytes:
        """The PDUs of a message as `send` writes them."""
        return pdus_of(message, self.max_pdu)

    def send_bytes(self, data: bytes) -> None:
        """Write these bytes, PDUs or not. Raise TimedOut, Aborted or Interrupted."""
        try:
            self._channel.send(data, self._bounds.step)
        except NoAnswer:
            self._channel.shut()  # within a PDU nothing else can be said
            raise

    def receive(self, timeout: float | None = None) -> Message | None:
        """The next message; None when the peer has released the association, which is answered.

        Raise TimedOut (nothing in `timeout` seconds, default Bounds.idle; or not all of it), Aborted,
        Interrupted, or UnexpectedResponse for what breaks the protocol. It is over then; only after TimedOut
        the caller has to abort.
        """
        idle = self._bounds.idle if timeout is None else timeout
        midway_by: float | None = None
        if not self._waiting:
            self._assembler.settle()
        while True:
            while self._waiting:
                message = self._waiting.popleft()
                if message.command.field != Service.C_CANCEL:  # there is nothing under way to cancel
                    return message
            if self._is_release_asked:
                self._answer_release()
                return None
            if not self._assembler.is_midway:
                midway_by, within = None, idle
            else:
                now = self._clock()
                midway_by = now + self._bounds.idle if midway_by is None else midway_by
                within = min(self._bounds.step, midway_by - now)
            self._take(*self._read(within))

    def exchange(self, message: Message, timeout: float | None = None) -> Message:
        """Send a request and return its response, which has `timeout` seconds (default Bounds.idle).

        Raise as `receive`; then the association is over.
        """
        deadline = self._clock() + (self._bounds.idle if timeout is None else timeout)
        self.send(message)
        try:
            response = self.receive(max(0.0, deadline - self._clock()))
        except TimedOut as error:
            self.abort()
            raise TimedOut("no answer in time", sent=True) from error
        except NoAnswer as error:
            error.sent = True
            raise
        if response is None:
            raise Aborted("the peer released the association instead of an answer", sent=True)
        command = response.command
        if (
            command.field != message.command.field | RESPONSE
            or command.responds_to != message.command.message_id
        ):
            self.abort()
            raise UnexpectedResponse("what came is no answer to what was asked", sent=True)
        return response

    def is_cancelled(self, message_id: int | None) -> bool:
        """Whether the peer has sent C-CANCEL for this operation, or wants to release the association.

        Looks at the socket at most once in 5 ms, without waiting: it may be called for each item of a search.
        Raise Aborted, Interrupted or UnexpectedResponse when the association has ended.
        """
        now = self._clock()
        if now < self._look_at:
            return False
        self._look_at = now + _LOOK_EVERY
        self._look()
        return self._is_release_asked or any(
            one.command.field == Service.C_CANCEL and one.command.responds_to == message_id
            for one in self._waiting
        )

    def wait(self, seconds: float) -> bool:
        """Let time pass; False as soon as either side has closed the connection."""
        return self._channel.stays(seconds)

    def release(self, within: float | None = None) -> bool:
        """End the association in order (PS3.8 7.2), in `within` seconds (default Bounds.farewell).

        Never raises; whether the peer agreed.
        """
        if not self.is_open:
            return False
        patience = self._bounds.farewell if within is None else within
        deadline = self._clock() + patience
        try:
            self._channel.send(RELEASE_REQUEST, patience)
            self._await_release(deadline)
        except (NoAnswer, InvalidPdu):
            self.abort()
            return False
        self._channel.shut()
        return True

    def abort(self) -> None:
        """A-ABORT, unless something else is just being sent, and the end of the connection. Any thread."""
        self._channel.say_last(USER_ABORT)

    def close(self) -> None:
        """Close the connection without a word. Any thread."""
        self._channel.shut()

    def forget(self) -> None:
        """Close, and let go of what has been taken in. By the thread that uses it."""
        self._channel.shut()
        self._waiting.clear()
        self._assembler.drop()

    def end(self, last: bytes = USER_ABORT) -> None:
        """Send a last PDU, give the peer a moment to take it, close. By the thread that uses it."""
        self._waiting.clear()
        self._assembler.drop()
        try:
            self._channel.send(last, self._bounds.farewell)
            self._channel.drain(self._bounds.farewell)
        except NoAnswer:
            self._channel.shut()

    def _read(self, within: float) -> tuple[PduType, bytes]:
        try:
            return self._channel.read_pdu(within, self._bounds.step)
        except InvalidPdu as error:
            raise self._violated(error) from None
        except TimedOut:
            raise
        except NoAnswer:
            self._channel.shut()
            raise

    def _look(self) -> None:
        """Take in what has come, without waiting, as long as it is not too much."""
        if len(self._waiting) >= _AHEAD or self._is_release_asked:
            return
        try:
            self._channel.look()
            while (found := self._channel.next_pdu()) is not None:
                self._take(*found)
        except InvalidPdu as error:
            raise self._violated(error) from None
        except NoAnswer:
            self._channel.shut()
            raise

    def _take(self, kind: PduType, content: bytes) -> None:
        """One PDU in Sta6."""
        if kind is PduType.P_DATA_TF:
            self._take_data(content)
        elif kind is PduType.A_RELEASE_RQ:
            self._is_release_asked = True
        elif kind is PduType.A_ABORT:
            self._channel.shut()
            raise _aborted(content)
        else:
            raise self._violated(InvalidPdu(AbortReason.UNEXPECTED_PDU, f"{kind.name} within an association"))

    def _take_data(self, content: bytes) -> None:
        try:
            for pdv in pdvs(content):
                if pdv.context_id not in self.contexts:
                    raise InvalidPdu(
                        AbortReason.INVALID_VALUE,
                        f"presentation context {pdv.context_id}, which was not accepted",
                    )
                message = self._assembler.add(pdv)
                if message is not None:
                    self._waiting.append(message)
        except InvalidPdu as error:
            raise self._violated(error) from None
        except MessageTooLong as error:
            self.end(USER_ABORT)
            raise UnexpectedResponse(str(error)) from None

    def _violated(self, error: InvalidPdu) -> UnexpectedResponse:
        """AA-8 of the state table: A-ABORT of the service provider."""
        self.end(provider_abort(error.reason))
        return UnexpectedResponse(str(error))

    def _answer_release(self) -> None:
        self.end(RELEASE_RESPONSE)

    def _await_release(self, deadline: float) -> None:
        """Sta7 and, when both sides ask at once, Sta9 to Sta12."""
        is_asked = self._is_release_asked
        if is_asked and self._is_requestor:
            self._channel.send(RELEASE_RESPONSE, self._bounds.farewell)
        while True:
            remaining = max(0.0, deadline - self._clock())
            kind, _ = self._channel.read_pdu(remaining, remaining)
            if kind is PduType.A_RELEASE_RP:
                if is_asked and not self._is_requestor:
                    self._channel.send(RELEASE_RESPONSE, self._bounds.farewell)
                return
            if kind is PduType.A_RELEASE_RQ and not is_asked:
                is_asked = True
                if self._is_requestor:
                    self._channel.send(RELEASE_RESPONSE, self._bounds.farewell)
            elif kind is PduType.A_ABORT:
                raise Aborted()
            elif kind is not PduType.P_DATA_TF:
                raise InvalidPdu(AbortReason.UNEXPECTED_PDU, kind.name)


def _aborted(content: bytes) -> Aborted:
    return Aborted(_SOURCES.get(content[2], "it sent A-ABORT"))
