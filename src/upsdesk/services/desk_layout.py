"""How the desk's file is laid out: its tables, and their rows as values."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from upsdesk.domain.elements import Path
from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, TransactionUid, WorkitemKey
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.domain.status import Kind, Outcome
from upsdesk.domain.workitem import PatientFacts
from upsdesk.services.records import (
    ActRecord,
    ActStatus,
    ClaimStatus,
    JournalEntry,
    JournalKind,
    VaultEntry,
)

VERSION = 2
SCHEMA = """
CREATE TABLE IF NOT EXISTS vault (
    peer TEXT NOT NULL, uid TEXT NOT NULL, transaction_uid TEXT NOT NULL,
    called_aet TEXT NOT NULL, host TEXT NOT NULL, port INTEGER NOT NULL, calling_aet TEXT NOT NULL,
    patient_name TEXT NOT NULL, patient_id TEXT NOT NULL, birth_date TEXT NOT NULL, sex TEXT NOT NULL,
    issuer TEXT NOT NULL, label TEXT NOT NULL, station TEXT NOT NULL,
    claimed_at TEXT NOT NULL, operator TEXT NOT NULL, status TEXT NOT NULL,
    PRIMARY KEY (peer, uid, transaction_uid)
);
CREATE TABLE IF NOT EXISTS acts (
    id TEXT PRIMARY KEY, peer TEXT NOT NULL, uid TEXT NOT NULL,
    called_aet TEXT NOT NULL, host TEXT NOT NULL, port INTEGER NOT NULL,
    title TEXT NOT NULL, action TEXT NOT NULL, began_at TEXT NOT NULL, status TEXT NOT NULL,
    process INTEGER NOT NULL,
    kind TEXT NOT NULL DEFAULT '', code INTEGER, meaning TEXT NOT NULL DEFAULT '',
    next_step TEXT NOT NULL DEFAULT '', clause TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS drafts (
    peer TEXT NOT NULL, uid TEXT NOT NULL, content TEXT NOT NULL, saved_at TEXT NOT NULL,
    PRIMARY KEY (peer, uid)
);
CREATE TABLE IF NOT EXISTS journal (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, peer TEXT NOT NULL, uid TEXT NOT NULL,
    kind TEXT NOT NULL, act TEXT NOT NULL, status TEXT NOT NULL, words TEXT NOT NULL, operator TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS journal_by_key ON journal (peer, uid, number);
"""
APPEND_ONLY = """
CREATE TRIGGER IF NOT EXISTS journal_is_append_only BEFORE UPDATE ON journal
    BEGIN SELECT RAISE(ABORT, 'what the journal says is not changed'); END
"""

DEMANDS = """
CREATE TABLE IF NOT EXISTS demands (
    peer TEXT NOT NULL, state TEXT NOT NULL, path TEXT NOT NULL, PRIMARY KEY (peer, state, path)
)
"""
CANCEL_REQUESTS = """
CREATE TABLE IF NOT EXISTS cancel_requests (
    peer TEXT NOT NULL, uid TEXT NOT NULL, at TEXT NOT NULL, requesting_ae TEXT NOT NULL,
    reason TEXT NOT NULL, contact_name TEXT NOT NULL, contact_uri TEXT NOT NULL,
    code_value TEXT NOT NULL, code_scheme TEXT NOT NULL, code_meaning TEXT NOT NULL,
    PRIMARY KEY (peer, uid)
)
"""
Demand = tuple[PeerId, ProcedureStepState, Path]
"""Which peer asked, before which final state, for what."""


def vault_entry(row: sqlite3.Row) -> VaultEntry:
    return VaultEntry(
        key=WorkitemKey(PeerId(row["peer"]), SopInstanceUid(row["uid"])),
        called_aet=AeTitle(row["called_aet"]),
        host=row["host"],
        port=row["port"],
        calling_aet=AeTitle(row["calling_aet"]),
        transaction_uid=TransactionUid(row["transaction_uid"]),
        patient=PatientFacts(
            row["patient_name"], row["patient_id"], row["birth_date"], row["sex"], row["issuer"]
        ),
        label=row["label"],
        station=row["station"],
        claimed_at=datetime.fromisoformat(row["claimed_at"]),
        operator=row["operator"],
        status=ClaimStatus(row["status"]),
    )


def act_record(row: sqlite3.Row) -> ActRecord:
    kind = Kind(row["kind"]) if row["kind"] else Kind.NONE
    outcome = Outcome(kind, row["meaning"], row["next_step"], row["clause"], row["code"])
    return ActRecord(
        id=row["id"],
        key=WorkitemKey(PeerId(row["peer"]), SopInstanceUid(row["uid"])),
        called_aet=AeTitle(row["called_aet"]),
        host=row["host"],
        port=row["port"],
        title=row["title"],
        action=Action[row["action"]] if row["action"] else None,
        began_at=datetime.fromisoformat(row["began_at"]),
        status=ActStatus(row["status"]),
        process=row["process"],
        outcome=outcome if outcome.meaning else None,
    )


def journal_entry(row: sqlite3.Row) -> JournalEntry:
    peer = PeerId(row["peer"])
    return JournalEntry(
        at=datetime.fromisoformat(row["at"]),
        peer=peer,
        kind=JournalKind(row["kind"]),
        act=row["act"],
        key=WorkitemKey(peer, SopInstanceUid(row["uid"])) if row["uid"] else None,
        status=row["status"],
        words=row["words"],
        operator=row["operator"],
        number=row["number"],
    )
