"""Decides how associations are served: a thread for each, from its request to its end."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from upsdesk.dicom.contexts import VERIFICATION_UID, class_of, transfer_syntax_name
from upsdesk.dicom.transport import no_delay
from upsdesk.dicom.upper_layer.acceptor import Acceptance, Agreement, answer
from upsdesk.dicom.upper_layer.associate import AssociateReject, AssociateRequest, read_request
from upsdesk.dicom.upper_layer.association import Association, Bounds
from upsdesk.dicom.upper_layer.channel import Channel
from upsdesk.dicom.upper_layer.front_door import FrontDoor
from upsdesk.dicom.upper_layer.messages import Budget, Message
from upsdesk.dicom.upper_layer.pdus import USER_ABORT, InvalidPdu
from upsdesk.domain.errors import Aborted, Interrupted, NoAnswer, TimedOut
from upsdesk.domain.keys import AeTitle

_LAST_WAIT = 1.0
"""Seconds that all threads together get to end when the server stops."""
Log = Callable[[str], None]
Serve = Callable[[Association, Message], None]
"""Answers one message; raises NoAnswer when the association has ended meanwhile."""


@dataclass(frozen=True, slots=True)
class Ears:
    """Who is told of associations. Titles in what is said are printable, whatever the peer sent."""

    log: Log = lambda _line: None
    """What is out of the ordinary."""
    detail: Log = lambda _line: None
    """Each association: what was agreed on, and how it ended."""
    requested: Callable[[AssociateRequest], None] = lambda _request: None


class Arrival:
    """A request for an association that has not been answered."""

    def __init__(self, request: AssociateRequest, channel: Channel) -> None:
        self.request = request
        self._channel = channel

    @property
    def is_open(self) -> bool:
        return not self._channel.is_shut

    def wait(self, seconds: float) -> bool:
        """Let time pass; False as soon as either side has closed the connection."""
        return self._channel.stays(seconds)

    def abort(self) -> None:
        """A-ABORT and the end of the connection."""
        self._channel.say_last(USER_ABORT)

    def close(self) -> None:
        """Close the connection without a word."""
        self._channel.shut()


Greet = Callable[[Arrival], AssociateReject | None]
"""Asked before a request for an association is answered: may wait, end the connection, or reject."""


class AssociationServer:
    """Accepts associations at a listening socket and calls `serve` for each message, on their threads."""

    def __init__(
        self,
        listening: socket.socket,
        acceptance: Acceptance,
        serve: Serve,
        *,
        connections: int,
        associate: float,
        bounds: Bounds = Bounds(),  # noqa: B008  frozen
        memory: int = 128 * 1024 * 1024,
        ears: Ears = Ears(),
        greet: Greet = lambda _arrival: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`connections`: at most so many, waiting ones included; `associate`: seconds for A-ASSOCIATE-RQ;
        `memory`: bytes that the long messages of all associations together may take up.
        """
        self._acceptance = acceptance
        self._serve = serve
        self._bounds = bounds
        self._budget = Budget(memory)
        self._ears = ears
        self._greet = greet
        self._clock = clock
        self._lock = threading.Lock()
        self._channels: dict[threading.Thread, Channel] = {}
        self._is_stopping = False
        self.port: int = listening.getsockname()[1]
        self._door = FrontDoor(
            listening,
            self._admit,
            room=lambda: connections - len(self._channels),
            associate=associate,
            name=f"door of {acceptance.title}",
            log=ears.log,
            clock=clock,
        )

    def start(self) -> None:
        self._door.start()

    @property
    def connections(self) -> int:
        """How many there are, those included that have not asked for an association yet."""
        return self._door.waiting + len(self._channels)

    def close_door(self) -> None:
        """Listen no longer; the associations that stand go on."""
        self._door.stop()

    def stop(self) -> None:
        """Abort all associations and wait for their threads, a second at most."""
        self.close_door()
        with self._lock:
            self._is_stopping = True
            running = dict(self._channels)
        for channel in running.values():
            channel.say_last(USER_ABORT)
        deadline = self._clock() + _LAST_WAIT
        for thread in running:
            thread.join(max(0.0, deadline - self._clock()))

    def _admit(self, connection: socket.socket, received: bytes) -> None:
        no_delay(connection)
        channel = Channel(connection, self._bounds.pdu, received=received, clock=self._clock)
        thread = threading.Thread(target=self._run, args=(channel,), name="association", daemon=True)
        with self._lock:
            if self._is_stopping:
                channel.shut()
                return
            self._channels[thread] = channel
        try:
            thread.start()
        except RuntimeError:  # the system has no more threads
            self._forget(thread)
            channel.shut()

    def _forget(self, thread: threading.Thread) -> None:
        with self._lock:
            self._channels.pop(thread, None)

    def _run(self, channel: Channel) -> None:
        try:
            association = self._accepted(channel)
            if association is not None:
                threading.current_thread().name = f"association of {printable(association.calling)}"
                try:
                    self._follow(association)
                finally:
                    association.forget()
        except Exception as error:
            # The thread is ours to the end: nobody else would hear of it.
            self._ears.log(f"an association ended by {type(error).__name__} in the server")
        finally:
            channel.say_last(USER_ABORT)  # unless it has been closed in order
            self._forget(threading.current_thread())

    def _accepted(self, channel: Channel) -> Association | None:
        """The association that the peer asks for; None when it does not get one."""
        farewell = self._bounds.farewell
        try:
            _, content = channel.read_pdu(farewell, farewell)  # it is here already
            request = read_request(content)
        except InvalidPdu as error:
            self._ears.log(f"a request for an association that cannot be read: {error}")
            _say(channel, USER_ABORT, farewell)  # AA-1 of the state table
            return None
        self._ears.requested(request)
        arrival = Arrival(request, channel)
        outcome = self._greet(arrival) or answer(request, self._acceptance)
        if not arrival.is_open:
            return None
        calling = AeTitle(request.calling)
        if isinstance(outcome, AssociateReject):
            self._ears.log(f"{printable(calling)} rejected (it called {printable(request.called)})")
            _say(channel, outcome.to_bytes(), farewell)
            return None
        channel.send(outcome.accept.to_bytes(), self._bounds.step)
        self._ears.detail(f"{printable(calling)} {_words(request, outcome)}")
        association = Association(
            channel,
            calling=calling,
            called=AeTitle(request.called),
            contexts=outcome.contexts,
            max_pdu=request.user.max_pdu,
            bounds=self._bounds,
            is_requestor=False,
            budget=self._budget,
            clock=self._clock,
        )
        association.request = request
        return association

    def _follow(self, association: Association) -> None:
        who = printable(association.calling)
        try:
            while (message := association.receive()) is not None:
                self._serve(association, message)
            self._ears.detail(f"{who} released its association")
        except TimedOut as error:
            self._ears.log(f"{who} aborted: {error.detail}")
            association.end(USER_ABORT)
        except (Aborted, Interrupted) as error:
            self._ears.detail(f"{who}: {error.detail or 'its association was ended here'}")
        except NoAnswer as error:
            self._ears.log(f"{who} aborted: {error.detail}")


def printable(text: str) -> str:
    """What a peer sent, such as its AE title, as a line of a log may hold it."""
    return "".join(one if one.isprintable() else "?" for one in text)


def _say(channel: Channel, last: bytes, within: float) -> None:
    with suppress(NoAnswer):
        channel.send(last, within)
        channel.drain(within)


def _words(request: AssociateRequest, agreement: Agreement) -> str:
    """What an association agreed on, for people."""
    user = request.user
    peer = printable(user.version or user.class_uid)
    length = f"PDUs up to {user.max_pdu} bytes" if user.max_pdu else "PDUs of any length"
    accepted: dict[str, list[str]] = {}
    for one in agreement.contexts.values():
        accepted.setdefault(one.transfer_syntax, []).append(f"{one.id} {_name(one.abstract_syntax)}")
    told = [f"{', '.join(names)} ({transfer_syntax_name(uid)})" for uid, names in accepted.items()]
    refused = [_name(one.abstract_syntax) for one in request.contexts if one.id not in agreement.contexts]
    if refused:
        told.append(f"refused {', '.join(refused)}")
    return f"has an association: {'; '.join(told)}; {peer}, {length}"


def _name(abstract_syntax: str) -> str:
    if abstract_syntax == VERIFICATION_UID:
        return "Verification"
    used = class_of(abstract_syntax)
    return f"UPS {used.value}" if used is not None else printable(abstract_syntax)
