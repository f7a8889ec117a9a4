"""What a dialog proposes for each attribute that a final state needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from upsdesk.domain import attributes, tags
from upsdesk.domain.attributes import element
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Element, Elements, Path
from upsdesk.domain.operators import Operator
from upsdesk.domain.requirements import Need, final_needs
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.when import format_moment
from upsdesk.domain.workitem import Workitem
from upsdesk.services.desk_file import VaultEntry

if TYPE_CHECKING:
    from upsdesk.services.desk import Desk

PERFORMED = tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that could be taken: in words, and as the element at the end of the need's path."""

    words: str
    element: Element


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What is needed, what could be taken, and which of that is taken unless somebody says otherwise."""

    need: Need
    choices: tuple[Choice, ...] = ()
    preset: int | None = None
    """Index of the choice; None: the person at the desk decides."""
    note: str = ""


def completion_suggestions(
    workitem: Workitem, elements: Elements, entry: VaultEntry | None, desk: Desk
) -> tuple[Suggestion, ...]:
    """One suggestion for each attribute of COMPLETED, also for those that are there already.

    What this peer has asked for before is among them, whatever the Standard's table says of it.
    """
    demanded = desk.demands.of(workitem.key.peer, ProcedureStepState.COMPLETED)
    return tuple(
        _suggestion(need, workitem, elements, entry, desk)
        for need in final_needs(ProcedureStepState.COMPLETED, elements, demanded)
    )


def _suggestion(
    need: Need, workitem: Workitem, elements: Elements, entry: VaultEntry | None, desk: Desk
) -> Suggestion:
    tag = need.path[-1]
    if tag == tags.PERFORMED_STATION_NAME_CODE_SEQUENCE:
        return _station(need, workitem, desk)
    if tag == tags.PERFORMED_PROCEDURE_STEP_START_DATE_TIME:
        if entry is None:
            return Suggestion(need, note="This desk does not know when it was started.")
        return _moment(need, format_moment(entry.claimed_at), "the time of the start")
    if tag == tags.PERFORMED_PROCEDURE_STEP_END_DATE_TIME:
        return _moment(need, format_moment(desk.clock()), "now")
    if tag == tags.PERFORMED_WORKITEM_CODE_SEQUENCE:
        if workitem.work_type is None:
            return Suggestion(need, note="The plan names no work type.")
        return Suggestion(need, (_coded(tag, workitem.work_type),), 0, "as planned")
    if tag == tags.OUTPUT_INFORMATION_SEQUENCE:
        if need.is_demanded:
            return Suggestion(need, note="This server asked for it before")
        return Suggestion(need, (Choice("no output", element(tag)),), 0)
    if tag == tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE:
        return _performer(need, desk.duty.operator)
    return Suggestion(need, note="This server asked for it before")


def _station(need: Need, workitem: Workitem, desk: Desk) -> Suggestion:
    """This desk's station by the planned code when that is the same one; else both, and nobody guesses."""
    tag = need.path[-1]
    own = desk.own_station
    planned = workitem.stations[0] if workitem.stations else None
    if own is None and planned is None:
        return Suggestion(need, note="Neither the plan nor this desk names a station.")
    if own is None:
        assert planned is not None
        return Suggestion(need, (_coded(tag, planned),), None, "planned; this desk has no station of its own")
    if planned is None:
        return Suggestion(need, (_coded(tag, own),), 0, "this desk's station")
    if planned.value == own.value:
        return Suggestion(need, (_coded(tag, planned),), 0, "this desk's station, as planned")
    return Suggestion(
        need,
        (_coded(tag, own), _coded(tag, planned)),
        None,
        f"planned for {planned.value}, this desk is {own.value}",
    )


def _moment(need: Need, value: str, note: str) -> Suggestion:
    words = f"{value[:4]}-{value[4:6]}-{value[6:8]} {value[8:10]}:{value[10:12]}"
    return Suggestion(need, (Choice(words, element(need.path[-1], value)),), 0, note)


def _coded(tag: int, code: Code) -> Choice:
    return Choice(code.meaning or code.value, attributes.sequence(tag, code.to_elements()))


def _performer(need: Need, operator: Operator | None) -> Suggestion:
    """The operator by name and code; without one it is not known, which never blocks (type RC)."""
    if operator is None:
        return Suggestion(need, note="not known")
    item = [element(tags.HUMAN_PERFORMER_NAME, operator.name)]
    if operator.code is not None:
        item.append(attributes.sequence(tags.HUMAN_PERFORMER_CODE_SEQUENCE, operator.code.to_elements()))
    choice = Choice(operator.words, attributes.sequence(need.path[-1], item))
    return Suggestion(need, (choice,), 0, "the operator")


def performed_elements(elements: Elements, chosen: Mapping[Path, Element]) -> Elements:
    """What `Complete` sends: the whole Performed Procedure Sequence with the chosen values in its item.

    `elements` is the workitem as it is; a sequence goes out whole, so what its item holds stays in it. Only
    paths inside that sequence are taken.
    """
    items = elements.items(PERFORMED)
    item = items[0] if items else Elements()
    taken = [found for path, found in chosen.items() if len(path) == 2 and path[0] == PERFORMED]
    return Elements([attributes.sequence(PERFORMED, item.with_elements(*taken), *items[1:])])
