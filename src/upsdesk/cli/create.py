"""`upsdesk create`: N-CREATE; completes what every one must carry, and checks before it sends."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from upsdesk.cli import options as shared
from upsdesk.cli.exchange import association, tell_data_set
from upsdesk.cli.exits import UsageError
from upsdesk.cli.peers import peer_of
from upsdesk.cli.replies import Reply, attribute_name
from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.domain.state import Refusal

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser
    from upsdesk.domain.elements import Elements
    from upsdesk.domain.operation import Answer

_CHANGED = 0xB300


def configure(parser: Parser) -> None:
    shared.add_peer(parser)
    shared.add_assignments(parser)
    uid = parser.add_mutually_exclusive_group()
    uid.add_argument("--iuid", type=shared.uid, metavar="UID", help="SOP Instance UID; default: a new one")
    uid.add_argument("--scp-uid", action="store_true", help="send no UID: the SCP assigns one")
    parser.add_argument(
        "--no-auto-uid", action="store_true", help="without --iuid refuse (4) instead of making a UID"
    )
    parser.add_argument("--exact", action="store_true", help="add nothing to what is given, no UID either")
    parser.add_argument(
        "--force", action="store_true", help="send in spite of missing or forbidden attributes"
    )
    shared.add_plain_format(parser)
    shared.add_connection(parser, via=shared.SCU_CLASSES)
    shared.add_common(parser)


def run(options: argparse.Namespace, console: Console) -> int:
    elements = elements_to_send(shared.elements_of(options.assignments), exact=options.exact)
    peer = peer_of(options, console)
    uid = options.iuid
    reply = Reply(console, peer, uid, options.format == "json")
    problem = None if options.force else _problem(elements)
    if problem is None and options.no_auto_uid and uid is None:
        problem = Refusal(
            "No SOP Instance UID is given, and --no-auto-uid makes none.", "Give one with --iuid."
        )
    if problem is not None:
        return reply.refused(problem)
    if not len(elements):
        raise UsageError("there is nothing to send: give attributes with --set")
    if uid is None and not options.scp_uid and not options.exact:
        uid = reply.uid = _new_uid()
    # Said before it is sent: after a lost answer this is the UID to look for, or to send again.
    console.note(f"creating {uid}" if uid else "creating; the SCP assigns the UID")
    tell_data_set(console, "sending", elements)
    with association(console, peer) as scu:
        try:
            answer = scu.create(uid, elements, **shared.via_argument(options))
        except NoAnswer as error:
            return reply.unanswered(error)
        status = reply.answered(answer, str(answer.uid or uid or ""))
        if answer.outcome.is_done and not (answer.uid or uid):
            console.note("the server did not say which UID it assigned: search for the workitem")
        if answer.status == _CHANGED:
            _say_what_changed(console, elements, answer)
        return status


def elements_to_send(given: Elements, *, exact: bool) -> Elements:
    """What is given, completed unless it is to be sent exactly."""
    from upsdesk.domain.requirements import completed_for_create

    return given if exact else completed_for_create(given)


def _problem(elements: Elements) -> Refusal | None:
    from upsdesk.domain.requirements import create_problems

    problems = create_problems(elements)
    if not problems:
        return None
    parts = []
    if problems.missing:
        parts.append(f"missing: {', '.join(map(attribute_name, problems.missing))}")
    if problems.forbidden:
        parts.append(f"not allowed in N-CREATE: {', '.join(map(attribute_name, problems.forbidden))}")
    return Refusal(
        f"An SCP would refuse this ({'; '.join(parts)}).",
        "Mend it with --set, or send it with --force.",
    )


def _new_uid() -> SopInstanceUid:
    from upsdesk.bootstrap.core import new_uid

    return SopInstanceUid(new_uid())


def _say_what_changed(console: Console, sent: Elements, answer: Answer) -> None:
    """Names only: values are patient data, which `get` prints."""
    stored = answer.elements
    if stored is None or not len(stored):
        console.note("the server did not say what it changed: upsdesk get shows what it stored")
        return
    changed = [item.tag for item in stored if sent.get(item.tag) != item]
    console.note(f"the server changed: {', '.join(map(attribute_name, changed)) or 'nothing'}")
    from upsdesk.dicom.json_model import to_json

    console.message(json.dumps(to_json(stored.only(changed)), ensure_ascii=False))
