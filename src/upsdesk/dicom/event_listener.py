"""Decides how reports come in: accepted in both roles, stamped, decoded, handed over, answered (CC.2.4)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime

from upsdesk.dicom.codec import UndecodableDataSet, decode
from upsdesk.dicom.contexts import (
    CLASS_UIDS,
    RETIRED_TRIAL_UIDS,
    TRANSFER_SYNTAXES,
    VERIFICATION_UID,
    class_of,
)
from upsdesk.dicom.listening import listening_socket
from upsdesk.dicom.upper_layer.acceptor import Acceptance, Offer
from upsdesk.dicom.upper_layer.associate import AssociateRequest, Roles
from upsdesk.dicom.upper_layer.association import Association, Bounds
from upsdesk.dicom.upper_layer.association_server import AssociationServer, Ears, printable
from upsdesk.dicom.upper_layer.messages import RESPONSE, Command, Message, Service
from upsdesk.domain import tags
from upsdesk.domain.elements import Elements
from upsdesk.domain.errors import Interrupted
from upsdesk.domain.events import Report
from upsdesk.domain.keys import AeTitle, SopInstanceUid
from upsdesk.domain.peer import UpsClass

ASSOCIATE_WITHIN = 5.0
"""Seconds until a connection that asks for no association is closed."""
CONNECTIONS = 200
"""Each costs a thread that sleeps; one more takes the place of one that has not asked for an association."""
BOUNDS = Bounds(idle=900.0, step=60.0)
"""Servers may keep an association open for the next report."""
SYNTAXES = tuple(TRANSFER_SYNTAXES.values())
"""What is accepted, the preferred one first."""
_PYNETDICOM = "1.2.826.0.1.3680043.9.3811."
"""How its Implementation Class UIDs begin."""
_PYNETDICOM_SETTLES = 0.0025
"""Seconds: as requestor, pynetdicom drops an answer that comes before its threads wait for it."""
_LONGEST_UID = 64
_PROCESSING_FAILURE = 0x0110
_INVALID_INSTANCE = 0x0117
_UNRECOGNIZED_OPERATION = 0x0211
_WITH_INSTANCE = frozenset(one for one in Service if one.name.startswith("N_"))
"""Services whose answers name the instance too."""


def _local_now() -> datetime:
    return datetime.now().astimezone()


class EventListener:
    """The Event SCU: a listening socket for UPS Event and Verification.

    `on_report` is called for each report before it is answered, from a thread of each association, by one at
    a time and in the order of the numbers, which is that of the wire; it must only hand over. Every report is
    answered with `status`, `delay` seconds later: types that nobody knows too.
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
        associate: float = ASSOCIATE_WITHIN,
        connections: int = CONNECTIONS,
    ) -> None:
        """`associate`: seconds for A-ASSOCIATE-RQ; `connections`: at most so many at a time."""
        self._aet = aet
        self._address = (host, port)
        self._on_report = on_report
        self._status = status
        self._delay = delay
        self._clock = clock
        self._log = log
        self._associate = associate
        self._connections = connections
        self._handing_over = threading.Lock()
        self._last = 0
        self._server: AssociationServer | None = None

    def start(self) -> int:
        """Listen; return the port. Raise OSError whose `strerror` says what is wrong with the address."""
        self._server = AssociationServer(
            listening_socket(*self._address),
            acceptance(self._aet),
            self._serve,
            connections=self._connections,
            associate=self._associate,
            bounds=BOUNDS,
            ears=Ears(log=self._log, requested=self._requested),
        )
        self._server.start()
        return self._server.port

    def stop(self) -> None:
        """Close the socket and abort what is open; takes a second at most. Harmless when not started."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()

    def _requested(self, request: AssociateRequest) -> None:
        proposed = {one.abstract_syntax for one in request.contexts}
        calling = printable(request.calling)
        if proposed & RETIRED_TRIAL_UIDS:
            self._log(
                f"{calling} proposes the retired Trial version of UPS (Supplement 74); "
                "it is not accepted: that system must send UPS Event (1.2.840.10008.5.1.4.34.6.4)"
            )
        elif CLASS_UIDS[UpsClass.EVENT] not in proposed and proposed != {VERIFICATION_UID}:
            self._log(f"{calling} does not propose UPS Event, so it cannot send reports")

    def _serve(self, association: Association, message: Message) -> None:
        came_at = time.monotonic()
        command = message.command
        if command.is_response:
            return
        if command.message_id is None:
            association.abort()  # there is nothing that an answer could name
            return
        context = association.contexts[message.context_id]
        is_event = class_of(context.abstract_syntax) is UpsClass.EVENT
        if is_event and command.field == Service.N_EVENT_REPORT:
            status = self._take(association.calling, message, context.transfer_syntax)
            if self._delay and not association.wait(self._delay):
                raise Interrupted()
        else:
            is_echo = command.field == Service.C_ECHO and not is_event
            status = 0x0000 if is_echo else _UNRECOGNIZED_OPERATION
        if association.request is not None and association.request.user.class_uid.startswith(_PYNETDICOM):
            time.sleep(max(0.0, _PYNETDICOM_SETTLES - (time.monotonic() - came_at)))
        association.send(_response(message, status))

    def _take(self, calling: AeTitle, message: Message, syntax: str) -> int:
        """Hand a report over and return the status of the answer."""
        received, command = self._clock(), message.command
        status, fault = _fault(command)
        information = Elements()
        if not fault and message.data:
            try:
                information = decode(message.data, syntax)
            except UndecodableDataSet as error:
                status, fault = _PROCESSING_FAILURE, f"cannot be read: {error}"
        with self._handing_over:
            number = self._last = self._last + 1
            if fault:
                self._say(number, calling, fault)
                return status
            if tags.TRANSACTION_UID in information:
                self._say(number, calling, "carried a Transaction UID; it was dropped")
                information = information.without(tags.TRANSACTION_UID)
            uid = SopInstanceUid(command.affected_instance)
            try:
                self._on_report(Report(received, number, command.event_type or 0, uid, calling, information))
            except Exception as error:
                # Whatever goes wrong behind it, the sender gets an answer.
                self._say(number, calling, f"could not be handled: {type(error).__name__}")
                return _PROCESSING_FAILURE
        return self._status

    def _say(self, number: int, calling: AeTitle, words: str) -> None:
        self._log(f"report {number} from {printable(calling)} {words}")


def acceptance(aet: AeTitle) -> Acceptance:
    """What associations may use: the one who asks sends reports, so it is SCP of UPS Event (CC.2.4.3).

    Some propose both roles, or none. The title that is called is not looked at: the port is for us alone.
    """
    event = Offer(SYNTAXES, requestor=Roles(scu=True, scp=True))
    offers = {VERIFICATION_UID: Offer(SYNTAXES), CLASS_UIDS[UpsClass.EVENT]: event}
    return Acceptance(aet, offers, BOUNDS.pdu, is_any_title_called=True)


def _fault(command: Command) -> tuple[int, str]:
    """What is wrong with the command of a report, and what it is answered with; empty: nothing."""
    uid = command.affected_instance
    if not command.affected_class or not uid or command.event_type is None:
        return _PROCESSING_FAILURE, "lacks its class, instance or event type"
    if len(uid) > _LONGEST_UID or not (uid.isascii() and uid.isprintable()):
        return _INVALID_INSTANCE, "names its instance by what is no UID"
    return 0x0000, ""


def _response(request: Message, status: int) -> Message:
    """PS3.7 10.1.1: the answer repeats class, instance and event type."""
    asked = request.command
    has_instance = asked.service in _WITH_INSTANCE
    answer = Command(
        asked.field | RESPONSE,
        responds_to=asked.message_id,
        affected_class=asked.sop_class,
        affected_instance=asked.instance if has_instance else "",
        event_type=asked.event_type,
        action_type=asked.action_type,
        status=status,
    )
    return Message(request.context_id, answer)
