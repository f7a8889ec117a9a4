"""Reports as other systems send them, on raw sockets: with and without roles, odd, damaged, incomplete."""

import socket
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from tests.support import rude_peer
from tests.support.rude_peer import Connection
from tests.support.waiting import wait_until
from upsdesk.dicom.event_listener import EventListener
from upsdesk.domain import tags
from upsdesk.domain.events import Report
from upsdesk.domain.keys import AeTitle

EVENT = b"1.2.840.10008.5.1.4.34.6.4"
PUSH = b"1.2.840.10008.5.1.4.34.6.1"
IMPLICIT = b"1.2.840.10008.1.2"
N_EVENT_REPORT_RQ, N_EVENT_REPORT_RSP = 0x0100, 0x8100


def element(tag: int, value: bytes) -> bytes:
    padded = value + b"\0" * (len(value) % 2)
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(padded)) + padded


def short(number: int) -> bytes:
    return struct.pack("<H", number)


INFORMATION = element(tags.INPUT_READINESS_STATE, b"READY ") + element(
    tags.PROCEDURE_STEP_STATE, b"IN PROGRESS "
)


def report(*without: int, event_type: int = 1, sop_class: bytes = PUSH, has_data: bool = True) -> bytes:
    """The command of an N-EVENT-REPORT-RQ; `without`: elements of it to leave out."""
    fields = {
        0x0002: sop_class,
        0x0100: short(N_EVENT_REPORT_RQ),
        0x0110: short(7),
        0x0800: short(0x0001 if has_data else 0x0101),
        0x1000: b"1.2.3.4 ",
        0x1002: short(event_type),
    }
    body = b"".join(element(tag, value) for tag, value in fields.items() if tag not in without)
    return rude_peer.p_data(1, 3, element(0, struct.pack("<I", len(body))) + body)


def data(information: bytes) -> bytes:
    return rude_peer.p_data(1, 2, information)


def item(kind: int, content: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(content)) + content


def association_request(role: tuple[int, int] | None) -> bytes:
    """A-ASSOCIATE-RQ for UPS Event, with a role item (SCU, SCP) or without (PS3.7 D.3.3.4)."""
    context = item(0x20, b"\1\0\0\0" + item(0x30, EVENT) + item(0x40, IMPLICIT))
    roles = b"" if role is None else item(0x54, struct.pack(">H", len(EVENT)) + EVENT + bytes(role))
    user = item(0x50, item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3") + roles)
    fixed = struct.pack(">HH16s16s32s", 1, 0, b"LISTENER".ljust(16), b"SENDER".ljust(16), b"")
    return rude_peer.pdu(1, fixed + item(0x10, rude_peer.APPLICATION_CONTEXT) + context + user)


@contextmanager
def sender(port: int, role: tuple[int, int] | None = (0, 1)) -> Iterator[tuple[Connection, bytes]]:
    """An association as a server opens it for its reports, and the A-ASSOCIATE-AC that it was given."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=5)) as raw:
        connection = Connection(raw)
        connection.send(association_request(role))
        kind, accepted = connection.read_pdu()
        assert kind == 2
        yield connection, accepted


def status(connection: Connection) -> int:
    kind, content = connection.read_pdu()
    assert kind == 4, f"PDU type {kind} came instead of an answer"
    at = content.index(struct.pack("<HHI", 0, 0x0900, 2))
    return int(struct.unpack_from("<H", content, at + 8)[0])


@pytest.fixture
def reports() -> list[Report]:
    return []


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def port(reports: list[Report], said: list[str]) -> Iterator[int]:
    listener = EventListener(AeTitle("LISTENER"), "127.0.0.1", 0, reports.append, log=said.append)
    try:
        yield listener.start()
    finally:
        listener.stop()


@pytest.mark.parametrize("role", [None, (0, 1), (1, 1)], ids=["no role", "SCP only", "both"])
def test_senders_of_every_kind_are_answered(
    port: int, reports: list[Report], role: tuple[int, int] | None
) -> None:
    with sender(port, role) as (connection, accepted):
        if role is not None:
            assert item(0x54, struct.pack(">H", len(EVENT)) + EVENT + bytes(role)) in accepted
        connection.send(report() + data(INFORMATION))
        assert status(connection) == 0x0000
    assert (reports[0].uid, reports[0].event_type, reports[0].calling_aet) == ("1.2.3.4", 1, "SENDER")


def test_command_and_data_in_one_pdu_and_reports_one_after_another(port: int, reports: list[Report]) -> None:
    one = rude_peer.pdu(4, report()[6:] + data(INFORMATION)[6:] + report(event_type=3)[6:] + data(b"")[6:])
    with sender(port) as (connection, _):
        connection.send(one)
        assert [status(connection), status(connection)] == [0x0000, 0x0000]
    assert [(one.number, one.event_type) for one in reports] == [(1, 1), (2, 3)]


@pytest.mark.parametrize("lacking", [0x0002, 0x1000, 0x1002], ids=["class", "instance", "event type"])
def test_a_report_that_lacks_something_is_answered_with_a_failure(
    port: int, reports: list[Report], said: list[str], lacking: int
) -> None:
    with sender(port) as (connection, _):
        connection.send(report(lacking, has_data=False))
        assert status(connection) == 0x0110
        connection.send(report() + data(INFORMATION))
        assert status(connection) == 0x0000
    assert len(reports) == 1
    assert len(said) == 1


def test_a_report_without_message_id_ends_its_association_only(port: int, reports: list[Report]) -> None:
    with sender(port) as (connection, _):
        connection.send(report(0x0110, has_data=False))
        assert connection.read_pdu()[0] in (7, 0)
    with sender(port) as (connection, _):
        connection.send(report() + data(INFORMATION))
        assert status(connection) == 0x0000
    wait_until(lambda: len(reports) == 1, what="the report that can be answered")


def test_a_lock_in_a_report_is_dropped_and_said(port: int, reports: list[Report], said: list[str]) -> None:
    with sender(port) as (connection, _):
        connection.send(report() + data(element(tags.TRANSACTION_UID, b"9.9.9.9") + INFORMATION))
        assert status(connection) == 0x0000
    assert tags.TRANSACTION_UID not in reports[0].information
    assert reports[0].information.text(tags.PROCEDURE_STEP_STATE) == "IN PROGRESS"
    assert "Transaction UID" in said[0]
    assert "9.9.9.9" not in said[0]
