"""Desks that are killed at any moment of claim, progress and complete: what the next start must know.

`make soak` kills 200 times; a loopback test runs it small. Two desks, each with a data folder of its own,
work on the same workitems of one living SCP, over real associations; SIGKILL ends both at a random moment,
and the next life of each begins with what is on disk. The store is looked at only after the SCP has ended.
"""

import contextlib
import queue
import random
import subprocess
import sys
import tempfile
import threading
import time
from asyncio import run as run_loop
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path

from tests.perf.killed_desk import STATION, desk_on, settle
from tests.perf.soak_claims import AET, free_port, running
from tests.support.plain_scu import code, plain_scu, workitem
from upsdesk.domain.state import ProcedureStepState
from upsdesk.scp.store.repository import Repository
from upsdesk.services.desk_file import ClaimStatus, DeskFile

S = ProcedureStepState
_DESKS = 2
_PATIENCE = 30.0


@dataclass(frozen=True)
class Size:
    kills: int = 200
    """Of both desks together."""
    longest_life: float = 1.0
    """Seconds from the first act to the kill, which falls anywhere in an act."""
    workitems_per_life: int = 12
    """More than a desk can finish in that time: there is always something to be done."""
    seed: int = 1


@dataclass
class Told:
    """What one desk has said in all its lives."""

    won: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    drafts: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    held_again: int = 0
    """Times that a life began with something that an earlier one had begun."""

    def take(self, line: str) -> None:
        kind, _, rest = line.partition(" ")
        uid = rest.partition(" ")[0]
        if kind == "won":
            self.won.add(uid)
        elif kind == "ended":
            self.ended.add(uid)
        elif kind == "draft":
            self.drafts.add(uid)
        elif kind == "held":
            self.held_again += 1
        elif kind == "refused":
            self.refused.append(rest)


class _Life:
    """One process of a desk, from its start to its kill."""

    def __init__(self, folder: Path, port: int, seed: int, uids: Path) -> None:
        arguments = ["-m", "tests.perf.killed_desk", str(folder), str(port), str(seed), str(uids)]
        self._process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True)
        self.lines: queue.Queue[str] = queue.Queue()
        self._is_ready = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line == "ready\n":
                self._is_ready.set()
            elif line.endswith("\n"):  # the last one may be half written
                self.lines.put(line.strip())

    def wait_until_ready(self) -> None:
        assert self._is_ready.wait(_PATIENCE), "a desk did not start"

    def kill(self) -> list[str]:
        """SIGKILL; everything that it had said."""
        assert self._process.poll() is None, f"a desk ended by itself, {self._process.returncode}"
        return self.end()

    def end(self) -> list[str]:
        self._process.kill()
        self._process.wait(_PATIENCE)
        self._thread.join(_PATIENCE)
        assert self._process.stdout is not None
        self._process.stdout.close()
        told = []
        with contextlib.suppress(queue.Empty):
            while True:
                told.append(self.lines.get_nowait())
        return told


@dataclass
class Outcome:
    """Figures of one run; what is wrong raises AssertionError before."""

    kills: int
    won: int
    ended: int
    held_again: int
    unsettled: int
    """Claims that a kill left without an answer."""
    seconds: float

    @property
    def text(self) -> str:
        return (
            f"{self.kills} kills in {self.seconds:.0f} s: {self.won} claims won, {self.ended} completed; "
            f"{self.held_again} times a life began with a held workitem, {self.unsettled} claims were cut "
            "off before their answer; none was lost, none claimed twice"
        )


def run(size: Size, folder: Path) -> Outcome:
    """Do it all in `folder`; raise AssertionError for anything that must not be."""
    began = time.monotonic()
    port, moments = free_port(), random.Random(size.seed)
    desks = [folder / f"desk{number}" for number in range(_DESKS)]
    told = [Told() for _ in desks]
    uids: list[str] = []
    unsettled: set[str] = set()
    kills = 0
    with running(folder / "store", port):
        while kills < size.kills:
            fresh = _created(port, len(uids), size.workitems_per_life)
            uids += fresh
            (folder / "uids").write_text("\n".join(fresh))
            lives = [_Life(one, port, moments.randrange(1 << 30), folder / "uids") for one in desks]
            try:
                for life in lives:
                    life.wait_until_ready()
                threading.Event().wait(moments.uniform(0, size.longest_life))
                for life, one in zip(lives, told, strict=True):
                    for line in life.kill():
                        one.take(line)
                    kills += 1
            finally:
                for life in lives:
                    life.end()
            for one, known in zip(desks, told, strict=True):
                unsettled |= _check_vault(one, known)
        for one in desks:
            run_loop(_settled(one, port))
    _check_store(folder / "store", desks, told, uids)
    return Outcome(
        kills,
        sum(len(one.won) for one in told),
        sum(len(one.ended) for one in told),
        sum(one.held_again for one in told),
        len(unsettled),
        time.monotonic() - began,
    )


_WORK = code("121726", "DCM", "RT Treatment with Internal Verification")


def _created(port: int, first: int, count: int) -> list[str]:
    uids = [f"1.2.{number}" for number in range(first + 1, first + count + 1)]
    with plain_scu(port, AET, "PREPARE") as scu:
        for uid in uids:
            planned = workitem(
                PatientID=uid,
                PatientName="Novak^Jana",
                ScheduledWorkitemCodeSequence=[_WORK],
                ScheduledStationNameCodeSequence=[code(STATION, "99LOC", STATION)],
            )
            assert scu.create(uid, planned) == 0x0000
    return uids


def _check_vault(folder: Path, told: Told) -> set[str]:
    """Right after a kill: what was won and has not ended is on disk. The claims that have no answer yet."""
    file = DeskFile(folder / "desk.sqlite")
    try:
        entries, drafts = file.entries(), {draft.uid for draft in file.drafts()}
    finally:
        file.close()
    kept = [str(entry.key.uid) for entry in entries]
    assert len(kept) == len(set(kept)), f"two keys for one workitem: {kept}"
    held = {entry.key.uid for entry in entries if entry.status is ClaimStatus.HELD}
    lost = told.won - told.ended - held
    # Completed at the server, and killed before that could be said.
    assert len(lost) <= 1, f"won, not said to have ended, and not on disk: {lost}"
    assert all(entry.patient.patient_id == entry.key.uid for entry in entries), "an entry without its patient"
    assert drafts >= told.drafts, f"drafts are lost: {told.drafts - drafts}"
    assert not told.refused, told.refused
    told.ended |= lost
    return {str(entry.transaction_uid) for entry in entries if entry.status is ClaimStatus.CLAIM_SENT}


async def _settled(folder: Path, port: int) -> None:
    """One more start, which finds out what the last kill left open."""
    desk = desk_on(folder, port)
    try:
        await settle(desk, port)
    finally:
        await desk.close()


def _check_store(store: Path, folders: list[Path], told: list[Told], uids: list[str]) -> None:
    """The server's side of it: each lock of a workitem in progress is held by the one desk that has it."""
    keys: dict[str, list[str]] = {}
    open_claims: set[str] = set()
    for folder in folders:
        file = DeskFile(folder / "desk.sqlite")
        for entry in file.entries():
            if entry.status is ClaimStatus.HELD:
                keys.setdefault(entry.key.uid, []).append(str(entry.transaction_uid))
            else:
                open_claims.add(entry.key.uid)
        file.close()
    ended = set[str]().union(*(one.ended for one in told))
    assert not set.intersection(*(one.won for one in told)), "claimed by both"
    with contextlib.closing(Repository(store, UTC)) as repository, repository.reading() as reader:
        for uid in uids:
            found = reader.workitem(uid)
            assert found is not None
            # What never came to be started keeps the key with which it would be started again.
            assert uid not in open_claims or found.state is S.SCHEDULED, f"{uid} is still not settled"
            if found.state is S.IN_PROGRESS:
                assert keys.get(uid) == [str(found.lock)], f"{uid} is in progress, and nobody knows its key"
            else:
                assert uid not in keys, f"a key is kept for {uid}, which is {found.state.value}"
            assert found.state is S.COMPLETED or uid not in ended, f"{uid} is {found.state.value}"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(run(Size(), Path(folder)).text)


if __name__ == "__main__":
    main()
