"""`upsdesk claim`: Start, as the button does it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from upsdesk.cli import jobs
from upsdesk.cli.parser import reading
from upsdesk.domain.keys import AeTitle, WorkitemKey

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser
    from upsdesk.services.desk import Desk
    from upsdesk.services.results import Result


def configure(parser: Parser) -> None:
    jobs.configure(parser)
    parser.add_argument(
        "--receiving-ae",
        type=reading(AeTitle.parse),
        metavar="AET",
        help="subscribe this title to the workitem; default: the listener of the saved server, if it has one",
    )
    parser.add_argument("--no-subscribe", action="store_true", help="do not subscribe")


def run(options: argparse.Namespace, console: Console) -> int:
    async def claim(desk: Desk, key: WorkitemKey) -> Result:
        from upsdesk.services.commands import Claim

        peer = desk.peer(key.peer)
        receiver = options.receiving_ae or (peer.calling_aet if peer.listen_port else None)
        wanted = receiver is not None and not options.no_subscribe
        return await Claim(key, force=options.force, receiving_ae=receiver, subscribe=wanted).run(desk)

    return jobs.run(options, console, claim, shows_lock=True)
