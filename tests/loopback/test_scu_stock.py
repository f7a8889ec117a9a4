"""Searches on our own upper layer and on pynetdicom's give the same matches and the same ends."""

import struct
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dicom.strategies import data_sets
from tests.support import rude_peer
from tests.support.plain_scp import PUSH, PlainScp
from tests.support.rude_peer import C_FIND_RSP, Connection, RudePeer
from upsdesk.dicom import codec
from upsdesk.dicom.association import Link
from upsdesk.dicom.codec import EXPLICIT, IMPLICIT
from upsdesk.dicom.exchange import Match, Row
from upsdesk.dicom.scu import UpsScu
from upsdesk.dicom.shapes import Shapes
from upsdesk.dicom.stock_link import StockLink
from upsdesk.domain import tags
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.errors import ContextRefused, NoAnswer, Rejected, Unreachable
from upsdesk.domain.keys import AeTitle, PeerId
from upsdesk.domain.peer import LOOPBACK, Peer, Timeouts, UpsClass
from upsdesk.domain.query import WorklistQuery
from upsdesk.domain.workitem import EncodedDataSet

SYNTAXES = {"explicit": EXPLICIT, "implicit": IMPLICIT}
Found = tuple[str, int | None, list[tuple[bytes, str, int]]]


def searched(
    port: int,
    link: type[Link],
    syntax: str = "explicit",
    limit: int | None = None,
    *,
    as_rows: bool = False,
    **times: float,
) -> Found:
    """How the search ended, its status, and the matches; `as_rows`: as they come for a list."""
    given_times = {"connect": 2.0, "acse": 2.0, "dimse": 2.0, "network": 5.0, "release": 1.0} | times
    peer = Peer(
        PeerId("p"),
        AeTitle("RUDE"),
        LOOPBACK,
        port,
        timeouts=Timeouts(**given_times),
        transfer_syntaxes=(syntax,),
    )
    matches: list[Match] = []
    scu = UpsScu(peer, link=link)
    ended, status = "", None

    def on_rows(rows: list[Row], shapes: Shapes) -> None:
        for glimpse, data in rows:
            syntax = shapes.transfer_syntax
            elements = codec.decode(data, syntax)
            if isinstance(glimpse, Elements):
                assert glimpse == elements
            matches.append(Match(elements, EncodedDataSet(data, syntax), 0))

    try:
        query = WorklistQuery(limit=limit)
        answer = scu.find_rows(query, on_rows) if as_rows else scu.find(query, matches.append)
        ended, status = f"{answer.context} {answer.outcome.kind}", answer.status
    except NoAnswer as error:
        ended = f"{type(error).__name__} {error.sent}"
    finally:
        scu.abort()
    for match in matches:
        assert match.elements == codec.decode(match.data.data, match.data.transfer_syntax)
    return ended, status, [(one.data.data, one.data.transfer_syntax, one.status) for one in matches]


def both(script: Callable[[Connection], None], syntax: str = "explicit", **more: Any) -> Found:
    """What both find with this peer, which has to be the same."""
    with RudePeer(script) as peer:
        ours = searched(peer.port, Link, syntax, **more)
        stock = searched(peer.port, StockLink, syntax, **more)
        rows = [searched(peer.port, link, syntax, as_rows=True, **more) for link in (Link, StockLink)]
    assert ours == stock
    for ended, status, found in rows:
        assert (ended, status) == ours[:2]
        assert [one[:2] for one in found] == [one[:2] for one in ours[2]]
    return ours


def answering(make: Callable[[int, int], list[bytes]], *, stay: bool = True) -> Callable[[Connection], None]:
    """A peer that accepts, reads one request, and sends these segments."""

    def script(connection: Connection) -> None:
        connection.accept()
        context, message = connection.read_message()
        if context:
            for segment in make(context, message):
                connection.send(segment)
            if stay:
                connection.wait_until_closed()

    return script


def row(uid: str, status: int = 0xFF00) -> Callable[[int, int], bytes]:
    data = codec.encode(Elements([Element(tags.SOP_INSTANCE_UID, "UI", (uid,))]), EXPLICIT)
    return lambda context, message: rude_peer.response(context, C_FIND_RSP, message, status, data)


def final(context: int, message: int, status: int = 0) -> bytes:
    return rude_peer.response(context, C_FIND_RSP, message, status)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(data_sets.filter(len), min_size=1, max_size=4),
    st.sampled_from(sorted(SYNTAXES)),
    st.lists(st.integers(0, 4000), max_size=6),
    st.integers(1, 3),
)
def test_any_data_sets_cut_anywhere(rows: list[Elements], syntax: str, cuts: list[int], pieces: int) -> None:
    encoded = [codec.encode(one, SYNTAXES[syntax]) for one in rows]

    def make(context: int, message: int) -> list[bytes]:
        stream = b""
        for data in encoded:
            size = max(1, len(data) // pieces)
            parts = [data[at : at + size] for at in range(0, len(data), size)]
            whole = rude_peer.response(context, C_FIND_RSP, message, 0xFF00, b"")
            stream += whole[: len(whole) - 12]  # the command, which announces a data set
            content = b"".join(
                struct.pack(">IBB", len(part) + 2, context, 2 if at == len(parts) - 1 else 0) + part
                for at, part in enumerate(parts)
            )
            stream += rude_peer.pdu(4, content)
        stream += final(context, message)
        places = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
        return [stream[at:end] for at, end in pairwise(places)]

    ended, status, matches = both(answering(make), syntax)
    assert (ended, status) == (f"{UpsClass.PULL} Kind.SUCCESS", 0)
    kept = [data for data, one in zip(encoded, rows, strict=True) if tags.TRANSACTION_UID not in one]
    assert [data for data, _, _ in matches if data in kept] == kept


def test_statuses_and_order() -> None:
    def make(context: int, message: int) -> list[bytes]:
        rows = [row("1.2.1"), row("1.2.2", 0xFF01), row("1.2.3")]
        return [b"".join(one(context, message) for one in rows) + final(context, message, 0xA700)]

    _, status, matches = both(answering(make))
    assert (status, [one[2] for one in matches]) == (0xA700, [0xFF00, 0xFF01, 0xFF00])


@pytest.mark.parametrize(
    ("end", "stay", "ended"),
    [
        (lambda c, m: b"", False, "Aborted True"),
        (lambda c, m: rude_peer.abort(), False, "Aborted True"),
        (lambda c, m: row("1.2.9")(c, m)[:40], True, "TimedOut True"),
        (lambda c, m: row("1.2.9")(c, m)[:40], False, "Aborted True"),
        (lambda c, m: b"", True, "TimedOut True"),
        (lambda c, m: rude_peer.RELEASE_REQUEST, True, "Aborted True"),
        (lambda c, m: b"\x42\x42\x42\x42\x42\x42\x42", True, "UnexpectedResponse True"),
        (lambda c, m: final(c, m + 1), True, "UnexpectedResponse True"),
        (lambda c, m: final(c, m, 0xFF00), True, "UnexpectedResponse True"),
    ],
    ids=["close", "abort", "half", "half-close", "silence", "release", "garbage", "message-id", "empty-row"],
)
def test_ends_in_the_middle(end: Callable[[int, int], bytes], stay: bool, ended: str) -> None:
    def make(context: int, message: int) -> list[bytes]:
        return [row("1.2.1")(context, message) + row("1.2.2")(context, message), end(context, message)]

    found = both(answering(make, stay=stay), dimse=0.4)
    assert found[0] == ended
    assert len(found[2]) == 2


def test_the_final_status_and_an_abort_in_one_segment() -> None:
    def make(context: int, message: int) -> list[bytes]:
        return [row("1.2.1")(context, message) + final(context, message) + rude_peer.abort()]

    _, status, matches = both(answering(make, stay=False))
    assert (status, len(matches)) == (0, 1)


def test_cancel_at_the_limit() -> None:
    def script(connection: Connection) -> None:
        connection.accept()
        context, message = connection.read_message()
        if not context:
            return
        for number in range(3):
            connection.send(row(f"1.2.{number}")(context, message))
        kind, content = connection.read_pdu()
        assert (kind, b"\xff\x0f" in content) == (4, True), "C-CANCEL is expected"
        connection.send(row("1.2.9")(context, message) + final(context, message, 0xFE00))
        connection.wait_until_closed()

    _, status, matches = both(script, limit=2)
    assert (status, len(matches)) == (0xFE00, 2)


@pytest.mark.parametrize("link", [Link, StockLink])
def test_no_association(link: type[Link]) -> None:
    def script(connection: Connection) -> None:
        connection.read_request()
        connection.send(rude_peer.reject(1, 1, 7))
        connection.wait_until_closed()

    with rude_peer.refusing_port() as port:
        assert searched(port, link)[0] == f"{Unreachable.__name__} False"
    with RudePeer(script) as peer:
        assert searched(peer.port, link)[0] == f"{Rejected.__name__} False"
    with PlainScp(classes=[PUSH]) as scp:
        assert searched(scp.port, link)[0] == f"{ContextRefused.__name__} False"


def test_searches_follow_each_other_on_one_association_and_it_is_released() -> None:
    with PlainScp() as scp:
        peer = Peer(PeerId("p"), AeTitle(scp.aet), LOOPBACK, scp.port)
        scu = UpsScu(peer, link=StockLink)
        for _ in range(3):
            assert scu.find(WorklistQuery(), lambda _: None).status == 0
        assert scu.is_open
        scu.release()
        assert not scu.is_open
        assert len(scp.associations) == 1
