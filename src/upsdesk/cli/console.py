"""The two output streams of the command line: results to one, everything else to the other."""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Mapping
from typing import TextIO


class Console:
    """Where a verb writes. A reader that went away (`| head`) ends the output, not the program.

    `results_gone` is set when nobody reads standard output any more: a verb that could go on for long stops.
    May be used from several threads.
    """

    def __init__(
        self,
        verb: str = "",
        *,
        out: TextIO | None = None,
        err: TextIO | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.verb = verb
        self.verbosity = 0
        self.environment = os.environ if environment is None else environment
        self.results_gone = threading.Event()
        self.unwritten = ""
        """Why results could not be written, although nobody left."""
        # A process may be started with closed streams; Python then has None for them.
        self._out = out or sys.stdout or io.StringIO()
        self._err = err or sys.stderr or io.StringIO()
        self._lock = threading.Lock()
        for stream in (self._out, self._err):
            _write_unicode(stream)

    @property
    def is_terminal(self) -> bool:
        return self._out.isatty()

    def result(self, text: str, end: str = "\n") -> None:
        """Write a result and flush it, so that a reader sees each one as it comes."""
        if self.results_gone.is_set():
            return
        try:
            with self._lock:
                self._out.write(text + end)
                self._out.flush()
        except (BrokenPipeError, ValueError):  # ValueError: the stream was closed on this side
            self.results_gone.set()
        except OSError as error:  # a full disk
            self.unwritten = error.strerror or str(error)
            self.results_gone.set()

    def say(self, text: str) -> None:
        """One line on standard error, as it is."""
        try:
            with self._lock:
                self._err.write(text + "\n")
                self._err.flush()
        except (OSError, ValueError):
            pass

    def note(self, text: str) -> None:
        """A remark or an error on standard error, with the name of the verb before it; one line."""
        name = f"upsdesk {self.verb}" if self.verb else "upsdesk"
        self.say(f"{name}: {' '.join(text.split())}")

    def detail(self, text: str) -> None:
        """A line for `-v`: associations and statuses, no patient data."""
        if self.verbosity >= 1:
            self.say(text)

    def message(self, text: str) -> None:
        """Lines for `-vv`: what was sent and what came, patient data included."""
        if self.verbosity >= 2:
            self.say(text)

    def close(self) -> None:
        """Keep the interpreter from complaining, at its end, about a pipe that nobody reads."""
        if self._out is not sys.stdout:
            return
        try:
            self._out.flush()  # what argparse printed
        except (OSError, ValueError):
            self.results_gone.set()
        if self.results_gone.is_set():
            try:
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, self._out.fileno())
                os.close(null)
            except (OSError, ValueError):
                pass


def _write_unicode(stream: TextIO) -> None:
    """Names come in every script; a stream with a narrower encoding shows what it can."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is None:
        return
    if stream.isatty():
        reconfigure(errors="replace")
    else:
        reconfigure(encoding="utf-8", errors="replace")
