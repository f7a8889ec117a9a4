"""`create` from files and templates, and `set -f`: what is created, row by row, and going on later."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Scp
from tests.cli.running import upsdesk
from tests.services.test_workitem_files import whole
from tests.support.rude_peer import refusing_port
from upsdesk.bootstrap.core import new_uid
from upsdesk.dicom.datasets import to_json, to_xml, write_part10
from upsdesk.domain.keys import SopInstanceUid

HEAD = "PatientID,ProcedureStepLabel,ScheduledProcedureStepStartDateTime,SOPInstanceUID"
START = "ScheduledProcedureStepStartDateTime=20261119093000+0100"
ID, LABEL = "00100020", "00741204"


def read(scp: Scp, uid: str) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = upsdesk("get", scp.address, "--iuid", uid).lines[0]
    return found


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Two good rows, a bad one between them."""
    own = new_uid()
    lines = (
        HEAD,
        f"A-1,One,20261119093000+0100,{own}",
        "A-2,,20261119093000+0100,",
        "A-3,Three,20261119093000,",
    )
    path = tmp_path / "list.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", ["dicom", "json", "xml"])
def test_a_file_of_one_gives_its_uid_unless_another_is_named(scp: Scp, tmp_path: Path, kind: str) -> None:
    path, own = tmp_path / "item", SopInstanceUid(new_uid())
    if kind == "dicom":
        write_part10(path, whole(), own)
    else:
        path.write_text(
            json.dumps(to_json(whole())) if kind == "json" else to_xml([whole()]), encoding="utf-8"
        )
    ran = upsdesk("create", scp.address, "-f", path, "--set", "PatientID=Z-1")
    assert ran.status == 0, ran.err
    uid = ran.out.strip()
    assert (uid == own) == (kind == "dicom")
    found = read(scp, uid)
    assert (found[ID]["Value"], found[LABEL]["Value"]) == (["Z-1"], ["Treatment"])
    other = new_uid()
    assert upsdesk("create", scp.address, "-f", path, "--iuid", other).out.strip() == other


def test_a_template_needs_what_nobody_but_the_person_knows(scp: Scp) -> None:
    line = ["create", scp.address, "--template", "RT machine QA"]
    assert upsdesk(*line).status == 4
    ran = upsdesk(*line, "--set", START, "--set", "ScheduledStationNameCodeSequence/CodeValue=FX1",
                  "--set", "ScheduledStationNameCodeSequence/CodingSchemeDesignator=99X",
                  "--set", "ScheduledStationNameCodeSequence/CodeMeaning=FX1")  # fmt: skip
    assert ran.status == 0, ran.err
    found = read(scp, ran.out.strip())
    assert found["00404018"]["Value"][0]["00080100"]["Value"] == ["121730"]  # type: ignore[index]


def test_the_fractions_of_a_treatment_are_given_by_the_number_of_the_item(scp: Scp) -> None:
    values = (("[2]/TextValue", "Lung_R"), ("[3]/NumericValue", "4"), ("[4]/NumericValue", "30"))
    given = [f"ScheduledProcessingParametersSequence{at}={value}" for at, value in values]
    line = ["create", scp.address, "--template", "rt-treatment", "--set", START]
    ran = upsdesk(*line, *(part for one in given for part in ("--set", one)))
    assert ran.status == 0, ran.err
    assert upsdesk(*line).status == 1  # the server wants the values


def test_rows_are_created_one_by_one_with_a_line_each(scp: Scp, rows: Path) -> None:
    ran = upsdesk("create", scp.address, "-f", rows)
    assert ran.status == 4  # the worst of them: one was not sent
    lines = [line.split("\t") for line in ran.out.splitlines()]
    # The server fills in attributes that were not given, and warns of it.
    assert [(status, place) for _, status, place in lines] == [
        ("B300", "list.csv:2"),
        ("-", "list.csv:3"),
        ("B300", "list.csv:4"),
    ]
    assert [read(scp, lines[at][0])[ID]["Value"] for at in (0, 2)] == [["A-1"], ["A-3"]]
    assert "ProcedureStepLabel" in ran.err and "A-2" not in ran.err
    again = upsdesk("create", scp.address, "-f", rows, "--format", "json")
    assert again.status == 1
    assert [one["status"] for one in again.lines][:2] == ["0111", None]
    assert again.lines[0]["source"] == "list.csv:2"


def test_resume_goes_on_with_the_same_uids_and_creates_nothing_twice(
    scp: Scp, rows: Path, tmp_path: Path
) -> None:
    log = tmp_path / "resume"
    line = ["-f", rows, "--resume", log]
    with refusing_port() as port:
        assert upsdesk("create", f"UPSSCP@127.0.0.1:{port}", *line).status == 3
    kept = [json.loads(entry) for entry in log.read_text(encoding="utf-8").splitlines()]
    assert kept and "A-1" not in log.read_text(encoding="utf-8")
    assert log.stat().st_mode & 0o077 == 0
    first = upsdesk("create", scp.address, *line)
    uids = [entry.split("\t")[0] for entry in first.out.splitlines()]
    assert uids[0] == kept[0]["sop_instance_uid"]
    # What was being sent when the power went: the server has it, and the line of its end was lost.
    text = log.read_text(encoding="utf-8").splitlines()
    log.write_text("\n".join(text[:-1]) + '\n{"row": "cut o', encoding="utf-8")
    second = upsdesk("create", scp.address, *line)
    assert [entry.split("\t")[0] for entry in second.out.splitlines()] == uids
    assert second.status == 4  # of the bad row alone
    bad = tmp_path / "bad"
    bad.write_text("no\nlog\n", encoding="utf-8")
    assert upsdesk("create", scp.address, "-f", rows, "--resume", bad).status == 2


def test_set_takes_a_file_too(scp: Scp, new_item: Callable[..., str], tmp_path: Path) -> None:
    uid, path = new_item(), tmp_path / "change.json"
    path.write_text('{"WorklistLabel": {"vr": "LO", "Value": ["From a file"]}}', encoding="utf-8")
    ran = upsdesk("set", scp.address, "--iuid", uid, "-f", path, "--set", "ProcedureStepLabel=On top")
    assert ran.status == 0, ran.err
    found = read(scp, uid)
    assert (found["00741202"]["Value"], found[LABEL]["Value"]) == (["From a file"], ["On top"])
    path.write_text("WorklistLabel\nOf a list\n", encoding="utf-8")
    ran = upsdesk("set", scp.address, "--iuid", uid, "-f", path)
    assert (ran.status, "is a list of workitems" in ran.err) == (2, True)
