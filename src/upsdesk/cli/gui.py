"""`upsdesk gui`, the default: opens the window. The only verb but `demo` that needs Qt."""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from upsdesk.cli import options as shared
from upsdesk.cli.exits import UsageError

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser

_FIRST_X_PORT = 6000
_X_TIMEOUT = 2.0


def configure(parser: Parser) -> None:
    shared.add_common(parser)


def run(options: argparse.Namespace, console: Console) -> int:
    if not has_display(console.environment):
        raise UsageError(
            "there is no display: start it in a desktop session, or run upsdesk demo, which makes pictures"
        )
    folder = shared.usable_data_folder(options, console)
    require_qt()
    from upsdesk.bootstrap.window import CannotOpen, run_window

    try:
        return run_window(folder)
    except CannotOpen as error:
        raise UsageError(str(error)) from None


def has_display(environment: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Whether a window can be shown; on Windows and macOS always.

    A Qt platform that needs no screen, chosen in QT_QPA_PLATFORM, counts as one.
    """
    if not platform.startswith(("linux", "freebsd")):
        return True
    chosen = environment.get("QT_QPA_PLATFORM", "").partition(":")[0].partition(";")[0]
    if chosen:
        return chosen not in ("xcb", "wayland") or _has_screen(environment)
    return _has_screen(environment)


def _has_screen(environment: Mapping[str, str]) -> bool:
    if environment.get("WAYLAND_DISPLAY"):
        return True
    display = environment.get("DISPLAY", "")
    return bool(display) and x_server_listens(display)


def x_server_listens(display: str) -> bool:
    """Whether something takes connections at DISPLAY; True when its form is not one that is known here.

    A shell that outlived its desktop session keeps a DISPLAY that nobody serves; Qt aborts the process there.
    """
    host, colon, rest = display.rpartition(":")
    number = rest.partition(".")[0]
    if not colon or not (number.isascii() and number.isdigit()) or "/" in host:
        return True
    if host in ("", "unix"):
        file = f"/tmp/.X11-unix/X{number}"
        if any(_takes_connections(path) for path in (f"\0{file}", file)):
            return True
    try:
        socket.create_connection((host or "localhost", _FIRST_X_PORT + int(number)), _X_TIMEOUT).close()
    except (OSError, OverflowError):
        return False
    return True


def _takes_connections(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_X_TIMEOUT)
        try:
            probe.connect(path)
        except OSError:
            return False
        return True


def require_qt() -> None:
    """Raise UsageError, naming the packages, when Qt's own libraries are missing."""
    import importlib

    try:
        importlib.import_module("PySide6.QtWidgets")  # window.py needs it anyway; here the failure gets words
    except ImportError as error:
        raise UsageError(f"Qt cannot be loaded: {error}.{_hint()}") from None


def _hint() -> str:
    if not sys.platform.startswith("linux"):
        return ""
    from upsdesk import resources

    packages = resources.read_text("debian-packages-of-qt.txt").split()
    return f" On Debian or Ubuntu: apt install {' '.join(packages)}"
