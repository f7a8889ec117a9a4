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

VERSION = 1

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
    Column("patient_id", String(64), nullable=False),
    Column("start", Float, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("workitems_by_start", "start", "uid"),
    Index("workitems_by_state", "state", "start", "uid"),
    Index("workitems_by_patient", "patient_id"),
    Index("workitems_by_end", "ended"),
)
"""`start` is POSIX seconds (NO_START when there is none); `data` is the whole data set, encoded."""

NO_START = 1e15
"""Sorts behind every date; no range reaches it, since DICOM's last year is 9999."""

side_keys = Table(
    "side_keys",
    metadata,
    Column("uid", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("value", String(128), nullable=False),
    Index("side_keys_by_value", "kind", "value", "uid"),
    Index("side_keys_by_uid", "uid"),
)
"""Values within sequences that are searched for, such as the station's name."""

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("uid", String(64), primary_key=True),
    Column("aet", String(16), primary_key=True),
    Column("lock", Boolean, nullable=False),
    Index("subscriptions_by_aet", "aet"),
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
