"""One association to one Receiving AE, on which the SCP sends its reports (PS3.4 CC.2.4)."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any

from pynetdicom import AE, build_role, evt
from pynetdicom.association import Association
from pynetdicom.sop_class import UnifiedProcedureStepEvent  # type: ignore[attr-defined]

from upsdesk.dicom import datasets
from upsdesk.dicom.contexts import CLASS_UIDS, PUSH_UID, TRANSFER_SYNTAXES
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
        self._receiver = receiver
        self._ae = AE(ae_title=str(calling))
        self._ae.connection_timeout = _CONNECT_SECONDS
        self._ae.acse_timeout = _CONNECT_SECONDS
        self._ae.dimse_timeout = _ANSWER_SECONDS
        self._ae.network_timeout = 60.0
        self._ae.add_requested_context(
            UnifiedProcedureStepEvent, [TRANSFER_SYNTAXES["explicit"], TRANSFER_SYNTAXES["implicit"]]
        )
        self._association: Association | None = None

    @property
    def is_open(self) -> bool:
        return self._association is not None and bool(self._association.is_established)

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
            association.release()
        association.join(1.0)

    def abort(self) -> None:
        """Break off from any thread; what `send` waits for ends with NotDelivered."""
        association = self._association
        if association is not None and association.is_alive():
            abort_association(association)

    def _opened(self) -> Association:
        if self._association is not None and self._association.is_established:
            return self._association
        self.release()
        association = self._ae.associate(
            self._receiver.host,
            self._receiver.port,
            ae_title=str(self._receiver.aet),
            # The initiator of a report is the SCP of UPS Event, so the roles are the other way round.
            ext_neg=[build_role(UnifiedProcedureStepEvent, scu_role=False, scp_role=True)],
            evt_handlers=[(evt.EVT_CONN_OPEN, set_no_delay)],
        )
        if not association.is_established:
            raise NotDelivered("rejected" if association.is_rejected else "not reachable")
        if not association.accepted_contexts:
            association.release()
            raise NotDelivered("UPS Event was not accepted")
        self._association = association
        return association


def set_no_delay(event: evt.Event) -> None:
    """A message with a data set is two PDUs: with Nagle's algorithm each round trip takes 40 ms longer."""
    raw = raw_socket(event.assoc)
    if raw is not None:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def raw_socket(association: Association) -> socket.socket | None:
    wrapped: Any = association.dul.socket
    found: socket.socket | None = wrapped.socket if wrapped is not None else None
    return found


def abort_association(association: Association, patience: float = 0.3) -> None:
    """Abort without waiting for the peer: a reader that is stuck in half a PDU needs its socket closed."""
    association.abort(block=False)

    def close() -> None:
        raw = raw_socket(association)
        if association.is_alive() and raw is not None:
            with contextlib.suppress(OSError):  # the peer was quicker
                raw.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(patience, close)
    timer.daemon = True
    timer.start()
