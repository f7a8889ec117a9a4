"""Reading a workitem whole: all that the SCP has of it, else all that the Standard lists."""

from __future__ import annotations

from upsdesk.domain import attributes, tags
from upsdesk.domain.elements import Elements
from upsdesk.domain.errors import Aborted
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.domain.operation import Answer
from upsdesk.domain.peer import Peer
from upsdesk.services.gateway import UpsGateway

EVERYTHING: tuple[int, ...] = ()
"""No Attribute Identifier List."""


async def get_whole(gateway: UpsGateway, peer: Peer, uid: SopInstanceUid) -> Answer:
    """N-GET without an Attribute Identifier List; raise NoAnswer.

    PS3.4 CC.2.7.2 has the SCU name what it wants; it cannot name what it does not know of, such as private
    attributes. An SCP that refuses that, or breaks the association off, is asked by name.
    """
    try:
        answer = await gateway.get(peer, uid, EVERYTHING)
    except Aborted:
        return await gateway.get(peer, uid)
    if answer.outcome.is_done and answer.elements is not None and len(answer.elements):
        return answer
    return await gateway.get(peer, uid)


def tags_to_read_back(sent: Elements) -> tuple[int, ...] | None:
    """What to ask for to see all of `sent` again; None: what is asked for by default has it."""
    known = set(attributes.get_tags())
    others = sent.tags - known - {tags.TRANSACTION_UID, tags.SPECIFIC_CHARACTER_SET}
    return tuple(sorted(known | others)) if others else None
