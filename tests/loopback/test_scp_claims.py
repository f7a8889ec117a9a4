"""Of many that claim the same workitem one wins, and a killed SCP keeps what it has answered."""

from pathlib import Path

from tests.perf.soak_claims import Size, run


def test_one_winner_each_and_nothing_lost_by_a_kill(tmp_path: Path) -> None:
    outcome = run(Size(scus=2, workitems=30, kill_after=10, slowness=0.01, seconds=30), tmp_path)
    assert outcome.claims >= 2 * 30
    assert outcome.queued_at_kill > 0
