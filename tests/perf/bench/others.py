"""What UPS Desk is compared with, in processes of their own: findscu of DCMTK, stock pynetdicom."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

from tests.perf.bench.replay_scp import TITLE, ReplayScp

FINDSCU = Path("/usr/bin/findscu")
"""By its full path: pynetdicom installs a program of the same name."""
NO_FINDSCU = f"{FINDSCU} is not DCMTK's findscu (install dcmtk)"
_PULL, _PUSH = "1.2.840.10008.5.1.4.34.6.3", "1.2.840.10008.5.1.4.34.6.1"


@cache
def has_findscu() -> bool:
    if not FINDSCU.exists():
        return False
    told = subprocess.run([FINDSCU, "--version"], capture_output=True, text=True, check=False)
    return "dcmtk" in told.stdout.lower()


def findscu(scp: ReplayScp, rows: int) -> float:
    """Seconds of a whole findscu that receives `rows` responses.

    It is quiet: printing them would take it many times longer. It knows no UPS: it asks as for a modality
    worklist and gets the same bytes.
    """
    keys = [f"-k={key}" for key in ("0010,0010", "0010,0020", "0040,4005", "0074,1000")]
    keys = [word for key in keys for word in key.split("=")]
    command = [str(FINDSCU), "-W", "-q", "-aec", TITLE, *keys, "127.0.0.1", str(scp.port)]
    before = scp.counts().get("responses", 0)
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - began
    _check(scp.counts()["responses"] - before, rows)
    return seconds


def stock_find(scp: ReplayScp, rows: int) -> float:
    """Seconds of one `send_c_find` that yields `rows` responses."""
    return float(_stock("find", scp, rows)[0])


def stock_actions(scp: ReplayScp, count: int) -> float:
    """Median seconds of `count` times `send_n_action` on one association."""
    return statistics.median(map(float, _stock("act", scp, count)))


def _stock(what: str, scp: ReplayScp, count: int) -> list[str]:
    command = [sys.executable, "-m", "tests.perf.bench.others", what, str(scp.port), str(count)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def _check(found: int, wanted: int) -> None:
    if found != wanted:
        raise RuntimeError(f"{found} responses instead of {wanted}")


def _main(what: str, port: str, count: str) -> None:
    """pynetdicom as it comes, with nothing of ours; prints seconds."""
    from pydicom.dataset import Dataset
    from pynetdicom import AE

    ae = AE("STOCK")
    ae.add_requested_context(_PULL)
    assoc = ae.associate("127.0.0.1", int(port), ae_title=TITLE)
    data = Dataset()
    if what == "find":
        data.PatientName = data.PatientID = data.ScheduledProcedureStepStartDateTime = ""
        data.ProcedureStepState = ""
        began = time.perf_counter()
        _check(sum(found is not None for _, found in assoc.send_c_find(data, _PULL)), int(count))
        print(time.perf_counter() - began)
    else:
        data.ProcedureStepState, data.TransactionUID = "IN PROGRESS", "1.2.3"
        for number in range(int(count)):
            began = time.perf_counter()
            status, _ = assoc.send_n_action(data, 1, _PUSH, f"1.2.{number}", meta_uid=_PULL)
            assert status.Status == 0
            print(time.perf_counter() - began)
    assoc.release()


if __name__ == "__main__":
    _main(*sys.argv[1:])
