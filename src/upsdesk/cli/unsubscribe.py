"""`upsdesk unsubscribe`: N-ACTION 4; the global one ends those for single workitems too."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from upsdesk.cli import options as shared
from upsdesk.cli import subscriptions

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser


def configure(parser: Parser) -> None:
    subscriptions.configure(parser, one_workitem=True)


def run(options: argparse.Namespace, console: Console) -> int:
    return subscriptions.run(
        options, console, lambda scu, uid, aet: scu.unsubscribe(uid, aet, **shared.via_argument(options))
    )
