"""How much is measured: sizes of the figures, smaller ones for a quick look, how rounds are repeated."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    find_rows: int = 20_000
    command_line_rows: int = 100_000
    table_rows: int = 100_000
    few_rows: int = 1_000
    """Growth is told from this number of rows to `table_rows`."""
    acts: int = 500
    report_rate: int = 500
    """Reports a second, over `report_associations`."""
    report_seconds: int = 10
    report_associations: int = 4
    burst: int = 5_000
    starts: int = 7
    idle_after: int = 30
    """Seconds between the last traffic and the look at the CPU."""
    idle_for: int = 15
    """Seconds of that look; the window searches again 60 s after its search, whose last word is the release
    of the association 10 s later."""
    rounds: int = 5
    patience: int = 60
    """Seconds after which no other round of a slow measure begins."""
    longest_search: int = 600
    """Seconds after which a search is given up."""


QUICK = Sizes(
    find_rows=2_000,
    command_line_rows=2_000,
    table_rows=5_000,
    few_rows=200,
    acts=40,
    report_seconds=2,
    burst=500,
    starts=3,
    idle_after=12,
    idle_for=5,
    rounds=2,
    patience=10,
    longest_search=120,
)


def repeated(measure: Callable[[], float], sizes: Sizes) -> list[float]:
    """`measure` again and again: `rounds` times, fewer when that takes longer than `patience`."""
    began = time.monotonic()
    found = [measure()]
    while len(found) < sizes.rounds and time.monotonic() - began < sizes.patience:
        found.append(measure())
    return found
