"""Which rows of an order are shown; what was found is kept: a key looks only at what the last one left."""

from __future__ import annotations

from dataclasses import replace

from upsdesk.domain.folding import folded
from upsdesk.ui.worklist.filtering import CHIPS_AND_LISTS, Criteria, Kind, Matcher
from upsdesk.ui.worklist.row import Row
from upsdesk.ui.worklist.shown import within


class Choosing:
    """The rows that match, and those that pass all but chips and check lists, which facets are counted of."""

    def __init__(self) -> None:
        self._criteria: Criteria | None = None
        """What `rest` was chosen by; None when rows or the time have changed since."""
        self._rest: list[Row] = []

    def forget(self) -> None:
        """Rows have changed, or the time by which they were chosen."""
        self._criteria = None

    def is_for(self, criteria: Criteria) -> bool:
        """Nothing that these criteria look at has changed since they were last chosen by."""
        return self._criteria == criteria

    def choose(self, order: list[Row], matcher: Matcher) -> tuple[list[Row], bool]:
        """The rows that match, in the order of `order`, and whether none of them was hidden before."""
        criteria, before = matcher.criteria, self._criteria
        self._criteria = criteria
        if before is None or not _looks_at_fewer(criteria, before):
            self._rest = matcher.through(order, Kind.OTHER)
            return matcher.through(self._rest, *CHIPS_AND_LISTS), False
        if before == criteria:
            self._rest = within(order, self._rest) if len(self._rest) < len(order) else order
        else:
            self._rest = matcher.with_words(self._rest, _new_words(criteria, before))
        are_shown = criteria == replace(before, text=criteria.text)
        return matcher.through(self._rest, *CHIPS_AND_LISTS), are_shown


def _looks_at_fewer(criteria: Criteria, before: Criteria) -> bool:
    """Whether they differ in chips, check lists and a longer text at most."""
    others = replace(
        before,
        text=criteria.text,
        states=criteria.states,
        overdue=criteria.overdue,
        stations=criteria.stations,
        inputs=criteria.inputs,
        followed=criteria.followed,
        kept_at_server=criteria.kept_at_server,
    )
    return criteria == others and folded(criteria.text).startswith(folded(before.text))


def _new_words(criteria: Criteria, before: Criteria) -> list[str]:
    known = folded(before.text).split()
    return [word for word in folded(criteria.text).split() if word not in known]
