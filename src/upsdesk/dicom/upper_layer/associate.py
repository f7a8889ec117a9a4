"""Decides how A-ASSOCIATE PDUs are read and written (PS3.8 9.3.2 to 9.3.4, PS3.7 D.3.3)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from upsdesk.dicom.upper_layer.pdus import SMALLEST_PDU, AbortReason, InvalidPdu, PduType, pdu

APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
PROTOCOL_VERSION = 1
"""Bit 0, the only version there is."""
IMPLEMENTATION_UID = "2.25.117083283379230391530229113293273286203"
IMPLEMENTATION_VERSION = "UPSDESK_0"

_FIXED = struct.Struct(">H2x16s16s32x")
_ITEM = struct.Struct(">BxH")
_UID_LENGTH = struct.Struct(">H")

_APPLICATION, _CONTEXT_RQ, _CONTEXT_AC, _USER = 0x10, 0x20, 0x21, 0x50
_ABSTRACT, _TRANSFER = 0x30, 0x40
_MAX_LENGTH, _CLASS_UID, _ASYNC, _ROLE, _VERSION, _EXTENDED = 0x51, 0x52, 0x53, 0x54, 0x55, 0x56
_IDENTITY_RQ, _IDENTITY_AC = 0x58, 0x59


class ContextResult(IntEnum):
    """PS3.8 Table 9-18."""

    ACCEPTANCE = 0
    USER_REJECTION = 1
    NO_REASON = 2
    ABSTRACT_SYNTAX_NOT_SUPPORTED = 3
    TRANSFER_SYNTAXES_NOT_SUPPORTED = 4


@dataclass(frozen=True, slots=True)
class ProposedContext:
    id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnsweredContext:
    id: int
    result: int
    transfer_syntax: str
    """Not significant unless it was accepted; empty: none was given, which makes it unusable."""


@dataclass(frozen=True, slots=True)
class Roles:
    """What the requestor of the association may be on a SOP Class (PS3.7 D.3.3.4)."""

    scu: bool
    scp: bool


@dataclass(frozen=True, slots=True)
class UserInformation:
    """The user information item. Sub-items that are not known here are ignored (PS3.8 D.3)."""

    max_pdu: int = 0
    """Largest content of a P-DATA-TF that its sender accepts, in bytes; 0: unlimited."""
    class_uid: str = ""
    version: str = ""
    roles: Mapping[str, Roles] = field(default_factory=dict)
    extended: Mapping[str, bytes] = field(default_factory=dict)
    """SOP Class Extended Negotiation: service-class-application-information by SOP Class UID."""
    operations_window: tuple[int, int] | None = None
    """Operations (invoked, performed) that may be under way at once; None: no item, which means 1, 1."""
    wants_identity_response: bool = False
    """A-ASSOCIATE-RQ: a user identity asks for a positive response."""
    identity_response: bytes | None = None
    """A-ASSOCIATE-AC: the server response to a user identity; None: no item."""


@dataclass(frozen=True, slots=True)
class AssociateRequest:
    called: str
    calling: str
    contexts: tuple[ProposedContext, ...]
    user: UserInformation
    application_context: str = APPLICATION_CONTEXT
    protocol_version: int = PROTOCOL_VERSION
    called_field: bytes = b""
    calling_field: bytes = b""
    """Both titles as they came, which the answer repeats."""

    def to_bytes(self) -> bytes:
        contexts = (
            _item(
                _CONTEXT_RQ,
                bytes((one.id, 0, 0, 0))
                + _item(_ABSTRACT, one.abstract_syntax.encode("latin-1"))
                + b"".join(_item(_TRANSFER, uid.encode("latin-1")) for uid in one.transfer_syntaxes),
            )
            for one in self.contexts
        )
        head = _FIXED.pack(self.protocol_version, _title(self.called), _title(self.calling))
        return _associate(PduType.A_ASSOCIATE_RQ, head, self.application_context, contexts, self.user)


@dataclass(frozen=True, slots=True)
class AssociateAccept:
    contexts: tuple[AnsweredContext, ...]
    user: UserInformation
    called_field: bytes = b""
    calling_field: bytes = b""

    def to_bytes(self) -> bytes:
        contexts = (
            _item(
                _CONTEXT_AC,
                bytes((one.id, 0, one.result, 0)) + _item(_TRANSFER, one.transfer_syntax.encode("latin-1")),
            )
            for one in self.contexts
        )
        head = _FIXED.pack(PROTOCOL_VERSION, self.called_field, self.calling_field)
        return _associate(PduType.A_ASSOCIATE_AC, head, APPLICATION_CONTEXT, contexts, self.user)


@dataclass(frozen=True, slots=True)
class AssociateReject:
    """PS3.8 Table 9-21."""

    result: int
    source: int
    reason: int

    def to_bytes(self) -> bytes:
        return pdu(PduType.A_ASSOCIATE_RJ, bytes((0, self.result, self.source, self.reason)))


def read_request(content: bytes) -> AssociateRequest:
    """The content of an A-ASSOCIATE-RQ; raise InvalidPdu."""
    version, called, calling, application, items, user = _read(content)
    contexts = tuple(_proposed(body) for kind, body in items if kind == _CONTEXT_RQ)
    ids = [one.id for one in contexts]
    if not ids or len(set(ids)) != len(ids) or any(number % 2 == 0 for number in ids):
        raise _invalid("no presentation contexts, or their IDs are not odd and unique")
    return AssociateRequest(
        _text(called), _text(calling), contexts, user, application, version, called, calling
    )


def read_accept(content: bytes) -> AssociateAccept:
    """The content of an A-ASSOCIATE-AC; raise InvalidPdu."""
    _, called, calling, _, items, user = _read(content)
    contexts = tuple(_answered(body) for kind, body in items if kind == _CONTEXT_AC)
    return AssociateAccept(contexts, user, called, calling)


def read_reject(content: bytes) -> AssociateReject:
    """The content of an A-ASSOCIATE-RJ; raise InvalidPdu."""
    if len(content) != 4:
        raise _invalid("an A-ASSOCIATE-RJ of a wrong length")
    return AssociateReject(content[1], content[2], content[3])


def _read(content: bytes) -> tuple[int, bytes, bytes, str, list[tuple[int, bytes]], UserInformation]:
    if len(content) < _FIXED.size:
        raise _invalid("an A-ASSOCIATE PDU is too short")
    version, called, calling = _FIXED.unpack_from(content)
    items = list(_items(content[_FIXED.size :]))
    application = next((_text(body) for kind, body in items if kind == _APPLICATION), "")
    user = next((_read_user(body) for kind, body in items if kind == _USER), UserInformation())
    return version, called, calling, application, items, user


def _proposed(body: bytes) -> ProposedContext:
    if len(body) < 4:
        raise _invalid("a presentation context item is too short")
    inner = list(_items(body[4:]))
    abstract = [_text(value) for kind, value in inner if kind == _ABSTRACT]
    transfer = tuple(_text(value) for kind, value in inner if kind == _TRANSFER)
    if len(abstract) != 1 or not transfer:
        raise _invalid("a presentation context without abstract or transfer syntax")
    return ProposedContext(body[0], abstract[0], transfer)


def _answered(body: bytes) -> AnsweredContext:
    if len(body) < 4:
        raise _invalid("a presentation context item is too short")
    transfer = [_text(value) for kind, value in _items(body[4:]) if kind == _TRANSFER]
    return AnsweredContext(body[0], body[2], transfer[0] if transfer else "")


def _read_user(body: bytes) -> UserInformation:
    max_pdu, class_uid, version = 0, "", ""
    roles: dict[str, Roles] = {}
    extended: dict[str, bytes] = {}
    window: tuple[int, int] | None = None
    wants_response, response = False, None
    for kind, value in _items(body):
        if kind == _MAX_LENGTH:
            max_pdu = _number(value)
            if 0 < max_pdu < SMALLEST_PDU:
                raise _invalid(f"no fragment fits in PDUs of {max_pdu} bytes")
        elif kind == _CLASS_UID:
            class_uid = _text(value)
        elif kind == _VERSION:
            version = _text(value)
        elif kind == _ASYNC:
            both = _number(value)
            window = (both >> 16, both & 0xFFFF)
        elif kind == _ROLE:
            uid, rest = _uid_first(value)
            if len(rest) != 2:
                raise _invalid("a role selection of a wrong length")
            roles[uid] = Roles(rest[0] == 1, rest[1] == 1)
        elif kind == _EXTENDED:
            uid, rest = _uid_first(value)
            extended[uid] = rest
        elif kind == _IDENTITY_RQ:
            wants_response = len(value) > 1 and value[1] == 1
        elif kind == _IDENTITY_AC:
            response = value[2:]
    return UserInformation(max_pdu, class_uid, version, roles, extended, window, wants_response, response)


def _user_bytes(user: UserInformation) -> bytes:
    parts = [_item(_MAX_LENGTH, user.max_pdu.to_bytes(4, "big"))]
    parts.append(_item(_CLASS_UID, user.class_uid.encode("latin-1")))
    if user.operations_window is not None:
        parts.append(_item(_ASYNC, struct.pack(">HH", *user.operations_window)))
    for uid, one in user.roles.items():
        parts.append(_item(_ROLE, _with_length(uid) + bytes((one.scu, one.scp))))
    if user.version:
        parts.append(_item(_VERSION, user.version.encode("latin-1")))
    for uid, information in user.extended.items():
        parts.append(_item(_EXTENDED, _with_length(uid) + information))
    if user.identity_response is not None:
        length = _UID_LENGTH.pack(len(user.identity_response))
        parts.append(_item(_IDENTITY_AC, length + user.identity_response))
    return b"".join(parts)


def _associate(
    kind: PduType, head: bytes, application: str, contexts: Iterable[bytes], user: UserInformation
) -> bytes:
    parts = (_item(_APPLICATION, application.encode("latin-1")), *contexts, _item(_USER, _user_bytes(user)))
    return pdu(kind, head + b"".join(parts))


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    at, end = 0, len(data)
    while at < end:
        if end - at < _ITEM.size:
            raise _invalid("an item is cut off")
        kind, length = _ITEM.unpack_from(data, at)
        at += _ITEM.size
        if at + length > end:
            raise _invalid("an item is longer than what holds it")
        yield kind, data[at : at + length]
        at += length


def _uid_first(value: bytes) -> tuple[str, bytes]:
    """A UID with its length, and what follows it."""
    if len(value) < _UID_LENGTH.size:
        raise _invalid("a sub-item is too short")
    (length,) = _UID_LENGTH.unpack_from(value)
    after = _UID_LENGTH.size + length
    if after > len(value):
        raise _invalid("a UID is longer than its sub-item")
    return _text(value[_UID_LENGTH.size : after]), value[after:]


def _with_length(uid: str) -> bytes:
    return _UID_LENGTH.pack(len(uid)) + uid.encode("latin-1")


def _number(value: bytes) -> int:
    if len(value) != 4:
        raise _invalid("a sub-item of a wrong length")
    return int.from_bytes(value, "big")


def _item(kind: int, content: bytes) -> bytes:
    return _ITEM.pack(kind, len(content)) + content


def _title(title: str) -> bytes:
    return title.encode("latin-1", "replace").ljust(16)[:16]


def _text(value: bytes) -> str:
    """Latin-1 reads everything; what is no ASCII matches nothing known."""
    return value.decode("latin-1").strip(" \0")


def _invalid(words: str) -> InvalidPdu:
    return InvalidPdu(AbortReason.INVALID_VALUE, words)
