"""The hand-over from threads: order, one wake-up, and what happens past the bound."""

import asyncio
import threading
import time

from tests.support.waiting import until
from upsdesk.services.inbox import Batch, Pace, ThreadInbox


async def test_everything_arrives_in_order_with_few_wake_ups() -> None:
    batches: list[Batch[int]] = []
    done = asyncio.Event()

    def take(batch: Batch[int]) -> None:
        batches.append(batch)
        if batch.items[-1] == 999:
            done.set()

    inbox: ThreadInbox[int] = ThreadInbox(asyncio.get_running_loop(), take)
    sender = threading.Thread(target=lambda: [inbox.put(number) for number in range(1000)])
    sender.start()
    sender.join()  # the loop cannot run meanwhile, so all of it waits for one wake-up
    await asyncio.wait_for(done.wait(), 5)
    assert [item for batch in batches for item in batch.items] == list(range(1000))
    assert len(batches) == 1


async def test_a_batch_has_a_size_and_the_loop_runs_between() -> None:
    sizes: list[int] = []
    others: list[int] = []
    loop = asyncio.get_running_loop()
    done = asyncio.Event()

    def take(batch: Batch[int]) -> None:
        sizes.append(len(batch.items))
        loop.call_soon(lambda: others.append(len(sizes)))
        if sum(sizes) == 250:
            loop.call_soon(done.set)

    inbox: ThreadInbox[int] = ThreadInbox(loop, take, most=100)
    inbox.put_all(range(250))
    await asyncio.wait_for(done.wait(), 5)
    assert sizes == [100, 100, 50]
    assert others[0] < 3


async def test_past_the_bound_only_keys_are_kept() -> None:
    taken: asyncio.Queue[Batch[str]] = asyncio.Queue()
    inbox: ThreadInbox[str] = ThreadInbox(
        asyncio.get_running_loop(), taken.put_nowait, bound=3, key_of=lambda item: item[0]
    )
    inbox.put("a1", "b1", "a2", "c1", "c2", "a3")
    batch = await asyncio.wait_for(taken.get(), 5)
    assert batch.items == ("a1", "b1", "a2")
    assert batch.overflowed == {"c", "a"}
    assert batch.dropped == 3
    inbox.put("d1")
    assert await asyncio.wait_for(taken.get(), 5) == Batch(("d1",))


async def test_a_closed_inbox_takes_nothing() -> None:
    taken: list[Batch[int]] = []
    inbox: ThreadInbox[int] = ThreadInbox(asyncio.get_running_loop(), taken.append)
    inbox.put(1)
    inbox.close()
    inbox.put(2)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert taken == []


def test_a_closed_loop_does_not_hurt_the_sender() -> None:
    loop = asyncio.new_event_loop()
    inbox: ThreadInbox[int] = ThreadInbox(loop, lambda batch: None)
    loop.close()
    inbox.put(1)
    inbox.put(2)


async def test_at_a_pace_the_first_comes_at_once() -> None:
    came: list[Batch[int]] = []
    pace = Pace(frame=3600.0, rest=0.0, slice=10.0)
    inbox: ThreadInbox[int] = ThreadInbox(asyncio.get_running_loop(), came.append, pace=pace)
    inbox.put(0)
    await until(lambda: came)
    inbox.close()


async def test_at_a_pace_later_ones_are_merged() -> None:
    loop = asyncio.get_running_loop()
    came: list[tuple[float, Batch[int]]] = []
    pace = Pace(frame=0.1, rest=0.0, slice=10.0)
    inbox: ThreadInbox[int] = ThreadInbox(loop, lambda batch: came.append((loop.time(), batch)), pace=pace)
    began = loop.time()
    inbox.put(0)
    await until(lambda: came)
    for number in range(1, 6):
        inbox.put(number)
        await asyncio.sleep(0)
    await until(lambda: len(came) == 2)
    assert came[1][1].items == (1, 2, 3, 4, 5)
    # Not against when the first came: that is noted a moment after its frame began.
    assert came[1][0] - began >= 0.095


async def test_a_slow_receiver_gets_short_batches_and_rests_between() -> None:
    sizes: list[int] = []
    working = [0.0]

    def take(batch: Batch[int]) -> None:
        began = time.thread_time()
        while time.thread_time() < began + 0.0002 * len(batch.items):
            pass
        working[0] += 0.0002 * len(batch.items)
        sizes.append(len(batch.items))

    pace = Pace(frame=0.0, rest=1.0, slice=0.02)
    inbox: ThreadInbox[int] = ThreadInbox(asyncio.get_running_loop(), take, pace=pace)
    began = time.perf_counter()
    inbox.put_all(range(500))
    await until(lambda: sum(sizes) == 500)
    assert max(sizes) <= 110, "about 20 ms each"
    assert min(sizes[:-1]) >= 16
    # The last batch is followed by nothing.
    assert time.perf_counter() - began > 1.5 * (working[0] - 0.0002 * sizes[-1])
