"""The one way to the network, as commands and services see it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, Protocol

from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, TransactionUid
from upsdesk.domain.operation import Answer
from upsdesk.domain.peer import Peer
from upsdesk.domain.query import MatchingKey, WorklistQuery
from upsdesk.domain.state import ProcedureStepState
from upsdesk.services.connections import Connection
from upsdesk.services.lanes import Lane

if TYPE_CHECKING:
    from upsdesk.dicom.found_rows import FoundRows
    from upsdesk.dicom.probe import ProbeStep
    from upsdesk.dicom.scu import EchoAnswer, Match
    from upsdesk.domain.operation import CancelRequest


class UpsGateway(Protocol):
    """Every operation of a UPS SCU. Each raises a `NoAnswer` when no usable answer comes."""

    async def echo(self, peer: Peer) -> EchoAnswer: ...
    async def find(
        self, peer: Peer, query: WorklistQuery, on_matches: Callable[[Sequence[Match]], None]
    ) -> Answer:
        """Matches come in batches on the loop; cancelling the task sends C-CANCEL."""
        ...

    async def find_rows(
        self, peer: Peer, query: WorklistQuery, zone: tzinfo, on_rows: Callable[[FoundRows], None]
    ) -> Answer:
        """As `find`, for thousands: what came is tested against the keys and made into workitems already.

        `zone` is that of date-times which carry none.
        """
        ...

    async def get(
        self,
        peer: Peer,
        uid: SopInstanceUid,
        tags: Sequence[int] | None = None,
        *,
        lane: Lane = Lane.ACTS,
    ) -> Answer:
        """N-GET; `tags` None asks for every attribute of the table that N-GET allows; `()` sends no list."""
        ...

    async def create(self, peer: Peer, uid: SopInstanceUid | None, elements: Elements) -> Answer: ...
    async def set(
        self,
        peer: Peer,
        uid: SopInstanceUid,
        elements: Elements,
        transaction_uid: TransactionUid | None = None,
    ) -> Answer: ...
    async def change_state(
        self,
        peer: Peer,
        uid: SopInstanceUid,
        state: ProcedureStepState,
        transaction_uid: TransactionUid | None,
    ) -> Answer: ...
    async def request_cancel(self, peer: Peer, uid: SopInstanceUid, request: CancelRequest) -> Answer: ...
    async def subscribe(
        self,
        peer: Peer,
        uid: SopInstanceUid,
        receiving_ae: AeTitle,
        deletion_lock: bool,
        keys: tuple[MatchingKey, ...] = (),
    ) -> Answer: ...
    async def unsubscribe(self, peer: Peer, uid: SopInstanceUid, receiving_ae: AeTitle) -> Answer: ...
    async def suspend(self, peer: Peer, uid: SopInstanceUid, receiving_ae: AeTitle) -> Answer: ...
    def probe(self, peer: Peer) -> AsyncIterator[ProbeStep]: ...
    def connection(self, peer: PeerId) -> Connection: ...
    def on_connection(self, callback: Callable[[PeerId, Connection], None]) -> Callable[[], None]:
        """Hear of every change of a connection; the result ends that."""
        ...

    def messages(self) -> tuple[str, ...]:
        """The last messages to and from all peers, a line each, without patient data and locks."""
        ...

    async def close(self) -> None:
        """End all associations in under 2 s, whatever the peers do."""
        ...
