"""`upsdesk create`: N-CREATE; completes what every one must carry, and checks before it sends."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from upsdesk.cli import options as shared
from upsdesk.cli.create_many import CreateMany, Item, log_of
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
    from upsdesk.domain.peer import Peer
    from upsdesk.services.workitem_files import Draft

_CHANGED = 0xB300


def configure(parser: Parser) -> None:
    shared.add_peer(parser)
    words = (
        "DICOM file, DICOM JSON, Native DICOM XML, or CSV with attribute paths as header; --set goes on top"
    )
    shared.add_file(parser, words)
    parser.add_argument("--template", metavar="NAME", help="begin with this template; --set goes on top")
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
    parser.add_argument(
        "--resume",
        type=FilePath,
        metavar="FILE",
        help="note each row here, and go on after an interruption with the same UIDs",
    )
    shared.add_plain_format(parser)
    shared.add_connection(parser, via=shared.SCU_CLASSES)
    shared.add_common(parser)


def run(options: argparse.Namespace, console: Console) -> int:
    log = log_of(options)
    drafts = _drafts(options, console)
    peer = peer_of(options, console)
    if len(drafts) == 1 and log is None:
        return _create_one(options, console, peer, drafts[0])
    if options.iuid is not None or options.scp_uid:
        raise UsageError("--iuid and --scp-uid are for one workitem; the file holds several")
    try:
        return CreateMany(options, console, peer, log).run([_item(options, draft) for draft in drafts])
    finally:
        if log is not None:
            log.close()


def _drafts(options: argparse.Namespace, console: Console) -> tuple[Draft, ...]:
    """What is to be created; raise UsageError for input that cannot be read."""
    from upsdesk.domain.elements import Elements
    from upsdesk.services.workitem_files import Draft, read_file

    if options.file is not None and options.template is not None:
        raise UsageError("-f and --template: give one of them")
    if options.file is not None:
        drafts = read_file(options.file)
        if all(draft.problem for draft in drafts):
            raise UsageError(f"{drafts[0].place}: {drafts[0].problem}")
    elif options.template is not None:
        drafts = (Draft(options.template, elements=_template(options, console)),)
    else:
        drafts = (Draft("--set", elements=Elements()),)
    return tuple(
        draft
        if draft.problem
        else replace(draft, elements=shared.assigned(draft.elements, options.assignments))
        for draft in drafts
    )


def _template(options: argparse.Namespace, console: Console) -> Elements:
    from upsdesk.bootstrap.core import data_folder
    from upsdesk.services.templates import Templates

    shelf = Templates(data_folder(options.data_dir, console.environment)).shelf()
    for problem in shelf.problems:
        console.note(problem)
    found = shelf.named(options.template)
    if found is None:
        names = ", ".join(one.id for one in shelf.templates)
        raise UsageError(f"there is no template {options.template!r}; there are: {names}")
    return found.elements


def _item(options: argparse.Namespace, draft: Draft) -> Item:
    """A row of a list, judged."""
    if draft.problem:
        return Item(draft.place, draft.elements, None, Refusal(draft.problem, "Mend the row."))
    elements = elements_to_send(draft.elements, exact=options.exact)
    problem = None if options.force else _problem(elements)
    if problem is None and options.no_auto_uid and draft.uid is None:
        problem = _NO_UID
    return Item(draft.place, elements, draft.uid, problem)


def _create_one(options: argparse.Namespace, console: Console, peer: Peer, draft: Draft) -> int:
    elements = elements_to_send(draft.elements, exact=options.exact)
    uid = options.iuid or (None if options.scp_uid else draft.uid)
    reply = Reply(console, peer, uid, options.format == "json")
    problem = None if options.force else _problem(elements)
    if problem is None and options.no_auto_uid and uid is None:
        problem = _NO_UID
    if problem is not None:
        return reply.refused(problem)
    if not len(elements):
        raise UsageError("there is nothing to send: give attributes with --set, -f or --template")
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


_NO_UID = Refusal("No SOP Instance UID is given, and --no-auto-uid makes none.", "Give one with --iuid.")


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
