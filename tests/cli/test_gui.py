"""`gui` and `demo`: whether there is a display, and what is said when there is none."""

import sys

import pytest

from tests.cli.running import upsdesk
from upsdesk.cli.gui import has_display

NO_SCREEN = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": ""}


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"QT_QPA_PLATFORM": "offscreen"}, "linux", True),
        ({"QT_QPA_PLATFORM": "vnc:size=800x600"}, "linux", True),
        ({"QT_QPA_PLATFORM": "xcb"}, "linux", False),
        ({"QT_QPA_PLATFORM": "wayland;xcb", "DISPLAY": ":0"}, "linux", True),
        ({}, "win32", True),
        ({}, "darwin", True),
    ],
)
def test_has_display(environment: dict[str, str], platform: str, expected: bool) -> None:
    assert has_display(environment, platform) is expected


@pytest.mark.skipif(sys.platform != "linux", reason="other platforms always have a display")
@pytest.mark.parametrize("line", [["gui"], []], ids=["gui", "nothing"])
def test_window_without_a_display_is_refused_with_a_way_out(line: list[str]) -> None:
    ran = upsdesk(*line, environment=NO_SCREEN)
    assert (ran.status, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert "upsdesk demo" in ran.err


def test_tour_into_something_that_is_no_folder(tmp_path) -> None:  # type: ignore[no-untyped-def]
    taken = tmp_path / "taken"
    taken.write_text("a file")
    ran = upsdesk("demo", "--tour", taken)
    assert ran.status == 2
    assert str(taken) in ran.err
