"""A peer that resets the connection as soon as it stands is no fault of the program."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from upsdesk.dicom.scu import UpsScu
from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.keys import AeTitle, PeerId
from upsdesk.domain.peer import Peer, Timeouts

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: closing sends RST instead of FIN."""


@pytest.fixture
def resetting_port() -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))

    def reset_everybody() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            connection.close()

    thread = threading.Thread(target=reset_everybody)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def test_a_reset_is_no_answer_at_whatever_moment_it_comes(resetting_port: int) -> None:
    timeouts = Timeouts(connect=2, acse=2, dimse=2, network=2)
    peer = Peer(PeerId("p"), AeTitle("RESET"), "127.0.0.1", resetting_port, timeouts=timeouts)
    for _ in range(40):
        scu = UpsScu(peer)
        with pytest.raises(NoAnswer):
            scu.echo()
        scu.abort()


def test_a_socket_without_addresses_is_no_answer(
    resetting_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same with the reset sure to have arrived before the association is built."""
    from upsdesk.dicom import transport

    connect = transport.connect

    def connect_and_wait(*arguments: object) -> socket.socket:
        connection = connect(*arguments)  # type: ignore[arg-type]
        connection.settimeout(2)
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
        return connection

    monkeypatch.setattr(transport, "connect", connect_and_wait)
    peer = Peer(PeerId("p"), AeTitle("RESET"), "127.0.0.1", resetting_port)
    scu = UpsScu(peer)
    with pytest.raises(NoAnswer):
        scu.echo()
    scu.abort()
