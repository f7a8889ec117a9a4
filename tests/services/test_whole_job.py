"""The whole job over real associations: the embedded SCP, a listener process and a second desk."""

import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.running_scp import AET
from tests.support.waiting import until
from upsdesk.bootstrap.core import new_uid
from upsdesk.bootstrap.demo import free_port
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.keys import AeTitle, PeerId, WorkitemKey
from upsdesk.domain.operation import CancelRequest
from upsdesk.domain.peer import Peer
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.when import format_moment
from upsdesk.scp.dispatcher import Delivery
from upsdesk.scp.model import ReceivingAe
from upsdesk.scp.server import UpsScp
from upsdesk.services.clock import local_now
from upsdesk.services.commands import (
    Claim,
    Complete,
    Create,
    Edit,
    ReportProgress,
    RequestCancel,
    ResultKind,
    ShownFacts,
)
from upsdesk.services.completion import completion_suggestions, performed_elements
from upsdesk.services.desk import Desk, open_desk
from upsdesk.services.listener_process import ListenerState
from upsdesk.services.session import Conductor
from upsdesk.services.settings import DeskSettings
from upsdesk.services.whole import get_whole
from upsdesk.services.worklist import FreshnessKind

S = ProcedureStepState


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def scp(port: int) -> Iterator[UpsScp]:
    running = UpsScp(
        AeTitle(AET),
        peers=[ReceivingAe(AeTitle("UPSDESK"), "127.0.0.1", port)],
        delivery=Delivery(idle_release=0.1),
    )
    running.start()
    yield running
    running.stop()


def peer_at(scp: UpsScp, port: int | None) -> Peer:
    return Peer(PeerId("s-1"), AeTitle(AET), "127.0.0.1", scp.port, listen_port=port, name="Embedded")


@pytest_asyncio.fixture
async def conductor(tmp_path: Path, scp: UpsScp, port: int) -> AsyncIterator[Conductor]:
    desk = open_desk(tmp_path / "desk", make_uid=new_uid)
    desk.settings.save_desk(DeskSettings("Desk", "FX1"))
    desk.settings.profiles.save(peer_at(scp, port))
    opened = Conductor(desk)
    yield opened
    began = time.monotonic()
    await opened.close()
    assert time.monotonic() - began < 2


@pytest_asyncio.fixture
async def other(tmp_path: Path, scp: UpsScp) -> AsyncIterator[Desk]:
    """Another system that works on the same list."""
    desk = open_desk(tmp_path / "other", make_uid=new_uid)
    desk.settings.profiles.save(peer_at(scp, None))
    yield desk
    await desk.close()


def new_workitem(label: str, **more: str) -> Elements:
    return Elements(
        [
            element(tags.PROCEDURE_STEP_LABEL, label),
            element(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME, format_moment(local_now())),
            element(tags.PATIENT_NAME, more.get("name", "Dvořák^Jiří")),
            element(tags.PATIENT_ID, "PAT-7"),
            element(tags.PATIENT_BIRTH_DATE, "19700101"),
            element(tags.PATIENT_SEX, "M"),
        ]
    )


def state_of(desk: Desk, key: WorkitemKey) -> ProcedureStepState | None:
    workitem = desk.store.get(key)
    return workitem.state if workitem else None


async def test_from_create_to_complete_with_everything_live(
    conductor: Conductor, other: Desk, scp: UpsScp, port: int
) -> None:
    peer = peer_at(scp, port)
    await conductor.choose(peer)
    desk = conductor._desk
    session = conductor.session
    assert session is not None and session.listener.state is ListenerState.READY
    await until(lambda: desk.worklist.state(peer.id).answered_at)
    # It may tell only after the subscription that it has started: then it is subscribed to once more.
    fresh = FreshnessKind.SUBSCRIBED_NOT_PROVEN
    await until(lambda: desk.worklist.freshness(peer, desk.clock()).kind is fresh)

    # Another system makes one: it appears here by itself.
    made = await Create(peer.id, new_workitem("Theirs")).run(other)
    assert made.kind is ResultKind.DONE and made.key is not None, made
    theirs = made.key
    await until(lambda: state_of(desk, theirs) is S.SCHEDULED)

    # Theirs is started there and shown here.
    assert (await Claim(theirs).run(other)).kind is ResultKind.DONE
    await until(lambda: state_of(desk, theirs) is S.IN_PROGRESS)
    await until(lambda: desk.worklist.freshness(peer, desk.clock()).kind is FreshnessKind.LIVE)
    assert not desk.store.is_held(theirs)

    # Ours: create, edit, start, progress.
    mine = (await Create(peer.id, new_workitem("Ours")).run(desk)).key
    assert mine is not None
    base = desk.store.elements(mine)
    assert base is not None
    wanted = base.with_elements(element(tags.WORKLIST_LABEL, "Příprava"))
    edited = await Edit(mine, base, wanted).run(desk)
    assert edited.kind is ResultKind.DONE and edited.notes == ()
    workitem = desk.store.get(mine)
    assert workitem is not None and workitem.worklist_label == "Příprava"
    assert (await Claim(mine, ShownFacts.of(workitem)).run(desk)).kind is ResultKind.DONE
    assert (await ReportProgress(mine, 55.0, "beam 2").run(desk)).kind is ResultKind.DONE

    # The other system asks for it.
    asked = await RequestCancel(mine, CancelRequest("machine down")).run(other)
    assert asked.kind is ResultKind.DONE, asked
    await until(lambda: desk.store.cancel_asked(mine))

    # Finish.
    workitem, elements = desk.store.get(mine), desk.store.elements(mine)
    assert workitem is not None and elements is not None and workitem.progress.percent == 55
    suggestions = completion_suggestions(workitem, elements, desk.vault_entry(mine), desk)
    chosen = {
        suggestion.need.path: suggestion.choices[0].element
        for suggestion in suggestions
        if suggestion.choices
    }
    work_type = next(item for item in suggestions if item.need.keyword == "PerformedWorkitemCodeSequence")
    assert not work_type.choices  # nothing was planned, so nobody guesses
    unfinished = await Complete(mine, performed_elements(elements, chosen)).run(desk)
    assert [need.words for need in unfinished.missing] == ["Performed work type"]
    code = desk.own_station
    assert code is not None
    chosen[work_type.need.path] = sequence(tags.PERFORMED_WORKITEM_CODE_SEQUENCE, code.to_elements())
    done = await Complete(mine, performed_elements(elements, chosen)).run(desk)
    assert done.kind is ResultKind.DONE, done
    assert state_of(desk, mine) is S.COMPLETED and desk.held_keys() == ()
    assert desk.store.cancel_asked(mine) is None


async def test_what_changes_while_a_dialog_is_open_stops_the_act(
    conductor: Conductor, other: Desk, scp: UpsScp, port: int
) -> None:
    desk, peer = conductor._desk, peer_at(scp, port)
    key = (await Create(peer.id, new_workitem("Ours")).run(desk)).key
    assert key is not None
    workitem = desk.store.get(key)
    assert workitem is not None
    shown = ShownFacts.of(workitem)
    assert (await RequestCancel(key, before_start=True).run(other)).kind is ResultKind.DONE
    result = await Claim(key, shown).run(desk)
    assert result.kind is ResultKind.CHANGED
    assert [change.words for change in result.changes] == ["State: was Scheduled, now Canceled"]
    assert state_of(desk, key) is S.CANCELED and desk.desk_file.entries() == ()


async def test_a_second_desk_on_one_workitem(
    conductor: Conductor, other: Desk, scp: UpsScp, port: int
) -> None:
    desk, peer = conductor._desk, peer_at(scp, port)
    key = (await Create(peer.id, new_workitem("Both")).run(desk)).key
    assert key is not None
    assert (await Claim(key).run(other)).kind is ResultKind.DONE
    result = await Claim(key, force=True).run(desk)
    assert result.kind is ResultKind.REFUSED and result.outcome.code == 0xC301
    assert desk.desk_file.entries() == ()


async def test_a_peer_that_is_not_there(tmp_path: Path) -> None:
    peer = Peer(PeerId("s-1"), AeTitle(AET), "127.0.0.1", free_port())
    desk = open_desk(tmp_path / "desk", make_uid=new_uid)
    desk.settings.profiles.save(peer)
    state = await desk.worklist.search(peer)
    assert state.incomplete and state.outcome is not None and "cannot be reached" in state.outcome.meaning
    later = desk.clock() + timedelta(minutes=3)
    assert desk.worklist.freshness(peer, later).kind is FreshnessKind.STALE
    steps = [step async for step in desk.gateway.probe(peer)]
    assert [step.ok for step in steps].count(False) >= 1
    began = time.monotonic()
    await desk.close()
    assert time.monotonic() - began < 2


async def test_what_the_standard_does_not_list_is_read_changed_and_read_again(
    other: Desk, scp: UpsScp
) -> None:
    creator, private = Element(0x00190010, "LO", ("UPSDESK TEST",)), Element(0x00191001, "LO", ("first",))
    elements = new_workitem("With a private attribute").with_elements(creator, private)
    made = await Create(PeerId("s-1"), elements).run(other)
    assert made.kind is ResultKind.DONE and made.key is not None and not made.notes, made.notes
    read = await get_whole(other.gateway, other.peer(PeerId("s-1")), made.key.uid)
    assert read.elements is not None and read.elements.text(private.tag) == "first"
    wanted = read.elements.with_elements(Element(private.tag, "LO", ("second",)))
    result = await Edit(made.key, read.elements, wanted).run(other)
    assert result.kind is ResultKind.DONE and not result.notes, (result.outcome, result.notes)
    again = await get_whole(other.gateway, other.peer(PeerId("s-1")), made.key.uid)
    assert again.elements is not None and again.elements.text(private.tag) == "second"
