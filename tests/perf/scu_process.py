"""One plain pynetdicom SCU in a process of its own: claims, creates or subscribes until it is told to end.

Started by soak_claims. Prints `ready` when its association stands, begins at a line on standard input, and
prints each answer as it came: `STATUS UID TRANSACTION_UID`, flushed.
"""

import sys
import threading
import time
from contextlib import suppress

from tests.support.plain_scu import PULL, PUSH, WATCH, PlainScu, workitem

_CALLED = "SOAK"
_PATIENCE = 30.0
_BROKEN = (AssertionError, RuntimeError, ValueError, OSError)
"""How pynetdicom and the plain SCU say that the association is gone."""


class _Scu:
    """Sends one request after another; a broken association is opened again when the server is back."""

    def __init__(self, port: int, name: str, context: str) -> None:
        self._port = port
        self._name = name
        self._context = context
        self.scu = self._connected()

    def _connected(self) -> PlainScu:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            scu = PlainScu(self._port, _CALLED, self._name, contexts=(self._context,))
            if scu.assoc.is_established:
                return scu
            with suppress(RuntimeError):  # its thread was not even started
                scu.close()
            threading.Event().wait(0.05)
        raise SystemExit(f"{self._name}: the server did not come back")

    def again(self) -> None:
        self.scu.close()
        self.scu = self._connected()


def _say(status: int, uid: str, tuid: str = "-") -> None:
    sys.stdout.write(f"{status:04X} {uid} {tuid}\n")
    sys.stdout.flush()


def claim(scu: _Scu, number: int, uids: list[str]) -> None:
    """Claim all of `uids`; a claim whose answer was lost is repeated with the same Transaction UID."""
    for at, uid in enumerate(uids):
        tuid = f"1.9.{number}.{at + 1}"
        while True:
            try:
                status = scu.scu.change_state(uid, "IN PROGRESS", tuid)
                break
            except _BROKEN:
                scu.again()
        _say(status, uid, tuid)


def create(scu: _Scu, number: int, _uids: list[str]) -> None:
    """Create workitems until the server is gone."""
    at = 0
    while True:
        at += 1
        uid = f"1.3.{number}.{at}"
        try:
            status = scu.scu.create(uid, workitem(PatientID=uid))
        except _BROKEN:
            return
        _say(status, uid)


def subscribe(scu: _Scu, _number: int, uids: list[str]) -> None:
    """Subscribe BOB with a lock to each of `uids`; again where the answer was lost."""
    for uid in uids:
        while True:
            try:
                status = scu.scu.subscribe(uid, "BOB", "TRUE")
                break
            except _BROKEN:
                scu.again()
        _say(status, uid)


_ROLES = {"claim": (claim, PULL), "create": (create, PUSH), "subscribe": (subscribe, WATCH)}


def main(role: str, port: str, number: str, uids: str) -> None:
    act, context = _ROLES[role]
    scu = _Scu(int(port), f"{role.upper()}{number}", context)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    with open(uids, encoding="ascii") as lines:
        wanted = lines.read().split()
    act(scu, int(number), wanted)
    scu.scu.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
