"""The embedded UPS SCP: what it accepts, when it starts and stops, and who can be told."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import Any

from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_CANCEL

from upsdesk.dicom import guards
from upsdesk.dicom.contexts import (
    CLASS_UIDS,
    PROPOSED,
    RETIRED_TRIAL_UIDS,
    TRANSFER_SYNTAXES,
    VERIFICATION_UID,
    class_of,
)
from upsdesk.dicom.listening import Server, address_error
from upsdesk.domain.events import ReportType
from upsdesk.domain.keys import AeTitle, SopInstanceUid
from upsdesk.domain.peer import LOOPBACK
from upsdesk.scp.dispatcher import Delivery, Dispatcher
from upsdesk.scp.model import ReceivingAe, Stored, Subscriber
from upsdesk.scp.provider import Provider
from upsdesk.scp.reports import scp_status
from upsdesk.scp.services.common import Leniency, Surroundings
from upsdesk.scp.store.repository import Repository

Log = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one server lets itself in for. Times in seconds."""

    connections: int = 100
    """Beyond it a new connection is closed before a thread starts for it."""
    associate: float = 5.0
    """A connection without A-ASSOCIATE-RQ is closed after this time."""
    dimse: float = 30.0
    network: float = 300.0
    """An association without any message is aborted after this time."""
    farewell: float = 1.0
    """How long `stop` waits for the last reports."""


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
        log: Log = lambda _line: None,
        trace: Log = lambda _line: None,
        clock: Callable[[], datetime] = local_now,
        zone: tzinfo | None = None,
        make_uid: Callable[[], str] = new_uid,
        leniency: Leniency = Leniency(),  # noqa: B008  frozen
        limits: Limits = Limits(),
        delivery: Delivery = Delivery(),  # noqa: B008
    ) -> None:
        """Port 0 takes any free one. `log` is told what is out of the ordinary, `trace` of every message.

        Raises OSError when the store cannot be opened, migrations.UnknownVersion for one of a newer program.
        """
        self.aet = aet
        self._address = (host, port)
        self._log = log
        self._limits = limits
        self._peers = {peer.aet: peer for peer in peers}
        self.zone = zone if zone is not None else (clock().tzinfo or local_now().tzinfo)
        assert self.zone is not None
        self.repository = Repository(store, self.zone)
        self._dispatcher = Dispatcher(self.repository, aet, self._peers.get, log, delivery)
        surroundings = Surroundings(
            repository=self.repository,
            clock=clock,
            zone=self.zone,
            new_uid=make_uid,
            knows=self._peers.__contains__,
            wake=self._dispatcher.wake,
            leniency=leniency,
        )
        self._provider = Provider(surroundings, log, trace)
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> int:
        """Listen; return the port. Raises OSError whose `strerror` says what is wrong with the address."""
        guards.configure()
        ae = self._application_entity()
        handlers: list[Any] = [
            (evt.EVT_CONN_OPEN, self._opened),
            (evt.EVT_REQUESTED, self._requested),
            (evt.EVT_REJECTED, self._rejected),
        ]
        try:
            server = ae.make_server(self._address, evt_handlers=handlers, server_class=Server)
        except (OSError, OverflowError) as error:
            raise address_error(error, *self._address) from None
        assert isinstance(server, Server)
        server.connections = self._limits.connections
        ae._servers.append(server)  # where its shutdown looks for it
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, name=f"SCP {self.aet}", daemon=True)
        self._thread.start()
        self._announce("RESTARTED", is_new=self.repository.is_new)
        self._dispatcher.wake_all()
        return self.port

    @property
    def port(self) -> int:
        """The port it listens on; 0 before the start when any free one was asked for."""
        return int(self._server.server_address[1]) if self._server is not None else self._address[1]

    def stop(self) -> None:
        """Report GOING DOWN, end all associations, close the store. Takes well under 2 s."""
        server, self._server = self._server, None
        if server is not None:
            closing = threading.Thread(target=server.shutdown, name="SCP closes", daemon=True)
            closing.start()
            self._announce("GOING DOWN", is_new=False)
            self._dispatcher.drain(self._limits.farewell)
            guards.abort_all(server.active_associations)
            closing.join(1.0)
        self._dispatcher.stop()
        self.repository.close()

    def add_peer(self, peer: ReceivingAe) -> None:
        """Make a Receiving AE known; what waits for it goes out."""
        self._peers[peer.aet] = peer
        self._dispatcher.wake([peer.aet])

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
            return tuple(one for one in reader.all_subscribers() if uid is None or one.uid == uid)

    def workitem(self, uid: str) -> Stored | None:
        """A workitem as the store has it."""
        with self.repository.reading() as reader:
            return reader.workitem(uid)

    def drain(self, timeout: float) -> bool:
        """Wait until all reports are out; False when the time is up."""
        return self._dispatcher.drain(timeout)

    def _application_entity(self) -> AE:
        ae = AE(ae_title=str(self.aet))
        ae.require_called_aet = True
        ae.acse_timeout = self._limits.associate
        ae.dimse_timeout = self._limits.dimse
        ae.network_timeout = self._limits.network
        ae.maximum_associations = self._limits.connections
        syntaxes = [TRANSFER_SYNTAXES[name] for name in ("explicit", "implicit", "big", "deflated")]
        ae.add_supported_context(VERIFICATION_UID, syntaxes)
        for one in PROPOSED:
            ae.add_supported_context(CLASS_UIDS[one], syntaxes)
        return ae

    def _announce(self, status: str, *, is_new: bool) -> None:
        """SCP Status Change to the fallback list (all known peers) and to every subscriber (CC.2.4.3)."""
        lists = "COLD START" if is_new else "WARM START"
        with self.repository.writing() as writer:
            writer.drop_reports_of(ReportType.SCP_STATUS_CHANGE)
            receivers = sorted({*self._peers, *writer.subscribed_aets()})
            writer.enqueue(receivers, [scp_status(status, lists, lists)])
        self._dispatcher.wake(writer.receivers)

    def _opened(self, event: evt.Event) -> None:
        guards.guard(event.assoc)
        connection = guards.raw_socket(event.assoc)
        if connection is not None:
            guards.no_delay(connection)
            connection.settimeout(self._limits.dimse)  # half a PDU does not hold a thread for ever
        # pynetdicom chooses the service by the class in the message; here the presentation context decides.
        event.assoc._serve_request = partial(self._serve, event.assoc)  # type: ignore[method-assign]

    def _serve(self, association: Association, request: Any, context_id: int) -> None:
        context = association._accepted_cx.get(context_id)
        is_ups = context is not None and class_of(str(context.abstract_syntax)) is not None
        if not is_ups or isinstance(request, C_CANCEL):
            Association._serve_request(association, request, context_id)
            return
        if not request.is_valid_request:
            # A response to nothing, or a request that lacks what it must name: no answer could be addressed,
            # and silence would hold the peer until its own timeout.
            self._log(f"{association.requestor.ae_title.strip()} sent a message that is no request: aborted")
            association.abort()
            return
        association.dimse.cancel_req = {}
        self._provider.serve(association, request, context)
        association.dimse.cancel_req = {}

    def _requested(self, event: evt.Event) -> None:
        proposed = {str(cx.abstract_syntax) for cx in event.assoc.requestor.requested_contexts}
        if proposed & RETIRED_TRIAL_UIDS:
            calling = event.assoc.requestor.ae_title
            self._log(f"{calling} proposes the retired Trial classes of UPS, which are not accepted")

    def _rejected(self, event: evt.Event) -> None:
        requestor, called = event.assoc.requestor.ae_title, event.assoc.requestor.primitive
        title = called.called_ae_title if called is not None else ""
        self._log(f"{requestor} rejected (it called {title})")
