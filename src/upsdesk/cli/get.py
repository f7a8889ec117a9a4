"""`upsdesk get`: N-GET of one workitem."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from upsdesk.cli import options as shared
from upsdesk.cli import rows
from upsdesk.cli.exchange import association
from upsdesk.cli.exits import UsageError
from upsdesk.cli.peers import peer_of
from upsdesk.cli.replies import Reply
from upsdesk.domain import tags
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.errors import NoAnswer

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser


def configure(parser: Parser) -> None:
    shared.add_peer(parser)
    shared.add_uid(parser)
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument(
        "-r",
        dest="returned",
        action="append",
        default=[],
        metavar="ATTRIBUTE",
        help="top-level attribute to ask for (repeatable); default: every one that N-GET allows",
    )
    asked.add_argument("--all", action="store_true", help="send no list of attributes")
    rows.add_format(parser)
    shared.add_connection(parser, via=shared.SCU_CLASSES)
    shared.add_common(parser)


def run(options: argparse.Namespace, console: Console) -> int:
    from upsdesk.domain import attributes

    asked = None if options.all else attributes.get_tags()
    if options.returned:
        asked = tuple(_top_level(text) for text in options.returned)
    name = rows.chosen_format(options, console)
    peer = peer_of(options, console)
    reply = Reply(console, peer, options.iuid, name == "json")
    with association(console, peer) as scu:
        try:
            answer = scu.get(options.iuid, asked, via=shared.via_of(options))
        except NoAnswer as error:
            return reply.unanswered(error)
        elements = answer.elements or Elements()
        status = reply.answered(answer, "", attributes=elements if answer.outcome.is_done else None)
        if answer.outcome.is_done and name != "json":
            _print(name, console, options, elements, asked)
        return status


def _top_level(text: str) -> int:
    path = shared.path_of(text)
    if len(path) > 1:
        raise UsageError(f"-r {text!r}: N-GET asks for whole top-level attributes (PS3.4 CC.2.7.2)")
    return path[0]


def _print(
    name: str,
    console: Console,
    options: argparse.Namespace,
    elements: Elements,
    asked: tuple[int, ...] | None,
) -> None:
    if name == "table":
        from upsdesk.cli.tables import data_set_lines

        for line in data_set_lines(elements):
            console.result(line)
        return
    if name == "dicom" and tags.SOP_INSTANCE_UID not in elements:
        # N-GET does not return it (PS3.4 Table CC.2.5-3), and a file needs it.
        elements = elements.with_elements(Element(tags.SOP_INSTANCE_UID, "UI", (str(options.iuid),)))
    printer = rows.printer(name, console, [(tag,) for tag in asked or ()], options.folder, None)
    printer.row(elements)
    printer.end()
