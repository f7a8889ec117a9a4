"""Waits for a condition with a deadline, and says which condition it was when the time is up."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(predicate: Callable[[], T], timeout: float = 5.0, what: str = "", interval: float = 0.01) -> T:
    """The first true value of `predicate`, asked every `interval` seconds for at most `timeout` seconds.

    For plain threads and processes; a coroutine awaits `until` instead, so that its loop runs. Raises
    AssertionError naming `what` when the time is up.
    """
    deadline = time.monotonic() + timeout
    pause = threading.Event()
    while not (value := predicate()):
        if time.monotonic() >= deadline:
            raise AssertionError(_too_late(predicate, timeout, what))
        pause.wait(interval)
    return value


async def until(
    predicate: Callable[[], T], timeout: float = 5.0, what: str = "", interval: float = 0.01
) -> T:
    """`wait_until` for a coroutine: the loop goes on between two questions. Raises likewise."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    while not (value := predicate()):
        if loop.time() >= deadline:
            raise AssertionError(_too_late(predicate, timeout, what))
        tick: asyncio.Future[None] = loop.create_future()
        loop.call_later(interval, _finish, tick)
        await tick
    return value


def _finish(tick: "asyncio.Future[None]") -> None:
    if not tick.done():
        tick.set_result(None)


def _too_late(predicate: Callable[[], object], timeout: float, what: str) -> str:
    code = getattr(predicate, "__code__", None)
    where = f" ({code.co_filename}:{code.co_firstlineno})" if code else ""
    return f"not within {timeout:g} s: {what or 'the condition'}{where}"
