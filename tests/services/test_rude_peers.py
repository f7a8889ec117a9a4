"""Peers that misbehave, through every layer below the window: a sentence each time, and a quick end."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import rude_peer
from tests.support.rude_peer import Connection, RudePeer, full_backlog
from tests.support.waiting import until
from upsdesk.bootstrap.core import new_uid
from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.peer import Peer, Timeouts
from upsdesk.services.commands import Claim, ResultKind
from upsdesk.services.desk import Desk, open_desk
from upsdesk.services.session import Conductor

LONG = Timeouts(connect=20, acse=20, dimse=20, network=20)
SHORT = Timeouts(connect=0.5, acse=0.5, dimse=0.5, network=2)


def accept_then_silence(connection: Connection) -> None:
    connection.accept()
    connection.wait_until_closed()


def half_an_answer(connection: Connection) -> None:
    connection.accept()
    connection.read_message()
    connection.send(b"\x04\x00\x00\x00\x10\x00half")
    connection.wait_until_closed()


def reject(connection: Connection) -> None:
    connection.read_request()
    connection.send(rude_peer.reject(1, 1, 7))
    connection.wait_until_closed()


def abort_in_the_middle(connection: Connection) -> None:
    connection.accept()
    connection.read_message()
    connection.send(rude_peer.abort())


def nonsense(connection: Connection) -> None:
    connection.read_request()
    connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    connection.wait_until_closed()


def peer_on(port: int, timeouts: Timeouts) -> Peer:
    return Peer(PeerId("s-1"), AeTitle("RUDE"), "127.0.0.1", port, timeouts=timeouts)


def desk_with(folder: Path, peer: Peer) -> Desk:
    desk = open_desk(folder / "desk", make_uid=new_uid)
    desk.settings.profiles.save(peer)
    return desk


@pytest.mark.parametrize("script", [Connection.wait_until_closed, accept_then_silence, half_an_answer])
async def test_closing_takes_under_2_s_while_a_peer_stays_silent(
    tmp_path: Path, script: Callable[[Connection], None]
) -> None:
    with RudePeer(script) as rude:
        peer = peer_on(rude.port, LONG)
        desk = desk_with(tmp_path, peer)
        conductor = Conductor(desk)
        await conductor.choose(peer)
        claim = asyncio.ensure_future(Claim(WorkitemKey(peer.id, SopInstanceUid("1.2.3"))).run(desk))
        await until(lambda: len(rude.connections) == 2)
        began = time.monotonic()
        await conductor.close()
        assert time.monotonic() - began < 2
        assert (await claim).kind is ResultKind.NOT_SENT


async def test_closing_while_the_connection_is_not_even_accepted(tmp_path: Path) -> None:
    with full_backlog() as port:
        desk = desk_with(tmp_path, peer_on(port, LONG))
        conductor = Conductor(desk)
        await conductor.choose(peer_on(port, LONG))
        await until(lambda: desk.worklist.state(PeerId("s-1")).running)
        began = time.monotonic()
        await conductor.close()
        assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (reject, "refused the association"),
        (abort_in_the_middle, "broke the association off"),
        (accept_then_silence, "did not answer in time"),
        (half_an_answer, "did not answer in time"),
        (nonsense, "not valid|refused|broke the association off|cannot be reached|did not answer"),
    ],
)
async def test_each_failure_has_its_sentence_and_next_step(
    tmp_path: Path, script: Callable[[Connection], None], words: str
) -> None:
    with RudePeer(script) as rude:
        peer = peer_on(rude.port, SHORT)
        desk = desk_with(tmp_path, peer)
        state = await desk.worklist.search(peer)
        assert state.incomplete and state.outcome is not None and state.outcome.next_step
        assert any(part in state.outcome.meaning for part in words.split("|"))
        result = await Claim(WorkitemKey(peer.id, SopInstanceUid("1.2.3"))).run(desk)
        assert result.kind is ResultKind.NOT_SENT and "Nothing was sent" in result.outcome.next_step
        assert desk.desk_file.entries() == () and desk.desk_file.acts() == ()
        await desk.close()
