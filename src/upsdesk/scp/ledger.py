"""What became of reports since it was last written into the store, for all Receiving AEs together."""

from __future__ import annotations

from dataclasses import dataclass, field

from upsdesk.domain.keys import AeTitle
from upsdesk.scp.store.outbox import Outcome


@dataclass(slots=True)
class _Entry:
    sent: list[int] = field(default_factory=list)
    delivered_at: float | None = None
    given_up: list[int] = field(default_factory=list)
    failed_at: float | None = None
    error: str | None = None


class Ledger:
    """Collects outcomes, so that one short transaction serves many reports. Guarded by the dispatcher's lock.

    What has not been written when the process dies is sent a second time after its next start.
    """

    def __init__(self) -> None:
        self._entries: dict[AeTitle, _Entry] = {}
        self.since: float | None = None
        """When the oldest came that has not been written, on the dispatcher's clock; None: there is none."""

    def sent(self, aet: AeTitle, number: int, at: float, now: float) -> None:
        """A report has been answered; `at` POSIX seconds, `now` on the dispatcher's clock, here and below."""
        entry = self._entry(aet, now)
        entry.sent.append(number)
        entry.delivered_at = at

    def given_up(self, aet: AeTitle, numbers: tuple[int, ...], now: float) -> None:
        self._entry(aet, now).given_up.extend(numbers)

    def failed(self, aet: AeTitle, at: float, error: str, now: float) -> None:
        """What was wrong with the last attempt."""
        entry = self._entry(aet, now)
        entry.failed_at, entry.error = at, error

    def take(self) -> list[Outcome]:
        """All that has to be written; the ledger is empty then."""
        entries, self._entries, self.since = self._entries, {}, None
        return [
            Outcome(aet, one.sent, one.delivered_at, one.given_up, one.failed_at, one.error)
            for aet, one in entries.items()
        ]

    def put_back(self, outcomes: list[Outcome], now: float) -> None:
        """They could not be written; newer ones that have come meanwhile say the last word."""
        for one in outcomes:
            entry = self._entry(one.aet, now)
            entry.sent[:0] = one.sent
            entry.given_up[:0] = one.given_up
            if entry.delivered_at is None:
                entry.delivered_at = one.delivered_at
            if entry.failed_at is None:
                entry.failed_at, entry.error = one.failed_at, one.error

    def _entry(self, aet: AeTitle, now: float) -> _Entry:
        if self.since is None:
            self.since = now
        return self._entries.setdefault(aet, _Entry())
