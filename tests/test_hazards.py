"""The table of hazards names tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROWS = [
    [cell.strip() for cell in line.strip("|\n ").split(" | ")]
    for line in (ROOT / "docs" / "hazards.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| Hazard ")
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_each_hazard_has_a_control_and_a_test(row: list[str]) -> None:
    assert len(row) == 3 and all(row)
    for one in row[2].split(", "):
        named = re.fullmatch(r"`(tests/[\w/]+\.py)::(test_\w+)`", one)
        assert named, one
        path, function = named.groups()
        text = (ROOT / path).read_text(encoding="utf-8")
        assert re.search(rf"^\s*(async )?def {function}\(", text, re.MULTILINE), f"{path} has no {function}"
