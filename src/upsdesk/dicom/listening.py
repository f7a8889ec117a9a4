"""Decides how a listening socket is bound, how many connections it lets in, and why it cannot be bound."""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

from pynetdicom.transport import ThreadedAssociationServer


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
            exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE")  # noqa: B009 - unknown to other platforms' stubs
            self.socket.setsockopt(socket.SOL_SOCKET, exclusive, 1)  # type: ignore[union-attr]
            self.socket.bind(self.server_address)  # type: ignore[union-attr]
            self.server_address = self.socket.getsockname()  # type: ignore[union-attr]
            return
        super().server_bind()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke before its association began is no news."""


def address_error(error: OSError | OverflowError, host: str, port: int) -> OSError:
    """The same failure with words that a user understands."""
    where = f"{host}:{port}"
    if isinstance(error, OverflowError):
        return OSError(errno.EINVAL, f"{port} is no port: a number from 0 to 65535 is needed")
    words = {
        errno.EADDRINUSE: f"{where} is already in use: choose another port, or stop what listens there",
        errno.EADDRNOTAVAIL: f"{host} is no address of this computer",
        errno.EACCES: f"port {port} may not be used without special rights: choose one above 1023",
    }
    if isinstance(error, socket.gaierror):
        return OSError(errno.EADDRNOTAVAIL, f"the host name {host} is not known")
    return OSError(error.errno or errno.EINVAL, words.get(error.errno or 0, error.strerror or str(error)))
