"""What the lamp of a peer shows: from the requests to it that are under way, and how the last one ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from upsdesk.domain.keys import PeerId
from upsdesk.domain.status import Outcome
from upsdesk.services.callbacks import Callbacks


class ConnectionState(Enum):
    """What a lamp shows of a peer."""

    IDLE = "idle"
    """Nothing was asked yet."""
    WORKING = "working"
    ANSWERING = "answering"
    """The last request was answered, with whatever status."""
    FAILED = "failed"
    """No usable answer came to the last one."""


@dataclass(frozen=True, slots=True)
class Connection:
    """The state of a peer and since when; `outcome` says why it failed."""

    state: ConnectionState
    since: datetime
    outcome: Outcome | None = None


class Connections:
    """The connection of each peer; used on the loop's thread."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._shown: dict[PeerId, Connection] = {}
        self._ended: dict[PeerId, Connection] = {}
        """As the last request left it that came to an end."""
        self._under_way: Counter[PeerId] = Counter()
        self._callbacks: Callbacks[[PeerId, Connection]] = Callbacks()

    def of(self, peer: PeerId) -> Connection:
        return self._shown.get(peer) or Connection(ConnectionState.IDLE, self._clock())

    def subscribe(self, callback: Callable[[PeerId, Connection], None]) -> Callable[[], None]:
        """Hear of every change; the result ends that."""
        return self._callbacks.add(callback)

    def asked(self, peer: PeerId) -> None:
        """A request begins; exactly one of the three methods below ends it."""
        self._under_way[peer] += 1
        self._show(peer, Connection(ConnectionState.WORKING, self._clock()))

    def answered(self, peer: PeerId) -> None:
        """An answer came, with whatever status."""
        self._under_way[peer] -= 1
        self._ended[peer] = Connection(ConnectionState.ANSWERING, self._clock())
        if self._under_way[peer]:
            self._show(peer, Connection(ConnectionState.WORKING, self._clock()))
        else:
            self._show(peer, self._ended[peer])

    def failed(self, peer: PeerId, outcome: Outcome) -> None:
        """No usable answer came."""
        self._under_way[peer] -= 1
        self._ended[peer] = Connection(ConnectionState.FAILED, self._clock(), outcome)
        self._show(peer, self._ended[peer])

    def given_up(self, peer: PeerId) -> None:
        """It was ended on this side, which says nothing about the peer."""
        self._under_way[peer] -= 1
        if not self._under_way[peer]:
            self._show(peer, self._ended.get(peer) or Connection(ConnectionState.IDLE, self._clock()))

    def close(self) -> None:
        """Tell nobody any more."""
        self._callbacks.clear()

    def _show(self, peer: PeerId, connection: Connection) -> None:
        known = self._shown.get(peer)
        if known is not None and (known.state, known.outcome) == (connection.state, connection.outcome):
            return
        self._shown[peer] = connection
        self._callbacks.tell(peer, connection)
