"""How a SQLite store is opened: all that is peculiar to SQLite stands here."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.pool import StaticPool

MEMORY = ":memory:"
IMMEDIATE = "upsdesk_immediate"
"""Execution option of connections that will write: the transaction takes the write lock at its beginning."""


def open_engine(store: str | Path) -> Engine:
    """An engine on the file `store`, on a `sqlite:` URL, or in memory (`:memory:`).

    Raises OSError when the file cannot be made.
    """
    text = str(store)
    if text == MEMORY:
        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        url = text if text.startswith("sqlite:") else f"sqlite:///{Path(text).expanduser().absolute()}"
        engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": 10})
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    try:
        with engine.connect():
            pass
    except Exception as error:
        engine.dispose()
        raise OSError(f"the store {text} cannot be opened: {error.__cause__ or error}") from error
    return engine


def is_shared(engine: Engine) -> bool:
    """Whether all threads use one connection, so that only one may use it at a time."""
    return isinstance(engine.pool, StaticPool)


def _set_up(connection: Any, _record: Any) -> None:
    assert isinstance(connection, sqlite3.Connection)
    connection.isolation_level = None  # transactions begin where SQLAlchemy says, not at the first write
    # A write-ahead log lets readers go on while one writes; with it NORMAL survives the end of the process.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get(IMMEDIATE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
