"""Requests as hostile or careless clients send them to the embedded SCP, on raw sockets."""

import socket
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from tests.support import rude_peer
from tests.support.rude_peer import Connection
from tests.support.running_scp import AET, Bench, bench

PULL = b"1.2.840.10008.5.1.4.34.6.3"
PUSH = b"1.2.840.10008.5.1.4.34.6.1"
C_FIND_RQ, N_GET_RQ, N_GET_RSP = 0x0020, 0x0110, 0x8110


@pytest.fixture(scope="module")
def there() -> Iterator[Bench]:
    with bench() as running:
        yield running


def element(tag: int, value: bytes) -> bytes:
    padded = value + b"\0" * (len(value) % 2)
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(padded)) + padded


def short(number: int) -> bytes:
    return struct.pack("<H", number)


def message(fields: dict[int, bytes], data: bytes | None = None) -> bytes:
    fields = fields | {0x0800: short(0x0101 if data is None else 0x0001)}
    body = b"".join(element(tag, fields[tag]) for tag in sorted(fields))
    command = rude_peer.p_data(1, 3, element(0, struct.pack("<I", len(body))) + body)
    return command if data is None else command + rude_peer.p_data(1, 2, data)


def item(kind: int, content: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(content)) + content


@contextmanager
def client(port: int) -> Iterator[Connection]:
    """An association with UPS Pull in Implicit VR Little Endian as its context 1."""
    context = item(0x20, b"\1\0\0\0" + item(0x30, PULL) + item(0x40, b"1.2.840.10008.1.2"))
    user = item(0x50, item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3"))
    fixed = struct.pack(">HH16s16s32s", 1, 0, AET.encode().ljust(16), b"CLIENT".ljust(16), b"")
    with closing(socket.create_connection(("127.0.0.1", port), timeout=5)) as raw:
        connection = Connection(raw)
        connection.send(rude_peer.pdu(1, fixed + item(0x10, rude_peer.APPLICATION_CONTEXT) + context + user))
        assert connection.read_pdu()[0] == 2
        yield connection


@pytest.mark.parametrize(
    "sent",
    [
        message({0x0003: PUSH, 0x0100: short(N_GET_RQ), 0x0110: short(1)}),
        message({0x0002: PULL, 0x0100: short(C_FIND_RQ), 0x0700: short(0)}, b""),
        message({0x0002: PUSH, 0x0100: short(N_GET_RSP), 0x0120: short(1), 0x0900: short(0)}),
    ],
    ids=["no instance", "no message ID", "a response"],
)
def test_what_is_no_request_ends_the_association_at_once(there: Bench, sent: bytes) -> None:
    with client(there.port) as connection:
        connection.send(sent)
        assert connection.read_pdu()[0] in (7, 0)
    assert there.scu.change_state("1.2.3.404", "IN PROGRESS", "1.9") == 0xC307


def test_a_search_that_cannot_be_read_is_answered_in_the_codes_of_searches(there: Bench) -> None:
    with client(there.port) as connection:
        fields = {0x0002: PULL, 0x0100: short(C_FIND_RQ), 0x0110: short(1), 0x0700: short(0)}
        connection.send(message(fields, b"\x08\0\x18\0\xff\xff\0\0ab"))
        kind, content = connection.read_pdu()
    assert kind == 4
    at = content.index(struct.pack("<HHI", 0, 0x0900, 2))
    assert struct.unpack_from("<H", content, at + 8)[0] == 0xC000
