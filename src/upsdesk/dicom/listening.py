"""Decides how a listening socket is bound and why it cannot be bound."""

from __future__ import annotations

import errno
import os
import socket

_BACKLOG = 512
"""Connections that the system holds until they are accepted; more come at once only on purpose."""


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes any free one. Raise OSError with words that a user understands."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        if not 0 <= port <= 65535:
            raise OverflowError
        listening = socket.socket(family, kind, protocol)
        try:
            _keep_for_us(listening)
            listening.bind(address)
            listening.listen(_BACKLOG)
        except BaseException:
            listening.close()
            raise
    except (OSError, OverflowError) as error:
        raise _address_error(error, host, port) from None
    return listening


def _keep_for_us(listening: socket.socket) -> None:
    """A port that was used just now can be bound again, one that is in use cannot.

    On Windows SO_REUSEADDR would let two programs listen at one port.
    """
    if os.name == "nt":
        exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE")  # noqa: B009 - unknown to other platforms' stubs
        listening.setsockopt(socket.SOL_SOCKET, exclusive, 1)
    else:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def _address_error(error: OSError | OverflowError, host: str, port: int) -> OSError:
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
