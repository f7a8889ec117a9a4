"""C-FIND: the workitems that match, one response each (PS3.4 CC.2.8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from upsdesk.dicom.find_extension import FindExtension
from upsdesk.domain.elements import Elements
from upsdesk.scp.matching import BadKey, compile_query
from upsdesk.scp.model import with_identity
from upsdesk.scp.services.common import Reply, Surroundings

MATCH = 0xFF00
MATCH_WITH_IGNORED_KEYS = 0xFF01
CANCELED = 0xFE00
BAD_IDENTIFIER = 0xA900


def find(
    surroundings: Surroundings,
    keys: Elements,
    is_cancelled: Callable[[], bool],
    agreed: FindExtension = FindExtension(),  # noqa: B008  frozen
) -> Iterator[Reply]:
    """One reply for each match, and at the end one only when it is not Success."""
    try:
        query = compile_query(keys, surroundings.zone)
    except BadKey as error:
        yield Reply(BAD_IDENTIFIER, str(error)[:64], (error.tag,))
        return
    status = MATCH_WITH_IGNORED_KEYS if query.ignores_some else MATCH
    for page in surroundings.repository.pages(query.narrowing):
        for stored in page:
            if is_cancelled():
                yield Reply(CANCELED)
                return
            item = with_identity(stored)
            if query.matches(item):
                yield Reply(status, elements=query.response(item))
