"""Which subscriptions of this desk a peer has accepted, and the ones it asks for by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid
from upsdesk.domain.peer import Peer
from upsdesk.domain.status import Outcome, no_answer
from upsdesk.services.callbacks import Callbacks
from upsdesk.services.freshness import is_out_of_reach

if TYPE_CHECKING:
    from collections.abc import Callable

    from upsdesk.services.gateway import UpsGateway

GLOBAL_SUBSCRIPTION = SopInstanceUid("1.2.840.10008.5.1.4.34.5")


class SubscriptionState(Enum):
    """What is known of the global subscription at one peer."""

    NONE = "none"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    NO_ANSWER = "no answer"


@dataclass(frozen=True, slots=True)
class GlobalSubscription:
    """The state, since when, for which Receiving AE, and how the peer answered."""

    state: SubscriptionState
    since: datetime
    receiving_ae: AeTitle
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whether the global subscription brings the reports of every workitem of a peer, and why (not)."""

    is_all: bool = False
    words: str = ""
    """A sentence."""


class Subscriptions:
    """Asks for the global subscription without deletion lock and remembers what came of it."""

    def __init__(self, gateway: UpsGateway, clock: Callable[[], datetime]) -> None:
        self._gateway = gateway
        self._clock = clock
        self._global: dict[PeerId, GlobalSubscription] = {}
        self._callbacks: Callbacks[[]] = Callbacks()

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Hear of every answer to the global subscription, and of its loss; the result ends that."""
        return self._callbacks.add(callback)

    def at(self, peer: PeerId) -> GlobalSubscription | None:
        return self._global.get(peer)

    def covers(self, peer: PeerId, receiving_ae: AeTitle) -> bool:
        """An accepted global subscription sends every report of this peer to that Receiving AE."""
        known = self._global.get(peer)
        return (
            known is not None
            and known.state is SubscriptionState.ACCEPTED
            and known.receiving_ae == receiving_ae
        )

    def coverage(self, peer: Peer) -> Coverage:
        """As this desk knows it: PS3.4 CC.2.3 has no action that asks a server what it keeps."""
        if self.covers(peer.id, peer.calling_aet):
            return Coverage(True, "This desk has subscribed to everything at this server.")
        known = self._global.get(peer.id)
        if known is not None and known.outcome is not None:
            told = f"{known.outcome.code_text} {known.outcome.meaning}".strip()
            return Coverage(words=f"Not subscribed. The answer was: {told}")
        if peer.listen_port is None:
            return Coverage(words="Not subscribed: this computer listens for no updates of this server.")
        if is_out_of_reach(peer):
            return Coverage(words="Not subscribed: the server cannot reach this computer.")
        return Coverage(words="Not subscribed so far.")

    async def subscribe_globally(self, peer: Peer) -> GlobalSubscription:
        """PS3.4 CC.2.3: N-ACTION 3 on the well-known instance; the Receiving AE is our own title."""
        state, outcome = SubscriptionState.NO_ANSWER, None
        try:
            answer = await self._gateway.subscribe(peer, GLOBAL_SUBSCRIPTION, peer.calling_aet, False)
        except NoAnswer as error:
            outcome = no_answer(error)
        else:
            outcome = answer.outcome
            state = SubscriptionState.ACCEPTED if outcome.is_done else SubscriptionState.REFUSED
        found = GlobalSubscription(state, self._clock(), peer.calling_aet, outcome)
        self._global[peer.id] = found
        self._callbacks.tell()
        return found

    def forget(self, peer: PeerId) -> None:
        """The peer has lost its list, or its session ended."""
        if self._global.pop(peer, None) is not None:
            self._callbacks.tell()
