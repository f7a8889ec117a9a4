"""`upsdesk vault list`: the workitems whose lock this desk keeps; the locks only when asked for."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from upsdesk.cli import options as shared
from upsdesk.cli import vaults
from upsdesk.cli.exits import ExitStatus
from upsdesk.domain.peer import address_text

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser
    from upsdesk.services.desk_file import VaultEntry


def configure(parser: Parser) -> None:
    parser.add_argument(
        "act", choices=("list",), metavar="list", help="one line for each workitem that is held"
    )
    parser.add_argument("--reveal", action="store_true", help="show the Transaction UIDs too")
    shared.add_plain_format(parser)
    shared.add_common(parser)


def run(options: argparse.Namespace, console: Console) -> int:
    entries = vaults.entries(options, console)
    if options.format == "json":
        found = [_object(entry, options.reveal) for entry in entries]
        console.result(json.dumps(found, ensure_ascii=False, indent=2))
        return ExitStatus.DONE
    for entry in entries:
        shown = [entry.key.uid, _address(entry), entry.claimed_at.astimezone().isoformat(timespec="seconds")]
        console.result("\t".join([*shown, str(entry.transaction_uid)] if options.reveal else shown))
    return ExitStatus.DONE


def _object(entry: VaultEntry, reveal: bool) -> dict[str, str]:
    found = {
        "sop_instance_uid": str(entry.key.uid),
        "peer": _address(entry),
        "claimed_at": entry.claimed_at.astimezone().isoformat(timespec="seconds"),
        "status": entry.status.name.lower(),
    }
    return found | ({"transaction_uid": str(entry.transaction_uid)} if reveal else {})


def _address(entry: VaultEntry) -> str:
    return address_text(entry.called_aet, entry.host, entry.port)
