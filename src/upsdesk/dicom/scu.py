"""Decides what each UPS operation sends and on which context, and what its answer holds (PS3.4 CC.2)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import quote

from upsdesk.dicom.association import Link
from upsdesk.dicom.contexts import OPERATION_CLASSES, PUSH_UID, VERIFICATION_UID
from upsdesk.dicom.exchange import CutOf, Exchange, Match, OnRows, Request, Search
from upsdesk.dicom.identifiers import identifier_elements, key_elements
from upsdesk.dicom.negotiation import Negotiated
from upsdesk.dicom.shapes import Shapes
from upsdesk.dicom.upper_layer.messages import Command, Service
from upsdesk.dicom.wire_log import WireLog
from upsdesk.domain import attributes, tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.errors import ContextRefused, Interrupted, NoAnswer
from upsdesk.domain.keys import AeTitle, SopInstanceUid, TransactionUid
from upsdesk.domain.operation import DEFAULT_CANCEL_REASON, Answer, CancelRequest, Operation
from upsdesk.domain.peer import Peer, UpsClass
from upsdesk.domain.query import MatchingKey, WorklistQuery
from upsdesk.domain.state import ProcedureStepState

__all__ = ["EchoAnswer", "Match", "Negotiated", "TagChoice", "UpsScu"]

_OF_A_JOB = frozenset({Operation.GET, Operation.SET, Operation.CHANGE_STATE})
LinkType = Callable[[Peer, Callable[[], bool], Callable[[], float]], Link]
_MEDIUM = 0
"""Priority (0000,0700) of a C-FIND."""


class TagChoice(Enum):
    """What an N-GET asks for when no list of tags is given."""

    TABLE = "every top-level attribute that N-GET allows"


@dataclass(frozen=True, slots=True)
class EchoAnswer(Answer):
    """The answer to C-ECHO, and what the association negotiated."""

    negotiated: Negotiated = field(kw_only=True)


class UpsScu:
    """One association to one peer, opened when first needed and reused; for one thread at a time.

    Every operation raises a subclass of NoAnswer when no usable answer came; its `sent` tells whether the
    request may have reached the peer. A failure status is an Answer, not an exception. `via` sends an
    operation on another presentation context than its own; then there is no falling back.
    """

    def __init__(
        self,
        peer: Peer,
        wire_log: WireLog | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        via: UpsClass | None = None,
        link: LinkType = Link,
        shapes: dict[str, Shapes] | None = None,
    ) -> None:
        """`via` is that of every N-GET, N-SET and change of state which names no other.

        `shapes`: what searches of this thread on earlier associations have learned, by transfer syntax.

        `link` makes the association: StockLink that of pynetdicom, for searches only.
        """
        self._make_link = link
        self._peer = peer
        self._via = via
        self._log = wire_log or WireLog(lambda _: None)
        self._clock = clock
        self._lock = threading.Lock()
        self._link: Link | None = None
        self._is_running = False
        self._is_closed = False
        self._given_up = threading.Event()
        self._shapes: dict[str, Shapes] = {} if shapes is None else shapes

    def open(self) -> Negotiated:
        """Associate if no association stands, without sending a request; raise NoAnswer."""
        with self._running():
            return self._opened(()).negotiated

    def echo(self, *, via: UpsClass | None = None) -> EchoAnswer:
        """C-ECHO (PS3.4 Annex A). Verification has one context, so `via` changes nothing."""
        answer = self._run(
            Request(Operation.ECHO, (), Command(Service.C_ECHO, affected_class=VERIFICATION_UID))
        )
        link = self._link
        negotiated = link.negotiated if link is not None else Negotiated({}, {}, {}, 0)
        found = {name: getattr(answer, name) for name in Answer.__dataclass_fields__}
        return EchoAnswer(**found, negotiated=negotiated)

    def find(
        self,
        query: WorklistQuery,
        on_match: Callable[[Match], None],
        stop: threading.Event | None = None,
        *,
        via: UpsClass | None = None,
    ) -> Answer:
        """C-FIND (PS3.4 CC.2.8): `on_match` is called with each match as it comes.

        C-CANCEL ends the search when `stop` is set or at the query's limit; matches after that are dropped.
        Pull, a query's default, gives way to Query or Watch when the peer accepted only those;
        `Answer.context` says which was used. Raise ValueError for a key that its VR cannot hold.
        """
        return self._search(query, Search(on_match=on_match, limit=query.limit, stop=stop), via)

    def find_rows(
        self,
        query: WorklistQuery,
        on_rows: OnRows,
        stop: threading.Event | None = None,
        *,
        via: UpsClass | None = None,
        cut_of: CutOf | None = None,
    ) -> Answer:
        """As `find`, for many matches of which few are looked at: they are checked and left encoded.

        `cut_of` takes of each what is read at once, instead of a Glimpse.
        """
        return self._search(query, Search(on_rows=on_rows, cut_of=cut_of, limit=query.limit, stop=stop), via)

    def _search(self, query: WorklistQuery, search: Search, via: UpsClass | None) -> Answer:
        elements = identifier_elements(query)
        chosen = via or query.via
        falls_back = via is None and chosen is UpsClass.PULL

        classes = OPERATION_CLASSES[Operation.FIND] if falls_back else (chosen,)
        command = Command(Service.C_FIND, priority=_MEDIUM)
        return self._run(Request(Operation.FIND, classes, command, elements), search)

    def _shapes_of(self, transfer_syntax: str) -> Shapes:
        """What was learned in earlier searches helps in the next."""
        found = self._shapes.get(transfer_syntax)
        if found is None:
            found = self._shapes[transfer_syntax] = Shapes(transfer_syntax)
        return found

    def get(
        self,
        uid: SopInstanceUid,
        tags: Sequence[int] | TagChoice | None = TagChoice.TABLE,
        *,
        via: UpsClass | None = None,
    ) -> Answer:
        """N-GET (PS3.4 CC.2.7) of these top-level tags; None sends no list, which means everything."""
        asked = attributes.get_tags() if isinstance(tags, TagChoice) else tags
        command = _of_instance(Service.N_GET, uid, attributes=tuple(sorted(asked or ())))
        return self._run(Request(Operation.GET, self._classes(Operation.GET, via), command, uid=uid))

    def create(
        self, uid: SopInstanceUid | None, elements: Elements, *, via: UpsClass | None = None
    ) -> Answer:
        """N-CREATE (PS3.4 CC.2.5) of exactly these elements; without `uid` the peer assigns one."""
        command = Command(Service.N_CREATE, affected_class=PUSH_UID, affected_instance=str(uid or ""))
        return self._run(
            Request(Operation.CREATE, self._classes(Operation.CREATE, via), command, elements, uid)
        )

    def set(
        self,
        uid: SopInstanceUid,
        elements: Elements,
        transaction_uid: TransactionUid | None = None,
        *,
        via: UpsClass | None = None,
    ) -> Answer:
        """N-SET (PS3.4 CC.2.6) of exactly these elements, with the lock when one is given."""
        sent = _with_lock(elements, transaction_uid)
        command = _of_instance(Service.N_SET, uid)
        return self._run(Request(Operation.SET, self._classes(Operation.SET, via), command, sent, uid))

    def change_state(
        self,
        uid: SopInstanceUid,
        state: ProcedureStepState | str,
        transaction_uid: TransactionUid | None,
        *,
        via: UpsClass | None = None,
    ) -> Answer:
        """N-ACTION 1, Change UPS State (PS3.4 CC.2.1)."""
        text = state.value if isinstance(state, ProcedureStepState) else state
        information = _with_lock(Elements([element(tags.PROCEDURE_STEP_STATE, text)]), transaction_uid)
        return self._act(Operation.CHANGE_STATE, uid, information, via)

    def request_cancel(
        self,
        uid: SopInstanceUid,
        request: CancelRequest,
        *,
        exact: bool = False,
        via: UpsClass | None = None,
    ) -> Answer:
        """N-ACTION 2, Request UPS Cancel (PS3.4 CC.2.2).

        A reason is always sent, a default one when none is given, unless `exact`.
        """
        reason = request.reason or ("" if exact else DEFAULT_CANCEL_REASON)
        found: list[Element] = []
        if reason:
            found.append(element(tags.REASON_FOR_CANCELLATION, reason))
        if request.code is not None:
            code = request.code.to_elements()
            found.append(sequence(tags.PROCEDURE_STEP_DISCONTINUATION_REASON_CODE_SEQUENCE, code))
        if request.contact_name:
            found.append(element(tags.CONTACT_DISPLAY_NAME, request.contact_name))
        if request.contact_uri:
            found.append(element(tags.CONTACT_URI, _uri(request.contact_uri)))
        return self._act(Operation.REQUEST_CANCEL, uid, Elements(found), via)

    def subscribe(
        self,
        uid: SopInstanceUid,
        receiving_ae: AeTitle,
        deletion_lock: bool,
        keys: tuple[MatchingKey, ...] = (),
        *,
        via: UpsClass | None = None,
    ) -> Answer:
        """N-ACTION 3, Subscribe (PS3.4 CC.2.3): one workitem, globally, or filtered by `keys`.

        Raise ValueError for a key that its VR cannot hold.
        """
        information = key_elements(keys).with_elements(
            element(tags.RECEIVING_AE, receiving_ae),
            element(tags.DELETION_LOCK, "TRUE" if deletion_lock else "FALSE"),
        )
        return self._act(Operation.SUBSCRIBE, uid, information, via)

    def unsubscribe(
        self, uid: SopInstanceUid, receiving_ae: AeTitle, *, via: UpsClass | None = None
    ) -> Answer:
        """N-ACTION 4, Unsubscribe (PS3.4 CC.2.3)."""
        information = Elements([element(tags.RECEIVING_AE, receiving_ae)])
        return self._act(Operation.UNSUBSCRIBE, uid, information, via)

    def suspend(self, uid: SopInstanceUid, receiving_ae: AeTitle, *, via: UpsClass | None = None) -> Answer:
        """N-ACTION 5, Suspend Global Subscription (PS3.4 CC.2.3)."""
        information = Elements([element(tags.RECEIVING_AE, receiving_ae)])
        return self._act(Operation.SUSPEND, uid, information, via)

    def negotiated(self) -> Negotiated | None:
        """What the open association agreed on; None while none is open."""
        link = self._link
        return link.negotiated if link is not None and link.is_open else None

    @property
    def is_open(self) -> bool:
        """Whether an association stands."""
        link = self._link
        return link is not None and link.is_open

    def release(self) -> None:
        """Release the association, if one stands; the next operation opens another. Not while one runs.

        `abort` from another thread ends the wait for a peer that does not answer.
        """
        link = self._link
        if link is None:
            return
        was_agreed = link.release()
        self._link = None
        self._log.association(self._peer.address, "released" if was_agreed else "ended")

    def abort(self, *, for_good: bool = False) -> None:
        """Abort the association from any thread, within half a second.

        An operation that runs raises Interrupted at once. The next one opens a new association, unless
        `for_good`: then every later one raises Interrupted.
        """
        with self._lock:
            self._is_closed |= for_good
            if self._is_running or for_good:
                self._given_up.set()
            link = self._link
        if link is not None:
            link.abort()
            self._log.association(self._peer.address, "aborted")

    def _act(
        self, operation: Operation, uid: SopInstanceUid, information: Elements, via: UpsClass | None
    ) -> Answer:
        command = _of_instance(Service.N_ACTION, uid, action_type=operation.action_type)
        self._log.action_information(information)
        return self._run(Request(operation, self._classes(operation, via), command, information, uid))

    def _classes(self, operation: Operation, via: UpsClass | None) -> tuple[UpsClass, ...]:
        chosen = via or (self._via if operation in _OF_A_JOB else None)
        return (chosen,) if chosen is not None else OPERATION_CLASSES[operation]

    @contextmanager
    def _running(self) -> Iterator[None]:
        """While an operation runs, `abort` interrupts it."""
        with self._lock:
            if self._is_closed:
                raise Interrupted()
            self._given_up.clear()
            self._is_running = True
        try:
            yield
        finally:
            with self._lock:
                self._is_running = False

    def _run(self, request: Request, search: Search | None = None) -> Answer:
        began = self._clock()
        try:
            with self._running():
                link = self._opened(request.classes)
                exchange = Exchange(self._peer, link, self._log, self._clock, self._shapes_of)
                return exchange.run(request, self._context(link, request), search)
        except NoAnswer as error:
            elapsed = (self._clock() - began) * 1000
            why = type(error).__name__
            self._log.broken(self._peer.address, request.operation, why, request.uid, elapsed)
            raise

    def _opened(self, classes: tuple[UpsClass, ...]) -> Link:
        """The association that stands, or a new one when it is gone; nothing has been sent on it yet."""
        link = self._link
        if link is not None:
            if link.is_usable():
                return link
            link.leave()
        link = self._make_link(self._peer, self._given_up.is_set, self._clock)
        with self._lock:
            self._link = link
        link.open(needed=classes or None)
        self._log.association(self._peer.address, f"opened: {link.negotiated.words()}")
        return link

    def _context(self, link: Link, request: Request) -> UpsClass | None:
        accepted = link.negotiated.contexts
        wanted: tuple[UpsClass | None, ...] = request.classes or (None,)
        for ups_class in wanted:
            if ups_class in accepted:
                return ups_class
        others = tuple(one for one in accepted if one is not None)
        names = ", ".join(one.value for one in others) or "no UPS class"
        raise ContextRefused(request.classes or None, others, f"accepted: {names}")


def _of_instance(
    service: Service, uid: SopInstanceUid, *, attributes: tuple[int, ...] = (), action_type: int | None = None
) -> Command:
    """A request about a workitem that exists."""
    return Command(
        service,
        requested_class=PUSH_UID,
        requested_instance=str(uid),
        attributes=attributes,
        action_type=action_type,
    )


def _uri(text: str) -> str:
    """An address as UR allows it: letters beyond ASCII as percent-encoded UTF-8 (RFC 3987 3.1)."""
    return quote(text, safe="".join(map(chr, range(0x21, 0x7F))))


def _with_lock(elements: Elements, transaction_uid: TransactionUid | None) -> Elements:
    if transaction_uid is None:
        return elements
    # str(): the type hides itself in repr, the wire needs the value.
    return elements.with_elements(element(tags.TRANSACTION_UID, str(transaction_uid)))
