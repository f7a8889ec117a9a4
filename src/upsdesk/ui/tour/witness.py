"""The witness of the tour: reads what the server holds, and acts as another performer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, TransactionUid
from upsdesk.domain.operation import Answer, CancelRequest
from upsdesk.domain.peer import Peer, PeerUse
from upsdesk.domain.query import WorklistQuery
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.when import format_moment
from upsdesk.services.thread_gateway import ThreadGateway

_REASON = Code("110513", "DCM", "Discontinued for unspecified reason")


class Witness:
    """Works at the embedded worklist server that the tour started, and refuses any other."""

    def __init__(self, peer: Peer) -> None:
        if peer.use is not PeerUse.DEMO or not peer.is_this_computer:
            raise ValueError("the tour runs at the embedded worklist server only")
        self._peer = replace(peer, id=PeerId("tour-witness"), calling_aet=AeTitle("TOURWITNESS"))
        self._gateway = ThreadGateway()

    async def close(self) -> None:
        await self._gateway.close()

    async def read(self, uid: SopInstanceUid) -> Elements:
        """What the server holds of a workitem."""
        answer = await self._gateway.get(self._peer, uid)
        return _done(answer).elements or Elements()

    async def state(self, uid: SopInstanceUid) -> str:
        return (await self.read(uid)).text(tags.PROCEDURE_STEP_STATE)

    async def find(self, queries: tuple[WorklistQuery, ...]) -> set[str]:
        """The UIDs that these searches find together."""
        found: set[str] = set()
        for query in queries:
            await self._gateway.find(
                self._peer,
                query,
                lambda matches: found.update(one.elements.text(tags.SOP_INSTANCE_UID) for one in matches),
            )
        return found

    async def change(self, uid: SopInstanceUid, elements: Elements) -> None:
        """Change a workitem that nobody holds, as another system."""
        _done(await self._gateway.set(self._peer, uid, elements))

    async def claim(self, uid: SopInstanceUid, lock: TransactionUid) -> None:
        """Take a workitem as another performer."""
        _done(await self._gateway.change_state(self._peer, uid, ProcedureStepState.IN_PROGRESS, lock))

    async def report(self, uid: SopInstanceUid, lock: TransactionUid, percent: int, words: str) -> None:
        """Tell how far the other performer is."""
        item = (
            element(tags.PROCEDURE_STEP_PROGRESS, str(percent)),
            element(tags.PROCEDURE_STEP_PROGRESS_DESCRIPTION, words),
        )
        _done(await self._gateway.set(self._peer, uid, _progress(*item), lock))

    async def ask_to_cancel(self, uid: SopInstanceUid, request: CancelRequest) -> None:
        """Ask whoever holds it to cancel, as a planner would."""
        _done(await self._gateway.request_cancel(self._peer, uid, request))

    async def cancel(self, uid: SopInstanceUid, lock: TransactionUid, now: datetime) -> None:
        """Give up what the other performer holds."""
        item = (
            element(tags.PROCEDURE_STEP_CANCELLATION_DATE_TIME, format_moment(now)),
            sequence(tags.PROCEDURE_STEP_DISCONTINUATION_REASON_CODE_SEQUENCE, _REASON.to_elements()),
        )
        _done(await self._gateway.set(self._peer, uid, _progress(*item), lock))
        _done(await self._gateway.change_state(self._peer, uid, ProcedureStepState.CANCELED, lock))


def _progress(*item: object) -> Elements:
    return Elements([sequence(tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE, item)])  # type: ignore[arg-type]


def _done(answer: Answer) -> Answer:
    if not answer.outcome.is_done:
        raise RuntimeError(f"the witness was answered {answer.outcome.code_text}: {answer.outcome.meaning}")
    return answer
