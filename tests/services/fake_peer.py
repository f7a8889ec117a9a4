"""A UPS SCP without a network: it keeps workitems, obeys the state table, and fails as it is told to."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from upsdesk.dicom.datasets import encode
from upsdesk.dicom.exchange import OnRows
from upsdesk.dicom.scu import Match
from upsdesk.dicom.shapes import Shapes
from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.elements import Elements
from upsdesk.domain.errors import Aborted, Interrupted, NoAnswer, Rejected, TimedOut, Unreachable
from upsdesk.domain.keys import AeTitle, SopInstanceUid, TransactionUid
from upsdesk.domain.operation import Answer, CancelRequest, Operation
from upsdesk.domain.peer import Peer, UpsClass
from upsdesk.domain.query import MatchingKey, WorklistQuery
from upsdesk.domain.requirements import missing_for_final
from upsdesk.domain.state import Lock, ProcedureStepState, Request, cell
from upsdesk.domain.status import outcome
from upsdesk.domain.workitem import EncodedDataSet

_IMPLICIT = "1.2.840.10008.1.2"
S = ProcedureStepState
_REQUESTS = {
    S.SCHEDULED: Request.TO_SCHEDULED,
    S.IN_PROGRESS: Request.TO_IN_PROGRESS,
    S.COMPLETED: Request.TO_COMPLETED,
    S.CANCELED: Request.TO_CANCELED,
}


class Fault(Enum):
    """What goes wrong with one request instead of an answer."""

    UNREACHABLE = "unreachable"
    LOST_BEFORE = "the request may have been sent and was not carried out"
    LOST_AFTER = "it was carried out and the answer was lost"
    ABORTED_UNSENT = "the kept association was dead before the request left"
    SILENCE = "nothing comes until the association is aborted"
    CRASH = "a fault of the program"


@dataclass
class Stored:
    elements: Elements
    lock: TransactionUid | None = None


@dataclass
class FakePeer:
    """The state behind all associations to it. `log` names each request that reached it, in order."""

    workitems: dict[SopInstanceUid, Stored] = field(default_factory=dict)
    dropped_tags: frozenset[int] = frozenset()
    """Attributes that it silently does not keep."""
    ignores_keys: bool = False
    needs_a_list: bool = False
    """It refuses an N-GET without an Attribute Identifier List."""
    claimed_status: int = 0xC301
    """How it answers a claim of a workitem that somebody else holds."""
    max_associations: int = 10
    subscribe_status: int = 0x0000
    log: list[tuple[Operation, SopInstanceUid | None]] = field(default_factory=list)
    queries: list[WorklistQuery] = field(default_factory=list)
    sent_elements: list[Elements] = field(default_factory=list)
    locks_seen: list[TransactionUid] = field(default_factory=list)
    faults: dict[Operation, deque[Fault | int | None]] = field(default_factory=dict)
    before: dict[Operation, Callable[[], None]] = field(default_factory=dict)
    """Called once when such a request arrives, before it is carried out."""
    comments: dict[Operation, str] = field(default_factory=dict)
    """Error Comment of the next answers to an operation that were scripted."""
    associations: int = 0
    opened: int = 0
    guard: threading.RLock = field(default_factory=threading.RLock)
    hurry: threading.Event = field(default_factory=threading.Event)
    find_gate: threading.Event | None = None
    """When set, a search waits for it after its first match."""
    search_started: threading.Event = field(default_factory=threading.Event)
    search_ended: threading.Event = field(default_factory=threading.Event)
    """All matches of a search have been handed over."""

    def fail(self, operation: Operation, *faults: Fault | int | None) -> None:
        """Script the next requests of this operation: None passes one."""
        self.faults.setdefault(operation, deque()).extend(faults)

    def add(self, uid: SopInstanceUid, elements: Elements, lock: TransactionUid | None = None) -> None:
        self.workitems[uid] = Stored(elements.with_elements(element(tags.SOP_INSTANCE_UID, uid)), lock)

    def state_of(self, uid: SopInstanceUid) -> ProcedureStepState:
        return S(self.workitems[uid].elements.text(tags.PROCEDURE_STEP_STATE))

    def change(self, uid: SopInstanceUid, *elements: object) -> None:
        """Somebody else changes a workitem."""
        stored = self.workitems[uid]
        stored.elements = stored.elements.with_elements(*elements)  # type: ignore[arg-type]

    def factory(self, peer: Peer) -> "FakeScu":
        return FakeScu(self)

    def requests(self, *operations: Operation) -> list[Operation]:
        """The operations that arrived, of these kinds or of all."""
        return [operation for operation, _ in self.log if not operations or operation in operations]


class FakeScu:
    """One association to a FakePeer."""

    def __init__(self, peer: FakePeer) -> None:
        self._peer = peer
        self._open = False
        self._aborted = threading.Event()

    def echo(self) -> Answer:
        return self._request(Operation.ECHO, None, lambda: 0x0000)

    def find(
        self, query: WorklistQuery, on_match: Callable[[Match], None], stop: threading.Event | None
    ) -> Answer:
        def carry_out() -> int:
            self._peer.queries.append(query)
            for stored in tuple(self._peer.workitems.values()):
                if stop is not None and stop.is_set():
                    return 0xFE00
                if self._peer.ignores_keys or all(_matches(key, stored) for key in query.keys):
                    encoded = EncodedDataSet(encode(stored.elements, _IMPLICIT), _IMPLICIT)
                    on_match(Match(stored.elements, encoded, 0xFF00))
                self._peer.search_started.set()
                while self._peer.find_gate is not None and not self._peer.find_gate.wait(0.005):
                    if self._aborted.is_set():
                        raise Aborted(sent=True)
                    if stop is not None and stop.is_set() and not self._peer.hurry.is_set():
                        return 0xFE00
            self._peer.search_ended.set()
            return 0x0000

        return self._request(Operation.FIND, None, carry_out)

    def find_rows(
        self,
        query: WorklistQuery,
        on_rows: OnRows,
        stop: threading.Event | None,
    ) -> Answer:
        shapes = Shapes(_IMPLICIT)

        def on_match(match: Match) -> None:
            data = match.data.data
            on_rows([(shapes.glimpse(data) or match.elements, data)], shapes)

        return self.find(query, on_match, stop)

    def get(self, uid: SopInstanceUid, wanted: Sequence[int] | None) -> Answer:
        stored = self._peer.workitems.get(uid)

        def carry_out() -> int:
            if self._peer.needs_a_list and not wanted:
                return 0x0110
            return 0x0000 if uid in self._peer.workitems else 0xC307

        answer = self._request(Operation.GET, uid, carry_out)
        stored = self._peer.workitems.get(uid)
        if answer.status != 0 or stored is None:
            return answer
        elements = stored.elements.only(wanted) if wanted else stored.elements
        return _answer(Operation.GET, uid, 0x0000, elements)

    def create(self, uid: SopInstanceUid | None, elements: Elements) -> Answer:
        assert uid is not None
        self._peer.sent_elements.append(elements)

        def carry_out() -> int:
            if uid in self._peer.workitems:
                return 0x0111
            self._peer.add(uid, elements.without(*self._peer.dropped_tags))
            return 0x0000

        return self._request(Operation.CREATE, uid, carry_out)

    def set(self, uid: SopInstanceUid, elements: Elements, transaction_uid: TransactionUid | None) -> Answer:
        self._peer.sent_elements.append(elements)

        def carry_out() -> int:
            status = self._decide(uid, Request.SET, transaction_uid)
            if status == 0:
                stored = self._peer.workitems[uid]
                kept = elements.without(*self._peer.dropped_tags)
                stored.elements = stored.elements.with_elements(*kept)
            return status

        return self._request(Operation.SET, uid, carry_out)

    def change_state(
        self, uid: SopInstanceUid, state: ProcedureStepState, transaction_uid: TransactionUid | None
    ) -> Answer:
        if transaction_uid is not None:
            self._peer.locks_seen.append(transaction_uid)

        def carry_out() -> int:
            status = self._decide(uid, _REQUESTS[state], transaction_uid)
            if status == 0xC301 and state is S.IN_PROGRESS:
                return self._peer.claimed_status
            if status != 0:
                return status
            stored = self._peer.workitems[uid]
            if state.is_final and missing_for_final(state, stored.elements):
                return 0xC304
            stored.lock = transaction_uid
            stored.elements = stored.elements.with_elements(element(tags.PROCEDURE_STEP_STATE, state.value))
            return status

        return self._request(Operation.CHANGE_STATE, uid, carry_out)

    def request_cancel(self, uid: SopInstanceUid, request: CancelRequest) -> Answer:
        def carry_out() -> int:
            status = self._decide(uid, Request.REQUEST_CANCEL, None)
            if status == 0 and self._peer.state_of(uid) is S.SCHEDULED:
                self._peer.change(uid, element(tags.PROCEDURE_STEP_STATE, S.CANCELED.value))
            return status

        return self._request(Operation.REQUEST_CANCEL, uid, carry_out)

    def subscribe(
        self,
        uid: SopInstanceUid,
        receiving_ae: AeTitle,
        deletion_lock: bool,
        keys: tuple[MatchingKey, ...],
    ) -> Answer:
        return self._request(Operation.SUBSCRIBE, uid, lambda: self._peer.subscribe_status)

    def unsubscribe(self, uid: SopInstanceUid, receiving_ae: AeTitle) -> Answer:
        return self._request(Operation.UNSUBSCRIBE, uid, lambda: 0x0000)

    def suspend(self, uid: SopInstanceUid, receiving_ae: AeTitle) -> Answer:
        return self._request(Operation.SUSPEND, uid, lambda: 0x0000)

    def release(self) -> None:
        self._end()

    def abort(self) -> None:
        self._aborted.set()
        self._end()

    def _end(self) -> None:
        with self._peer.guard:
            if self._open:
                self._open = False
                self._peer.associations -= 1

    def _decide(self, uid: SopInstanceUid, request: Request, lock: TransactionUid | None) -> int:
        stored = self._peer.workitems.get(uid)
        state = self._peer.state_of(uid) if stored else None
        if lock is None:
            kind = Lock.ABSENT
        elif stored is None or stored.lock is None or stored.lock == lock:
            kind = Lock.CORRECT
        else:
            kind = Lock.WRONG
        return cell(request, kind, state).status

    def _open_association(self) -> None:
        with self._peer.guard:
            if self._open:
                return
            if self._peer.associations >= self._peer.max_associations:
                raise Rejected(2, 3, 2, "local limit exceeded")
            self._peer.associations += 1
            self._peer.opened += 1
            self._open = True
            self._aborted.clear()

    def _request(
        self, operation: Operation, uid: SopInstanceUid | None, carry_out: Callable[[], int]
    ) -> Answer:
        scripted = self._peer.faults.get(operation)
        fault = scripted.popleft() if scripted else None
        if fault is Fault.UNREACHABLE:
            raise Unreachable("connection refused")
        self._open_association()
        if fault is Fault.ABORTED_UNSENT:
            raise Aborted(sent=False)
        if fault is Fault.CRASH:
            raise RuntimeError("a fault of the program")
        self._peer.log.append((operation, uid))
        hook = self._peer.before.pop(operation, None)
        if hook is not None:
            hook()
        if fault is Fault.LOST_BEFORE:
            raise TimedOut(sent=True)
        if fault is Fault.SILENCE:
            self._peer.search_started.set()
            self._aborted.wait(30)
            raise Interrupted(sent=True)
        status = fault if isinstance(fault, int) else carry_out()
        if fault is Fault.LOST_AFTER:
            raise TimedOut(sent=True)
        answer = _answer(operation, uid, status)
        comment = self._peer.comments.get(operation, "") if isinstance(fault, int) else ""
        return replace(answer, error_comment=comment)


def _answer(
    operation: Operation, uid: SopInstanceUid | None, status: int, elements: Elements | None = None
) -> Answer:
    return Answer(
        operation,
        uid,
        status,
        outcome(operation.service, status, operation.action_type),
        UpsClass.PULL,
        1.0,
        elements=elements,
        data=encode(elements, _IMPLICIT) if elements is not None else None,
        transfer_syntax=_IMPLICIT,
    )


def _matches(key: MatchingKey, stored: Stored) -> bool:
    value = stored.elements.text(*key.path)
    if "-" in key.value:
        lower, upper = key.value.split("-", 1)
        return lower[:8] <= value[:8] <= upper[:8]
    return value == key.value


__all__ = ["FakePeer", "FakeScu", "Fault", "NoAnswer", "Stored"]
