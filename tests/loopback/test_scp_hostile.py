"""What hostile, slow and broken clients can do to the SCP: nothing to the others, and nothing for long."""

import select
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.plain_scu import dataset, plain_scu, workitem
from tests.support.raw_scu import (
    ABORT,
    C_CANCEL,
    C_ECHO,
    C_FIND,
    COMMAND,
    DATA,
    LAST,
    N_GET,
    PULL,
    PUSH,
    RELEASE,
    RELEASE_ANSWER,
    VERIFICATION,
    RawScu,
    associate_request,
    associated,
    command,
    connected,
    data_pdu,
    echo,
    element,
    message,
    pdv,
)
from tests.support.rude_peer import pdu
from tests.support.running_scp import AET, Bench, bench
from tests.support.waiting import wait_until
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.keys import AeTitle, SopInstanceUid
from upsdesk.domain.state import ProcedureStepState
from upsdesk.scp.model import Stored
from upsdesk.scp.server import Limits, UpsScp

REQUEST = associate_request(AET.encode())
SHORT = Limits(associate=0.6, dimse=0.6, network=30.0, pdu=16384, message=64 * 1024)
"""Times that a test can wait for, lengths that it can go beyond."""
USER, PROVIDER = 0, 2
UNRECOGNIZED_PDU, UNEXPECTED_PDU, UNEXPECTED_PARAMETER, INVALID_VALUE = 1, 2, 5, 6
ECHO = command(C_ECHO, 1, VERIFICATION)
GENEROUS = 2.0
"""Seconds for what takes milliseconds on a machine that has nothing else to do."""


@pytest.fixture(scope="module")
def there() -> Iterator[Bench]:
    with bench(limits=SHORT) as running:
        running.known = running.created(PatientID="HOSTILE")  # type: ignore[attr-defined]
        yield running


@pytest.fixture(autouse=True)
def _goes_on(there: Bench) -> Iterator[None]:
    """Whatever a test did: the server serves others, and has forgotten it."""
    yield
    wait_until(lambda: there.scp.connections == 1, what="only the plain client is connected")
    assert there.scu.echo() == 0x0000


def aborted(scu: RawScu) -> tuple[int, int]:
    """Source and reason of the A-ABORT with which the server ends."""
    [*_, (kind, content)] = scu.ends()
    assert kind == ABORT
    return content[2], content[3]


# --- before there is an association -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: here\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # the beginning of a TLS handshake
        b"\x00",
        b"\xff" * 6,
        pdu(DATA, b""),
        pdu(RELEASE, bytes(4)),
        pdu(2, REQUEST[6:]),
        struct.pack(">BBI", 1, 0, 0xFFFFFFFF),
        pdu(1, b""),
        pdu(1, REQUEST[6:60]),
        pdu(1, REQUEST[6:-1]),
        pdu(1, REQUEST[6:74] + b"\x10\0\xff\xff" + REQUEST[78:]),
        associate_request(AET.encode(), ()),
        associate_request(AET.encode(), ((2, VERIFICATION, (b"1.2.840.10008.1.2",)),)),
        associate_request(AET.encode(), ((1, VERIFICATION, ()),)),
        associate_request(AET.encode(), 2 * ((1, VERIFICATION, (b"1.2.840.10008.1.2",)),)),
        associate_request(AET.encode(), max_pdu=7),
    ],
)
def test_what_is_no_request_for_an_association_is_aborted(there: Bench, sent: bytes) -> None:
    with connected(there.port) as scu:
        scu.send(sent)
        assert aborted(scu) == (USER, 0)  # AA-1


def test_an_abort_instead_of_a_request_is_left_alone(there: Bench) -> None:
    with connected(there.port) as scu:
        scu.send(pdu(ABORT, bytes(4)))
        assert scu.ends() == []


def test_a_request_that_comes_byte_by_byte(there: Bench) -> None:
    with connected(there.port) as scu:
        for one in REQUEST:
            scu.send(bytes((one,)))
        assert scu.read_pdu()[0] == 2
        scu.send(echo())
        assert scu.status() == 0x0000


def test_a_request_that_never_gets_whole(there: Bench) -> None:
    began = time.monotonic()
    with connected(there.port) as scu:
        scu.raw.settimeout(0.03)
        with pytest.raises(ConnectionError):
            for one in REQUEST:  # a byte each 30 ms
                scu.raw.sendall(bytes((one,)))
                try:
                    if not scu.raw.recv(1):
                        raise ConnectionAbortedError
                except TimeoutError:
                    pass
    assert SHORT.associate - 0.1 < time.monotonic() - began < SHORT.associate + GENEROUS


def test_idle_attempts_do_not_keep_anybody_out() -> None:
    scp = UpsScp(AeTitle(AET), limits=Limits(connections=20))
    port = scp.start()
    try:
        with plain_scu(port, AET) as known, ExitStack() as idle:
            for number in range(500):
                idle.callback(socket.create_connection(("127.0.0.1", port), 5).close)
                if number % 100 == 50:
                    began = time.monotonic()
                    assert known.echo() == 0x0000
                    with plain_scu(port, AET) as other:
                        assert other.echo() == 0x0000
                    assert time.monotonic() - began < GENEROUS
            assert scp.connections <= 20
    finally:
        scp.stop()


# --- PDUs within an association ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"\x08\0\0\0\0\0", UNRECOGNIZED_PDU),
        (b"\xfe", UNRECOGNIZED_PDU),
        (REQUEST, UNEXPECTED_PDU),
        (pdu(2, REQUEST[6:]), UNEXPECTED_PDU),
        (pdu(3, b"\0\1\1\1"), UNEXPECTED_PDU),
        (pdu(RELEASE_ANSWER, bytes(4)), UNEXPECTED_PDU),
        (pdu(RELEASE, bytes(5)), INVALID_VALUE),
        (struct.pack(">BBI", DATA, 0, SHORT.pdu + 1), INVALID_VALUE),
        (struct.pack(">BBI", DATA, 0, 0xFFFFFFFF), INVALID_VALUE),
        (pdu(DATA, b""), INVALID_VALUE),
        (pdu(DATA, b"\0\0\0"), INVALID_VALUE),
        (pdu(DATA, b"\0\0\0\1\1\3"), INVALID_VALUE),
        (pdu(DATA, b"\0\0\0\x09\1\3ab"), INVALID_VALUE),
        (data_pdu(pdv(9, COMMAND | LAST, ECHO)), INVALID_VALUE),
        (data_pdu(pdv(1, LAST, b"ab")), UNEXPECTED_PARAMETER),
        (data_pdu(pdv(1, COMMAND, ECHO[:8]), pdv(1, LAST, b"ab")), UNEXPECTED_PARAMETER),
        (data_pdu(pdv(1, COMMAND, ECHO[:8]), pdv(3, COMMAND | LAST, ECHO[8:])), UNEXPECTED_PARAMETER),
        (data_pdu(pdv(1, COMMAND | LAST, ECHO[:-1])), UNEXPECTED_PARAMETER),
        (data_pdu(pdv(1, COMMAND | LAST, b"")), UNEXPECTED_PARAMETER),
        (data_pdu(pdv(1, COMMAND | LAST, element(0x00080018, b"1.2"))), UNEXPECTED_PARAMETER),
        (
            data_pdu(pdv(3, COMMAND | LAST, command(C_FIND, 1, PULL, has_data=True)))
            + data_pdu(pdv(3, COMMAND | LAST, command(C_FIND, 2, PULL, has_data=True))),
            UNEXPECTED_PARAMETER,
        ),
    ],
)
def test_what_breaks_the_protocol_is_aborted(there: Bench, sent: bytes, reason: int) -> None:
    with associated(there.port, AET) as scu:
        scu.send(sent)
        assert aborted(scu) == (PROVIDER, reason)  # AA-8


def test_the_longest_pdu_that_was_announced_is_taken_in(there: Bench) -> None:
    padding = element(0x00000001, bytes(SHORT.pdu - 6 - len(ECHO) - 8))
    with associated(there.port, AET) as scu:
        scu.send(data_pdu(pdv(1, COMMAND | LAST, ECHO + padding)))
        assert scu.status() == 0x0000


def test_a_message_that_is_too_long(there: Bench) -> None:
    with associated(there.port, AET) as scu:
        scu.send(data_pdu(pdv(3, COMMAND | LAST, command(C_FIND, 1, PULL, has_data=True))))
        for _ in range(SHORT.message // 16000 + 1):
            scu.send(data_pdu(pdv(3, 0, bytes(16000))))
        assert aborted(scu) == (USER, 0)


def test_a_command_without_end(there: Bench) -> None:
    with associated(there.port, AET) as scu:
        for _ in range(SHORT.message // 16000 + 1):
            scu.send(data_pdu(pdv(1, COMMAND, bytes(16000))))
        assert aborted(scu) == (USER, 0)


def test_long_messages_together_are_bounded_too() -> None:
    scp = UpsScp(AeTitle(AET), limits=Limits(memory=256 * 1024, dimse=10))
    port = scp.start()
    beginning = data_pdu(pdv(3, COMMAND | LAST, command(C_FIND, 1, PULL, has_data=True)))
    half = beginning + 9 * data_pdu(pdv(3, 0, b"\xff" * 16000))
    rest = 5 * data_pdu(pdv(3, 0, b"\xff" * 16000)) + data_pdu(pdv(3, LAST, b"\xff" * 2))
    try:
        with associated(port, AET) as first, associated(port, AET) as second:
            for _ in range(3):  # one after the other they have room
                first.send(half + rest)
                assert first.status() == 0xC000
            first.send(half)
            second.send(half)
            [full], _, _ = select.select([first.raw, second.raw], [], [], 5)
            refused, other = (first, second) if full is first.raw else (second, first)
            assert aborted(refused) == (USER, 0)
            other.send(rest)
            assert other.status() == 0xC000
    finally:
        scp.stop()


@pytest.mark.parametrize(
    "sent",
    [
        echo()[:4],
        echo()[:-1],
        data_pdu(pdv(1, COMMAND, ECHO)),
        data_pdu(pdv(3, COMMAND | LAST, command(C_FIND, 1, PULL, has_data=True))),
    ],
    ids=["half a head", "half a PDU", "no last fragment", "no data set"],
)
def test_half_a_message_does_not_hold_a_thread(there: Bench, sent: bytes) -> None:
    began = time.monotonic()
    with associated(there.port, AET) as scu:
        scu.send(sent)
        assert aborted(scu) == (USER, 0)
    assert SHORT.dimse - 0.1 < time.monotonic() - began < SHORT.dimse + GENEROUS


def test_half_a_pdu_that_grows_slowly_does_not_either(there: Bench) -> None:
    began = time.monotonic()
    with associated(there.port, AET) as scu:
        scu.raw.settimeout(0.02)
        with pytest.raises(ConnectionError):
            for one in echo() * 9:  # a byte each 20 ms; the first PDU alone would take 1.5 s
                scu.raw.sendall(bytes((one,)))
                try:
                    if not scu.raw.recv(64):
                        raise ConnectionAbortedError
                except TimeoutError:
                    pass
    assert time.monotonic() - began < SHORT.dimse + GENEROUS


def test_silence_ends_an_association() -> None:
    scp = UpsScp(AeTitle(AET), limits=Limits(network=0.3))
    port = scp.start()
    try:
        with associated(port, AET) as scu:
            assert aborted(scu) == (USER, 0)
    finally:
        scp.stop()


def test_a_client_that_reads_nothing_does_not_hold_a_thread() -> None:
    scp = UpsScp(AeTitle(AET), limits=Limits(dimse=0.5))
    port = scp.start()
    comment = Element(0x00400400, "LT", ("x" * 8_000_000,))  # more than the system's buffers take
    uid = SopInstanceUid("1.2.3")
    scp.seed([Stored(uid, ProcedureStepState.SCHEDULED, Elements([comment]))])
    get = message(3, command(N_GET, 1, PUSH, e1001=uid.encode()))
    try:
        with associated(port, AET) as scu:
            scu.send(get * 4)
            wait_until(lambda: scp.connections == 0, 10, what="the server gives up")
    finally:
        scp.stop()


@pytest.mark.parametrize("cut", [3, 40, len(echo()) + 3])
def test_an_abort_or_a_close_in_the_middle_of_a_message(there: Bench, cut: int) -> None:
    whole = echo() + message(3, command(C_FIND, 2, PULL, has_data=True), bytes(100))
    for how in (pdu(ABORT, bytes(4)), b""):
        with associated(there.port, AET) as scu:
            scu.send(whole[:cut] + how)
            scu.raw.shutdown(socket.SHUT_WR)
            scu.ends()


def test_an_abort_ends_it_at_once(there: Bench) -> None:
    with associated(there.port, AET) as scu:
        scu.send(pdu(ABORT, bytes(4)))
        assert scu.ends() == []


def test_a_release_is_answered_and_then_it_is_over(there: Bench) -> None:
    with associated(there.port, AET) as scu:
        scu.send(pdu(RELEASE, bytes(4)))
        assert scu.ends() == [(RELEASE_ANSWER, bytes(4))]


# --- what is unusual and right ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        data_pdu(pdv(1, COMMAND, b""), pdv(1, COMMAND, ECHO), pdv(1, COMMAND | LAST, b"")),
        data_pdu(pdv(1, COMMAND | LAST | 0xF0, ECHO)),
        data_pdu(
            *(
                pdv(1, COMMAND | (LAST if at == len(ECHO) - 1 else 0), ECHO[at : at + 1])
                for at in range(len(ECHO))
            )
        ),
        message(1, ECHO[12:]),
        message(1, element(0, struct.pack("<I", 4711)) + ECHO[12:]),
    ],
    ids=["empty fragments", "reserved bits", "a byte a fragment", "no group length", "a wrong group length"],
)
def test_odd_fragments_are_taken_in(there: Bench, sent: bytes) -> None:
    with associated(there.port, AET) as scu:
        scu.send(sent)
        assert scu.status() == 0x0000


def test_messages_that_do_not_wait_for_their_turn_are_answered_in_order(there: Bench) -> None:
    with associated(there.port, AET) as scu:
        sent = b"".join(echo(number)[6:] for number in range(1, 4))
        scu.send(pdu(DATA, sent) + echo(4) + pdu(RELEASE, bytes(4)))
        answered = [struct.unpack("<H", scu.read_message()[0][0x0120])[0] for _ in range(4)]
        assert answered == [1, 2, 3, 4]
        assert scu.ends() == [(RELEASE_ANSWER, bytes(4))]


def a_search(uid: str) -> tuple[bytes, bytes]:
    return command(C_FIND, 7, PULL, has_data=True), element(0x00080018, uid.encode())


def test_a_data_set_for_a_command_that_announces_none(there: Bench) -> None:
    with associated(there.port, AET) as scu:
        scu.send(echo() + data_pdu(pdv(1, LAST, b"ab")))
        assert scu.status() == 0x0000
        assert aborted(scu) == (PROVIDER, UNEXPECTED_PARAMETER)


# --- searches that are given up ---------------------------------------------------------------------------


@pytest.fixture
def many(there: Bench) -> bytes:
    """A search that finds 200 workitems."""
    label = "MANY"
    with plain_scu(there.port, AET) as scu:
        found, _ = scu.find(dataset(WorklistLabel=label, SOPInstanceUID=""))
        for _ in range(200 - len(found)):
            assert scu.create(there.uid(), workitem(WorklistLabel=label)) == 0x0000
    keys = element(0x00080018, b"") + element(0x00741202, b"MANY")
    return message(3, command(C_FIND, 7, PULL, has_data=True), keys)


def statuses(scu: RawScu) -> list[int]:
    """Of all responses to a search."""
    found = [scu.status()]
    while found[-1] in (0xFF00, 0xFF01):
        found.append(scu.status())
    return found


def test_a_search_that_is_cancelled(there: Bench, many: bytes) -> None:
    with associated(there.port, AET) as scu:
        scu.send(many + message(3, command(C_CANCEL, 7, b"")))
        found = statuses(scu)
        assert found[-1] == 0xFE00
        assert len(found) < 200
        scu.send(many)  # the cancellation was for the first one
        found = statuses(scu)
        assert (found[-1], len(found)) == (0x0000, 201)


def test_a_cancellation_of_something_else_or_too_late_is_nothing(there: Bench, many: bytes) -> None:
    with associated(there.port, AET) as scu:
        scu.send(message(3, command(C_CANCEL, 7, b"")) + many + message(3, command(C_CANCEL, 8, b"")))
        found = statuses(scu)
        assert (found[-1], len(found)) == (0x0000, 201)
        scu.send(echo())
        assert scu.status() == 0x0000


@pytest.mark.parametrize("last", [pdu(ABORT, bytes(4)), b"", pdu(9, b"")], ids=["abort", "close", "garbage"])
def test_a_client_that_leaves_in_the_middle_of_a_search(there: Bench, many: bytes, last: bytes) -> None:
    with associated(there.port, AET) as scu:
        scu.send(many + last)
        if last:
            scu.ends()
        else:
            scu.read_message()


def test_a_release_in_the_middle_of_a_search_ends_it(there: Bench, many: bytes) -> None:
    with associated(there.port, AET) as scu:
        scu.send(many + pdu(RELEASE, bytes(4)))
        assert statuses(scu)[-1] in (0xFE00, 0x0000)
        assert scu.ends() == [(RELEASE_ANSWER, bytes(4))]


# --- the end of the server --------------------------------------------------------------------------------


def test_it_stops_at_once_whatever_its_clients_do() -> None:
    scp = UpsScp(AeTitle(AET))
    port = scp.start()
    with ExitStack() as stack:
        waiting = [stack.enter_context(connected(port)) for _ in range(5)]
        silent = [stack.enter_context(associated(port, AET)) for _ in range(5)]
        half = [stack.enter_context(associated(port, AET)) for _ in range(5)]
        waiting[0].send(REQUEST[:50])
        for one in half:
            one.send(echo()[:20])
        began = time.monotonic()
        scp.stop()
        assert time.monotonic() - began < GENEROUS
        for one in silent:
            assert aborted(one) == (USER, 0)
        for one in waiting:
            one.ends()


# --- whatever comes ---------------------------------------------------------------------------------------

ANY_TIME = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@st.composite
def cuts(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """`data` in one or more pieces."""
    places = draw(st.lists(st.integers(0, len(data)), max_size=6))
    edges = [0, *sorted(places), len(data)]
    return [data[begin:end] for begin, end in pairwise(edges)]


@st.composite
def sendings(draw: st.DrawFn, uid: str) -> list[bytes]:
    """One search in fragments, PDUs and TCP segments of any size."""
    command_set, keys = a_search(uid)
    fragments = []
    for kind, whole in ((COMMAND, command_set), (0, keys)):
        pieces = draw(cuts(whole))
        for number, piece in enumerate(pieces):
            fragments.append(pdv(3, kind | (LAST if number == len(pieces) - 1 else 0), piece))
    stream, together = b"", [fragments[0]]
    for fragment in fragments[1:]:
        if draw(st.booleans()):
            together.append(fragment)
        else:
            stream += data_pdu(*together)
            together = [fragment]
    return draw(cuts(stream + data_pdu(*together)))


def test_any_splitting_of_a_message_gives_the_same_answer(there: Bench) -> None:
    uid: str = there.known  # type: ignore[attr-defined]
    with associated(there.port, AET) as scu:
        scu.send(message(3, *a_search(uid)))
        expected = [scu.read_message(), scu.read_message()]
        assert [one[0][0x0900] for one in expected] == [b"\0\xff", b"\0\0"]

        @ANY_TIME
        @given(sendings(uid))
        def check(segments: list[bytes]) -> None:
            for segment in segments:
                scu.send(segment)
            assert [scu.read_message(), scu.read_message()] == expected

        check()


@ANY_TIME
@given(st.binary(max_size=300))
@example(b"")
def test_any_bytes_instead_of_a_request(there: Bench, sent: bytes) -> None:
    with connected(there.port) as scu:
        scu.send(sent)
        scu.raw.shutdown(socket.SHUT_WR)
        scu.ends()


@ANY_TIME
@given(st.integers(0, len(REQUEST) - 7), st.binary(min_size=1, max_size=8))
def test_a_request_with_any_bytes_in_it(there: Bench, at: int, noise: bytes) -> None:
    content = REQUEST[6:]
    with connected(there.port) as scu:
        scu.send(pdu(1, content[:at] + noise + content[at + len(noise) :]))
        scu.raw.shutdown(socket.SHUT_WR)
        scu.ends()


@ANY_TIME
@given(st.lists(st.tuples(st.integers(0, 8), st.binary(max_size=80)), min_size=1, max_size=4))
def test_any_pdus_in_an_association(there: Bench, sent: list[tuple[int, bytes]]) -> None:
    with associated(there.port, AET) as scu:
        scu.send(b"".join(pdu(kind, content) for kind, content in sent))
        scu.raw.shutdown(socket.SHUT_WR)
        scu.ends()


@ANY_TIME
@given(
    st.lists(st.tuples(st.sampled_from((1, 3, 5, 7)), st.integers(0, 3), st.binary(max_size=80)), min_size=1)
)
def test_any_fragments_in_an_association(there: Bench, sent: list[tuple[int, int, bytes]]) -> None:
    with associated(there.port, AET) as scu:
        scu.send(data_pdu(*(pdv(*one) for one in sent)))
        scu.raw.shutdown(socket.SHUT_WR)
        scu.ends()


@ANY_TIME
@given(
    st.dictionaries(
        st.sampled_from((0x0002, 0x0003, 0x0110, 0x0800, 0x1000, 0x1001, 0x1005, 0x1008)),
        st.binary(max_size=12),
    ),
    st.sampled_from((0x0020, 0x0110, 0x0120, 0x0130, 0x0140, 0x0100, 0x8020, 0x0001, 0x0FFF, 0x1234)),
    st.binary(max_size=60),
    st.sampled_from((1, 3, 5)),
)
def test_any_command_and_data_set(
    there: Bench, fields: dict[int, bytes], field: int, data: bytes, context: int
) -> None:
    tags = {0x0110: b"\1\0", 0x0800: b"\1\0"} | fields | {0x0100: struct.pack("<H", field)}
    sent = b"".join(element(number, tags[number]) for number in sorted(tags))
    with associated(there.port, AET) as scu:
        scu.send(message(context, sent, data))
        scu.raw.shutdown(socket.SHUT_WR)
        scu.ends()
