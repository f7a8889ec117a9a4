"""N-GET: the attributes asked for, never the Transaction UID (PS3.4 CC.2.7)."""

from __future__ import annotations

from collections.abc import Sequence

from upsdesk.domain import attributes, tags
from upsdesk.domain.attributes import element
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.scp.services.common import (
    SUCCESS,
    UNKNOWN_INSTANCE,
    Reply,
    Surroundings,
    refused_uid,
)
from upsdesk.scp.services.refusals import ATTRIBUTE_LIST_ERROR, keyword, naming

OPTIONAL_NOT_SUPPORTED = 0x0001
_ALONGSIDE = frozenset({tags.SPECIFIC_CHARACTER_SET, tags.TIMEZONE_OFFSET_FROM_UTC})
"""They say how the rest is read, so they come where they are needed, and are never zero-length."""
_UTF_8 = "ISO_IR 192"


def get(surroundings: Surroundings, uid: SopInstanceUid, wanted: Sequence[int]) -> Reply:
    """Answer with `wanted` (none: everything). An attribute of a UPS that has no value comes back empty.

    What N-GET must not return (Transaction UID, SOP Class and Instance UID) is left out with 0107 and named
    in Attribute Identifier List; attributes beyond the UPS's own that this workitem does not have, with 0001.
    """
    refused = refused_uid(uid)
    if refused is not None:
        return refused
    with surroundings.repository.reading() as reader:
        stored = reader.workitem(uid)
    if stored is None:
        return Reply(UNKNOWN_INSTANCE, "no such workitem here")
    elements = stored.elements
    if tags.TRANSACTION_UID in elements:  # it is kept beside them, but a lock must never go out
        elements = elements.without(tags.TRANSACTION_UID)
    if not wanted:
        return Reply(SUCCESS, elements=elements)
    asked = frozenset(wanted)
    rows = attributes.top_level()
    found: list[Element] = [one for tag in asked | _ALONGSIDE if (one := elements.get(tag)) is not None]
    absent = sorted(tag for tag in asked - _ALONGSIDE if tag not in elements)
    found += [element(tag) for tag in absent if tag in rows and rows[tag].in_nget]
    if tags.SPECIFIC_CHARACTER_SET in asked:  # Type 1 when asked for; plain ASCII is UTF-8 too
        found.append(element(tags.SPECIFIC_CHARACTER_SET, _UTF_8))
    answer = Elements(found)
    forbidden = tuple(tag for tag in absent if tag in rows and not rows[tag].in_nget)
    if forbidden:
        comment = naming("not returned", [keyword(tag) for tag in forbidden])
        return Reply(ATTRIBUTE_LIST_ERROR, comment, forbidden, answer)
    unknown = tuple(tag for tag in absent if tag not in rows)
    if unknown:
        comment = naming("not kept here", [keyword(tag) for tag in unknown])
        return Reply(OPTIONAL_NOT_SUPPORTED, comment, unknown, answer)
    return Reply(SUCCESS, elements=answer)
