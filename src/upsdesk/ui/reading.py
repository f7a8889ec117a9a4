"""Reading one workitem whole for a dialog or the editor: what a search brought is never enough for them."""

from __future__ import annotations

from dataclasses import dataclass

from upsdesk.domain.elements import Elements
from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.events import Read
from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.status import Outcome, no_answer
from upsdesk.domain.workitem import EncodedDataSet
from upsdesk.services.desk import Desk
from upsdesk.services.whole import get_whole


@dataclass(frozen=True, slots=True)
class Reading:
    """The whole data set, or why there is none."""

    elements: Elements | None = None
    problem: Outcome | None = None


async def read_whole(desk: Desk, key: WorkitemKey, *, everything: bool = False) -> Reading:
    """Ask the server for every attribute of the workitem, and let the store know what it answered.

    `everything`: with what the Standard does not list.
    """
    peer = desk.peer(key.peer)
    try:
        answer = await (
            get_whole(desk.gateway, peer, key.uid) if everything else desk.gateway.get(peer, key.uid)
        )
    except NoAnswer as error:
        return Reading(problem=no_answer(error, is_harmless=True))
    if not answer.outcome.is_done or answer.elements is None:
        return Reading(problem=answer.outcome)
    data = EncodedDataSet(answer.data, answer.transfer_syntax) if answer.data is not None else None
    desk.store.apply((Read(key, answer.elements, data, desk.clock()),))
    return Reading(elements=answer.elements)
