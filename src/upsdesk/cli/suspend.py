"""`upsdesk suspend`: N-ACTION 5, no new subscriptions by the global one; those there are stay."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from upsdesk.cli import options as shared
from upsdesk.cli import subscriptions

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser


def configure(parser: Parser) -> None:
    subscriptions.configure(parser, one_workitem=False)


def run(options: argparse.Namespace, console: Console) -> int:
    return subscriptions.run(
        options, console, lambda scu, uid, aet: scu.suspend(uid, aet, **shared.via_argument(options))
    )
