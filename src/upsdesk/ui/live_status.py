"""What lamps and bottom line say about connection, updates and freshness; told anew every second."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QObject

from upsdesk.domain.keys import PeerId
from upsdesk.domain.peer import Peer
from upsdesk.services.changes import ChangeSet
from upsdesk.services.connections import Connection, ConnectionState
from upsdesk.services.desk import Desk
from upsdesk.services.flags import AsideKind
from upsdesk.services.session import Conductor, ListenerState, ListenerStatus
from upsdesk.services.worklist import Freshness, FreshnessKind, SearchState
from upsdesk.ui import presenter, timers
from upsdesk.ui.lamp import Lamp, Level
from upsdesk.ui.status_bar import StatusBar

_SOON_MS = 250
_TOLD_AT_ONCE = frozenset({"held", "mark"})
_FRESHNESS = {
    FreshnessKind.LIVE: ("radio", "completed", "Updates arrive, and the last search found none missing."),
    FreshnessKind.SUBSCRIBED_NOT_PROVEN: (
        "rss",
        "warning",
        "The server accepted the subscription, but no update has come from it yet, one was missed, or the "
        "last search was not answered.",
    ),
    FreshnessKind.POLLED: ("refresh-cw", "text_2", "No subscription: the list is as old as the last search."),
    FreshnessKind.STALE: (
        "clock-alert",
        "warning",
        "No search was answered to its end for two intervals.",
    ),
    FreshnessKind.THIS_COMPUTER_ONLY: (
        "unplug",
        "warning",
        "This desk listens on this computer only, so the server cannot send updates here. "
        "Change the listening address in the server's settings.",
    ),
}


def freshness_words(freshness: Freshness) -> str:
    """One of the five words for how fresh the list is."""
    if freshness.kind is FreshnessKind.POLLED:
        if freshness.seconds is None:
            return "Not read yet"
        return f"Polled {seconds_words(freshness.seconds)} ago"
    return {
        FreshnessKind.LIVE: "Live",
        FreshnessKind.SUBSCRIBED_NOT_PROVEN: "Subscribed, not proven",
        FreshnessKind.STALE: "Stale",
        FreshnessKind.THIS_COMPUTER_ONLY: "This computer only",
    }[freshness.kind]


def seconds_words(seconds: int) -> str:
    """`12 s`, `3 min`, `2 h`."""
    if seconds < 100:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 100 * 60 else f"{seconds // 3600} h"


class LiveStatus(QObject):
    """Reads desk and session once a second and after every change of theirs."""

    def __init__(
        self, desk: Desk, conductor: Conductor, connection: Lamp, listener: Lamp, bar: StatusBar
    ) -> None:
        super().__init__(bar)
        self._desk = desk
        self._conductor = conductor
        self._connection = connection
        self._listener = listener
        self._bar = bar
        self._shown = 0
        self._failed: dict[PeerId, Connection] = {}
        """How the last request ended, of those peers that gave no answer to it."""
        self._timer = timers.repeating(self, 1000, self.tell)
        self._timer.start()
        self._soon = timers.single(self, _SOON_MS, self.tell)
        self._forget = (
            desk.gateway.on_connection(lambda *_: self.tell()),
            desk.worklist.on_state(self._search_changed),
            desk.store.subscribe(self._store_changed),
        )

    def stop(self) -> None:
        self._timer.stop()
        self._soon.stop()
        for forget in self._forget:
            forget()

    def _search_changed(self, peer_id: PeerId, state: SearchState) -> None:
        """Rows that come in by the thousand are counted a few times a second."""
        if not state.running:
            self.tell()
        elif not self._soon.isActive():
            self._soon.start()

    def _store_changed(self, changes: ChangeSet) -> None:
        """What is held and what needs attention is told at once; all else can wait for the next second."""
        if changes.elsewhere or any(names & _TOLD_AT_ONCE for names in changes.updated.values()):
            self.tell()

    def set_shown(self, rows: int) -> None:
        """How many rows the filters let through."""
        if rows != self._shown:
            self._shown = rows
            self._tell_rows()
            self._bar.fit()

    def tell(self) -> None:
        """Say everything as it is now."""
        now = self._desk.clock()
        peer = self._conductor.peer
        session = self._conductor.session
        self._bar.clock.show_text(f"{now.astimezone(self._desk.zone):%Y-%m-%d %H:%M}")
        self._tell_desk()
        if peer is None or session is None:
            self._connection.show_state(Level.OFF, "No server", "", "No worklist server is chosen.")
            self._listener.show_state(Level.OFF, "Not listening", "", "Updates need a server.")
            for item in (self._bar.freshness, self._bar.last_read, self._bar.rows, self._bar.rate):
                item.show_text("")
            self._bar.fit()
            return
        self._tell_connection(peer, self._desk.gateway.connection(peer.id), now)
        self._tell_listener(peer, session.listener)
        self._tell_freshness(peer, now)
        rate = session.events_per_second(now)
        self._bar.rate.show_text(
            f"{rate:.1f} updates/s" if rate >= 0.05 else "", "Average of the last five seconds"
        )
        self._bar.fit()

    def _tell_desk(self) -> None:
        held = len(self._desk.held_keys())
        self._bar.held.show_text(
            f"{presenter.count_words(held, 'workitem')} held" if held else "",
            "Started at this desk and not finished; only this desk can complete or cancel them.",
            tone="accent",
        )
        self._bar.show_attention(len(self._desk.attention()))

    def _tell_connection(self, peer: Peer, connection: Connection, now: datetime) -> None:
        answered = self._desk.worklist.state(peer.id).answered_at
        if connection.state is ConnectionState.FAILED:
            self._failed[peer.id] = connection
        elif connection.state is ConnectionState.ANSWERING:
            self._failed.pop(peer.id, None)
        elif connection.state is ConnectionState.WORKING:
            # To ask again is no answer yet.
            connection = self._failed.get(peer.id, connection)
        if connection.state is ConnectionState.FAILED:
            outcome = connection.outcome
            tip = presenter.outcome_sentence(outcome) if outcome else "The server did not answer."
            self._connection.show_state(Level.BAD, "No answer", f"since {self._clock(connection.since)}", tip)
        elif connection.state is ConnectionState.IDLE:
            self._connection.show_state(Level.OFF, "Not asked yet", peer.host, "Nothing has been asked yet.")
        elif connection.state is ConnectionState.WORKING and answered is None:
            tip = f"{peer.title} is asked at {peer.address}, and has not answered yet."
            self._connection.show_state(Level.OFF, "Asking", peer.host, tip)
        else:
            detail = f"answered {self._clock(answered)}" if answered else "asking…"
            self._connection.show_state(
                Level.GOOD, "Connected", detail, f"{peer.title} answers at {peer.address}."
            )

    def _clock(self, instant: datetime) -> str:
        return presenter.clock_words(instant, self._desk.zone)

    def _tell_listener(self, peer: Peer, status: ListenerStatus) -> None:
        own = f"{peer.calling_aet}:{peer.listen_port}" if peer.listen_port is not None else peer.calling_aet
        if status.state is ListenerState.READY:
            self._listener.show_state(
                Level.GOOD,
                "Listening",
                status.address.replace("@127.0.0.1", ""),
                f"Updates are taken in at {status.address}.",
            )
        elif status.state is ListenerState.OFF:
            self._listener.show_state(
                Level.OFF, "Not listening", "no port set", "The server's settings name no listening port."
            )
        elif status.state is ListenerState.FAILED:
            self._listener.show_state(Level.BAD, "Not listening", str(own), status.detail)
        else:
            self._listener.show_state(Level.WARNING, "Starting", str(own), "The listener is being started.")
        self._bar.identity.show_text(f"AE {own}", "This desk's AE title and listening port.")

    def _tell_freshness(self, peer: Peer, now: datetime) -> None:
        freshness = self._desk.worklist.freshness(peer, now)
        icon, tone, tip = _FRESHNESS[freshness.kind]
        self._bar.freshness.show_text(freshness_words(freshness), tip, icon=icon, tone=tone)
        shows_age = freshness.seconds is not None and freshness.kind is not FreshnessKind.POLLED
        self._bar.last_read.show_text(
            f"Last read {seconds_words(freshness.seconds or 0)} ago" if shows_age else "",
            "When the last search was answered in full.",
        )
        self._tell_rows()

    def _tell_rows(self) -> None:
        peer = self._conductor.peer
        if peer is None:
            return
        store = self._desk.store
        # Rows that the server lists no more stay in the table until it is sorted anew.
        total = max(self._shown, store.count(peer.id) - len(store.asides(AsideKind.OUTSIDE, peer.id)))
        self._bar.rows.show_text(
            f"{presenter.number_words(self._shown)} shown of {presenter.number_words(total)}"
        )
