"""The Transaction UIDs of this desk as far as its file told: which are held, and what is being written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.peer import Peer
from upsdesk.services.records import ClaimStatus, VaultEntry, best_entry


class Vault:
    """In memory; whoever changes it writes the file as well."""

    def __init__(self, entries: Iterable[VaultEntry]) -> None:
        self._entries = list(entries)
        self._turn = 0
        self._writes = 0

    @property
    def turn(self) -> int | None:
        """Counts up with every change that this desk makes; None while one is on its way to the disk."""
        return None if self._writes else self._turn

    def entry(self, key: WorkitemKey, peer: Peer | None) -> VaultEntry | None:
        """The one to use for a workitem, also when the peer's profile was made anew."""
        return best_entry(self._entries, key, peer)

    def with_status(self, status: ClaimStatus) -> tuple[VaultEntry, ...]:
        return tuple(entry for entry in self._entries if entry.status is status)

    def all_of(self, key: WorkitemKey, peer: Peer | None) -> tuple[VaultEntry, ...]:
        """Every entry of a workitem, those that were handed over too."""
        return tuple(
            one
            for one in self._entries
            if one.key.uid == key.uid and (one.key == key or (peer is not None and one.is_at(peer)))
        )

    def put(self, entry: VaultEntry) -> None:
        """Add it, or replace the one with its workitem and Transaction UID."""
        self.take(entry)
        self._entries.append(entry)

    def take(self, entry: VaultEntry) -> None:
        """Forget the one with its workitem and Transaction UID."""
        self._turn += 1
        self._entries = [one for one in self._entries if _lock_of(one) != _lock_of(entry)]

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """While the last change goes to the disk: what is read there meanwhile is not the newest."""
        self._writes += 1
        try:
            yield
        finally:
            self._writes -= 1
            self._turn += 1

    def was_read(self, entries: Iterable[VaultEntry]) -> None:
        """What is on disk now: the command line claims and finishes workitems of this desk too."""
        # An answer that confirmed a claim counts more than a disk that took nothing.
        # What was handed over meanwhile is not taken back by that.
        confirmed = {_lock_of(entry) for entry in self.with_status(ClaimStatus.HELD)}
        self._entries = [
            replace(entry, status=ClaimStatus.HELD)
            if entry.status is ClaimStatus.CLAIM_SENT and _lock_of(entry) in confirmed
            else entry
            for entry in entries
        ]


def _lock_of(entry: VaultEntry) -> tuple[WorkitemKey, str]:
    return entry.key, entry.transaction_uid
