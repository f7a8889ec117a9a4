"""Decides how long PDUs may take and how long they may be on one TCP connection."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from upsdesk.dicom.upper_layer.pdus import HEAD, AbortReason, InvalidPdu, PduType
from upsdesk.domain.errors import Aborted, Interrupted, TimedOut

MAX_ASSOCIATE = 256 * 1024
"""Bytes of an A-ASSOCIATE PDU: 128 contexts with every transfer syntax there is, and a user identity."""
_ROOM = 65536
_MUCH = 256 * 1024
_LONGEST_PDU = 0xFFFFFFFF
_SHORT = 4
"""Length of the content of A-ASSOCIATE-RJ, A-RELEASE and A-ABORT PDUs."""
_PEER_CLOSES_FIRST = 0.2
"""Seconds after a last PDU until this side closes its direction."""
_DROPPED_AT_MOST = 1024 * 1024
_QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)
"""Of Linux. A peer that writes command and data set one by one and leaves Nagle's algorithm on (as pynetdicom
and dcmjs-dimse do) keeps the data set back until the command is acknowledged: 40 ms for every request."""


class Channel:
    """PDUs on a connected socket. One thread reads and writes; `shut` and `say_last` may be called by any."""

    def __init__(
        self,
        connection: socket.socket,
        max_pdu: int,
        *,
        received: bytes = b"",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`max_pdu`: largest content of a P-DATA-TF, as announced; 0: as long as a PDU can be.

        `received`: what has been read already.
        """
        self._connection = connection
        self._max_pdu = max_pdu or _LONGEST_PDU
        self._clock = clock
        self._buffer = bytearray(received)
        self._began: float | None = None
        """When the first byte of a PDU was seen that is not complete."""
        self._sending = threading.Lock()
        self._lock = threading.Lock()
        self._users = 0
        self._is_shut = False
        self.over = threading.Event()
        """Set when the connection has been shut by this side."""

    def read_pdu(self, begin_within: float, finish_within: float) -> tuple[PduType, bytes]:
        """Type and content of the next PDU: it has to begin and, once begun, to be complete in time.

        Raise InvalidPdu, TimedOut, Aborted when the peer has closed, Interrupted when this side has.
        """
        begin_by = self._clock() + begin_within
        while (found := self.next_pdu()) is None:
            if self._began is None:
                deadline = begin_by
            else:
                deadline = self._began + finish_within
            self._wait_for_bytes(deadline)
        return found

    def next_pdu(self) -> tuple[PduType, bytes] | None:
        """The next PDU, if it is here already; raise InvalidPdu."""
        buffer = self._buffer
        if not buffer:
            self._began = None
            return None
        if len(buffer) >= HEAD.size:
            number, length = HEAD.unpack_from(buffer)
            kind = pdu_type(number, length, self._max_pdu)
            end = HEAD.size + length
            if len(buffer) >= end:
                content = bytes(memoryview(buffer)[HEAD.size : end])
                del buffer[:end]
                self._began = None
                return kind, content
        elif buffer[0] not in _KNOWN:
            raise InvalidPdu(AbortReason.UNRECOGNIZED_PDU, "no PDU of DICOM")
        if self._began is None:
            self._began = self._clock()
        return None

    def read_some(self, within: float) -> bytes:
        """What comes next, whole PDUs or not, for who takes PDUs apart himself; empty: nothing in time.

        Raise Aborted when the peer has closed, Interrupted when this side has.
        """
        if self._buffer:
            data = bytes(self._buffer)
            self._buffer.clear()
            return data
        return self._received(within, _MUCH) or b""

    def give_back(self, data: bytes) -> None:
        """Of what `read_some` returned, the PDU that is not complete yet."""
        self._buffer[:0] = data

    def first(self) -> bytes | None:
        """The first byte that waits, which stays where it is; empty at the end; None: nothing. Any thread."""
        if self._buffer:
            return bytes(self._buffer[:1])
        try:
            self._enter()
        except Interrupted:
            return b""
        try:
            readable, _, _ = select.select([self._connection], [], [], 0)
            return self._connection.recv(1, socket.MSG_PEEK) if readable else None
        except (OSError, ValueError):
            return b""
        finally:
            self._leave()

    def look(self) -> None:
        """Take in what has arrived, without waiting; raise Aborted or Interrupted."""
        self._receive(0.0)

    def stays(self, seconds: float) -> bool:
        """Let time pass; False as soon as either side has closed. What comes meanwhile is kept."""
        deadline = self._clock() + seconds
        try:
            while len(self._buffer) < self._max_pdu:
                self._wait_for_bytes(deadline)
        except TimedOut:
            return True
        except (Aborted, Interrupted):
            self.shut()
            return False
        return not self.over.wait(max(0.0, deadline - self._clock()))

    def send(self, data: bytes, within: float) -> None:
        """Send it all; raise TimedOut, Aborted or Interrupted."""
        with self._sending:
            self._enter()
            try:
                self._connection.settimeout(within)
                self._connection.sendall(data)
            except TimeoutError:
                raise TimedOut(f"the peer takes nothing in for {within:g} s", sent=True) from None
            except OSError as error:
                raise self._ended(error) from None
            finally:
                self._leave()

    def drain(self, within: float) -> None:
        """After a last PDU: wait for the peer to close the connection (Sta13), then shut.

        Closing at once could reach the peer as a reset that takes the last PDU away from it. Of an end that
        comes together with an A-ASSOCIATE-RJ pynetdicom sees only the end, on a busy machine once in 125.
        """
        deadline = self._clock() + within
        with suppress(Aborted, Interrupted):
            for by in (min(self._clock() + _PEER_CLOSES_FIRST, deadline), deadline):
                self._drop_until(by)
                self._half_close()
        self.shut()

    def _drop_until(self, deadline: float) -> None:
        dropped = 0
        with suppress(TimedOut):
            while dropped < _DROPPED_AT_MOST:
                self._buffer.clear()
                self._wait_for_bytes(deadline)
                dropped += len(self._buffer)

    def say_last(self, data: bytes) -> None:
        """Send a last PDU if nothing is in its way, and shut. Any thread; never waits, never raises."""
        if self._sending.acquire(blocking=False):  # within another PDU it would be taken for a part of it
            try:
                self._enter()
                try:
                    with self._connection.dup() as other:  # for a time-out of its own: none
                        other.setblocking(False)
                        other.send(data)
                finally:
                    self._leave()
            except (OSError, Interrupted):
                pass
            finally:
                self._sending.release()
        self.shut()

    def shut(self) -> None:
        """Close the connection, and wake who waits on it. Any thread; never raises."""
        with self._lock:
            if self._is_shut:
                return
            self._is_shut = True
            with suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)
            if not self._users:
                self._connection.close()
        self.over.set()

    @property
    def is_shut(self) -> bool:
        return self._is_shut

    def _wait_for_bytes(self, deadline: float) -> None:
        remaining = deadline - self._clock()
        if remaining <= 0:
            words = "the rest of a PDU did not come" if self._began is not None else "nothing came"
            raise TimedOut(words)
        self._receive(remaining)

    def _receive(self, within: float) -> None:
        self._buffer += self._received(within, _ROOM) or b""

    def _received(self, within: float, room: int) -> bytes | None:
        """At most `room` bytes; None: nothing came in time."""
        self._enter()
        try:
            if _QUICK_ACK is not None:  # does not last: what has come so far is acknowledged now
                self._connection.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)
            self._connection.settimeout(within)
            data = self._connection.recv(room)
        except (TimeoutError, BlockingIOError):
            return None
        except OSError as error:
            raise self._ended(error) from None
        finally:
            self._leave()
        if not data:
            if self._is_shut:
                raise Interrupted()
            raise Aborted("the connection was closed")
        return data

    def _half_close(self) -> None:
        self._enter()
        try:
            with suppress(OSError):
                self._connection.shutdown(socket.SHUT_WR)
        finally:
            self._leave()

    def _ended(self, error: OSError) -> Aborted | Interrupted:
        if self._is_shut:
            return Interrupted()
        return Aborted(f"the connection broke: {error.strerror or type(error).__name__}", sent=True)

    def _enter(self) -> None:
        """Keep the socket's number from being closed, and then reused, while a call is made on it."""
        with self._lock:
            if self._is_shut:
                raise Interrupted()
            self._users += 1

    def _leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._is_shut and not self._users:
                self._connection.close()


_KNOWN = frozenset(PduType)


def pdu_type(number: int, length: int, max_pdu: int) -> PduType:
    """The type of a PDU with this head; raise InvalidPdu for an unknown one or one of a wrong length."""
    if number not in _KNOWN:
        raise InvalidPdu(AbortReason.UNRECOGNIZED_PDU, f"no PDU of DICOM: type {number}")
    kind = PduType(number)
    if kind is PduType.P_DATA_TF:
        is_right = length <= max_pdu
    elif kind in (PduType.A_ASSOCIATE_RQ, PduType.A_ASSOCIATE_AC):
        is_right = length <= MAX_ASSOCIATE
    else:
        is_right = length == _SHORT
    if not is_right:
        raise InvalidPdu(AbortReason.INVALID_VALUE, f"a PDU of type {number} with {length} bytes")
    return kind
