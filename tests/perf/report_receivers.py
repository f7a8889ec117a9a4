"""Many receivers of reports on bare sockets in one process and one thread, which is as cheap as it gets.

Started by soak_reports. Prints the ports on one line, then waits for lines on standard input: `slow SECONDS`
lets each answer come so much later, `count` prints how many reports have come to each, `list` what has come:
the numbers that stand in the progress descriptions as `#NUMBER#`, in order.
"""

import heapq
import re
import selectors
import socket
import struct
import sys
import time

EVENT = b"1.2.840.10008.5.1.4.34.6.4"
EXPLICIT = b"1.2.840.10008.1.2.1"
ASSOCIATE, DATA, RELEASE = 1, 4, 5
_NUMBER = re.compile(rb"#(\d+)#")


def pdu(kind: int, content: bytes) -> bytes:
    return struct.pack(">BBI", kind, 0, len(content)) + content


def item(kind: int, content: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(content)) + content


def accept() -> bytes:
    """A-ASSOCIATE-AC with the one context that a sender of reports proposes, and its role."""
    context = item(0x21, bytes((1, 0, 0, 0)) + item(0x40, EXPLICIT))
    role = item(0x54, struct.pack(">H", len(EVENT)) + EVENT + bytes((0, 1)))
    user = item(0x50, item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3") + role)
    fixed = struct.pack(">HH16s16s32s", 1, 0, b"SOAK".ljust(16), b"SOAK".ljust(16), b"")
    return pdu(2, fixed + item(0x10, b"1.2.840.10008.3.1.1.1") + context + user)


def answer(message_id: int) -> bytes:
    """N-EVENT-REPORT-RSP, Success, no data set."""
    numbers = {0x0100: 0x8100, 0x0120: message_id, 0x0800: 0x0101, 0x0900: 0}
    body = b"".join(struct.pack("<HHIH", 0, one, 2, value) for one, value in numbers.items())
    command = struct.pack("<HHII", 0, 0, 4, len(body)) + body
    return pdu(DATA, struct.pack(">IBB", len(command) + 2, 1, 3) + command)


class Guest:
    """One connection to one of the receivers."""

    def __init__(self, connection: socket.socket, heard: list[int]) -> None:
        self.connection = connection
        self._heard = heard
        self._buffer = b""
        self._command = b""

    def take(self, data: bytes) -> list[bytes]:
        """What has to be answered to what has come."""
        self._buffer += data
        answers = []
        while len(self._buffer) >= 6:
            kind, _, length = struct.unpack_from(">BBI", self._buffer)
            if len(self._buffer) < 6 + length:
                break
            content, self._buffer = self._buffer[6 : 6 + length], self._buffer[6 + length :]
            if kind == ASSOCIATE:
                answers.append(accept())
            elif kind == RELEASE:
                answers.append(pdu(6, bytes(4)))
            elif kind == DATA:
                answers += self._data(content)
        return answers

    def _data(self, content: bytes) -> list[bytes]:
        at, answers = 0, []
        while at < len(content):
            length, _, control = struct.unpack_from(">IBB", content, at)
            fragment = content[at + 6 : at + 4 + length]
            at += 4 + length
            if control & 1:
                self._command = fragment
            elif control & 2:  # every data set here fits into one fragment
                found = _NUMBER.search(fragment)
                self._heard.append(int(found[1]) if found else -1)
                answers.append(answer(message_id(self._command)))
        return answers


def message_id(command: bytes) -> int:
    at = 0
    while at < len(command):
        _, number, length = struct.unpack_from("<HHI", command, at)
        if number == 0x0110:
            return int(struct.unpack_from("<H", command, at + 8)[0])
        at += 8 + length
    raise ValueError("no message ID")


def main(number: int) -> None:
    selector = selectors.DefaultSelector()
    heard: list[list[int]] = [[] for _ in range(number)]
    ports = []
    for one in heard:
        listening = socket.create_server(("127.0.0.1", 0), backlog=50)
        selector.register(listening, selectors.EVENT_READ, one)
        ports.append(listening.getsockname()[1])
    selector.register(sys.stdin, selectors.EVENT_READ)
    print(*ports, flush=True)
    late: list[tuple[float, int, Guest, bytes]] = []
    slowness, order = 0.0, 0
    while True:
        wait = max(0.0, late[0][0] - time.monotonic()) if late else None
        for key, _ in selector.select(wait):
            if key.fileobj is sys.stdin:
                words = sys.stdin.readline().split()
                if not words:
                    return
                if words[0] == "slow":
                    slowness = float(words[1])
                elif words[0] == "count":
                    print(*map(len, heard), flush=True)
                else:
                    print(*(",".join(map(str, one)) or "-" for one in heard), flush=True)
            elif isinstance(key.data, list):
                assert isinstance(key.fileobj, socket.socket)
                connection, _ = key.fileobj.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(connection, selectors.EVENT_READ, Guest(connection, key.data))
            else:
                guest = key.data
                try:
                    data = guest.connection.recv(65536)
                except ConnectionError:
                    data = b""
                if not data:
                    selector.unregister(guest.connection)
                    guest.connection.close()
                    continue
                for one in guest.take(data):
                    order += 1
                    heapq.heappush(late, (time.monotonic() + slowness, order, guest, one))
        while late and late[0][0] <= time.monotonic():
            _, _, guest, one = heapq.heappop(late)
            try:
                guest.connection.sendall(one)
            except OSError:
                continue


if __name__ == "__main__":
    main(int(sys.argv[1]))
