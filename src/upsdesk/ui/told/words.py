"""Who would be told, in the words of the panel; pure functions, no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from upsdesk.domain.keys import SopInstanceUid
from upsdesk.scp.store.status import GlobalKind, ReceiverStatus, Told
from upsdesk.ui import presenter


@dataclass(frozen=True, slots=True)
class ToldStatus:
    """What the server's store said at one moment."""

    receivers: tuple[ReceiverStatus, ...] = ()
    about: Mapping[SopInstanceUid, tuple[Told, ...]] = field(default_factory=dict)
    """Who is subscribed to each workitem."""


@dataclass(frozen=True, slots=True)
class ToldLine:
    """One Receiving AE."""

    title: str
    subject: str
    """What it is told of."""
    problem: str
    """Why it was not reached; empty when all is well."""
    told: str
    """When it was told last."""
    waiting: str
    """How much waits, was given up, or was dropped; empty: nothing."""

    @property
    def sentence(self) -> str:
        """All of it, for tooltips and screen readers."""
        parts = (self.title, self.subject, self.problem, self.told, self.waiting)
        return ", ".join(part for part in parts if part) + "."


def line(one: ReceiverStatus, zone: tzinfo) -> ToldLine:
    """The line of one Receiving AE."""
    problem = ""
    if one.failed_at is not None and (one.delivered_at is None or one.failed_at > one.delivered_at):
        problem = f"not reached at {_clock(one.failed_at, zone)}: {one.error}"
    told = f"told {_clock(one.delivered_at, zone)}" if one.delivered_at is not None else "not told yet"
    return ToldLine(str(one.aet), _subject(one), problem, told, _waiting(one))


def selected_words(status: ToldStatus, uid: SopInstanceUid | None) -> str:
    """Who would be told of a change of the selected item."""
    if uid is None:
        return "No item is selected"
    names = [f"{one.aet} (keeps it)" if one.lock else str(one.aet) for one in status.about.get(uid, ())]
    return f"Selected item: {', '.join(names) or 'nobody'}"


def _subject(one: ReceiverStatus) -> str:
    kept = f"{presenter.number_words(one.locks)} kept" if one.locks else ""
    if one.global_kind is GlobalKind.NONE:
        items = presenter.count_words(one.workitems, "item") if one.workitems else "nothing any more"
        return f"{items}, {kept}" if kept else items
    wide = "all items" if one.global_kind is GlobalKind.ALL else f"items with {one.filter_text}"
    counts = [presenter.number_words(one.workitems), kept, "new ones kept" if one.global_lock else ""]
    return f"{wide} ({', '.join(filter(None, counts))})"


def _waiting(one: ReceiverStatus) -> str:
    counts = ((one.queued, "waiting"), (one.failed, "given up"), (one.dropped, "dropped"))
    return ", ".join(f"{presenter.number_words(count)} {words}" for count, words in counts if count)


def _clock(seconds: float, zone: tzinfo) -> str:
    return presenter.seconds_words(datetime.fromtimestamp(seconds, zone), zone)
