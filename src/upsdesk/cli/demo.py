"""`upsdesk demo`: the window on a worklist of invented patients, or a tour through it in pictures."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from upsdesk.cli import options as shared
from upsdesk.cli.exits import UsageError
from upsdesk.cli.gui import has_display, require_qt

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser

TOUR_FOLDER = Path("tour")


def configure(parser: Parser) -> None:
    parser.add_argument(
        "--tour",
        type=Path,
        metavar="DIR",
        help="drive the window through the whole job and put a picture of each step into DIR",
    )
    shared.add_common(parser)


def run(options: argparse.Namespace, console: Console) -> int:
    folder = options.tour
    if folder is None and not has_display(console.environment):
        folder = TOUR_FOLDER
        console.note(f"there is no display, so the tour runs instead; its pictures go to {folder.resolve()}")
    if folder is not None:
        _make(folder)
        if not has_display(console.environment):
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
    data_dir = shared.usable_data_folder(options, console)
    require_qt()
    from upsdesk.bootstrap.window import CannotOpen, run_demo, run_tour

    try:
        return run_demo(data_dir) if folder is None else run_tour(data_dir, folder)
    except CannotOpen as error:
        raise UsageError(str(error)) from None


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the folder {folder}: {error.strerror}") from None
