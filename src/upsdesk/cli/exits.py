"""The exit statuses of the command line, and the error that leads to one."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """What the shell is told. Scripts depend on these numbers."""

    DONE = 0
    """Success, or success with a warning."""
    FAILURE = 1
    """The peer answered with a failure status."""
    USAGE = 2
    """Wrong usage, or input that cannot be read."""
    NO_ANSWER = 3
    """Unreachable, rejected, context refused, aborted, timed out, or an answer that is none."""
    REFUSED = 4
    """Refused here: the act was not sent."""
    INTERRUPTED = 130


class UsageError(Exception):
    """The line cannot be carried out as it is written."""
