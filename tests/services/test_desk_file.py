"""The desk's file: private, synced, shared by processes, and never lost."""

import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.services.values import NOW, PEER, key_of, mode_of, vault_entry
from tests.support.waiting import wait_until
from upsdesk.domain.keys import PeerId, SopInstanceUid
from upsdesk.domain.state import Action
from upsdesk.domain.status import Service, outcome
from upsdesk.services.desk_file import (
    ActRecord,
    ActStatus,
    ClaimStatus,
    DeskFile,
    DeskFileError,
    Draft,
    JournalEntry,
    JournalKind,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.sqlite"


@pytest.fixture
def desk_file(path: Path):  # type: ignore[no-untyped-def]
    opened = DeskFile(path)
    yield opened
    opened.close()


def test_only_the_owner_may_read_it(desk_file: DeskFile, path: Path) -> None:
    desk_file.keep_claim(vault_entry(1))
    assert mode_of(path) == 0o600


def test_the_side_file_is_private_too(desk_file: DeskFile, path: Path) -> None:
    with desk_file._writing() as connection:
        connection.execute("DELETE FROM drafts")
        connection.execute("INSERT INTO drafts VALUES ('p', '', 'x', 'y')")
        journal = path.with_name("desk.sqlite-journal")
        assert journal.exists() and mode_of(journal) == 0o600


def test_it_syncs_everything(desk_file: DeskFile) -> None:
    assert desk_file._connection.execute("PRAGMA synchronous").fetchone() == (3,)  # EXTRA
    assert desk_file._connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_a_claim_is_found_again_by_another_process(desk_file: DeskFile, path: Path) -> None:
    entry = vault_entry(1)
    desk_file.keep_claim(entry)
    code = (
        "import sys; from pathlib import Path; from upsdesk.services.desk_file import DeskFile;"
        "file = DeskFile(Path(sys.argv[1])); print(*[str(e.transaction_uid) for e in file.entries()])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.strip() == str(entry.transaction_uid)
    assert desk_file.entries() == (entry,)


def test_no_lock_is_overwritten_and_the_confirmed_one_is_used(desk_file: DeskFile) -> None:
    first, second = vault_entry(1, "2.25.1"), replace(vault_entry(1, "2.25.2"), claimed_at=NOW + timedelta(1))
    desk_file.keep_claim(first)
    desk_file.keep_claim(second)
    assert {entry.transaction_uid for entry in desk_file.entries()} == {"2.25.1", "2.25.2"}
    assert desk_file.entry(key_of(1)) == second
    desk_file.set_status(first, ClaimStatus.HELD)
    found = desk_file.entry(key_of(1))
    assert found == replace(first, status=ClaimStatus.HELD)
    desk_file.forget(first)
    assert desk_file.entries() == (second,)


def test_a_renamed_profile_finds_its_entries_by_address(desk_file: DeskFile) -> None:
    desk_file.keep_claim(vault_entry(1))
    again = replace(PEER, id=PeerId("s-2"), name="Made anew", host=PEER.host.upper())
    assert desk_file.entry(key_of(1, again)) is None
    assert desk_file.entry(key_of(1, again), again) == vault_entry(1)
    assert desk_file.entry(key_of(1, again), replace(again, port=1)) is None


def test_the_lock_is_in_no_repr() -> None:
    assert "2.25.1" not in repr(vault_entry(1))


def test_acts_survive_until_they_are_ended(desk_file: DeskFile, path: Path) -> None:
    act = ActRecord(
        "a1", key_of(1), PEER.called_aet, PEER.host, PEER.port, "Start", Action.START, NOW, process=12
    )
    desk_file.begin_act(act)
    refused = replace(act, status=ActStatus.REFUSED, outcome=outcome(Service.N_ACTION, 0xC302, 1))
    assert desk_file.acts() == (act,)
    desk_file.update_act(refused)
    other = DeskFile(path)
    assert other.acts() == (refused,)
    other.end_act("a1")
    other.close()
    assert desk_file.acts() == ()


def test_the_journal_only_grows_and_is_read_newest_first(desk_file: DeskFile) -> None:
    entries = [
        JournalEntry(NOW, PEER.id, JournalKind.REQUEST, "Start", key_of(1)),
        JournalEntry(NOW, PEER.id, JournalKind.ANSWER, "Start", key_of(1), "0000", "Done.", "Meyer"),
        JournalEntry(NOW, PEER.id, JournalKind.NOTE, "Search", None, words="214 rows"),
    ]
    desk_file.record(*entries)
    desk_file.record()
    found = desk_file.journal()
    assert [entry.number for entry in found] == [3, 2, 1]
    assert [replace(entry, number=0) for entry in reversed(found)] == entries
    assert [entry.number for entry in desk_file.journal(key_of(1))] == [2, 1]
    assert [entry.number for entry in desk_file.journal(limit=1)] == [3]


def test_drafts_by_peer_and_uid(desk_file: DeskFile) -> None:
    new = Draft(PEER.id, None, '{"a": 1}', NOW)
    edit = Draft(PEER.id, SopInstanceUid("1.2.3"), "{}", NOW)
    for draft in (new, edit, new):
        desk_file.keep_draft(draft)
    assert desk_file.draft(PEER.id, None) == new
    assert desk_file.draft(PEER.id, SopInstanceUid("1.2.3")) == edit
    desk_file.forget_draft(PEER.id, None)
    assert desk_file.drafts() == (edit,)


def test_a_damaged_file_is_named_and_left_alone(path: Path) -> None:
    path.write_bytes(b"this is no database, but it may hold something" * 100)
    before = path.read_bytes()
    with pytest.raises(
        DeskFileError, match=r"desk\.sqlite cannot be read.*left as it is|as it was"
    ) as caught:
        DeskFile(path)
    assert caught.value.path == path
    assert path.read_bytes() == before


def test_a_newer_file_is_refused(desk_file: DeskFile, path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(DeskFileError, match="newer UPS Desk"):
        DeskFile(path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DeskFileError, match="cannot be opened"):
        DeskFile(tmp_path / "nowhere" / "desk.sqlite")


def test_a_busy_file_is_waited_for_then_named(desk_file: DeskFile, path: Path) -> None:
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    other = None
    try:
        with pytest.raises(DeskFileError, match=r"busy|locked"):
            other = DeskFile(path, busy_timeout=0.05)
        desk_file._connection.execute("PRAGMA busy_timeout=50")
        with pytest.raises(DeskFileError, match="locked"):
            desk_file.keep_claim(vault_entry(1))
    finally:
        blocker.execute("ROLLBACK")
        blocker.close()
        if other is not None:
            other.close()
    desk_file.keep_claim(vault_entry(1))
    assert desk_file.entries() == (vault_entry(1),)


def test_a_full_disk_is_named_as_such_and_the_file_stays_usable(desk_file: DeskFile) -> None:
    connection = desk_file._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={pages}")
    long = JournalEntry(NOW, PEER.id, JournalKind.NOTE, "Note", words="x" * 100_000)
    with pytest.raises(DeskFileError, match="disk is full"):
        desk_file.record(long)
    connection.execute("PRAGMA max_page_count=100000")
    desk_file.keep_claim(vault_entry(1))
    assert len(desk_file.entries()) == 1 and desk_file.journal() == ()


def test_closing_does_not_wait_for_another_program(path: Path) -> None:
    desk_file = DeskFile(path, busy_timeout=30)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    writing = threading.Thread(target=desk_file.keep_claim, args=(vault_entry(1),))
    writing.start()
    wait_until(desk_file._lock.locked)
    began = time.monotonic()
    desk_file.close()
    assert time.monotonic() - began < 2
    other.execute("ROLLBACK")
    other.close()
    writing.join(30)
    assert not writing.is_alive()
    desk_file.close()


def test_two_processes_write_at_once(path: Path) -> None:
    DeskFile(path).close()
    code = (
        "import sys; from pathlib import Path; from tests.services.values import vault_entry;"
        "from upsdesk.services.desk_file import DeskFile; file = DeskFile(Path(sys.argv[1]));"
        "[file.keep_claim(vault_entry(int(sys.argv[2]) + n)) for n in range(20)]"
    )
    root = Path(__file__).parents[2]
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(path), start], cwd=root) for start in ("100", "200")
    ]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    file = DeskFile(path)
    assert len(file.entries()) == 40
    file.close()
