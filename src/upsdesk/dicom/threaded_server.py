"""Decides how many connections pynetdicom's server lets in, and that a broken one is no news."""

from __future__ import annotations

import os
from typing import Any

from pynetdicom.transport import ThreadedAssociationServer

from upsdesk.dicom.listening import keep_for_us


class Server(ThreadedAssociationServer):
    """Accepts connections for an application entity, each on threads of its own."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    connections = 200
    """Each costs two polling threads; one more is closed before a thread starts for it."""

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """False closes a connection before a thread starts for it."""
        return len(self.active_associations) < self.connections

    def server_bind(self) -> None:
        """On Windows SO_REUSEADDR, which the base sets, would let two programs listen at one port."""
        if os.name == "nt":
            keep_for_us(self.socket)  # type: ignore[arg-type]
            self.socket.bind(self.server_address)  # type: ignore[union-attr]
            self.server_address = self.socket.getsockname()  # type: ignore[union-attr]
            return
        super().server_bind()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke before its association began is no news."""
