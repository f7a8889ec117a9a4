"""`upsdesk cancel`: ends a workitem that is held here as CANCELED, with its reason."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from upsdesk.cli import jobs
from upsdesk.cli.parser import reading
from upsdesk.domain import tags
from upsdesk.domain.codes import Code, codes_in
from upsdesk.domain.requirements import missing_for_final
from upsdesk.domain.state import Action, ProcedureStepState, Refusal, refusal

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser
    from upsdesk.domain.keys import WorkitemKey
    from upsdesk.services.desk import Desk
    from upsdesk.services.results import Result

_REASON = (
    tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE,
    tags.PROCEDURE_STEP_DISCONTINUATION_REASON_CODE_SEQUENCE,
)


def configure(parser: Parser) -> None:
    jobs.configure(parser)
    parser.add_argument(
        "--reason-code",
        type=reading(Code.parse),
        metavar="VALUE^SCHEME^MEANING",
        help="why, for example '110513^DCM^Discontinued for unspecified reason'",
    )
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, in words")


def run(options: argparse.Namespace, console: Console) -> int:
    async def cancel(desk: Desk, key: WorkitemKey) -> Result:
        from upsdesk.services.commands import Cancel

        reason = options.reason_code or await _reason_at_server(desk, key)
        return await Cancel(key, reason, options.reason, force=options.force).run(desk)

    return jobs.run(options, console, cancel)


async def _reason_at_server(desk: Desk, key: WorkitemKey) -> Code:
    """The reason that the workitem carries already; without one it cannot be canceled (PS3.4 CC.2.5-3, X)."""
    item, elements = await jobs.read_workitem(desk, key)
    if (
        illegal := refusal(Action.CANCEL, item.state, held_here=desk.vault_entry(key) is not None)
    ) is not None:
        raise jobs.refuse(key, illegal)
    for code in codes_in(elements, *_REASON):
        return code
    raise jobs.refuse(
        key,
        Refusal("The final state needs the reason for the cancellation.", "Give it with --reason-code."),
        missing_for_final(ProcedureStepState.CANCELED, elements),
    )
