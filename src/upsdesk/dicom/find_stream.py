"""Decides how the bytes that a peer answers with become responses, thousands at a time (PS3.8 Annex E)."""

from __future__ import annotations

import struct
from collections.abc import Collection
from dataclasses import dataclass, field

from upsdesk.dicom.upper_layer.channel import pdu_type
from upsdesk.dicom.upper_layer.messages import Command, Message, decode_command
from upsdesk.dicom.upper_layer.pdus import (
    HEAD,
    IS_COMMAND,
    IS_LAST,
    PDV_OVERHEAD,
    AbortReason,
    InvalidPdu,
    PduType,
    pdvs,
)

LONGEST = 64 * 1024 * 1024
"""Bytes of a PDU or a message. PDUs that are longer than announced are taken: some peers count otherwise."""
_BOTH_HEADS = struct.Struct(">BxIIBB")
"""Head of a PDU and of its first fragment."""
_REMEMBERED = 16
"""Command sets; all pending responses of a search have the same."""


@dataclass(frozen=True, slots=True)
class _Usual:
    """A command set that announces data, alone in its PDU: what the next response begins with as well."""

    pdu: bytes = b""
    context_id: int = 0
    command: Command = field(default_factory=lambda: Command(0))


class ResponseReader:
    """Takes the bytes of an association as they come and gives the messages in them.

    `end` tells what ended the stream of messages: a PDU that is no P-DATA-TF, or a violation of the protocol.
    What came before it, in the same segment too, has been given.
    """

    def __init__(self, contexts: Collection[int]) -> None:
        """`contexts`: the IDs of the accepted presentation contexts."""
        self.end: PduType | InvalidPdu | None = None
        self._contexts = contexts
        self._rest = bytearray()
        self._needed = HEAD.size
        self._context_id: int | None = None
        self._command: Command | None = None
        self._fragments = bytearray()
        self._known: dict[bytes, tuple[Command, bool]] = {}
        self._usual = _Usual()

    @property
    def is_midway(self) -> bool:
        """Whether a PDU or a message has begun that is not complete."""
        return bool(self._rest) or self._context_id is not None

    def rest(self) -> bytes:
        """The beginning of a PDU that is not complete; it is no longer kept here."""
        data = bytes(self._rest)
        self._rest.clear()
        return data

    def feed(self, data: bytes) -> list[Message]:
        """The messages that these bytes complete, up to `end`."""
        if self._rest:
            self._rest += data
            if len(self._rest) < self._needed:
                return []
            data = self.rest()
        found: list[Message] = []
        try:
            at = self._read(data, found)
        except InvalidPdu as error:
            self.end = error
        else:
            self._rest += data[at:]
        return found

    def _read(self, data: bytes, found: list[Message]) -> int:
        """Read whole PDUs; return where the first one begins that is not complete."""
        at, size = 0, len(data)
        heads, fragment = _BOTH_HEADS.unpack_from, self._fragment
        head, data_pdu = HEAD.size + PDV_OVERHEAD, int(PduType.P_DATA_TF)
        while self.end is None:
            at = self._read_usual(data, at, found)
            if size - at >= head:
                kind, length, inner, context_id, control = heads(data, at)
                end = at + HEAD.size + length
                if kind == data_pdu and inner + 4 == length and inner >= 2 and end <= size:
                    is_first = self._context_id is None
                    fragment(context_id, control, data[at + head : end], found)
                    if is_first and self._command is not None:
                        self._usual = _Usual(data[at:end], context_id, self._command)
                    at = end
                    continue
            after = self._pdu(data, at, found)
            if after is None:
                return at
            at = after
        return at

    def _read_usual(self, data: bytes, at: int, found: list[Message]) -> int:
        """Read responses that are two PDUs, the first the same as of the one before, as nearly all are."""
        usual = self._usual
        begins, before = data.startswith, usual.pdu
        if self._context_id is not None or not before:
            return at
        heads, make, message = _BOTH_HEADS.unpack_from, tuple.__new__, Message
        size, longer, data_pdu = len(data), len(before), int(PduType.P_DATA_TF)
        context_id, command, add = usual.context_id, usual.command, found.append
        overhead = HEAD.size + PDV_OVERHEAD
        while begins(before, at):
            start = at + longer
            if size - start < overhead:
                break
            kind, length, inner, on, control = heads(data, start)
            end = start + HEAD.size + length
            if kind != data_pdu or on != context_id or control != IS_LAST or inner + 4 != length:
                break
            if end > size or inner < 2:
                break
            add(make(message, (context_id, command, data[start + overhead : end])))
            at = end
        return at

    def _pdu(self, data: bytes, at: int, found: list[Message]) -> int | None:
        """Read a PDU of any kind; return where it ends, or None when it is not complete."""
        left = len(data) - at
        self._needed = HEAD.size
        if left < HEAD.size:
            if left:
                pdu_type(data[at], 4, LONGEST)
            return None
        number, length = HEAD.unpack_from(data, at)
        kind = pdu_type(number, length, LONGEST)
        self._needed = HEAD.size + length
        if left < self._needed:
            return None
        end = at + self._needed
        if kind is PduType.P_DATA_TF:
            for pdv in pdvs(data[at + HEAD.size : end]):
                control = IS_COMMAND * pdv.is_command | IS_LAST * pdv.is_last
                self._fragment(pdv.context_id, control, pdv.data, found)
        elif kind in (PduType.A_RELEASE_RQ, PduType.A_ABORT):
            self.end = kind
        else:
            raise InvalidPdu(AbortReason.UNEXPECTED_PDU, f"{kind.name} within an association")
        return end

    def _fragment(self, context_id: int, control: int, value: bytes, found: list[Message]) -> None:
        if context_id != self._context_id:
            self._begin(context_id)
        if bool(control & IS_COMMAND) is not (self._command is None):
            raise _unexpected("fragments of command and data set are mixed")
        if self._fragments or not control & IS_LAST:
            self._fragments += value
            if len(self._fragments) > LONGEST:
                raise _unexpected(f"a message of more than {LONGEST} bytes")
            if not control & IS_LAST:
                return
            value = bytes(self._fragments)
            self._fragments = bytearray()
        command = self._command
        if command is None:
            command, has_data = self._known.get(value) or self._decoded(value)
            if has_data:
                self._command = command
                return
            value = b""
        self._command = self._context_id = None
        found.append(Message(context_id, command, value))

    def _begin(self, context_id: int) -> None:
        if self._context_id is not None:
            raise _unexpected("the presentation context changes within a message")
        if context_id not in self._contexts:
            raise InvalidPdu(
                AbortReason.INVALID_VALUE, f"presentation context {context_id}, which was not accepted"
            )
        self._context_id = context_id

    def _decoded(self, value: bytes) -> tuple[Command, bool]:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        found = self._known[value] = decode_command(value)
        return found


def _unexpected(words: str) -> InvalidPdu:
    return InvalidPdu(AbortReason.UNEXPECTED_PARAMETER, words)
