"""`upsdesk set`: N-SET of exactly what is given, with the lock that the vault holds."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from upsdesk.cli import options as shared
from upsdesk.cli.exchange import association, tell_data_set
from upsdesk.cli.exits import UsageError
from upsdesk.cli.peers import peer_of
from upsdesk.cli.replies import Reply
from upsdesk.cli.vaults import lock_to_send
from upsdesk.domain.errors import NoAnswer

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser
    from upsdesk.domain.elements import Elements


def configure(parser: Parser) -> None:
    shared.add_peer(parser)
    shared.add_uid(parser)
    shared.add_file(parser, "attributes of a DICOM file, DICOM JSON or Native DICOM XML; --set goes on top")
    shared.add_assignments(parser)
    shared.add_lock(parser)
    shared.add_plain_format(parser)
    shared.add_connection(parser, via=shared.SCU_CLASSES)
    shared.add_common(parser)


def run(options: argparse.Namespace, console: Console) -> int:
    elements = shared.assigned(_of_file(options), options.assignments)
    if not len(elements):
        raise UsageError("there is nothing to set: give attributes with --set or -f")
    peer = peer_of(options, console)
    lock = lock_to_send(options, console, peer)
    reply = Reply(console, peer, options.iuid, options.format == "json")
    tell_data_set(console, "sending", elements)
    with association(console, peer) as scu:
        try:
            answer = scu.set(options.iuid, elements, lock, **shared.via_argument(options))
        except NoAnswer as error:
            return reply.unanswered(error)
        return reply.answered(answer)


def _of_file(options: argparse.Namespace) -> Elements:
    """The data set of -f; raise UsageError for a file that holds none, or several."""
    from upsdesk.domain.elements import Elements
    from upsdesk.services.workitem_files import read_file

    if options.file is None:
        return Elements()
    drafts = read_file(options.file)
    problem = next((draft.problem for draft in drafts if draft.problem), "")
    if problem:
        raise UsageError(f"{options.file.name}: {problem}")
    if len(drafts) > 1 or drafts[0].row is not None:
        raise UsageError(f"{options.file.name} is a list of workitems, and an N-SET takes one data set")
    return drafts[0].elements
