"""What subscribe, unsubscribe and suspend share: which instance is meant, and for which Receiving AE."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from upsdesk.cli import options as shared
from upsdesk.cli.exchange import association
from upsdesk.cli.parser import reading
from upsdesk.cli.peers import peer_of
from upsdesk.cli.replies import Reply
from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.keys import AeTitle, SopInstanceUid

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser
    from upsdesk.dicom.scu import UpsScu
    from upsdesk.domain.operation import Answer


def configure(parser: Parser, *, one_workitem: bool) -> None:
    shared.add_peer(parser)
    which = parser.add_mutually_exclusive_group()
    if one_workitem:
        shared.add_uid(which, required=False, words="one workitem; default: the global subscription")
    which.add_argument("--filter", action="store_true", help="the filtered global subscription")
    parser.add_argument(
        "--receiving-ae",
        type=reading(AeTitle.parse),
        metavar="AET",
        help="who is sent the updates; default: the own AE title",
    )
    shared.add_plain_format(parser)
    shared.add_connection(parser, via=shared.SCU_CLASSES)
    shared.add_common(parser)


def run(
    options: argparse.Namespace,
    console: Console,
    request: Callable[[UpsScu, SopInstanceUid, AeTitle], Answer],
) -> int:
    """Send one of the three actions to the instance that the line names."""
    from upsdesk.dicom.contexts import FILTERED_GLOBAL_SUBSCRIPTION, GLOBAL_SUBSCRIPTION

    uid = getattr(options, "iuid", None)
    if uid is None:
        uid = FILTERED_GLOBAL_SUBSCRIPTION if options.filter else GLOBAL_SUBSCRIPTION
    peer = peer_of(options, console)
    reply = Reply(console, peer, uid, options.format == "json")
    with association(console, peer) as scu:
        try:
            answer = request(scu, uid, options.receiving_ae or peer.calling_aet)
        except NoAnswer as error:
            return reply.unanswered(error)
        return reply.answered(answer)
