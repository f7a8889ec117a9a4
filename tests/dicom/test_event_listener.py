"""The Event SCU against plain pynetdicom senders, raw sockets and DCMTK."""

import errno
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, build_role, evt

from tests.support import rude_peer
from tests.support.plain_scp import (
    BIG_ENDIAN,
    DEFLATED,
    EVENT,
    EXPLICIT,
    IMPLICIT,
    PUSH,
    VERIFICATION,
    data_set,
    keep_answers,
)
from tests.support.rude_peer import Connection
from tests.support.waiting import wait_until
from upsdesk.dicom.event_listener import EventListener
from upsdesk.domain import tags
from upsdesk.domain.elements import Elements
from upsdesk.domain.events import (
    Assigned,
    CancelRequested,
    ProgressReported,
    Report,
    ScpStatusChanged,
    StateReported,
)
from upsdesk.domain.keys import AeTitle, PeerId
from upsdesk.domain.reports import to_event
from upsdesk.domain.state import ProcedureStepState

UID = "1.2.826.0.1.9"
ECHOSCU = "/usr/bin/echoscu"  # by path: pynetdicom installs a program of the same name
STATE = data_set(ProcedureStepState="IN PROGRESS", InputReadinessState="READY")


class Inbox(list[Report]):
    """What came, and the listener that brought it."""

    port: int
    listener: EventListener


@contextmanager
def listening(**more: Any) -> Iterator[Inbox]:
    inbox = Inbox()
    inbox.listener = EventListener(AeTitle("DESK"), "127.0.0.1", 0, inbox.append, **more)
    inbox.port = inbox.listener.start()
    try:
        yield inbox
    finally:
        inbox.listener.stop()


@contextmanager
def sender(
    port: int,
    roles: tuple[bool, bool] | None = (False, True),
    syntax: str = IMPLICIT,
    classes: tuple[str, ...] = (EVENT,),
    calling: str = "ARC",
) -> Iterator[Any]:
    """An established association of a plain event sender."""
    entity = AE(calling)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 5
    for uid in classes:
        entity.add_requested_context(uid, syntax)
    items = [build_role(EVENT, scu_role=roles[0], scp_role=roles[1])] if roles else []
    association = entity.associate(
        "127.0.0.1", port, ae_title="DESK", ext_neg=items, evt_handlers=[(evt.EVT_CONN_OPEN, _no_delay)]
    )
    keep_answers(association)
    try:
        yield association
    finally:
        if association.is_established:
            association.release()


def _no_delay(event: Any) -> None:
    event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def send(
    association: Any,
    information: Dataset | None = STATE,
    event_type: int = 1,
    uid: str = UID,
    class_uid: str = PUSH,
    message_id: int = 1,
) -> int | None:
    """Send one report; the status of the answer, None when none came."""
    status, _ = association.send_n_event_report(
        information, event_type, class_uid, uid, msg_id=message_id, meta_uid=EVENT
    )
    return status.Status if "Status" in status else None


class TestNegotiation:
    @pytest.mark.parametrize("roles", [None, (False, True), (True, True)], ids=["none", "scp", "both"])
    def test_roles(self, roles: tuple[bool, bool] | None) -> None:
        with listening() as inbox, sender(inbox.port, roles) as association:
            assert association.is_established
            if roles:
                reply = association.acceptor.role_selection
                assert reply, "dcm4che sends nothing when the role item stays unanswered"
                assert association.accepted_contexts[0].as_scp
            assert send(association) == 0
        assert len(inbox) == 1

    @pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG_ENDIAN, DEFLATED])
    def test_transfer_syntaxes(self, syntax: str) -> None:
        information = data_set(
            SpecificCharacterSet="ISO_IR 192", ReasonForCancellation="Größe", RequestingAE="WS2"
        )
        with listening() as inbox, sender(inbox.port, syntax=syntax) as association:
            assert send(association, information, 2) == 0
        assert inbox[0].information.text(tags.REASON_FOR_CANCELLATION) == "Größe"

    def test_verification(self) -> None:
        with listening() as inbox, sender(inbox.port, None, classes=(VERIFICATION,)) as association:
            assert association.send_c_echo().Status == 0

    @pytest.mark.skipif(not shutil.which(ECHOSCU), reason="DCMTK's echoscu is not installed")
    def test_echo_of_dcmtk(self) -> None:
        with listening() as inbox:
            command = [ECHOSCU, "-v", "-aec", "DESK", "-pts", "3", "127.0.0.1", str(inbox.port)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 0, done.stderr
        assert "Received Echo Response (Success)" in done.stderr

    def test_retired_trial_classes_are_named(self) -> None:
        lines: list[str] = []
        trial = "1.2.840.10008.5.1.4.34.4.4"
        with listening(log=lines.append) as inbox, sender(inbox.port, None, classes=(trial,)) as association:
            assert not association.is_established
            wait_until(lambda: lines, what="a line in the log")
        assert "ARC proposes the retired Trial version of UPS" in lines[0]

    def test_any_called_title(self) -> None:
        entity = AE("ARC")
        entity.add_requested_context(EVENT)
        with listening() as inbox:
            association = entity.associate("127.0.0.1", inbox.port, ae_title="desk")
            assert association.is_established
            association.release()


class TestReports:
    def test_everything_is_kept(self) -> None:
        at = datetime(2026, 11, 19, 8, 30, tzinfo=UTC)
        with listening(clock=lambda: at) as inbox, sender(inbox.port, calling="WORKLIST ") as association:
            assert send(association) == 0
        (report,) = inbox
        assert report == Report(at, 1, 1, report.uid, AeTitle("WORKLIST"), report.information)
        assert report.uid == UID
        assert report.information.text(tags.PROCEDURE_STEP_STATE) == "IN PROGRESS"

    def test_all_five_types(self) -> None:
        progress = data_set(ProcedureStepProgress="40", ProcedureStepProgressDescription="Arc 2")
        station = data_set(CodeValue="FX1", CodingSchemeDesignator="99LOC", CodeMeaning="FX1")
        reports = {
            1: STATE,
            2: data_set(RequestingAE="WS2", ReasonForCancellation="moved"),
            3: data_set(ProcedureStepProgressInformationSequence=[progress]),
            4: data_set(
                SCPStatus="RESTARTED",
                SubscriptionListStatus="WARM START",
                UnifiedProcedureStepListStatus="COLD START",
            ),
            5: data_set(ScheduledStationNameCodeSequence=[station]),
        }
        with listening() as inbox, sender(inbox.port) as association:
            for kind, information in reports.items():
                assert send(association, information, kind) == 0
        events = [to_event(report, PeerId("p")) for report in inbox]
        assert [type(one) for one in events] == [
            StateReported,
            CancelRequested,
            ProgressReported,
            ScpStatusChanged,
            Assigned,
        ]
        assert isinstance(events[0], StateReported)
        assert events[0].state is ProcedureStepState.IN_PROGRESS
        assert isinstance(events[2], ProgressReported)
        assert events[2].progress.percent == 40

    @pytest.mark.parametrize("class_uid", [PUSH, EVENT, "1.2.840.10008.5.1.4.34.6.2", "1.2.3"])
    def test_affected_class(self, class_uid: str) -> None:
        with listening() as inbox, sender(inbox.port) as association:
            assert send(association, class_uid=class_uid) == 0
        assert len(inbox) == 1

    def test_unknown_type_and_no_information(self) -> None:
        with listening() as inbox, sender(inbox.port) as association:
            assert send(association, None, 77) == 0
        assert (inbox[0].event_type, inbox[0].information) == (77, Elements())
        assert to_event(inbox[0], PeerId("p")) is None

    def test_trailing_spaces(self) -> None:
        with listening() as inbox, sender(inbox.port) as association:
            assert send(association, data_set(ProcedureStepState="COMPLETED ")) == 0
        event = to_event(inbox[0], PeerId("p"))
        assert isinstance(event, StateReported)
        assert event.state is ProcedureStepState.COMPLETED

    def test_numbers_follow_the_wire(self) -> None:
        with listening() as inbox, sender(inbox.port) as association:
            for number in range(100):
                assert send(association, uid=f"1.2.{number}", message_id=number + 1) == 0
        assert [report.number for report in inbox] == list(range(1, 101))
        assert [report.uid for report in inbox] == [f"1.2.{number}" for number in range(100)]

    def test_numbers_when_the_sender_does_not_wait(self) -> None:
        """Several requests in one segment."""
        with listening() as inbox, raw_sender(inbox.port) as (connection, context):
            connection.send(b"".join(event_request(context, 1, f"1.2.{number}") for number in range(40)))
            assert [answer_status(connection) for _ in range(40)] == [0] * 40
        assert [report.number for report in inbox] == list(range(1, 41))
        assert [report.uid for report in inbox] == [f"1.2.{number}" for number in range(40)]

    def test_several_associations_at_once(self) -> None:
        failures: list[object] = []

        def run(number: int) -> None:
            with sender(inbox.port, calling=f"ARC{number}") as association:
                for one in range(20):
                    if send(association, uid=f"1.{number + 1}.{one}", message_id=one + 1) != 0:
                        failures.append((number, one))

        with listening() as inbox:
            threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(20)
        assert not failures
        assert [report.number for report in inbox] == list(range(1, 121))
        for number in range(6):
            own = [one for one in inbox if one.calling_aet == f"ARC{number}"]
            assert [one.uid for one in own] == [f"1.{number + 1}.{one}" for one in range(20)]

    def test_many_associations_in_a_row(self) -> None:
        with listening() as inbox:
            for number in range(40):
                with sender(inbox.port) as association:
                    assert send(association, message_id=number + 1) == 0
            wait_until(
                lambda: not [one for one in threading.enumerate() if one.name.startswith("association")],
                what="the end of all associations",
            )
        assert len(inbox) == 40

    def test_status_and_delay(self) -> None:
        with listening(status=0x0113, delay=0.2) as inbox, sender(inbox.port) as association:
            began = time.monotonic()
            assert send(association) == 0x0113
            assert time.monotonic() - began >= 0.2
        assert len(inbox) == 1, "handed over before the delay, whatever the status"

    def test_answers_are_not_held_back_for_an_acknowledgement(self) -> None:
        """40 ms and more for each report, when Nagle's algorithm meets delayed acknowledgements."""
        with listening() as inbox, raw_sender(inbox.port) as (connection, context):
            took = []
            for number in range(20):
                began = time.monotonic()
                connection.send(event_request(context, 1, f"1.2.{number}", b""))
                assert answer_status(connection) == 0
                took.append(time.monotonic() - began)
        assert sorted(took)[10] < 0.02

    def test_information_that_cannot_be_read(self) -> None:
        lines: list[str] = []
        with listening(log=lines.append) as inbox, raw_sender(inbox.port) as (connection, context):
            connection.send(event_request(context, 1, UID, b"\x10\0\x10\0\xff\0\0\0Secret"))
            assert answer_status(connection) == 0x0110
            connection.send(event_request(context, 1, UID))
            assert answer_status(connection) == 0
        assert [report.number for report in inbox] == [2]
        assert "report 1 from RAW cannot be read" in lines[0]
        assert "Secret" not in lines[0]

    def test_a_receiver_that_raises_gets_the_report_told_in_the_log(self) -> None:
        lines: list[str] = []

        def refuse(_: Report) -> None:
            raise ZeroDivisionError

        listener = EventListener(AeTitle("DESK"), "127.0.0.1", 0, refuse, log=lines.append)
        port = listener.start()
        try:
            with raw_sender(port) as (connection, context):
                for _ in range(2):
                    connection.send(event_request(context, 1, UID))
                    assert answer_status(connection) == 0x0110
        finally:
            listener.stop()
        assert "report 1 from RAW could not be handled: ZeroDivisionError" in lines[0]


@contextmanager
def raw_sender(port: int, abstract: str = EVENT) -> Iterator[tuple[Connection, int]]:
    """An association made by hand; yields the connection and its one context ID."""
    import struct

    raw = socket.create_connection(("127.0.0.1", port), timeout=5)
    connection = Connection(raw)
    syntaxes = rude_peer._item(0x40, IMPLICIT.encode())
    context = rude_peer._item(0x20, b"\x05\0\0\0" + rude_peer._item(0x30, abstract.encode()) + syntaxes)
    user = rude_peer._item(0x50, rude_peer._item(0x51, struct.pack(">I", 0)) + rude_peer._item(0x52, b"1.2"))
    fixed = struct.pack(">HH16s16s32s", 1, 0, b"DESK".ljust(16), b"RAW".ljust(16), b"")
    application = rude_peer._item(0x10, rude_peer.APPLICATION_CONTEXT)
    connection.send(rude_peer.pdu(1, fixed + application + context + user))
    assert connection.read_pdu()[0] == 2
    try:
        yield connection, 5
    finally:
        raw.close()


def event_request(context: int, event_type: int, uid: str, data: bytes | None = None) -> bytes:
    """An N-EVENT-REPORT-RQ in PDUs of its own."""
    import struct

    def text(element: int, value: str) -> bytes:
        padded = value.encode() + b"\0" * (len(value) % 2)
        return struct.pack("<HHI", 0, element, len(padded)) + padded

    def number(element: int, value: int) -> bytes:
        return struct.pack("<HHIH", 0, element, 2, value)

    body = (
        text(0x0002, PUSH)
        + number(0x0100, 0x0100)
        + number(0x0110, 1)
        + number(0x0800, 0x0101 if data is None else 0)
        + text(0x1000, uid)
        + number(0x1002, event_type)
    )
    command = struct.pack("<HHII", 0, 0, 4, len(body)) + body
    sent = rude_peer.p_data(context, 3, command)
    return sent if data is None else sent + rude_peer.p_data(context, 2, data)


def answer_status(connection: Connection) -> int:
    kind, content = connection.read_pdu()
    assert kind == 4
    fields = dict(rude_peer._elements(content[6:]))
    return int.from_bytes(fields[0x0900], "little")


class TestRudeSenders:
    def test_a_connection_without_a_request_is_closed(self) -> None:
        with listening(associate=0.3) as inbox, socket.create_connection(("127.0.0.1", inbox.port)) as raw:
            raw.settimeout(5)
            began = time.monotonic()
            assert _is_closed(raw)
            assert time.monotonic() - began < 2

    def test_half_a_request_is_closed(self) -> None:
        with listening(associate=0.3) as inbox, socket.create_connection(("127.0.0.1", inbox.port)) as raw:
            raw.sendall(rude_peer.pdu(1, b"\0" * 300)[:40])
            raw.settimeout(5)
            began = time.monotonic()
            assert _is_closed(raw)
            assert time.monotonic() - began < 3

    @pytest.mark.parametrize(
        "data",
        [b"GET / HTTP/1.1\r\n\r\n", b"\x01\0\0\0\0\4abcd", b"\xff" * 64, rude_peer.p_data(1, 3, b"early")],
        ids=["http", "broken-request", "ones", "data-first"],
    )
    def test_garbage_leaves_the_listener_working(self, data: bytes) -> None:
        with listening() as inbox:
            with socket.create_connection(("127.0.0.1", inbox.port)) as raw:
                raw.sendall(data)
            with sender(inbox.port) as association:
                assert send(association) == 0

    def test_garbage_in_an_association(self) -> None:
        with listening() as inbox:
            with raw_sender(inbox.port) as (connection, context):
                connection.send(rude_peer.p_data(context, 3, b"rubbish"))
                assert connection.read_pdu()[0] == 7, "A-ABORT"
            with sender(inbox.port) as association:
                assert send(association) == 0

    def test_a_request_without_its_fields_is_a_failure(self) -> None:
        with listening() as inbox, raw_sender(inbox.port) as (connection, context):
            connection.send(rude_peer.request(context, 0x0100, 1))
            assert answer_status(connection) == 0x0110
            connection.send(event_request(context, 1, UID))
            assert answer_status(connection) == 0
        assert len(inbox) == 1

    @pytest.mark.parametrize(
        ("verification", "service", "status"),
        [(False, 0x0110, 0x0211), (False, 0x0030, 0x0211), (True, 0x0100, 0x0211), (True, 0x0030, 0x0000)],
        ids=["get", "echo-on-event", "report-on-verification", "echo"],
    )
    def test_what_is_no_report_is_answered(self, verification: bool, service: int, status: int) -> None:
        with (
            listening() as inbox,
            raw_sender(inbox.port, VERIFICATION if verification else EVENT) as (connection, context),
        ):
            connection.send(rude_peer.request(context, service, 1))
            assert answer_status(connection) == status
        assert not inbox

    def test_an_answer_and_a_cancel_are_passed_over(self) -> None:
        with listening() as inbox, raw_sender(inbox.port) as (connection, context):
            connection.send(rude_peer.request(context, 0x8100, 1) + rude_peer.request(context, 0x0FFF, 1))
            connection.send(event_request(context, 1, UID))
            assert answer_status(connection) == 0
        assert len(inbox) == 1

    @pytest.mark.parametrize("uid", ["1." * 40 + "1", "1.2\x1b[2J", "Größe"])
    def test_an_instance_that_is_no_uid(self, uid: str) -> None:
        lines: list[str] = []
        with listening(log=lines.append) as inbox, raw_sender(inbox.port) as (connection, context):
            connection.send(event_request(context, 1, uid))
            assert answer_status(connection) == 0x0117
        assert not inbox
        assert lines == ["report 1 from RAW names its instance by what is no UID"]

    @pytest.mark.parametrize(
        ("last", "answer"),
        [(rude_peer.pdu(7, bytes(4)), 0), (rude_peer.pdu(5, bytes(4)), 6), (b"\x04\0\0\0\x01\0half", 0)],
        ids=["abort", "release", "half-a-pdu"],
    )
    def test_however_an_association_ends_its_reports_are_kept(self, last: bytes, answer: int) -> None:
        with listening() as inbox:
            with raw_sender(inbox.port) as (connection, context):
                connection.send(event_request(context, 1, UID) + last)
                assert answer_status(connection) == 0
                if answer:
                    assert connection.read_pdu()[0] == answer
            wait_until(
                lambda: not [one for one in threading.enumerate() if one.name.startswith("association")],
                what="the end of its association",
            )
        assert [report.uid for report in inbox] == [UID]

    def test_the_peer_leaves_during_the_delay(self) -> None:
        with listening(delay=60.0) as inbox:
            with raw_sender(inbox.port) as (connection, context):
                connection.send(event_request(context, 1, UID))
                wait_until(lambda: inbox, what="the report")
            wait_until(
                lambda: not [one for one in threading.enumerate() if one.name.startswith("association")],
                what="the end of its association",
            )

    def test_more_connections_than_allowed_are_closed(self) -> None:
        with (
            listening(connections=2) as inbox,
            sender(inbox.port),
            sender(inbox.port),
            socket.create_connection(("127.0.0.1", inbox.port), timeout=5) as raw,
        ):
            assert _is_closed(raw)


def _is_closed(raw: socket.socket) -> bool:
    """Wait for the end of the stream; an A-ABORT before it does not count."""
    try:
        while raw.recv(4096):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


class TestStop:
    def test_with_open_and_stuck_associations(self) -> None:
        with listening() as inbox, sender(inbox.port) as one, raw_sender(inbox.port) as (stuck, context):
            send(one)
            stuck.send(event_request(context, 1, UID)[:30])
            began = time.monotonic()
            inbox.listener.stop()
            assert time.monotonic() - began < 1.5
            wait_until(lambda: not one.is_established, what="the abort arrives")

    def test_during_a_long_delay(self) -> None:
        with listening(delay=60.0) as inbox, raw_sender(inbox.port) as (connection, context):
            connection.send(event_request(context, 1, UID))
            wait_until(lambda: inbox, what="the report")
            began = time.monotonic()
            inbox.listener.stop()
            assert time.monotonic() - began < 1.5

    def test_twice_and_without_a_start(self) -> None:
        listener = EventListener(AeTitle("DESK"), "127.0.0.1", 0, lambda _: None)
        listener.stop()
        listener.start()
        listener.stop()
        listener.stop()

    def test_start_again_at_the_same_port(self) -> None:
        with listening() as inbox, sender(inbox.port) as association:
            send(association)
        again = EventListener(AeTitle("DESK"), "127.0.0.1", inbox.port, inbox.append)
        assert again.start() == inbox.port
        again.stop()


class TestAddress:
    def test_port_in_use(self) -> None:
        with listening() as inbox:
            second = EventListener(AeTitle("DESK"), "127.0.0.1", inbox.port, lambda _: None)
            with pytest.raises(OSError, match=f"127.0.0.1:{inbox.port} is already in use") as caught:
                second.start()
        assert caught.value.errno == errno.EADDRINUSE

    @pytest.mark.parametrize(
        ("host", "port", "words"),
        [
            ("192.0.2.1", 0, "no address of this computer"),
            ("no-such-host.invalid", 0, "host name no-such-host.invalid is not known"),
            ("127.0.0.1", 70000, "70000 is no port"),
        ],
    )
    def test_wrong_address(self, host: str, port: int, words: str) -> None:
        with pytest.raises(OSError, match=words) as caught:
            EventListener(AeTitle("DESK"), host, port, lambda _: None).start()
        assert words in (caught.value.strerror or "")
