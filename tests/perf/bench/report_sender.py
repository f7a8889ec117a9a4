"""Sends progress reports over several associations at a rate, or as fast as they are answered.

Started by `reports`, without Qt. One line of JSON on standard input: port, associations, rate (0: as fast as
possible), the UIDs in the order of their reports, and the number of the first report of each UID; the next of
that UID carries the next number. Prints how many were answered with Success, and the seconds it took.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections import Counter

from tests.perf.bench import worklist
from upsdesk.dicom.upper_layer.associate import (
    AssociateRequest,
    ProposedContext,
    Roles,
    UserInformation,
)
from upsdesk.dicom.upper_layer.messages import Command, Message, Service, decode_command, pdus_of
from upsdesk.dicom.upper_layer.pdus import HEAD, RELEASE_REQUEST, PduType, pdvs

_EVENT, _PUSH = "1.2.840.10008.5.1.4.34.6.4", "1.2.840.10008.5.1.4.34.6.1"
_EXPLICIT = "1.2.840.10008.1.2.1"
_PROGRESS_REPORT = 3


class _Association:
    def __init__(self, port: int, called: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._input = self._socket.makefile("rb")
        user = UserInformation(max_pdu=16384, class_uid="1.2.3", roles={_EVENT: Roles(scu=False, scp=True)})
        request = AssociateRequest(called, "REPLAY", (ProposedContext(1, _EVENT, (_EXPLICIT,)),), user)
        self._socket.sendall(request.to_bytes())
        kind, _ = self._read()
        if kind != PduType.A_ASSOCIATE_AC:
            raise ConnectionError(f"the listener answered with a PDU of type {kind}")

    def report(self, uid: str, number: int) -> bool:
        """Send one and wait for its answer; whether that is Success."""
        command = Command(
            Service.N_EVENT_REPORT,
            message_id=number % 65535 + 1,
            affected_class=_PUSH,
            affected_instance=uid,
            event_type=_PROGRESS_REPORT,
        )
        data = worklist.progress(number % 101, f"#{number}")
        self._socket.sendall(pdus_of(Message(1, command, data), 16384))
        kind, content = self._read()
        if kind != PduType.P_DATA_TF:
            raise ConnectionError(f"the listener sent a PDU of type {kind}")
        return decode_command(next(pdvs(content)).data)[0].status == 0

    def release(self) -> None:
        self._socket.sendall(RELEASE_REQUEST)
        self._read()
        self._socket.close()

    def _read(self) -> tuple[int, bytes]:
        head = self._input.read(HEAD.size)
        if len(head) < HEAD.size:
            raise ConnectionError("the listener closed the connection")
        kind, length = HEAD.unpack(head)
        return kind, self._input.read(length)


def main() -> None:
    wanted = json.loads(sys.stdin.readline())
    shares: list[list[tuple[int, str, int]]] = [[] for _ in range(wanted["associations"])]
    so_far: dict[str, int] = {}
    turn = {uid: at for at, uid in enumerate(dict.fromkeys(wanted["uids"]))}
    for at, uid in enumerate(wanted["uids"]):
        number = so_far[uid] = so_far.get(uid, wanted["first"] - 1) + 1
        # All reports of a workitem on one association: only there their order is kept.
        shares[turn[uid] % len(shares)].append((at, uid, number))
    associations = [_Association(wanted["port"], "UPSDESK") for _ in shares]
    answered = Counter[bool]()
    began = time.monotonic()

    def send(association: _Association, share: list[tuple[int, str, int]]) -> None:
        for at, uid, number in share:
            if wanted["rate"]:
                time.sleep(max(0.0, began + at / wanted["rate"] - time.monotonic()))
            answered[association.report(uid, number)] += 1

    threads = [threading.Thread(target=send, args=one) for one in zip(associations, shares, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - began
    for association in associations:
        association.release()
    print(json.dumps({"answered": answered[True], "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
