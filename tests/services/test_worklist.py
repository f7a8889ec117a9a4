"""The worklist: merged searches, rows that do not fit, rows that went away, and honest freshness."""

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.services.conftest import Clock
from tests.services.fake_peer import FakePeer, Fault
from tests.services.values import NOW, PEER, key_of, vault_entry, workitem_elements
from tests.support.waiting import until
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.events import StateReported
from upsdesk.domain.keys import SopInstanceUid, WorkitemKey
from upsdesk.domain.operation import Operation
from upsdesk.domain.query import WORKLIST_RETURN_KEYS
from upsdesk.domain.state import ProcedureStepState
from upsdesk.services.activity import ActivityKind
from upsdesk.services.changes import ChangeSet
from upsdesk.services.desk import Desk
from upsdesk.services.freshness import Evidence, FreshnessKind, freshness_of
from upsdesk.services.progress import ProgressReader
from upsdesk.services.worklist import SearchState

S = ProcedureStepState
MINUTE = timedelta(seconds=60)


@pytest.fixture(autouse=True)
def _some_workitems(fake: FakePeer) -> None:
    states = [S.SCHEDULED, S.SCHEDULED, S.IN_PROGRESS, S.COMPLETED, S.CANCELED]
    for number, state in enumerate(states, 1):
        fake.add(key_of(number).uid, workitem_elements(state))
    fake.add(key_of(6).uid, workitem_elements(S.COMPLETED, start="20260301100000+0000"))
    fake.add(key_of(7).uid, workitem_elements(S.SCHEDULED, start="20260301100000+0000"))


async def test_the_four_searches_are_merged(desk: Desk, fake: FakePeer, clock: Clock) -> None:
    states: list[SearchState] = []
    desk.worklist.on_state(lambda peer, state: states.append(state))
    state = await desk.worklist.search(PEER)
    assert set(desk.store.keys(PEER.id)) == {key_of(number) for number in (1, 2, 3, 4, 5, 7)}
    assert fake.requests(Operation.FIND) == [Operation.FIND] * 4
    assert state == SearchState(False, 6, 0, False, None, NOW, NOW)
    assert states[0].running and states[-1] == state


async def test_rows_that_do_not_fit_the_keys_are_counted_and_not_shown(desk: Desk, fake: FakePeer) -> None:
    fake.ignores_keys = True
    state = await desk.worklist.search(PEER)
    assert desk.store.get(key_of(6)) is None and state.rows == 6
    assert (state.ignored, state.ignored_keys) == (1, ((tags.PROCEDURE_STEP_STATE,),))


async def test_known_rows_that_all_say_something_else_are_taken_in_little_by_little(
    desk: Desk, fake: FakePeer
) -> None:
    known = range(100, 450)
    for number in known:
        fake.add(key_of(number).uid, workitem_elements(S.SCHEDULED))
    await desk.worklist.search(PEER)
    for number in known:
        fake.change(key_of(number).uid, element(tags.PROCEDURE_STEP_LABEL, f"New {number}"))
    changes: list[ChangeSet] = []
    desk.store.subscribe(changes.append)
    state = await desk.worklist.search(PEER)
    assert not state.incomplete and gets(fake) == []
    assert max(len(one.updated) for one in changes) <= 100
    assert {key for one in changes for key in one.updated} == {key_of(number) for number in known}
    assert all(desk.store.get(key_of(number)).label == f"New {number}" for number in known)
    revision = desk.store.revision
    await desk.worklist.search(PEER)
    assert desk.store.revision == revision  # the same bytes once more say nothing new


def gets(fake: FakePeer) -> list[SopInstanceUid | None]:
    """What was read one by one, in order."""
    return [uid for operation, uid in fake.log if operation is Operation.GET]


async def test_progress_is_read_for_what_is_in_progress_and_in_sight(desk: Desk, fake: FakePeer) -> None:
    percent = element(tags.PROCEDURE_STEP_PROGRESS, "30")
    fake.change(key_of(3).uid, sequence(tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE, [percent]))
    fake.add(key_of(8).uid, workitem_elements(S.IN_PROGRESS))
    progress = lambda number: desk.store.get(key_of(number)).progress.percent  # noqa: E731
    await desk.worklist.search(PEER)
    assert gets(fake) == []  # nothing is in sight yet
    desk.worklist.progress.show([key_of(1), key_of(3)])
    await until(lambda: progress(3) == 30)
    desk.worklist.progress.show([key_of(3), key_of(8)])
    await until(lambda: len(gets(fake)) == 2)
    assert gets(fake) == [key_of(3).uid, key_of(8).uid]
    assert progress(8) is None  # nobody has reported any: that is not 0 %
    await desk.worklist.search(PEER)
    await until(lambda: len(gets(fake)) == 4)
    assert gets(fake)[2:] == [key_of(3).uid, key_of(8).uid]


async def test_progress_is_read_one_by_one_and_not_of_what_has_left_the_sight(
    desk: Desk, fake: FakePeer
) -> None:
    for number in range(10, 40):
        fake.add(key_of(number).uid, workitem_elements(S.IN_PROGRESS))
    await desk.worklist.search(PEER)
    arrived, may_go_on = threading.Event(), threading.Event()

    def hold() -> None:
        arrived.set()
        may_go_on.wait(5)

    fake.before[Operation.GET] = hold
    desk.worklist.progress.show([key_of(number) for number in range(10, 30)])
    await until(arrived.is_set)
    for first in (12, 20, 35):  # scrolling by
        desk.worklist.progress.show([key_of(number) for number in range(first, 40)])
    may_go_on.set()
    await until(lambda: len(gets(fake)) == 6)
    assert gets(fake) == [key_of(number).uid for number in (10, 35, 36, 37, 38, 39)]


async def test_what_comes_into_sight_as_the_last_answer_comes_is_read() -> None:
    asked: list[WorkitemKey] = []

    async def read(key: WorkitemKey) -> None:
        asked.append(key)
        # Heard after the reader has looked for more and found nothing, and before it has ended.
        asyncio.get_running_loop().call_soon(reader.show, [key_of(2)])

    reader = ProgressReader(read, lambda key: True, lambda peer: False)
    reader.show([key_of(1)])
    await until(lambda: asked == [key_of(1), key_of(2)])


async def test_after_a_stopped_search_what_came_is_read(desk: Desk, fake: FakePeer) -> None:
    fake.find_gate = threading.Event()
    desk.worklist.progress.show([key_of(3)])
    await desk.worklist.read([key_of(3)])
    running = asyncio.ensure_future(desk.worklist.search(PEER))
    await until(fake.search_started.is_set)
    desk.worklist.stop(PEER.id)
    fake.find_gate.set()
    await running
    await until(lambda: gets(fake) == [key_of(3).uid] * 2)


async def test_a_server_that_does_not_answer_is_asked_again_after_the_next_search(
    desk: Desk, fake: FakePeer
) -> None:
    fake.add(key_of(8).uid, workitem_elements(S.IN_PROGRESS))
    await desk.worklist.search(PEER)
    fake.fail(Operation.GET, Fault.UNREACHABLE)
    desk.worklist.progress.show([key_of(3), key_of(8)])
    await until(lambda: not fake.faults[Operation.GET])
    desk.worklist.progress.show([key_of(8), key_of(3)])
    assert gets(fake) == []
    await desk.worklist.search(PEER)
    await until(lambda: sorted(gets(fake)) == [key_of(3).uid, key_of(8).uid])


async def test_a_search_asks_for_what_a_column_needs(desk: Desk, fake: FakePeer) -> None:
    comments = (tags.COMMENTS_ON_THE_SCHEDULED_PROCEDURE_STEP,)
    desk.worklist.extra_return_keys = (comments, (tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, tags.CODE_VALUE))
    await desk.worklist.search(PEER)
    assert [query.return_keys for query in fake.queries] == [(*WORKLIST_RETURN_KEYS, comments)] * 4


async def test_rows_that_went_away_are_checked_one_by_one(desk: Desk, fake: FakePeer) -> None:
    await desk.worklist.search(PEER)
    del fake.workitems[key_of(1).uid]
    fake.change(key_of(7).uid, element(tags.PROCEDURE_STEP_STATE, "COMPLETED"))
    await desk.worklist.search(PEER)
    assert desk.store.get(key_of(1)) is None
    assert desk.store.get(key_of(7)) is None  # it ended, and was planned for another day
    assert len(desk.store.keys()) == 4


async def test_a_held_row_stays_although_it_is_outside(desk: Desk, fake: FakePeer) -> None:
    await desk.worklist.search(PEER)
    desk.store.set_held([key_of(7)], True)
    fake.change(key_of(7).uid, element(tags.PROCEDURE_STEP_STATE, "COMPLETED"))
    await desk.worklist.search(PEER)
    workitem = desk.store.get(key_of(7))
    assert workitem is not None and workitem.state is S.COMPLETED


async def test_a_held_workitem_that_is_gone_keeps_its_lock_and_is_told_once(
    desk: Desk, fake: FakePeer
) -> None:
    entry = vault_entry(7)
    desk.desk_file.keep_claim(entry)
    desk.remember_claim(entry)
    await desk.confirm_claim(entry)
    await desk.worklist.search(PEER)
    del fake.workitems[key_of(7).uid]
    for _ in range(2):
        await desk.worklist.search(PEER)
        await desk.worklist.read([key_of(7)])
    assert desk.store.get(key_of(7)) is None
    assert desk.held_keys() == (key_of(7),) and len(desk.desk_file.entries()) == 1
    told = [found for found in desk.activity.entries if found.kind is ActivityKind.NOTE]
    assert [(found.title, found.subject, found.key) for found in told] == [
        ("Held workitem is gone", "Novak, Jana · Treatment", key_of(7))
    ]
    assert "administrator" in told[0].detail
    await until(lambda: desk.desk_file.journal(key_of(7)))
    (noted,) = desk.desk_file.journal(key_of(7))
    assert "Novak" not in repr(noted) and "does not know" in noted.words


async def test_every_lock_of_an_ended_workitem_is_let_go(desk: Desk, fake: FakePeer) -> None:
    for lock in ("2.25.1", "2.25.2"):
        entry = vault_entry(7, lock)
        desk.desk_file.keep_claim(entry)
        desk.remember_claim(entry)
    fake.change(key_of(7).uid, element(tags.PROCEDURE_STEP_STATE, "COMPLETED"))
    await desk.worklist.read([key_of(7)])
    assert desk.desk_file.entries() == ()


async def test_a_disk_that_refuses_does_not_end_the_search(desk: Desk, fake: FakePeer) -> None:
    await desk.worklist.search(PEER)
    desk.remember_claim(vault_entry(7))
    fake.change(key_of(7).uid, element(tags.PROCEDURE_STEP_STATE, "COMPLETED"))
    desk.desk_file.close()
    state = await desk.worklist.search(PEER)
    assert not state.incomplete
    told = [found for found in desk.activity.entries if found.kind is ActivityKind.NOTE]
    assert len(told) == 1 and str(desk.desk_file.path) in told[0].detail


@pytest.mark.parametrize("fault", [Fault.UNREACHABLE, Fault.LOST_BEFORE, 0xA700])
async def test_a_failed_search_keeps_the_rows_and_says_why(
    desk: Desk, fake: FakePeer, clock: Clock, fault: Fault | int
) -> None:
    await desk.worklist.search(PEER)
    before = desk.store.keys()
    del fake.workitems[key_of(1).uid]
    clock.forward(seconds=60)
    fake.fail(Operation.FIND, None, fault)
    state = await desk.worklist.search(PEER)
    assert state.incomplete and not state.running and state.answered_at == NOW
    assert state.outcome is not None and state.outcome.next_step
    assert desk.store.keys() == before
    assert desk.worklist.evidence(PEER.id).has_failed
    await desk.worklist.search(PEER)
    assert not desk.worklist.evidence(PEER.id).has_failed


async def test_a_stopped_search_keeps_what_came(desk: Desk, fake: FakePeer) -> None:
    fake.find_gate = threading.Event()
    search = asyncio.ensure_future(desk.worklist.search(PEER))
    await until(desk.store.keys)
    joined = asyncio.ensure_future(desk.worklist.search(PEER))
    desk.worklist.stop(PEER.id)
    state = await search
    assert await joined == state
    assert state.incomplete and state.outcome is None and state.rows == len(desk.store.keys()) == 1
    fake.find_gate = None


async def test_what_a_report_named_is_read(desk: Desk, fake: FakePeer) -> None:
    await desk.worklist.read_unknown([key_of(1), key_of(6), key_of(99)])
    assert desk.store.keys() == (key_of(1),)


async def test_an_answer_older_than_a_report_does_not_turn_the_state_back(
    desk: Desk, fake: FakePeer, clock: Clock
) -> None:
    await desk.worklist.search(PEER)
    fake.find_gate = threading.Event()
    fake.search_started.clear()
    search = asyncio.ensure_future(desk.worklist.search(PEER))
    await until(fake.search_started.is_set)
    clock.forward(seconds=1)
    desk.apply(StateReported(key_of(2), S.IN_PROGRESS, clock()))
    fake.find_gate.set()
    await search
    workitem = desk.store.get(key_of(2))
    assert workitem is not None and workitem.state is S.IN_PROGRESS
    clock.forward(seconds=60)
    await desk.worklist.search(PEER)  # a fresh answer corrects what a report told
    workitem = desk.store.get(key_of(2))
    assert workitem is not None and workitem.state is S.SCHEDULED


async def test_no_answer_while_reading_leaves_what_is_known(desk: Desk, fake: FakePeer) -> None:
    await desk.worklist.search(PEER)
    fake.fail(Operation.GET, Fault.UNREACHABLE)
    await desk.worklist.read([key_of(1), key_of(2)])
    assert len(desk.store.keys()) == 6


class TestMissedReports:
    async def prepared(self, desk: Desk, clock: Clock) -> None:
        """Subscribed, searched once after that, and a report has come."""
        desk.worklist.missed.grace = 0.01
        evidence = desk.worklist.evidence(PEER.id)
        evidence.is_listening = True
        evidence.subscribed_at = clock()
        await desk.worklist.search(PEER)
        clock.forward(seconds=10)
        desk.worklist.reports_came(PEER.id, [key_of(5)], clock())
        clock.forward(seconds=50)

    def missed(self, desk: Desk) -> list[str]:
        return [entry.detail for entry in desk.activity.entries if entry.kind is ActivityKind.MISSED]

    async def test_a_change_without_a_report_is_said(self, desk: Desk, fake: FakePeer, clock: Clock) -> None:
        await self.prepared(desk, clock)
        assert desk.worklist.freshness(PEER, clock()).kind is FreshnessKind.LIVE
        fake.change(key_of(1).uid, element(tags.PROCEDURE_STEP_STATE, "IN PROGRESS"))
        fake.add(key_of(50).uid, workitem_elements())
        await desk.worklist.search(PEER)
        await until(lambda: self.missed(desk))
        assert self.missed(desk) == ["2 updates did not arrive; the search found what they would have told."]
        assert desk.worklist.freshness(PEER, clock()).kind is FreshnessKind.SUBSCRIBED_NOT_PROVEN
        clock.forward(seconds=60)
        await desk.worklist.search(PEER)
        assert desk.worklist.freshness(PEER, clock()).kind is FreshnessKind.LIVE

    async def test_a_report_that_crosses_the_search_counts(
        self, desk: Desk, fake: FakePeer, clock: Clock
    ) -> None:
        await self.prepared(desk, clock)
        desk.worklist.missed.grace = 0.2
        fake.change(key_of(1).uid, element(tags.PROCEDURE_STEP_STATE, "IN PROGRESS"))
        await desk.worklist.search(PEER)
        desk.worklist.reports_came(PEER.id, [key_of(1)], clock())
        await until(lambda: not desk.worklist.missed.is_waiting)
        assert self.missed(desk) == []
        assert desk.worklist.freshness(PEER, clock()).kind is FreshnessKind.LIVE

    async def test_an_edit_is_no_missed_report(self, desk: Desk, fake: FakePeer, clock: Clock) -> None:
        await self.prepared(desk, clock)
        fake.change(key_of(1).uid, element(tags.PROCEDURE_STEP_LABEL, "Renamed"))
        await desk.worklist.search(PEER)
        assert not desk.worklist.missed.is_waiting
        assert desk.worklist.freshness(PEER, clock()).kind is FreshnessKind.LIVE

    async def test_before_the_subscription_nothing_was_promised(
        self, desk: Desk, fake: FakePeer, clock: Clock
    ) -> None:
        await desk.worklist.search(PEER)
        clock.forward(seconds=60)
        evidence = desk.worklist.evidence(PEER.id)
        evidence.is_listening, evidence.subscribed_at = True, clock()
        fake.change(key_of(1).uid, element(tags.PROCEDURE_STEP_STATE, "IN PROGRESS"))
        await desk.worklist.search(PEER)
        assert not desk.worklist.missed.is_waiting


class TestFreshness:
    ELSEWHERE = replace(PEER, host="pacs.example", listen_host="0.0.0.0", listen_port=11113)
    LIVE = Evidence(NOW, NOW + MINUTE, True, NOW, NOW + timedelta(seconds=30))

    @pytest.mark.parametrize(
        ("changes", "kind"),
        [
            ({}, FreshnessKind.LIVE),
            ({"reported_at": None}, FreshnessKind.SUBSCRIBED_NOT_PROVEN),
            ({"reported_at": NOW - MINUTE}, FreshnessKind.SUBSCRIBED_NOT_PROVEN),
            ({"missed": 1}, FreshnessKind.SUBSCRIBED_NOT_PROVEN),
            ({"has_failed": True}, FreshnessKind.SUBSCRIBED_NOT_PROVEN),
            ({"subscribed_at": None}, FreshnessKind.POLLED),
            ({"is_listening": False}, FreshnessKind.POLLED),
            ({"answered_at": NOW - MINUTE}, FreshnessKind.STALE),
            ({"answered_at": None, "watched_since": NOW - MINUTE}, FreshnessKind.STALE),
        ],
    )
    def test_the_word_for_the_evidence(self, changes: dict[str, object], kind: FreshnessKind) -> None:
        evidence = replace(self.LIVE, **changes)  # type: ignore[arg-type]
        found = freshness_of(self.ELSEWHERE, evidence, MINUTE, NOW + timedelta(seconds=90))
        assert found.kind is kind

    def test_seconds_since_the_last_complete_answer(self) -> None:
        now = NOW + timedelta(seconds=90)
        assert freshness_of(self.ELSEWHERE, self.LIVE, MINUTE, now).seconds == 30
        assert freshness_of(self.ELSEWHERE, Evidence(NOW), MINUTE, now).seconds is None

    @pytest.mark.parametrize(
        ("listen_host", "host", "kind"),
        [
            ("127.0.0.1", "pacs.example", FreshnessKind.THIS_COMPUTER_ONLY),
            ("localhost", "10.0.0.7", FreshnessKind.THIS_COMPUTER_ONLY),
            ("127.0.0.1", "127.0.0.1", FreshnessKind.LIVE),
            ("0.0.0.0", "pacs.example", FreshnessKind.LIVE),
        ],
    )
    def test_a_listener_that_the_peer_cannot_reach(
        self, listen_host: str, host: str, kind: FreshnessKind
    ) -> None:
        peer = replace(self.ELSEWHERE, listen_host=listen_host, host=host)
        assert freshness_of(peer, self.LIVE, MINUTE, NOW + timedelta(seconds=90)).kind is kind
