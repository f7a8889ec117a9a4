"""`upsdesk vault`: what is held, the locks only when asked for; forget a lock, hand over, take over."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from upsdesk.cli import options as shared
from upsdesk.cli import vaults
from upsdesk.cli.exits import ExitStatus, UsageError
from upsdesk.cli.peers import peer_of
from upsdesk.domain.peer import Peer, address_text

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser
    from upsdesk.services.desk import Desk
    from upsdesk.services.desk_file import VaultEntry
    from upsdesk.services.results import Result

_WORDS = {
    "list": (0, 0, ""),
    "forget": (1, 2, "[PEER] UID"),
    "export": (1, 1000, "FILE UID..., or FILE --all"),
    "import": (1, 1, "FILE"),
}


def configure(parser: Parser) -> None:
    parser.add_argument(
        "act",
        choices=tuple(_WORDS),
        metavar="list|forget|export|import",
        help="list: one line for each workitem that is held; forget [PEER] UID: drop a Transaction UID, also "
        "one that is needed; export FILE UID...: hand workitems over, this desk may then not act on them any "
        "more; import FILE: take them over, each is read at its server first",
    )
    parser.add_argument("words", nargs="*", metavar="PEER, UID or FILE", help="what the act is done with")
    parser.add_argument("--reveal", action="store_true", help="list: show the Transaction UIDs too")
    parser.add_argument("--all", action="store_true", help="export: everything that is held")
    parser.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="FILE",
        help="export, import: its first line is the passphrase; without it the terminal is asked",
    )
    parser.add_argument("--at", metavar="PEER", help="import: the server, when it has another address here")
    shared.add_plain_format(parser)
    shared.add_common(parser)


def run(options: argparse.Namespace, console: Console) -> int:
    least, most, words = _WORDS[options.act]
    if not least <= len(options.words) <= most:
        raise UsageError(f"vault {options.act} takes {words or 'nothing more'}")
    acts = {"list": _list, "forget": _forget, "export": _export, "import": _import}
    return acts[options.act](options, console)


def _list(options: argparse.Namespace, console: Console) -> int:
    entries = vaults.entries(options, console)
    if options.format == "json":
        found = [_object(entry, options.reveal) for entry in entries]
        console.result(json.dumps(found, ensure_ascii=False, indent=2))
        return ExitStatus.DONE
    for entry in entries:
        if entry.status.name != "HANDED_OVER":
            shown = [entry.key.uid, _address(entry), _time(entry)]
            console.result("\t".join([*shown, str(entry.transaction_uid)] if options.reveal else shown))
    return ExitStatus.DONE


def _object(entry: VaultEntry, reveal: bool) -> dict[str, str]:
    found = {
        "sop_instance_uid": str(entry.key.uid),
        "peer": _address(entry),
        "claimed_at": _time(entry),
        "status": entry.status.name.lower(),
    }
    return found | ({"transaction_uid": str(entry.transaction_uid)} if reveal else {})


def _address(entry: VaultEntry) -> str:
    return address_text(entry.called_aet, entry.host, entry.port)


def _time(entry: VaultEntry) -> str:
    return entry.claimed_at.astimezone().isoformat(timespec="seconds")


def _forget(options: argparse.Namespace, console: Console) -> int:
    uid = options.words[-1]
    peer = peer_of(options, console, options.words[0]) if len(options.words) == 2 else None
    found = [
        entry
        for entry in vaults.entries(options, console)
        if entry.key.uid == uid and (peer is None or entry.is_at(peer))
    ]
    if len({_address(entry) for entry in found}) > 1:
        peers = ", ".join(sorted({_address(entry) for entry in found}))
        raise UsageError(f"several servers have this workitem, write one of them before the UID: {peers}")
    if not found:
        console.note(f"the vault keeps no Transaction UID of {uid}: nothing was forgotten")
        return ExitStatus.REFUSED

    async def forget(desk: Desk) -> None:
        from upsdesk.services.handing import forget_key

        for entry in found:
            await forget_key(desk, entry)

    _with_desk(options, console, forget)
    return ExitStatus.DONE


def _export(options: argparse.Namespace, console: Console) -> int:
    path, wanted = Path(options.words[0]), options.words[1:]
    if bool(wanted) is options.all:
        raise UsageError("vault export takes the UIDs of held workitems, or --all")
    # What was handed over can be handed over again by its UID: a file can be lost.
    kept = [entry for entry in vaults.entries(options, console) if entry.status.name != "CLAIM_SENT"]
    chosen = [
        entry for entry in kept if entry.key.uid in wanted or (options.all and entry.status.name == "HELD")
    ]
    missing = sorted(set(wanted) - {entry.key.uid for entry in chosen})
    if missing or not chosen:
        console.note(f"not held here: {', '.join(missing) or 'nothing is held'}; nothing was handed over")
        return ExitStatus.REFUSED
    if path.exists():
        raise UsageError(f"{path} is there already: choose another name")
    passphrase = _passphrase(options, twice=True)

    async def export(desk: Desk) -> None:
        from upsdesk.services.files import write_atomically
        from upsdesk.services.handing import give_away

        await give_away(desk, chosen, passphrase, lambda data: write_atomically(path, data))

    _with_desk(options, console, export)
    for entry in chosen:
        console.result(entry.key.uid)
    return ExitStatus.DONE


def _import(options: argparse.Namespace, console: Console) -> int:
    from upsdesk.services.hand_over import LARGEST, HandOverError, opened

    try:
        with Path(options.words[0]).open("rb") as file:
            content = file.read(LARGEST + 1)
        hand_over = opened(content, _passphrase(options, twice=False))
    except (HandOverError, OSError) as error:
        raise UsageError(str(error)) from None
    worst: int = ExitStatus.DONE

    async def take(desk: Desk) -> None:
        nonlocal worst
        from upsdesk.services.handing import TakeOver, peer_for

        for entry in hand_over.entries:
            peer = peer_of(options, console, options.at) if options.at else peer_for(desk, entry)
            peer = peer or peer_of(options, console, _address(entry))
            desk.add_peer(peer)
            result = await TakeOver(peer, entry, hand_over.is_demo).run(desk)
            worst = max(worst, _tell(console, entry, peer, result))

    _with_desk(options, console, take)
    return worst


def _tell(console: Console, entry: VaultEntry, peer: Peer, result: Result) -> ExitStatus:
    from upsdesk.services.results import ResultKind

    for note in result.notes:
        console.note(note)
    if result.kind is ResultKind.DONE:
        console.result(f"{entry.key.uid}\t{address_text(peer.called_aet, peer.host, peer.port)}")
        return ExitStatus.DONE
    outcome = result.outcome
    code = f" ({outcome.code_text})" if outcome.code_text else ""
    console.note(f"{entry.key.uid} was not taken over{code}: {outcome.meaning} {outcome.next_step}")
    if result.kind in (ResultKind.CHANGED, ResultKind.ILLEGAL):
        return ExitStatus.REFUSED
    return ExitStatus.FAILURE if outcome.code is not None else ExitStatus.NO_ANSWER


def _with_desk(options: argparse.Namespace, console: Console, work: vaults.Work) -> None:
    """Run `work` on the desk of the data folder; whatever it cannot do is one line."""
    from upsdesk.services.desk_file import DeskFileError
    from upsdesk.services.hand_over import HandOverError
    from upsdesk.services.settings import SettingsError

    try:
        asyncio.run(vaults.on_desk(options, console, work))
    except (HandOverError, SettingsError, DeskFileError, OSError) as error:
        raise UsageError(str(error)) from None


def _passphrase(options: argparse.Namespace, *, twice: bool) -> str:
    if options.passphrase_file is not None:
        try:
            lines = options.passphrase_file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{options.passphrase_file} cannot be read: {error}") from None
        return lines[0] if lines else ""
    if not sys.stdin.isatty():
        raise UsageError("nobody can be asked for the passphrase: give --passphrase-file")
    import getpass

    typed = getpass.getpass("Passphrase: ")
    if twice and typed != getpass.getpass("The same again: "):
        raise UsageError("the two are not the same: nothing was handed over")
    return typed
