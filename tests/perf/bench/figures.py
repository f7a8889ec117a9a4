"""Which figures there are, what each must reach, and how they are told: a table and bench.json."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """`limit`: the highest value that still reaches it."""

    key: str
    words: str
    limit: float
    unit: str = ""

    def text(self, value: float) -> str:
        number = (
            f"{value:,.3f}" if abs(value) < 10 else f"{value:,.1f}" if abs(value) < 1000 else f"{value:,.0f}"
        )
        return f"{number} {self.unit}".rstrip()


FIGURES: tuple[Figure, ...] = (
    Figure("find_vs_dcmtk", "C-FIND into the visible table, time against findscu", 0.8),
    Figure("find_vs_pynetdicom", "the same against pynetdicom's send_c_find", 0.05),
    Figure("first_rows_ms", "first rows painted after Search, warm association", 50, "ms"),
    Figure("find_gui_stall_ms", "longest stall of the window during that search", 30, "ms"),
    Figure("cli_find_vs_dcmtk", "upsdesk find --format csv, time against findscu", 1.0),
    Figure("action_rtt_vs_stock", "N-ACTION round trip against stock pynetdicom", 0.1),
    Figure("event_to_paint_p99_ms", "report received to row painted, 99th percentile", 50, "ms"),
    Figure("burst_lost", "reports of a burst that are lost", 0),
    Figure("burst_gui_stall_ms", "longest stall of the window during the burst", 50, "ms"),
    Figure("sort_ms", "sort the table", 100, "ms"),
    Figure("filter_ms", "one keystroke in the filter", 30, "ms"),
    Figure("sort_vs_proxy", "sort against QSortFilterProxyModel", 0.02),
    Figure("bytes_per_row", "memory a row, encoded data set included", 4000, "bytes"),
    Figure("startup_vs_bare", "start to first painted window against a bare window", 2.0),
    Figure("idle_cpu_percent", "CPU of all processes when idle, listener up", 1.0, "%"),
    Figure("growth_find", "growth of a search into the unsorted table", 1.1),
    Figure("growth_filter", "growth of a keystroke in the filter", 1.1),
    Figure("growth_update", "growth of 100 updates in place", 0.2),
)
BY_KEY: Mapping[str, Figure] = {figure.key: figure for figure in FIGURES}


@dataclass(frozen=True, slots=True)
class Finding:
    """What was measured for a figure. `value` None: it was left out, and `compared` says why."""

    key: str
    value: float | None
    compared: str

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "left out"
        return "reached" if self.value <= BY_KEY[self.key].limit else "MISSED"


def table(findings: Iterable[Finding]) -> str:
    """The findings in the order of FIGURES, one line each."""
    found = {finding.key: finding for finding in findings}
    lines = [("figure", "value", "at most", "", "what was measured and compared")]
    for figure in FIGURES:
        finding = found.get(figure.key)
        if finding is not None:
            value = "-" if finding.value is None else figure.text(finding.value)
            words = f"{figure.words}: {finding.compared}"
            lines.append((figure.key, value, figure.text(figure.limit), finding.verdict, words))
    widths = [max(len(line[at]) for line in lines) for at in range(4)]
    return "\n".join(
        f"{key:<{widths[0]}}  {value:>{widths[1]}}  {limit:>{widths[2]}}  {verdict:<{widths[3]}}  {words}"
        for key, value, limit, verdict, words in lines
    )


def write_json(path: Path, findings: Iterable[Finding]) -> None:
    """The values alone: key -> number."""
    found = {finding.key: round(finding.value, 4) for finding in findings if finding.value is not None}
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
