"""Searches into the visible table, beside DCMTK's findscu and pynetdicom's send_c_find on the same SCP."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator

from tests.perf.bench import others, replay_scp
from tests.perf.bench.figures import Finding
from tests.perf.bench.sizes import Sizes
from tests.perf.bench.window import BenchWindow, Searched, in_window


def measure(sizes: Sizes) -> Iterator[Finding]:
    rows = sizes.find_rows
    with replay_scp.running(rows) as scp:
        ours, dcmtk, stock = in_window(scp, lambda bench: _in_turn(bench, scp, sizes))
    table = statistics.median(found.all for found in ours)
    told = f"{rows:,} rows in {table:.2f} s, "
    if dcmtk:
        reference = statistics.median(dcmtk)
        words = f"{told}findscu -q {reference:.2f} s (whole process), medians of {len(dcmtk)}"
        yield Finding("find_vs_dcmtk", table / reference, words)
    else:
        yield Finding("find_vs_dcmtk", None, others.NO_FINDSCU)
    reference = statistics.median(stock)
    words = (
        f"{told}send_c_find {reference:.2f} s (import and association not counted), median of {len(stock)}"
    )
    yield Finding("find_vs_pynetdicom", table / reference, words)
    first = statistics.median(found.first for found in ours) * 1000
    yield Finding("first_rows_ms", first, f"of {rows:,}, median of {len(ours)}")
    stall = statistics.median(found.stall for found in ours)
    longest = max(found.stall for found in ours)
    yield Finding("find_gui_stall_ms", stall, f"median of {len(ours)} searches, the worst {longest:.0f} ms")


async def _in_turn(
    bench: BenchWindow, scp: replay_scp.ReplayScp, sizes: Sizes
) -> tuple[list[Searched], list[float], list[float]]:
    """Our search, findscu and stock pynetdicom, one after the other, again and again; seconds of each."""
    ours: list[Searched] = []
    dcmtk: list[float] = []
    stock: list[float] = []
    rows = sizes.find_rows
    began = time.monotonic()
    await bench.empty()
    await bench.search(min(rows, 100))  # what is imported and drawn for the first time is not the search
    while not ours or (len(ours) < sizes.rounds and time.monotonic() - began < 2 * sizes.patience):
        await bench.empty()
        ours.append(await bench.search(rows, sizes.longest_search))
        scp.serve(rows)
        # In threads: the window goes on as it would, and its association does not time out.
        if others.has_findscu():
            dcmtk.append(await asyncio.to_thread(others.findscu, scp, rows))
        if sum(stock) < sizes.patience:
            stock.append(await asyncio.to_thread(others.stock_find, scp, rows))
    return ours, dcmtk, stock
