"""`upsdesk echo`: C-ECHO, and what the association negotiated."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from upsdesk.cli import options as shared
from upsdesk.cli.exchange import association
from upsdesk.cli.peers import peer_of
from upsdesk.cli.replies import Reply
from upsdesk.domain.errors import NoAnswer

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser


def configure(parser: Parser) -> None:
    shared.add_peer(parser)
    shared.add_plain_format(parser)
    shared.add_connection(parser)
    shared.add_common(parser)


def run(options: argparse.Namespace, console: Console) -> int:
    peer = peer_of(options, console)
    reply = Reply(console, peer, None, options.format == "json")
    with association(console, peer) as scu:
        try:
            answer = scu.echo()
        except NoAnswer as error:
            return reply.unanswered(error)
        return reply.answered(answer)
