"""Background work of the window: every coroutine is started here, kept, and ended at shutdown."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from time import perf_counter
from typing import Any

from upsdesk.ui import crash

_SLICE_SECONDS = 0.008
# asyncio keeps only weak references to tasks: without this set a running one could be collected.
_running: set[asyncio.Task[Any]] = set()


def spawn(coro: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
    """Start `coro` on the running loop. An exception that it raises is presented, not lost."""
    task = asyncio.get_event_loop().create_task(coro, name=name)
    _running.add(task)
    task.add_done_callback(_ended)
    return task


async def in_slices(steps: Iterable[object]) -> None:
    """Go through `steps`, whose making is the work, and let the window go on after every few milliseconds."""
    began = perf_counter()
    for _step in steps:
        if perf_counter() - began > _SLICE_SECONDS:
            await asyncio.sleep(0)
            began = perf_counter()


def _ended(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if task.cancelled():
        return
    error = task.exception()
    if error is not None:
        crash.present(error, f"task {task.get_name()}")


async def cancel_all(grace: float = 0.5) -> None:
    """Cancel what still runs and wait at most `grace` seconds for it."""
    tasks = [task for task in _running if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=grace)
