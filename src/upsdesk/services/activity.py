"""What the activity panel tells: reports, own acts and what became of them, newest first."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from upsdesk.domain.keys import PeerId, WorkitemKey
from upsdesk.domain.workitem import Workitem
from upsdesk.services.callbacks import Callbacks

_KEPT = 500


class ActivityKind(Enum):
    """What an entry is about; decides its icon."""

    REPORT = "report"
    OWN_ACT = "own act"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    NOTE = "note"
    CONNECTION = "connection"
    MISSED = "missed"

    @property
    def icon(self) -> str:
        """The name of its icon."""
        return _ICONS[self]


_ICONS = {
    ActivityKind.REPORT: "radio",
    ActivityKind.OWN_ACT: "send",
    ActivityKind.REFUSED: "octagon-x",
    ActivityKind.UNKNOWN: "circle-alert",
    ActivityKind.NOTE: "info",
    ActivityKind.CONNECTION: "server",
    ActivityKind.MISSED: "triangle-alert",
}


@dataclass(frozen=True, slots=True)
class ActivityEntry:
    """One line: `title` says what happened, `subject` to which patient and workitem, `result` the end."""

    at: datetime
    kind: ActivityKind
    title: str
    subject: str = ""
    detail: str = ""
    result: str = ""
    key: WorkitemKey | None = None
    peer: PeerId | None = None


def subject_of(workitem: Workitem | None) -> str:
    """Patient and label, as far as known; kept in memory only."""
    if workitem is None:
        return ""
    return " · ".join(part for part in (workitem.patient.display_name, workitem.label_words) if part)


class ActivityFeed:
    """The last entries of this run; the journal on disk keeps them for good, without names."""

    def __init__(self) -> None:
        self._entries: deque[ActivityEntry] = deque(maxlen=_KEPT)
        self._callbacks: Callbacks[[Sequence[ActivityEntry]]] = Callbacks()

    @property
    def entries(self) -> tuple[ActivityEntry, ...]:
        """Newest first."""
        return tuple(self._entries)

    def add(self, *entries: ActivityEntry) -> None:
        """Add entries, the oldest of them first."""
        if not entries:
            return
        self._entries.extendleft(entries)
        self._callbacks.tell(entries)

    def subscribe(self, callback: Callable[[Sequence[ActivityEntry]], None]) -> Callable[[], None]:
        """Hear of new entries, oldest first; the result ends that."""
        return self._callbacks.add(callback)
