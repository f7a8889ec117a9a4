"""Decides what an association proposes, and what its acceptance means in words (PS3.8 9.3)."""

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
from upsdesk.dicom.rejection import rejected
from upsdesk.domain.peer import Peer, UpsClass

__all__ = ["Negotiated", "negotiated", "proposed_contexts", "rejected"]

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
    proposed = {
        one.context_id: {str(uid) for uid in one.transfer_syntax}
        for one in assoc.requestor.requested_contexts
    }
    accepted = []
    refused = {
        _class(one): _CONTEXT_RESULTS.get(one.result or 0, "refused") for one in assoc.rejected_contexts
    }
    for one in assoc.accepted_contexts:
        # PS3.8 9.3.3.2: one of those that were proposed. A peer may still answer with another, or with none.
        if one.transfer_syntax and str(one.transfer_syntax[0]) in proposed[one.context_id]:
            accepted.append(one)
        else:
            refused[_class(one)] = "accepted with a transfer syntax that was not proposed"
    peer = assoc.acceptor
    return Negotiated(
        contexts={_class(one): str(one.transfer_syntax[0]) for one in accepted},
        roles={_class(one): (bool(one.as_scu), bool(one.as_scp)) for one in accepted},
        refused=refused,
        max_pdu=peer.maximum_length or 0,
        implementation_uid=str(peer.implementation_class_uid or ""),
        implementation_version=str(peer.implementation_version_name or ""),
    )


def _class(context: PresentationContext) -> UpsClass | None:
    return class_of(str(context.abstract_syntax))
