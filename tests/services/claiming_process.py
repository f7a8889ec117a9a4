"""A process that claims one workitem after the other until it is killed; run by test_claim_kill.py.

`python claiming_process.py FOLDER PORT FIRST`: workitems 1.2.3.FIRST and on. Says `ready` before the first.
"""

import asyncio
import sys
import uuid
from pathlib import Path

from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.peer import Peer
from upsdesk.services.commands import Claim
from upsdesk.services.desk import open_desk


async def main() -> None:
    folder, port, first = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    peer = Peer(PeerId("s-1"), AeTitle("PLAIN"), "127.0.0.1", port)
    desk = open_desk(folder, make_uid=lambda: f"2.25.{uuid.uuid4().int}")
    desk.add_peer(peer)
    await desk.gateway.echo(peer)
    print("ready", flush=True)
    for number in range(first, first + 10_000):
        await Claim(WorkitemKey(peer.id, SopInstanceUid(f"1.2.3.{number}"))).run(desk)


asyncio.run(main())
