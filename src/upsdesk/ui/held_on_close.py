"""Closing while this desk holds workitems: keep them In progress, or go back to them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from upsdesk.domain.peer import PeerUse
from upsdesk.domain.workitem import Workitem
from upsdesk.services.desk import Desk
from upsdesk.services.desk_file import VaultEntry
from upsdesk.ui import masking, presenter
from upsdesk.ui.dialogs import ask
from upsdesk.ui.fields import card, label, rule

_AT_MOST = 6


async def ask_before_closing(parent: QWidget | None, desk: Desk) -> bool:
    """Whether the window may close. True without a question when nothing is held."""
    entries = desk.held_entries()
    if not entries:
        return True
    many = len(entries) > 1
    held = presenter.count_words(len(entries), "workitem")
    return await ask(
        parent,
        f"Close with {held} In progress?",
        f"This desk holds {'them' if many else 'it'}, and only this desk can complete or cancel "
        f"{'them' if many else 'it'}. The Transaction UID{'s are' if many else ' is'} kept here, "
        f"so {'they' if many else 'it'} can be finished after the next start.",
        yes="Keep In progress and close",
        no="Back to the items" if many else "Back to the item",
        icon="pause",
        demo=any(_is_demo(desk, entry) for entry in entries),
        extra=held_list(desk, entries),
    )


def _is_demo(desk: Desk, entry: VaultEntry) -> bool:
    return any(peer.id == entry.key.peer and peer.use is PeerUse.DEMO for peer in desk.peers)


def held_list(desk: Desk, entries: Sequence[VaultEntry]) -> QWidget:
    """A card with a few of these: the four facts, label, station, who started it and when, the server."""
    frame, column = card()
    column.setSpacing(6)
    for at, entry in enumerate(entries[:_AT_MOST]):
        if at:
            column.addWidget(rule())
        column.addWidget(held_line(desk, entry))
    if len(entries) > _AT_MOST:
        column.addWidget(label(f"and {len(entries) - _AT_MOST} more", "small", tone="text_2"))
    return frame


def held_line(desk: Desk, entry: VaultEntry) -> QWidget:
    """One of these."""
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(1)
    column.addWidget(label(presenter.patient_sentence(entry.patient), "strong"))
    since = presenter.instant_words(entry.claimed_at, desk.clock(), desk.zone)
    by = f" by {entry.operator}" if entry.operator else ""
    named = masking.words(entry.label, Workitem(desk.key_of(entry), patient=entry.patient))
    parts = (named, entry.station, f"started {since}{by}", f"at {entry.called_aet}")
    column.addWidget(label(" · ".join(part for part in parts if part), "small", tone="text_2"))
    return box
