"""An SCP that answers at wire speed, in a process of its own, so that the SCU is what is measured.

C-FIND responses are encoded beforehand; every other request is answered at once with Success. It matches
Procedure Step State and nothing else. Lines on standard input, one answer each on standard output:
`prepare N` encodes N workitems, `serve N` lets the next searches find the first N, `counts` tells what was
received and sent as JSON. It ends with its standard input.
"""

from __future__ import annotations

import json
import select
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date

from tests.perf.bench import worklist
from upsdesk.dicom.upper_layer.associate import (
    AnsweredContext,
    AssociateAccept,
    ContextResult,
    UserInformation,
    read_request,
)
from upsdesk.dicom.upper_layer.messages import (
    RESPONSE,
    Assembler,
    Budget,
    Command,
    Message,
    Service,
    encode_command,
    pdus_of,
)
from upsdesk.dicom.upper_layer.pdus import (
    HEAD,
    IS_COMMAND,
    IS_LAST,
    PDV_HEAD,
    PDV_OVERHEAD,
    RELEASE_RESPONSE,
    PduType,
    pdvs,
)

TITLE = "REPLAY"
EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
_PENDING, _CANCELED, _SUCCESS = 0xFF00, 0xFE00, 0x0000
_MAX_PDU = 65536
_AT_ONCE = 256
"""Responses in one write."""
_STATE_TAG = b"\x74\x00\x00\x10"
_LARGEST_MESSAGE = 1 << 20
_READ = 1 << 16


class _Worklist:
    """The encoded workitems, and how many of them are there for a search."""

    def __init__(self) -> None:
        self._all: list[bytes] = []
        self._served: dict[str, list[bytes]] = {"": []}

    def prepare(self, count: int) -> None:
        if count > len(self._all):
            self._all = list(worklist.data_sets(count, date.today()))

    def serve(self, count: int) -> None:
        served: dict[str, list[bytes]] = {state: [] for state in worklist.STATES}
        for number, data in enumerate(self._all[:count]):
            served[worklist.state_of(number)].append(data)
        served[""] = self._all[:count]
        self._served = served

    def matching(self, identifier: bytes) -> list[bytes]:
        """By the value of Procedure Step State in a small identifier of either VR encoding."""
        at = identifier.find(_STATE_TAG)
        wanted = identifier[at + 8 : at + 8 + 12] if at >= 0 else b""
        return next(
            (self._served.get(state, []) for state in worklist.STATES if wanted.startswith(state.encode())),
            self._served[""],
        )


class _Guest:
    """One connection, served by one thread."""

    def __init__(self, connection: socket.socket, served: _Worklist, counts: Counter[str]) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = connection
        self._served = served
        self._counts = counts
        self._buffer = b""
        self._assembler = Assembler(_LARGEST_MESSAGE, Budget(_LARGEST_MESSAGE))
        self._largest = 0

    def serve(self) -> None:
        with suppress(OSError), self._socket:
            while (found := self._read_pdu()) is not None and self._answer(*found):
                pass

    def _read_pdu(self) -> tuple[int, bytes] | None:
        while True:
            if len(self._buffer) >= HEAD.size:
                kind, length = HEAD.unpack_from(self._buffer)
                end = HEAD.size + length
                if len(self._buffer) >= end:
                    content, self._buffer = self._buffer[HEAD.size : end], self._buffer[end:]
                    return kind, content
            data = self._socket.recv(_READ)
            self._counts["at"] = time.monotonic_ns()
            if not data:
                return None
            self._buffer += data

    def _answer(self, kind: int, content: bytes) -> bool:
        if kind == PduType.P_DATA_TF:
            for pdv in pdvs(content):
                message = self._assembler.add(pdv)
                if message is not None:
                    self._assembler.settle()
                    self._dispatch(message)
            return True
        if kind == PduType.A_ASSOCIATE_RQ:
            self._counts["associations"] += 1
            self._socket.sendall(self._accept(content))
            return True
        if kind == PduType.A_RELEASE_RQ:
            self._socket.sendall(RELEASE_RESPONSE)
        return False

    def _accept(self, content: bytes) -> bytes:
        request = read_request(content)
        self._largest = request.user.max_pdu
        contexts = []
        for one in request.contexts:
            syntax = EXPLICIT if EXPLICIT in one.transfer_syntaxes else IMPLICIT
            is_verification = one.abstract_syntax == "1.2.840.10008.1.1"
            is_usable = syntax == EXPLICIT or is_verification
            result = ContextResult.ACCEPTANCE if is_usable else ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED
            contexts.append(AnsweredContext(one.id, result, syntax))
        user = UserInformation(max_pdu=_MAX_PDU, class_uid="1.2.826.0.1.3680043.9.7.1", version="REPLAY")
        return AssociateAccept(tuple(contexts), user, request.called_field, request.calling_field).to_bytes()

    def _dispatch(self, message: Message) -> None:
        service = message.command.service
        self._counts[service.title if service is not None else "unknown"] += 1
        if service is Service.C_FIND:
            self._find(message)
        elif service is not Service.C_CANCEL:  # one that comes after the last response is for nobody
            data = worklist.in_progress(self._counts["N-GET"]) if service is Service.N_GET else b""
            self._send(message, _SUCCESS, data)

    def _send(self, request: Message, status: int, data: bytes = b"") -> None:
        command = request.command
        answer = Command(
            command.field | RESPONSE,
            responds_to=command.message_id,
            affected_class=command.sop_class,
            affected_instance=command.instance,
            action_type=command.action_type,
            status=status,
        )
        self._socket.sendall(pdus_of(Message(request.context_id, answer, data), self._largest))

    def _find(self, request: Message) -> None:
        found = self._served.matching(request.data)
        heads = _Heads(request)
        status = _SUCCESS
        for at in range(0, len(found), _AT_ONCE):
            batch = found[at : at + _AT_ONCE]
            self._socket.sendall(b"".join([part for data in batch for part in (heads[len(data)], data)]))
            self._counts["responses"] += len(batch)
            if self._is_canceled():
                status = _CANCELED
                break
        self._send(request, status)
        self._counts["at"] = time.monotonic_ns()

    def _is_canceled(self) -> bool:
        """Whatever comes during a search ends it: it is C-CANCEL, or the end of the association."""
        return bool(self._buffer) or bool(select.select([self._socket], [], [], 0)[0])


class _Heads(dict[int, bytes]):
    """What stands before the data set of a pending response, by the length of that: made once each."""

    def __init__(self, request: Message) -> None:
        super().__init__()
        self._context = request.context_id
        command = Command(
            Service.C_FIND | RESPONSE,
            responds_to=request.command.message_id,
            affected_class=request.command.sop_class,
            status=_PENDING,
        )
        body = encode_command(Message(self._context, command, b"1"))
        self._command = self._head(len(body), IS_COMMAND | IS_LAST) + body

    def _head(self, length: int, control: int) -> bytes:
        head = HEAD.pack(PduType.P_DATA_TF, PDV_OVERHEAD + length)
        return head + PDV_HEAD.pack(2 + length, self._context, control)

    def __missing__(self, length: int) -> bytes:
        head = self[length] = self._command + self._head(length, IS_LAST)
        return head


class ReplayScp:
    """The process, seen from the one that started it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.port = int(self._line())

    @property
    def address(self) -> str:
        return f"{TITLE}@127.0.0.1:{self.port}"

    def prepare(self, count: int) -> None:
        """Encode so many workitems; takes about 30 µs each."""
        self._ask(f"prepare {count}")

    def serve(self, count: int) -> None:
        """Let the next searches find the first `count` of them."""
        self._ask(f"serve {count}")

    def counts(self) -> dict[str, int]:
        """Messages by service, `responses`, `associations`; `at`: the last traffic, monotonic nanoseconds."""
        found: dict[str, int] = json.loads(self._ask("counts"))
        return found

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the replay SCP has ended")
        return line.strip()


@contextmanager
def running(rows: int = 0) -> Iterator[ReplayScp]:
    """A replay SCP that serves `rows` workitems; ended at the end."""
    command = [sys.executable, "-m", "tests.perf.bench.replay_scp"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            scp = ReplayScp(process)
            scp.prepare(rows)
            scp.serve(rows)
            yield scp
        finally:
            process.kill()


def main() -> None:
    served = _Worklist()
    counts: Counter[str] = Counter()
    listening = socket.create_server(("127.0.0.1", 0), backlog=50)

    def accept() -> None:
        while True:
            guest = _Guest(listening.accept()[0], served, counts)
            threading.Thread(target=guest.serve, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    print(listening.getsockname()[1], flush=True)
    for line in sys.stdin:
        word, _, number = line.strip().partition(" ")
        if word == "counts":
            print(json.dumps(dict(counts)), flush=True)
            continue
        (served.prepare if word == "prepare" else served.serve)(int(number))
        print("done", flush=True)


if __name__ == "__main__":
    main()
