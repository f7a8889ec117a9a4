"""The values that the desk's file keeps: locks, acts, journal entries and drafts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, TransactionUid, WorkitemKey
from upsdesk.domain.peer import Peer, host_key
from upsdesk.domain.state import Action
from upsdesk.domain.status import Outcome
from upsdesk.domain.workitem import PatientFacts


class ClaimStatus(Enum):
    """How far a claim is known to have come."""

    CLAIM_SENT = "sent"
    """On disk before it was sent; no answer has settled it yet."""
    HELD = "held"
    """The peer confirmed it."""
    HANDED_OVER = "handed over"
    """Another desk was given the Transaction UID: this one keeps it, and may not use it any more."""


@dataclass(frozen=True, slots=True)
class VaultEntry:
    """A Transaction UID with all that is needed to use and to explain it without asking the peer."""

    key: WorkitemKey
    called_aet: AeTitle
    host: str
    port: int
    calling_aet: AeTitle
    transaction_uid: TransactionUid
    patient: PatientFacts
    label: str
    station: str
    claimed_at: datetime
    operator: str = ""
    status: ClaimStatus = ClaimStatus.CLAIM_SENT

    def is_at(self, peer: Peer) -> bool:
        """The entry belongs to this peer: by its id, or by its address when a profile was made anew."""
        return self.key.peer == peer.id or (self.called_aet, host_key(self.host), self.port) == (
            peer.called_aet,
            host_key(peer.host),
            peer.port,
        )


class ActStatus(Enum):
    """What is known of an act of this desk that nobody has acknowledged."""

    UNDER_WAY = "under way"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ActRecord:
    """An act that changes something at a peer, noted before it is sent."""

    id: str
    key: WorkitemKey
    called_aet: AeTitle
    host: str
    port: int
    title: str
    action: Action | None
    began_at: datetime
    status: ActStatus = ActStatus.UNDER_WAY
    process: int = 0
    """The process that sends it: an act is lost only when that process is gone."""
    outcome: Outcome | None = None


class JournalKind(Enum):
    """Who says it."""

    REQUEST = "request"
    ANSWER = "answer"
    REPORT = "report"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line of the journal; it carries no patient data and no Transaction UID."""

    at: datetime
    peer: PeerId
    kind: JournalKind
    act: str
    key: WorkitemKey | None = None
    status: str = ""
    """Four hex digits, or empty."""
    words: str = ""
    operator: str = ""
    number: int = 0
    """Counts up in the order of writing; given by the file."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed into an editor and not sent. `uid` is None for a new workitem."""

    peer: PeerId
    uid: SopInstanceUid | None
    content: str
    saved_at: datetime


def best_entry(
    entries: Sequence[VaultEntry], key: WorkitemKey, peer: Peer | None = None
) -> VaultEntry | None:
    """Of several entries the one to use for `key`: a confirmed claim first, then the newest.

    What was handed over is never one of them.
    """
    found = [
        entry
        for entry in entries
        if entry.key.uid == key.uid
        and entry.status is not ClaimStatus.HANDED_OVER
        and (entry.key == key or (peer is not None and entry.is_at(peer)))
    ]
    return max(found, key=lambda entry: (entry.status is ClaimStatus.HELD, entry.claimed_at), default=None)
