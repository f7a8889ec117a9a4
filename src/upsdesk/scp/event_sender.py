"""One association to one Receiving AE, on which the SCP sends its reports (PS3.4 CC.2.4)."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from upsdesk.dicom import datasets
from upsdesk.dicom.contexts import CLASS_UIDS, PUSH_UID, TRANSFER_SYNTAXES
from upsdesk.dicom.upper_layer.association import Association, Bounds, Context
from upsdesk.dicom.upper_layer.messages import Command, Message, Service
from upsdesk.dicom.upper_layer.requestor import Patience, Proposal, open_association
from upsdesk.domain.errors import Aborted, Interrupted, NoAnswer, Rejected
from upsdesk.domain.keys import AeTitle
from upsdesk.domain.peer import UpsClass
from upsdesk.scp.model import OutgoingReport, ReceivingAe
from upsdesk.scp.store.encoding import encoded

EVENT_UID = CLASS_UIDS[UpsClass.EVENT]
ROLES = (False, True)
"""Who sends a report is SCP of UPS Event: the requestor proposes to be SCP only (PS3.4 CC.2.4.3)."""
_EXPLICIT = TRANSFER_SYNTAXES["explicit"]
LONGEST = 16 * 1024
"""Bytes of a PDU, and of a message, that a receiver may send."""
SYNTAXES = (_EXPLICIT, TRANSFER_SYNTAXES["implicit"])
"""What an association for reports proposes."""


class NotDelivered(Exception):
    """A report did not reach its receiver, or no answer came."""

    def __init__(
        self, reason: str, *, was_sent: bool = False, was_closed: bool = False, is_hopeless: bool = False
    ) -> None:
        """`was_sent`: the receiver may have it. `was_closed`: the receiver ended the association.

        `is_hopeless`: it cannot be sent, however often it is tried.
        """
        super().__init__(reason)
        self.was_sent = was_sent
        self.was_closed = was_closed
        self.is_hopeless = is_hopeless


class ReportInterference(Protocol):
    """What may go wrong with reports on purpose; asked on the thread that sends."""

    def before_report(self, receiver: AeTitle, report: OutgoingReport) -> Sequence[OutgoingReport]:
        """What is sent instead of a report whose turn has come, perhaps nothing."""
        ...

    def delay_of(self, receiver: AeTitle) -> float:
        """Seconds to wait before each report."""
        ...

    def roles_for(self, receiver: AeTitle, usual: tuple[bool, bool]) -> tuple[bool, bool] | None:
        """The roles (SCU, SCP) that are proposed; None: no role selection."""
        ...

    def on_event(self, receiver: AeTitle, message: Message, association: Association) -> Message | None:
        """What is written instead of a request; None: it has spoilt the association itself."""
        ...


@dataclass(frozen=True, slots=True)
class Receiver:
    """A Receiving AE and how long it gets. Times in seconds."""

    ae: ReceivingAe
    patience: Patience = Patience()  # noqa: RUF009  frozen
    answer: float = 10.0
    """For the response to a report."""


class EventSender:
    """Opens an association when a report is due and keeps it until `release`. For one thread at a time."""

    def __init__(
        self,
        calling: AeTitle,
        receiver: Receiver,
        said: Callable[[str], None],
        interference: ReportInterference | None = None,
    ) -> None:
        """`said` is told what is odd about the receiver, once."""
        self.receiver = receiver
        self._calling = calling
        self._said = said
        self._knows_of_roles = False
        self._interference = interference
        self._association: Association | None = None
        self._context: Context | None = None
        self._has_answered = False
        self._message_ids = itertools.cycle(range(1, 65536))
        self._given_up = threading.Event()

    @property
    def is_open(self) -> bool:
        """Whether there is an association, as far as this side knows."""
        return self._association is not None

    def send(self, report: OutgoingReport) -> int:
        """Send one report and return the receiver's status. Raise NotDelivered.

        A receiver may end an association that carried reports whenever it likes; that costs no attempt: the
        report goes out on a new one at once.
        """
        if self._is_stale():
            self._drop()
        is_proven = self._has_answered
        try:
            return self._sent(report)
        except NotDelivered as error:
            if not (is_proven and error.was_closed) or self._given_up.is_set():
                raise
        return self._sent(report)

    def pause(self, seconds: float) -> None:
        """Let time pass, unless `abort` comes."""
        self._given_up.wait(seconds)

    def release(self) -> None:
        """End the association, if there is one, in a second at most."""
        association, self._association, self._context = self._association, None, None
        self._has_answered = False
        if association is not None:
            association.release()

    def abort(self) -> None:
        """Break off for good, from any thread; what `send` waits for ends with NotDelivered."""
        self._given_up.set()
        association = self._association
        if association is not None:
            association.abort()

    def _is_stale(self) -> bool:
        """Whether the receiver has ended the association, or wants to, while nothing was to be sent."""
        association = self._association
        if association is None:
            return False
        try:
            if not association.is_cancelled(None):
                return False
            association.receive(0.0)  # answers the request to release it
        except NoAnswer:
            pass
        return True

    def _sent(self, report: OutgoingReport) -> int:
        association, context = self._opened()
        message = Message(context.id, self._command(report), _data(report, context.transfer_syntax))
        if self._interference is not None:
            changed = self._interference.on_event(self.receiver.ae.aet, message, association)
            if changed is None:
                self._drop()
                raise NotDelivered("spoilt on purpose", was_sent=True)
            message = changed
        try:
            response = association.exchange(message, self.receiver.answer)
        except NoAnswer as error:
            self._drop()
            raise _not_delivered(error) from error
        except ValueError as error:  # the receiver's PDUs are too short for any fragment
            self._drop()
            raise NotDelivered(str(error)) from None
        self._has_answered = True
        status = response.command.status
        if status is None:
            self._drop()
            raise NotDelivered("the answer has no status", was_sent=True)
        return status

    def _command(self, report: OutgoingReport) -> Command:
        return Command(
            Service.N_EVENT_REPORT,
            message_id=next(self._message_ids),
            affected_class=PUSH_UID,  # not UPS Event, which the context stands for (PS3.4 CC.3.1.1)
            affected_instance=str(report.uid),
            event_type=report.type.value,
        )

    def _opened(self) -> tuple[Association, Context]:
        if self._association is not None and self._context is not None:
            return self._association, self._context
        aet = self.receiver.ae.aet
        roles = self._interference.roles_for(aet, ROLES) if self._interference is not None else ROLES
        try:
            association = open_association(
                self.receiver.ae.host,
                self.receiver.ae.port,
                calling=self._calling,
                called=aet,
                proposals=[Proposal(EVENT_UID, SYNTAXES, roles)],
                patience=self.receiver.patience,
                bounds=self._bounds(),
                is_given_up=self._given_up.is_set,
                on_open=self._begun,
            )
        except NoAnswer as error:
            self._association = None
            raise _not_delivered(error) from error
        context = association.context_for(EVENT_UID)
        if context is None:
            self.release()
            raise NotDelivered("UPS Event was not accepted")
        self._check_roles(association, context, roles)
        self._context = context
        return association, context

    def _bounds(self) -> Bounds:
        """All that a receiver has to say is short, and a slow one is not waited for piece by piece."""
        answer = self.receiver.answer
        return Bounds(pdu=LONGEST, message=LONGEST, idle=answer, step=answer)

    def _begun(self, association: Association) -> None:
        self._association = association
        if self._given_up.is_set():
            association.abort()

    def _check_roles(
        self, association: Association, context: Context, roles: tuple[bool, bool] | None
    ) -> None:
        """Who accepts UPS Event without a word on the roles is sent to all the same: many forget the item."""
        if roles is None or not roles[1] or context.as_scp:
            return
        if EVENT_UID in association.roles_answered:
            self.release()
            raise NotDelivered("the role SCP of UPS Event was refused")
        if not self._knows_of_roles:
            self._knows_of_roles = True
            self._said("does not answer the role selection for UPS Event; reports are sent all the same")

    def _drop(self) -> None:
        """After a failure: without good-bye."""
        association, self._association, self._context = self._association, None, None
        self._has_answered = False
        if association is not None:
            association.abort()


def _data(report: OutgoingReport, transfer_syntax: str) -> bytes:
    try:
        if transfer_syntax == _EXPLICIT:
            return encoded(report.information)  # kept like this: nothing has to be encoded again
        return datasets.encode(report.information, transfer_syntax)
    except ValueError as error:
        raise NotDelivered(f"it cannot be encoded: {error}", is_hopeless=True) from None


def _not_delivered(error: NoAnswer) -> NotDelivered:
    if isinstance(error, Rejected):
        words = f"association rejected: {error.detail}"
    elif isinstance(error, Interrupted):
        words = "stopped"
    else:
        words = error.detail or type(error).__name__
    return NotDelivered(words, was_sent=error.sent, was_closed=isinstance(error, Aborted))
