"""How fresh the worklist of a peer is, in the five words that the window uses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from upsdesk.domain.peer import LOOPBACK, Peer

_STALE_AFTER = 2
"""Intervals without a complete answer."""


class FreshnessKind(Enum):
    """What may be believed of the rows."""

    LIVE = "live"
    SUBSCRIBED_NOT_PROVEN = "subscribed, not proven"
    POLLED = "polled"
    STALE = "stale"
    THIS_COMPUTER_ONLY = "this computer only"


@dataclass(frozen=True, slots=True)
class Freshness:
    """The word, and the seconds since the last complete answer (None: there was none yet)."""

    kind: FreshnessKind
    seconds: int | None = None


@dataclass
class Evidence:
    """What is known about one peer's updates; the worklist service and the session keep it."""

    watched_since: datetime
    answered_at: datetime | None = None
    """When a search was last answered to its end."""
    is_listening: bool = False
    subscribed_at: datetime | None = None
    """When the peer accepted the subscription; None: it did not."""
    reported_at: datetime | None = None
    """When the last report came."""
    has_failed: bool = False
    """The last search was not answered to its end: whether reports were missed since is not known."""
    missed: int = 0
    """Changes that the last reconcile found and no report had told."""

    @property
    def is_proving(self) -> bool:
        """Whether reports were promised for what a search finds changed."""
        return self.answered_at is not None and self.subscribed_at is not None


def freshness_of(peer: Peer, evidence: Evidence, interval: timedelta, now: datetime) -> Freshness:
    """The word that the evidence allows, and no better one. `interval` is that of the reconciles."""
    answered = evidence.answered_at
    seconds = max(0, int((now - answered).total_seconds())) if answered is not None else None
    if now - (answered or evidence.watched_since) > _STALE_AFTER * interval:
        return Freshness(FreshnessKind.STALE, seconds)
    if not evidence.is_listening:
        return Freshness(FreshnessKind.POLLED, seconds)
    if is_out_of_reach(peer):
        return Freshness(FreshnessKind.THIS_COMPUTER_ONLY, seconds)
    if evidence.subscribed_at is None:
        return Freshness(FreshnessKind.POLLED, seconds)
    reported = evidence.reported_at
    is_checked = answered is not None and not evidence.has_failed and not evidence.missed
    if reported is None or reported < evidence.subscribed_at or not is_checked:
        return Freshness(FreshnessKind.SUBSCRIBED_NOT_PROVEN, seconds)
    return Freshness(FreshnessKind.LIVE, seconds)


def is_out_of_reach(peer: Peer) -> bool:
    """The listener is bound to this computer while the peer is elsewhere: no report can arrive."""
    host = peer.listen_host
    is_loopback = host in (LOOPBACK, "localhost", "::1") or host.startswith("127.")
    return is_loopback and not peer.is_this_computer
