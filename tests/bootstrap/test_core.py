"""The desk of one command line: what it forces on the wire, and what it tells."""

from pathlib import Path

from tests.support.plain_scp import PULL, WATCH, PlainScp, data_set
from upsdesk.bootstrap.core import open_job_desk
from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.peer import Peer, UpsClass
from upsdesk.services.commands import Claim


async def contexts_of_a_claim(folder: Path, via: UpsClass | None) -> tuple[list[tuple[str, str]], list[str]]:
    found = data_set(ProcedureStepState="SCHEDULED")
    told: list[str] = []
    with PlainScp(answers={"N-GET": lambda event: (0x0000, found)}) as scp:
        peer = Peer(PeerId("s-1"), AeTitle("PLAIN"), "127.0.0.1", scp.port)
        desk = open_job_desk(folder, peer, via=via, tell=told.append)
        await Claim(WorkitemKey(peer.id, SopInstanceUid("1.2.3")), receiving_ae=AeTitle("RECEIVER")).run(desk)
        await desk.close()
        return [(one.service, one.context) for one in scp.received], told


async def test_a_forced_class_is_for_the_job_and_not_for_its_subscription(tmp_path: Path) -> None:
    sent, told = await contexts_of_a_claim(tmp_path, UpsClass.WATCH)
    assert sent == [("N-GET", WATCH), ("N-ACTION", WATCH), ("N-ACTION", WATCH)]
    assert any("N-ACTION" in line for line in told)
    sent, _ = await contexts_of_a_claim(tmp_path, UpsClass.PULL)
    assert sent == [("N-GET", PULL), ("N-ACTION", PULL), ("N-ACTION", WATCH)]
