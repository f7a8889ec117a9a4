"""Answers that are no good, through every layer below the window: told in words, and nothing else suffers."""

import asyncio
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from tests.services.test_rude_peers import SHORT, desk_with, peer_on
from tests.services.values import workitem_elements
from tests.support.rude_peer import C_FIND_RSP, N_GET_RSP, Connection, RudePeer, response
from tests.support.waiting import until
from upsdesk.dicom.codec import IMPLICIT, encode
from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.keys import PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.state import ProcedureStepState
from upsdesk.services.activity import ActivityKind
from upsdesk.services.session import Conductor

C_FIND, N_GET = 0x0020, 0x0110
S = ProcedureStepState
Answer = Callable[[int, int], bytes]
"""(context ID, message ID) -> PDUs."""


def row(uid: str | None, state: S = S.SCHEDULED) -> bytes:
    elements = workitem_elements(state)
    if uid is not None:
        elements = elements.with_elements(element(tags.SOP_INSTANCE_UID, uid))
    return encode(elements, IMPLICIT)


def answering(find: Answer, get: Answer) -> Callable[[Connection], None]:
    """Answers every search with `find`, and every N-GET with `get`."""

    def script(connection: Connection) -> None:
        connection.accept(choose=lambda syntaxes: [IMPLICIT.encode()])
        while (asked := connection.read_message()) != (0, 0):
            answer = {C_FIND: find, N_GET: get}.get(connection.field)
            if answer is None:
                return
            connection.send(answer(*asked))

    return script


def rows(*data_sets: bytes, status: int = 0, comment: bytes = b"") -> Answer:
    def answer(context: int, message: int) -> bytes:
        pending = [response(context, C_FIND_RSP, message, 0xFF00, data) for data in data_sets]
        return b"".join([*pending, response(context, C_FIND_RSP, message, status, comment=comment)])

    return answer


def key(uid: str) -> WorkitemKey:
    return WorkitemKey(PeerId("s-1"), SopInstanceUid(uid))


async def test_one_workitem_that_cannot_be_read_does_not_keep_the_others_from_being_checked(
    tmp_path: Path,
) -> None:
    found = [row("1.2.3.1"), row("1.2.3.2"), row("1.2.3.3")]
    answers = iter([row("9.9.9"), b"\xff" * 9])

    def get(context: int, message: int) -> bytes:
        data = next(answers, None)
        status = 0xC307 if data is None else 0x0000  # the third does not exist any more
        return response(context, N_GET_RSP, message, status, data)

    def find(context: int, message: int) -> bytes:
        return rows(*found)(context, message)

    with RudePeer(answering(find, get)) as rude:
        peer = peer_on(rude.port, SHORT)
        desk = desk_with(tmp_path, peer)
        await desk.worklist.search(peer)
        assert len(desk.store.keys()) == 3
        found.clear()
        state = await desk.worklist.search(peer)
        assert state.incomplete and state.outcome is not None and "not valid" in state.outcome.meaning
        assert state.outcome.next_step == "Nothing was changed. Try again."
        assert set(desk.store.keys()) == {key("1.2.3.1"), key("1.2.3.2")}
        await desk.close()


async def test_rows_that_name_no_workitem_are_left_out_and_told_once(tmp_path: Path) -> None:
    nameless = [row(None), row(""), row("1.2\\1.3")]
    no_ascii = row("1.2.3.444").replace(b"1.2.3.444", b"1.2.3.4\xe94")
    with RudePeer(answering(rows(row("1.2.3.1"), *nameless, no_ascii), rows())) as rude:
        peer = peer_on(rude.port, SHORT)
        desk = desk_with(tmp_path, peer)
        for _ in range(2):
            state = await desk.worklist.search(peer)
            assert not state.incomplete and list(desk.store.keys()) == [key("1.2.3.1")]
        (told,) = (one.detail for one in desk.activity.entries if one.kind is ActivityKind.NOTE)
        assert "name no workitem" in told and "SOP Instance UID" in told
        await desk.close()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def test_closing_stops_a_search_first_whose_matches_never_end(tmp_path: Path) -> None:
    def endless(connection: Connection) -> None:
        connection.accept(choose=lambda syntaxes: [IMPLICIT.encode()])
        context, message = connection.read_message()
        if connection.field != C_FIND:
            connection.wait_until_closed()
        for number in count():
            sent = [
                response(context, C_FIND_RSP, message, 0xFF00, row(f"1.2.{number}.{one}"))
                for one in range(50)
            ]
            connection.raw.sendall(b"".join(sent))

    with RudePeer(endless) as rude:
        peer = replace(peer_on(rude.port, SHORT), listen_port=free_port())  # its listener takes time to end
        desk = desk_with(tmp_path, peer)
        conductor = Conductor(desk)
        await conductor.choose(peer)
        await until(lambda: len(desk.store.keys()) > 100)
        came: list[WorkitemKey] = []
        desk.store.subscribe(lambda changes: came.extend(changes.inserted))
        closing = asyncio.ensure_future(conductor.close())
        await asyncio.sleep(0)
        came.clear()
        began = time.monotonic()
        await closing
        assert time.monotonic() - began < 2
        assert len(came) < 60


@pytest.mark.parametrize("status", [0xA700, 0xC123, 0x0122])
async def test_what_the_server_says_of_its_failure_is_told_and_cannot_steer_the_screen(
    tmp_path: Path, status: int
) -> None:
    answer = rows(row("1.2.3.1"), status=status, comment=b"index\x1b[31m\r\nis broken. ")
    with RudePeer(answering(answer, rows())) as rude:
        peer = peer_on(rude.port, SHORT)
        desk = desk_with(tmp_path, peer)
        state = await desk.worklist.search(peer)
        assert state.outcome is not None and state.outcome.code == status
        said, _, after = state.outcome.next_step.partition("index\N{REPLACEMENT CHARACTER}[31m is broken. ")
        assert said == "The server says: " and after
        await desk.close()
