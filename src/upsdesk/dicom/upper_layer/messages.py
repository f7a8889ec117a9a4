"""Decides how DIMSE messages are cut into fragments and put together again (PS3.7 6.3, PS3.8 Annex E)."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from upsdesk.dicom.upper_layer.pdus import (
    HEAD,
    IS_COMMAND,
    IS_LAST,
    PDV_HEAD,
    PDV_OVERHEAD,
    SMALLEST_PDU,
    AbortReason,
    InvalidPdu,
    PduType,
    Pdv,
)

RESPONSE = 0x8000
"""Set in the Command Field of a response."""
_NO_DATA_SET = 0x0101
_HAS_DATA_SET = 0x0001
_MAX_COMMAND = 256 * 1024
"""Bytes of a command set; only a list of tags makes one long."""
_LARGEST_FRAGMENT = 1024 * 1024
"""For peers that accept any length."""


class Service(IntEnum):
    """The Command Field of each request (PS3.7 E.1)."""

    C_STORE = 0x0001
    C_GET = 0x0010
    C_FIND = 0x0020
    C_MOVE = 0x0021
    C_ECHO = 0x0030
    N_EVENT_REPORT = 0x0100
    N_GET = 0x0110
    N_SET = 0x0120
    N_ACTION = 0x0130
    N_CREATE = 0x0140
    N_DELETE = 0x0150
    C_CANCEL = 0x0FFF

    @property
    def title(self) -> str:
        return self.name.replace("_", "-")


_SERVICE_OF = {int(service): service for service in Service}


@dataclass(frozen=True, slots=True)
class Command:
    """A command set (group 0000). None, "" and () mean that the element is absent."""

    field: int
    """Command Field; that of a response has RESPONSE set."""
    message_id: int | None = None
    responds_to: int | None = None
    affected_class: str = ""
    requested_class: str = ""
    affected_instance: str = ""
    requested_instance: str = ""
    status: int | None = None
    action_type: int | None = None
    event_type: int | None = None
    attributes: tuple[int, ...] = ()
    """Attribute Identifier List (0000,1005)."""
    offending: tuple[int, ...] = ()
    """Offending Element (0000,0901)."""
    comment: str = ""
    """Error Comment (0000,0902)."""
    error_id: int | None = None
    priority: int | None = None

    @property
    def service(self) -> Service | None:
        """What it is the request or the response of; None for a Command Field that nobody knows."""
        return _SERVICE_OF.get(self.field & ~RESPONSE)

    @property
    def is_response(self) -> bool:
        return bool(self.field & RESPONSE)

    @property
    def sop_class(self) -> str:
        return self.affected_class or self.requested_class

    @property
    def instance(self) -> str:
        return self.affected_instance or self.requested_instance


class Message(NamedTuple):
    """A command set and its data set."""

    context_id: int
    command: Command
    data: bytes = b""
    """In the transfer syntax of the context; empty: none. A data set without elements is never sent."""

    def __repr__(self) -> str:
        return f"Message({self.context_id}, {self.command})"  # patient data stays out of tracebacks


class MessageTooLong(Exception):
    """A message grew beyond what this side takes in."""


def pdus_of(message: Message, max_pdu: int) -> bytes:
    """The P-DATA-TF PDUs of a message, one fragment each, for a peer that accepts `max_pdu` bytes (0: any).

    Raise ValueError when that is too short for any fragment.
    """
    if 0 < max_pdu < SMALLEST_PDU:
        raise ValueError(f"no fragment fits in PDUs of {max_pdu} bytes")
    room = ((max_pdu or _LARGEST_FRAGMENT) - PDV_OVERHEAD) // 2 * 2
    parts: list[bytes] = []
    _add_fragments(parts, message.context_id, IS_COMMAND, encode_command(message), room)
    if message.data:
        _add_fragments(parts, message.context_id, 0, message.data, room)
    return b"".join(parts)


def _add_fragments(parts: list[bytes], context_id: int, kind: int, data: bytes, room: int) -> None:
    for at in range(0, len(data), room):
        fragment = data if len(data) <= room else data[at : at + room]
        control = kind | (IS_LAST if at + room >= len(data) else 0)
        parts.append(HEAD.pack(PduType.P_DATA_TF, PDV_OVERHEAD + len(fragment)))
        parts.append(PDV_HEAD.pack(2 + len(fragment), context_id, control))
        parts.append(fragment)


class Budget:
    """Bytes that all associations together may hold in messages of several fragments. For any thread."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._lock = threading.Lock()

    def take(self, count: int) -> bool:
        """Reserve `count` bytes; False when there are not so many."""
        with self._lock:
            if count > self._left:
                return False
            self._left -= count
            return True

    def give_back(self, count: int) -> None:
        with self._lock:
            self._left += count


class Assembler:
    """Puts the fragments of one association together. A message of more than `limit` bytes is refused."""

    def __init__(self, limit: int, budget: Budget) -> None:
        self._limit = limit
        self._budget = budget
        self._taken = 0
        """Bytes of the budget, until the messages that they were for have been dealt with."""
        self._context_id: int | None = None
        self._command: Command | None = None
        """Of a message whose data set is still to come."""
        self._bytes = bytearray()

    @property
    def is_midway(self) -> bool:
        """Whether a message has begun that is not complete."""
        return self._context_id is not None

    def add(self, pdv: Pdv) -> Message | None:
        """The message that this fragment completes. Raise InvalidPdu or MessageTooLong."""
        if self._context_id is None:
            if not pdv.is_command:
                raise _unexpected("a data set without a command")
            self._context_id = pdv.context_id
        elif pdv.context_id != self._context_id:
            raise _unexpected("the presentation context changes within a message")
        if pdv.is_command is not (self._command is None):
            raise _unexpected("fragments of command and data set are mixed")
        limit = self._limit if self._command is not None else min(self._limit, _MAX_COMMAND)
        if len(self._bytes) + len(pdv.data) > limit:
            raise MessageTooLong(f"a message of more than {limit} bytes")
        if not pdv.is_last:
            self._keep(pdv.data)
            return None
        whole = pdv.data
        if self._bytes:
            self._keep(pdv.data)
            whole = bytes(self._bytes)
            self._bytes = bytearray()
        return self._completed(pdv.context_id, whole)

    def settle(self) -> None:
        """All messages that have been completed are dealt with."""
        if self._taken and not self._bytes:
            self._budget.give_back(self._taken)
            self._taken = 0

    def drop(self) -> None:
        """No more fragments will come."""
        self._bytes = bytearray()
        self.settle()

    def _keep(self, fragment: bytes) -> None:
        if not self._budget.take(len(fragment)):
            raise MessageTooLong("too many long messages at a time")
        self._taken += len(fragment)
        self._bytes += fragment

    def _completed(self, context_id: int, whole: bytes) -> Message | None:
        if self._command is None:
            command, has_data = decode_command(whole)
            if has_data:
                self._command = command
                return None
            whole = b""
        else:
            command, self._command = self._command, None
        self._context_id = None
        return Message(context_id, command, whole)


def encode_command(message: Message) -> bytes:
    """A command set in Implicit VR Little Endian, with its group length (PS3.7 6.3.1)."""
    command = message.command
    data_set = _HAS_DATA_SET if message.data else _NO_DATA_SET
    parts: list[bytes] = []
    _add_elements(parts, command, _BEFORE)
    parts.append(_write_number(data_set, _DATA_SET_TYPE))
    _add_elements(parts, command, _AFTER)
    body = b"".join(parts)
    return _ELEMENT.pack(0, 0, 4) + struct.pack("<I", len(body)) + body


def _add_elements(parts: list[bytes], command: Command, rows: tuple[_Row, ...]) -> None:
    for element, name, write, _ in rows:
        value = getattr(command, name)
        if value or value == 0:  # else it is absent; 0 is a status
            parts.append(write(value, element))


def decode_command(data: bytes) -> tuple[Command, bool]:
    """A command set, and whether a data set follows. Elements of no use here are passed over.

    Raise InvalidPdu when it is none.
    """
    values: dict[str, object] = {}
    has_data = False
    for element, value in _elements(data):
        if element == _DATA_SET_TYPE:
            has_data = _read_number(value) not in (None, _NO_DATA_SET)
        elif element in _READERS:
            name, read = _READERS[element]
            values[name] = read(value)
    if values.get("field") is None:
        raise _unexpected("a command set without a Command Field")
    return Command(**values), has_data  # type: ignore[arg-type]


_ELEMENT = struct.Struct("<HHI")
_NUMBER = struct.Struct("<HHIH")
_DATA_SET_TYPE = 0x0800


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    at, end = 0, len(data)
    while at < end:
        if end - at < _ELEMENT.size:
            raise _unexpected("a command set is cut off")
        group, element, length = _ELEMENT.unpack_from(data, at)
        at += _ELEMENT.size
        if group or at + length > end:
            raise _unexpected("a command set that cannot be read")
        yield element, data[at : at + length]
        at += length


def _write_number(value: int, element: int) -> bytes:
    return _NUMBER.pack(0, element, 2, value)


def _write_uid(value: str, element: int) -> bytes:
    return _write_padded(value, element, b"\0")


def _write_text(value: str, element: int) -> bytes:
    return _write_padded(value, element, b" ")


def _write_padded(value: str, element: int, pad: bytes) -> bytes:
    data = value.encode("ascii", "replace")
    if len(data) % 2:
        data += pad
    return _ELEMENT.pack(0, element, len(data)) + data


def _write_tags(value: tuple[int, ...], element: int) -> bytes:
    return _ELEMENT.pack(0, element, 4 * len(value)) + b"".join(
        struct.pack("<HH", tag >> 16, tag & 0xFFFF) for tag in value
    )


def _read_number(value: bytes) -> int | None:
    if not value:
        return None
    if len(value) != 2:
        raise _unexpected("a number of a wrong length in a command set")
    return int.from_bytes(value, "little")


def _read_text(value: bytes) -> str:
    return value.decode("latin-1").strip(" \0")


def _read_tags(value: bytes) -> tuple[int, ...]:
    if len(value) % 4:
        raise _unexpected("a list of tags of a wrong length in a command set")
    return tuple(group << 16 | element for group, element in struct.iter_unpack("<HH", value))


_Row = tuple[int, str, Callable[..., bytes], Callable[[bytes], object]]
_BEFORE: tuple[_Row, ...] = (
    (0x0002, "affected_class", _write_uid, _read_text),
    (0x0003, "requested_class", _write_uid, _read_text),
    (0x0100, "field", _write_number, _read_number),
    (0x0110, "message_id", _write_number, _read_number),
    (0x0120, "responds_to", _write_number, _read_number),
    (0x0700, "priority", _write_number, _read_number),
)
"""The elements of a command set in the order of their numbers, up to Command Data Set Type (0000,0800)."""
_AFTER: tuple[_Row, ...] = (
    (0x0900, "status", _write_number, _read_number),
    (0x0901, "offending", _write_tags, _read_tags),
    (0x0902, "comment", _write_text, _read_text),
    (0x0903, "error_id", _write_number, _read_number),
    (0x1000, "affected_instance", _write_uid, _read_text),
    (0x1001, "requested_instance", _write_uid, _read_text),
    (0x1002, "event_type", _write_number, _read_number),
    (0x1005, "attributes", _write_tags, _read_tags),
    (0x1008, "action_type", _write_number, _read_number),
)
_READERS = {element: (name, read) for element, name, _, read in (*_BEFORE, *_AFTER)}


def _unexpected(words: str) -> InvalidPdu:
    return InvalidPdu(AbortReason.UNEXPECTED_PARAMETER, words)
