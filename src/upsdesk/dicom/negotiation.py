"""Decides what an association proposes, and what its acceptance or rejection means in words (PS3.8 9.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pynetdicom import build_context
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext

from upsdesk.dicom.contexts import (
    CLASS_UIDS,
    PROPOSED,
    VERIFICATION_UID,
    class_of,
    transfer_syntax_name,
    transfer_syntax_uids,
)
from upsdesk.domain.errors import Rejected
from upsdesk.domain.peer import Peer, UpsClass

_CONTEXT_RESULTS = {
    1: "refused by the user",
    2: "refused, no reason given",
    3: "abstract syntax not supported",
    4: "transfer syntaxes not supported",
}
"""PS3.8 Table 9-18."""


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What an association agreed on. The key None is Verification."""

    contexts: Mapping[UpsClass | None, str]
    """Accepted presentation contexts and the UID of their transfer syntax."""
    roles: Mapping[UpsClass | None, tuple[bool, bool]]
    """Whether we are (SCU, SCP) on each of them."""
    refused: Mapping[UpsClass | None, str]
    """Refused presentation contexts and why, in words."""
    max_pdu: int
    """Largest PDU that the peer accepts, in bytes; 0: unlimited."""
    implementation_uid: str = ""
    implementation_version: str = ""

    def words(self) -> str:
        """The accepted contexts in one line: `Verification implicit, Pull explicit`."""
        return ", ".join(
            f"{one.value if one else 'Verification'} {transfer_syntax_name(uid)}"
            for one, uid in self.contexts.items()
        )


def proposed_contexts(peer: Peer) -> list[PresentationContext]:
    """Verification and the UPS classes of an SCU in the peer's transfer syntaxes, with their IDs.

    Raise ValueError for a transfer syntax that is not known.
    """
    syntaxes = list(transfer_syntax_uids(peer.transfer_syntaxes))
    uids = [VERIFICATION_UID, *(CLASS_UIDS[one] for one in PROPOSED)]
    contexts = [build_context(uid, syntaxes) for uid in uids]
    for index, context in enumerate(contexts):
        context.context_id = 2 * index + 1  # odd numbers (PS3.8 9.3.2.2)
    return contexts


def negotiated(assoc: Association) -> Negotiated:
    """What an established association agreed on."""
    accepted = assoc.accepted_contexts
    peer = assoc.acceptor
    return Negotiated(
        contexts={class_of(str(one.abstract_syntax)): str(one.transfer_syntax[0]) for one in accepted},
        roles={class_of(str(one.abstract_syntax)): (bool(one.as_scu), bool(one.as_scp)) for one in accepted},
        refused={
            class_of(str(one.abstract_syntax)): _CONTEXT_RESULTS.get(one.result or 0, "refused")
            for one in assoc.rejected_contexts
        },
        max_pdu=peer.maximum_length or 0,
        implementation_uid=str(peer.implementation_class_uid or ""),
        implementation_version=str(peer.implementation_version_name or ""),
    )


_SOURCES = {
    1: "the application (service user)",
    2: "the association service (ACSE related function)",
    3: "the network layer (presentation related function)",
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
