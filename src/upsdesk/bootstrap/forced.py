"""An SCU whose reads, changes and state changes go over the presentation context that the user forces."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from upsdesk.dicom.scu import TagChoice, UpsScu
from upsdesk.dicom.wire_log import WireLog
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import SopInstanceUid, TransactionUid
from upsdesk.domain.operation import Answer
from upsdesk.domain.peer import Peer, UpsClass
from upsdesk.domain.state import ProcedureStepState


class ForcedScu(UpsScu):
    """As UpsScu; `via` applies to what a job is about, not to the subscription that goes with it."""

    def __init__(self, peer: Peer, via: UpsClass | None, tell: Callable[[str], None] | None = None) -> None:
        super().__init__(peer, WireLog(tell) if tell is not None else None)
        self._via = via

    def get(
        self,
        uid: SopInstanceUid,
        tags: Sequence[int] | TagChoice | None = TagChoice.TABLE,
        *,
        via: UpsClass | None = None,
    ) -> Answer:
        return super().get(uid, tags, via=via or self._via)

    def set(
        self,
        uid: SopInstanceUid,
        elements: Elements,
        transaction_uid: TransactionUid | None = None,
        *,
        via: UpsClass | None = None,
    ) -> Answer:
        return super().set(uid, elements, transaction_uid, via=via or self._via)

    def change_state(
        self,
        uid: SopInstanceUid,
        state: ProcedureStepState | str,
        transaction_uid: TransactionUid | None,
        *,
        via: UpsClass | None = None,
    ) -> Answer:
        return super().change_state(uid, state, transaction_uid, via=via or self._via)
