"""The leak check sees each kind of thing left behind, and is quiet when it was cleaned up."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest

from tests.support import leaks

pytest_plugins = ["pytester"]

SLEEPER = "import sys; sys.stdin.read()"


def test_a_thread_is_named_with_the_line_that_started_it() -> None:
    before = leaks.snapshot()
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, name="forgotten", daemon=True)
    thread.start()
    (found,) = leaks.left_behind(before, timeout=0)
    assert "daemon thread 'forgotten' is still running" in found
    assert "test_leaks.py" in found and "test_a_thread_is_named" in found
    stop.set()
    assert leaks.left_behind(before) == []


def test_a_thread_that_is_about_to_end_is_waited_for() -> None:
    before = leaks.snapshot()
    thread = threading.Timer(0.1, lambda: None)
    thread.start()
    assert leaks.left_behind(before, timeout=3) == []


def test_a_child_process_is_found_until_it_ends() -> None:
    before = leaks.snapshot()
    with subprocess.Popen([sys.executable, "-c", SLEEPER], stdin=subprocess.PIPE) as child:
        (found,) = leaks.left_behind(before, timeout=0.1)
        assert f"process {child.pid} is still running" in found and SLEEPER in found
    assert leaks.left_behind(before) == []


@pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="orphans are found through /proc, which is Linux's"
)
def test_an_orphan_is_found_by_its_mark() -> None:
    mark = uuid.uuid4().hex
    before = leaks.snapshot(mark)
    reader, writer = os.pipe()
    parent = (
        "import subprocess, sys\n"
        "nowhere = subprocess.DEVNULL\n"
        f"child = subprocess.Popen([sys.executable, '-c', {SLEEPER!r}], stdin={reader}, "
        "stdout=nowhere, stderr=nowhere)\n"
        "print(child.pid)"
    )
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", parent],
        pass_fds=[reader],
        env=os.environ | {leaks.RUN_MARK: mark},
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    os.close(reader)
    try:
        (found,) = leaks.left_behind(before, mark, timeout=0.1)
        assert f"process {int(ended.stdout)} is still running" in found
    finally:
        os.close(writer)
    assert leaks.left_behind(before, mark) == []


def test_listening_and_connected_sockets_are_found_until_closed() -> None:
    before = leaks.snapshot()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert leaks.left_behind(before, timeout=0) == [f"TCP socket on port {port} is still listening"]
        with socket.create_connection(("127.0.0.1", port)), server.accept()[0]:
            texts = leaks.left_behind(before, timeout=0)
            assert sum("established" in text for text in texts) == 2
    assert leaks.left_behind(before) == []


async def test_a_pending_task_is_named_and_an_ended_one_is_not() -> None:
    before = frozenset(asyncio.all_tasks())
    never = asyncio.get_running_loop().create_future()

    async def wait_for_ever() -> None:
        await never

    task = asyncio.create_task(wait_for_ever(), name="forgotten")
    (found,) = await leaks.unfinished_tasks(before, timeout=0.05)
    assert "'forgotten' is still pending" in found and "wait_for_ever" in found
    never.set_result(None)
    assert await leaks.unfinished_tasks(before) == []
    assert task.done()


def test_a_window_is_found_until_it_is_deleted(qtbot) -> None:  # type: ignore[no-untyped-def]
    from PySide6.QtWidgets import QLabel

    before = leaks.snapshot()
    label = QLabel("text")
    label.setWindowTitle("forgotten")
    label.show()
    assert leaks.left_behind(before, timeout=0) == ["window QLabel 'forgotten' is still open"]
    label.close()
    label.deleteLater()
    assert leaks.left_behind(before) == []


CONFTEST = (Path(__file__).parents[1] / "conftest.py").read_text(encoding="utf-8")
LEAKY = """
import asyncio, socket, threading
import pytest

stop = threading.Event()

def test_thread_left():
    threading.Thread(target=stop.wait, args=(8,), name="left", daemon=True).start()

@pytest.mark.leaves_running(reason="shows that the mark is obeyed")
def test_thread_allowed():
    threading.Thread(target=stop.wait, args=(8,), daemon=True).start()

def test_thread_released():
    thread = threading.Thread(target=stop.wait, args=(0.05,))
    thread.start()

async def test_task_left():
    asyncio.get_running_loop().kept = asyncio.create_task(asyncio.Event().wait(), name="left")

def test_clean(tmp_path):
    with socket.create_server(("127.0.0.1", 0)):
        pass
"""


def test_the_check_fails_the_tests_that_leak_and_no_other(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(LEAKY)
    pytester.makeini(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
        "markers =\n    leaves_running(reason): may leave things behind\n"
        f"pythonpath = {Path(__file__).parents[2]}\n"
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-rA")
    result.assert_outcomes(passed=5, errors=2)
    text = result.stdout.str()
    assert "ERROR test_the_check" in text and "::test_thread_left" in text
    assert "daemon thread 'left' is still running" in text
    assert "task 'left' is still pending" in text
