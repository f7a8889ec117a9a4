"""`upsdesk subscribe`: N-ACTION 3 for one workitem, by a filter, or globally."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from upsdesk.cli import options as shared
from upsdesk.cli import subscriptions
from upsdesk.cli.exits import UsageError

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser


def configure(parser: Parser) -> None:
    subscriptions.configure(parser, one_workitem=True)
    shared.add_matching_keys(parser)
    parser.add_argument("--deletion-lock", action="store_true", help="keep ended workitems at the server")


def run(options: argparse.Namespace, console: Console) -> int:
    keys = shared.matching_keys(options.matching)
    if bool(keys) != options.filter:
        raise UsageError("--filter and its keys (-q PATH=VALUE) belong together")
    return subscriptions.run(
        options,
        console,
        lambda scu, uid, aet: scu.subscribe(
            uid, aet, options.deletion_lock, keys, **shared.via_argument(options)
        ),
    )
