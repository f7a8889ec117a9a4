"""The embedded UPS SCP: what it accepts, when it starts and stops, and who can be told."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from upsdesk.dicom.contexts import (
    CLASS_UIDS,
    OPERATION_CLASSES,
    PROPOSED,
    RETIRED_TRIAL_UIDS,
    TRANSFER_SYNTAXES,
    VERIFICATION_UID,
)
from upsdesk.dicom.listening import listening_socket
from upsdesk.dicom.upper_layer.acceptor import Acceptance, Offer
from upsdesk.dicom.upper_layer.associate import AssociateRequest
from upsdesk.dicom.upper_layer.association import Bounds
from upsdesk.dicom.upper_layer.association_server import AssociationServer, Ears, printable
from upsdesk.domain.events import ReportType
from upsdesk.domain.keys import AeTitle, SopInstanceUid, TransactionUid
from upsdesk.domain.operation import Operation
from upsdesk.domain.peer import LOOPBACK
from upsdesk.scp import lines
from upsdesk.scp.dispatcher import Around, Delivery, Dispatcher
from upsdesk.scp.faults import Faults
from upsdesk.scp.housekeeping import Housekeeping, Retention
from upsdesk.scp.model import ReceivingAe, Stored, Subscriber
from upsdesk.scp.provider import Provider, Request
from upsdesk.scp.reports import scp_status
from upsdesk.scp.services.common import CancelEvent, Leniency, Surroundings
from upsdesk.scp.store.repository import Repository
from upsdesk.scp.store.status import ReceiverStatus

Log = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one server lets itself in for. Times in seconds."""

    connections: int = 100
    """Beyond it a connection that waits is closed for the new one, or the new one when none waits."""
    associate: float = 5.0
    """A connection without A-ASSOCIATE-RQ is closed after this time."""
    dimse: float = 30.0
    """The rest of a PDU, the next PDU of a message, and a peer that takes nothing in get this time."""
    network: float = 300.0
    """An association without any message is aborted after this time."""
    pdu: int = 128 * 1024
    """Bytes of the longest P-DATA-TF that is taken in; a longer one is answered with A-ABORT."""
    message: int = 16 * 1024 * 1024
    """Bytes of the longest data set that is taken in; a longer one is answered with A-ABORT."""
    memory: int = 128 * 1024 * 1024
    """Bytes that the long messages of all associations may take up together while they come in."""
    farewell: float = 1.0
    """How long `stop` waits for the last reports."""
    answer_after: float = 0.0025
    """A request is not answered before.

    pynetdicom's requestor, on which most test clients stand, drops an answer that is there before its own
    threads have settled: on an idle machine one N-CREATE in about 600 was lost when answered at once, none of
    8,000 after this time, which still leaves 165 a second.
    """


def local_now() -> datetime:
    return datetime.now().astimezone()


def new_uid() -> str:
    """A UID from a random UUID (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid4().int}"


class UpsScp:
    """A UPS SCP of the classes Push, Pull, Watch and Query, which sends its reports as SCP of UPS Event."""

    def __init__(
        self,
        aet: AeTitle,
        host: str = LOOPBACK,
        port: int = 0,
        *,
        store: str | Path = ":memory:",
        peers: Sequence[ReceivingAe] = (),
        fallback: Sequence[ReceivingAe] | None = None,
        log: Log = lambda _line: None,
        trace: Log = lambda _line: None,
        detail: Log | None = None,
        clock: Callable[[], datetime] = local_now,
        zone: tzinfo | None = None,
        make_uid: Callable[[], str] = new_uid,
        leniency: Leniency = Leniency(),  # noqa: B008  frozen
        cancel_event: CancelEvent = CancelEvent.TABLE,
        limits: Limits = Limits(),
        delivery: Delivery = Delivery(),  # noqa: B008
        retention: Retention = Retention(),  # noqa: B008
        faults: Faults | None = None,
    ) -> None:
        """Port 0 takes any free one.

        `peers` are the AEs that may be told of workitems. `fallback`: those that are told when the server
        starts and ends, subscribed or not; None: all peers.

        `log` is told what is out of the ordinary, `trace` of every message, `detail` of every association
        and of the attributes that requests carry. `faults`: what goes wrong on purpose from the start.

        Raises OSError when the store cannot be opened, migrations.UnknownVersion for one of a newer program.
        """
        self.aet = aet
        self._address = (host, port)
        self._log = log
        self._limits = limits
        self._peers = {peer.aet: peer for peer in peers}
        self._fallback = {one.aet: one for one in fallback} if fallback is not None else self._peers
        self.zone = zone if zone is not None else (clock().tzinfo or local_now().tzinfo)
        assert self.zone is not None
        self.repository = Repository(store, self.zone, queue=delivery.queue, on_full=self._queue_is_full)
        self.faults = faults if faults is not None else Faults()
        """What goes wrong on purpose; to be switched at any time."""
        self.faults.bind(self._transaction_uid, log)
        self._dispatcher = Dispatcher(
            Around(self.repository, aet, self._receiver_of, log, trace, self.faults), delivery
        )
        self.surroundings = Surroundings(
            repository=self.repository,
            clock=clock,
            zone=self.zone,
            new_uid=make_uid,
            knows=self._peers.__contains__,
            wake=self._dispatcher.wake,
            leniency=leniency,
            cancel_event=cancel_event,
        )
        self._housekeeping = Housekeeping(self.surroundings, retention, log)
        self._trace, self._detail = trace, detail
        self._provider = Provider(
            self.surroundings, log, self._served, self.faults, answer_after=limits.answer_after
        )
        self._ears = Ears(log, detail or (lambda _line: None), self._requested)
        self._server: AssociationServer | None = None

    def start(self) -> int:
        """Listen; return the port. Raises OSError whose `strerror` says what is wrong with the address."""
        server = AssociationServer(
            listening_socket(*self._address),
            self.acceptance(),
            self._provider.serve,
            connections=self._limits.connections,
            associate=self._limits.associate,
            bounds=self._bounds(),
            memory=self._limits.memory,
            ears=self._ears,
            greet=self.faults.greet,
        )
        try:
            # Before the first change can be made, and behind what waits from earlier times.
            self._announce("RESTARTED", is_new=self.repository.is_new)
        except BaseException:
            server.close_door()
            raise
        self._server = server
        server.start()
        self._dispatcher.start()
        self._housekeeping.start()
        return self.port

    @property
    def port(self) -> int:
        """The port it listens on; 0 before the start when any free one was asked for."""
        return self._server.port if self._server is not None else self._address[1]

    def stop(self) -> None:
        """Report GOING DOWN, end all associations, close the store. Takes well under 2 s."""
        self._housekeeping.stop()
        server, self._server = self._server, None
        if server is not None:
            server.close_door()
            try:
                self._announce("GOING DOWN", is_new=False)
            except Exception as error:  # a full disk is no reason to stay
                self._log(f"GOING DOWN is not reported: {error}")
            self._dispatcher.drain(self._limits.farewell)
            server.stop()
        self._dispatcher.stop()
        self.repository.close()

    def add_peer(self, peer: ReceivingAe) -> None:
        """Make a Receiving AE known; what waits for it goes out."""
        self._peers[peer.aet] = peer
        self._dispatcher.address_changed(peer.aet)

    def remove_peer(self, aet: AeTitle) -> None:
        """Forget where a Receiving AE is; its subscriptions stay, and its reports wait."""
        self._peers.pop(aet, None)

    def seed(self, workitems: Iterable[Stored]) -> None:
        """Put workitems in any state into the store, without reports. Raises repository.Duplicate."""
        with self.repository.writing() as writer:
            for stored in workitems:
                writer.insert(stored)

    def subscribers(self, uid: SopInstanceUid | None = None) -> tuple[Subscriber, ...]:
        """Who would be told: about one workitem, or every subscription there is."""
        with self.repository.reading() as reader:
            return reader.all_subscribers() if uid is None else reader.subscribers_to(uid)

    def status(self) -> tuple[ReceiverStatus, ...]:
        """Each Receiving AE with its subscriptions, locks and queue, and how its last delivery went."""
        return self.repository.status()

    def workitem(self, uid: str) -> Stored | None:
        """A workitem as the store has it."""
        with self.repository.reading() as reader:
            return reader.workitem(uid)

    def drain(self, timeout: float) -> bool:
        """Wait until all reports are out to those that can be reached; False when the time is up."""
        return self._dispatcher.drain(timeout)

    @property
    def connections(self) -> int:
        """How many there are now, those included that have not asked for an association yet."""
        return self._server.connections if self._server is not None else 0

    def acceptance(self) -> Acceptance:
        """The SOP Classes that it serves, with their transfer syntaxes and what they may be extended by."""
        syntaxes = tuple(TRANSFER_SYNTAXES[name] for name in ("explicit", "implicit", "big", "deflated"))
        offers = {VERIFICATION_UID: Offer(syntaxes)}
        for one in PROPOSED:
            is_searched = one in OPERATION_CLASSES[Operation.FIND]
            offers[CLASS_UIDS[one]] = Offer(syntaxes, self._provider.offers.answer if is_searched else None)
        return Acceptance(self.aet, offers, self._limits.pdu)

    def _bounds(self) -> Bounds:
        limits = self._limits
        return Bounds(pdu=limits.pdu, message=limits.message, idle=limits.network, step=limits.dimse)

    def _announce(self, status: str, *, is_new: bool) -> None:
        """SCP Status Change to the fallback list and to every subscriber, once each (PS3.4 CC.2.4.3).

        One that still waits from before is out of date, and is taken back.
        """
        lists = "COLD START" if is_new else "WARM START"
        with self.repository.writing() as writer:
            writer.drop_reports_of(ReportType.SCP_STATUS_CHANGE)
            writer.enqueue({*self._fallback, *writer.subscribed_aets()}, [scp_status(status, lists, lists)])
        self._dispatcher.wake(writer.receivers)

    def _receiver_of(self, aet: AeTitle) -> ReceivingAe | None:
        return self._peers.get(aet) or self._fallback.get(aet)

    def _queue_is_full(self, aet: AeTitle) -> None:
        self._dispatcher.note_full(aet)

    def _transaction_uid(self, uid: SopInstanceUid) -> TransactionUid | None:
        stored = self.workitem(uid)
        return stored.lock if stored is not None else None

    def _served(self, request: Request, served: lines.Served) -> None:
        self._trace(lines.message_line(served))
        if self._detail is not None and request.attributes:
            self._detail(lines.attributes_line(request.calling, request.attributes))

    def _requested(self, request: AssociateRequest) -> None:
        if RETIRED_TRIAL_UIDS.intersection(one.abstract_syntax for one in request.contexts):
            self._log(
                f"{printable(request.calling)} proposes the retired Trial version of UPS (Supplement 74), "
                "which is not accepted: it must propose the classes 1.2.840.10008.5.1.4.34.6.1 to .6.5"
            )
