"""A desk that is killed at any moment knows at its next start what it holds, and nothing is claimed twice."""

import sys
from pathlib import Path

import pytest

from tests.perf.soak_kills import Size, run


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is what is tested")
def test_nothing_is_lost_or_claimed_twice_by_kills(tmp_path: Path) -> None:
    outcome = run(Size(kills=6, longest_life=0.8), tmp_path)
    assert outcome.kills == 6
    assert outcome.won > 0
