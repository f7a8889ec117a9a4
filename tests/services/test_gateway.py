"""The gateway: two lanes, associations reused, one lane where a peer allows no more, a quick end."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import UTC

import pytest
import pytest_asyncio

from tests.services.fake_peer import FakePeer, FakeScu, Fault
from tests.services.values import PEER, key_of, workitem_elements
from tests.support.waiting import until
from upsdesk.dicom.found_rows import FoundRows
from upsdesk.dicom.scu import Match
from upsdesk.domain.errors import Aborted, Interrupted, Rejected, TimedOut, Unreachable
from upsdesk.domain.operation import Operation
from upsdesk.domain.peer import Peer
from upsdesk.domain.query import state_query
from upsdesk.domain.state import ProcedureStepState
from upsdesk.services.connections import Connection, ConnectionState
from upsdesk.services.lanes import Lane
from upsdesk.services.thread_gateway import ThreadGateway

UID = key_of(1).uid
SEARCH = state_query(ProcedureStepState.SCHEDULED)


@pytest.fixture
def fake() -> FakePeer:
    peer = FakePeer()
    for number in range(1, 6):
        peer.add(key_of(number).uid, workitem_elements())
    return peer


@pytest_asyncio.fixture
async def gateway(fake: FakePeer) -> AsyncIterator[ThreadGateway]:
    opened = ThreadGateway(fake.factory)
    yield opened
    await opened.close()


def ignore(matches: Sequence[Match]) -> None:
    pass


async def test_rows_are_handed_over_as_workitems(gateway: ThreadGateway, fake: FakePeer) -> None:
    came: list[FoundRows] = []
    answer = await gateway.find_rows(PEER, SEARCH, UTC, came.append)
    assert answer.outcome.is_done
    found = [one for rows in came for one in rows.workitems]
    assert [one.key.uid for one in found] == list(fake.workitems)
    assert all(one.data is not None and one.state is not None for one in found)

    def broken(rows: FoundRows) -> None:
        raise RuntimeError("a fault of the program")

    with pytest.raises(RuntimeError, match="a fault"):
        await gateway.find_rows(PEER, SEARCH, UTC, broken)
    assert (await gateway.find_rows(PEER, SEARCH, UTC, lambda rows: None)).status == 0


async def test_answers_come_and_the_association_is_reused(gateway: ThreadGateway, fake: FakePeer) -> None:
    for _ in range(3):
        assert (await gateway.get(PEER, UID)).status == 0
    assert fake.opened == 1
    found: list[Match] = []
    answer = await gateway.find(PEER, SEARCH, found.extend)
    assert answer.status == 0 and len(found) == 5
    assert fake.opened == 2  # a lane of its own


async def test_matches_come_in_batches_on_the_loop(gateway: ThreadGateway, fake: FakePeer) -> None:
    for number in range(100, 600):
        fake.add(key_of(number).uid, workitem_elements())
    threads: set[int] = set()
    sizes: list[int] = []

    def take(matches: Sequence[Match]) -> None:
        threads.add(threading.get_ident())
        sizes.append(len(matches))
        fake.search_ended.wait(10)  # while the loop is busy, the rest gathers

    await gateway.find(PEER, SEARCH, take)
    assert threads == {threading.get_ident()}
    assert sum(sizes) == 505
    assert max(sizes) == 200 and len(sizes) <= 5


async def test_a_long_search_does_not_delay_an_act(gateway: ThreadGateway, fake: FakePeer) -> None:
    fake.find_gate = threading.Event()
    search = asyncio.ensure_future(gateway.find(PEER, SEARCH, ignore))
    await until(fake.search_started.is_set)
    assert (await asyncio.wait_for(gateway.get(PEER, UID), 2)).status == 0
    assert not search.done()
    fake.find_gate.set()
    assert (await search).status == 0


async def test_cancelling_a_search_stops_it_and_keeps_the_lane(
    gateway: ThreadGateway, fake: FakePeer
) -> None:
    fake.find_gate = threading.Event()
    came: list[Match] = []
    search = asyncio.ensure_future(gateway.find(PEER, SEARCH, came.extend))
    await until(lambda: came)
    search.cancel()
    with pytest.raises(asyncio.CancelledError):
        await search
    fake.find_gate = None
    assert (await gateway.find(PEER, SEARCH, ignore)).status == 0
    assert fake.opened == 1


async def test_an_idle_association_is_released(fake: FakePeer) -> None:
    gateway = ThreadGateway(fake.factory, idle_release=0.02)
    await gateway.get(PEER, UID)
    await until(lambda: fake.associations == 0)
    await gateway.get(PEER, UID)
    assert fake.opened == 2
    await gateway.close()


async def test_a_dead_association_is_opened_again_once(gateway: ThreadGateway, fake: FakePeer) -> None:
    await gateway.get(PEER, UID)
    fake.fail(Operation.CREATE, Fault.ABORTED_UNSENT)
    assert (await gateway.create(PEER, key_of(9).uid, workitem_elements())).status == 0
    assert fake.opened == 2 and fake.requests(Operation.CREATE) == [Operation.CREATE]
    fake.fail(Operation.CREATE, Fault.ABORTED_UNSENT, Fault.ABORTED_UNSENT)
    with pytest.raises(Aborted):
        await gateway.create(PEER, key_of(10).uid, workitem_elements())


async def test_what_may_have_arrived_is_not_sent_again(gateway: ThreadGateway, fake: FakePeer) -> None:
    await gateway.get(PEER, UID)
    fake.fail(Operation.SET, Fault.LOST_BEFORE)
    with pytest.raises(TimedOut):
        await gateway.set(PEER, UID, workitem_elements())
    assert fake.requests(Operation.SET) == [Operation.SET]
    assert (await gateway.get(PEER, UID)).status == 0
    assert fake.opened == 2  # the doubtful association was not used again


async def test_a_changed_peer_gets_a_new_association(gateway: ThreadGateway, fake: FakePeer) -> None:
    await gateway.get(PEER, UID)
    await gateway.get(replace(PEER, calling_aet=PEER.called_aet), UID)
    assert fake.opened == 2 and fake.associations == 1


async def test_a_fault_of_the_program_reaches_the_caller_and_the_lane_lives(
    gateway: ThreadGateway, fake: FakePeer
) -> None:
    fake.fail(Operation.GET, Fault.CRASH)
    with pytest.raises(RuntimeError, match="fault of the program"):
        await gateway.get(PEER, UID)
    assert (await gateway.get(PEER, UID)).status == 0

    def broken(matches: Sequence[Match]) -> None:
        raise LookupError("a fault in the window")

    with pytest.raises(LookupError):
        await gateway.find(PEER, SEARCH, broken)
    assert (await gateway.find(PEER, SEARCH, ignore)).status == 0


async def test_the_lamp_follows_the_answers(gateway: ThreadGateway, fake: FakePeer) -> None:
    assert gateway.connection(PEER.id).state is ConnectionState.IDLE
    seen: list[Connection] = []
    stop_hearing = gateway.on_connection(lambda peer, connection: seen.append(connection))
    await gateway.get(PEER, UID)
    fake.fail(Operation.GET, Fault.UNREACHABLE)
    with pytest.raises(Unreachable):
        await gateway.get(PEER, UID)
    states = [connection.state for connection in seen]
    working = ConnectionState.WORKING
    assert states == [working, ConnectionState.ANSWERING, working, ConnectionState.FAILED]
    outcome = gateway.connection(PEER.id).outcome
    assert outcome is not None and "cannot be reached" in outcome.meaning
    stop_hearing()
    fake.fail(Operation.GET, 0xC307)
    assert (await gateway.get(PEER, UID)).status == 0xC307
    assert gateway.connection(PEER.id).state is ConnectionState.ANSWERING
    assert len(seen) == 4


async def test_a_request_that_was_given_up_leaves_the_lamp_as_it_was(
    gateway: ThreadGateway, fake: FakePeer
) -> None:
    await gateway.get(PEER, UID)
    fake.fail(Operation.FIND, Fault.SILENCE)
    running = asyncio.ensure_future(gateway.find(PEER, SEARCH, ignore))
    await until(fake.search_started.is_set)
    queued = asyncio.ensure_future(gateway.find(PEER, SEARCH, ignore))
    for search in (queued, running):
        await asyncio.sleep(0)
        search.cancel()
    await asyncio.wait({running, queued})
    assert gateway.connection(PEER.id).state is ConnectionState.WORKING  # it is not over at the peer
    worker = next(iter(gateway._lanes.values())).queries
    worker.abort()
    await until(lambda: gateway.connection(PEER.id).state is ConnectionState.ANSWERING)


class TestOneAssociationOnly:
    @pytest.fixture
    def fake(self) -> FakePeer:
        peer = FakePeer(max_associations=1)
        for number in range(1, 6):
            peer.add(key_of(number).uid, workitem_elements())
        return peer

    async def test_a_search_after_an_act(self, gateway: ThreadGateway, fake: FakePeer) -> None:
        assert (await gateway.get(PEER, UID)).status == 0
        assert (await gateway.find(PEER, SEARCH, ignore)).status == 0
        assert (await gateway.get(PEER, UID)).status == 0
        assert fake.opened == 1

    async def test_an_act_after_a_search(self, gateway: ThreadGateway, fake: FakePeer) -> None:
        assert (await gateway.find(PEER, SEARCH, ignore)).status == 0
        assert (await gateway.get(PEER, UID)).status == 0
        assert (await gateway.find(PEER, SEARCH, ignore)).status == 0
        assert fake.opened == 2 and fake.associations == 1

    async def test_an_act_makes_the_search_wait(self, gateway: ThreadGateway, fake: FakePeer) -> None:
        fake.find_gate = threading.Event()
        came: list[Match] = []
        search = asyncio.ensure_future(gateway.find(PEER, SEARCH, came.extend))
        await until(fake.search_started.is_set)
        assert (await asyncio.wait_for(gateway.get(PEER, UID), 3)).status == 0
        assert not search.done()
        fake.find_gate.set()
        assert (await asyncio.wait_for(search, 3)).status == 0
        assert {match.elements.text(0x00080018) for match in came} == {key_of(n).uid for n in range(1, 6)}
        # From now on the peer is known to allow one: the act goes before the search without being refused.
        fake.find_gate = threading.Event()
        fake.search_started.clear()
        search = asyncio.ensure_future(gateway.find(PEER, SEARCH, ignore))
        await until(fake.search_started.is_set)
        assert (await asyncio.wait_for(gateway.get(PEER, UID), 3)).status == 0
        fake.find_gate.set()
        assert (await asyncio.wait_for(search, 3)).status == 0

    async def test_a_search_that_does_not_end_is_aborted_for_an_act(
        self, gateway: ThreadGateway, fake: FakePeer
    ) -> None:
        fake.find_gate, _ = threading.Event(), fake.hurry.set()  # C-CANCEL is ignored
        search = asyncio.ensure_future(gateway.find(PEER, SEARCH, ignore))
        await until(fake.search_started.is_set)
        began = time.monotonic()
        assert (await asyncio.wait_for(gateway.get(PEER, UID), 5)).status == 0
        assert 0.9 < time.monotonic() - began < 3
        fake.find_gate.set()
        assert (await asyncio.wait_for(search, 5)).status == 0

    async def test_a_refusal_of_the_title_is_told(self, fake: FakePeer) -> None:
        class Refusing(FakeScu):
            def echo(self):  # type: ignore[no-untyped-def]
                raise Rejected(1, 1, 7, "called AE title not recognized")

        gateway = ThreadGateway(lambda peer: Refusing(fake))
        with pytest.raises(Rejected):
            await gateway.echo(PEER)
        await gateway.close()


async def test_closing_ends_everything_that_waits(fake: FakePeer) -> None:
    gateway = ThreadGateway(fake.factory)
    fake.fail(Operation.GET, Fault.SILENCE)
    silent = asyncio.ensure_future(gateway.get(PEER, UID))
    queued = asyncio.ensure_future(gateway.set(PEER, UID, workitem_elements()))
    await until(lambda: fake.requests(Operation.GET))
    began = time.monotonic()
    await gateway.close()
    assert time.monotonic() - began < 2
    for task in (silent, queued):
        with pytest.raises(Interrupted):
            await task
    with pytest.raises(Interrupted):
        await gateway.get(PEER, UID)
    assert fake.requests(Operation.SET) == []


class Stuck(FakeScu):
    """An association that not even an abort gets out of its wait."""

    freed = threading.Event()

    def get(self, uid, wanted):  # type: ignore[no-untyped-def]
        self._peer.log.append((Operation.GET, uid))
        self.freed.wait(30)
        raise Interrupted

    def abort(self) -> None:
        self.freed.wait(30)


async def test_closing_leaves_a_stuck_thread_behind(fake: FakePeer) -> None:
    gateway = ThreadGateway(lambda peer: Stuck(fake))
    task = asyncio.ensure_future(gateway.get(PEER, UID))
    await until(lambda: fake.requests(Operation.GET))
    began = time.monotonic()
    await gateway.close()
    assert time.monotonic() - began < 2
    with pytest.raises(Interrupted) as caught:
        await task
    assert caught.value.sent
    Stuck.freed.set()


async def test_the_steps_of_a_test_come_one_by_one(fake: FakePeer) -> None:
    go_on = threading.Event()

    def steps(peer: Peer) -> Iterator[str]:
        yield "name"
        go_on.wait(5)
        yield "TCP"

    gateway = ThreadGateway(fake.factory, probe=steps)  # type: ignore[arg-type]
    seen = []
    async for step in gateway.probe(PEER):
        seen.append(step)
        go_on.set()
    assert seen == ["name", "TCP"]

    def failing(peer: Peer) -> Iterator[str]:
        yield "name"
        raise RuntimeError("a fault of the program")

    gateway._probe = failing  # type: ignore[assignment]
    with pytest.raises(RuntimeError):
        async for _ in gateway.probe(PEER):
            pass
    await gateway.close()


async def test_reading_many_takes_the_other_lane(gateway: ThreadGateway, fake: FakePeer) -> None:
    fake.fail(Operation.GET, Fault.SILENCE)
    silent = asyncio.ensure_future(gateway.get(PEER, UID, lane=Lane.QUERIES))
    await until(lambda: fake.requests(Operation.GET))
    assert (await asyncio.wait_for(gateway.get(PEER, UID), 2)).status == 0
    assert not silent.done()
    silent.cancel()
