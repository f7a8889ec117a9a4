"""`upsdesk progress`: reports percent and description on a workitem that is held here."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from upsdesk.cli import jobs
from upsdesk.cli.exits import UsageError
from upsdesk.cli.parser import percent, reading

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser
    from upsdesk.domain.keys import WorkitemKey
    from upsdesk.services.desk import Desk
    from upsdesk.services.results import Result


def configure(parser: Parser) -> None:
    jobs.configure(parser)
    parser.add_argument("--percent", type=reading(percent), metavar="N", help="0 to 100")
    parser.add_argument("--description", metavar="TEXT", help="what is being done")


def run(options: argparse.Namespace, console: Console) -> int:
    if options.percent is None and options.description is None:
        raise UsageError("there is nothing to report: give --percent or --description")

    async def report(desk: Desk, key: WorkitemKey) -> Result:
        from upsdesk.services.commands import ReportProgress

        return await ReportProgress(key, options.percent, options.description, force=options.force).run(desk)

    return jobs.run(options, console, report)
