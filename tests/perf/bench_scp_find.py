"""C-FIND of our SCP beside that of pynetdicom's qrscp: responses a second, and how soon an answer begins.

    python -m tests.perf.bench_scp_find [--workitems 100000] [--studies 2000] [--store FILE]

Both servers run in a process of their own with a filled database on disk and answer with nine attributes.
The clients are the same for both: stock pynetdicom without the logging of responses, and a reader of raw
PDUs that does little more than look for the final status, so that it is the server that is measured. DCMTK's
findscu knows no UPS; it is run against qrscp only, for comparison.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pynetdicom import AE, _config, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StudyRootQueryRetrieveInformationModelFind,
    UnifiedProcedureStepPull,
)

from tests.support.plain_scu import dataset, no_delay
from tests.support.raw_scu import EXPLICIT, RawScu, associate_request, command, connected, message
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import AeTitle, SopInstanceUid
from upsdesk.domain.state import ProcedureStepState
from upsdesk.scp.model import Stored

_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_FINDSCU = Path("/usr/bin/findscu")
_PENDING = (b"\x00\xff", b"\x01\xff")
_STATIONS = 40
_PATIENTS = 20_000
_BATCH = 2000
_PROMPT = ("patient ID", "state + station", "time range")
_PROMPT_MS = 50
"""These searches begin to answer within this time, in the median."""

UPS_KEYS: dict[str, Any] = {
    "SOPInstanceUID": "",
    "ScheduledProcedureStepStartDateTime": "",
    "InputReadinessState": "",
    "PatientName": "",
    "PatientID": "",
    "ProcedureStepState": "",
    "ScheduledProcedureStepPriority": "",
    "WorklistLabel": "",
    "ProcedureStepLabel": "",
}
STUDY_KEYS: dict[str, Any] = {
    "QueryRetrieveLevel": "STUDY",
    "StudyInstanceUID": "",
    "StudyDate": "",
    "StudyTime": "",
    "AccessionNumber": "",
    "StudyID": "",
    "PatientID": "",
    "PatientName": "",
}
"""With Retrieve AE Title, which qrscp adds, nine attributes come back."""


def made(number: int) -> Stored:
    """Workitem `number` of the bench: as complete as one that a treatment management system makes."""
    start = _FIRST + timedelta(minutes=number)
    state = list(ProcedureStepState)[number // 10 % 4] if number % 10 == 0 else ProcedureStepState.SCHEDULED
    station = number % _STATIONS

    def code(value: str, meaning: str) -> list[object]:
        return [
            element(tags.CODE_VALUE, value),
            element(tags.CODING_SCHEME_DESIGNATOR, "99BENCH"),
            element(tags.CODE_MEANING, meaning),
        ]

    empty = [
        *(
            tags.SCHEDULED_STATION_CLASS_CODE_SEQUENCE,
            tags.SCHEDULED_STATION_GEOGRAPHIC_LOCATION_CODE_SEQUENCE,
        ),
        *(0x00100021, 0x00100024, 0x00101002, 0x00400400, 0x00380014, 0x00081080, 0x00081084, 0x00741002),
    ]
    return Stored(
        SopInstanceUid(f"1.2.826.0.1.3680043.9.7.{number}"),
        state,
        Elements(
            [
                *(element(tag) for tag in empty),
                element(tags.PROCEDURE_STEP_STATE, state.value),
                element(tags.SCHEDULED_PROCEDURE_STEP_PRIORITY, ("LOW", "MEDIUM", "HIGH")[number % 3]),
                element(tags.INPUT_READINESS_STATE, "READY"),
                element(tags.PROCEDURE_STEP_LABEL, f"Treatment fraction {number % 30}"),
                element(tags.WORKLIST_LABEL, "Treatment"),
                element(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME, start.strftime("%Y%m%d%H%M%S+0000")),
                element(tags.SCHEDULED_PROCEDURE_STEP_MODIFICATION_DATE_TIME, "20260101000000+0000"),
                element(tags.PATIENT_NAME, f"Bench^Patient {number % _PATIENTS}"),
                element(tags.PATIENT_ID, f"BENCH-{number % _PATIENTS:06d}"),
                element(tags.PATIENT_BIRTH_DATE, "19700101"),
                element(tags.PATIENT_SEX, "O"),
                element(tags.ADMISSION_ID, f"A{number:07d}"),
                element(tags.STUDY_INSTANCE_UID, f"1.2.826.0.1.3680043.9.8.{number}"),
                sequence(
                    tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE, code(f"FX{station}", f"Machine {station}")
                ),
                sequence(tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, code("121726", "RT Treatment")),
                sequence(
                    tags.REFERENCED_REQUEST_SEQUENCE,
                    [element(tags.ACCESSION_NUMBER, f"ACC{number:07d}")],
                ),
            ]
        ),
    )


# ---- the servers, each in a process of its own


def serve_ups(store: Path, count: int) -> None:
    """Fill a store, serve it, and end with standard input."""
    from upsdesk.scp.server import UpsScp

    scp = UpsScp(AeTitle("BENCH"), store=store)
    began = time.perf_counter()
    for at in range(0, count if scp.repository.is_new else 0, _BATCH):
        scp.seed(made(number) for number in range(at, min(count, at + _BATCH)))
    filled = time.perf_counter() - began
    port = scp.start()
    print(json.dumps({"port": port, "filled": filled}), flush=True)
    sys.stdin.read()
    scp.stop()


def serve_studies(folder: Path, count: int) -> None:
    """Fill the database of qrscp and run it as it is, without logs."""
    from pynetdicom.apps.qrscp import db, qrscp
    from sqlalchemy.orm import Session

    engine = db.create(f"sqlite:///{folder / 'qr.sqlite'}")
    with Session(engine) as session:
        for number in range(count):
            day = (_FIRST + timedelta(minutes=number)).strftime("%Y%m%d")
            values = {
                "patient_id": f"BENCH-{number:06d}",
                "patient_name": f"Bench^Patient {number}",
                "study_instance_uid": f"1.2.826.0.1.3680043.9.8.{number}",
                "study_date": day,
                "study_time": "120000",
                "accession_number": f"ACC{number:07d}",
                "study_id": f"S{number:07d}",
            }
            session.add(
                db.Instance(
                    sop_instance_uid=f"1.2.826.0.1.3680043.9.7.{number}",
                    series_instance_uid=f"1.2.826.0.1.3680043.9.6.{number}",
                    modality="CT",
                    series_number="1",
                    instance_number="1",
                    **values,
                )
            )
        session.commit()
    port = _free_port()
    config = folder / "qr.ini"
    config.write_text(
        f"[DEFAULT]\nae_title: BENCH\nport: {port}\nmax_pdu: 16382\nacse_timeout: 30\ndimse_timeout: 30\n"
        f"network_timeout: 30\nbind_address: 127.0.0.1\ninstance_location: {folder / 'instances'}\n"
        f"database_location: {folder / 'qr.sqlite'}\nlog_identifier: False\n"
    )
    print(json.dumps({"port": port}), flush=True)
    _config.LOG_REQUEST_IDENTIFIERS = False  # qrscp itself turns that of responses off
    qrscp.main(["-q", "-c", str(config)])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(*arguments: str) -> Iterator[dict[str, float]]:
    """This file as a server; what it said when it was ready."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.perf.bench_scp_find", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )
    assert child.stdout is not None and child.stdin is not None
    try:
        ready = json.loads(child.stdout.readline())
        _await_port(int(ready["port"]))
        yield ready
    finally:
        child.stdin.close()
        try:
            child.wait(3)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        child.stdout.close()


def _await_port(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


# ---- the clients

Sample = tuple[int, float, float]
"""Responses, seconds until the first one, seconds altogether."""


@contextmanager
def stock(port: int, model: str) -> Iterator[Callable[[dict[str, Any]], Sample]]:
    """Stock pynetdicom, with TCP_NODELAY and without the logging of responses."""
    _config.LOG_REQUEST_IDENTIFIERS = _config.LOG_RESPONSE_IDENTIFIERS = False
    _config.LOG_HANDLER_LEVEL = "none"
    ae = AE("CLIENT")
    ae.add_requested_context(model, "1.2.840.10008.1.2.1")
    assoc = ae.associate("127.0.0.1", port, ae_title="BENCH", evt_handlers=[(evt.EVT_CONN_OPEN, no_delay)])
    assert assoc.is_established

    def ask(keys: dict[str, Any]) -> Sample:
        began = time.perf_counter()
        first, count = 0.0, 0
        for _status, identifier in assoc.send_c_find(dataset(**keys), model):
            first = first or time.perf_counter() - began
            count += identifier is not None
        return count, first, time.perf_counter() - began

    yield ask
    assoc.release()


@contextmanager
def raw(port: int, model: str) -> Iterator[Callable[[dict[str, Any]], Sample]]:
    """A reader of PDUs that looks at the command sets only."""
    from upsdesk.dicom import datasets

    with connected(port) as scu:
        scu.send(associate_request(b"BENCH", [(1, model.encode(), (EXPLICIT,))], max_pdu=131072))
        kind, _ = scu.read_pdu()
        assert kind == 2
        scu.raw.settimeout(60)

        def ask(keys: dict[str, Any]) -> Sample:
            data = datasets.encode(datasets.from_dataset(dataset(**keys)), EXPLICIT.decode())
            began = time.perf_counter()
            scu.send(message(1, command(0x0020, 7, model.encode(), has_data=True), data))
            return _received(scu, began)

        yield ask


def _received(scu: RawScu, began: float) -> Sample:
    first, count, buffer = 0.0, 0, b""
    while True:
        buffer += scu.raw.recv(1 << 18)
        first = first or time.perf_counter() - began
        at = 0
        while at + 12 <= len(buffer):
            _, length = struct.unpack_from(">BxI", buffer, at)
            end = at + 6 + length
            if end > len(buffer):
                break
            at += 6
            while at < end:
                size, _, control = struct.unpack_from(">IBB", buffer, at)
                if control & 1:
                    status = _status(buffer, at + 6)
                    if status not in _PENDING:
                        assert status == b"\0\0", status
                        return count, first, time.perf_counter() - began
                    count += 1
                at += 4 + size
        buffer = buffer[at:]


def _status(data: bytes, at: int) -> bytes:
    while True:
        _, number, length = struct.unpack_from("<HHI", data, at)
        if number == 0x0900:
            return data[at + 8 : at + 10]
        at += 8 + length


# ---- what is measured


def rate(name: str, client: Callable[..., Any], port: int, model: str, keys: dict[str, Any]) -> float:
    """Print, and return, responses a second: the best of three."""
    with client(port, model) as ask:
        samples = [ask(keys) for _ in range(3)]
    count, _, seconds = min(samples, key=lambda one: one[2])
    print(f"  {name + ':':17s} {count:6d} in {seconds:6.3f} s = {count / seconds:7.0f}/s", flush=True)
    return count / seconds


def findscu_rate(port: int) -> str:
    if not _FINDSCU.exists():
        return "DCMTK is not installed"
    keys = [part for key, value in STUDY_KEYS.items() for part in ("-k", f"{key}={value}")]
    began = time.perf_counter()
    ran = subprocess.run(
        [str(_FINDSCU), "-S", "-v", "-aec", "BENCH", "127.0.0.1", str(port), *keys],
        capture_output=True,
        text=True,
        check=True,
    )
    seconds = time.perf_counter() - began
    count = len(re.findall(r"Find Response: ", ran.stdout + ran.stderr))
    return f"{count:6d} in {seconds:6.3f} s = {count / seconds:7.0f}/s"


def first_answers(port: int, count: int) -> Iterator[tuple[str, Sequence[Sample]]]:
    """Searches that each hit few of many, on one association."""
    step = max(1, count // 20)
    day = [_FIRST + timedelta(minutes=number) for number in range(0, count, step)][:20]
    searches: dict[str, list[dict[str, Any]]] = {
        "patient ID": [{"PatientID": f"BENCH-{number * 7 % _PATIENTS:06d}"} for number in range(20)],
        "state + station": [
            {
                "ProcedureStepState": "SCHEDULED",
                "ScheduledStationNameCodeSequence": [
                    dataset(CodeValue=f"FX{number}", CodingSchemeDesignator="", CodeMeaning="")
                ],
            }
            for number in range(20)
        ],
        "time range": [
            {
                "ScheduledProcedureStepStartDateTime": f"{at:%Y%m%d%H%M%S}+0000-"
                f"{at + timedelta(hours=4):%Y%m%d%H%M%S}+0000"
            }
            for at in day
        ],
        "name with a wildcard": [{"PatientName": f"bench^patient {number}*"} for number in range(100, 120)],
        "name, leading wildcard": [{"PatientName": f"*patient {number}"} for number in range(100, 105)],
        "no index, no match": [{"CommentsOnTheScheduledProcedureStep": "*none*"}],
        "state + date range": [
            {
                "ProcedureStepState": "IN PROGRESS",
                "ScheduledProcedureStepStartDateTime": f"{at:%Y%m%d}-{at + timedelta(days=1):%Y%m%d}",
            }
            for at in day
        ],
    }
    with raw(port, UnifiedProcedureStepPull) as ask:
        ask({**UPS_KEYS, "PatientID": "NOBODY"})
        for name, asked in searches.items():
            yield name, [ask({**UPS_KEYS, **keys}) for keys in asked]


def report(workitems: int, studies: int, kept: Path | None) -> list[str]:
    """Measure and print; return what does not hold."""
    with tempfile.TemporaryDirectory() as folder:
        with running("studies", folder, str(studies)) as qr:
            print(f"qrscp, {studies} studies, 9 attributes")
            theirs = _both_rates(int(qr["port"]), StudyRootQueryRetrieveInformationModelFind, STUDY_KEYS)
            print("  DCMTK findscu:", findscu_rate(int(qr["port"])), flush=True)
        with running("ups", str(Path(folder) / "small.sqlite"), str(studies)) as small:
            print(f"upsdesk scp, {studies} workitems, 9 attributes")
            ours = _both_rates(int(small["port"]), UnifiedProcedureStepPull, UPS_KEYS)
        wrong = [f"{name}: fewer responses a second than qrscp" for name in ours if ours[name] < theirs[name]]
        if workitems:
            with running("ups", str(kept or Path(folder) / "large.sqlite"), str(workitems)) as large:
                speed = (
                    f"put in at {workitems / large['filled']:.0f}/s" if large["filled"] > 1 else "as found"
                )
                print(f"upsdesk scp, {workitems} workitems ({speed})")
                wrong += _report_first_answers(int(large["port"]), workitems)
                keys = {**UPS_KEYS, "ProcedureStepState": "SCHEDULED"}
                rate("all SCHEDULED, raw PDUs", raw, int(large["port"]), UnifiedProcedureStepPull, keys)
    return wrong


def _both_rates(port: int, model: str, keys: dict[str, Any]) -> dict[str, float]:
    return {
        "stock pynetdicom": rate("stock pynetdicom", stock, port, model, keys),
        "raw PDUs": rate("raw PDUs", raw, port, model, keys),
    }


def _report_first_answers(port: int, workitems: int) -> list[str]:
    wrong = []
    for name, samples in first_answers(port, workitems):
        first = [one[1] * 1000 for one in samples]
        found = statistics.mean(one[0] for one in samples)
        print(
            f"  {name:22s} first answer: median {statistics.median(first):6.1f} ms, "
            f"longest {max(first):6.1f} ms; {found:.0f} responses",
            flush=True,
        )
        if name in _PROMPT and statistics.median(first) > _PROMPT_MS:
            wrong.append(f"{name}: the answer does not begin within {_PROMPT_MS} ms")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--workitems", type=int, default=100_000)
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--store", type=Path, help="keep the large store here, and use it again")
    chosen = parser.parse_args()
    wrong = report(chosen.workitems, chosen.studies, chosen.store)
    print("\n".join(wrong) or "all holds")
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["ups"]:
        serve_ups(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1:2] == ["studies"]:
        serve_studies(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        sys.exit(main())
