"""`gui` and `demo`: whether there is a display, and a folder to write in; what is said when there is none."""

import socket
import sys
from pathlib import Path

import pytest

from tests.cli.running import upsdesk
from upsdesk.cli.gui import has_display

NO_SCREEN = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": ""}


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({}, "linux", False),
        ({"DISPLAY": "127.0.0.1:0", "WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"QT_QPA_PLATFORM": "offscreen"}, "linux", True),
        ({"QT_QPA_PLATFORM": "vnc:size=800x600"}, "linux", True),
        ({"QT_QPA_PLATFORM": "xcb"}, "linux", False),
        ({"QT_QPA_PLATFORM": "wayland;xcb", "WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "win32", True),
        ({}, "darwin", True),
    ],
)
def test_has_display(environment: dict[str, str], platform: str, expected: bool) -> None:
    assert has_display(environment, platform) is expected


def test_display_counts_while_its_server_takes_connections() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        display = {"DISPLAY": f"127.0.0.1:{server.getsockname()[1] - 6000}.0"}
        assert has_display(display, "linux")
    assert not has_display(display, "linux")


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")
def test_local_display_counts_while_its_server_takes_connections() -> None:
    display = {"DISPLAY": ":59999"}
    assert not has_display(display, "linux")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0/tmp/.X11-unix/X59999")
        server.listen()
        assert has_display(display, "linux")


@pytest.mark.parametrize("display", ["nonsense", ":x", "/private/tmp/launch/org.xquartz:0"])
def test_display_of_an_unknown_form_is_left_to_qt(display: str) -> None:
    assert has_display({"DISPLAY": display}, "linux")


@pytest.mark.parametrize(
    "line",
    [
        ["gui"],
        ["demo", "--tour", "pictures"],
        ["claim", "A@127.0.0.1:1", "--iuid", "1.2"],
        ["chstate", "A@127.0.0.1:1", "--iuid", "1.2", "--state", "IN PROGRESS"],
    ],
    ids=["gui", "demo", "claim", "chstate"],
)
def test_data_folder_that_cannot_be_written_is_named(
    line: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    taken = tmp_path / "taken"
    taken.write_text("a file")
    ran = upsdesk(*line, "--data-dir", taken, environment={"QT_QPA_PLATFORM": "offscreen"})
    assert (ran.status, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert f"data folder {taken}: " in ran.err
    assert "--data-dir" in ran.err


@pytest.mark.skipif(sys.platform != "linux", reason="other platforms always have a display")
@pytest.mark.parametrize("line", [["gui"], []], ids=["gui", "nothing"])
def test_window_without_a_display_is_refused_with_a_way_out(line: list[str]) -> None:
    ran = upsdesk(*line, environment=NO_SCREEN)
    assert (ran.status, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert "upsdesk demo" in ran.err


def test_tour_into_something_that_is_no_folder(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file")
    ran = upsdesk("demo", "--tour", taken)
    assert ran.status == 2
    assert str(taken) in ran.err
