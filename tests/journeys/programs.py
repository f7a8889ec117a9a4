"""The window as a process of its own, as a person starts it: its children, its files, its end."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.support.waiting import wait_until

_LISTENING = re.compile(r"listening \S+@127\.0\.0\.1:(\d+)")


class Program:
    """`upsdesk` with some words, offscreen, in a session of its own; ended with all its children."""

    def __init__(self, *words: object, data_dir: Path, environment: dict[str, str] | None = None) -> None:
        command = [sys.executable, "-m", "upsdesk", "--data-dir", str(data_dir), *map(str, words)]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"QT_QPA_PLATFORM": "offscreen"} | (environment or {}),
            start_new_session=True,
        )
        self.out = ""
        self.err = ""
        self._threads = [threading.Thread(target=self._read, args=(name,)) for name in ("stdout", "stderr")]
        for thread in self._threads:
            thread.start()

    def _read(self, name: str) -> None:
        stream = getattr(self.process, name)
        with stream:
            for line in stream:
                if name == "stdout":
                    self.out += line
                else:
                    self.err += line

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait(self, timeout: float = 30.0) -> int:
        """The exit status; what it wrote has been read then."""
        status = self.process.wait(timeout)
        for thread in self._threads:
            thread.join(5)
        return status

    def end(self, number: signal.Signals) -> tuple[int, float]:
        """Send a signal; the exit status, and the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        return self.wait(), time.monotonic() - began

    def below(self) -> dict[int, str]:
        """The living processes below this one: pid and command line."""
        return _below(self.pid)

    def close(self) -> None:
        """Kill what still runs."""
        children = self.below()
        for pid in (self.pid, *children):
            with contextlib.suppress(ProcessLookupError):
                if pid != self.pid or self.process.poll() is None:
                    os.kill(pid, signal.SIGKILL)
        self.wait()


@contextlib.contextmanager
def program(*words: object, data_dir: Path, **more: dict[str, str]) -> Iterator[Program]:
    started = Program(*words, data_dir=data_dir, **more)
    try:
        yield started
    finally:
        started.close()


def _table() -> dict[int, tuple[str, int]]:
    """State and parent of every process; see proc(5), `stat`."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                found[int(entry.name)] = (fields[0], int(fields[1]))
    return found


def _below(root: int) -> dict[int, str]:
    table = _table()
    found: dict[int, str] = {}
    waiting = [root]
    while waiting:
        parent = waiting.pop()
        for pid, (state, its_parent) in table.items():
            if its_parent == parent and state not in "ZX":
                with contextlib.suppress(OSError):
                    command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                    found[pid] = command
                    waiting.append(pid)
    return found


def allowed(seconds: float) -> float:
    """What `seconds` of a free machine are on this one, which may have more to do than it has processors."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def is_running(pid: int) -> bool:
    """Whether a process exists and has not ended; one that waits to be collected has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def wait_for_window(started: Program, *children: str, timeout: float = 40.0) -> dict[int, str]:
    """Until the window runs and has a child for each of these verbs; the children."""

    def found() -> dict[int, str]:
        assert started.process.poll() is None, f"ended with {started.process.returncode}: {started.err}"
        below = started.below()
        return below if all(any(f" {verb} " in line for line in below.values()) for verb in children) else {}

    return wait_until(found, timeout, f"children for {children}", 0.05)
