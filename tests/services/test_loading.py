"""Threads that need pydicom at the same moment all get it whole."""

import subprocess
import sys

PROGRAM = """
import asyncio, sys, threading
sys.setswitchinterval(1e-5)
from upsdesk.domain.keys import AeTitle, PeerId
from upsdesk.domain.peer import Peer
from upsdesk.domain.workitem import EncodedDataSet
from upsdesk.services import desk, listener_process, thread_gateway

assert "pydicom" not in sys.modules
peer = Peer(PeerId("p"), AeTitle("A"), "127.0.0.1", 1)
line = (
    '{"received": "2026-01-01T00:00:00+00:00", "number": 1, "event_type": 1, "sop_instance_uid": "1.2",'
    ' "calling_aet": "A", "event_information": {}}'
)

async def gateway():
    return thread_gateway.ThreadGateway()

made = asyncio.run(gateway())
works = [
    lambda: made._real_scu(peer),
    lambda: thread_gateway._real_probe(peer),
    lambda: listener_process.report_of(line),
    lambda: desk.decode(EncodedDataSet(b"", "1.2.840.10008.1.2")),
]
failed = []
together = threading.Barrier(len(works))

def run(work):
    together.wait()
    try:
        work()
    except Exception as error:
        failed.append(repr(error))

threads = [threading.Thread(target=run, args=(work,)) for work in works]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.exit("; ".join(failed) or 0)
"""


def test_first_use_from_several_threads_at_once() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=False, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
