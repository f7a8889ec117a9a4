"""How the loop waits for blocking work without an executor, whose workers delay the end of the program."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


async def in_thread(work: Callable[[], Found], name: str = "work") -> Found:
    """Run `work` in a daemon thread of its own; raise what it raises.

    When the waiting task is cancelled the work goes on to its end and its result is dropped.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[Found] = loop.create_future()

    def settle(value: Found | None, error: BaseException | None) -> None:
        if result.cancelled():
            return
        if error is not None:
            result.set_exception(error)
        else:
            result.set_result(value)  # type: ignore[arg-type]

    def run() -> None:
        value: Found | None = None
        error: BaseException | None = None
        try:
            value = work()
        except BaseException as raised:
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            loop.call_soon_threadsafe(settle, value, error)

    threading.Thread(target=run, name=f"upsdesk-{name}", daemon=True).start()
    return await result
