"""The benchmark still runs: its replay SCP answers with the worklist it promises, and a figure comes out."""

import json
import subprocess
import sys
from pathlib import Path

from tests.perf.bench import replay_scp
from tests.perf.bench.figures import BY_KEY, FIGURES, Finding, table
from upsdesk.dicom.scu import Match, UpsScu
from upsdesk.domain import tags
from upsdesk.domain.keys import AeTitle, PeerId
from upsdesk.domain.peer import Peer
from upsdesk.domain.query import WORKLIST_RETURN_KEYS, WorklistQuery, state_query
from upsdesk.domain.state import ProcedureStepState

_ROWS = 50


def test_the_replay_scp_serves_distinct_workitems_with_every_column() -> None:
    found: list[Match] = []
    in_progress: list[Match] = []
    with replay_scp.running(_ROWS) as scp:
        scu = UpsScu(Peer(PeerId("replay"), AeTitle(replay_scp.TITLE), "127.0.0.1", scp.port))
        try:
            assert scu.find(WorklistQuery(), found.append).status == 0
            assert scu.find(state_query(ProcedureStepState.IN_PROGRESS), in_progress.append).status == 0
        finally:
            scu.release()
        counts = scp.counts()
    assert counts["responses"] == _ROWS + len(in_progress)
    assert len({match.elements.text(tags.SOP_INSTANCE_UID) for match in found}) == _ROWS
    for match in found:
        missing = [path for path in WORKLIST_RETURN_KEYS if path[0] not in match.elements]
        assert not missing, missing
        assert match.data is not None and 600 < len(match.data.data) < 800
    states = {match.elements.text(tags.PROCEDURE_STEP_STATE) for match in in_progress}
    assert states == {"IN PROGRESS"}


def test_one_figure_is_measured_and_written(tmp_path: Path) -> None:
    target = tmp_path / "bench.json"
    sizes = ("--size=acts=5", "--size=rounds=1")
    command = [sys.executable, "-m", "tests.perf.bench", *sizes, f"--json={target}", "acts"]
    ran = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    (value,) = json.loads(target.read_text(encoding="utf-8")).values()
    assert 0 < value < 100
    assert "action_rtt_vs_stock" in ran.stdout


def test_the_table_tells_what_is_reached_missed_and_left_out() -> None:
    limit = BY_KEY["sort_ms"].limit
    text = table(
        [
            Finding("sort_ms", limit, "a"),
            Finding("filter_ms", 1e6, "b"),
            Finding("find_vs_dcmtk", None, "no findscu"),
        ]
    )
    verdicts = {line.split()[0]: line for line in text.splitlines()[1:]}
    assert " reached " in verdicts["sort_ms"] and " MISSED " in verdicts["filter_ms"]
    assert " left out " in verdicts["find_vs_dcmtk"] and "no findscu" in verdicts["find_vs_dcmtk"]
    assert len({figure.key for figure in FIGURES}) == len(FIGURES)
