"""Composition root of the window: checks the machine, takes the lock, builds, runs, stops."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtWidgets import QApplication

from upsdesk.services.settings import SettingsError, WindowLock, prepare_folder
from upsdesk.ui import loop
from upsdesk.ui.first_picture import FirstPicture, Start

if TYPE_CHECKING:
    from upsdesk.ui.app import Driver

Found = TypeVar("Found")

_LIVELY = "count=3,pace=4"
_STEADY = "count=2,pace=3,seed=7"
"""Robots of the tour: the same at every run."""


class CannotOpen(Exception):
    """The window cannot be shown; the text is one sentence with what mends it."""


def run_window(data_dir: Path) -> int:
    """Open the window on the server shown last, or on the first-start page."""
    folder = _usable(data_dir, prepare_folder)
    with _locked(folder) as is_first:
        if not is_first:
            return _raise_other(folder)
        return _run(Start(folder, start_sample=lambda: _start_demo_process(data_dir)))


def run_demo(data_dir: Path) -> int:
    """Open the window on a sample worklist with robot performers."""
    return _run_with_scp(data_dir, _LIVELY, None)


def run_tour(data_dir: Path, pictures: Path) -> int:
    """Drive the window through the whole job and leave pictures and `tour.json` in `pictures`."""
    from upsdesk.ui.tour.run import Tour

    return _run_with_scp(data_dir, _STEADY, Tour(pictures).drive)


def _run_with_scp(data_dir: Path, robots: str, driver: Driver | None) -> int:
    from upsdesk.bootstrap import demo

    try:
        folder = _usable(_usable(data_dir, prepare_folder), demo.own_folder)
    except demo.DemoError as error:
        raise CannotOpen(str(error)) from error
    with _locked(folder) as is_first:
        if not is_first:
            return _raise_other(folder)
        demo.empty_folder(folder, WindowLock.FILE)
        scp = demo.DemoScp(folder, demo.free_port(), robots)
        try:
            peer = scp.start()
            demo.write_settings(folder, peer)
            is_dark = False if driver else None
            return _run(Start(folder, peer=peer, driver=driver, is_dark=is_dark, scp_store=scp.store))
        except demo.DemoError as error:
            raise CannotOpen(str(error)) from error
        finally:
            scp.stop()


def _usable(folder: Path, prepare: Callable[[Path], Found]) -> Found:
    """What `prepare` makes of the folder; raise CannotOpen when the system refuses."""
    try:
        return prepare(folder)
    except OSError as error:
        raise CannotOpen(
            f"The data folder {folder} cannot be used ({error}): mend that, or start with another --data-dir."
        ) from error


def _run(start: Start) -> int:
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    try:
        first = FirstPicture(application, start)
        loop.run_until_painted(application, first.window)
    except SettingsError:
        first = None  # the application says so, in a loop that can wait for an answer
    from upsdesk.ui import app

    return loop.run(application, lambda: app.run(application, start, first))


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    lock = WindowLock(folder)
    is_first = _usable(folder, lambda _: lock.acquire())
    try:
        yield is_first
    finally:
        if is_first:
            lock.release()


def _raise_other(folder: Path) -> int:
    from upsdesk.ui.single_instance import raise_first_window

    if raise_first_window(folder):
        print("UPS Desk is already open: its window was brought to the front.", file=sys.stderr)
        return 0
    raise CannotOpen(
        f"Another UPS Desk uses {folder} and does not answer: close it, or start this one with --data-dir."
    )


def _start_demo_process(data_dir: Path) -> None:
    import subprocess

    subprocess.Popen(
        [sys.executable, "-m", "upsdesk", "--data-dir", str(data_dir), "demo"],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
