"""The tables of the SCP's store and the version of their layout."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

from upsdesk.scp.narrowing import LONGEST_VALUE

VERSION = 2
"""Raised with every change of the tables; `migrations` brings older stores here."""

metadata = MetaData()

schema_version = Table("schema_version", metadata, Column("version", Integer, nullable=False))

workitems = Table(
    "workitems",
    metadata,
    Column("uid", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("lock", String(64)),
    Column("performer", String(16)),
    Column("ended", Float),
    Column("revision", Integer, nullable=False),
    Column("priority", String(16), nullable=False),
    Column("readiness", String(16), nullable=False),
    Column("start", Float, nullable=False),
    Column("completion", Float),
    Column("expires", Float),
    Column("modified", Float),
    Column("data", LargeBinary, nullable=False),
    # A search walks through these in the order of its answers without touching the data sets.
    Index("workitems_by_start", "start", "uid", "state", "priority", "readiness"),
    Index("workitems_by_state", "state", "start", "uid", "priority", "readiness"),
    Index("workitems_by_completion", "completion"),
    Index("workitems_by_expiration", "state", "expires"),
    Index("workitems_by_modification", "modified"),
    Index("workitems_by_end", "ended"),
)
"""Times are POSIX seconds, `start` NO_START when there is none; `data` is the whole data set, encoded."""

NO_START = 1e15
"""Sorts behind every date; no range reaches it, since DICOM's last year is 9999."""

search_keys = Table(
    "search_keys",
    metadata,
    Column("uid", String(64), primary_key=True),
    Column("kind", Integer, primary_key=True, autoincrement=False),
    Column("value", String(LONGEST_VALUE), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("start", Float, nullable=False),
    Index("search_keys_by_start", "kind", "value", "start", "uid", "state"),
)
"""Texts that are searched for (narrowing.Key), with state and start so that one index finds and sorts."""

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("uid", String(64), primary_key=True),
    Column("aet", String(16), primary_key=True),
    Column("lock", Boolean, nullable=False),
    Index("subscriptions_by_aet", "aet", "lock", "uid"),
)

global_subscriptions = Table(
    "global_subscriptions",
    metadata,
    Column("aet", String(16), primary_key=True),
    Column("lock", Boolean, nullable=False),
    Column("filter", LargeBinary),
)

outbox = Table(
    "outbox",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("aet", String(16), nullable=False),
    Column("event_type", Integer, nullable=False),
    Column("uid", String(64), nullable=False),
    Column("information", LargeBinary, nullable=False),
    Index("outbox_by_aet", "aet", "number"),
    sqlite_autoincrement=True,
)
"""Reports that wait, written in the transaction of the change that caused them."""

LONGEST_ERROR = 200

deliveries = Table(
    "deliveries",
    metadata,
    Column("aet", String(16), primary_key=True),
    Column("queued", Integer, nullable=False),
    Column("sent", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("dropped", Integer, nullable=False),
    Column("is_full", Boolean, nullable=False),
    Column("delivered_at", Float),
    Column("failed_at", Float),
    Column("error", String(LONGEST_ERROR), nullable=False),
)
"""How it stands with the reports of each Receiving AE. `queued` is the length of its queue.

`is_full` stays from the first report that found no room until the queue is half empty again.
"""
