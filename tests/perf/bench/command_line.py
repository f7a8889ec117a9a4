"""`upsdesk find --format csv` as a whole process, beside DCMTK's findscu on the same SCP."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.perf.bench import others, replay_scp
from tests.perf.bench.figures import Finding
from tests.perf.bench.sizes import Sizes


def measure(sizes: Sizes) -> Iterator[Finding]:
    if not others.has_findscu():
        yield Finding("cli_find_vs_dcmtk", None, others.NO_FINDSCU)
        return
    rows = sizes.command_line_rows
    ours: list[float] = []
    dcmtk: list[float] = []
    began = time.monotonic()
    with replay_scp.running(rows) as scp, tempfile.TemporaryDirectory() as folder:
        scp.serve(1)
        _find(scp, 1, Path(folder))  # the first start compiles and fills the system's cache
        scp.serve(rows)
        while not ours or (len(ours) < sizes.rounds and time.monotonic() - began < sizes.patience):
            ours.append(_find(scp, rows, Path(folder)))
            dcmtk.append(others.findscu(scp, rows))
    mine, reference = statistics.median(ours), statistics.median(dcmtk)
    words = f"{rows:,} responses in {mine:.2f} s, findscu -q {reference:.2f} s, medians of {len(ours)}"
    yield Finding("cli_find_vs_dcmtk", mine / reference, words)


def _find(scp: replay_scp.ReplayScp, rows: int, folder: Path) -> float:
    """Seconds of the whole process, its output in a file; every response must be a line of it."""
    output = folder / "found.csv"
    command = [
        sys.executable,
        "-m",
        "upsdesk",
        "find",
        scp.address,
        "--format",
        "csv",
        "--data-dir",
        str(folder),
    ]
    with output.open("wb") as target:
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=target, stderr=subprocess.DEVNULL)
        seconds = time.perf_counter() - began
    with output.open("rb") as found:
        lines = sum(1 for _ in found)
    if lines != rows + 1:
        raise RuntimeError(f"{lines - 1} lines instead of {rows}")
    return seconds
