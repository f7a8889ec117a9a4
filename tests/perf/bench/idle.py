"""What the program costs when nothing happens: CPU of the window's process and its listener."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.perf.bench import replay_scp
from tests.perf.bench.figures import Finding
from tests.perf.bench.sizes import Sizes
from tests.perf.bench.window import free_port, peer_of, saved_desk

_PROC = Path("/proc")
_ROWS = 1_000
_PATIENCE = 60.0
_LOOK = 0.2


def measure(sizes: Sizes) -> Iterator[Finding]:
    if not (_PROC / "self" / "stat").exists():
        yield Finding("idle_cpu_percent", None, "the CPU time of other processes is told by /proc only")
        return
    with replay_scp.running(_ROWS) as scp, tempfile.TemporaryDirectory() as folder:
        saved_desk(Path(folder), peer_of(scp.port, free_port()))
        command = [sys.executable, "-m", "upsdesk", "gui", "--data-dir", folder]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as window:
            try:
                _wait_for_quiet(scp, sizes.idle_after)
                processes = _family(window.pid)
                before, began = _cpu(processes), time.monotonic()
                time.sleep(sizes.idle_for)
                used, seconds = _cpu(processes) - before, time.monotonic() - began
                quiet = _seconds_of_quiet(scp)
            finally:
                window.send_signal(signal.SIGTERM)
                window.wait(_PATIENCE)
    if quiet < sizes.idle_after + sizes.idle_for:
        raise RuntimeError("there was traffic while the program should have been idle")
    if len(processes) < 2:
        raise RuntimeError("the listener does not run")
    words = (
        f"{len(processes)} processes, {sizes.idle_for} s from {sizes.idle_after} s after the last traffic on"
    )
    yield Finding("idle_cpu_percent", 100 * used / seconds, f"{words}, {_ROWS:,} rows shown")


def _wait_for_quiet(scp: replay_scp.ReplayScp, seconds: float) -> None:
    """Until the search has been answered and nothing has come for so long."""
    deadline = time.monotonic() + _PATIENCE + seconds
    while scp.counts().get("responses", 0) < _ROWS or _seconds_of_quiet(scp) < seconds:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the window does not come to rest: {scp.counts()}")
        time.sleep(_LOOK)


def _seconds_of_quiet(scp: replay_scp.ReplayScp) -> float:
    return (time.monotonic_ns() - scp.counts().get("at", time.monotonic_ns())) / 1e9


def _family(pid: int) -> list[int]:
    """A process and all that it started, and those started."""
    parents: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def _cpu(processes: list[int]) -> float:
    """Seconds in user and system mode of all of them."""
    ticks = sum(int(value) for pid in processes for value in _stat(pid)[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; empty when it has ended (proc(5))."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
