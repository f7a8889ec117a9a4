"""Decides what an A-ASSOCIATE-RJ means in words (PS3.8 9.3.4)."""

from __future__ import annotations

from upsdesk.domain.errors import Rejected

_SOURCES = {
    1: "the application, the service user",
    2: "the association service, ACSE",
    3: "the network layer, presentation",
}
_REASONS = {
    (1, 1): "no reason given",
    (1, 2): "application context name not supported",
    (1, 3): "calling AE title not recognized",
    (1, 7): "called AE title not recognized",
    (2, 1): "no reason given",
    (2, 2): "protocol version not supported",
    (3, 1): "temporary congestion",
    (3, 2): "local limit exceeded",
}
"""PS3.8 Table 9-21."""


def rejected(result: int, source: int, reason: int) -> Rejected:
    """An A-ASSOCIATE-RJ as a failure in words, the values that the Standard reserves too."""
    words = _REASONS.get((source, reason), f"reason {reason}, which the Standard reserves")
    how = {1: "rejected for good", 2: "rejected for now"}.get(result, "rejected")
    by = _SOURCES.get(source, f"source {source}, which the Standard does not define")
    return Rejected(result, source, reason, f"{words}; {how} by {by}")
