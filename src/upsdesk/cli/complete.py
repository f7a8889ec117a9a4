"""`upsdesk complete`: fills in what the final state needs, then completes a workitem that is held here."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from upsdesk.cli import jobs
from upsdesk.cli import options as shared
from upsdesk.cli.parser import percent, reading
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Element, Elements, Path
from upsdesk.domain.state import Action, refusal
from upsdesk.domain.when import parse_moment

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser
    from upsdesk.domain.keys import WorkitemKey
    from upsdesk.domain.workitem import Workitem
    from upsdesk.services.desk import Desk
    from upsdesk.services.results import Result

_PERFORMED = tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE
_PROGRESS = tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE


def configure(parser: Parser) -> None:
    jobs.configure(parser)
    code, moment = reading(Code.parse), reading(_moment)
    parser.add_argument(
        "--performed-station", type=code, metavar="VALUE^SCHEME^MEANING", help="default: this desk's station"
    )
    parser.add_argument("--performed-start", type=moment, metavar="DT", help="default: the time of the claim")
    parser.add_argument("--performed-end", type=moment, metavar="DT", help="default: now")
    parser.add_argument(
        "--performed-work-type", type=code, metavar="VALUE^SCHEME^MEANING", help="default: the scheduled one"
    )
    parser.add_argument("--performer", type=code, metavar="VALUE^SCHEME^NAME", help="who did it, if known")
    parser.add_argument("--percent", type=reading(percent), metavar="N", help="progress to leave behind")
    parser.add_argument("--description", metavar="TEXT", help="progress to leave behind, in words")
    shared.add_assignments(parser)


def _moment(text: str) -> str:
    return parse_moment(text).raw


def run(options: argparse.Namespace, console: Console) -> int:
    given = shared.elements_of(options.assignments)

    async def complete(desk: Desk, key: WorkitemKey) -> Result:
        from upsdesk.services.commands import Complete

        item, elements = await jobs.read_workitem(desk, key)
        final = Elements()
        is_held = desk.vault_entry(key) is not None
        if options.force or refusal(Action.COMPLETE, item.state, held_here=is_held) is None:
            final = _final(options, console, desk, item, elements)
        return await Complete(key, _merged(final, given), force=options.force).run(desk)

    return jobs.run(options, console, complete)


def _final(
    options: argparse.Namespace, console: Console, desk: Desk, item: Workitem, elements: Elements
) -> Elements:
    """What to set before: the values of the line, and what this desk knows where the line says nothing."""
    from upsdesk.services.completion import completion_suggestions, performed_elements

    chosen = _performed(options)
    for suggestion in completion_suggestions(item, elements, desk.vault_entry(item.key), desk):
        path = suggestion.need.path
        if path in chosen or suggestion.need.is_met or suggestion.preset is None:
            continue
        choice = suggestion.choices[suggestion.preset]
        console.note(f"{suggestion.need.words}: {choice.words}")
        chosen[path] = choice.element
    final = performed_elements(elements, chosen) if chosen else Elements()
    return Elements([*final, *_progress(options, elements)])


def _merged(base: Elements, given: Elements) -> Elements:
    """`base` with what --set says; what is named inside a sequence goes into the first item that is there."""
    found = []
    for new in given:
        items = base.items(new.tag)
        if items and new.items:
            first = _merged(items[0], new.items[0])
            new = sequence(new.tag, first, *items[1:])
        found.append(new)
    return base.with_elements(*found)


def _performed(options: argparse.Namespace) -> dict[Path, Element]:
    """The values of the line by where they stand."""
    found: dict[Path, Element] = {}
    for tag, code in (
        (tags.PERFORMED_STATION_NAME_CODE_SEQUENCE, options.performed_station),
        (tags.PERFORMED_WORKITEM_CODE_SEQUENCE, options.performed_work_type),
    ):
        if code is not None:
            found[_PERFORMED, tag] = sequence(tag, code.to_elements())
    for tag, text in (
        (tags.PERFORMED_PROCEDURE_STEP_START_DATE_TIME, options.performed_start),
        (tags.PERFORMED_PROCEDURE_STEP_END_DATE_TIME, options.performed_end),
    ):
        if text is not None:
            found[_PERFORMED, tag] = element(tag, text)
    if options.performer is not None:
        found[_PERFORMED, tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE] = sequence(
            tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE,
            [sequence(tags.HUMAN_PERFORMER_CODE_SEQUENCE, options.performer.to_elements())],
        )
    return found


def _progress(options: argparse.Namespace, elements: Elements) -> Elements:
    """Progress Information with what the line says; N-SET replaces the sequence, so its item is kept."""
    changes = []
    if options.percent is not None:
        changes.append(element(tags.PROCEDURE_STEP_PROGRESS, f"{options.percent:g}"))
    if options.description is not None:
        changes.append(element(tags.PROCEDURE_STEP_PROGRESS_DESCRIPTION, options.description))
    if not changes:
        return Elements()
    known = next(iter(elements.items(_PROGRESS)), Elements())
    return Elements([sequence(_PROGRESS, known.with_elements(*changes))])
