"""One association to one Receiving AE, on which the SCP sends its reports (PS3.4 CC.2.4)."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from pynetdicom import build_context, build_role
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.transport import AddressInformation

from upsdesk.dicom import datasets, guards
from upsdesk.dicom.association import ConnectedSocket
from upsdesk.dicom.contexts import CLASS_UIDS, PUSH_UID, TRANSFER_SYNTAXES
from upsdesk.dicom.transport import connect
from upsdesk.domain.errors import Interrupted, Unreachable
from upsdesk.domain.keys import AeTitle
from upsdesk.domain.peer import UpsClass
from upsdesk.scp.model import OutgoingReport, ReceivingAe

_EVENT = CLASS_UIDS[UpsClass.EVENT]
_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 10.0


class NotDelivered(Exception):
    """The report did not reach its receiver, or no answer came."""


class EventSender:
    """Opens an association when a report is due and keeps it until `release`. Used by one thread."""

    def __init__(self, calling: AeTitle, receiver: ReceivingAe) -> None:
        self._calling = calling
        self._receiver = receiver
        self._association: Association | None = None
        self._given_up = threading.Event()

    def send(self, report: OutgoingReport, message_id: int) -> int:
        """Send one report and return the receiver's status. Raises NotDelivered."""
        association = self._opened()
        try:
            status, _ = association.send_n_event_report(
                datasets.to_dataset(report.information),
                report.type.value,
                PUSH_UID,
                str(report.uid),
                msg_id=message_id,
                meta_uid=_EVENT,
            )
        except (ValueError, RuntimeError) as error:
            self.release()
            raise NotDelivered("the association does not carry UPS Event") from error
        if "Status" not in status:
            self.release()
            raise NotDelivered("no answer")
        return int(status.Status)

    def release(self) -> None:
        """Close the association, if there is one."""
        association, self._association = self._association, None
        if association is None:
            return
        if association.is_established:
            with suppress(Exception):  # a peer may do anything meanwhile; what follows ends it in any case
                association.release()
        if association.is_alive() or association.dul.is_alive():
            guards.abort_all([association])

    def abort(self) -> None:
        """Break off for good, from any thread; what `send` waits for ends with NotDelivered."""
        self._given_up.set()
        association = self._association
        if association is not None:
            guards.abort_all([association])

    def _opened(self) -> Association:
        if self._association is not None and self._association.is_established:
            return self._association
        self.release()
        try:
            connection = connect(
                self._receiver.host, self._receiver.port, _CONNECT_SECONDS, self._given_up.is_set
            )
        except (Unreachable, Interrupted) as error:
            raise NotDelivered(error.detail or "stopped") from None
        try:
            association = new_association(self._calling, self._receiver, connection)
        except OSError:  # the receiver closed the connection as soon as it stood
            connection.close()
            raise NotDelivered("the connection was closed") from None
        self._association = association
        if self._given_up.is_set():
            self.release()
            raise NotDelivered("stopped")
        with suppress(Exception):  # an A-ASSOCIATE-AC may hold anything; then nothing is established
            association.request()
        if not association.is_established or not association.accepted_contexts:
            is_rejected = bool(association.is_rejected)
            self.release()
            raise NotDelivered("association rejected" if is_rejected else "UPS Event was not accepted")
        association.start()
        return association


def new_association(calling: AeTitle, receiver: ReceivingAe, connection: socket.socket) -> Association:
    """An association over `connection` that proposes UPS Event, not yet requested.

    The initiator of a report is the SCP of UPS Event, so the roles are proposed the other way round.
    """
    entity = ApplicationEntity(str(calling))
    entity.connection_timeout = _CONNECT_SECONDS
    entity.acse_timeout = _CONNECT_SECONDS
    entity.dimse_timeout = _ANSWER_SECONDS
    entity.network_timeout = 60.0
    connection.settimeout(entity.network_timeout)
    association = Association(entity, "requestor")
    association.name = f"reports to {receiver.aet}"
    guards.guard(association)
    association.set_socket(ConnectedSocket(association, connection))
    association.acceptor.ae_title = str(receiver.aet)
    association.acceptor.address_info = AddressInformation.from_tuple(connection.getpeername())
    association.requestor.ae_title = str(calling)
    association.requestor.address_info = AddressInformation.from_tuple(connection.getsockname())
    association.requestor.maximum_length = entity.maximum_pdu_size
    association.requestor.implementation_class_uid = entity.implementation_class_uid
    association.requestor.implementation_version_name = entity.implementation_version_name
    context = build_context(_EVENT, [TRANSFER_SYNTAXES["explicit"], TRANSFER_SYNTAXES["implicit"]])
    context.context_id = 1
    association.requestor.requested_contexts = [context]
    association.requestor.add_negotiation_item(build_role(_EVENT, scu_role=False, scp_role=True))
    return association
