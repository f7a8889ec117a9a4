"""Peers that misbehave, on raw sockets: the bytes of PS3.8 and PS3.7 written by hand."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from types import TracebackType

APPLICATION_CONTEXT = b"1.2.840.10008.3.1.1.1"
C_ECHO_RSP, C_FIND_RSP, N_GET_RSP, N_SET_RSP, N_ACTION_RSP = 0x8030, 0x8020, 0x8110, 0x8120, 0x8130
C_STORE_RQ = 0x0001
NO_DATA_SET = 0x0101


class Connection:
    """One accepted connection, from the point of view of a script."""

    def __init__(self, raw: socket.socket) -> None:
        self.raw = raw
        self.contexts: dict[int, tuple[bytes, list[bytes]]] = {}
        """Context ID -> abstract syntax, transfer syntaxes."""
        self.field = 0
        """Command Field of the last request that was read."""

    def read_pdu(self) -> tuple[int, bytes]:
        """(type, content) of the next PDU; (0, b"") when the other side is gone."""
        head = self._read(6)
        if len(head) < 6:
            return 0, b""
        return head[0], self._read(struct.unpack(">I", head[2:])[0])

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            try:
                more = self.raw.recv(count - len(data))
            except OSError:
                return data
            if not more:
                return data
            data += more
        return data

    def send(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            self.raw.sendall(data)

    def read_request(self) -> None:
        """Read the A-ASSOCIATE-RQ and remember the contexts that it proposes."""
        kind, content = self.read_pdu()
        assert kind in (0, 1), f"PDU type {kind} came instead of A-ASSOCIATE-RQ"
        for item, body in _items(content[68:]):
            if item == 0x20:
                inner = list(_items(body[4:]))
                abstract = next(data for number, data in inner if number == 0x30)
                self.contexts[body[0]] = (abstract, [data for number, data in inner if number == 0x40])

    def accept(
        self,
        max_pdu: int = 16384,
        results: Callable[[bytes], int] = lambda _abstract: 0,
        choose: Callable[[list[bytes]], list[bytes]] = lambda syntaxes: syntaxes[:1],
    ) -> None:
        """Read the request and send A-ASSOCIATE-AC, taking the first transfer syntax of each context."""
        self.read_request()
        answers = b"".join(
            _item(
                0x21,
                bytes([number, 0, results(abstract), 0])
                + b"".join(_item(0x40, syntax) for syntax in choose(syntaxes)),
            )
            for number, (abstract, syntaxes) in self.contexts.items()
        )
        user = _item(0x50, _item(0x51, struct.pack(">I", max_pdu)) + _item(0x52, b"1.2.3"))
        fixed = struct.pack(">HH16s16s32s", 1, 0, b"RUDE", b"UPSDESK", b"")
        self.send(pdu(2, fixed + _item(0x10, APPLICATION_CONTEXT) + answers + user))

    def read_message(self) -> tuple[int, int]:
        """(context ID, message ID) of the next request, its data set read too; (0, 0) at the end."""
        command = b""
        while True:
            kind, content = self.read_pdu()
            if kind != 4:
                return 0, 0
            at = 0
            while at < len(content):
                length, context, control = struct.unpack_from(">IBB", content, at)
                if control & 1:
                    command += content[at + 6 : at + 4 + length]
                at += 4 + length
                last_command = control & 3 == 3
                last_data = control & 3 == 2
                fields = dict(_elements(command)) if last_command or last_data else {}
                has_data = fields.get(0x0800, b"\x01\x01") != b"\x01\x01"
                if fields:
                    self.field = struct.unpack("<H", fields[0x0100])[0]
                if last_data or (last_command and not has_data):
                    return context, struct.unpack("<H", fields[0x0110])[0]

    def context_of(self, abstract: str) -> int:
        return next(number for number, (uid, _) in self.contexts.items() if uid.decode() == abstract)

    def wait_until_closed(self) -> None:
        """Read and drop until the other side is gone."""
        while self.read_pdu()[0]:
            pass


class RudePeer:
    """Listens on a free loopback port and plays `script` with each connection, in a thread each."""

    def __init__(self, script: Callable[[Connection], None], backlog: int = 8) -> None:
        self._script = script
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        self.port: int = self._listening.getsockname()[1]
        self.connections: list[Connection] = []
        self.errors: list[BaseException] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> "RudePeer":
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.raw.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        for connection in self.connections:
            connection.raw.close()
        if kind is None and self.errors:
            raise self.errors[0]

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, name="rude peer")
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                raw, _ = self._listening.accept()
            except OSError:
                return
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(raw)
            self.connections.append(connection)
            self._start(self._play, connection)

    def _play(self, connection: Connection) -> None:
        try:
            self._script(connection)
        except OSError:
            pass
        except BaseException as error:
            self.errors.append(error)
        finally:
            # The script is over: the connection ends as a process would end it.
            with contextlib.suppress(OSError):
                connection.raw.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def full_backlog() -> Iterator[int]:
    """A loopback port that answers nothing at all to a new connection: its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
        fillers: list[socket.socket] = []
        try:
            while True:
                filler = socket.socket()
                fillers.append(filler)
                filler.settimeout(0.2)
                try:
                    filler.connect(listening.getsockname())
                except TimeoutError:
                    break
            yield listening.getsockname()[1]
        finally:
            for filler in fillers:
                filler.close()


@contextlib.contextmanager
def refusing_port() -> Iterator[int]:
    """A loopback port at which nothing listens, reserved so that nobody else takes it."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield reserved.getsockname()[1]


def pdu(kind: int, content: bytes) -> bytes:
    return struct.pack(">BBI", kind, 0, len(content)) + content


def reject(result: int, source: int, reason: int) -> bytes:
    """A-ASSOCIATE-RJ (PS3.8 9.3.4)."""
    return pdu(3, bytes([0, result, source, reason]))


def abort(source: int = 0, reason: int = 0) -> bytes:
    """A-ABORT (PS3.8 9.3.8)."""
    return pdu(7, bytes([0, 0, source, reason]))


RELEASE_REQUEST = pdu(5, b"\0\0\0\0")
RELEASE_RESPONSE = pdu(6, b"\0\0\0\0")


def response(
    context: int, field: int, message_id: int, status: int, data: bytes | None = None, comment: bytes = b""
) -> bytes:
    """A DIMSE response; command and data set in a PDU each. `comment` is the Error Comment."""
    kind = NO_DATA_SET if data is None else 0x0001
    command = _command(field, kind, status, responds_to=message_id, comment=comment)
    sent = p_data(context, 3, command)
    return sent if data is None else sent + p_data(context, 2, data)


def request(context: int, field: int, message_id: int) -> bytes:
    """A DIMSE request without a data set."""
    return p_data(context, 3, _command(field, NO_DATA_SET, None, message_id=message_id))


def p_data(context: int, control: int, data: bytes) -> bytes:
    """One P-DATA-TF PDU with one PDV (PS3.8 9.3.5)."""
    return pdu(4, struct.pack(">IBB", len(data) + 2, context, control) + data)


def _command(
    field: int,
    data_set_type: int,
    status: int | None,
    responds_to: int | None = None,
    message_id: int | None = None,
    comment: bytes = b"",
) -> bytes:
    numbers = {0x0100: field, 0x0110: message_id, 0x0120: responds_to, 0x0800: data_set_type, 0x0900: status}
    body = b"".join(
        struct.pack("<HHIH", 0, element, 2, value) for element, value in numbers.items() if value is not None
    )
    if comment:
        comment += b" " * (len(comment) % 2)
        body += struct.pack("<HHI", 0, 0x0902, len(comment)) + comment
    return struct.pack("<HHII", 0, 0, 4, len(body)) + body


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
