"""QA mode: for one server and for a while, what is asked is sent without being checked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from upsdesk.domain.keys import PeerId
from upsdesk.domain.peer import Peer, PeerUse
from upsdesk.services.callbacks import Callbacks

LASTS = timedelta(minutes=30)


class QaMode:
    """Off at every start; ends by itself, and when another server is shown."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._peer: PeerId | None = None
        self.until: datetime | None = None
        """When it ends; None while it is off."""
        self.changed: Callbacks[[]] = Callbacks()

    def refusal(self, peer: Peer, typed: str) -> str:
        """Why it cannot begin at this server, in one sentence; empty when it can.

        `typed` is the AE title of the server, which a clinical one asks for.
        """
        if peer.use is PeerUse.CLINICAL and typed.strip() != str(peer.called_aet):
            return f"Type the AE title of this server, {peer.called_aet}: patients depend on it."
        return ""

    def begin(self, peer: Peer, typed: str = "") -> None:
        """From now on, for half an hour; raise ValueError with the reason when that is refused."""
        if why := self.refusal(peer, typed):
            raise ValueError(why)
        self._peer, self.until = peer.id, self._clock() + LASTS
        self.changed.tell()

    def end(self) -> None:
        if self._peer is not None:
            self._peer = self.until = None
            self.changed.tell()

    def is_on(self, peer: PeerId | None) -> bool:
        """Whether what is asked of this server is sent unchecked now."""
        if self.until is not None and self._clock() >= self.until:
            self.end()
        return self._peer is not None and self._peer == peer

    def shows(self, peer: PeerId | None) -> None:
        """Another server is shown: it ends."""
        if self._peer is not None and self._peer != peer:
            self.end()
