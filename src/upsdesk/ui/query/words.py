"""What the screen says about what a server is asked for: keys, states, limits, and rows beside the list."""

from __future__ import annotations

from collections.abc import Sequence

from upsdesk.domain.elements import Path
from upsdesk.domain.peer import UpsClass
from upsdesk.domain.query import MatchingKey, SearchPlan
from upsdesk.domain.state import ProcedureStepState
from upsdesk.services.attribute_names import named
from upsdesk.services.flags import Aside, AsideKind
from upsdesk.services.search_state import SearchState, WideState
from upsdesk.ui import masking, presenter

WIDELY = "any date, any station"
_LONGEST_VALUE = 40
_MOST_NAMED = 2


def aside_words(aside: Aside | None) -> str:
    """Why a row does not belong to the list, for a cell and a screen reader; empty when it does."""
    if aside is None:
        return ""
    return {
        AsideKind.OUTSIDE: "outside what was asked for",
        AsideKind.WIDER: "outside the day's list",
        AsideKind.MISFIT: "does not match what was asked for",
    }[aside.kind]


def aside_sentence(aside: Aside) -> str:
    """The same for a tip."""
    if aside.kind is AsideKind.WIDER:
        return f"Not of the day's list: found by the search for “{masking.typed(aside.words)}”, {WIDELY}."
    if aside.kind is AsideKind.MISFIT:
        return "The server sent it although it does not match what was asked for."
    return "Outside what the server was asked for."


def key_words(key: MatchingKey) -> str:
    """A key for a chip; a long value is cut there and whole in the tip."""
    told = masking.typed(key.value)
    value = told if len(told) <= _LONGEST_VALUE else f"{told[:_LONGEST_VALUE]}…"
    return f"{short_title(key.path)}: {value or 'any'}"


def short_title(path: Path) -> str:
    """A key's attribute for a chip: of a nested one the sequence without its last words, and the part."""
    if len(path) == 1:
        return named(path).name
    sequence = named(path[:-1]).name.removesuffix(" Sequence").removesuffix(" Code")
    return f"{sequence}, {named(path).name}"


def states_words(states: frozenset[ProcedureStepState]) -> str:
    """`State: Scheduled or In progress`."""
    found = [state.words for state in ProcedureStepState if state in states]
    return "State: " + (f"{', '.join(found[:-1])} or {found[-1]}" if len(found) > 1 else "".join(found))


def limit_words(limit: int) -> str:
    return f"At most {presenter.count_words(limit, 'row')}"


def plan_words(plan: SearchPlan) -> tuple[str, ...]:
    """Each part of what is asked for; for the day's list its one sentence."""
    told = [states_words(plan.states)] if plan.states else []
    told += [key_words(key) for key in plan.keys]
    if plan.via is not UpsClass.PULL:
        told.append(f"By UPS {plan.via.value}")
    if plan.limit is not None:
        told.append(limit_words(plan.limit))
    return tuple(told)


DAY_WORDS = "Everything unfinished, and what ended of today's plan"


def ignored_words(state: SearchState) -> str:
    """The chip: `12 rows ignored your filter (Patient's Name)`."""
    rows = presenter.count_words(state.ignored, "row")
    what = "the day's search" if state.plan.is_day else "your filter"
    return f"{rows} ignored {what} ({titles_words(state.ignored_keys)})"


def titles_words(paths: Sequence[Path]) -> str:
    """The keys as their chips call them; of many the most frequent ones."""
    shown = [short_title(path) for path in paths[:_MOST_NAMED]]
    more = len(paths) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def ignored_tip(*, shown: bool) -> str:
    if shown:
        return "These rows do not match what was asked for; they carry a mark. Press to hide them again."
    return "The server sent them although they do not match what was asked for. Press to show them."


def wide_words(wide: WideState) -> str:
    """The chip of a search of any date."""
    if wide.running:
        return f"“{masking.typed(wide.text)}”, {WIDELY}: searching"
    found = presenter.count_words(wide.found, "match", "matches") if wide.found else "nothing"
    if not wide.is_answered:
        found = f"{found}, not complete" if wide.found else "not known"
    return f"“{masking.typed(wide.text)}”, {WIDELY}: {found}"


def nothing_wide(wide: WideState) -> str:
    """What is known when a search of any date brought nothing."""
    if wide.is_answered:
        text = masking.typed(wide.text)
        return f"The server has no “{text}” either: not as name, patient ID, accession or admission ID."
    why = presenter.outcome_sentence(wide.outcome) if wide.outcome is not None else "The search was stopped."
    return f"Whether the server has “{masking.typed(wide.text)}” is not known. {why}"


def wide_tip(wide: WideState) -> str:
    told = "Asked by name, patient ID, accession number and admission ID, one query each."
    if wide.outcome is not None:
        told += f" Not all were answered: {presenter.outcome_sentence(wide.outcome)}"
    elif wide.stopped:
        told += " It was stopped before its end."
    return f"{told} What it found beside the list leaves with the next search."
