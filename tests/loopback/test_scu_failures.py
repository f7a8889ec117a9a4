"""What the SCU says when a peer refuses, rejects, stays silent, breaks off or answers nonsense."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support import rude_peer
from tests.support.plain_scp import PULL, VERIFICATION, PlainScp, data_set
from tests.support.rude_peer import Connection, RudePeer
from tests.support.waiting import wait_until
from upsdesk.dicom.datasets import encode
from upsdesk.dicom.exchange import Match
from upsdesk.dicom.scu import UpsScu
from upsdesk.dicom.wire_log import WireLog
from upsdesk.domain.attributes import element
from upsdesk.domain.elements import Elements
from upsdesk.domain.errors import (
    Aborted,
    ContextRefused,
    Interrupted,
    NoAnswer,
    Rejected,
    TimedOut,
    UnexpectedResponse,
    Unreachable,
)
from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid
from upsdesk.domain.peer import LOOPBACK, Peer, Timeouts, UpsClass
from upsdesk.domain.query import WorklistQuery

UID = SopInstanceUid("1.2.3")
IMPLICIT = "1.2.840.10008.1.2"
ROW = encode(Elements([element(0x00100010, "Doe^Jane"), element(0x00080018, UID)]), IMPLICIT)


def peer_at(port: int, host: str = LOOPBACK, **times: float) -> Peer:
    timeouts = Timeouts(**{"connect": 1.0, "acse": 1.0, "dimse": 1.0, "network": 5.0, "release": 0.5} | times)
    return Peer(PeerId("test"), AeTitle("RUDE"), host, port, timeouts=timeouts)


@contextmanager
def scu_at(port: int, host: str = LOOPBACK, **times: float) -> Iterator[UpsScu]:
    scu = UpsScu(peer_at(port, host, **times))
    try:
        yield scu
    finally:
        scu.abort()


def find(scu: UpsScu, rows: list[Match] | None = None) -> object:
    return scu.find(WorklistQuery(), (rows if rows is not None else []).append)


SOON = 1.5
"""Seconds for what takes half a second when the machine is not busy; these peers have timeouts of 20 s."""

OPERATIONS: dict[str, Callable[[UpsScu], object]] = {
    "echo": lambda scu: scu.echo(),
    "find": find,
    "get": lambda scu: scu.get(UID),
    "set": lambda scu: scu.set(UID, Elements([element(0x00741204, "label")])),
}


class TestNoConnection:
    def test_refused_port(self) -> None:
        with rude_peer.refusing_port() as port, scu_at(port) as scu:
            with pytest.raises(Unreachable, match=f"127.0.0.1:{port} refuses the connection") as caught:
                scu.echo()
            assert not caught.value.sent

    def test_unknown_host(self) -> None:
        with (
            scu_at(104, "no-such-host.invalid", connect=3.0) as scu,
            pytest.raises(Unreachable, match=r"host name no-such-host\.invalid"),
        ):
            scu.echo()

    @pytest.mark.parametrize(
        "host", ["fe80::1%nowhere", "a\0b", "x" * 300, ""], ids=["zone", "NUL", "long", "empty"]
    )
    def test_a_host_that_is_none(self, host: str) -> None:
        with scu_at(104, host) as scu, pytest.raises(Unreachable):
            scu.echo()

    def test_black_hole_ends_after_the_connect_timeout(self) -> None:
        with rude_peer.full_backlog() as port, scu_at(port, connect=0.4) as scu:
            began = time.monotonic()
            with pytest.raises(Unreachable, match=r"does not answer within 0\.4 s"):
                scu.echo()
            assert 0.3 < time.monotonic() - began < 1.5

    def test_a_host_with_two_addresses_is_tried_at_both(self) -> None:
        with PlainScp() as scp, scu_at(scp.port, "localhost") as scu:
            assert scu.echo().status == 0


class TestNoAssociation:
    @pytest.mark.parametrize(
        ("result", "source", "reason", "words"),
        [
            (1, 1, 1, "no reason given; rejected for good by the application"),
            (1, 1, 2, "application context name not supported"),
            (1, 1, 3, "calling AE title not recognized"),
            (1, 1, 7, "called AE title not recognized"),
            (1, 2, 1, "no reason given; rejected for good by the association service"),
            (1, 2, 2, "protocol version not supported"),
            (2, 3, 1, "temporary congestion; rejected for now by the network layer"),
            (2, 3, 2, "local limit exceeded"),
            (2, 1, 9, "reason 9, which the Standard reserves"),
            (4, 8, 200, "reason 200, which the Standard reserves; rejected by source 8"),
        ],
    )
    def test_rejection_in_the_words_of_the_standard(
        self, result: int, source: int, reason: int, words: str
    ) -> None:
        def script(connection: Connection) -> None:
            connection.read_request()
            connection.send(rude_peer.reject(result, source, reason))
            connection.wait_until_closed()

        with RudePeer(script) as peer, scu_at(peer.port) as scu:
            with pytest.raises(Rejected, match=words) as caught:
                scu.echo()
            assert (caught.value.result, caught.value.source, caught.value.reason) == (result, source, reason)
            assert not caught.value.sent

    def test_silence_after_the_connection(self) -> None:
        with RudePeer(Connection.wait_until_closed) as peer, scu_at(peer.port, acse=0.3) as scu:
            began = time.monotonic()
            with pytest.raises(TimedOut, match=r"association request within 0\.3 s") as caught:
                scu.echo()
            assert not caught.value.sent
            assert time.monotonic() - began < 1.5

    @pytest.mark.parametrize(
        ("answer", "kind", "words"),
        [
            (b"", Aborted, "closed before the association"),
            (rude_peer.abort(), Aborted, "A-ABORT instead of accepting"),
            (rude_peer.abort(2, 1), Aborted, "before the association|instead of accepting"),
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", UnexpectedResponse, "no valid DICOM"),
            (rude_peer.pdu(2, b"\0\1 nonsense"), UnexpectedResponse, "no valid DICOM"),
            (rude_peer.pdu(2, b"")[:4], Aborted, "closed before the association"),
            (rude_peer.p_data(1, 3, b"early"), UnexpectedResponse, "no valid DICOM"),
        ],
        ids=["close", "abort", "provider-abort", "http", "broken-accept", "half-a-header", "data-first"],
    )
    def test_other_ends(self, answer: bytes, kind: type[NoAnswer], words: str) -> None:
        def script(connection: Connection) -> None:
            connection.read_request()
            connection.send(answer)
            if kind is UnexpectedResponse:
                connection.wait_until_closed()

        with RudePeer(script) as peer, scu_at(peer.port) as scu:
            with pytest.raises(kind, match=words) as caught:
                scu.echo()
            assert not caught.value.sent

    @pytest.mark.parametrize(
        "answer", [rude_peer.abort(), rude_peer.abort(2, 1), rude_peer.reject(1, 1, 7)], ids=["a", "p", "rj"]
    )
    def test_a_peer_that_answers_before_it_is_asked(self, answer: bytes) -> None:
        """It has answered and closed before the request is sent."""
        with RudePeer(lambda connection: connection.send(answer)) as peer, scu_at(peer.port) as scu:
            with pytest.raises(NoAnswer) as caught:
                scu.echo()
            assert isinstance(caught.value, Aborted | Rejected)
            assert not caught.value.sent

    def test_half_an_acceptance_ends_after_the_acse_timeout(self) -> None:
        def script(connection: Connection) -> None:
            connection.read_request()
            connection.send(rude_peer.pdu(2, b"\0" * 200)[:100])
            connection.wait_until_closed()

        with RudePeer(script) as peer, scu_at(peer.port, acse=0.3) as scu:
            began = time.monotonic()
            with pytest.raises(TimedOut):
                scu.echo()
            assert time.monotonic() - began < 2.0

    @pytest.mark.parametrize(
        "chosen", [[], [b"1.2.840.10008.1.2.4.50"], [b"1.2.840.10008.1.2.2"]], ids=["none", "JPEG", "big"]
    )
    def test_a_transfer_syntax_that_was_not_proposed(self, chosen: list[bytes]) -> None:
        """PS3.8 9.3.3.2: one of the proposed ones is accepted; nobody could read a data set in another."""

        def script(connection: Connection) -> None:
            connection.accept(choose=lambda _: chosen)
            connection.wait_until_closed()

        with RudePeer(script) as peer, scu_at(peer.port) as scu:
            with pytest.raises(ContextRefused) as caught:
                scu.get(UID)
            assert not caught.value.sent
            assert caught.value.accepted == ()
            negotiated = scu.negotiated()
            assert negotiated is not None
            assert (
                negotiated.refused[UpsClass.PULL] == "accepted with a transfer syntax that was not proposed"
            )

    def test_no_context_accepted_at_all(self) -> None:
        with (
            RudePeer(lambda connection: connection.accept(results=lambda _: 3)) as peer,
            scu_at(peer.port) as scu,
        ):
            with pytest.raises(ContextRefused) as caught:
                scu.set(UID, Elements())
            assert caught.value.needed == (UpsClass.PULL,)
            assert caught.value.accepted == ()

    def test_the_needed_context_refused(self) -> None:
        with PlainScp(classes=[VERIFICATION, PULL]) as scp, scu_at(scp.port) as scu:
            with pytest.raises(ContextRefused) as caught:
                scu.create(UID, Elements())
            assert caught.value.needed == (UpsClass.PUSH,)
            assert caught.value.accepted == (UpsClass.PULL,)
            assert not caught.value.sent
            assert scu.get(UID).status == 0, "the association goes on"
            assert len(scp.associations) == 1

    def test_verification_refused(self) -> None:
        with PlainScp(classes=[PULL]) as scp, scu_at(scp.port) as scu:
            with pytest.raises(ContextRefused) as caught:
                scu.echo()
            assert caught.value.needed is None


def after_the_request(act: Callable[[Connection, int, int], None]) -> Callable[[Connection], None]:
    """A script that accepts, reads one request and then does `act(connection, context ID, message ID)`."""

    def script(connection: Connection) -> None:
        connection.accept()
        context, message = connection.read_message()
        if context:
            act(connection, context, message)

    return script


def sending(*made: Callable[[int, int], bytes], stay: bool = True) -> Callable[[Connection], None]:
    def act(connection: Connection, context: int, message: int) -> None:
        for make in made:
            connection.send(make(context, message))
        if stay:
            connection.wait_until_closed()

    return after_the_request(act)


class TestNoResponse:
    @pytest.mark.parametrize("name", OPERATIONS)
    def test_silence(self, name: str) -> None:
        with RudePeer(sending()) as peer, scu_at(peer.port, dimse=0.3) as scu:
            began = time.monotonic()
            with pytest.raises(TimedOut, match=r"no response within 0\.3 s") as caught:
                OPERATIONS[name](scu)
            assert caught.value.sent
            assert time.monotonic() - began < 1.5
            assert not scu.is_open

    @pytest.mark.parametrize("name", OPERATIONS)
    @pytest.mark.parametrize(
        ("sent", "words"),
        [
            (b"", "connection was closed"),
            (rude_peer.abort(), "A-ABORT"),
            (rude_peer.abort(2, 6), "connection was closed|A-ABORT"),
        ],
        ids=["close", "abort", "provider-abort"],
    )
    def test_end_of_the_association(self, name: str, sent: bytes, words: str) -> None:
        with RudePeer(sending(lambda *_: sent, stay=False)) as peer, scu_at(peer.port) as scu:
            with pytest.raises(Aborted, match=words) as caught:
                OPERATIONS[name](scu)
            assert caught.value.sent

    def test_release_instead_of_a_response(self) -> None:
        with RudePeer(sending(lambda *_: rude_peer.RELEASE_REQUEST)) as peer, scu_at(peer.port) as scu:
            with pytest.raises(Aborted, match="released the association without an answer") as caught:
                scu.get(UID)
            assert caught.value.sent

    @pytest.mark.parametrize(
        "end",
        [rude_peer.RELEASE_REQUEST, rude_peer.abort(), b"\x42\x42"],
        ids=["release", "abort", "garbage"],
    )
    def test_a_response_right_before_the_end_counts(self, end: bytes) -> None:
        """Both come in one segment."""

        def answer(context: int, message: int) -> bytes:
            return rude_peer.response(context, rude_peer.C_ECHO_RSP, message, 0) + end

        with RudePeer(sending(answer)) as peer, scu_at(peer.port) as scu:
            assert scu.echo().status == 0
            assert not scu.is_open

    def test_half_a_pdu_then_silence(self) -> None:
        def half(context: int, message: int) -> bytes:
            return rude_peer.response(context, rude_peer.N_GET_RSP, message, 0)[:20]

        with RudePeer(sending(half)) as peer, scu_at(peer.port, dimse=0.3) as scu:
            began = time.monotonic()
            with pytest.raises(TimedOut):
                scu.get(UID)
            assert time.monotonic() - began < 1.5

    def test_half_a_pdu_then_the_end(self) -> None:
        def half(context: int, message: int) -> bytes:
            return rude_peer.response(context, rude_peer.N_GET_RSP, message, 0)[:20]

        with (
            RudePeer(sending(half, stay=False)) as peer,
            scu_at(peer.port) as scu,
            pytest.raises(Aborted),
        ):
            scu.get(UID)


def garbage_elements(context: int, message: int) -> bytes:
    return rude_peer.response(context, rude_peer.N_GET_RSP, message, 0, b"\x10\0\x10\0\xff\xff\0\0abc")


class TestNonsense:
    @pytest.mark.parametrize(
        ("sent", "words"),
        [
            (lambda c, m: b"\x42 this is no DICOM at all", "no valid DICOM message"),
            (lambda c, m: rude_peer.pdu(9, b"1234"), "no valid DICOM message"),
            (lambda c, m: rude_peer.pdu(4, b"\xff\xff\xff\xff\x01\x03x"), "no valid DICOM message"),
            (lambda c, m: rude_peer.p_data(c, 3, b"\0\0\0\1\2\0\0\0\x99\x99"), "no valid DICOM message"),
            (lambda c, m: rude_peer.p_data(c, 3, b"rubbish"), "no valid DICOM message"),
            (
                lambda c, m: rude_peer.response(c, rude_peer.N_GET_RSP, m + 7, 0),
                "to a message that was not sent",
            ),
            (
                lambda c, m: rude_peer.response(c, rude_peer.N_SET_RSP, m, 0),
                "N-SET came instead of N-GET",
            ),
            (lambda c, m: rude_peer.response(c, rude_peer.C_ECHO_RSP, m, 0), "C-ECHO came instead of N-GET"),
            (lambda c, m: rude_peer.request(c, 0x0110, m), "a request came instead of a response"),
            (garbage_elements, "data set of the response is damaged"),
            (
                lambda c, m: rude_peer.p_data(
                    c, 3, rude_peer._command(rude_peer.N_GET_RSP, 0x0101, None, responds_to=m)
                ),
                "has no status",
            ),
        ],
        ids=[
            "text",
            "unknown-pdu",
            "broken-pdv",
            "unknown-command",
            "no-command",
            "wrong-message-id",
            "wrong-service",
            "wrong-echo",
            "request",
            "broken-data-set",
            "no-status",
        ],
    )
    def test_instead_of_a_response(self, sent: Callable[[int, int], bytes], words: str) -> None:
        with RudePeer(sending(sent)) as peer, scu_at(peer.port) as scu:
            with pytest.raises(UnexpectedResponse, match=words) as caught:
                scu.get(UID)
            assert caught.value.sent
            assert not scu.is_open

    def test_a_damaged_reply_does_not_hide_the_status_of_an_act(self) -> None:
        def broken(context: int, message: int) -> bytes:
            return rude_peer.response(context, rude_peer.N_ACTION_RSP, message, 0xC301, b"\x10\0")

        with RudePeer(sending(broken)) as peer, scu_at(peer.port) as scu:
            answer = scu.change_state(UID, "COMPLETED", None)
            assert (answer.status, answer.elements) == (0xC301, None)


def row(context: int, message: int) -> bytes:
    return rude_peer.response(context, rude_peer.C_FIND_RSP, message, 0xFF00, ROW)


class TestBrokenSearch:
    """Rows that were delivered stay delivered."""

    @pytest.mark.parametrize(
        ("end", "stay", "kind"),
        [
            (lambda c, m: b"", False, Aborted),
            (lambda c, m: rude_peer.abort(), False, Aborted),
            (lambda c, m: row(c, m)[:40], False, Aborted),
            (lambda c, m: b"", True, TimedOut),
            (lambda c, m: row(c, m)[:40], True, TimedOut),
            (lambda c, m: b"\x42\x42\x42\x42\x42\x42\x42", True, UnexpectedResponse),
            (
                lambda c, m: rude_peer.response(c, rude_peer.C_FIND_RSP, m, 0xFF00, b"x"),
                True,
                UnexpectedResponse,
            ),
            (lambda c, m: rude_peer.response(c, rude_peer.C_FIND_RSP, m, 0xFF00), True, UnexpectedResponse),
        ],
        ids=["close", "abort", "half-close", "silence", "half", "garbage", "broken-row", "empty-row"],
    )
    def test_in_the_middle(self, end: Callable[[int, int], bytes], stay: bool, kind: type[NoAnswer]) -> None:
        with RudePeer(sending(row, row, row, end, stay=stay)) as peer, scu_at(peer.port, dimse=0.4) as scu:
            rows: list[Match] = []
            with pytest.raises(kind) as caught:
                find(scu, rows)
            assert [one.elements.text(0x00100010) for one in rows] == ["Doe^Jane"] * 3
            assert caught.value.sent

    def test_a_peer_that_ignores_the_cancel_is_aborted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("upsdesk.dicom.exchange._CANCEL_PATIENCE", 0.3)
        with RudePeer(sending(row, row, row)) as peer, scu_at(peer.port) as scu:
            rows: list[Match] = []
            with pytest.raises(Interrupted, match="did not end the search"):
                scu.find(WorklistQuery(limit=2), rows.append)
            assert len(rows) == 2

    def test_a_callback_that_raises_ends_the_association(self) -> None:
        def on_match(_: Match) -> None:
            raise ZeroDivisionError

        with RudePeer(sending(row, row)) as peer, scu_at(peer.port) as scu:
            with pytest.raises(ZeroDivisionError):
                scu.find(WorklistQuery(), on_match)
            assert not scu.is_open


class TestAbortFromOutside:
    """`abort` in another thread makes the blocked operation return within half a second."""

    def interrupted(self, scu: UpsScu, is_blocked: Callable[[], object]) -> float:
        """Seconds between the abort and the end of an echo that blocks."""
        ended: list[tuple[float, BaseException | None]] = []

        def run() -> None:
            try:
                scu.get(UID)
            except BaseException as error:
                ended.append((time.monotonic(), error))

        thread = threading.Thread(target=run)
        thread.start()
        wait_until(is_blocked, what="the operation blocks")
        at = time.monotonic()
        scu.abort()
        thread.join(5)
        assert not thread.is_alive()
        moment, error = ended[0]
        assert isinstance(error, Interrupted), repr(error)
        return moment - at

    def test_while_connecting(self) -> None:
        with rude_peer.full_backlog() as port, scu_at(port, connect=20.0) as scu:
            assert self.interrupted(scu, lambda: scu._link is not None) < SOON

    def test_while_associating(self) -> None:
        asked = threading.Event()

        def script(connection: Connection) -> None:
            connection.read_request()
            asked.set()
            connection.wait_until_closed()

        with RudePeer(script) as peer, scu_at(peer.port, acse=20.0) as scu:
            assert self.interrupted(scu, asked.is_set) < SOON

    @pytest.mark.parametrize("length", [0, 3, 20])
    def test_while_waiting_for_a_response(self, length: int) -> None:
        asked = threading.Event()

        def act(connection: Connection, context: int, message: int) -> None:
            connection.send(rude_peer.response(context, rude_peer.N_GET_RSP, message, 0)[:length])
            asked.set()
            connection.wait_until_closed()

        with RudePeer(after_the_request(act)) as peer, scu_at(peer.port, dimse=20.0) as scu:
            assert self.interrupted(scu, asked.is_set) < SOON

    def test_idle_association(self) -> None:
        with PlainScp() as scp, scu_at(scp.port) as scu:
            scu.echo()
            scu.abort()
            assert not scu.is_open
            assert scu.echo().status == 0, "the next operation opens a new association"
            assert len(scp.associations) == 2

    def test_for_good(self) -> None:
        with PlainScp() as scp, scu_at(scp.port) as scu:
            scu.echo()
            scu.abort(for_good=True)
            with pytest.raises(Interrupted) as caught:
                scu.echo()
            assert not caught.value.sent
            assert len(scp.associations) == 1

    def test_before_anything(self) -> None:
        with PlainScp() as scp, scu_at(scp.port) as scu:
            scu.abort()
            assert scu.echo().status == 0

    def test_while_releasing(self) -> None:
        """Closing need not wait for a peer that does not answer an A-RELEASE-RQ."""
        asked = threading.Event()

        def script(connection: Connection) -> None:
            connection.accept()
            context, message = connection.read_message()
            connection.send(rude_peer.response(context, rude_peer.C_ECHO_RSP, message, 0))
            assert connection.read_pdu()[0] == 5, "A-RELEASE-RQ is expected"
            asked.set()
            connection.wait_until_closed()

        with RudePeer(script) as peer, scu_at(peer.port, acse=20.0, release=20.0) as scu:
            scu.echo()
            thread = threading.Thread(target=scu.release)
            thread.start()
            assert asked.wait(5)
            began = time.monotonic()
            scu.abort(for_good=True)
            thread.join(5)
            assert not thread.is_alive()
            assert time.monotonic() - began < SOON
            assert not scu.is_open

    def test_a_release_after_a_connect_that_failed_is_harmless(self) -> None:
        with rude_peer.refusing_port() as port, scu_at(port) as scu:
            with pytest.raises(Unreachable):
                scu.echo()
            scu.release()


class TestReopening:
    """An association that died while idle is opened again, once, before anything is sent."""

    @pytest.mark.parametrize(
        "farewell", [b"", rude_peer.abort(), rude_peer.RELEASE_REQUEST], ids=["close", "abort", "release"]
    )
    def test_the_peer_left(self, farewell: bytes) -> None:
        may_leave, left = threading.Event(), threading.Event()

        def script(connection: Connection) -> None:
            connection.accept()
            while True:
                context, message = connection.read_message()
                if not context:
                    return
                connection.send(rude_peer.response(context, rude_peer.C_ECHO_RSP, message, 0))
                if not left.is_set():
                    may_leave.wait(5)
                    connection.send(farewell)
                    left.set()
                    if not farewell:
                        return

        with RudePeer(script) as peer, scu_at(peer.port) as scu:
            assert scu.echo().status == 0
            may_leave.set()
            assert left.wait(5)
            wait_until(lambda: not scu.is_open, what="the news arrives")
            assert scu.echo().status == 0
            assert len(peer.connections) == 2

    def test_the_peer_left_and_is_gone(self) -> None:
        with PlainScp() as scp:
            scu = UpsScu(peer_at(scp.port))
            scu.echo()
        with pytest.raises(Unreachable) as caught:
            scu.echo()
        assert not caught.value.sent

    def test_release_of_a_peer_that_does_not_answer_is_bounded(self) -> None:
        def script(connection: Connection) -> None:
            connection.accept()
            context, message = connection.read_message()
            connection.send(rude_peer.response(context, rude_peer.C_ECHO_RSP, message, 0))
            while connection.read_pdu()[0] not in (0, 7):
                pass

        with RudePeer(script) as peer, scu_at(peer.port) as scu:
            scu.echo()
            began = time.monotonic()
            scu.release()
            assert time.monotonic() - began < 2.0
            assert not scu.is_open

    def test_both_release_at_once(self) -> None:
        """PS3.8 7.2.2.7: the requestor answers first, then it is answered."""
        kinds: list[int] = []

        def script(connection: Connection) -> None:
            connection.accept()
            context, message = connection.read_message()
            connection.send(rude_peer.response(context, rude_peer.C_ECHO_RSP, message, 0))
            kinds.append(connection.read_pdu()[0])
            connection.send(rude_peer.RELEASE_REQUEST)
            kinds.append(connection.read_pdu()[0])
            connection.send(rude_peer.RELEASE_RESPONSE)
            kinds.append(connection.read_pdu()[0])

        lines: list[str] = []
        with RudePeer(script) as peer:
            scu = UpsScu(peer_at(peer.port, release=5.0), WireLog(lines.append))
            scu.echo()
            scu.release()
            wait_until(lambda: len(kinds) == 3, what="the peer sees the end")
        assert kinds == [5, 6, 0]
        assert lines[-1].endswith("association released")


def test_a_stored_answer_tells_no_patient_data_in_its_repr() -> None:
    answers: dict[str, Any] = {"N-GET": lambda _: (0, data_set(PatientName="Secret^Name"))}
    with PlainScp(answers=answers) as scp, scu_at(scp.port) as scu:
        assert "Secret" not in repr(scu.get(UID))
