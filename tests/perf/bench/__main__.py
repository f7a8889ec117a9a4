"""`make bench`: runs the groups of figures one after the other, prints the table, writes bench.json."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.perf.bench.figures import BY_KEY, Finding, table, write_json
from tests.perf.bench.sizes import QUICK, Sizes

GROUPS = {
    "find": ("find_vs_dcmtk", "find_vs_pynetdicom", "first_rows_ms", "find_gui_stall_ms"),
    "command_line": ("cli_find_vs_dcmtk",),
    "acts": ("action_rtt_vs_stock",),
    "reports": ("event_to_paint_p99_ms", "burst_lost", "burst_gui_stall_ms"),
    "table": (
        *("sort_ms", "filter_ms", "sort_vs_proxy", "bytes_per_row"),
        *("growth_find", "growth_filter", "growth_update"),
    ),
    "start": ("startup_vs_bare",),
    "idle": ("idle_cpu_percent",),
}
"""The figures of each module; every group runs in a process of its own."""
_FOUND = "finding "


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    chosen = dataclasses.replace(QUICK if options.quick else Sizes(), **dict(options.size))
    if options.alone:
        return _run_alone(options.groups[0], chosen)
    findings: list[Finding] = []
    with tempfile.TemporaryDirectory() as compiled:
        for group in options.groups or GROUPS:
            findings += _run_group(group, chosen, compiled)
    print(f"\n{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores")
    if chosen != Sizes():
        print("Smaller sizes than the figures are meant for: not to be compared with them.")
    print(table(findings), flush=True)
    if options.json is not None:
        write_json(options.json, findings)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench ARGS=", description=__doc__)
    parser.add_argument("groups", nargs="*", choices=(*GROUPS, []), metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("--quick", action="store_true", help="small sizes")
    names = ", ".join(field.name for field in dataclasses.fields(Sizes))
    parser.add_argument(
        "--size", action="append", type=_size, default=[], metavar="NAME=N", help=f"one size: {names}"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go as JSON")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    return parser


def _size(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if name not in {field.name for field in dataclasses.fields(Sizes)}:
        raise argparse.ArgumentTypeError(f"{name!r} is no size")
    return name, int(number)


def _run_group(group: str, sizes: Sizes, compiled: str) -> list[Finding]:
    """In a process of its own, so that no group inherits memory or modules of another.

    `compiled` is the folder for byte code: an installed program has it, a checkout may not.
    """
    print(f"{group}: load {_load()} ... ", end="", flush=True)
    began = time.monotonic()
    given = [f"--size={name}={number}" for name, number in dataclasses.asdict(sizes).items()]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPYCACHEPREFIX": compiled}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    ran = subprocess.run(
        [sys.executable, "-m", "tests.perf.bench", "--alone", *given, group],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    findings = [
        Finding(**json.loads(line.removeprefix(_FOUND)))
        for line in ran.stdout.splitlines()
        if line.startswith(_FOUND)
    ]
    print(f"{time.monotonic() - began:.0f} s, load then {_load()}", flush=True)
    if ran.returncode:
        print(ran.stderr, file=sys.stderr, flush=True)
    known = {finding.key for finding in findings}
    last = (ran.stderr.strip().splitlines() or ["no message"])[-1]
    return findings + [
        Finding(key, None, f"the measure ended with {ran.returncode}: {last}")
        for key in GROUPS[group]
        if key not in known
    ]


def _run_alone(group: str, sizes: Sizes) -> int:
    module = importlib.import_module(f"tests.perf.bench.{group}")
    for finding in module.measure(sizes):
        assert finding.key in BY_KEY, finding.key
        print(_FOUND + json.dumps(dataclasses.asdict(finding)), flush=True)
    return 0


def _load() -> str:
    """Of the last minute: what else the machine did."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
