"""Killed at any moment around a claim: what the peer saw is in the vault, and was there before."""

import random
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.services.values import mode_of, vault_entry
from tests.support.plain_scp import PlainScp, data_set
from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.peer import Peer
from upsdesk.services.commands import Resolve, ResultKind
from upsdesk.services.desk import open_desk
from upsdesk.services.desk_file import ClaimStatus, DeskFile

ROUNDS = 3
AT_ONCE = 2
"""Processes that share the desk's file, as windows and command lines do."""
LONGEST_LIFE = 0.6
"""Seconds between the first claim and the kill, which falls anywhere in a claim."""


class Recorder:
    """What the peer saw, and whether the desk's disk knew it at that moment."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seen: list[str] = []
        self.not_on_disk: list[str] = []
        self.lock = threading.Lock()

    def get(self, event: Any) -> Any:
        found = data_set(
            ProcedureStepState="SCHEDULED",
            PatientName="Novak^Jana",
            PatientID="PAT-1",
            ScheduledProcedureStepPriority="MEDIUM",
        )
        return 0x0000, found

    def action(self, event: Any) -> Any:
        lock = str(event.action_information.TransactionUID)
        with self.lock:
            self.seen.append(lock)
            if lock not in self.on_disk():
                self.not_on_disk.append(lock)
        return 0x0000, None

    def on_disk(self) -> set[str]:
        # Able to write, as all that share the file: one killed in the middle of a write leaves a journal, and
        # SQLite lets nobody read who could not undo that half write.
        connection = sqlite3.connect(self.path, timeout=10)
        try:
            return {row[0] for row in connection.execute("SELECT transaction_uid FROM vault")}
        finally:
            connection.close()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is what is tested")
async def test_killed_while_the_peer_handles_the_claim_the_next_start_holds_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    recorder = Recorder(folder / "desk.sqlite")
    children: list[subprocess.Popen[str]] = []

    def action(event: Any) -> Any:
        answer = recorder.action(event)
        children[0].kill()
        children[0].wait(10)
        return answer

    def get(event: Any) -> Any:
        status, found = recorder.get(event)
        found.ProcedureStepState = "IN PROGRESS" if recorder.seen else "SCHEDULED"
        return status, found

    def change(event: Any) -> Any:
        return 0x0000 if str(event.modification_list.TransactionUID) in recorder.seen else 0xC301, None

    program = str(Path(__file__).with_name("claiming_process.py"))
    with PlainScp(answers={"N-GET": get, "N-ACTION": action, "N-SET": change}) as scp:
        children.append(
            subprocess.Popen(
                [sys.executable, program, str(folder), str(scp.port), "1"], stdout=subprocess.PIPE, text=True
            )
        )
        children[0].wait(30)
        assert children[0].stdout is not None
        children[0].stdout.close()
        assert len(recorder.seen) == 1 and recorder.not_on_disk == []
        peer = Peer(PeerId("s-1"), AeTitle("PLAIN"), "127.0.0.1", scp.port)
        key = WorkitemKey(peer.id, SopInstanceUid("1.2.3.1"))
        desk = open_desk(folder, make_uid=lambda: "2.25.1")
        desk.add_peer(peer)
        assert desk.attention() == (key,)
        assert [str(one.transaction_uid) for one in desk.unsettled_entries(peer)] == recorder.seen
        assert (await Resolve(key).run(desk)).kind is ResultKind.DONE
        assert desk.held_keys() == (key,)
        await desk.close()
    assert mode_of(folder / "desk.sqlite") == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is what is tested")
def test_a_lock_that_the_peer_saw_is_never_lost(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    recorder = Recorder(folder / "desk.sqlite")
    moments = random.Random(7)
    program = str(Path(__file__).with_name("claiming_process.py"))
    with PlainScp(answers={"N-GET": recorder.get, "N-ACTION": recorder.action}) as scp:
        for turn in range(ROUNDS):
            first = [str(10_000 * (AT_ONCE * turn + number + 1)) for number in range(AT_ONCE)]
            children = [
                subprocess.Popen(
                    [sys.executable, program, str(folder), str(scp.port), number],
                    stdout=subprocess.PIPE,
                    text=True,
                )
                for number in first
            ]
            for child in children:
                assert child.stdout is not None
                with child.stdout:
                    assert child.stdout.readline() == "ready\n"
            for child in children:
                with pytest.raises(subprocess.TimeoutExpired):
                    child.wait(moments.uniform(0, LONGEST_LIFE))
                child.kill()
                child.wait(10)
        for association in scp.associations:
            association.join(5)
    assert len(recorder.seen) >= ROUNDS * AT_ONCE
    assert recorder.not_on_disk == []
    file = DeskFile(folder / "desk.sqlite")
    try:
        entries = {str(entry.transaction_uid): entry for entry in file.entries()}
        assert set(recorder.seen) <= set(entries)
        # What the last process of each turn left half done is known as such, and found at the next start.
        unsettled = [one for one in entries.values() if one.status is ClaimStatus.CLAIM_SENT]
        assert len(unsettled) <= ROUNDS * AT_ONCE
        assert all(entry.patient.patient_id == "PAT-1" for entry in entries.values())
    finally:
        file.close()


_TORN = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size=1")  # pages go into the file before the transaction ends
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE vault SET transaction_uid='torn', label=?", ("x" * 3000,))
for number in range(500):
    connection.execute(
        "INSERT INTO journal (at, peer, uid, kind, act, status, words, operator) VALUES (?,?,?,?,?,?,?,?)",
        ("2026-03-04T09:30:00+00:00", "s-1", "1.2.3", "note", "x", "", "y" * 500, ""),
    )
print("written", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is what is tested")
def test_a_write_that_was_torn_is_undone_by_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite"
    file = DeskFile(path)
    for number in range(1, 30):
        file.keep_claim(vault_entry(number, f"2.25.{number}"))
    kept = file.entries()
    file.close()
    before = path.read_bytes()
    program = [sys.executable, "-c", _TORN, str(path)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None and child.stdout.readline() == "written\n"
        child.kill()
    assert path.read_bytes() != before, "the write was not torn: nothing is tested"
    again = DeskFile(path)
    try:
        assert again.entries() == kept
        assert again.journal() == ()
        again.keep_claim(vault_entry(99, "2.25.99"))
        assert len(again.entries()) == len(kept) + 1
    finally:
        again.close()
