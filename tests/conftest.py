"""What holds for every test: no screen, a data folder of its own, and nothing left behind."""

import asyncio
import gc
import os
import signal
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support import leaks

if not os.environ.get("UPSDESK_TEST_DISPLAY"):  # must be set before the first import of Qt
    os.environ["QT_QPA_PLATFORM"] = "offscreen"

RUN_MARK = uuid.uuid4().hex
os.environ[leaks.RUN_MARK] = RUN_MARK
leaks.remember_where_threads_start()
# Started in the background by a script, this process ignores the interrupt, and so those that it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    return report


_LONGEST_FILES = (
    "journeys/test_tour.py",
    "loopback/test_scp_delivery.py",
    "journeys/test_window_process.py",
    "ui/test_main_window_acts.py",
    "loopback/test_scp_event_table.py",
    "cli/test_scp_options.py",
    "ui/test_main_window.py",
    "loopback/test_scp_state_table.py",
    "loopback/test_scp_faults.py",
    "loopback/test_scp_hostile.py",
    "loopback/test_scp_reports.py",
    "cli/test_scp.py",
    "loopback/test_scp_charsets.py",
    "test_setup_env.py",
)
"""They begin first: a file is one worker's, and a long one at the end keeps the other workers waiting."""


def pytest_configure(config: pytest.Config) -> None:
    config.option.loadscopereorder = False  # pytest-xdist would begin with the files of the most tests


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    order = {here / name: place for place, name in enumerate(_LONGEST_FILES)}
    items.sort(key=lambda item: order.get(item.path, len(order)))


def pytest_collection_finish() -> None:
    """What is imported by now, tests included, is no garbage: a later collection would take 200 ms more."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def _shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for the whole run, so that fontconfig does not read every font again for each test."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _own_folders(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, _shared_cache: Path
) -> None:
    """Home, settings and data of each test are its own; nothing of the developer's is read or written."""
    home = tmp_path_factory.mktemp("home")
    folders = {
        "HOME": home,
        "USERPROFILE": home,
        "XDG_CONFIG_HOME": home / "config",
        "XDG_DATA_HOME": home / "data",
        "XDG_STATE_HOME": home / "state",
        "XDG_RUNTIME_DIR": home / "runtime",
        "UPSDESK_DATA_DIR": home / "upsdesk",
    }
    for variable, folder in folders.items():
        monkeypatch.setenv(variable, str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(_shared_cache))
    (home / "runtime").mkdir(mode=0o700)  # Qt refuses one that others may read


@pytest_asyncio.fixture
async def _no_task_left() -> AsyncIterator[None]:
    before = frozenset(asyncio.all_tasks())
    yield
    left = await leaks.unfinished_tasks(before)
    if left:
        pytest.fail("the test left behind:\n" + "\n".join(left), pytrace=False)


@pytest.fixture(autouse=True)
def _nothing_left_behind(request: pytest.FixtureRequest, _own_folders: None) -> Iterator[None]:
    """Fails a test that leaves a thread, process, TCP socket, window or task behind.

    Set up before the test's other fixtures, so it looks after they have cleaned up. Fixtures of a wider scope
    are older still: what they own is not counted.
    """
    if request.node.get_closest_marker("leaves_running"):
        yield
        return
    if pytest_asyncio.is_async_test(request.node):
        request.getfixturevalue("_no_task_left")
    before = leaks.snapshot(RUN_MARK)
    yield
    # The traceback of a failed test keeps its windows alive: then they are no news.
    failed = request.node.stash.get(_FAILED, False)
    left = leaks.left_behind(before, RUN_MARK, windows=not failed)
    if left:
        pytest.fail("the test left behind:\n" + "\n".join(left), pytrace=False)
