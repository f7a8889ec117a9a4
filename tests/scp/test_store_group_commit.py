"""Changes at the same time share a commit, each is undone alone, and each success is kept when it returns."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from tests.support.stores import opened, put, stored, uids
from tests.support.waiting import wait_until
from upsdesk.scp.store import group_commit
from upsdesk.scp.store.group_commit import LARGEST_GROUP
from upsdesk.scp.store.repository import Duplicate, NotCommitted, Repository


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A group stays open while the test arranges who waits for whom."""
    monkeypatch.setattr(group_commit, "LONGEST_SECONDS", 60.0)


class _Changes:
    """Threads that each make one change; all but the first wait until the first is let go."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.threads: list[threading.Thread] = []
        self.returned: list[str] = []
        self.failed: dict[str, BaseException] = {}
        self.inside = threading.Event()
        self.go_on = threading.Event()

    def start(self, uid: str, *, waits: bool = False, then_fails: bool = False) -> None:
        thread = threading.Thread(target=self._run, args=(uid, waits, then_fails))
        self.threads.append(thread)
        thread.start()

    def finish(self) -> None:
        self.go_on.set()
        for thread in self.threads:
            thread.join(5)
            assert not thread.is_alive()

    def _run(self, uid: str, waits: bool, then_fails: bool) -> None:
        try:
            with self.repository.writing() as writer:
                writer.insert(stored(uid))
                if waits:
                    self.inside.set()
                    assert self.go_on.wait(5)
                if then_fails:
                    raise LookupError(uid)
        except Exception as error:
            self.failed[uid] = error
        else:
            self.returned.append(uid)


@contextmanager
def _counted_commits() -> Iterator[list[int]]:
    """The commits of the block, those of readers left out: they are of transactions without a change."""
    commits: list[int] = []

    def count(connection: object) -> None:
        raw = connection.connection.driver_connection  # type: ignore[attr-defined]
        commits.append(raw.total_changes)

    event.listen(Engine, "commit", count)
    try:
        yield commits
    finally:
        event.remove(Engine, "commit", count)


def _waiting(repository: Repository, number: int) -> None:
    wait_until(lambda: repository._commits._waiting == number, what=f"{number} changes wait for their turn")


@pytest.mark.usefixtures("_patient")
def test_changes_that_wait_share_one_commit_and_one_that_fails_is_undone_alone(tmp_path: Path) -> None:
    with opened(tmp_path / "store") as repository:
        changes = _Changes(repository)
        with _counted_commits() as commits:
            changes.start("1.1", waits=True)
            assert changes.inside.wait(5)
            changes.start("1.2")
            changes.start("1.3", then_fails=True)
            changes.start("1.4")
            _waiting(repository, 3)
            changes.finish()
        assert sorted(changes.returned) == ["1.1", "1.2", "1.4"]
        assert list(changes.failed) == ["1.3"]
        assert sorted(uids(repository)) == ["1.1", "1.2", "1.4"]
        assert len(commits) == 1


@pytest.mark.usefixtures("_patient")
def test_nobody_returns_and_nobody_sees_a_change_before_its_commit(tmp_path: Path) -> None:
    with opened(tmp_path / "store") as repository:
        changes = _Changes(repository)
        first_is_done = threading.Event()
        last_may_end = threading.Event()

        def first() -> None:
            with repository.writing() as writer:
                writer.insert(stored("1.1"))
                changes.inside.set()
                assert changes.go_on.wait(5)
            first_is_done.set()

        def last() -> None:
            with repository.writing() as writer:
                writer.insert(stored("1.2"))
                assert writer.workitem("1.1") is not None  # what comes before it in the group
                changes.returned.append("inside")
                assert last_may_end.wait(5)

        threads = [threading.Thread(target=first), threading.Thread(target=last)]
        threads[0].start()
        assert changes.inside.wait(5)
        threads[1].start()
        _waiting(repository, 1)
        changes.go_on.set()
        wait_until(lambda: changes.returned, what="the second change is under way")
        assert uids(repository) == []
        assert not first_is_done.is_set()
        last_may_end.set()
        for thread in threads:
            thread.join(5)
        assert first_is_done.is_set()
        assert uids(repository) == ["1.1", "1.2"]


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_change_that_fails_anywhere_in_a_group_takes_nothing_with_it(tmp_path: Path, position: int) -> None:
    with opened(tmp_path / "store") as repository:
        put(repository, stored("1.9"))
        changes = _Changes(repository)
        names = [f"1.{number}" for number in range(3)]
        for number, uid in enumerate(names):
            changes.start(uid, waits=number == 0, then_fails=number == position)
            if number == 0:
                assert changes.inside.wait(5)
            else:
                _waiting(repository, number)
        changes.finish()
        expected = [*(uid for uid in names if uid != names[position]), "1.9"]
        assert sorted(uids(repository)) == expected
        assert set(changes.returned) == set(expected) - {"1.9"}


@pytest.mark.usefixtures("_patient")
def test_a_group_ends_even_when_more_keep_coming(tmp_path: Path) -> None:
    with opened(tmp_path / "store") as repository:
        changes = _Changes(repository)
        with _counted_commits() as commits:
            changes.start("1.0", waits=True)
            assert changes.inside.wait(5)
            for number in range(LARGEST_GROUP + 10):
                changes.start(f"2.{number}")
            _waiting(repository, LARGEST_GROUP + 10)
            changes.finish()
        assert len(changes.returned) == LARGEST_GROUP + 11
        assert len(commits) >= 2


@pytest.mark.usefixtures("_patient")
def test_a_duplicate_within_a_group_harms_nobody_else(tmp_path: Path) -> None:
    with opened(tmp_path / "store") as repository:
        changes = _Changes(repository)
        changes.start("1.1", waits=True)
        assert changes.inside.wait(5)
        changes.start("1.1")
        changes.start("1.2")
        _waiting(repository, 2)
        changes.finish()
        assert isinstance(changes.failed["1.1"], Duplicate)
        assert sorted(uids(repository)) == ["1.1", "1.2"]


def test_a_change_inside_a_change_is_refused_and_the_store_goes_on(tmp_path: Path) -> None:
    with opened(tmp_path / "store") as repository:
        with repository.writing() as writer:
            with pytest.raises(RuntimeError, match="inside another"), repository.writing():
                pass
            writer.insert(stored("1.1"))
        put(repository, stored("1.2"))
        assert uids(repository) == ["1.1", "1.2"]


def test_a_store_in_memory_serves_many_threads(tmp_path: Path) -> None:
    with opened() as repository:
        changes = _Changes(repository)
        for number in range(20):
            changes.start(f"1.{number}", then_fails=number % 5 == 0)
        changes.finish()
        assert len(uids(repository)) == len(changes.returned) == 16


def test_a_full_disk_fails_the_change_and_keeps_every_success(tmp_path: Path) -> None:
    def limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 45")

    event.listen(Engine, "connect", limit)
    try:
        with opened(tmp_path / "store") as repository:
            changes = _Changes(repository)
            for number in range(200):
                changes.start(f"1.{number}")
            changes.finish()
            assert changes.failed and changes.returned
            assert sorted(uids(repository)) == sorted(changes.returned)
            assert not any(isinstance(error, AssertionError) for error in changes.failed.values())
    finally:
        event.remove(Engine, "connect", limit)
    with opened(tmp_path / "store") as repository:
        assert sorted(uids(repository)) == sorted(changes.returned)
        put(repository, stored("2.1"))


@pytest.mark.usefixtures("_patient")
def test_a_commit_that_fails_is_told_to_everyone_in_it(tmp_path: Path) -> None:
    def refuse(connection: object) -> None:
        raw = connection.connection.driver_connection  # type: ignore[attr-defined]
        # The database itself refuses: a deferred constraint is checked when the transaction ends.
        raw.execute("PRAGMA defer_foreign_keys = ON")
        raw.execute("INSERT INTO child VALUES (1)")

    with opened(tmp_path / "store") as repository:
        put(repository, stored("1.0"))
        with repository.writing() as writer:
            writer._connection.exec_driver_sql("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
            writer._connection.exec_driver_sql("CREATE TABLE child (id INTEGER REFERENCES parent)")
        connection = repository._commits._connection
        assert connection is not None
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.execute("PRAGMA foreign_keys = ON")
        changes = _Changes(repository)
        event.listen(Engine, "commit", refuse)
        try:
            changes.start("1.1", waits=True)
            assert changes.inside.wait(5)
            changes.start("1.2")
            _waiting(repository, 1)
            changes.finish()
        finally:
            event.remove(Engine, "commit", refuse)
        assert {type(error) for error in changes.failed.values()} == {NotCommitted}
        assert sorted(changes.failed) == ["1.1", "1.2"]
        assert uids(repository) == ["1.0"]
        put(repository, stored("1.3"))
        assert uids(repository) == ["1.0", "1.3"]


_WRITER = """
import sys, threading
from tests.support.stores import report, stored
from upsdesk.domain.keys import AeTitle
from upsdesk.scp.store.repository import Repository
from datetime import UTC
repository = Repository(sys.argv[1], UTC)
def write(number):
    count = 0
    while True:
        uid = f"1.{number}.{count}"
        with repository.writing() as writer:
            writer.insert(stored(uid, PatientID=uid))
            writer.subscribe(AeTitle("ALICE"), uid, True)
            writer.enqueue([AeTitle("ALICE")], [report(uid)])
        sys.stdout.write(uid + chr(10))
        sys.stdout.flush()
        count += 1
for number in range(1, 5):
    threading.Thread(target=write, args=(number,)).start()
"""


def test_every_success_survives_a_killed_process(tmp_path: Path) -> None:
    store = tmp_path / "store"
    program = [sys.executable, "-c", _WRITER, str(store)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [process.stdout.readline().strip() for _ in range(100)]
        process.kill()
        rest = process.stdout.read()
    # A line may have been cut off by the kill; those before it were said after their commit.
    told += rest.split("\n")[:-1]
    with opened(store) as repository, repository.reading() as reader:
        kept = set(uids(repository))
        assert set(told) <= kept
        assert (
            len(kept) <= len(told) + 5
        )  # one per thread may have been committed and not said, one line lost
        assert {one.report.uid for one in reader.queued("ALICE", 100_000)} == kept
        assert {one.uid for one in reader.all_subscribers()} == kept
        assert reader.queue_lengths() == {"ALICE": len(kept)}
