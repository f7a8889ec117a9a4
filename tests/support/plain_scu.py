"""A UPS client and a report listener of plain pynetdicom and pydicom, which know nothing of our code."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.dimse_primitives import N_ACTION
from pynetdicom.pdu_primitives import P_DATA
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    UnifiedProcedureStepEvent,
    UnifiedProcedureStepPull,
    UnifiedProcedureStepPush,
    UnifiedProcedureStepQuery,
    UnifiedProcedureStepWatch,
    Verification,
)
from pynetdicom.transport import ThreadedAssociationServer

from tests.support.plain_scp import keep_answers
from tests.support.waiting import wait_until

PUSH, PULL, WATCH, QUERY = (
    UnifiedProcedureStepPush,
    UnifiedProcedureStepPull,
    UnifiedProcedureStepWatch,
    UnifiedProcedureStepQuery,
)
GLOBAL = "1.2.840.10008.5.1.4.34.5"
FILTERED = "1.2.840.10008.5.1.4.34.5.1"

SQ_TYPE_2 = (
    "ScheduledProcessingParametersSequence",
    "ScheduledStationNameCodeSequence",
    "ScheduledStationClassCodeSequence",
    "ScheduledStationGeographicLocationCodeSequence",
    "ScheduledWorkitemCodeSequence",
    "InputInformationSequence",
    "IssuerOfPatientIDQualifiersSequence",
    "OtherPatientIDsSequence",
    "IssuerOfAdmissionIDSequence",
    "AdmittingDiagnosesCodeSequence",
    "ReferencedRequestSequence",
    "ProcedureStepProgressInformationSequence",
    "UnifiedProcedureStepPerformedProcedureSequence",
)
TEXT_TYPE_2 = (
    "TransactionUID",
    "WorklistLabel",
    "CommentsOnTheScheduledProcedureStep",
    "PatientName",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "AdmissionID",
    "AdmittingDiagnosesDescription",
)


def workitem(**values: Any) -> Dataset:
    """A minimal correct N-CREATE data set (PS3.4 Table CC.2.5-3), with `values` by keyword on top."""
    ds = Dataset()
    for keyword in TEXT_TYPE_2:
        setattr(ds, keyword, "")
    for keyword in SQ_TYPE_2:
        setattr(ds, keyword, [])
    ds.ProcedureStepState = "SCHEDULED"
    ds.ScheduledProcedureStepPriority = "MEDIUM"
    ds.ProcedureStepLabel = "Test step"
    ds.WorklistLabel = "Test"
    ds.ScheduledProcedureStepStartDateTime = "20260102030405+0000"
    ds.InputReadinessState = "READY"
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    ds.SpecificCharacterSet = "ISO_IR 192"
    return ds


def dataset(**values: Any) -> Dataset:
    """A data set with these values by keyword, right or wrong."""
    ds = Dataset()
    for keyword, value in values.items():
        tag = tag_for_keyword(keyword)
        assert tag is not None, keyword
        ds.add(DataElement(tag, dictionary_VR(tag), value, validation_mode=IGNORE))
    return ds


def code(value: str, scheme: str, meaning: str) -> Dataset:
    return dataset(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def performed() -> Dataset:
    """An N-SET data set with all that COMPLETED needs."""
    item = dataset(
        PerformedStationNameCodeSequence=[code("ST1", "99TEST", "Station 1")],
        PerformedProcedureStepStartDateTime="20260102030405+0000",
        PerformedProcedureStepEndDateTime="20260102040405+0000",
        PerformedWorkitemCodeSequence=[code("110001", "DCM", "Image Processing")],
        OutputInformationSequence=[],
    )
    return dataset(UnifiedProcedureStepPerformedProcedureSequence=[item])


def discontinued() -> Dataset:
    """An N-SET data set with all that CANCELED needs."""
    reason = [code("110514", "DCM", "Incorrect worklist entry selected")]
    item = dataset(ProcedureStepDiscontinuationReasonCodeSequence=reason)
    return dataset(ProcedureStepProgressInformationSequence=[item])


class PlainScu:
    """One association that proposes everything; each call returns the numeric status."""

    def __init__(
        self,
        port: int,
        called: str,
        calling: str = "PLAIN",
        contexts: tuple[str, ...] = (),
        more: Sequence[Any] = (),
    ) -> None:
        """`more` are further items of the user information, such as extended negotiation."""
        ae = AE(ae_title=calling)
        ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 10
        for uid in contexts or (Verification, PUSH, PULL, WATCH, QUERY):
            ae.add_requested_context(uid)
        self.command = Dataset()
        """The command set of the last message that came, with elements that pynetdicom makes nothing of."""
        handlers: list[Any] = [(evt.EVT_CONN_OPEN, no_delay), (evt.EVT_DIMSE_RECV, self._received)]
        self.assoc = ae.associate(
            "127.0.0.1", port, ae_title=called, ext_neg=list(more), evt_handlers=handlers
        )
        keep_answers(self.assoc)
        wrapper = self.assoc.dul.socket
        self._connection = wrapper.socket if wrapper is not None else None
        self.status = Dataset()
        """The status data set of the last response."""

    def close(self) -> None:
        if self.assoc.is_established:
            self.assoc.release()
        self.assoc.join(2)
        if self._connection is not None:  # pynetdicom leaves it open when the peer was killed
            self._connection.close()

    def echo(self) -> int:
        return self._code(self.assoc.send_c_echo())

    def create(self, uid: str | None, ds: Dataset | None, *, context: str = PUSH, named: str = PUSH) -> int:
        status, self.reply = self.assoc.send_n_create(ds, named, uid, meta_uid=context)
        return self._code(status)

    def set(self, uid: str, ds: Dataset, tuid: str = "", *, context: str = PULL, named: str = PUSH) -> int:
        if tuid:
            ds.TransactionUID = tuid
        status, self.reply = self.assoc.send_n_set(ds, named, uid, meta_uid=context)
        return self._code(status)

    def get(self, uid: str, tags: list[int], *, context: str = PULL, named: str = PUSH) -> int:
        status, self.reply = self.assoc.send_n_get(tags, named, uid, meta_uid=context)
        return self._code(status)

    def act(self, uid: str, kind: int, ds: Dataset | None, *, context: str = PULL, named: str = PUSH) -> int:
        status, self.reply = self.assoc.send_n_action(ds, kind, named, uid, meta_uid=context)
        return self._code(status)

    def act_with_empty_data_set(self, uid: str, kind: int, *, context: str = WATCH) -> int:
        """An N-ACTION with a data set of zero length, of which pynetdicom sends the announcement only."""
        context_id = self.assoc._get_valid_context(context, "", "scu").context_id
        request = N_ACTION()
        request.MessageID, request.ActionTypeID = 1, kind
        request.RequestedSOPClassUID, request.RequestedSOPInstanceUID = PUSH, uid
        request.ActionInformation = BytesIO(b"")
        self.assoc.dimse.send_msg(request, context_id)
        nothing = P_DATA()
        nothing.presentation_data_value_list.append((context_id, b"\x02"))
        self.assoc.dul.send_pdu(nothing)
        _, response = self.assoc.dimse.get_msg(block=True)
        answer = Dataset()
        if response is not None:
            answer.Status = response.Status
        return self._code(answer)

    def change_state(self, uid: str, state: str, tuid: str = "") -> int:
        ds = dataset(ProcedureStepState=state)
        if tuid:
            ds.TransactionUID = tuid
        return self.act(uid, 1, ds)

    def request_cancel(self, uid: str, ds: Dataset | None = None) -> int:
        return self.act(uid, 2, ds, context=WATCH)

    def subscribe(self, uid: str, aet: str, lock: str = "FALSE", **keys: Any) -> int:
        return self.act(uid, 3, dataset(ReceivingAE=aet, DeletionLock=lock, **keys), context=WATCH)

    def unsubscribe(self, uid: str, aet: str) -> int:
        return self.act(uid, 4, dataset(ReceivingAE=aet), context=WATCH)

    def suspend(self, uid: str, aet: str) -> int:
        return self.act(uid, 5, dataset(ReceivingAE=aet), context=WATCH)

    def find(self, keys: Dataset, context: str = PULL) -> tuple[list[Dataset], list[int]]:
        """The identifiers, and all statuses in order."""
        found, statuses = [], []
        for status, identifier in self.assoc.send_c_find(keys, context):
            statuses.append(self._code(status))
            if identifier is not None:
                found.append(identifier)
        return found, statuses

    def _received(self, event: evt.Event) -> None:
        self.command = event.message.command_set

    def _code(self, status: Dataset) -> int:
        assert "Status" in status, "no response came"
        self.status = status
        return int(status.Status)


@contextmanager
def plain_scu(port: int, called: str, calling: str = "PLAIN", **options: Any) -> Iterator[PlainScu]:
    scu = PlainScu(port, called, calling, **options)
    assert scu.assoc.is_established, "the association was not accepted"
    try:
        yield scu
    finally:
        scu.close()


@dataclass(frozen=True)
class Told:
    """One N-EVENT-REPORT as it came."""

    kind: int
    uid: str
    sop_class: str
    calling: str
    information: Dataset


@dataclass
class PlainListener:
    """An Event SCU that writes down what it is told."""

    aet: str
    status: int = 0
    told: list[Told] = field(default_factory=list)
    associations: int = 0
    proposed: list[dict[str, Any]] = field(default_factory=list)
    """The role selection items of each association, by SOP Class."""
    port: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._ae = AE(ae_title=self.aet)
        self._ae.add_supported_context(UnifiedProcedureStepEvent, scu_role=True, scp_role=True)
        self._server: Any = None

    def start(self) -> "PlainListener":
        self._server = self._ae.make_server(
            ("127.0.0.1", self.port),
            evt_handlers=[
                (evt.EVT_CONN_OPEN, no_delay),
                (evt.EVT_N_EVENT_REPORT, self._on_report),
                (evt.EVT_ESTABLISHED, self._on_established),
            ],
            server_class=ThreadedAssociationServer,
        )
        self._ae._servers.append(self._server)  # where its shutdown looks for it
        # As `start_server` does, which looks only twice a second whether it shall end.
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.port = self._server.server_address[1]
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            for assoc in self._server.active_associations:
                assoc.abort()
            self._thread.join(5)
            self._server = None

    def kinds(self, uid: str) -> list[int]:
        """The event types told about one instance, in order."""
        return [one.kind for one in list(self.told) if one.uid == uid]

    def about(self, uid: str) -> list[Told]:
        return [one for one in list(self.told) if one.uid == uid]

    def wait_for(self, uid: str, count: int) -> list[Told]:
        """All reports about `uid`, when there are at least `count`."""
        wait_until(lambda: len(self.about(uid)) >= count, what=f"{count} reports, got {self.kinds(uid)}")
        return self.about(uid)

    def _on_established(self, event: evt.Event) -> None:
        connection = event.assoc.dul.socket.socket
        threading.Thread(target=_close_at_its_end, args=(event.assoc, connection), daemon=True).start()
        with self._lock:
            self.proposed.append(dict(event.assoc.requestor.role_selection))
            self.associations += 1

    def _on_report(self, event: evt.Event) -> tuple[int, None]:
        request = event.request
        told = Told(
            event.event_type,
            str(request.AffectedSOPInstanceUID),
            str(request.AffectedSOPClassUID),
            str(event.assoc.requestor.ae_title),
            event.event_information,
        )
        with self._lock:
            self.told.append(told)
        return self.status, None


def _close_at_its_end(association: Any, connection: socket.socket) -> None:
    """pynetdicom ends the threads of a released association, on a busy machine before it has closed it."""
    association.join()
    association.dul.join()
    connection.close()


def no_delay(event: evt.Event) -> None:
    event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
