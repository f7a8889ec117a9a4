"""Decides how a TCP connection to a peer comes about, and says in words why one does not."""

from __future__ import annotations

import errno
import ipaddress
import os
import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from upsdesk.domain.errors import Interrupted, Unreachable

_SLICE = 0.05
"""Seconds between two looks at whether the user gave up."""
Address = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]


def connect(
    host: str,
    port: int,
    timeout: float,
    is_given_up: Callable[[], bool],
    clock: Callable[[], float] = time.monotonic,
) -> socket.socket:
    """A connected TCP socket, name look-up included within `timeout` seconds.

    Every address of the host is tried. Raise Unreachable with the reason of the last one, or Interrupted when
    `is_given_up` turns true.
    """
    deadline = clock() + timeout
    addresses = resolve(host, port, deadline, is_given_up, clock)
    failure = Unreachable(f"{host} has no address")
    for index, address in enumerate(addresses):
        # An address that swallows everything must leave time for the others.
        share = (deadline - clock()) / (len(addresses) - index)
        try:
            return _connected(address, share, is_given_up, clock)
        except OSError as error:
            failure = Unreachable(_words(error, host, port, timeout))
    raise failure


def no_delay(connection: socket.socket) -> None:
    """A message with a data set is two PDUs; with Nagle's algorithm the second waits 40 ms for an ACK."""
    with suppress(OSError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def resolve(
    host: str, port: int, deadline: float, is_given_up: Callable[[], bool], clock: Callable[[], float]
) -> list[Address]:
    """The addresses of a host by `deadline` on `clock`; raise Unreachable or Interrupted."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return _looked_up(host, port, deadline, is_given_up, clock)
    try:
        return _addresses(host, port)
    except OSError:  # an IPv6 zone (`fe80::1%eth7`) that this computer does not have
        raise Unreachable(f"{host} is no address that this computer can reach") from None


def _addresses(host: str, port: int) -> list[Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]


def _looked_up(
    host: str, port: int, deadline: float, is_given_up: Callable[[], bool], clock: Callable[[], float]
) -> list[Address]:
    """getaddrinfo knows no timeout, so it runs in a thread that is left behind when it takes too long."""
    found: list[Address] = []
    failures: list[Exception] = []
    done = threading.Event()

    def look_up() -> None:
        try:
            found.extend(_addresses(host, port))
        except (OSError, ValueError) as error:
            failures.append(error)
        done.set()

    threading.Thread(target=look_up, name=f"look-up {host}", daemon=True).start()
    while not done.wait(_SLICE):
        if is_given_up():
            raise Interrupted()
        if clock() > deadline:
            raise Unreachable(f"the look-up of the host name {host} takes too long")
    if failures:
        raise Unreachable(f"the host name {host} is not known")
    return found


def _connected(
    address: Address, timeout: float, is_given_up: Callable[[], bool], clock: Callable[[], float]
) -> socket.socket:
    family, target = address
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        begun = connection.connect_ex(target)
        if begun not in (0, errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", 0)):
            raise OSError(begun, "")
        _wait_writable(connection, clock() + max(timeout, _SLICE), is_given_up, clock)
        failure = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failure:
            raise OSError(failure, "")
        connection.setblocking(True)
        no_delay(connection)
    except BaseException:
        with suppress(OSError):
            connection.close()
        raise
    return connection


def _wait_writable(
    connection: socket.socket,
    deadline: float,
    is_given_up: Callable[[], bool],
    clock: Callable[[], float],
) -> None:
    while True:
        # Windows reports a failed connect among the exceptions.
        _, writable, failed = select.select([], [connection], [connection], _SLICE)
        if writable or failed:
            return
        if is_given_up():
            raise Interrupted()
        if clock() > deadline:
            raise TimeoutError()


def _words(error: OSError, host: str, port: int, timeout: float) -> str:
    where = f"{host}:{port}"
    if isinstance(error, TimeoutError) or error.errno == errno.ETIMEDOUT:
        return f"{where} does not answer within {timeout:g} s"
    if error.errno == errno.ECONNREFUSED:
        return f"{where} refuses the connection: nothing listens there"
    if error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return f"no route to {where}"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"a firewall forbids the connection to {where}"
    return f"{where}: {os.strerror(error.errno or errno.EIO)}"
