"""`find` against the embedded server: keys, formats, limits."""

import csv
import io
import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest

from tests.cli.conftest import Scp
from tests.cli.running import finish, start, upsdesk

STATE, UID, NAME, LABEL = "00741000", "00080018", "00100010", "00741204"


def _value(row: dict[str, dict[str, list[str]]], tag: str) -> str:
    return row[tag]["Value"][0]


def test_state_key_and_one_object_a_line(scp: Scp) -> None:
    ran = upsdesk("find", scp.address, "--state", "SCHEDULED")
    assert ran.status == 0
    assert len(ran.lines) > 5
    assert {_value(row, STATE) for row in ran.lines} == {"SCHEDULED"}
    assert ran.err == ""


def test_count_is_alone_on_its_line(scp: Scp) -> None:
    rows = upsdesk("find", scp.address, "--state", "COMPLETED").lines
    counted = upsdesk("find", scp.address, "--state", "COMPLETED", "--count")
    assert (counted.status, counted.out) == (0, f"{len(rows)}\n")


def test_limit_stops_with_a_remark(scp: Scp) -> None:
    ran = upsdesk("find", scp.address, "--state", "SCHEDULED", "--limit", "3")
    assert (ran.status, len(ran.lines)) == (0, 3)
    assert "limit of 3" in ran.err


def test_limit_that_is_not_reached_is_not_mentioned(scp: Scp) -> None:
    ran = upsdesk("find", scp.address, "--state", "SCHEDULED", "--limit", "4000")
    assert ran.status == 0
    assert ran.err == ""


def test_nested_key_by_keyword_and_by_digits(scp: Scp, new_item: Callable[..., str]) -> None:
    code = ["--set", "ScheduledWorkitemCodeSequence/CodeValue=NESTED1"]
    code += ["--set", "ScheduledWorkitemCodeSequence/CodingSchemeDesignator=99CLI"]
    code += ["--set", "00404018/00080104=Nested test"]
    uid = new_item("Nested", *code)
    for key in ("ScheduledWorkitemCodeSequence/CodeValue=NESTED1", "00404018/00080100=NESTED1"):
        ran = upsdesk("find", scp.address, "-q", key)
        assert [_value(row, UID) for row in ran.lines] == [uid]


def test_return_keys_replace_the_columns(scp: Scp) -> None:
    ran = upsdesk("find", scp.address, "--state", "SCHEDULED", "-r", "PatientName", "--limit", "1")
    assert set(ran.lines[0]) - {"00080005", "00080201"} == {STATE, NAME}


def test_no_valued_key_is_remarked(scp: Scp) -> None:
    ran = upsdesk("find", scp.address, "--count")
    assert ran.status == 0
    assert "CC.2.8.3.1" in ran.err


def test_every_way_to_search_finds_the_same(scp: Scp) -> None:
    line = ["find", scp.address, "--state", "CANCELED", "--count", "--via"]
    assert len({upsdesk(*line, via).out for via in ("pull", "watch", "query")}) == 1


def test_json_is_an_array(scp: Scp) -> None:
    rows = upsdesk("find", scp.address, "--state", "SCHEDULED", "--format", "json").object
    assert len(rows) > 5
    assert upsdesk("find", scp.address, "-q", "PatientID=nobody", "--format", "json").object == []


def test_csv_has_a_header_of_paths(scp: Scp) -> None:
    keys = ["-r", "SOPInstanceUID", "-r", "PatientName", "-r", "ScheduledStationNameCodeSequence"]
    ran = upsdesk("find", scp.address, "--state", "SCHEDULED", *keys, "--format", "csv")
    header, *rows = csv.reader(io.StringIO(ran.out))
    station = "ScheduledStationNameCodeSequence"
    assert header[:6] == [
        "ProcedureStepState",
        "SOPInstanceUID",
        "PatientName",
        f"{station}/CodeValue",
        f"{station}/CodingSchemeDesignator",
        f"{station}/CodeMeaning",
    ]
    assert len(rows) == len(upsdesk("find", scp.address, "--state", "SCHEDULED").lines)
    assert all(len(row) == len(header) for row in rows)
    assert {row[0] for row in rows} == {"SCHEDULED"}
    assert {row[3] for row in rows} >= {"FX1"}


@pytest.mark.parametrize("kind", ["csv", "json", "xml", "table"])
def test_rows_are_told_without_loading_pydicom(scp: Scp, kind: str) -> None:
    """Loading it takes longer than the search of a day's list."""
    program = (
        "import sys\n"
        "from upsdesk.cli.main import main\n"
        f"status = main(['find', {scp.address!r}, '--state', 'SCHEDULED', '--format', {kind!r}])\n"
        "sys.exit('loaded' if 'pydicom' in sys.modules else int(status))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=30
    )
    assert ran.returncode == 0 and len(ran.stdout) > 100, ran.stderr


def test_xml_is_the_native_model(scp: Scp) -> None:
    ran = upsdesk("find", scp.address, "--state", "SCHEDULED", "--limit", "2", "--format", "xml")
    root = ElementTree.fromstring(ran.out)
    found = [node.get("keyword") for node in root.iter() if node.tag.endswith("DicomAttribute")]
    assert found.count("SOPInstanceUID") == 2


def test_dicom_writes_files_that_can_be_read(scp: Scp, tmp_path: Path) -> None:
    line = [
        "find",
        scp.address,
        "--state",
        "SCHEDULED",
        "--limit",
        "2",
        "--format",
        "dicom",
        "-o",
        tmp_path / "new",
    ]
    ran = upsdesk(*line)
    paths = [Path(line) for line in ran.out.splitlines()]
    assert len(paths) == 2
    for path in paths:
        data_set = pydicom.dcmread(path)
        assert path.name == f"{data_set.SOPInstanceUID}.dcm"
        assert data_set.ProcedureStepState == "SCHEDULED"


def test_table_has_the_worklists_columns(scp: Scp) -> None:
    ran = upsdesk("find", scp.address, "--state", "SCHEDULED", "--format", "table")
    header, *rows = ran.out.splitlines()
    assert header.split()[:4] == ["State", "Priority", "Start", "Patient"]
    assert len(rows) > 5
    assert all(row.startswith("SCHEDULED") for row in rows)


def test_unknown_attribute_is_named(scp: Scp) -> None:
    ran = upsdesk("find", scp.address, "-q", "PatientNam=x")
    assert ran.status == 2
    assert "PatientNam" in ran.err


def test_reader_that_leaves_early_ends_it_quietly(scp: Scp) -> None:
    process = start("find", scp.address, "--state", "SCHEDULED")
    assert process.stdout is not None
    first = process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    assert json.loads(first)
    ran = finish(process)
    assert (ran.status, ran.err) == (0, "")


def test_several_states_are_one_query_each_merged(scp: Scp) -> None:
    states = ["--state", "SCHEDULED", "--state", "COMPLETED"]
    ran_alone = [upsdesk("find", scp.address, *state) for state in (states[:2], states[2:])]
    one_by_one = [_value(row, UID) for ran in ran_alone for row in ran.lines]
    ran = upsdesk("find", scp.address, *states)
    assert sorted(_value(row, UID) for row in ran.lines) == sorted(one_by_one) and ran.err == ""
    assert upsdesk("find", scp.address, *states, "--count").out == f"{len(one_by_one)}\n"
    scheduled = len(ran_alone[0].lines)
    limited = upsdesk("find", scp.address, *states, "--limit", scheduled + 1)
    assert len(limited.lines) == scheduled + 1 and f"limit of {scheduled + 1}" in limited.err
    twice = upsdesk("find", scp.address, "--state", "SCHEDULED", "-q", "ProcedureStepState=COMPLETED")
    assert twice.status == 2 and "both name" in twice.err
