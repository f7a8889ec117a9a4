"""From the start of the process to the first painted window, beside a bare PySide6 window."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.perf.bench.figures import Finding
from tests.perf.bench.sizes import Sizes
from tests.perf.bench.window import free_port, peer_of, saved_desk


def measure(sizes: Sizes) -> Iterator[Finding]:
    ours: list[float] = []
    whole: list[float] = []
    bare: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        saved_desk(Path(folder), peer_of(free_port()))
        for number in range(sizes.starts + 1):
            times = *_started("bare"), *_started("upsdesk", folder)
            if number:  # the first start of each fills the caches of the system and of Python
                bare.append(times[0])
                ours.append(times[1])
                whole.append(times[-1])
    mine, reference = statistics.median(ours), statistics.median(bare)
    words = (
        f"{mine * 1000:.0f} ms, bare {reference * 1000:.0f} ms, medians of {len(ours)}, a server is saved; "
        f"with the table {statistics.median(whole) * 1000:.0f} ms"
    )
    yield Finding("startup_vs_bare", mine / reference, words)


def _started(*what: str) -> tuple[float, ...]:
    """Seconds from before the process is started to its first picture, and to the first whole one."""
    # As installed: packages have their compiled code beside them, a checkout only when Python may write it.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    began = time.monotonic()
    command = [sys.executable, "-m", "tests.perf.bench.first_paint", *what]
    ran = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, timeout=60)
    return tuple(float(at) - began for at in ran.stdout.split())
