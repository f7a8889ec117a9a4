"""The demo: an embedded worklist server in a process of its own, in a folder made anew at each start."""

from __future__ import annotations

import contextlib
import queue
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from upsdesk.domain.keys import AeTitle, PeerId
from upsdesk.domain.peer import LOOPBACK, Peer, PeerUse, parse_address
from upsdesk.services.settings import DeskSettings, Settings, WindowLock, prepare_folder

FOLDER = "demo"
_STORE = "worklist.sqlite"
_OWN = frozenset({_STORE, "desk.sqlite", "profiles.toml"})
"""One of these is in the folder of every demo that came as far as its window."""
STATION = "FX1"
_SCP_TITLE = "UPSDEMO"
_OWN_TITLE = AeTitle("UPSDESK")
_READY = "listening "
_START_TIMEOUT = 20.0
_STOP_TIMEOUT = 0.3
"""Closing the window takes under 2 s in all. What the server had to say is of no use any more: its folder is
made anew at the next start."""


class DemoError(Exception):
    """The sample worklist cannot run; the text says why, in one sentence."""


def own_folder(base: Path) -> Path:
    """`base`/demo, made when it is not there; raise DemoError when it is somebody else's, or OSError.

    It is emptied at each start, so what is in it must be an earlier demo's.
    """
    folder = base / FOLDER
    names = sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []
    if names and names != [WindowLock.FILE] and not _OWN.intersection(names):
        raise DemoError(
            f"{folder} holds files that are not the sample worklist's ({names[0]}): "
            "move them away, or start with another --data-dir."
        )
    return prepare_folder(folder)


def empty_folder(folder: Path, keep: str) -> None:
    """Remove everything but the file named `keep` (the lock that is held on the folder)."""
    for entry in folder.iterdir():
        if entry.name == keep:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def free_port() -> int:
    """A TCP port that nothing listens on at this moment."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


class DemoScp:
    """The child process. It ends with this one however that ends: its standard input closes then."""

    def __init__(self, folder: Path, listen_port: int, robots: str) -> None:
        self._listen_port = listen_port
        self.store = folder / _STORE
        """The file that the server keeps its worklist and subscriptions in."""
        self._command = [
            sys.executable, "-m", "upsdesk", "scp", f"{_SCP_TITLE}@{LOOPBACK}:0",
            "--store", str(self.store), "--seed", "demo", "--robots", robots,
            "--peer", f"{_OWN_TITLE}@{LOOPBACK}:{listen_port}", "--until-stdin-closes",
        ]  # fmt: skip
        self._process: subprocess.Popen[str] | None = None
        self._drain: threading.Thread | None = None

    def start(self) -> Peer:
        """Start it and return the peer that it is; raise DemoError when it does not come up."""
        lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl+C in the terminal is for the window, which then stops the server.
        )
        assert self._process.stderr is not None
        self._drain = threading.Thread(
            target=_drain, args=(self._process.stderr, lines.put), name="demo server output", daemon=True
        )
        self._drain.start()
        address = self._wait_until_ready(lines)
        aet, host, port = parse_address(address)
        return Peer(
            id=PeerId("demo"),
            called_aet=aet,
            host=host,
            port=port,
            calling_aet=_OWN_TITLE,
            name="Sample worklist",
            use=PeerUse.DEMO,
            listen_host=LOOPBACK,
            listen_port=self._listen_port,
        )

    def _wait_until_ready(self, lines: queue.SimpleQueue[str | None]) -> str:
        deadline = time.monotonic() + _START_TIMEOUT
        said: list[str] = []
        while (left := deadline - time.monotonic()) > 0:
            try:
                line = lines.get(timeout=left)
            except queue.Empty:
                break
            if line is None:
                self.stop()
                raise DemoError(
                    f"The sample worklist ended at its start: {' '.join(said[-3:]) or 'no message'}"
                )
            if line.startswith(_READY):
                return line.removeprefix(_READY).strip()
            said.append(line.strip())
        self.stop()
        raise DemoError(f"The sample worklist did not start within {_START_TIMEOUT:.0f} seconds.")

    def stop(self) -> None:
        """End it; killed when it does not end by itself."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._drain is not None:
            self._drain.join(_STOP_TIMEOUT)
        assert process.stderr is not None
        process.stderr.close()


def _drain(stream: IO[str], told: Callable[[str | None], None]) -> None:
    """Read what the child says to its end, or it would lose lines; tell only of what it says at its start."""
    is_ready = False
    for line in stream:
        if not is_ready:
            told(line)
        is_ready = is_ready or line.startswith(_READY)
    told(None)


def write_settings(folder: Path, peer: Peer) -> None:
    """Profile and desk of the demo: the person at the window works at station FX1."""
    settings = Settings.load(folder)
    settings.profiles.save(peer)
    settings.save_desk(DeskSettings(name="Demo desk", station=STATION, last_peer=peer.id))
