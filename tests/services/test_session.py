"""The session: listener first, subscription, search; reports become rows; a dead listener comes back."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from tests.services.conftest import Clock
from tests.services.fake_peer import FakePeer, Fault
from tests.services.values import NOW, PEER, key_of, vault_entry, workitem_elements
from tests.support.waiting import until, wait_until
from upsdesk.dicom.datasets import to_json
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.events import Report, ReportType
from upsdesk.domain.keys import AeTitle, TransactionUid
from upsdesk.domain.operation import Operation
from upsdesk.domain.peer import Peer
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.services.activity import ActivityKind
from upsdesk.services.desk import Desk, open_desk
from upsdesk.services.desk_file import ActRecord, DeskFile, JournalKind
from upsdesk.services.flags import Following
from upsdesk.services.inbox import Batch
from upsdesk.services.listener_process import (
    ListenerProcess,
    ListenerState,
    ListenerStatus,
    listener_command,
    report_of,
)
from upsdesk.services.session import Conductor, PeerSession
from upsdesk.services.subscriptions import GLOBAL_SUBSCRIPTION
from upsdesk.services.worklist import FreshnessKind

S = ProcedureStepState
LISTENING = replace(PEER, listen_port=11113)


class Script:
    """What the fake listener's process does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_text("", encoding="utf-8")

    @property
    def command(self) -> tuple[str, ...]:
        program = Path(__file__).with_name("fake_listener.py")
        return (sys.executable, str(program), "UPSDESK@127.0.0.1:11113", str(self.path))

    def say(self, line: str) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def report(self, number: int, kind: ReportType, *information: Element) -> None:
        line = {
            "received": NOW.isoformat(),
            "number": number,
            "event_type": kind.value,
            "event_name": kind.title,
            "sop_instance_uid": key_of(number).uid,
            "calling_aet": "UPSSCP",
            "event_information": to_json(Elements(information)),
        }
        self.say(json.dumps(line))

    def is_busy(self, busy: bool) -> None:
        mark = self.path.with_suffix(".busy")
        mark.touch() if busy else mark.unlink()


@pytest.fixture
def script(tmp_path: Path) -> Script:
    return Script(tmp_path / "script")


@pytest.fixture(autouse=True)
def _some_workitems(fake: FakePeer) -> None:
    for number in (1, 2):
        fake.add(key_of(number).uid, workitem_elements())


@pytest_asyncio.fixture
async def session(desk: Desk, script: Script) -> AsyncIterator[PeerSession]:
    desk.settings.profiles.save(LISTENING)
    opened = PeerSession(desk, LISTENING, listener_command=script.command)
    yield opened
    await opened.stop()


def state_of(desk: Desk, number: int) -> ProcedureStepState | None:
    workitem = desk.store.get(key_of(number))
    return workitem.state if workitem else None


def moved(state: ProcedureStepState) -> tuple[Element, ...]:
    return (
        element(tags.PROCEDURE_STEP_STATE, state.value),
        element(tags.INPUT_READINESS_STATE, "READY"),
    )


async def searched(desk: Desk) -> None:
    await until(lambda: (state := desk.worklist.state(PEER.id)).answered_at and not state.running)


async def test_it_listens_then_subscribes_then_searches(
    session: PeerSession, desk: Desk, fake: FakePeer
) -> None:
    await session.start()
    assert session.listener.state is ListenerState.READY
    assert session.listener.address == "UPSDESK@127.0.0.1:11113"
    await searched(desk)
    assert fake.log[0] == (Operation.SUBSCRIBE, GLOBAL_SUBSCRIPTION)
    assert fake.requests()[1] is Operation.FIND
    assert desk.subscriptions.covers(PEER.id, AeTitle("UPSDESK"))
    assert len(desk.store.keys(PEER.id)) == 2


async def test_reports_change_rows_and_prove_the_subscription(
    session: PeerSession, desk: Desk, fake: FakePeer, script: Script, clock: Clock
) -> None:
    await session.start()
    await searched(desk)
    assert desk.worklist.freshness(LISTENING, clock()).kind is FreshnessKind.SUBSCRIBED_NOT_PROVEN
    script.report(1, ReportType.STATE_REPORT, *moved(S.IN_PROGRESS))
    percent = element(tags.PROCEDURE_STEP_PROGRESS, "25")
    script.report(
        1, ReportType.PROGRESS_REPORT, sequence(tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE, [percent])
    )
    await until(lambda: (found := desk.store.get(key_of(1))) and found.progress.percent == 25)
    assert state_of(desk, 1) is S.IN_PROGRESS
    assert desk.worklist.freshness(LISTENING, clock()).kind is FreshnessKind.LIVE
    assert session.events_per_second(clock()) > 0
    await until(lambda: len(desk.desk_file.journal(key_of(1))) == 2)
    entries = desk.desk_file.journal(key_of(1))
    assert [(entry.kind, entry.act, entry.words) for entry in entries] == [
        (JournalKind.REPORT, "Progress", "25 %"),
        (JournalKind.REPORT, "Started", "In progress"),
    ]
    reports = [entry for entry in desk.activity.entries if entry.kind is ActivityKind.REPORT]
    assert [(entry.title, entry.detail) for entry in reports] == [
        ("Progress", "25 %"),
        ("Started", "Scheduled to In progress"),
    ]
    assert reports[0].subject == "Novak, Jana · Treatment"


async def test_a_peer_that_accepts_and_stays_silent_is_never_live(
    session: PeerSession, desk: Desk, fake: FakePeer, clock: Clock
) -> None:
    await session.start()
    await searched(desk)
    for _ in range(3):
        clock.forward(seconds=60)
        await desk.worklist.search(LISTENING)
        assert desk.worklist.freshness(LISTENING, clock()).kind is FreshnessKind.SUBSCRIBED_NOT_PROVEN


async def test_an_unknown_workitem_is_read_before_it_is_shown(
    session: PeerSession, desk: Desk, fake: FakePeer, script: Script
) -> None:
    await session.start()
    await searched(desk)
    fake.add(key_of(9).uid, workitem_elements(label="New one"))
    script.report(9, ReportType.STATE_REPORT, *moved(S.SCHEDULED))
    await until(lambda: desk.store.get(key_of(9)))
    workitem = desk.store.get(key_of(9))
    assert workitem is not None and workitem.label == "New one"


async def test_a_request_to_cancel_is_kept_for_the_bar(
    session: PeerSession, desk: Desk, script: Script
) -> None:
    await session.start()
    await searched(desk)
    script.report(
        1,
        ReportType.CANCEL_REQUESTED,
        element(tags.REQUESTING_AE, "RIS"),
        element(tags.REASON_FOR_CANCELLATION, "double"),
    )
    await until(lambda: desk.store.cancel_asked(key_of(1)))
    asked = desk.store.cancel_asked(key_of(1))
    assert asked is not None and (asked.requesting_ae, asked.reason) == ("RIS", "double")


async def test_a_cold_start_of_the_peer_subscribes_and_searches_again(
    session: PeerSession, desk: Desk, fake: FakePeer, script: Script
) -> None:
    await session.start()
    await searched(desk)
    desk.store.set_following(key_of(1), Following.YES)
    covered: list[bool] = []
    desk.subscriptions.on_change(lambda: covered.append(desk.subscriptions.coverage(LISTENING).is_all))
    script.report(
        1,
        ReportType.SCP_STATUS_CHANGE,
        element(tags.SCP_STATUS, "RESTARTED"),
        element(tags.SUBSCRIPTION_LIST_STATUS, "COLD START"),
        element(tags.UNIFIED_PROCEDURE_STEP_LIST_STATUS, "WARM START"),
    )
    await until(lambda: len(fake.requests(Operation.SUBSCRIBE)) == 2)
    await until(lambda: len(fake.requests(Operation.FIND)) == 8)
    assert desk.store.get(key_of(1)) is not None
    assert covered == [False, True] and desk.store.following(key_of(1)) is Following.NO


async def test_a_late_report_changes_nothing_and_is_journaled(
    session: PeerSession, desk: Desk, fake: FakePeer, script: Script
) -> None:
    fake.add(key_of(3).uid, workitem_elements(S.COMPLETED))
    await session.start()
    await searched(desk)
    script.report(3, ReportType.STATE_REPORT, *moved(S.IN_PROGRESS))
    await until(
        lambda: [e for e in desk.desk_file.journal(key_of(3)) if e.kind is JournalKind.NOTE], what="a note"
    )
    assert state_of(desk, 3) is S.COMPLETED


async def test_an_ended_workitem_that_is_held_is_read_and_let_go(
    session: PeerSession, desk: Desk, fake: FakePeer, script: Script
) -> None:
    entry = vault_entry(1)
    desk.desk_file.keep_claim(entry)
    desk.remember_claim(entry)
    await desk.confirm_claim(entry)
    await session.start()
    await searched(desk)
    fake.change(key_of(1).uid, element(tags.PROCEDURE_STEP_STATE, "CANCELED"))
    script.report(1, ReportType.STATE_REPORT, *moved(S.CANCELED))
    await until(lambda: not desk.store.is_held(key_of(1)))
    await until(lambda: desk.desk_file.entries() == ())


async def test_a_claim_left_open_by_an_earlier_run_is_settled(
    session: PeerSession, desk: Desk, fake: FakePeer
) -> None:
    entry = vault_entry(1)
    desk.desk_file.keep_claim(entry)
    desk.remember_claim(entry)
    fake.add(key_of(1).uid, workitem_elements(S.IN_PROGRESS), TransactionUid(str(entry.transaction_uid)))
    await session.start()
    await until(lambda: desk.store.is_held(key_of(1)))
    assert fake.requests(Operation.CHANGE_STATE) == []


async def test_a_claim_that_stays_open_is_told_once(desk: Desk, fake: FakePeer) -> None:
    entry = vault_entry(1)  # on disk, and killed before it was sent
    desk.desk_file.keep_claim(entry)
    desk.remember_claim(entry)
    session = PeerSession(desk, PEER)
    await session.start()

    def told() -> list[str]:
        return [found.detail for found in desk.activity.entries if found.title == "Check the start"]

    await until(told)
    for _ in range(2):
        reads = len(fake.requests(Operation.GET))
        session._due.set()
        await until(lambda before=reads: len(fake.requests(Operation.GET)) > before)
    assert told() == ["It is still scheduled: the start was not carried out."]
    fake.add(key_of(1).uid, workitem_elements(S.IN_PROGRESS), TransactionUid(str(entry.transaction_uid)))
    session._due.set()
    await until(lambda: desk.store.is_held(key_of(1)))
    await until(lambda: len(told()) == 2)
    await session.stop()


async def test_stopping_while_the_listener_starts(desk: Desk, fake: FakePeer) -> None:
    silent = (sys.executable, "-c", "import sys; sys.stdin.read()")
    session = PeerSession(desk, LISTENING, listener_command=silent)
    starting = asyncio.ensure_future(session.start())
    await until(lambda: session.listener.state is ListenerState.STARTING)
    await session.stop()
    await asyncio.wait_for(starting, 2)
    assert session._tasks == set() and fake.log == []


async def test_closing_while_the_peer_changes_starts_nothing(desk: Desk) -> None:
    made: list[PeerSession] = []
    gate = asyncio.Event()

    class Slow(PeerSession):
        async def start(self) -> None:
            made.append(self)

        async def stop(self) -> None:
            await gate.wait()

    conductor = Conductor(desk, make_session=Slow)
    await conductor.choose(PEER)
    changing = asyncio.ensure_future(conductor.choose(LISTENING))
    await until(lambda: conductor.session is None)
    await conductor.close()
    gate.set()
    await changing
    assert [session.peer for session in made] == [PEER] and conductor.session is None


async def test_an_act_that_an_earlier_run_lost_is_read_and_told_once(
    tmp_path: Path, fake: FakePeer, clock: Clock
) -> None:
    fake.add(key_of(5).uid, workitem_elements(S.COMPLETED, start="20260101100000+0000"))
    first = open_desk(tmp_path / "other", make_uid=lambda: "2.25.1", clock=clock, scu_factory=fake.factory)
    first.settings.profiles.save(PEER)
    lost = ActRecord(
        "2.25.5", key_of(5), PEER.called_aet, PEER.host, PEER.port, "Complete", Action.COMPLETE, NOW
    )
    first.desk_file.begin_act(replace(lost, process=2**22 + 1))  # beyond any process of this system
    await first.close()
    desk = open_desk(tmp_path / "other", make_uid=lambda: "2.25.2", clock=clock, scu_factory=fake.factory)
    assert desk.attention() == (key_of(5),)
    session = PeerSession(desk, PEER)
    await session.start()
    await until(lambda: state_of(desk, 5) is S.COMPLETED)
    for _ in range(2):
        session._due.set()
        await desk.worklist.search(PEER)
    told = [entry for entry in desk.activity.entries if entry.kind is ActivityKind.UNKNOWN]
    assert [(entry.title, entry.key) for entry in told] == [("Complete", key_of(5))]
    assert "Read again, it is Completed: it was carried out." in told[0].detail
    mark = desk.store.mark(key_of(5))
    assert mark is not None and mark.outcome.next_step == "Nothing needs to be done."
    await desk.acknowledge(key_of(5))
    assert desk.desk_file.acts() == ()
    await session.stop()
    await desk.close()


async def test_without_a_port_there_is_no_listener(desk: Desk, fake: FakePeer, clock: Clock) -> None:
    session = PeerSession(desk, PEER)
    await session.start()
    await searched(desk)
    assert session.listener.state is ListenerState.OFF
    assert fake.requests(Operation.SUBSCRIBE) == []
    assert desk.worklist.freshness(PEER, clock()).kind is FreshnessKind.POLLED
    await session.stop()
    assert desk.store.keys() == ()


async def test_a_refused_subscription_is_said_once_and_asked_again(
    session: PeerSession, desk: Desk, fake: FakePeer, clock: Clock
) -> None:
    fake.subscribe_status = 0xC308
    await session.start()
    await searched(desk)
    session._due.set()
    await until(lambda: len(fake.requests(Operation.SUBSCRIBE)) == 2)
    told = [entry for entry in desk.activity.entries if entry.kind is ActivityKind.CONNECTION]
    assert len(told) == 1 and "C308" in told[0].detail and "administrator" in told[0].detail
    assert "C308" in desk.subscriptions.coverage(LISTENING).words
    assert desk.worklist.freshness(LISTENING, clock()).kind is FreshnessKind.POLLED
    fake.subscribe_status = 0
    session._due.set()
    await until(lambda: desk.subscriptions.covers(PEER.id, AeTitle("UPSDESK")))


async def test_an_unreachable_peer_leaves_the_session_alive(
    session: PeerSession, desk: Desk, fake: FakePeer
) -> None:
    fake.fail(Operation.SUBSCRIBE, Fault.UNREACHABLE)
    fake.fail(Operation.FIND, Fault.UNREACHABLE)
    await session.start()
    await until(lambda: desk.worklist.state(PEER.id).outcome)
    session._due.set()
    await until(lambda: len(desk.store.keys()) == 2)


async def test_a_dead_listener_comes_back_and_the_list_is_reconciled(
    session: PeerSession, desk: Desk, fake: FakePeer, script: Script
) -> None:
    seen: list[ListenerState] = []
    session.on_listener(lambda status: seen.append(status.state))
    await session.start()
    await searched(desk)
    script.say("!die")
    await until(lambda: seen[-2:] == [ListenerState.RESTARTING, ListenerState.READY], timeout=10)
    await until(lambda: len(fake.requests(Operation.FIND)) == 8)


async def test_what_came_just_before_the_end_is_in_the_journal(
    session: PeerSession, desk: Desk, script: Script
) -> None:
    await session.start()
    await searched(desk)
    for percent in range(1, 31):
        item = [element(tags.PROCEDURE_STEP_PROGRESS, str(percent))]
        script.report(
            1, ReportType.PROGRESS_REPORT, sequence(tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE, item)
        )
        await until(
            lambda percent=percent: (found := desk.store.get(key_of(1))) and found.progress.percent == percent
        )
    await session.stop()
    await desk.close()
    written = DeskFile(desk.desk_file.path)
    try:
        assert [entry.words for entry in written.journal(key_of(1))[:2]] == ["29 % to 30 %", "28 % to 29 %"]
        assert len(written.journal(key_of(1))) == 30
    finally:
        written.close()


class TestListenerProcess:
    def make(self, script: Script, seen: list[ListenerStatus], **more: float) -> ListenerProcess:
        return ListenerProcess(
            script.command,
            on_reports=lambda batch: self.reports.extend(batch.items),
            on_status=seen.append,
            clock=lambda: NOW,
            **more,
        )

    @pytest.fixture(autouse=True)
    def _reports(self) -> None:
        self.reports: list[Report] = []

    async def test_a_port_in_use_is_said_and_tried_again(self, script: Script) -> None:
        script.is_busy(True)
        seen: list[ListenerStatus] = []
        process = self.make(script, seen, first_delay=0.05)
        process.start()
        status = await process.settled(10)
        assert status.state is ListenerState.FAILED and "port is in use" in status.detail
        script.is_busy(False)
        await until(lambda: process.status.state is ListenerState.READY, timeout=10)
        await process.stop()
        assert seen[-1].state is ListenerState.OFF

    async def test_a_command_that_cannot_start(self) -> None:
        process = ListenerProcess(
            ["/nowhere/upsdesk"], on_reports=print, on_status=lambda _: None, clock=lambda: NOW
        )
        process.start()
        assert (await process.settled(5)).state is ListenerState.FAILED
        await process.stop()

    async def test_lines_that_are_no_reports_do_no_harm(self, script: Script) -> None:
        process = self.make(script, [])
        process.start()
        await process.settled(10)
        for line in ("nonsense", "{}", "[1]", '{"received": 5}'):
            script.say(line)
        script.report(1, ReportType.STATE_REPORT, *moved(S.SCHEDULED))
        await until(lambda: self.reports)
        (report,) = self.reports
        assert (report.uid, report.event_type, report.received) == (key_of(1).uid, 1, NOW)
        assert report.information.text(tags.PROCEDURE_STEP_STATE) == "SCHEDULED"
        await process.stop()

    async def test_more_than_a_busy_loop_can_keep_is_told(self, script: Script) -> None:
        batches: list[Batch[Report]] = []
        process = ListenerProcess(
            script.command, on_reports=batches.append, on_status=lambda _: None, clock=lambda: NOW, kept=5
        )
        process.start()
        await process.settled(10)
        for number in range(1, 21):
            script.report(number, ReportType.STATE_REPORT, *moved(S.SCHEDULED))
        # The loop is busy until all have come.
        wait_until(lambda: len(process._lines._items) + process._lines._dropped == 20)
        await until(lambda: batches)
        (batch,) = batches
        assert [report.uid for report in batch.items] == [key_of(number).uid for number in range(1, 6)]
        assert batch.dropped == 15
        assert batch.overflowed == {key_of(number).uid.encode() for number in range(6, 21)}
        await process.stop()

    async def test_one_that_does_not_listen_to_us_is_killed(self, script: Script) -> None:
        process = self.make(script, [])
        process.start()
        await process.settled(10)
        script.say("!deaf")
        script.report(1, ReportType.STATE_REPORT, *moved(S.SCHEDULED))
        await until(lambda: self.reports)
        began = time.monotonic()
        await process.stop()
        assert time.monotonic() - began < 1

    def test_how_this_program_listens(self) -> None:
        assert listener_command(AeTitle("UPSDESK"), "127.0.0.1", 11113)[1:] == (
            "-m",
            "upsdesk",
            "listen",
            "UPSDESK@127.0.0.1:11113",
            "--format",
            "jsonl",
            "--until-stdin-closes",
        )

    def test_a_line_with_an_unknown_event_type(self) -> None:
        line = '{"received": "2026-03-04T09:30:00+00:00", "number": 1, "event_type": 77,'
        line += ' "sop_instance_uid": "1.2", "calling_aet": "X", "event_information": {}}'
        report = report_of(line)
        assert report is not None and report.event_type == 77


_PARENT = """
import asyncio, sys
from datetime import datetime, UTC
from upsdesk.services.listener_process import ListenerProcess

async def main():
    process = ListenerProcess(
        sys.argv[1:], on_reports=print, on_status=lambda _: None, clock=lambda: datetime.now(UTC)
    )
    process.start()
    print(process._process.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for the process in /proc")
@pytest.mark.parametrize("when", ["while it starts", "when it listens"])
def test_the_listener_ends_with_its_parent(when: str) -> None:
    command = listener_command(AeTitle("UPSDESK"), "127.0.0.1", 0)
    parent = subprocess.Popen([sys.executable, "-c", _PARENT, *command], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        child = Path("/proc", parent.stdout.readline().strip())
        if when == "when it listens":
            # The process has the listening socket once its threads are there.
            wait_until(lambda: len(list((child / "task").iterdir())) > 1, timeout=20)
        parent.kill()
        parent.wait(10)
    wait_until(lambda: not is_alive(child), timeout=10, what="the listener has ended")


def is_alive(process: Path) -> bool:
    try:
        state = (process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


class TestConductor:
    async def test_one_peer_at_a_time(self, desk: Desk, fake: FakePeer) -> None:
        other = Peer(PEER.id.__class__("s-2"), AeTitle("OTHER"), "127.0.0.1", 11115, name="Other")
        desk.settings.profiles.save(other)
        conductor = Conductor(desk)
        told: list[Peer | None] = []
        conductor.on_change(told.append)
        await conductor.choose(PEER)
        await searched(desk)
        await conductor.choose(other)
        assert conductor.peer == other and desk.store.keys(PEER.id) == ()
        await until(lambda: len(desk.store.keys(other.id)) == 2)
        await conductor.choose(None)
        assert conductor.session is None and told == [PEER, other, None]

    async def test_closing_is_quick_whatever_the_peer_does(
        self, tmp_path: Path, fake: FakePeer, script: Script, clock: Clock
    ) -> None:
        desk = open_desk(tmp_path / "other", make_uid=lambda: "2.25.1", clock=clock, scu_factory=fake.factory)
        conductor = Conductor(
            desk, make_session=lambda d, p: PeerSession(d, p, listener_command=script.command)
        )
        fake.fail(Operation.SUBSCRIBE, Fault.SILENCE)
        await conductor.choose(LISTENING)
        await until(lambda: fake.requests(Operation.SUBSCRIBE))
        reading = asyncio.ensure_future(desk.worklist.read([key_of(1)]))
        began = time.monotonic()
        await conductor.close()
        assert time.monotonic() - began < 2
        await reading
