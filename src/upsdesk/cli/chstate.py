"""`upsdesk chstate`: N-ACTION 1 as it is given; the lock of a claim is on disk before it is sent."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from upsdesk.cli import options as shared
from upsdesk.cli.exchange import association
from upsdesk.cli.peers import peer_of
from upsdesk.cli.replies import Reply
from upsdesk.cli.vaults import ClaimOfLine, forget_lock, lock_to_send
from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.keys import TransactionUid
from upsdesk.domain.state import ProcedureStepState

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser
    from upsdesk.domain.operation import Answer
    from upsdesk.domain.peer import Peer


def configure(parser: Parser) -> None:
    shared.add_peer(parser)
    shared.add_uid(parser)
    parser.add_argument(
        "--state",
        required=True,
        metavar="STATE",
        help="'IN PROGRESS', COMPLETED or CANCELED; sent as it is given",
    )
    shared.add_lock(parser)
    shared.add_plain_format(parser)
    shared.add_connection(parser, via=shared.SCU_CLASSES)
    shared.add_common(parser)


def run(options: argparse.Namespace, console: Console) -> int:
    peer = peer_of(options, console)
    reply = Reply(console, peer, options.iuid, options.format == "json")
    if ProcedureStepState.read(options.state) is ProcedureStepState.IN_PROGRESS:
        return _claim(options, console, peer, reply)
    lock = lock_to_send(options, console, peer)
    try:
        with association(console, peer) as scu:
            answer = scu.change_state(options.iuid, options.state, lock, **shared.via_argument(options))
    except NoAnswer as error:
        return reply.unanswered(error)
    _forget_when_final(options, console, peer, answer)
    return reply.answered(answer)


def _claim(options: argparse.Namespace, console: Console, peer: Peer, reply: Reply) -> int:
    from upsdesk.bootstrap.core import new_uid

    claim = ClaimOfLine(options, console, peer, TransactionUid(new_uid()))
    lock = claim.prepare()
    with association(console, peer) as scu:
        try:
            answer = scu.change_state(options.iuid, options.state, lock, **shared.via_argument(options))
        except NoAnswer as error:
            claim.unanswered(error)
            return reply.unanswered(error)
        claim.answered(answer)
        return reply.answered(answer)


def _forget_when_final(options: argparse.Namespace, console: Console, peer: Peer, answer: Answer) -> None:
    state = ProcedureStepState.read(options.state)
    if answer.outcome.is_done and state is not None and state.is_final:
        forget_lock(options, console, peer)
