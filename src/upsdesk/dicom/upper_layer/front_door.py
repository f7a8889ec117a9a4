"""Decides which connections get in: those that ask for an association in time, as far as there is room."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from upsdesk.dicom.upper_layer.channel import pdu_type
from upsdesk.dicom.upper_layer.pdus import HEAD, USER_ABORT, AbortReason, InvalidPdu, PduType

_ROOM = 65536
_ACCEPTED_AT_ONCE = 64
_FAREWELL = 1.0
"""Seconds for a connection that was told to leave, so that it can read why."""
_PAUSE = 0.2
"""Seconds without accepting, when the system has no more file descriptors."""

Log = Callable[[str], None]
Admit = Callable[[socket.socket, bytes], None]
"""Takes over a connection and what it has sent: an A-ASSOCIATE-RQ, and perhaps more. Must not wait."""


@dataclass(slots=True)
class _Waiting:
    """A connection that has not asked for an association yet, or that has been told to leave."""

    connection: socket.socket
    deadline: float
    heard: float
    """When it last sent something."""
    received: bytearray = field(default_factory=bytearray)
    is_leaving: bool = False


class FrontDoor:
    """One thread that accepts connections and waits for their A-ASSOCIATE-RQ, however slow they are.

    A connection costs a thread of its own only from then on. When there is no room, the waiting connection
    that has been silent longest makes place for the new one; when none is waiting, the new one is closed.
    """

    def __init__(
        self,
        listening: socket.socket,
        admit: Admit,
        *,
        room: Callable[[], int],
        associate: float,
        name: str,
        log: Log,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`room`: how many connections there may be beside the admitted ones. `associate` in seconds."""
        self._listening = listening
        self._admit = admit
        self._room = room
        self._associate = associate
        self._log = log
        self._clock = clock
        self._waiting: dict[socket.socket, _Waiting] = {}
        self._paused_until: float | None = None
        self._is_stopping = False
        self._selector = selectors.DefaultSelector()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._listening.setblocking(False)
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._selector.register(self._wake_reader, selectors.EVENT_READ)
        self._thread.start()

    def stop(self) -> None:
        """Close the listening socket and all that wait; takes no time worth mentioning."""
        self._is_stopping = True
        with suppress(OSError):
            self._wake_writer.send(b"x")
        self._thread.join(1.0)
        self._wake_writer.close()

    @property
    def waiting(self) -> int:
        """How many connections have not asked for an association yet."""
        return len(self._waiting)

    def _run(self) -> None:
        try:
            while not self._is_stopping:
                for key, _ in self._selector.select(self._next_deadline()):
                    if key.fileobj is self._listening:
                        self._accept()
                    elif key.fileobj is not self._wake_reader:
                        self._hear(self._waiting.get(key.fileobj))  # type: ignore[call-overload]
                self._close_late_ones()
        finally:
            for one in list(self._waiting.values()):
                self._close(one)
            self._selector.close()
            self._wake_reader.close()
            self._listening.close()

    def _next_deadline(self) -> float | None:
        moments = [one.deadline for one in self._waiting.values()]
        if self._paused_until is not None:
            moments.append(self._paused_until)
        return max(0.0, min(moments) - self._clock()) if moments else None

    def _accept(self) -> None:
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                connection, _ = self._listening.accept()
            except (BlockingIOError, ConnectionError):
                return
            except OSError:
                self._out_of_descriptors()
                return
            if len(self._waiting) >= self._room() and not self._make_room():
                connection.close()
                continue
            self._welcome(connection)

    def _welcome(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        now = self._clock()
        self._waiting[connection] = _Waiting(connection, now + self._associate, now)
        self._selector.register(connection, selectors.EVENT_READ)

    def _make_room(self) -> bool:
        if not self._waiting:
            return False
        self._close(min(self._waiting.values(), key=lambda one: (not one.is_leaving, one.heard)))
        return True

    def _out_of_descriptors(self) -> None:
        if not self._make_room():
            self._selector.unregister(self._listening)
            self._paused_until = self._clock() + _PAUSE

    def _close_late_ones(self) -> None:
        now = self._clock()
        for one in [one for one in self._waiting.values() if one.deadline <= now]:
            self._close(one)  # AA-2 of the state table: the ARTIM timer has expired
        if self._paused_until is not None and self._paused_until <= now:
            self._paused_until = None
            self._selector.register(self._listening, selectors.EVENT_READ)

    def _hear(self, one: _Waiting | None) -> None:
        if one is None:  # closed for another one in the same round
            return
        try:
            self._read(one)
        except Exception as error:
            # Whatever goes wrong with one connection, the door stays open.
            self._log(f"a connection was closed by {type(error).__name__} in the server")
            if one.connection in self._waiting:
                self._close(one)

    def _read(self, one: _Waiting) -> None:
        try:
            data = one.connection.recv(_ROOM)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close(one)
            return
        if one.is_leaving:
            return
        one.heard = self._clock()
        one.received += data
        if one.received[0] == PduType.A_ABORT:
            self._close(one)  # AA-2
            return
        try:
            is_complete = _is_request(one.received)
        except InvalidPdu:
            self._turn_away(one)
            return
        if is_complete:
            self._forget(one)
            self._admit(one.connection, bytes(one.received))

    def _turn_away(self, one: _Waiting) -> None:
        """AA-1 of the state table: A-ABORT of the service user, then wait for the peer to close."""
        one.is_leaving = True
        one.received.clear()
        one.deadline = self._clock() + _FAREWELL
        with suppress(OSError):
            one.connection.send(USER_ABORT)
            one.connection.shutdown(socket.SHUT_WR)

    def _close(self, one: _Waiting) -> None:
        self._forget(one)
        with suppress(OSError):
            one.connection.shutdown(socket.SHUT_RDWR)
        one.connection.close()

    def _forget(self, one: _Waiting) -> None:
        del self._waiting[one.connection]
        self._selector.unregister(one.connection)


def _is_request(received: bytearray) -> bool:
    """Whether a whole A-ASSOCIATE-RQ is there; raise InvalidPdu when something else is."""
    if len(received) < HEAD.size:
        if received[0] != PduType.A_ASSOCIATE_RQ:
            raise _no_request()
        return False
    number, length = HEAD.unpack_from(received)
    if pdu_type(number, length, 0) is not PduType.A_ASSOCIATE_RQ:
        raise _no_request()
    return len(received) >= HEAD.size + int(length)


def _no_request() -> InvalidPdu:
    return InvalidPdu(AbortReason.UNEXPECTED_PDU, "no A-ASSOCIATE-RQ")
