"""Receivers of UPS Event reports on raw sockets that do as they like, one behaviour per connection."""

import itertools
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.support.rude_peer import (
    APPLICATION_CONTEXT,
    RELEASE_RESPONSE,
    Connection,
    RudePeer,
    pdu,
    response,
)

EVENT = "1.2.840.10008.5.1.4.34.6.4"
N_EVENT_REPORT_RQ, N_EVENT_REPORT_RSP = 0x0100, 0x8100
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"


@dataclass(frozen=True)
class Heard:
    """One N-EVENT-REPORT-RQ as it came. `data`: the encoded data set."""

    context: int
    message_id: int
    field: int
    kind: int
    uid: str
    sop_class: str
    data: bytes


@dataclass(frozen=True)
class Asked:
    """What an A-ASSOCIATE-RQ asked for. `roles`: abstract syntax -> (SCU, SCP)."""

    called: str
    calling: str
    contexts: dict[str, list[str]]
    roles: dict[str, tuple[int, int]]


class Guest:
    """One connection of a sender of reports."""

    def __init__(self, connection: Connection, heard: list[Heard], asked: list[Asked]) -> None:
        self.connection = connection
        self._heard = heard
        self._asked = asked

    def read_request(self) -> Asked | None:
        """The A-ASSOCIATE-RQ; None when the sender is gone."""
        kind, content = self.connection.read_pdu()
        if kind != 1:
            return None
        contexts: dict[str, list[str]] = {}
        roles: dict[str, tuple[int, int]] = {}
        for item, body in _items(content[68:]):
            if item == 0x20:
                inner = list(_items(body[4:]))
                abstract = next(data for number, data in inner if number == 0x30)
                self.connection.contexts[body[0]] = (abstract, [d for number, d in inner if number == 0x40])
                contexts[abstract.decode()] = [d.decode() for number, d in inner if number == 0x40]
            if item == 0x50:
                for number, data in _items(body):
                    if number == 0x54:
                        (length,) = struct.unpack_from(">H", data)
                        roles[data[2 : 2 + length].decode()] = (data[2 + length], data[3 + length])
        asked = Asked(content[4:20].decode().strip(), content[20:36].decode().strip(), contexts, roles)
        self._asked.append(asked)
        return asked

    def accept(
        self,
        *,
        roles: tuple[int, int] | None = (0, 1),
        result: int = 0,
        syntax: str = EXPLICIT,
        max_pdu: int = 16384,
    ) -> bool:
        """Read the request and accept it; `roles` None: no reply about them. False when nobody is there."""
        if self.read_request() is None:
            return False
        answers = b"".join(
            _item(0x21, bytes([number, 0, result, 0]) + _item(0x40, syntax.encode()))
            for number in self.connection.contexts
        )
        user = _item(0x51, struct.pack(">I", max_pdu)) + _item(0x52, b"1.2.3")
        if roles is not None:
            uid = EVENT.encode()
            user += _item(0x54, struct.pack(">H", len(uid)) + uid + bytes(roles))
        fixed = struct.pack(">HH16s16s32s", 1, 0, b"RUDE", b"SCP", b"")
        self.connection.send(pdu(2, fixed + _item(0x10, APPLICATION_CONTEXT) + answers + _item(0x50, user)))
        return True

    def hear(self) -> Heard | None:
        """The next report; None when the sender has released the association, or is gone."""
        command = data = b""
        while True:
            kind, content = self.connection.read_pdu()
            if kind == 5:
                self.connection.send(RELEASE_RESPONSE)
            if kind != 4:
                return None
            at = 0
            while at < len(content):
                length, context, control = struct.unpack_from(">IBB", content, at)
                part = content[at + 6 : at + 4 + length]
                at += 4 + length
                if control & 1:
                    command += part
                else:
                    data += part
                if control == 2:
                    heard = _heard(context, command, data)
                    self._heard.append(heard)
                    return heard

    def answer(self, heard: Heard, status: int = 0) -> None:
        self.connection.send(self.answer_bytes(heard, status))

    def answer_bytes(self, heard: Heard, status: int = 0) -> bytes:
        return response(heard.context, N_EVENT_REPORT_RSP, heard.message_id, status)

    def behave(self) -> None:
        """Accept, and answer everything until the end."""
        if self.accept():
            self.answer_all()

    def answer_all(self) -> None:
        while (heard := self.hear()) is not None:
            self.answer(heard)


Behaviour = Callable[[Guest], None]


class RudeReceiver(RudePeer):
    """Plays the behaviours one after another, one per connection, and the last one for ever."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self.heard: list[Heard] = []
        """Every report, in order, answered or not."""
        self.asked: list[Asked] = []
        self._next = itertools.chain(behaviours, itertools.repeat(behaviours[-1]))
        super().__init__(self._guest)

    @property
    def uids(self) -> list[str]:
        """The instances that were told about, each repetition of one left out."""
        return [uid for uid, _ in itertools.groupby(one.uid for one in list(self.heard))]

    def _guest(self, connection: Connection) -> None:
        next(self._next)(Guest(connection, self.heard, self.asked))


def _heard(context: int, command: bytes, data: bytes) -> Heard:
    fields = dict(_elements(command))

    def number(element: int) -> int:
        return int(struct.unpack("<H", fields[element])[0])

    return Heard(
        context,
        number(0x0110),
        number(0x0100),
        number(0x1002),
        fields[0x1000].decode().rstrip("\0"),
        fields[0x0002].decode().rstrip("\0"),
        data,
    )


def _item(kind: int, content: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(content)) + content


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        kind, _, length = struct.unpack_from(">BBH", data, at)
        yield kind, data[at + 4 : at + 4 + length]
        at += 4 + length


def _elements(command: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 8 <= len(command):
        _, element, length = struct.unpack_from("<HHI", command, at)
        yield element, command[at + 8 : at + 8 + length]
        at += 8 + length
