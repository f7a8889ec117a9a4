"""A desk that works until it is killed; run by soak_kills.

`python -m tests.perf.killed_desk FOLDER PORT SEED UIDS`: settles what an earlier life left, finishes what it
holds, then takes one workitem after the other, in an order of its own: claim, progress, complete. Prints one
line for each thing, flushed, after it happened: `ready`, `held UID`, `won UID`, `ended UID`, `draft UID`.
"""

import asyncio
import random
import sys
import uuid
from pathlib import Path

from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.peer import Peer, Timeouts
from upsdesk.services.commands import Claim, Complete, ReportProgress, Resolve, ResultKind
from upsdesk.services.completion import completion_suggestions, performed_elements
from upsdesk.services.desk import Desk, open_desk
from upsdesk.services.desk_file import Draft

STATION = "WS1"
_AET = "SOAK"


def peer_at(port: int) -> Peer:
    """The server of all desks; an answer that is lost is given up soon."""
    patience = Timeouts(connect=5, acse=5, dimse=5, network=10, release=1)
    return Peer(PeerId("s-1"), AeTitle(_AET), "127.0.0.1", port, timeouts=patience)


def desk_on(folder: Path, port: int) -> Desk:
    """As the program opens it."""
    desk = open_desk(folder, make_uid=lambda: f"2.25.{uuid.uuid4().int}")
    desk.settings.save_desk(desk.settings.desk.__class__(name=folder.name, station=STATION))
    desk.add_peer(peer_at(port))
    return desk


async def settle(desk: Desk, port: int) -> None:
    """What the watch over a server does first: claims without an answer, then what is held and has ended."""
    for entry in desk.unsettled_entries(peer_at(port)):
        await Resolve(WorkitemKey(peer_at(port).id, entry.key.uid)).run(desk)
    await desk.worklist.read(desk.held_keys())


async def finish(desk: Desk, key: WorkitemKey) -> None:
    """Progress, a draft that is never sent, and the final state."""
    await ReportProgress(key, 50.0, "Half way").run(desk)
    desk.desk_file.keep_draft(Draft(key.peer, key.uid, f"draft of {key.uid}", desk.clock()))
    tell("draft", key.uid)
    item, elements = desk.store.get(key), desk.store.elements(key)
    assert item is not None and elements is not None
    suggested = completion_suggestions(item, elements, desk.vault_entry(key), desk)
    chosen = {
        one.need.path: one.choices[one.preset].element
        for one in suggested
        if not one.need.is_met and one.preset is not None
    }
    result = await Complete(key, performed_elements(elements, chosen)).run(desk)
    if result.kind is ResultKind.DONE:
        tell("ended", key.uid)
    else:
        tell("refused", f"{key.uid} {result.kind.name} {result.outcome.code_text or '-'}")


def tell(*words: str) -> None:
    print(*words, flush=True)


async def main(folder: Path, port: int, seed: int, uids: list[str]) -> None:
    desk = desk_on(folder, port)
    known = desk.held_keys()
    await settle(desk, port)
    for key in known:
        if key not in desk.held_keys():  # the kill came after the final state, and before that was said
            tell("ended", key.uid)
    # Connected, and everything imported: what counts from now on are the acts.
    await desk.worklist.read([WorkitemKey(peer_at(port).id, SopInstanceUid(uids[0]))])
    tell("ready")
    for key in desk.held_keys():
        tell("held", key.uid)
        await finish(desk, key)
    random.Random(seed).shuffle(uids)
    for uid in uids:
        key = WorkitemKey(peer_at(port).id, SopInstanceUid(uid))
        result = await Claim(key, subscribe=False).run(desk)
        if result.kind is ResultKind.DONE:
            tell("won", uid)
            await finish(desk, key)
    tell("done")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(
        main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]).read_text().split())
    )
