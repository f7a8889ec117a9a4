"""The waiting helpers give the value, keep the deadline and name the condition."""

import asyncio
import threading
import time

import pytest

from tests.support.waiting import until, wait_until


def test_gives_the_first_true_value() -> None:
    answers = iter([0, "", None, "ready"])
    assert wait_until(lambda: next(answers)) == "ready"


def test_sees_what_another_thread_does() -> None:
    done = threading.Event()
    timer = threading.Timer(0.05, done.set)
    timer.start()
    assert wait_until(done.is_set, timeout=2)
    timer.join()


def test_says_what_did_not_happen_and_keeps_the_deadline() -> None:
    started = time.monotonic()
    with pytest.raises(AssertionError, match=r"not within 0\.05 s: the row appears .*test_waiting\.py"):
        wait_until(lambda: False, timeout=0.05, what="the row appears")
    assert time.monotonic() - started < 1


async def test_the_loop_runs_while_a_coroutine_waits() -> None:
    done: list[bool] = []
    asyncio.get_running_loop().call_later(0.03, done.append, True)
    assert await until(lambda: done, timeout=2)


async def test_a_coroutine_gives_up_too() -> None:
    with pytest.raises(AssertionError, match=r"not within 0\.05 s: never"):
        await until(lambda: False, timeout=0.05, what="never")
