"""Decides what an association proposes, and what its acceptance means in words (PS3.8 9.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from upsdesk.dicom.contexts import (
    CLASS_UIDS,
    PROPOSED,
    VERIFICATION_UID,
    class_of,
    transfer_syntax_name,
    transfer_syntax_uids,
)
from upsdesk.dicom.upper_layer.associate import ContextResult
from upsdesk.dicom.upper_layer.association import Association
from upsdesk.dicom.upper_layer.requestor import Proposal
from upsdesk.domain.peer import Peer, UpsClass

_CONTEXT_RESULTS: Mapping[int, str] = {
    ContextResult.ACCEPTANCE: "accepted with a transfer syntax that was not proposed",
    ContextResult.USER_REJECTION: "refused by the user",
    ContextResult.NO_REASON: "refused, no reason given",
    ContextResult.ABSTRACT_SYNTAX_NOT_SUPPORTED: "abstract syntax not supported",
    ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED: "transfer syntaxes not supported",
}
"""Of contexts that cannot be used (PS3.8 Table 9-18).

Of those that were proposed one is accepted (PS3.8 9.3.3.2). A peer may still answer with another or none.
"""


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


def proposed_contexts(peer: Peer) -> list[Proposal]:
    """Verification and the UPS classes of an SCU in the peer's transfer syntaxes.

    Raise ValueError for a transfer syntax that is not known.
    """
    syntaxes = transfer_syntax_uids(peer.transfer_syntaxes)
    return [Proposal(uid, syntaxes) for uid in (VERIFICATION_UID, *(CLASS_UIDS[one] for one in PROPOSED))]


def negotiated(association: Association, proposed: Sequence[Proposal]) -> Negotiated:
    """What an established association agreed on; the contexts were proposed in this order."""
    accept = association.accept
    assert accept is not None  # it is that of a requestor
    accepted = {class_of(one.abstract_syntax): one for one in association.contexts.values()}
    results = {one.id: one.result for one in accept.contexts}
    refused: dict[UpsClass | None, str] = {}
    for index, one in enumerate(proposed):
        if class_of(one.abstract_syntax) not in accepted:
            result = results.get(2 * index + 1)
            words = "not answered" if result is None else _CONTEXT_RESULTS.get(result, "refused")
            refused[class_of(one.abstract_syntax)] = words
    return Negotiated(
        contexts={name: one.transfer_syntax for name, one in accepted.items()},
        roles={name: (one.as_scu, one.as_scp) for name, one in accepted.items()},
        refused=refused,
        max_pdu=accept.user.max_pdu,
        implementation_uid=accept.user.class_uid,
        implementation_version=accept.user.version,
    )
