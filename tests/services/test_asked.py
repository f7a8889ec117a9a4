"""What a server is asked for, over real associations: narrowed, limited, ignored, stopped, of any date."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.plain_scp import PlainScp
from tests.support.plain_scu import performed
from tests.support.running_scp import AET, Bench, bench
from tests.support.waiting import until
from tests.support.worklist_scp import WorklistScp
from upsdesk.bootstrap.core import new_uid
from upsdesk.domain import tags
from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.peer import Peer, Timeouts
from upsdesk.domain.query import DAY, STATE_PATH, MatchingKey, SearchPlan
from upsdesk.domain.state import ProcedureStepState
from upsdesk.services.changes import ChangeSet
from upsdesk.services.desk import Desk, open_desk
from upsdesk.services.flags import AsideKind
from upsdesk.services.search_state import SearchState

S = ProcedureStepState
NAME = (tags.PATIENT_NAME,)
NOVAK = SearchPlan(keys=(MatchingKey(NAME, "novak*"),))


@pytest.fixture(scope="module")
def strict() -> Iterator[Bench]:
    """The embedded server, which obeys every key."""
    with bench() as made:
        yield made


@pytest.fixture
def plain() -> Iterator[WorklistScp]:
    """One that obeys Procedure Step State alone."""
    with WorklistScp() as made:
        yield made


@asynccontextmanager
async def desk_at(folder: Path, port: int, aet: str = "PLAIN") -> AsyncIterator[tuple[Desk, Peer]]:
    timeouts = Timeouts(connect=5, acse=5, dimse=5, network=10, release=1)
    peer = Peer(PeerId("s-1"), AeTitle(aet), "127.0.0.1", port, timeouts=timeouts)
    desk = open_desk(folder / "desk", make_uid=new_uid)
    desk.settings.profiles.save(peer)
    try:
        yield desk, peer
    finally:
        await desk.close()


def known(desk: Desk) -> tuple[WorkitemKey, ...]:
    return desk.store.keys(PeerId("s-1"))


def listed(desk: Desk) -> set[str]:
    """The UIDs of the rows of the table."""
    store = desk.store
    return {str(key.uid) for key in known(desk) if (aside := store.aside(key)) is None or aside.is_listed}


def key(uid: str) -> WorkitemKey:
    return WorkitemKey(PeerId("s-1"), SopInstanceUid(uid))


def kind(desk: Desk, uid: str) -> AsideKind | None:
    aside = desk.store.aside(key(uid))
    return aside.kind if aside is not None else None


async def test_a_narrowed_search_lists_what_fits_and_forgets_nothing(strict: Bench, tmp_path: Path) -> None:
    jana, jan = (strict.created(PatientName=name) for name in ("Novák^Jana", "Novak^Jan"))
    other = strict.created(PatientName="Okafor^Chidi", PatientID="OK-1")
    async with desk_at(tmp_path, strict.port, AET) as (desk, peer):
        await desk.worklist.search(peer)
        loaded = listed(desk)
        assert {jana, jan, other} <= loaded
        state = await desk.worklist.ask(peer, NOVAK)
        assert (state.rows, state.ignored, state.incomplete) == (2, 0, False)
        for _ in range(2):  # the reconciles ask for the same, and what lies outside is not gone for that
            assert listed(desk) == {jana, jan}
            assert {str(one.uid) for one in known(desk)} == loaded
            assert kind(desk, other) is AsideKind.OUTSIDE
            await desk.worklist.search(peer)
        # A report about a new workitem that lies outside is followed, and is no row.
        late = strict.created(PatientName="Rossi^Matteo")
        await desk.worklist.read_unknown([key(late)])
        assert kind(desk, late) is AsideKind.OUTSIDE
        await desk.worklist.ask(peer, DAY)
        assert listed(desk) == loaded | {late}


async def test_what_leaves_the_keys_is_put_aside_and_what_is_gone_is_removed(
    plain: WorklistScp, tmp_path: Path
) -> None:
    for uid in ("1.2.1", "1.2.2", "1.2.3"):
        plain.add(uid)
    plain.add("1.2.4", ProcedureStepState="IN PROGRESS")
    async with desk_at(tmp_path, plain.port) as (desk, peer):
        await desk.worklist.search(peer)
        await desk.worklist.ask(peer, SearchPlan(frozenset({S.SCHEDULED})))
        assert listed(desk) == {"1.2.1", "1.2.2", "1.2.3"}
        plain.change("1.2.1", ProcedureStepState="IN PROGRESS")
        del plain.items["1.2.2"], plain.items["1.2.4"]
        reads = plain.count("N-GET")
        await desk.worklist.search(peer)
        assert listed(desk) == {"1.2.3"}
        assert kind(desk, "1.2.1") is AsideKind.OUTSIDE and desk.store.get(key("1.2.2")) is None
        # What lay outside before is not asked about: nobody can tell from this search that it is gone.
        assert plain.count("N-GET") == reads + 2 and desk.store.get(key("1.2.4")) is not None
        await desk.worklist.ask(peer, DAY)
        assert listed(desk) == {"1.2.1", "1.2.3"} and desk.store.get(key("1.2.4")) is None


async def test_several_states_are_one_query_each_with_a_valued_key(
    plain: WorklistScp, tmp_path: Path
) -> None:
    plain.add("1.2.1")
    plain.add("1.2.2", ProcedureStepState="COMPLETED", ScheduledProcedureStepStartDateTime="20200101")
    async with desk_at(tmp_path, plain.port) as (desk, peer):
        await desk.worklist.ask(peer, SearchPlan(frozenset({S.COMPLETED, S.SCHEDULED})))
        assert listed(desk) == {"1.2.1", "1.2.2"}
        await desk.worklist.ask(peer, SearchPlan(keys=(MatchingKey((tags.PATIENT_ID,), ""),)))
        sent = [one.data.ProcedureStepState for one in plain.received if one.data and one.service == "C-FIND"]
        assert sent == ["SCHEDULED", "COMPLETED", *(state.value for state in S)]


async def test_rows_that_ignored_a_key_are_hidden_counted_and_can_be_shown(
    plain: WorklistScp, tmp_path: Path
) -> None:
    plain.add("1.2.1")
    for uid in ("1.2.2", "1.2.3"):
        plain.add(uid, PatientName="Okafor^Chidi")
    async with desk_at(tmp_path, plain.port) as (desk, peer):
        state = await desk.worklist.ask(peer, NOVAK)
        assert listed(desk) == {"1.2.1"}
        assert (state.rows, state.ignored, state.ignored_keys) == (1, 2, (NAME,))
        desk.worklist.show_ignored(peer.id, True)
        assert listed(desk) == {"1.2.1", "1.2.2", "1.2.3"}
        assert kind(desk, "1.2.2") is AsideKind.MISFIT and kind(desk, "1.2.1") is None
        plain.change("1.2.3", PatientName="Novak^Eva")
        state = await desk.worklist.search(peer)
        assert state.shows_ignored and kind(desk, "1.2.3") is None and kind(desk, "1.2.2") is AsideKind.MISFIT
        desk.worklist.show_ignored(peer.id, False)
        assert listed(desk) == {"1.2.1", "1.2.3"} and desk.store.get(key("1.2.2")) is None


async def test_a_limit_ends_the_search_and_says_nothing_about_the_rest(
    plain: WorklistScp, tmp_path: Path
) -> None:
    for number in range(4):
        plain.add(f"1.2.{number}")
    async with desk_at(tmp_path, plain.port) as (desk, peer):
        await desk.worklist.ask(peer, SearchPlan(frozenset({S.SCHEDULED, S.COMPLETED})))
        assert len(listed(desk)) == 4
        plain.slowly = threading.Event()  # more never comes; only C-CANCEL ends it
        state = await desk.worklist.ask(peer, SearchPlan(frozenset({S.SCHEDULED, S.COMPLETED}), limit=1))
        assert (state.rows, state.limited, state.incomplete, state.outcome) == (1, 1, True, None)
        assert plain.cancelled_searches == 1 and state.answered_at is not None
        assert len(listed(desk)) == 1 and len(known(desk)) == 4 and plain.count("N-GET") == 0
        del plain.items["1.2.3"]
        await desk.worklist.search(peer)
        assert desk.store.get(key("1.2.3")) is not None  # it may just lie past the limit
        plain.slowly = None
        plain.add("1.2.9")
        evidence = desk.worklist.evidence(peer.id)
        evidence.is_listening, evidence.subscribed_at = True, evidence.watched_since
        assert not desk.worklist.is_settled(peer.id)
        await desk.worklist.ask(peer, DAY)
        # What a wider question brings has not been missed; only the next search can tell that.
        assert desk.worklist.is_settled(peer.id) and not desk.worklist.missed.is_waiting


async def test_stop_ends_what_never_ends_and_keeps_what_came(plain: WorklistScp, tmp_path: Path) -> None:
    for number in range(3):
        plain.add(f"1.2.{number}")
    async with desk_at(tmp_path, plain.port) as (desk, peer):
        await desk.worklist.search(peer)
        plain.slowly = threading.Event()
        asking = asyncio.ensure_future(desk.worklist.ask(peer, NOVAK))
        await until(lambda: listed(desk) == {"1.2.0"})
        desk.worklist.stop(peer.id)
        state = await asking
        assert state.incomplete and state.outcome is None and not state.running
        assert listed(desk) == {"1.2.0"} and len(known(desk)) == 3
        # Another question does not wait for the one that runs.
        waiting = asyncio.ensure_future(desk.worklist.search(peer))
        await until(lambda: desk.worklist.state(peer.id).running)
        plain.slowly = None
        state = await desk.worklist.ask(peer, DAY)
        await waiting
        assert not state.incomplete and len(listed(desk)) == 3


async def test_what_breaks_off_keeps_the_rows_that_came_and_those_outside(tmp_path: Path) -> None:
    with WorklistScp() as source:
        for number in range(3):
            source.add(f"1.2.{number}")
        items = list(source.items.values())

    def find(event: Any) -> Iterator[Any]:
        if "PatientName" in event.identifier and event.identifier.PatientName:
            yield 0xFF00, items[0]
            event.assoc.abort()
            return
        state = event.identifier.ProcedureStepState
        yield from ((0xFF00, ds) for ds in items if ds.ProcedureStepState == state)

    with PlainScp(answers={"C-FIND": find}) as scp:
        async with desk_at(tmp_path, scp.port) as (desk, peer):
            await desk.worklist.search(peer)
            state = await desk.worklist.ask(peer, NOVAK)
            assert state.incomplete and state.outcome is not None and state.outcome.next_step
            assert listed(desk) == {"1.2.0"} and len(known(desk)) == 3


class TestWide:
    def finished(self, strict: Bench, **values: str) -> str:
        """A workitem of another day that has ended: none of the day's list."""
        ended = (datetime.now().astimezone() - timedelta(days=40)).strftime("%Y%m%d%H%M%S%z")
        uid = strict.created(ScheduledProcedureStepStartDateTime=ended, **values)
        assert strict.scu.change_state(uid, "IN PROGRESS", "1.9.9") == 0x0000
        assert strict.scu.set(uid, performed(), "1.9.9") == 0x0000
        assert strict.scu.change_state(uid, "COMPLETED", "1.9.9") == 0x0000
        return uid

    async def test_found_by_any_of_four_and_marked_until_the_next_search(
        self, strict: Bench, tmp_path: Path
    ) -> None:
        by_id = self.finished(strict, PatientID="47110815")
        by_admission = self.finished(strict, AdmissionID="47110815", PatientID="W-2")
        by_name = self.finished(strict, PatientName="Wide^Walter", PatientID="W-3")
        open_one = strict.created(PatientID="47110815")
        async with desk_at(tmp_path, strict.port, AET) as (desk, peer):
            before = await desk.worklist.search(peer)
            day = listed(desk)
            assert open_one in day and not {by_id, by_admission, by_name} & day
            state = await desk.worklist.search_wide(peer, " 47110815\r")
            assert state.wide is not None and (state.wide.found, state.wide.is_answered) == (3, True)
            assert listed(desk) == day | {by_id, by_admission}
            assert kind(desk, by_id) is AsideKind.WIDER and kind(desk, open_one) is None
            assert state.answered_at == before.answered_at  # it says nothing about the list
            await desk.worklist.search(peer)  # a reconcile by itself lets them stay
            assert {by_id, by_admission} <= listed(desk)
            await desk.worklist.search_wide(peer, "walter, wide")
            assert listed(desk) == day  # another text; family and given name in the wrong order
            await desk.worklist.search_wide(peer, "Wide, W")
            assert listed(desk) == day | {by_name}
            changes: list[ChangeSet] = []
            desk.store.subscribe(changes.append)
            state = await desk.worklist.search_plainly(peer)
            assert listed(desk) == day and state.wide is None
            removed = {gone for one in changes for gone in one.removed}
            assert removed == {key(by_name)} == {gone for one in changes for gone in one.beside}

    async def test_a_refused_part_does_not_end_the_others(self, plain: WorklistScp, tmp_path: Path) -> None:
        plain.add("1.2.1", PatientID="4711", ProcedureStepState="COMPLETED",
                  ScheduledProcedureStepStartDateTime="20200101")  # fmt: skip
        plain.add("1.2.2", PatientID="OTHER")
        async with desk_at(tmp_path, plain.port) as (desk, peer):
            plain.refuse["C-FIND"] = 0xA900
            state = await desk.worklist.search_wide(peer, "4711")
            assert state.wide is not None and state.wide.found == 1 and not state.wide.running
            assert state.wide.outcome is not None and state.wide.outcome.code == 0xA900
            assert listed(desk) == {"1.2.1"}  # the other one was sent too, and is not what was asked for

    async def test_no_answer_at_all_is_said(self, tmp_path: Path) -> None:
        async with desk_at(tmp_path, 1) as (desk, peer):
            state: SearchState = await desk.worklist.search_wide(peer, "4711")
            assert state.wide is not None and state.wide.outcome is not None and not state.running
            assert not state.wide.is_answered
            assert "cannot be reached" in state.wide.outcome.meaning and state.wide.found == 0


async def test_the_plan_goes_with_its_server(plain: WorklistScp, tmp_path: Path) -> None:
    plain.add("1.2.1", PatientName="Okafor^Chidi")
    async with desk_at(tmp_path, plain.port) as (desk, peer):
        await desk.worklist.ask(peer, SearchPlan(keys=(MatchingKey(STATE_PATH, "SCHEDULED"), *NOVAK.keys)))
        desk.worklist.forget(peer.id)
        assert desk.worklist.plan(peer.id) == DAY


async def test_a_key_that_cannot_be_sent_is_said_and_ends_nothing(plain: WorklistScp, tmp_path: Path) -> None:
    plain.add("1.2.1")
    async with desk_at(tmp_path, plain.port) as (desk, peer):
        for value in ("1.5", "70000"):
            state = await desk.worklist.ask(peer, SearchPlan(keys=(MatchingKey((0x00280010,), value),)))
            assert state.incomplete and state.outcome is not None
            assert "cannot be asked" in state.outcome.meaning and state.outcome.next_step
        assert not (await desk.worklist.ask(peer, DAY)).incomplete and listed(desk) == {"1.2.1"}
