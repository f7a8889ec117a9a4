"""A claim whose answer is lost, at the embedded SCP with faults: mine, not mine or unknown, never a guess."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.plain_scu import plain_scu, workitem
from tests.support.running_scp import AET
from upsdesk.bootstrap.core import new_uid
from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.peer import Peer, Timeouts
from upsdesk.domain.state import ProcedureStepState
from upsdesk.scp.server import UpsScp
from upsdesk.services.commands import Claim, ReportProgress, Resolve, ResultKind
from upsdesk.services.desk import Desk, open_desk
from upsdesk.services.desk_file import ClaimStatus
from upsdesk.services.results import Result

S = ProcedureStepState
KEY = WorkitemKey(PeerId("s-1"), SopInstanceUid("1.2.3.1"))


@pytest.fixture(scope="module")
def running() -> Iterator[UpsScp]:
    scp = UpsScp(AeTitle(AET))
    scp.start()
    yield scp
    scp.stop()


@pytest.fixture
def scp(running: UpsScp) -> Iterator[UpsScp]:
    yield running
    running.faults.clear()


@pytest_asyncio.fixture
async def desk(tmp_path: Path, scp: UpsScp) -> AsyncIterator[Desk]:
    patience = Timeouts(connect=2, acse=2, dimse=0.5, network=2, release=1)
    made = open_desk(tmp_path, make_uid=new_uid)
    made.add_peer(Peer(KEY.peer, AeTitle(AET), "127.0.0.1", scp.port, timeouts=patience))
    yield made
    await made.close()


@pytest.fixture
def key(scp: UpsScp) -> WorkitemKey:
    """A workitem that nobody has started."""
    fresh = new_uid()
    with plain_scu(scp.port, AET, "PLANNER") as scu:
        assert scu.create(fresh, workitem(PatientID="PAT-1")) == 0x0000
    return WorkitemKey(KEY.peer, SopInstanceUid(fresh))


def started_elsewhere(scp: UpsScp, key: WorkitemKey) -> None:
    with plain_scu(scp.port, AET, "OTHER") as scu:
        assert scu.change_state(key.uid, "IN PROGRESS", "1.9.9") == 0x0000


async def claim(desk: Desk, key: WorkitemKey) -> Result:
    return await Claim(key, subscribe=False).run(desk)


def kept(desk: Desk) -> list[ClaimStatus]:
    return [entry.status for entry in desk.desk_file.entries()]


@pytest.mark.parametrize(
    "fault", ["abort", "close", "silence", "abort-after", "close-after", "silence-after", "half-pdu"]
)
async def test_a_lost_answer_is_found_out_to_be_mine(
    scp: UpsScp, desk: Desk, key: WorkitemKey, fault: str
) -> None:
    scp.faults.add(f"change-state:{fault}*1")
    result = await claim(desk, key)
    assert result.kind is ResultKind.DONE, result
    assert kept(desk) == [ClaimStatus.HELD]
    assert (await ReportProgress(key, 10).run(desk)).kind is ResultKind.DONE


@pytest.mark.parametrize("fault", ["abort", "silence", "abort-after"])
async def test_a_lost_answer_is_found_out_not_to_be_mine(
    scp: UpsScp, desk: Desk, key: WorkitemKey, fault: str
) -> None:
    """The repeated claim is answered with C301 (PS3.4 Table CC.1.1-2)."""
    await desk.worklist.read([key])
    started_elsewhere(scp, key)
    scp.faults.add(f"change-state:{fault}*1")
    result = await Claim(key, subscribe=False, force=True).run(desk)  # as if it had been read just before
    assert result.kind is ResultKind.REFUSED, result
    assert kept(desk) == []
    item = desk.store.get(key)
    assert item is not None and item.state is S.IN_PROGRESS  # read again
    assert not desk.store.is_held(key)


@pytest.mark.parametrize("status", ["C301", "C302"])
async def test_another_system_has_it_is_said_and_the_workitem_read_again(
    scp: UpsScp, desk: Desk, key: WorkitemKey, status: str
) -> None:
    await desk.worklist.read([key])
    started_elsewhere(scp, key)
    scp.faults.add(f"change-state:status={status}*1")
    result = await Claim(key, subscribe=False, force=True).run(desk)
    assert result.kind is ResultKind.REFUSED
    assert result.outcome.code_text == status
    assert "another system" in result.outcome.meaning.lower(), result.outcome
    item = desk.store.get(key)
    assert item is not None and item.state is S.IN_PROGRESS
    assert kept(desk) == []


@pytest.mark.parametrize(("is_mine", "end"), [(True, ResultKind.DONE), (False, ResultKind.REFUSED)])
async def test_a_server_that_says_c302_to_everybody_is_asked_by_an_n_set(
    scp: UpsScp, desk: Desk, key: WorkitemKey, is_mine: bool, end: ResultKind
) -> None:
    """C302 proves nothing at servers that look at the state first: the lock is tried."""
    await desk.worklist.read([key])
    if not is_mine:
        started_elsewhere(scp, key)
    scp.faults.add("change-state:silence-after*1")
    before = desk.gateway.change_state
    seen: list[int] = []

    async def then_c302(*args: object) -> object:
        seen.append(1)
        if len(seen) == 2:
            scp.faults.clear()
            scp.faults.add("change-state:status=C302")
        return await before(*args)  # type: ignore[arg-type]

    desk.gateway.change_state = then_c302  # type: ignore[assignment,method-assign]
    result = await Claim(key, subscribe=False, force=True).run(desk)
    assert result.kind is end, result
    assert kept(desk) == ([ClaimStatus.HELD] if is_mine else [])


@pytest.mark.parametrize("proof", ["abort-after", "silence", "status=0110", "status=C310"])
async def test_without_proof_it_stays_unknown_and_its_key_is_kept(
    scp: UpsScp, desk: Desk, key: WorkitemKey, proof: str
) -> None:
    scp.faults.add("change-state:abort-after*1")
    scp.faults.add(f"set:{proof}")
    result = await claim(desk, key)
    assert result.kind is ResultKind.UNKNOWN, result
    assert kept(desk) == [ClaimStatus.CLAIM_SENT]
    assert not desk.store.is_held(key)
    assert desk.store.mark(key) is not None
    scp.faults.clear()
    settled = await Resolve(key).run(desk)
    assert settled.kind is ResultKind.DONE, settled
    assert kept(desk) == [ClaimStatus.HELD]
    assert desk.store.mark(key) is None


async def test_no_answer_at_all_stays_unknown(scp: UpsScp, desk: Desk, key: WorkitemKey) -> None:
    await desk.worklist.read([key])
    scp.faults.add("change-state:abort-after")
    result = await claim(desk, key)
    assert result.kind is ResultKind.UNKNOWN
    assert kept(desk) == [ClaimStatus.CLAIM_SENT]
    assert "unknown" in f"{result.outcome.meaning} {result.outcome.next_step}".lower()
