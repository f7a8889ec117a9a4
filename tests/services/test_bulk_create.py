"""A list of new workitems: a result for each row, and another try that creates nothing twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.fake_peer import FakePeer, Fault
from tests.services.values import PEER
from tests.support.running_scp import AET
from upsdesk.bootstrap.core import new_uid
from upsdesk.domain import tags
from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid
from upsdesk.domain.operation import Operation
from upsdesk.domain.peer import Peer
from upsdesk.scp.server import UpsScp
from upsdesk.services.bulk_create import LISTED, REPEATED, RESULT_COLUMNS, BulkCreate, RowState, result_rows
from upsdesk.services.desk import Desk, open_desk
from upsdesk.services.workitem_files import Draft, read_data

LIST = b"""PatientName,PatientID,ProcedureStepLabel,ScheduledProcedureStepStartDateTime,SOPInstanceUID
Novak^Jana,7,One,20261119093000+0100,
Dvorak^Jiri,8,Two,20261119094000+0100,1.2.3.8
Svoboda^Petr,9,,20261119094000+0100,
Cerna^Eva,10,Four,20261119095000+0100,
"""


@pytest.fixture
def scp() -> Iterator[UpsScp]:
    running = UpsScp(AeTitle(AET))
    running.start()
    yield running
    running.stop()


def drafts() -> tuple[Draft, ...]:
    return read_data("list.csv", LIST)


def states(bulk: BulkCreate) -> list[RowState]:
    return [row.state for row in bulk.rows]


async def test_a_list_is_created_row_by_row_at_a_real_server(tmp_path: Path, scp: UpsScp) -> None:
    desk = open_desk(tmp_path / "desk", make_uid=new_uid)
    desk.settings.profiles.save(Peer(PeerId("s-1"), AeTitle(AET), "127.0.0.1", scp.port, name="Embedded"))
    told: list[int] = []
    bulk = BulkCreate(desk, PeerId("s-1"), told.append)
    await bulk.add(drafts())
    assert (bulk.ready(), bulk.wrong()) == ((0, 1, 3), (2,))
    await bulk.run(bulk.ready())
    assert states(bulk) == [RowState.CREATED, RowState.CREATED, RowState.WRONG, RowState.CREATED]
    assert set(told) == {0, 1, 3}
    assert bulk.rows[1].uid == "1.2.3.8"
    for row in (bulk.rows[0], bulk.rows[3]):
        assert row.uid is not None
        answer = await desk.gateway.get(desk.peer(PeerId("s-1")), row.uid)
        assert answer.elements is not None
        assert answer.elements.text(tags.PATIENT_ID) == row.draft.elements.text(tags.PATIENT_ID)
    # The same file again: what it names itself is there already, and stays refused with a code.
    again = BulkCreate(desk, PeerId("s-1"))
    await again.add(drafts())
    await again.run((1,))
    assert (again.rows[1].state, again.rows[1].code_text) == (RowState.REFUSED, "0111")
    await desk.close()


async def test_what_is_unknown_is_tried_again_with_the_same_uid(desk: Desk, fake: FakePeer) -> None:
    bulk = BulkCreate(desk, PEER.id)
    await bulk.add(drafts())
    fake.fail(Operation.CREATE, None, Fault.LOST_AFTER, Fault.LOST_BEFORE)
    await bulk.run(bulk.ready())
    # Without an answer the rest waits: it is not known whether anybody is there.
    assert states(bulk) == [RowState.CREATED, RowState.UNKNOWN, RowState.WRONG, RowState.READY]
    await bulk.run((*bulk.failed(), *bulk.ready()))
    assert states(bulk) == [RowState.CREATED, RowState.CREATED, RowState.WRONG, RowState.CREATED]
    assert len(fake.workitems) == 3
    assert "1.2.3.8" in fake.workitems


async def test_a_row_that_was_never_sent_keeps_its_uid(desk: Desk, fake: FakePeer) -> None:
    bulk = BulkCreate(desk, PEER.id)
    await bulk.add(drafts())
    fake.fail(Operation.CREATE, Fault.UNREACHABLE)
    await bulk.run((0,))
    tried = bulk.rows[0]
    assert (tried.state, tried.words != "") == (RowState.NOT_SENT, True)
    await bulk.run(bulk.failed())
    assert bulk.rows[0].state is RowState.CREATED
    assert list(fake.workitems) == [tried.uid]


async def test_a_second_unknown_stays_unknown_also_when_the_server_cannot_be_reached(
    desk: Desk, fake: FakePeer
) -> None:
    bulk = BulkCreate(desk, PEER.id)
    await bulk.add(drafts())
    fake.fail(Operation.CREATE, Fault.LOST_AFTER, Fault.LOST_BEFORE, Fault.UNREACHABLE)
    await bulk.run((0,))
    await bulk.run(bulk.failed())
    assert bulk.rows[0].state is RowState.UNKNOWN
    await bulk.run(bulk.failed())
    assert (bulk.rows[0].state, len(fake.workitems)) == (RowState.CREATED, 1)


async def test_as_new_ones_they_get_uids_of_their_own(desk: Desk, fake: FakePeer) -> None:
    fake.add(SopInstanceUid("1.2.3.8"), drafts()[1].elements)
    bulk = BulkCreate(desk, PEER.id)
    await bulk.add(drafts())
    await bulk.run((1,))
    assert bulk.rows[1].state is RowState.REFUSED
    await bulk.set_as_new_ones(True)
    await bulk.run(bulk.failed())
    assert bulk.rows[1].state is RowState.CREATED
    assert bulk.rows[1].uid != "1.2.3.8"


async def test_what_the_server_dropped_stands_in_the_row_and_in_the_result(
    desk: Desk, fake: FakePeer
) -> None:
    fake.dropped_tags = frozenset({tags.PROCEDURE_STEP_LABEL})
    bulk = BulkCreate(desk, PEER.id)
    await bulk.add(drafts())
    await bulk.run((0,))
    assert bulk.rows[0].words == "The server dropped Procedure Step Label."
    lines = result_rows(bulk.rows)
    assert len(RESULT_COLUMNS) == len(lines[0])
    assert lines[0][:4] == ("list.csv", "2", "Created", "0000")
    assert lines[2][2] == "Problem" and "ProcedureStepLabel" in lines[2][5]
    assert not any("Novak" in cell for line in lines for cell in line)


async def test_stop_ends_after_the_row_under_way(desk: Desk, fake: FakePeer) -> None:
    bulk = BulkCreate(desk, PEER.id, lambda _row: bulk.stop())
    await bulk.add(drafts())
    await bulk.run(bulk.ready())
    assert states(bulk).count(RowState.CREATED) == 1
    assert len(fake.workitems) == 1


async def test_what_is_listed_already_or_stands_twice_in_the_file_is_said(desk: Desk, fake: FakePeer) -> None:
    first = BulkCreate(desk, PEER.id)
    await first.add(drafts())
    assert first.twins() == ()
    await first.run((0,))
    # The program ended there, and the list is read once more.
    again = BulkCreate(desk, PEER.id)
    await again.add((*drafts(), drafts()[3]))
    assert again.twins() == (0, 4)
    assert [again.rows[at].words for at in again.twins()] == [LISTED, REPEATED]
    assert again.ready() == (0, 1, 3, 4)
