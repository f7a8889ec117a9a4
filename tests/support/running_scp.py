"""A running embedded SCP with known receivers, for tests that talk to it over real associations."""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset

from tests.support.plain_scu import PlainListener, PlainScu, discontinued, performed, workitem
from tests.support.waiting import wait_until
from upsdesk.domain.keys import AeTitle
from upsdesk.scp.dispatcher import Delivery
from upsdesk.scp.model import ReceivingAe
from upsdesk.scp.server import UpsScp

AET = "TESTSCP"
NOWHERE = 1
"""A port of the loopback that nothing listens on."""


@dataclass
class Bench:
    """The SCP, a client with an open association, and two receivers that it knows."""

    scp: UpsScp
    port: int
    scu: PlainScu
    alice: PlainListener
    bob: PlainListener
    _numbers: Iterator[int]

    def uid(self) -> str:
        return f"1.2.3.{next(self._numbers)}"

    def created(self, **values: Any) -> str:
        """The UID of a new SCHEDULED workitem."""
        uid = self.uid()
        assert self.scu.create(uid, workitem(**values)) == 0x0000
        return uid

    def in_state(self, state: str, tuid: str = "1.9.1") -> str:
        """The UID of a new workitem, brought into `state` by the rules."""
        uid = self.created()
        if state == "SCHEDULED":
            return uid
        assert self.scu.change_state(uid, "IN PROGRESS", tuid) == 0x0000
        if state == "IN PROGRESS":
            return uid
        assert self.scu.set(uid, performed() if state == "COMPLETED" else discontinued(), tuid) == 0x0000
        assert self.scu.change_state(uid, state, tuid) == 0x0000
        return uid

    def read(self, uid: str, tags: Sequence[int] = ()) -> Dataset:
        """What an N-GET of these attributes returns, of all without any."""
        assert self.scu.get(uid, list(tags)) == 0x0000
        return self.scu.reply

    def listed(self) -> list[int]:
        """Attribute Identifier List of the last response."""
        value = self.scu.command.get("AttributeIdentifierList")
        if value is None:
            return []
        return [int(tag) for tag in value] if hasattr(value, "__iter__") else [int(value)]

    def settle(self) -> None:
        """Until everything that was to be told has been told."""
        assert self.scp.drain(5)

    def forget_subscriptions(self) -> None:
        for listener in (self.alice, self.bob):
            assert self.scu.unsubscribe("1.2.840.10008.5.1.4.34.5", listener.aet) == 0x0000
        self.settle()
        self.alice.told.clear()
        self.bob.told.clear()


@contextmanager
def bench(**options: Any) -> Iterator[Bench]:
    """A bench with everything started, and stopped at the end."""
    alice, bob = PlainListener("ALICE").start(), PlainListener("BOB").start()
    peers = [ReceivingAe(AeTitle(one.aet), "127.0.0.1", one.port) for one in (alice, bob)]
    # An association for reports that stays open would count as left behind by the test that caused it.
    options.setdefault("delivery", Delivery(idle_release=0.1))
    scp = UpsScp(AeTitle(AET), peers=[*peers, *options.pop("peers", ())], **options)
    port = scp.start()
    scu = PlainScu(port, AET)
    try:
        assert scu.assoc.is_established
        wait_until(lambda: alice.told and bob.told, what="the SCP says that it has started")
        alice.told.clear()
        bob.told.clear()
        yield Bench(scp, port, scu, alice, bob, itertools.count(1))
    finally:
        scu.close()
        scp.stop()
        alice.stop()
        bob.stop()
