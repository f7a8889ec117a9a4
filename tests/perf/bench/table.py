"""The table with a hundred thousand rows: sorting, filtering, memory, and how times grow with the rows."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtTest import QTest

from tests.perf.bench import replay_scp
from tests.perf.bench.figures import BY_KEY, Finding
from tests.perf.bench.sizes import Sizes, repeated
from tests.perf.bench.window import BenchWindow, in_window
from upsdesk.domain.events import ProgressReported
from upsdesk.domain.workitem import Progress
from upsdesk.ui.worklist.columns import Column
from upsdesk.ui.worklist.filtering import Criteria
from upsdesk.ui.worklist.ordering import DEFAULT_SORTING

_TYPED = "kowal fraction 3"
"""Narrows at every key: a family name, then words of the label."""
_SORTED = (Column.PATIENT, Column.START, Column.PATIENT_ID, Column.LABEL, Column.STATION)
_UPDATES = 100
_WITH_ROWS = ("sort_ms", "filter_ms", "sort_vs_proxy", "bytes_per_row", "growth_filter", "growth_update")
"""What needs the whole table."""
_STATM = Path("/proc/self/statm")
_NO_STATM = "the memory of a process is told by /proc only"
_PAGE = 4096


@dataclass
class _Times:
    """Seconds, at one number of rows."""

    find: list[float] = field(default_factory=list)
    filter: list[float] = field(default_factory=list)
    update: list[float] = field(default_factory=list)
    sort: list[float] = field(default_factory=list)
    patient: list[float] = field(default_factory=list)
    """The sort that the proxy model is compared with."""
    proxy: list[float] = field(default_factory=list)
    first_sort: float = 0.0
    first_key: float = 0.0
    """Right after the search."""
    bytes_per_row: float | None = None
    is_cut: bool = False
    """The search was given up, and nothing else was measured."""


def measure(sizes: Sizes) -> Iterator[Finding]:
    with replay_scp.running(sizes.table_rows) as scp:
        few, many = in_window(scp, lambda bench: _both(bench, sizes))
    yield _growth("growth_find", few.find, many.find, sizes, is_least=many.is_cut)
    if many.is_cut:
        why = f"the search that fills the table did not end within {sizes.longest_search} s"
        yield from (Finding(key, None, why) for key in _WITH_ROWS)
        return
    rows = f"{sizes.table_rows:,} rows"
    sort = statistics.median(many.sort)
    patient, proxy = statistics.median(many.patient), statistics.median(many.proxy)
    words = f"{rows}, painted, median over {len(_SORTED)} columns, the first {many.first_sort * 1000:.0f} ms"
    yield Finding("sort_ms", sort * 1000, words)
    words = f"{rows}, painted, median of {len(many.filter)} keys, the first {many.first_key * 1000:.0f} ms"
    yield Finding("filter_ms", statistics.median(many.filter) * 1000, words)
    words = f"by patient {patient * 1000:.0f} ms, the proxy over a plain Python model {proxy:.2f} s"
    yield Finding("sort_vs_proxy", patient / proxy, words)
    words = (
        _NO_STATM if many.bytes_per_row is None else f"{rows}, shown, sorted and filtered once, RSS after gc"
    )
    yield Finding("bytes_per_row", many.bytes_per_row, words)
    yield _growth("growth_filter", few.filter, many.filter, sizes)
    yield _growth("growth_update", few.update, many.update, sizes)


def _growth(
    key: str, few: list[float], many: list[float], sizes: Sizes, *, is_least: bool = False
) -> Finding:
    """The exponent: log10 of the ratio of times over that of the rows, which is 2 from 1,000 to 100,000."""
    small, big = statistics.median(few), statistics.median(many)
    exponent = math.log10(big / small) / math.log10(sizes.table_rows / sizes.few_rows)
    least = "given up after " if is_least else ""
    if is_least and exponent <= BY_KEY[key].limit:
        words = f"the search of {sizes.table_rows:,} rows was given up after {big:.0f} s"
        return Finding(key, None, words)
    words = (
        f"{small * 1000:.1f} ms at {sizes.few_rows:,} rows, "
        f"{least}{big * 1000:,.1f} ms at {sizes.table_rows:,}"
    )
    return Finding(key, exponent, f"{words}, log10 of the ratio over that of the rows")


async def _both(bench: BenchWindow, sizes: Sizes) -> tuple[_Times, _Times]:
    few = await _times(bench, sizes, sizes.few_rows)
    return few, await _times(bench, sizes, sizes.table_rows)


async def _times(bench: BenchWindow, sizes: Sizes, rows: int) -> _Times:
    found = _Times()
    bench.model.set_sorting(())
    began = time.monotonic()
    before: float | None = None
    while not found.find or (len(found.find) < sizes.rounds and time.monotonic() - began < sizes.patience):
        await bench.empty()
        if before is None:
            before = _memory()
        try:
            found.find.append((await bench.search(rows, sizes.longest_search)).all)
        except TimeoutError:
            return _Times(find=[float(sizes.longest_search)], is_cut=True)
        if len(found.find) == 1:
            # What rows prepare for sorting and filtering only when it is wanted is memory too.
            found.first_sort = await _sort(bench, Column.PATIENT)
            (found.first_key,) = await _keystrokes(bench, _TYPED[0])
            after = _memory()
            if before is not None and after is not None:
                found.bytes_per_row = (after - before) / rows
            bench.model.set_sorting(())
            await bench.settled()
    found.filter = await _keystrokes(bench, _TYPED)
    for _ in range(sizes.rounds):
        for column in _SORTED:
            seconds = await _sort(bench, column)
            found.sort.append(seconds)
            if column is Column.PATIENT:
                found.patient.append(seconds)
    if rows == sizes.table_rows:
        found.proxy = _proxy_sorts(bench, sizes)
    bench.model.set_sorting(DEFAULT_SORTING)
    await bench.settled()
    await bench.painted()
    found.update = [await _updates(bench, number) for number in range(sizes.rounds)]
    return found


async def _sort(bench: BenchWindow, column: Column) -> float:
    """A click on a header, until the table is painted in the new order."""
    began = perf_counter()
    bench.panel.view.horizontalHeader().sectionClicked.emit(int(column))
    await bench.settled()
    seconds = await bench.painted() - began
    _check_order(bench, column)
    return seconds


def _check_order(bench: BenchWindow, column: Column) -> None:
    """What was painted must have been the new order; raise RuntimeError. For columns that tell it plainly."""
    items = [bench.workitem(key) for key in bench.model.visible]
    if column is Column.PATIENT_ID:
        values = [item.patient.patient_id for item in items]
    elif column is Column.START:
        values = [item.start.raw for item in items if item.start is not None]
    else:
        return
    _, is_down = bench.model.sorting[0]
    if values != sorted(values, reverse=is_down):
        raise RuntimeError(f"the table was painted before it was sorted by {column.name}")


async def _keystrokes(bench: BenchWindow, typed: str) -> list[float]:
    """Seconds of each key of a text in the filter, until the rows are painted; then it is emptied."""
    seconds = []
    field_ = bench.panel.bar.field
    for at, key in enumerate(typed, start=1):
        began = perf_counter()
        QTest.keyClicks(field_, key)
        await bench.settled()
        seconds.append(await bench.painted() - began)
        if bench.model.rowCount() != bench.model.count_matching(Criteria(text=typed[:at])):
            raise RuntimeError("the table was painted before it was filtered")
    field_.clear()
    await bench.painted()
    return seconds


async def _updates(bench: BenchWindow, number: int) -> float:
    """A hundred progress reports, one after the other, to rows from top to bottom, until they are painted."""
    visible = bench.model.visible
    keys = [visible[at * len(visible) // _UPDATES] for at in range(_UPDATES)]
    now = bench.desk.clock()
    events = [ProgressReported(key, Progress(float(number), f"Round {number}"), now) for key in keys]
    await bench.painted()
    began = perf_counter()
    for event in events:
        bench.desk.apply(event)
    seconds = await bench.painted() - began
    if any(bench.workitem(key).progress != events[0].progress for key in keys):
        raise RuntimeError("the table was painted before it was updated")
    return seconds


def _memory() -> float | None:
    """Resident bytes of this process, garbage collected; None where nobody tells."""
    gc.collect()
    return float(_STATM.read_text().split()[1]) * _PAGE if _STATM.exists() else None


class _PlainTable(QAbstractTableModel):
    """A Python model as small as can be: the texts of the table, prepared."""

    def __init__(self, texts: list[tuple[str, ...]]) -> None:
        super().__init__()
        self._texts = texts

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._texts)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(Column)

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        return self._texts[index.row()][index.column()] if role == Qt.ItemDataRole.DisplayRole else None


def _proxy_sorts(bench: BenchWindow, sizes: Sizes) -> list[float]:
    """Seconds of QSortFilterProxyModel for the same rows by the same column; no view is attached to it."""
    model = bench.model
    texts = []
    for number in range(model.rowCount()):
        row = model.row_at(number)
        due = model.due(row)
        texts.append(tuple(row.text(column, due) for column in Column))
    source = _PlainTable(texts)

    def sort() -> float:
        proxy = QSortFilterProxyModel()
        proxy.setSourceModel(source)
        began = perf_counter()
        proxy.sort(int(Column.PATIENT))
        return perf_counter() - began

    return repeated(sort, sizes)
