"""N-GET: the attributes asked for, never the Transaction UID (PS3.4 CC.2.7)."""

from __future__ import annotations

from collections.abc import Sequence

from upsdesk.domain import attributes, tags
from upsdesk.domain.attributes import element
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.scp.services.common import SUCCESS, UNKNOWN_INSTANCE, Reply, Surroundings

_ONLY_WHERE_NEEDED = frozenset({tags.SPECIFIC_CHARACTER_SET, tags.TIMEZONE_OFFSET_FROM_UTC})


def get(surroundings: Surroundings, uid: SopInstanceUid, wanted: Sequence[int]) -> Reply:
    """Answer with `wanted` (none: everything). An attribute of a UPS that has no value comes back empty."""
    with surroundings.repository.reading() as reader:
        stored = reader.workitem(uid)
    if stored is None:
        return Reply(UNKNOWN_INSTANCE, "no such workitem here")
    if not wanted:
        return Reply(SUCCESS, elements=stored.elements)
    rows = attributes.top_level()
    found: list[Element] = [
        one for one in stored.elements if one.tag in wanted or one.tag in _ONLY_WHERE_NEEDED
    ]
    known = {one.tag for one in found}
    found += [
        element(tag)
        for tag in wanted
        if tag in rows and rows[tag].in_nget and tag not in known | _ONLY_WHERE_NEEDED
    ]
    return Reply(SUCCESS, elements=Elements(one for one in found if one.tag != tags.TRANSACTION_UID))
