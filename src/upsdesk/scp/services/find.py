"""C-FIND: the workitems that match, one response each (PS3.4 CC.2.8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from upsdesk.dicom.find_extension import FindExtension
from upsdesk.domain import tags
from upsdesk.domain.elements import Elements
from upsdesk.scp.matching import BadKey, compile_query
from upsdesk.scp.services.common import COMMENT_LENGTH, Reply, Surroundings

MATCH = 0xFF00
MATCH_WITH_IGNORED_KEYS = 0xFF01
CANCELED = 0xFE00
BAD_IDENTIFIER = 0xA900
_NO_KEYS = frozenset({tags.SPECIFIC_CHARACTER_SET, tags.TIMEZONE_OFFSET_FROM_UTC})
"""They say how the keys are read."""


def find(
    surroundings: Surroundings,
    keys: Elements,
    is_cancelled: Callable[[], bool],
    agreed: FindExtension = FindExtension(),  # noqa: B008  frozen
) -> Iterator[Reply]:
    """One reply for each match, and at the end one only when it is not Success."""
    if not keys.tags - _NO_KEYS:
        yield Reply(BAD_IDENTIFIER, "the identifier has no keys")
        return
    try:
        query = compile_query(keys, surroundings.zone, agreed)
    except BadKey as error:
        yield Reply(BAD_IDENTIFIER, str(error)[:COMMENT_LENGTH], (error.tag,))
        return
    for page in surroundings.repository.pages(query.narrowing):
        for stored in page:
            if is_cancelled():
                yield Reply(CANCELED)
                return
            if query.finds(stored):
                is_plain = not query.ignores_some and query.is_complete(stored)
                status = MATCH if is_plain else MATCH_WITH_IGNORED_KEYS
                yield Reply(status, elements=query.response(stored))
