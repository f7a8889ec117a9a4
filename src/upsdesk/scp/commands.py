"""What can be typed while the server runs: faults are switched on and off by lines on standard input."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable

from upsdesk.dicom.upper_layer.association_server import printable
from upsdesk.scp.faults import Faults

_LONGEST = 4096
_IN_THE_BACKGROUND = 0.5
"""Seconds between two attempts to read a terminal that belongs to another process."""


def carry_out(line: str, faults: Faults, say: Callable[[str], None]) -> None:
    """Do what one line says: `fault SPEC`, `faults`, or `clear [SPEC]`; `say` what came of it."""
    word, _, rest = line.strip().partition(" ")
    rest = rest.strip()
    if word == "fault" and rest:
        try:
            say(f"fault {faults.add(rest)} is on")
        except ValueError as error:
            say(str(error))
    elif word == "faults" and not rest:
        for fault in faults.active:
            say(f"fault {fault} is on")
        if not faults.active:
            say("no fault is on")
    elif word == "clear":
        gone = faults.clear(rest)
        for fault in gone:
            say(f"fault {fault} is off")
        if not gone:
            say(f"no fault {printable(rest)} is on" if rest else "no fault is on")
    elif word:
        say(f"{printable(line.strip()[:60])!r} is no command: write fault SPEC, faults, or clear [SPEC]")


def read_lines(descriptor: int, told: Callable[[str], None]) -> None:
    """Tell of each line until the end of what can be read.

    Read from the descriptor: a buffered reader would hold a lock that the interpreter wants at its end. With
    SIGTTIN ignored a terminal answers a process in the background with EIO instead of stopping it.
    """
    rest = b""
    while True:
        try:
            data = os.read(descriptor, _LONGEST)
        except OSError as error:
            if error.errno != errno.EIO or not os.isatty(descriptor):
                return
            threading.Event().wait(_IN_THE_BACKGROUND)
            continue
        if not data:
            return
        *whole, rest = (rest + data).split(b"\n")
        rest = rest[:_LONGEST]
        for line in whole:
            told(line.decode("utf-8", "replace"))
