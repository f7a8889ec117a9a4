"""A peer: one remote AE as the user configured it, and how to talk to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from upsdesk.domain.keys import AeTitle, PeerId

DEFAULT_PORT = 104
DEFAULT_CALLING_AET = AeTitle("UPSDESK")
LOOPBACK = "127.0.0.1"
DEFAULT_MAX_PDU = 16382


DEMO_WORDS = "DEMO, INVENTED PATIENTS"
"""Stand on every window, print and export of the demo."""


class PeerUse(Enum):
    """What a profile is used for; shown in words beside its name."""

    CLINICAL = "clinical"
    TEST = "test"
    DEMO = "demo"

    @property
    def words(self) -> str:
        return {"clinical": "Clinical", "test": "Test", "demo": "Demo"}[self.value]


class UpsClass(Enum):
    """The five UPS SOP Classes by their short names (PS3.4 Table CC.1.1-1 and CP-1907)."""

    PUSH = "Push"
    WATCH = "Watch"
    PULL = "Pull"
    EVENT = "Event"
    QUERY = "Query"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds; every wait for a peer is finite."""

    connect: float = 5.0
    acse: float = 10.0
    dimse: float = 30.0
    network: float = 60.0
    release: float | None = None
    """Wait for A-RELEASE-RP; None takes `acse`."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A configured remote AE."""

    id: PeerId
    called_aet: AeTitle
    host: str
    port: int = DEFAULT_PORT
    calling_aet: AeTitle = DEFAULT_CALLING_AET
    name: str = ""
    use: PeerUse = PeerUse.CLINICAL
    listen_host: str = LOOPBACK
    listen_port: int | None = None
    """Where this desk's Event SCU listens for this peer; None: no listener."""
    zone: str = ""
    """IANA zone or offset of date-times that carry none; empty: the desk's zone."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    transfer_syntaxes: tuple[str, ...] = ()
    """Short names (implicit, explicit, big, deflated); empty: implicit and explicit."""
    max_pdu: int = DEFAULT_MAX_PDU
    """Largest PDU that we accept, in bytes; 0: unlimited."""

    @property
    def address(self) -> str:
        """`AET@host:port`, as the command line writes a peer."""
        return address_text(self.called_aet, self.host, self.port)

    @property
    def title(self) -> str:
        """What a screen calls this peer: the profile's name, else the AE title."""
        return self.name or str(self.called_aet)

    @property
    def is_this_computer(self) -> bool:
        return host_key(self.host) == "localhost" or self.host.startswith("127.")


def address_text(aet: AeTitle, host: str, port: int) -> str:
    """`AET@host:port` as `parse_address` reads it; an IPv6 address stands in brackets."""
    return f"{aet}@[{host}]:{port}" if ":" in host else f"{aet}@{host}:{port}"


def host_key(host: str) -> str:
    """What hosts are compared by: case does not count, and this computer has three names for itself."""
    name = host.lower()
    return "localhost" if name in ("localhost", "127.0.0.1", "::1") else name


def derived_peer_id(called_aet: AeTitle, host: str, port: int) -> PeerId:
    """The id of a peer that no profile names: the same three always give the same id."""
    import hashlib  # OpenSSL behind it is slow to load, and few starts need it

    text = f"{called_aet}@{host_key(host)}:{port}"
    return PeerId("p-" + hashlib.sha256(text.encode()).hexdigest()[:16])


def parse_address(text: str) -> tuple[AeTitle, str, int]:
    """Read `AET@host:port`, `AET@host` (port 104) or `AET` (localhost:104); raise ValueError otherwise."""
    title, at, rest = text.partition("@")
    aet = AeTitle.parse(title)
    if not at:
        return aet, "localhost", DEFAULT_PORT
    if rest.startswith("["):  # [::1]:11112
        host, _, tail = rest[1:].partition("]")
        _, colon, port_text = tail.partition(":")
    elif rest.count(":") > 1:
        host, colon, port_text = rest, "", ""
    else:
        host, colon, port_text = rest.partition(":")
    if not host:
        raise ValueError(f"{text!r} names no host: write AET@host:port")
    return aet, host, parse_port(port_text, allow_any=False) if colon else DEFAULT_PORT


def parse_port(text: str, *, allow_any: bool) -> int:
    """Read a TCP port; 0 ("any free port") only where `allow_any`; raise ValueError otherwise."""
    lowest = 0 if allow_any else 1
    if not (text.isascii() and text.isdigit()) or not lowest <= int(text) <= 65535:
        raise ValueError(f"{text!r} is no port: a number from {lowest} to 65535 is needed")
    return int(text)
