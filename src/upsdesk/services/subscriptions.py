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


class Subscriptions:
    """Asks for the global subscription without deletion lock and remembers what came of it."""

    def __init__(self, gateway: UpsGateway, clock: Callable[[], datetime]) -> None:
        self._gateway = gateway
        self._clock = clock
        self._global: dict[PeerId, GlobalSubscription] = {}

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
        return found

    def forget(self, peer: PeerId) -> None:
        """The peer has lost its list, or its session ended."""
        self._global.pop(peer, None)
