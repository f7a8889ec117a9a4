"""N-ACTION round trips on a warm association, beside stock pynetdicom on the same SCP."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from tests.perf.bench import others, replay_scp
from tests.perf.bench.figures import Finding
from tests.perf.bench.sizes import Sizes
from upsdesk.dicom.scu import UpsScu
from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, TransactionUid
from upsdesk.domain.peer import Peer
from upsdesk.domain.state import ProcedureStepState


def measure(sizes: Sizes) -> Iterator[Finding]:
    ours: list[float] = []
    stock: list[float] = []
    count = max(1, sizes.acts // sizes.rounds)
    with replay_scp.running() as scp:
        peer = Peer(PeerId("replay"), AeTitle(replay_scp.TITLE), "127.0.0.1", scp.port)
        scu = UpsScu(peer)
        try:
            for _ in range(sizes.rounds):
                ours += _acts(scu, count)
                stock.append(others.stock_actions(scp, count))
        finally:
            scu.release()
    mine, reference = statistics.median(ours), statistics.median(stock)
    words = f"{mine * 1000:.2f} ms, pynetdicom {reference * 1000:.2f} ms, medians of {len(ours)}"
    yield Finding("action_rtt_vs_stock", mine / reference, words)


def _acts(scu: UpsScu, count: int) -> list[float]:
    """Seconds of each change of state; the first, which may associate, is not counted."""
    lock = TransactionUid("1.2.3")
    seconds = []
    for number in range(count + 1):
        began = time.perf_counter()
        answer = scu.change_state(SopInstanceUid(f"1.2.{number}"), ProcedureStepState.IN_PROGRESS, lock)
        seconds.append(time.perf_counter() - began)
        if answer.status != 0:
            raise RuntimeError(f"the replay SCP answered {answer.status:04X}")
    return seconds[1:]
