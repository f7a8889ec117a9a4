"""Correcting patient or request: the new workitem first, then the end of the old one."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.services.fake_peer import FakePeer, Fault
from tests.services.values import PEER, key_of, workitem_elements
from tests.support.running_scp import AET
from upsdesk.bootstrap.core import new_uid
from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.cloning import as_new
from upsdesk.domain.elements import Elements
from upsdesk.domain.events import Read
from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.operation import Operation
from upsdesk.domain.peer import Peer
from upsdesk.domain.state import ProcedureStepState
from upsdesk.scp.server import UpsScp
from upsdesk.services.commands import Create, RequestCancel, ResultKind, ShownFacts
from upsdesk.services.desk import Desk, open_desk
from upsdesk.services.replace import REASON, Replace

S = ProcedureStepState
KEY = key_of(1)
RIGHT = element(tags.PATIENT_NAME, "Nováková^Jana")


@pytest.fixture
def scp() -> Iterator[UpsScp]:
    running = UpsScp(AeTitle(AET))
    running.start()
    yield running
    running.stop()


@pytest_asyncio.fixture
async def real(tmp_path: Path, scp: UpsScp) -> AsyncIterator[Desk]:
    opened = open_desk(tmp_path / "real", make_uid=new_uid)
    opened.settings.profiles.save(Peer(PeerId("s-1"), AeTitle(AET), "127.0.0.1", scp.port, name="Embedded"))
    yield opened
    await opened.close()


async def read(desk: Desk, key: WorkitemKey) -> Elements:
    answer = await desk.gateway.get(desk.peer(key.peer), key.uid)
    assert answer.elements is not None, answer
    desk.apply(Read(key, answer.elements, None, desk.clock()))
    return answer.elements


def shown(desk: Desk, key: WorkitemKey) -> ShownFacts:
    workitem = desk.store.get(key)
    assert workitem is not None
    return ShownFacts.of(workitem)


async def test_the_new_one_names_the_old_one_which_is_canceled(real: Desk) -> None:
    made = await Create(PeerId("s-1"), as_new(workitem_elements())).run(real)
    assert made.key is not None
    elements = as_new(await read(real, made.key)).with_elements(RIGHT)
    result = await Replace(made.key, elements, shown(real, made.key)).run(real)
    assert (result.kind, result.notes) == (ResultKind.DONE, ())
    assert result.key is not None and result.key != made.key
    new, old = await read(real, result.key), await read(real, made.key)
    assert new.text(tags.PATIENT_NAME) == "Nováková^Jana"
    assert new.text(tags.PROCEDURE_STEP_STATE) == "SCHEDULED"
    replaced = (tags.REPLACED_PROCEDURE_STEP_SEQUENCE, tags.REFERENCED_SOP_INSTANCE_UID)
    assert new.text(*replaced) == made.key.uid
    assert old.text(tags.PROCEDURE_STEP_STATE) == "CANCELED"
    progress = (tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE, tags.REASON_FOR_CANCELLATION)
    assert old.text(*progress) == REASON


async def test_a_canceled_one_is_replaced_without_another_request(real: Desk) -> None:
    made = await Create(PeerId("s-1"), as_new(workitem_elements())).run(real)
    assert made.key is not None
    elements = as_new(await read(real, made.key))
    await RequestCancel(made.key, shown=shown(real, made.key), before_start=True).run(real)
    result = await Replace(made.key, elements.with_elements(RIGHT), shown(real, made.key)).run(real)
    assert (result.kind, result.notes) == (ResultKind.DONE, ())
    assert [answer.operation for answer in result.answers].count(Operation.REQUEST_CANCEL) == 0


@pytest.fixture
def old(desk: Desk, fake: FakePeer) -> Replace:
    """A replacement at the fake server, ready to run."""
    fake.add(KEY.uid, workitem_elements())
    desk.apply(Read(KEY, fake.workitems[KEY.uid].elements, None, desk.clock()))
    return Replace(KEY, as_new(workitem_elements()).with_elements(RIGHT), shown(desk, KEY))


async def test_nothing_is_done_to_the_old_one_when_the_new_one_is_refused(
    desk: Desk, fake: FakePeer, old: Replace
) -> None:
    fake.fail(Operation.CREATE, 0x0110)
    result = await old.run(desk)
    assert result.kind is ResultKind.REFUSED
    assert fake.state_of(KEY.uid) is S.SCHEDULED
    assert fake.requests(Operation.REQUEST_CANCEL) == []
    assert "The old workitem was not touched." in result.notes


async def test_no_answer_to_the_new_one_leaves_the_old_one_and_the_same_uid_goes_on(
    desk: Desk, fake: FakePeer, old: Replace
) -> None:
    fake.fail(Operation.CREATE, Fault.LOST_AFTER, Fault.LOST_BEFORE)
    first = await old.run(desk)
    assert first.kind is ResultKind.UNKNOWN and first.uid is not None
    assert fake.state_of(KEY.uid) is S.SCHEDULED
    again = await Replace(KEY, old.elements, old.shown, uid=first.uid, is_repeat=True).run(desk)
    assert again.kind is ResultKind.DONE
    assert len(fake.workitems) == 2
    assert fake.state_of(KEY.uid) is S.CANCELED


async def test_an_old_one_that_is_not_as_it_was_shown_stops_everything(
    desk: Desk, fake: FakePeer, old: Replace
) -> None:
    fake.change(KEY.uid, element(tags.PATIENT_ID, "PAT-2"))
    result = await old.run(desk)
    assert result.kind is ResultKind.CHANGED
    assert fake.requests(Operation.CREATE, Operation.REQUEST_CANCEL) == []


@pytest.mark.parametrize("state", [S.IN_PROGRESS, S.COMPLETED])
async def test_what_is_started_or_completed_is_not_replaced(
    desk: Desk, fake: FakePeer, state: ProcedureStepState
) -> None:
    fake.add(KEY.uid, workitem_elements(state))
    desk.apply(Read(KEY, fake.workitems[KEY.uid].elements, None, desk.clock()))
    command = Replace(KEY, as_new(workitem_elements()), shown(desk, KEY))
    refused = command.prerequisite(desk)
    assert refused is not None and refused.next_step
    assert (await command.run(desk)).kind is ResultKind.ILLEGAL
    assert fake.requests(Operation.CREATE, Operation.REQUEST_CANCEL) == []


async def test_an_old_one_that_is_started_meanwhile_is_told_and_not_asked_to_cancel(
    desk: Desk, fake: FakePeer, old: Replace
) -> None:
    started = element(tags.PROCEDURE_STEP_STATE, "IN PROGRESS")
    fake.before[Operation.CREATE] = lambda: fake.change(KEY.uid, started)
    result = await old.run(desk)
    assert result.kind is ResultKind.DONE and result.outcome.next_step
    assert "The old one was not canceled" in " ".join(result.notes)
    assert fake.requests(Operation.REQUEST_CANCEL) == []
    assert len(fake.workitems) == 2


async def test_a_repeat_after_no_answer_creates_nothing_twice(desk: Desk, fake: FakePeer) -> None:
    uid = SopInstanceUid("1.2.3.77")
    elements = as_new(workitem_elements())
    fake.fail(Operation.CREATE, Fault.LOST_AFTER, Fault.LOST_BEFORE)
    assert (await Create(PEER.id, elements, uid).run(desk)).kind is ResultKind.UNKNOWN
    again = await Create(PEER.id, elements, uid, is_repeat=True).run(desk)
    assert again.kind is ResultKind.DONE
    assert list(fake.workitems) == [uid]
    assert (await Create(PEER.id, elements, uid).run(desk)).kind is ResultKind.REFUSED
