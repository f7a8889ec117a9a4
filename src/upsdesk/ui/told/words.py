"""Who would be told, in the words of the panel; pure functions, no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from enum import Enum

from upsdesk.domain.keys import SopInstanceUid
from upsdesk.scp.store.status import GlobalKind, ReceiverStatus, Told
from upsdesk.ui import masking, presenter


@dataclass(frozen=True, slots=True)
class ToldStatus:
    """What the server's store said at one moment."""

    receivers: tuple[ReceiverStatus, ...] = ()
    about: Mapping[SopInstanceUid, tuple[Told, ...]] = field(default_factory=dict)
    """Who is subscribed to each workitem."""


class AboutSelected(Enum):
    """How a Receiving AE stands to the selected item."""

    NONE_SELECTED = ""
    TOLD = "told of the selected item"
    TOLD_AND_KEEPS = "told of the selected item, and keeps it"
    NOT_TOLD = "not told of the selected item"


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
    about_selected: AboutSelected

    @property
    def sentence(self) -> str:
        """All of it, for tooltips and screen readers."""
        told = self.told if self.told.startswith("not") else f"told {self.told}"
        parts = (
            self.title, self.subject, self.problem, told, self.waiting, self.about_selected.value
        )  # fmt: skip
        return ", ".join(part for part in parts if part) + "."


def lines(status: ToldStatus, uid: SopInstanceUid | None, zone: tzinfo) -> list[ToldLine]:
    """One line for each Receiving AE; `uid`: the selected item."""
    told = {one.aet: one.lock for one in status.about.get(uid, ())} if uid is not None else {}
    return [_line(one, zone, _about(told.get(one.aet), uid)) for one in status.receivers]


def _about(lock: bool | None, uid: SopInstanceUid | None) -> AboutSelected:
    if uid is None:
        return AboutSelected.NONE_SELECTED
    if lock is None:
        return AboutSelected.NOT_TOLD
    return AboutSelected.TOLD_AND_KEEPS if lock else AboutSelected.TOLD


def _line(one: ReceiverStatus, zone: tzinfo, about: AboutSelected) -> ToldLine:
    problem = ""
    if one.failed_at is not None and (one.delivered_at is None or one.failed_at > one.delivered_at):
        problem = f"not reached at {_clock(one.failed_at, zone)}: {one.error}"
    told = _clock(one.delivered_at, zone) if one.delivered_at is not None else "not told yet"
    return ToldLine(str(one.aet), _subject(one), problem, told, _waiting(one), about)


def selected_words(status: ToldStatus, uid: SopInstanceUid | None) -> str:
    """How many would be told of a change of the selected item; the lines say who."""
    if uid is None:
        return "No item is selected"
    return f"{len(status.about.get(uid, ())) or 'nobody'} about this item"


def _subject(one: ReceiverStatus) -> str:
    kept = f"{presenter.number_words(one.locks)} kept" if one.locks else ""
    if one.global_kind is GlobalKind.NONE:
        items = presenter.count_words(one.workitems, "item") if one.workitems else "nothing any more"
        return f"{items}, {kept}" if kept else items
    wide = (
        "all items" if one.global_kind is GlobalKind.ALL else f"items with {masking.typed(one.filter_text)}"
    )
    counts = [presenter.number_words(one.workitems), kept, "new ones kept" if one.global_lock else ""]
    return f"{wide} ({', '.join(filter(None, counts))})"


def _waiting(one: ReceiverStatus) -> str:
    counts = ((one.queued, "waiting"), (one.failed, "given up"), (one.dropped, "dropped"))
    return ", ".join(f"{presenter.number_words(count)} {words}" for count, words in counts if count)


def _clock(seconds: float, zone: tzinfo) -> str:
    return presenter.seconds_words(datetime.fromtimestamp(seconds, zone), zone)
