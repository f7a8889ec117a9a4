"""Fifty subscribers: 300 reports a second for a minute, then more than can be sent, and what must hold.

    python -m tests.perf.soak_reports [--seconds 60] [--subscribers 50] [--reports 300]

The SCP, its receivers and the client that makes the changes run in a process each. All figures are printed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.plain_scu import GLOBAL, dataset, workitem
from tests.support.waiting import wait_until
from upsdesk.dicom import datasets
from upsdesk.dicom.contexts import CLASS_UIDS, PUSH_UID
from upsdesk.dicom.upper_layer.association import Association
from upsdesk.dicom.upper_layer.messages import Command, Message, Service
from upsdesk.dicom.upper_layer.requestor import Proposal, open_association
from upsdesk.domain.keys import AeTitle
from upsdesk.domain.peer import UpsClass
from upsdesk.scp.store.status import ReceiverStatus, observing

AET = "SOAK"
_SYNTAX = "1.2.840.10008.1.2.1"
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_TUID = "1.2.3.99"


@dataclass(frozen=True)
class Size:
    subscribers: int = 50
    reports: float = 300.0
    """A second, to all of them together."""
    seconds: float = 60.0
    excess_seconds: float = 10.0
    """How long changes come as fast as they are answered."""
    slowness: float = 0.1
    """Seconds that each receiver takes for an answer meanwhile."""
    queue: int = 100
    """Reports per receiver that the SCP keeps meanwhile."""


class Receivers:
    """Their process."""

    def __init__(self, number: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.perf.report_receivers", str(number)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.ports = [int(one) for one in self._line()]

    def _line(self) -> list[str]:
        assert self._process.stdout is not None
        return self._process.stdout.readline().split()

    def _tell(self, words: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(words + "\n")
        self._process.stdin.flush()

    def slow_down(self, seconds: float) -> None:
        self._tell(f"slow {seconds}")

    def counts(self) -> list[int]:
        self._tell("count")
        return [int(one) for one in self._line()]

    def heard(self) -> list[list[int]]:
        """The numbers that each has heard of, in order; what carried none is left out."""
        self._tell("list")
        return [[int(n) for n in one.split(",") if n not in ("-", "-1", "")] for one in self._read_list()]

    def _read_list(self) -> list[str]:
        return [one.replace("-1,", "").replace(",-1", "") for one in self._line()]

    def close(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=5)


class Scp:
    """Its process, what it says, and what it takes."""

    def __init__(self, store: Path, ports: Sequence[int], *options: str) -> None:
        peers = [part for at, port in enumerate(ports) for part in ("--peer", f"AE{at}@127.0.0.1:{port}")]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "upsdesk", "scp", f"{AET}:0", "--store", str(store), *peers, *options],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.said: list[str] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        ready = wait_until(lambda: [one for one in self.said if one.startswith("listening")], 20, "the SCP")
        self.port = int(ready[0].rpartition(":")[2])

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.said.append(line.rstrip())

    @property
    def cpu(self) -> float:
        """Seconds."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    @property
    def rss(self) -> float:
        """MB."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def stop(self) -> float:
        """Ends it and returns the seconds that took."""
        began = time.monotonic()
        self._process.terminate()
        try:
            self._process.wait(10)
        finally:
            self._process.kill()
        took = time.monotonic() - began
        self._thread.join(5)
        if self._process.stderr is not None:
            self._process.stderr.close()
        return took


class Client:
    """Makes changes and remembers how long each answer took."""

    def __init__(self, association: Association) -> None:
        self._association = association
        self._message_id = 0
        self.milliseconds: list[float] = []

    def create(self, uid: str) -> None:
        data = datasets.encode(datasets.from_dataset(workitem()), _SYNTAX)
        self._ask(UpsClass.PUSH, Service.N_CREATE, data, affected_class=PUSH_UID, affected_instance=uid)

    def subscribe(self, aet: str) -> None:
        self._act(UpsClass.WATCH, GLOBAL, 3, ReceivingAE=aet, DeletionLock="FALSE")

    def claim(self, uid: str) -> None:
        self._act(UpsClass.PULL, uid, 1, ProcedureStepState="IN PROGRESS", TransactionUID=_TUID)

    def progress(self, uid: str, number: int) -> None:
        item = dataset(
            ProcedureStepProgress=str(number % 100), ProcedureStepProgressDescription=f"#{number}#"
        )
        change = dataset(TransactionUID=_TUID, ProcedureStepProgressInformationSequence=[item])
        data = datasets.encode(datasets.from_dataset(change), _SYNTAX)
        began = time.perf_counter()
        self._ask(UpsClass.PULL, Service.N_SET, data, requested_class=PUSH_UID, requested_instance=uid)
        self.milliseconds.append((time.perf_counter() - began) * 1000)

    def _act(self, context: UpsClass, uid: str, kind: int, **values: str) -> None:
        data = datasets.encode(datasets.from_dataset(dataset(**values)), _SYNTAX)
        names = {"requested_class": PUSH_UID, "requested_instance": uid}
        self._ask(context, Service.N_ACTION, data, action_type=kind, **names)

    def _ask(self, context: UpsClass, service: Service, data: bytes, **names: str | int) -> None:
        agreed = self._association.context_for(CLASS_UIDS[context])
        assert agreed is not None
        self._message_id = self._message_id % 65535 + 1
        command = Command(service, message_id=self._message_id, **names)  # type: ignore[arg-type]
        response = self._association.exchange(Message(agreed.id, command, data), 30)
        status = response.command.status
        assert status in (0x0000, 0x0001, 0xB300, 0xB305), f"{status:04X} {response.command.comment}"


@contextmanager
def client(port: int) -> Iterator[Client]:
    classes = (UpsClass.PUSH, UpsClass.PULL, UpsClass.WATCH)
    association = open_association(
        "127.0.0.1", port, calling=AeTitle("CLIENT"), called=AeTitle(AET),
        proposals=[Proposal(CLASS_UIDS[one], (_SYNTAX,)) for one in classes],
    )  # fmt: skip
    try:
        yield Client(association)
    finally:
        association.release()


def words(milliseconds: Sequence[float]) -> str:
    found = sorted(milliseconds)
    percentile = found[min(len(found) - 1, int(len(found) * 0.99))]
    return f"median {statistics.median(found):.1f}, 99 % {percentile:.1f}, longest {found[-1]:.1f} ms"


def prepared(scp: Scp, asking: Client, size: Size, receivers: Receivers) -> list[str]:
    """Workitems that are IN PROGRESS, with every receiver subscribed to them and told of it."""
    for at in range(size.subscribers):
        asking.subscribe(f"AE{at}")
    uids = [f"1.2.3.{number}" for number in range(20)]
    for uid in uids:
        asking.create(uid)
        asking.claim(uid)
    wait_until(lambda: min(receivers.counts()) >= 2 * len(uids) + 1, 30, "everybody knows", 0.1)
    return uids


def status_of(store: Path) -> list[ReceiverStatus]:
    with observing(store) as observer:
        return list(observer.status())


def steady(folder: Path, size: Size) -> str:
    """Changes that cause `size.reports` a second: none lost, none twice, in order, memory flat."""
    receivers = Receivers(size.subscribers)
    scp = Scp(folder / "steady.sqlite", receivers.ports)
    try:
        with client(scp.port) as asking:
            uids = prepared(scp, asking, size, receivers)
            changes = int(size.seconds * size.reports / size.subscribers)
            rss, cpu, began = [scp.rss], scp.cpu, time.monotonic()
            for number in range(changes):
                due = began + number * size.subscribers / size.reports
                threading.Event().wait(max(0.0, due - time.monotonic()))
                asking.progress(uids[number % len(uids)], number)
                if number % max(1, changes // 6) == 0:
                    rss.append(scp.rss)
            took = time.monotonic() - began
            total = 2 * len(uids) + 1 + changes
            wait_until(lambda: min(receivers.counts()) >= total, 30, "all have heard all", 0.05)
            late = time.monotonic() - began - took
            used = scp.cpu - cpu
            rss.append(scp.rss)
        heard = receivers.heard()
        assert all(one == list(range(changes)) for one in heard), "lost, repeated or out of order"
        assert not [line for line in scp.said if "given up" in line or "dropped" in line]
        assert rss[-1] < rss[1] + 10, f"memory grows: {rss}"
        ended = scp.stop()
        assert sum(one.dropped + one.failed + one.queued for one in status_of(folder / "steady.sqlite")) == 0
    finally:
        scp.stop()
        receivers.close()
    memory = ", ".join(f"{one:.0f}" for one in rss)
    return (
        f"{changes} changes in {took:.1f} s, {changes * size.subscribers} reports to {size.subscribers} "
        f"receivers ({changes * size.subscribers / took:.0f}/s), the last one {late * 1000:.0f} ms after the "
        f"last answer: none lost, none twice, all in order\n"
        f"  N-SET: {words(asking.milliseconds)}\n"
        f"  CPU of the SCP: {used / took * 100:.0f} % of a core; RSS {memory} MB; it ended in {ended:.2f} s"
    )


def excess(folder: Path, size: Size) -> str:
    """Changes as fast as they are answered, receivers that are slow: what is too much is dropped and said."""
    receivers = Receivers(size.subscribers)
    store = folder / "excess.sqlite"
    scp = Scp(store, receivers.ports, "--queue", str(size.queue))
    try:
        with client(scp.port) as asking:
            uids = prepared(scp, asking, size, receivers)
            receivers.slow_down(size.slowness)
            rss, began, number = [scp.rss], time.monotonic(), 0
            while time.monotonic() - began < size.excess_seconds:
                asking.progress(uids[number % len(uids)], number)
                number += 1
            took = time.monotonic() - began
            longest = max(one.queued for one in status_of(store))
            rss.append(scp.rss)
            receivers.slow_down(0)
            wait_until(lambda: sum(one.queued for one in status_of(store)) == 0, 60, "all is out", 0.2)
            rss.append(scp.rss)
        for one in receivers.heard():
            assert one == sorted(set(one)), "repeated or out of order"
            assert one[-1] == number - 1, "the newest is kept"
        wait_until(lambda: len([x for x in scp.said if "dropped so far" in x]) >= size.subscribers, 5, "said")
        ended = scp.stop()
        known = status_of(store)
        each = number + 2 * len(uids) + 2  # and two changes of the SCP's status
        # What was dropped on its way may have arrived all the same; it counts as dropped.
        assert {one.sent + one.dropped + one.failed + one.queued for one in known} == {each}
        dropped = sum(one.dropped for one in known)
        full = len([line for line in scp.said if "queue full" in line])
        assert longest <= size.queue and dropped > 0 and full >= size.subscribers
        assert max(asking.milliseconds) < 1000
    finally:
        scp.stop()
        receivers.close()
    return (
        f"{number} changes in {took:.1f} s ({number / took:.0f}/s) to {size.subscribers} receivers that take "
        f"{size.slowness:g} s each: queues of {longest} at most, {dropped} of {each * size.subscribers} "
        f"reports dropped and counted, the rest in order up to the newest; `queue full` said {full} times\n"
        f"  N-SET: {words(asking.milliseconds)}\n"
        f"  RSS {', '.join(f'{one:.0f}' for one in rss)} MB; it ended in {ended:.2f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=Size.seconds)
    parser.add_argument("--subscribers", type=int, default=Size.subscribers)
    parser.add_argument("--reports", type=float, default=Size.reports)
    given = parser.parse_args()
    size = Size(given.subscribers, given.reports, given.seconds)
    with tempfile.TemporaryDirectory() as folder:
        print(steady(Path(folder), size), flush=True)
        print(excess(Path(folder), size), flush=True)


if __name__ == "__main__":
    main()
