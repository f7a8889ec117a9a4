"""How a SQLite store is opened: all that is peculiar to SQLite stands here."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.pool import StaticPool

MEMORY = ":memory:"
IMMEDIATE = "upsdesk_immediate"
"""Execution option of connections that will write: the transaction takes the write lock at its beginning."""

_CONNECT: dict[str, Any] = {"check_same_thread": False, "timeout": 10}
# One connection per association that reads at the same time; a few are kept.
_POOL: dict[str, Any] = {"pool_size": 8, "max_overflow": 200}


def open_engine(store: str | Path) -> Engine:
    """An engine on the file `store`, on a `sqlite:` URL, or in memory (`:memory:`).

    Raises OSError when the file cannot be made.
    """
    text = str(store)
    if text == MEMORY:
        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        engine = create_engine(_url(text), connect_args=_CONNECT, **_POOL)
    event.listen(engine, "connect", _set_up)
    return _tried(engine, text)


def open_to_look(store: str | Path) -> Engine:
    """An engine that only reads, of a file that another process may be writing.

    Raises OSError when there is none, or none that can be read.
    """
    text = str(store)
    if text == MEMORY:
        raise OSError("a store in memory can only be seen by the process that it belongs to")
    path = _url(text).database or ""
    if not Path(path).is_file():
        raise FileNotFoundError(errno.ENOENT, "there is no such store", text)
    url = URL.create("sqlite", database=f"file:{quote(path)}", query={"mode": "ro", "uri": "true"})
    return _tried(create_engine(url, connect_args=_CONNECT), text)


def _url(text: str) -> URL:
    if text.startswith("sqlite:"):
        return make_url(text)
    return URL.create("sqlite", database=str(Path(text).expanduser().absolute()))


def _tried(engine: Engine, name: str) -> Engine:
    event.listen(engine, "begin", _begin)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
    except Exception as error:
        engine.dispose()
        raise OSError(f"the store {name} cannot be opened: {error.__cause__ or error}") from error
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
