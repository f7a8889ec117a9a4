"""Decides how PDUs look on the wire and what makes one invalid (PS3.8 9.3)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

HEAD = struct.Struct(">BxI")
"""PDU type, a reserved byte, length of what follows."""
PDV_HEAD = struct.Struct(">IBB")
"""Length of what follows, presentation context ID, message control header."""
PDV_OVERHEAD = PDV_HEAD.size
SMALLEST_PDU = PDV_OVERHEAD + 2
"""Content of a P-DATA-TF with one fragment; those have an even length (PS3.8 E.2)."""
IS_COMMAND, IS_LAST = 0x01, 0x02
"""Bits of the message control header (PS3.8 E.2)."""


class PduType(IntEnum):
    A_ASSOCIATE_RQ = 1
    A_ASSOCIATE_AC = 2
    A_ASSOCIATE_RJ = 3
    P_DATA_TF = 4
    A_RELEASE_RQ = 5
    A_RELEASE_RP = 6
    A_ABORT = 7


class AbortReason(IntEnum):
    """Why the service provider aborts (PS3.8 Table 9-26)."""

    NOT_SPECIFIED = 0
    UNRECOGNIZED_PDU = 1
    UNEXPECTED_PDU = 2
    UNRECOGNIZED_PARAMETER = 4
    UNEXPECTED_PARAMETER = 5
    INVALID_VALUE = 6


class InvalidPdu(Exception):
    """What came is no valid PDU here; `reason` goes into the A-ABORT that answers it."""

    def __init__(self, reason: AbortReason, words: str) -> None:
        super().__init__(words)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Pdv:
    """One presentation data value: a fragment of a command or data set."""

    context_id: int
    is_command: bool
    is_last: bool
    data: bytes


def pdu(kind: PduType, content: bytes) -> bytes:
    return HEAD.pack(kind, len(content)) + content


RELEASE_REQUEST = pdu(PduType.A_RELEASE_RQ, bytes(4))
RELEASE_RESPONSE = pdu(PduType.A_RELEASE_RP, bytes(4))
USER_ABORT = pdu(PduType.A_ABORT, bytes(4))


def provider_abort(reason: AbortReason) -> bytes:
    """A-ABORT of the service provider (PS3.8 9.3.8, source 2)."""
    return pdu(PduType.A_ABORT, bytes((0, 0, 2, reason)))


def pdvs(content: bytes) -> Iterator[Pdv]:
    """The fragments in the content of a P-DATA-TF, in order; raise InvalidPdu."""
    at, end = 0, len(content)
    if not end:
        raise InvalidPdu(AbortReason.INVALID_VALUE, "a P-DATA-TF without a presentation data value")
    while at < end:
        if end - at < PDV_OVERHEAD:
            raise InvalidPdu(AbortReason.INVALID_VALUE, "a presentation data value is cut off")
        length, context_id, control = PDV_HEAD.unpack_from(content, at)
        after = at + 4 + length
        if length < 2 or after > end:
            raise InvalidPdu(AbortReason.INVALID_VALUE, "a presentation data value has a wrong length")
        yield Pdv(
            context_id,
            bool(control & IS_COMMAND),
            bool(control & IS_LAST),
            content[at + PDV_OVERHEAD : after],
        )
        at = after
