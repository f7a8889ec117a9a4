"""What raw verbs do with the vault: which Transaction UID is sent, and what becomes of its entry."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from upsdesk.cli import options as shared
from upsdesk.cli.exits import UsageError

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.domain.errors import NoAnswer
    from upsdesk.domain.keys import TransactionUid, WorkitemKey
    from upsdesk.domain.operation import Answer
    from upsdesk.domain.peer import Peer
    from upsdesk.services.desk import Desk
    from upsdesk.services.desk_file import DeskFile, VaultEntry

Work = Callable[["Desk"], Awaitable[None]]

_PROCESSING_FAILURE = 0x0110
"""The one failure after which the peer may have recorded the Transaction UID all the same (PS3.7 C.5.4)."""
_ENDED_WARNINGS = (0xB304, 0xB306)
"""Warnings that say that the workitem has ended: nothing was claimed (PS3.4 Table CC.2.1-2)."""
_STAYS = "the Transaction UID stays in the vault: send the same again to learn more"


def _is_plain_refusal(answer: Answer) -> bool:
    """Whether the status says that nothing was done; one that the Standard does not define says nothing."""
    return bool(answer.outcome.clause) and answer.status != _PROCESSING_FAILURE


def lock_to_send(options: argparse.Namespace, console: Console, peer: Peer) -> TransactionUid | None:
    """The Transaction UID that is given, else the vault's, else None."""
    if options.tuid is not None or options.no_vault:
        given: TransactionUid | None = options.tuid
        return given
    if not has_desk_file(options, console):
        return None
    with _desk_file(options, console) as desk_file:
        entry = desk_file.entry(_key(options, peer), peer)
    if entry is None:
        return None
    console.note("the Transaction UID comes from the vault")
    return entry.transaction_uid


def forget_lock(options: argparse.Namespace, console: Console, peer: Peer) -> None:
    """The final state is confirmed: its lock is of no use any more."""
    if options.no_vault or not has_desk_file(options, console):
        return
    with _desk_file(options, console) as desk_file:
        while (entry := desk_file.entry(_key(options, peer), peer)) is not None:
            desk_file.forget(entry)


def entries(options: argparse.Namespace, console: Console) -> tuple[VaultEntry, ...]:
    """Everything in the vault, in the order of the claims."""
    if not has_desk_file(options, console):
        return ()
    with _desk_file(options, console) as desk_file:
        return desk_file.entries()


async def on_desk(options: argparse.Namespace, console: Console, work: Work) -> None:
    """Do `work` with the desk of the data folder; raise what that raises."""
    from upsdesk.bootstrap.core import new_uid
    from upsdesk.services.desk import open_desk

    desk = open_desk(shared.usable_data_folder(options, console), make_uid=new_uid)
    try:
        await work(desk)
    finally:
        await desk.close()


def has_desk_file(options: argparse.Namespace, console: Console) -> bool:
    """Whether there is a vault: looking into it must not make one."""
    from upsdesk.bootstrap.core import DESK_FILE, data_folder

    return (data_folder(options.data_dir, console.environment) / DESK_FILE).exists()


class ClaimOfLine:
    """The vault's part in a claim sent by a raw verb. An entry that was there before is never lost."""

    def __init__(
        self, options: argparse.Namespace, console: Console, peer: Peer, fresh: TransactionUid
    ) -> None:
        """`fresh` is used when neither the line nor the vault names a Transaction UID."""
        self._options = options
        self._console = console
        self._peer = peer
        self._fresh = fresh
        self._before: VaultEntry | None = None
        self._made: VaultEntry | None = None

    def prepare(self) -> TransactionUid | None:
        """The Transaction UID to send; it is on disk when this returns. Raises UsageError."""
        given: TransactionUid | None = self._options.tuid
        if self._options.no_vault:
            return given
        with _desk_file(self._options, self._console) as desk_file:
            self._before = desk_file.entry(_key(self._options, self._peer), self._peer)
            if self._before is not None and given in (None, self._before.transaction_uid):
                self._console.note(
                    "the Transaction UID comes from the vault, which had one for this workitem"
                )
                return self._before.transaction_uid
            if self._before is not None:
                self._console.note("the vault keeps its other Transaction UID of this workitem until success")
            self._made = self._entry(given or self._fresh)
            desk_file.keep_claim(self._made)
            return self._made.transaction_uid

    def answered(self, answer: Answer) -> None:
        """Confirmed: held. Refused: what was made for this line is dropped."""
        from upsdesk.services.desk_file import ClaimStatus

        sent = self._made or self._before
        if sent is None:
            return
        with _desk_file(self._options, self._console) as desk_file:
            if answer.outcome.is_done and answer.status not in _ENDED_WARNINGS:
                desk_file.set_status(sent, ClaimStatus.HELD)
                if self._made is not None and self._before is not None:
                    desk_file.forget(self._before)
            elif self._made is not None and _is_plain_refusal(answer):
                desk_file.forget(self._made)
            elif self._made is not None:
                self._console.note(_STAYS)

    def unanswered(self, error: NoAnswer) -> None:
        """Dropped only when nothing was sent; else the peer may have recorded it."""
        if self._made is None:
            return
        if error.sent:
            self._console.note(_STAYS)
            return
        with _desk_file(self._options, self._console) as desk_file:
            desk_file.forget(self._made)

    def _entry(self, lock: TransactionUid) -> VaultEntry:
        from upsdesk.domain.workitem import PatientFacts
        from upsdesk.services.desk_file import ClaimStatus, VaultEntry

        return VaultEntry(
            key=_key(self._options, self._peer),
            called_aet=self._peer.called_aet,
            host=self._peer.host,
            port=self._peer.port,
            calling_aet=self._peer.calling_aet,
            transaction_uid=lock,
            patient=PatientFacts(),  # a raw verb does not look first
            label="",
            station="",
            claimed_at=datetime.now(UTC),
            operator="",
            status=ClaimStatus.CLAIM_SENT,
        )


def _key(options: argparse.Namespace, peer: Peer) -> WorkitemKey:
    from upsdesk.domain.keys import WorkitemKey

    return WorkitemKey(peer.id, options.iuid)


@contextmanager
def _desk_file(options: argparse.Namespace, console: Console) -> Iterator[DeskFile]:
    """The desk file while the block runs. Raises UsageError when it cannot be used."""
    from upsdesk.bootstrap.core import open_desk_file
    from upsdesk.services.desk_file import DeskFileError

    folder = shared.usable_data_folder(options, console)
    try:
        desk_file = open_desk_file(folder)
        try:
            yield desk_file
        finally:
            desk_file.close()
    except (DeskFileError, OSError) as error:
        raise UsageError(f"the vault cannot be used: {error}") from None
