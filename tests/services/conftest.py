"""A desk on a folder of its own, and a peer that needs no network."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from tests.services.fake_peer import FakePeer
from tests.services.values import NOW, PEER
from upsdesk.services.desk import Desk, open_desk


@dataclass
class Clock:
    """A time that stands still until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Uids:
    """Counts, so that a test can name what was made."""

    made: list[str] = field(default_factory=list)

    def __call__(self) -> str:
        self.made.append(f"2.25.{1000 + len(self.made)}")
        return self.made[-1]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def uids() -> Uids:
    return Uids()


@pytest.fixture
def fake() -> FakePeer:
    return FakePeer()


@pytest_asyncio.fixture
async def desk(tmp_path: Path, fake: FakePeer, clock: Clock, uids: Uids) -> AsyncIterator[Desk]:
    opened = open_desk(tmp_path / "data", make_uid=uids, clock=clock, scu_factory=fake.factory)
    opened.settings.profiles.save(PEER)
    yield opened
    await opened.close()
