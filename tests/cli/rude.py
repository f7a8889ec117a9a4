"""Peers that are not ours, in this process: each test gives them the handlers that it needs."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE
from pynetdicom.sop_class import (
    UnifiedProcedureStepPull,
    UnifiedProcedureStepPush,
    UnifiedProcedureStepWatch,
    Verification,
)
from pynetdicom.transport import ThreadedAssociationServer

QUICK = ["--connect-timeout", "2", "--acse-timeout", "1", "--dimse-timeout", "1", "--network-timeout", "2"]
"""For peers that answer at once or never."""


@contextlib.contextmanager
def peer(*handlers: Any, classes: tuple[str, ...] = (), called: bool = False) -> Iterator[str]:
    """A pynetdicom SCP in this process; yields its address."""
    ae = AE("RUDE")
    ae.require_called_aet = called
    wanted = classes or (
        Verification,
        UnifiedProcedureStepPush,
        UnifiedProcedureStepPull,
        UnifiedProcedureStepWatch,
    )
    for uid in wanted:
        ae.add_supported_context(uid)
    server = ae.make_server(
        ("127.0.0.1", 0), evt_handlers=list(handlers), server_class=ThreadedAssociationServer
    )
    ae._servers.append(server)  # where its shutdown looks for it
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"RUDE@127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()


def row(number: int) -> Dataset:
    found = Dataset()
    found.SOPInstanceUID = f"1.2.3.{number}"
    found.ProcedureStepState = "SCHEDULED"
    return found
