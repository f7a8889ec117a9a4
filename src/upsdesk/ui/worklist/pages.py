"""The pages that stand in place of rows: what happened, and what is in the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from upsdesk.domain.criteria import Choice, Criteria, Span
from upsdesk.domain.peer import Peer
from upsdesk.domain.status import Kind, Outcome
from upsdesk.services.search_state import SearchState
from upsdesk.ui import masking, presenter
from upsdesk.ui.filters.words import criteria_words
from upsdesk.ui.query import words
from upsdesk.ui.worklist.notices import Offer, PageText

NEVER = SearchState()
_LONGEST_TEXT = 24
NO_SERVER = PageText("server", "quiet", "No worklist server is chosen", "Choose one above.")


Page = tuple[PageText, list[Offer]]
"""What is said, and the next steps; the first one is the one to take."""


@dataclass(frozen=True, slots=True)
class Acts:
    """What the buttons of a page do."""

    search: Callable[[], None]
    reset_filters: Callable[[], None]
    edit_server: Callable[[], None]
    new_workitem: Callable[[], None]
    change_plan: Callable[[], None]
    ask_for_the_day: Callable[[], None]
    search_wide: Callable[[], None]


def nothing_loaded(
    peer: Peer | None, problem: Outcome | None, searched: SearchState | None, text: str, acts: Acts
) -> Page:
    """Why there is nothing. `searched` is None before the first search; `text` is what is typed."""
    again = Offer("Search again", "search", acts.search)
    if peer is None:
        return NO_SERVER, []
    if problem is not None:
        is_narrowed = searched is not None and not searched.plan.is_day
        change = [Offer("Change what is asked", "pencil", acts.change_plan)] if is_narrowed else []
        return unreachable(problem, peer), [
            Offer("Try again", "refresh-cw", acts.search),
            *change,
            Offer("Edit server", "server", acts.edit_server),
        ]
    if searched is None:
        return not_searched(peer), [Offer("Search", "search", acts.search)]
    wide = _wide_offers(text, searched, acts)
    if searched.incomplete:
        return stopped(peer, searched), [again, *wide]
    if not searched.plan.is_day:
        return nothing_found(peer, searched), [
            Offer("Change what is asked", "pencil", acts.change_plan),
            Offer("Show the day's list", "calendar-days", acts.ask_for_the_day),
            *wide,
        ]
    new = Offer("New workitem", "plus", acts.new_workitem)
    return nothing_scheduled(peer), [*wide, again, new]


def all_hidden(
    loaded: int, criteria: Criteria, count: Callable[[Criteria], int], searched: SearchState, acts: Acts
) -> Page:
    """Which filters hide all that is loaded. `count` tells how many rows other criteria would show."""
    again = Offer("Search again", "search", acts.search)
    if searched.plan.is_day and (calm := good_news(loaded, criteria)):
        return calm, [Offer("Show all that is loaded", "list-end", acts.reset_filters), again]
    page = no_match(loaded, criteria, one_filter_less(criteria, count), searched)
    wide = _wide_offers(criteria.text.strip(), searched, acts)
    return page, [*wide, Offer("Reset filters", "rotate-ccw", acts.reset_filters), again]


def _wide_offers(text: str, searched: SearchState, acts: Acts) -> list[Offer]:
    """To ask the server for the typed text; not again for one that it was just asked for."""
    wide = searched.wide
    if not text or (wide is not None and wide.text == text and (wide.running or wide.is_answered)):
        return []
    told = masking.typed(text)
    shown = told if len(told) <= _LONGEST_TEXT else f"{told[: _LONGEST_TEXT - 1]}…"
    return [Offer(f"Search the server for “{shown}”", "search", acts.search_wide)]


def not_searched(peer: Peer) -> PageText:
    return PageText("search", "accent", "Not searched yet", f"Search reads the worklist of {peer.title}.")


def nothing_scheduled(peer: Peer) -> PageText:
    return PageText(
        "calendar-days",
        "accent",
        "Nothing is scheduled today",
        f"{peer.title} has no unfinished workitem, and none of today's has ended.",
        foot="New workitems appear here as they come.",
    )


def unreachable(outcome: Outcome, peer: Peer) -> PageText:
    """Why the search brought nothing."""
    # Of the seven ways to bring no answer some are refusals too: the sentence says which it was.
    became = "could not be searched" if outcome.kind is Kind.NONE else "refused the search"
    is_unsent = outcome.kind is Kind.FAILURE and outcome.code is None
    return PageText(
        "unplug",
        "error",
        "Nothing was asked" if is_unsent else f"{peer.title} {became}",
        presenter.outcome_sentence(outcome),
        foot=f"{peer.address}. Your filters and forms are kept.",
    )


def stopped(peer: Peer, state: SearchState) -> PageText:
    """Ended before the first row: nothing is known of what the server has."""
    return PageText(
        "search",
        "quiet",
        "The search was stopped",
        f"{peer.title} had sent nothing yet. It was asked for:",
        tags=words.plan_words(state.plan) or (words.DAY_WORDS,),
    )


def nothing_found(peer: Peer, state: SearchState) -> PageText:
    """The server has nothing of what it was asked for."""
    return PageText(
        "search-x",
        "quiet",
        "The server found nothing",
        f"{peer.title} was asked for:",
        tags=words.plan_words(state.plan),
        foot=f"{words.ignored_words(state)}." if state.ignored else "",
    )


def good_news(loaded: int, criteria: Criteria) -> PageText | None:
    """Of filters that are empty on a good day; None when something else is in force too."""
    if criteria == Criteria(held=True):
        return PageText(
            "key-round",
            "accent",
            "This desk holds nothing",
            "What is started here is listed here until it is completed or canceled.",
        )
    if criteria == Criteria(overdue=True):
        return PageText(
            "circle-check",
            "accent",
            "Nothing is overdue",
            f"Of {presenter.count_words(loaded, 'loaded workitem')} none is late by more than 5 minutes.",
        )
    if criteria == Criteria(silent=True):
        return PageText(
            "circle-check",
            "accent",
            "Nothing is silent",
            "Of all that is In progress something was heard within the last 4 hours, or nothing tells.",
        )
    if criteria == Criteria(span=Span.TODAY):
        return PageText(
            "calendar-days",
            "accent",
            "Nothing is planned for today",
            f"{presenter.count_words(loaded, 'workitem')} of later days {'is' if loaded == 1 else 'are'} "
            "loaded.",
        )
    return None


def no_match(loaded: int, criteria: Criteria, foot: str, state: SearchState = NEVER) -> PageText:
    """Names the filters that hide all of the `loaded` rows, and what the server was asked for."""
    are = "is" if loaded == 1 else "are"
    wide = state.wide
    if wide is not None and not wide.running and wide.text == criteria.text.strip() and not wide.found:
        foot = words.nothing_wide(wide)
    elif criteria.text.strip():
        told = f"The server can be asked by name, patient ID, accession and admission ID: {words.WIDELY}."
        foot = f"{foot}.\n{told}" if foot else told
    asked = "" if state.plan.is_day else f" Asked of the server: {'; '.join(words.plan_words(state.plan))}."
    return PageText(
        "search-x",
        "quiet",
        "No workitem matches",
        f"{presenter.count_words(loaded, 'workitem')} {are} loaded.{asked} These filters hide all of them:",
        tags=criteria_words(criteria),
        foot=foot,
    )


def one_filter_less(criteria: Criteria, count: Callable[[Criteria], int]) -> str:
    """Which single filter could go to show something, and how much; empty when none alone is enough."""
    parts = {
        "the text": replace(criteria, text=""),
        "the state filter": replace(criteria, states=frozenset()),
        "the overdue filter": replace(criteria, overdue=False),
        "“Held here”": replace(criteria, held=False),
        "“Silent for 4 h”": replace(criteria, silent=False),
        "the planned start": replace(criteria, span=Span.ANY),
        "the priority filter": replace(criteria, priorities=frozenset()),
        "the worklist filter": replace(criteria, worklists=frozenset()),
        "the station filter": replace(criteria, stations=Choice()),
        "the inputs filter": replace(criteria, inputs=Choice()),
        "the subscription filter": replace(criteria, followed=False, kept_at_server=False),
    }
    for part, wider in parts.items():
        found = count(wider) if wider != criteria and not wider.is_open else 0
        if found:
            return f"Without {part}: {presenter.count_words(found, 'match', 'matches')}"
    return ""
