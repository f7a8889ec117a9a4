"""Finds what a test left behind: threads, processes, TCP sockets, windows, asyncio tasks."""

import asyncio
import gc
import os
import socket
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

RUN_MARK = "UPSDESK_TEST_RUN"
"""Environment variable that every process started below the tests inherits, so that orphans are found too."""

_PROC = Path("/proc")
_TCP_STATES = {1: "established", 2: "connecting", 8: "close-wait", 10: "listening"}
_CLOSED = 7
_MOMENT = 0.05
"""Seconds."""
_QT_OWN_WINDOWS = frozenset({"QTipLabel"})
_STARTED_AT = "_upsdesk_started_at"


@dataclass(frozen=True)
class Snapshot:
    """What exists at one moment: each map goes from an identity that is never reused to a description."""

    threads: dict[threading.Thread, str]
    processes: dict[tuple[int, str], str]
    sockets: dict[str, str]
    windows: dict[int, str]


def remember_where_threads_start() -> None:
    """From now on each thread keeps the lines of code that started it, for the report of a leak."""
    original = threading.Thread.start
    if getattr(original, "remembers", False):
        return

    def start(self: threading.Thread) -> None:
        setattr(self, _STARTED_AT, _callers(sys._getframe(1)))
        original(self)

    start.remembers = True  # type: ignore[attr-defined]
    threading.Thread.start = start  # type: ignore[method-assign]


def snapshot(run_mark: str = "", windows: bool = True) -> Snapshot:
    """What this process owns now. `run_mark` is the value of RUN_MARK by which orphans are known."""
    return Snapshot(
        threads=_threads(),
        processes=_processes(run_mark),
        sockets=_sockets(),
        windows=_windows() if windows else {},
    )


def left_behind(
    before: Snapshot, run_mark: str = "", timeout: float = 3.0, windows: bool = True
) -> list[str]:
    """One sentence for each thing that came after `before` and does not go away within `timeout` seconds."""
    began = time.monotonic()
    pause = threading.Event()
    collected = False
    while True:
        found = _new_things(before, snapshot(run_mark, windows))
        if not found:
            return []
        waited = time.monotonic() - began
        # Most threads end by themselves in a moment, and a collection takes much longer than that.
        if not collected and waited >= min(_MOMENT, timeout):
            gc.collect()
            collected = True
        elif collected and waited >= timeout:
            return found
        else:
            pause.wait(0.005)


async def unfinished_tasks(ignore: "frozenset[asyncio.Task[Any]]", timeout: float = 1.0) -> list[str]:
    """One sentence for each task of the running loop that does not end within `timeout` seconds."""
    pending = {
        task for task in asyncio.all_tasks() if task not in ignore and task is not asyncio.current_task()
    }
    if pending:
        _, pending = await asyncio.wait(pending, timeout=timeout)
    return [f"task {task.get_name()!r} is still pending: {task.get_coro()!r}" for task in pending]


def _new_things(before: Snapshot, now: Snapshot) -> list[str]:
    pairs: list[tuple[dict[Any, str], dict[Any, str]]] = [
        (before.threads, now.threads),
        (before.processes, now.processes),
        (before.sockets, now.sockets),
        (before.windows, now.windows),
    ]
    return [text for old, new in pairs for key, text in new.items() if key not in old]


def _callers(frame: Any, depth: int = 6) -> str:
    lines = []
    while frame is not None and len(lines) < depth:
        lines.append(f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}")
        frame = frame.f_back
    return "\n    ".join(lines)


def _threads() -> dict[threading.Thread, str]:
    frames = sys._current_frames()
    found = {}
    for thread in threading.enumerate():
        if isinstance(thread, threading._DummyThread):  # made by Qt or another library, not by a test
            continue
        kind = "daemon thread" if thread.daemon else "thread"
        started = getattr(thread, _STARTED_AT, "unknown")
        now = _callers(frames.get(thread.ident or 0), depth=3) or "not running"
        found[thread] = (
            f"{kind} {thread.name!r} is still running\n  started at\n    {started}\n  now at\n    {now}"
        )
    return found


_strangers: set[int] = set()
"""Processes that were none of the tests' when they were looked at last, and have been there ever since."""


def _processes(run_mark: str) -> dict[tuple[int, str], str]:
    if not _PROC.is_dir():
        return {}
    mark = f"{RUN_MARK}={run_mark}".encode()
    born = _born()
    found = {}
    there = {int(entry) for entry in os.listdir(_PROC) if entry.isdigit()}
    # A number that was given up is looked at again: it may be another process by now.
    _strangers.intersection_update(there)
    for pid, state, parent, started in _process_table(there - _strangers - {os.getpid()}):
        is_younger = int(started) >= born  # what ran before this process is none of its tests'
        is_marked = bool(run_mark) and is_younger and mark in _read(pid, "environ").split(b"\0")
        if parent != os.getpid() and not is_younger:
            _strangers.add(pid)
        if state not in "ZX" and (parent == os.getpid() or is_marked):
            command = _read(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace").strip()
            found[pid, started] = f"process {pid} is still running: {command or '(no command line)'}"
    return found


@cache
def _born() -> int:
    """When this process started, in clock ticks."""
    return int(_read(os.getpid(), "stat").decode(errors="replace").rpartition(")")[2].split()[19])


def _process_table(pids: Iterable[int]) -> Iterator[tuple[int, str, int, str]]:
    """(pid, state letter, parent's pid, start time in clock ticks) of each; see proc(5), `stat`."""
    for pid in pids:
        # The second field is the program's name in brackets and may contain anything, brackets too.
        fields = _read(pid, "stat").decode(errors="replace").rpartition(")")[2].split()
        if len(fields) > 19:
            yield pid, fields[0], int(fields[1]), fields[19]


def _read(pid: int, name: str) -> bytes:
    try:
        return (_PROC / str(pid) / name).read_bytes()
    except OSError:  # it ended meanwhile, or belongs to somebody else
        return b""


def _sockets() -> dict[str, str]:
    """TCP sockets that this process has open, by inode.

    Each is asked itself: to read /proc/net/tcp takes the kernel longer than most tests take.
    """
    found: dict[str, str] = {}
    try:
        numbers = os.listdir("/proc/self/fd")
    except OSError:
        return found
    for number in numbers:
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
            if not target.startswith("socket:["):
                continue
            with socket.socket(fileno=os.dup(int(number))) as held:
                if held.family not in (socket.AF_INET, socket.AF_INET6) or held.type != socket.SOCK_STREAM:
                    continue
                state = held.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
                if state != _CLOSED:
                    port, words = held.getsockname()[1], _TCP_STATES.get(state, "open")
                    found[target[8:-1]] = f"TCP socket on port {port} is still {words}"
        except OSError:  # another thread has closed it meanwhile
            continue
    return found


def _windows() -> dict[int, str]:
    """Top-level widgets without a parent, by the address of the C++ object; none when no test loaded Qt."""
    widgets: Any = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return {}
    import shiboken6
    from PySide6.QtCore import QCoreApplication, QEvent

    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    found = {}
    for widget in widgets.QApplication.topLevelWidgets():
        name = widget.metaObject().className()
        if widget.parent() is None and name not in _QT_OWN_WINDOWS:
            shown = "open" if widget.isVisible() else "not deleted"
            title = widget.windowTitle() or widget.objectName()
            found[shiboken6.getCppPointer(widget)[0]] = f"window {name} {title!r} is still {shown}"
    return found
