"""Many SCUs claim the same workitems at once, and the SCP is killed in the middle: what must hold afterwards.

`make soak` runs it with 10 SCUs and 1,000 workitems; a loopback test runs it small. Everything goes over real
associations of plain pynetdicom between processes; the store is looked at only while no SCP runs.
"""

import contextlib
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path

from pynetdicom import evt

from tests.support.plain_scu import GLOBAL, PlainListener, plain_scu, workitem
from tests.support.waiting import wait_until
from upsdesk.domain import tags
from upsdesk.domain.keys import AeTitle
from upsdesk.domain.state import ProcedureStepState
from upsdesk.scp.narrowing import Key, Narrowing
from upsdesk.scp.store.repository import Repository

AET = "SOAK"
_START_SECONDS = 20.0


@dataclass(frozen=True)
class Size:
    scus: int = 10
    workitems: int = 1000
    kill_after: int = 400
    """Claims that were won when the SCP is killed."""
    slowness: float = 0.02
    """Seconds that the receiver of reports takes for each one, so that a queue builds up."""
    seconds: float = 150.0
    """For all of it; more is a failure."""


@dataclass
class Seen:
    """What the SCUs were answered."""

    claims: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    """By workitem: Transaction UID and status of each answered claim."""
    created: list[str] = field(default_factory=list)
    subscribed: list[str] = field(default_factory=list)

    def winners(self, uid: str) -> list[str]:
        """Transaction UIDs that hold it; C302 answers the repetition of a claim whose answer was lost."""
        return [tuid for tuid, status in self.claims.get(uid, []) if status in (0x0000, 0xC302)]

    @property
    def won(self) -> int:
        return sum(bool(self.winners(uid)) for uid in self.claims)


class SlowListener(PlainListener):
    """Takes its time for each report."""

    slowness = 0.0

    def _on_report(self, event: evt.Event) -> tuple[int, None]:
        threading.Event().wait(self.slowness)
        return super()._on_report(event)


class _Child:
    """One SCU process; its lines go into the common queue."""

    def __init__(self, role: str, number: int, port: int, uids: Path, lines: queue.Queue[str]) -> None:
        arguments = ["-m", "tests.perf.scu_process", role, str(port), str(number), str(uids)]
        self.process = subprocess.Popen(
            [sys.executable, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.is_ready = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(role, lines))
        self._thread.start()

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def _read(self, role: str, lines: queue.Queue[str]) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.strip() == "ready":
                self.is_ready.set()
            elif line.endswith("\n"):
                lines.put(f"{role} {line}")

    def end(self, timeout: float) -> None:
        """Wait for its end; kill it when the time is up."""
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
        self._thread.join(5)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


@dataclass
class Outcome:
    """Figures of one run, for people; what is wrong raises AssertionError before."""

    seconds: float
    claims: int
    created: int
    told: int
    queued_at_kill: int

    @property
    def text(self) -> str:
        return (
            f"{self.claims} claims answered in {self.seconds:.1f} s, {self.claims / self.seconds:.0f}/s; "
            f"{self.created} workitems created before the kill; {self.queued_at_kill} reports waited then, "
            f"{self.told} told in the end"
        )


def run(size: Size, folder: Path) -> Outcome:
    """Do it all in `folder`; raise AssertionError for anything that must not be."""
    uids = [f"1.2.{number}" for number in range(1, size.workitems + 1)]
    (folder / "uids").write_text("\n".join(uids))
    alice, bob = SlowListener("ALICE").start(), PlainListener("BOB").start()
    alice.slowness = size.slowness
    storm = _Storm(size, folder, uids, (alice, bob))
    try:
        return storm.run()
    finally:
        for child in storm.children:
            child.end(0)
        alice.stop()
        bob.stop()


class _Storm:
    """One run: filled, claimed until it is killed, claimed to the end on the same store."""

    def __init__(
        self, size: Size, folder: Path, uids: list[str], listeners: tuple[SlowListener, PlainListener]
    ) -> None:
        self.size = size
        self.folder = folder
        self.store = folder / "store"
        self.uids = uids
        self.listeners = listeners
        self.port = free_port()
        self.lines: queue.Queue[str] = queue.Queue()
        self.seen = Seen()
        self.children: list[_Child] = []

    def run(self) -> Outcome:
        alice, bob = self.listeners
        with self._scp() as scp:
            _prepare(self.port, self.uids)
            self._start_children()
            began = time.monotonic()
            for child in self.children:
                child.go()
            while self.seen.won < self.size.kill_after:
                _note(self.seen, self.lines.get(timeout=20))
            os.kill(scp.pid, signal.SIGKILL)
            scp.wait(5)
        queued = self._check_after_kill()
        with self._scp():
            for child in self.children:
                child.end(self.size.seconds)
            seconds = time.monotonic() - began
            _drain(self.seen, self.lines)
            _check_claims(self.uids, self.seen)
            for one in (alice, bob):
                self._wait_until_told(one)
        _check_store(self.store, self.uids, self.seen)
        claims = sum(len(one) for one in self.seen.claims.values())
        return Outcome(seconds, claims, len(self.seen.created), len(alice.told) + len(bob.told), queued)

    def _scp(self) -> contextlib.AbstractContextManager[subprocess.Popen[str]]:
        return running(self.store, self.port, *self.listeners)

    def _start_children(self) -> None:
        roles = [("claim", number) for number in range(1, self.size.scus + 1)]
        for role, number in [*roles, ("create", 1), ("subscribe", 1)]:
            self.children.append(_Child(role, number, self.port, self.folder / "uids", self.lines))
        for child in self.children:
            assert child.is_ready.wait(_START_SECONDS)

    def _wait_until_told(self, listener: PlainListener) -> None:
        wait_until(
            lambda: _claimed_reports(listener) >= set(self.uids),
            timeout=self.size.seconds,
            what=f"every claim is told to {listener.aet}",
            interval=0.1,
        )

    def _check_after_kill(self) -> int:
        """Every success that was answered before the kill is there; return how many reports wait."""
        threading.Event().wait(0.3)  # what was answered is under way in the pipes of the SCUs
        _drain(self.seen, self.lines)
        with contextlib.closing(Repository(self.store, UTC)) as repository, repository.reading() as reader:
            for uid in self.seen.created:
                assert reader.workitem(uid) is not None, f"{uid} was created and is gone"
            for uid in self.seen.subscribed:
                assert reader.subscription("BOB", uid) is not None, f"BOB's subscription to {uid} is gone"
            for uid in self.seen.claims:
                for tuid in self.seen.winners(uid):
                    found = reader.workitem(uid)
                    assert found is not None
                    assert found.lock == tuid, f"{uid} was claimed and is not"
            queued = {aet: len(reader.queued(aet, 1_000_000)) for aet in ("ALICE", "BOB")}
            counted = reader.queue_lengths()
        assert queued == {aet: counted.get(AeTitle(aet), 0) for aet in queued}
        _check_store(self.store, self.uids, self.seen)
        return sum(queued.values())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(store: Path, port: int, *receivers: PlainListener) -> Iterator[subprocess.Popen[str]]:
    """The SCP as a process of its own, ended by SIGTERM unless it is dead already."""
    peers = [f"--peer={one.aet}@127.0.0.1:{one.port}" for one in receivers]
    program = [sys.executable, "-m", "upsdesk", "scp", f"{AET}@127.0.0.1:{port}", f"--store={store}", *peers]
    with subprocess.Popen(program, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("listening "):
                break
        reader = threading.Thread(target=process.stderr.read)  # so that it never waits for us
        reader.start()
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
            reader.join(5)


def _prepare(port: int, uids: list[str]) -> None:
    """ALICE is told everything; the workitems are there."""
    with plain_scu(port, AET, "PREPARE") as scu:
        assert scu.subscribe(GLOBAL, "ALICE") == 0x0000
        for uid in uids:
            assert scu.create(uid, workitem(PatientID=uid)) == 0x0000


def _note(seen: Seen, line: str) -> None:
    role, status, uid, tuid = line.split()
    code = int(status, 16)
    if role == "claim":
        seen.claims.setdefault(uid, []).append((tuid, code))
    else:
        assert code == 0x0000, line
        (seen.created if role == "create" else seen.subscribed).append(uid)


def _drain(seen: Seen, lines: queue.Queue[str]) -> None:
    with contextlib.suppress(queue.Empty):
        while True:
            _note(seen, lines.get_nowait())


def _check_claims(uids: list[str], seen: Seen) -> None:
    for uid in uids:
        winners = seen.winners(uid)
        assert len(winners) == 1, f"{uid} has {len(winners)} winners: {seen.claims.get(uid)}"
    statuses = Counter(status for answers in seen.claims.values() for _, status in answers)
    assert set(statuses) <= {0x0000, 0xC301, 0xC302}, statuses
    assert sorted(seen.subscribed) == sorted(uids)


def _claimed_reports(listener: PlainListener) -> set[str]:
    """The workitems that it was told to be IN PROGRESS."""
    return {
        one.uid
        for one in list(listener.told)
        if one.kind == 1 and one.information.ProcedureStepState == "IN PROGRESS"
    }


def _check_store(store: Path, uids: list[str], seen: Seen) -> None:
    """No workitem is half changed: columns, data set, search keys and subscriptions say the same."""
    with contextlib.closing(Repository(store, UTC)) as repository:
        with repository.reading() as reader:
            for uid in uids:
                found = reader.workitem(uid)
                assert found is not None
                is_claimed = found.state is ProcedureStepState.IN_PROGRESS
                assert found.elements.text(tags.PROCEDURE_STEP_STATE) == found.state.value
                assert (found.lock is not None) == is_claimed == (found.revision == 1)
                assert not seen.winners(uid) or found.lock in seen.winners(uid)
                assert "ALICE" in reader.subscribers_of(uid)
        for uid in uids:
            key = Narrowing(equal=((Key.PATIENT_ID, uid),))
            (found,) = (one for page in repository.pages(key) for one in page)
            state = Narrowing(equal=((Key.PATIENT_ID, uid),), state=found.state.value)
            assert [one.uid for page in repository.pages(state) for one in page] == [uid]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(run(Size(), Path(folder)).text)


if __name__ == "__main__":
    main()
