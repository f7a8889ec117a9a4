"""What this desk adds to a workitem: acts under way, marks, what it follows, what stands beside the list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from upsdesk.domain.state import Action
from upsdesk.domain.status import Outcome

PENDING = "pending"
MARK = "mark"
HELD = "held"
CANCEL_ASKED = "cancel_asked"
ASIDE = "aside"
FOLLOWED = "followed"
FLAGS = frozenset({PENDING, MARK, HELD, CANCEL_ASKED, ASIDE, FOLLOWED})
"""The fields of a row that this desk adds to the workitem."""


class Following(Enum):
    """Whether this desk has subscribed to a workitem by itself (PS3.4 CC.2.3); the value says so in words."""

    NO = ""
    YES = "followed"
    KEPT = "followed, kept at the server"
    """With a deletion lock."""


@dataclass(frozen=True, slots=True)
class PendingAct:
    """A request of this desk that is under way: the row shows it, the state does not change yet."""

    action: Action
    since: datetime


class MarkKind(Enum):
    """Why a row wants attention until somebody acknowledges it."""

    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Mark:
    """An act of this desk that was refused, or whose answer never came."""

    kind: MarkKind
    action: Action | None
    outcome: Outcome
    at: datetime
    act_id: str = ""
    """Its record in the desk's file, so that it survives a restart."""


class AsideKind(Enum):
    """Why a workitem that is known does not belong to what the server was asked for."""

    OUTSIDE = "outside"
    """Loaded before, and outside the keys of the search now: kept, followed and not listed."""
    WIDER = "wider"
    """Found by a search of any date, and not of the day's list."""
    MISFIT = "misfit"
    """The server sent it although it does not match the keys, and somebody wants to see it."""


@dataclass(frozen=True, slots=True)
class Aside:
    """A workitem beside the list, and what was asked when it came."""

    kind: AsideKind
    words: str = ""

    @property
    def is_listed(self) -> bool:
        return self.kind is not AsideKind.OUTSIDE
