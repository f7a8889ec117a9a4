"""Writes docs/conformance.md; with --check only says whether it is what it would write."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.conformance import behaviour, data_sets, network
from tools.conformance.page import filled

WRITTEN = Path(__file__).parents[2] / "docs" / "conformance.md"
_PROSE = Path(__file__).with_name("statement.md")


def statement() -> str:
    """The whole text; raise ValueError when prose and parts do not fit together."""
    return filled(_PROSE.read_text(encoding="utf-8"), {**network.PARTS, **data_sets.PARTS, **behaviour.PARTS})


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.conformance", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 when it is out of date"
    )
    made = statement()
    if parser.parse_args().check:
        is_current = WRITTEN.is_file() and WRITTEN.read_text(encoding="utf-8") == made
        print(f"docs/conformance.md is {'up to date' if is_current else 'out of date: make docs'}")
        return 0 if is_current else 1
    WRITTEN.write_text(made, encoding="utf-8")
    print("docs/conformance.md is written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
