"""How the files of the data folder are written: private, whole or not at all; and who may use the folder."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]

WINDOW = "window.json"
FILTERS = "filters.toml"
_LOCK = "window.lock"
_OWN = frozenset({"desk.sqlite", "profiles.toml", "desk.toml", FILTERS, WINDOW, _LOCK, "upsdesk.log"})


def platform_folder() -> Path:
    """Where this platform keeps a program's data: the data folder when none is given."""
    import platformdirs

    return Path(platformdirs.user_data_dir("upsdesk", appauthor=False))


def prepare_folder(folder: Path) -> Path:
    """Make the data folder when it is not there, for its owner only (0700); raise OSError.

    One that is there is closed to others too, unless it holds things that are not this desk's.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    names = {entry.name for entry in folder.iterdir()}
    if os.name == "posix" and (not names or names & _OWN):
        folder.chmod(0o700)
    return folder


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write to a temporary file, sync it, and put it in place: a reader sees the old content or the new one.

    The file is readable by its owner only. Raise OSError; then nothing has changed.
    """
    import tempfile  # with what it needs, slow to load: not for a start that only reads

    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")  # 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # a folder cannot be opened elsewhere
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def load_window_state(folder: Path) -> dict[str, JsonValue]:
    """Layout, columns and filters of the last time; empty when there are none.

    A file that cannot be read is kept aside as `window.json.unreadable`.
    """
    path = folder / WINDOW
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(state, dict):
            return state
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError):
        pass
    with contextlib.suppress(OSError):
        os.replace(path, path.with_name(f"{WINDOW}.unreadable"))
    return {}


def save_window_state(folder: Path, state: Mapping[str, JsonValue]) -> None:
    """Write window.json; raise OSError."""
    write_atomically(folder / WINDOW, json.dumps(dict(state), ensure_ascii=False, indent=1))


class WindowLock:
    """One window per data folder. The system releases it however the program ends."""

    FILE = _LOCK

    def __init__(self, folder: Path) -> None:
        self._path = folder / _LOCK
        self._file: IO[bytes] | None = None

    def acquire(self) -> bool:
        """True when this process now owns the folder's window."""
        if self._file is not None:
            return True
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        file = os.fdopen(handle, "r+b", buffering=0)
        try:
            _lock(handle)
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _lock(handle: int) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
