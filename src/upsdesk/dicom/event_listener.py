"""Decides how reports come in: accepted in both roles, stamped, decoded, handed over, answered (CC.2.4)."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from pynetdicom import evt
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import N_EVENT_REPORT, DimseServiceType

from upsdesk.dicom import guards
from upsdesk.dicom.codec import UndecodableDataSet, decode
from upsdesk.dicom.contexts import (
    CLASS_UIDS,
    RETIRED_TRIAL_UIDS,
    TRANSFER_SYNTAXES,
    VERIFICATION_UID,
    class_of,
)
from upsdesk.dicom.listening import address_error
from upsdesk.dicom.threaded_server import Server
from upsdesk.dicom.transport import no_delay
from upsdesk.domain import tags
from upsdesk.domain.elements import Elements
from upsdesk.domain.events import Report
from upsdesk.domain.keys import AeTitle, SopInstanceUid
from upsdesk.domain.peer import UpsClass

ASSOCIATE_WITHIN = 5.0
"""Seconds until a connection that asks for no association is closed."""
IDLE = 900.0
"""Seconds until an association without traffic is aborted; servers may keep one open for the next report."""
HALF_A_PDU = 60.0
"""Seconds that the rest of a PDU may take."""
_POLL = 0.1
"""Seconds after which the accepting thread notices that it shall end."""
_PROCESSING_FAILURE = 0x0110
SYNTAXES = tuple(TRANSFER_SYNTAXES.values())
"""What is accepted, the preferred one first."""


def _local_now() -> datetime:
    return datetime.now().astimezone()


class EventListener:
    """The Event SCU: a listening socket for UPS Event and Verification.

    `on_report` is called for each report before it is answered, from several threads; it must only hand over.
    The number of a report is its place in the order of the wire; `on_report` may be called in another order.
    Every report is answered with `status`, `delay` seconds later: types that nobody knows too.
    """

    def __init__(
        self,
        aet: AeTitle,
        host: str,
        port: int,
        on_report: Callable[[Report], None],
        *,
        status: int = 0x0000,
        delay: float = 0.0,
        clock: Callable[[], datetime] = _local_now,
        log: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._aet = aet
        self._address = (host, port)
        self._on_report = on_report
        self._status = status
        self._delay = delay
        self._clock = clock
        self._log = log
        self._stopping = threading.Event()
        self._stamps = _Stamps()
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> int:
        """Listen; return the port. Raise OSError whose `strerror` says what is wrong with the address."""
        guards.configure()
        entity = ApplicationEntity(self._aet)
        entity.acse_timeout = ASSOCIATE_WITHIN
        entity.dimse_timeout = HALF_A_PDU
        entity.network_timeout = IDLE
        entity.maximum_associations = Server.connections
        entity.add_supported_context(VERIFICATION_UID, list(SYNTAXES))
        # With no roles of our own, pynetdicom leaves a role proposal unanswered; dcm4che then sends nothing.
        entity.add_supported_context(CLASS_UIDS[UpsClass.EVENT], list(SYNTAXES), scu_role=True, scp_role=True)
        handlers: list[Any] = [
            (evt.EVT_CONN_OPEN, self._opened),
            (evt.EVT_REQUESTED, self._requested),
            (evt.EVT_DIMSE_RECV, self._stamp),
        ]
        try:
            server = entity.make_server(self._address, evt_handlers=handlers, server_class=Server)
        except (OSError, OverflowError) as error:
            raise address_error(error, *self._address) from None
        assert isinstance(server, Server)
        entity._servers.append(server)  # where its shutdown looks for it
        self._server = server
        self._stopping.clear()
        self._thread = threading.Thread(
            target=server.serve_forever, args=(_POLL,), name=f"listener {self._aet}", daemon=True
        )
        self._thread.start()
        return int(server.server_address[1])

    def stop(self) -> None:
        """Close the socket and abort what is open; takes less than a second. Harmless when not started."""
        server, self._server = self._server, None
        if server is None:
            return
        self._stopping.set()
        server.shutdown()
        # Twice: a connection that was accepted last may have got its threads only now.
        for _ in range(2):
            guards.abort_all(server.active_associations)
        if self._thread is not None:
            self._thread.join(1.0)

    def _opened(self, event: evt.Event) -> None:
        assoc = event.assoc
        guards.guard(assoc)
        connection = guards.raw_socket(assoc)
        if connection is not None:
            no_delay(connection)
            connection.settimeout(HALF_A_PDU)
        # pynetdicom picks a service by the class in the message; reports of any class are read here.
        assoc._serve_request = partial(self._serve, assoc)  # type: ignore[method-assign]

    def _requested(self, event: evt.Event) -> None:
        requestor = event.assoc.requestor
        proposed = {str(context.abstract_syntax) for context in requestor.requested_contexts}
        # The title of the requestor itself is filled in later.
        primitive = requestor.primitive
        calling = primitive.calling_ae_title.strip() if primitive is not None else ""
        if proposed & RETIRED_TRIAL_UIDS:
            self._log(
                f"{calling} proposes the retired Trial version of UPS (Supplement 74); "
                "it is not accepted: that system must send UPS Event (1.2.840.10008.5.1.4.34.6.4)"
            )
        elif CLASS_UIDS[UpsClass.EVENT] not in proposed and proposed != {VERIFICATION_UID}:
            self._log(f"{calling} does not propose UPS Event, so it cannot send reports")

    def _stamp(self, event: evt.Event) -> None:
        # Called in the thread that reads the socket: reports are handled in a thread each, in any order.
        command = event.message.command_set
        if command.get("CommandField") == 0x0100:
            self._stamps.add(event.assoc, int(command.MessageID), self._clock())

    def _serve(self, assoc: Association, request: DimseServiceType, context_id: int) -> None:
        context = assoc._accepted_cx.get(context_id)
        is_event = context is not None and class_of(str(context.abstract_syntax)) is UpsClass.EVENT
        if context is None or not is_event or not isinstance(request, N_EVENT_REPORT):
            Association._serve_request(assoc, request, context_id)
            return
        if request.MessageIDBeingRespondedTo is not None:
            return
        if request.MessageID is None:
            assoc.abort()  # there is nothing that an answer could name
            return
        try:
            status = self._take(assoc, request, str(context.transfer_syntax[0]))
            self._stopping.wait(self._delay)
            if not self._stopping.is_set():
                assoc.dimse.send_msg(_response(request, status), context_id)
        except Exception as error:
            # The thread is pynetdicom's; nobody else would hear of it.
            self._log(f"a report could not be handled: {type(error).__name__}")

    def _take(self, assoc: Association, request: N_EVENT_REPORT, syntax: str) -> int:
        """Hand the report over and return the status of the answer."""
        calling = AeTitle(assoc.requestor.ae_title.strip())
        number, received = self._stamps.take(assoc, request.MessageID or 0, self._clock)
        if not request.is_valid_request:
            self._log(f"report {number} from {calling} lacks its class, instance or event type")
            return _PROCESSING_FAILURE
        try:
            stream = request.EventInformation
            information = decode(stream.getvalue(), syntax) if stream is not None else Elements()
        except UndecodableDataSet as error:
            self._log(f"report {number} from {calling} cannot be read: {error}")
            return _PROCESSING_FAILURE
        if tags.TRANSACTION_UID in information:
            self._log(f"report {number} from {calling} carried a Transaction UID; it was dropped")
            information = information.without(tags.TRANSACTION_UID)
        self._on_report(
            Report(
                received=received,
                number=number,
                event_type=request.EventTypeID or 0,
                uid=SopInstanceUid(str(request.AffectedSOPInstanceUID or "").strip(" \0")),
                calling_aet=calling,
                information=information,
            )
        )
        return self._status


def _response(request: N_EVENT_REPORT, status: int) -> N_EVENT_REPORT:
    """PS3.7 10.1.1: the answer repeats class, instance and event type."""
    response = N_EVENT_REPORT()
    response.MessageIDBeingRespondedTo = request.MessageID
    response.AffectedSOPClassUID = request.AffectedSOPClassUID
    response.AffectedSOPInstanceUID = request.AffectedSOPInstanceUID
    response.EventTypeID = request.EventTypeID
    response.Status = status
    return response


class _Stamps:
    """Number and time of arrival of the reports that are not handled yet, per association and message ID."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0
        self._waiting: WeakKeyDictionary[Association, defaultdict[int, deque[tuple[int, datetime]]]]
        self._waiting = WeakKeyDictionary()

    def add(self, assoc: Association, message_id: int, at: datetime) -> None:
        with self._lock:
            self._last += 1
            queues = self._waiting.setdefault(assoc, defaultdict(deque))
            queues[message_id].append((self._last, at))

    def take(
        self, assoc: Association, message_id: int, clock: Callable[[], datetime]
    ) -> tuple[int, datetime]:
        with self._lock:
            queues = self._waiting.get(assoc)
            if queues is not None and queues[message_id]:
                return queues[message_id].popleft()
            self._last += 1
            return self._last, clock()
