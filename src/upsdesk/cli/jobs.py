"""What the job verbs share: the commands behind the buttons, run once, and their result in words."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from upsdesk.cli import options as shared
from upsdesk.cli.exits import ExitStatus, UsageError
from upsdesk.cli.peers import peer_of
from upsdesk.cli.replies import Reply
from upsdesk.domain.elements import Elements
from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.operation import Answer, Operation
from upsdesk.domain.state import Refusal
from upsdesk.domain.status import Kind, Outcome, no_answer

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser
    from upsdesk.domain.peer import Peer
    from upsdesk.domain.requirements import Need
    from upsdesk.domain.workitem import Workitem
    from upsdesk.services.desk import Desk
    from upsdesk.services.results import Result

Job = Callable[["Desk", WorkitemKey], Awaitable["Result"]]
"""Builds the command of a verb and runs it."""


def configure(parser: Parser) -> None:
    shared.add_peer(parser)
    shared.add_uid(parser)
    parser.add_argument(
        "--force", action="store_true", help="send although the table or the final state forbids it"
    )
    shared.add_plain_format(parser)
    shared.add_connection(parser, via=shared.SCU_CLASSES)
    shared.add_common(parser)


def run(options: argparse.Namespace, console: Console, job: Job, *, shows_lock: bool = False) -> int:
    """Carry out `job` and tell its result. `shows_lock`: the JSON object carries the Transaction UID."""
    from upsdesk.services.desk_file import DeskFileError
    from upsdesk.services.settings import SettingsError

    peer = peer_of(options, console)
    reply = Reply(console, peer, options.iuid, options.format == "json")
    try:
        result, lock = asyncio.run(_run(options, console, peer, job))
    except (SettingsError, DeskFileError, OSError) as error:
        raise UsageError(str(error)) from None
    for note in result.notes:
        console.note(note)
    return told(reply, result, {"transaction_uid": lock} if shows_lock and lock else {})


class Ended(Exception):
    """The job ends before its command: what it was built from could not be read, or is missing."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.outcome.meaning)
        self.result = result


async def _run(
    options: argparse.Namespace, console: Console, peer: Peer, job: Job
) -> tuple[Result, str | None]:
    from upsdesk.bootstrap.core import open_job_desk

    folder = shared.usable_data_folder(options, console)
    key = WorkitemKey(peer.id, options.iuid)
    tell = console.detail if console.verbosity else None
    desk = open_job_desk(folder, peer, via=shared.via_of(options), tell=tell)
    try:
        result = await job(desk, key)
        entry = desk.vault_entry(key)
        return result, str(entry.transaction_uid) if entry else None
    except Ended as ended:
        return ended.result, None
    finally:
        await desk.close()


def told(reply: Reply, result: Result, more: dict[str, Any]) -> ExitStatus:
    """Print a result of the commands in the words and shapes of the command line."""
    from upsdesk.dicom.paths import path_text
    from upsdesk.services.results import ResultKind

    if result.kind in (ResultKind.ILLEGAL, ResultKind.CHANGED):
        named = ", ".join(path_text(need.path) for need in result.missing)
        reason = f"{result.outcome.meaning} Missing: {named}." if named else result.outcome.meaning
        return reply.refused(Refusal(reason, result.outcome.next_step))
    answer = _answer_of(result)
    if answer is not None:
        return reply.answered(replace(answer, outcome=result.outcome), more=more)
    return reply.ended(result.outcome, more)


def _answer_of(result: Result) -> Answer | None:
    """The message that the outcome came from: the last one with its status, an act before a read."""
    found = [answer for answer in result.answers if answer.status == result.outcome.code]
    acts = [answer for answer in found if answer.operation is not Operation.GET]
    return next(reversed(acts or found), None)


async def read_workitem(desk: Desk, key: WorkitemKey) -> tuple[Workitem, Elements]:
    """The workitem as the peer has it now; raise Ended when it cannot be read."""
    from upsdesk.domain.workitem import Workitem, read_columns
    from upsdesk.services.results import Result, ResultKind

    try:
        answer = await desk.gateway.get(desk.peer(key.peer), key.uid)
    except NoAnswer as error:
        raise Ended(Result(ResultKind.NOT_SENT, no_answer(error), key=key)) from None
    if not answer.outcome.is_done:
        raise Ended(Result(ResultKind.NOT_SENT, answer.outcome, (answer,), key=key))
    elements = answer.elements or Elements()
    return read_columns(Workitem(key), elements, whole=True, default_zone=desk.zone_of(key.peer)), elements


def refuse(key: WorkitemKey, refusal: Refusal, missing: tuple[Need, ...] = ()) -> Ended:
    """The end of a job that this side refuses."""
    from upsdesk.services.results import Result, ResultKind

    outcome = Outcome(Kind.NONE, refusal.reason, refusal.next_step)
    return Ended(Result(ResultKind.ILLEGAL, outcome, refusal=refusal, missing=missing, key=key))
