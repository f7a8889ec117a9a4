"""Peers that are not ours, in this process: each test gives them the handlers that it needs."""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
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


class EndlessSearch:
    """Answers C-FIND with a row every `pause` seconds until a C-CANCEL comes."""

    def __init__(self, pause: float) -> None:
        self.pause = pause
        self.canceled = threading.Event()
        self.ended = threading.Event()

    def __call__(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        try:
            for number in range(2000):
                if event.is_cancelled:
                    self.canceled.set()
                    yield 0xFE00, None
                    return
                yield 0xFF00, row(number)
                threading.Event().wait(self.pause)
        finally:
            self.ended.set()


class SilentAct:
    """Answers nothing to an N-GET or N-ACTION until it is released; keeps what a claim carried."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.release = threading.Event()
        self.sent: list[str] = []
        self.on_disk: list[str] = []
        """The locks that the vault held when the request was here."""

    def __call__(self, event: Any) -> tuple[int, None]:
        if hasattr(event.request, "ActionTypeID"):
            self.on_disk = locks_on_disk()
            self.sent.append(str(event.action_information.TransactionUID))
        self.reached.set()
        self.release.wait(10)
        return 0x0000, None


def locks_on_disk() -> list[str]:
    """The Transaction UIDs of the vault, read from its file past the product's code."""
    file = Path(os.environ["UPSDESK_DATA_DIR"]) / "desk.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as vault:
        return [lock for (lock,) in vault.execute("SELECT transaction_uid FROM vault")]
