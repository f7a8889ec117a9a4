"""`upsdesk reqcancel`: N-ACTION 2, a request to whoever holds the workitem; not a state change of our own."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from upsdesk.cli import options as shared
from upsdesk.cli.exchange import association
from upsdesk.cli.parser import reading
from upsdesk.cli.peers import peer_of
from upsdesk.cli.replies import Reply
from upsdesk.domain.codes import Code
from upsdesk.domain.errors import NoAnswer

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser


def configure(parser: Parser) -> None:
    shared.add_peer(parser)
    shared.add_uid(parser)
    parser.add_argument("--reason", default="", metavar="TEXT", help="why; a default text when none is given")
    parser.add_argument(
        "--reason-code",
        type=reading(Code.parse),
        metavar="VALUE^SCHEME^MEANING",
        help="discontinuation reason",
    )
    parser.add_argument("--contact-name", default="", metavar="NAME", help="whom to ask about it")
    parser.add_argument("--contact-uri", default="", metavar="URI", help="how to reach them")
    parser.add_argument("--exact", action="store_true", help="add no reason when none is given")
    shared.add_plain_format(parser)
    shared.add_connection(parser, via=shared.SCU_CLASSES)
    shared.add_common(parser)


def run(options: argparse.Namespace, console: Console) -> int:
    from upsdesk.domain.operation import CancelRequest

    request = CancelRequest(options.reason, options.reason_code, options.contact_name, options.contact_uri)
    peer = peer_of(options, console)
    reply = Reply(console, peer, options.iuid, options.format == "json")
    with association(console, peer) as scu:
        try:
            answer = scu.request_cancel(
                options.iuid, request, exact=options.exact, **shared.via_argument(options)
            )
        except NoAnswer as error:
            return reply.unanswered(error)
        return reply.answered(answer)
