"""Messages and PDUs as bytes, and the requestor's side of an association against peers that misbehave."""

import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.rude_peer import (
    Connection,
    RudePeer,
    abort,
    full_backlog,
    pdu,
    refusing_port,
    reject,
    request,
)
from tests.support.waiting import wait_until
from upsdesk.dicom.find_extension import FindExtension
from upsdesk.dicom.listening import listening_socket
from upsdesk.dicom.upper_layer.acceptor import Acceptance, Offer
from upsdesk.dicom.upper_layer.associate import AssociateReject
from upsdesk.dicom.upper_layer.association import Association, Bounds
from upsdesk.dicom.upper_layer.association_server import Arrival, AssociationServer
from upsdesk.dicom.upper_layer.messages import (
    RESPONSE,
    Assembler,
    Budget,
    Command,
    Message,
    MessageTooLong,
    Service,
    decode_command,
    encode_command,
    pdus_of,
)
from upsdesk.dicom.upper_layer.pdus import InvalidPdu, pdvs
from upsdesk.dicom.upper_layer.requestor import Patience, Proposal, open_association
from upsdesk.domain.errors import (
    Aborted,
    Interrupted,
    NoAnswer,
    Rejected,
    TimedOut,
    UnexpectedResponse,
    Unreachable,
)
from upsdesk.domain.keys import AeTitle

VERIFICATION = "1.2.840.10008.1.1"
EVENT = "1.2.840.10008.5.1.4.34.6.4"
IMPLICIT = "1.2.840.10008.1.2"
NUMBERS = st.none() | st.integers(0, 0xFFFF)
UIDS = st.sampled_from(("", "1.2", "1.2.3", VERIFICATION))
TAGS = st.lists(st.integers(0, 0xFFFFFFFF), max_size=4).map(tuple)
COMMANDS = st.builds(
    Command,
    field=st.integers(0, 0xFFFF),
    message_id=NUMBERS,
    responds_to=NUMBERS,
    affected_class=UIDS,
    requested_class=UIDS,
    affected_instance=UIDS,
    requested_instance=UIDS,
    status=NUMBERS,
    action_type=NUMBERS,
    event_type=NUMBERS,
    attributes=TAGS,
    offending=TAGS,
    comment=st.sampled_from(("", "no", "why")),
    error_id=NUMBERS,
    priority=NUMBERS,
)


@given(COMMANDS, st.booleans())
def test_a_command_set_is_read_as_it_was_written(command: Command, has_data: bool) -> None:
    message = Message(1, command, b"ab" if has_data else b"")
    assert decode_command(encode_command(message)) == (command, has_data)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_command_set_or_are_not(data: bytes) -> None:
    try:
        command, _ = decode_command(data)
    except InvalidPdu:
        return
    assert isinstance(command.field, int)


@given(COMMANDS, st.binary(max_size=400), st.integers(8, 200) | st.just(0))
def test_fragments_fit_the_peer_and_give_the_message_again(
    command: Command, data: bytes, max_pdu: int
) -> None:
    data += b"\0" * (len(data) % 2)
    message = Message(5, command, data)
    stream, assembler, found = pdus_of(message, max_pdu), Assembler(100_000, Budget(100_000)), []
    while stream:
        length = struct.unpack(">I", stream[2:6])[0]
        assert stream[0] == 4
        assert not max_pdu or length <= max_pdu
        for pdv in pdvs(stream[6 : 6 + length]):
            assert len(pdv.data) % 2 == 0
            found.append(assembler.add(pdv))
        stream = stream[6 + length :]
    assert found == [None] * (len(found) - 1) + [message]
    assert not assembler.is_midway


def test_a_message_may_have_its_length_and_no_more() -> None:
    command = Command(Service.C_FIND, message_id=1)
    assembler = Assembler(1000, Budget(2000))
    for data, is_right in ((bytes(1000), True), (bytes(1002), False)):
        content = pdus_of(Message(1, command, data), 0)
        fragments = [
            pdv
            for kind in (content[: 6 + struct.unpack(">I", content[2:6])[0]],)
            for part in (kind, content[len(kind) :])
            for pdv in pdvs(part[6:])
        ]
        assert assembler.add(fragments[0]) is None
        if is_right:
            assert assembler.add(fragments[1]) == Message(1, command, data)
        else:
            with pytest.raises(MessageTooLong):
                assembler.add(fragments[1])


def test_no_fragment_fits_in_nothing() -> None:
    with pytest.raises(ValueError, match="7"):
        pdus_of(Message(1, Command(Service.C_ECHO, message_id=1)), 7)


@pytest.mark.parametrize(
    ("offered", "answered"),
    [
        (b"\1\1\1\1", b"\1\1\1\0"),
        (b"\1\1\1", b"\1\1\1"),
        (b"\1\1\0\1", b"\1\1\0\0"),
        (b"\0\0\0", b"\1\1\0"),
        (b"\1\1\1\1\1\1", b"\1\1\1\0"),
        (b"\1", b"\1"),
        (b"", b""),
    ],
)
def test_what_both_support_is_agreed_on_in_as_many_bytes(offered: bytes, answered: bytes) -> None:
    assert FindExtension(fuzzy=True).answer(offered) == answered


# --- the requestor ----------------------------------------------------------------------------------------

BOUNDS = Bounds(pdu=16384, message=64 * 1024, idle=5.0, step=1.0, farewell=0.5)
PATIENCE = Patience(connect=1.0, associate=0.5)
PROPOSALS = (Proposal(VERIFICATION, (IMPLICIT,)), Proposal(EVENT, (IMPLICIT,), roles=(False, True)))
ECHO = Command(Service.C_ECHO, message_id=7, affected_class=VERIFICATION)
RELEASE, RELEASE_ANSWER = pdu(5, bytes(4)), pdu(6, bytes(4))


def opened(port: int, **options: Any) -> Association:
    options = {"patience": PATIENCE, "bounds": BOUNDS, "proposals": PROPOSALS} | options
    return open_association("127.0.0.1", port, calling=AeTitle("WE"), called=AeTitle("RUDE"), **options)


def echoed(association: Association, timeout: float = 0.5) -> Message:
    context = association.context_for(VERIFICATION)
    assert context is not None
    return association.exchange(Message(context.id, ECHO), timeout)


def echo_answer(connection: Connection, message_id: int = 7, field: int = 0x8030) -> None:
    number = connection.context_of(VERIFICATION)
    command = Command(field, responds_to=message_id, affected_class=VERIFICATION, status=0)
    connection.send(pdus_of(Message(number, command), 0))


def test_an_exchange_and_a_release() -> None:
    def play(connection: Connection) -> None:
        connection.accept()
        connection.read_message()
        echo_answer(connection)
        assert connection.read_pdu()[0] == 5
        connection.send(RELEASE_ANSWER)
        connection.wait_until_closed()

    with RudePeer(play) as there:
        association = opened(there.port)
        answer = echoed(association)
        assert (answer.command.status, answer.command.field) == (0x0000, Service.C_ECHO | RESPONSE)
        association.release()
        assert not association.is_open


def test_roles_are_what_the_peer_answers() -> None:
    def play(connection: Connection) -> None:
        connection.read_request()
        role = struct.pack(">BBHH", 0x54, 0, 4 + len(EVENT), len(EVENT)) + EVENT.encode() + b"\0\1"
        contexts = b"".join(
            struct.pack(">BBHBBBB", 0x21, 0, 8 + len(IMPLICIT), number, 0, 0, 0)
            + struct.pack(">BBH", 0x40, 0, len(IMPLICIT))
            + IMPLICIT.encode()
            for number in connection.contexts
        )
        user = struct.pack(">BBHI", 0x51, 0, 4, 0) + role
        application = b"1.2.840.10008.3.1.1.1"
        connection.send(
            pdu(
                2,
                struct.pack(">HH16s16s32s", 1, 0, b"RUDE", b"WE", b"")
                + struct.pack(">BBH", 0x10, 0, len(application))
                + application
                + contexts
                + struct.pack(">BBH", 0x50, 0, len(user))
                + user,
            )
        )
        connection.wait_until_closed()

    with RudePeer(play) as there:
        association = opened(there.port)
        event, verification = association.context_for(EVENT), association.context_for(VERIFICATION)
        assert event is not None and verification is not None
        assert (event.as_scu, event.as_scp) == (False, True)
        assert (verification.as_scu, verification.as_scp) == (True, False)
        assert association.roles_answered == {EVENT}
        assert association.max_pdu == 0
        association.close()


def test_contexts_that_are_refused_are_not_there() -> None:
    def play(connection: Connection) -> None:
        connection.accept(results=lambda abstract: 0 if abstract == VERIFICATION.encode() else 3)
        connection.wait_until_closed()

    with RudePeer(play) as there:
        association = opened(there.port)
        assert association.context_for(EVENT) is None
        assert [one.abstract_syntax for one in association.contexts.values()] == [VERIFICATION]
        association.abort()


def sending(data: bytes) -> Callable[[Connection], None]:
    def play(connection: Connection) -> None:
        connection.read_request()
        connection.send(data)
        connection.wait_until_closed()

    return play


@pytest.mark.parametrize(
    ("play", "failure"),
    [
        (sending(reject(1, 1, 7)), Rejected),
        (sending(abort()), Aborted),
        (sending(b""), TimedOut),
        (sending(pdu(2, bytes(80))[:30]), TimedOut),
        (sending(pdu(2, b"\xff" * 80)), UnexpectedResponse),
        (sending(pdu(2, bytes(3))), UnexpectedResponse),
        (sending(struct.pack(">BBI", 2, 0, 0xFFFFFFFF)), UnexpectedResponse),
        (sending(pdu(3, bytes(9))), UnexpectedResponse),
        (sending(RELEASE), UnexpectedResponse),
        (sending(b"HTTP/1.1 400 Bad Request\r\n\r\n"), UnexpectedResponse),
        (lambda connection: connection.read_request(), Aborted),
    ],
)
def test_what_an_association_can_end_with_before_it_begins(
    play: Callable[[Connection], None], failure: type[NoAnswer]
) -> None:
    began = time.monotonic()
    with RudePeer(play) as there, pytest.raises(failure):
        opened(there.port)
    assert time.monotonic() - began < 4


def test_nobody_there() -> None:
    with refusing_port() as port, pytest.raises(Unreachable):
        opened(port)
    with full_backlog() as port, pytest.raises(Unreachable):
        opened(port, patience=Patience(connect=0.3))


def test_an_abort_by_another_thread_ends_the_wait_for_the_association() -> None:
    def play(connection: Connection) -> None:
        connection.read_request()
        connection.wait_until_closed()

    begun: list[Association] = []
    is_begun = threading.Event()

    def note(association: Association) -> None:
        begun.append(association)
        is_begun.set()

    def break_off() -> None:
        assert is_begun.wait(5)
        begun[0].abort()

    with RudePeer(play) as there:
        breaker = threading.Thread(target=break_off)
        breaker.start()
        with pytest.raises(Interrupted):
            opened(there.port, patience=Patience(associate=30), on_open=note)
        breaker.join()


def answering(*steps: Callable[[Connection], None]) -> Callable[[Connection], None]:
    def play(connection: Connection) -> None:
        connection.accept()
        connection.read_message()
        for step in steps:
            step(connection)
        connection.wait_until_closed()

    return play


@pytest.mark.parametrize(
    ("play", "failure"),
    [
        (answering(), TimedOut),
        (answering(lambda connection: connection.send(pdu(4, bytes(40))[:20])), TimedOut),
        (answering(lambda connection: connection.send(abort())), Aborted),
        (answering(lambda connection: connection.send(RELEASE)), Aborted),
        (answering(lambda connection: echo_answer(connection, 8)), UnexpectedResponse),
        (answering(lambda connection: echo_answer(connection, field=0x8110)), UnexpectedResponse),
        (answering(lambda connection: connection.send(request(1, 0x0030, 1))), UnexpectedResponse),
        (answering(lambda connection: connection.send(b"\xff" * 9)), UnexpectedResponse),
        (
            answering(lambda connection: connection.send(struct.pack(">BBI", 4, 0, 1 << 31))),
            UnexpectedResponse,
        ),
    ],
)
def test_what_a_request_can_end_with(play: Callable[[Connection], None], failure: type[NoAnswer]) -> None:
    began = time.monotonic()
    with RudePeer(play) as there:
        association = opened(there.port)
        with pytest.raises(failure) as raised:
            echoed(association)
        assert raised.value.sent
        assert not association.is_open
    assert time.monotonic() - began < 4


def test_an_abort_by_another_thread_ends_the_wait_for_an_answer() -> None:
    with RudePeer(answering()) as there:
        association = opened(there.port)
        breaker = threading.Thread(target=association.abort)
        with pytest.raises(Interrupted):
            breaker.start()
            echoed(association, 30)
        breaker.join()
        association.abort()
        association.release()
        assert association.wait(5) is False


def test_both_release_at_once() -> None:
    answered: list[int] = []

    def play(connection: Connection) -> None:
        connection.accept()
        assert connection.read_pdu()[0] == 5
        connection.send(RELEASE)  # as if both had been on their way
        answered.append(connection.read_pdu()[0])
        connection.send(RELEASE_ANSWER)
        connection.wait_until_closed()

    with RudePeer(play) as there:
        association = opened(there.port)
        association.release()
        assert not association.is_open
    assert answered == [6]


@pytest.mark.parametrize("data", [b"", abort(), RELEASE_ANSWER[:3], b"\xff" * 9, pdu(3, b"\0\1\1\1")])
def test_a_release_takes_a_moment_whatever_comes(data: bytes) -> None:
    def play(connection: Connection) -> None:
        connection.accept()
        connection.read_pdu()
        connection.send(data)
        connection.wait_until_closed()

    with RudePeer(play) as there:
        association = opened(there.port)
        began = time.monotonic()
        association.release()
        assert time.monotonic() - began < 3
        assert not association.is_open


# --- the acceptor -----------------------------------------------------------------------------------------


@contextmanager
def serving(greet: Callable[[Arrival], AssociateReject | None]) -> Iterator[int]:
    """The port of a server of Verification that serves nothing."""
    acceptance = Acceptance(AeTitle("RUDE"), {VERIFICATION: Offer((IMPLICIT,))}, 16384)
    server = AssociationServer(
        listening_socket("127.0.0.1", 0),
        acceptance,
        lambda _association, _message: None,
        connections=5,
        associate=1.0,
        greet=greet,
    )
    server.start()
    try:
        yield server.port
        wait_until(lambda: server.connections == 0, what="nobody is connected")
    finally:
        server.stop()


def silent(arrival: Arrival) -> None:
    assert not arrival.wait(30)


@pytest.mark.parametrize(
    ("greet", "failure"),
    [
        (lambda arrival: AssociateReject(2, 3, 2), Rejected),
        (lambda arrival: arrival.abort(), Aborted),
        (lambda arrival: arrival.close(), Aborted),
        (silent, TimedOut),
    ],
)
def test_who_greets_may_turn_away(
    greet: Callable[[Arrival], AssociateReject | None], failure: type[NoAnswer]
) -> None:
    with serving(greet) as port, pytest.raises(failure):
        opened(port)


def test_who_greets_may_take_some_time() -> None:
    def slow(arrival: Arrival) -> None:
        assert arrival.request.calling == "WE"
        assert arrival.wait(0.1)

    with serving(slow) as port:
        association = opened(port)
        assert association.wait(0.01)
        association.release()
