"""What is known of a peer's search: how far it is, what it brought, and what came unasked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from upsdesk.domain import attributes
from upsdesk.domain.elements import Path
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.domain.query import DAY, SearchPlan
from upsdesk.domain.status import Outcome
from upsdesk.services.loading import load_dicom

if TYPE_CHECKING:
    from upsdesk.dicom.found_rows import Misfit
    from upsdesk.dicom.scu import Match

    Ignorable = Match | Misfit

_MOST_KEPT = 5_000
"""Rows that did not match and can be shown; past that they are only counted."""


@dataclass(frozen=True, slots=True)
class WideState:
    """A search of any date and station for one text, which lasts until the next plain search."""

    text: str
    running: bool = False
    found: int = 0
    """Workitems that it brought, those of the list included."""
    stopped: bool = False
    outcome: Outcome | None = None
    """Why a part of it brought nothing."""

    @property
    def is_answered(self) -> bool:
        """Every part of it was answered to its end."""
        return not self.running and not self.stopped and self.outcome is None


@dataclass(frozen=True, slots=True)
class SearchState:
    """A peer's search: the running one, else the last one."""

    running: bool = False
    rows: int = 0
    ignored: int = 0
    """Workitems that came although they do not match the keys that were sent."""
    incomplete: bool = False
    """It was stopped, limited or broke off: rows may be missing."""
    outcome: Outcome | None = None
    """Why it is incomplete."""
    started_at: datetime | None = None
    answered_at: datetime | None = None
    """When a search last came to its end."""
    limited: int | None = None
    """The limit that cut it short."""
    ignored_keys: tuple[Path, ...] = ()
    """The keys that the ignored rows do not match, the most frequent first."""
    shows_ignored: bool = False
    plan: SearchPlan = DAY
    """What was asked for."""
    wide: WideState | None = None


@dataclass
class Ignored:
    """Workitems that came and match none of the queries which brought them."""

    rows: dict[SopInstanceUid, tuple[Ignorable | None, tuple[Path, ...]]] = field(default_factory=dict)

    def add(self, uid: SopInstanceUid, match: Ignorable, misfits: tuple[Path, ...]) -> None:
        """Of several queries that brought it, the one counts that it is nearest to."""
        known = self.rows.get(uid)
        if known is None:
            self.rows[uid] = (match if len(self.rows) < _MOST_KEPT else None, misfits)
        elif len(misfits) < len(known[1]):
            self.rows[uid] = (known[0], misfits)

    def drop(self, uid: SopInstanceUid) -> None:
        """It matched another query after all."""
        self.rows.pop(uid, None)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def keys(self) -> tuple[Path, ...]:
        counts = Counter(path for _, misfits in self.rows.values() for path in misfits)
        return tuple(path for path, _ in counts.most_common())


def vr_of_key(tag: int) -> str:
    """The VR of a matching key; pydicom is loaded only for one that is no attribute of the UPS."""
    try:
        return attributes.vr_of(tag)
    except KeyError:
        load_dicom()
        from upsdesk.dicom.dictionary import vr_of

        return vr_of(tag)
