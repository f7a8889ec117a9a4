"""What a listening verb is told: `AET[@host]:PORT`."""

from __future__ import annotations

from typing import NamedTuple

from upsdesk.domain.keys import AeTitle
from upsdesk.domain.peer import LOOPBACK, address_text, parse_port


class ListenAddress(NamedTuple):
    """Under which title and where to accept associations; port 0 takes any free one."""

    aet: AeTitle
    host: str
    port: int

    def at(self, port: int) -> str:
        """`AET@host:port` with the port that was bound."""
        return address_text(self.aet, self.host, port)


def parse_listen_address(text: str) -> ListenAddress:
    """Read `AET:PORT` or `AET@host:PORT`; raise ValueError otherwise. Without a host: this computer only."""
    rest, colon, port = text.rpartition(":")
    title, _, host = rest.partition("@")
    if not colon or not port:
        raise ValueError(f"{text!r} names no port: write AET@host:PORT or AET:PORT")
    if "@" in text and not host:
        raise ValueError(f"{text!r} names no host: write AET@host:PORT or AET:PORT")
    host = host.removeprefix("[").removesuffix("]") or LOOPBACK
    return ListenAddress(AeTitle.parse(title), host, parse_port(port, allow_any=True))
