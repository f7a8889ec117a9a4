"""The one SQLite file of this desk: the vault, acts under way, drafts and the journal."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path as FilePath

from upsdesk.domain.codes import Code
from upsdesk.domain.events import CancelRequested
from upsdesk.domain.keys import PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.peer import Peer
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.status import Kind, Outcome
from upsdesk.services.desk_layout import (
    APPEND_ONLY,
    CANCEL_REQUESTS,
    DEMANDS,
    SCHEMA,
    VERSION,
    Demand,
    act_record,
    journal_entry,
    vault_entry,
)
from upsdesk.services.records import (
    ActRecord,
    ActStatus,
    ClaimStatus,
    Draft,
    JournalEntry,
    JournalKind,
    VaultEntry,
    best_entry,
)

__all__ = [
    "ActRecord",
    "ActStatus",
    "ClaimStatus",
    "DeskFile",
    "DeskFileError",
    "Draft",
    "JournalEntry",
    "JournalKind",
    "VaultEntry",
    "best_entry",
]

JOURNAL_DAYS = 90
"""Older days of the journal are dropped."""
_CLOSE_PATIENCE = 0.5
"""Seconds."""


class DeskFileError(Exception):
    """The file cannot be used; nothing in it was changed. The message is one sentence that names it."""

    def __init__(self, path: FilePath, message: str) -> None:
        super().__init__(message)
        self.path = path


class DeskFile:
    """Every write is one transaction that is on disk before the method returns (PRAGMA synchronous=EXTRA).

    Usable from any thread and by several processes at once: the window and command lines share one file.
    """

    def __init__(self, path: FilePath, *, busy_timeout: float = 5.0) -> None:
        """Open or make the file, readable by its owner only; raise DeskFileError when it cannot be used."""
        self.path = path
        self._lock = threading.Lock()
        try:
            # SQLite gives its side files the rights of the file itself, so these are set before it opens it.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            if os.name == "posix":
                path.chmod(0o600)
            self._connection = sqlite3.connect(
                path, timeout=busy_timeout, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise DeskFileError(path, f"{path} cannot be opened: {error}.") from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._connection.close()
            raise self._damaged(error) from error
        except DeskFileError:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        run = self._connection.execute
        run("PRAGMA journal_mode=DELETE")
        run("PRAGMA synchronous=EXTRA")
        version = run("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise DeskFileError(self.path, f"{self.path} was written by a newer UPS Desk: use that one.")
        if version < VERSION:
            with self._transaction() as connection:
                for statement in (*SCHEMA.split(";"), APPEND_ONLY):
                    if statement.strip():
                        connection.execute(statement)
                connection.execute(f"PRAGMA user_version={VERSION}")

    def _damaged(self, error: sqlite3.Error) -> DeskFileError:
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            return DeskFileError(self.path, f"{self.path} is kept busy by another program: try again.")
        return DeskFileError(
            self.path,
            f"{self.path} cannot be read ({error}). It holds the Transaction UIDs of started workitems "
            "and was left as it is: restore it from a backup, or move it away to begin with an empty one.",
        )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Writes in here are on disk together when the block ends, or not at all."""
        with self._lock:
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # a full disk has ended it already
                    connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._transaction() as connection:
                yield connection
        except sqlite3.Error as error:
            raise DeskFileError(self.path, f"{self.path} cannot be written: {error}.") from error

    def _rows(self, statement: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        with self._lock:
            try:
                cursor = self._connection.cursor()
                cursor.row_factory = sqlite3.Row
                return list(cursor.execute(statement, tuple(values)))
            except sqlite3.Error as error:
                raise self._damaged(error) from error

    def keep_claim(self, entry: VaultEntry) -> None:
        """Put a Transaction UID on disk, synced; raise DeskFileError, then nothing may be sent.

        An entry with another Transaction UID for the same workitem stays: no lock is ever overwritten.
        """
        with self._writing() as connection:
            connection.execute(
                f"INSERT OR REPLACE INTO vault VALUES ({','.join('?' * 17)})",
                (
                    entry.key.peer,
                    entry.key.uid,
                    str(entry.transaction_uid),
                    entry.called_aet,
                    entry.host,
                    entry.port,
                    entry.calling_aet,
                    entry.patient.name,
                    entry.patient.patient_id,
                    entry.patient.birth_date,
                    entry.patient.sex,
                    entry.patient.issuer,
                    entry.label,
                    entry.station,
                    entry.claimed_at.isoformat(),
                    entry.operator,
                    entry.status.value,
                ),
            )

    def set_status(self, entry: VaultEntry, status: ClaimStatus) -> None:
        self.set_statuses([entry], status)

    def set_statuses(self, entries: Sequence[VaultEntry], status: ClaimStatus) -> None:
        """All of them, or none."""
        with self._writing() as connection:
            connection.executemany(
                "UPDATE vault SET status=? WHERE peer=? AND uid=? AND transaction_uid=?",
                [(status.value, *entry.key, str(entry.transaction_uid)) for entry in entries],
            )

    def forget(self, entry: VaultEntry) -> None:
        """Drop one Transaction UID: the claim failed for certain, or the final state is confirmed."""
        with self._writing() as connection:
            connection.execute(
                "DELETE FROM vault WHERE peer=? AND uid=? AND transaction_uid=?",
                (*entry.key, str(entry.transaction_uid)),
            )

    def entries(self) -> tuple[VaultEntry, ...]:
        """All entries, in the order of their claims."""
        return tuple(vault_entry(row) for row in self._rows("SELECT * FROM vault ORDER BY claimed_at"))

    def entry(self, key: WorkitemKey, peer: Peer | None = None) -> VaultEntry | None:
        """The entry of a workitem, by the peer's id or by its address; a confirmed one before others."""
        return best_entry(self.entries(), key, peer)

    def begin_act(self, act: ActRecord) -> None:
        """Note an act before it is sent."""
        self._put_act(act)

    def update_act(self, act: ActRecord) -> None:
        """Note what came of it: refused or unknown, until somebody acknowledges it."""
        self._put_act(act)

    def _put_act(self, act: ActRecord) -> None:
        outcome = act.outcome or Outcome(Kind.NONE, "")
        with self._writing() as connection:
            connection.execute(
                f"INSERT OR REPLACE INTO acts VALUES ({','.join('?' * 16)})",
                (
                    act.id,
                    act.key.peer,
                    act.key.uid,
                    act.called_aet,
                    act.host,
                    act.port,
                    act.title,
                    act.action.name if act.action else "",
                    act.began_at.isoformat(),
                    act.status.value,
                    act.process,
                    outcome.kind.value,
                    outcome.code,
                    outcome.meaning,
                    outcome.next_step,
                    outcome.clause,
                ),
            )

    def end_act(self, act_id: str) -> None:
        """It was answered, or acknowledged."""
        with self._writing() as connection:
            connection.execute("DELETE FROM acts WHERE id=?", (act_id,))

    def acts(self) -> tuple[ActRecord, ...]:
        """Acts under way, refused and unknown ones, in the order in which they began."""
        return tuple(act_record(row) for row in self._rows("SELECT * FROM acts ORDER BY began_at"))

    def record(self, *entries: JournalEntry) -> None:
        """Append to the journal, all in one transaction."""
        if not entries:
            return
        with self._writing() as connection:
            connection.executemany(
                "INSERT INTO journal (at, peer, uid, kind, act, status, words, operator)"
                " VALUES (?,?,?,?,?,?,?,?)",
                [
                    (
                        entry.at.isoformat(),
                        entry.peer,
                        entry.key.uid if entry.key else "",
                        entry.kind.value,
                        entry.act,
                        entry.status,
                        entry.words,
                        entry.operator,
                    )
                    for entry in entries
                ],
            )

    def journal(self, key: WorkitemKey | None = None, limit: int = 200) -> tuple[JournalEntry, ...]:
        """The newest entries, of one workitem or of all, newest first."""
        if key is None:
            rows = self._rows("SELECT * FROM journal ORDER BY number DESC LIMIT ?", (limit,))
        else:
            rows = self._rows(
                "SELECT * FROM journal WHERE peer=? AND uid=? ORDER BY number DESC LIMIT ?", (*key, limit)
            )
        return tuple(journal_entry(row) for row in rows)

    def drop_old_journal(self, now: datetime) -> None:
        """Forget the days before the last 90; nothing else ever takes an entry out of the journal."""
        # The first moment of a day in UTC: times are written with their own offsets.
        first = (now - timedelta(days=JOURNAL_DAYS)).astimezone(UTC).replace(hour=0, minute=0, second=0)
        with self._writing() as connection:
            # Entries stand in the order of their times: looking ends at the first one that stays.
            kept = connection.execute(
                "SELECT number FROM journal WHERE julianday(at) >= julianday(?) ORDER BY number LIMIT 1",
                (first.isoformat(),),
            ).fetchone()
            if kept is not None:
                connection.execute("DELETE FROM journal WHERE number < ?", kept)
            else:
                connection.execute("DELETE FROM journal")

    def keep_draft(self, draft: Draft) -> None:
        with self._writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO drafts VALUES (?,?,?,?)",
                (draft.peer, draft.uid or "", draft.content, draft.saved_at.isoformat()),
            )

    def draft(self, peer: PeerId, uid: SopInstanceUid | None) -> Draft | None:
        return next((draft for draft in self.drafts() if (draft.peer, draft.uid) == (peer, uid)), None)

    def drafts(self) -> tuple[Draft, ...]:
        return tuple(
            Draft(
                PeerId(row["peer"]),
                SopInstanceUid(row["uid"]) if row["uid"] else None,
                row["content"],
                datetime.fromisoformat(row["saved_at"]),
            )
            for row in self._rows("SELECT * FROM drafts ORDER BY saved_at")
        )

    def forget_draft(self, peer: PeerId, uid: SopInstanceUid | None) -> None:
        with self._writing() as connection:
            connection.execute("DELETE FROM drafts WHERE peer=? AND uid=?", (peer, uid or ""))

    def demands(self) -> set[Demand]:
        """What peers asked for when they refused a final state."""
        return {
            (
                PeerId(row["peer"]),
                ProcedureStepState(row["state"]),
                tuple(int(tag, 16) for tag in row["path"].split("/")),
            )
            for row in self._rows_of("demands")
        }

    def keep_demands(self, demands: Iterable[Demand]) -> None:
        with self._writing() as connection:
            connection.execute(DEMANDS)
            connection.executemany(
                "INSERT OR REPLACE INTO demands VALUES (?,?,?)",
                [
                    (peer, state.value, "/".join(f"{tag:08X}" for tag in path))
                    for peer, state, path in demands
                ],
            )

    def cancel_requests(self) -> tuple[CancelRequested, ...]:
        """Requests to cancel that nobody has answered."""
        return tuple(
            CancelRequested(
                WorkitemKey(PeerId(row["peer"]), SopInstanceUid(row["uid"])),
                datetime.fromisoformat(row["at"]),
                row["requesting_ae"],
                row["reason"],
                row["contact_name"],
                row["contact_uri"],
                Code(row["code_value"], row["code_scheme"], row["code_meaning"])
                if row["code_value"]
                else None,
            )
            for row in self._rows_of("cancel_requests")
        )

    def change_cancel_requests(self, gone: Iterable[WorkitemKey], new: Iterable[CancelRequested]) -> None:
        """Drop those of `gone` and keep `new`, one for each workitem."""
        nothing = Code("", "", "")
        with self._writing() as connection:
            connection.execute(CANCEL_REQUESTS)
            connection.executemany("DELETE FROM cancel_requests WHERE peer=? AND uid=?", [*gone])
            connection.executemany(
                f"INSERT OR REPLACE INTO cancel_requests VALUES ({','.join('?' * 10)})",
                [
                    (
                        *one.key,
                        one.at.isoformat(),
                        one.requesting_ae,
                        one.reason,
                        one.contact_name,
                        one.contact_uri,
                        (one.code or nothing).value,
                        (one.code or nothing).scheme,
                        (one.code or nothing).meaning,
                    )
                    for one in new
                ],
            )

    def _rows_of(self, table: str) -> list[sqlite3.Row]:
        """All rows of a table that came later: it is made by the first write to it."""
        is_there = self._rows("SELECT 1 FROM sqlite_master WHERE type='table' AND name=?", (table,))
        return self._rows(f"SELECT * FROM {table} ORDER BY rowid") if is_there else []

    def close(self) -> None:
        """A write that waits for another program goes on behind; it does not hold up the end."""
        if self._lock.acquire(timeout=_CLOSE_PATIENCE):
            try:
                self._connection.close()
            finally:
                self._lock.release()
