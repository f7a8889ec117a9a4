"""A client on a raw socket: associates by hand-written bytes, then sends what a test wants (PS3.8 9.3)."""

import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from tests.support.rude_peer import APPLICATION_CONTEXT, Connection, pdu

IMPLICIT, EXPLICIT = b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.1"
BIG, DEFLATED = b"1.2.840.10008.1.2.2", b"1.2.840.10008.1.2.1.99"
VERIFICATION = b"1.2.840.10008.1.1"
PUSH, WATCH, PULL, EVENT, QUERY = (b"1.2.840.10008.5.1.4.34.6.%d" % number for number in range(1, 6))
C_ECHO, C_FIND, C_CANCEL, N_GET = 0x0030, 0x0020, 0x0FFF, 0x0110
RELEASE, RELEASE_ANSWER, ABORT, DATA = 5, 6, 7, 4
COMMAND, LAST = 1, 2
CONTEXTS = ((1, VERIFICATION, (IMPLICIT,)), (3, PULL, (IMPLICIT,)), (5, PUSH, (IMPLICIT,)))


def item(kind: int, content: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(content)) + content


def associate_request(
    called: bytes,
    contexts: Sequence[tuple[int, bytes, Sequence[bytes]]] = CONTEXTS,
    *,
    calling: bytes = b"RAW",
    version: int = 1,
    application: bytes = APPLICATION_CONTEXT,
    max_pdu: int = 16384,
    more: bytes = b"",
) -> bytes:
    """An A-ASSOCIATE-RQ; `more` are further sub-items of the user information."""
    proposed = b"".join(
        item(
            0x20,
            bytes((number, 0, 0, 0)) + item(0x30, abstract) + b"".join(item(0x40, one) for one in syntaxes),
        )
        for number, abstract, syntaxes in contexts
    )
    user = item(0x50, item(0x51, struct.pack(">I", max_pdu)) + item(0x52, b"1.2.3") + more)
    fixed = struct.pack(">HH16s16s32s", version, 0, called.ljust(16), calling.ljust(16), b"")
    return pdu(1, fixed + item(0x10, application) + proposed + user)


def items(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        kind, _, length = struct.unpack_from(">BBH", data, at)
        yield kind, data[at + 4 : at + 4 + length]
        at += 4 + length


def results(accept: bytes) -> dict[int, tuple[int, bytes]]:
    """Context ID -> result and transfer syntax, from the content of an A-ASSOCIATE-AC."""
    return {
        body[0]: (body[2], next(value for kind, value in items(body[4:]) if kind == 0x40))
        for kind, body in items(accept[68:])
        if kind == 0x21
    }


def user_items(accept: bytes) -> list[tuple[int, bytes]]:
    """The sub-items of the user information of an A-ASSOCIATE-AC."""
    return next(list(items(body)) for kind, body in items(accept[68:]) if kind == 0x50)


def element(tag: int, value: bytes) -> bytes:
    """Implicit VR Little Endian."""
    padded = value + b"\0" * (len(value) % 2)
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(padded)) + padded


def command(
    field: int, message_id: int, sop_class: bytes, *, has_data: bool = False, **extra: bytes
) -> bytes:
    """A command set with its group length; `extra` gives elements by number: e1001=..."""
    tags = {
        0x0002: sop_class,
        0x0100: struct.pack("<H", field),
        0x0110: struct.pack("<H", message_id),
        0x0700: b"\0\0",
        0x0800: b"\1\0" if has_data else b"\1\1",
    }
    if field == C_CANCEL:
        tags = {0x0100: tags[0x0100], 0x0120: tags[0x0110], 0x0800: tags[0x0800]}
    elif field != C_ECHO and field != C_FIND:
        tags[0x0003] = tags.pop(0x0002)
    tags |= {int(name[1:], 16): value for name, value in extra.items()}
    body = b"".join(element(number, tags[number]) for number in sorted(tags))
    return element(0, struct.pack("<I", len(body))) + body


def pdv(context: int, control: int, data: bytes) -> bytes:
    return struct.pack(">IBB", len(data) + 2, context, control) + data


def data_pdu(*pdvs: bytes) -> bytes:
    return pdu(DATA, b"".join(pdvs))


def message(context: int, command_set: bytes, data: bytes | None = None) -> bytes:
    """Command and data set in a PDU each."""
    sent = data_pdu(pdv(context, COMMAND | LAST, command_set))
    return sent if data is None else sent + data_pdu(pdv(context, LAST, data))


def echo(message_id: int = 1, context: int = 1) -> bytes:
    return message(context, command(C_ECHO, message_id, VERIFICATION))


class RawScu(Connection):
    """A connection to an SCP, associated or not."""

    def read_message(self) -> tuple[dict[int, bytes], bytes]:  # type: ignore[override]
        """Elements of the next command set by number, and the data set. AssertionError at another PDU."""
        commands, data = b"", b""
        while True:
            kind, content = self.read_pdu()
            assert kind == DATA, f"a PDU of type {kind} {content!r}"
            at = 0
            while at < len(content):
                length, _, control = struct.unpack_from(">IBB", content, at)
                fragment = content[at + 6 : at + 4 + length]
                at += 4 + length
                if control & COMMAND:
                    commands += fragment
                else:
                    data += fragment
                if control & LAST:
                    fields = _elements(commands)
                    if not control & COMMAND or fields[0x0800] == b"\1\1":
                        return fields, data

    def status(self) -> int:
        """Of the next response."""
        return struct.unpack("<H", self.read_message()[0][0x0900])[0]

    def ends(self) -> list[tuple[int, bytes]]:
        """The PDUs that come until the other side closes. Raises TimeoutError when it does not."""
        found = []
        self.raw.settimeout(5)
        while True:
            try:
                data = self.raw.recv(6, socket.MSG_WAITALL)
            except ConnectionError:
                return found
            if len(data) < 6:
                return found
            found.append((data[0], self._read(struct.unpack(">I", data[2:])[0])))


@contextmanager
def connected(port: int) -> Iterator[RawScu]:
    """A connection without an association."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=5)) as raw:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield RawScu(raw)


@contextmanager
def associated(port: int, called: str, **options: object) -> Iterator[RawScu]:
    """An association; options as of `associate_request`."""
    with connected(port) as scu:
        scu.send(associate_request(called.encode(), **options))  # type: ignore[arg-type]
        kind, _ = scu.read_pdu()
        assert kind == 2, kind
        yield scu


def _elements(data: bytes) -> dict[int, bytes]:
    found, at = {}, 0
    while at < len(data):
        _, number, length = struct.unpack_from("<HHI", data, at)
        found[number] = data[at + 8 : at + 8 + length]
        at += 8 + length
    return found
