"""Decides what both sides of an association agree on for C-FIND beyond the baseline (PS3.4 CC.3.2, K.5)."""

from __future__ import annotations

from dataclasses import dataclass

_FUZZY, _TIMEZONE = 2, 3
_RESERVED = b"\x01\x01"
"""Once for relational queries and combined date-time matching; for UPS both are always 1."""


@dataclass(frozen=True, slots=True)
class FindExtension:
    """What extended negotiation offers or has agreed on for one SOP Class."""

    fuzzy: bool = False
    """Fuzzy semantic matching of person names."""
    timezone: bool = False
    """Timezone query adjustment: (0008,0201) of an identifier governs times without an offset."""

    @classmethod
    def from_bytes(cls, information: bytes) -> FindExtension:
        """From the Service-class-application-information; what is missing counts as not supported."""
        return cls(
            information[_FUZZY : _FUZZY + 1] == b"\x01", information[_TIMEZONE : _TIMEZONE + 1] == b"\x01"
        )

    def to_bytes(self) -> bytes:
        """All four bytes, as a requestor sends them."""
        return _RESERVED + bytes((self.fuzzy, self.timezone))

    def answer(self, offered: bytes) -> bytes:
        """What an acceptor that supports this answers: as many bytes as were offered, at most four."""
        asked = FindExtension.from_bytes(offered)
        agreed = FindExtension(self.fuzzy and asked.fuzzy, self.timezone and asked.timezone)
        return agreed.to_bytes()[: len(offered)]
