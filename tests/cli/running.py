"""Runs the command line for tests: in this process, or as a process of its own."""

import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from upsdesk.cli.console import Console
from upsdesk.cli.main import main


@dataclass(frozen=True)
class Ran:
    """What a command line left: exit status and both streams."""

    status: int
    out: str
    err: str

    @property
    def object(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


def upsdesk(*arguments: object, environment: dict[str, str] | None = None) -> Ran:
    """One command line, in this process; neither stream is a terminal."""
    out, err = io.StringIO(), io.StringIO()
    console = Console(out=out, err=err, environment=dict(os.environ) | (environment or {}))
    status = main([str(argument) for argument in arguments], console)
    return Ran(int(status), out.getvalue(), err.getvalue())


def start(*arguments: object, **options: Any) -> subprocess.Popen[str]:
    """One command line as a process of its own, with pipes on all three streams."""
    return subprocess.Popen(
        [sys.executable, "-m", "upsdesk", *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        **options,
    )


def finish(process: subprocess.Popen[str], timeout: float = 20.0) -> Ran:
    """Wait for the end of a process; kill it and fail when it does not end."""
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"did not end in {timeout} s; wrote {out!r} and {err!r}") from None
    return Ran(process.returncode, out, err)
