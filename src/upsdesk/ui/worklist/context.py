"""The part of `services.desk.Desk` that the table needs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Protocol

from upsdesk.services.store import WorklistStore


class WorklistContext(Protocol):
    """What is known, and by which clock and zone it is shown."""

    @property
    def store(self) -> WorklistStore: ...

    @property
    def clock(self) -> Callable[[], datetime]: ...

    @property
    def zone(self) -> tzinfo: ...
