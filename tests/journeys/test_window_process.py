"""The window's process: no orphan however it dies, a quick end whatever the peer does, one per folder."""

import signal
import socket
import sqlite3
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.programs import Program, allowed, is_running, program, wait_for_window
from tests.support.rude_peer import Connection, RudePeer, full_backlog
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc"),
]


def save_profile(folder: Path, port: int, listen_port: int | None = None) -> None:
    listening = f"listen_port = {listen_port}\n" if listen_port is not None else ""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "profiles.toml").write_text(
        f'version = 1\n[[profile]]\nid = "s-1"\nname = "Server"\nuse = "test"\naet = "RUDE"\n'
        f'host = "127.0.0.1"\nport = {port}\nown_aet = "UPSDESK"\n{listening}',
        encoding="utf-8",
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_gone(children: dict[int, str], seconds: float = 3.0) -> None:
    wait_until(
        lambda: not [pid for pid in children if is_running(pid)],
        allowed(seconds),
        f"the end of {children}",
        0.02,
    )


class TestKill:
    """SIGKILL gives no time to clean up: the children notice that their standard input has ended."""

    def test_of_a_running_demo_leaves_nobody(self, tmp_path: Path) -> None:
        with program("demo", data_dir=tmp_path) as demo:
            children = wait_for_window(demo, "scp", "listen")
            demo.process.kill()
            wait_until_gone(children)

    @pytest.mark.parametrize("moment", ["born", "serving"])
    def test_while_the_server_of_the_demo_starts_leaves_nobody(self, tmp_path: Path, moment: str) -> None:
        with program("demo", data_dir=tmp_path) as demo:
            children = wait_for_window(demo, "scp")
            if moment == "serving":
                wait_until((tmp_path / "demo" / "worklist.sqlite").exists, 20, "the store of the server")
            children |= demo.below()
            demo.process.kill()
            wait_until_gone(children)


def accept_and_stay_silent(connection: Connection) -> None:
    connection.accept()
    connection.wait_until_closed()


def never_answer(connection: Connection) -> None:
    connection.wait_until_closed()


def half_a_pdu(connection: Connection) -> None:
    connection.accept()
    connection.read_message()
    connection.send(struct.pack(">BBI", 4, 0, 5000) + b"\0" * 100)
    connection.wait_until_closed()


class TestEnd:
    """SIGTERM and SIGINT: exit status 0 in under 2 s, whatever the peer does just then."""

    def test_of_the_demo(self, tmp_path: Path) -> None:
        with program("demo", data_dir=tmp_path) as demo:
            children = wait_for_window(demo, "scp", "listen")
            status, seconds = demo.end(signal.SIGTERM)
            assert (status, demo.err) == (0, "")
            assert seconds < allowed(2)
            wait_until_gone(children, 1)

    @pytest.mark.parametrize(
        ("script", "number"),
        [
            (accept_and_stay_silent, signal.SIGTERM),
            (never_answer, signal.SIGINT),
            (half_a_pdu, signal.SIGTERM),
        ],
        ids=["silent", "no answer to the association", "half a PDU"],
    )
    def test_at_a_rude_peer(
        self, tmp_path: Path, script: Callable[[Connection], None], number: signal.Signals
    ) -> None:
        with RudePeer(script) as peer:
            save_profile(tmp_path, peer.port)
            with program("gui", data_dir=tmp_path) as window:
                wait_until(lambda: peer.connections, 40, "the window to connect")
                if script is not never_answer:
                    wait_until(lambda: peer.connections[0].contexts, 10, "the association")
                status, seconds = window.end(number)
                assert (status, window.err) == (0, "")
                assert seconds < allowed(2)

    def test_at_a_host_that_takes_no_connection(self, tmp_path: Path) -> None:
        with full_backlog() as port:
            save_profile(tmp_path, port)
            with program("gui", data_dir=tmp_path) as window:
                wait_until(lambda: _is_connecting(port), 40, "the window to connect")
                status, seconds = window.end(signal.SIGTERM)
                assert (status, window.err) == (0, "")
                assert seconds < allowed(2)


def _is_connecting(port: int) -> bool:
    """A connection of SYN_SENT to this port, beside those that fill the queue."""
    wanted = f":{port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[2].endswith(wanted) and row[3] == "02" for row in rows) > 1


def test_a_second_start_raises_the_first_window(tmp_path: Path) -> None:
    with program("gui", data_dir=tmp_path) as first:
        wait_until((tmp_path / "desk.sqlite").exists, 40, "the first window")
        second = Program("gui", data_dir=tmp_path)
        assert second.wait() == 0, second.err
        assert "already open" in second.err and "brought to the front" in second.err
        assert first.process.poll() is None
        # Another folder is another window, and a demo is a window of its own.
        with program("gui", data_dir=tmp_path / "other") as other:
            wait_until((tmp_path / "other" / "desk.sqlite").exists, 40, "the window on the other folder")
            assert other.end(signal.SIGTERM)[0] == 0
        assert first.end(signal.SIGTERM)[0] == 0


def test_the_demo_is_kept_apart_and_made_anew(tmp_path: Path) -> None:
    save_profile(tmp_path, 4444)
    (tmp_path / "desk.toml").write_text('version = 1\nname = "Mine"\nlast_peer = "s-1"\n', encoding="utf-8")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    old = tmp_path / "demo"
    (old / "logs").mkdir(parents=True)
    (old / "worklist.sqlite").touch()
    (old / "left-over.txt").write_text("of an earlier demo")
    with program("demo", data_dir=tmp_path) as demo:
        wait_for_window(demo, "scp", "listen")
        assert not (old / "left-over.txt").exists()
        assert demo.end(signal.SIGTERM)[0] == 0
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert after == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo", "desk.toml", "profiles.toml"]
    assert 'use = "demo"' in (old / "profiles.toml").read_text()
    with sqlite3.connect(f"file:{old / 'worklist.sqlite'}?mode=ro", uri=True) as store:
        tables = [name for (name,) in store.execute("select name from sqlite_master where type = 'table'")]
    assert tables


def test_bad_profiles_are_one_message_and_no_window(tmp_path: Path) -> None:
    (tmp_path / "profiles.toml").write_text(
        'version = 1\n[[profile]]\nid = "a"\nhost = ""\n', encoding="utf-8"
    )
    with program("gui", data_dir=tmp_path) as window:
        assert window.wait(20) == 2
    lines = window.err.splitlines()
    assert len(lines) == 1
    assert str(tmp_path / "profiles.toml") in lines[0]
    assert "host" in lines[0]
    assert (tmp_path / "profiles.toml").read_text().endswith('host = ""\n')


def test_a_bad_layout_is_kept_aside(tmp_path: Path) -> None:
    (tmp_path / "window.json").write_text("{ this is no JSON", encoding="utf-8")
    with program("gui", data_dir=tmp_path) as window:
        wait_until((tmp_path / "window.json.unreadable").exists, 40, "the old file kept aside")
        wait_until((tmp_path / "desk.sqlite").exists, 10, "the desk")
        assert window.process.poll() is None
        assert window.end(signal.SIGTERM)[0] == 0
    assert (tmp_path / "window.json.unreadable").read_text() == "{ this is no JSON"
